"""Drain Jetstream, the public stream of every post on Bluesky, from a point in time up to another.

A websocket that sends one JSON event a message, first what happened since a
cursor (microseconds), then what happens: github.com/bluesky-social/jetstream and
docs.bsky.app, seen 2026-11-22. A cursor older than the 36 h that the public
servers keep is moved up without a word; that gap is noticed here. Delivery is
at least once. Deletions of posts and changes of accounts come along.
"""

from __future__ import annotations

import contextlib
import logging
import os
import ssl
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode, urlsplit

import orjson
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI
from websockets.sync.client import connect

from listener.allowance import take_request
from listener.api import PermanentSourceError, SourceError, StopSignal, UnavailableError, utc_now
from listener.errors import StoppedError, UsageError
from listener.query.automaton import automaton_of
from listener.query.text import fold_to_bytes
from sources.bluesky_posts import COLLECTION, hashtags_of_record
from sources.text import clean
from sources.web.addresses import is_loopback
from sources.web.answers import Answer, error_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from websockets.sync.client import ClientConnection

__all__ = ["Bounds", "Drained", "Jetstream", "Sieve", "sift"]

logger = logging.getLogger(__name__)

_PATH: Final = "/subscribe"
_MOST_BYTES_A_MESSAGE: Final = 1 << 20
_LOOK_EVERY_SECONDS: Final = 0.25
_MOST_UNREADABLE: Final = 1000
_IN_TRANSIT_EVENTS: Final = 1024
"""Messages that may wait for the reader; with few of them every message costs a change of thread."""


class Sieve:
    """Tell the texts in which a query may hold: those with one of a few strings.

    `terms` are folded, as `listener.query.clauses` gives them; without any, every text passes.
    Whatever `authors` (dids) write passes too.
    """

    def __init__(self, terms: Iterable[str], *, authors: Iterable[str] = ()) -> None:
        known = sorted(set(terms))
        self.authors = frozenset(authors)
        self._find = automaton_of(known).find_matches_as_indexes if known else None

    def passes(self, text: str) -> bool:
        """Say whether one of the strings stands in a text."""
        return self._find is None or bool(self._find(fold_to_bytes(text)))


