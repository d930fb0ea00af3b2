"""Search YouTube for videos, and read the comments on those that name a brand.

The Data API v3 (developers.google.com/youtube/v3, seen 2026-11-22) allows 100
searches a day and 10 000 other calls, counted from midnight Pacific Time; a page
of a search is a search. They are therefore spread over the day. What is stored
may be kept for 30 days (YouTube API Services Developer Policies, III.E.4).
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar, Final

from listener.api import (
    CredentialsError,
    Dialect,
    Mention,
    NotFoundError,
    Page,
    PageBound,
    RateLimitedError,
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
from sources.adapter import checked_base_url
from sources.cursors import object_in, reading_cursor
from sources.text import as_list, as_object, count_of, line_of
from sources.web import Client, Limits
from sources.youtube_again import BATCH, look_again, read_replies
from sources.youtube_items import CommentsOffError, StaleTokenError, read_thread, read_video, refusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from listener.api import Query, StopSignal, Window

__all__ = ["DIALECT", "YouTubeOptions", "YouTubeSource"]

_LONGEST: Final = 400
DIALECT: Final = Dialect(
    name="youtube",
    max_length=_LONGEST,
    disjunction="",  # "a|b c" is (a or b) and c: only single terms are joined, and here
    negation="",  # "-word" looks at tags too, which nobody sees here
    grouping=False,
    hashtags=False,
    handles=False,
    symbols=False,
)
"""What can be asked: words and phrases, all of which must occur."""

_PAGE: Final = 50
_COMMENTS: Final = 100
_DRY: Final = 450
"""A search ends after some 500 videos, whatever there is; after so many the rest is searched for anew."""
_MOST_VIDEOS: Final = 50
"""So many videos, the newest ones, have their comments read for each brand."""
_MOST_BRANDS: Final = 4
"""Brands that share a search at most: their videos must find room in a cursor."""
_LOOK_AT: Final = 3
"""Comments end where so many in a row are too old: one may have been pinned."""
_DAY: Final = 86_400
_BURST: Final = 10
"""One part in so many of a day's searches may be made at once."""
_TERM: Final = re.compile(r'"([^"]*)"|([^\s|]+)')


@dataclass(frozen=True, slots=True, kw_only=True)
class YouTubeOptions:
    """Hold the options of `[sources.youtube]`."""

    api_key: Secret = option(  # noqa: RUF009 - a frozen record
        "API key of a Google Cloud project with the YouTube Data API v3.", default=Secret(env="YOUTUBE_API_KEY")
    )
    searches_a_day: int = option(
        "How many searches the key may make in a day; they are spread over it.", default=100, minimum=1
    )
    include_comments: bool = option("Read comments too, of videos that name the brand.", default=True)
    comment_days: int = option("How long after its publication a video's comments are read.", default=7, minimum=1)
    base_url: str = option("Where the API is.", default="https://www.googleapis.com/youtube/v3")

    @property
    def requests_a_day(self) -> int:
        """Return the cap that counts: that on searches."""
        return self.searches_a_day


