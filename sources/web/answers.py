"""Tell what an HTTP answer means: content, or which of the program's errors."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from listener.api import (
    CredentialsError,
    ForbiddenError,
    NotFoundError,
    PermanentSourceError,
    RateLimitedError,
    RejectedQueryError,
    SourceError,
    UnavailableError,
    UnexpectedAnswerError,
    UsageCappedError,
)
from sources.text import clean_line, instant_from_epoch, instant_from_http, instant_from_iso

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Answer", "error_of", "read_json", "retry_instant"]

_LONGEST_PAUSE: Final = timedelta(days=1)
_EARLIEST_EPOCH: Final = 1_000_000_000
_RESETS: Final = ("x-rate-limit-reset", "x-ratelimit-reset", "ratelimit-reset")
_LEFT: Final = ("x-rate-limit-remaining", "x-ratelimit-remaining", "ratelimit-remaining")
_EXPLANATIONS: Final = ("message", "detail", "error_description", "error_message", "error", "title")
_REFUSED: Final = (RejectedQueryError, "the request is refused")
_PERMANENT: Final[dict[int, tuple[type[PermanentSourceError], str]]] = {
    400: _REFUSED,
    401: (CredentialsError, "the credentials are missing or refused"),
    402: (UsageCappedError, "the account's credit or plan is used up"),
    403: (ForbiddenError, "this may not be read with these credentials"),
    404: (NotFoundError, "what was asked for is not there"),
    410: (NotFoundError, "what was asked for is gone for good"),
    413: _REFUSED,
    414: _REFUSED,
    422: _REFUSED,
    451: (ForbiddenError, "this may not be shown for legal reasons"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Hold one HTTP answer, unpacked; header names in lower case, `url` after redirects."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str


def retry_instant(headers: Mapping[str, str], now: datetime) -> datetime | None:
    """Return when to come back, by Retry-After (seconds or date) or a rate limit's reset; None where not said.

    A reset may be epoch seconds (X, GitHub, Bluesky), seconds left (Reddit) or
    ISO 8601 (Mastodon). A pause is never taken to be longer than a day.
    """
    for name in ("retry-after", *_RESETS):
        value = headers.get(name, "").strip()
        instant = _numeric_instant(value, now) or instant_from_http(value) or instant_from_iso(value)
        if instant is not None:
            return max(now, min(instant, now + _LONGEST_PAUSE))
    return None


def _numeric_instant(value: str, now: datetime) -> datetime | None:
    if not re.fullmatch(r"\d{1,12}(\.\d{1,9})?", value, re.ASCII):
        return None
    number = float(value)
    latest = now + _LONGEST_PAUSE
    if number >= _EARLIEST_EPOCH:
        return instant_from_epoch(min(number, latest.timestamp()))
    return min(now + timedelta(seconds=math.ceil(number)), latest)


def error_of(answer: Answer, *, source: str, host: str, now: datetime) -> SourceError | None:
    """Return the error an answer stands for; None for 2xx and 304."""
    status, retry_at = answer.status, retry_instant(answer.headers, now)
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES or status == HTTPStatus.NOT_MODIFIED:
        return None
    says = f"{source}: {host} answered {status}"
    if status == HTTPStatus.TOO_MANY_REQUESTS or (status == HTTPStatus.FORBIDDEN and _is_limit(answer)):
        return RateLimitedError(f"{says}: the rate limit is reached", retry_at=retry_at)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return UnavailableError(f"{says}: the server is down or overloaded", retry_at=retry_at)
    if status in {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY}:
        return UnavailableError(f"{says}: the server ran out of time", retry_at=retry_at)
    made, meaning = _PERMANENT.get(status, (UnexpectedAnswerError, "this program does not know how to read that"))
    return made(f"{says}: {meaning}{_explanation(answer.body) if made is RejectedQueryError else ''}")


def _is_limit(answer: Answer) -> bool:
    """Say whether a 403 is a limit: by its headers or, as with GitHub's secondary limits, by its words alone."""
    headers = answer.headers
    return (
        "retry-after" in headers
        or any(headers.get(name, "").strip() == "0" for name in _LEFT)
        or b"secondary rate limit" in answer.body[:10_000]
    )


def _explanation(body: bytes) -> str:
    """Return the service's own words on a refusal, as the end of a sentence; empty where it has none."""
    try:
        value = json.loads(body[:10_000])
    except (ValueError, RecursionError):
        return ""
    fields = value if isinstance(value, dict) else {}
    words = next((fields[name] for name in _EXPLANATIONS if isinstance(fields.get(name), str)), "")
    return f' ("{clean_line(words, limit=200)}")' if words else ""


def read_json(answer: Answer, *, source: str, host: str) -> object:
    """Return the JSON value of an answer.

    Raises UnavailableError where it was cut short, UnexpectedAnswerError where it is something else.
    """
    text = answer.body.decode("utf-8-sig", "replace").strip()
    if text.startswith("<"):
        msg = f"{source}: {host} sent a web page where JSON is documented"
        raise UnexpectedAnswerError(msg)
    if not text:
        msg = f"{source}: {host} sent an empty answer"
        raise UnavailableError(msg)
    try:
        value: object = json.loads(text, parse_constant=lambda _: None)
    except (ValueError, RecursionError) as problem:
        at_end = isinstance(problem, json.JSONDecodeError) and problem.pos >= len(text)
        if text[0] in "{[" and (at_end or text[-1] not in "}]"):
            msg = f"{source}: the answer of {host} was cut short"
            raise UnavailableError(msg) from None
        msg = f"{source}: {host} sent something that is not JSON"
        raise UnexpectedAnswerError(msg) from None
    return value
