"""Progress goes to a terminal that somebody looks at, and nowhere else."""

from __future__ import annotations

import io
import sys

import pytest

from listener.cli.progress import page_line, progress_bar
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
