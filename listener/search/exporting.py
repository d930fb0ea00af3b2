"""Hand stored mentions out again as the records they came in as."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from listener.clock import from_epoch, to_epoch
from listener.frozen import dataclass
from listener.mention import Author, Engagement, Label, Mention

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from listener.search.records import MentionFilter

__all__ = ["COLUMNS", "First", "iterate_firsts", "iterate_mentions", "read_mention"]

COLUMNS: Final = """
sources.name, mentions.native_id, mentions.text, mentions.published_at, mentions.title, mentions.url,
       mentions.kind, mentions.author_id, authors.native_id, authors.handle, authors.name, authors.followers,
       authors.verified, mentions.language_claim, mentions.likes, mentions.reposts, mentions.replies, mentions.views,
       mentions.rating, mentions.reply_to, mentions.thread, mentions.repost_of, mentions.quote_of, mentions.place,
       mentions.links, mentions.hashtags, mentions.has_media, mentions.edited_at, mentions.extra
"""

_EXPORT: Final = f"""
SELECT {COLUMNS} FROM mentions JOIN sources ON sources.id = mentions.source_id
LEFT JOIN authors ON authors.id = mentions.author_id
WHERE mentions.text IS NOT NULL
  AND (:brand IS NULL OR EXISTS (
    SELECT 1 FROM matches JOIN brands ON brands.id = matches.brand_id
    WHERE matches.mention_id = mentions.id AND brands.name = :brand AND matches.label <> {int(Label.IRRELEVANT)}))
  AND (:source IS NULL OR sources.name = :source)
  AND (:since IS NULL OR mentions.published_at >= :since)
  AND (:until IS NULL OR mentions.published_at < :until)
ORDER BY mentions.published_at, mentions.id
"""  # noqa: S608 - built from constants of this module

_FIRSTS: Final = f"""
SELECT matches.mention_id, matches.published_at, mentions.story_id, matches.language, {COLUMNS}
FROM matches JOIN mentions ON mentions.id = matches.mention_id JOIN sources ON sources.id = mentions.source_id
LEFT JOIN authors ON authors.id = mentions.author_id
LEFT JOIN story_firsts ON story_firsts.story_id = mentions.story_id AND story_firsts.brand_id = matches.brand_id
WHERE {{is_first}}
  AND matches.brand_id = (SELECT id FROM brands WHERE name = :brand) AND mentions.text IS NOT NULL
  AND matches.published_at >= :since AND matches.published_at < :until AND matches.label <> {int(Label.IRRELEVANT)}
ORDER BY matches.published_at, mentions.id
"""  # noqa: S608 - built from constants of this module

_FIRSTS_OF_ALL: Final = _FIRSTS.format(
    is_first="coalesce(story_firsts.first_at, matches.published_at) = matches.published_at"
)
_FIRSTS_OF_SOURCE: Final = _FIRSTS.format(
    is_first=f"""sources.name = :source AND (
  coalesce(story_firsts.first_at, matches.published_at) = matches.published_at OR NOT EXISTS (
    SELECT 1 FROM mentions AS earlier CROSS JOIN matches AS first ON first.mention_id = earlier.id
    WHERE (earlier.id = mentions.story_id AND earlier.story_id = earlier.id
        OR earlier.story_id = mentions.story_id AND earlier.story_id <> earlier.id)
      AND first.brand_id = matches.brand_id AND first.source_id = matches.source_id
      AND first.label <> {int(Label.IRRELEVANT)} AND first.published_at < matches.published_at))"""  # noqa: S608 - constant
)
"""Of one source where a story begins in it: another one may have told it before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class First:
    """Hold the mention with which a story of a brand begins: its number, when it counts, its identified language.

    Where a story begins with several of one second each of them is one.
    """

    number: int
    at: datetime
    story: int
    language: str
    mention: Mention


def iterate_mentions(connection: sqlite3.Connection, wanted: MentionFilter) -> Iterator[Mention]:
    """Yield the mentions a filter asks for by brand, source and time, oldest first, one at a time.

    Of a brand not those that people called irrelevant for it.
    """
    values = {
        "brand": wanted.brand,
        "source": wanted.source,
        "since": None if wanted.since is None else to_epoch(wanted.since),
        "until": None if wanted.until is None else to_epoch(wanted.until),
    }
    for row in connection.execute(_EXPORT, values):
        yield read_mention(row)


def iterate_firsts(
    connection: sqlite3.Connection, brand: str, source: str | None, since: datetime, until: datetime
) -> Iterator[First]:
    """Yield the mentions with which a brand's stories begin in [since, until), oldest first; purged ones are left out.

    With `source` those with which they begin in that source.
    """
    values = {"brand": brand, "source": source, "since": to_epoch(since), "until": to_epoch(until)}
    for number, at, story, language, *row in connection.execute(
        _FIRSTS_OF_SOURCE if source else _FIRSTS_OF_ALL, values
    ):
        yield First(number=number, at=from_epoch(at), story=story, language=language, mention=read_mention(row))


def read_mention(row: Sequence[Any]) -> Mention:
    """Return the mention of a row of COLUMNS, as it came in."""
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
