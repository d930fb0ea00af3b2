"""Hand out stored mentions with what was decided about them, brand by brand, in order of time."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from listener.clock import from_epoch, to_epoch
from listener.frozen import dataclass
from listener.mention import SCORE_SCALE, Label, Mention
from listener.search.exporting import COLUMNS, read_mention
from listener.store.erasure import tombstone

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Iterable, Iterator
    from datetime import datetime

    from listener.search.records import MentionFilter

__all__ = ["Decided", "brands_decided", "is_emptied", "iterate_decided"]

_DECIDED: Final = f"""
SELECT brands.name, matches.published_at, matches.language, matches.label, matches.score, evidence, confidence,
       scorers.name, scorers.version, reason, mentions.story_id, {COLUMNS}
FROM matches JOIN brands ON brands.id = matches.brand_id JOIN scorers ON scorers.id = scorer_id
JOIN mentions ON mentions.id = matches.mention_id JOIN sources ON sources.id = mentions.source_id
LEFT JOIN authors ON authors.id = mentions.author_id
WHERE mentions.text IS NOT NULL AND matches.label <> {int(Label.IRRELEVANT)}
  AND (:brand IS NULL OR brands.name = :brand) AND (:source IS NULL OR sources.name = :source)
  AND (:since IS NULL OR matches.published_at >= :since) AND (:until IS NULL OR matches.published_at < :until)
ORDER BY matches.brand_id, matches.published_at, matches.mention_id
"""  # noqa: S608 - built from constants of this module

_BRANDS: Final = """
SELECT name FROM brands WHERE (:brand IS NULL OR name = :brand) AND EXISTS (
  SELECT 1 FROM matches WHERE brand_id = brands.id
    AND (:since IS NULL OR published_at >= :since) AND (:until IS NULL OR published_at < :until))
ORDER BY name
"""

_OF_SPAN: Final = """
matches WHERE brand_id = (SELECT id FROM brands WHERE name = :brand)
  AND matches.published_at >= :since AND matches.published_at < :until
"""
_LEFT: Final = f"""
SELECT EXISTS (SELECT 1 FROM {_OF_SPAN}), EXISTS (
  SELECT 1 FROM {_OF_SPAN} AND label <> {int(Label.IRRELEVANT)}
    AND EXISTS (SELECT 1 FROM mentions WHERE mentions.id = mention_id AND text IS NOT NULL))
"""  # noqa: S608 - built from constants of this module
_IS_UNKNOWN: Final = """
SELECT EXISTS (SELECT 1 FROM json_each(?) AS pairs WHERE NOT EXISTS (
  SELECT 1 FROM mentions WHERE source_id = (SELECT id FROM sources WHERE name = ?)
    AND native_id IN (json_extract(pairs.value, '$[0]'), json_extract(pairs.value, '$[1]'))))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """Hold a mention with what counts of it for a brand: its time, story, identified language and feeling."""

    brand: str
    at: datetime
    story: int
    language: str
    label: Label
    score: float | None
    evidence: int
    confidence: float | None
    scorer: str
    version: str
    reason: str | None
    mention: Mention


def brands_decided(connection: sqlite3.Connection, wanted: MentionFilter) -> list[str]:
    """Return the brands of which there is something in the span of a filter, whatever its source, sorted."""
    return [name for (name,) in connection.execute(_BRANDS, _values(wanted))]


def _values(wanted: MentionFilter) -> dict[str, str | int | None]:
    return {
        "brand": wanted.brand,
        "source": wanted.source,
        "since": None if wanted.since is None else to_epoch(wanted.since),
        "until": None if wanted.until is None else to_epoch(wanted.until),
    }


def iterate_decided(connection: sqlite3.Connection, wanted: MentionFilter) -> Iterator[Decided]:
    """Yield what a filter asks for by brand, source and time, one brand after the other, oldest first.

    A mention of two brands comes twice; what people called irrelevant does not come.
    """
    for row in connection.execute(_DECIDED, _values(wanted)):
        brand, at, language, label, score, evidence, confidence, scorer, version, reason, story, *rest = row
        yield Decided(
            brand=brand,
            at=from_epoch(at),
            story=story,
            language=language,
            label=Label(label),
            score=None if score is None else score / SCORE_SCALE,
            evidence=evidence,
            confidence=confidence,
            scorer=scorer,
            version=version,
            reason=reason,
            mention=read_mention(rest),
        )


def is_emptied(
    connection: sqlite3.Connection, brand: str, since: datetime, until: datetime, keys: Iterable[tuple[str, str]]
) -> bool:
    """Say whether `iterate_decided` would yield nothing of a brand in [since, until) though the store knows that span.

    So it is where all texts were erased, and where all that once matched the brand,
    of which `keys` are the sources and ids, is stored and matches it no more. Of what the
    store knows nothing of it is False.
    """
    values = {"brand": brand, "since": to_epoch(since), "until": to_epoch(until)}
    has_matches, has_more = connection.execute(_LEFT, values).fetchone()
    if has_matches:
        return not has_more
    by_source: dict[str, set[str]] = {}
    for source, native_id in keys:
        by_source.setdefault(source, set()).add(native_id)
    return bool(by_source) and all(_knows_all(connection, source, ids) for source, ids in by_source.items())


def _knows_all(connection: sqlite3.Connection, source: str, native_ids: Collection[str]) -> bool:
    """Say whether all these mentions of a source are stored, erased or not."""
    wanted = json.dumps([(native_id, tombstone(native_id)) for native_id in native_ids])
    (is_unknown,) = connection.execute(_IS_UNKNOWN, (wanted, source)).fetchone()
    return not is_unknown
