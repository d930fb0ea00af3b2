"""Explain an episode: what is in the mentions now that is usually not.

Two figures are taken of every candidate (a term, a hashtag, a source, ...): how
sure it is that its share has grown, as log-odds with an informative Dirichlet
prior (Monroe, Colaresi & Quinn 2008, "Fightin' Words", Political Analysis
16:372-403), and how many posts it has beyond its usual share. The first filters,
the second orders: by the first alone rare words win, by the second alone common ones.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from math import fsum, log, sqrt
from typing import TYPE_CHECKING, Final

from listener.alerts.sentences import first_sentence
from listener.mention import Label
from listener.stories import page_name
from listener.words import hashtags_of, is_about, name_words, terms_among, word_row

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from datetime import datetime

__all__ = ["Factor", "Item", "Why", "explain", "explaining_terms"]

_PRIOR: Final = 500.0  # alpha_0 of the paper, at most
_PRIOR_SHARE: Final = 0.5  # of the posts: where a brand has few, the belief must not outweigh them
_SURE: Final = 1.64  # one-sided 5 %
_LEAST_SHARE: Final = 0.04
_LEAST_POSTS: Final = 2
_TERMS: Final = 8
_FACTORS: Final = 5
_REPRESENTATIVES: Final = 3
_PART_OF: Final = 0.8  # of a word's posts in a pair of words: then the pair says it all
_MAX_NOW, _MAX_BEFORE = 5_000, 20_000
_MAX_LINKS: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """Hold of a mention what explaining needs.

    `id` is handed back for representatives. `author` and `story` are any keys
    that stay the same, None where unknown. `text` is title and text.
    """

    id: str
    text: str
    source: str
    published_at: datetime
    author: str | None = None
    story: str | None = None
    links: tuple[str, ...] = ()
    hashtags: tuple[str, ...] = ()
    language: str = "und"
    label: Label = Label.UNSCORED
    is_repost: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Factor:
    """Say how much one value has to do with an episode.

    `count` of `total` posts now hold it, a share of `share`; `usual` is its share
    before. `excess` is the posts beyond the usual share, `zeta` how sure that is,
    in standard deviations.
    """

    value: str
    count: int
    total: int
    share: float
    usual: float
    excess: float
    zeta: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """Hold what explains an episode, each list with the strongest first.

    `mentions` are the ids of up to three representative ones (negative ones alone
    where a larger negative share is explained), `first` that of the first with the
    first term (of all where there is no term), `since` its time. `author_share` is the
    share of the busiest author, `authors_per_post` the number of authors over posts,
    `repeated_share` the part that repeats a story already counted. `negative_share` and
    `usual_negative_share` are over the `scored` and `usual_scored` mentions, None where
    there are none. `sentence` is to be read first.
    """

    terms: tuple[Factor, ...]
    hashtags: tuple[Factor, ...]
    sources: tuple[Factor, ...]
    authors: tuple[Factor, ...]
    links: tuple[Factor, ...]
    languages: tuple[Factor, ...]
    mentions: tuple[str, ...]
    first: str | None
    since: datetime | None
    author_share: float | None
    authors_per_post: float | None
    repeated_share: float | None
    negative_share: float | None
    scored: int
    usual_negative_share: float | None
    usual_scored: int
    coverage: float
    sentence: str


def explain(
    now_items: Sequence[Item],
    baseline_items: Sequence[Item],
    expected: float,
    *,
    observed: float,
    at: datetime,
    time_zone: str = "UTC",
    names: Iterable[str] = (),
    coverage: float = 1.0,
    kind: str = "spike",
    n_terms: int = _TERMS,
) -> Why:
    """Return why the mentions of an episode are what they are.

    `now_items` are those of the episode, `baseline_items` the brand's of the 7 to
    28 days before (any sample of them), both in any order; the newest 5 000 and
    20 000 are looked at. `observed` and `expected` are the figures of the episode,
    `at` its hour's end, `names` the brand's own names, which explain nothing. At most
    `n_terms` terms are named.
    """
    now, before = _newest(now_items, _MAX_NOW), _newest(baseline_items, _MAX_BEFORE)
    own = name_words(names)
    marks, usual_marks = _shared_marks(now), _shared_marks(before)
    now_terms, usual_terms = _frequent_terms(now, before, own, _least(_total(marks)))
    terms = _merge(_once(marks, now_terms), _once(usual_marks, usual_terms), n_terms)
    hashtags = _contrast(
        _once(marks, [_tags(item, own) for item in now]), _once(usual_marks, [_tags(item, own) for item in before])
    )
    links = _contrast(
        _once(marks, [_hosts(item) for item in now]), _once(usual_marks, [_hosts(item) for item in before])
    )
    sources = _plain(now, before, lambda item: item.source)
    bearing = [item for item, held in zip(now, now_terms, strict=True) if not terms or terms[0].value in held]
    first = bearing[0] if bearing else (now[0] if now else None)
    busiest = Counter((item.source, item.author) for item in now if item.author is not None)
    scored, negative = _feelings(now)
    usual_scored, usual_negative = _feelings(before)
    return Why(
        terms=terms,
        hashtags=hashtags,
        sources=sources,
        authors=_plain(now, before, lambda item: item.author),
        links=links,
        languages=_plain(now, before, lambda item: None if item.language == "und" else item.language),
        mentions=_representatives(now, now_terms, terms, hurts=kind == "sentiment" and observed > expected),
        first=first.id if first else None,
        since=first.published_at if first else None,
        author_share=busiest.most_common(1)[0][1] / len(now) if busiest else None,
        authors_per_post=len(busiest) / busiest.total() if busiest else None,
        repeated_share=1.0 - len({item.story or item.id for item in now}) / len(now) if now else None,
        negative_share=negative / scored if scored else None,
        scored=scored,
        usual_negative_share=usual_negative / usual_scored if usual_scored else None,
        usual_scored=usual_scored,
        coverage=coverage,
        sentence=first_sentence(
            kind=kind,
            observed=observed,
            expected=expected,
            at=at,
            time_zone=time_zone,
            term=(terms[0].value, terms[0].share) if terms else None,
            source=_home([item.source for item in bearing]),
            since=first.published_at if first and terms else None,
            coverage=coverage,
        ),
    )


def explaining_terms(
    now_items: Sequence[Item], baseline_items: Sequence[Item], *, names: Iterable[str] = (), n_terms: int = _TERMS
) -> tuple[Factor, ...]:
    """Return the terms alone that `explain` would name."""
    now, before = _newest(now_items, _MAX_NOW), _newest(baseline_items, _MAX_BEFORE)
    marks, usual_marks = _shared_marks(now), _shared_marks(before)
    now_terms, usual_terms = _frequent_terms(now, before, name_words(names), _least(_total(marks)))
    return _merge(_once(marks, now_terms), _once(usual_marks, usual_terms), n_terms)


def _newest(items: Iterable[Item], most: int) -> list[Item]:
    return sorted(items, key=lambda item: (item.published_at, item.id))[-most:]


def _frequent_terms(
    now: Sequence[Item], before: Sequence[Item], own: frozenset[str], least: float
) -> tuple[list[frozenset[str]], list[frozenset[str]]]:
    """Return the terms of each item now and before, of those alone whose every word `least` of `now` hold.

    A pair of words is in no more posts than each of the two: nothing that could be named is lost.
    """
    words = [word_row(item.text) for item in now]
    counts = Counter(word for row in words for word in set(row))
    kept = {word for word, count in counts.items() if count >= least and is_about(word) and word not in own}
    return [terms_among(row, kept) for row in words], [terms_among(word_row(item.text), kept) for item in before]


@dataclass(frozen=True, slots=True)
class _Counts:
    """Count the posts of each value, and the posts they are counted over."""

    posts: Mapping[str, int]
    total: int


def _shared_marks(items: Sequence[Item]) -> list[list[tuple[str, ...]]]:
    """Return the marks of each item that others bear too: whoever spoke once repeats nobody."""
    marked = [_marks(item) for item in items]
    bearers = Counter(mark for marks in marked for mark in marks)
    return [[mark for mark in marks if bearers[mark] > 1] for marks in marked]


def _total(marked: Sequence[Sequence[tuple[str, ...]]]) -> int:
    """Count the posts, each author and each story once."""
    everyone: set[tuple[str, ...]] = set()
    total = 0
    for shared in marked:
        total += everyone.isdisjoint(shared)
        everyone.update(shared)
    return total


def _once(marked: Sequence[Sequence[tuple[str, ...]]], values: Sequence[Collection[str]]) -> _Counts:
    """Count for each value its posts, each author and each story once; `marked` as `_shared_marks` gives it."""
    posts: Counter[str] = Counter()
    seen: defaultdict[str, set[tuple[str, ...]]] = defaultdict(set)
    for shared, held in zip(marked, values, strict=True):
        if not shared:
            posts.update(held)
            continue
        for value in held:
            known = seen[value]
            if known.isdisjoint(shared):
                posts[value] += 1
            known.update(shared)
    total = _total(marked)
    return _Counts({value: min(count, total) for value, count in posts.items()}, total)


def _marks(item: Item) -> tuple[tuple[str, ...], ...]:
    """Return what an item shares with others that say the same once more: its story, its author."""
    story = ("story", item.story or item.id)
    return (story,) if item.author is None else (story, ("author", item.source, item.author))


def _plain(now: Sequence[Item], before: Sequence[Item], read: Callable[[Item], str | None]) -> tuple[Factor, ...]:
    """Compare the posts of a field that a mention has one of, every post counted."""
    return _contrast(_each(now, read), _each(before, read))


def _each(items: Sequence[Item], read: Callable[[Item], str | None]) -> _Counts:
    """Count the posts of each value of a field."""
    posts = Counter(value for item in items if (value := read(item)) is not None)
    return _Counts(posts, posts.total())


def _contrast(now: _Counts, before: _Counts, limit: int = _FACTORS) -> tuple[Factor, ...]:
    """Return the values that are surely more frequent now, by posts beyond their usual share.

    Where nothing is known of before, all are taken.
    """
    found = []
    least = _least(now.total)
    for value, count in now.posts.items():
        if count < least:
            continue
        usual = before.posts.get(value, 0)
        zeta = _zeta(count, now.total, usual, before.total)
        share = usual / before.total if before.total else 0.0
        excess = count - now.total * share
        if (zeta >= _SURE or not before.total) and excess > 0.0:
            found.append(
                Factor(
                    value=value,
                    count=count,
                    total=now.total,
                    share=count / now.total,
                    usual=share,
                    excess=excess,
                    zeta=zeta,
                )
            )
    return tuple(sorted(found, key=lambda factor: (-factor.excess, factor.value))[:limit])


def _least(total: int) -> float:
    """Return in how many of `total` posts a value must be to explain anything."""
    return max(_LEAST_POSTS, _LEAST_SHARE * total)


def _zeta(count: int, total: int, usual: int, usual_total: int) -> float:
    """Return the log-odds of now against before in standard deviations."""
    prior = min(_PRIOR, _PRIOR_SHARE * (total + usual_total))
    weight = prior * (count + usual) / (total + usual_total)
    now_rest = total + prior - count - weight
    usual_rest = usual_total + prior - usual - weight
    if now_rest <= 0.0 or usual_rest <= 0.0:  # held by every single post, now and before
        return 0.0
    delta = log((count + weight) / now_rest) - log((usual + weight) / usual_rest)
    return delta / sqrt(1.0 / (count + weight) + 1.0 / (usual + weight))


def _merge(now: _Counts, before: _Counts, n_terms: int) -> tuple[Factor, ...]:
    """Return the explaining terms, a word left out where a pair of words holds nearly all its posts."""
    found = _contrast(now, before, limit=4 * n_terms)
    pairs = [factor for factor in found if " " in factor.value]
    kept: list[Factor] = []
    told: set[str] = set()
    for factor in found:
        words = factor.value.split(" ")
        is_part = len(words) == 1 and any(
            words[0] in pair.value.split(" ") and pair.count >= _PART_OF * factor.count for pair in pairs
        )
        if not is_part and told.isdisjoint(words):
            kept.append(factor)
            told.update(words)
    return tuple(kept[:n_terms])


def _tags(item: Item, own: frozenset[str]) -> set[str]:
    """Return the hashtags of an item, those the service names and those in the text."""
    tags = {tag.casefold().lstrip("#") for tag in item.hashtags} | set(hashtags_of(item.text))
    return tags - own


def _hosts(item: Item) -> set[str]:
    """Return where an item points to: the host and path of its links, without tracking."""
    return {page for link in item.links[:_MAX_LINKS] if (page := page_name(link))}


def _feelings(items: Iterable[Item]) -> tuple[int, int]:
    """Return the number of scored items and of the negative ones among them."""
    counts = Counter(item.label for item in items)
    scored = counts.total() - counts[Label.UNSCORED] - counts[Label.IRRELEVANT]
    return scored, counts[Label.NEGATIVE]


def _home(sources: Sequence[str]) -> str | None:
    """Return the source most of the posts are from, None where none has the half."""
    if not sources:
        return None
    source, count = Counter(sources).most_common(1)[0]
    return source if 2 * count > len(sources) else None


def _representatives(
    items: Sequence[Item], held: Sequence[Collection[str]], terms: Sequence[Factor], *, hurts: bool
) -> tuple[str, ...]:
    """Return up to three mentions that hold most of the terms, of different authors and stories; `hurts`: negative ones alone."""
    weights = {factor.value: factor.share for factor in terms}
    ranked = sorted(
        (pair for pair in zip(items, held, strict=True) if not hurts or pair[0].label is Label.NEGATIVE),
        key=lambda pair: (-fsum(weights.get(term, 0.0) for term in pair[1]), pair[0].is_repost),
    )
    chosen: list[str] = []
    seen: set[str] = set()
    for item, _ in ranked:
        marks = {f"s {item.story or item.id}", f"a {item.source} {item.author or item.id}"}
        if seen.isdisjoint(marks):
            chosen.append(item.id)
            seen |= marks
        if len(chosen) == _REPRESENTATIVES:
            break
    return tuple(chosen)
