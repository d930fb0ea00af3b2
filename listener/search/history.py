"""Read the stored mentions with everything that was decided about them, to decide it anew or to learn from it."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

from listener.clock import to_epoch
from listener.frozen import dataclass
from listener.mention import SCORE_SCALE, Label, Match, Mention, Sentiment, read_spans
from listener.search.exporting import COLUMNS, read_mention
from listener.search.queue import Candidate
from listener.search.reader import Reader
from listener.sqlite_errors import translated
from listener.store import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

__all__ = ["HistoryReader", "StoredMention"]

_CHUNK: Final = 1_000
_CANDIDATES: Final = 20_000
"""The newest unlabelled mentions a queue is chosen from."""

_STORED: Final = f"""
SELECT mentions.id, mentions.text_hash, mentions.language, {COLUMNS}
FROM mentions JOIN sources ON sources.id = mentions.source_id LEFT JOIN authors ON authors.id = mentions.author_id
WHERE mentions.text IS NOT NULL AND mentions.id > :after
  AND (:since IS NULL OR mentions.published_at >= :since) AND (:until IS NULL OR mentions.published_at < :until)
  AND CASE :only
    WHEN 'matched' THEN EXISTS (
      SELECT 1 FROM matches WHERE mention_id = mentions.id AND (:brand IS NULL OR brand_id = :brand))
    WHEN 'labelled' THEN EXISTS (
      SELECT 1 FROM labels JOIN matches USING (mention_id, brand_id)
      WHERE mention_id = mentions.id AND (:brand IS NULL OR brand_id = :brand))
    ELSE 1 END
ORDER BY mentions.id LIMIT :limit
"""  # noqa: S608 - built from constants of this module

_VERDICTS: Final = """
SELECT mention_id, brands.name, queries.version, spans, language, coalesce(scorer_label, label),
       CASE WHEN scorer_label IS NULL THEN score ELSE scorer_score END, text_score, evidence, confidence,
       scorers.name, scorers.version, reason
FROM matches JOIN brands ON brands.id = matches.brand_id JOIN queries ON queries.id = query_id
JOIN scorers ON scorers.id = scorer_id WHERE mention_id BETWEEN ? AND ?
"""

_SAID: Final = """
SELECT mention_id, name, label FROM labels JOIN brands ON brands.id = brand_id WHERE mention_id BETWEEN ? AND ?
"""

_SCORED_BY: Final = """
SELECT scorers.name, scorers.version, count(*) FROM matches JOIN scorers ON scorers.id = scorer_id
JOIN mentions ON mentions.id = mention_id WHERE text IS NOT NULL GROUP BY scorer_id
"""

_UNLABELLED: Final = """
SELECT mentions.id, brands.name, matches.language, matches.label, matches.score, evidence, confidence,
       followers, matches.engagement, story_id, author_id
FROM matches JOIN mentions ON mentions.id = matches.mention_id JOIN brands ON brands.id = matches.brand_id
LEFT JOIN authors ON authors.id = author_id
WHERE text IS NOT NULL AND repost_of IS NULL AND scorer_label IS NULL AND (:brand IS NULL OR brands.name = :brand)
ORDER BY matches.published_at DESC, mentions.id LIMIT :limit
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredMention:
    """Hold a stored mention as it came in, with the scorers' verdicts and what people said.

    `language` is the identified one. `verdicts` are the scorers' own also where a
    person's label counts; `said` are the labels of people, by brand.
    """

    number: int
    mention: Mention
    text_hash: bytes
    language: str
    verdicts: tuple[Verdict, ...]
    said: Mapping[str, Label]


