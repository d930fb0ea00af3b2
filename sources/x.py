"""Search X (formerly Twitter) for posts of the last seven days.

API v2 recent search through tweepy, with an app's bearer token. Limits and
prices: docs.x.com, seen 2026-11-22.
"""

from __future__ import annotations

import hashlib
import json
import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Final

import requests
import tweepy

from listener.api import (
    CredentialsError,
    Dialect,
    Page,
    PageBound,
    Price,
    RecheckFacts,
    RecheckPage,
    Resource,
    Secret,
    SourceError,
    SourceFacts,
    UnexpectedAnswerError,
    compile_query,
    compile_together,
    from_epoch,
    option,
    to_epoch,
    utc_now,
)
from sources.adapter import BoundedAdapter, Limits, checked_base_url, header_safe
from sources.text import as_list, as_object, count_of, line_of
from sources.x_answers import Judge, TooOldError, unreadable
from sources.x_lookup import KIND, Lookup
from sources.x_posts import billed_of, counts_of, first_id_at, published_of_id, read_posts
from sources.x_threads import CONVERSATIONS, search_replies

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from listener.api import Mention, Query, StopSignal, Window

    _Spans = tuple[tuple[datetime, datetime, int], ...]

__all__ = ["DIALECT", "XOptions", "XSource"]

logger = logging.getLogger(__name__)

DIALECT: Final = Dialect(
    name="x",
    max_length=512,  # self-serve plans; `query_length` says otherwise
    conjunction=" ",
    disjunction=" OR ",
    negation="-",
    grouping=True,
    phrases=True,
    hashtags=True,
    handles=True,
    cashtags=True,
    authors=True,
    author_prefix="from:",
    accounts=r"\w{1,20}",  # a name or an id: accounts of other services are nobody here
)
"""What recent search can be asked."""

_WITHOUT_REPOSTS: Final = "({}) -is:retweet"  # a space binds tighter than OR
_HOST: Final = "https://api.twitter.com"  # tweepy's, with no option to change it
_SEVERAL: Final = 2
_HORIZON: Final = timedelta(days=7)
_HORIZON_MARGIN: Final = timedelta(minutes=2)  # an id so close to it may be refused by the time it arrives
_LONGEST_TOKEN: Final = 2_000
_PRICING: Final = "docs.x.com, pricing"
_SEEN: Final = "2026-11-22"
_FEWEST: Final = 10
"""Posts X can be asked for at least."""
_AROUND: Final = 2
"""Posts at most that one post refers to in an answer: it replies to one and quotes one."""
_TWEET_FIELDS: Final = [
    "attachments",
    "author_id",
    "conversation_id",
    "created_at",
    "edit_history_tweet_ids",
    "entities",
    "geo",
    "in_reply_to_user_id",
    "lang",
    "note_tweet",
    "possibly_sensitive",
    "public_metrics",
    "referenced_tweets",
]
_EXPANSIONS: Final = ["referenced_tweets.id", "attachments.media_keys", "geo.place_id"]
_OF_AUTHORS: Final = {
    "user_fields": ["created_at", "location", "name", "protected", "public_metrics", "username", "verified"]
}


