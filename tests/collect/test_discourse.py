"""Discourse forums are read whole by the numbers of their posts, each forum by itself."""

from __future__ import annotations

import json
import random
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from listener.api import (
    Author,
    Engagement,
    ForbiddenError,
    Mention,
    NotFoundError,
    Page,
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
from listener.errors import UsageError
from listener.query import Not, Phrase
from listener.testing import check_source
from running.site import Site
from servers.discourse import Discourse, limited, post
from servers.reading import drained, failure
from servers.web import Answer, Request
from sources.discourse import DiscourseOptions, DiscourseSource
from sources.discourse_posts import read_post
from sources.web import Client, Limits
from thoroughness import some

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BASE = 1_780_000_000
WINDOW = Window(since=from_epoch(BASE), until=from_epoch(BASE + 10_000))
ACME = Query.of("Acme", Phrase("acme"))
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
FORUM = "https://forum.example"


def posts_of_a_day() -> list[dict[str, Any]]:
    """Return posts in the window under numbers with gaps, and many older ones."""
    inside = [post(3_000 + 3 * n, BASE + 20 * n) for n in range(400)]
    return [*inside, *(post(2_700 + n, BASE - 300 + n) for n in range(300)), post(4_300, BASE + 20_000)]


@pytest.fixture(params=[False, True], ids=["by number", "by count"])
def forum(request: pytest.FixtureRequest) -> Iterator[Discourse]:
    with Discourse(posts_of_a_day(), by_count=request.param) as running:
        yield running


def source_for(*forums: Discourse) -> DiscourseSource:
    return DiscourseSource(DiscourseOptions(instances=tuple(one.url + one.path for one in forums)))


def read_all(source: DiscourseSource, window: Window = WINDOW) -> tuple[list[Mention], list[Page]]:
    return drained(source, [ACME], window)


def test_discourse_keeps_the_promises_of_a_source() -> None:
    marked = post(2, BASE + 77, "<p>Globex\u202e cafe\u0301 &lt;3 <b>tea</b><br>x</p>")
    with Discourse([post(1, BASE + 5), marked]) as first, Discourse([post(1, BASE + 9)], path="/community") as other:
        found = check_source(lambda: source_for(first, other), [ACME, Query.of("Globex", Phrase("globex"))], WINDOW)
    assert len({mention.id for mention in found}) == 3


def test_a_forum_that_gives_more_than_fifty_posts_at_once_is_read_whole_fifty_at_a_time() -> None:
    class Generous(Discourse):
        """Give twice as many posts in an answer as is documented, in no order."""

        def route(self, request: Request) -> Answer:
            highest = int(request.param("before", "0")) or 4_300
            found = sorted((one for one in self.posts if one["id"] <= highest), key=lambda one: -one["id"])[:100]
            random.Random(request.path).shuffle(found)
            return Answer.json({"latest_posts": found})

    with Generous(posts_of_a_day()) as forum, closing(source_for(forum)) as source:
        mentions, pages = read_all(source)
    assert {int(mention.id.rpartition("/")[2]) for mention in mentions} == {3_000 + 3 * n for n in range(400)}
    assert max(page.items or 0 for page in pages) == 50


def test_a_window_is_read_whole_and_not_to_the_beginning_of_the_forum(forum: Discourse) -> None:
    with closing(source_for(forum)) as source:
        mentions, pages = read_all(source)
    assert {int(mention.id.rpartition("/")[2]) for mention in mentions} == {3_000 + 3 * n for n in range(400)}
    assert pages[-1].complete_since is None
    assert len(forum.requests) < 140
    assert min(int(request.param("before", "9999")) for request in forum.requests) > 2_800


@settings(max_examples=some(25))
@given(st.sets(st.integers(1, 400), max_size=60), st.integers(1, 400), st.booleans())
def test_every_post_is_read_wherever_there_are_gaps(numbers: set[int], since: int, by_count: bool) -> None:
    window = Window(since=from_epoch(BASE + since), until=from_epoch(BASE + 500))
    forum = Discourse([post(number, BASE + number) for number in numbers], by_count=by_count)
    with forum, closing(source_for(forum)) as source:
        mentions, _ = read_all(source, window)
    assert {int(mention.id.rpartition("/")[2]) for mention in mentions} == {n for n in numbers if n >= since}


def test_every_query_is_answered_by_reading_all(forum: Discourse) -> None:
    with closing(source_for(forum)) as source:
        [resource] = source.plan([ACME, Query.of("Globex", Not(Phrase("acme")))])
        assert resource.brand is None
        assert source.plan([]) == ()


def test_a_forum_that_hides_what_lies_between_is_told_as_lost_below() -> None:
    posts = [post(90_000 + n, BASE + 5_000 + n) for n in range(30)] + [post(5, BASE + 3)]
    with Discourse(posts) as forum, closing(source_for(forum)) as source:
        mentions, pages = read_all(source)
    assert len(mentions) == 30
    assert len(pages) == 21
    assert pages[-1].complete_since == from_epoch(BASE + 5_005)
    assert "none of the 1000 posts before" in (pages[-1].lost_reason or "")


def test_an_empty_forum_is_an_exhausted_empty_page() -> None:
    with Discourse([]) as forum, closing(source_for(forum)) as source:
        mentions, pages = read_all(source)
    assert (mentions, len(pages), pages[0].complete_since) == ([], 1, None)


def test_every_field_of_a_topic_arrives() -> None:
    cooked = (
        '<p>It <b>leaks</b>, <a href="/t/lid/9">see</a>.</p><aside class="quote"><blockquote>Globex <aside>x</aside>'
        '</blockquote></aside><p>So &amp; so. <a class="lightbox" href="https://example.org/a.png"><img src="a"></a></p>'
    )
    read = read_post(post(5, BASE, cooked, version=2, updated_at="2026-06-01T00:00:00.000Z"), FORUM)
    assert read == Mention(
        source="discourse",
        id="forum.example/p/5",
        text="It leaks, see.\n\nSo & so.",
        title="All about kettles",
        published_at=from_epoch(BASE),
        url="https://forum.example/t/all-about-kettles/11/1",
        author=Author(id="forum.example/7", handle="ada@forum.example", name="Ada"),
        engagement=Engagement(likes=4, replies=2, views=30),
        thread="forum.example/t/11",
        links=("https://forum.example/t/lid/9", "https://example.org/a.png"),
        has_media=True,
        edited_at=datetime(2026, 6, 1, tzinfo=UTC),
        extra={"forum": "forum.example"},
    )


def test_what_a_post_only_quotes_is_linked_to_by_another_and_what_it_shows_a_preview_of_by_itself() -> None:
    cooked = (
        '<aside class="quote no-group"><a href="https://globex.example/x">x</a><aside class="onebox">y</aside>'
        '<a class="lightbox" href="https://globex.example/y.png"><img src="y"></a></aside><p>Acme:</p>'
        '<aside class="onebox" data-onebox-src="https://acme.example/z"><a href="https://acme.example/z">z</a></aside>'
    )
    read = read_post(post(5, BASE, cooked), FORUM)
    assert (read.text, read.links, read.has_media) == ("Acme:", ("https://acme.example/z",), False)


@pytest.mark.parametrize(("answers", "parent"), [(None, "forum.example/t/11"), (3, "forum.example/t/11/3")])
def test_a_reply_has_no_title_and_names_what_it_answers(answers: int | None, parent: str) -> None:
    read = read_post(post(6, BASE, place=4, reply_to_post_number=answers), FORUM)
    assert (read.kind, read.title, read.reply_to) == ("comment", None, parent)
    assert read.url == "https://forum.example/t/all-about-kettles/11/4"


def test_a_forum_under_a_path_keeps_it_in_its_ids_and_addresses() -> None:
    read = read_post(post(6, BASE, topic_slug="../x"), "https://example.com/community")
    assert read.id == "example.com/community/p/6"
    assert read.url == "https://example.com/community/t/-/11/1"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"id": None}, "no id"),
        ({"topic_id": "x"}, "no topic"),
        ({"created_at": "soon"}, "no time"),
        ({"post_type": 3}, "a note on what was done"),
        ({"hidden": True}, "hidden by the forum"),
        ({"user_deleted": True}, "deleted by its author"),
        ({"cooked": "<aside class='quote'>Acme</aside>", "topic_title": None}, "no words of its own"),
    ],
)
def test_what_is_no_mention_is_counted_with_the_reason(change: dict[str, Any], reason: str) -> None:
    read = read_post(post(1, BASE, **change), FORUM)
    assert isinstance(read, Skipped)
    assert reason in read.reason


