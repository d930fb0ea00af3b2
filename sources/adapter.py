"""Bound and redirect the requests of client libraries that bring their own `requests.Session`.

tweepy and praw know neither a total time limit nor a limit of size, and tweepy
no other host than its own. Both send through adapters that can be mounted on
their session; this one puts a limit on everything, ends it when a stop is asked
for, and turns every failure into a SourceError before the library can misread it.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import datetime, timedelta
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Final, TypeVar
from urllib.parse import urlsplit, urlunsplit

import requests
import urllib3
from requests.utils import get_environ_proxies

from listener.allowance import take_request
from listener.errors import ConfigError, ListenerError, StoppedError, UnavailableError, UsageError
from listener.leash import Leash, LeashedAdapter, was_reached
from sources.text import instant_from_epoch, instant_from_http
from sources.web.addresses import is_loopback
from sources.web.clocks import answered_at, check_clock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from listener.protocols import StopSignal

__all__ = ["BoundedAdapter", "Limits", "checked_base_url", "checked_each", "header_safe", "retry_after"]

T = TypeVar("T")

_PIECE: Final = 1 << 16
"""Bytes read at a time; at most one read of the socket stands behind each."""

_MOST_TOLD: Final = 20
"""Wrong entries of one list that are told one by one."""

_LONGEST_WAIT: Final = timedelta(days=1)
"""No limit of these services lasts longer; a header that says so is not believed."""

_NO_TIME: Final = 1e15
"""Neither seconds nor milliseconds since 1970 are so many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bound one request: seconds to connect, of silence, and in all; bytes of the unpacked body."""

    connect_seconds: float = 10.0
    read_seconds: float = 20.0
    total_seconds: float = 60.0
    body_bytes: int = 16 << 20


class BoundedAdapter(LeashedAdapter):
    """Send requests of one service within limits, to another host where `base_url` says so.

    `service` is what messages call it. `judge` is given each whole answer and
    raises the SourceError it amounts to, or returns. Faults of the connection
    are raised as UnavailableError, a stop asked for through `stop` as
    StoppedError. `requests` counts what was sent; `answered_at` is the time by the
    service's clock of the last answer that could be read, None where it named none.
    """

    def __init__(
        self,
        service: str,
        *,
        judge: Callable[[requests.Response], None],
        base_url: str | None = None,
        limits: Limits | None = None,
        stop: StopSignal | None = None,
    ) -> None:
        self.service = service
        self.requests = 0
        self.answered_at: datetime | None = None
        self._judge = judge
        self._base = urlsplit(base_url) if base_url else None
        self._limits = limits or Limits()
        self._stop = stop
        super().__init__()

    def serve(self, session: requests.Session, *prefixes: str) -> None:
        """Take over the requests of a session to addresses that begin with `prefixes`.

        The session then keeps no cookies, and takes no password out of a .netrc
        to put in the place of the token it is given.
        """
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        session.auth = _as_it_is
        for prefix in prefixes:
            session.mount(prefix, self)

    def send(  # noqa: PLR0917 - the signature is HTTPAdapter's
        self,
        request: requests.PreparedRequest,
        stream: bool = False,  # noqa: ARG002 - the body is always read here, within the limits
        timeout: object = None,  # noqa: ARG002 - the limits are ours
        verify: bool | str = True,
        cert: str | bytes | tuple[str | bytes, str | bytes] | None = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Send, read the whole answer and let it be judged; raises SourceError, or StoppedError."""
        if self._base is not None:
            proxies = self._turn(request)
        take_request(self.service)
        self.requests += 1
        limits = self._limits
        with Leash(seconds=limits.total_seconds, stop=self._stop) as leash:
            try:
                answer = super().send(
                    request,
                    stream=True,
                    timeout=(limits.connect_seconds, limits.read_seconds),
                    verify=verify,
                    cert=cert,
                    proxies=proxies,
                )
                self._take_body(answer)
            except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
                raise self._failure(error, leash) from None
            if leash.broken:  # the end of a connection may look like the end of a body
                raise self._failure(OSError(), leash)
        if (request.headers.get("Connection") or "").lower() == "close":
            self.close()  # the server hangs up; the next request would meet it doing so
        headers = dict(answer.headers)
        self._judge(answer)  # which may empty them
        check_clock(headers, who=self.service, may_cost=True)
        self.answered_at = answered_at(headers)
        return answer

    def _turn(self, request: requests.PreparedRequest) -> Mapping[str, str]:
        """Point a request at the configured host; return the proxies that lead there."""
        assert self._base is not None  # noqa: S101 - for the type checker; the caller asked
        parts = urlsplit(request.url or "")
        path = self._base.path.rstrip("/") + str(parts.path)
        request.url = urlunsplit((self._base.scheme, self._base.netloc, path, str(parts.query), ""))
        proxies: Mapping[str, str] = get_environ_proxies(request.url)
        return proxies

    def _take_body(self, answer: requests.Response) -> None:
        """Read the body, unpacked, and put it in the place of the connection."""
        connection = answer.raw
        pieces: list[bytes] = []
        size = 0
        try:
            while piece := connection.read1(_PIECE, decode_content=True):
                pieces.append(piece)
                size += len(piece)
                if size > self._limits.body_bytes:
                    msg = f"{self.service} sent more than {self._limits.body_bytes >> 10} KiB in one answer"
                    raise UnavailableError(msg, may_cost=True)
        finally:
            connection.close()  # gives the connection back where it was read to its end
        answer.raw = io.BytesIO(b"".join(pieces))

    def _failure(self, error: Exception, leash: Leash) -> ListenerError:
        """Return what a broken connection amounts to."""
        if leash.broken == "stop":
            return StoppedError(f"{self.service}: stopped before the answer was read")
        late = f"took longer than {self._limits.total_seconds:g} s over one answer"
        said = f"{self.service} {late if leash.broken else _fault(error)}; the next pass tries again"
        return UnavailableError(said, may_cost=was_reached(error))


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _fault(error: Exception) -> str:
    """Say what broke a connection, without the address and headers that the library's own words hold."""
    for kind, words in _FAULTS:
        if isinstance(error, kind):
            return words
    return "could not be reached, or hung up"


