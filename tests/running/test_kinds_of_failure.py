"""Each kind of refusal of each service is told apart, and leads to the right thing."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from listener.clock import to_epoch, utc_now
from listener.errors import (
    CredentialsError,
    RateLimitedError,
    UnavailableError,
    UnexpectedAnswerError,
    UsageCappedError,
)
from listener.pipeline.patience import comes_back
from listener.schedule import first_run_at
from listener.store import Store
from running.site import NOW, Site, hackernews_table, reddit_table, x_table
from servers.github import GitHub
from servers.hackernews import HackerNews
from servers.reddit import CLIENT_ID, CLIENT_SECRET, Reddit
from servers.stackexchange import StackExchange
from servers.web import Request, SimulatedServer
from servers.x import TOKEN, X
from servers.youtube import KEY, YouTube

TOMORROW = (NOW + timedelta(days=1)).replace(hour=0, minute=0, second=0)
IN_A_DAY = NOW + timedelta(days=1)
LATER = NOW - timedelta(days=1)
"""At some time of the next day, which the service does not name."""
RESET = NOW + timedelta(minutes=12)
TWO_BRANDS = '[[brands]]\nname = "Acme"\n'


@dataclass(frozen=True)
class Service:
    """Hold how a service is simulated and configured, and which requests a fault is for."""

    name: str
    serve: Callable[[], SimulatedServer]
    table: Callable[..., str]
    keys: Mapping[str, str] = field(default_factory=dict)
    when: Callable[[Request], bool] = lambda request: "access_token" not in request.path


def table_of(name: str) -> Callable[[SimulatedServer], str]:
    return lambda server: f'[sources.{name}]\nbase_url = "{server.url}"\n'


SERVICES = {
    service.name: service
    for service in (
        Service("x", lambda: X([], now=NOW), x_table, {"X_BEARER_TOKEN": TOKEN}),
        Service(
            "reddit",
            lambda: Reddit([], now=NOW),
            reddit_table,
            {"REDDIT_CLIENT_ID": CLIENT_ID, "REDDIT_CLIENT_SECRET": CLIENT_SECRET},
        ),
        Service("hackernews", lambda: HackerNews([]), hackernews_table),
        Service("youtube", lambda: YouTube([]), table_of("youtube"), {"YOUTUBE_API_KEY": KEY}),
        Service("github", lambda: GitHub([]), table_of("github")),
        Service("stackexchange", lambda: StackExchange([]), table_of("stackexchange")),
    )
}


def google(reason: str) -> dict[str, object]:
    return {"error": {"code": 403, "message": "no", "errors": [{"domain": "youtube.x", "reason": reason}]}}


SECONDS_LEFT = str(int((RESET - NOW).total_seconds()))
USED_UP = {"title": "UsageCapExceeded", "type": "https://api.twitter.com/2/problems/usage-capped", "status": 429}
THROTTLED = {
    "error_id": 502,
    "error_name": "throttle_violation",
    "error_message": f"too many requests from this IP, more requests available in {SECONDS_LEFT} seconds",
}
CASES = [
    # source, status, headers, body, state, when it is asked again (None: at its usual time, or later)
    ("x", 429, {"x-rate-limit-reset": str(to_epoch(RESET))}, {"title": "Too Many Requests"}, "rate_limited", RESET),
    ("x", 429, {}, USED_UP, "capped", TOMORROW),
    ("x", 402, {}, {"title": "CreditsDepleted"}, "capped", TOMORROW),
    ("x", 401, {}, {"title": "Unauthorized"}, "wrong_key", IN_A_DAY),
    ("x", 403, {}, {"title": "Forbidden"}, "forbidden", IN_A_DAY),
    ("x", 404, {}, {"title": "Not Found"}, "not_found", None),
    ("x", 503, {}, {"title": "Service Unavailable"}, "unavailable", None),
    ("reddit", 429, {"x-ratelimit-reset": SECONDS_LEFT}, {"message": "Too Many Requests"}, "rate_limited", RESET),
    ("reddit", 401, {}, {"message": "Unauthorized"}, "wrong_key", IN_A_DAY),
    ("reddit", 403, {}, {"message": "Forbidden"}, "forbidden", IN_A_DAY),
    ("reddit", 404, {}, {"message": "Not Found"}, "not_found", None),
    ("reddit", 503, {}, {"message": "Service Unavailable"}, "unavailable", None),
    ("hackernews", 429, {"Retry-After": SECONDS_LEFT}, {"message": "slow down"}, "rate_limited", RESET),
    ("hackernews", 403, {}, {"message": "forbidden"}, "forbidden", IN_A_DAY),
    ("hackernews", 404, {}, {"message": "not found"}, "not_found", None),
    ("hackernews", 503, {"Retry-After": SECONDS_LEFT}, {"message": "overload"}, "unavailable", RESET),
    ("youtube", 403, {}, google("rateLimitExceeded"), "rate_limited", LATER),
    ("youtube", 403, {}, google("quotaExceeded"), "capped", LATER),
    ("youtube", 400, {}, google("keyInvalid"), "wrong_key", IN_A_DAY),
    ("youtube", 403, {}, google("forbidden"), "forbidden", IN_A_DAY),
    ("youtube", 503, {}, google("backendError"), "unavailable", None),
    ("github", 403, {"Retry-After": SECONDS_LEFT}, {"message": "You have exceeded a secondary rate limit"}, "rate_limited", RESET),
    ("github", 401, {}, {"message": "Bad credentials"}, "wrong_key", IN_A_DAY),
    ("github", 403, {}, {"message": "Resource not accessible"}, "forbidden", IN_A_DAY),
    ("github", 502, {}, {"message": "Server Error"}, "unavailable", None),
    ("stackexchange", 400, {}, THROTTLED, "rate_limited", RESET),
    ("stackexchange", 503, {}, {"message": "overload"}, "unavailable", None),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=[f"{case[0]}-{case[1]}-{case[4]}" for case in CASES])
def test_what_a_service_says_no_with_decides_when_it_is_asked_again(
    case: tuple[str, int, dict[str, str], object, str, datetime | None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, status, headers, body, state, again = case
    service = SERVICES[source]
    for name, value in service.keys.items():
        monkeypatch.setenv(name, value)
    with service.serve() as server:
        server.fault("status", times=50, when=service.when, status=status, headers=headers, body=json.dumps(body))
        site = Site(tmp_path, service.table(server), brands=TWO_BRANDS)
        row = site.collect().rows()[source]
        assert row["state"] == state
        ((found, message, retry_at),) = site.rows("SELECT state, message, retry_at FROM source_states")
        assert found == state
        late = 30 + (utc_now() - NOW).total_seconds()  # a service that says how long is counted from its answer
        if again is not LATER:
            assert retry_at == (None if again is None else pytest.approx(to_epoch(again), abs=late))
        else:
            assert to_epoch(NOW) < retry_at <= to_epoch(IN_A_DAY) + late
        if state in {"wrong_key", "forbidden"}:
            assert "the daemon leaves it alone until" in str(message)
        windows = {row[0] for row in site.rows("SELECT state FROM windows")}
        assert windows == ({"budget"} if state == "capped" else {"open"})
        server.calm()
        if isinstance(server, X):
            server.now = NOW + timedelta(hours=1)
        ended = site.collect(now=NOW + timedelta(hours=1))
        assert ended.rows()[source]["state"] == "ok"
        assert {row[0] for row in site.rows("SELECT state FROM windows")} == {"drained"}


def test_what_is_overloaded_is_asked_more_and_more_rarely_and_at_least_once_an_hour() -> None:
    down = UnavailableError("down")
    waits = [comes_back(down, failures, NOW) for failures in range(10)]
    assert waits[0] is None
    minutes = [(wait - NOW) / timedelta(minutes=1) for wait in waits[1:] if wait]
    assert minutes == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    named = UnavailableError("down", retry_at=NOW + timedelta(minutes=30))
    assert comes_back(named, 3, NOW) == NOW + timedelta(minutes=30)
    assert comes_back(named, 9, NOW) == NOW + timedelta(hours=1)


def test_a_limit_ends_when_the_service_says_and_a_cap_when_its_period_turns() -> None:
    assert comes_back(RateLimitedError("slow", retry_at=RESET), 7, NOW) == RESET
    assert comes_back(UsageCappedError("used up"), 0, NOW) == TOMORROW
    assert comes_back(UsageCappedError("used up", until=NOW + timedelta(days=9)), 0, NOW) == NOW + timedelta(days=9)
    assert comes_back(CredentialsError("no"), 3, NOW) == IN_A_DAY
    assert comes_back(UnexpectedAnswerError("what"), 3, NOW) is None


def test_a_daemon_waits_as_long_as_the_store_says_but_never_more_than_a_day() -> None:
    every = timedelta(minutes=15)
    assert first_run_at(NOW, every, NOW, IN_A_DAY) == IN_A_DAY
    assert first_run_at(NOW, every, NOW, NOW + timedelta(days=9)) == IN_A_DAY


def test_a_source_whose_key_is_refused_makes_the_health_check_fail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("X_BEARER_TOKEN", "another")
    with X([], now=NOW) as server:
        site = Site(tmp_path, x_table(server), brands=TWO_BRANDS)
        site.collect()
        with Store(site.database) as store:
            store.reports.beat("daemon", 1, started_at=NOW, now=NOW)
        assert site.run("status", "--healthcheck").code == 1
        monkeypatch.setenv("X_BEARER_TOKEN", TOKEN)
        site.collect()
        assert site.run("status", "--healthcheck").code == 0
