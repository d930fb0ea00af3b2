"""However collecting is disturbed, the store ends as if it had not been: nothing is lost, nothing counts twice."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from listener.config import load_config
from listener.service import Service
from listener.store import Store
from running.site import (
    BRANDS,
    KEYS,
    NOW,
    PATIENCE,
    SEEN,
    Site,
    hackernews_table,
    hits,
    posts,
    reddit_table,
    spans,
    things,
    x_table,
)
from servers.hackernews import HackerNews, story
from servers.reddit import Reddit, Thing
from servers.web import Answer, Request, SimulatedServer
from servers.x import Post, X

LATER = NOW + timedelta(minutes=20)
Dump = dict[str, list[tuple[object, ...]]]


@dataclass(frozen=True)
class Simulated:
    """One simulated service: how to make it and its table in the configuration."""

    name: str

    def serve(self) -> SimulatedServer:
        if self.name == "hackernews":
            return HackerNews(hits(60))
        if self.name == "x":
            return X(posts(60), now=NOW)
        return Reddit(things(150, step=timedelta(minutes=3)), now=NOW)

    def table(self, server: Any, **options: object) -> str:
        if self.name == "hackernews":
            return hackernews_table(server, hits_per_page=7, **options)
        return x_table(server, **options) if self.name == "x" else reddit_table(server, **options)


SERVICES = [Simulated("hackernews"), Simulated("x"), Simulated("reddit")]
every_service = pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Dump]:
    """Return what the store holds after one quiet run, by service."""
    patch = pytest.MonkeyPatch()
    dumps = {}
    try:
        for name, value in KEYS.items():
            patch.setenv(name, value)
        for service in SERVICES:
            with service.serve() as server:
                site = Site(tmp_path_factory.mktemp(service.name), service.table(server))
                assert site.collect().code == 0
                dumps[service.name] = site.dump()
    finally:
        patch.undo()
    return dumps


def assert_sound(site: Site) -> None:
    """Check what the store can say of itself: rollups equal their rebuild, every index fits its table."""
    with Store(site.database) as store:
        assert store.check() == []
        store._connection.execute("INSERT INTO mention_texts (mention_texts, rank) VALUES ('integrity-check', 1)")


def assert_same(site: Site, expected: Dump, *, but: tuple[str, ...] = ()) -> None:
    """Check that a store holds the same mentions, verdicts, sums and windows as one of an undisturbed run."""
    found = site.dump()
    for table in SEEN:
        if table not in but:
            assert found[table] == expected[table], table
    assert spans(found) == spans(expected)
    assert_sound(site)


def open_windows(site: Site) -> list[tuple[object, ...]]:
    return site.rows("SELECT cursor, reason, pages FROM windows WHERE state = 'open'")


@every_service
def test_two_runs_give_the_same_store_and_another_look_adds_nothing(
    service: Simulated, tmp_path: Path, undisturbed: dict[str, Dump]
) -> None:
    expected = undisturbed[service.name]
    assert len(expected["mentions"]) >= 60
    assert {row[6] for row in expected["windows"]} == {"drained"}
    with service.serve() as server:
        site = Site(tmp_path, service.table(server))
        assert site.collect().rows()[service.name]["new"] == len(expected["mentions"])
        assert site.dump() == expected
        assert site.collect().rows()[service.name]["pages"] == 0
        assert site.dump() == expected


@every_service
def test_what_is_read_again_for_the_overlap_doubles_nothing(
    service: Simulated, tmp_path: Path, undisturbed: dict[str, Dump]
) -> None:
    expected = undisturbed[service.name]
    with service.serve() as server:
        site = Site(tmp_path, service.table(server))
        site.collect()
        server.now = LATER  # type: ignore[attr-defined]  # Hacker News has none and needs none
        again = site.collect(now=LATER).rows()[service.name]
        assert (again["new"], again["changed"]) == (0, 0)
        assert int(str(again["fetched"])) > 0
        found = site.dump()
        assert {table: found[table] for table in SEEN} == {table: expected[table] for table in SEEN}
        assert len(found["windows"]) == len(expected["windows"])
        assert_sound(site)


@every_service
def test_what_was_indexed_late_is_found_by_the_next_run(service: Simulated, tmp_path: Path) -> None:
    published = NOW - timedelta(minutes=12)
    with service.serve() as server:
        if isinstance(server, X):
            server.posts.append(
                Post(
                    text="this acme was late and it is what they had told us",
                    created_at=published,
                    indexed_at=NOW + timedelta(minutes=3),
                )
            )
        site = Site(tmp_path, service.table(server))
        site.collect()
        if isinstance(server, HackerNews):
            server.items.append(
                story(99_999, int(published.timestamp()), "this acme was late and it is what they had told us")
            )
        if isinstance(server, Reddit):
            server.things.append(
                Thing(
                    number=99_999_999, created_at=published, title="this acme was late and it is what they had told us"
                )
            )
        assert site.rows("SELECT 1 FROM mentions WHERE coalesce(title, text) LIKE '%was late%'") == []
        server.now = LATER  # type: ignore[attr-defined]
        assert site.collect(now=LATER).rows()[service.name]["new"] == 1
        found = site.rows("SELECT published_at FROM mentions WHERE coalesce(title, text) LIKE '%was late%'")
        assert found == [(int(published.timestamp()),)]
        assert_sound(site)


@pytest.mark.parametrize("service", SERVICES[1:], ids=lambda service: service.name)
def test_an_empty_page_that_names_a_next_one_is_not_taken_for_the_end(
    service: Simulated, tmp_path: Path, undisturbed: dict[str, Dump]
) -> None:
    with service.serve() as server:
        server.fault("empty_page", when=is_page_of(service))
        site = Site(tmp_path, service.table(server))
        assert site.collect().code == 0
        assert_same(site, undisturbed[service.name])


def is_page_of(service: Simulated) -> Any:
    """Return what tells requests for mentions from those for access."""
    return lambda request: request.method == "GET" and (service.name != "reddit" or request.path.startswith("/r/"))


class Nth:
    """Be true for the n-th request for mentions and for those after it."""

    def __init__(self, service: Simulated, n: int) -> None:
        self._is_page = is_page_of(service)
        self._left = n
        self._lock = threading.Lock()

    def __call__(self, request: Request) -> bool:
        with self._lock:
            self._left -= bool(self._is_page(request))
            return self._left <= 0 and bool(self._is_page(request))


EVERYDAY = {("hackernews", "cut"), ("hackernews", "500"), ("x", "truncated"), ("reddit", "reset")}
FAULTS = {
    "429": ("status", {"status": 429, "headers": {"Retry-After": "900", "x-rate-limit-reset": "{reset}"}}),
    "500": ("status", {"status": 500, "body": "oops"}),
    "503": ("status", {"status": 503, "body": "busy"}),
    "cut": ("cut", {}),
    "truncated": ("truncated_json", {}),
    "html": ("html_instead_of_json", {}),
    "reset": ("reset", {}),
}


@pytest.mark.parametrize(
    ("service", "fault"),
    [
        pytest.param(
            service,
            fault,
            id=f"{service.name}-{fault}",
            marks=[] if (service.name, fault) in EVERYDAY or fault == "429" else [pytest.mark.slow],
        )
        for service in SERVICES
        for fault in FAULTS
    ],
)
def test_a_fault_in_mid_sweep_leaves_the_window_open_and_the_next_run_finishes_it(
    service: Simulated, fault: str, tmp_path: Path, undisturbed: dict[str, Dump]
) -> None:
    kind, details = FAULTS[fault]
    if "headers" in details:
        headers = {name: value.format(reset=int(LATER.timestamp())) for name, value in details["headers"].items()}
        details = details | {"headers": headers}
    with service.serve() as server:
        site = Site(tmp_path, service.table(server))
        tries = 3 if service.name == "hackernews" and fault not in {"429", "html"} else 1
        server.fault(kind, times=tries, when=Nth(service, 3), **details)
        ended = site.collect()
        row = ended.rows()[service.name]
        assert ended.code == 3
        assert row["state"] == ("rate_limited" if fault == "429" else row["state"])
        assert row["state"] in {"rate_limited", "unavailable", "unexpected_answer"}
        assert len(str(row["message"]).splitlines()) == 1
        waiting = open_windows(site)
        assert {reason for _, reason, _ in waiting} - {None} == {row["message"]}
        if service.name != "reddit":
            assert any(cursor and pages for cursor, _, pages in waiting)
        assert site.collect().code == 0
        assert open_windows(site) == []
        assert_same(site, undisturbed[service.name])
        # each page was counted once; which window stored what two of them found depends on which came first
        assert [row[:12] for row in site.dump()["windows"]] == [
            row[:12] for row in undisturbed[service.name]["windows"]
        ]


def test_a_rate_limit_says_when_to_come_back(tmp_path: Path) -> None:
    with X(posts(60), now=NOW, limit=4) as server:
        site = Site(tmp_path, x_table(server))
        assert site.collect().rows()["x"]["state"] == "rate_limited"
        assert site.rows("SELECT state, retry_at FROM source_states") == [("rate_limited", server.reset)]
        cursors = [cursor for cursor, _, pages in open_windows(site) if pages]
        assert len(cursors) == 1
        assert cursors[0]


@pytest.mark.parametrize("service", SERVICES[1:], ids=lambda service: service.name)
@pytest.mark.parametrize("value", ["a-wrong-key-of-a-test", None], ids=["wrong", "missing"])
def test_a_wrong_or_missing_key_is_named_by_its_variable_and_loses_nothing(
    service: Simulated, value: str | None, tmp_path: Path, undisturbed: dict[str, Dump], monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    variable = "X_BEARER_TOKEN" if service.name == "x" else "REDDIT_CLIENT_SECRET"
    with service.serve() as server:
        site = Site(tmp_path, service.table(server))
        with monkeypatch.context() as patch:
            if value is None:
                patch.delenv(variable)
            else:
                patch.setenv(variable, value)
            ended = site.collect()
        row = ended.rows()[service.name]
        assert (ended.code, row["state"]) == (3, "wrong_key")
        assert variable in str(row["message"])
        assert len(str(row["message"]).splitlines()) == 1
        assert "a-wrong-key-of-a-test" not in ended.out + ended.err
        assert site.collect().code == 0
        assert_same(site, undisturbed[service.name])


@every_service
@pytest.mark.parametrize("address", ["http://127.0.0.1:1", "https://no-such-host.invalid"])
def test_without_a_network_the_window_stays_open_and_is_read_later(
    service: Simulated, address: str, tmp_path: Path, undisturbed: dict[str, Dump]
) -> None:
    with service.serve() as server:
        site = Site(tmp_path, service.table(server, base_url=address))
        ended = site.collect()
        row = ended.rows()[service.name]
        assert (ended.code, row["state"]) == (3, "unavailable")
        assert len(str(row["message"]).splitlines()) == 1
        assert [state for (state,) in site.rows("SELECT state FROM windows")] == ["open"]
        site.configure(service.table(server))
        assert site.collect().code == 0
        assert_same(site, undisturbed[service.name])


PLUGIN = """
from listener.api import Page, Resource, SourceFacts, option
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    size: int = option("Nothing.", default=1)


