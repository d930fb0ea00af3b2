"""What X refuses and how it fails, one by one: the right error, one clear sentence, no token, no waiting."""

from __future__ import annotations

import logging
import re
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from bounds import FOR_EVER, never_sleep, within_a_minute
from listener.api import (
    ClockAheadError,
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
    UsageCappedError,
    Window,
)
from listener.errors import StoppedError, UsageError
from servers.x import TOKEN, Post, X
from sources.adapter import Limits
from sources.x import XOptions, XSource

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
DAY = Window(since=NOW - timedelta(days=1), until=NOW - timedelta(seconds=30))
ACME = Resource(key="k", lane="search", native="acme", brand="Acme")
LIMITS = Limits(connect_seconds=10, read_seconds=10, total_seconds=10, body_bytes=1 << 20)
TIGHT = Limits(connect_seconds=10, read_seconds=0.3, total_seconds=0.3, body_bytes=1 << 20)
ENDLESS = Limits(connect_seconds=FOR_EVER, read_seconds=FOR_EVER, total_seconds=FOR_EVER)
CAPPED = (
    '{"account_id":1,"product_name":"p","title":"UsageCapExceeded","period":"Monthly","scope":"Product",'
    '"detail":"Usage cap exceeded: Monthly product cap","type":"https://api.twitter.com/2/problems/usage-capped"}'
)


@pytest.fixture(autouse=True)
def _token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("X_BEARER_TOKEN", TOKEN)


@pytest.fixture(autouse=True)
def _nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", never_sleep)


@pytest.fixture
def server():
    with X([Post(text="acme", created_at=NOW - timedelta(hours=1))], now=NOW) as running:
        yield running


def failure(
    server: X, resource: Resource = ACME, window: Window = DAY, limits: Limits = LIMITS, **options: object
) -> SourceError:
    """Return the error of one fetch, having checked what holds for all of them."""
    source = XSource(XOptions(base_url=server.url, **options), now=lambda: NOW, limits=limits)
    with within_a_minute(), pytest.raises(SourceError) as caught:
        source.fetch(resource, window, None)
    source.close()
    sentence = str(caught.value)
    assert TOKEN not in sentence
    assert "\n" not in sentence
    assert re.fullmatch(r"[A-Za-z].{10,400}", sentence)
    assert caught.value.__cause__ is None
    return caught.value


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, RejectedQueryError),
        (401, CredentialsError),
        (402, UsageCappedError),
        (403, ForbiddenError),
        (404, NotFoundError),
        (408, UnavailableError),
        (414, RejectedQueryError),
        (418, UnexpectedAnswerError),
        (500, UnavailableError),
        (502, UnavailableError),
        (503, UnavailableError),
        (504, UnavailableError),
    ],
)
def test_each_status_has_its_error_and_is_not_tried_again(server: X, status: int, kind: type[SourceError]) -> None:
    body = b'{"title":"Oops","detail":"Oops happened","type":"about:blank"}'
    server.fault("status", status=status, body=body)
    assert type(failure(server)) is kind
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [400, 429])
@pytest.mark.parametrize(
    "body",
    [
        b"<html>no</html>",
        b"",
        b"[1]",
        b'{"errors":null,"error":{}}',
        b'{"errors":{"a":1}}',
        f'{{"detail":"your token {TOKEN} is bad"}}'.encode(),
    ],
)
def test_the_words_beside_a_status_change_nothing(server: X, status: int, body: bytes) -> None:
    server.fault("status", status=status, body=body)
    assert type(failure(server)) is {400: RejectedQueryError, 429: RateLimitedError}[status]


@pytest.mark.parametrize(
    "body",
    [
        b'{"title":"Too Many Requests","detail":"Too Many Requests","type":"about:blank","status":429}',
        b'{"errors":[{"code":88,"message":"Rate limit exceeded"}]}',
        b"Too Many Requests",
    ],
)
def test_a_rate_limit_names_the_instant_it_ends_in_each_of_its_shapes(server: X, body: bytes) -> None:
    reset = NOW + timedelta(minutes=7)
    server.fault("status", status=429, body=body, headers={"x-rate-limit-reset": str(int(reset.timestamp()))})
    error = failure(server)
    assert isinstance(error, RateLimitedError)
    assert error.retry_at == reset


