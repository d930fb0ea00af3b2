"""Search Reddit for posts, and read the posts and comments of named subreddits.

Through praw, with an app's own credentials (read only), or without any through
Reddit's public feeds, which show a part of it. Limits and rules:
support.reddithelp.com and the Reddit Data API Wiki, seen 2026-11-22.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar, Final

from listener.api import (
    Dialect,
    Mention,
    NotFoundError,
    Page,
    RecheckFacts,
    RecheckPage,
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
from listener.errors import UsageError
from sources.adapter import checked_each
from sources.cursors import object_in
from sources.reddit_client import RedditClient
from sources.reddit_feed import RedditFeed
from sources.reddit_items import created_at, is_taken_away, is_unsigned, read_thing
from sources.text import as_list, as_object, count_of, line_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    from listener.api import Query, StopSignal, Window
    from sources.adapter import Limits

__all__ = ["DIALECT", "RedditOptions", "RedditSource"]

DIALECT: Final = Dialect(
    name="reddit",
    max_length=512,
    conjunction=" AND ",
    disjunction=" OR ",
    negation="",  # exclusions are decided locally: the service's own are not documented
    grouping=True,
    phrases=True,
    hashtags=False,
    handles=False,
    cashtags=False,
    authors=True,
    author_prefix="author:",
    accounts=r"[\w-]{1,20}",
    symbols=False,
)
"""What the search can be asked (syntax "lucene")."""

_PAGE: Final = 100  # the most things of one answer
_LISTING_DEPTH: Final = 500
"""A listing that ends after so many things was ended by Reddit, which keeps about 1000 and leaves out those that were removed."""
_SEARCH_DEPTH: Final = 200
"""As above for a search, which may end far sooner; below it, an end is taken as the end."""
_MOST_PAGES: Final = 40  # four times what any listing has
_MOST_GONE: Final = 3
"""So often reading goes back within a window because the place where it was to go on is gone."""
_FEED_DEPTH: Final = 25
"""As above for a feed that cannot be turned over: it shows that many without being asked for more."""
_FEED_PAGES: Final = 4
_TAIL: Final = 5
"""A page whose last things are all older than the window is its last; one alone may be out of order."""
_SUBREDDITS_A_LISTING: Final = 25
_ACCOUNT: Final = re.compile(r"[A-Za-z0-9_-]{3,20}", re.ASCII)
_ACCOUNT_PAGES: Final = 5
_SUBREDDIT: Final = re.compile(r"[A-Za-z0-9_]{2,21}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class RedditOptions:
    """Hold the options of `[sources.reddit]`."""

    mode: str = option(
        'How Reddit is read: "api" with an approved app; "feed" without any, its public feeds, which show only a part.',
        default="api",
        choices=("api", "feed"),
    )
    client_id: Secret = option("The app's id.", default=Secret(env="REDDIT_CLIENT_ID"))  # noqa: RUF009 - a frozen record
    client_secret: Secret = option("The app's secret.", default=Secret(env="REDDIT_CLIENT_SECRET"))  # noqa: RUF009 - a frozen record
    user_agent: str = option(
        "How requests name themselves; Reddit wants the account behind them to be named.",
        default="",
        example="script:acme-listening:1.0 (by /u/acme_insights)",
    )
    base_url: str = option(
        "Where the API is, where it is not Reddit's own host.", default="", example="https://proxy.example.org"
    )
    subreddits: tuple[str, ...] = option(
        "Subreddits whose newest posts and comments are read whole and matched here.",
        default=(),
        example=("kettles", "homebrewing"),
    )
    search_in: str = option(
        "Where posts are searched: all of Reddit, or the named subreddits.",
        default="all",
        choices=("all", "subreddits"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Position:
    """Say where in a listing reading stands; it is what `Page.cursor` holds.

    `after` is the last thing read, `seen` and `pages` count what was read,
    `reached` is the epoch second down to which the listing was read. Below a thing that
    was taken away Reddit shows nothing (reddit/reddit, r2/models/builder.py, IDBuilder), as below
    the last one of all: reading then goes back to where the page before began, `back`.
    `missed` is the thing below which nothing came, `gone` counts how often.
    """

    after: str | None = None
    seen: int = 0
    pages: int = 0
    reached: int | None = None
    back: str | None = None
    missed: str | None = None
    gone: int = 0

    @classmethod
    def read(cls, cursor: str | None) -> _Position:
        """Return the position a cursor holds; the beginning where it is none of ours."""
        held = object_in(cursor)
        seen, pages, gone = (count_of(held.get(name)) or 0 for name in ("seen", "pages", "gone"))
        after, back, missed = (line_of(held.get(name), limit=64) for name in ("after", "back", "missed"))
        reached = count_of(held.get("reached"))
        if not after and not missed:
            return cls()
        return cls(after=after, seen=seen, pages=pages, reached=reached, back=back, missed=missed, gone=gone)

    def written(self) -> str:
        """Return the position as JSON text."""
        held = {"after": self.after, "seen": self.seen, "pages": self.pages, "reached": self.reached}
        told = {"back": self.back, "missed": self.missed, "gone": self.gone}
        return json.dumps({**held, **{name: value for name, value in told.items() if value}})

    @property
    def is_lost(self) -> bool:
        """Say whether nothing below this place need not mean that nothing is there."""
        return self.after is not None and self.after != self.missed

    def gone_back(self) -> _Position:
        """Return the position one page up, or at the beginning where that one is gone as well."""
        return replace(
            self,
            after=self.back,
            seen=max(0, self.seen - _PAGE) if self.back else 0,
            pages=max(0, self.pages - 1) if self.back else 0,
            back=None,
            missed=self.after,
            gone=self.gone + 1,
        )


class RedditSource:
    """Read Reddit's listings page by page, newest first."""

    name = "reddit"
    Options: ClassVar[type] = RedditOptions
    facts: ClassVar[SourceFacts] = SourceFacts(
        summary="Posts of Reddit by search; posts and comments of named subreddits.",
        key_needed='id and secret of an approved Reddit app; none with mode = "feed"',
        cost="free for non-commercial use, 100 calls a minute (2026-11)",
        sees="posts everywhere; comments only of the subreddits named; the newest 1000 or so of each listing, "
        'with mode = "feed" the newest 100 to 400',
        horizon=None,
        overlap=timedelta(hours=1),  # the search's index lags behind the listings
        lag=timedelta(),
        every=timedelta(minutes=15),
        lookback=timedelta(days=1),
        items_a_page=_PAGE,
    )
    recheck_facts: ClassVar[RecheckFacts] = RecheckFacts(batch=_PAGE, requests_per_day=300)
    calls_an_account: ClassVar[int] = _ACCOUNT_PAGES
    """How many calls it takes at most to read what one account answered, in however many threads."""

    def __init__(
        self,
        options: RedditOptions | None = None,
        *,
        now: Callable[[], datetime] = utc_now,
        limits: Limits | None = None,
        stop: StopSignal | None = None,
    ) -> None:
        self._options = options or RedditOptions()
        self._subreddits = _checked_subreddits(self._options)
        self._now = now
        self._is_feed = self._options.mode == "feed"
        user_agent, base_url = self._options.user_agent, self._options.base_url
        self._client: RedditClient | RedditFeed
        if self._is_feed:
            self._client = RedditFeed(user_agent=user_agent, base_url=base_url, now=now, stop=stop)
        else:
            self._client = RedditClient(
                client_id=self._options.client_id,
                client_secret=self._options.client_secret,
                user_agent=user_agent,
                base_url=base_url,
                now=now,
                limits=limits,
                stop=stop,
            )

    def plan(self, queries: Sequence[Query]) -> tuple[Resource, ...]:
        """Return the searches of each brand, and the listings that serve every brand.

        Raises RejectedQueryError for a query with a branch Reddit cannot be asked for.
        """
        places = ["all"] if self._options.search_in == "all" else list(_grouped(self._subreddits))
        searches = [
            _resource(f"{self._path(place, 'search')} {native.text}", "search", number, query.brand)
            for query in queries
            for number, (place, native) in enumerate(
                ((place, native) for native in compile_query(query, DIALECT) for place in places), start=1
            )
        ]
        listings = [
            _resource(self._path(place, lane), lane, number, None)
            for lane in ("new", "comments")
            for number, place in enumerate(_grouped(self._subreddits), start=1)
        ]
        return (*searches, *(listings if queries else ()))

    def _path(self, place: str, lane: str) -> str:
        """Return where a listing is: a resource read through a feed is another one than through the API."""
        if not self._is_feed:
            return f"/r/{place}/{lane}"
        if lane != "search":
            return f"/r/{place}/{lane}/.rss"
        return "/search.rss" if place == "all" else f"/r/{place}/search.rss"

    def fetch(self, resource: Resource, window: Window, cursor: str | None) -> Page:
        """Read one page of a listing.

        A listing cannot be asked for a time: it is read from its newest thing
        down to the window's beginning, or to where Reddit ends it.
        """
        sent = self._client.calls_made
        position = _Position.read(cursor)
        path, _, query = resource.native.partition(" ")
        listing = as_object(self._client.get(path, _parameters(path, query, position)).get("data"))
        things = [as_object(child) for child in as_list(listing.get("children"))]
        after = line_of(listing.get("after"), limit=64)
        if after is not None and after == position.after:
            msg = f"Reddit names the page of {path} it just sent as the next one; this program does not know that shape"
            raise UnexpectedAnswerError(msg)
        is_guess = listing.get("is_cut") is True or (
            self._is_feed and position.seen % _PAGE
        )  # a feed names no next page
        is_lost = not things and after is None and position.is_lost and not is_guess
        if is_lost and position.gone < _MOST_GONE:
            requests = self._client.calls_made - sent
            return Page(cursor=position.gone_back().written(), exhausted=False, requests=requests, items=0)
        following = _advanced(position, things, after)
        mentions, skipped = _read(things, window)
        depth = _SEARCH_DEPTH if query else _LISTING_DEPTH
        if listing.get("is_cut") is True:
            depth = _FEED_DEPTH
        pages = _FEED_PAGES if self._is_feed else _MOST_PAGES
        what = "feed" if self._is_feed else "search" if query else "listing"
        if is_lost:
            depth = 0  # somewhere below there may be more
        ended, reason = _end(following, things, window, depth=depth, pages=pages, what=what)
        complete_since = from_epoch(following.reached + 1) if reason and following.reached is not None else None
        return Page(
            mentions=mentions,
            cursor=None if ended else following.written(),
            exhausted=ended,
            complete_since=min(complete_since, window.until) if complete_since else None,
            lost_reason=reason if complete_since else None,
            skipped=skipped,
            requests=self._client.calls_made - sent,
            items=len(things),
        )

    @property
    def requests_made(self) -> int:
        """Return how many calls were sent so far."""
        return self._client.calls_made

    def recheck(self, mentions: Sequence[Mention]) -> RecheckPage:
        """Ask for things by their full names.

        One that is not in the answer is unknown: its subreddit may be closed to this app for a while.
        Feeds cannot be asked so: without an app all are unknown.
        """
        if self._is_feed:
            return RecheckPage(requests=0)
        sent = self._client.calls_made
        asked = ",".join(one.id for one in mentions)
        listing = as_object(self._client.get("/api/info", {"id": asked, "limit": _PAGE}).get("data"))
        things = {
            str(as_object(thing.get("data")).get("name")): thing
            for thing in map(as_object, as_list(listing.get("children")))
        }
        found = {one.id: things[one.id] for one in mentions if one.id in things}
        read = [read_thing(thing) for thing in found.values() if not is_taken_away(thing)]
        return RecheckPage(
            present=tuple(one for one in read if isinstance(one, Mention)),
            gone=tuple(native for native, thing in found.items() if is_taken_away(thing)),
            unsigned=tuple(native for native, thing in found.items() if is_unsigned(thing)),
            requests=self._client.calls_made - sent,
            items=len(found),
        )

    @property
    def threads_at_once(self) -> int:
        """Return for how many threads answers are looked for at once: an app reads what an account wrote anywhere."""
        return 0 if self._is_feed else _PAGE

    def replies(self, mentions: Sequence[Mention], accounts: Sequence[str]) -> Page:
        """Read the newest comments of the accounts, back to the oldest of the mentions."""
        sent = self._client.calls_made
        since = min((one.published_at for one in mentions if one.published_at is not None), default=self._now())
        names = [account for account in accounts if _ACCOUNT.fullmatch(account)]
        found: list[Mention] = []
        for name in names:
            found += self._written_by(name, since)
        return Page(
            mentions=tuple({one.id: one for one in found}.values()),
            skipped=() if names else tuple(Skipped(id=one.id, reason="no such account") for one in mentions),
            requests=self._client.calls_made - sent,
            items=len(found),
        )

    def _written_by(self, name: str, since: datetime) -> list[Mention]:
        """Return the comments of an account since an instant, at most some hundred of them."""
        found: list[Mention] = []
        position = _Position()
        for _ in range(_ACCOUNT_PAGES):
            try:
                path = f"/user/{name}/comments"
                listing = as_object(self._client.get(path, _parameters(path, "", position)).get("data"))
            except NotFoundError:  # Reddit has no such account, so that it answered nobody
                return found
            things = [as_object(child) for child in as_list(listing.get("children"))]
            found += [read for thing in things if isinstance(read := read_thing(thing), Mention)]
            position = _advanced(position, things, line_of(listing.get("after"), limit=64))
            tail = _tail(things)
            if position.after is None or tail is None or tail < since:
                break
        return found

    def check(self) -> str:
        """Read the newest post of the first place that is listened to."""
        place = next(_grouped(self._subreddits), "all")
        self._client.get(self._path(place, "new"), {"limit": 1})
        left = self._client.calls_left
        return f"Reddit answered{' by its public feeds, which show a part' if self._is_feed else ''}" + (
            f"; {left:g} calls are left in this period" if left is not None else ""
        )

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


