"""A trend is right in every zone, names what is not known, and its intervals are the textbook's."""

from __future__ import annotations

import math
import random
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import accumulate, pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from listener.clock import bucket_starts
from listener.errors import UsageError
from listener.mention import Author, Label
from listener.protocols import Resource
from listener.search import MentionFilter, Reader, Span
from listener.search.averages import mean_interval, mean_score, net_sentiment, student_t_975
from listener.search.coverage import _union, covered_share
from listener.store import PageProgress, Store
from servers.world import NOW, make_judged, make_mention, store_mentions

KOLKATA = ZoneInfo("Asia/Kolkata")
NEW_YORK = ZoneInfo("America/New_York")


def span(since: datetime, until: datetime = NOW, by: str = "day", zone: ZoneInfo = KOLKATA, **more: object) -> Span:
    return Span(since=since, until=until, by=by, zone=zone, now=NOW, **more)  # type: ignore[arg-type]


def drain(store: Store, source: str, since: datetime, until: datetime, lane: str = "search") -> None:
    resource = Resource(key=f"{source}-{lane}", lane=lane, native="q", brand="Acme")
    (resource_id,) = store.open_pass(source, [resource], now=NOW).values()
    windows = store.windows_to_read(
        resource_id, until=until, lookback_from=since, look_back=False, oldest_readable=None, now=NOW
    )
    store.save_page([], progress=PageProgress(window=windows[-1], cursor=None, exhausted=True), now=NOW)


def test_buckets_of_a_day_are_the_local_days_of_the_zone(store: Store) -> None:
    late = datetime(2026, 11, 18, 18, 29, tzinfo=UTC)  # 23:59 in Kolkata
    early = datetime(2026, 11, 18, 18, 31, tzinfo=UTC)  # 00:01 of the next day
    store_mentions(store, [make_mention(1, published_at=late), make_mention(2, published_at=early)])
    with Reader(store.path) as reader:
        found = reader.trend(["Acme"], span(datetime(2026, 11, 17, 18, 30, tzinfo=UTC)), {})
    assert [bucket.mentions for bucket in found.buckets] == [1, 1, None]
    assert found.totals[0].mentions == 2


@pytest.mark.parametrize(
    "zone", [NEW_YORK, KOLKATA, ZoneInfo("Asia/Kathmandu"), ZoneInfo("Europe/London"), ZoneInfo("UTC")]
)
@pytest.mark.parametrize("by", ["hour", "day", "week", "month"])
def test_every_mention_is_in_exactly_one_bucket_over_a_clock_change(store: Store, zone: ZoneInfo, by: str) -> None:
    start = datetime(2026, 10, 20, tzinfo=UTC)
    dice = random.Random(7)
    times = [start + timedelta(minutes=dice.randrange(60 * 24 * 25)) for _ in range(60)]
    store_mentions(store, [make_mention(n, published_at=at) for n, at in enumerate(times, 1)])
    with Reader(store.path) as reader:
        found = reader.trend(["Acme"], span(start, by=by, zone=zone), {})
    counted = {bucket.start: bucket.mentions or 0 for bucket in found.buckets}
    expected = {
        bucket.start: sum(bucket.start <= at < bucket.end for at in times)
        for bucket in bucket_starts(start, NOW, by, zone)
    }
    assert counted == expected
    assert sum(counted.values()) == found.totals[0].mentions == 60


def test_the_day_on_which_clocks_go_back_has_25_hours() -> None:
    since = datetime(2026, 11, 1, 4, tzinfo=UTC)
    (day,) = bucket_starts(since, since + timedelta(hours=25), "day", NEW_YORK)
    assert day.end - day.start == timedelta(hours=25)
    assert len(bucket_starts(since, day.end, "hour", NEW_YORK)) == 25


