"""Group the phrases that recur in a brand's mentions into themes, and say how each is felt.

Nothing here is trained or downloaded, and every step can be followed by hand. Runs of
one to three telling words are counted by story. A phrase joins the theme of a more
frequent one where their stories are largely the same; a mention belongs to a theme
where it holds one of the theme's phrases. The phrases are found over the period and
the one before it together, so that both are measured with the same words and a name
stays from week to week.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Final

from listener.frozen import dataclass
from listener.intervals import net_sentiment, net_sentiment_interval, rate_ratio
from listener.mention import Label
from listener.words import is_about, name_words, words_of
from listener.words.opinions import OPINIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from datetime import datetime

__all__ = ["MOST_READ", "Cell", "Saying", "Theme", "cross", "find_themes", "mood_of", "stage_reader"]

MOST_READ: Final = 5_000
"""Mentions of each period that are looked at."""

_LONGEST_TEXT: Final = 4_000
_CLAUSE: Final = re.compile(
    r"[.,;:!?\N{HORIZONTAL ELLIPSIS}()\"\n]+(?=\s|$)"
    "|[\u060c\u061b\u061f\u06d4\u0964\u0965\u3001\u3002\uff01\uff0c\uff1f]|\n"
)
"""Signs that end a clause: those of Latin writing before a space, so that addresses stay whole; others anywhere."""

_FEWEST_STORIES: Final = 3
_LEAST_SHARE: Final = 0.005
_EVERYWHERE: Final = 0.2
"""A single word in this share of both periods' stories names the product, not something about it."""

_NEARLY_ALL: Final = 0.5
"""The same where nothing is known of the period before."""

_FEWEST_TO_JUDGE: Final = 20
_MOST_PHRASES: Final = 200
_SHOWN_PHRASES: Final = 6
_SAME: Final = 0.7
"""Share of a word's stories in a longer phrase from which on the phrase says it all."""

_ALIKE: Final = 0.3
"""Jaccard index of two phrases' stories (Jaccard 1901) from which on they are one theme."""

_WITHIN: Final = 0.6
"""Share of the rarer phrase's stories in the theme from which on it belongs to it, with `_LIFT`."""

_LIFT: Final = 2.0
_LEAST_SCORED: Final = 5
_LEAST_AUTHORS: Final = 2
_MOST_QUOTES: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Saying:
    """Hold of a mention what themes need; `author` and `story` are any keys that stay the same."""

    number: int
    text: str
    source: str
    language: str
    story: int
    author: str | None
    label: Label
    published_at: datetime
    is_repost: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Theme:
    """Hold one theme of a period.

    `phrases` come strongest first, `mentions` and `stories` count those of the
    period that hold any of them, `before` the stories of the period before (None
    where nothing is known of it). `trend` is new, up, down, steady or unknown, by the
    95 % interval of the rate ratio of stories. `net` is net sentiment over `scored`
    mentions, `interval` its 95 % interval, both None where none is scored. `kind` is
    pain or praise where the interval leaves out zero and at least 5 are scored, else
    mixed. `weight` is mentions x net / 100: below zero what hurts, above what pleases.
    `quotes` are the numbers of the most typical positive and negative mentions, two of
    either at most, of different stories; `numbers` those of all mentions.
    """

    name: str
    phrases: tuple[str, ...]
    mentions: int
    stories: int
    before: int | None
    trend: str
    positive: int
    negative: int
    scored: int
    net: float | None
    interval: tuple[float, float] | None
    kind: str
    weight: float
    sources: tuple[tuple[str, int], ...]
    quotes: tuple[tuple[int, ...], tuple[int, ...]]
    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """Hold a theme's mentions in one source, language or stage.

    `share` is their share of the theme, `usual` that of all mentions looked at.
    """

    theme: str
    value: str
    mentions: int
    share: float
    usual: float
    scored: int
    net: float | None
    interval: tuple[float, float] | None


