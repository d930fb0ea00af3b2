"""Run the command line: find the command, turn errors into a sentence and an exit code."""

from __future__ import annotations

import errno
import io
import os
import signal
import sys
import threading
from importlib import import_module
from typing import TYPE_CHECKING, Final, cast

import click

from listener.cli import COMMANDS, SECTIONS
from listener.cli.context import App
from listener.cli.notes import tell
from listener.errors import ConfigError, EndedError, ListenerError
from listener.interrupts import hear_signals

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType, TracebackType

    from _typeshed import ReadableBuffer
    from click.shell_completion import CompletionItem

__all__ = ["LazyGroup", "cli", "main", "run"]

INTERRUPTED: Final = 130
"""What shells give a program that SIGINT ended: 128 + 2."""
_BEHIND: Final = ("--config", "--database", "--format", "--now")
"""Options of the commands that people write before them."""
_ENDING: Final = ("SIGINT", "SIGTERM", "SIGHUP")
"""Signals that end a command where it does not hear them itself."""


class LazyGroup(click.Group):
    """Know the commands from a table and import the one that is run."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names of all commands, section by section."""
        return sorted(COMMANDS, key=lambda name: SECTIONS.index(COMMANDS[name][2]))

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read what stands before the command; say where an option of the commands belongs."""
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            if error.option_name in _BEHIND:
                msg = f"{error.option_name} stands behind the command, as in listener status {error.option_name} ..."
                raise click.UsageError(msg, ctx) from None
            raise

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """Import and return a command, None where there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        return cast("click.Command", getattr(import_module(module), attribute))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that is asked for; name the near miss where there is none."""
        name = args[0]
        if name not in COMMANDS and not name.startswith("-") and not ctx.resilient_parsing:
            from difflib import get_close_matches

            near = get_close_matches(name.casefold(), COMMANDS, n=1, cutoff=0.5)
            hint = f'did you mean "{near[0]}"?' if near else '"listener --help" lists the commands'
            msg = f"there is no command {name!a}; {hint}"
            raise click.UsageError(msg, ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        """Write the commands of each section with their line of help, importing none."""
        width = max(len(name) for name in COMMANDS)
        for section in SECTIONS:
            rows = [(name.ljust(width), line) for name, (_, line, where) in COMMANDS.items() if where == section]
            if rows:
                with formatter.section(section):
                    formatter.write_dl(rows)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Return the commands and options that begin with `incomplete`, importing none."""
        from click.shell_completion import CompletionItem as Item

        names = [Item(name, help=line) for name, (_, line, _) in COMMANDS.items() if name.startswith(incomplete)]
        return names + click.Command.shell_complete(self, ctx, incomplete)


@click.command(
    cls=LazyGroup,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog='"listener COMMAND --help" shows the options of a command, with an example.',
)
@click.version_option(package_name="social-listener", message="listener %(version)s")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.pass_context
def cli(ctx: click.Context, debug: bool) -> None:
    """Hear what is said in public about a brand: collect, score, chart, alert, ask."""
    ctx.ensure_object(App).debug = debug
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


def main() -> None:
    """Run the command line of this process and exit."""
    _open_streams()
    _prepare_streams()
    app = App()
    sys.excepthook = _report_unexpected
    threading.excepthook = _report_of_thread
    _Ending().prepare()
    sys.exit(run(sys.argv[1:], app))


def run(arguments: Sequence[str], app: App | None = None) -> int:
    """Run one command line and return its exit code; errors go to stderr as one sentence."""
    app = app or App()
    try:
        result = cli.main(list(arguments), prog_name="listener", standalone_mode=False, obj=app)
        sys.stdout.flush()
    except click.exceptions.Abort:
        click.echo("stopped", err=True)
        return INTERRUPTED
    except click.ClickException as error:
        with io.StringIO() as shown:
            error.show(shown)
            tell(shown.getvalue().removesuffix("\n"))
        return error.exit_code
    except ListenerError as error:
        _report(error, app)
        return error.exit_code
    except OSError as error:
        if app.debug or error.filename is not None:
            raise
        return _report_output_failure(error)
    return result if isinstance(result, int) else 0


