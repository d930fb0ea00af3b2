"""The services of the chaos suite, a table entry each: how posts get into its simulator and what the API still gives.

A source joins with a class below `Service`, here or in `more_services`, and its name in `table`.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from chaos.world import DAY, HOUR, MINUTE, Item
from servers import appview, feeds, hackernews, jetstream, lemmy, mastodon, reddit, x
from servers.web import Answer, Request, SimulatedServer


def when(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)


def drop(things: list[Any], gone: object) -> None:
    """Take one thing out of a list, by what it is: to compare all fields of thousands takes minutes."""
    del things[next(index for index, one in enumerate(things) if one is gone)]


class Service(ABC):
    """One simulated service; `server` speaks its protocol on loopback.

    `rate` is posts an hour, `overlap` (seconds) how late a post may be found and
    still be read, `lag` how near the present is read. `tells_empty` says whether an
    empty page can be told from the end.
    """

    name: ClassVar[str]
    overlap: ClassVar[int] = HOUR
    lag: ClassVar[int] = 60
    tells_empty: ClassVar[bool] = False
    largest_burst: ClassVar[int] = 5_000
    keys: ClassVar[Mapping[str, str]] = {}

    def __init__(self, *, rate: float = 6.0) -> None:
        self.rate = rate
        self.now = 0
        self.server = self.make()
        self.server.clock = lambda: float(self.now)

    @abstractmethod
    def make(self) -> SimulatedServer:
        """Return the simulator."""

    def options(self) -> dict[str, object]:
        """Return the options of `[sources.NAME]` that lead here."""
        return {"base_url": self.server.url}

    def enter(self, stack: ExitStack) -> None:
        stack.enter_context(self.server)

    def table(self, **more: object) -> str:
        given = {"every": "10m", "jitter": "0s", "lookback": "1d", **self.options(), **more}
        return "\n".join([f"[sources.{self.name}]", *(f"{key} = {json.dumps(one)}" for key, one in given.items()), ""])

    def turn(self, now: int) -> None:
        """Take note of the time."""
        self.now = now

    def words(self, text: str) -> str:
        """Return what a post here says, asked to say `text`."""
        return text

    def edge(self) -> int:
        """Return the oldest second of which everything can still be read."""
        return 0

    def is_question(self, request: Request) -> bool:
        """Say whether a request asks for posts (and not for access)."""
        return request.method == "GET"

    def limit_headers(self) -> dict[str, str]:
        """Return what comes with a 429."""
        return {"Retry-After": "300"}

    def asked(self) -> int:
        return len(self.server.requests)

    def break_for(self, kind: str, times: int, *, after: int) -> None:
        """Meet the questions after the next `after` with a fault."""
        counted = 0

        def is_due(request: Request) -> bool:
            nonlocal counted
            counted += self.is_question(request)
            return self.is_question(request) and counted > after

        if kind.isdecimal():
            headers = self.limit_headers() if kind == "429" else {}
            self.server.fault("status", times, when=is_due, status=int(kind), headers=headers, body="busy")
        else:
            self.server.fault(kind, times, when=is_due)

    def go_silent(self) -> None:  # noqa: B027 - most need nothing
        """Get ready to be asked for what is to come, without keeping the asker waiting."""

    def calm(self) -> None:
        self.server.calm()

    @abstractmethod
    def publish(self, item: Item) -> None:
        """Give a new post out."""

    @abstractmethod
    def edit(self, item: Item, *, at: int) -> None:
        """Give a post out as it is worded now."""

    @abstractmethod
    def withdraw(self, item: Item) -> None:
        """Give a post out no longer."""


class _CachedX(x.X):
    """Keep what a search found until something changes: a sweep of a burst asks for it page by page."""

    def __init__(self) -> None:
        super().__init__([], now=when(0), limit=1_000_000)
        self.cache: dict[tuple[str, ...], list[x.Post]] = {}

    def found(self, request: Request) -> list[x.Post]:
        key = tuple(request.param(name) for name in ("query", "since_id", "until_id", "start_time", "end_time"))
        if key not in self.cache:
            self.cache[key] = super().found(request)
        return self.cache[key]


class XService(Service):
    name = "x"
    overlap, lag, tells_empty = 30 * MINUTE, 30, True
    keys: ClassVar = {"X_BEARER_TOKEN": x.TOKEN}

    def make(self) -> _CachedX:
        self.posts: dict[int, x.Post] = {}
        return _CachedX()

    def options(self) -> dict[str, object]:
        return super().options() | {"max_results": 100}

    def turn(self, now: int) -> None:
        super().turn(now)
        self.server.now = when(now)
        self._change()

    def edge(self) -> int:
        return self.now - 7 * DAY

    def limit_headers(self) -> dict[str, str]:
        return {"x-rate-limit-reset": str(self.now + 600), "x-rate-limit-remaining": "0"}

    def publish(self, item: Item) -> None:
        native = self._id(item, item.at)
        self._set(item, x.Post(text=item.text, created_at=when(item.at), id=native, author=f"jo_{item.number % 9}"))

    def edit(self, item: Item, *, at: int) -> None:
        old = self.posts[item.number]
        native = self._id(item, at)
        self.withdraw(item)
        self._set(item, replace(old, text=item.text, id=native, created_at=when(at), versions=(old.id,)))

    def withdraw(self, item: Item) -> None:
        drop(self.server.posts, self.posts[item.number])
        self._change()

    @staticmethod
    def _id(item: Item, at: int) -> str:
        part, sequence = divmod(item.number, 4096)
        return x.id_at(when(at) + timedelta(milliseconds=part % 1000), sequence)

    def _set(self, item: Item, post: x.Post) -> None:
        self.posts[item.number] = post
        self.server.posts.append(post)
        self._change()

    def _change(self) -> None:
        self.server.cache.clear()


class RedditService(Service):
    """Read by listing and by search at once, so that one post comes twice."""

    name = "reddit"
    lag, tells_empty = 0, True
    largest_burst = 700
    keys: ClassVar = {"REDDIT_CLIENT_ID": reddit.CLIENT_ID, "REDDIT_CLIENT_SECRET": reddit.CLIENT_SECRET}

    def make(self) -> reddit.Reddit:
        self.things: dict[int, reddit.Thing] = {}
        return reddit.Reddit([], now=when(0), calls=10_000_000)

    def options(self) -> dict[str, object]:
        return super().options() | {"subreddits": ["kettles"]}

    def turn(self, now: int) -> None:
        super().turn(now)
        self.server.now = when(now)

    def edge(self) -> int:
        """Return down to where the shallower of the two listings reaches."""
        kinds = [[one for one in self.server.things if (one.parent is None) == is_post] for is_post in (True, False)]
        deep = [sorted(things, key=lambda one: one.created_at)[-reddit.DEPTH :] for things in kinds]
        cut = [found for found, things in zip(deep, kinds, strict=True) if len(things) > reddit.DEPTH]
        return max((int(found[0].created_at.timestamp()) for found in cut), default=0)

    def is_question(self, request: Request) -> bool:
        return request.path.startswith("/r/")

    def limit_headers(self) -> dict[str, str]:
        return {"x-ratelimit-remaining": "0.0", "x-ratelimit-used": "100", "x-ratelimit-reset": "240"}

    def publish(self, item: Item) -> None:
        is_comment = item.number % 3 == 0
        thing = reddit.Thing(
            number=50_000_000 + item.number,
            created_at=when(item.at),
            title="" if is_comment else item.text,
            text=item.text if is_comment else "",
            parent="t3_abc" if is_comment else None,
        )
        self.things[item.number] = thing
        self.server.things.append(thing)

    def edit(self, item: Item, *, at: int) -> None:
        thing = self.things[item.number]
        if thing.parent:
            thing.text = item.text
        else:
            thing.title = item.text  # no user can, but a reader must cope
        thing.extra = {"edited": float(at)}

    def withdraw(self, item: Item) -> None:
        self.server.remove(self.things[item.number])


class HackerNewsService(Service):
    name = "hackernews"
    tells_empty = True

    def make(self) -> hackernews.HackerNews:
        self.found: dict[int, dict[str, Any]] = {}
        return hackernews.HackerNews([])

    def options(self) -> dict[str, object]:
        return super().options() | {"hits_per_page": 100, "items_url": self.server.url}

    def publish(self, item: Item) -> None:
        make = hackernews.comment if item.number % 2 else hackernews.story
        self.found[item.number] = make(item.number, item.at, item.text)
        self.server.items.append(self.found[item.number])

    def edit(self, item: Item, *, at: int) -> None:
        shown = self.found[item.number]
        shown["comment_text" if "comment_text" in shown else "title"] = item.text

    def withdraw(self, item: Item) -> None:
        drop(self.server.items, self.found[item.number])


class FeedService(Service):
    """One feed of few entries: what a pass comes too late for is gone, and that must be said."""

    name = "rss"
    overlap, lag = 2 * DAY, 10 * MINUTE  # a clock that is a little ahead is put up with
    length = 400
    largest_burst = 30

    def make(self) -> feeds.Feeds:
        self.entries: dict[int, feeds.Item] = {}
        self.feed = feeds.Feed(length=self.length)
        return feeds.Feeds({"/feed": self.feed})

    def options(self) -> dict[str, object]:
        return {"feeds": [f"{self.server.url}/feed"]}

    def edge(self) -> int:
        shown = self.feed.items[: self.length]
        return min(item.second or 0 for item in shown) if len(self.feed.items) > self.length else 0

    def publish(self, item: Item) -> None:
        entry = feeds.Item(
            title=item.text, second=item.at, guid=f"g{item.number}", link=f"https://e.example/{item.number}"
        )
        self.entries[item.number] = entry
        self.feed.items.insert(0, entry)
        self.feed.items.sort(key=lambda one: -(one.second or 0))

    def edit(self, item: Item, *, at: int) -> None:
        old = self.entries[item.number]
        self.entries[item.number] = replace(old, title=item.text)
        self.feed.items[self.feed.items.index(old)] = self.entries[item.number]

    def withdraw(self, item: Item) -> None:
        drop(self.feed.items, self.entries[item.number])


class MastodonService(Service):
    name = "mastodon"
    lag = 30

    def make(self) -> mastodon.Instance:
        self.statuses: dict[int, dict[str, Any]] = {}
        return mastodon.Instance([])

    def options(self) -> dict[str, object]:
        return {"instances": [self.server.url]}

    def limit_headers(self) -> dict[str, str]:
        reset = when(self.now + 300).isoformat().replace("+00:00", "Z")
        return {"X-RateLimit-Limit": "300", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset}

    def publish(self, item: Item) -> None:
        self.statuses[item.number] = mastodon.status(item.number, item.at, _tagged(item.text))
        self.server.statuses.append(self.statuses[item.number])

    def edit(self, item: Item, *, at: int) -> None:
        fresh = mastodon.status(item.number, item.at, _tagged(item.text))
        self.statuses[item.number] |= {"content": fresh["content"], "tags": fresh["tags"]}
        self.statuses[item.number]["edited_at"] = when(at).isoformat().replace("+00:00", "Z")

    def withdraw(self, item: Item) -> None:
        drop(self.server.statuses, self.statuses[item.number])


def _tagged(text: str) -> str:
    return text.replace("acme", "#acme").replace("globex", "#globex")


class LemmyService(Service):
    name = "lemmy"

    def make(self) -> lemmy.Lemmy:
        self.views: dict[int, dict[str, Any]] = {}
        return lemmy.Lemmy([])

    def options(self) -> dict[str, object]:
        return {"instances": [self.server.url]}

    def publish(self, item: Item) -> None:
        make = lemmy.comment if item.number % 2 else lemmy.post
        self.views[item.number] = make(item.number, item.at, item.text)
        self.server.views.append(self.views[item.number])

    def edit(self, item: Item, *, at: int) -> None:
        view = self.views[item.number]
        inner = view.get("comment") or view["post"]
        inner["content" if "comment" in view else "name"] = item.text
        inner["updated"] = when(at).isoformat(timespec="microseconds").replace("+00:00", "Z")

    def withdraw(self, item: Item) -> None:
        drop(self.server.views, self.views[item.number])


class _Stream(jetstream.Jetstream):
    """Send a post of nobody's at the beginning and one of soon at the end: the real stream is never silent.

    One that hangs up sends no such end: nobody is told the time of what has not come to be.
    """

    def __init__(self) -> None:
        super().__init__([])
        self.now = 0

    def sent_since(self, oldest: int) -> list[Any]:
        begin, end = (jetstream.post(0, second, "a kettle") for second in (oldest / jetstream.SECOND, self.now + 60.0))
        within = [event for event in self.events if event["time_us"] >= oldest]
        last = [end] if self.cut_after is None else []
        return [begin, *sorted(within, key=lambda event: event["time_us"]), *last]


class _AppView(appview.AppView):
    """Find posts by their address at once, however many there are."""

    def __init__(self, posts: list[dict[str, Any]], profiles: list[dict[str, Any]]) -> None:
        super().__init__(posts, profiles)
        self.by_uri: dict[str, dict[str, Any]] = {}

    def route(self, request: Request) -> Answer:
        if request.path == "/xrpc/app.bsky.feed.getPosts":
            return self._listed(request, "uris", "posts", self.by_uri)
        return super().route(request)


class BlueskyService(Service):
    server: _AppView
    name = "bluesky"
    overlap, lag = 0, 30
    kept = 36 * HOUR

    def make(self) -> _AppView:
        self.stream = _Stream()
        self.posts: dict[int, dict[str, Any]] = {}
        return _AppView([], [appview.profile("did:plc:ada")])

    def enter(self, stack: ExitStack) -> None:
        super().enter(stack)
        stack.enter_context(self.stream)

    def options(self) -> dict[str, object]:
        """Look every post up as soon as it is stored: names and counters come in no other way."""
        places = {"base_url": self.stream.url, "search_url": self.server.url, "appview_url": self.server.url}
        return {**places, "events_per_page": 200, "recheck_requests_a_day": 1_000_000}

    def turn(self, now: int) -> None:
        super().turn(now)
        self.stream.now = now
        self.stream.keeps_since = float(self.edge())

    def edge(self) -> int:
        return self.now - self.kept

    def asked(self) -> int:
        return len(self.stream.asked) + super().asked()

    def break_for(self, kind: str, times: int, *, after: int) -> None:
        super().break_for(kind, times, after=after)
        if kind.isdecimal():
            self.stream.status = int(kind)
            self.stream.headers = self.limit_headers() if kind == "429" else {}
        else:
            self.stream.cut_after = after

    def go_silent(self) -> None:
        self.stream.cut_after = 1 << 30

    def calm(self) -> None:
        super().calm()
        self.stream.status = self.stream.cut_after = None
        self.stream.headers = {}

    def publish(self, item: Item) -> None:
        self.stream.events.append(jetstream.post(item.number, item.at, item.text))
        self.posts[item.number] = jetstream.found(item.number, item.at, item.text)
        self.server.by_uri[self.posts[item.number]["uri"]] = self.posts[item.number]

    def edit(self, item: Item, *, at: int) -> None:
        event = jetstream.post(item.number, at, item.text)
        event["commit"]["operation"] = "update"
        event["commit"]["record"]["createdAt"] = when(item.at).isoformat().replace("+00:00", "Z")
        self.stream.events.append(event)
        self.posts[item.number]["record"]["text"] = item.text

    def withdraw(self, item: Item) -> None:
        del self.server.by_uri[self.posts[item.number]["uri"]]
        event = jetstream.post(item.number, self.now - 1)
        event["commit"]["operation"] = "delete"
        del event["commit"]["record"]
        self.stream.events.append(event)