class Crashing:
    name = "crashing"
    Options = Options
    facts = SourceFacts(summary="Breaks its promise.")

    def __init__(self, options=None, *, stop=None):
        self.options = options

    def plan(self, queries):
        return [Resource(key="k", lane="search", native="acme")]

    def fetch(self, resource, window, cursor):
        raise RuntimeError("a bug of the plug-in")

    def check(self):
        return "answers"

    def close(self):
        pass
"""


@pytest.fixture
def crashing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Install a plug-in that breaks, as pip would: a module and the metadata that names it."""
    folder = tmp_path / "installed"
    metadata = folder / "crashing_plugin-1.0.dist-info"
    metadata.mkdir(parents=True)
    (folder / "crashing_plugin.py").write_text(PLUGIN, encoding="utf-8")
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: crashing-plugin\nVersion: 1.0\n", encoding="utf-8")
    (metadata / "entry_points.txt").write_text(
        "[listener.sources]\ncrashing = crashing_plugin:Crashing\n", encoding="utf-8"
    )
    monkeypatch.syspath_prepend(folder)
    yield "crashing"
    sys.modules.pop("crashing_plugin", None)


def test_a_source_that_breaks_is_named_and_does_not_stop_the_others(
    crashing: str, tmp_path: Path, undisturbed: dict[str, Dump]
) -> None:
    service = SERVICES[0]
    with service.serve() as server:
        site = Site(tmp_path / "site", f"[sources.{crashing}]\nsize = 2\n{service.table(server)}")
        ended = site.collect()
        rows = ended.rows()
        assert ended.code == 3
        assert rows[crashing]["state"] == "broken"
        assert "RuntimeError" in str(rows[crashing]["message"])
        assert "a bug of the plug-in" in ended.err
        assert rows["hackernews"]["state"] == "ok"
        assert open_windows(site) == [(None, rows[crashing]["message"], 0)]
        found = site.dump()
        for table in SEEN:
            assert found[table] == undisturbed["hackernews"][table]


