"""The HTTP client turns every fault of a server into the right error, within bounds of time and size."""

from __future__ import annotations

import socket
import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING

import pytest

from bounds import FOR_EVER, within_a_minute
from listener.api import (
    CredentialsError,
    ForbiddenError,
    NotFoundError,
    PermanentSourceError,
    RateLimitedError,
    RejectedQueryError,
    UnavailableError,
    UnexpectedAnswerError,
    UsageCappedError,
    utc_now,
)
from listener.errors import StoppedError
from servers.reading import NotedWaits
from servers.web import Answer, Request, SimulatedServer
from sources.web import Client, Limits
from sources.web.addresses import is_public
from sources.web.answers import retry_instant
from sources.web.clocks import check_clock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

QUICK = Limits(connect_seconds=1, read_seconds=1, total_seconds=2, backoff_seconds=0.01, body_bytes=1 << 20)
ENDLESS = Limits(connect_seconds=FOR_EVER, read_seconds=FOR_EVER, total_seconds=FOR_EVER, pause_seconds=FOR_EVER)
NOW = datetime(2026, 11, 20, 8, tzinfo=UTC)


class Service(SimulatedServer):
    def route(self, request: Request) -> Answer:
        if request.path == "/to":
            return Answer(status=302, headers={"Location": request.param("url")})
        return Answer.json({"path": request.path, "headers": dict(request.headers), "body": request.body.decode()})


@pytest.fixture
def service() -> Iterator[Service]:
    with Service() as server:
        yield server


@pytest.fixture
def client(service: Service) -> Iterator[Client]:
    with Client("acme", trusted=[service.url], limits=QUICK) as made:
        yield made


def test_json_is_read_and_the_program_names_itself(service: Service, client: Client) -> None:
    assert client.get_json(service.url + "/a", {"q": "kettle"})["path"] == "/a"
    assert service.requests[0].param("q") == "kettle"
    assert service.requests[0].headers["user-agent"].startswith("social-listener/")
    assert client.requests_made == 1


def test_json_is_posted(service: Service, client: Client) -> None:
    assert client.post_json(service.url + "/a", {"x": 1})["body"] == '{"x": 1}'


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, RejectedQueryError),
        (401, CredentialsError),
        (402, UsageCappedError),
        (403, ForbiddenError),
        (404, NotFoundError),
        (410, NotFoundError),
        (418, UnexpectedAnswerError),
        (422, RejectedQueryError),
        (429, RateLimitedError),
        (500, UnavailableError),
        (503, UnavailableError),
    ],
)
def test_each_status_is_its_error(service: Service, client: Client, status: int, error: type[Exception]) -> None:
    service.fault("status", times=9, status=status)
    with pytest.raises(error) as caught:
        client.get_json(service.url + "/a?key=hush", {"token": "hush"})
    assert type(caught.value) is error
    message = str(caught.value)
    assert message.startswith("acme: 127.0.0.1 answered ")
    assert "hush" not in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("kind", "error", "details"),
    [
        ("reset", UnavailableError, {}),
        ("cut", UnavailableError, {}),
        ("truncated_json", UnavailableError, {}),
        ("html_instead_of_json", UnexpectedAnswerError, {}),
        ("huge", UnexpectedAnswerError, {}),
        ("gzip_bomb", UnexpectedAnswerError, {}),
        ("status", UnexpectedAnswerError, {"status": 200, "body": "{not json}"}),
        ("status", UnexpectedAnswerError, {"status": 200, "body": "[" * 200_000 + "]"}),
        ("status", UnavailableError, {"status": 200, "body": ""}),
        ("status", UnexpectedAnswerError, {"status": 200, "body": '{"n": ' + "9" * 5000 + "}"}),
        ("status", UnavailableError, {"status": 200, "body": "xx", "headers": {"Content-Encoding": "gzip"}}),
    ],
)
def test_each_broken_answer_is_its_error(
    service: Service, client: Client, kind: str, error: type[Exception], details: dict[str, object]
) -> None:
    service.fault(kind, times=9, **details)
    with pytest.raises(error) as caught:
        client.get_json(service.url + "/a")
    assert type(caught.value) is error
    assert str(caught.value).startswith("acme: ")
    assert "127.0.0.1" in str(caught.value)


