"""Streams that are closed, broken or interrupted end a command in order, with its exit code."""

from __future__ import annotations

import io
import os
import signal
import sys
from typing import TYPE_CHECKING

import pytest

from listener.cli.main import main, run

if TYPE_CHECKING:
    from collections.abc import Iterator


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