@pytest.mark.parametrize(
    ("headers", "retry_at"),
    [
        ({}, None),
        ({"x-rate-limit-reset": "soon"}, None),
        ({"x-rate-limit-reset": "1e300"}, None),
        ({"x-rate-limit-reset": "99999999999"}, NOW + timedelta(days=1)),
        ({"retry-after": "60"}, NOW + timedelta(minutes=1)),
        ({"retry-after": "Fri, 20 Nov 2026 12:05:00 GMT"}, NOW + timedelta(minutes=5)),
    ],
)
def test_odd_limit_headers_do_no_harm(server: X, headers: dict[str, str], retry_at: datetime | None) -> None:
    server.fault("status", status=429, headers=headers)
    error = failure(server)
    assert isinstance(error, RateLimitedError)
    assert error.retry_at == retry_at


def test_the_last_call_of_a_period_is_good_and_the_next_is_limited_by_x_itself() -> None:
    with X([Post(text="acme", created_at=NOW - timedelta(hours=1))], now=NOW, limit=1) as server:
        source = XSource(XOptions(base_url=server.url), now=lambda: NOW)
        assert len(source.fetch(ACME, DAY, None).mentions) == 1
        with pytest.raises(RateLimitedError) as caught:
            source.fetch(ACME, DAY, None)
        source.close()
    assert caught.value.retry_at == NOW + timedelta(minutes=15)


def test_a_used_up_month_is_not_a_rate_limit(server: X) -> None:
    server.fault("status", status=429, body=CAPPED, headers={"x-rate-limit-reset": "1795176000"})
    error = failure(server)
    assert isinstance(error, UsageCappedError)
    assert "Monthly product cap" in str(error)


def test_a_query_that_x_cannot_run_is_refused_with_its_words(server: X) -> None:
    error = failure(server, Resource(key="k", lane="search", native="lang:en", brand="Acme"))
    assert isinstance(error, RejectedQueryError)
    assert "standalone" in str(error)


def test_a_clock_that_is_ahead_of_x_is_named_as_the_cause(server: X) -> None:
    error = failure(server, window=Window(since=NOW - timedelta(days=1), until=NOW + timedelta(minutes=5)))
    assert type(error) is ClockAheadError
    assert "clock" in str(error)


