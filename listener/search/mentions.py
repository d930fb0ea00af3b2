"""Find stored mentions: by brand, source, language, label, time and words."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from listener.cleaning import is_text
from listener.clock import from_epoch, to_epoch
from listener.fulltext import words_expression
from listener.mention import SCORE_SCALE, Label, read_spans
from listener.rollups import DAY_SECONDS
from listener.search.records import MentionRow, SourceCount, Wording

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence
    from datetime import datetime

    from listener.search.records import MentionFilter

__all__ = ["count_by", "find_mentions", "find_number", "read_mentions", "read_these_wordings", "read_wordings"]

_COLUMNS: Final = """
mentions.id, brands.name, sources.name, mentions.native_id, mentions.kind, mentions.url, authors.handle, authors.name,
authors.followers, mentions.title, mentions.text, mentions.language, mentions.published_at, mentions.seen_at,
matches.label, matches.score, mentions.likes, mentions.reposts, mentions.replies, mentions.views,
mentions.repost_of IS NOT NULL, mentions.story_id, matches.spans, labels.labelled_at,
substr(labels.text_hash, 1, length(mentions.text_hash)) <> mentions.text_hash, answers.answered_at, thread_reads.read_at
"""
"""A label of an older version kept more of the fingerprint of the words than is kept of them since an edit."""

_MATCHED: Final = f"""
SELECT {_COLUMNS} FROM matches JOIN mentions ON mentions.id = matches.mention_id
JOIN brands ON brands.id = matches.brand_id JOIN sources ON sources.id = mentions.source_id
LEFT JOIN authors ON authors.id = mentions.author_id
LEFT JOIN labels ON labels.mention_id = matches.mention_id AND labels.brand_id = matches.brand_id
LEFT JOIN answers ON answers.mention_id = matches.mention_id AND answers.brand_id = matches.brand_id
LEFT JOIN thread_reads ON thread_reads.mention_id = mentions.id
"""  # noqa: S608 - built from constants of this module

_ALL: Final = f"""
SELECT {_COLUMNS} FROM mentions JOIN sources ON sources.id = mentions.source_id
LEFT JOIN matches ON matches.mention_id = mentions.id LEFT JOIN brands ON brands.id = matches.brand_id
LEFT JOIN authors ON authors.id = mentions.author_id
LEFT JOIN labels ON labels.mention_id = matches.mention_id AND labels.brand_id = matches.brand_id
LEFT JOIN answers ON answers.mention_id = matches.mention_id AND answers.brand_id = matches.brand_id
LEFT JOIN thread_reads ON thread_reads.mention_id = mentions.id
"""  # noqa: S608 - built from constants of this module

_KEYS: Final = f"""
SELECT matches.mention_id, matches.brand_id FROM {{first}}
JOIN brands ON brands.id = matches.brand_id JOIN sources ON sources.id = matches.source_id
LEFT JOIN answers ON answers.mention_id = matches.mention_id AND answers.brand_id = matches.brand_id
WHERE (:source IS NULL OR sources.name = :source)
  AND (:language IS NULL OR matches.language = :language OR instr(matches.language, :language || '-') = 1)
  AND CASE WHEN :labels IS NULL THEN matches.label <> {int(Label.IRRELEVANT)}
      ELSE instr(:labels, ',' || matches.label || ',') > 0 END
  AND {{time}} >= :since AND {{time}} < :until
  AND (:reposts OR mentions.repost_of IS NULL)
  AND (:unanswered IS NULL OR answers.answered_at IS NULL AND mentions.kind NOT IN ('article', 'survey')
    AND mentions.repost_of IS NULL AND brands.name IN (SELECT value FROM json_each(:unanswered)))
  AND {{more}}
