"""Story keys are kept where mentions arrive: what comes late, or in any order, is of the same story all the same."""

from __future__ import annotations

import json
import random
import sqlite3
import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from listener.clock import to_epoch
from listener.config import load_config
from listener.service import Service
from listener.store import Store
from listener.store.keyspans import span_of, spans_around
from listener.stories import LINK, NEAR, REACH_SECONDS
from servers.world import (
    NOW,
    assert_same_stories_in_any_order,
    make_mention,
    open_store,
    store_mentions,
    stories_of,
)
from thoroughness import some

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from listener.mention import Mention

SAID = "the new Acme jar has a lid that nobody here can open without help"
LONG_AGO = NOW - timedelta(days=200)


def keys(store: Store) -> int:
    (count,) = store._connection.execute("SELECT count(*) FROM story_keys").fetchone()
    return int(count)


def article(number: int, at: datetime, url: str = "https://news.example/jars") -> Mention:
    return make_mention(number, f"Acme in the news {number}", kind="article", url=url, published_at=at)


def handed_on(number: int, at: datetime) -> Mention:
    return make_mention(
        number, "", title="Acme jars", links=("https://www.news.example/jars?utm_source=x",), published_at=at
    )


def everything(seed: int) -> list[Mention]:
    """Return posts of four months in order of time: copies, near copies, articles, what links to them, and reposts."""
    rng = random.Random(seed)
    made: list[Mention] = []
    for thing in range(6):
        first = LONG_AGO + timedelta(hours=rng.randrange(24 * 120))
        for _ in range(4):
            at, number = first + timedelta(hours=rng.randrange(24 * 16)), len(made) + 1
            kind = rng.randrange(5)
            if kind == 0:
                made.append(article(number, at, url=f"https://news.example/{thing}"))
            elif kind == 1:
                links = (f"https://news.example/{thing}",)
                made.append(make_mention(number, "", title="Acme", links=links, published_at=at))
            elif kind == 2:
                made.append(make_mention(number, f"RT @jo: {thing} Acme", repost_of=f"none{thing}", published_at=at))
            else:
                said = f"{thing} {SAID} {rng.choice(('today', 'again', 'sir'))}"
                made.append(make_mention(number, said, published_at=at))
    return sorted(made, key=lambda one: one.published_at or NOW)