def _parameters(path: str, query: str, position: _Position) -> dict[str, str | int]:
    """Return the query parameters of one page of a listing or search."""
    parameters: dict[str, str | int] = {"limit": _PAGE}
    if query:
        parameters |= {"q": query, "sort": "new", "syntax": "lucene", "t": "all", "type": "link"}
        parameters |= {
            "include_over_18": "on",
            "restrict_sr": "false" if path.startswith(("/r/all/", "/search")) else "true",
        }
    if position.after:
        parameters |= {"after": position.after, "count": position.seen}
    return parameters


def _advanced(position: _Position, things: Sequence[Mapping[str, object]], after: str | None) -> _Position:
    """Return the position after a page."""
    tail = _tail(things)
    read_to = None if tail is None else to_epoch(tail)
    reached = [second for second in (position.reached, read_to) if second is not None]
    return replace(
        position,
        after=after,
        seen=position.seen + len(things),
        pages=position.pages + 1,
        reached=min(reached, default=None),
        back=position.after if things else position.back,
    )


def _tail(things: Sequence[Mapping[str, object]]) -> datetime | None:
    """Return the newest instant among a page's last things; None for an empty page."""
    instants = [instant for thing in things[-_TAIL:] if (instant := created_at(thing)) is not None]
    return max(instants, default=None)


