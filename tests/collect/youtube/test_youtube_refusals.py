"""Each refusal of YouTube says what to do, and costs nothing of the window."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from collect.youtube_reading import ACME, BASE, WINDOW, read_all, source_for, talked_of
from listener.api import (
    CredentialsError,
    ForbiddenError,
    RateLimitedError,
    RejectedQueryError,
    SourceError,
    UnavailableError,
    UnexpectedAnswerError,
    UsageCappedError,
    utc_now,
)
from servers.reading import failure
from servers.youtube import KEY, YouTube, comment, refusal, thread

if TYPE_CHECKING:
    pass


def test_comments_that_are_off_or_a_video_that_is_gone_are_no_failure(server: YouTube) -> None:
    off, gone, fine = (talked_of(server, n, thread(comment(f"c{n}", BASE + 90_000))) for n in (1, 2, 3))
    server.fault(
        "status",
        status=403,
        body=refusal(403, "commentsDisabled").body,
        when=lambda request: request.path == "/commentThreads" and request.param("videoId") == off,
    )
    server.fault(
        "status",
        status=404,
        body=refusal(404, "videoNotFound").body,
        when=lambda request: request.path == "/commentThreads" and request.param("videoId") == gone,
    )
    mentions, pages = read_all(server)
    assert [mention.thread for mention in mentions if mention.kind == "comment"] == [fine]
    skipped = {one.id: one.reason for page in pages for one in page.skipped}
    assert skipped == {off: "the comments of the video are turned off", gone: "the video is gone"}


@pytest.mark.parametrize("path", ["/search", "/videos", "/commentThreads"])
def test_an_answer_without_a_list_is_not_taken_for_an_empty_one(server: YouTube, path: str) -> None:
    talked_of(server, 1, thread(comment("c1", BASE + 90_000)))
    server.fault("status", status=200, body=b'{"kind": "youtube"}', when=lambda request: request.path == path)
    with pytest.raises(UnexpectedAnswerError, match="is missing"):
        read_all(server)


def test_a_page_token_that_is_no_longer_taken_costs_nothing_of_the_window(server: YouTube) -> None:
    server.fault(
        "status",
        status=400,
        body=refusal(400, "invalidPageToken").body,
        when=lambda request: bool(request.param("pageToken")),
    )
    assert len({mention.id for mention in read_all(server)[0]}) == 120


@pytest.mark.parametrize("is_ever", [False, True])
def test_comments_are_read_from_the_newest_again_where_an_earlier_pass_left_a_stale_token(
    server: YouTube, is_ever: bool
) -> None:
    video = talked_of(server, 1, *(thread(comment(f"c{n}", BASE + 50_000 + n)) for n in range(250)))
    earlier, later = source_for(server), source_for(server)
    resource = earlier.plan([ACME])[0]
    cursor, found = None, set[str]()
    while not any(one.startswith("c") for one in found):
        page = earlier.fetch(resource, WINDOW, cursor)
        cursor, found = page.cursor, {one.id for one in page.mentions}
    stale = {"status": 400, "body": refusal(400, "invalidPageToken").body}
    server.fault("status", times=99 if is_ever else 1, **stale, when=lambda request: bool(request.param("pageToken")))
    pages = []
    while cursor is not None:
        pages.append(later.fetch(resource, WINDOW, cursor))
        cursor = pages[-1].cursor
    earlier.close()
    later.close()
    read = {one.id for page in pages for one in page.mentions if one.thread == video}
    told = [one.reason for page in pages for one in page.skipped]
    assert (len(read), told) == ((100, ["the page token is no longer taken"]) if is_ever else (250, []))


def test_the_days_quota_says_when_the_next_day_begins(server: YouTube) -> None:
    server.quota = 1
    with pytest.raises(UsageCappedError, match="quota is used up") as caught:
        read_all(server)
    until = caught.value.until
    assert until is not None
    assert timedelta() < until - utc_now() <= timedelta(days=1)
    assert until.hour in {7, 8}


@pytest.mark.parametrize(
    ("answer", "error", "sentence"),
    [
        (refusal(400, "keyInvalid"), CredentialsError, "the API key is refused"),
        (refusal(403, "accessNotConfigured"), ForbiddenError, "not enabled in the key's project"),
        (refusal(403, "forbidden"), ForbiddenError, "may not be read"),
        (refusal(403, "quotaExceeded"), UsageCappedError, "quota is used up"),
        (refusal(403, "rateLimitExceeded"), RateLimitedError, "fewer requests"),
        (refusal(429, "x"), RateLimitedError, "fewer requests"),
        (refusal(400, "invalidSearchFilter", "no such filter"), RejectedQueryError, "the request is refused"),
        (refusal(400, "processingFailure"), UnavailableError, "could not do"),
        (refusal(503, "backendError"), UnavailableError, "down or overloaded"),
    ],
)
def test_each_refusal_is_told_apart(server: YouTube, answer: Any, error: type[SourceError], sentence: str) -> None:
    server.fault("status", times=3, status=answer.status, body=answer.body)
    with pytest.raises(error) as caught:
        read_all(server)
    assert type(caught.value) is error
    assert sentence in str(caught.value)
    assert str(caught.value).startswith("youtube: ")
    assert KEY not in str(caught.value)


@pytest.mark.parametrize(
    ("fault", "error", "sentence"),
    [
        ({"kind": "reset"}, UnavailableError, "hung up"),
        ({"kind": "cut"}, UnavailableError, "cut short"),
        ({"kind": "truncated_json"}, UnavailableError, "cut short"),
        ({"kind": "html_instead_of_json"}, UnexpectedAnswerError, "web page"),
        (
            {"kind": "status", "status": 200, "body": '{"items": {}}'},
            UnexpectedAnswerError,
            "list of results is missing",
        ),
        ({"kind": "status", "status": 200, "body": "[]"}, UnexpectedAnswerError, "it is no object"),
    ],
)
def test_a_fault_is_its_error_in_one_sentence(
    server: YouTube, fault: dict[str, Any], error: type[SourceError], sentence: str
) -> None:
    server.fault(times=3, **fault)
    with closing(source_for(server)) as source:
        assert sentence in failure(source, error, [ACME], WINDOW)


def test_a_key_that_is_missing_or_wrong_is_named_by_its_variable(
    server: YouTube, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = source_for(server)
    assert source.check() == "answers; the key is accepted"
    monkeypatch.setenv("YOUTUBE_API_KEY", "wrong-key")
    with pytest.raises(CredentialsError, match="API key is refused") as caught:
        source.check()
    assert "wrong-key" not in str(caught.value)
    monkeypatch.delenv("YOUTUBE_API_KEY")
    with pytest.raises(CredentialsError, match="YOUTUBE_API_KEY"):
        source.check()
    source.close()


@pytest.mark.parametrize("cursor", ["", "{}", "[1]", "null", '["a", 1, 2, 3, 4, 5, 6, 7]'])
def test_a_cursor_that_is_none_of_ours_is_refused(server: YouTube, cursor: str) -> None:
    source = source_for(server)
    with pytest.raises(UnexpectedAnswerError, match="cursor"):
        source.fetch(source.plan([ACME])[0], WINDOW, cursor)
    source.close()
