"""Tell what an answer of X other than posts amounts to: which of the program's errors.

Shapes of problems and limits: docs.x.com, seen 2026-11-22.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from listener.api import (
    ClockAheadError,
    CredentialsError,
    ForbiddenError,
    NotFoundError,
    RateLimitedError,
    RejectedQueryError,
    UnavailableError,
    UnexpectedAnswerError,
    UsageCappedError,
)
from sources.adapter import retry_after
from sources.text import as_list, as_object, clean_line

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    import requests

__all__ = ["Judge", "TooOldError", "unreadable"]


class TooOldError(RejectedQueryError):
    """Report that X refuses the beginning of the window as too long ago."""


class Judge:
    """Raise what an answer stands for; `places` says where the token is looked for, `now` tells the time."""

    def __init__(self, places: str, *, now: Callable[[], datetime]) -> None:
        self._places = places
        self._now = now

    def __call__(self, answer: requests.Response) -> None:
        """Raise what an answer other than 2xx amounts to."""
        status = answer.status_code
        if 200 <= status < 300:  # noqa: PLR2004 - the classes of HTTP
            return
        problem = _problem(answer)
        said = _said(answer, problem)
        if status == 429 and "usage-capped" not in str(problem.get("type")):  # noqa: PLR2004
            msg = f"X asks to slow down{said}; the next pass goes on where this one stopped"
            raise RateLimitedError(msg, retry_at=self._retry_at(answer))
        if status in {402, 429}:
            msg = f"the posts that this X project may read or has paid for are used up{said}; see its usage page at X"
            raise UsageCappedError(msg)
        if status == 400 and _blames(problem, "end_time"):  # noqa: PLR2004
            msg = f"X takes the end of the window for a time to come{said}; check this machine's clock"
            raise ClockAheadError(msg)
        if status == 400 and _blames(problem, "since_id", "start_time"):  # noqa: PLR2004
            msg = f"X refuses the beginning of the window{said}; shorten the look-back to 7 days"
            raise TooOldError(msg)
        if status in {400, 413, 414, 422}:
            msg = f"X refuses the query{said}; change the brand's query"
            raise RejectedQueryError(msg)
        if status == 401:  # noqa: PLR2004
            msg = f"X refuses the bearer token{said}; check {self._places}"
            raise CredentialsError(msg)
        if status in {403, 451}:
            msg = f"X does not allow this app to search{said}; check the app's project and plan at X"
            raise ForbiddenError(msg)
        self._rest(answer, said)

    def _rest(self, answer: requests.Response, said: str) -> None:
        status = answer.status_code
        if status in {404, 410}:
            msg = f"X has no such page ({status}){said}; check sources.x.base_url"
            raise NotFoundError(msg)
        if status >= 500 or status in {408, 425}:  # noqa: PLR2004
            msg = f"X is out of order ({status}){said}; the next pass tries again"
            raise UnavailableError(msg, retry_at=self._retry_at(answer))
        msg = f"X answered with status {status}, which its documentation does not name{said}; check sources.x.base_url"
        raise UnexpectedAnswerError(msg)

    def _retry_at(self, answer: requests.Response) -> datetime | None:
        return retry_after(answer.headers, now=self._now(), reset_header="x-rate-limit-reset", counts_down=False)


def _said(answer: requests.Response, problem: Mapping[str, object]) -> str:
    """Return X's own words as a part of a sentence, without the token, whatever was sent back."""
    errors = [as_object(error) for error in as_list(problem.get("errors"))]
    words = [*(error.get("message") for error in errors), problem.get("detail"), problem.get("title")]
    said = next((word for word in words if isinstance(word, str) and word.strip()), "")
    token = (answer.request.headers.get("Authorization") or "").removeprefix("Bearer ")
    said = said.replace(token, "[token]") if token else said
    return f' ("{clean_line(said, limit=200).rstrip(".")}")' if said else ""


def _problem(answer: requests.Response) -> Mapping[str, object]:
    """Return the problem an answer describes; an empty one where it is not JSON."""
    try:
        return as_object(answer.json())
    except (ValueError, RecursionError):
        return {}


def _blames(problem: Mapping[str, object], *names: str) -> bool:
    """Say whether a refusal is about one of these parameters."""
    errors = [as_object(error) for error in as_list(problem.get("errors"))]
    return any(name in as_object(error.get("parameters")) for error in errors for name in names)


def unreadable() -> UnavailableError:
    """Return the error that an answer stands for which cannot be read."""
    msg = "X answered with something that is not JSON, or is cut; the next pass tries again"
    return UnavailableError(msg, may_cost=True)
