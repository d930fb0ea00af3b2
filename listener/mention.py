"""Hold the frozen records that travel down the pipe.

A mention is identified by (source, native id) and never by the query that
found it. Everything a service leaves out is None: unknown is not zero.
"""

from __future__ import annotations

import json
from dataclasses import field
from enum import IntEnum
from typing import TYPE_CHECKING, Final

from listener.frozen import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

__all__ = [
    "ASSIGNED_BRAND",
    "KINDS",
    "SCORE_SCALE",
    "Author",
    "Engagement",
    "Label",
    "Match",
    "Mention",
    "Sentiment",
    "Span",
    "dump_spans",
    "read_spans",
]

KINDS: Final = ("post", "comment", "article", "review", "video", "question", "survey")
"""The kinds a mention may have; the first is the default."""

ASSIGNED_BRAND: Final = "assigned_brand"
"""The field of `Mention.extra` that names the brand a mention is about by where it was found.

A review of a brand's app and an answer to its survey seldom name the brand. Such
a mention matches that brand whatever its words are.
"""

SCORE_SCALE: Final = 10_000
"""Scores are stored as integers, score x 10 000, so that sums are exact."""


class Label(IntEnum):
    """Say what a score amounts to; the number is what the store keeps.

    NO_EVIDENCE is a text in a supported language in which nothing carried
    sentiment: reported as neutral, counted apart. UNSCORED is a text nobody
    could score: it is in no average and no share. IRRELEVANT is a person's
    verdict that the mention is not about the brand: it is in no count at all.
    """

    UNSCORED = 0
    NEGATIVE = 1
    NEUTRAL = 2
    POSITIVE = 3
    NO_EVIDENCE = 4
    IRRELEVANT = 5

    @property
    def word(self) -> str:
        """Return the label as users read and write it."""
        return _LABEL_WORDS[self]


