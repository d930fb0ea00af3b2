"""Find what a brand was asked and when it answered, and what people answered to surveys."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from listener.clock import from_epoch, to_epoch
from listener.mention import Label
from listener.search.records import AskedRow, SurveyRow

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence
    from datetime import datetime

__all__ = ["read_asked", "read_survey_answers"]

_INSTRUMENTS: Final = ("nps", "csat", "ces")

_CONDITIONS: Final = f"""
WHERE matches.brand_id = (SELECT id FROM brands WHERE name = :brand)
  AND matches.published_at >= :since AND matches.published_at < :until
  AND matches.label <> {int(Label.IRRELEVANT)} AND mentions.repost_of IS NULL
  AND (:source IS NULL OR sources.name = :source)
  AND (:language IS NULL OR matches.language = :language OR instr(matches.language, :language || '-') = 1)
"""  # noqa: S608 - built from constants of this module

_ASKED: Final = f"""
SELECT mentions.id, sources.name, matches.published_at, answers.answered_at, thread_reads.read_at
FROM matches JOIN mentions ON mentions.id = matches.mention_id JOIN sources ON sources.id = matches.source_id
LEFT JOIN answers ON answers.mention_id = matches.mention_id AND answers.brand_id = matches.brand_id
LEFT JOIN thread_reads ON thread_reads.mention_id = matches.mention_id
{_CONDITIONS} AND mentions.kind NOT IN ('article', 'survey')
  AND (:among IS NULL OR matches.mention_id IN (SELECT value FROM json_each(:among)))
ORDER BY matches.published_at, mentions.id
"""  # noqa: S608 - built from constants of this module

_READ_BY_THREAD: Final = """
SELECT DISTINCT sources.name FROM thread_reads JOIN mentions ON mentions.id = mention_id
JOIN sources ON sources.id = mentions.source_id WHERE read_at IS NOT NULL
"""

_HEARD: Final = """
SELECT DISTINCT sources.name FROM own_replies JOIN sources ON sources.id = source_id
WHERE brand_id = (SELECT id FROM brands WHERE name = ?)
"""

_SURVEYS: Final = f"""
SELECT sources.name, matches.published_at, mentions.kind, mentions.rating,
       CASE WHEN json_valid(mentions.extra) AND json_type(mentions.extra, '$.survey') = 'object'
         THEN json_extract(mentions.extra, '$.survey') END
FROM matches JOIN mentions ON mentions.id = matches.mention_id JOIN sources ON sources.id = matches.source_id
{_CONDITIONS} AND mentions.kind IN ('review', 'survey')
ORDER BY matches.published_at, mentions.id
"""  # noqa: S608 - built from constants of this module


def read_asked(
    connection: sqlite3.Connection,
    brand: str,
    since: datetime,
    until: datetime,
    *,
    now: datetime,
    source: str | None = None,
    language: str | None = None,
    among: Sequence[int] | None = None,
) -> tuple[AskedRow, ...]:
    """Return what a brand could answer in [since, until), oldest first, with what is known of the answers.

    `among` are the numbers of the mentions that are asked about, None for all.
    A source whose threads are read tells of a mention once its thread was read, up
    to then. Of another source the brand's replies come by themselves or they do not: where
    any ever came, what has none by `now` is unanswered; where none ever came nothing is known.
    """
    by_thread = {str(row[0]) for row in connection.execute(_READ_BY_THREAD)}
    heard = {str(row[0]) for row in connection.execute(_HEARD, (brand,))} - by_thread
    values = _values(brand, since, until, source, language)
    values["among"] = None if among is None else json.dumps(list(among))
    rows = connection.execute(_ASKED, values)
    return tuple(
        AskedRow(
            number=number,
            source=name,
            asked_at=from_epoch(asked_at),
            answered_at=None if answered_at is None else from_epoch(answered_at),
            open_until=from_epoch(read_at) if read_at is not None else now if name in heard else None,
        )
        for number, name, asked_at, answered_at, read_at in rows
    )


def read_survey_answers(
    connection: sqlite3.Connection,
    brand: str,
    since: datetime,
    until: datetime,
    *,
    source: str | None = None,
    language: str | None = None,
) -> tuple[SurveyRow, ...]:
    """Return the answers to surveys of a brand in [since, until), oldest first; the stars of reviews are csat."""
    rows = connection.execute(_SURVEYS, _values(brand, since, until, source, language))
    found = (
        _survey(name, from_epoch(at), rating, json.loads(survey) if survey else None)
        if kind == "survey" or survey
        else _stars(name, from_epoch(at), rating)
        for name, at, kind, rating, survey in rows
    )
    return tuple(row for row in found if row is not None)


def _stars(source: str, at: datetime, rating: float | None) -> SurveyRow | None:
    if rating is None:
        return None
    return SurveyRow(source=source, answered_at=at, instrument="csat", answer=rating, low=0.0, high=1.0)


def _survey(source: str, at: datetime, rating: float | None, told: object) -> SurveyRow | None:
    """Return an answer whose instrument and scale are told; None where they are not, or make no sense."""
    if not isinstance(told, dict) or told.get("instrument") not in _INSTRUMENTS:
        return None
    answer, scale = _number(told.get("answer")), told.get("scale")
    ends = [_number(end) for end in scale] if isinstance(scale, list) else []
    low, high = ends if len(ends) == 2 else (None, None)  # noqa: PLR2004 - two ends
    if low is None or high is None or low >= high:
        return None
    if rating is not None:  # where a low answer is the good one, the rating is turned round and the answer is not
        answer = low + rating * (high - low)
    if answer is None or not low <= answer <= high:
        return None
    return SurveyRow(
        source=source, answered_at=at, instrument=str(told["instrument"]), answer=answer, low=low, high=high
    )


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _values(
    brand: str, since: datetime, until: datetime, source: str | None, language: str | None
) -> dict[str, object]:
    return {
        "brand": brand,
        "since": to_epoch(since),
        "until": to_epoch(until),
        "source": source,
        "language": language,
    }
