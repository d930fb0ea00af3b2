"""Progress goes to a terminal that somebody looks at, and nowhere else."""

from __future__ import annotations

import fcntl
import io
import os
import pty
import re
import struct
import sys
import termios
import threading
from contextlib import suppress

import pytest

from listener.cli.progress import page_line, progress_bar, upgrade_bar
from listener.store import SaveResult


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def saved(new: int) -> SaveResult:
    return SaveResult(new=new, changed=0, seen=0, window=None)


def test_pages_are_told_on_one_line_that_is_gone_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with page_line() as tell:
        assert tell is not None
        tell("rss", saved(2))
        tell("rss", saved(1_200))
        tell("x", saved(5))
    said = terminal.getvalue()
    assert "rss: page 2 read, new mentions: 1,202" in said
    assert "x: page 1 read, new mentions: 5" in said
    assert "\n" not in said
    assert said.endswith("\r\x1b[K")


def test_a_pipe_hears_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = io.StringIO()
    monkeypatch.setattr(sys, "stderr", pipe)
    with page_line() as tell:
        assert tell is None
    with progress_bar("mentions") as move:
        move(1, 2)
    assert pipe.getvalue() == ""


def on_a_terminal(monkeypatch: pytest.MonkeyPatch, columns: int, moves: list[tuple[int, int]]) -> list[str]:
    """Return what stands on each line that a bar writes, one after the other, on a terminal of so many columns."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    read: list[bytes] = []
    reader = threading.Thread(target=read_all, args=(ours, read))
    reader.start()
    with os.fdopen(theirs, "w", encoding="utf-8") as terminal, monkeypatch.context() as held:
        held.setattr(sys, "stderr", terminal)
        with progress_bar("counting anew") as move:
            for done, total in moves:
                move(done, total)
    reader.join(timeout=60)
    os.close(ours)
    written = b"".join(read).decode()
    assert written.endswith("\r\n")
    return re.split(r"[\r\n]+", re.sub(r"\x1b\[[?0-9]*[a-zA-Z]", "", written))


def read_all(descriptor: int, read: list[bytes]) -> None:
    """Read a terminal until its other end is closed."""
    with suppress(OSError):
        while data := os.read(descriptor, 4096):
            read.append(data)


@pytest.mark.parametrize("columns", [20, 30, 40, 60, 80, 300])
def test_a_bar_stays_on_one_line_of_any_terminal(monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    whole = 92_668_887_000
    lines = on_a_terminal(monkeypatch, columns, [(done * whole // 50, whole) for done in range(51)])
    assert max(map(len, lines)) < columns
    assert any("98%" in line for line in lines)
    assert ("[#" in "".join(lines)) == (columns >= 60)


def test_where_nobody_knows_how_much_there_is_what_is_done_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = on_a_terminal(monkeypatch, 80, [(done * 10_000, 0) for done in range(1, 31)])
    assert [line for line in lines if "MB" in line] == [f"counting anew  {tenth / 10} MB" for tenth in range(4)]


def test_an_upgrade_is_shown_only_where_there_is_something_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with upgrade_bar():
        pass
    assert terminal.getvalue() == ""
    with upgrade_bar() as move:
        move(10, 40)
        move(40, 40)
    assert "25%" in terminal.getvalue()
    assert terminal.getvalue().endswith("\n")