def _end(
    following: _Position,
    things: Sequence[Mapping[str, object]],
    window: Window,
    *,
    depth: int,
    pages: int,
    what: str,
) -> tuple[bool, str | None]:
    """Say whether a page was the last to read, and why some of the window is out of reach, if it is.

    A listing that ends after `depth` things was ended by Reddit; more than `pages` are not read.
    """
    tail = _tail(things)
    if tail is not None and tail < window.since:
        return True, None
    if following.pages >= pages:
        return True, f"Reddit went on beyond {pages} pages"
    if following.after is not None:
        return False, None
    reaches = following.reached is not None and from_epoch(following.reached) < window.since
    if not reaches and following.seen >= depth:
        return True, f"Reddit ended the {what} after {following.seen} things"
    return True, None


def _read(things: Sequence[Mapping[str, object]], window: Window) -> tuple[tuple[Mention, ...], tuple[Skipped, ...]]:
    """Return the mentions of a page that lie in the window, each once, and what could not become one."""
    mentions: dict[str, Mention] = {}
    skipped: list[Skipped] = []
    for thing in things:
        instant = created_at(thing)
        if instant is not None and not window.since <= instant < window.until:
            continue
        mention = read_thing(thing)
        if isinstance(mention, Skipped):
            skipped.append(mention)
        else:
            mentions.setdefault(mention.id, mention)
    return tuple(mentions.values()), tuple(skipped)


