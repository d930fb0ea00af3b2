"""Score tasks with a reader of texts: masking, title, label and record.

VADER and the word lists of other languages differ only in how a text reads;
what is read, and what becomes of it, is decided here once.
"""

from __future__ import annotations

import copy
import hashlib
from typing import TYPE_CHECKING, Final

from listener.api import Label, Sentiment
from listener.frozen import maker
from sentiment.passage import passage_of
from sentiment.reading import NOTHING
from sentiment.scope import Scope, places_of, scope_at
from sentiment.target import MASK

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from listener.api import ScoringTask
    from sentiment.reading import Reading, Rules, Weighed
    from sentiment.rulesets import Ruleset

__all__ = ["NEGATIVE_AT", "POSITIVE_AT", "LexicalScorer", "label_of"]

POSITIVE_AT: Final = 0.05
NEGATIVE_AT: Final = -0.05
"""The cuts of VADER's own README, "About the Scoring" (github.com/cjhutto/vaderSentiment, read 2026-11-22)."""

_ASCII_MASK: Final = "\x1a"
"""Stands for the mask where words are read: it means as little, and leaves a text of ASCII one, which reads faster."""


def label_of(score: float, evidence: int, *, positive_at: float, negative_at: float) -> Label:
    """Return the label of a score: at or past a cut, and NO_EVIDENCE where nothing carried it."""
    if not evidence:
        return Label.NO_EVIDENCE
    if score >= positive_at:
        return Label.POSITIVE
    return Label.NEGATIVE if score <= negative_at else Label.NEUTRAL


class LexicalScorer:
    """Score texts of some languages by what their words are worth.

    `rules` gives the rules by which texts read, and is asked when the first one comes; they
    must take U+001A for what they take `MASK` for. `languages` are the BCP 47 tags it is for. `confidence` is given with every
    score, None where nothing is known of it. A score at or past a cut takes its
    label; cuts other than VADER's show in the version.
    """

    def __init__(
        self,
        *,
        name: str,
        version: str,
        languages: Sequence[str],
        rules: Callable[[], Rules],
        confidence: float | None = None,
    ) -> None:
        self.name = name
        self.version = version
        self._languages = frozenset(languages)
        self._rules = rules
        self._confidence = confidence
        self._rulesets: Mapping[str, Ruleset] = {}
        self._positive_at = POSITIVE_AT
        self._negative_at = NEGATIVE_AT

    def with_cuts(self, positive_at: float, negative_at: float) -> LexicalScorer:
        """Return this scorer with other cuts between the labels."""
        if (positive_at, negative_at) == (self._positive_at, self._negative_at):
            return self
        other = copy.copy(self)
        other._positive_at, other._negative_at = positive_at, negative_at  # noqa: SLF001 - a copy of ourselves
        other.version = f"{self.version}@{negative_at:g},{positive_at:g}"
        return other

    def with_rulesets(self, rulesets: Mapping[str, Ruleset]) -> LexicalScorer:
        """Return this scorer with rules of its own for some brands, by their names."""
        if not rulesets:
            return self
        other = copy.copy(self)
        other._rulesets = dict(rulesets)  # noqa: SLF001 - a copy of ourselves
        digest = "".join(sorted(ruleset.version for ruleset in rulesets.values()))
        other.version = f"{self.version}~{hashlib.sha256(digest.encode()).hexdigest()[:8]}"
        return other

    def supports(self, language: str) -> bool:
        """Say whether texts of this language can be scored."""
        return language in self._languages

    def read(self, text: str) -> Reading:
        """Return how a text reads, with nothing masked and no rule of a brand."""
        return self._rules().read(text)

    def score(self, tasks: Sequence[ScoringTask]) -> Sequence[Sentiment]:
        """Return (n_tasks,) sentiments in input order; tasks that are alike, as those of reposts, share one."""
        done: dict[tuple[object, ...], Sentiment] = {}
        alike: dict[tuple[str, ...], dict[tuple[object, ...], Sentiment]] = {}
        masks: tuple[str, ...] | None = None
        results: list[Sentiment] = []
        for task in tasks:
            if task.masks is not masks:  # mostly one object, and so long that it is better not looked up for each task
                masks = task.masks
                done = alike.setdefault(masks, {})
            key = (task.text, task.brand, task.spans, task.language, task.title, task.target)
            result = done.get(key)
            if result is None:
                result = done[key] = self._score_one(task)
            results.append(result)
        return results

    def _score_one(self, task: ScoringTask) -> Sentiment:
        if task.language not in self._languages:
            return Sentiment.unscored(task.language, "unsupported_language")
        ruleset = self._rulesets.get(task.brand or "") if self._rulesets else None
        places = places_of(task)
        passage = passage_of(places, _ASCII_MASK) if ruleset is None else None
        if passage is not None:
            (whole, _), (score, evidence) = self._rules().weigh_passage(passage)
            return self._judged(task.language, score, evidence, whole)
        if ruleset is None:
            scope = scope_at(places, _ASCII_MASK)
        else:
            scope = scope_at(places)
            scope = Scope(
                ruleset.apply(scope.whole),
                None if scope.local is None else ruleset.apply(scope.local),
                ruleset.apply(scope.against),
            )
        if not scope.whole or scope.whole.isspace():
            return Sentiment.unscored(task.language, "empty")
        (whole, _), (score, evidence) = self._weighed(scope)
        return self._judged(task.language, score, evidence, None if scope.local is None else whole)

    def _judged(self, language: str, score: float, evidence: int, whole: float | None) -> Sentiment:
        """Return the sentiment of a score, `whole` being that of the whole text where it is of a part."""
        label = label_of(score, evidence, positive_at=self._positive_at, negative_at=self._negative_at)
        return _made(score, label, language, self.name, self.version, evidence, self._confidence, whole, None)

    def _weighed(self, scope: Scope) -> tuple[Weighed, Weighed]:
        """Return compound and evidence of the whole text, and those of what is said of the target, which may be all."""
        rules = self._rules()
        text = _without_masks(scope.whole)
        if scope.local is None or (not scope.against and scope.local == scope.whole):
            whole = rules.weigh(text)
            return whole, whole
        if scope.bounds is not None:
            return rules.weigh_with_part(text, *scope.bounds)
        whole, about = rules.weigh(text), rules.weigh(_without_masks(scope.local))
        if not scope.against:
            return whole, about
        return whole, _set_against(about, rules.weigh(_without_masks(scope.against)))


_made: Final = maker(Sentiment)
"""Makes a sentiment from all its fields, in order."""


def _without_masks(text: str) -> str:
    return text if text.isascii() else text.replace(MASK, _ASCII_MASK)


def _set_against(about: Weighed, against: Weighed) -> Weighed:
    """Return score and evidence of what is said of the target and, turned, of another brand, each by its evidence."""
    evidence = about[1] + against[1]
    if not evidence:
        return NOTHING
    return round((about[0] * about[1] - against[0] * against[1]) / evidence, 4), evidence
