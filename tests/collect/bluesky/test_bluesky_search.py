"""With an account Bluesky is searched, in one session, besides its stream."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from collect.bluesky_reading import ACME, BASE, NOW, QUICK, WINDOW, keys
from listener.api import (
    Author,
    CredentialsError,
    Engagement,
    Mention,
    Secret,
    Skipped,
    UnexpectedAnswerError,
)
from listener.testing import check_source
from servers.jetstream import Jetstream, Search, found
from sources.bluesky import BlueskyOptions, BlueskySource

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from listener.api import Page


@pytest.fixture
def search() -> Iterator[Search]:
    with Search([found(n, BASE + 100 * n) for n in range(10)]) as running:
        yield running


def searching(stream: Jetstream, search: Search, tmp_path: Path, secret: str | None = None) -> BlueskySource:
    (tmp_path / "password").write_text(secret or search.password)
    place = Secret(file=str(tmp_path / "password"))
    options = BlueskyOptions(base_url=stream.url, search_url=search.url, handle="@me.example", app_password=place)
    return BlueskySource(options, bounds=QUICK, now=lambda: NOW)


def search_all(source: BlueskySource) -> tuple[list[Mention], list[Page]]:
    resource = source.plan([ACME])[1]
    pages = [source.fetch(resource, WINDOW, None)]
    while not pages[-1].exhausted:
        pages.append(source.fetch(resource, WINDOW, pages[-1].cursor))
    return [mention for page in pages for mention in page.mentions], pages


def test_with_an_account_bluesky_keeps_its_promises_too(stream: Jetstream, search: Search, tmp_path: Path) -> None:
    assert len(check_source(lambda: searching(stream, search, tmp_path), [ACME], WINDOW)) == 35


def test_an_account_searches_in_one_session(stream: Jetstream, search: Search, tmp_path: Path) -> None:
    source = searching(stream, search, tmp_path)
    assert [one.lane for one in source.plan([ACME])] == ["jetstream", "search", "search/2"]
    mentions, pages = search_all(source)
    source.close()
    assert keys(mentions) == set(range(10))
    assert [page.items for page in pages] == [3, 3, 3, 1]
    assert search.logins == 1
    assert mentions[0].author == Author(id="did:plc:ada", handle="ada.example", name="Ada")
    assert mentions[0].engagement == Engagement(likes=3, reposts=2, replies=1)


def test_a_search_asks_for_no_more_than_a_budget_has_room_for(
    stream: Jetstream, search: Search, tmp_path: Path
) -> None:
    search.page = 1_000
    source = searching(stream, search, tmp_path)
    resource = source.plan([ACME])[1]
    pages = [source.fetch(resource, replace(WINDOW, size=4), None)]
    pages.append(source.fetch(resource, replace(WINDOW, size=20_000), pages[0].cursor))
    source.close()
    assert [page.items for page in pages] == [4, 6]
    asked = [request.param("limit") for request in search.requests if request.path.endswith("searchPosts")]
    assert asked == ["4", "100"]
    assert source.requests_made == sum(page.requests for page in pages) == 3


def test_a_session_that_has_run_out_is_begun_anew_once(stream: Jetstream, search: Search, tmp_path: Path) -> None:
    search.uses = 2
    source = searching(stream, search, tmp_path)
    mentions, _ = search_all(source)
    source.close()
    assert (keys(mentions), search.logins) == (set(range(10)), 2)


def test_a_wrong_app_password_is_told_without_it(stream: Jetstream, search: Search, tmp_path: Path) -> None:
    source = searching(stream, search, tmp_path, secret="hush-hush")
    with pytest.raises(CredentialsError, match="credentials are missing or refused") as caught:
        source.check()
    source.close()
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (("createSession", b"{}"), "the login is answered without a session; is search_url right?"),
        (("createSession", b'{"accessJwt": ["a"]}'), "the login is answered without a session; is search_url right?"),
        (("searchPosts", b"{}"), "the list of posts is missing); is search_url right?"),
        (("searchPosts", b'{"posts": {"uri": 1}}'), "the list of posts is missing); is search_url right?"),
    ],
)
def test_a_search_that_answers_something_else_is_an_error_and_no_empty_page(
    stream: Jetstream, search: Search, tmp_path: Path, wrong: tuple[str, bytes], said: str
) -> None:
    search.fault("status", status=200, body=wrong[1], when=lambda request: request.path.endswith(wrong[0]))
    source = searching(stream, search, tmp_path)
    with pytest.raises(UnexpectedAnswerError) as caught:
        search_all(source)
    assert str(caught.value).startswith("bluesky: ")
    assert str(caught.value).endswith(said)
    mentions, _ = search_all(source)  # the next pass finds all
    source.close()
    assert keys(mentions) == set(range(10))


def test_posts_that_cannot_be_read_are_counted_with_their_reason(
    stream: Jetstream, search: Search, tmp_path: Path
) -> None:
    search.page = 10
    del search.posts[0]["uri"]
    search.posts[1]["uri"] = "https://bsky.example/post/1"
    source = searching(stream, search, tmp_path)
    mentions, pages = search_all(source)
    source.close()
    assert keys(mentions) == set(range(2, 10))
    assert sorted(one.reason for page in pages for one in page.skipped) == [
        "the post has no address as documented",
        "the post has no uri",
    ]


def test_an_author_who_wants_no_visitors_is_not_found_by_search_either(
    stream: Jetstream, search: Search, tmp_path: Path
) -> None:
    search.posts[0]["author"]["labels"] = [{"val": "!no-unauthenticated"}]
    source = searching(stream, search, tmp_path)
    mentions, pages = search_all(source)
    source.close()
    assert keys(mentions) == set(range(1, 10))
    assert len(pages[-1].skipped) == 1


def test_recorded_answers_of_the_search_are_read_field_by_field(shared: Path) -> None:
    files = sorted((shared / "recorded" / "bluesky").glob("app.bsky.feed.searchPosts*.json"))
    posts = [one for file in files for one in json.loads(file.read_bytes())["posts"]]
    assert len(posts) == 23
    from sources.bluesky_posts import read_post

    for given_post in posts:
        mention = read_post(given_post, WINDOW.since)
        if isinstance(mention, Skipped):
            assert "!no-unauthenticated" in {label["val"] for label in given_post["author"]["labels"]}
            continue
        assert (mention.id, mention.text) == (given_post["uri"], given_post["record"]["text"])
        assert mention.author.handle == given_post["author"]["handle"]
        assert mention.engagement.likes == given_post["likeCount"]
