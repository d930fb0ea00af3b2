"""Read Bluesky: the stream of all posts (Jetstream), and its search where there is an app password.

The stream needs no key and holds every post of the last hours; the brands'
words are looked for here. Servers keep 36 h (docs.bsky.app, seen 2026-11-22):
what lay further back is told as lost. The stream tells of posts and accounts that
are deleted. The search looks back further; Bluesky means it for questions now and
then, not for bulk.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar, Final

from listener.api import (
    CredentialsError,
    Dialect,
    Mention,
    Page,
    PageBound,
    RecheckFacts,
    RecheckPage,
    RejectedQueryError,
    Resource,
    Secret,
    Skipped,
    SourceFacts,
    UnexpectedAnswerError,
    compile_query,
    from_epoch,
    option,
    to_epoch,
    utc_now,
)
from listener.query import And, Author, Not
from listener.query.clauses import necessary_clauses
from sources.adapter import checked_base_url
from sources.bluesky_lookup import BATCH, AppView
from sources.bluesky_posts import COLLECTION, read_post, read_record
from sources.cursors import refuse_cursor
from sources.jetstream import Bounds, Drained, Jetstream, Sieve
from sources.text import ID_LIMIT, as_list, as_object, count_of, instant_from_epoch, instant_from_iso, line_of
from sources.web import Client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from listener.api import Query, StopSignal, Window
    from listener.query.clauses import Clause

__all__ = ["DIALECT", "BlueskyOptions", "BlueskySource", "read_events", "sieve_of"]

DIALECT: Final = Dialect(
    name="bluesky",
    max_length=250,
    disjunction="",
    negation="",
    grouping=False,
    hashtags=True,
    handles=False,
    words_find_hashtags=True,
)
"""What the search can be asked: words, phrases and hashtags, all of which must occur."""

_STREAM: Final = "jetstream"
_EVERYTHING: Final = "every post"
_BETWEEN: Final = " OR "
_DID: Final = re.compile(r"did:[a-z]+:[A-Za-z0-9._:%-]{1,250}", re.ASCII)
_SECOND: Final = 1_000_000
"""Microseconds."""
_REWIND: Final = 5 * _SECOND
"""How far before its place a reading resumes: events near it may have come out of order."""
_GAP: Final = 60 * _SECOND
"""On a stream of tens of posts a second, silence this long at the very beginning is no silence."""
_SURELY_KEPT: Final = timedelta(hours=6)
"""No server keeps less; a younger beginning without events is only quiet."""
_NEAR: Final = timedelta(minutes=10)
"""Authors' clocks are believed so far from the stream's."""
_LOST: Final = "the stream keeps about 36 hours, and began later than was asked for"
_ENDED: Final = frozenset({"deleted", "takendown"})
"""What an account is that does not come back; one that is deactivated or suspended may."""
_MOST_SKIPPED: Final = 1000
_FOUND: Final = 100
"""Posts of a page of the search, at most."""
_MOST_CALLS: Final = 18
"""Calls for a page of the search: one, a login, another; each with as many redirects as the client follows."""
_LONGEST_TOKEN: Final = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class BlueskyOptions:
    """Hold the options of `[sources.bluesky]`."""

    base_url: str = option("Where the Jetstream server is.", default="wss://jetstream2.us-east.bsky.network")
    events_per_page: int = option(
        "Events that are read before what was found is stored.", default=20_000, minimum=1, maximum=200_000
    )
    handle: str = option("Account for the search; empty: the stream alone.", default="", example="you.bsky.social")
    app_password: Secret = option(  # noqa: RUF009 - a frozen record
        "App password of that account (Settings, App passwords), not the account's own.",
        default=Secret(env="BLUESKY_APP_PASSWORD"),
    )
    appview_url: str = option(
        "Where names and counters of matches are looked up, without a key.", default="https://public.api.bsky.app"
    )
    search_url: str = option("Where the account logs in and searches.", default="https://bsky.social")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Say where in the stream reading stands, in microseconds; it is what `Page.cursor` holds.

    `lost_us` is the time of the first event after a gap.
    """

    at_us: int
    lost_us: int | None = None

    @classmethod
    def read(cls, cursor: str) -> _Place:
        try:
            held = as_object(json.loads(cursor))
        except (ValueError, RecursionError):
            held = {}
        at_us = count_of(held.get("time_us"))
        if at_us is None:
            refuse_cursor("bluesky")
        return cls(at_us=at_us, lost_us=count_of(held.get("lost_us")))

    def write(self) -> str:
        return json.dumps({"time_us": self.at_us, "lost_us": self.lost_us})