def test_a_wrong_token_is_a_matter_of_credentials(server: X, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("X_BEARER_TOKEN", "another-made-up-token")
    error = failure(server)
    assert isinstance(error, CredentialsError)
    assert "X_BEARER_TOKEN" in str(error)
    assert "another-made-up" not in str(error)


@pytest.mark.parametrize("token", ["two words", "caf\u00e9", "a\tb"])
def test_a_token_that_fits_in_no_header_is_never_sent(server: X, monkeypatch: pytest.MonkeyPatch, token: str) -> None:
    monkeypatch.setenv("X_BEARER_TOKEN", token)
    error = failure(server)
    assert isinstance(error, CredentialsError)
    assert token not in str(error)
    assert server.requests == []


def test_a_missing_token_names_the_places_that_were_tried(server: X) -> None:
    error = failure(server, bearer_token=Secret(env="ACME_NOT_SET"))
    assert isinstance(error, CredentialsError)
    assert "ACME_NOT_SET" in str(error)


@pytest.mark.parametrize("kind", ["hang", "slow_body"])
def test_an_answer_that_does_not_end_is_given_up_in_time(server: X, kind: str) -> None:
    server.fault(kind)
    assert type(failure(server, limits=TIGHT)) is UnavailableError
    assert len(server.requests) == 1


@pytest.mark.parametrize("kind", ["reset", "cut", "truncated_json", "html_instead_of_json"])
def test_a_broken_answer_is_worth_another_try(server: X, kind: str) -> None:
    server.fault(kind)
    assert type(failure(server)) is UnavailableError
    assert len(server.requests) == 1


@pytest.mark.parametrize("kind", ["huge", "gzip_bomb"])
def test_an_answer_beyond_every_size_is_given_up(server: X, kind: str) -> None:
    server.fault(kind, size=64 << 20)
    error = failure(server)
    assert type(error) is UnavailableError
    assert "1024 KiB" in str(error)


def test_nesting_without_end_is_an_unreadable_answer(server: X) -> None:
    server.fault("status", status=200, body=b"[" * 200_000)
    assert type(failure(server)) is UnavailableError


@pytest.mark.parametrize("body", [b"[]", b"3", b'{"data":{"id":"1"}}', b'"text"', b"null"])
def test_json_of_another_shape_is_unexpected(server: X, body: bytes) -> None:
    server.fault("status", status=200, body=body)
    assert type(failure(server)) is UnexpectedAnswerError


def test_a_redirect_is_not_followed(server: X) -> None:
    server.fault("status", status=302, headers={"Location": f"{server.url}/elsewhere"})
    assert type(failure(server)) is UnexpectedAnswerError
    assert [request.path for request in server.requests] == ["/2/tweets/search/recent"]


def test_nobody_there_is_worth_another_try() -> None:
    server = X([], now=NOW).start()
    url = server.url
    server.stop()
    source = XSource(XOptions(base_url=url), now=lambda: NOW, limits=LIMITS)
    with pytest.raises(UnavailableError):
        source.fetch(ACME, DAY, None)
    source.close()


def test_the_same_source_works_again_after_a_fault(server: X) -> None:
    source = XSource(XOptions(base_url=server.url), now=lambda: NOW, limits=LIMITS)
    server.fault("cut")
    with pytest.raises(UnavailableError):
        source.fetch(ACME, DAY, None)
    assert len(source.fetch(ACME, DAY, None).mentions) == 1
    source.close()


def test_partial_errors_beside_posts_are_no_failure() -> None:
    post = Post(text="acme", created_at=NOW - timedelta(hours=1), replies_to="1500000000000000000")
    with X([post], now=NOW) as server:
        source = XSource(XOptions(base_url=server.url), now=lambda: NOW)
        page = source.fetch(ACME, DAY, None)
        source.close()
    assert [mention.reply_to for mention in page.mentions] == ["1500000000000000000"]


def test_the_token_is_in_no_log_line(server: X, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        source = XSource(XOptions(base_url=server.url), now=lambda: NOW)
        source.fetch(ACME, DAY, None)
        source.close()
    assert TOKEN not in caplog.text


def test_a_stop_ends_a_request_that_gets_no_answer(server: X) -> None:
    stop = threading.Event()
    source = XSource(XOptions(base_url=server.url), now=lambda: NOW, stop=stop, limits=ENDLESS)
    server.fault("hang")
    threading.Timer(0.1, stop.set).start()
    with within_a_minute(), pytest.raises(StoppedError):
        source.fetch(ACME, DAY, None)
    source.close()


def test_a_netrc_of_the_user_does_not_take_the_tokens_place(
    server: X, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("default login jo password made-up\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(netrc))
    source = XSource(XOptions(base_url=server.url), now=lambda: NOW)
    assert len(source.fetch(ACME, DAY, None).mentions) == 1
    source.close()


def test_a_proxy_of_the_environment_is_used_for_the_host_that_is_asked(
    server: X, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", server.url)
    source = XSource(XOptions(base_url="http://localhost:9"), now=lambda: NOW)
    assert len(source.fetch(ACME, DAY, None).mentions) == 1
    source.close()
    assert server.requests[0].headers["host"] == "localhost:9"


def test_cookies_are_not_kept(server: X) -> None:
    source = XSource(XOptions(base_url=server.url), now=lambda: NOW)
    server.fault(
        "status", status=200, body=b'{"meta": {"result_count": 0}}', headers={"Set-Cookie": "guest_id=1; Path=/"}
    )
    source.fetch(ACME, DAY, None)
    source.fetch(ACME, DAY, None)
    source.close()
    assert "cookie" not in server.requests[1].headers


def test_check_says_how_much_of_the_month_is_used_and_fetches_no_post(server: X) -> None:
    source = XSource(XOptions(base_url=server.url), now=lambda: NOW)
    assert "1234 of 2000000" in source.check()
    source.close()
    assert [request.path for request in server.requests] == ["/2/usage/tweets"]


def test_check_fails_as_a_search_would(server: X, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("X_BEARER_TOKEN", "wrong")
    source = XSource(XOptions(base_url=server.url), now=lambda: NOW)
    with pytest.raises(CredentialsError):
        source.check()
    source.close()


@pytest.mark.parametrize(
    "base_url",
    ["http://x.example", "ftp://127.0.0.1", "127.0.0.1:80", "https://", "https://u:p@x.example", "http://[::1"],
)
def test_a_base_url_that_secrets_must_not_go_to_is_refused(base_url: str) -> None:
    with pytest.raises(UsageError, match=r"sources\.x\.base_url"):
        XSource(XOptions(base_url=base_url))


def test_a_base_url_may_have_a_path_of_its_own() -> None:
    class Below(X):
        def route(self, request):
            assert request.path == "/gate/2/usage/tweets"
            return super().route(type(request)(method="GET", path=request.path[5:], query={}, headers=request.headers))

    with Below([], now=NOW) as server:
        source = XSource(XOptions(base_url=f"{server.url}/gate/"), now=lambda: NOW)
        assert "used" in source.check()
        source.close()
