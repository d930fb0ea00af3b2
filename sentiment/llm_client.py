"""Send one request to a language model's service, and say how it ended; nothing is raised."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final

import requests
import urllib3

from listener.api import CredentialsError, NotFoundError, UnavailableError
from listener.errors import suggest
from listener.leash import Leash, LeashedAdapter, was_reached

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sentiment.llm_options import LlmOptions

__all__ = ["LlmClient", "Reply"]

_MOST_BYTES: Final = 1 << 20
_CHUNK: Final = 1 << 14
_CONNECT_SECONDS: Final = 10.0
_MOST_LISTED: Final = 30
_TOO_MANY: Final = 429
_USUAL_PAUSE: Final = 1.0
_GAVE_UP_WAITING: Final = frozenset({504, 524})
"""A gateway waited for the model no longer, which may have worked to the end (RFC 9110, 15.6.5; Cloudflare's 524)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """Say how a request ended.

    `content` is what the model wrote, None where there is none; `reason` then says
    why. `sent` and `received` are the tokens as the service counts them, None where
    it does not say. `pause` is how many seconds later another try may do better,
    None where none will. `is_free` says that nothing can have been billed, `is_sent`
    that the service may have got the request at all.
    """

    content: str | None = None
    reason: str | None = None
    sent: int | None = None
    received: int | None = None
    pause: float | None = None
    is_free: bool = False
    is_sent: bool = True


class LlmClient:
    """Hold the connection to one service. Safe to use from several threads: each request has a session of its own."""

    def __init__(self, options: LlmOptions) -> None:
        self._url = f"{options.base_url.rstrip('/')}/chat/completions"
        self._models_url = f"{options.base_url.rstrip('/')}/models"
        self._model = options.model
        self._key = options.api_key
        self._seconds = options.timeout.total_seconds()

    def check(self) -> str:
        """Ask for the list of models, which costs nothing; return one line on what answered.

        Raises CredentialsError where the key is missing or refused, UnavailableError
        where nothing answers, NotFoundError where the model is not in the list.
        """
        headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
        if self._key.env or self._key.file:
            headers["Authorization"] = f"Bearer {self._key.reveal()}"
        try:
            with (
                requests.Session() as session,
                Leash(seconds=_CONNECT_SECONDS) as leash,
                _sent(session, "GET", self._models_url, headers=headers, seconds=_CONNECT_SECONDS) as answer,
            ):
                listed = _listed(_body(answer, leash) or b"") if answer.status_code == requests.codes.ok else set()
            if leash.broken:
                raise requests.exceptions.ReadTimeout  # as one that sends nothing at all
        except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            msg = f"{self._models_url} does not answer: {type(error).__name__}"
            raise UnavailableError(msg) from None
        if answer.status_code in {requests.codes.unauthorized, requests.codes.forbidden}:
            msg = f"{self._models_url} refuses the key; looked into {self._key.places}"
            raise CredentialsError(msg)
        if answer.status_code != requests.codes.ok:
            msg = f"{self._models_url} answers {answer.status_code}"
            raise UnavailableError(msg)
        if listed and self._model not in listed:
            msg = (
                f"{self._models_url} has no model {self._model}; {suggest(self._model, sorted(listed)[:_MOST_LISTED])}"
            )
            raise NotFoundError(msg)
        return f"{self._models_url} answers" + (f", and has {self._model}" if listed else "")

    def ask(self, body: bytes) -> Reply:
        """Send a request and wait for its answer, at most as long as the options say."""
        headers = {"Content-Type": "application/json", "Accept": "application/json", "Accept-Encoding": "identity"}
        if self._key.env or self._key.file:
            try:
                headers["Authorization"] = f"Bearer {self._key.reveal()}"
            except CredentialsError:
                return Reply(reason="llm_no_key", is_free=True, is_sent=False)
        try:
            with (
                requests.Session() as session,
                Leash(seconds=self._seconds) as leash,
                _sent(session, "POST", self._url, headers=headers, seconds=self._seconds, body=body) as response,
            ):
                return self._read(response, leash)
        except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            is_sent = was_reached(error)
            return Reply(reason="llm_unavailable", pause=_USUAL_PAUSE, is_free=not is_sent, is_sent=is_sent)

    def _read(self, response: requests.Response, leash: Leash) -> Reply:
        status = response.status_code
        if status == _TOO_MANY:
            return Reply(reason="llm_rate_limited", pause=_pause(response), is_free=True)
        if status >= requests.codes.internal_server_error:
            is_free = status not in _GAVE_UP_WAITING
            return Reply(reason="llm_unavailable", pause=_pause(response), is_free=is_free)
        if status != requests.codes.ok or response.headers.get("Content-Encoding", "identity") != "identity":
            return Reply(reason="llm_refused", is_free=status != requests.codes.ok)
        received = _body(response, leash)
        if leash.broken:
            return Reply(reason="llm_unavailable")
        return Reply(reason="llm_invalid_answer") if received is None else _reply_of(received)


def _sent(
    session: requests.Session,
    method: str,
    url: str,
    *,
    headers: Mapping[str, str],
    seconds: float,
    body: bytes | None = None,
) -> requests.Response:
    """Return the answer to a request, of which the headers were read."""
    session.auth = _as_it_is
    for prefix in ("http://", "https://"):
        session.mount(prefix, LeashedAdapter())
    return session.request(
        method,
        url,
        data=body,
        headers=headers,
        timeout=(min(_CONNECT_SECONDS, seconds), seconds),
        stream=True,
        allow_redirects=False,
    )


def _body(response: requests.Response, leash: Leash) -> bytes | None:
    """Return the body of an answer as it came; None where it is too large, or did not end in time."""
    received = bytearray()
    try:
        while chunk := response.raw.read1(_CHUNK):
            received += chunk
            if len(received) > _MOST_BYTES:
                return None
    except (urllib3.exceptions.HTTPError, OSError):
        if leash.broken:
            return None
        raise
    return bytes(received)


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Add no credentials: the service must not get those that ~/.netrc has for its host."""
    return request


def _pause(response: requests.Response) -> float:
    """Return the seconds that the service asks to wait for (RFC 9110, 10.2.3)."""
    written = response.headers.get("Retry-After", "").strip()
    if written.isdecimal():
        return float(written[:9])
    try:
        at = parsedate_to_datetime(written)
        aware = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
        return max(0.0, (aware - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError, IndexError, OverflowError):
        return _USUAL_PAUSE


def _listed(body: bytes) -> set[str]:
    """Return the names of a list of models; also without the ":latest" that Ollama adds. Empty where it is no list."""
    try:
        names = {str(one["id"]) for one in json.loads(body[:_MOST_BYTES])["data"]}
    except (ValueError, LookupError, TypeError, RecursionError):
        return set()
    return names | {name.removesuffix(":latest") for name in names}


def _reply_of(body: bytes) -> Reply:
    """Return what stands in the body of a good answer."""
    try:
        answer: Any = json.loads(body)
        choice = answer["choices"][0]
        content = choice["message"]["content"]
        usage = answer.get("usage") or {}
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return Reply(reason="llm_invalid_answer")
    sent, received = _tokens(usage)
    if not isinstance(content, str) or choice.get("finish_reason") == "length":
        return Reply(reason="llm_invalid_answer", sent=sent, received=received)
    return Reply(content=content, sent=sent, received=received)


def _tokens(usage: Any) -> tuple[int | None, int | None]:
    """Return the tokens sent and received, None where the service does not count them; 0 is no count.

    Some services count what a model thought in the total alone, and charge for it as for what is received (xAI:
    docs.x.ai, consumption and rate limits, as vercel/ai #12425 quotes it; Gemini: mozilla-ai/any-llm #1290).
    """
    sent, received, total = (_count(usage, name) for name in ("prompt_tokens", "completion_tokens", "total_tokens"))
    if sent and received is not None and total is not None:
        received = max(received, total - sent)
    return sent or None, received or None


def _count(usage: Any, name: str) -> int | None:
    value = usage.get(name) if isinstance(usage, dict) else None
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 40 else None