@dataclass(frozen=True, slots=True, kw_only=True)
class _Allowance:
    """Say how many searches may be made: `left` of them at the epoch second `at`."""

    left: float
    at: int

    def after_one(self, *, now: int, rate: float, most: float) -> _Allowance:
        """Return what is left once a search is made now; raises RateLimitedError where none may be."""
        left = min(most, self.left + max(0, now - self.at) * rate)
        if left < 1:
            due = from_epoch(now + int((1 - left) / rate) + 1)
            msg = f"youtube: searches are spread over the day (searches_a_day); the next one is due at {due:%H:%M} UTC"
            raise RateLimitedError(msg, retry_at=due)
        return _Allowance(left=round(left - 1, 4), at=now)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Marker:
    """Remember videos whose comments are to be read, with their times in epoch seconds, and the allowance."""

    videos: Mapping[str, int]
    allowance: _Allowance | None

    @classmethod
    def read(cls, text: str | None) -> _Marker:
        fields = object_in(text)
        videos = {video: at for video, at in as_object(fields.get("videos")).items() if isinstance(at, int)}
        left, at = fields.get("left"), count_of(fields.get("at"))
        known = isinstance(left, (int, float)) and not isinstance(left, bool) and at is not None
        return cls(videos=videos, allowance=_Allowance(left=float(left), at=at) if known else None)  # type: ignore[arg-type]

    def write(self) -> str:
        spent = {"left": self.allowance.left, "at": self.allowance.at} if self.allowance else {}
        return json.dumps({"videos": dict(self.videos), **spent})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Position:
    """Say where in a window reading stands; it is what `Page.cursor` holds.

    While `before` (epoch seconds, exclusive) is known, videos are searched for
    below it: `token` is the page, `count` how many came already, `oldest` the
    earliest of them, `lost` the second of which not all could be read. Then the
    comments of `videos` are read, the first of them at the page `token`.
    """

    before: int | None
    token: str | None = None
    count: int = 0
    oldest: int | None = None
    lost: int | None = None
    videos: tuple[str, ...] = ()
    allowance: _Allowance | None = None

    @classmethod
    def read(cls, cursor: str) -> _Position:
        with reading_cursor("youtube"):
            before, token, count, oldest, lost, videos, left, at = json.loads(cursor)
            return cls(
                before=None if before is None else int(before),
                token=None if token is None else str(token),
                count=int(count),
                oldest=None if oldest is None else int(oldest),
                lost=None if lost is None else int(lost),
                videos=tuple(map(str, videos)),
                allowance=None if at is None else _Allowance(left=float(left), at=int(at)),
            )

    def write(self) -> str:
        left, at = (None, None) if self.allowance is None else (self.allowance.left, self.allowance.at)
        return json.dumps([self.before, self.token, self.count, self.oldest, self.lost, self.videos, left, at])


