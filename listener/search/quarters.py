"""Count by quarters of an hour what alert rules look at: one source, one loud author or thread, certain words."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from listener.clock import from_epoch, to_epoch
from listener.frozen import dataclass
from listener.mention import Label

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence
    from datetime import datetime

__all__ = [
    "QuarterThreads",
    "has_others",
    "loudest_by_quarter",
    "loudest_mention",
    "mentions_by_quarter",
    "source_quarters",
    "threads_by_quarter",
]

_STORY_DAYS: Final = 14
"""How long after its first mention a story goes on, at most, as `listener.stories` tells by links."""

_IN_SPAN: Final = f"""
matches.brand_id = (SELECT id FROM brands WHERE name = :brand)
AND matches.published_at >= :since AND matches.published_at < :until AND matches.label <> {int(Label.IRRELEVANT)}
"""  # noqa: S608 - built from constants of this module

_OF_SOURCE: Final = "AND (:source IS NULL OR matches.source_id = (SELECT id FROM sources WHERE name = :source))"

_OF_SOURCES: Final = "(SELECT id FROM sources WHERE name IN (SELECT value FROM json_each(:sources)))"

_SOURCES: Final = f"""
SELECT matches.published_at / 900, sum(NOT EXISTS (
         SELECT 1 FROM mentions AS earlier CROSS JOIN matches AS first ON first.mention_id = earlier.id
         WHERE (earlier.id = mentions.story_id AND earlier.story_id = earlier.id
             OR earlier.story_id = mentions.story_id AND earlier.story_id <> earlier.id)
           AND first.brand_id = matches.brand_id
           AND first.source_id IN {_OF_SOURCES} AND first.label <> {int(Label.IRRELEVANT)}
           AND (first.published_at, first.mention_id) < (matches.published_at, matches.mention_id))),
       sum(matches.label = {int(Label.NEGATIVE)}), sum(matches.label <> {int(Label.UNSCORED)})
FROM matches JOIN mentions ON mentions.id = matches.mention_id
WHERE {_IN_SPAN} AND matches.source_id IN {_OF_SOURCES} GROUP BY 1 ORDER BY 1
"""  # noqa: S608 - built from constants of this module

_OTHERS: Final = f"""
SELECT EXISTS (
  SELECT 1 FROM rollup_day WHERE brand_id = (SELECT id FROM brands WHERE name = :brand)
    AND day BETWEEN :since / 86400 - {_STORY_DAYS} AND :until / 86400
    AND mentions > 0 AND source_id NOT IN {_OF_SOURCES})
"""  # noqa: S608 - built from constants of this module

_MENTIONS: Final = f"""
SELECT matches.published_at / 900, count(*) FROM matches WHERE {_IN_SPAN} {_OF_SOURCE} GROUP BY 1
"""  # noqa: S608 - built from constants of this module

_LOUDNESS: Final = f"""
  SELECT matches.published_at AS at, matches.mention_id, coalesce(authors.followers, 0) AS followers,
         sum(matches.engagement) OVER thread AS engagement {{more}}
  FROM matches JOIN mentions ON mentions.id = matches.mention_id LEFT JOIN authors ON authors.id = mentions.author_id
  WHERE {_IN_SPAN} {_OF_SOURCE}
  WINDOW thread AS (
    PARTITION BY matches.source_id, coalesce(mentions.thread, mentions.native_id)
    ORDER BY matches.published_at RANGE BETWEEN 86400 PRECEDING AND CURRENT ROW)
"""  # noqa: S608 - built from constants of this module

_KNOWN: Final = ", sum(matches.engagement) FILTER (WHERE matches.mention_id <= :newest) OVER thread AS known"

_LOUDEST: Final = f"""
SELECT at / 900, max(followers), max(engagement) FROM ({_LOUDNESS.format(more="")}) WHERE at >= :since + 86400 GROUP BY 1
"""  # noqa: S608 - built from constants of this module

_THREADS: Final = f"""
SELECT at / 900, max(engagement), count(*),
       max(known) FILTER (WHERE mention_id <= :newest), count(*) FILTER (WHERE mention_id <= :newest)
