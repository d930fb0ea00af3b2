"""Read Mastodon instances: the timelines of hashtags, and full-text search where there is a token.

Through Mastodon.py; limits and paging: docs.joinmastodon.org, seen 2026-11-22
(300 requests in 5 minutes). A timeline is read from its newest post down, by
`max_id`, to the beginning of the window: a post that arrives meanwhile shifts
no other past the reader. An instance shows what has reached it, so that one
post may be seen on several: its `uri` makes it one mention.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar, Final
from urllib.parse import urlsplit

import requests
from mastodon import Mastodon
from mastodon.errors import MastodonError

from listener.api import (
    CredentialsError,
    Dialect,
    Mention,
    NotFoundError,
    Page,
    PermanentSourceError,
    RateLimitedError,
    RecheckFacts,
    RecheckPage,
    RejectedQueryError,
    Resource,
    Secret,
    Skipped,
    SourceError,
    SourceFacts,
    UnexpectedAnswerError,
    compile_query,
    option,
    utc_now,
)
from listener.errors import ListenerError
from sources.adapter import BoundedAdapter, Limits, checked_base_url, checked_each, header_safe
from sources.cursors import refuse_cursor
from sources.hashtags import hashtags_of
from sources.hosts import Hosts
from sources.mastodon_statuses import UNWILLING, id_of, read_replies, read_status, read_statuses
from sources.text import ID_LIMIT, as_list, as_object, instant_from_iso, line_of
from sources.web.answers import Answer, error_of, read_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from listener.api import Query, StopSignal, TransientSourceError, Window

__all__ = ["DIALECT", "MastodonOptions", "MastodonSource"]

DIALECT: Final = Dialect(
    name="mastodon",
    max_length=250,
    disjunction="",
    negation="",
    grouping=False,
    hashtags=False,
    handles=False,
)
"""What full-text search can be asked: words and phrases, all of which must occur."""

_PAGE: Final = 40
"""The most statuses an instance sends at once."""
_LOOK_AT: Final = 3
"""Reading ends where so many in a row are too old: a single one may have arrived late."""
_AGENT: Final = "social-listener (self-hosted)"


@dataclass(frozen=True, slots=True, kw_only=True)
class MastodonOptions:
    """Hold the options of `[sources.mastodon]`."""

    instances: tuple[str, ...] = option(
        "Instances whose timelines are read, by host name; each knows only what has reached it.",
        default=("mastodon.social", "mstdn.social"),
    )
    access_token: Secret = option(  # noqa: RUF009 - a frozen record
        "Token of an account on the first of the instances, with scope read; adds full-text search there.",
        default=Secret(env="MASTODON_ACCESS_TOKEN"),
    )


class MastodonSource:
    """Read public posts by hashtag from several instances, and by words where there is a token."""

    name = "mastodon"
    threads_at_once: ClassVar[int] = 1
    Options: ClassVar[type] = MastodonOptions
    facts: ClassVar[SourceFacts] = SourceFacts(
        summary="Posts on Mastodon, by hashtag, and by full text where there is a token.",
        key_needed="none; a token of an account adds full-text search",
        sees="public posts with the brand's hashtags that reach the instances, of authors who let themselves be indexed",
        overlap=timedelta(hours=1),  # posts of other instances arrive late, in their place by time
        lag=timedelta(seconds=30),
        every=timedelta(minutes=15),
        resources_fail_alone=True,
        items_a_page=_PAGE,
    )
    recheck_facts: ClassVar[RecheckFacts] = RecheckFacts(batch=20, requests_a_batch=20, requests_per_day=1000)

    def __init__(
        self,
        options: MastodonOptions | None = None,
        *,
        limits: Limits | None = None,
        stop: StopSignal | None = None,
    ) -> None:
        self._options = options or MastodonOptions()
        bases = checked_each(self._options.instances, _base_of, option="sources.mastodon.instances")
        self._doors = {base: _Door(base, limits=limits, stop=stop) for base in dict.fromkeys(bases)}
        self._hosts = Hosts({door.host for door in self._doors.values()})
        self._first = bases[0] if bases else None

    def plan(self, queries: Sequence[Query]) -> tuple[Resource, ...]:
        """Return a resource for each instance and hashtag, and where there is a token for each search.

        Raises RejectedQueryError for a query from which no hashtag can be made
        where there is no token to search with.
        """
        can_search = self._first is not None and self._options.access_token.is_set
        brands: dict[str, list[str]] = {}
        for query in queries:
            tags = hashtags_of(query)
            if not tags and not can_search:
                msg = (
                    f"mastodon cannot be asked for the query of {query.brand}: no word of it can be a hashtag; "
                    "give the brand hashtags, or access_token_env in [sources.mastodon]"
                )
                raise RejectedQueryError(msg)
            for tag in tags:
                brands.setdefault(tag, []).append(query.brand)
        resources = [_timeline(base, tag, brands[tag]) for base in self._doors for tag in brands]
        if can_search and self._first is not None:
            resources += [
                _search(self._first, native.text, query.brand, number)
                for query in queries
                for number, native in enumerate(compile_query(query, DIALECT), start=1)
            ]
        return tuple(resources)

    def fetch(self, resource: Resource, window: Window, cursor: str | None) -> Page:
        """Read up to 40 statuses below the position of `cursor`."""
        max_id = _read_cursor(cursor)
        if resource.lane.startswith("search"):
            door, tag = self._doors.get(self._first or ""), None
        else:
            base, _, tag = resource.native.rpartition("/tags/")
            door = self._doors.get(base)
        if door is None:
            msg = f"mastodon: the instance of {resource.native} is not among sources.mastodon.instances any more"
            raise UnexpectedAnswerError(msg)
        before = door.sent
        statuses = door.timeline(tag, max_id) if tag else door.search(resource.native, max_id, self._token())
        mentions, skipped = read_statuses(statuses, door.host, window)
        onward = _onward(statuses, window, max_id, door.host)
        return Page(
            mentions=mentions,
            cursor=onward,
            exhausted=onward is None,
            skipped=skipped,
            requests=door.sent - before,
            items=len(statuses),
        )

    @property
    def requests_made(self) -> int:
        """Return how many calls were sent so far."""
        return sum(door.sent for door in self._doors.values())

    def leave_alone(self, resource: Resource, error: TransientSourceError) -> None:
        """Ask the instance of a resource for no thread and for nothing again: it wants no request yet."""
        native = self._first if resource.lane.startswith("search") else resource.native
        self._hosts.leave(urlsplit(native or "").hostname or "", error)

    def recheck(self, mentions: Sequence[Mention]) -> RecheckPage:
        """Ask the instances that showed statuses for them, one by one."""
        doors = {door.host: door for door in self._doors.values()}
        sent = self.requests_made
        present: list[Mention] = []
        gone: list[str] = []
        for one in mentions:
            host, _, local = str((one.extra or {}).get("local")).rpartition(":")
            if host not in doors or not local.isalnum() or self._hosts.is_down(host, one.id):
                continue
            try:
                status = doors[host].status(local)
            except SourceError as error:
                self._hosts.note(host, one.id, error)
                continue
            if status is None:
                gone.append(one.id)
                continue
            read = read_status(status, host)
            if isinstance(read, Mention):
                present.append(read)
            elif read.reason == UNWILLING:
                gone.append(one.id)
        return RecheckPage(
            present=tuple(one for one in present if one.id),
            gone=tuple(gone),
            left=self._hosts.left(),
            problem=self._hosts.problem,
            requests=self.requests_made - sent,
            items=len(present),
        )

    def replies(self, mentions: Sequence[Mention], accounts: Sequence[str]) -> Page:
        """Read what stands below a status on the instance that showed it."""
        (mention,) = mentions
        doors = {door.host: door for door in self._doors.values()}
        host, _, local = str((mention.extra or {}).get("local")).rpartition(":")
        if host not in doors or not local.isalnum() or self._hosts.is_down(host, mention.id):
            return Page(requests=0, items=0, skipped=(Skipped(id=mention.id, reason="no instance knows it"),))
        door = doors[host]
        sent = door.sent
        try:
            below = door.below(local)
        except SourceError as error:
            self._hosts.note(host, mention.id, error)
            unread = (Skipped(id=mention.id, reason="its instance does not answer"),)
            return Page(requests=door.sent - sent, items=0, skipped=unread)
        return Page(
            mentions=read_replies(below, host, mention.thread or mention.id, accounts),
            requests=door.sent - sent,
            items=len(below),
        )

    def check(self) -> str:
        """Ask each instance what it is, and the first whether it takes the token."""
        if not self._doors:
            msg = "mastodon: there is nothing to read; name instances in [sources.mastodon]"
            raise PermanentSourceError(msg)
        told = [f"{door.host} answers ({door.version()})" for door in self._doors.values()]
        if self._first is not None and self._options.access_token.is_set:
            self._doors[self._first].verify(self._token())
            told.append("the token is accepted")
        return "; ".join(told)

    def close(self) -> None:
        """Close the connections."""
        for door in self._doors.values():
            door.close()

    def _token(self) -> str:
        token = self._options.access_token.reveal()
        if not header_safe(token):
            places = self._options.access_token.places
            msg = f"the access token of mastodon in {places} has characters no token has; copy it anew"
            raise CredentialsError(msg)
        return token


class _Client(Mastodon):
    """The library's client, without what it asks an instance about itself before the question itself."""

    def timeline_is_available(self, *_arguments: object, **_options: object) -> bool:
        """Leave that question until a timeline is empty."""
        return True

    def verify_minimum_version(self, *_arguments: object, **_options: object) -> bool:
        """Take the instance for a current one: asking one that tells no API version never ends."""
        return True