class YouTubeSource:
    """Read videos that hold the words of a query, and comments on them."""

    name = "youtube"
    Options: ClassVar[type] = YouTubeOptions
    facts: ClassVar[SourceFacts] = SourceFacts(
        summary="Videos on YouTube, by search, and comments on them.",
        key_needed="API key of a Google Cloud project",
        cost="free, 100 searches and 10 000 other calls a day (2026-11)",
        sees="public videos that YouTube's search gives out; comments of the newest 50 that name the brand, for a week",
        overlap=timedelta(hours=6),  # videos are found some time after they are published
        lag=timedelta(minutes=5),
        every=timedelta(hours=1),
        requests_a_day=100,  # of searches, which alone are counted: see `counted` of the pages
        cap_seen="developers.google.com/youtube/v3/determine_quota_cost, 2026-11-22",
        retention=timedelta(days=30),
    )
    recheck_facts: ClassVar[RecheckFacts] = RecheckFacts(batch=BATCH, requests_a_batch=2, counted_a_batch=0)
    threads_at_once = 1
    threads_are_uncounted = True

    def __init__(self, options: YouTubeOptions | None = None, *, stop: StopSignal | None = None) -> None:
        self._options = options or YouTubeOptions()
        self._base = checked_base_url(self._options.base_url, option="sources.youtube.base_url")
        self._client = Client(self.name, trusted=[self._base], stop=stop, judge=refusal)
        once = Limits(tries=1, redirects=0)  # whatever comes of it, a search is counted
        self._searching = Client(self.name, trusted=[self._base], stop=stop, judge=refusal, limits=once)
        self._planned = 1
        self._given: str | None = None

    def plan(self, queries: Sequence[Query]) -> Sequence[Resource]:
        """Return a resource for each search that is needed: single terms share one, those of several brands too."""
        apart = [
            _resource(native, (query.brand,), number)
            for query in queries
            for number, native in enumerate(_natives(query), start=1)
        ]
        together = [_resource(native, brands, number) for number, (native, brands) in enumerate(_shared(queries), 1)]
        resources = together if len(together) < len(apart) else apart
        self._planned = max(1, len(resources))
        return resources

    def fetch(self, resource: Resource, window: Window, cursor: str | None) -> Page:
        """Read a page of up to 50 videos, then, video by video, a page of up to 100 comments."""
        marker = _Marker.read(window.marker)
        if cursor is None:
            position = _Position(before=to_epoch(window.until), allowance=marker.allowance)
        else:
            position = _Position.read(cursor)
        made, searched = self._client.requests_made, self._searching.requests_made
        if position.before is not None:
            page, position = self._videos(resource, window, position, marker if cursor is None else None)
        else:
            page, position = self._comments(window, position)
        ended = position.before is None and not position.videos
        lost = from_epoch(position.lost) if ended and position.lost is not None else None
        return replace(
            page,
            cursor=None if ended else position.write(),
            exhausted=ended,
            complete_since=lost,
            lost_reason="a search gives out some 500 videos, and there were more" if lost else None,
            requests=self._client.requests_made - made + self._searching.requests_made - searched,
            counted=self._searching.requests_made - searched,
        )

    @property
    def requests_made(self) -> int:
        """Return how many searches were sent so far; other calls do not count."""
        return self._searching.requests_made

    @property
    def page_sizes(self) -> tuple[int, int]:
        """Return the size of a page, twice: a search is never asked for less."""
        return _PAGE, _PAGE

    def most(self, size: int) -> PageBound:
        """Return what a page costs at most: one search, and what it finds or a page of comments."""
        return PageBound(requests=1, items=max(size, _COMMENTS))

    def check(self) -> str:
        """Look one video up, which costs no search."""
        answer = self._get("videos", {"part": "id", "id": "jNQXAC9IVRw"})
        _listed(answer, "videos")
        return "answers; the key is accepted"

    def recheck(self, mentions: Sequence[Mention]) -> RecheckPage:
        """Look videos and comments up by their ids, which costs no search."""
        return replace(look_again(mentions, self._get), counted=0)

    def replies(self, mentions: Sequence[Mention], accounts: Sequence[str]) -> Page:  # noqa: ARG002 - all come
        """Read the newest comments on a video, or the answers to a comment."""
        (mention,) = mentions
        made = self._client.requests_made
        page = read_replies(mention, self._get)
        return replace(page, requests=self._client.requests_made - made, counted=0)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()
        self._searching.close()

    def _videos(
        self, resource: Resource, window: Window, position: _Position, first: _Marker | None
    ) -> tuple[Page, _Position]:
        """Read one page of a search; `first` is the last window's marker on the first page of a window."""
        allowed = self._options.searches_a_day / self._planned
        most = max(1.0, allowed / _BURST)
        now = to_epoch(utc_now())
        allowance = (position.allowance or _Allowance(left=most, at=now)).after_one(
            now=now, rate=allowed / _DAY, most=most
        )
        before = position.before or 0
        try:
            answer = self._search(resource.native, window, before, position.token)
        except StaleTokenError:
            again = min(before, (position.oldest or before) + 1)
            return Page(items=0), replace(position, before=again, token=None, count=0, allowance=allowance)
        results = as_list(answer.get("items"))
        mentions, skipped = self._read_results(results)
        oldest = min([to_epoch(one.published_at) for one in mentions if one.published_at] + [position.oldest or before])
        named = [one for one in mentions if one.engagement.replies is not None and _names(resource.native, one)]
        times = {one.id: to_epoch(one.published_at) for one in named if one.published_at}
        talked_of = {one.id: times[one.id] for one in named if one.engagement.replies}
        known = first.videos if first is not None else {}
        most_videos = _MOST_VIDEOS * max(1, len(resource.brands))
        tracked = self._tracked({**known, **talked_of, **dict.fromkeys(position.videos, before)}, window, most_videos)
        marker = _Marker(videos=self._tracked({**known, **times}, window, most_videos), allowance=allowance)
        onward = _onward(
            answer, len(results), replace(position, oldest=oldest, allowance=allowance), to_epoch(window.since)
        )
        page = Page(
            mentions=tuple(
                one for one in mentions if one.published_at and window.since <= one.published_at < window.until
            ),
            skipped=skipped,
            marker=marker.write(),
            items=len(results),
        )
        return page, replace(onward, videos=tuple(tracked))

    def _tracked(self, videos: Mapping[str, int], window: Window, most: int) -> dict[str, int]:
        """Return those videos whose comments are to be read: young enough, the newest first."""
        if not self._options.include_comments:
            return {}
        earliest = to_epoch(window.until) - self._options.comment_days * _DAY
        newest = sorted(videos.items(), key=lambda video: (-video[1], video[0]))
        return {video: at for video, at in newest[:most] if at >= earliest}

    def _search(self, native: str, window: Window, before: int, token: str | None) -> Mapping[str, object]:
        asked = {
            "part": "snippet",
            "type": "video",
            "order": "date",
            "maxResults": str(_PAGE),
            "q": native,
            "publishedAfter": _written(window.since),
            "publishedBefore": _written(from_epoch(before)),
        }
        answer = self._get("search", asked | ({"pageToken": token} if token else {}), client=self._searching)
        _listed(answer, "results")
        return answer

    def _read_results(self, results: Sequence[object]) -> tuple[tuple[Mention, ...], tuple[Skipped, ...]]:
        """Return the videos of a search, each read whole, and what could not become a mention."""
        ids = [line_of(as_object(as_object(result).get("id")).get("videoId"), limit=64) for result in results]
        wanted = list(dict.fromkeys(native for native in ids if native))
        skipped = [Skipped(id=None, reason="the result is no video") for native in ids if native is None]
        if not wanted:
            return (), tuple(skipped)
        answer = self._get("videos", {"part": "snippet,statistics", "id": ",".join(wanted), "maxResults": str(_PAGE)})
        mentions: dict[str, Mention] = {}
        for item in _listed(answer, "videos"):
            read = read_video(as_object(item))
            if isinstance(read, Skipped):
                skipped.append(read)
            else:
                mentions[read.id] = read
        told = {*mentions, *(one.id for one in skipped)}
        skipped += [Skipped(id=native, reason="gone before it was read") for native in wanted if native not in told]
        return tuple(mentions.values()), tuple(skipped)

    def _comments(self, window: Window, position: _Position) -> tuple[Page, _Position]:
        """Read one page of the comments of the first video that is left.

        Where the token of an earlier pass is no longer taken, that video is read from its newest comments again.
        """
        video, *others = position.videos
        done = replace(position, videos=tuple(others), token=None)
        asked = {"part": "snippet,replies", "videoId": video, "order": "time", "textFormat": "plainText"}
        asked |= {"maxResults": str(_COMMENTS)} | ({"pageToken": position.token} if position.token else {})
        try:
            answer = self._get("commentThreads", asked)
        except (CommentsOffError, NotFoundError, StaleTokenError) as problem:
            if isinstance(problem, StaleTokenError) and position.token not in {None, self._given}:
                return Page(items=0), replace(position, token=None)
            return Page(items=0, skipped=(Skipped(id=video, reason=str(problem).removeprefix("youtube: ")),)), done
        threads = [as_object(thread) for thread in _listed(answer, "comments")]
        mentions, skipped, is_past = _read_threads(threads, video, window)
        self._given = token = line_of(answer.get("nextPageToken"), limit=500)
        page = Page(mentions=mentions, skipped=skipped, items=len(threads))
        return page, done if token is None or is_past else replace(position, token=token)

    def _get(self, method: str, asked: Mapping[str, str], *, client: Client | None = None) -> Mapping[str, object]:
        try:
            key = self._options.api_key.reveal()
        except CredentialsError as error:
            msg = f"youtube: {error}"
            raise CredentialsError(msg) from None
        answer = (client or self._client).get_json(f"{self._base}/{method}", {**asked, "key": key})
        if not isinstance(answer, dict):
            raise UnexpectedAnswerError(_unlike("it is no object"))
        return answer