def test_a_changed_query_is_read_as_a_stream_of_its_own_and_the_old_one_rests(tmp_path: Path) -> None:
    falling = Post(text="an anvil falls on the lid that was in my kitchen", created_at=NOW - timedelta(hours=2))
    with X([*posts(40), falling], now=NOW) as server:
        site = Site(tmp_path, x_table(server))
        site.collect()
        before = site.dump()
        site.configure(x_table(server), brands=BRANDS.replace('["acme"]', '["acme", "anvil"]'))
        assert site.collect().code == 0
        after = site.dump()
        assert {row[1] for row in after["mentions"]} - {row[1] for row in before["mentions"]} == {falling.id}
        keys_before, keys = {row[1] for row in before["windows"]}, {row[1]: row[3] for row in after["windows"]}
        assert (len(keys_before), len(keys)) == (1, 2)  # both brands are asked for in one search
        assert sorted(keys.values()) == [0, 1]
        assert {key for key, is_active in keys.items() if not is_active} == keys_before
        assert {row[6] for row in after["windows"]} == {"drained"}
        versions = site.rows(
            "SELECT count(DISTINCT query_id) FROM matches JOIN brands ON id = brand_id WHERE name = 'Acme'"
        )
        assert versions == [(1,)]  # what was known is matched anew where it is read anew
        assert_sound(site)