FROM ({_LOUDNESS.format(more=_KNOWN)}) WHERE at >= :since + 86400 GROUP BY 1
"""  # noqa: S608 - built from constants of this module

_LOUDEST_MENTION: Final = f"""
SELECT mention_id FROM ({_LOUDNESS.format(more="")}) WHERE at >= :since + 86400
ORDER BY max(followers * 1.0 / :followers, engagement * 1.0 / :engagement) DESC, mention_id LIMIT 1
"""  # noqa: S608 - built from constants of this module


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarterThreads:
    """Hold the engagement of the most engaged thread of a quarter of an hour, and how many mentions it has.

    The known ones are of the mentions that were stored by the time of a former reading.
    """

    engagement: int
    mentions: int
    known_engagement: int
    known_mentions: int


def has_others(
    connection: sqlite3.Connection, brand: str, sources: Sequence[str], since: datetime, until: datetime
) -> bool:
    """Say whether anything of a brand in [since, until), or that stories of it may begin with, came from another source than these."""
    (found,) = connection.execute(_OTHERS, _of(sources, _values(brand, None, since, until))).fetchone()
    return bool(found)


def source_quarters(
    connection: sqlite3.Connection, brand: str, sources: Sequence[str], since: datetime, until: datetime
) -> list[tuple[datetime, int, int, int]]:
    """Return (start, stories, negative, scored) of a brand's quarters in certain sources that hold anything.

    A story counts where it is first told in one of them.
    """
    rows = connection.execute(_SOURCES, _of(sources, _values(brand, None, since, until)))
    return [(from_epoch(quarter * 900), stories, negative, scored) for quarter, stories, negative, scored in rows]


def mentions_by_quarter(
    connection: sqlite3.Connection, brand: str, source: str | None, since: datetime, until: datetime
) -> dict[datetime, int]:
    """Return how many mentions a brand has in each quarter that holds any, reposts included."""
    rows = connection.execute(_MENTIONS, _values(brand, source, since, until))
    return {from_epoch(quarter * 900): count for quarter, count in rows}


def loudest_by_quarter(
    connection: sqlite3.Connection, brand: str, source: str | None, since: datetime, until: datetime
) -> dict[datetime, tuple[int, int]]:
    """Return (followers, engagement) of each quarter that holds anything.

    Followers are those of the most followed author. Engagement is that of the most
    engaged thread: the counters of its mentions of the last 24 hours, as last read.
    """
    values = _values(brand, source, since, until)
    rows = connection.execute(_LOUDEST, {**values, "since": to_epoch(since) - 86_400})
    return {from_epoch(quarter * 900): (followers, engagement) for quarter, followers, engagement in rows}


def threads_by_quarter(
    connection: sqlite3.Connection, brand: str, source: str | None, since: datetime, until: datetime, *, newest: int
) -> tuple[int, dict[int, QuarterThreads]]:
    """Return the number of the newest mention of all, and what the quarters hold that hold anything, by start in seconds."""
    (last,) = connection.execute("SELECT coalesce(max(id), 0) FROM mentions").fetchone()
    values = {**_values(brand, source, since, until), "since": to_epoch(since) - 86_400, "newest": newest}
    rows = connection.execute(_THREADS, values)
    return int(last), {
        quarter * 900: QuarterThreads(
            engagement=engagement,
            mentions=mentions,
            known_engagement=known_engagement or 0,
            known_mentions=known_mentions,
        )
        for quarter, engagement, mentions, known_engagement, known_mentions in rows
    }


def loudest_mention(
    connection: sqlite3.Connection,
    brand: str,
    source: str | None,
    since: datetime,
    until: datetime,
    *,
    lines: tuple[int, int],
) -> int | None:
    """Return the number of the mention in [since, until) furthest above one of the lines, None where there is none.

    `lines` are those for the followers of its author and for the engagement of its thread.
    """
    values = _values(brand, source, since, until)
    more = {"since": to_epoch(since) - 86_400, "followers": lines[0], "engagement": lines[1]}
    row = connection.execute(_LOUDEST_MENTION, {**values, **more}).fetchone()
    return None if row is None else int(row[0])


def _of(sources: Sequence[str], values: dict[str, object]) -> dict[str, object]:
    return {**values, "sources": json.dumps(list(sources))}


def _values(brand: str, source: str | None, since: datetime, until: datetime) -> dict[str, object]:
    return {"brand": brand, "source": source, "since": to_epoch(since), "until": to_epoch(until)}