def find_themes(
    now: Sequence[Saying],
    before: Sequence[Saying] | None,
    names: Iterable[str] = (),
    *,
    exposure: tuple[float, float] = (1.0, 1.0),
) -> tuple[Theme, ...]:
    """Return the themes of `now`, those of most mentions first.

    `before` are the mentions of the period before, of equal length, None where it
    was not read. The brand's own `names` are no theme. `exposure` says how much of
    either period was looked at, as shares of 1: rates are compared, not counts.
    """
    own = name_words(names)
    recent = _newest(now)
    earlier = _newest(before or ())
    fresh = {saying.story for saying in recent}
    past = {saying.story for saying in earlier}
    phrases_of = _phrases_of(recent, earlier, own, _least(fresh))
    held = _stories_by_phrase([*recent, *earlier], phrases_of)
    by_story: defaultdict[int, list[Saying]] = defaultdict(list)
    for saying in recent:
        by_story[saying.story].append(saying)
    groups = _group(_candidates(held, fresh, past), held, len(fresh | past))
    found = []
    for group in groups:
        own_stories = set().union(*(held[phrase] for phrase in group))
        mine = [saying for story in sorted(own_stories & fresh, reverse=True) for saying in by_story[story]]
        if not mine:
            continue
        earlier_stories = None if before is None else len(own_stories & past)
        found.append(_theme(_named(group, held, fresh, past), mine, earlier_stories, exposure, phrases_of))
    return tuple(sorted(found, key=lambda theme: (-theme.mentions, theme.name)))


def mood_of(labels: Iterable[Label]) -> tuple[int, int, int]:
    """Return how many of the labels are positive, negative and scored at all."""
    counts = Counter(labels)
    return counts[Label.POSITIVE], counts[Label.NEGATIVE], counts.total() - counts[Label.UNSCORED]


def cross(
    themes: Sequence[Theme], now: Sequence[Saying], read: Callable[[Saying], str], *, fewest: int = 1
) -> tuple[Cell, ...]:
    """Return each theme by the value that `read` takes from its mentions, most mentions first.

    `now` are the mentions the themes were found in. Values of fewer than `fewest`
    mentions of a theme are left out.
    """
    values = {saying.number: read(saying) for saying in _newest(now)}
    labels = {saying.number: saying.label for saying in now}
    usual = Counter(values.values())
    cells = []
    for theme in themes:
        parts: defaultdict[str, list[int]] = defaultdict(list)
        for number in theme.numbers:
            parts[values[number]].append(number)
        for value, numbers in sorted(parts.items(), key=lambda part: (-len(part[1]), part[0])):
            if len(numbers) < fewest:
                continue
            positive, negative, scored = mood_of(labels[number] for number in numbers)
            cells.append(
                Cell(
                    theme=theme.name,
                    value=value,
                    mentions=len(numbers),
                    share=len(numbers) / theme.mentions,
                    usual=usual[value] / len(values),
                    scored=scored,
                    net=net_sentiment(positive, negative, scored),
                    interval=net_sentiment_interval(positive, negative, scored),
                )
            )
    return tuple(cells)


def stage_reader(rules: Mapping[str, Sequence[str]]) -> Callable[[Saying], str]:
    """Return a function that names the stage of the journey a mention speaks from.

    `rules` give the words and phrases of each stage, the first stage first. The stage
    with most of its phrases in the text is taken, the later one where two have as
    many, and "unknown" where none has any.
    """
    wanted: defaultdict[tuple[str, ...], set[str]] = defaultdict(set)
    for stage, phrases in rules.items():
        for phrase in phrases:
            if words := tuple(words_of(phrase)):
                wanted[words].add(stage)
    order = {stage: place for place, stage in enumerate(rules)}
    longest = max(map(len, wanted), default=0)

    def read(saying: Saying) -> str:
        words = words_of(saying.text)
        found: Counter[str] = Counter()
        for size in range(1, longest + 1):
            runs = {tuple(words[start : start + size]) for start in range(len(words) - size + 1)}
            for run in runs & wanted.keys():
                found.update(wanted[run])
        return max(found, key=lambda stage: (found[stage], order[stage])) if found else "unknown"

    return read


def _newest(sayings: Sequence[Saying]) -> list[Saying]:
    ordered = sorted(sayings, key=lambda saying: (saying.published_at, saying.number), reverse=True)
    return [saying for saying in ordered[:MOST_READ] if saying.label is not Label.IRRELEVANT]


