"""Answers of a brand's own accounts: found from either side, kept without text, known or not known."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from keeping.test_migrations import make_old_store
from listener.budget import Budget, Limit
from listener.errors import NotFoundError, RateLimitedError
from listener.matching import Matcher
from listener.mention import ASSIGNED_BRAND, Author, Label, Mention
from listener.pipeline import Judge
from listener.pipeline.answers import ThreadPlan, follow_threads
from listener.protocols import Page, ReadsThreads
from listener.search import MentionFilter, Reader, Span
from listener.store import Retention, Store
from listener.store.answers import _OF_REPLY
from servers.world import NOW, QUERIES, English, WordScorer, make_mention, open_store

UTC_ZONE = __import__("zoneinfo").ZoneInfo("UTC")
OWN = {"Acme": ("@acme_help",)}
HELP = Author(id="h", handle="Acme_Help")
PLAN = ThreadPlan(accounts=OWN, follow=timedelta(days=7), threads=20, budget=Budget())
DAY = Span(since=NOW - timedelta(days=2), until=NOW, by="day", zone=UTC_ZONE, now=NOW)


def take(store: Store, *mentions: Mention) -> None:
    """Carry mentions through the stages as one page."""
    judge = Judge(QUERIES, Matcher(QUERIES), English(), WordScorer(), own_accounts=OWN)
    judgement = judge.judge(mentions, store.known([one.key for one in mentions]), now=NOW)
    store.save_page(judgement.judged, refreshed=judgement.refreshed, own_replies=judgement.own_replies, now=NOW)


def reply(minutes_ago: float, *, to: str | None = None, thread: str | None = None, **fields: object) -> Mention:
    """Return a reply of the brand's own that does not name it."""
    values: dict[str, object] = {"author": HELP, "reply_to": to, "thread": thread, **fields}
    return make_mention(
        900 + int(minutes_ago), "Sorry, please write to us", published_at=NOW - timedelta(minutes=minutes_ago), **values
    )


def unanswered(folder: Path) -> list[str]:
    with Reader(folder / "listener.db") as reader:
        return sorted(one.id for one in reader.mentions(MentionFilter(unanswered_of=("Acme",))))


def asked(folder: Path) -> dict[int, tuple[datetime | None, datetime | None]]:
    with Reader(folder / "listener.db") as reader:
        return {one.number: (one.answered_at, one.open_until) for one in reader.asked("Acme", DAY)}


