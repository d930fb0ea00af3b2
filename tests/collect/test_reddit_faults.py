"""What Reddit refuses and how it fails, one by one: the right error, one clear sentence, no secret, no waiting."""

from __future__ import annotations

import logging
import re
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from bounds import never_sleep, within_a_minute
from listener.api import (
    CredentialsError,
    ForbiddenError,
    NotFoundError,
    RateLimitedError,
    RejectedQueryError,
    Resource,
    Secret,
    SourceError,
    UnavailableError,
    UnexpectedAnswerError,
    Window,
)
from listener.errors import UsageError
from servers.reddit import CLIENT_ID, CLIENT_SECRET, Reddit, Thing
from sources.adapter import Limits
from sources.reddit import RedditOptions, RedditSource

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from servers.web import Request

NOW = datetime(2026, 11, 20, 12, 5, tzinfo=UTC)
DAY = Window(since=NOW - timedelta(days=1), until=NOW)
NEW = Resource(key="n", lane="new", native="/r/kettles/new")
LIMITS = Limits(connect_seconds=10, read_seconds=10, total_seconds=10, body_bytes=1 << 20)
TIGHT = Limits(connect_seconds=10, read_seconds=0.3, total_seconds=0.3, body_bytes=1 << 20)
POST = Thing(number=900, created_at=NOW - timedelta(hours=1), title="acme")


@pytest.fixture(autouse=True)
def _credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDDIT_CLIENT_ID", CLIENT_ID)
    monkeypatch.setenv("REDDIT_CLIENT_SECRET", CLIENT_SECRET)


@pytest.fixture(autouse=True)
def _nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", never_sleep)


@pytest.fixture
def server() -> Iterator[Reddit]:
    with Reddit([POST], now=NOW) as running:
        yield running


def a_listing(request: Request) -> bool:
    return request.path.startswith("/r/")


def for_access(request: Request) -> bool:
    return request.path == "/api/v1/access_token"


def source_for(server: Reddit, limits: Limits = LIMITS, **options: object) -> RedditSource:
    return RedditSource(RedditOptions(base_url=server.url, **options), now=lambda: server.now, limits=limits)


def failure(server: Reddit, resource: Resource = NEW, limits: Limits = LIMITS, **options: object) -> SourceError:
    """Return the error of one fetch, having checked what holds for all of them."""
    source = source_for(server, limits, **options)
    with within_a_minute(), pytest.raises(SourceError) as caught:
        source.fetch(resource, DAY, None)
    source.close()
    sentence = str(caught.value)
    assert not any(secret in sentence for secret in (CLIENT_ID, CLIENT_SECRET, server.token))
    assert re.fullmatch(r"[A-Za-z][^\n]{10,400}", sentence)
    assert caught.value.__cause__ is None
    return caught.value


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (301, UnexpectedAnswerError),
        (400, RejectedQueryError),
        (403, ForbiddenError),
        (404, NotFoundError),
        (409, UnexpectedAnswerError),
        (414, RejectedQueryError),
        (429, RateLimitedError),
        (451, ForbiddenError),
        (500, UnavailableError),
        (502, UnavailableError),
        (503, UnavailableError),
        (504, UnavailableError),
        (520, UnavailableError),
        (522, UnavailableError),
    ],
)
def test_each_status_has_its_error_and_is_not_tried_again(server: Reddit, status: int, kind: type[SourceError]) -> None:
    server.fault("status", status=status, body=b'{"message":"Oops","error":1}', when=a_listing)
    assert type(failure(server)) is kind
    assert len(server.requests) == 2  # access, and the one that failed


@pytest.mark.parametrize(
    "body", [b"<html>no</html>", b"", b"[1]", b'{"reason":5}', f'{{"reason":"{CLIENT_SECRET}"}}'.encode()]
)
def test_the_words_beside_a_status_change_nothing(server: Reddit, body: bytes) -> None:
    server.fault("status", status=403, body=body, when=a_listing)
    assert type(failure(server)) is ForbiddenError


def test_a_private_a_banned_and_an_unknown_subreddit_are_told_apart(server: Reddit) -> None:
    server.private, server.banned, server.unknown = {"inner"}, {"gone"}, {"never"}
    errors = [failure(server, Resource(key=n, lane="new", native=f"/r/{n}/new")) for n in ("inner", "gone", "never")]
    assert [type(error) for error in errors] == [ForbiddenError, NotFoundError, NotFoundError]
    assert '"private"' in str(errors[0])
    assert '"banned"' in str(errors[1])
    assert "/r/never/new" in str(errors[2])