@dataclass(frozen=True, slots=True, kw_only=True)
class XOptions:
    """Hold the options of `[sources.x]`."""

    bearer_token: Secret = option("The app's bearer token.", default=Secret(env="X_BEARER_TOKEN"))  # noqa: RUF009 - a frozen record
    base_url: str = option("Where the API is.", default=_HOST)
    expand_authors: bool = option(
        "Ask for the authors too (handle, name, followers); X lists a price of $0.010 for each user it returns.",
        default=True,
    )
    include_reposts: bool = option("Fetch reposts too; each is a post that is paid for.", default=True)
    max_results: int = option("Posts in one answer.", default=100, minimum=10, maximum=100)
    share_requests: bool = option(
        "Ask for several brands in one search where they fit into it; a brand with a budget of its own is asked for by "
        "itself.",
        default=True,
    )
    query_length: int = option(
        "Characters X takes in a query: 512 for self-serve plans, 4096 for Enterprise.",
        default=512,
        minimum=64,
        maximum=4096,
    )
    count_first: bool = option(
        "Ask X how many posts a window has and hold what is read against it; one request a window, which X lists at "
        "$0.005.",
        default=False,
    )
    read_threads: bool = option(
        "Search the conversations of unanswered mentions for replies of own_accounts; each reply found is paid for.",
        default=False,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Position:
    """Say where in a window reading stands; it is what `Page.cursor` holds.

    `begin` is the instant back to which the window can be read. `since_id` is
    sent while that is the window's own start. `until_id` is sent where reading
    had to begin anew below the posts already seen, of which `oldest_id` is the last.
    """

    begin: datetime
    since_id: str | None = None
    until_id: str | None = None
    next_token: str | None = None
    oldest_id: str | None = None

    @classmethod
    def at_start(cls, window: Window, *, now: datetime) -> _Position:
        if window.since < now - _HORIZON + _HORIZON_MARGIN:
            return cls(begin=max(window.since, from_epoch(to_epoch(now - _HORIZON))))
        return cls(begin=window.since, since_id=str(first_id_at(window.since) - 1))

    @classmethod
    def read(cls, cursor: str) -> _Position | None:
        """Return the position a cursor holds; None where it is not one of ours."""
        try:
            held = as_object(json.loads(cursor))
            begin = from_epoch(int(str(held.get("begin"))))
        except (ValueError, OverflowError, RecursionError):
            return None
        ids = {name: line_of(held.get(name), limit=64) for name in ("since_id", "until_id", "oldest_id")}
        return cls(begin=begin, next_token=line_of(held.get("next_token"), limit=_LONGEST_TOKEN), **ids)

    @property
    def reached(self) -> datetime | None:
        """Return the instant down to which posts were read; None where none was."""
        oldest = published_of_id(self.oldest_id or "")
        return from_epoch(to_epoch(oldest) + 1) if oldest else None

    def written(self) -> str:
        """Return the position as JSON text."""
        held = {
            "next_token": self.next_token,
            "begin": to_epoch(self.begin),
            "since_id": self.since_id,
            "until_id": self.until_id,
            "oldest_id": self.oldest_id,
        }
        return json.dumps({name: value for name, value in held.items() if value is not None})

    def below_the_horizon(self, *, now: datetime) -> _Position:
        """Return the position that goes on where this one's beginning is refused."""
        begin = max(self.begin, from_epoch(to_epoch(now - _HORIZON)))
        return _Position(begin=begin, until_id=self.oldest_id, oldest_id=self.oldest_id)


class XSource:
    """Read posts of X with one search a native query, newest first."""

    name = "x"
    Options: ClassVar[type] = XOptions
    facts: ClassVar[SourceFacts] = SourceFacts(
        summary="Posts of X (formerly Twitter), by recent search.",
        key_needed="bearer token of an X app",
        cost="$0.005 a post and $0.010 a user returned, each once in a UTC day (2026-11)",
        sees="public posts of the last 7 days, with reposts",
        horizon=_HORIZON,
        overlap=timedelta(minutes=30),  # edits come as late; what is read again on the same UTC day is not billed again
        lag=timedelta(seconds=30),  # X's own default for the end of a search
        every=timedelta(minutes=15),
        lookback=timedelta(days=1),
        prices=(
            Price(kind="post", usd=0.005, figure_from=_PRICING, seen=_SEEN, once_a_day=True),
            Price(kind="user", usd=0.010, figure_from=_PRICING, seen=_SEEN, once_a_day=True),
            Price(kind="count", usd=0.005, figure_from=_PRICING, seen=_SEEN),
        ),
    )
    recheck_facts: ClassVar[RecheckFacts] = RecheckFacts(
        batch=50,  # with as many originals of reposts, or newest versions of edited posts, 100 ids a call
        requests_a_batch=2,
        items_a_batch=200,
        billed_as=KIND,
        requests_per_day=4,  # at $0.005 a post (2026-11) at most $2.00 a day
    )

    def __init__(
        self,
        options: XOptions | None = None,
        *,
        now: Callable[[], datetime] = utc_now,
        limits: Limits | None = None,
        stop: StopSignal | None = None,
    ) -> None:
        self._options = options or XOptions()
        base_url = checked_base_url(self._options.base_url, option="sources.x.base_url")
        self._adapter = BoundedAdapter(
            "X",
            judge=Judge(self._options.bearer_token.places, now=now),
            base_url=None if base_url == _HOST else base_url,
            limits=limits,
            stop=stop,
        )
        self._now = now
        self._client: tweepy.Client | None = None

    def plan(self, queries: Sequence[Query]) -> tuple[Resource, ...]:
        """Return one resource a native query: for all brands together where that takes fewer, else for each.

        Raises RejectedQueryError for a query with a branch X cannot be asked for.
        """
        frame = "{}" if self._options.include_reposts else _WITHOUT_REPOSTS
        dialect = replace(DIALECT, max_length=self._options.query_length - len(frame) + len("{}"))
        apart = [
            _resource(frame.format(native.text), (query.brand,), number)
            for query in queries
            for number, native in enumerate(compile_query(query, dialect), start=1)
        ]
        if not self._options.share_requests or len(queries) < _SEVERAL:
            return tuple(apart)
        brands = tuple(sorted(query.brand for query in queries))
        together = [
            _resource(frame.format(native.text), brands, number)
            for number, native in enumerate(compile_together(queries, dialect), start=1)
        ]
        return tuple(together if len(together) < len(apart) else apart)

    @property
    def requests_made(self) -> int:
        """Return how many calls were sent so far."""
        return self._adapter.requests

    @property
    def service_time(self) -> datetime | None:
        """Return the time by X's clock of its last answer, None before the first."""
        return self._adapter.answered_at

    @property
    def page_sizes(self) -> tuple[int, int]:
        """Return the fewest posts X can be asked for, and how many it is asked for without a limit."""
        return _FEWEST, self._options.max_results

    def most(self, size: int) -> PageBound:
        """Return what so many posts cost at most: each with all it refers to, and an author of each."""
        posts = size * (1 + _AROUND)
        users = posts if self._options.expand_authors else 0
        counts = 1 if self._options.count_first else 0
        # a window that begins too long ago is asked for twice
        return PageBound(
            requests=2 + counts,
            items=posts + users + counts,
            billed={"post": posts, "user": users, "count": counts},
        )

    def fetch(self, resource: Resource, window: Window, cursor: str | None) -> Page:
        """Read one page of a search.

        Where the window begins before what X still has, it is read as far as
        there is something, and the last page says how far that was.
        """
        now, sent = self._now(), self._adapter.requests
        position = _Position.read(cursor) if cursor else None
        if window.until <= now - _HORIZON + _HORIZON_MARGIN:  # an end so old is refused too
            reached = position.reached if position else None
            return Page(complete_since=reached or window.until, lost_reason=_LOST, requests=0, items=0)
        position = position or _Position.at_start(window, now=now)
        try:
            answer = self._search(resource, window, position)
        except TooOldError:
            if position.since_id is None:
                raise
            position = position.below_the_horizon(now=now)
            answer = self._search(resource, window, position)
        page = self._page(answer, window, position)
        existing = self._existing(resource, window, position) if cursor is None and self._options.count_first else None
        if existing is not None:
            billed = (*page.billed, ("count", ""))
            page = replace(page, existing=existing, items=len(billed), billed=billed)
        return replace(page, requests=self._adapter.requests - sent)

    def recheck(self, mentions: Sequence[Mention]) -> RecheckPage:
        """Look posts up by their ids, and those that were edited once more by the id of their newest version."""
        sent = self._adapter.requests
        lookup = Lookup(mentions)
        lookup.take(self._look_up(lookup.wanted()))
        newest, problem = lookup.newest_versions(), None
        if newest:
            try:
                lookup.take(self._look_up(newest))
            except SourceError as error:
                if _may_cost(error):
                    raise  # both answers are then taken to have cost what they may
                problem = str(error)  # the first answer is there, and paid for
        return lookup.page(requests=self._adapter.requests - sent, problem=problem)

    @property
    def threads_at_once(self) -> int:
        """Return in how many conversations answers are searched at once; 0 unless that was asked for: it costs."""
        return CONVERSATIONS if self._options.read_threads else 0

    def most_of_replies(self, size: int) -> PageBound:
        """Return what so many replies cost at most: each is a post, and its author comes with it."""
        return PageBound(requests=1, items=2 * size, billed={"post": size, "user": size})

    def replies(self, mentions: Sequence[Mention], accounts: Sequence[str], size: int | None = None) -> Page:
        """Search some conversations for what the accounts wrote."""
        sent = self._adapter.requests
        page = search_replies(self._connect, mentions, accounts, most=size or self._options.max_results)
        return replace(page, requests=self._adapter.requests - sent)

    def check(self) -> str:
        """Ask for the project's own consumption, which costs nothing."""
        client = self._connect()
        try:
            answer = client.request("GET", "/2/usage/tweets", params={})
            usage = as_object(answer.json()).get("data")
        except (requests.RequestException, ValueError, RecursionError):
            raise unreadable() from None
        if not isinstance(usage, dict):
            msg = "X does not answer as documented (the usage is missing); is base_url right?"
            raise UnexpectedAnswerError(msg)
        used, cap = count_of(usage.get("project_usage")), count_of(usage.get("project_cap"))
        if used is None or cap is None:
            return "X answered; the token is accepted"
        return f"X answered; {used} of {cap} posts of this month are used"

    def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            self._client.session.close()
            self._client = None

    def _connect(self) -> tweepy.Client:
        """Return the client, with the token as it is now."""
        if self._client is None:
            # tweepy logs whole requests at DEBUG, the Authorization header among them
            logging.getLogger("tweepy.client").setLevel(logging.INFO)
            self._client = tweepy.Client(bearer_token="", return_type=dict, wait_on_rate_limit=False)
            self._adapter.serve(self._client.session, _HOST)
        self._client.bearer_token = self._token()
        return self._client

    def _token(self) -> str:
        token = self._options.bearer_token.reveal()
        if not header_safe(token):
            msg = f"the bearer token of X in {self._options.bearer_token.places} has characters no token has; copy it anew"
            raise CredentialsError(msg)
        return token

    def _search(self, resource: Resource, window: Window, position: _Position) -> Mapping[str, object]:
        """Send one search and return its answer, an object."""
        authors = self._options.expand_authors
        parameters: dict[str, Any] = {
            "max_results": min(self._options.max_results, window.size or self._options.max_results),
            "tweet_fields": _TWEET_FIELDS,
            "media_fields": ["alt_text", "preview_image_url", "type", "url"],
            "place_fields": ["country_code"],
            "expansions": [*_EXPANSIONS, "author_id"] if authors else _EXPANSIONS,
            "since_id": position.since_id,
            "until_id": position.until_id,
            "end_time": None if position.until_id else window.until,
            "next_token": position.next_token,
            **(_OF_AUTHORS if authors else {}),
        }
        client = self._connect()
        try:
            answer = client.search_recent_tweets(resource.native, **parameters)
        except (requests.RequestException, ValueError, RecursionError):
            raise unreadable() from None
        if not isinstance(answer, dict) or not _is_listing(answer):
            msg = (
                "X answered a search with something that is not a list of posts; this program does not know that shape"
            )
            raise UnexpectedAnswerError(msg)
        return answer

    def _existing(self, resource: Resource, window: Window, position: _Position) -> _Spans | None:
        """Return how many posts X says there are, hour by hour; nothing where it does not say, None where it refuses."""
        client = self._connect()
        try:
            answer = client.get_recent_tweets_count(
                resource.native, start_time=position.begin, end_time=window.until, granularity="hour"
            )
        except (requests.RequestException, ValueError, RecursionError):
            return ()
        except SourceError as error:  # the posts themselves are there; only nobody knows how many there should be
            logger.warning("posts not counted source=x error=%s", type(error).__name__)
            return () if _may_cost(error) else None
        return counts_of(answer)

    def _look_up(self, ids: Sequence[str]) -> Mapping[str, object]:
        """Return the answer to a question for posts by their ids, at most 100, without expansions: each is paid for."""
        client = self._connect()
        try:
            answer = client.get_tweets(list(ids), tweet_fields=_TWEET_FIELDS)
        except (requests.RequestException, ValueError, RecursionError):
            raise unreadable() from None
        if not isinstance(answer, dict) or not isinstance(answer.get("data", []), list):
            msg = (
                "X answered a look-up with something that is not a list of posts; this program does not know that shape"
            )
            raise UnexpectedAnswerError(msg)
        return answer

    def _page(self, answer: Mapping[str, object], window: Window, position: _Position) -> Page:
        found, skipped = read_posts(answer)
        # an edit is indexed as of now, its post belongs to the window of its first version
        mentions = tuple(one for one in found if one.published_at is None or one.published_at >= window.since)
        following = _following(answer, position)
        is_cut = following is None and position.begin > window.since
        billed = billed_of(answer)
        return Page(
            mentions=mentions,
            cursor=following.written() if following else None,
            exhausted=following is None,
            complete_since=position.begin if is_cut else None,
            lost_reason=_LOST if is_cut else None,
            skipped=skipped,
            items=len(billed),
            billed=billed,
        )


_LOST: Final = "X's recent search reaches 7 days back"


def _may_cost(error: SourceError) -> bool:
    """Say whether X may have charged for an answer that was none."""
    return isinstance(error, UnexpectedAnswerError) or getattr(error, "may_cost", False) is True


def _resource(native: str, brands: tuple[str, ...], number: int) -> Resource:
    digest = hashlib.sha256("\n".join([*brands, native]).encode()).hexdigest()
    alone = len(brands) == 1
    return Resource(
        key=digest[:16],
        lane="search" if number == 1 else f"search/{number}",
        native=native,
        brand=brands[0] if alone else None,
        brands=() if alone else brands,
    )


def _is_listing(answer: Mapping[str, object]) -> bool:
    """Say whether an answer lists posts: it has some, or says itself how many it has, so that none is none."""
    posts = answer.get("data", [])
    if not isinstance(posts, list):
        return False
    said = as_object(answer.get("meta"))
    return bool(posts) or (bool(said) and not count_of(said.get("result_count")))


def _following(answer: Mapping[str, object], position: _Position) -> _Position | None:
    """Return the position after an answer; None where it was the last."""
    raw = as_object(answer.get("meta")).get("next_token")
    if not raw:
        return None
    token = line_of(raw, limit=_LONGEST_TOKEN + 1)
    if token is None or len(token) > _LONGEST_TOKEN or token == position.next_token:
        msg = "X names a next page that cannot be asked for; this program does not know that shape"
        raise UnexpectedAnswerError(msg)
    ids = [line_of(as_object(post).get("id"), limit=19) for post in as_list(answer.get("data"))]
    numbers = [int(post_id) for post_id in [*ids, position.oldest_id] if post_id and post_id.isdecimal()]
    return replace(position, next_token=token, oldest_id=str(min(numbers)) if numbers else None)
