"""Turn the posts of Discourse forums into mentions.

Field meanings: docs.discourse.org (List latest posts across topics) and recorded
answers, seen 2026-11-22.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from listener.mention import Author, Engagement, Mention
from listener.protocols import Skipped
from sources.text import (
    ID_LIMIT,
    as_list,
    as_object,
    clean,
    count_of,
    instant_from_iso,
    line_of,
    links_in,
    plain_text,
    usable_links,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["HIDDEN", "read_post"]

HIDDEN: Final = "deleted by its author or hidden by the forum"

_ASIDE: Final = re.compile(r"<(/?)aside\b[^<>]{0,2000}>", re.IGNORECASE)
_QUOTE: Final = re.compile(r"\bclass\s*=\s*[\"'][^\"']{0,300}\bquote\b", re.IGNORECASE)
_SLUG: Final = re.compile(r"[\w%~.-]{1,300}")
_REGULAR: Final = 1
"""The type of what people write; others tell of what moderators did, or are whispers among them."""
_LIKE: Final = 2
"""The number of the action that is a like."""


def read_post(post: Mapping[str, object], base: str) -> Mention | Skipped:
    """Return the mention that a post of the forum at `base` stands for, or why it is none."""
    parts = urlsplit(base)
    host = f"{parts.netloc}{parts.path}".lower()
    number, topic = count_of(post.get("id")), count_of(post.get("topic_id"))
    if number is None or topic is None:
        return Skipped(id=None, reason="the post has no id or no topic")
    native = f"{host}/p/{number}"
    published_at = instant_from_iso(post.get("created_at"))
    if published_at is None:
        return Skipped(id=native, reason="the post has no time")
    if (post.get("post_type") or _REGULAR) != _REGULAR:
        return Skipped(id=native, reason="not written by a person but a note on what was done")
    if post.get("hidden") is True or post.get("user_deleted") is True or post.get("deleted_at"):
        return Skipped(id=native, reason=HIDDEN)
    position = count_of(post.get("post_number"))
    is_reply = position is not None and position > 1
    cooked, raw = post.get("cooked"), post.get("raw")
    markup = cooked if isinstance(cooked, str) else ""
    title = None if is_reply else line_of(post.get("topic_title"))
    text = plain_text(_own_words(markup)) if markup else clean(raw).strip() if isinstance(raw, str) else ""
    shown = _own_words(markup, with_previews=True)
    if not text and title is None:
        return Skipped(id=native, reason="the post holds no words of its own")
    edited_at = instant_from_iso(post.get("updated_at")) if (count_of(post.get("version")) or 1) > 1 else None
    url = f"{base}/t/{_slug(post.get('topic_slug'))}/{topic}" + (f"/{position}" if position else "")
    return Mention(
        source="discourse",
        id=native,
        text=text,
        published_at=published_at,
        title=title,
        url=next(iter(usable_links([url])), None),
        kind="comment" if is_reply else "post",
        author=_author(post, parts.hostname or host),
        engagement=Engagement(
            likes=_likes(post), replies=count_of(post.get("reply_count")), views=count_of(post.get("reads"))
        ),
        reply_to=_parent(post.get("reply_to_post_number"), host, topic) if is_reply else None,
        thread=f"{host}/t/{topic}",
        links=usable_links(links_in(shown, origin=f"{base}/")),
        has_media="<img" in shown and "lightbox" in shown,
        edited_at=edited_at,
        extra={"forum": host},
    )


def _own_words(markup: str, *, with_previews: bool = False) -> str:
    """Leave out what stands in an aside: quotes of others, and (unless told) previews of pages that are linked to."""
    kept: list[str] = []
    position = depth = 0
    for tag in _ASIDE.finditer(markup):
        if not depth:
            if with_previews and not tag[1] and not _QUOTE.search(tag[0]):
                continue
            kept.append(markup[position : tag.start()])
        depth = max(0, depth + (-1 if tag[1] else 1))
        position = tag.end()
    return "".join(kept) + ("" if depth else markup[position:])


def _slug(value: object) -> str:
    """Return the words of a topic's title as its address has them; a dash where there are none that can be used."""
    return value if isinstance(value, str) and _SLUG.fullmatch(value) else "-"


def _parent(value: object, host: str, topic: int) -> str:
    """Return what a reply answers: the post of that place in the topic, or the topic."""
    place = count_of(value)
    return f"{host}/t/{topic}/{place}" if place else f"{host}/t/{topic}"


def _author(post: Mapping[str, object], host: str) -> Author | None:
    name = line_of(post.get("username"), limit=ID_LIMIT)
    if name is None:
        return None
    number = line_of(post.get("user_id"), limit=20)  # the forum's own account has a negative one
    return Author(
        id=None if number is None else f"{host}/{number}",
        handle=f"{name.lstrip('@')}@{host}",
        name=line_of(post.get("name"), limit=ID_LIMIT),
    )


def _likes(post: Mapping[str, object]) -> int | None:
    """Return how often a post was liked: the summary of its actions leaves out what nobody did."""
    if "like_count" in post:
        return count_of(post["like_count"])
    actions = post.get("actions_summary")
    if not isinstance(actions, list):
        return None
    counts = [count_of(one.get("count")) for one in map(as_object, as_list(actions)) if one.get("id") == _LIKE]
    return next((count for count in counts if count is not None), 0)
