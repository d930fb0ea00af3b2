"""Say why an episode is there, and put episode and reasons into what the store keeps."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from listener.alerts.why import explain
from listener.pipeline.hearing import is_compared
from listener.pipeline.quarters import has_words
from listener.pipeline.wording import item_of
from listener.store import EpisodeSave

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from listener.alerts.options import RuleOptions
    from listener.alerts.records import Episode
    from listener.alerts.why import Why
    from listener.pipeline.quarters import WatchedBrand
    from listener.search import MentionRow, Reader, Wording

__all__ = ["Reasons", "find_reasons"]

_BEFORE: Final = timedelta(days=28)
_HOUR: Final = timedelta(hours=1)
_QUARTER: Final = timedelta(minutes=15)
_SIX_HOURS: Final = frozenset({"sentiment", "silence", "blind"})
"""The kinds of rules that judge the last six hours; the others judge the last one."""
_ABOUT_WORDS: Final = frozenset({"spike", "sentiment", "words"})
"""The kinds whose mentions are the thing itself: with other terms they are about something else."""
_MOST_NOW, _MOST_BEFORE = 1_000, 1_000
"""Newest mentions looked at for reasons: enough for shares of a percent, and quick on a busy brand."""
_MOST_LOOKED_THROUGH: Final = 50_000
"""Newest stories that are looked through for the words of a rule: half a day of a very busy brand."""
_MENTIONS: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Reasons:
    """Hold why an episode is there; `loudest` is the mention that a rule about reach is about."""

    episode: Episode
    why: Why
    loudest: MentionRow | None = None

    @property
    def cause(self) -> tuple[str, ...]:
        """Return the terms by which its cause is told from another one; none where terms say nothing of it."""
        return tuple(factor.value for factor in self.why.terms) if self.episode.kind in _ABOUT_WORDS else ()

    def to_save(self, news: Sequence[str]) -> EpisodeSave:
        """Return the episode as the store keeps it, with the news of it that are to be sent."""
        episode = self.episode
        return EpisodeSave(
            key=episode.key,
            state=episode.state,
            severity=episode.severity,
            opened_at=episode.opened_at,
            updated_at=episode.updated_at,
            resolved_at=episode.resolved_at,
            observed=episode.observed,
            expected=episode.expected,
            interval=episode.interval,
            surprise=episode.surprise,
            peak=episode.peak,
            total=episode.total,
            coverage=episode.coverage,
            headline=self.why.sentence,
            why=json.dumps(self._kept(), ensure_ascii=False, separators=(",", ":")),
            news=tuple(dict.fromkeys(news)),
        )

    def _kept(self) -> Mapping[str, object]:
        """Return the reasons as the store keeps them: names, shares and mention numbers, no texts."""
        why = self.why
        numbers = [int(number) for number in why.mentions]
        authors = [factor.value for factor in why.authors]
        if self.loudest is not None:
            numbers = list(dict.fromkeys([self.loudest.number, *numbers]))[:_MENTIONS]
            authors = list(dict.fromkeys([*filter(None, [self.loudest.author or self.loudest.author_name]), *authors]))
        return {
            "kind": self.episode.kind,
            "tier": self.episode.tier,
            "terms": [factor.value for factor in why.terms],
            "hashtags": [factor.value for factor in why.hashtags],
            "sources": [factor.value for factor in why.sources],
            "authors": authors,
            "links": [factor.value for factor in why.links],
            "languages": [factor.value for factor in why.languages],
            "mentions": numbers,
            "first": None if why.first is None else int(why.first),
            "author_share": _rounded(why.author_share),
            "negative_share": _rounded(why.negative_share),
            "scored": why.scored,
            "usual_negative_share": _rounded(why.usual_negative_share),
            "usual_scored": why.usual_scored,
        }


def find_reasons(
    reader: Reader, brand: WatchedBrand, rule: RuleOptions, episode: Episode, *, time_zone: str
) -> Reasons:
    """Explain an episode from the stored mentions of its time and of the four weeks before.

    `rule` is one of `single_rules`; times in the sentence are of the strongest hour.
    """
    source = rule.sources[0] if rule.sources else None
    heard = brand.sources if is_compared(rule) else rule.sources
    begin = episode.opened_at - (6 * _HOUR if rule.kind in _SIX_HOURS else _HOUR)
    end = episode.updated_at
    if episode.thread_at is not None:  # what is about to be explained was said then
        end = episode.thread_at + _QUARTER
        begin = end - _HOUR
    if rule.kind == "words":
        present = _with_words(reader, brand.name, rule, begin, end)
    else:
        present = _from(heard, reader.wordings(brand.name, begin, end, limit=_MOST_NOW, source=source))
    before = _from(heard, reader.wordings(brand.name, begin - _BEFORE, begin, limit=_MOST_BEFORE, source=source))
    why = explain(
        [item_of(wording) for wording in present],
        [item_of(wording) for wording in before],
        episode.expected,
        observed=episode.observed,
        at=episode.strongest_at or episode.updated_at,
        time_zone=time_zone,
        names=brand.names,
        coverage=episode.coverage,
        kind="thread" if _is_thread(rule, episode) else rule.kind,
    )
    if rule.kind != "words":
        negative, scored = _moods(reader, brand.name, heard, begin, end)
        why = replace(why, negative_share=negative / scored if scored else None, scored=scored)
    negative, scored = _moods(reader, brand.name, heard, begin - _BEFORE, begin)
    why = replace(why, usual_negative_share=negative / scored if scored else None, usual_scored=scored)
    loudest = _loudest(reader, brand.name, rule, episode, source) if rule.kind == "reach" else None
    return Reasons(episode=episode, why=why, loudest=loudest)


def _is_thread(rule: RuleOptions, episode: Episode) -> bool:
    """Say whether an episode of a rule about reach is about a thread: what is expected is the line it passed."""
    return rule.kind == "reach" and rule.followers != rule.engagement and episode.expected == rule.engagement


def _loudest(reader: Reader, brand: str, rule: RuleOptions, episode: Episode, source: str | None) -> MentionRow | None:
    """Return the mention of the strongest quarter whose author or thread is furthest above its line."""
    until = episode.strongest_at or episode.updated_at
    if episode.thread_at is not None:
        until = episode.thread_at + _QUARTER
    lines = (rule.followers, rule.engagement)
    number = reader.loudest_mention(brand, until - _QUARTER, until, lines=lines, source=source)
    found = () if number is None else reader.mentions_by_number((number,), brand=brand)
    return found[0] if found else None


def _from(sources: Sequence[str], wordings: Sequence[Wording]) -> tuple[Wording, ...]:
    """Return what certain sources gave; none named: all."""
    return tuple(wording for wording in wordings if not sources or wording.source in sources)


def _moods(reader: Reader, brand: str, sources: Sequence[str], since: datetime, until: datetime) -> tuple[int, int]:
    """Return how many mentions are negative, and how many are scored, of certain sources; none named: of all."""
    rows = [row for row in reader.count_by("source", brand, since, until) if not sources or row.name in sources]
    return sum(row.negative for row in rows), sum(row.mentions - row.unscored for row in rows)


def _with_words(reader: Reader, brand: str, rule: RuleOptions, begin: datetime, end: datetime) -> tuple[Wording, ...]:
    """Return what the stories say that a rule of kind words counts in [begin, end), the newest where there are many."""
    source = rule.sources[0] if rule.sources else None
    found: list[int] = []
    looked = 0
    until = end
    while until > begin and len(found) < _MOST_NOW and looked < _MOST_LOOKED_THROUGH:
        since = max(begin, until - _HOUR)
        for first in reader.firsts(brand, since, until, source=source):
            looked += 1
            if has_words(rule, first.mention, first.language):
                found.append(first.number)
        until = since
    return reader.these_wordings(brand, found)[:_MOST_NOW]


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, 4)