def _phrases_of(
    recent: Sequence[Saying], earlier: Sequence[Saying], own: frozenset[str], least: int
) -> dict[int, frozenset[str]]:
    """Return the phrases of each mention, of those alone whose every word is telling and in `least` of the recent.

    A phrase is in no more mentions than each of its words (Agrawal & Srikant 1994, "Fast
    algorithms for mining association rules"): nothing that could be a theme is lost.
    """
    cut = {saying.number: _words(saying.text) for saying in recent}
    counts = Counter(word for words in cut.values() for word in set(words))
    telling = {
        word
        for word, count in counts.items()
        if count >= least and is_about(word) and word not in own and word not in OPINIONS
    }
    phrases_of = {number: _phrases(words, telling) for number, words in cut.items()}
    phrases_of.update((saying.number, _phrases(_words(saying.text), telling)) for saying in earlier)
    return phrases_of


def _words(text: str) -> list[str]:
    """Return the words of a text, with an empty one after each clause."""
    words: list[str] = []
    for clause in _CLAUSE.split(text[:_LONGEST_TEXT]):
        words += words_of(clause)
        words.append("")
    return words


def _phrases(words: Sequence[str], telling: Collection[str]) -> frozenset[str]:
    """Return the runs of one to three telling words; any other word or the end of a clause ends a run."""
    phrases: set[str] = set()
    last = last_two = ""
    for word in words:
        if word not in telling:
            last = last_two = ""
            continue
        phrases.add(word)
        if last_two:
            phrases.add(f"{last_two} {word}")
        last_two = f"{last} {word}" if last else ""
        if last_two:
            phrases.add(last_two)
        last = word
    return frozenset(phrases)


def _stories_by_phrase(sayings: Sequence[Saying], phrases_of: Mapping[int, frozenset[str]]) -> dict[str, set[int]]:
    """Return the stories that hold each phrase.

    What a single author writes again and again is no theme: such phrases are left out.
    """
    held: defaultdict[str, set[int]] = defaultdict(set)
    authors: defaultdict[str, set[str]] = defaultdict(set)
    for saying in sayings:
        author = f"{saying.source} {saying.author or saying.number}"
        for phrase in phrases_of[saying.number]:
            held[phrase].add(saying.story)
            if len(authors[phrase]) < _LEAST_AUTHORS:
                authors[phrase].add(author)
    return {phrase: stories for phrase, stories in held.items() if len(authors[phrase]) >= _LEAST_AUTHORS}


def _least(fresh: Collection[int]) -> int:
    """Return in how many of these stories a phrase must be."""
    return max(_FEWEST_STORIES, round(_LEAST_SHARE * len(fresh)))


def _candidates(held: Mapping[str, set[int]], fresh: set[int], past: set[int]) -> list[str]:
    """Return the phrases frequent enough now, most stories first, words that a longer phrase says left out."""
    least = _least(fresh)
    counts = {phrase: size for phrase, stories in held.items() if (size := len(stories & fresh)) >= least}
    ranked = sorted(counts, key=lambda phrase: (-counts[phrase], -phrase.count(" "), phrase))
    kept = [phrase for phrase in ranked if not _is_everywhere(phrase, held[phrase], fresh, past)]
    fullest: dict[str, int] = defaultdict(int)
    for phrase in kept:
        words = phrase.split(" ")
        for part in {" ".join(words[a:b]) for a in range(len(words)) for b in range(a + 1, len(words) + 1)} - {phrase}:
            fullest[part] = max(fullest[part], counts[phrase])
    return [phrase for phrase in kept if fullest[phrase] < _SAME * counts[phrase]][:_MOST_PHRASES]


def _is_everywhere(phrase: str, stories: set[int], fresh: set[int], past: set[int]) -> bool:
    """Say whether a word stands in a good part of all stories of both periods."""
    if " " in phrase or len(fresh) < _FEWEST_TO_JUDGE:
        return False
    if len(past) < _FEWEST_TO_JUDGE:
        return len(stories & fresh) >= _NEARLY_ALL * len(fresh)
    return len(stories & fresh) >= _EVERYWHERE * len(fresh) and len(stories & past) >= _EVERYWHERE * len(past)