@pytest.mark.parametrize("kind", ["slow_body", "hang"])
def test_an_answer_without_end_is_abandoned_at_the_deadline(service: Service, kind: str) -> None:
    limits = Limits(read_seconds=FOR_EVER, total_seconds=0.5, backoff_seconds=0.01)
    service.fault(kind, times=9)
    made = Client("acme", trusted=[service.url], limits=limits)
    with within_a_minute(), made as client, pytest.raises(UnavailableError):
        client.get_json(service.url)
    assert len(service.requests) == 1


def soon_after(stop: threading.Event) -> Callable[[Request], bool]:
    """Return when to fail: at the first request, a little after which a stop is asked for."""

    def came(_: Request) -> bool:
        threading.Timer(0.2, stop.set).start()
        return True

    return came


@pytest.mark.parametrize("kind", ["slow_body", "hang"])
def test_a_stop_ends_the_reading(service: Service, kind: str) -> None:
    stop = threading.Event()
    service.fault(kind, when=soon_after(stop))
    made = Client("acme", trusted=[service.url], stop=stop, limits=ENDLESS)
    with within_a_minute(), made as client, pytest.raises(StoppedError):
        client.get_json(service.url)


def test_a_stop_ends_the_pause_before_another_try(service: Service) -> None:
    stop = threading.Event()
    service.fault("status", status=503, headers={"Retry-After": "900"}, when=soon_after(stop))
    made = Client("acme", trusted=[service.url], stop=stop, limits=ENDLESS)
    with within_a_minute(), made as client, pytest.raises(StoppedError):
        client.get_json(service.url)
    assert len(service.requests) == 1


@pytest.mark.parametrize("kind", ["reset", "cut", "truncated_json"])
def test_a_fault_that_passes_is_tried_again(service: Service, client: Client, kind: str) -> None:
    service.fault(kind, times=2)
    assert client.get_json(service.url + "/a")["path"] == "/a"
    assert client.requests_made == 3


def test_no_more_tries_than_allowed(service: Service, client: Client) -> None:
    service.fault("status", times=9, status=500)
    with pytest.raises(UnavailableError):
        client.get_json(service.url)
    assert len(service.requests) == 3


def test_a_short_limit_is_waited_for_and_a_long_one_is_told(service: Service, client: Client) -> None:
    service.fault("status", status=429, headers={"Retry-After": "0"})
    assert client.get_json(service.url + "/a")["path"] == "/a"
    service.fault("status", status=429, headers={"Retry-After": "120"})
    before = utc_now()
    with pytest.raises(RateLimitedError) as caught:
        client.get_json(service.url)
    assert timedelta(seconds=119) < caught.value.retry_at - before < timedelta(seconds=122)
    assert len(service.requests) == 3


def test_a_host_that_wants_to_be_left_alone_is_asked_nothing_more_and_others_are(
    service: Service, client: Client
) -> None:
    with Service() as other, Client("acme", trusted=[service.url, other.url], limits=QUICK) as asking:
        service.fault("status", status=429, headers={"Retry-After": "600"})
        for path in ("/a", "/b"):
            with pytest.raises(RateLimitedError, match="the rate limit is reached"):
                asking.get_json(service.url + path)
        assert len(service.requests) == 1
        assert asking.get_json(other.url + "/a")["path"] == "/a"
    assert client.get_json(service.url + "/a")["path"] == "/a"  # another client knows nothing of it


