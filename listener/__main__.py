"""Run the command line as ``python -m listener``, where its script is not on the path."""

from listener.cli.main import main

if __name__ == "__main__":
    main()