class _Ending:
    """Unwind at any signal as at Ctrl-C, so that nothing half written is left beside a file."""

    def __init__(self) -> None:
        self._heard = 0

    def prepare(self) -> None:
        """Hear the signals that this process was not told to ignore, within SQLite too."""
        for name in _ENDING:
            number = getattr(signal, name, None)  # Windows has no SIGHUP
            if number is not None and signal.getsignal(number) in {signal.SIG_DFL, signal.default_int_handler}:
                signal.signal(number, self._end)
        hear_signals(self._raise_again)

    def _end(self, number: int, frame: FrameType | None) -> None:
        """Unwind; a second signal of the kind ends at once, but for Ctrl-C, which unwinds once more."""
        del frame
        self._heard = number
        if number != signal.SIGINT:
            signal.signal(number, signal.SIG_DFL)
        self._raise_again()

    def _raise_again(self) -> None:
        """Raise what the signal raised that was heard, if one was."""
        if self._heard == signal.SIGINT:
            raise KeyboardInterrupt
        if self._heard:
            raise EndedError(128 + self._heard)


def _report(error: ListenerError, app: App) -> None:
    if app.debug:
        _show_trace(error)
        return
    # Of a configuration each problem has its line; elsewhere a break comes from what is named, such as a file.
    tell(f"Error: {error if isinstance(error, ConfigError) else ' '.join(str(error).splitlines())}")


def _show_trace(error: BaseException) -> None:
    import traceback

    tell("".join(traceback.format_exception(error)).removesuffix("\n"))


def _report_output_failure(error: OSError) -> int:
    """End quietly where the reader of a pipe has gone; say why where output, or a temporary file, cannot be written."""
    sink = os.open(os.devnull, os.O_WRONLY)
    os.dup2(sink, sys.stdout.fileno())
    if isinstance(error, FileNotFoundError) and "temporary" not in str(error):  # no other names no file
        tell("Error: the folder that this was started in is no longer there; go to another and run it again")
    elif isinstance(error, FileNotFoundError):  # Python found no folder for such files
        tell("Error: no folder for temporary files may be written; name one with $TMPDIR")
    elif error.errno is None:  # a library's own sentence
        tell(f"Error: {error}")
    elif error.errno != errno.EPIPE:
        click.echo(f"Error: the output cannot be written: {error.strerror or error}", err=True)
    return 1


def _report_unexpected(kind: type[BaseException], error: BaseException, _trace: TracebackType | None) -> None:
    """Write an error nobody foresaw (sys.excepthook): a sentence, with --debug the traceback; no secrets in either."""
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, _trace)
        return
    if "--debug" in sys.argv:
        _show_trace(error)
        return
    text = f"internal error: {kind.__name__}: {error}".splitlines()[0]
    tell(f'Error: {text} (run it again as "listener --debug ..." and report what it shows)')


def _report_of_thread(end: threading.ExceptHookArgs) -> None:
    """Write the traceback of an error that ended a thread, such as one of a plug-in (threading.excepthook); no secrets in it."""
    if end.exc_value is not None and not isinstance(end.exc_value, SystemExit):
        _show_trace(end.exc_value)


class _Lossy(io.FileIO):
    """Be a stderr of which is lost what cannot be written, as where it is closed: an answer does not fail for a note beside it."""

    def write(self, data: ReadableBuffer, /) -> int:
        """Write, or say that it was."""
        try:
            return super().write(data)
        except OSError:
            return memoryview(data).nbytes


def _open_streams() -> None:
    """Put something in the place of streams that were closed at the start: else the store might take their numbers.

    There is nothing to read then, what goes to stderr is lost, and what goes to
    stdout fails: it is opened to read only, as gnulib's stdopen does (seen 2026-11-22).
    """
    if sys.stdin is None:
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115, PTH123 - stays open; a device
    if sys.stdout is None:
        sys.stdout = open(os.open(os.devnull, os.O_RDONLY), "w", encoding="utf-8")  # noqa: SIM115, PTH123 - the same
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 - the same


def _prepare_streams() -> None:
    """Write UTF-8 into files and pipes, all of it; on a terminal, escape what it cannot show."""
    if isinstance(getattr(sys.stdout, "buffer", None), io.RawIOBase):  # python -u, or $PYTHONUNBUFFERED
        # Where a raw file takes a part of what is written, as on a disk that fills up, nobody is told of the rest.
        sys.stdout = open(sys.stdout.fileno(), "w", encoding=sys.stdout.encoding, closefd=False)  # noqa: SIM115 - the same stream
    if sys.stderr is sys.__stderr__ and sys.stderr is not None:
        lossy = io.BufferedWriter(_Lossy(sys.stderr.fileno(), "w", closefd=False))
        sys.stderr = io.TextIOWrapper(lossy, encoding=sys.stderr.encoding, line_buffering=True)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            encoding = stream.encoding if stream.isatty() else "utf-8"
            stream.reconfigure(encoding=encoding, errors="backslashreplace")


if __name__ == "__main__":
    main()
