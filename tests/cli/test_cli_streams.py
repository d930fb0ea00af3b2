"""Streams that are closed, broken or interrupted end a command in order, with its exit code."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from bounds import MINUTE
from listener.cli.main import main, run
from unmeasured import environment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cli.conftest import Place


class Interrupted(io.RawIOBase):
    """Stand in for a keyboard on which somebody presses Ctrl-C."""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object, /) -> int:
        raise KeyboardInterrupt


class Full(io.StringIO):
    """Stand in for a file on a full disk."""

    def __init__(self, sink: int) -> None:
        super().__init__()
        self._sink = sink

    def fileno(self) -> int:
        return self._sink

    def flush(self) -> None:
        raise OSError(28, "No space left on device")


LIMITED = """
import resource
from listener.cli.main import main
resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))
main()
"""
"""Run the program where no file may become longer than this: of one write a part has room."""


@pytest.fixture
def sink() -> Iterator[int]:
    """Return a descriptor of our own that a command may lay aside."""
    number = os.open(os.devnull, os.O_WRONLY)
    yield number
    os.close(number)


def test_ctrl_c_while_lines_are_typed_ends_with_130_and_a_short_word(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(Interrupted())))
    assert run(["match", "acme", "-"]) == 130
    captured = capsys.readouterr()
    assert (captured.out, captured.err.strip()) == ("", "stopped")


def test_a_full_disk_behind_the_output_is_one_sentence_and_with_debug_the_error_itself(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], sink: int
) -> None:
    monkeypatch.setattr(sys, "stdout", Full(sink))
    assert run(["config", "sample"]) == 1
    assert capsys.readouterr().err == "Error: the output cannot be written: No space left on device\n"
    with pytest.raises(OSError, match="No space left on device"):
        run(["--debug", "config", "sample"])


@pytest.mark.skipif(os.name != "posix", reason="no file is limited there")
@pytest.mark.parametrize("buffering", ["", "1"], ids=["buffered", "unbuffered"])
def test_output_of_which_only_a_part_has_room_fails_whether_python_buffers_or_not(
    tmp_path: Path, buffering: str
) -> None:
    with (tmp_path / "sample.toml").open("wb") as output:
        done = subprocess.run(
            [sys.executable, "-c", LIMITED, "config", "sample"],
            stdout=output, stderr=subprocess.PIPE, text=True, check=False,
            env=environment() | {"PYTHONUNBUFFERED": buffering}, timeout=MINUTE,
        )  # fmt: skip
    assert (done.returncode, done.stderr) == (1, "Error: the output cannot be written: File too large\n")


def test_streams_that_are_closed_at_the_start_are_nothing_that_could_be_read_or_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(sys, name, None)
    monkeypatch.setattr(sys, "argv", ["listener", "match", "acme", "-"])
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    with pytest.raises(SystemExit) as ended:
        main()
    streams = (sys.stdin, sys.stdout, sys.stderr)
    try:
        assert ended.value.code == 0  # nothing to read, nothing to say
        assert sys.stdin.read() == ""
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.write(sys.stdout.fileno(), b"data")
        sys.stderr.write("what is said goes nowhere")
        sys.stderr.flush()
    finally:
        for stream in streams:
            stream.close()
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)


HOMELESS = """
import sys, tempfile
tempfile._candidate_tempdir_list = list  # as where every folder may only be read
from listener.cli.main import main
main()
"""


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("score -", "Error: no folder for temporary files may be written; name one with $TMPDIR\n"),
        ("chart volume Acme --output acme.png", "Error: Matplotlib requires access to a writable cache directory"),
    ],
)
def test_without_a_folder_for_temporary_files_a_library_that_needs_one_is_no_output_that_fails(
    filled: Place, words: str, said: str
) -> None:
    nowhere = {"HOME": "/dev/null", "XDG_CACHE_HOME": "/dev/null/x", "MPLCONFIGDIR": "/dev/null/x"}
    done = subprocess.run(
        [sys.executable, "-c", HOMELESS, *words.split(), "--config", str(filled.config_file)],
        input='{"source": "x", "id": "1", "text": "ceci est une bouilloire tout simplement superbe"}\n',
        capture_output=True, text=True, check=False, env=environment() | nowhere, timeout=MINUTE,
        cwd=filled.folder,
    )  # fmt: skip
    assert done.returncode == 1
    assert said in done.stderr
    assert "output cannot be written" not in done.stderr
    assert "Traceback" not in done.stderr


def test_a_folder_that_went_away_is_not_taken_for_one_of_temporary_files(filled: Place) -> None:
    gone = filled.folder / "gone"
    gone.mkdir()
    lines = "import os; os.rmdir(os.getcwd()); from listener.cli.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-P", "-c", lines, "trend", "Acme"],
        capture_output=True, text=True, check=False, env=environment(), timeout=MINUTE, cwd=gone,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith("Error: the folder that this was started in is no longer there")
