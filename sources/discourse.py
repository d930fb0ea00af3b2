"""Read the newest posts of Discourse forums, and match them here.

``/posts.json`` (docs.discourse.org, and the code of its controller, seen
2026-11-22) needs no key on a public forum and gives the posts with the 50 highest
numbers, or those with the 50 numbers up to ``before``: an answer may hold fewer, or
none, where posts are not public. The forums' own search is not used: it shows one post of a
topic and only a few words of it.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar, Final
from urllib.parse import urlsplit

from listener.api import (
    ForbiddenError,
    Mention,
    NotFoundError,
    Page,
    PermanentSourceError,
    RecheckFacts,
    RecheckPage,
    Resource,
    Skipped,
    SourceError,
    SourceFacts,
    UnexpectedAnswerError,
    from_epoch,
    option,
    to_epoch,
)
from sources.adapter import checked_base_url, checked_each
from sources.cursors import refuse_cursor
from sources.discourse_posts import HIDDEN, read_post
from sources.hosts import Hosts
from sources.text import as_object, count_of, instant_from_iso
from sources.web import Client

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from listener.api import Query, StopSignal, TransientSourceError, Window

__all__ = ["DiscourseOptions", "DiscourseSource"]

_SPAN: Final = 50
"""So many numbers of posts lie behind one answer at most."""
_LOOK_AT: Final = 5
"""Reading ends where so many posts in a row are too old, under the numbers that are new: posts that are moved or
imported get new numbers and keep their dates."""
_MOST_PAGES: Final = 500
"""A window is not read further down than so many answers: 25 000 posts."""
_MOST_LOOKS: Final = 40
"""Requests of one look at 20 posts: each may be alone in its forum, and gone."""
_MOST_EMPTY: Final = 20
"""After so many answers without a post, one after another, the rest is taken for hidden."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscourseOptions:
    """Hold the options of `[sources.discourse]`."""

    instances: tuple[str, ...] = option(
        "Forums to read, by host name (with the path where they have one).",
        default=(),
        example=("forum.example.org", "example.com/community"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Position:
    """Say where in a forum reading stands; it is what `Page.cursor` holds.

    `before` is the highest number that is still to read, `pages` counts the
    answers, `empty` those without a post since the last that had one; `reached` is
    the epoch second down to which posts were read.
    """

    before: int | None = None
    pages: int = 0
    empty: int = 0
    reached: int | None = None

    @classmethod
    def read(cls, cursor: str | None) -> _Position:
        if cursor is None:
            return cls()
        try:
            held = as_object(json.loads(cursor))
        except (ValueError, RecursionError):
            held = {}
        before = count_of(held.get("before"))
        if not before:
            refuse_cursor("discourse")
        pages, empty = count_of(held.get("pages")) or 0, count_of(held.get("empty")) or 0
        return cls(before=before, pages=pages, empty=empty, reached=count_of(held.get("reached")))

    def write(self) -> str:
        return json.dumps({"before": self.before, "pages": self.pages, "empty": self.empty, "reached": self.reached})


class DiscourseSource:
    """Read every new public post of forums."""

    name = "discourse"
    Options: ClassVar[type] = DiscourseOptions
    facts: ClassVar[SourceFacts] = SourceFacts(
        summary="Posts in Discourse forums: every new public one, matched here.",
        sees="all public topics and replies of the forums named",
        overlap=timedelta(minutes=15),
        every=timedelta(minutes=15),
        resources_fail_alone=True,
        items_a_page=_SPAN,
    )
    recheck_facts: ClassVar[RecheckFacts] = RecheckFacts(batch=20, requests_a_batch=_MOST_LOOKS, requests_per_day=480)

    def __init__(self, options: DiscourseOptions | None = None, *, stop: StopSignal | None = None) -> None:
        self._options = options or DiscourseOptions()
        bases = dict.fromkeys(checked_each(self._options.instances, _base_of, option="sources.discourse.instances"))
        self._bases = {_place_of(base): base for base in bases}
        self._hosts = Hosts(self._bases)
        self._client = Client(self.name, trusted=bases, stop=stop)

    def plan(self, queries: Sequence[Query]) -> tuple[Resource, ...]:
        """Return a resource for each forum; it serves every brand."""
        return tuple(_resource(place) for place in self._bases) if queries else ()

    def fetch(self, resource: Resource, window: Window, cursor: str | None) -> Page:
        """Read the posts behind the next 50 numbers, from the newest down."""
        place = resource.lane.removeprefix("posts:")
        base = self._bases.get(place)
        if base is None:
            msg = f"discourse: {place} is not among sources.discourse.instances any more"
            raise UnexpectedAnswerError(msg)
        position, made = _Position.read(cursor), self._client.requests_made
        posts = self._posts(base, place, position.before)
        mentions, skipped = _read_posts(posts, base, window)
        onward = _advanced(position, posts, window.since)
        ended, reason = _end(onward, posts, window, newest_known=_newest_of(window.marker))
        reached = window.until if onward.reached is None else from_epoch(onward.reached + 1)
        return Page(
            mentions=mentions,
            cursor=None if ended else onward.write(),
            exhausted=ended,
            complete_since=None if reason is None else min(max(reached, window.since), window.until),
            lost_reason=reason,
            marker=_marker_of(posts),
            skipped=skipped,
            requests=self._client.requests_made - made,
            items=len(posts),
        )

    @property
    def requests_made(self) -> int:
        """Return how many calls were sent so far."""
        return self._client.requests_made

    def leave_alone(self, resource: Resource, error: TransientSourceError) -> None:
        """Ask the forum of a resource for nothing again: it wants no request yet."""
        self._hosts.leave(resource.lane.removeprefix("posts:"), error)

    def recheck(self, mentions: Sequence[Mention]) -> RecheckPage:
        """Ask the forums for posts, one by one: whether they are there, else how they read now."""
        made = self._client.requests_made
        present: list[Mention] = []
        gone: list[str] = []
        alive: set[str] = set()
        for one in mentions:
            place, _, number = one.id.rpartition("/p/")
            base = self._bases.get(place)
            is_number = number.isascii() and number.isdecimal()
            if base is None or not is_number or self._hosts.is_down(place, one.id):
                continue
            try:
                post = self._post(base, place, number, alive)
            except SourceError as error:
                self._hosts.note(place, one.id, error)
                continue
            read = None if post is None else read_post(post, base)
            if read is None or (isinstance(read, Skipped) and read.reason == HIDDEN):
                gone.append(one.id)
            elif isinstance(read, Mention) and read.id == one.id:
                present.append(read)
        return RecheckPage(
            present=tuple(present),
            gone=tuple(gone),
            left=self._hosts.left(),
            problem=self._hosts.problem,
            requests=self._client.requests_made - made,
            items=len(present),
        )

    def check(self) -> str:
        """Read the newest posts of each forum."""
        if not self._bases:
            msg = "discourse: there is nothing to read; name forums in sources.discourse.instances"
            raise PermanentSourceError(msg)
        told = [f"{place} answers ({len(self._posts(base, place, None))} posts)" for place, base in self._bases.items()]
        return "; ".join(told)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _post(self, base: str, place: str, number: str, alive: set[str]) -> Mapping[str, object] | None:
        """Return a post; None where it is not there any more, an empty one where nothing is said of it.

        That nothing is at its address counts only of a forum that shows others; `alive` are those that did.
        """
        try:
            return as_object(self._client.get_json(f"{base}/posts/{number}.json"))
        except ForbiddenError:
            return {}  # not for everybody: that is no word on whether it is there
        except NotFoundError:
            if place not in alive:
                if not self._posts(base, place, None):
                    return {}
                alive.add(place)
            return None

    def _posts(self, base: str, place: str, before: int | None) -> list[Mapping[str, object]]:
        asked = {} if before is None else {"before": str(before)}
        posts = as_object(self._client.get_json(f"{base}/posts.json", asked)).get("latest_posts")
        if not isinstance(posts, list):
            msg = (
                f"discourse: {place} does not answer as documented (latest_posts is missing); is it a Discourse forum?"
            )
            raise UnexpectedAnswerError(msg)
        numbers = [number for post in posts if (number := _number_of(post)) is not None]
        if before is not None and numbers and min(numbers) > before:
            msg = f"discourse: {place} does not go back to the posts it is asked for"
            raise UnexpectedAnswerError(msg)
        read = [as_object(post) for post in posts]
        if len(read) > _SPAN:  # what is cut stands under the lowest number, where reading goes on
            read = sorted(read, key=lambda post: _number_of(post) or 0, reverse=True)[:_SPAN]
        return read


def _base_of(instance: str, option: str) -> str:
    """Return the address of a forum given by its host name or its address."""
    address = instance.strip()
    address = address if "://" in address else f"https://{address}"
    return checked_base_url(address, option=option)


def _place_of(base: str) -> str:
    """Return how a forum is called: its host, and its path where it has one."""
    parts = urlsplit(base)
    return f"{parts.netloc}{parts.path}".lower()


def _resource(place: str) -> Resource:
    digest = hashlib.sha256(place.encode()).hexdigest()
    return Resource(key=digest[:16], lane=f"posts:{place}", native=f"{place}/posts.json")


def _number_of(post: object) -> int | None:
    return count_of(as_object(post).get("id"))


def _advanced(position: _Position, posts: Sequence[Mapping[str, object]], since: datetime) -> _Position:
    """Return the position after an answer: under its lowest number, or under the 50 numbers that held nothing.

    Posts from before `since` do not tell down to when those of the window were read.
    """
    numbers = [number for post in posts if (number := _number_of(post)) is not None]
    lowest = min(numbers, default=None if position.before is None else position.before - _SPAN + 1)
    before = None if lowest is None or lowest <= 1 else lowest - 1
    if before is not None and len(posts) < _SPAN <= max(numbers, default=0) - min(numbers, default=0):
        before = None  # a version that counts posts, not numbers, and has no more of them
    times = _times(posts[-_LOOK_AT:])
    return _Position(
        before=before,
        pages=position.pages + 1,
        empty=0 if numbers else position.empty + 1,
        reached=to_epoch(max(times)) if times and max(times) >= since else position.reached,
    )


def _times(posts: Sequence[Mapping[str, object]]) -> list[datetime]:
    return [at for post in posts if (at := instant_from_iso(post.get("created_at"))) is not None]


def _marker_of(posts: Sequence[Mapping[str, object]]) -> str | None:
    """Return the highest number of an answer, None where it has none: the first answer's is kept for the next window."""
    highest = max((number for post in posts if (number := _number_of(post)) is not None), default=None)
    return None if highest is None else json.dumps(highest)


def _newest_of(marker: str | None) -> int | None:
    """Return the number up to which posts were there when the window before was read; None where that is not known."""
    try:
        return count_of(json.loads(marker)) if marker else None
    except (ValueError, RecursionError):
        return None


def _end(
    onward: _Position, posts: Sequence[Mapping[str, object]], window: Window, *, newest_known: int | None
) -> tuple[bool, str | None]:
    """Say whether an answer was the last to read, and why some of the window is out of reach, if it is."""
    times = _times(posts if newest_known is None else posts[-_LOOK_AT:])
    is_past = bool(times) and max(times) < window.since
    if onward.before is None or (is_past and onward.before <= (newest_known or onward.before)):
        return True, None
    if onward.pages >= _MOST_PAGES:
        return True, f"the forum has more than {_MOST_PAGES * _SPAN} newer posts"
    if onward.empty >= _MOST_EMPTY:
        return True, f"the forum shows none of the {_MOST_EMPTY * _SPAN} posts before"
    return False, None


def _read_posts(
    posts: Sequence[Mapping[str, object]], base: str, window: Window
) -> tuple[tuple[Mention, ...], tuple[Skipped, ...]]:
    """Return the mentions of an answer that belong to a window, each once, and what could not become one."""
    mentions: dict[str, Mention] = {}
    skipped: list[Skipped] = []
    for post in posts:
        read = read_post(post, base)
        if isinstance(read, Skipped):
            skipped.append(read)
        elif read.published_at is not None and window.since <= read.published_at < window.until:
            mentions.setdefault(read.id, read)
    return tuple(mentions.values()), tuple(skipped)