class BlueskySource:
    """Read the posts of all of Bluesky that may match, and search where there is an account."""

    name = "bluesky"
    threads_at_once: ClassVar[int] = 1
    Options: ClassVar[type] = BlueskyOptions
    facts: ClassVar[SourceFacts] = SourceFacts(
        summary="Posts on Bluesky, out of the stream of all posts.",
        key_needed="none; an app password adds the search",
        sees="every public post of the last 36 h; with the search also older ones",
        overlap=timedelta(),  # the stream is ordered by its own clock
        lag=timedelta(seconds=30),
        every=timedelta(minutes=10),
    )
    recheck_facts: ClassVar[RecheckFacts] = RecheckFacts(
        batch=BATCH, requests_a_batch=2, requests_per_day=1000, is_lookup=True
    )

    def __init__(
        self,
        options: BlueskyOptions | None = None,
        *,
        now: Callable[[], datetime] = utc_now,
        bounds: Bounds | None = None,
        stop: StopSignal | None = None,
    ) -> None:
        self._options = options or BlueskyOptions()
        bounds = bounds or Bounds(events=self._options.events_per_page)
        self._usual = max(bounds.events, _FOUND)
        self._stream = Jetstream(self._options.base_url, bounds=bounds, stop=stop)
        self._search = _Search(self._options, stop=stop)
        self._appview = AppView(self._options.appview_url, stop=stop, now=now)
        self._now = now

    def plan(self, queries: Sequence[Query]) -> tuple[Resource, ...]:
        """Return the stream, sieved for all brands at once, and with an account a search for each native query."""
        if not queries:
            return ()
        native = _native(queries)
        resources = [Resource(key=f"{_STREAM}-{_digest(native)}", lane=_STREAM, native=native)]
        if self._search.is_possible:
            resources += [
                Resource(
                    key=_digest("search", query.brand, one.text),
                    lane="search" if number == 1 else f"search/{number}",
                    native=one.text,
                    brand=query.brand,
                )
                for query in queries
                for number, one in enumerate(compile_query(query, DIALECT), start=1)
            ]
        return tuple(resources)

    def fetch(self, resource: Resource, window: Window, cursor: str | None) -> Page:
        """Read some thousand events of the stream, oldest first, or one page of a search, newest first."""
        if resource.lane != _STREAM:
            return self._search.page(resource.native, window, cursor)
        made = self._stream.requests_made
        begin_us, end_us = to_epoch(window.since) * _SECOND, to_epoch(window.until) * _SECOND
        place = _Place(at_us=begin_us - 1) if cursor is None else _Place.read(cursor)
        asked_us = max(begin_us, place.at_us - _REWIND)
        sieve = sieve_of(resource.native)
        drained = self._stream.drain(asked_us, end_us, sieve, known_us=place.at_us, most=window.size)
        place = self._after(place, asked_us, drained)
        mentions, skipped = read_events(drained, window)
        gone, gone_authors = read_deletions(drained)
        mentions = tuple(one for one in mentions if one.id not in gone and _did_of(one) not in gone_authors)
        if not drained.is_done:
            return Page(
                mentions=mentions,
                cursor=place.write(),
                exhausted=False,
                skipped=skipped,
                requests=self._stream.requests_made - made,
                items=drained.count,
                gone=tuple(gone),
                gone_authors=tuple(gone_authors),
            )
        lost = None if place.lost_us is None else min(window.until, from_epoch(-(-place.lost_us // _SECOND)))
        return Page(
            mentions=mentions,
            complete_since=lost,
            lost_reason=None if lost is None else _LOST,
            skipped=skipped,
            requests=self._stream.requests_made - made,
            items=drained.count,
            gone=tuple(gone),
            gone_authors=tuple(gone_authors),
        )

    @property
    def requests_made(self) -> int:
        """Return how many calls of the stream and of the search were sent so far."""
        return self._stream.requests_made + self._search.requests_made

    @property
    def page_sizes(self) -> tuple[int, int]:
        """Return the fewest events or posts of a page, and the usual number."""
        return 1, self._usual

    def most(self, size: int) -> PageBound:
        """Return what a page costs at most: the stream is opened once, the search may have to log in again."""
        return PageBound(requests=_MOST_CALLS if self._search.is_possible else 1, items=size)

    def recheck(self, mentions: Sequence[Mention]) -> RecheckPage:
        """Look posts and their authors up: the stream tells neither handles nor counters."""
        return self._appview.look(mentions)

    def replies(self, mentions: Sequence[Mention], accounts: Sequence[str]) -> Page:  # noqa: ARG002 - all come
        """Read a post's thread at the AppView, without a key."""
        (mention,) = mentions
        return self._appview.replies(mention)

    def check(self) -> str:
        """Take one event off the stream; with an account, log in too."""
        time_us = self._stream.first_event()
        told = (
            f"the stream answers without a key; its clock reads {from_epoch(time_us // _SECOND):%Y-%m-%d %H:%M:%S} UTC"
        )
        if self._search.is_possible:
            self._search.log_in()
            told += f"; {self._options.handle} is logged in for the search"
        return told

    def close(self) -> None:
        """Close the connections."""
        self._search.close()
        self._appview.close()

    def _after(self, place: _Place, asked_us: int, drained: Drained) -> _Place:
        """Return the place after a reading; raises UnexpectedAnswerError where it led nowhere."""
        if drained.first_us is None or drained.last_us is None:
            msg = "bluesky: the stream sends no events as documented; is base_url a Jetstream server?"
            raise UnexpectedAnswerError(msg)
        asked_at = instant_from_epoch(asked_us / _SECOND)
        is_old = asked_at is not None and asked_at < self._now() - _SURELY_KEPT
        is_cut = is_old and drained.first_us - asked_us > _GAP
        if drained.last_us <= place.at_us and not drained.is_done:
            msg = (
                "bluesky: the stream sends the same events again and again, or from before where it was asked to begin"
            )
            raise UnexpectedAnswerError(msg)
        return _Place(at_us=drained.last_us, lost_us=drained.first_us if is_cut else place.lost_us)


class _Search:
    """Search posts with an account; logs in once, at the first question."""

    def __init__(self, options: BlueskyOptions, *, stop: StopSignal | None) -> None:
        self._handle = options.handle.strip().lstrip("@")
        self._password = options.app_password
        self._base = checked_base_url(options.search_url, option="sources.bluesky.search_url")
        self._client = Client("bluesky", trusted=[self._base], stop=stop)
        self._token: str | None = None

    @property
    def requests_made(self) -> int:
        """Return how many calls were sent so far."""
        return self._client.requests_made

    @property
    def is_possible(self) -> bool:
        """Say whether there is an account to search with."""
        return bool(self._handle) and self._password.is_set

    def log_in(self) -> str:
        """Begin a session and return its token; sessions are counted (300 a day), so one serves the whole run."""
        body = {"identifier": self._handle, "password": self._password.reveal()}
        answer = as_object(self._client.post_json(f"{self._base}/xrpc/com.atproto.server.createSession", body))
        token = line_of(answer.get("accessJwt"), limit=_LONGEST_TOKEN)
        if token is None:
            msg = "bluesky: the login is answered without a session; is search_url right?"
            raise UnexpectedAnswerError(msg)
        self._token = token
        return token

    def page(self, text: str, window: Window, cursor: str | None) -> Page:
        """Read up to 100 posts of a window, fewer where its size is, newest first."""
        made = self._client.requests_made
        asked = {
            "q": text,
            "sort": "latest",
            "since": window.since.isoformat().replace("+00:00", "Z"),
            "until": window.until.isoformat().replace("+00:00", "Z"),
            "limit": str(min(_FOUND, window.size or _FOUND)),
        }
        answer = self._asked(asked if cursor is None else {**asked, "cursor": _read_token(cursor)})
        posts = answer.get("posts")
        if not isinstance(posts, list):
            msg = (
                "bluesky: the search does not answer as documented (the list of posts is missing); is search_url right?"
            )
            raise UnexpectedAnswerError(msg)
        mentions, skipped = _read_posts(posts, window)
        token = line_of(answer.get("cursor"), limit=_LONGEST_TOKEN) if posts else None
        return Page(
            mentions=mentions,
            cursor=None if token is None else json.dumps({"token": token}),
            exhausted=token is None,
            skipped=skipped,
            requests=self._client.requests_made - made,
            items=len(posts),
        )

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _asked(self, parameters: Mapping[str, str]) -> Mapping[str, object]:
        """Ask the search, in a new session once where the one in hand has run out."""
        held = self._token
        try:
            return self._ask(parameters, held or self.log_in())
        except (CredentialsError, RejectedQueryError):
            if held is None:
                raise
        return self._ask(parameters, self.log_in())

    def _ask(self, parameters: Mapping[str, str], token: str) -> Mapping[str, object]:
        url = f"{self._base}/xrpc/app.bsky.feed.searchPosts"
        return as_object(self._client.get_json(url, parameters, {"Authorization": f"Bearer {token}"}))


def _read_token(cursor: str) -> str:
    try:
        token = line_of(as_object(json.loads(cursor)).get("token"), limit=_LONGEST_TOKEN)
    except (ValueError, RecursionError):
        token = None
    if token is None:
        refuse_cursor("bluesky")
    return token


def _native(queries: Iterable[Query]) -> str:
    """Return the strings of which one must stand in a post of any brand, folded, as one text.

    A query that may hold whatever the text is asks for every post. What the
    accounts write that a query leaves out passes too, where they are told by their
    did: an own account's reply answers somebody.
    """
    terms: set[str] = set()
    authors: set[str] = set()
    for query in queries:
        clauses = necessary_clauses(query.tree, _commonness)
        if not clauses:
            return _EVERYTHING
        terms.update(atom.text for atom in min(clauses, key=_commonness))
        authors.update(_left_out(query))
    return _BETWEEN.join([*(f'"{term}"' for term in sorted(terms)), *sorted(authors)])


def _left_out(query: Query) -> list[str]:
    """Return the dids of the accounts whose posts a query leaves out."""
    parts = query.tree.children if isinstance(query.tree, And) else ()
    nots = [part.child for part in parts if isinstance(part, Not)]
    return [node.handle for node in nots if isinstance(node, Author) and _DID.fullmatch(node.handle)]


def _commonness(clause: Clause) -> tuple[float, int]:
    """Estimate in how many posts a clause is met: by its shortest string, then by how many it has."""
    return -min(len(atom.text) for atom in clause), len(clause)


def sieve_of(native: str) -> Sieve:
    """Return the sieve that a resource names; its strings hold no blanks."""
    if native == _EVERYTHING:
        return Sieve(())
    parts = native.split(_BETWEEN)
    quoted = [part for part in parts if part.startswith('"')]
    return Sieve((term[1:-1] for term in quoted), authors=[part for part in parts if not part.startswith('"')])


def read_events(drained: Drained, window: Window) -> tuple[tuple[Mention, ...], tuple[Skipped, ...]]:
    """Return the mentions of a reading, the newest version of each, and what could not become one."""
    mentions: dict[str, Mention] = {}
    skipped = [Skipped(id=None, reason="a message of the stream that is no event")] * drained.unreadable
    for time_us, event in drained.events:
        commit = as_object(event.get("commit"))
        operation = line_of(commit.get("operation"), limit=20)
        if operation not in {"create", "update"}:
            continue
        record = as_object(commit.get("record"))
        heard_at = instant_from_epoch(time_us / _SECOND)
        if heard_at is None or not window.since <= heard_at < window.until:
            continue
        claimed = instant_from_iso(record.get("createdAt"))
        is_likely = claimed is not None and abs(claimed - heard_at) <= _NEAR and window.since <= claimed < window.until
        uri = f"at://{event.get('did')}/{COLLECTION}/{commit.get('rkey')}"
        read = read_record(uri, record, claimed if claimed is not None and is_likely else heard_at)
        if isinstance(read, Skipped):
            skipped.append(read)
        else:
            mentions[read.id] = read
    return tuple(mentions.values()), tuple(skipped[:_MOST_SKIPPED])


def read_deletions(drained: Drained) -> tuple[dict[str, None], dict[str, None]]:
    """Return the addresses of the posts and the dids of the accounts that are gone at the end of a reading, in order."""
    gone: dict[str, None] = {}
    authors: dict[str, None] = {}
    for _, event in drained.events:
        did, commit = line_of(event.get("did"), limit=ID_LIMIT), as_object(event.get("commit"))
        key = line_of(commit.get("rkey"), limit=ID_LIMIT)
        if did is None:
            continue
        if event.get("kind") == "account":
            account = as_object(event.get("account"))
            if account.get("active") is False and account.get("status") in _ENDED:
                authors[did] = None
            else:
                authors.pop(did, None)
        elif key is not None and commit.get("operation") == "delete":
            gone[f"at://{did}/{COLLECTION}/{key}"] = None
        elif key is not None:
            gone.pop(f"at://{did}/{COLLECTION}/{key}", None)
    return gone, authors


def _did_of(mention: Mention) -> str | None:
    return mention.author.id if mention.author is not None else None


def _read_posts(posts: Sequence[object], window: Window) -> tuple[tuple[Mention, ...], tuple[Skipped, ...]]:
    """Return the mentions of an answer of the search, each once, and what could not become one."""
    mentions: dict[str, Mention] = {}
    skipped: list[Skipped] = []
    for post in map(as_object, as_list(posts)):
        times = (
            instant_from_iso(as_object(post.get("record")).get("createdAt")),
            instant_from_iso(post.get("indexedAt")),
        )
        within = next((at for at in times if at is not None and window.since <= at < window.until), None)
        uri = line_of(post.get("uri"))
        read = (
            Skipped(id=uri, reason="published outside the window that was asked for")
            if within is None
            else read_post(post, within)
        )
        if isinstance(read, Skipped):
            skipped.append(read)
        else:
            mentions.setdefault(read.id, read)
    return tuple(mentions.values()), tuple(skipped)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