def test_since_looks_back_once_and_raises_no_alert_over_what_is_past(tmp_path: Path) -> None:
    quiet = hits(60, step=timedelta(hours=3))
    loud = hits(80, step=timedelta(seconds=40), newest=NOW - timedelta(days=3))
    items = [*quiet, *({**item, "objectID": f"7{item['objectID']}"} for item in loud)]
    with HackerNews(items) as server:
        site = Site(tmp_path, hackernews_table(server))
        site.collect()
        (first,) = site.rows("SELECT min(from_at) FROM windows")[0]
        assert first == int((NOW - timedelta(days=1)).timestamp())
        assert site.collect("--since", "7d").code == 0
        assert site.rows("SELECT DISTINCT from_at, state FROM windows") == [
            (int((NOW - timedelta(days=7)).timestamp()), "drained")
        ]
        recent = [item for item in items if item["created_at_i"] >= (NOW - timedelta(days=7)).timestamp()]
        assert site.rows("SELECT count(*) FROM mentions") == [(len(recent),)]
        assert site.collect("--since", "7d").rows()["hackernews"]["pages"] == 0
        later = NOW + timedelta(hours=3)
        assert site.collect(now=later).code == 0
        assert site.rows("SELECT count(*) FROM alert_states") != [(0,)]
        assert site.rows("SELECT count(*) FROM episodes") == [(0,)]


def test_a_run_that_meets_another_one_leaves_the_window_to_it(tmp_path: Path, undisturbed: dict[str, Dump]) -> None:
    service = SERVICES[0]
    with service.serve() as server:
        site = Site(tmp_path, service.table(server))
        config = load_config(site.config)
        ahead: list[str] = []

        def overtake(_source: str, _result: object) -> None:
            if not ahead:
                ahead.append("begun")
                ahead.append(Service(config, site.database, threading.Event()).collect("hackernews", now=NOW).state)

        outcome = Service(config, site.database, threading.Event()).collect("hackernews", now=NOW, on_page=overtake)
        assert ahead == ["begun", "ok"]
        assert (outcome.state, outcome.pages) == ("ok", 1)
        assert "another process" in str(outcome.message)
        assert_same(site, undisturbed[service.name])


class Crossroads(HackerNews):
    """Let the first two requests wait for each other, so that two readers surely meet."""

    def __init__(self, items: list[dict[str, Any]]) -> None:
        super().__init__(items)
        self._meeting = threading.Barrier(2)
        self._coming = threading.Semaphore(2)

    def route(self, request: Request) -> Answer:
        if self._coming.acquire(blocking=False):
            self._meeting.wait(PATIENCE)
        return super().route(request)


def test_two_processes_at_once_on_one_store_end_in_the_same_store(tmp_path: Path, undisturbed: dict[str, Dump]) -> None:
    with Crossroads(hits(60)) as server:
        site = Site(tmp_path, hackernews_table(server, hits_per_page=7))
        running = [site.start("collect", err=tmp_path / f"err{number}") for number in range(2)]
        codes = [process.wait(timeout=2 * PATIENCE) for process in running]
        assert codes == [0, 0], [(tmp_path / f"err{number}").read_text() for number in range(2)]
        assert_same(site, undisturbed["hackernews"])
        assert site.dump()["windows"] == undisturbed["hackernews"]["windows"]
