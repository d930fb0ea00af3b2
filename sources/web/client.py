"""Ask a service over HTTP: time-outs, retries, limits, and every failure as an error of this program."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import cache
from http.cookiejar import DefaultCookiePolicy
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Final, TypeVar
from urllib.parse import urljoin

import requests
import requests.utils
import tenacity
import urllib3.exceptions

from listener.allowance import take_request
from listener.api import (
    ForbiddenError,
    PermanentSourceError,
    RateLimitedError,
    SourceError,
    StopSignal,
    TransientSourceError,
    UnavailableError,
    UnexpectedAnswerError,
    utc_now,
)
from listener.errors import StoppedError
from listener.leash import LeashedAdapter
from sources.web.addresses import addresses_of, is_loopback, is_public, origin_of
from sources.web.answers import Answer, error_of, read_json
from sources.web.clocks import MOST_AHEAD, answered_at, check_clock
from sources.web.transport import PrivateAddressError, WebLeash

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime, timedelta
    from typing import Self

__all__ = ["Client", "Limits"]

T = TypeVar("T")

_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_KEPT_ELSEWHERE: Final = frozenset({"accept", "if-none-match", "if-modified-since"})
"""Headers that follow a redirect to another origin; all others may be credentials."""

_CHUNK_BYTES: Final = 1 << 16
_FAILURES: Final = (
    (requests.exceptions.ProxyError, "the proxy on the way to {host} did not do its part"),
    (requests.exceptions.Timeout, "{host} did not answer in time"),
    (requests.exceptions.ContentDecodingError, "the answer of {host} cannot be unpacked"),
    (requests.exceptions.ChunkedEncodingError, "the answer of {host} was cut short"),
)
"""What a failure of the network is called; the first kind that fits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bound what one call may take.

    `total_seconds` is the deadline of the whole call: tries, pauses and bodies.
    `pause_seconds` is the longest pause before another try; a service that asks
    for a longer one is not waited for. `backoff_seconds` is the first pause
    where the service names none. `body_bytes` is counted after unpacking.
    `spacing_seconds` lie between the requests of a client, for services that ask
    for so much; that pause is not counted in `total_seconds`.
    """

    connect_seconds: float = 5.0
    read_seconds: float = 10.0
    total_seconds: float = 20.0
    tries: int = 3
    backoff_seconds: float = 0.25
    pause_seconds: float = 5.0
    body_bytes: int = 10 << 20
    redirects: int = 5
    spacing_seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ask:
    """One request to make."""

    url: str
    method: str = "GET"
    params: Mapping[str, str] | None = None
    headers: Mapping[str, str]
    body: object = None


class Client:
    """Make the requests of one source; used by one thread at a time.

    `source` begins every message. Addresses that are not of the public internet
    are refused, whoever leads there, but for the origins of the URLs in
    `trusted` (what the operator wrote as `base_url`), or altogether with
    `allow_private`. A loopback URL among the trusted opens all of loopback.
    `requests_made` counts the requests sent. `judge` is asked before the status
    what an answer stands for: an error, or None where the status tells. Nothing is
    read while this machine's clock is ahead of the service's by more than `clock_ahead`. A
    host that named a time until which it wants no further request gets none before.
    `answered_at` is the time by the service's clock of the last answer, None where it named none.
    """

    def __init__(
        self,
        source: str,
        *,
        trusted: Iterable[str] = (),
        allow_private: bool = False,
        limits: Limits | None = None,
        stop: StopSignal | None = None,
        judge: Callable[[Answer], SourceError | None] | None = None,
        clock_ahead: timedelta = MOST_AHEAD,
    ) -> None:
        self.requests_made = 0
        self.answered_at: datetime | None = None
        self._clock_ahead = clock_ahead
        self._judge = judge
        self._free_at = 0.0
        self._limited: dict[tuple[str, str, int], RateLimitedError] = {}
        self._source = source
        self._limits = limits or Limits()
        self._stop = stop
        self._allow_private = allow_private
        self._trusted = {self._checked(url) for url in trusted}
        self._trusts_loopback = any(is_loopback(host) for _, host, _ in self._trusted)
        self._session = requests.Session()
        self._session.headers.update({"User-Agent": _user_agent(), "Accept-Encoding": "gzip, deflate"})
        self._session.auth = _no_netrc
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._session.mount("http://", LeashedAdapter())
        self._session.mount("https://", LeashedAdapter())

    def get_json(
        self, url: str, params: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> object:
        """Return the JSON value at `url`. Raises a SourceError, or StoppedError."""
        wanted = {"Accept": "application/json", **(headers or {})}
        return self._call(_Ask(url=url, params=params, headers=wanted), self._json)

    def post_json(
        self,
        url: str,
        body: object,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> object:
        """Send `body` as JSON and return the JSON value of the answer. Raises a SourceError, or StoppedError."""
        wanted = {"Accept": "application/json", **(headers or {})}
        return self._call(_Ask(method="POST", url=url, params=params, headers=wanted, body=body), self._json)

    def get_bytes(
        self, url: str, params: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Return the answer at `url`: 2xx, or 304 to a conditional request. Raises a SourceError, or StoppedError."""
        return self._call(_Ask(url=url, params=params, headers=headers or {}), lambda answer: answer)

    def close(self) -> None:
        """Close every connection."""
        self._session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _checked(self, url: str) -> tuple[str, str, int]:
        """Return the origin of a URL from the configuration; plain http is for this machine alone."""
        try:
            origin = scheme, host, _ = origin_of(url)
        except ValueError:
            msg = f"{self._source}: base_url is not an http or https address"
            raise PermanentSourceError(msg) from None
        if scheme == "http" and not is_loopback(host):
            msg = f"{self._source}: base_url leads to {host} over plain http; write https (http is for loopback alone)"
            raise PermanentSourceError(msg)
        return origin

    def _json(self, answer: Answer) -> object:
        return read_json(answer, source=self._source, host=_host(answer.url))

    def _call(self, ask: _Ask, read: Callable[[Answer], T]) -> T:
        """Try until an answer can be read, within the limits; the last failure is raised."""
        limits = self._limits
        if (early := self._free_at - time.monotonic()) > 0:
            self._sleep(early)
        ends = time.monotonic() + limits.total_seconds
        retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(limits.tries),
            wait=self._pause,
            retry=tenacity.retry_if_exception(
                lambda error: isinstance(error, TransientSourceError) and self._is_worth_waiting(error, ends)
            ),
            sleep=self._sleep,
            reraise=True,
        )
        return retrying(lambda: read(self._try(ask, ends)))

    def _asked_pause(self, error: TransientSourceError) -> float | None:
        return None if error.retry_at is None else (error.retry_at - utc_now()).total_seconds()

    def _is_worth_waiting(self, error: TransientSourceError, ends: float) -> bool:
        pause = self._asked_pause(error)
        if pause is None:
            return not isinstance(error, RateLimitedError) and time.monotonic() + self._limits.backoff_seconds < ends
        return pause <= self._limits.pause_seconds and time.monotonic() + pause < ends

    def _pause(self, state: tenacity.RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked = self._asked_pause(error) if isinstance(error, TransientSourceError) else None
        backoff = self._limits.backoff_seconds * 2 ** (state.attempt_number - 1)
        pause = min(self._limits.pause_seconds, max(0.0, backoff if asked is None else asked))
        return max(pause, self._free_at - time.monotonic())

    def _sleep(self, seconds: float) -> None:
        if self._stop is None:
            time.sleep(seconds)
        elif self._stop.wait(seconds):
            raise self._stopped()

    def _stopped(self) -> StoppedError:
        return StoppedError(f"{self._source}: stopped before the answer was read")

    def _try(self, ask: _Ask, ends: float) -> Answer:
        """Make one request, follow its redirects, raise what its answer stands for."""
        first = _host(ask.url)
        for _ in range(self._limits.redirects + 1):
            self._check_address(ask.url)
            if self._stop is not None and self._stop.is_set():
                raise self._stopped()
            self._check_limit(ask.url)
            answer = self._hop(ask, ends)
            if answer.status not in _REDIRECTS or "location" not in answer.headers:
                error = self._judge(answer) if self._judge is not None else None
                error = error or error_of(answer, source=self._source, host=_host(ask.url), now=utc_now())
                if isinstance(error, RateLimitedError):
                    self._limited[origin_of(ask.url)] = error
                if error is not None:
                    raise error
                check_clock(answer.headers, who=f"{self._source}: {_host(ask.url)}", most=self._clock_ahead)
                self.answered_at = answered_at(answer.headers)
                return answer
            if ask.method != "GET":
                break
            ask = self._redirected(ask, answer.headers["location"])
        msg = f"{self._source}: {first} redirects too often or where it should not"
        raise UnexpectedAnswerError(msg)

    def _redirected(self, ask: _Ask, location: str) -> _Ask:
        """Return the request that a redirect asks for, without what may be credentials where it leads elsewhere."""
        try:
            target = urljoin(ask.url, location)
            if origin_of(target) == origin_of(ask.url):
                return _Ask(url=target, headers=ask.headers)
        except ValueError:
            msg = f"{self._source}: {_host(ask.url)} redirects to something that is not a web address"
            raise UnexpectedAnswerError(msg) from None
        if self._leads_home(ask.url, target):
            raise self._private(_host(target))
        kept = {name: value for name, value in ask.headers.items() if name.lower() in _KEPT_ELSEWHERE}
        return _Ask(url=target, headers=kept)

    def _leads_home(self, url: str, target: str) -> bool:
        """Say whether somebody else redirects to this machine: what is trusted of it, is not for them to ask."""
        is_from_home = is_loopback(origin_of(url)[1])
        return is_loopback(origin_of(target)[1]) and not (is_from_home or self._allow_private)

    def _check_limit(self, url: str) -> None:
        """Raise anew what a host said that wants to be left alone for a while: it is not asked sooner."""
        said = self._limited.get(origin_of(url))
        if said is not None and said.retry_at is not None and utc_now() < said.retry_at:
            raise RateLimitedError(str(said), retry_at=said.retry_at)

    def _check_address(self, url: str) -> None:
        """Refuse what is not http(s), and hosts that are not of the public internet."""
        try:
            origin = _, host, port = origin_of(url)
        except ValueError:
            msg = f"{self._source}: {_host(url)} is not an http or https address"
            raise PermanentSourceError(msg) from None
        if not self._is_guarded(origin):
            return
        found = addresses_of(host, port)
        if is_loopback(host) or any(not is_public(address) for address in found):
            raise self._private(host)

    def _is_guarded(self, origin: tuple[str, str, int]) -> bool:
        trusted = origin in self._trusted or (self._trusts_loopback and is_loopback(origin[1]))
        return not (self._allow_private or trusted)

    def _private(self, host: str) -> ForbiddenError:
        return ForbiddenError(
            f"{self._source}: {host} is an address of a private network; set allow_private if that is meant"
        )

    def _hop(self, ask: _Ask, ends: float) -> Answer:
        """Send one request and read its answer whole, before the deadline."""
        left, host = max(0.05, ends - time.monotonic()), _host(ask.url)
        take_request(self._source)
        leash = WebLeash(seconds=left, stop=self._stop, public_only=self._is_guarded(origin_of(ask.url)))
        with leash:
            self.requests_made += 1
            self._free_at = time.monotonic() + self._limits.spacing_seconds
            try:
                answer = self._exchange(ask, left)
            except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as problem:
                if leash.broken:
                    raise self._broken(leash, host) from None
                raise self._failure(problem, host) from None
            if leash.broken:  # a body without a length ends in silence
                raise self._broken(leash, host)
            return answer

    def _exchange(self, ask: _Ask, left: float) -> Answer:
        limits = self._limits
        with self._session.request(
            ask.method,
            ask.url,
            params=ask.params,
            headers=dict(ask.headers),
            json=ask.body,
            timeout=(min(limits.connect_seconds, left), min(limits.read_seconds, left)),
            allow_redirects=False,
            stream=True,
        ) as response:
            fields = {name.lower(): value for name, value in response.headers.items()}
            chunks: list[bytes] = []
            size = 0
            if response.status_code not in _REDIRECTS:
                for chunk in response.iter_content(_CHUNK_BYTES):
                    chunks.append(chunk)
                    size += len(chunk)
                    if size > limits.body_bytes:
                        raise _TooLargeError
            return Answer(status=response.status_code, headers=fields, body=b"".join(chunks), url=response.url)

    def _broken(self, leash: WebLeash, host: str) -> StoppedError | UnavailableError:
        if leash.broken == "stop":
            return self._stopped()
        return UnavailableError(f"{self._source}: {host} did not finish its answer in {self._limits.total_seconds:g} s")

    def _failure(self, problem: Exception, host: str) -> SourceError:
        """Return the error that a failure of the network stands for."""
        source = self._source
        if isinstance(problem, _TooLargeError):
            size = f"{self._limits.body_bytes / (1 << 20):g} MiB"
            return UnexpectedAnswerError(f"{source}: the answer of {host} is larger than {size}")
        if any(isinstance(cause, PrivateAddressError) for cause in _causes(problem)):
            return self._private(host)
        if isinstance(problem, requests.exceptions.SSLError) and "CERTIFICATE_VERIFY_FAILED" in str(problem):
            return PermanentSourceError(
                f"{source}: the certificate of {host} is not trusted; REQUESTS_CA_BUNDLE may name a file of "
                "certificates to trust"
            )
        if isinstance(problem, ValueError) and not isinstance(problem, requests.exceptions.ContentDecodingError):
            return PermanentSourceError(f"{source}: {host} is not a host that can be asked")
        for kind, sentence in _FAILURES:
            if isinstance(problem, kind):
                return UnavailableError(f"{source}: {sentence.format(host=host)}")
        return UnavailableError(f"{source}: {host} cannot be reached or hung up")


class _TooLargeError(ValueError):
    """An answer went past the size limit."""


def _causes(problem: BaseException) -> Iterable[BaseException]:
    """Yield an exception, what it wraps and what led to it."""
    waiting: list[object] = [problem]
    seen: set[int] = set()
    while waiting:
        cause = waiting.pop()
        if isinstance(cause, BaseException) and id(cause) not in seen:
            seen.add(id(cause))
            yield cause
            waiting += [cause.__cause__, cause.__context__, getattr(cause, "reason", None), *cause.args]


def _host(url: str) -> str:
    """Return the host of a URL for messages; queries and passwords of a URL are nobody's business."""
    try:
        return origin_of(url)[1]
    except ValueError:
        return "the given address"


def _no_netrc(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Add no credentials: a feed's host must not get those that ~/.netrc has for it."""
    return request


@cache
def _user_agent() -> str:
    try:
        number = version("social-listener")
    except PackageNotFoundError:
        number = "0"
    return f"social-listener/{number} (self-hosted; python-requests/{requests.__version__})"