@settings(max_examples=some(12), suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(seed=st.integers(0, 10**6), order=st.randoms(use_true_random=False), page=st.integers(1, 5))
def test_stories_are_the_same_wherever_keys_are_shed_between_pages(
    tmp_path_factory: pytest.TempPathFactory, seed: int, order: random.Random, page: int
) -> None:
    def shed_now_and_then(store: Store, stored: Sequence[Mention]) -> None:
        if order.random() < 0.5:
            times = [one.published_at or NOW for one in stored]
            store.shed_keys_behind(min(times), max(times))
        if order.random() < 0.3:
            store.shed_keys(now=NOW)

    folder = tmp_path_factory.mktemp("stories")
    assert_same_stories_in_any_order(folder, everything(seed), order, page, after=shed_now_and_then)


@pytest.mark.parametrize("kind", [LINK, NEAR])
@given(at=st.integers(to_epoch(datetime(1, 3, 1, tzinfo=UTC)), 2**36), apart=st.floats(-1, 1))
def test_what_a_key_reaches_lies_in_the_spans_around_it(kind: str, at: int, apart: float) -> None:
    other = at + int(apart * REACH_SECONDS[kind])
    assert span_of(kind, other) in spans_around(kind, at, at)
    assert len(spans_around(kind, at, at)) <= 2
    assert span_of(kind, at) % 2 == (kind == LINK)


def test_keys_of_old_mentions_are_shed_and_made_anew_where_a_copy_comes_late(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        store_mentions(store, [make_mention(1, SAID, published_at=LONG_AGO), article(2, LONG_AGO)])
        store_mentions(store, [make_mention(3, SAID)])
        before = keys(store)
        store.shed_keys(now=NOW)
        assert keys(store) == 4
        store_mentions(store, [make_mention(4, SAID.replace("open", "close"), published_at=LONG_AGO)])
        store_mentions(store, [handed_on(5, LONG_AGO + timedelta(days=13))])
        assert stories_of(store) == {frozenset("14"), frozenset("25"), frozenset("3")}
        assert keys(store) > before


def test_a_file_in_order_keeps_only_keys_near_its_end(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        for day in range(200):
            at = LONG_AGO + timedelta(days=day)
            store_mentions(store, [make_mention(day, f"{SAID} {day}", published_at=at)])
            store.shed_keys_behind(at, at)
            assert keys(store) <= 4 * 30


def test_what_comes_in_no_order_is_not_shed_again_and_again(tmp_path: Path) -> None:
    times = [LONG_AGO, LONG_AGO + timedelta(days=100)]
    with open_store(tmp_path) as store:
        statements: list[str] = []
        store._connection.set_trace_callback(statements.append)
        for number in range(20):
            at = times[number % 2]
            store_mentions(store, [make_mention(number, SAID, published_at=at)])
            store.shed_keys_behind(at, at)
        made = sum(one.startswith("DELETE FROM story_keys") for one in statements)
        assert 1 <= made <= 2
        store.shed_keys(now=NOW)
        assert keys(store) == 0
        assert len(stories_of(store)) == 2


def test_of_what_was_erased_no_keys_are_made_anew(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        store_mentions(store, [make_mention(1, SAID, published_at=LONG_AGO), article(2, LONG_AGO)])
        store.shed_keys(now=NOW)
        store.erasure.forget_mention(1, now=NOW)
        store.erasure.forget_mention(2, now=NOW)
        store_mentions(store, [make_mention(3, SAID, published_at=LONG_AGO), handed_on(4, LONG_AGO)])
        assert len(stories_of(store)) == 4
        assert store.check() == []


def test_a_page_that_fails_leaves_shed_what_was_shed(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        store_mentions(store, [make_mention(1, SAID, published_at=LONG_AGO)])
        store.shed_keys(now=NOW)
        store._connection.execute(
            "CREATE TEMP TRIGGER refuse BEFORE INSERT ON mentions BEGIN SELECT RAISE(ABORT, 'no'); END"
        )
        with pytest.raises(Exception, match="no"):
            store_mentions(store, [make_mention(2, SAID, published_at=LONG_AGO)])
        assert keys(store) == 0
    with Store(tmp_path / "listener.db") as store:
        store_mentions(store, [make_mention(2, SAID, published_at=LONG_AGO)])
        assert len(stories_of(store)) == 1


def test_reposts_of_what_was_never_seen_are_one_story_with_it_once_it_comes(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        store_mentions(store, [make_mention(1, "RT @jo: Acme", repost_of="9", published_at=LONG_AGO)])
        store.shed_keys(now=NOW)
        store_mentions(store, [make_mention(2, "RT @jo: Acme jars", repost_of="9")])
        store_mentions(store, [make_mention(9, "Acme jars"), make_mention(3, "Acme pots")])
        assert stories_of(store) == {frozenset("129"), frozenset("3")}


def test_the_eleventh_version_needs_no_keys_of_what_it_held(tmp_path: Path) -> None:
    path = tmp_path / "listener.db"
    with open_store(tmp_path) as store:
        store_mentions(store, [make_mention(1, SAID, published_at=LONG_AGO), article(2, LONG_AGO)])
        ancient = datetime(1965, 5, 1, tzinfo=UTC)
        store_mentions(store, [make_mention(6, SAID, published_at=ancient), make_mention(3, SAID)])
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript(
            "ALTER TABLE mentions DROP COLUMN kind; ALTER TABLE mentions RENAME COLUMN kind_mark TO kind; "
            "DROP TABLE story_keys; DROP TABLE shed_spans; CREATE TABLE story_keys (key INTEGER NOT NULL, "
            "published_at INTEGER NOT NULL, mention_id INTEGER NOT NULL, PRIMARY KEY (key, published_at, mention_id)) "
            "STRICT, WITHOUT ROWID; CREATE TABLE story_keys_former (key INTEGER) STRICT; "
            "DELETE FROM _sqlite_migrations WHERE name LIKE '0012%'; PRAGMA user_version = 11"
        )
    with Store(path) as store:
        late = [
            make_mention(4, SAID.replace("open", "close"), published_at=LONG_AGO),
            handed_on(5, LONG_AGO + timedelta(days=13)),
            make_mention(7, SAID, published_at=ancient + timedelta(days=2)),
        ]
        store_mentions(store, late)
        assert stories_of(store) == {frozenset("14"), frozenset("25"), frozenset("3"), frozenset("67")}
        assert store.check() == []


def test_the_purge_of_the_daemon_sheds_keys_of_old_mentions(tmp_path: Path) -> None:
    with (tmp_path / "in.jsonl").open("w") as file:
        for number, at in enumerate((LONG_AGO, NOW - timedelta(days=1))):
            said = {"source": "forum", "id": str(number), "text": SAID, "published_at": at.isoformat()}
            file.write(json.dumps(said) + "\n")
    (tmp_path / "config.toml").write_text(
        '[[brands]]\nname = "Acme"\nkeywords = ["acme"]\n[sources.jsonl]\npaths = ["in.jsonl"]\n'
    )
    service = Service(load_config(tmp_path / "config.toml"), tmp_path / "listener.db", threading.Event())
    (read,) = service.collect_all(["jsonl"], now=NOW, since=LONG_AGO - timedelta(days=1))
    assert read.new == 2
    with Store(tmp_path / "listener.db") as store:
        assert keys(store) == 8
    service.purge(now=NOW + timedelta(days=60))
    with Store(tmp_path / "listener.db") as store:
        assert keys(store) == 0
        assert store.check() == []


@pytest.mark.parametrize("is_shed", [False, True])
def test_what_was_erased_has_no_keys_and_what_says_the_same_is_of_no_story_with_it(
    tmp_path: Path, *, is_shed: bool
) -> None:
    with open_store(tmp_path) as store:
        for number, text in ((1, SAID), (2, "Acme wishes you a good weekend")):
            store_mentions(store, [make_mention(number, text)])
        store_mentions(store, [article(3, NOW), make_mention(4, f"{SAID} and now")])
        store_mentions(store, [make_mention(4, "Acme is good")])
        store.erasure.erase([1, 2, 3, 4], now=NOW)
        assert keys(store) == 0
        if is_shed:
            store.shed_keys(now=NOW + timedelta(days=100))
        store_mentions(
            store, [make_mention(11, SAID), make_mention(12, "Acme wishes you a good weekend"), article(13, NOW)]
        )
        store_mentions(store, [make_mention(14, f"{SAID} and now")])
        stories = "SELECT DISTINCT story_id FROM mentions WHERE purged_at IS {}"
        left, erased = (
            set(store._connection.execute(stories.format(what)).fetchall()) for what in ("NULL", "NOT NULL")
        )
        assert (len(left), left & erased) == (3, set())
        assert store.check() == []
