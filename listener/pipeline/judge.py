"""Decide what mentions are about and how they feel: match, language, score."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from listener.clock import CLOCK_SKEW, EARLIEST, to_epoch
from listener.frozen import maker
from listener.pipeline.answers import own_replies
from listener.protocols import ScoringTask
from listener.store import Judged, Verdict
from listener.store.ready import mention_digest
from listener.stories import DIGEST_SIZE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from listener.matching import Matcher
    from listener.mention import Match, Mention, Sentiment
    from listener.pipeline.received import Received
    from listener.protocols import LanguageIdentifier, Scorer
    from listener.query import Query
    from listener.store import KnownMention, OwnReply, Prepared

__all__ = ["Judge", "Judgement", "Prejudged"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """Hold what became of a batch of mentions.

    `judged` are to be stored, `refreshed` are known and unchanged but for their
    counters, `unmatched` counts those that concern no brand and, unless such are kept, are not stored. `own_replies` are what
    brands' own accounts wrote to somebody.
    """

    judged: tuple[Judged | Prepared, ...]
    refreshed: tuple[Mention, ...]
    unmatched: int
    own_replies: tuple[OwnReply, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Prejudged:
    """Hold a mention with its matches, before it is known what is stored of it; `judged` where it was scored too."""

    mention: Mention
    matches: tuple[Match, ...]
    judged: Judged | None = None

    @property
    def key(self) -> tuple[str, str]:
        """Return the identity of the mention."""
        return self.mention.key

    @property
    def published_at(self) -> int | None:
        """Return the time the mention itself gives, in seconds."""
        return None if self.mention.published_at is None else to_epoch(self.mention.published_at)

    @property
    def may_answer(self) -> bool:
        """Say whether the mention may answer another."""
        return self.mention.reply_to is not None or self.mention.thread is not None

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Return brand and version of the queries it matches."""
        return tuple([(match.brand, match.query_version) for match in self.matches])

    @property
    def digest(self) -> bytes:
        """Return what changes when its wording does."""
        return mention_digest(self.mention)


_SILENT: Final = "llm_"
"""How the reasons begin for which a language model told nothing (see `sentiment.llm`)."""

_make_prejudged: Final = maker(Prejudged)
_make_judged: Final = maker(Judged)
_make_verdict: Final = maker(Verdict)
_make_task: Final = maker(ScoringTask)


