"""A plug-in that fails in any of its methods, or gives what is none, costs itself and nothing else."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from listener.config import load_config
from listener.errors import EndedError, PluginError, TransientDeliveryError
from listener.notifying import build_notifiers
from listener.plugins import load_plugin, make_part
from listener.protocols import Notification
from running.site import Site, hackernews_table, hits
from servers.hackernews import HackerNews

PARTS = """
import sys
from dataclasses import dataclass
from datetime import timedelta
from listener.api import Page, Resource, SourceFacts, option
@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    page_size: int = option("Posts in one answer.", default=2)
class Board:
    name = "board"
    Options = Options
    facts = SourceFacts(summary="Posts of a board.", sees="all")
    def __init__(self, options, *, stop=None):
        pass
    def plan(self, queries):
        return [Resource(key="posts-1", lane="posts", native="posts")]
    def fetch(self, resource, window, cursor):
        return Page()
    def check(self):
        return "answers"
    def close(self):
        pass
class Pager:
    name = destination = "pager"
    Options = Options
    def __init__(self, options):
        pass
    def send(self, notification):
        pass
def fail(*_, **__):
    raise KeyError("made up")
"""
Collected = Callable[[str], tuple[int, dict[str, object], dict[str, object], str]]


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Install a distribution with a source and a notifier, broken by the given lines."""

    def install(broken: str) -> None:
        info = tmp_path / "made_up-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: made-up\nVersion: 1.0\n", encoding="utf-8")
        points = "[listener.sources]\nboard = failing_parts:Board\n[listener.notifiers]\npager = failing_parts:Pager\n"
        (info / "entry_points.txt").write_text(points, encoding="utf-8")
        (tmp_path / "failing_parts.py").write_text(f"{PARTS}{broken}\n", encoding="utf-8")
        monkeypatch.delitem(sys.modules, "failing_parts", raising=False)
        monkeypatch.syspath_prepend(tmp_path)

    return install


@pytest.fixture
def collected(tmp_path: Path, installed: Callable[[str], None]) -> Collected:
    """Collect with a broken source beside a good one; return the code, both rows and what is written to stderr."""

    def collect(broken: str) -> tuple[int, dict[str, object], dict[str, object], str]:
        installed(broken)
        with HackerNews(hits(4)) as server:
            done = Site(tmp_path / "site", f"[sources.board]\n{hackernews_table(server)}").collect()
        rows = done.rows()
        return done.code, rows["hackernews"], rows["board"], done.err

    return collect


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        ("Board.__init__ = fail", "plug-in board cannot be made: KeyError"),
        ("Board.__init__ = lambda self: None", "plug-in board cannot be made: TypeError"),
        ("Board.__init__ = lambda *_, **__: sys.exit(0)", "plug-in board cannot be made: SystemExit"),
        ("sys.exit(0)", "plug-in board of made-up does not load"),
        ("Board.facts = None", "its facts are no SourceFacts"),
        ('Board.facts = SourceFacts(summary="Posts.", every="5m")', "are timedeltas"),
        ("Board.Options = None", "its Options are not a dataclass"),
        ("Board.fetch = lambda *_: sys.exit(0)", "board: unexpected SystemExit"),
        ("Board.plan = lambda *_: sys.exit(0)", "board: unexpected SystemExit"),
        ("Board.fetch = lambda *_: None", "fetch() returned NoneType and not a Page"),
        ("Board.fetch = lambda *_: Page(exhausted=False)", "names no cursor to go on with"),
        ("Board.fetch = lambda *_: Page(requests=None)", "whose requests are no number"),
    ],
)
def test_a_source_that_fails_is_broken_by_name_and_the_others_are_read(
    collected: Collected, broken: str, told: str
) -> None:
    code, good, board, _ = collected(broken)
    assert (code, good["state"], board["state"]) == (3, "ok", "broken")
    assert told in str(board["message"])


def test_a_source_that_cannot_be_closed_keeps_what_it_read_and_the_log_says_so(collected: Collected) -> None:
    code, good, board, log = collected("Board.close = fail")
    assert (code, good["state"], board["state"]) == (0, "ok", "ok")
    assert "source not closed source=board" in log


def test_check_goes_on_after_a_source_that_fails_at_it(tmp_path: Path, installed: Callable[[str], None]) -> None:
    installed("Board.check = fail")
    with HackerNews(hits(1)) as server:
        done = Site(tmp_path / "site", f"[sources.board]\n{hackernews_table(server)}").run("check")
    assert done.code == 3
    assert "FAIL  board" in done.out
    assert "unexpected KeyError" in done.out
    assert "ok    hackernews" in done.out


@pytest.mark.parametrize("broken", ["Pager.__init__ = fail", "Pager.destination = None", "del Pager.destination"])
def test_a_notifier_that_cannot_be_made_is_left_out(
    tmp_path: Path, installed: Callable[[str], None], broken: str
) -> None:
    installed(f'Pager.destination = "pager"\n{broken}')
    with HackerNews(hits(4)) as server:
        done = Site(tmp_path / "site", hackernews_table(server), more="[notifiers.pager]\n").collect()
    assert done.code == 0
    assert "plug-in broken kind=notifier name=pager" in done.err


def test_a_notifier_that_hangs_is_left_behind(
    tmp_path: Path, installed: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    installed("import threading\nPager.over = threading.Event()\nPager.send = lambda self, _: self.over.wait()")
    monkeypatch.setattr("reports.patience._SECONDS", 0.2)
    (pager,) = build_notifiers(load_config(Site(tmp_path / "site", "", more="[notifiers.pager]\n").config))
    told = Notification(key="1", kind="digest", subject="A day", text="Quiet.")
    with pytest.raises(TransientDeliveryError, match="pager did not come to an end"):
        pager.send(told)
    with pytest.raises(TransientDeliveryError, match="from before"):
        pager.send(told)
    pager.over.set()  # type: ignore[attr-defined]  # the plug-in's own


def test_a_sample_alert_says_which_notifier_fails(tmp_path: Path, installed: Callable[[str], None]) -> None:
    installed("Pager.send = fail")
    done = Site(tmp_path / "site", "", more="[notifiers.pager]\n").run("alerts", "test")
    assert done.code == 1
    assert "FAIL  pager" in done.out
    assert "unexpected KeyError" in done.out


def test_a_signal_ends_the_program_also_while_a_plug_in_is_loaded_or_made(installed: Callable[[str], None]) -> None:
    installed("from listener.errors import EndedError\nraise EndedError(143)")
    with pytest.raises(EndedError):
        load_plugin("listener.sources", "board", {})

    def told_to_end() -> None:
        raise EndedError(143)

    with pytest.raises(EndedError):
        make_part("board", told_to_end)
    with pytest.raises(PluginError, match="board cannot be made: SystemExit"):
        make_part("board", lambda: sys.exit(3))