class _Door:
    """Ask one instance."""

    def __init__(self, base: str, *, limits: Limits | None, stop: StopSignal | None) -> None:
        self.host = urlsplit(base).hostname or base
        self._has_token = False
        self._answered: object = None
        self._may_be_shut = True
        self._is_gone = False
        self._limited: RateLimitedError | None = None
        self._session = requests.Session()
        limits = limits or Limits()
        self._adapter = BoundedAdapter(f"mastodon: {self.host}", judge=self._judge, limits=limits, stop=stop)
        self._adapter.serve(self._session, "https://", "http://")
        self._client = _Client(
            api_base_url=base,
            ratelimit_method="throw",  # its other ways sleep for minutes
            request_timeout=limits.total_seconds,
            session=self._session,
            user_agent=_AGENT,
        )

    @property
    def sent(self) -> int:
        """Return how many requests were sent."""
        return self._adapter.requests

    def timeline(self, tag: str, max_id: str | None) -> list[object]:
        """Return the statuses with a hashtag below an id, newest first."""
        self._use(None)
        found = self._ask(lambda: self._client.timeline_hashtag(tag, max_id=max_id, limit=_PAGE))
        statuses = self._listed(found)
        if not statuses and max_id is None and self._may_be_shut:
            self._check_open()
        return statuses

    def search(self, text: str, max_id: str | None, token: str) -> list[object]:
        """Return the statuses that hold all words of `text` below an id, newest first."""
        self._use(token)
        found = self._ask(
            lambda: self._client.search_v2(
                text, resolve=False, exclude_unreviewed=False, result_type="statuses", max_id=max_id, limit=_PAGE
            )
        )
        return self._listed(as_object(found).get("statuses"))

    def status(self, local: str) -> Mapping[str, object] | None:
        """Return a status by its id here; None where the instance says in its own form that it is gone."""
        self._use(None)
        self._is_gone = False
        try:
            return as_object(self._ask(lambda: self._client.status(local)))
        except NotFoundError:
            if self._is_gone:
                return None
            raise

    def below(self, local: str) -> list[object]:
        """Return the statuses below one, by its id here, as far as the instance shows them to visitors."""
        self._use(None)
        return self._listed(as_object(self._ask(lambda: self._client.status_context(local))).get("descendants"))

    def version(self) -> str:
        """Return the version of the software that answers."""
        self._use(None)
        told = as_object(self._ask(self._client.instance_v2))
        version = line_of(told.get("version"), limit=60)
        if version is None:
            raise UnexpectedAnswerError(self._unlike("does not say its version"))
        return version

    def verify(self, token: str) -> None:
        """Ask whose the token is."""
        self._use(token)
        self._ask(self._client.account_verify_credentials)

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def _use(self, token: str | None) -> None:
        self._client.access_token = token
        self._has_token = token is not None

    def _ask(self, call: Callable[[], object]) -> object:
        """Call the library; return the JSON value it was answered with, raise what it met as the program's own error."""
        if self._limited is not None and self._limited.retry_at is not None and utc_now() < self._limited.retry_at:
            raise RateLimitedError(str(self._limited), retry_at=self._limited.retry_at)  # it wants no request before
        self._answered = None
        try:
            call()
        except MastodonError as error:
            cause = error.__context__
            if isinstance(cause, ListenerError):
                raise cause from None
            raise UnexpectedAnswerError(self._unlike("does not answer as documented")) from None
        return self._answered

    def _judge(self, response: requests.Response) -> None:
        """Raise what an answer stands for, before the library reads it."""
        answer = Answer(
            status=response.status_code,
            headers={name.lower(): value for name, value in response.headers.items()},
            body=response.content,
            url=response.url,
        )
        if 300 <= answer.status < 400:  # noqa: PLR2004 - the classes of HTTP
            raise UnexpectedAnswerError(self._unlike("sends its readers elsewhere; write the address it leads to"))
        if answer.status == 401 and not self._has_token:  # noqa: PLR2004
            msg = f"mastodon: {self.host} shows this to its own users only; take it out of sources.mastodon.instances"
            raise NotFoundError(msg)
        error = error_of(answer, source="mastodon", host=self.host, now=utc_now())
        self._limited = error if isinstance(error, RateLimitedError) else None
        if error is not None:
            self._is_gone = answer.status in {404, 410} and _names_an_error(answer.body)
            raise error
        self._answered = read_json(answer, source="mastodon", host=self.host)
        # the library takes 5 ms to cast a status, bends what does not fit, and fails on a header it cannot read
        response._content = b'{"statuses": []}'  # noqa: SLF001 - requests has no other way to replace a body
        response.headers.clear()

    def _listed(self, value: object) -> list[object]:
        if not isinstance(value, list):
            raise UnexpectedAnswerError(self._unlike("sent something that is not a list of statuses"))
        return as_list(value)

    def _check_open(self) -> None:
        """Raise NotFoundError where an empty timeline is empty because the instance has switched it off.

        Since Mastodon 4.5 such a feed answers an empty list and not an error.
        """
        try:
            told = as_object(self._ask(self._client.instance_v2))
        except NotFoundError:
            told = {}
        self._may_be_shut = False
        access = as_object(as_object(as_object(told.get("configuration")).get("timelines_access")).get("hashtag_feeds"))
        if access and not any(access.get(part) == "public" for part in ("local", "remote")):
            self._may_be_shut = True
            msg = (
                f"mastodon: {self.host} has switched off its hashtag timelines; "
                "take it out of sources.mastodon.instances"
            )
            raise NotFoundError(msg)

    def _unlike(self, what: str) -> str:
        return f"mastodon: {self.host} {what}; is it right in sources.mastodon.instances?"


