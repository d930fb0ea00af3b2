"""Hand stored mentions out again as the records they came in as."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from listener.clock import from_epoch, to_epoch
from listener.mention import Author, Engagement, Mention

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence

    from listener.search.records import MentionFilter

__all__ = ["iterate_mentions"]

_EXPORT: Final = """
SELECT sources.name, mentions.native_id, mentions.text, mentions.published_at, mentions.title, mentions.url,
       mentions.kind, mentions.author_id, authors.native_id, authors.handle, authors.name, authors.followers,
       authors.verified, mentions.language_claim, mentions.likes, mentions.reposts, mentions.replies, mentions.views,
       mentions.rating, mentions.reply_to, mentions.thread, mentions.repost_of, mentions.quote_of, mentions.place,
       mentions.links, mentions.hashtags, mentions.has_media, mentions.edited_at, mentions.extra
FROM mentions JOIN sources ON sources.id = mentions.source_id LEFT JOIN authors ON authors.id = mentions.author_id
WHERE mentions.text IS NOT NULL
  AND (:brand IS NULL OR EXISTS (
    SELECT 1 FROM matches JOIN brands ON brands.id = matches.brand_id
    WHERE matches.mention_id = mentions.id AND brands.name = :brand))
  AND (:source IS NULL OR sources.name = :source)
  AND (:since IS NULL OR mentions.published_at >= :since)
  AND (:until IS NULL OR mentions.published_at < :until)
ORDER BY mentions.published_at, mentions.id
"""


def iterate_mentions(connection: sqlite3.Connection, wanted: MentionFilter) -> Iterator[Mention]:
    """Yield the mentions a filter asks for by brand, source and time, oldest first, one at a time."""
    values = {
        "brand": wanted.brand,
        "source": wanted.source,
        "since": None if wanted.since is None else to_epoch(wanted.since),
        "until": None if wanted.until is None else to_epoch(wanted.until),
    }
    for row in connection.execute(_EXPORT, values):
        yield _mention(row)


def _mention(row: Sequence[Any]) -> Mention:
    (
        source, native_id, text, published_at, title, url, kind, author_id, author_native, handle, name, followers,
        verified, language, likes, reposts, replies, views, rating, reply_to, thread, repost_of, quote_of, place, links,
        hashtags, has_media, edited_at, extra,
    ) = row  # fmt: skip
    author = None
    if author_id is not None:
        author = Author(
            id=None if author_native.startswith("@") else author_native,
            handle=handle,
            name=name,
            followers=followers,
            verified=None if verified is None else bool(verified),
        )
    return Mention(
        source=source,
        id=native_id,
        text=text,
        published_at=from_epoch(published_at),
        title=title,
        url=url,
        kind=kind,
        author=author,
        language=language,
        engagement=Engagement(likes=likes, reposts=reposts, replies=replies, views=views),
        rating=rating,
        reply_to=reply_to,
        thread=thread,
        repost_of=repost_of,
        quote_of=quote_of,
        place=place,
        links=tuple(json.loads(links)) if links else (),
        hashtags=tuple(json.loads(hashtags)) if hashtags else (),
        has_media=None if has_media is None else bool(has_media),
        edited_at=None if edited_at is None else from_epoch(edited_at),
        extra=json.loads(extra) if extra else None,
    )