_LABEL_WORDS: Final = {
    Label.UNSCORED: "unscored",
    Label.NEGATIVE: "negative",
    Label.NEUTRAL: "neutral",
    Label.POSITIVE: "positive",
    Label.NO_EVIDENCE: "neutral",
    Label.IRRELEVANT: "irrelevant",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """Say who wrote a mention, as far as the service tells.

    `id` is the service's stable id, `handle` the name without a leading @,
    `name` the display name, `followers` a count at the time of reading.
    """

    id: str | None = None
    handle: str | None = None
    name: str | None = None
    followers: int | None = None
    verified: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Engagement:
    """Hold public counters as last read; None is unknown, 0 is zero."""

    likes: int | None = None
    reposts: int | None = None
    replies: int | None = None
    views: int | None = None

    @property
    def total(self) -> int | None:
        """Return likes + reposts + replies over what is known; None if none is."""
        known = [n for n in (self.likes, self.reposts, self.replies) if n is not None]
        return sum(known) if known else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """Hold one public post, comment, article, review or answer.

    `source` and `id` identify it; `id` is the service's own, as text.
    `text` and `title` are plain text, NFC. `language` is the platform's claim
    (BCP 47), never our verdict. `published_at` is aware UTC and the author's or
    the service's time of publication; None only where a feed gives none, in
    which case the pipeline takes the time it was seen.
    `rating` is 0 to 1. `reply_to`, `thread`, `repost_of` and `quote_of` are
    native ids of the same source. `place` is an ISO 3166 country code.
    `links` are the URLs the text or item points to, `hashtags` the entities the
    service names, without #. `extra` keeps fields of imports that have no place here;
    ``survey`` in it is {"instrument": "nps", "csat" or "ces", "answer": number,
    "scale": [low, high]}, `ASSIGNED_BRAND` the brand that a person assigned.
    """

    source: str
    id: str
    text: str
    published_at: datetime | None
    title: str | None = None
    url: str | None = None
    kind: str = "post"
    author: Author | None = None
    language: str | None = None
    engagement: Engagement = field(default_factory=Engagement)
    rating: float | None = None
    reply_to: str | None = None
    thread: str | None = None
    repost_of: str | None = None
    quote_of: str | None = None
    place: str | None = None
    links: tuple[str, ...] = ()
    hashtags: tuple[str, ...] = ()
    has_media: bool | None = None
    edited_at: datetime | None = None
    extra: Mapping[str, object] | None = None

    @property
    def is_repost(self) -> bool:
        """Say whether this only repeats another mention."""
        return self.repost_of is not None

    @property
    def assigned_brand(self) -> str | None:
        """Return the brand this is about whatever its words are; None where words decide."""
        brand = self.extra.get(ASSIGNED_BRAND) if self.extra else None
        return brand if isinstance(brand, str) else None

    @property
    def key(self) -> tuple[str, str]:
        """Return the identity: (source, native id)."""
        return (self.source, self.id)


Span = tuple[str, int, int]
"""Where a match sits: (field name, start, end), offsets in code points of the field as given."""


def dump_spans(spans: Sequence[Span]) -> str | None:
    """Return spans as the store keeps them, None where there are none.

    ``25-29`` in the text, ``title:0-4`` in another field, commas between.
    """
    if not spans:
        return None
    return ",".join([f"{start}-{end}" if field == "text" else f"{field}:{start}-{end}" for field, start, end in spans])


def read_spans(kept: str | None) -> tuple[Span, ...]:
    """Return the spans that `dump_spans` was given; older stores have them as JSON."""
    if not kept:
        return ()
    if kept.startswith("["):
        return tuple([(field, start, end) for field, start, end in json.loads(kept)])
    spans: list[Span] = []
    for one in kept.split(","):
        field, _, place = one.rpartition(":")
        start, _, end = place.partition("-")
        spans.append((field or "text", int(start), int(end)))
    return tuple(spans)


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """Say that a mention satisfies the query of a brand.

    `query_version` is the version of the tracked expression that matched.
    `spans` are the places that made it match, in reading order; empty where only
    a field (an author, a site) did.
    """

    brand: str
    query_version: str
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentiment:
    """Hold the feeling of a mention towards a brand.

    `score` is in [-1, 1], None exactly where `label` is UNSCORED; `reason` then
    says why (``unsupported_language``, ``empty``, ...). `evidence` counts the
    words, emoji and emoticons that carried the score. `whole_text_score` is the
    score of the whole text where the score itself is of the part about the
    brand. `confidence` is 0 to 1 or None where the scorer gives none.
    """

    score: float | None
    label: Label
    language: str
    scorer: str
    version: str
    evidence: int = 0
    confidence: float | None = None
    whole_text_score: float | None = None
    reason: str | None = None

    def problem(self) -> str | None:
        """Return what no scorer may say, such as a label that contradicts its score; None where all is well."""
        score, whole, certain = self.score, self.whole_text_score, self.confidence
        numbers = [one for one in (score, whole, certain) if one is not None]
        against = {Label.POSITIVE: -1, Label.NEGATIVE: 1}.get(self.label, 0)
        if not isinstance(self.label, Label) or not all(
            isinstance(one, (int, float)) for one in (self.evidence, *numbers)
        ):
            return "has something else in the place of a label or a number"
        if (score is None) != (self.label is Label.UNSCORED):
            return "has a label but no score, or a score though it is unscored"
        if not all(-1 <= one <= 1 for one in (score, whole) if one is not None):
            return "has a score outside -1 to 1"
        if self.evidence < 0:
            return "has less than no evidence"
        if certain is not None and not 0 <= certain <= 1:
            return "has a confidence outside 0 to 1"
        if self.label is Label.IRRELEVANT:
            return "is called irrelevant, which only people may say"
        if (score or 0) * against > 0:
            return f"has a label that contradicts its score ({self.label.word} at {score:.4g})"
        return None

    @classmethod
    def unscored(cls, language: str, reason: str) -> Sentiment:
        """Return the sentiment of a text that nobody can score, with the reason."""
        return cls(
            score=None,
            label=Label.UNSCORED,
            language=language,
            scorer="none",
            version="0",
            reason=reason,
        )
