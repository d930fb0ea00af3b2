"""On the schedule of looking again stand matches of a source that have their text and are not too old, each once."""

from __future__ import annotations

from datetime import datetime, timedelta

from keeping.test_store_pages import rows
from listener.clock import to_epoch
from listener.mention import Mention
from listener.store import Store
from servers.world import NOW, make_judge, make_mention

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def keep(store: Store, *mentions: Mention, seen: datetime = NOW) -> None:
    """Store mentions, also those that match nothing."""
    known = store.known([one.key for one in mentions])
    judgement = make_judge().judge(mentions, known, now=seen, keep_unmatched=True)
    store.save_page(judgement.judged, refreshed=judgement.refreshed, now=seen)


def enrol(store: Store, source: str = "x", now: datetime = NOW) -> None:
    store.rechecks.enrol(source, first=HOUR, oldest=now - 30 * DAY, now=now)


def due(store: Store) -> dict[object, int]:
    """Return by number of a mention in how many seconds it is due."""
    found = rows(store, "SELECT mention_id, due_at FROM rechecks ORDER BY 1")
    return {number: int(str(at)) - to_epoch(NOW) for number, at in found}


def test_what_was_looked_at_for_the_last_time_is_not_put_down_again_when_more_comes(store: Store) -> None:
    keep(store, make_mention(1))
    enrol(store)
    store.rechecks.looked({1: None}, now=NOW)
    keep(store, make_mention(2))
    enrol(store)
    assert due(store) == {2: 3_600}


def test_what_is_due_at_another_time_by_now_keeps_it_when_more_comes(store: Store) -> None:
    keep(store, make_mention(1))
    enrol(store)
    store.rechecks.looked({1: NOW + DAY}, now=NOW)
    keep(store, make_mention(2))
    enrol(store)
    assert due(store) == {1: 86_400, 2: 3_600}


def test_what_matches_nothing_is_of_another_source_or_was_erased_is_not_looked_at(store: Store) -> None:
    keep(store, make_mention(1), make_mention(2, "never mind"), make_mention(3, source="hackernews"), make_mention(4))
    store.erasure.erase([4], now=NOW)
    enrol(store)
    assert due(store) == {1: 3_600}
    enrol(store, "hackernews")
    assert due(store) == {1: 3_600, 3: 3_600}


def test_what_was_seen_too_long_ago_is_not_looked_at(store: Store) -> None:
    keep(store, make_mention(1), seen=NOW - 30 * DAY - timedelta(seconds=1))
    keep(store, make_mention(2), seen=NOW - 30 * DAY)
    enrol(store)
    assert list(due(store)) == [2]


def test_what_was_erased_since_and_is_due_goes_off_the_schedule_of_its_source(store: Store) -> None:
    keep(store, make_mention(1), make_mention(2), make_mention(3, source="hackernews"), make_mention(4))
    for source in ("x", "hackernews"):
        enrol(store, source)
    store.erasure.erase([1, 3, 4], now=NOW)
    store.rechecks.looked({4: NOW + DAY}, now=NOW)
    store.rechecks.drop_erased("x", now=NOW + HOUR)
    assert list(due(store)) == [2, 3, 4]


def test_requests_of_a_day_are_counted_for_each_source_and_begin_anew_at_midnight(store: Store) -> None:
    def reserve(source: str, wanted: int, now: datetime = NOW) -> bool:
        return store.rechecks.reserve(source, wanted, per_day=10, now=now)

    assert [reserve("x", 6), reserve("x", 6), reserve("x", 4), reserve("x", 1)] == [True, False, True, False]
    assert reserve("hackernews", 10)
    store.rechecks.settle("x", reserved=4, requests=1)
    assert [reserve("x", 4), reserve("x", 3)] == [False, True]
    assert [reserve("x", 10, NOW + DAY / 2), reserve("x", 1, NOW + DAY)] == [True, False]