class TestRateLimits:
    def test_used_up_calls_stop_the_next_request_before_it_is_sent(self) -> None:
        with Reddit([POST], now=NOW, calls=1) as server:
            source = source_for(server)
            assert len(source.fetch(NEW, DAY, None).mentions) == 1
            sent = len(server.requests)
            with pytest.raises(RateLimitedError) as caught:
                source.fetch(NEW, DAY, None)
            assert len(server.requests) == sent
            assert caught.value.retry_at == NOW + timedelta(minutes=5)
            server.now, server.used = NOW + timedelta(minutes=5), 0
            assert len(source.fetch(NEW, DAY, None).mentions) == 1
            source.close()

    @pytest.mark.parametrize(
        ("headers", "retry_at"),
        [
            ({}, None),
            ({"x-ratelimit-reset": "12.5"}, NOW + timedelta(seconds=12.5)),
            ({"x-ratelimit-remaining": "0.0", "x-ratelimit-reset": "60"}, NOW + timedelta(minutes=1)),
            ({"x-ratelimit-remaining": "none", "x-ratelimit-reset": "soon"}, None),
            ({"x-ratelimit-reset": "1e9"}, NOW + timedelta(days=1)),
            ({"retry-after": "30"}, NOW + timedelta(seconds=30)),
            ({"retry-after": "Fri, 20 Nov 2026 12:15:00 GMT"}, NOW + timedelta(minutes=10)),
        ],
    )
    def test_a_429_names_when_it_ends_in_every_shape(
        self, server: Reddit, headers: dict[str, str], retry_at: datetime | None
    ) -> None:
        server.fault("status", status=429, body="<html>slow</html>", headers=headers, when=a_listing)
        error = failure(server)
        assert isinstance(error, RateLimitedError)
        assert error.retry_at == retry_at

    @pytest.mark.parametrize(
        "headers",
        [
            {"x-ratelimit-remaining": "1.0"},
            {"x-ratelimit-remaining": "2.0", "x-ratelimit-used": "598", "x-ratelimit-reset": "599"},
            {"x-ratelimit-remaining": "1.0", "x-ratelimit-used": "599", "x-ratelimit-reset": "599.9"},
            {"x-ratelimit-remaining": "", "x-ratelimit-used": "x", "x-ratelimit-reset": ""},
        ],
    )
    def test_pacing_headers_neither_delay_nor_break_the_next_call(
        self, server: Reddit, headers: dict[str, str]
    ) -> None:
        body = b'{"kind":"Listing","data":{"after":null,"children":[]}}'
        server.fault("status", times=3, status=200, body=body, headers=headers, when=a_listing)
        source = source_for(server)
        for _ in range(3):
            source.fetch(NEW, DAY, None)
        source.close()


