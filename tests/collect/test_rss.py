"""Feeds are read whole, conditionally and honestly; every entry becomes a mention or a reason."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from listener.api import (
    Author,
    ForbiddenError,
    Mention,
    NotFoundError,
    PermanentSourceError,
    Query,
    RateLimitedError,
    Skipped,
    SourceError,
    UnavailableError,
    UnexpectedAnswerError,
    Window,
    from_epoch,
)
from listener.query import Or, Phrase
from servers.feeds import Feed, Feeds, Item
from sources.rss import RssOptions, RssSource
from sources.rss_entries import read_entries
from sources.text import clean
from sources.web import Answer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from listener.api import Page

BASE = 1_780_000_000
HOUR = 3600
WINDOW = Window(since=from_epoch(BASE), until=from_epoch(BASE + 24 * HOUR))
ACME = Query.of("Acme", Or((Phrase("acme"), Phrase("acme kettle"))))


def item(number: int, hour: float | None = 1, **fields: object) -> Item:
    second = None if hour is None else int(BASE + hour * HOUR)
    return Item(**{"title": f"Acme {number}", "second": second, "guid": f"id-{number}", **fields})


def read(body: str, *, url: str = "https://example.org/feed", news: bool = False) -> tuple[Mention | Skipped, ...]:
    return read_entries(Answer(status=200, headers={}, body=body.encode(), url=url), is_google_news=news)


@pytest.fixture
def server() -> Iterator[Feeds]:
    with Feeds({"/feed": Feed(items=[item(3, 3), item(2, 2), item(1, -5)])}) as running:
        yield running


@pytest.fixture
def source(server: Feeds) -> Iterator[RssSource]:
    made = RssSource(RssOptions(feeds=(server.url + "/feed",)))
    yield made
    made.close()


def poll(source: RssSource, window: Window = WINDOW) -> Page:
    (resource,) = source.plan([ACME])
    return source.fetch(resource, window, None)


def later(page: Page, *, since: int = 0, until: int = 48) -> Window:
    return Window(since=from_epoch(BASE + since * HOUR), until=from_epoch(BASE + until * HOUR), marker=page.marker)


def test_the_entries_of_the_window_are_read(source: RssSource) -> None:
    page = poll(source)
    assert [mention.title for mention in page.mentions] == ["Acme 3", "Acme 2"]
    assert page.skipped == ()
    assert (page.exhausted, page.cursor, page.complete_since, page.items) == (True, None, None, 3)
    assert page.mentions[0].language == "en-us"


def test_an_unchanged_feed_is_not_sent_again(server: Feeds, source: RssSource) -> None:
    first = poll(source)
    second = poll(source, later(first))
    assert (second.mentions, second.exhausted, second.complete_since, second.items) == ((), True, None, 0)
    assert second.marker == first.marker
    assert server.requests[1].headers["if-none-match"]
    server.feeds["/feed"].items.insert(0, item(4, 30))
    assert [mention.title for mention in poll(source, later(second)).mentions] == ["Acme 4", "Acme 3", "Acme 2"]


@pytest.mark.parametrize(
    "marker", ["{", "[" * 100_000, "[]", '{"etag": 7, "modified": []}'], ids=["cut", "deep", "list", "odd"]
)
def test_a_marker_that_cannot_be_read_is_as_none(server: Feeds, source: RssSource, marker: str) -> None:
    page = poll(source, Window(since=WINDOW.since, until=WINDOW.until, marker=marker))
    assert [mention.title for mention in page.mentions] == ["Acme 3", "Acme 2"]
    assert "if-none-match" not in server.requests[0].headers
    assert page.marker == poll(source).marker


def test_a_look_further_back_reads_the_feed_again_though_it_is_unchanged(source: RssSource) -> None:
    first = poll(source)
    assert [mention.title for mention in poll(source, later(first, since=-9)).mentions] == [
        "Acme 3",
        "Acme 2",
        "Acme 1",
    ]


def test_an_entry_dated_in_the_future_is_read_when_its_time_has_come(server: Feeds, source: RssSource) -> None:
    server.feeds["/feed"].items.insert(0, item(9, 26))
    first = poll(source)
    assert "Acme 9" not in [mention.title for mention in first.mentions]
    assert "Acme 9" in [mention.title for mention in poll(source, later(first)).mentions]


def test_an_edited_entry_keeps_its_id(server: Feeds, source: RssSource) -> None:
    first = poll(source)
    server.feeds["/feed"].items[0] = item(3, 3, title="Acme 3, corrected")
    second = poll(source, later(first))
    assert second.mentions[0].title == "Acme 3, corrected"
    assert second.mentions[0].id == first.mentions[0].id


def test_a_feed_that_overflowed_since_says_back_to_when_it_is_complete(server: Feeds, source: RssSource) -> None:
    first = poll(source)
    server.feeds["/feed"].items = [item(100 - n, 40 - n / 10) for n in range(30)]
    second = poll(source, later(first))
    assert second.complete_since == from_epoch(BASE + int(39.1 * HOUR) + 1)
    assert "newest 10 entries" in second.lost_reason


@pytest.mark.parametrize("old", [-900, -5])
def test_an_entry_that_is_pinned_to_the_top_does_not_hide_that_a_feed_overflowed(
    server: Feeds, source: RssSource, old: int
) -> None:
    pinned = item(0, old)
    server.feeds["/feed"].items = [pinned, *(item(n, 20 - n) for n in range(1, 30))]
    first = poll(source)
    assert first.complete_since == from_epoch(BASE + 11 * HOUR + 1)
    server.feeds["/feed"].items = [pinned, *(item(200 - n, 40 - n / 10) for n in range(30))]
    second = poll(source, later(first))
    assert second.complete_since == from_epoch(BASE + int(39.2 * HOUR) + 1)
    server.feeds["/feed"].items = [pinned, *(item(300 - n, 45 - n / 10) for n in range(8)), item(200, 40)]
    assert poll(source, later(second, until=72)).complete_since is None


@pytest.mark.parametrize("newest", [30, 40])
def test_what_came_after_a_window_and_dropped_out_before_the_next_is_lost(
    server: Feeds, source: RssSource, newest: int
) -> None:
    server.feeds["/feed"].items = [item(n, newest - n) for n in range(10)]  # some of the window, or none
    first = poll(source)
    server.feeds["/feed"].items = [item(50, newest + 1), *(item(n, newest - n) for n in range(3))]
    assert poll(source, later(first)).complete_since == from_epoch(BASE + (newest - 2) * HOUR + 1)


def test_entries_that_are_dated_in_the_future_leave_no_hole_behind(server: Feeds, source: RssSource) -> None:
    ahead = (2**31 - BASE) / HOUR
    server.feeds["/feed"].items = [item(n, ahead - n) for n in range(30)]
    first = poll(source)
    assert poll(source, later(first)).complete_since is None


def test_an_entry_dated_long_before_it_appeared_does_not_hide_that_a_feed_overflowed(
    server: Feeds, source: RssSource
) -> None:
    first = poll(source)
    server.feeds["/feed"].items = [item(100 - n, 40 - n / 10) for n in range(30)]
    server.feeds["/feed"].items[4] = item(400, -30)
    assert poll(source, later(first)).complete_since == from_epoch(BASE + int(39.1 * HOUR) + 1)


@pytest.mark.parametrize(
    "order", [[0, 1, 2, 3, 4, 5, 6, 7, 8, 9], [9, 8, 7, 6, 5, 4, 3, 2, 1, 0], [3, 9, 0, 6, 4, 8, 1, 7, 2, 5]]
)
def test_an_entry_that_appeared_late_hides_in_no_order_that_a_feed_overflowed(
    server: Feeds, source: RssSource, order: list[int]
) -> None:
    server.feeds["/feed"].items = [item(n, 20 - n) for n in range(10)]
    first = poll(source)
    dated = [item(100 - n, 40 - n / 10) for n in range(9)] + [item(400, -30)]
    server.feeds["/feed"].items = [dated[place] for place in order]
    second = poll(source, later(first, since=24 - 48))
    assert second.complete_since == from_epoch(BASE + int(39.2 * HOUR) + 1)


def test_a_pinned_entry_and_a_late_one_together_hide_no_overflow(server: Feeds, source: RssSource) -> None:
    pinned = item(0, -5)
    server.feeds["/feed"].items = [pinned, *(item(n, 20 - n) for n in range(1, 10))]
    first = poll(source)
    server.feeds["/feed"].items = [pinned, *(item(100 - n, 40 - n / 10) for n in range(8)), item(400, -30)]
    second = poll(source, later(first, since=24 - 48))
    assert second.complete_since == from_epoch(BASE + int(39.3 * HOUR) + 1)


def test_a_feed_that_names_its_entries_anew_each_time_is_complete_where_it_reaches_back(
    server: Feeds, source: RssSource
) -> None:
    first = poll(source)
    server.feeds["/feed"].items = [item(500 + n, 30 - 8 * n) for n in range(10)]
    assert poll(source, later(first, since=24 - 48)).complete_since is None


def test_a_feed_that_begins_with_its_oldest_entry_reaches_back_to_that(server: Feeds, source: RssSource) -> None:
    server.feeds["/feed"].items = [item(n, n - 1) for n in range(30)]
    assert poll(source).complete_since is None
    server.feeds["/feed"].items = [item(n, n + 1) for n in range(30)]
    assert poll(source).complete_since == from_epoch(BASE + HOUR + 1)


def test_an_entry_that_is_pinned_before_the_oldest_does_not_hide_that_a_feed_overflowed(
    server: Feeds, source: RssSource
) -> None:
    pinned = item(0, -5)
    server.feeds["/feed"].items = [pinned, *(item(n, n) for n in range(1, 10))]
    first = poll(source)
    server.feeds["/feed"].items = [pinned, *(item(n, n) for n in range(9, 18))]
    assert poll(source, later(first, since=24 - 48)).complete_since is None
    server.feeds["/feed"].items = [pinned, *(item(n, n) for n in range(28, 37))]
    assert poll(source, later(first, since=24 - 48)).complete_since == from_epoch(BASE + 28 * HOUR + 1)


def test_a_feed_that_begins_with_its_oldest_and_grows_is_complete(server: Feeds, source: RssSource) -> None:
    server.feeds["/feed"].items = [item(0, 1)]
    first = poll(source)
    server.feeds["/feed"].items = [item(n, 26 + n if n else 1) for n in range(12)]
    assert poll(source, later(first)).complete_since is None


def test_a_feed_that_still_holds_an_entry_of_the_last_reading_is_complete(server: Feeds, source: RssSource) -> None:
    first = poll(source, Window(since=from_epoch(BASE + HOUR), until=WINDOW.until))
    server.feeds["/feed"].items = [*(item(100 - n, 40 - n / 10) for n in range(9)), *server.feeds["/feed"].items]
    assert poll(source, later(first, since=1)).complete_since is None


def test_the_first_reading_of_a_full_feed_is_complete_back_to_its_oldest_entry(
    server: Feeds, source: RssSource
) -> None:
    server.feeds["/feed"].items = [item(n, 20 - n) for n in range(30)]
    assert poll(source).complete_since == from_epoch(BASE + 11 * HOUR + 1)


def test_the_first_reading_of_a_short_feed_is_complete(server: Feeds, source: RssSource) -> None:
    server.feeds["/feed"].items = [item(n, 20 - n) for n in range(9)]
    assert poll(source).complete_since is None


def test_an_empty_feed_is_complete(server: Feeds, source: RssSource) -> None:
    server.fault("empty_page")
    page = poll(source)
    assert (page.mentions, page.complete_since, page.items) == ((), None, 0)


def test_entries_without_dates_are_handed_over_without_one(server: Feeds, source: RssSource) -> None:
    server.feeds["/feed"].items = [item(1, None), item(2, 2)]
    assert [mention.published_at for mention in poll(source).mentions] == [None, from_epoch(BASE + 2 * HOUR)]


def test_identity_is_the_own_id_else_the_link_else_title_and_date(server: Feeds, source: RssSource) -> None:
    server.feeds["/feed"].items = [
        item(1, guid="7"),
        item(2, guid=None, link="https://example.org/a"),
        item(3, guid=None),
        item(4, guid="tag:example.org,2026:4"),
        item(5, guid="x" * 900),
        item(6, guid="7"),
    ]
    page = poll(source)
    ids = [mention.id for mention in page.mentions]
    assert ids[0] == "127.0.0.1/feed#7"
    assert ids[1] == "https://example.org/a"
    assert ids[3] == "tag:example.org,2026:4"
    assert len(set(ids)) == 5
    assert max(map(len, ids)) < 512
    assert [skipped.reason for skipped in page.skipped] == ["twice in one feed"]
    assert [mention.id for mention in poll(source).mentions] == ids


def test_a_feed_that_is_gone_stays_gone(server: Feeds, source: RssSource) -> None:
    server.feeds["/feed"].gone = True
    with pytest.raises(NotFoundError, match="gone for good"):
        poll(source)


@pytest.mark.parametrize(
    ("kind", "details", "error"),
    [
        ("status", {"status": 429, "headers": {"Retry-After": "3600"}}, RateLimitedError),
        ("status", {"status": 503}, UnavailableError),
        ("status", {"status": 200, "body": ""}, UnexpectedAnswerError),
        ("status", {"status": 200, "body": "/etc/passwd"}, UnexpectedAnswerError),
        ("status", {"status": 200, "body": '{"items": []}'}, UnexpectedAnswerError),
        ("status", {"status": 200, "body": "{" * 5000}, UnexpectedAnswerError),
        ("html_instead_of_json", {}, UnexpectedAnswerError),
        ("cut", {}, UnavailableError),
        ("reset", {}, UnavailableError),
        ("gzip_bomb", {}, UnexpectedAnswerError),
        ("status", {"status": 302, "headers": {"Location": "http://10.0.0.1/feed"}}, ForbiddenError),
    ],
)
def test_every_fault_is_its_error_in_one_sentence(
    server: Feeds, source: RssSource, kind: str, details: dict[str, object], error: type[Exception]
) -> None:
    server.fault(kind, times=9, **details)
    with pytest.raises(error) as caught:
        poll(source)
    assert type(caught.value) is error
    assert str(caught.value).startswith("rss: ")
    assert "\n" not in str(caught.value)


def test_a_feed_in_a_private_network_is_refused_unless_allowed() -> None:
    source = RssSource(RssOptions(feeds=("http://192.168.7.7/feed",)))
    with pytest.raises(ForbiddenError, match="allow_private"):
        poll(source)
    source.close()


def test_what_may_be_a_key_in_a_feed_address_is_not_shown() -> None:
    source = RssSource(
        RssOptions(
            feeds=(
                "https://www.google.com/alerts/feeds/0123/hush",
                "https://example.org/feed?token=hush",
                "https://example.org/feed",
            )
        )
    )
    resources = source.plan([ACME])
    source.close()
    assert "hush" not in repr(resources)
    assert resources[2].lane == "feed:https://example.org/feed"
    assert len({resource.key for resource in resources}) == len({resource.lane for resource in resources}) == 3


def news_source(server: Feeds) -> RssSource:
    return RssSource(RssOptions(google_news=True, base_url=server.url))


def test_google_news_is_searched_for_each_brand() -> None:
    news = [item(1, 2, title="Acme - the kettle", outlet="Example Post"), item(2, -300), item(3, 3, title="Globex")]
    with Feeds(news=news) as server:
        source = news_source(server)
        (resource,) = source.plan([ACME])
        page = source.fetch(resource, WINDOW, None)
        source.close()
    (mention,) = page.mentions
    assert (mention.title, mention.text, mention.author) == ("Acme - the kettle", "", Author(name="Example Post"))
    assert mention.id == "news.google.com/rss#id-1"
    assert (resource.lane, resource.brand, page.complete_since) == ("google-news", "Acme", None)
    assert server.requests[0].param("ceid") == "US:en"


def test_google_news_at_its_limit_is_not_taken_for_complete() -> None:
    with Feeds(news=[item(n, 1 + n / 100) for n in range(150)]) as server:
        source = news_source(server)
        page = source.fetch(source.plan([ACME])[0], WINDOW, None)
        source.close()
    assert page.items == 100
    assert page.complete_since == from_epoch(BASE + HOUR + 1)


def test_a_check_says_what_answered_and_what_is_missing(source: RssSource) -> None:
    assert source.check() == "the first of 1 feeds answers with 3 entries"
    empty = RssSource(RssOptions())
    with pytest.raises(PermanentSourceError, match="set feeds or google_news"):
        empty.check()
    empty.close()


def test_a_google_alert_leads_to_the_page_itself() -> None:
    body = """<feed xmlns="http://www.w3.org/2005/Atom"><id>tag:google.com,2005:reader/user/1/alerts/2</id><entry>
    <id>tag:google.com,2013:googlealerts/feed:99</id><title type="html">&lt;b&gt;Acme&lt;/b&gt; opens</title>
    <link href="https://www.google.com/url?rct=j&amp;sa=t&amp;url=https://example.org/a%3Fb%3D1&amp;ct=ga"/>
    <published>2026-05-15T01:15:00Z</published><updated>2026-05-15T02:15:00Z</updated>
    <content type="html">The &lt;b&gt;Acme&lt;/b&gt; kettle &amp;nbsp;...</content><author><name/></author></entry></feed>"""
    (mention,) = read(body)
    assert (mention.title, mention.text, mention.author) == ("Acme opens", "The Acme kettle ...", None)
    assert (mention.url, mention.id) == ("https://example.org/a?b=1", "tag:google.com,2013:googlealerts/feed:99")
    assert mention.edited_at > mention.published_at


def test_an_entry_of_nothing_but_a_text_is_known_by_it() -> None:
    items = "".join(f"<item><description>{text}</description></item>" for text in ("Acme leaks", "Acme holds", ""))
    feed = f'<rss version="2.0"><channel><title>Notes</title>{items}</channel></rss>'
    first, second, third = read(feed)
    assert (first.text, second.text) == ("Acme leaks", "Acme holds")
    assert first.id != second.id
    assert isinstance(third, Skipped)
    assert read(feed) == (first, second, third)


def test_a_json_feed_is_read() -> None:
    body = {
        "version": "https://jsonfeed.org/version/1.1",
        "language": "de",
        "items": [
            {"id": 1, "url": "https://example.org/1", "title": "Acme", "content_html": "<p>a</p><p>b</p>"},
            {
                "id": "2",
                "content_text": "plain <b>",
                "date_published": "2026-05-15T01:15:00+02:00",
                "authors": [{"name": "Ada"}],
            },
            {"content_text": "nothing to name it by"},
            "no item",
        ],
    }
    first, second, third, fourth = read(json.dumps(body))
    assert (first.id, first.text, first.language, first.published_at) == ("example.org/feed#1", "a\n\nb", "de", None)
    assert (second.text, second.author, second.published_at.hour) == ("plain <b>", Author(name="Ada"), 23)
    assert isinstance(third, Skipped)
    assert isinstance(fourth, Skipped)


@pytest.mark.parametrize("folder", [pytest.param("rss", marks=pytest.mark.slow), "feeds", "feeds_wellformed"])
def test_recorded_feeds_are_read_or_refused(shared: Path, folder: str) -> None:
    files = [
        file
        for file in sorted((shared / "recorded" / folder).iterdir())
        if file.suffix in {".xml", ".rss", ".atom", ".json"}
    ]
    assert files
    found = 0
    for file in files:
        try:
            entries = read_entries(Answer(status=200, headers={}, body=file.read_bytes(), url="https://example.org/f"))
        except SourceError as problem:
            refusal = problem
            assert type(refusal) is UnexpectedAnswerError, file.name
            continue
        for entry in entries:
            assert isinstance(entry, (Mention, Skipped)), file.name
            if isinstance(entry, Mention):
                found += 1
                assert entry.text == clean(entry.text), file.name
                assert entry.id
                assert entry.title or entry.text or entry.url, file.name
    assert found > 5


@pytest.mark.slow
def test_a_feed_without_end_is_read_up_to_a_limit() -> None:
    assert len(read("<rss version='2.0'><channel>" + "<item><title>Acme</title></item>" * 6000)) == 5000


def test_a_feed_that_is_cut_by_accident_is_asked_for_again(server: Feeds, source: RssSource) -> None:
    server.fault("truncated_json")
    page = poll(source)
    assert [mention.title for mention in page.mentions] == ["Acme 3", "Acme 2"]
    assert (len(server.requests), page.requests) == (2, 2)


def test_a_feed_that_is_always_cut_gives_its_whole_entries_and_is_read_again_though_unchanged(
    server: Feeds, source: RssSource
) -> None:
    server.feeds["/feed"].items = [item(9 - number, 9 - number) for number in range(6)]
    server.fault("truncated_json", times=4)
    first = poll(source)
    titles = [mention.title for mention in first.mentions]
    assert 1 <= len(titles) < 6
    assert titles == [f"Acme {9 - number}" for number in range(len(titles))]
    second = poll(source, later(first))
    assert "if-none-match" not in server.requests[-2].headers
    assert [mention.title for mention in second.mentions] == titles
    assert len(poll(source, later(second)).mentions) == 6