_FAULTS: Final = (
    (requests.exceptions.SSLError, "has no certificate that this machine trusts"),
    (requests.exceptions.ProxyError, "could not be reached through the proxy"),
    (requests.exceptions.ConnectTimeout, "could not be reached in time"),
    (requests.exceptions.Timeout, "did not answer in time"),
    (urllib3.exceptions.TimeoutError, "stopped in mid answer"),
    (urllib3.exceptions.HTTPError, "cut its answer short, or garbled it"),
)


def checked_base_url(base_url: str, *, option: str) -> str:
    """Return `base_url` without a slash at its end, once it is fit to be sent secrets.

    Raises UsageError naming `option` unless it is https, or http on loopback.
    """
    try:
        parts = urlsplit(base_url)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        parts, host = urlsplit(""), ""
    if not host or parts.scheme not in {"http", "https"} or parts.query or parts.fragment or parts.username:
        msg = f"{option}: write an address such as https://api.example.org, without user name and question mark"
        raise UsageError(msg)
    if parts.scheme == "http" and not is_loopback(host):
        msg = f"{option}: {host} is another machine, and secrets would be sent to it in the clear; write https://"
        raise UsageError(msg)
    return base_url.rstrip("/")


def checked_each(entries: Iterable[str], check: Callable[[str, str], T], *, option: str) -> list[T]:
    """Return what `check` makes of each entry of a list and the name of its place, such as ``sources.rss.feeds[2]``.

    Raises UsageError with everything that is wrong, a ConfigError where that is more than one.
    """
    checked: list[T] = []
    problems: list[str] = []
    for number, entry in enumerate(entries, start=1):
        try:
            checked.append(check(entry, f"{option}[{number}]"))
        except UsageError as error:
            problems.append(str(error))
    if len(problems) == 1:
        raise UsageError(problems[0])
    if problems:
        more = len(problems) - _MOST_TOLD
        told = [*problems[:_MOST_TOLD], f"{option}: {more} more are wrong"] if more > 0 else problems
        raise ConfigError(told)
    return checked


def header_safe(text: str) -> bool:
    """Say whether `text` may stand in a header: visible ASCII without a blank, at most 4 kB."""
    return 0 < len(text) <= 4096 and text.isascii() and text.isprintable() and " " not in text  # noqa: PLR2004


def retry_after(headers: Mapping[str, str], *, now: datetime, reset_header: str, counts_down: bool) -> datetime | None:
    """Return when an answer's headers allow the next request; None where they do not say.

    `reset_header` holds epoch seconds or, where it `counts_down`, the seconds
    left; Retry-After (RFC 9110: seconds or a date) is read where it is missing.
    Never later than a day from `now`.
    """
    reset = _number(headers.get(reset_header))
    if reset is None:
        named = None
    elif counts_down:
        named = _within_a_day(now, reset)
    else:
        named = instant_from_epoch(min(reset, (now + _LONGEST_WAIT).timestamp()))
    if named is None:
        after = headers.get("retry-after")
        seconds = _number(after)
        named = instant_from_http(after) if seconds is None else _within_a_day(now, seconds)
    return None if named is None else min(named, now + _LONGEST_WAIT)


def _number(text: str | None) -> float | None:
    """Return the decimal number that a header holds; None where it holds none that could be a time."""
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if abs(number) < _NO_TIME else None


def _within_a_day(now: datetime, seconds: float) -> datetime:
    """Return the instant so many seconds after `now`, no further from it than a day."""
    day = _LONGEST_WAIT.total_seconds()
    return now + timedelta(seconds=min(day, max(-day, seconds)))