class TestCredentials:
    @pytest.mark.parametrize("status", [400, 401, 403])
    def test_a_refused_app_is_a_matter_of_credentials(self, server: Reddit, status: int) -> None:
        server.fault("status", status=status, body=b'{"message":"Unauthorized"}', when=for_access)
        error = failure(server)
        assert isinstance(error, CredentialsError)
        assert "REDDIT_CLIENT_ID" in str(error)
        assert len(server.requests) == 1

    def test_a_wrong_secret_is_refused(self, server: Reddit, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("REDDIT_CLIENT_SECRET", "wrong-secret")
        error = failure(server)
        assert isinstance(error, CredentialsError)
        assert "wrong-secret" not in str(error)

    @pytest.mark.parametrize("body", [b'{"error":"invalid_grant"}', b'{"error":"x","error_description":"y"}'])
    def test_a_refusal_that_comes_as_a_success_is_one(self, server: Reddit, body: bytes) -> None:
        server.fault("status", status=200, body=body, when=for_access)
        assert type(failure(server)) is CredentialsError

    @pytest.mark.parametrize(
        "body", [b"{}", b"[]", b"3", b'{"access_token":"a","expires_in":"x","scope":"*"}', b"null"]
    )
    def test_access_in_another_shape_is_unexpected(self, server: Reddit, body: bytes) -> None:
        server.fault("status", status=200, body=body, when=for_access)
        assert type(failure(server)) is UnexpectedAnswerError

    @pytest.mark.parametrize("status", [429, 500, 503])
    def test_access_may_be_out_of_order_like_anything_else(self, server: Reddit, status: int) -> None:
        server.fault("status", status=status, when=for_access)
        assert isinstance(failure(server), (RateLimitedError, UnavailableError))

    def test_a_withdrawn_token_is_replaced_once(self, server: Reddit) -> None:
        source = source_for(server)
        source.fetch(NEW, DAY, None)
        server.withdraw_token()
        page = source.fetch(NEW, DAY, None)
        source.close()
        assert (len(page.mentions), page.requests) == (1, 3)

    def test_access_that_is_refused_again_is_a_matter_of_credentials(self, server: Reddit) -> None:
        server.fault("status", times=9, status=401, body=b'{"message":"Unauthorized","error":401}', when=a_listing)
        assert isinstance(failure(server), CredentialsError)
        assert len([request for request in server.requests if a_listing(request)]) == 2

    @pytest.mark.parametrize("secret", ["two words", "caf\u00e9"])
    def test_a_secret_that_fits_in_no_header_is_never_sent(
        self, server: Reddit, monkeypatch: pytest.MonkeyPatch, secret: str
    ) -> None:
        monkeypatch.setenv("REDDIT_CLIENT_SECRET", secret)
        error = failure(server)
        assert isinstance(error, CredentialsError)
        assert secret not in str(error)
        assert server.requests == []

    def test_a_missing_credential_names_the_places_that_were_tried(self, server: Reddit) -> None:
        assert "ACME_NOT_SET" in str(failure(server, client_id=Secret(env="ACME_NOT_SET")))

    def test_no_secret_is_in_any_log_line(self, server: Reddit, caplog: pytest.LogCaptureFixture) -> None:
        with caplog.at_level(logging.DEBUG):
            source = source_for(server)
            source.fetch(NEW, DAY, None)
            source.close()
        assert not any(secret in caplog.text for secret in (CLIENT_ID, CLIENT_SECRET, server.token))


@pytest.mark.parametrize("kind", ["hang", "slow_body"])
@pytest.mark.parametrize("when", [a_listing, for_access])
def test_an_answer_that_does_not_end_is_given_up_in_time(server: Reddit, kind: str, when: object) -> None:
    server.fault(kind, when=when)
    assert type(failure(server, limits=TIGHT)) is UnavailableError


@pytest.mark.parametrize("kind", ["reset", "cut", "truncated_json", "html_instead_of_json"])
@pytest.mark.parametrize("when", [a_listing, for_access])
def test_a_broken_answer_is_worth_another_try(server: Reddit, kind: str, when: object) -> None:
    server.fault(kind, when=when)
    assert type(failure(server)) is UnavailableError
    assert len([request for request in server.requests if when(request)]) == 1


@pytest.mark.parametrize("kind", ["huge", "gzip_bomb"])
def test_an_answer_beyond_every_size_is_given_up(server: Reddit, kind: str) -> None:
    server.fault(kind, size=64 << 20, when=a_listing)
    assert "1024 KiB" in str(failure(server))


def test_nesting_without_end_is_an_unreadable_answer(server: Reddit) -> None:
    server.fault("status", status=200, body=b"[" * 200_000, when=a_listing)
    assert type(failure(server)) is UnavailableError


@pytest.mark.parametrize("body", [b"[]", b"3", b'{"kind":"t5","data":{}}', b"null", b'{"kind":"Listing"}', b""])
def test_json_of_another_shape_is_unexpected(server: Reddit, body: bytes) -> None:
    server.fault("status", status=200, body=body, when=a_listing)
    assert type(failure(server)) is UnexpectedAnswerError


def test_the_same_source_works_again_after_a_fault(server: Reddit) -> None:
    source = source_for(server)
    server.fault("cut", when=a_listing)
    with pytest.raises(UnavailableError):
        source.fetch(NEW, DAY, None)
    assert len(source.fetch(NEW, DAY, None).mentions) == 1
    source.close()


def test_a_praw_ini_in_the_working_folder_changes_nothing(
    server: Reddit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    evil = "[DEFAULT]\noauth_url=http://127.0.0.1:9\nreddit_url=http://127.0.0.1:9\nusername=u\npassword=p\ncomment_kind=t9\n"
    (tmp_path / "praw.ini").write_text(evil, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("praw_site", "acme")
    monkeypatch.setenv("praw_username", "u")
    monkeypatch.setenv("praw_password", "p")
    source = source_for(server)
    assert len(source.fetch(NEW, DAY, None).mentions) == 1
    source.close()
    assert server.requests[0].form["grant_type"] == ["client_credentials"]


def test_requests_name_themselves_as_configured(server: Reddit) -> None:
    source = source_for(server, user_agent="script:acme-listening:1.0 (by /u/acme_insights)")
    source.fetch(NEW, DAY, None)
    source.close()
    assert all("by /u/acme_insights" in request.headers["user-agent"] for request in server.requests)


@pytest.mark.parametrize("user_agent", ["short", "two\nlines here", "caf\u00e9 listening"])
def test_a_user_agent_that_fits_in_no_header_is_refused(user_agent: str) -> None:
    with pytest.raises(UsageError, match="user_agent"):
        RedditSource(RedditOptions(user_agent=user_agent))


def test_a_base_url_in_the_clear_to_another_machine_is_refused() -> None:
    with pytest.raises(UsageError, match=r"sources\.reddit\.base_url"):
        RedditSource(RedditOptions(base_url="http://reddit.example"))


def test_check_says_how_many_calls_are_left(server: Reddit) -> None:
    source = source_for(server, subreddits=("kettles",))
    assert source.check() == "Reddit answered; 599 calls are left in this period"
    source.close()
    assert server.requests[-1].path == "/r/kettles/new"


def test_check_fails_as_a_fetch_would(server: Reddit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDDIT_CLIENT_SECRET", "wrong-secret")
    source = source_for(server)
    with pytest.raises(CredentialsError):
        source.check()
    source.close()