@pytest.fixture
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again without a pause."""
    monkeypatch.setattr(time, "sleep", lambda _: None)


FAULTS: list[tuple[dict[str, Any], type[SourceError], str]] = [
    ({"kind": "status", **limited(60)}, RateLimitedError, "rate limit"),
    ({"kind": "status", "status": 403, "body": '{"error_type": "not_logged_in"}'}, ForbiddenError, "may not be read"),
    ({"kind": "status", "status": 404}, NotFoundError, "not there"),
    ({"kind": "status", "status": 502}, UnavailableError, "down or overloaded"),
    ({"kind": "reset"}, UnavailableError, "hung up"),
    ({"kind": "truncated_json"}, UnavailableError, "cut short"),
    ({"kind": "html_instead_of_json"}, UnexpectedAnswerError, "web page"),
    ({"kind": "huge"}, UnexpectedAnswerError, "larger than"),
    ({"kind": "status", "status": 200, "body": '{"latest_posts": {}}'}, UnexpectedAnswerError, "latest_posts is"),
]


@pytest.mark.usefixtures("_hasty")
@pytest.mark.parametrize(("fault", "error", "sentence"), FAULTS)
def test_a_fault_is_its_error_in_one_sentence(fault: dict[str, Any], error: type[SourceError], sentence: str) -> None:
    with Discourse([post(1, BASE)]) as forum, closing(source_for(forum)) as source:
        forum.fault(times=9, **fault)
        assert sentence in failure(source, error, [ACME], WINDOW)


def test_a_forum_that_does_not_go_back_is_not_read_for_ever() -> None:
    with Discourse([post(n, BASE + n) for n in range(500, 600)]) as forum, closing(source_for(forum)) as source:
        resource = source.plan([ACME])[0]
        cursor = source.fetch(resource, WINDOW, None).cursor
        forum.fault("status", status=200, body=json.dumps({"latest_posts": [post(599, BASE + 599)]}))
        with pytest.raises(UnexpectedAnswerError, match="does not go back"):
            source.fetch(resource, WINDOW, cursor)


@pytest.mark.parametrize("cursor", ["", "{}", "[1]", '{"before": 0}', "null"])
def test_a_cursor_that_is_none_is_refused(cursor: str) -> None:
    with Discourse([]) as forum, closing(source_for(forum)) as source:
        resource = source.plan([ACME])[0]
        with pytest.raises(UnexpectedAnswerError, match="cursor"):
            source.fetch(resource, WINDOW, cursor)


def test_a_forum_that_cannot_be_one_is_told() -> None:
    with pytest.raises(UsageError, match=r"sources\.discourse\.instances"):
        DiscourseSource(DiscourseOptions(instances=("http://forum.example",)))
    with pytest.raises(PermanentSourceError, match="name forums"):
        DiscourseSource().check()


def test_check_names_each_forum() -> None:
    with Discourse([post(1, BASE)]) as forum, closing(source_for(forum)) as source:
        assert source.check() == f"{forum.url.partition('//')[2]} answers (1 posts)"


@pytest.mark.usefixtures("_hasty")
@pytest.mark.parametrize("kind", ["slow_body", "hang"])
def test_a_forum_that_does_not_get_done_is_left_at_the_deadline(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    short = Limits(total_seconds=0.3, read_seconds=0.2)
    monkeypatch.setattr("sources.discourse.Client", partial(Client, limits=short))
    with Discourse([post(1, BASE)]) as slow, closing(source_for(slow)) as source:
        slow.fault(kind, times=9)
        with pytest.raises(UnavailableError, match="did not"):
            read_all(source)


def test_drifted_posts_become_mentions_or_reasons_and_never_a_crash() -> None:
    dice = random.Random(8)
    values: list[Any] = [None, 1, -3.5, "x", [], {}, [1], {"a": 1}, True, 10**30]
    read = skipped = 0
    with Discourse([]) as forum, closing(source_for(forum)) as source:
        resource = source.plan([ACME])[0]
        for _ in range(8):
            posts = [post(number + 1, BASE + number) for number in range(40)]
            for one in posts:
                for _ in range(3):
                    one[dice.choice([*one, "more"])] = dice.choice(values)
            forum.fault("status", status=200, body=json.dumps({"latest_posts": [*posts, None, 5]}))
            page = source.fetch(resource, WINDOW, None)
            read, skipped = read + len(page.mentions), skipped + len(page.skipped)
    assert read > 100
    assert skipped > 10


def test_recorded_posts_are_read_field_by_field(shared: Path) -> None:
    posts = json.loads((shared / "recorded" / "discourse" / "dapi_posts_latest.json").read_text())["latest_posts"]
    assert len(posts) == 4
    for one in posts:
        read = read_post(one, FORUM)
        assert not isinstance(read, Skipped)
        assert read.id == f"forum.example/p/{one['id']}"
        assert read.published_at == datetime.fromisoformat(one["created_at"])
        assert read.author == Author(
            id=f"forum.example/{one['user_id']}", handle=f"{one['username']}@forum.example", name=one["name"]
        )
        assert read.url == f"{FORUM}/t/{one['topic_slug']}/{one['topic_id']}/{one['post_number']}"
        assert read.title == (one["topic_title"] if one["post_number"] == 1 else None)
        assert (read.kind == "post") == (one["post_number"] == 1)
        assert read.engagement == Engagement(likes=0, replies=one["reply_count"], views=one["reads"])
        assert read.text


BRAND = '[[brands]]\nname = "Acme"\nkeywords = ["acme"]\n'


def at(moment: datetime) -> float:
    return moment.timestamp()


def test_passes_go_on_after_two_days_away_and_a_dead_forum_stops_no_other(tmp_path: Path) -> None:
    posts = [post(100 - n, at(NOW - timedelta(hours=n))) for n in range(1, 12)]
    with Discourse(posts) as forum, Discourse([post(1, at(NOW - timedelta(hours=1)))]) as other:
        table = f'[sources.discourse]\ninstances = ["{other.url}", "{forum.url}"]\n'
        site = Site(tmp_path, table, brands=BRAND)
        assert site.collect(now=NOW).rows()["discourse"]["new"] == 12
        forum.posts += [post(100 + n, at(NOW + timedelta(minutes=5 * n))) for n in range(1, 500)]
        other.fault("status", times=99, status=503)
        later = site.collect(now=NOW + timedelta(days=2))
    row = later.rows()["discourse"]
    assert (later.code, row["state"], row["new"]) == (3, "unavailable", 499)
    assert site.rows(
        "SELECT w.state, count(*) FROM windows w JOIN resources r ON r.id = w.resource_id GROUP BY w.state ORDER BY 1"
    ) == [("drained", 2), ("open", 1)]


def test_what_lies_further_down_than_a_forum_is_read_is_in_the_ledger_as_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sources.discourse._MOST_PAGES", 3)  # in the place of 25 000 posts
    posts = [post(n, at(NOW - timedelta(minutes=400 - n))) for n in range(1, 400)]
    with Discourse(posts) as forum:
        site = Site(tmp_path, f'[sources.discourse]\ninstances = ["{forum.url}"]\n', brands=BRAND)
        site.collect(now=NOW)
    [(until, reason)] = site.rows("SELECT to_at, reason FROM windows WHERE state = 'lost'")
    assert "newer posts" in str(reason)
    assert at(NOW - timedelta(minutes=151)) < int(str(until)) < at(NOW - timedelta(minutes=140))


@pytest.mark.parametrize("moved", [20, 120])
def test_posts_with_old_dates_under_new_numbers_end_no_reading_early(tmp_path: Path, moved: int) -> None:
    def hours_ago(number: int, hours: float) -> dict[str, Any]:
        return post(number, at(NOW - timedelta(hours=hours)))

    with Discourse([hours_ago(n, 30 - n / 10) for n in range(1, 101)]) as forum:
        site = Site(tmp_path, f'[sources.discourse]\ninstances = ["{forum.url}"]\n', brands=BRAND)
        site.collect(now=NOW - timedelta(hours=6))
        forum.posts += [hours_ago(n, 4 - n / 100) for n in range(101, 131)]
        forum.posts += [hours_ago(131 + n, 8_000) for n in range(moved)]
        forum.posts += [hours_ago(1_000, 0.5)]
        assert site.collect(now=NOW).rows()["discourse"]["new"] == 31
        asked = len(forum.requests)
        assert site.collect(now=NOW + timedelta(minutes=15)).rows()["discourse"]["new"] == 0
        assert len(forum.requests) == asked + 1
    assert site.rows("SELECT DISTINCT state FROM windows") == [("drained",)]


def test_a_first_window_is_read_below_a_row_of_posts_with_old_dates(tmp_path: Path) -> None:
    posts = [post(n, at(NOW - timedelta(hours=4 - n / 100))) for n in range(1, 31)]
    posts += [post(n, at(NOW - timedelta(days=400))) for n in range(31, 51)]
    posts += [post(n, at(NOW - timedelta(hours=1))) for n in range(51, 81)]
    with Discourse(posts) as forum:
        site = Site(tmp_path, f'[sources.discourse]\ninstances = ["{forum.url}"]\n', brands=BRAND)
        assert site.collect(now=NOW).rows()["discourse"]["new"] == 60


def test_a_marker_that_is_none_reads_as_if_there_were_none(forum: Discourse) -> None:
    with closing(source_for(forum)) as source:
        for marker in ("", "x", "[]", "[" * 100_000, "-1"):
            mentions, _ = read_all(source, Window(since=WINDOW.since, until=WINDOW.until, marker=marker))
            assert len(mentions) == 400