ORDER BY {{order}} {{time}} DESC, mentions.id DESC, brands.name LIMIT :limit
"""  # noqa: S608 - built from constants of this module

_OF_BRAND: Final = _KEYS.format(
    first="matches CROSS JOIN mentions ON mentions.id = matches.mention_id",
    time="matches.published_at",
    order="",
    more="matches.brand_id = :brand",
)
_LOUDEST: Final = _KEYS.format(
    first="matches CROSS JOIN mentions ON mentions.id = matches.mention_id",
    time="matches.published_at",
    order="matches.engagement DESC,",
    more="matches.brand_id = :brand AND matches.engagement > 0",
)
_OF_ALL: Final = _KEYS.format(
    first="mentions INDEXED BY mentions_by_time CROSS JOIN matches ON matches.mention_id = mentions.id",
    time="mentions.published_at",
    order="",
    more="1",
)
_AMONG: Final = _KEYS.format(
    first=(
        "json_each(:numbers) CROSS JOIN matches ON matches.mention_id = json_each.value "
        "CROSS JOIN mentions ON mentions.id = matches.mention_id"
    ),
    time="matches.published_at",
    order="",
    more="(:brand IS NULL OR matches.brand_id = :brand)",
)

_HITS: Final = "SELECT rowid FROM mention_texts WHERE mention_texts MATCH ? ORDER BY rowid DESC LIMIT ?"
_BY_TIME: Final = """
SELECT DISTINCT matches.mention_id FROM json_each(:numbers) CROSS JOIN matches ON matches.mention_id = json_each.value
WHERE (:brand IS NULL OR matches.brand_id = :brand)
  AND matches.published_at >= :since AND matches.published_at < :until
ORDER BY matches.published_at DESC, matches.mention_id DESC
"""
"""All of it stands in the index of mentions; the rows themselves are read of those that may be shown."""
_HITS_WITHIN: Final = "SELECT rowid FROM mention_texts WHERE mention_texts MATCH ? AND rowid BETWEEN ? AND ?"
_FEW_HITS: Final = 500
"""Up to so many hits all are looked at; of more only those of the newest mentions."""
_SLICE_LEAST, _SLICE_MOST = 100, 2_000
"""Of how many of the newest mentions hits are looked at first: the fewer the commoner the words."""
_SLICE_GROWS: Final = 4
_EVER: Final = 2**62

_WORDED: Final = f"""
matches.brand_id = (SELECT id FROM brands WHERE name = :brand) AND matches.published_at >= :since
AND matches.published_at < :until AND label <> {int(Label.IRRELEVANT)}
AND (:source IS NULL OR matches.source_id = (SELECT id FROM sources WHERE name = :source))
"""  # noqa: S608 - the same
_SAMPLE: Final = f"""
SELECT brand_id, published_at, mention_id
FROM (SELECT brand_id, published_at, mention_id, row_number() OVER (ORDER BY published_at, mention_id) AS place
FROM matches WHERE {_WORDED}) WHERE place * :limit / :total > (place - 1) * :limit / :total
"""  # noqa: S608 - built from constants of this module
_WORDINGS: Final = """
SELECT mentions.id, title, text, sources.name, matches.published_at,
       coalesce(authors.handle, authors.name, authors.native_id), story_id, links, hashtags,
       matches.language, matches.label, mentions.repost_of IS NOT NULL
FROM {found} JOIN mentions ON mentions.id = matches.mention_id JOIN sources ON sources.id = mentions.source_id
LEFT JOIN authors ON authors.id = mentions.author_id
WHERE {condition} AND mentions.text IS NOT NULL
ORDER BY matches.published_at DESC, mentions.id DESC
"""
_ALL_WORDINGS: Final = _WORDINGS.format(found="matches", condition=_WORDED)
_SAMPLED_WORDINGS: Final = _WORDINGS.format(
    found=f"({_SAMPLE}) AS sample CROSS JOIN matches USING (brand_id, published_at, mention_id)", condition="true"
)
"""The rows of a sample are looked up one by one: those between them are not read."""

_THESE_WORDINGS: Final = _WORDINGS.format(
    found="matches",
    condition="matches.brand_id = (SELECT id FROM brands WHERE name = :brand) "
    "AND matches.mention_id IN (SELECT value FROM json_each(:numbers))",
)

_ENDS: Final = f"""
SELECT source_id, language, count(*) AS mentions, sum(label = {int(Label.POSITIVE)}) AS positive,
       sum(label = {int(Label.NEUTRAL)}) AS neutral, sum(label = {int(Label.NEGATIVE)}) AS negative,
       sum(label = {int(Label.NO_EVIDENCE)}) AS no_evidence, sum(label = {int(Label.UNSCORED)}) AS unscored
