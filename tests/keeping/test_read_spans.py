"""How far a source was read for a brand is what its own lanes say, and what is missing is told in full."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from listener.ledger import WindowRow
from listener.mention import Author
from listener.protocols import Resource
from listener.query.build import build_query
from listener.reporting import find_terms, is_known_before
from listener.search import Reader, Span
from listener.store import PageProgress, Retention, Store
from listener.theming import read_themes
from servers.world import NOW, make_mention, own_words, store_mentions

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def lane(key: str, *brands: str) -> Resource:
    """Return a lane that is read for a brand, for several, or for all."""
    alone = brands[0] if len(brands) == 1 else None
    return Resource(key=key, lane=key, native="q", brand=alone, brands=() if alone else brands)


def begin(
    store: Store, source: str, *lanes: Resource, since: datetime, until: datetime = NOW
) -> dict[str, list[WindowRow]]:
    """Let these be the lanes of a source, and open what is to be read of each."""
    ids = store.open_pass(source, lanes, now=NOW)
    return {
        key: store.windows_to_read(
            number, until=until, lookback_from=since, look_back=False, oldest_readable=None, now=NOW
        )
        for key, number in ids.items()
    }


def drain(store: Store, windows: list[WindowRow]) -> None:
    for window in windows:
        store.save_page([], progress=PageProgress(window=window, cursor=None, exhausted=True), now=NOW)


def read(store: Store, source: str, one: Resource, since: datetime, until: datetime, *others: Resource) -> None:
    """Read one lane from `since` to `until`; the `others` are left as they are."""
    drain(store, begin(store, source, one, *others, since=since, until=until)[one.key])


def test_how_far_a_source_is_read_is_told_of_each_lane_of_the_brand(store: Store) -> None:
    posts, comments = lane("posts", "Acme"), lane("comments", "Acme", "Globex")
    others, forum = lane("others", "Globex"), lane("forum", "Acme")
    read(store, "x", posts, NOW - DAY, NOW - HOUR)
    read(store, "x", comments, NOW - DAY, NOW - 3 * HOUR)
    read(store, "x", others, NOW - DAY, NOW - 5 * HOUR)
    read(store, "x", lane("given up", "Acme"), NOW - DAY, NOW - 9 * HOUR)
    store.open_pass("x", [posts, comments, others], now=NOW)
    read(store, "reddit", forum, NOW - DAY, NOW - 7 * HOUR)
    with Reader(store.path) as reader:
        assert sorted(reader.read_until("x", "Acme")) == [NOW - 3 * HOUR, NOW - HOUR]
        assert sorted(reader.read_until("x", "Globex")) == [NOW - 5 * HOUR, NOW - 3 * HOUR]
        assert reader.read_until("reddit", "Acme") == [NOW - 7 * HOUR]
        assert reader.read_until("reddit", "Globex") == []
        store.open_pass("x", [posts, comments, others, lane("new", "Acme")], now=NOW)
        assert sorted(reader.read_until("x", "Acme")) == [NOW - 3 * HOUR, NOW - HOUR]


def test_a_source_is_read_since_where_its_first_drained_window_of_the_brand_begins(store: Store) -> None:
    posts = lane("posts", "Acme")
    read(store, "x", posts, NOW - 2 * DAY, NOW - HOUR)
    read(store, "x", lane("given up", "Acme"), NOW - 3 * DAY, NOW - 2 * DAY)
    begin(store, "x", lane("never read to its end", "Acme"), since=NOW - 4 * DAY)
    read(store, "x", lane("others", "Globex"), NOW - 5 * DAY, NOW - 4 * DAY)
    read(store, "reddit", lane("forum", "Acme"), NOW - 6 * DAY, NOW - 5 * DAY)
    store.declare_complete("x", since=NOW - 9 * DAY, until=NOW - 8 * DAY, now=NOW)
    with Reader(store.path) as reader:
        assert reader.read_since("x", "Acme") == NOW - 3 * DAY
        assert reader.read_since("x", "Globex") == NOW - 5 * DAY
        assert reader.read_since("reddit", "Globex") is None
        assert reader.drained_since("Acme") == NOW - 9 * DAY  # what was imported whole counts here


def test_what_is_missing_is_told_by_lane_within_the_span_and_not_of_lanes_that_were_given_up(store: Store) -> None:
    posts, comments = lane("posts", "Acme"), lane("comments", "Globex", "Acme")
    begin(store, "x", lane("given up", "Acme"), since=NOW - 9 * DAY)
    read(store, "x", posts, NOW - 3 * DAY, NOW - 2 * DAY)
    windows = begin(store, "x", posts, comments, since=NOW - 3 * DAY)
    store.purse.stop(windows["comments"][0].resource_id, "used up", now=NOW)
    store.declare_lost(
        windows["posts"][0].resource_id, since=NOW - 2 * DAY, until=NOW - DAY, reason="an outage", now=NOW
    )
    with Reader(store.path) as reader:
        told = [
            (gap.lane, gap.since, gap.until, gap.state, gap.reason, gap.brands)
            for gap in reader.gaps(NOW - 2 * DAY - HOUR, NOW - HOUR)
        ]
        before, after = reader.gaps(NOW - 4 * DAY, NOW - 3 * DAY), reader.gaps(NOW, NOW + DAY)
    assert told == [
        ("comments", NOW - 2 * DAY - HOUR, NOW - HOUR, "budget", "used up", ("Acme", "Globex")),
        ("posts", NOW - 2 * DAY, NOW - DAY, "lost", "an outage", ("Acme",)),
        ("posts", NOW - DAY, NOW - HOUR, "open", None, ("Acme",)),
    ]
    assert before == after == ()


def test_what_is_read_for_all_brands_was_read_for_a_new_one_since_its_query_was_first_used(store: Store) -> None:
    read(store, "rss", lane("feed"), NOW - 30 * DAY, NOW + 2 * DAY)
    for name, at in (("Initech", NOW + DAY), ("Umbrella", NOW + 3 * DAY)):
        store.register([(name, "own")], [build_query(brand=name, keywords=[name])], now=at)
    with Reader(store.path) as reader:
        assert reader.known_since("Acme") == NOW - 30 * DAY
        assert reader.known_since("Initech") == NOW + DAY
        assert reader.known_since("Umbrella") is None
        read(store, "x", lane("posts", "Umbrella"), NOW - 7 * DAY, NOW)
        assert reader.known_since("Umbrella") == NOW - 7 * DAY


def test_what_was_read_for_others_before_a_brand_was_named_covers_no_day_of_it(store: Store) -> None:
    read(store, "rss", lane("feed"), NOW - 9 * DAY, NOW + 3 * DAY)
    initech = build_query(brand="Initech", keywords=["initech"])
    store.register([("Initech", "competitor")], [initech], now=NOW + DAY)
    days = Span(since=NOW - DAY, until=NOW + 3 * DAY, by="day", zone=ZoneInfo("UTC"), now=NOW + 3 * DAY)
    with Reader(store.path) as reader:
        shares = [
            [bucket.coverage for bucket in reader.trend([name], days, {name: ("rss",)}).buckets]
            for name in ("Acme", "Initech")
        ]
        assert find_terms(reader, "Initech", (), since=NOW + DAY, until=NOW + 2 * DAY) == ()
        assert not is_known_before(reader, "Initech", NOW + DAY, NOW + 2 * DAY)
        assert is_known_before(reader, "Acme", NOW + DAY, NOW + 2 * DAY)
    assert shares[0] == [1.0] * len(shares[0])
    assert shares[1][0] == 0.0
    assert shares[1][-1] == 1.0


def test_erased_texts_of_the_time_before_make_nothing_new(store: Store) -> None:
    store_mentions(
        store,
        [
            make_mention(
                number,
                f"Acme: the lid is bad, {own_words(str(number))}",
                author=Author(id=f"a{number}"),
                published_at=NOW - (number % 2 * 2 + 1) * DAY,
            )
            for number in range(80)
        ],
    )
    read(store, "x", lane("posts", "Acme"), NOW - 9 * DAY, NOW)

    def told() -> tuple[set[str], bool, bool]:
        with Reader(store.path) as reader:
            themes = read_themes(reader, "Acme", ("Acme",), NOW - 2 * DAY, NOW).themes
            terms = find_terms(reader, "Acme", ("Acme",), since=NOW - 2 * DAY, until=NOW)
            return {one.trend for one in themes}, bool(terms), is_known_before(reader, "Acme", NOW - 2 * DAY, NOW)

    assert "steady" in told()[0]
    assert told()[1:] == (True, True)
    store.erasure.purge(Retention(by_source={"x": 2 * DAY}), now=NOW)
    assert told() == ({"unknown"}, False, False)