def sift(frame: str | bytes, sieve: Sieve) -> tuple[int, Mapping[str, object] | None] | None:
    """Return the time of an event, and the event itself where it is to be looked at.

    That is a post that passes the sieve, the deletion of a post, or a change of an
    account. None for what is no event at all.
    """
    try:
        event = orjson.loads(frame)
    except orjson.JSONDecodeError:
        return None
    time_us = event.get("time_us") if isinstance(event, dict) else None
    if type(time_us) is not int or time_us < 0:
        return None
    commit = event.get("commit")
    if not isinstance(commit, dict) or commit.get("collection") != COLLECTION:
        return time_us, event if event.get("kind") == "account" else None
    record = commit.get("record")
    text = record.get("text") if isinstance(record, dict) else None
    if not isinstance(record, dict) or not isinstance(text, str):
        return time_us, event if commit.get("operation") == "delete" else None
    if sieve.authors and event.get("did") in sieve.authors:
        return time_us, event
    if "facets" in record or "tags" in record:
        tags = hashtags_of_record(record, text)
        if tags:
            text = f"{text}\n#{' #'.join(tags)}"
    if not text.replace("\n", " ").isprintable():
        text = clean(text)  # what is invisible may stand inside a word
    return time_us, event if sieve.passes(text) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Bound one reading: events and bytes received, seconds in all, seconds of silence."""

    events: int = 20_000
    total_bytes: int = 64 << 20
    total_seconds: float = 30.0
    silent_seconds: float = 10.0


@dataclass(slots=True, kw_only=True)
class Drained:
    """Collect one reading.

    `events` are the posts that passed the sieve, deletions and changes of accounts,
    in the stream's order, with the time of each in microseconds. `first_us` and `last_us` are the times of the
    first and the latest event received, None where there was none. `count` and
    `unreadable` count events after `known_us` and messages that are no events.
    `is_done` says that the end asked for was reached.
    """

    known_us: int
    events: list[tuple[int, Mapping[str, object]]] = field(default_factory=list)
    first_us: int | None = None
    last_us: int | None = None
    count: int = 0
    unreadable: int = 0
    is_done: bool = False


class Jetstream:
    """Read one Jetstream server; each reading has a connection of its own, `requests_made` counts them.

    Raises UsageError unless `base_url` is wss, or ws on loopback.
    """

    def __init__(self, base_url: str, *, bounds: Bounds, stop: StopSignal | None) -> None:
        self._base = _checked(base_url)
        self._host = urlsplit(self._base).hostname or self._base
        self._bounds = bounds
        self._stop = stop
        self.requests_made = 0
        # at DEBUG it writes every post into the log, at ERROR a traceback of a server that hangs up: told by our own errors
        logging.getLogger("websockets.client").setLevel(logging.CRITICAL)

    def drain(self, begin_us: int, end_us: int, sieve: Sieve, *, known_us: int, most: int | None = None) -> Drained:
        """Receive events from `begin_us` on until one is at or after `end_us`, or a bound is reached.

        `most` bounds the events of this reading further. Events up to `known_us` were received before: they count neither for a bound
        nor as something received. Raises a SourceError where nothing could be
        received, StoppedError where a stop was asked for; what was received before
        the stream broke is returned.
        """
        asked = {"wantedCollections": COLLECTION, "cursor": str(begin_us)}
        drained = Drained(known_us=known_us)
        with self._connected(asked) as connection:
            problem = self._receive(connection, end_us, sieve, drained, most)
        if drained.count == 0 and problem is not None:
            raise problem
        return drained

    def first_event(self) -> int:
        """Return the time (microseconds) of one live event of any post."""
        drained = Drained(known_us=-1)
        with self._connected({"wantedCollections": COLLECTION}) as connection:
            problem = self._receive(connection, 0, Sieve(["\0"]), drained)
        if drained.first_us is None:
            raise problem or self._silent()
        return drained.first_us

    @contextlib.contextmanager
    def _connected(self, asked: Mapping[str, str]) -> Iterator[ClientConnection]:
        """Open a connection; raise what keeps it from being opened as the program's own error."""
        if self._stop is not None and self._stop.is_set():
            raise self._stopped()
        take_request("bluesky")
        self.requests_made += 1
        try:
            connection = connect(
                f"{self._base}{_PATH}?{urlencode(asked)}",
                ssl=_trusted() if self._base.startswith("wss:") else None,
                user_agent_header="social-listener (self-hosted)",
                open_timeout=10,
                close_timeout=0.2,
                max_size=_MOST_BYTES_A_MESSAGE,
                max_queue=_IN_TRANSIT_EVENTS,
            )
        except (InvalidHandshake, InvalidURI, OSError, EOFError) as problem:
            raise self._refusal(problem) from None
        with connection:
            yield connection

    def _receive(
        self, connection: ClientConnection, end_us: int, sieve: Sieve, drained: Drained, most: int | None = None
    ) -> SourceError | None:
        """Receive into `drained`; return what ended the reading before its end, None where a bound did."""
        bounds, size, silent = self._bounds, 0, 0.0
        events = bounds.events if most is None else min(bounds.events, most)
        ends = time.monotonic() + bounds.total_seconds
        while drained.count < events and size < bounds.total_bytes and drained.unreadable < _MOST_UNREADABLE:
            if self._stop is not None and self._stop.is_set():
                raise self._stopped()
            if time.monotonic() > ends:
                return self._silent()
            try:
                frame = connection.recv(timeout=_LOOK_EVERY_SECONDS, decode=False)
            except TimeoutError:
                silent += _LOOK_EVERY_SECONDS
                if silent >= bounds.silent_seconds:
                    return self._silent()
                continue
            except ConnectionClosed:
                return UnavailableError(f"bluesky: {self._host} hung up; the next pass goes on where it stopped")
            silent = 0.0
            size += len(frame)
            if self._take(frame, end_us, sieve, drained):
                return None
        return None

    @staticmethod
    def _take(frame: str | bytes, end_us: int, sieve: Sieve, drained: Drained) -> bool:
        """Add one message; say whether the end is reached."""
        sifted = sift(frame, sieve)
        if sifted is None:
            drained.unreadable += 1
            return False
        time_us, event = sifted
        drained.count += time_us > drained.known_us
        if drained.first_us is None or drained.last_us is None:
            drained.first_us = drained.last_us = time_us
        drained.last_us = max(drained.last_us, time_us)
        if time_us >= end_us:
            drained.is_done = True
        elif event is not None:
            drained.events.append((time_us, event))
        return drained.is_done

    def _refusal(self, problem: Exception) -> SourceError:
        """Return what keeps a connection from being opened."""
        if isinstance(problem, InvalidStatus):
            response = problem.response
            headers = {name.lower(): value for name, value in response.headers.raw_items()}
            answer = Answer(
                status=response.status_code, headers=headers, body=bytes(response.body or b""), url=self._base
            )
            error = error_of(answer, source="bluesky", host=self._host, now=utc_now())
            if error is not None:
                return error
        if isinstance(problem, ssl.SSLCertVerificationError):
            return PermanentSourceError(
                f"bluesky: the certificate of {self._host} is not trusted; REQUESTS_CA_BUNDLE may name a file of "
                "certificates to trust"
            )
        return UnavailableError(f"bluesky: {self._host} cannot be reached, or speaks no websocket")

    def _silent(self) -> UnavailableError:
        return UnavailableError(f"bluesky: {self._host} sent nothing in time; the next pass tries again")

    def _stopped(self) -> StoppedError:
        return StoppedError("bluesky: stopped before the stream was read")


def _trusted() -> ssl.SSLContext:
    """Return what says whom to trust: the certificates that the environment names, as for `requests`, else the system's.

    Raises PermanentSourceError where what it names cannot be read.
    """
    variable = next((name for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE") if os.environ.get(name)), None)
    if variable is None:
        return ssl.create_default_context()
    place = Path(os.environ[variable])
    try:
        if place.is_dir():
            return ssl.create_default_context(capath=place)
        return ssl.create_default_context(cafile=place)
    except OSError:  # also of a file without a certificate
        msg = f"bluesky: {variable} names {place}, which holds no certificates that can be read"
        raise PermanentSourceError(msg) from None


def _checked(base_url: str) -> str:
    """Return the address without a slash at its end, once it is one of a stream."""
    try:
        parts = urlsplit(base_url)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        parts, host = urlsplit(""), ""
    is_plain = parts.scheme == "ws" and is_loopback(host)
    if not host or not (parts.scheme == "wss" or is_plain) or parts.query or parts.fragment or parts.username:
        msg = "sources.bluesky.base_url: write an address such as wss://jetstream.example.org (ws:// is for loopback alone)"
        raise UsageError(msg)
    return base_url.rstrip("/")