def _resource(native: str, lane: str, number: int, brand: str | None) -> Resource:
    digest = hashlib.sha256(f"{brand or ''}\n{native}".encode()).hexdigest()
    return Resource(key=digest[:16], lane=lane if number == 1 else f"{lane}/{number}", native=native, brand=brand)


def _grouped(subreddits: Sequence[str]) -> Iterator[str]:
    """Yield names of subreddits joined as one listing takes them."""
    for start in range(0, len(subreddits), _SUBREDDITS_A_LISTING):
        yield "+".join(subreddits[start : start + _SUBREDDITS_A_LISTING])


def _checked_subreddit(written: str, option: str) -> str:
    name = written.strip().strip("/").removeprefix("r/")
    if not _SUBREDDIT.fullmatch(name):
        msg = f'{option}: "{name}" is not the name of a subreddit; write NAME alone of reddit.com/r/NAME'
        raise UsageError(msg)
    return name


def _checked_subreddits(options: RedditOptions) -> tuple[str, ...]:
    """Return the names of the subreddits, without r/, each once; raises UsageError for what is none."""
    names = checked_each(options.subreddits, _checked_subreddit, option="sources.reddit.subreddits")
    if options.search_in == "subreddits" and not names:
        msg = 'sources.reddit.search_in: "subreddits" needs names in sources.reddit.subreddits'
        raise UsageError(msg)
    return tuple({name.casefold(): name for name in names}.values())