def _group(phrases: Sequence[str], held: Mapping[str, set[int]], total: int) -> list[list[str]]:
    """Put each phrase into the theme whose leading phrase it is most alike, or begin one with it."""
    groups: list[list[str]] = []
    for phrase in phrases:
        mine = held[phrase]
        best, likeness = None, 0.0
        for group in groups:
            seed = held[group[0]]
            both = len(mine & seed)
            if not both:
                continue
            alike = both / (len(mine) + len(seed) - both)
            within = both / len(mine) >= _WITHIN and both * total >= _LIFT * len(mine) * len(seed)
            if (alike >= _ALIKE or within) and alike > likeness:
                best, likeness = group, alike
        if best is None:
            groups.append([phrase])
        else:
            best.append(phrase)
    return groups


def _named(group: Sequence[str], held: Mapping[str, set[int]], fresh: set[int], past: set[int]) -> list[str]:
    """Order the phrases of a theme, the one that names it first.

    That is the strongest phrase of the period before as long as it has half the
    stories of the strongest one now: a name does not change with every swing.
    """
    lead = max(len(held[phrase] & fresh) for phrase in group)
    lasting = [phrase for phrase in group if 2 * len(held[phrase] & fresh) >= lead]
    name = max(lasting, key=lambda phrase: (len(held[phrase] & past), len(held[phrase] & fresh)))
    return [name, *(phrase for phrase in group if phrase != name)]


def _theme(
    phrases: Sequence[str],
    mine: Sequence[Saying],
    before: int | None,
    exposure: tuple[float, float],
    phrases_of: Mapping[int, frozenset[str]],
) -> Theme:
    positive, negative, scored = mood_of(saying.label for saying in mine)
    net = net_sentiment(positive, negative, scored)
    interval = net_sentiment_interval(positive, negative, scored)
    stories = len({saying.story for saying in mine})
    return Theme(
        name=phrases[0],
        phrases=tuple(phrases[:_SHOWN_PHRASES]),
        mentions=len(mine),
        stories=stories,
        before=before,
        trend=_trend(stories, before, exposure),
        positive=positive,
        negative=negative,
        scored=scored,
        net=net,
        interval=interval,
        kind=_kind(interval, scored),
        weight=len(mine) * (net or 0.0) / 100,
        sources=tuple(sorted(Counter(saying.source for saying in mine).items(), key=lambda one: (-one[1], one[0]))),
        quotes=(
            _typical(phrases, mine, Label.POSITIVE, phrases_of),
            _typical(phrases, mine, Label.NEGATIVE, phrases_of),
        ),
        numbers=tuple(saying.number for saying in mine),
    )


def _trend(stories: int, before: int | None, exposure: tuple[float, float]) -> str:
    if before is None:
        return "unknown"
    ratio = rate_ratio(stories, before, exposure[0], exposure[1])
    if ratio is None or ratio.low <= 1.0 <= ratio.high:
        return "steady"
    if ratio.low > 1.0:
        return "up" if before else "new"
    return "down"


def _kind(interval: tuple[float, float] | None, scored: int) -> str:
    if interval is None or scored < _LEAST_SCORED or interval[0] <= 0.0 <= interval[1]:
        return "mixed"
    return "praise" if interval[0] > 0.0 else "pain"


def _typical(
    phrases: Sequence[str], mine: Sequence[Saying], label: Label, phrases_of: Mapping[int, frozenset[str]]
) -> tuple[int, ...]:
    """Return mentions of a label that hold most of the theme's phrases, one a story; of equal ones the newest originals."""
    wanted = frozenset(phrases)
    felt = sorted(
        (saying for saying in mine if saying.label is label),
        key=lambda saying: (len(wanted & phrases_of[saying.number]), not saying.is_repost, saying.published_at),
        reverse=True,
    )
    chosen: dict[int, int] = {}
    for saying in felt:
        chosen.setdefault(saying.story, saying.number)
    return tuple(chosen.values())[:_MOST_QUOTES]
