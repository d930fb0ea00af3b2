"""Search Lemmy instances for posts and comments, newest first.

API version 3 (join-lemmy.org/docs, shapes from the clients' models, seen
2026-11-22); an instance allows some 60 searches in 10 minutes. It finds the
words of a query in their order with anything between. An instance shows what has
reached it, so that one post may be found on several: its `ap_id` makes it one.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar, Final
from urllib.parse import urlsplit

from listener.api import (
    Author,
    Dialect,
    Engagement,
    Mention,
    NotFoundError,
    Page,
    PermanentSourceError,
    RateLimitedError,
    RecheckFacts,
    RecheckPage,
    RejectedQueryError,
    Resource,
    Skipped,
    SourceError,
    SourceFacts,
    UnexpectedAnswerError,
    compile_query,
    option,
)
from sources.adapter import checked_base_url, checked_each
from sources.cursors import refuse_cursor
from sources.hosts import Hosts
from sources.markdown import links_of_markdown, without_references, words_of_links
from sources.text import (
    ID_LIMIT,
    as_object,
    clean,
    count_of,
    instant_from_iso,
    line_of,
    usable_links,
)
from sources.web import Client

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from listener.api import Query, StopSignal, TransientSourceError, Window

__all__ = ["DIALECT", "LemmyOptions", "LemmySource", "read_view"]

DIALECT: Final = Dialect(
    name="lemmy",
    max_length=200,
    disjunction="",
    negation="",
    grouping=False,
    hashtags=False,
    handles=False,
    max_terms=1,  # of two words only one order would be found
)
"""What the search can be asked: one word, or one phrase."""

_VARIED: Final = re.compile(r"[\s\"'-]+")

_PAGE: Final = 50
"""The most items an instance sends at once."""
_LOOK_AT: Final = 3
"""Reading ends where so many in a row are too old: a single one may have arrived late."""
_MOST_BACK: Final = 50
"""An instance whose list never joins is read on all the same: it would be read for ever."""
_KINDS: Final = {"posts": "Posts", "comments": "Comments"}


@dataclass(frozen=True, slots=True, kw_only=True)
class LemmyOptions:
    """Hold the options of `[sources.lemmy]`."""

    instances: tuple[str, ...] = option(
        "Instances to search, by host name; each knows only what has reached it.", default=("lemmy.world",)
    )
    include_comments: bool = option("Search comments too, not posts alone.", default=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Position:
    """Say where in a window reading stands; it is what `Page.cursor` holds.

    `seen` items were read, the newest first, down to one published at `border`. Pages
    have numbers and what is taken away moves all below it up, out of the page that is
    read next. So the next page overlaps the last one; where it begins below the border,
    reading goes back until it joins. `back` counts how often it did.
    """

    seen: int = 0
    border: str | None = None
    back: int = 0

    @classmethod
    def read(cls, cursor: str | None) -> _Position:
        """Return the position of a cursor; the beginning where it is of another version."""
        if cursor is None:
            return cls()
        try:
            held = as_object(json.loads(cursor))
        except (ValueError, RecursionError):
            held = {}
        seen, border = count_of(held.get("seen")), instant_from_iso(held.get("border"))
        if border is not None and seen is not None:
            return cls(seen=seen, border=border.isoformat(), back=count_of(held.get("back")) or 0)
        if not count_of(held.get("page")):
            refuse_cursor("lemmy")
        return cls()  # the cursor is of a version that turned pages by number alone

    def write(self) -> str:
        return json.dumps({"seen": self.seen, "border": self.border, "back": self.back})

    @property
    def limit(self) -> int:
        """Return the size of pages of which one begins with an item that was read and reaches furthest."""
        return max(range(_PAGE // 2, _PAGE + 1), key=lambda limit: limit * self._number(limit))

    @property
    def page(self) -> int:
        """Return the number of that page."""
        return self._number(self.limit)

    def _number(self, limit: int) -> int:
        return max(0, self.seen - 1) // limit + 1

    def after(self, views: Sequence[object], window: Window) -> _Position | None:
        """Return where to go on after an answer, None where nothing of the window is left."""
        begin = (self.page - 1) * self.limit
        times = [at for view in views if (at := instant_from_iso(_item_of(as_object(view)).get("published")))]
        border = instant_from_iso(self.border)
        joins = border is None or not begin or any(at >= border for at in times[:_LOOK_AT])
        if not joins and self.back < _MOST_BACK:
            return replace(self, seen=begin // 2, back=self.back + 1)
        if len(views) < self.limit or _is_too_old(views, window):
            return None
        reached = min([*times[-1:], *([border] if border else [])], default=window.until)
        return _Position(seen=begin + len(views), border=reached.isoformat(), back=self.back)


class LemmySource:
    """Read posts and comments that hold the words of a query."""

    name = "lemmy"
    threads_at_once: ClassVar[int] = 1
    Options: ClassVar[type] = LemmyOptions
    facts: ClassVar[SourceFacts] = SourceFacts(
        summary="Posts and comments on Lemmy, by search.",
        sees="public posts and comments that have reached the instances",
        overlap=timedelta(hours=1),  # what other instances publish arrives late
        lag=timedelta(minutes=1),
        every=timedelta(minutes=20),
        resources_fail_alone=True,
        items_a_page=_PAGE,
    )
    recheck_facts: ClassVar[RecheckFacts] = RecheckFacts(batch=20, requests_a_batch=21, requests_per_day=500)

    def __init__(self, options: LemmyOptions | None = None, *, stop: StopSignal | None = None) -> None:
        self._options = options or LemmyOptions()
        bases = dict.fromkeys(checked_each(self._options.instances, _base_of, option="sources.lemmy.instances"))
        self._bases = {urlsplit(base).netloc: base for base in bases}
        self._hosts = Hosts({urlsplit(base).hostname or "" for base in bases})
        self._client = Client(self.name, trusted=bases, stop=stop)

    def plan(self, queries: Sequence[Query]) -> tuple[Resource, ...]:
        """Return a resource for each instance, kind of item and alternative of a query."""
        kinds = _KINDS if self._options.include_comments else {"posts": "Posts"}
        return tuple(
            _resource(host, kind, _asked(native.text), query.brand, number)
            for host in self._bases
            for query in queries
            for number, native in enumerate(compile_query(query, DIALECT), start=1)
            for kind in kinds
        )

    def fetch(self, resource: Resource, window: Window, cursor: str | None) -> Page:
        """Read up to 50 items, the newest first."""
        place, _, kind = resource.lane.partition("/")
        host, kind = place.removeprefix("search:"), kind.partition("/")[0]
        base = self._bases.get(host)
        if base is None or kind not in _KINDS:
            msg = f"lemmy: {host} is not among sources.lemmy.instances any more"
            raise UnexpectedAnswerError(msg)
        position, made = _Position.read(cursor), self._client.requests_made
        views = self._search(base, resource.native, kind, position)
        mentions, skipped = _read_views(views, urlsplit(base).hostname or host, window)
        onward = position.after(views, window)
        return Page(
            mentions=mentions,
            cursor=None if onward is None else onward.write(),
            exhausted=onward is None,
            skipped=skipped,
            requests=self._client.requests_made - made,
            items=len(views),
        )

    @property
    def requests_made(self) -> int:
        """Return how many calls were sent so far."""
        return self._client.requests_made

    def leave_alone(self, resource: Resource, error: TransientSourceError) -> None:
        """Ask the instance of a resource for no thread and for nothing again: it wants no request yet."""
        place = resource.lane.partition("/")[0].removeprefix("search:")
        self._hosts.leave(urlsplit(self._bases.get(place, "")).hostname or "", error)

    def recheck(self, mentions: Sequence[Mention]) -> RecheckPage:
        """Ask the instances that showed posts and comments for them, one by one."""
        bases = {urlsplit(base).hostname or "": base for base in self._bases.values()}
        made = self._client.requests_made
        present: list[Mention] = []
        gone: list[str] = []
        alive: set[str] = set()
        for one in mentions:
            host, _, local = str((one.extra or {}).get("local")).rpartition(":")
            if host not in bases or not local.isdecimal() or self._hosts.is_down(host, one.id):
                continue
            try:
                view = self._view(bases[host], "comment" if one.kind == "comment" else "post", local, alive)
            except SourceError as error:
                self._hosts.note(host, one.id, error)
                continue
            item = _item_of(view or {})
            if view is None or item.get("deleted") is True or item.get("removed") is True:
                gone.append(one.id)
                continue
            read = read_view(view, host)
            if isinstance(read, Mention):
                present.append(read)
        return RecheckPage(
            present=tuple(present),
            gone=tuple(gone),
            left=self._hosts.left(),
            problem=self._hosts.problem,
            requests=self._client.requests_made - made,
            items=len(present),
        )

    def replies(self, mentions: Sequence[Mention], accounts: Sequence[str]) -> Page:  # noqa: ARG002 - all come
        """Read the newest comments of a post on the instance that showed it."""
        (mention,) = mentions
        bases = {urlsplit(base).hostname or "": base for base in self._bases.values()}
        told = mention.extra or {}
        host, _, post = str(told.get("local_thread", told.get("local"))).rpartition(":")
        if host not in bases or not post.isdecimal() or self._hosts.is_down(host, mention.id):
            return Page(requests=0, items=0, skipped=(Skipped(id=mention.id, reason="no instance knows it"),))
        made = self._client.requests_made
        try:
            views = self._comments(bases[host], post)
        except SourceError as error:
            self._hosts.note(host, mention.id, error)
            unread = (Skipped(id=mention.id, reason="its instance does not answer"),)
            return Page(requests=self._client.requests_made - made, items=0, skipped=unread)
        read = [read_view(as_object(view), host) for view in views]
        return Page(
            mentions=tuple(
                replace(one, thread=mention.thread or mention.id) for one in read if isinstance(one, Mention)
            ),
            requests=self._client.requests_made - made,
            items=len(views),
        )

    def _comments(self, base: str, post: str) -> list[object]:
        """Return the newest comments of a post by its id on an instance."""
        asked = {"post_id": post, "type_": "All", "sort": "New", "limit": str(_PAGE)}
        try:
            answer = as_object(self._client.get_json(f"{base}/api/v3/comment/list", asked))
        except RejectedQueryError as error:
            raise _limited(base, error) from None
        views = answer.get("comments")
        if not isinstance(views, list):
            msg = f"lemmy: {urlsplit(base).hostname} does not answer as documented (the list of comments is missing)"
            raise UnexpectedAnswerError(msg)
        return views

    def check(self) -> str:
        """Ask each instance for its version."""
        if not self._bases:
            msg = "lemmy: there is nothing to read; name instances in [sources.lemmy]"
            raise PermanentSourceError(msg)
        told = []
        for host, base in self._bases.items():
            version = line_of(as_object(self._client.get_json(f"{base}/api/v3/site")).get("version"), limit=60)
            if version is None:
                msg = f"lemmy: {host} does not say its version; is it right in sources.lemmy.instances?"
                raise UnexpectedAnswerError(msg)
            told.append(f"{host} answers ({version})")
        return "; ".join(told)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _view(self, base: str, kind: str, local: str, alive: set[str]) -> Mapping[str, object] | None:
        """Return a post or comment by its id on an instance; None where that has none of it any more.

        Older instances say so with status 400. That nothing is at an address counts
        only while the API itself is there; `alive` are the instances where that was seen.
        """
        try:
            answer = as_object(self._client.get_json(f"{base}/api/v3/{kind}", {"id": local}))
        except RejectedQueryError as error:
            if f"couldnt_find_{kind}" not in str(error):
                raise _limited(base, error) from None
            return None
        except NotFoundError:
            if base not in alive:
                self._client.get_json(f"{base}/api/v3/site")
                alive.add(base)
            return None
        return as_object(answer.get(f"{kind}_view"))

    def _search(self, base: str, text: str, kind: str, position: _Position) -> list[object]:
        asked = {
            "q": text,
            "type_": _KINDS[kind],
            "sort": "New",
            "listing_type": "All",
            "limit": str(position.limit),
            "page": str(position.page),
        }
        try:
            answer = as_object(self._client.get_json(f"{base}/api/v3/search", asked))
        except RejectedQueryError as error:
            raise _limited(base, error) from None
        views = answer.get(kind)
        if not isinstance(views, list):
            msg = f"lemmy: {urlsplit(base).hostname} does not answer as documented (the list of {kind} is missing)"
            raise UnexpectedAnswerError(msg)
        return views


def _limited(base: str, error: RejectedQueryError) -> SourceError:
    """Return what a refusal stands for: instances refuse with status 400 also whoever asks too often."""
    if "rate_limit" not in str(error):
        return error
    msg = f"lemmy: {urlsplit(base).hostname} asks to slow down; the next pass goes on where this one stopped"
    return RateLimitedError(msg)


def _base_of(instance: str, option: str) -> str:
    """Return the address of an instance given by its host name or its address."""
    address = instance.strip()
    address = address if "://" in address else f"https://{address}"
    return checked_base_url(address, option=option)


def _asked(term: str) -> str:
    """Return a word or phrase as it is asked for.

    An instance compares letters and lets a space stand for anything, so what people
    write in more than one way (coca-cola, a curly apostrophe) gives way to a space.
    """
    return " ".join(_VARIED.split(term)).strip()


def _resource(host: str, kind: str, native: str, brand: str, number: int) -> Resource:
    digest = hashlib.sha256(f"{host}\n{kind}\n{native}\n{brand}".encode()).hexdigest()
    lane = f"search:{host}/{kind}"
    return Resource(key=digest[:16], lane=lane if number == 1 else f"{lane}/{number}", native=native, brand=brand)


def _is_too_old(views: Sequence[object], window: Window) -> bool:
    """Say whether the oldest items of a page lie before the window."""
    items = [_item_of(as_object(view)) for view in views[-_LOOK_AT:]]
    times = [at for item in items if (at := instant_from_iso(item.get("published")))]
    return bool(times) and all(at < window.since for at in times)


def _read_views(views: Sequence[object], host: str, window: Window) -> tuple[tuple[Mention, ...], tuple[Skipped, ...]]:
    """Return the mentions of an answer that belong to a window, each once, and what could not become one."""
    mentions: dict[str, Mention] = {}
    skipped: list[Skipped] = []
    for view in views:
        read = read_view(as_object(view), host)
        if isinstance(read, Skipped):
            skipped.append(read)
        elif read.published_at is not None and window.since <= read.published_at < window.until:
            mentions.setdefault(read.id, read)
    return tuple(mentions.values()), tuple(skipped)


def _item_of(view: Mapping[str, object]) -> Mapping[str, object]:
    return as_object(view.get("comment")) or as_object(view.get("post"))


def read_view(view: Mapping[str, object], host: str) -> Mention | Skipped:
    """Return the mention that one item of an answer stands for, or why it is none; `host` sent it."""
    item, post = _item_of(view), as_object(view.get("post"))
    is_comment = "comment" in view
    native = line_of(item.get("ap_id"), limit=ID_LIMIT)
    if native is None:
        return Skipped(id=None, reason="the item has no ap_id")
    published_at = instant_from_iso(item.get("published"))
    if published_at is None:
        return Skipped(id=native, reason="the item has no time")
    if item.get("deleted") is True or item.get("removed") is True:
        return Skipped(id=native, reason="deleted by its author or removed by a moderator")
    written = item.get("content" if is_comment else "body")
    markdown = clean(written) if isinstance(written, str) else ""
    thread = line_of(post.get("ap_id"), limit=ID_LIMIT)
    counts = as_object(view.get("counts"))
    return Mention(
        source="lemmy",
        id=native,
        text=clean(without_references(words_of_links(markdown))).strip(),
        published_at=published_at,
        title=None if is_comment else line_of(item.get("name")),
        url=next(iter(usable_links([native])), None),
        kind="comment" if is_comment else "post",
        author=_author(as_object(view.get("creator"))),
        engagement=Engagement(
            likes=count_of(counts.get("upvotes")),
            replies=count_of(counts.get("child_count" if is_comment else "comments")),
        ),
        reply_to=_parent(item.get("path"), thread, host) if is_comment else None,
        thread=thread,
        links=usable_links([None if is_comment else item.get("url"), *links_of_markdown(markdown)]),
        has_media=None if is_comment else bool(item.get("thumbnail_url")),
        edited_at=instant_from_iso(item.get("updated")),
        extra=_places(item, post if is_comment else {}, host),
    )


def _places(item: Mapping[str, object], post: Mapping[str, object], host: str) -> dict[str, object] | None:
    """Return the ids that an item, and the post it is a comment to, have on the instance that sent it."""
    ids = {"local": count_of(item.get("id")), "local_thread": count_of(post.get("id"))}
    return {name: f"{host}:{local}" for name, local in ids.items() if local is not None} or None


def _parent(path: object, thread: str | None, host: str) -> str | None:
    """Return what a comment answers: the comment above it, by its id here, or the post."""
    steps = (line_of(path, limit=2_000) or "").split(".")
    return f"{host}:{steps[-2]}" if len(steps) > 2 and steps[-2].isdecimal() else thread  # noqa: PLR2004 - 0.parent.own


def _author(creator: Mapping[str, object]) -> Author | None:
    everywhere = line_of(creator.get("actor_id"), limit=ID_LIMIT)
    name = line_of(creator.get("name"), limit=ID_LIMIT)
    if everywhere is None and name is None:
        return None
    try:
        home = urlsplit(everywhere or "").hostname
    except ValueError:
        home = None
    handle = f"{name.lstrip('@')}@{home}" if name and home else name
    return Author(id=everywhere or name, handle=handle, name=line_of(creator.get("display_name"), limit=ID_LIMIT))
