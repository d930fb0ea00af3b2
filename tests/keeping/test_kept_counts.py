"""What is kept beside the rows equals what the rows give, whatever is done to them."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from listener.mention import Author, Label, Match
from listener.query import Query
from listener.search import Reader, Span, Trend
from listener.store import Rejudged, ReplayMark, Retention, Store, Verdict
from servers.world import ACME, GLOBEX, NOW, QUERIES, make_judged, make_mention, open_store, store_mentions
from thoroughness import some

TABLES = ("rollup_quarter", "rollup_day", "rollup_local", "rollup_scores", "rollup_reach", "rollup_values")
LISTENING = {"Acme": ["x", "reddit"]}
DAY = timedelta(days=1)


def rows(store: Store, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(f"{store.path.as_uri()}?mode=ro", uri=True)) as connection:
        return connection.execute(sql).fetchall()


def contents(store: Store) -> dict[str, list[tuple[object, ...]]]:
    return {table: sorted(rows(store, f"SELECT * FROM {table}"), key=repr) for table in TABLES}  # noqa: S608 - the tables above


def save(store: Store, number: int, days: int, word: str, followers: int | None) -> None:
    """Store a mention by one of three authors, or another wording of it."""
    text = f"Acme is {word} and globex too #{word} #Lid{number % 3}"
    store_mentions(
        store,
        [
            make_mention(
                number, text, source="x" if number % 2 else "reddit", published_at=NOW - days * DAY,
                author=Author(id=f"a{number % 3}", handle=f"jo_{number % 3}", followers=followers),
                links=(f"https://www.example.org/{word}?utm_source=x",), hashtags=("Anvil",),
            )
        ],
    )  # fmt: skip


def rejudge(store: Store, number: int, about: tuple[Query, ...], language: str) -> None:
    """Match and score a stored mention anew, as a rematch with other expressions does."""
    found = rows(store, f"SELECT text_hash FROM mentions WHERE id = {number} AND text IS NOT NULL")  # noqa: S608 - a number
    if not found:
        return
    (felt,) = make_judged(make_mention(number), Label.POSITIVE, 0.37).verdicts
    verdicts = tuple(
        Verdict(
            match=Match(brand=query.brand, query_version=query.version),
            sentiment=replace(felt.sentiment, language=language),
        )
        for query in about
    )
    lost = frozenset({"Acme", "Globex"} - {query.brand for query in about})
    one = Rejudged(number=number, text_hash=bytes(found[0][0]), language=language, found=verdicts, lost=lost)  # type: ignore[arg-type]
    store.save_replay([one], mark=ReplayMark(kind="rematch", target="t", position=number), now=NOW)


ACTIONS = st.lists(
    st.one_of(
        st.tuples(
            st.just("save"), st.integers(1, 9), st.integers(0, 120), st.sampled_from(["good", "bad", "xyzzy"]),
            st.sampled_from([None, 0, 7, 900]),
        ),
        st.tuples(st.just("label"), st.integers(1, 9), st.sampled_from([Label.IRRELEVANT, Label.NEGATIVE, None])),
        st.tuples(
            st.just("rejudge"), st.integers(1, 9), st.sampled_from([(), (ACME,), (GLOBEX,), (ACME, GLOBEX)]),
            st.sampled_from(["en", "fr"]),
        ),
        st.tuples(st.just("forget"), st.integers(1, 9)),
        st.tuples(st.just("forget author"), st.integers(0, 2)),
        st.tuples(st.just("purge"), st.integers(1, 120)),
        st.tuples(st.just("zone"), st.sampled_from(["UTC", "Asia/Kolkata", "America/New_York"])),
    ),
    max_size=16,
)  # fmt: skip


def act(store: Store, what: str, *values: object) -> None:
    """Do one thing to a store, as its users do."""
    if what == "save":
        save(store, *values)  # type: ignore[arg-type]
    elif what == "label":
        number, said = values
        for (name,) in rows(
            store,
            f"SELECT name FROM matches JOIN brands ON brands.id = brand_id WHERE mention_id = {number}",  # noqa: S608 - a number
        ):
            store.label(int(str(number)), str(name), said, now=NOW)  # type: ignore[arg-type]
    elif what == "rejudge":
        rejudge(store, *values)  # type: ignore[arg-type]
    elif what == "forget":
        store.erasure.forget_mention(int(str(values[0])), now=NOW)
    elif what == "forget author":
        store.erasure.forget_author("x", f"jo_{values[0]}", now=NOW)
    elif what == "purge":
        store.erasure.purge(Retention(by_source={"x": int(str(values[0])) * DAY}), now=NOW)
    else:
        store.register([("Acme", "own")], QUERIES, now=NOW, zone=str(values[0]))


@settings(max_examples=some(30))
@given(ACTIONS)
def test_every_kept_count_equals_the_rows_after_anything_that_is_done(actions: list[tuple[object, ...]]) -> None:
    with TemporaryDirectory() as folder, open_store(Path(folder)) as store:
        for what, *values in actions:
            act(store, str(what), *values)
        assert store.check() == []
        before = contents(store)
        store.rebuild_rollups()
        assert contents(store) == before


@settings(max_examples=some(15))
@given(ACTIONS, st.sampled_from(["hour", "day", "week", "month"]), st.sampled_from(["UTC", "Asia/Kolkata"]))
def test_a_trend_from_what_is_kept_is_the_one_counted_from_the_rows(
    actions: list[tuple[object, ...]], by: str, zone: str
) -> None:
    with TemporaryDirectory() as folder, open_store(Path(folder)) as store:
        for what, *values in actions:
            act(store, str(what), *values)
        store.register([("Acme", "own")], QUERIES, now=NOW, zone=zone)
        kept = trend(store.path, by, zone)
        with closing(sqlite3.connect(store.path)) as connection, connection:
            connection.execute("INSERT INTO upgrade_progress VALUES (1, 0, 0, 1)")  # readers then count themselves
            connection.execute("UPDATE rollup_zone SET zone = 'Europe/Berlin'")
        assert trend(store.path, by, zone) == kept


@contextmanager
def counting_rows(store: Store) -> Iterator[None]:
    """Let readers count themselves, as they do while a store is counted anew."""
    with closing(sqlite3.connect(store.path)) as connection, connection:
        connection.execute("INSERT INTO upgrade_progress VALUES (1, 0, 0, 1)")
    yield
    with closing(sqlite3.connect(store.path)) as connection, connection:
        connection.execute("DELETE FROM upgrade_progress")


def trend(path: Path, by: str, zone: str, until: datetime = NOW + DAY) -> Trend:
    with Reader(path) as reader:
        span = Span(
            since=NOW - timedelta(days=2 if by == "hour" else 90), until=until, by=by, zone=ZoneInfo(zone), now=NOW,
            percentiles=True,
        )  # fmt: skip
        return reader.trend(["Acme"], span, LISTENING)


def test_an_author_counts_once_a_bucket_and_in_the_longer_one_once_more(store: Store) -> None:
    for number, days in ((3, 0), (9, 0), (15, 1), (7, 1)):
        save(store, number, days, "good", 100 if number % 3 == 0 else 7)
    by_day = trend(store.path, "day", "UTC")
    assert [bucket.reach for bucket in by_day.of("Acme") if bucket.mentions] == [107, 100]
    assert by_day.totals[0].reach == 107
    assert trend(store.path, "day", "UTC", NOW - DAY / 2).totals[0].reach == 107


def test_newer_followers_count_in_every_bucket_of_their_author(store: Store) -> None:
    save(store, 3, 40, "good", 100)
    save(store, 9, 2, "good", 250)
    assert [bucket.reach for bucket in trend(store.path, "month", "UTC").of("Acme") if bucket.mentions] == [250, 250]
    assert store.check() == []


def test_percentiles_are_those_of_the_scores_to_half_a_bin(store: Store) -> None:
    for number, score in enumerate([-0.9, -0.5, -0.2, 0.0, 0.1, 0.3, 0.32, 0.5, 0.77, 0.9], start=1):
        label = Label.POSITIVE if score > 0 else Label.NEGATIVE
        store.save_page([make_judged(make_mention(number), label, score)], now=NOW)
    found = trend(store.path, "day", "UTC").totals[0].score_percentiles
    assert found is not None
    for shown, true in zip(found, (-0.9, 0.1, 0.77), strict=True):
        assert abs(shown - true) <= 0.0251


def test_top_values_are_counted_over_days_and_blocks_as_over_rows(store: Store) -> None:
    for number in range(1, 10):
        save(store, number, 9 * number, ["good", "bad"][number % 2], None)
    since, until = (NOW - 75 * DAY).replace(hour=0), (NOW - 5 * DAY).replace(hour=0)
    for what in ("hashtags", "links"):
        with Reader(store.path) as reader:
            kept = reader.top(what, "Acme", since, until)
        with counting_rows(store), Reader(store.path) as reader:
            counted = reader.top(what, "Acme", since, until)
        assert kept == counted
        assert [row.mentions for row in kept][:1] == [8 if what == "hashtags" else 4]
    with Reader(store.path) as reader:
        authors = reader.top("authors", "Acme", since, until)
        assert sum(row.mentions for row in authors) == 8
        assert {row.value for row in reader.top("links", "Acme", since, until)} == {
            "example.org/good",
            "example.org/bad",
        }


def test_the_most_frequent_values_are_found_among_very_many(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("listener.search.top._MORE_CANDIDATES", 0)
    tags = [f"t{number % 40} " + " ".join(f"#t{one}" for one in range(number % 40)) for number in range(120)]
    store_mentions(
        store, [make_mention(n, f"Acme {tag}", published_at=NOW - (n % 60) * DAY) for n, tag in enumerate(tags, 1)]
    )
    since, until = (NOW - 61 * DAY).replace(hour=0), (NOW + DAY).replace(hour=0)
    with Reader(store.path) as reader:
        kept = reader.top("hashtags", "Acme", since, until, limit=3)
        with counting_rows(store):
            assert kept == reader.top("hashtags", "Acme", since, until, limit=3)
        assert kept[0].mentions > kept[-1].mentions


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kathmandu", "America/New_York"])
def test_the_most_frequent_values_of_any_span_are_those_of_its_rows(
    store: Store, monkeypatch: pytest.MonkeyPatch, zone: str
) -> None:
    monkeypatch.setattr("listener.search.top._MORE_CANDIDATES", 1)
    rng = random.Random(11)
    store_mentions(
        store,
        [
            make_mention(
                number,
                "Acme " + " ".join(f"#t{int(rng.paretovariate(0.6))}" for _ in range(4)),
                published_at=NOW - rng.randrange(100) * DAY,
            )
            for number in range(1, 250)
        ],
    )
    store.register([("Acme", "own")], QUERIES, now=NOW, zone=zone)
    newest = NOW.replace(hour=0) + DAY
    asked = []
    for _ in range(60):
        until = newest - rng.randrange(40) * DAY - timedelta(minutes=rng.choice((0, 0, 330, 345, 1439)))
        asked.append((until - timedelta(hours=rng.randint(1, 90 * 24)), until, rng.randint(1, 12)))
    with Reader(store.path) as reader:
        kept = [reader.top("hashtags", "Acme", since, until, limit=limit) for since, until, limit in asked]
        with counting_rows(store):
            assert kept == [reader.top("hashtags", "Acme", since, until, limit=limit) for since, until, limit in asked]


def test_hashtags_and_links_of_what_was_erased_are_in_no_count_and_no_byte(store: Store) -> None:
    save(store, 1, 1, "good", 5)
    save(store, 2, 1, "zyxgone", 5)
    store.erasure.forget_mention(2, now=NOW)
    assert {value for (value,) in rows(store, "SELECT DISTINCT value FROM rollup_values")} == {
        "good", "lid1", "anvil", "example.org/good",
    }  # fmt: skip
    assert b"zyxgone" not in b"".join(file.read_bytes().lower() for file in store.path.parent.glob("listener.db*"))


PAGES = st.lists(
    st.lists(
        st.tuples(
            st.integers(1, 60), st.integers(0, 70), st.integers(0, 40), st.sampled_from(["good", "bad #ad", "xyzzy"]),
            st.integers(0, 5), st.sampled_from([None, 0, 7, 900]),
        ),
        max_size=70,
    ),
    min_size=1, max_size=3,
)  # fmt: skip


@settings(max_examples=some(12))
@given(PAGES, st.sampled_from(["UTC", "Asia/Kolkata"]))
def test_every_kept_count_equals_the_rows_after_pages_of_many_mentions_in_which_some_come_again(
    pages: list[list[tuple[int, int, int, str, int, int | None]]], zone: str
) -> None:
    with TemporaryDirectory() as folder, open_store(Path(folder)) as store:
        store.register([("Acme", "own")], QUERIES, now=NOW, zone=zone)
        for page in pages:
            mentions = [
                make_mention(
                    number, f"Acme is {word} and globex too", source="x" if number % 2 else "reddit",
                    published_at=NOW - days * DAY - quarters * timedelta(minutes=15),
                    author=Author(id=f"a{author}", handle=f"jo_{author}", followers=followers) if author else None,
                )
                for number, days, quarters, word, author, followers in page
            ]  # fmt: skip
            store_mentions(store, mentions)
        assert store.check() == []


def test_a_brand_and_day_that_lose_and_get_a_mention_in_one_page_stay_as_they_were(store: Store) -> None:
    store_mentions(store, [make_mention(number, "Acme is good") for number in range(1, 41)])
    before = contents(store)
    store_mentions(store, [make_mention(number, "Acme is good indeed") for number in range(1, 41)])
    store_mentions(store, [make_mention(number, "Acme is good") for number in range(1, 41)])
    assert contents(store) == before
    assert before["rollup_local"][0][2] == 40


def test_what_was_said_before_1970_is_counted_in_its_own_quarters_and_days(store: Store) -> None:
    jo, first = Author(id="jo", handle="jo", followers=70), datetime(1969, 12, 30, 23, 50, tzinfo=UTC)
    said = [make_mention(n, published_at=first + n * timedelta(minutes=20), author=jo) for n in range(80)]
    for mentions in (said[::2], said[1::2], [replace(said[5], text="Acme is bad"), said[7]]):
        store_mentions(store, mentions)
        assert store.check() == []
    kept = contents(store)
    store.rebuild_rollups()
    assert contents(store) == kept
    day = datetime(1969, 12, 30, tzinfo=UTC)
    with Reader(store.path) as reader:
        for source in (None, "x"):
            span = Span(since=day, until=day + 3 * DAY, by="day", zone=ZoneInfo("UTC"), now=NOW, source=source)
            found = reader.trend(["Acme"], span, LISTENING).of("Acme")
            assert [(bucket.mentions, bucket.reach) for bucket in found] == [(1, 70), (72, 70), (7, 70)]


def test_the_followers_of_an_author_who_is_gone_leave_the_reach_with_the_name(store: Store) -> None:
    jo, ada = Author(id="jo", handle="jo", followers=70), Author(id="ada", handle="ada", followers=5)
    store_mentions(store, [make_mention(number, author=ada if number == 3 else jo) for number in (1, 2, 3)])
    for number, reach in ((1, 75), (2, 5)):
        store.erasure.unsign([number])
        assert store.check() == []
        assert trend(store.path, "day", "UTC").totals[0].reach == reach