FROM matches WHERE brand_id = :brand AND label <> {int(Label.IRRELEVANT)}
"""  # noqa: S608 - built from constants of this module
_COUNT: Final = f"""
SELECT {{name}}, sum(mentions), sum(positive), sum(neutral), sum(negative), sum(no_evidence), sum(unscored)
FROM (
  SELECT source_id, language, mentions, positive, neutral, negative, no_evidence, unscored
  FROM rollup_day WHERE brand_id = :brand AND day >= :first / 86400 AND day < :last / 86400
  UNION ALL {_ENDS} AND published_at >= :since AND published_at < :first GROUP BY 1, 2
  UNION ALL {_ENDS} AND published_at >= :last AND published_at < :until GROUP BY 1, 2
) AS counted JOIN sources ON sources.id = counted.source_id
GROUP BY 1 ORDER BY 2 DESC, 1
"""  # noqa: S608 - built from constants of this module
"""Whole UTC days are counted already; the ends of the span, less than two days, are counted here."""

_LONGEST_NUMBER: Final = 18
"""Digits of a number that SQLite surely holds."""

_COUNT_COLUMNS: Final = {"source": "sources.name", "language": "counted.language"}


def find_mentions(connection: sqlite3.Connection, wanted: MentionFilter) -> tuple[MentionRow, ...]:
    """Return the mentions a filter asks for, newest first, once a brand each matches."""
    words = None if wanted.text is None else words_expression(wanted.text)
    brand = None
    if wanted.brand is not None:
        row = connection.execute("SELECT id FROM brands WHERE name = ?", (wanted.brand,)).fetchone()
        brand = None if row is None else row[0]
    if words == "" or (wanted.brand is not None and brand is None):
        return ()
    values = {
        "brand": brand,
        "source": wanted.source,
        "language": wanted.language,
        "labels": "," + ",".join(str(int(label)) for label in wanted.labels) + "," if wanted.labels else None,
        "since": -_EVER if wanted.since is None else to_epoch(wanted.since),
        "until": _EVER if wanted.until is None else to_epoch(wanted.until),
        "reposts": wanted.include_reposts,
        "unanswered": json.dumps(wanted.unanswered_of) if wanted.unanswered_of else None,
        "limit": wanted.limit,
    }
    if words is None:
        keys = connection.execute(_OF_ALL if brand is None else _OF_BRAND, values).fetchall()
        if wanted.with_loudest and len(keys) == wanted.limit:  # else these are all
            keys = list(dict.fromkeys([*keys, *connection.execute(_LOUDEST, values)]))
    else:
        keys = _keys_with(connection, words, values)
    statement = f"{_MATCHED} WHERE matches.mention_id = ? AND matches.brand_id = ?"
    return tuple(_row(connection.execute(statement, key).fetchone()) for key in keys)


def _keys_with(connection: sqlite3.Connection, words: str, values: dict[str, Any]) -> list[tuple[int, int]]:
    """Return (number, brand) of the newest mentions with these words."""
    few = [number for (number,) in connection.execute(_HITS, (words, _FEW_HITS + 1))]
    return (_keys_of_few if len(few) <= _FEW_HITS else _keys_of_many)(connection, words, few, values)


def _keys_of_few(
    connection: sqlite3.Connection, _words: str, few: Sequence[int], values: dict[str, Any]
) -> list[tuple[int, int]]:
    """Go through all hits, the newest first, until enough of them are what is asked for."""
    numbers = [number for (number,) in connection.execute(_BY_TIME, {**values, "numbers": json.dumps(few)})]
    found: list[tuple[int, int]] = []
    limit = values["limit"]
    size = max(1, 2 * limit)
    for start in range(0, len(numbers), size):
        some = numbers[start : start + size]
        found += _keys_among(connection, some, {**values, "limit": limit - len(found)})
        if len(found) == limit:
            break
    return found


def _keys_of_many(
    connection: sqlite3.Connection, words: str, few: Sequence[int], values: dict[str, Any]
) -> list[tuple[int, int]]:
    """Go through the newest mentions, ever more of them, until enough of them are hits; `few` are some of these.

    Common words have more hits than anybody wants to sort.
    """
    until, limit = values["until"], values["limit"]
    # Half as many again as hold enough hits if these are spread evenly.
    size = min(max(3 * limit * (few[0] - few[-1]) // (2 * len(few)), _SLICE_LEAST), _SLICE_MOST)
    found: list[tuple[int, int]] = []
    while len(found) < limit:
        newest = _slice(connection, {**values, "until": until, "size": size})
        if not newest:
            break
        numbers = {number for number, _ in newest}
        hits = connection.execute(_HITS_WITHIN, (words, min(numbers), max(numbers)))
        among = [number for (number,) in hits if number in numbers]
        found += _keys_among(connection, among, {**values, "limit": limit - len(found)})
        until, size = newest[-1][1], size * _SLICE_GROWS
    return found


def _keys_among(
    connection: sqlite3.Connection, numbers: Sequence[int], values: dict[str, Any]
) -> list[tuple[int, int]]:
    return connection.execute(_AMONG, {**values, "numbers": json.dumps(numbers)}).fetchall()


def _slice(connection: sqlite3.Connection, values: dict[str, Any]) -> list[tuple[int, int]]:
    """Return (number, time) of about `size` mentions before `until`, newest first: all or none of one second."""
    table, number, brand = ("mentions", "id", "1") if values["brand"] is None else (
        "matches", "mention_id", "brand_id = :brand"
    )  # fmt: skip
    span = f"FROM {table} WHERE {brand} AND published_at >= :since AND published_at < :until ORDER BY published_at DESC"
    last = connection.execute(f"SELECT published_at {span} LIMIT 1 OFFSET :size", values).fetchone()
    since = values["since"] if last is None else last[0]
    return connection.execute(f"SELECT {number}, published_at {span}", {**values, "since": since}).fetchall()


def read_mentions(
    connection: sqlite3.Connection, numbers: Sequence[int], *, brand: str | None = None
) -> tuple[MentionRow, ...]:
    """Return mentions by number, in the order given; unknown numbers are left out."""
    found: dict[int, MentionRow] = {}
    for number in numbers:
        rows = connection.execute(
            f"{_ALL} WHERE mentions.id = ? AND (? IS NULL OR brands.name = ?) ORDER BY brands.name LIMIT 1",
            (number, brand, brand),
        ).fetchall()
        if rows:
            found[number] = _row(rows[0])
    return tuple(found.values())


def find_number(connection: sqlite3.Connection, name: str) -> int | None:
    """Return the number of the mention that ``source:id`` or a number names; None where there is none."""
    if not is_text(name):
        return None
    if name.isdecimal() and len(name) <= _LONGEST_NUMBER:
        row = connection.execute("SELECT id FROM mentions WHERE id = ?", (int(name),)).fetchone()
    else:
        source, _, native_id = name.partition(":")
        row = connection.execute(
            "SELECT mentions.id FROM mentions JOIN sources ON sources.id = source_id "
            "WHERE sources.name = ? AND native_id = ?",
            (source, native_id),
        ).fetchone()
    return None if row is None else int(row[0])


def count_by(
    connection: sqlite3.Connection, what: str, brand: str, since: datetime, until: datetime
) -> tuple[SourceCount, ...]:
    """Return a brand's mentions in [since, until) by ``source`` or ``language``, most first."""
    row = connection.execute("SELECT id FROM brands WHERE name = ?", (brand,)).fetchone()
    if row is None:
        return ()
    start, end = to_epoch(since), to_epoch(until)
    first = min(-(-start // DAY_SECONDS) * DAY_SECONDS, end)
    last = max(end // DAY_SECONDS * DAY_SECONDS, first)
    values = {"brand": row[0], "since": start, "first": first, "last": last, "until": end}
    rows = connection.execute(_COUNT.format(name=_COUNT_COLUMNS[what]), values)
    return tuple(
        SourceCount(
            name=name,
            mentions=mentions,
            positive=positive,
            neutral=neutral,
            negative=negative,
            no_evidence=no_evidence,
            unscored=unscored,
        )
        for name, mentions, positive, neutral, negative, no_evidence, unscored in rows
    )


def read_wordings(
    connection: sqlite3.Connection,
    brand: str,
    since: datetime,
    until: datetime,
    limit: int,
    *,
    source: str | None = None,
) -> tuple[Wording, ...]:
    """Return what a brand's mentions in [since, until) say, newest first.

    Of more than `limit` it is a sample spread evenly over their order in time, the newest
    among it. With `source` those of that source alone.
    """
    asked = {"brand": brand, "since": to_epoch(since), "until": to_epoch(until), "source": source, "limit": limit}
    (total,) = connection.execute(f"SELECT count(*) FROM matches WHERE {_WORDED}", asked).fetchone()  # noqa: S608 - constant
    rows = connection.execute(_ALL_WORDINGS if total <= limit else _SAMPLED_WORDINGS, asked | {"total": total})
    return tuple(map(_wording, rows))


def read_these_wordings(connection: sqlite3.Connection, brand: str, numbers: Sequence[int]) -> tuple[Wording, ...]:
    """Return what certain mentions of a brand say, newest first; what is not there any more is left out."""
    rows = connection.execute(_THESE_WORDINGS, {"brand": brand, "numbers": json.dumps(list(numbers))})
    return tuple(map(_wording, rows))


def _wording(row: Sequence[Any]) -> Wording:
    number, title, text, source, published_at, author, story, links, hashtags, language, label, is_repost = row
    return Wording(
        number=number,
        text=f"{title}\n{text}" if title and text else title or text or "",
        source=source,
        published_at=from_epoch(published_at),
        author=None if author is None else str(author),
        story=story,
        links=tuple(json.loads(links)) if links else (),
        hashtags=tuple(json.loads(hashtags)) if hashtags else (),
        language=language,
        label=Label(label),
        is_repost=bool(is_repost),
    )


def _row(row: Sequence[Any]) -> MentionRow:
    (
        number, brand, source, native_id, kind, url, handle, name, followers, title, text, language, published_at,
        seen_at, label, score, likes, reposts, replies, views, is_repost, story, spans, labelled_at, is_label_stale,
        answered_at, thread_read_at,
    ) = row  # fmt: skip
    return MentionRow(
        number=number,
        brand=brand,
        source=source,
        id=native_id,
        kind=kind,
        url=url,
        author=handle,
        author_name=name,
        followers=followers,
        title=title,
        text=text,
        language=language,
        published_at=from_epoch(published_at),
        seen_at=from_epoch(seen_at),
        label=Label.UNSCORED if label is None else Label(label),
        score=None if score is None else score / SCORE_SCALE,
        likes=likes,
        reposts=reposts,
        replies=replies,
        views=views,
        is_repost=bool(is_repost),
        story=story,
        spans=read_spans(spans),
        labelled_at=None if labelled_at is None else from_epoch(labelled_at),
        is_label_stale=bool(is_label_stale),
        answered_at=None if answered_at is None else from_epoch(answered_at),
        thread_read_at=None if thread_read_at is None else from_epoch(thread_read_at),
    )
