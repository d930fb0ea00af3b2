"""Tell from X's look-up of posts by id which are there, as they are now, and which are gone.

Shapes: docs.x.com, GET /2/tweets and its partial errors, seen 2026-11-22. A post
that was deleted is named among the errors as not found; one whose account is
suspended, protected or whose author blocks the app as one that may not be seen. X
asks that both go from what was stored.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from listener.api import RecheckPage
from sources.text import ID_LIMIT, as_list, as_object, line_of
from sources.x_posts import read_posts

if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence

    from listener.api import Mention

__all__ = ["KIND", "Lookup"]

KIND: Final = "post"
"""What X bills a post as."""
_MOST_IDS: Final = 100
_GONE: Final = ("/resource-not-found", "/not-authorized-for-resource")
"""How the types of the errors end that say that a post is not to be seen any more."""


class Lookup:
    """Gather what one look at some stored posts brings."""

    def __init__(self, mentions: Sequence[Mention]) -> None:
        self._originals = {one.id: one.repost_of for one in mentions}
        self._posts: dict[str, Mapping[str, object]] = {}
        self._gone: set[str] = set()
        self._billed: list[str] = []

    def wanted(self) -> list[str]:
        """Return the ids to ask for: the posts, and those that they repost, whose text they show."""
        everything = [*self._originals, *(target for target in self._originals.values() if target)]
        return [one for one in dict.fromkeys(everything) if _is_id(one)][:_MOST_IDS]

    def take(self, answer: Mapping[str, object]) -> None:
        """Take an answer: the posts in it, and the errors that say of one that it is gone."""
        posts = [as_object(item) for item in as_list(answer.get("data"))]
        for post in posts:
            native = line_of(post.get("id"), limit=ID_LIMIT)
            self._billed.append(native or "")
            if native:
                self._posts[native] = post
        for error in map(as_object, as_list(answer.get("errors"))):
            native = line_of(error.get("resource_id") or error.get("value"), limit=ID_LIMIT)
            if native and error.get("parameter") == "ids" and str(error.get("type")).endswith(_GONE):
                self._gone.add(native)

    def newest_versions(self) -> list[str]:
        """Return the ids of the newest versions of posts that came in an older one; each edit has an id of its own."""
        newest = (_versions(post)[-1:] for post in list(self._posts.values()))
        found = dict.fromkeys(version for versions in newest for version in versions)
        return [one for one in found if _is_id(one) and one not in self._posts and one not in self._gone][:_MOST_IDS]

    def page(self, *, requests: int, problem: str | None = None) -> RecheckPage:
        """Return what became of the posts that were stored; one is as its newest version is.

        A `problem` is why newest versions could not be asked for: their posts are left for later.
        """
        gone = {native for native, original in self._originals.items() if {native, original} & self._gone}
        missing = set(self.newest_versions()) if problem else set()
        left = tuple(
            native
            for native, original in self._originals.items()
            if native not in gone and any(_is_edited(self._posts.get(one or ""), missing) for one in (native, original))
        )
        newest = [self._newest(native) for native in self._originals if native not in gone and native not in left]
        originals = [self._newest(target) for target in self._originals.values() if target]
        answer = {
            "data": [post for post in newest if post],
            "includes": {"tweets": [one for post in originals if post for one in (post, {**post, "id": _first(post)})]},
        }
        mentions, _ = read_posts(answer)
        is_whole = {
            native for native, original in self._originals.items() if original is None or original in self._posts
        }
        return RecheckPage(
            present=tuple(one for one in mentions if one.id in self._originals and one.id in is_whole),
            gone=tuple(native for native in self._originals if native in gone),
            left=left,
            problem=problem,
            requests=requests,
            items=len(self._billed),
            billed=tuple((KIND, native) for native in self._billed),
        )

    def _newest(self, native: str) -> Mapping[str, object] | None:
        post = self._posts.get(native)
        newest = _versions(post)[-1:] if post is not None else []
        return self._posts.get(newest[0], post) if newest else post


def _is_edited(post: Mapping[str, object] | None, newest: Container[str]) -> bool:
    """Say whether the newest version of a post is one of these."""
    return any(version in newest for version in _versions(post or {})[-1:])


def _versions(post: Mapping[str, object]) -> list[str]:
    """Return the ids of all versions of a post, the first one first; older answers have none."""
    found = (line_of(version, limit=ID_LIMIT) for version in as_list(post.get("edit_history_tweet_ids")))
    return [version for version in found if version]


def _first(post: Mapping[str, object]) -> str | None:
    """Return the id under which others refer to a post here."""
    return next(iter(_versions(post)), None) or line_of(post.get("id"), limit=ID_LIMIT)


def _is_id(native: str) -> bool:
    return native.isascii() and native.isdecimal() and len(native) <= 19  # noqa: PLR2004 - digits of 64 bits
