"""Turn post records of Bluesky into mentions.

Shapes: the lexicons app.bsky.feed.post, app.bsky.richtext.facet and
app.bsky.embed.*, and com.atproto.label.defs#selfLabels, seen 2026-11-22. Offsets
of facets count bytes of UTF-8.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from listener.api import Author, Engagement, Mention, Skipped
from sources.text import ID_LIMIT, as_list, as_object, clean, count_of, line_of, usable_links

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

__all__ = ["COLLECTION", "UNWILLING", "hashtags_of_record", "is_unwilling", "read_post", "read_record"]

COLLECTION: Final = "app.bsky.feed.post"
_ADDRESS: Final = re.compile(
    r"at://(did:[a-z]+:[A-Za-z0-9._:%-]{1,250})/app\.bsky\.feed\.post/([A-Za-z0-9._:~-]{1,200})", re.ASCII
)
_NOT_FOR_ALL: Final = "!no-unauthenticated"
UNWILLING: Final = "author asks not to be shown to visitors without account"
"""Why a post is skipped that is there and not to be kept."""
_MOST_FACETS: Final = 200


def read_record(uri: str, record: Mapping[str, object], published_at: datetime) -> Mention | Skipped:
    """Return the mention that a post record stands for, or why it is none; `uri` is its at:// address."""
    address = _ADDRESS.fullmatch(uri)
    if address is None:
        return Skipped(id=line_of(uri, limit=ID_LIMIT), reason="the post has no address as documented")
    if _NOT_FOR_ALL in _labels(as_object(record.get("labels")).get("values")):
        return Skipped(id=uri, reason=UNWILLING)
    text = record.get("text")
    if not isinstance(text, str):
        return Skipped(id=uri, reason="the post has no text")
    did, key = address.groups()
    reply = as_object(record.get("reply"))
    embed = as_object(record.get("embed"))
    return Mention(
        source="bluesky",
        id=uri,
        text=clean(text),
        published_at=published_at,
        url=f"https://bsky.app/profile/{did}/post/{key}",
        author=Author(id=did),
        language=next((tag for code in as_list(record.get("langs")) if (tag := line_of(code, limit=35))), None),
        reply_to=_post_address(reply.get("parent")),
        thread=_post_address(reply.get("root")) or (None if reply else uri),
        quote_of=_quoted(embed),
        links=_links(record, embed, text),
        hashtags=hashtags_of_record(record, text),
        has_media=_has_media(embed),
    )


def read_post(post: Mapping[str, object], published_at: datetime) -> Mention | Skipped:
    """Return the mention of a post as the search shows it: its record, its author, its counters."""
    uri = line_of(post.get("uri"), limit=ID_LIMIT)
    if uri is None:
        return Skipped(id=None, reason="the post has no uri")
    author = as_object(post.get("author"))
    if _NOT_FOR_ALL in {*_labels(post.get("labels")), *_labels(author.get("labels"))}:
        return Skipped(id=uri, reason=UNWILLING)
    read = read_record(uri, as_object(post.get("record")), published_at)
    if isinstance(read, Skipped):
        return read
    handle = line_of(author.get("handle"), limit=ID_LIMIT)
    return replace(
        read,
        author=Author(
            id=read.author.id if read.author else None,
            handle=handle if handle and handle != "handle.invalid" else None,
            name=line_of(author.get("displayName"), limit=ID_LIMIT),
        ),
        engagement=Engagement(
            likes=count_of(post.get("likeCount")),
            reposts=count_of(post.get("repostCount")),
            replies=count_of(post.get("replyCount")),
        ),
    )


def is_unwilling(profile: Mapping[str, object]) -> bool:
    """Say whether an author asks not to be shown to visitors without account."""
    return _NOT_FOR_ALL in _labels(profile.get("labels"))


def hashtags_of_record(record: Mapping[str, object], text: str) -> tuple[str, ...]:
    """Return the hashtags of a post: those marked in its text, and those beside it; each once."""
    tags = [value for kind, value in _features(record, text) if kind == "tag"]
    tags += [tag for tag in as_list(record.get("tags")) if isinstance(tag, str)]
    named = (line_of(tag, limit=ID_LIMIT) for tag in tags)
    return tuple(dict.fromkeys(name for tag in named if tag and (name := tag.lstrip("#\uff03").strip())))


def _features(record: Mapping[str, object], text: str) -> list[tuple[str, str]]:
    """Return what is marked in a text as (kind, value); a value that is left out is the marked text itself."""
    found: list[tuple[str, str]] = []
    facets = as_list(record.get("facets"))
    encoded = text.encode("utf-8", "replace") if facets else b""
    for facet in map(as_object, facets[:_MOST_FACETS]):
        for feature in map(as_object, as_list(facet.get("features"))[:_MOST_FACETS]):
            kind = str(feature.get("$type")).rpartition("#")[2]
            value = feature.get({"tag": "tag", "link": "uri"}.get(kind, ""))
            if isinstance(value, str):
                found.append((kind, value))
            elif kind in {"tag", "link"}:
                found.append((kind, _marked(as_object(facet.get("index")), encoded)))
    return found


def _marked(index: Mapping[str, object], encoded: bytes) -> str:
    start, end = count_of(index.get("byteStart")), count_of(index.get("byteEnd"))
    return "" if start is None or end is None else encoded[start:end].decode("utf-8", "ignore")


def _labels(values: object) -> set[str]:
    return {str(as_object(value).get("val")) for value in as_list(values)}


def _post_address(reference: object) -> str | None:
    """Return the at:// address of a referenced post; None where it is no post."""
    uri = as_object(reference).get("uri")
    return uri if isinstance(uri, str) and _ADDRESS.fullmatch(uri) else None


def _kind(embed: Mapping[str, object]) -> str:
    return str(embed.get("$type")).removesuffix("#view")


def _quoted(embed: Mapping[str, object]) -> str | None:
    record = as_object(embed.get("record"))
    return _post_address(record.get("record") if _kind(embed) == "app.bsky.embed.recordWithMedia" else record)


def _links(record: Mapping[str, object], embed: Mapping[str, object], text: str) -> tuple[str, ...]:
    """Return where a post leads: the links in its text and the page it shows a card of."""
    marked = [value for kind, value in _features(record, text) if kind == "link"]
    shown = [as_object(part.get("external")).get("uri") for part in (embed, as_object(embed.get("media")))]
    return usable_links([*marked, *shown])


def _has_media(embed: Mapping[str, object]) -> bool:
    parts = (embed, as_object(embed.get("media")))
    return any(_kind(part) in {"app.bsky.embed.images", "app.bsky.embed.video"} for part in parts)