def test_a_forbidden_answer_of_a_spent_limit_is_a_limit(service: Service, client: Client) -> None:
    reset = int((utc_now() + timedelta(minutes=5)).timestamp())
    service.fault("status", status=403, headers={"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(reset)})
    with pytest.raises(RateLimitedError) as caught:
        client.get_json(service.url)
    assert caught.value.retry_at.timestamp() == reset


@pytest.mark.parametrize(
    ("headers", "after"),
    [
        ({"retry-after": "30"}, 30),
        ({"retry-after": format_datetime(NOW + timedelta(seconds=90), usegmt=True)}, 90),
        ({"retry-after": format_datetime(NOW - timedelta(days=9), usegmt=True)}, 0),
        ({"retry-after": "99999999"}, 86_400),
        ({"x-rate-limit-reset": str(int(NOW.timestamp()) + 900)}, 900),
        ({"x-ratelimit-reset": "12.5"}, 13),
        ({"x-ratelimit-reset": "2026-11-20T08:05:00.000Z"}, 300),
        ({"ratelimit-reset": str(int(NOW.timestamp()) + 60)}, 60),
        ({"retry-after": "soon"}, None),
        ({}, None),
    ],
)
def test_when_to_come_back_is_read_in_every_form(headers: dict[str, str], after: int | None) -> None:
    expected = None if after is None else NOW + timedelta(seconds=after)
    assert retry_instant(headers, NOW) == expected


def test_the_words_of_a_refusal_are_passed_on_bounded(service: Service, client: Client) -> None:
    body = '{"message": "invalid \\u0000numeric attribute' + "x" * 5000 + '"}'
    service.fault("status", status=400, body=body)
    with pytest.raises(RejectedQueryError, match="invalid numeric attribute") as caught:
        client.get_json(service.url)
    assert len(str(caught.value)) < 300


def test_nothing_listening_is_unavailable() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    with (
        Client("acme", trusted=[url], limits=QUICK) as client,
        pytest.raises(UnavailableError, match="cannot be reached"),
    ):
        client.get_json(url)


@pytest.mark.parametrize(
    "url", ["ftp://example.org/x", "file:///etc/passwd", "nonsense", "http://", "http://[::bad", "http://a:b/"]
)
def test_only_addresses_of_the_web_are_asked(url: str) -> None:
    with Client("acme") as client, pytest.raises(PermanentSourceError, match="not an http or https address"):
        client.get_bytes(url)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "10.1.2.3", "169.254.169.254", "[::ffff:10.0.0.1]", "0.0.0.0"]
)
def test_private_addresses_are_refused_unless_meant(host: str) -> None:
    with Client("acme", limits=QUICK) as client, pytest.raises(ForbiddenError, match="allow_private"):
        client.get_bytes(f"http://{host}:9/feed")
    assert client.requests_made == 0


def test_a_private_address_may_be_allowed(service: Service) -> None:
    with Client("acme", allow_private=True) as client:
        assert client.get_bytes(service.url).status == 200


def test_a_redirect_into_a_private_network_is_not_followed(service: Service, client: Client) -> None:
    with pytest.raises(ForbiddenError, match=r"169\.254\.169\.254"):
        client.get_bytes(service.url + "/to", {"url": "http://169.254.169.254/latest/meta-data"})
    assert len(service.requests) == 1


def test_a_name_that_turns_private_between_look_and_connection_is_caught(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = ["93.184.215.14", "127.0.0.1"]
    port = int(service.url.rpartition(":")[2])

    def resolve(*_: object, **__: object) -> list[object]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (answers.pop(0), port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with Client("acme", limits=Limits(tries=1)) as client, pytest.raises(ForbiddenError, match="private network"):
        client.get_bytes(f"http://rebind.example:{port}/")
    assert service.requests == []


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.215.14", True),
        ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", True),
        ("100.64.0.1", False),
        ("192.168.1.1", False),
        ("224.0.0.1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::ffff:127.0.0.1", False),
        ("64:ff9b::a00:1", False),
        ("2002:7f00:1::", False),
        ("nonsense", False),
    ],
)
def test_public_addresses_are_told_from_others(address: str, public: bool) -> None:
    assert is_public(address) is public