def test_a_reply_of_an_own_account_answers_and_is_no_mention(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        take(store, make_mention(60), make_mention(50))
        take(store, reply(20, to="60"))
    assert unanswered(tmp_path) == ["50"]
    with Reader(tmp_path / "listener.db") as reader:
        rows = reader.mentions(MentionFilter(brand="Acme"))
    assert {one.id: one.answered_at for one in rows} == {"60": NOW - timedelta(minutes=20), "50": None}


def test_of_some_mentions_the_same_is_told_as_of_all(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        take(store, make_mention(60), make_mention(50), make_mention(40))
        take(store, reply(20, to="60"))
    with Reader(tmp_path / "listener.db") as reader:
        every = reader.asked("Acme", DAY)
        some = reader.asked("Acme", DAY, among=[every[2].number, every[0].number, 9_999])
        none = reader.asked("Acme", DAY, among=[])
    assert len(every) == 3
    assert (some, none) == ((every[0], every[2]), ())


def test_a_reply_that_is_read_before_what_it_answers_counts(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        take(store, reply(20, to="60"))
        take(store, make_mention(60))
    assert unanswered(tmp_path) == []


def test_a_reply_anywhere_in_the_thread_answers_what_was_said_before_it(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        take(
            store,
            make_mention(60),
            make_mention(50, thread="60", reply_to="60"),
            make_mention(10, thread="60", reply_to="50"),
            reply(20, to="40", thread="60"),
            make_mention(55, thread="other"),
        )
    assert unanswered(tmp_path) == ["10", "55"]


def test_the_first_of_several_answers_counts_whichever_is_read_first(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        take(store, make_mention(60), reply(5, to="60"))
        take(store, reply(30, to="60"))
        take(store, reply(10, to="60"))
    assert asked(tmp_path)[1][0] == NOW - timedelta(minutes=30)


def test_of_several_answers_that_are_read_before_what_they_answer_the_first_counts(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        for minutes in (5, 30, 10, 90):
            take(store, reply(minutes, to="60"))
        take(store, make_mention(60))
    assert asked(tmp_path)[1][0] == NOW - timedelta(minutes=30)


@pytest.mark.parametrize("is_read_before", [False, True])
def test_a_reply_of_the_same_second_is_an_answer(tmp_path: Path, is_read_before: bool) -> None:
    page = (make_mention(60), reply(60, to="60"))
    with open_store(tmp_path) as store:
        for one in reversed(page) if is_read_before else page:
            take(store, one)
    assert unanswered(tmp_path) == []


@pytest.mark.parametrize(
    "fields",
    [
        {"author": Author(id="x", handle="somebody")},
        {"author": None},
        {"source": "reddit"},
        {"repost_of": "60"},
        {"to": None},
        {"to": "61"},
    ],
)
def test_what_is_no_answer_answers_nothing(tmp_path: Path, fields: dict[str, object]) -> None:
    with open_store(tmp_path) as store:
        take(store, make_mention(60), reply(20, **{"to": "60", **fields}))  # type: ignore[arg-type]
    assert unanswered(tmp_path) == ["60"]


def test_reposts_articles_and_surveys_wait_for_no_answer(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        take(
            store,
            make_mention(60, repost_of="1"),
            make_mention(50, kind="article"),
            make_mention(40, kind="survey", extra={ASSIGNED_BRAND: "Acme"}),
            make_mention(30),
        )
    assert unanswered(tmp_path) == ["30"]


def test_reading_the_same_page_again_changes_nothing(tmp_path: Path) -> None:
    page = (make_mention(60), reply(20, to="60", thread="60"))
    with open_store(tmp_path) as store:
        take(store, *page)
        before = dump(tmp_path)
        take(store, *page)
        assert store.check() == []
    assert dump(tmp_path) == before
    assert len(before) == 2


def dump(folder: Path) -> list[tuple[object, ...]]:
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(folder / "listener.db")) as connection:
        return [
            *connection.execute("SELECT * FROM answers"),
            *connection.execute("SELECT target, source_id, brand_id, answered_at FROM own_replies"),
        ]


def test_nothing_is_known_of_a_source_in_which_no_reply_was_ever_heard(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        take(store, make_mention(60), make_mention(50, source="rss"), reply(20, to="60"), make_mention(40))
    assert asked(tmp_path) == {1: (NOW - timedelta(minutes=20), NOW), 2: (None, None), 3: (None, NOW)}


def test_answers_outlive_what_they_answer(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        take(store, make_mention(60, thread="root"), make_mention(50, thread="root"), reply(20, to="1", thread="root"))
        take(store, make_mention(45, thread="late"))
        store.erasure.purge(Retention(default=timedelta(minutes=30), by_source={}), now=NOW)
        take(store, reply(15, to="45"))
        assert store.check() == []
    assert {number: at for number, (at, _) in asked(tmp_path).items()} == {
        1: NOW - timedelta(minutes=20),
        2: NOW - timedelta(minutes=20),
        3: NOW - timedelta(minutes=15),
    }
    store_bytes = b"".join(file.read_bytes() for file in tmp_path.glob("listener.db*"))
    assert b"please write to us" not in store_bytes


class Threads:
    """Serve threads by what was asked; raise `failures` first."""

    def __init__(self, replies: dict[str, list[Mention]], *, at_once: int = 1, failures: list[Exception] | None = None):
        self.threads_at_once = at_once
        self.answers = replies
        self.failures = failures or []
        self.asked: list[list[str]] = []

    def replies(self, mentions: list[Mention], accounts: list[str]) -> Page:
        assert list(accounts) == ["acme_help"]
        self.asked.append([one.thread or one.id for one in mentions])
        if self.failures:
            raise self.failures.pop(0)
        return Page(mentions=tuple(found for key in self.asked[-1] for found in self.answers.get(key, [])))


def follow(store: Store, threads: Threads, *, now: datetime = NOW, plan: ThreadPlan = PLAN) -> int:
    assert isinstance(threads, ReadsThreads)
    return follow_threads(threads, "x", store, plan, threading.Event(), now=now)


def test_threads_of_recent_mentions_are_read_for_replies_without_the_keyword(tmp_path: Path) -> None:
    threads = Threads({"60": [reply(20, to="60", thread="60"), reply(19, to="60", thread="60", author=None)]})
    with open_store(tmp_path) as store:
        take(store, make_mention(60), make_mention(50), make_mention(20_000))
        assert follow(store, threads) == 1
        assert sorted(threads.asked) == [["50"], ["60"]]
        assert follow(store, threads, now=NOW + timedelta(minutes=29)) == 0
        assert len(threads.asked) == 2
        assert follow(store, threads, now=NOW + timedelta(minutes=31)) == 0
        assert threads.asked[2:] == [["50"]]
    assert asked(tmp_path) == {1: (NOW - timedelta(minutes=20), NOW), 2: (None, NOW + timedelta(minutes=31))}


def test_the_older_a_mention_the_rarer_its_thread_is_read(tmp_path: Path) -> None:
    threads = Threads({})
    with open_store(tmp_path) as store:
        take(store, make_mention(24 * 60))
        for hours in range(24):
            follow(store, threads, now=NOW + timedelta(hours=hours))
    assert len(threads.asked) == 3  # after 0, 8 and 19 h: a quarter of 32 and of 43 have passed


def test_one_reading_serves_all_mentions_of_a_thread(tmp_path: Path) -> None:
    threads = Threads({"root": [reply(20, to="50", thread="root")]})
    with open_store(tmp_path) as store:
        take(store, make_mention(60, thread="root"), make_mention(50, thread="root"))
        assert follow(store, threads) == 2
    assert threads.asked == [["root"]]


def test_a_thread_one_brand_answered_in_is_still_read_for_the_other_brand_it_is_about(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        take(store, make_mention(60, "Acme is better than Globex"), reply(20, to="60"))
        waiting = {
            brands: len(store.answers.due("x", brands, now=NOW, follow=PLAN.follow, limit=9))
            for brands in [("Acme",), ("Globex",), ("Acme", "Globex")]
        }
    assert waiting == {("Acme",): 0, ("Globex",): 1, ("Acme", "Globex"): 1}


def test_several_threads_are_asked_for_at_once_where_the_source_can(tmp_path: Path) -> None:
    threads = Threads({"60": [reply(20, to="60", thread="60")]}, at_once=2)
    with open_store(tmp_path) as store:
        take(store, *(make_mention(minutes) for minutes in (60, 50, 40)))
        assert follow(store, threads) == 1
    assert [len(batch) for batch in threads.asked] == [2, 1]


def test_no_more_mentions_than_planned_are_looked_at(tmp_path: Path) -> None:
    threads = Threads({})
    with open_store(tmp_path) as store:
        take(store, *(make_mention(minutes) for minutes in (60, 50, 40)))
        follow(store, threads, plan=ThreadPlan(accounts=OWN, follow=PLAN.follow, threads=2, budget=Budget()))
        assert threads.asked == [["60"], ["50"]]
        follow(store, threads, plan=ThreadPlan(accounts=OWN, follow=PLAN.follow, threads=2, budget=Budget()))
    assert threads.asked[2:] == [["40"]]


def test_a_limit_ends_the_reading_and_what_was_not_read_stays_due(tmp_path: Path) -> None:
    threads = Threads({}, failures=[RateLimitedError("slow down")])
    with open_store(tmp_path) as store:
        take(store, make_mention(60), make_mention(50))
        assert follow(store, threads) == 0
        assert threads.asked == [["60"]]
        follow(store, threads)
    assert threads.asked[1:] == [["60"], ["50"]]


def test_threads_wait_where_the_budget_of_the_source_has_no_room(tmp_path: Path) -> None:
    two = Limit(source="x", brand=None, unit="requests", period="day", amount=2)
    plan = replace(PLAN, budget=Budget(limits=(two,)))
    threads = Threads({})
    with open_store(tmp_path) as store:
        take(store, *(make_mention(minutes) for minutes in (60, 50, 40)))
        follow(store, threads, plan=plan)
        assert threads.asked == [["60"], ["50"]]
        follow(store, threads, plan=plan, now=NOW + timedelta(minutes=5))
        assert len(threads.asked) == 2
        follow(store, threads, plan=plan, now=NOW + timedelta(days=1))
    assert len(threads.asked) == 4


def test_a_thread_that_is_gone_is_not_asked_for_at_once_again(tmp_path: Path) -> None:
    threads = Threads({}, failures=[NotFoundError("gone")])
    with open_store(tmp_path) as store:
        take(store, make_mention(60), make_mention(50))
        follow(store, threads)
        follow(store, threads)
    assert threads.asked == [["60"], ["50"]]
    assert asked(tmp_path) == {1: (None, None), 2: (None, NOW)}


def test_a_source_that_breaks_stops_no_pass(tmp_path: Path) -> None:
    threads = Threads({}, failures=[ZeroDivisionError()])
    with open_store(tmp_path) as store:
        take(store, make_mention(60))
        assert follow(store, threads) == 0
    assert asked(tmp_path) == {1: (None, None)}


def test_threads_are_not_read_where_the_source_says_none(tmp_path: Path) -> None:
    threads = Threads({}, at_once=0)
    with open_store(tmp_path) as store:
        take(store, make_mention(60))
        follow(store, threads)
    assert threads.asked == []


def test_what_is_not_about_the_brand_waits_for_nothing(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        take(store, make_mention(60))
        store.label(1, None, Label.IRRELEVANT, now=NOW)
        follow(store, threads := Threads({}))
    assert threads.asked == []
    assert asked(tmp_path) == {}


def survey(number: int, told: object, **fields: object) -> Mention:
    return make_mention(number, "Fine", kind="survey", extra={ASSIGNED_BRAND: "Acme", "survey": told}, **fields)


def test_answers_to_surveys_and_stars_are_read_as_they_were_given_also_once_purged(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        take(
            store,
            survey(60, {"instrument": "nps", "answer": 9, "scale": [0, 10], "who": "Ada"}),
            survey(50, {"instrument": "ces", "answer": 2, "scale": [1, 7]}, rating=5 / 6),
            make_mention(40, kind="review", rating=0.75),
            make_mention(30, kind="review"),
            make_mention(20, rating=0.5),
            survey(19, "nps"),
            survey(18, {"instrument": "nps", "answer": float("nan"), "scale": [0, 10]}),
            survey(17, {"instrument": "nps", "answer": 11, "scale": [0, 10]}),
            survey(16, {"instrument": "mood", "answer": 1, "scale": [0, 10]}),
            survey(15, {"instrument": "nps", "answer": 1, "scale": [3, 3]}),
        )
        read = answers_of(tmp_path)
        store.erasure.purge(Retention(default=timedelta(minutes=35), by_source={}), now=NOW)
        assert store.check() == []
    assert read == [("nps", 9, 0, 10), ("ces", 6, 1, 7), ("csat", 0.75, 0, 1)]
    assert answers_of(tmp_path) == read
    assert b"Ada" not in (tmp_path / "listener.db").read_bytes()


def answers_of(folder: Path) -> list[tuple[str, float, float, float]]:
    with Reader(folder / "listener.db") as reader:
        rows = reader.survey_answers("Acme", DAY)
    assert all(row.answered_at.tzinfo is UTC for row in rows)
    return [(row.instrument, row.answer, row.low, row.high) for row in rows]


def test_a_store_from_before_answers_is_brought_up_and_finds_them(tmp_path: Path) -> None:
    make_old_store(tmp_path / "listener.db", 5)
    with open_store(tmp_path) as store:
        take(store, make_mention(60))
        take(store, reply(20, to="60"))
        assert store.check() == []
    assert unanswered(tmp_path) == []


def test_the_mentions_of_a_thread_are_found_by_an_index(tmp_path: Path) -> None:
    import sqlite3
    from contextlib import closing

    with open_store(tmp_path) as store:
        take(store, make_mention(60))
    with closing(sqlite3.connect(tmp_path / "listener.db")) as connection:
        values = {"source": 1, "target": "60", "erased": "erased:x"}
        plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {_OF_REPLY}", values)]
    assert any("mentions_of_thread" in step for step in plan)
    assert not any(step.startswith("SCAN mentions") for step in plan)


LONG_AGO, FAR_OFF = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)


def kept_replies(store: Store) -> list[tuple[object, ...]]:
    return store._connection.execute("SELECT answered_at FROM own_replies").fetchall()


def test_a_reply_of_no_possible_date_is_left_out_as_one_without_a_date(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        take(store, make_mention(60))
        take(store, replace(reply(20, to="60"), published_at=LONG_AGO))
        assert kept_replies(store) == []
    assert unanswered(tmp_path) == ["60"]


def test_a_reply_from_the_future_was_written_by_the_time_it_was_read_and_is_kept_once(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        take(store, make_mention(60))
        for later in (FAR_OFF, NOW + timedelta(hours=3)):
            take(store, replace(reply(20, to="60"), published_at=later))
        assert kept_replies(store) == [(int(NOW.timestamp()),)]
        take(store, reply(20, to="60"))  # the service mended its date
    assert unanswered(tmp_path) == []
    [(answered_at, _)] = asked(tmp_path).values()
    assert answered_at == NOW - timedelta(minutes=20)


def test_a_thread_that_is_read_keeps_no_impossible_date_either(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        take(store, make_mention(60))
        assert follow(store, Threads({"60": [replace(reply(20, to="60"), published_at=FAR_OFF)]})) == 1
        assert kept_replies(store) == [(int(NOW.timestamp()),)]