@pytest.mark.parametrize("left_out", [None, 0, 5, 6])
def test_hours_are_their_quarters_whether_each_holds_something_or_not(store: Store, left_out: int | None) -> None:
    since = NOW.replace(hour=3, minute=30)  # where the hours of Kolkata begin
    quarters = [number for number in range(12) if number != left_out] * 2
    store_mentions(
        store,
        [
            make_mention(n, published_at=since + timedelta(minutes=15 * quarter + n % 15))
            for n, quarter in enumerate(quarters, 1)
        ],
    )
    until = since + timedelta(hours=3)
    with Reader(store.path) as reader:
        found = reader.trend(["Acme"], span(since, until, by="hour"), {})
        (shared,) = reader.share({"Acme": "own"}, span(since, until, by="hour"), {})
    expected = [sum(quarter // 4 == hour for quarter in quarters) for hour in range(3)]
    assert [bucket.mentions for bucket in found.buckets] == expected
    assert [bucket.positive for bucket in found.buckets] == expected
    assert found.totals[0].mentions == shared.mentions == len(quarters)


@pytest.mark.parametrize("by", ["hour", "day", "week", "month"])
def test_a_zone_whose_clocks_never_change_is_cut_like_one_that_only_seems_to(by: str) -> None:
    since = datetime(2026, 2, 11, 5, 41, 7, tzinfo=UTC)
    fixed, named = ZoneInfo("Etc/GMT-4"), ZoneInfo("Asia/Dubai")
    assert bucket_starts(since, since, by, fixed)[1:] == []
    for days in (0.01, 1, 40, 370):
        until = since + timedelta(days=days)
        assert bucket_starts(since, until, by, fixed) == bucket_starts(since, until, by, named)


def test_conditions_on_source_and_language_count_what_they_say(store: Store) -> None:
    store_mentions(
        store,
        [
            make_mention(1, source="x", language="hi"),
            make_mention(2, source="x", language="hi-Latn"),
            make_mention(3, source="reddit", language="en"),
        ],
    )
    with Reader(store.path) as reader:
        day = NOW - timedelta(days=1)
        assert reader.trend(["Acme"], span(day, source="x"), {}).totals[0].mentions == 2
        assert reader.trend(["Acme"], span(day, language="hi"), {}).totals[0].mentions == 2
        assert reader.trend(["Acme"], span(day, language="hi-Latn"), {}).totals[0].mentions == 1
        for sign in ("%", "h_", "*", "?i"):  # no sign stands for others
            assert reader.trend(["Acme"], span(day, language=sign), {}).totals[0].mentions is None
        assert reader.trend(["Acme"], span(day, source="reddit", language="en"), {}).totals[0].stories == 1


def test_a_filtered_story_counts_where_it_is_first_seen_among_the_filtered(store: Store) -> None:
    text = "Acme has a new lid for all of us"
    first = make_mention(3 * 24 * 60, text, source="reddit")
    again = make_mention(5, text, source="x", repost_of=None)
    store_mentions(store, [first, again])
    with Reader(store.path) as reader:
        wide = reader.trend(["Acme"], span(NOW - timedelta(days=5)), {})
        only_x = reader.trend(["Acme"], span(NOW - timedelta(days=5), source="x"), {})
    assert [bucket.stories for bucket in wide.buckets if bucket.mentions] == [1, 0]
    assert [bucket.stories for bucket in only_x.buckets if bucket.mentions] == [1]


def test_reach_counts_each_author_once_a_bucket(store: Store) -> None:
    author = Author(id="a", handle="a", followers=100)
    store_mentions(store, [make_mention(n, author=author) for n in (1, 2)])
    store_mentions(store, [make_mention(3, author=Author(id="b", followers=None))])
    with Reader(store.path) as reader:
        assert reader.trend(["Acme"], span(NOW - timedelta(days=1)), {}).totals[0].reach == 100


def test_more_buckets_than_anybody_reads_are_refused_before_they_are_made(store: Store) -> None:
    with Reader(store.path) as reader, pytest.raises(UsageError, match="100,000 buckets by hour; ask for a shorter"):
        reader.trend(["Acme"], span(NOW - timedelta(days=4_200), by="hour"), {})


def test_zero_and_unknown_are_different_values(store: Store) -> None:
    drain(store, "x", NOW - timedelta(days=1), NOW)
    with Reader(store.path) as reader:
        found = reader.trend(["Acme"], span(NOW - timedelta(days=3), zone=ZoneInfo("UTC")), {"Acme": ("x",)})
    assert [(bucket.mentions, bucket.coverage) for bucket in found.buckets] == [
        (None, 0.0),
        (None, 0.0),
        (0, 0.5),
        (0, 1.0),
    ]
    assert found.buckets[-1].partial
    assert not found.buckets[-2].partial


def test_coverage_is_the_mean_over_the_sources_that_listen(store: Store) -> None:
    drain(store, "x", NOW - timedelta(hours=12), NOW)
    with Reader(store.path) as reader:
        whole = span(NOW - timedelta(hours=12), by="day", zone=ZoneInfo("UTC"))
        assert reader.trend(["Acme"], whole, {"Acme": ("x",)}).totals[0].coverage == 1.0
        assert reader.trend(["Acme"], whole, {"Acme": ("x", "reddit")}).totals[0].coverage == 0.5
        assert reader.trend(["Acme"], whole, {}).totals[0].coverage == 1.0


def test_an_import_of_unknown_completeness_has_unknown_coverage(store: Store) -> None:
    store_mentions(store, [make_mention(1)])
    with Reader(store.path) as reader:
        found = reader.trend(["Acme"], span(NOW - timedelta(days=2)), {})
    assert {(bucket.mentions, bucket.coverage) for bucket in found.buckets} == {(None, None), (1, None)}


def test_an_import_declared_complete_is_covered_and_does_not_count_as_drained(store: Store) -> None:
    store_mentions(store, [make_mention(60 * 20), make_mention(1)])
    store.declare_complete("x", since=NOW - timedelta(hours=20), until=NOW, now=NOW)
    with Reader(store.path) as reader:
        hours = span(NOW - timedelta(hours=20), by="hour", zone=ZoneInfo("UTC"))
        assert {bucket.coverage for bucket in reader.trend(["Acme"], hours, {}).buckets} == {1.0}
        assert reader.read_until("x", "Acme") == []


def test_neither_an_open_window_nor_one_of_another_brand_counts_as_read(store: Store) -> None:
    drain(store, "x", NOW - timedelta(hours=4), NOW - timedelta(hours=2))
    lanes = [
        Resource(key=key, lane="search", native="q", brand=brand)
        for key, brand in (("x-search", "Acme"), ("x-globex", "Globex"))
    ]
    windows = {
        key: store.windows_to_read(
            number, until=NOW, lookback_from=NOW - timedelta(hours=4), look_back=False, oldest_readable=None, now=NOW
        )
        for key, number in store.open_pass("x", lanes, now=NOW).items()
    }
    (others,) = windows["x-globex"]
    store.save_page([], progress=PageProgress(window=others, cursor=None, exhausted=True), now=NOW)
    assert len(windows["x-search"]) == 1
    with Reader(store.path) as reader:
        hours = span(NOW - timedelta(hours=4), by="hour", zone=ZoneInfo("UTC"))
        shares = {
            brand: [bucket.coverage for bucket in reader.trend([brand], hours, {brand: ("x",)}).buckets]
            for brand in ("Acme", "Globex")
        }
    assert shares == {"Acme": [1.0, 1.0, 0.0, 0.0], "Globex": [1.0, 1.0, 1.0, 1.0]}


def test_what_was_imported_whole_adds_to_what_is_read_and_takes_nothing_from_it(store: Store) -> None:
    drain(store, "x", NOW - timedelta(hours=2), NOW)
    store.declare_complete("x", since=NOW - timedelta(hours=4), until=NOW - timedelta(hours=3), now=NOW)
    store.declare_complete("rss", since=NOW - timedelta(hours=4), until=NOW - timedelta(hours=3), now=NOW)
    hours = span(NOW - timedelta(hours=4), by="hour", zone=ZoneInfo("UTC"))
    with Reader(store.path) as reader:
        buckets = reader.trend(["Acme"], hours, {"Acme": ("x",)}).buckets
    assert [bucket.coverage for bucket in buckets] == [1.0, 0.0, 1.0, 1.0]


spans = st.lists(st.tuples(st.integers(0, 60), st.integers(1, 20)), max_size=8)


@given(spans=spans, start=st.integers(0, 40), lengths=st.lists(st.integers(0, 15), max_size=6))
@example(spans=[(5, 20)], start=0, lengths=[8, 2])
@example(spans=[(0, 10)], start=0, lengths=[5, 10])
def test_the_covered_share_of_a_bucket_is_that_of_its_seconds(
    spans: list[tuple[int, int]], start: int, lengths: list[int]
) -> None:
    read = [(begin, begin + length) for begin, length in spans]
    edges = list(pairwise(accumulate(lengths, initial=start)))
    seconds = {second for begin, end in read for second in range(begin, end)}
    shares = covered_share(_union(read), edges)
    right = [sum(one in seconds for one in range(*edge)) / (edge[1] - edge[0] or 1) for edge in edges]
    assert shares == pytest.approx(right)


def test_two_lanes_of_a_source_count_half_each(store: Store) -> None:
    resources = [Resource(key=lane, lane=lane, native="q", brand="Acme") for lane in ("search", "comments")]
    ids = store.open_pass("reddit", resources, now=NOW)
    (window,) = store.windows_to_read(
        ids["search"],
        until=NOW,
        lookback_from=NOW - timedelta(hours=12),
        look_back=False,
        oldest_readable=None,
        now=NOW,
    )
    store.save_page([], progress=PageProgress(window=window, cursor=None, exhausted=True), now=NOW)
    with Reader(store.path) as reader:
        whole = span(NOW - timedelta(hours=12), zone=ZoneInfo("UTC"))
        assert reader.trend(["Acme"], whole, {"Acme": ("reddit",)}).totals[0].coverage == 0.5


@pytest.mark.parametrize(
    ("degrees", "quantile"),
    [(4, 2.776), (5, 2.571), (9, 2.262), (29, 2.045), (120, 1.980)],
)
def test_the_t_quantile_is_the_tables(degrees: int, quantile: float) -> None:
    assert student_t_975(degrees) == pytest.approx(quantile, abs=0.002)  # table of any statistics book


def test_the_interval_of_a_mean_is_students_and_unknown_below_five() -> None:
    scores = [0.1, 0.2, 0.3, 0.4, 0.5]
    scaled = [round(10_000 * score) for score in scores]
    low, high = mean_interval(5, sum(scaled), sum(score * score for score in scaled)) or (0, 0)
    half = 2.776 * 0.15811388 / math.sqrt(5)  # t(4) x standard deviation / root of n, by hand
    assert (low, high) == pytest.approx((0.3 - half, 0.3 + half), abs=0.0005)
    assert mean_interval(4, 4, 4) is None


@given(scored=st.integers(1, 10**6), part=st.fractions(-1, 1))
@example(scored=2, part=Fraction(1, 20_000))  # exactly between two: the even one
@example(scored=2, part=Fraction(-3, 20_000))
def test_means_are_rounded_as_python_rounds(scored: int, part: Fraction) -> None:
    total, more = int(part * 10_000 * scored), int(part * scored)
    assert repr(mean_score(scored, total)) == repr(round(total / scored) / 10_000)
    assert repr(net_sentiment(max(more, 0), max(-more, 0), scored)) == repr(round(1000 * more / scored) / 10)


def test_net_sentiment_has_neutral_without_evidence_in_the_denominator_and_unscored_not(store: Store) -> None:
    verdicts = [
        (Label.POSITIVE, 0.5), (Label.POSITIVE, 0.5), (Label.NEGATIVE, -0.5), (Label.NEUTRAL, 0.0),
        (Label.NO_EVIDENCE, 0.0), (Label.UNSCORED, None),
    ]  # fmt: skip
    judged = [make_judged(make_mention(n), label, score) for n, (label, score) in enumerate(verdicts, 1)]
    store.save_page(judged, now=NOW)
    with Reader(store.path) as reader:
        total = reader.trend(["Acme"], span(NOW - timedelta(days=1)), {}).totals[0]
    assert total.net_sentiment == net_sentiment(2, 1, 5) == 20.0
    assert (total.mentions, total.scored, total.unscored, total.no_evidence) == (6, 5, 1, 1)


def test_share_of_voice_leaves_topics_out_and_counts_a_mention_of_two_brands_for_both(store: Store) -> None:
    store_mentions(store, [make_mention(1, "Acme and Globex"), make_mention(2, "Acme"), make_mention(3, "Acme")])
    with Reader(store.path) as reader:
        rows = reader.share({"Acme": "own", "Globex": "competitor", "tea": "topic"}, span(NOW - timedelta(days=1)), {})
    assert [(row.brand, row.mentions, row.share) for row in rows] == [("Acme", 3, 75.0), ("Globex", 1, 25.0)]


@pytest.mark.parametrize(
    "words", ['"', "AND", "a OR", "NOT", "lid*", "(", "x:y", "^", "lid NEAR", "-", "'; DROP TABLE mentions", "\0lid"]
)
def test_search_takes_plain_words_and_never_fails_on_signs(store: Store, words: str) -> None:
    store_mentions(store, [make_mention(1, "Acme lid")])
    with Reader(store.path) as reader:
        reader.mentions(MentionFilter(text=words))


def test_search_finds_words_in_indic_scripts_hashtags_and_signs(store: Store) -> None:
    store_mentions(
        store,
        [make_mention(1, "Acme का ढक्कन #हिन्दी"), make_mention(2, "Acme மூடி"), make_mention(3, "Acme in C++ 🔥")],
    )
    with Reader(store.path) as reader:
        for words, count in (("ढक्कन", 1), ("ढक्क", 0), ("हिन्दी", 1), ("மூடி", 1), ("C++", 1), ("🔥", 1), ("acme", 3)):
            assert len(reader.mentions(MentionFilter(text=words))) == count, words