def test_redirects_are_followed_and_credentials_stay_at_home(service: Service, client: Client) -> None:
    headers = {"Authorization": "Bearer hush", "If-None-Match": '"1"'}
    near = client.get_bytes(service.url + "/to", {"url": "/near"}, headers)
    assert near.url == service.url + "/near"
    assert service.requests[-1].headers["authorization"] == "Bearer hush"
    with Service() as other:
        client.get_bytes(service.url + "/to", {"url": other.url + "/far"}, headers)
        assert "authorization" not in other.requests[0].headers
        assert other.requests[0].headers["if-none-match"] == '"1"'


def test_redirects_without_end_are_an_error(service: Service, client: Client) -> None:
    with pytest.raises(UnexpectedAnswerError, match="redirects too often"):
        client.get_bytes(service.url + "/to?url=/to%3Furl=/to", {"url": service.url + "/to?url=" + "/to?url=" * 9})
    assert len(service.requests) <= QUICK.redirects + 1


def test_a_redirect_to_another_kind_of_address_is_an_error(service: Service, client: Client) -> None:
    with pytest.raises(UnexpectedAnswerError):
        client.get_bytes(service.url + "/to", {"url": "file:///etc/passwd"})


def test_cookies_are_not_kept(service: Service, client: Client) -> None:
    service.fault("status", status=200, body="{}", headers={"Set-Cookie": "id=1; Path=/"})
    client.get_json(service.url)
    client.get_json(service.url)
    assert "cookie" not in service.requests[1].headers


def test_an_unchanged_answer_is_handed_over(service: Service, client: Client) -> None:
    service.fault("status", status=304, headers={"ETag": '"1"'})
    answer = client.get_bytes(service.url)
    assert (answer.status, answer.body, answer.headers["etag"]) == (304, b"", '"1"')


@pytest.mark.parametrize("base", ["http://search.example", "nonsense", "ftp://127.0.0.1"])
def test_a_configured_address_is_https_or_this_machine(base: str) -> None:
    with pytest.raises(PermanentSourceError, match="base_url"):
        Client("acme", trusted=[base])


def test_requests_are_set_apart_where_a_service_asks_for_it(service: Service) -> None:
    waits = NotedWaits()
    service.fault("status", status=200, body="{}", times=3)
    with Client("test", trusted=[service.url], limits=Limits(spacing_seconds=7_200), stop=waits) as client:
        assert [client.get_json(service.url) for _ in range(3)] == [{}, {}, {}]
    assert len(waits.seconds) == 2
    assert all(3_600 < seconds <= 7_200 for seconds in waits.seconds)


def test_a_judge_of_the_source_decides_before_the_status(service: Service) -> None:
    def judge(answer: Answer) -> RateLimitedError | None:
        return RateLimitedError("test: too busy") if b"busy" in answer.body else None

    service.fault("status", status=200, body="too busy")
    service.fault("status", status=404, body="nothing")
    with Client("test", trusted=[service.url], judge=judge) as client:
        with pytest.raises(RateLimitedError, match="too busy"):
            client.get_json(service.url)
        with pytest.raises(NotFoundError):
            client.get_json(service.url)


@pytest.mark.parametrize(
    ("behind", "age"),
    [(timedelta(0), 0), (timedelta(minutes=4), 0), (timedelta(hours=3), 10_790), (timedelta(hours=-9), 0)],
)
def test_an_answer_is_read_where_clocks_agree_or_this_one_is_behind_or_a_cache_gave_it(
    behind: timedelta, age: int
) -> None:
    date = format_datetime(utc_now() - behind, usegmt=True)
    check_clock({"Date": date, "Age": str(age)}, who="acme")
    check_clock({}, who="acme")
    check_clock({"Date": "yesterday", "Age": "old"}, who="acme")


def test_nothing_is_read_while_this_machine_s_clock_is_ahead_of_the_service_s(service: Service, client: Client) -> None:
    service.clock = lambda: utc_now().timestamp() - 7200
    with pytest.raises(UnavailableError, match="clock is 120 minutes ahead"):
        client.get_json(service.url + "/a")
    with Client("acme", trusted=[service.url], limits=QUICK, clock_ahead=timedelta(days=1)) as careless:
        assert careless.get_json(service.url + "/a")["path"] == "/a"
