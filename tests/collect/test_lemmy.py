"""Lemmy's search is read whole, posts and comments, each item once however many instances show it."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

import pytest

from listener.api import (
    Author,
    CredentialsError,
    Engagement,
    ForbiddenError,
    Mention,
    NotFoundError,
    Query,
    RateLimitedError,
    RejectedQueryError,
    Skipped,
    SourceError,
    UnavailableError,
    UnexpectedAnswerError,
    Window,
    from_epoch,
)
from listener.errors import UsageError
from listener.query import And, Not, Or, Phrase
from listener.testing import check_source
from servers.lemmy import Lemmy, comment, creator, post
from servers.reading import drained, failure
from sources.lemmy import LemmyOptions, LemmySource, read_view

if TYPE_CHECKING:
    from collections.abc import Iterator

    from listener.api import Page

BASE = 1_780_000_000
WINDOW = Window(since=from_epoch(BASE), until=from_epoch(BASE + 10_000))
ACME = Query.of("Acme", Phrase("acme"))


@pytest.fixture
def instance() -> Iterator[Lemmy]:
    views = [post(n, BASE + 50 * n) for n in range(2, 122)] + [comment(n, BASE + 60 * n) for n in range(30)]
    views += [post(900, BASE - 90), post(901, BASE + 20_000)] + [post(910 + n, BASE - 100 - n) for n in range(80)]
    with Lemmy(views) as running:
        yield running


@pytest.fixture
def source(instance: Lemmy) -> Iterator[LemmySource]:
    made = source_for(instance)
    yield made
    made.close()


def source_for(*instances: Lemmy, **options: Any) -> LemmySource:
    return LemmySource(LemmyOptions(instances=tuple(one.url for one in instances), **options))


def read_all(source: LemmySource, query: Query = ACME) -> tuple[list[Mention], list[Page]]:
    return drained(source, [query], WINDOW)


def test_lemmy_keeps_the_promises_of_a_source(instance: Lemmy) -> None:
    queries = [ACME, Query.of("Globex", Or((Phrase("globex tea"), Phrase("globex"))))]
    instance.views.append(post(950, BASE + 77, "Globex\u202e: cafe\u0301", "a <b>kettle</b> <3 by\r\nglobex tea"))
    found = check_source(lambda: source_for(instance), queries, WINDOW)
    assert len({mention.id for mention in found}) == 151


def test_a_window_is_read_whole_and_no_further_down(instance: Lemmy, source: LemmySource) -> None:
    mentions, pages = read_all(source)
    posts = {f"https://home.example/post/{n}" for n in range(2, 122)}
    assert {mention.id for mention in mentions} == posts | {f"https://home.example/comment/{n}" for n in range(30)}
    assert [page.items for page in pages] == [50, 49, 48, 30]
    asked = [(request.param("limit"), request.param("page")) for request in instance.requests]
    assert asked == [("50", "1"), ("49", "2"), ("48", "3"), ("50", "1")]  # each page begins with one that was read


@pytest.mark.parametrize("taken", [1, 2, 30, 49, 70])
@pytest.mark.parametrize("place", [0, 45])
def test_what_is_taken_away_between_two_pages_hides_nothing(taken: int, place: int) -> None:
    made = [post(100 + n, BASE + 40 * (200 - n)) for n in range(180)]
    with Lemmy(made[:]) as instance:
        killed = source_for(instance, include_comments=False)
        (resource,) = killed.plan([ACME])
        first = killed.fetch(resource, WINDOW, None)
        killed.close()
        del instance.views[place : place + taken]
        instance.views.insert(0, post(900, BASE + 40 * 190 + 1))  # and something is found late
        later = source_for(instance, include_comments=False)
        pages = [first]
        while not pages[-1].exhausted:
            pages.append(later.fetch(resource, WINDOW, pages[-1].cursor))
        later.close()
        left = {view["post"]["ap_id"] for view in instance.views} - {"https://home.example/post/900"}
    assert left <= {mention.id for page in pages for mention in page.mentions}
    assert len(pages) <= 10


def test_a_list_that_never_joins_is_read_to_an_end() -> None:
    with Lemmy([]) as instance:
        source = source_for(instance, include_comments=False)
        (resource,) = source.plan([ACME])
        cursor: str | None = None
        for number in range(400):  # each page is of items older than those before, as if all above went away
            instance.views = [post(1000 * number + n, BASE + 9_999 - 20 * number - n // 20) for n in range(200)]
            page = source.fetch(resource, WINDOW, cursor)
            if page.exhausted:
                break
            cursor = page.cursor
        source.close()
    assert page.exhausted


def test_a_window_begun_by_a_version_that_counted_pages_is_read_from_its_start(
    instance: Lemmy, source: LemmySource
) -> None:
    page = source.fetch(source.plan([ACME])[0], WINDOW, '{"page": 3}')
    assert (page.items, instance.requests[-1].param("page")) == (50, "1")


def test_comments_are_left_out_where_they_are_not_wanted(instance: Lemmy) -> None:
    source = source_for(instance, include_comments=False)
    assert {mention.kind for mention in read_all(source)[0]} == {"post"}
    source.close()


def test_what_two_instances_show_is_one_mention() -> None:
    with Lemmy([post(1, BASE + 5)]) as first, Lemmy([post(1, BASE + 5, id=4711)]) as second:
        source = source_for(first, second)
        mentions, pages = read_all(source)
        source.close()
    assert len(pages) == 4
    assert {mention.key for mention in mentions} == {("lemmy", "https://home.example/post/1")}


def test_a_search_is_for_one_word_or_phrase_whose_order_does_not_matter(source: LemmySource) -> None:
    query = Query.of("Acme", Or((Phrase("acme rockets"), And((Phrase("tea"), Phrase("kettle"), Not(Phrase("ad")))))))
    natives = {resource.native for resource in source.plan([query])}
    assert "acme rockets" in natives
    assert len(natives) == 2
    assert natives & {"tea", "kettle"}


def test_every_field_of_a_post_arrives() -> None:
    view = post(
        5,
        BASE + 5,
        "My Acme\nkettle",
        "It [leaks](https://example.org/leak) see https://example.org/b, <3 ![lid](https://example.org/lid.png)",
        url="https://news.example/a",
        updated="2026-06-01T00:00:00",
        thumbnail_url="https://home.example/t.png",
    )
    assert read_view(view, "home.example") == Mention(
        source="lemmy",
        id="https://home.example/post/5",
        text="It leaks see https://example.org/b, <3 lid",
        title="My Acme kettle",
        published_at=from_epoch(BASE + 5),
        url="https://home.example/post/5",
        author=Author(id="https://home.example/u/ada", handle="ada@home.example", name="Ada"),
        engagement=Engagement(likes=5, replies=2),
        thread="https://home.example/post/5",
        links=(
            "https://news.example/a",
            "https://example.org/leak",
            "https://example.org/lid.png",
            "https://example.org/b",
        ),
        has_media=True,
        edited_at=from_epoch(1_780_272_000),
        extra={"local": "home.example:5"},
    )


@pytest.mark.parametrize(("path", "parent"), [("0.9", "https://home.example/post/1"), ("0.4.9", "there.example:4")])
def test_a_comment_names_what_it_answers(path: str, parent: str) -> None:
    read = read_view(comment(9, BASE, path=path), "there.example")
    assert (read.kind, read.title, read.thread, read.reply_to) == (
        "comment",
        None,
        "https://home.example/post/1",
        parent,
    )


def test_a_time_without_zone_is_utc() -> None:
    read = read_view(post(1, 0, published="2026-06-01T00:00:00.123456"), "home.example")
    assert read.published_at.isoformat() == "2026-06-01T00:00:00.123456+00:00"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"deleted": True}, "deleted by its author"),
        ({"removed": True}, "removed by a moderator"),
        ({"ap_id": None}, "no ap_id"),
        ({"published": "soon"}, "no time"),
    ],
)
def test_what_is_gone_or_cannot_be_placed_is_counted(change: dict[str, Any], reason: str) -> None:
    read = read_view(post(1, BASE, **change), "home.example")
    assert isinstance(read, Skipped)
    assert reason in read.reason


@pytest.mark.parametrize(
    ("fault", "error", "sentence"),
    [
        ({"kind": "status", "status": 400, "body": '{"error": "rate_limit_error"}'}, RateLimitedError, "slow down"),
        ({"kind": "status", "status": 400, "body": '{"error": "q_too_short"}'}, RejectedQueryError, "q_too_short"),
        ({"kind": "status", "status": 401}, CredentialsError, "refused"),
        ({"kind": "status", "status": 403}, ForbiddenError, "may not be read"),
        ({"kind": "status", "status": 404}, NotFoundError, "not there"),
        ({"kind": "status", "status": 429, "headers": {"Retry-After": "60"}}, RateLimitedError, "rate limit"),
        ({"kind": "status", "status": 502}, UnavailableError, "down or overloaded"),
        ({"kind": "reset"}, UnavailableError, "hung up"),
        ({"kind": "cut"}, UnavailableError, "cut short"),
        ({"kind": "truncated_json"}, UnavailableError, "cut short"),
        ({"kind": "html_instead_of_json"}, UnexpectedAnswerError, "web page"),
        ({"kind": "status", "status": 200, "body": '{"posts": {}}'}, UnexpectedAnswerError, "list of posts is missing"),
    ],
)
def test_a_fault_is_its_error_in_one_sentence(
    instance: Lemmy, source: LemmySource, fault: dict[str, Any], error: type[SourceError], sentence: str
) -> None:
    instance.fault(times=9, **fault)
    assert sentence in failure(source, error, [ACME], WINDOW)


def test_nothing_found_is_an_exhausted_empty_page(source: LemmySource) -> None:
    mentions, pages = read_all(source, Query.of("Globex", Phrase("globex")))
    assert (mentions, [page.items for page in pages]) == ([], [0, 0])


def test_a_cursor_that_is_none_of_ours_is_refused(source: LemmySource) -> None:
    with pytest.raises(UnexpectedAnswerError, match="cursor of this window cannot be read"):
        source.fetch(source.plan([ACME])[0], WINDOW, '{"page": 0}')


@pytest.mark.parametrize("name", ["http://lemmy.example", "lemmy.example/?a=b", ""])
def test_an_instance_that_cannot_be_one_is_told(name: str) -> None:
    with pytest.raises(UsageError, match=r"sources\.lemmy\.instances"):
        LemmySource(LemmyOptions(instances=(name,)))


def test_check_names_each_instance(instance: Lemmy, source: LemmySource) -> None:
    assert source.check() == f"{instance.url.partition('//')[2]} answers (0.19.11)"


def test_drifted_items_become_mentions_or_reasons_and_never_a_crash(instance: Lemmy, source: LemmySource) -> None:
    dice = random.Random(8)
    values = [None, 1, -3.5, "x", [], {}, [1], {"a": 1}, True, 10**30]
    resource = source.plan([ACME])[0]
    read = skipped = 0
    for _ in range(8):
        views = []
        for number in range(40):
            view = dice.choice([post, comment])(number, BASE + number)
            view["creator"] = creator("bob", "[")
            for _ in range(3):
                target = dice.choice([part for part in (view, *view.values()) if isinstance(part, dict)])
                target[dice.choice([*target, "more"])] = json.loads(json.dumps(dice.choice(values)))
            views.append(view)
        instance.fault("status", status=200, body=json.dumps({"posts": views}))
        page = source.fetch(resource, WINDOW, None)
        read, skipped = read + len(page.mentions), skipped + len(page.skipped)
    assert read > 100
    assert skipped > 10
