"""Look posts of Bluesky and their authors up at the public AppView: what the stream leaves out, and what is gone.

app.bsky.feed.getPosts and app.bsky.actor.getProfiles, 25 a call, no key
(docs.bsky.app, seen 2026-11-22). A post that is not there any more is left out of
the answer, without a word.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from listener.api import Author, Mention, NotFoundError, Page, RecheckPage, UnexpectedAnswerError, utc_now
from sources.adapter import checked_base_url
from sources.bluesky_posts import UNWILLING, is_unwilling, read_post
from sources.text import ID_LIMIT, as_list, as_object, count_of, instant_from_iso, line_of
from sources.web import Client

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from listener.api import StopSignal

__all__ = ["BATCH", "AppView"]

BATCH: Final = 25
"""Posts, and profiles, of one call."""
_YOUNG: Final = timedelta(hours=12)
"""The AppView may show a post this much later than the stream; deletions of such posts come with the stream."""
_DEPTH: Final = 100
_MOST_POSTS: Final = 5_000
"""Of a thread: what lies beyond is not looked at."""


class AppView:
    """Ask one AppView, `base_url`."""

    def __init__(self, base_url: str, *, stop: StopSignal | None, now: Callable[[], datetime] = utc_now) -> None:
        self._base = checked_base_url(base_url, option="sources.bluesky.appview_url")
        self._client = Client("bluesky", trusted=[self._base], stop=stop)
        self._now = now

    def look(self, mentions: Sequence[Mention]) -> RecheckPage:
        """Return what became of up to 25 posts, with names, followers and counters.

        A post that the answer leaves out is gone, unless it is so young that the AppView
        may not know it yet. Where all are left out, only if their authors are found: a
        server that knows nothing has deleted nothing.
        """
        made = self._client.requests_made
        posts = self._asked("app.bsky.feed.getPosts", "uris", [one.id for one in mentions], "posts", "uri")
        dids = list(dict.fromkeys(one.author.id for one in mentions if one.author is not None and one.author.id))
        profiles = self._asked("app.bsky.actor.getProfiles", "actors", dids, "profiles", "did")
        present: list[Mention] = []
        gone: list[str] = []
        for one in mentions:
            profile = profiles.get((one.author.id if one.author else None) or "", {})
            post = posts.get(one.id)
            if post is None:
                if (posts or profiles) and not self._is_young(one):
                    gone.append(one.id)
                continue
            read = read_post(post, one.published_at or utc_now())
            if isinstance(read, Mention) and not is_unwilling(profile):
                present.append(_with_profile(read, profile))
            elif not isinstance(read, Mention) and read.reason != UNWILLING:
                continue
            else:
                gone.append(one.id)
        return RecheckPage(
            present=tuple(present),
            gone=tuple(gone),
            requests=self._client.requests_made - made,
            items=len(posts) + len(profiles),
        )

    def _is_young(self, mention: Mention) -> bool:
        return mention.published_at is not None and self._now() - mention.published_at < _YOUNG

    def replies(self, mention: Mention) -> Page:
        """Return the replies in a post's thread, below its first post (app.bsky.feed.getPostThread)."""
        made = self._client.requests_made
        root = mention.thread or mention.id
        query = urlencode({"uri": root, "depth": str(_DEPTH), "parentHeight": "0"})
        answer = as_object(self._client.get_json(f"{self._base}/xrpc/app.bsky.feed.getPostThread?{query}"))
        top = as_object(answer.get("thread"))
        if not isinstance(top.get("post"), dict):
            if "$type" not in top:
                msg = "bluesky: the AppView does not answer a thread as documented; is appview_url right?"
                raise UnexpectedAnswerError(msg)
            msg = "bluesky: the thread is gone, or its author does not show it"
            raise NotFoundError(msg)
        below = [top]
        found: dict[str, Mention] = {}
        for node in below:
            below += map(as_object, as_list(node.get("replies"))[: max(0, _MOST_POSTS - len(below))])
            post = as_object(node.get("post"))
            published_at = instant_from_iso(post.get("indexedAt"))
            read = None if published_at is None else read_post(post, published_at)
            if isinstance(read, Mention):
                found.setdefault(read.id, replace(read, thread=root))
        return Page(mentions=tuple(found.values()), requests=self._client.requests_made - made, items=len(below))

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _asked(
        self, method: str, parameter: str, values: Sequence[str], listed: str, key: str
    ) -> dict[str, Mapping[str, object]]:
        """Return what a method lists of the values asked for, by its key."""
        if not values:
            return {}
        query = urlencode([(parameter, value) for value in values])
        answer = as_object(self._client.get_json(f"{self._base}/xrpc/{method}?{query}"))
        if not isinstance(answer.get(listed), list):
            msg = f"bluesky: the AppView does not answer {method} as documented; is appview_url right?"
            raise UnexpectedAnswerError(msg)
        items = map(as_object, as_list(answer.get(listed)))
        return {str(item.get(key)): item for item in items if item.get(key) in values}


def _with_profile(mention: Mention, profile: Mapping[str, object]) -> Mention:
    """Return a mention with what the profile says of its author."""
    author = mention.author or Author()
    is_verified = as_object(profile.get("verification")).get("verifiedStatus") == "valid"
    return replace(
        mention,
        author=replace(
            author,
            name=author.name or line_of(profile.get("displayName"), limit=ID_LIMIT),
            followers=count_of(profile.get("followersCount")),
            verified=is_verified if profile else None,
        ),
    )