class Judge:
    """Carry mentions through the stages that look at their text.

    Pure but for the stages it is given: nothing is stored here. `own_accounts` are
    the handles of each brand itself.
    """

    def __init__(
        self,
        queries: Sequence[Query],
        matcher: Matcher,
        identifier: LanguageIdentifier,
        scorer: Scorer,
        *,
        own_accounts: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self._matcher = matcher
        self._identifier = identifier
        self._scorer = scorer
        self._own_accounts = own_accounts or {}
        self._versions = {query.brand: query.version for query in queries}
        self._names: Mapping[str, tuple[str, ...]] = {query.brand: query.names for query in queries}
        self._masks = tuple(sorted({name for query in queries for name in query.names}))

    @property
    def queries(self) -> Mapping[str, str]:
        """Return the version of the query of each brand."""
        return self._versions

    @property
    def scoring(self) -> str:
        """Return what changes when texts may be scored otherwise: identifier, scorers, names of brands."""
        return repr((self._identifier.version, self._scorer.version, sorted(self._names.items())))

    def match(self, mentions: Sequence[Mention], languages: Sequence[str]) -> list[tuple[Match, ...]]:
        """Return the matches of mentions in languages that are known, in order."""
        return self._confirmed(zip(mentions, self._matcher.match_many(mentions), strict=True), languages)

    def _confirmed(
        self, matched: Iterable[tuple[Mention, tuple[Match, ...]]], languages: Sequence[str]
    ) -> list[tuple[Match, ...]]:
        """Return the matches of mentions that still hold now that the languages are known, in order."""
        confirm = self._matcher.confirm
        return [
            tuple([match for match in matches if confirm(mention, match, language)])
            for (mention, matches), language in zip(matched, languages, strict=True)
        ]

    def identify(self, mentions: Sequence[Mention]) -> Sequence[str]:
        """Return the languages of mentions, in order."""
        return self._identifier.identify(
            [_whole_text(mention) for mention in mentions], [mention.language for mention in mentions]
        )

    def score(self, matched: Sequence[tuple[Mention, Match, str]]) -> Sequence[Sentiment]:
        """Return the feeling of each mention towards the brand it matches, in order; the last is its language."""
        return self._scorer.score([self.task(mention, match, language) for mention, match, language in matched])

    def outlives(self, stored: Sentiment, new: Sentiment) -> bool:
        """Say whether a stored feeling stands: the language model that told it, the present one, cannot be asked now."""
        is_model_silent = new.reason is not None and new.reason.startswith(_SILENT)
        return is_model_silent and f"{stored.scorer}-{stored.version}" in self._scorer.version

    def judge(
        self,
        mentions: Sequence[Mention],
        known: Mapping[tuple[str, str], KnownMention],
        *,
        now: datetime,
        keep_unmatched: bool = False,
    ) -> Judgement:
        """Match, identify and score a batch; `known` is what the store holds of it.

        A mention that comes twice in the batch counts once, as it came last. One
        that was erased is passed over.
        """
        return self.decide(self.look(mentions), known, now=now, keep_unmatched=keep_unmatched)

    def look(self, mentions: Sequence[Mention]) -> list[Prejudged]:
        """Match mentions, whatever is stored of them."""
        found = self._matcher.match_many(mentions)
        return [_make_prejudged(mention, matches, None) for mention, matches in zip(mentions, found, strict=True)]

    def prejudge(self, mentions: Sequence[Mention], *, now: datetime) -> list[Prejudged]:
        """Match mentions, and identify and score those that match, whatever is stored of them."""
        looked = self.look(mentions)
        judged = iter(self._score([(one.mention, one.matches) for one in looked if one.matches], now))
        return [_make_prejudged(one.mention, one.matches, next(judged)) if one.matches else one for one in looked]

    def decide(
        self,
        looked: Sequence[Prejudged | Received],
        known: Mapping[tuple[str, str], KnownMention],
        *,
        now: datetime,
        keep_unmatched: bool = False,
    ) -> Judgement:
        """Say what is to become of mentions that were matched, and score those that are to be stored and were not."""
        batch = {one.key: one for one in looked}
        refreshed: list[Mention] = []
        waiting: list[Prejudged | Received] = []
        unmatched = 0
        for key, one in batch.items():
            stored = known.get(key)
            if stored is not None and stored.is_purged:
                continue
            if stored is not None and self._is_unchanged(stored, one):
                refreshed.append(one.mention)
                unmatched += keep_unmatched and not one.pairs
            elif one.pairs or stored is not None or keep_unmatched:
                waiting.append(one)
            else:
                unmatched += 1
        done = [one.judged for one in waiting]
        missing = [one for one, judged in zip(waiting, done, strict=True) if judged is None]
        scored = iter(self._score([(one.mention, one.matches) for one in missing], now))
        judged = [(one.key, own or next(scored)) for one, own in zip(waiting, done, strict=True)]
        return Judgement(
            judged=tuple([one for key, one in judged if one.verdicts or keep_unmatched or key in known]),
            refreshed=tuple(refreshed),
            unmatched=unmatched + sum(not one.verdicts and (keep_unmatched or key not in known) for key, one in judged),
            own_replies=self._own_replies(batch.values()),
        )

    def _is_unchanged(self, stored: KnownMention, one: Prejudged | Received) -> bool:
        """Say whether words of a known mention still stand, and the verdicts for the present brands."""
        digest = one.digest or mention_digest(one.mention)
        found = frozenset([pair for pair in stored.query_versions if pair[0] in self._versions])
        return found == frozenset(one.pairs) and stored.text_hash[:DIGEST_SIZE] == digest

    def _own_replies(self, looked: Iterable[Prejudged | Received]) -> tuple[OwnReply, ...]:
        if not self._own_accounts:
            return ()
        return own_replies([one.mention for one in looked if one.may_answer], self._own_accounts)

    def _score(self, waiting: Sequence[tuple[Mention, tuple[Match, ...]]], now: datetime) -> list[Judged]:
        """Identify languages, let the language conditions decide, and score what is left, in order."""
        if not waiting:
            return []
        languages = self.identify([mention for mention, _ in waiting])
        confirmed = self._confirmed(waiting, languages)
        matched = [
            (mention, match, language)
            for (mention, _), matches, language in zip(waiting, confirmed, languages, strict=True)
            for match in matches
        ]
        sentiments = iter(self.score(matched))
        latest = now + CLOCK_SKEW
        return [
            _make_judged(
                mention,
                _date(mention, now, latest),
                language,
                tuple([_make_verdict(match, next(sentiments)) for match in matches]),
            )
            for (mention, _), matches, language in zip(waiting, confirmed, languages, strict=True)
        ]

    def task(self, mention: Mention, match: Match, language: str) -> ScoringTask:
        """Return what is asked of the scorer for a mention and a brand it matches."""
        text, field = mention.text, "text"
        if not text or text.isspace():
            text, field = mention.title or "", "title"
        spans = tuple([(start, end) for name, start, end in match.spans if name == field])
        return _make_task(text, language, mention.title, match.brand, self._names[match.brand], spans, self._masks)


def _whole_text(mention: Mention) -> str:
    return f"{mention.title}\n{mention.text}" if mention.title else mention.text


def _date(mention: Mention, now: datetime, latest: datetime) -> datetime:
    """Return the time a mention counts at: its own, or now where it has none or one that cannot be."""
    claimed = mention.published_at
    return now if claimed is None or not EARLIEST <= claimed <= latest else claimed