class HistoryReader(Reader):
    """Answer also with whole mentions and their verdicts, in the order of their numbers."""

    def stored(
        self,
        only: str,
        *,
        brand: str | None = None,
        after: int = 0,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Iterator[tuple[StoredMention, ...]]:
        """Yield chunks of the mentions above number `after`; purged ones are left out.

        `only` is ``all``, ``matched`` (by any brand, or by `brand`) or ``labelled``
        (by a person, and matched). `since` and `until` are a half-open span of
        publication times. Each chunk is read when it is asked for.
        """
        values = {
            "only": only,
            "brand": self._brand_key(brand),
            "since": None if since is None else to_epoch(since),
            "until": None if until is None else to_epoch(until),
            "limit": _CHUNK,
        }
        while True:
            with translated(self.path):
                rows = self._connection.execute(_STORED, {**values, "after": after}).fetchall()
                chunk = tuple(self._stored(rows)) if rows else ()
            if not chunk:
                return
            after = chunk[-1].number
            yield chunk

    def count_stored(self) -> int:
        """Return how many stored mentions have their text."""
        with translated(self.path):
            (count,) = self._connection.execute("SELECT count(*) FROM mentions WHERE text IS NOT NULL").fetchone()
        return int(count)

    def count_through(self, number: int) -> int:
        """Return how many of them have a number up to this one."""
        with translated(self.path):
            (count,) = self._connection.execute(
                "SELECT count(*) FROM mentions WHERE text IS NOT NULL AND id <= ?", (number,)
            ).fetchone()
        return int(count)

    def scored_by(self) -> dict[tuple[str, str], int]:
        """Return how many verdicts on mentions that have their text each scorer gave, by its name and version."""
        with translated(self.path):
            rows = self._connection.execute(_SCORED_BY).fetchall()
        return {(name, version): count for name, version, count in rows}

    def unlabelled(self, brand: str | None = None) -> tuple[Candidate, ...]:
        """Return the newest mentions nobody labelled, once a brand each matches; no reposts, none purged."""
        with translated(self.path):
            rows = self._connection.execute(_UNLABELLED, {"brand": brand, "limit": _CANDIDATES}).fetchall()
        return tuple(
            Candidate(
                number=number,
                brand=name,
                language=language,
                label=Label(label),
                score=None if score is None else score / SCORE_SCALE,
                evidence=evidence,
                confidence=confidence,
                followers=followers or 0,
                engagement=engagement,
                story=story,
                author=author,
            )
            for (
                number, name, language, label, score, evidence, confidence, followers, engagement, story, author,
            ) in rows
        )  # fmt: skip

    def _brand_key(self, brand: str | None) -> int | None:
        """Return the key of a brand; that of a brand never stored is one no row has."""
        if brand is None:
            return None
        with translated(self.path):
            row = self._connection.execute("SELECT id FROM brands WHERE name = ?", (brand,)).fetchone()
        return -1 if row is None else int(row[0])

    def _stored(self, rows: Sequence[Sequence[Any]]) -> Iterator[StoredMention]:
        first_and_last = (rows[0][0], rows[-1][0])
        verdicts: dict[int, list[Verdict]] = defaultdict(list)
        for number, *row in self._connection.execute(_VERDICTS, first_and_last):
            verdicts[number].append(_verdict(row))
        said: dict[int, dict[str, Label]] = defaultdict(dict)
        for number, brand, label in self._connection.execute(_SAID, first_and_last):
            said[number][brand] = Label(label)
        for number, text_hash, language, *row in rows:
            yield StoredMention(
                number=number,
                mention=read_mention(row),
                text_hash=text_hash,
                language=language,
                verdicts=tuple(verdicts.get(number, ())),
                said=said.get(number, {}),
            )


def _verdict(row: Sequence[Any]) -> Verdict:
    (brand, query, spans, language, label, score, text_score, evidence, confidence, scorer, version, reason) = row
    return Verdict(
        match=Match(
            brand=brand,
            query_version=query,
            spans=read_spans(spans),
        ),
        sentiment=Sentiment(
            score=None if score is None else score / SCORE_SCALE,
            label=Label(label),
            language=language,
            scorer=scorer,
            version=version,
            evidence=evidence,
            confidence=confidence,
            whole_text_score=None if text_score is None else text_score / SCORE_SCALE,
            reason=reason,
        ),
    )