def _names_an_error(body: bytes) -> bool:
    """Say whether a refusal is the API's own, and not some page of a server before it."""
    try:
        return isinstance(as_object(json.loads(body[:10_000])).get("error"), str)
    except (ValueError, RecursionError):
        return False


def _base_of(instance: str, option: str) -> str:
    """Return the address of an instance given by its host name or its address."""
    address = instance.strip()
    address = address if "://" in address else f"https://{address}"
    return checked_base_url(address, option=option)


def _timeline(base: str, tag: str, brands: Sequence[str]) -> Resource:
    brand = brands[0] if len(brands) == 1 else None
    lane = f"tag:{urlsplit(base).netloc}/{tag}"
    return Resource(key=_digest(base, tag, brand or ""), lane=lane, native=f"{base}/tags/{tag}", brand=brand)


def _search(base: str, native: str, brand: str, number: int) -> Resource:
    lane = "search" if number == 1 else f"search/{number}"
    return Resource(key=_digest("search", base, native, brand), lane=lane, native=native, brand=brand)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _read_cursor(cursor: str | None) -> str | None:
    """Return the id below which reading goes on; None at the beginning."""
    if cursor is None:
        return None
    try:
        max_id = line_of(as_object(json.loads(cursor)).get("max_id"), limit=ID_LIMIT)
    except (ValueError, RecursionError):
        max_id = None
    if max_id is None:
        refuse_cursor("mastodon")
    return max_id


def _onward(statuses: Sequence[object], window: Window, max_id: str | None, host: str) -> str | None:
    """Return the cursor that goes on below an answer, None where nothing of the window can be left.

    Short is not the end: an instance takes statuses out of a full page.
    """
    read: list[Mapping[str, object]] = [as_object(status) for status in statuses]
    times = [instant for status in read[-_LOOK_AT:] if (instant := instant_from_iso(status.get("created_at")))]
    if not read or (times and all(instant < window.since for instant in times)):
        return None
    ids = [native for status in read if (native := id_of(status))]
    if not ids:
        msg = f"mastodon: {host} sent statuses without ids; this program does not know that shape"
        raise UnexpectedAnswerError(msg)
    lowest = min(ids, key=_order)
    if max_id is not None and _order(lowest) >= _order(max_id):
        msg = f"mastodon: {host} sends the same statuses again and again"
        raise UnexpectedAnswerError(msg)
    return json.dumps({"max_id": lowest})


def _order(native: str) -> tuple[int, str]:
    """Order ids as their numbers are ordered; ids that are no numbers have one length on each instance."""
    return len(native), native
