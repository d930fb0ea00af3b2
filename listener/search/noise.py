"""Find what tells noise from what is really about a brand, and what leaving it out would do.

Noise is what people labelled irrelevant, and what an added `context` would drop.
A word, author, site or subreddit is suspected where its odds in the noise surely
surpass those in the rest (log odds ratio with 0.5 added to each count; Haldane
1956, Anscombe 1956), and tried on the stored history with the matcher itself.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from typing import TYPE_CHECKING, Final

from listener.frozen import dataclass
from listener.matching import Matcher
from listener.mention import Label
from listener.query.build import read_exclusion, read_word
from listener.query.reading import Reading
from listener.query.tree import Or, Query
from listener.words import name_words, terms_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from listener.mention import Mention
    from listener.query.tree import Node
    from listener.search.history import StoredMention

    History = Callable[[], Iterable[Iterable[StoredMention]]]
    """What gives the stored mentions in chunks, each time it is called."""

__all__ = ["NoiseRow", "find_noise"]

_SURE: Final = 1.645
"""Standard deviations (one-sided 95 %) by which odds must surpass to be suspected."""
_FEWEST: Final = 2
_TRIED_PER_SHOWN: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class NoiseRow:
    """Hold one thing to leave out (or a `context` to add), with what it would have done.

    `kind` is word, author, site, subreddit or context. `zeta` says how sure the
    suspicion is, in standard deviations; None for a context. Of the mentions that
    the present query matches it would drop `noise_removed` noisy ones, `good_lost`
    that people labelled otherwise and `unlabelled_removed` others (noisy for a
    context is only what people labelled so). `config` is the line for the brand's table.
    """

    kind: str
    value: str
    zeta: float | None
    noise_removed: int
    good_lost: int
    unlabelled_removed: int
    config: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Trial:
    """Hold what is tried: mentions with `part` go, or for a context those without it."""

    kind: str
    value: str
    zeta: float | None
    part: Query
    config: str

    def drops(self, found: set[str]) -> bool:
        return (self.part.brand in found) != (self.kind == "context")


def find_noise(
    history: History,
    query: Query,
    *,
    exclude: Sequence[str] = (),
    context: Sequence[str] = (),
    added_context: Sequence[str] = (),
    limit: int = 20,
) -> tuple[NoiseRow, ...]:
    """Return what is worth leaving out, the most useful first, an added context before all.

    `history` gives the stored mentions of the brand, each time it is called.
    `query` is the brand's; `exclude` and `context` are in its configuration now.
    What would lose as much good as it removes noise is left out.
    """
    added = _context_trial(context, added_context) if added_context else None
    is_noise = _noise_test(query, added)
    suspects = _suspects(history, query, is_noise)[: limit * _TRIED_PER_SHOWN]
    trials = [] if added is None else [added]
    trials += [
        _exclusion_trial(number, kind, value, zeta, exclude) for number, (kind, value, zeta) in enumerate(suspects)
    ]
    rows = _replay(history, query, is_noise, trials)
    useful = [row for row in rows if row.kind == "context" or row.noise_removed > row.good_lost]
    useful.sort(
        key=lambda row: (
            row.kind != "context", row.good_lost - row.noise_removed, row.unlabelled_removed, -(row.zeta or 0.0),
            row.value,
        )
    )  # fmt: skip
    return tuple(useful[: limit + (added is not None)])


def _noise_test(query: Query, added: _Trial | None) -> Callable[[StoredMention], bool]:
    """Return what says whether a mention is noise: labelled so, or of no label and without the added context."""
    matcher = None if added is None else Matcher((added.part,))

    def is_noise(one: StoredMention) -> bool:
        said = one.said.get(query.brand)
        if said is not None or matcher is None:
            return said is Label.IRRELEVANT
        return not matcher.match(one.mention)

    return is_noise


def _suspects(
    history: History, query: Query, is_noise: Callable[[StoredMention], bool]
) -> list[tuple[str, str, float]]:
    """Return (kind, value, zeta) of what is surely more common in the noise, the surest first."""
    names = name_words(query.names)
    noisy: Counter[tuple[str, str]] = Counter()
    noise = rest = 0
    for one in _each(history):
        if is_noise(one):
            noise += 1
            noisy.update(_features(one.mention, names))
    frequent = {feature for feature, count in noisy.items() if count >= _FEWEST}
    others: Counter[tuple[str, str]] = Counter()
    for one in _each(history):
        if not is_noise(one):
            rest += 1
            others.update(frequent & _features(one.mention, names))
    found = [(kind, value, _zeta(noisy[kind, value], noise, others[kind, value], rest)) for kind, value in frequent]
    return sorted((one for one in found if one[2] >= _SURE), key=lambda one: (-one[2], one[0], one[1]))


def _zeta(count: int, total: int, other: int, rest: int) -> float:
    """Return by how many standard deviations the log odds of count in total surpass those of other in rest."""
    cells = [count + 0.5, total - count + 0.5, other + 0.5, rest - other + 0.5]
    odds = math.log(cells[0] / cells[1]) - math.log(cells[2] / cells[3])
    return odds / math.sqrt(sum(1 / cell for cell in cells))


def _features(mention: Mention, names: frozenset[str]) -> set[tuple[str, str]]:
    """Return what of a mention could be left out: (kind, value)."""
    text = f"{mention.title}\n{mention.text}" if mention.title else mention.text
    found = {("word", term) for term in terms_of(text, names)}
    if mention.author is not None and mention.author.handle:
        found.add(("author", mention.author.handle.lstrip("@").casefold()))
    host, path = Reading(mention).site
    if host:
        found.add(("site", host.removeprefix("www.")))
    parts = path.split("/")
    if f".{host}".endswith(".reddit.com") and len(parts) > 2 and parts[1] == "r" and parts[2]:  # noqa: PLR2004 - /r/name
        found.add(("subreddit", parts[2]))
    return found


def _context_trial(context: Sequence[str], added: Sequence[str]) -> _Trial:
    words = tuple(dict.fromkeys([*context, *added]))
    nodes: list[Node] = [read_word(word, "context") for word in words]
    part = Query.of("\0context", nodes[0] if len(nodes) == 1 else Or(tuple(nodes)))
    return _Trial(kind="context", value=", ".join(words), zeta=None, part=part, config=_line("context", words))


def _exclusion_trial(number: int, kind: str, value: str, zeta: float, exclude: Sequence[str]) -> _Trial:
    written = value if kind == "word" else f"{kind}:{value}"
    return _Trial(
        kind=kind,
        value=value,
        zeta=round(zeta, 2),
        part=Query.of(f"\0part {number}", read_exclusion(written, "exclude")),
        config=_line("exclude", [*exclude, written]),
    )


def _line(option: str, words: Sequence[str]) -> str:
    """Return the line of the configuration; JSON texts are TOML texts too."""
    return f"{option} = [{', '.join(json.dumps(word, ensure_ascii=False) for word in words)}]"


def _replay(
    history: History,
    query: Query,
    is_noise: Callable[[StoredMention], bool],
    trials: Sequence[_Trial],
) -> list[NoiseRow]:
    """Count what each trial would have dropped of what the query matches now."""
    counts: list[Counter[str]] = [Counter() for _ in trials]
    matcher = Matcher((query, *(trial.part for trial in trials)))
    for one in _each(history) if trials else ():
        matches = matcher.match(one.mention)
        now = next((match for match in matches if match.brand == query.brand), None)
        if now is None or not matcher.confirm(one.mention, now, one.language):
            continue
        said = one.said.get(query.brand)
        labelled = "unlabelled" if said is None else "noise" if said is Label.IRRELEVANT else "good"
        suspected = "noise" if is_noise(one) else labelled
        found = {match.brand for match in matches}
        for trial, count in zip(trials, counts, strict=True):
            count[labelled if trial.kind == "context" else suspected] += trial.drops(found)
    return [
        NoiseRow(
            kind=trial.kind,
            value=trial.value,
            zeta=trial.zeta,
            noise_removed=count["noise"],
            good_lost=count["good"],
            unlabelled_removed=count["unlabelled"],
            config=trial.config,
        )
        for trial, count in zip(trials, counts, strict=True)
    ]


def _each(history: History) -> Iterator[StoredMention]:
    for chunk in history():
        yield from chunk