def _natives(query: Query) -> Iterator[str]:
    """Yield what to search for: single terms joined by | as far as they fit, conjunctions by themselves."""
    texts = [native.text for native in compile_query(query, DIALECT)]
    group = ""
    for text in texts:
        if len(_TERM.findall(text)) != 1:
            continue
        if group and len(group) + 1 + len(text) > _LONGEST:
            yield group
            group = ""
        group = f"{group}|{text}" if group else text
    if group:
        yield group
    yield from (text for text in texts if len(_TERM.findall(text)) != 1)


def _shared(queries: Sequence[Query]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield searches for all queries, and the brands of each: single terms of several brands joined as far as they fit."""
    group, brands = "", dict[str, None]()
    several: list[tuple[str, tuple[str, ...]]] = []
    for query in queries:
        for native in _natives(query):
            if len(_TERM.findall(native)) != 1 and "|" not in native:
                several.append((native, (query.brand,)))
                continue
            is_full = len(group) + 1 + len(native) > _LONGEST or len({*brands, query.brand}) > _MOST_BRANDS
            if group and is_full:
                yield group, tuple(brands)
                group, brands = "", {}
            group = f"{group}|{native}" if group else native
            brands[query.brand] = None
    if group:
        yield group, tuple(brands)
    yield from several


def _resource(native: str, brands: tuple[str, ...], number: int) -> Resource:
    digest = hashlib.sha256("\n".join([native, *brands]).encode()).hexdigest()
    alone = len(brands) == 1
    return Resource(
        key=digest[:16],
        lane="search" if number == 1 else f"search/{number}",
        native=native,
        brand=brands[0] if alone else None,
        brands=() if alone else brands,
    )


def _names(native: str, video: Mention) -> bool:
    """Say whether a video holds a term of a search; YouTube also gives out what it thinks is alike."""
    words = f"{video.title}\n{video.text}".casefold()
    terms = [(phrase or word).casefold() for phrase, word in _TERM.findall(native)]
    return any(term in words for term in terms) if "|" in native else all(term in words for term in terms)


def _onward(answer: Mapping[str, object], count: int, position: _Position, since: int) -> _Position:
    """Return where to go on after a page of a search."""
    token, before = line_of(answer.get("nextPageToken"), limit=500), position.before or 0
    reached = position.count + count
    if token is not None and (count or position.token is None):  # a later page without anything is the dry end
        return replace(position, token=token, count=reached)
    if reached < _DRY or position.oldest is None or position.oldest <= since:
        return replace(position, before=None, token=None, count=0)
    if position.oldest + 1 < before:
        return replace(position, before=position.oldest + 1, token=None, count=0)
    return replace(position, before=None, token=None, count=0, lost=before)


def _read_threads(
    threads: Iterable[Mapping[str, object]], video: str, window: Window
) -> tuple[tuple[Mention, ...], tuple[Skipped, ...], bool]:
    """Return the comments of a window, what could not become one, and whether the last ones were too old."""
    mentions: dict[str, Mention] = {}
    skipped: list[Skipped] = []
    old = 0
    for thread in threads:
        top, *replies = read_thread(thread, video)
        if isinstance(top, Mention):
            old = old + 1 if top.published_at and top.published_at < window.since else 0
        for read in (top, *replies):
            if isinstance(read, Skipped):
                skipped.append(read)
            elif read.published_at and window.since <= read.published_at < window.until:
                mentions.setdefault(read.id, read)
    return tuple(mentions.values()), tuple(skipped), old >= _LOOK_AT


def _written(instant: datetime) -> str:
    return f"{instant:%Y-%m-%dT%H:%M:%SZ}"


def _listed(answer: Mapping[str, object], what: str) -> list[object]:
    """Return the items of an answer; raises UnexpectedAnswerError where it has no list of them."""
    items = answer.get("items")
    if not isinstance(items, list):
        raise UnexpectedAnswerError(_unlike(f"the list of {what} is missing"))
    return items


def _unlike(reason: str) -> str:
    return f"youtube: the API does not answer as documented ({reason}); is base_url right?"
