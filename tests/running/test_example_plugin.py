"""The example of a plug-in keeps every promise; installed, it works; broken ones are named and stop nothing."""

from __future__ import annotations

import ast
import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import ModuleType

import pytest

from listener.api import Page, ScoringTask, Window, from_epoch
from listener.query.build import build_query
from listener.testing import check_notifier, check_scorer, check_source
from running.site import NOW, Site, hackernews_table, hits
from servers.board import Board
from servers.hackernews import HackerNews

EXAMPLE = Path(__file__).resolve().parents[1] / "example_plugin"
AT = int((NOW - timedelta(hours=2)).timestamp())
POSTS = [
    {"id": 1, "at": AT, "by": "ada", "text": "My Acme kettle sings :-) :-)"},
    {"id": 2, "at": AT + 60, "by": "bob", "text": "My Acme kettle leaks :-("},
    {"id": 3, "at": AT + 120, "by": None, "text": "Nobody's kettle"},
    {"id": 4, "at": AT + 180, "by": "eve", "text": "Acme <b>is</b> on the table"},
]
TABLES = """
[sentiment]
scorers = { default = "smileys" }

[notifiers.logbook]
file = "{file}"
digest = true
"""


@pytest.fixture(scope="module")
def example() -> ModuleType:
    """Return the module of the example, loaded from its folder."""
    spec = importlib.util.spec_from_file_location("acme_board_under_test", EXAMPLE / "acme_board.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def board() -> Iterator[Board]:
    with Board(POSTS) as server:
        yield server


def test_the_example_uses_nothing_but_the_public_interface() -> None:
    tree = ast.parse((EXAMPLE / "acme_board.py").read_text(encoding="utf-8"))
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    imported |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    own = {name for name in imported if name and name.split(".")[0] in {"listener", "sources", "sentiment", "reports"}}
    assert own == {"listener.api"}


def test_the_example_source_keeps_the_promises_of_a_source(example: ModuleType, board: Board) -> None:
    window = Window(since=from_epoch(AT), until=from_epoch(AT + 3_600))
    queries = [build_query(brand="Acme", keywords=["acme"]), build_query(brand="Globex", keywords=["globex"])]
    found = check_source(lambda: example.BoardSource(example.BoardOptions(base_url=board.url)), queries, window)
    assert [one.id for one in found] == ["4", "3", "2", "1"]


def test_the_example_scorer_keeps_the_promises_of_a_scorer(example: ModuleType) -> None:
    texts = ("good :-)", "bad :-(", "so :-) so :-(", "a kettle", "")
    check_scorer(example.SmileyScorer(), [ScoringTask(text=text, language="en") for text in texts])


def test_the_example_notifier_keeps_the_promises_of_a_notifier(example: ModuleType, tmp_path: Path) -> None:
    file = tmp_path / "book.jsonl"
    notifier = example.LogbookNotifier(example.LogbookOptions(file=str(file)))
    broken = example.LogbookNotifier(example.LogbookOptions(file=str(tmp_path / "no" / "book.jsonl")))
    check_notifier(
        notifier, lambda: len(file.read_text().splitlines()) if file.exists() else 0, secrets=["hush"], broken=broken
    )


@pytest.mark.slow
def test_the_example_is_installed_and_listens_scores_and_tells(tmp_path: Path, board: Board) -> None:
    target = tmp_path / "installed"
    words = ["install", "--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--target", str(target)]
    subprocess.run(
        [sys.executable, "-m", "pip", "--disable-pip-version-check", *words, str(EXAMPLE)],
        check=True,
        timeout=120,
        env={**os.environ, "PIP_CONFIG_FILE": os.devnull},
    )
    assert (target / "acme_listener_board-1.0.dist-info" / "entry_points.txt").exists()
    book = tmp_path / "book.jsonl"
    table = f'[sources.board]\nbase_url = "{board.url}"\nlookback = "1d"\n'
    site = Site(tmp_path / "site", table, more=TABLES.replace("{file}", str(book)))

    def run(*words: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "listener.cli.main", *site.arguments(*words)],
            env={**os.environ, "PYTHONPATH": str(target)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert "board" in run("sources")
    assert "notifiers that load: the shipped ones, logbook" in " ".join(run("doctor").split())
    (row,) = json.loads(run("collect", "--format", "json"))
    assert (row["source"], row["state"], row["new"]) == ("board", "ok", 3)
    assert site.rows(
        "SELECT native_id, label, scorers.name FROM matches JOIN mentions ON mentions.id = mention_id "
        "JOIN scorers ON scorers.id = scorer_id ORDER BY native_id"
    ) == [("1", 3, "smileys"), ("2", 1, "smileys"), ("4", 4, "smileys")]
    scored = subprocess.run(
        [sys.executable, "-m", "listener.cli.main", "score", "--config", str(site.config)],
        input=json.dumps({"source": "x", "id": "1", "text": "so :-(", "published_at": NOW.isoformat()}) + "\n",
        env={**os.environ, "PYTHONPATH": str(target)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert json.loads(scored.stdout)["sentiment"]["scorer"] == "smileys"
    run("alerts", "test")
    run("digest", "--send")
    told = [json.loads(line)["kind"] for line in book.read_text(encoding="utf-8").splitlines()]
    assert told[0] == "alert"
    assert "digest" in told


BROKEN = {
    "missing": "made_up_nowhere:Source",
    "number": "made_up_parts:NUMBER",
    "lacking": "made_up_parts:Lacking",
    "misnamed": "made_up_parts:Misnamed",
    "crashing": "made_up_crash:Source",
}
PARTS = """
from listener.testing import FakeSource

NUMBER = 42
class Lacking:
    name = "lacking"
class Misnamed(FakeSource):
    pass
"""


@pytest.fixture
def broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Install a distribution of which nothing works, and which wants the names of others."""
    info = tmp_path / "made_up-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: made-up\nVersion: 1.0\n", encoding="utf-8")
    lines = [f"{name} = {target}" for name, target in BROKEN.items()]
    groups = [
        "[listener.sources]", *lines, "hackernews = made_up_parts:Misnamed",
        "[listener.scorers]", *lines, "vader = made_up_parts:Lacking",
        "[listener.notifiers]", *lines,
    ]  # fmt: skip
    (info / "entry_points.txt").write_text("\n".join(groups) + "\n", encoding="utf-8")
    (tmp_path / "made_up_parts.py").write_text(PARTS, encoding="utf-8")
    (tmp_path / "made_up_crash.py").write_text("raise RuntimeError('at import')\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)


@pytest.mark.usefixtures("broken")
@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_source_is_named_and_the_others_go_on(tmp_path: Path, name: str) -> None:
    with HackerNews(hits(4)) as server:
        site = Site(tmp_path / "site", f"[sources.{name}]\n{hackernews_table(server)}")
        done = site.collect()
    rows = done.rows()
    assert done.code == 3
    assert rows["hackernews"]["state"] == "ok"
    assert rows[name]["state"] == "broken"
    assert f"plug-in {name}" in str(rows[name]["message"]) or f"plug-in {name}" in done.err
    for words in (("trend", "Acme"), ("status",), ("explain",), ("mentions",)):
        assert site.run(*words).code in {0, 3}, words


@pytest.mark.usefixtures("broken")
@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_notifier_is_named_and_the_others_are_told(tmp_path: Path, name: str) -> None:
    with HackerNews(hits(4)) as server:
        site = Site(tmp_path / "site", hackernews_table(server), more=f"[notifiers.{name}]\n")
        done = site.collect()
    assert done.code == 0, done.err
    assert f"plug-in broken kind=notifier name={name}" in done.err


@pytest.mark.usefixtures("broken")
@pytest.mark.parametrize("name", ["missing", "number", "crashing"])
def test_a_broken_scorer_is_named_and_leaves_texts_unscored(tmp_path: Path, name: str) -> None:
    with HackerNews(hits(4)) as server:
        site = Site(tmp_path / "site", hackernews_table(server), more=f'[sentiment]\nscorers = {{ en = "{name}" }}\n')
        done = site.collect()
    assert done.code == 0, done.err
    assert f"plug-in broken kind=scorer name={name}" in done.err
    assert set(site.rows("SELECT label, reason FROM matches")) == {(0, "broken_scorer")}


@pytest.mark.usefixtures("broken")
def test_doctor_and_sources_name_what_is_broken_and_what_is_left_out(tmp_path: Path) -> None:
    with HackerNews([]) as server:
        site = Site(tmp_path / "site", hackernews_table(server))
        doctor = site.run("doctor")
        sources = site.run("sources")
    for name in BROKEN:
        assert f"plug-in {name}" in doctor.out
        assert name in sources.out
    assert "the source hackernews of made-up is left out: a built-in one has that name" in doctor.out
    assert "the scorer vader of made-up is left out" in doctor.out


@pytest.mark.usefixtures("broken")
def test_a_name_that_is_taken_is_a_warning_of_a_pass(tmp_path: Path) -> None:
    with HackerNews(hits(2)) as server:
        done = Site(tmp_path / "site", hackernews_table(server)).collect()
    assert done.code == 0
    assert "the source hackernews of made-up is left out" in done.err


def test_a_notifier_that_is_not_installed_is_a_mistake_of_the_file(tmp_path: Path) -> None:
    with HackerNews([]) as server:
        site = Site(tmp_path / "site", hackernews_table(server), more="[notifiers.pager]\n")
        done = site.collect()
    assert done.code == 2
    assert "notifiers.pager: no such notifier is installed" in done.err


def test_a_page_of_the_example_says_what_it_could_not_read(example: ModuleType, board: Board) -> None:
    board.posts = [{"id": 9, "at": AT, "by": "ada", "text": 3}]
    source = example.BoardSource(example.BoardOptions(base_url=board.url))
    page: Page = source.fetch(
        source.plan([build_query(brand="Acme")])[0], Window(since=from_epoch(AT), until=from_epoch(AT + 9)), None
    )
    assert (page.mentions, len(page.skipped)) == ((), 1)
