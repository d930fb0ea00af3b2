"""Match mentions against the queries of all brands at once.

The strings that the queries need are searched for together, in one pass of an
Aho-Corasick automaton over the folded text (Aho and Corasick 1975). Only the
queries whose necessary strings are all there are evaluated, exactly. The cost of
a mention so hardly depends on the number of queries.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, NamedTuple

from ahocorasick_rs import AhoCorasick

from listener.mention import Match
from listener.query.characters import KINDS, SOFT_BREAKS, WORD
from listener.query.clauses import atoms_of, necessary_clauses
from listener.query.evaluate import evaluate_reading
from listener.query.reading import Reading
from listener.query.text import fold
from listener.query.tree import Field, children_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from listener.mention import Mention
    from listener.query import Query
    from listener.query.clauses import Atom, Clause
    from listener.query.tree import Node

__all__ = ["Matcher"]


class _Entry(NamedTuple):
    """Say that a query is worth evaluating where one string of each of the others stands too."""

    query: int
    others: tuple[tuple[str, ...], ...]


class Matcher:
    """Find the queries that mentions satisfy. Pure: no clock, no store, no network."""

    def __init__(self, queries: Sequence[Query]) -> None:
        self._queries = tuple(queries)
        self._by_key = {(query.brand, query.version): query for query in self._queries}
        self._by_brand: dict[str, int] = {}
        for number, query in enumerate(self._queries):
            self._by_brand.setdefault(query.brand.casefold(), number)
        self._waiting = {key for key, query in self._by_key.items() if _asks_for_language(query.tree)}
        uses = Counter(atom for query in self._queries for atom in set(atoms_of(query.tree)))

        def commonness(clause: Clause) -> tuple[int, int]:
            """Estimate how many texts meet a clause: what many queries share is a common word."""
            return sum(uses[atom] for atom in clause), -min(len(atom.text) for atom in clause)

        always: list[int] = []
        entries: dict[Atom, list[_Entry]] = defaultdict(list)
        for number, query in enumerate(self._queries):
            clauses = necessary_clauses(query.tree, commonness)
            if not clauses:
                always.append(number)
                continue
            anchor = min(clauses, key=commonness)
            others = tuple(tuple(atom.text for atom in clause) for clause in clauses if clause != anchor)
            for atom in anchor:
                entries[atom].append(_Entry(number, others))
        self._always = tuple(always)
        self._anchors = _Anchors(entries)

    def match(self, mention: Mention) -> tuple[Match, ...]:
        """Return the matches of a mention, in the order of the queries.

        Conditions on the language count as satisfied: they wait for `confirm`. A
        mention with an assigned brand matches it, with its words' places where they match too.
        """
        candidates = self._candidates(mention)
        assigned = self._assigned(mention) if mention.extra else None
        if assigned is not None:
            candidates = sorted({*candidates, assigned})
        if not candidates:
            return ()
        reading = Reading(mention)
        matches = []
        for index in candidates:
            query = self._queries[index]
            spans = evaluate_reading(query.tree, reading)
            if spans is None and index == assigned:
                spans = ()
            if spans is not None:
                matches.append(Match(brand=query.brand, query_version=query.version, spans=spans))
        return tuple(matches)

    def confirm(self, mention: Mention, match: Match, language: str) -> bool:
        """Say whether a match still holds now that the language is identified.

        False too for a match of a query this matcher does not have.
        """
        key = (match.brand, match.query_version)
        query = self._by_key.get(key)
        if query is None or key not in self._waiting:
            return query is not None  # nothing in the query waits for the language
        if mention.extra and self._assigned(mention) == self._by_brand[match.brand.casefold()]:
            return True
        return evaluate_reading(query.tree, Reading(mention, language)) is not None

    def _assigned(self, mention: Mention) -> int | None:
        """Return the position of the query of the brand a mention was assigned to, None where there is none."""
        brand = mention.assigned_brand
        return None if brand is None else self._by_brand.get(brand.casefold())

    def _candidates(self, mention: Mention) -> Sequence[int]:
        """Return the positions of the queries worth evaluating, in order."""
        found = self._anchors.queries_in(_scanned(mention))
        return sorted(found.union(self._always)) if found else self._always


def _asks_for_language(node: Node) -> bool:
    """Say whether a condition on the language stands anywhere in a tree."""
    if isinstance(node, Field) and node.name == "lang":
        return True
    return any(_asks_for_language(child) for child in children_of(node))


class _Anchors:
    """Find the queries of which a rare string stands in a text, and one of each of the others."""

    def __init__(self, entries: Mapping[Atom, Sequence[_Entry]]) -> None:
        texts = sorted({atom.text for atom in entries})
        by_text: dict[str, list[tuple[bool, bool, Sequence[_Entry]]]] = defaultdict(list)
        for atom, known in entries.items():
            by_text[atom.text].append((atom.begins_word, atom.ends_word, tuple(known)))
        self._patterns = [tuple(by_text[text]) for text in texts]
        self._automaton = AhoCorasick(texts) if texts else None

    def queries_in(self, text: str) -> set[int]:
        """Return the positions of the queries whose necessary strings stand in a text."""
        if self._automaton is None:
            return set()
        folded = fold(text)
        hits = self._automaton.find_matches_as_indexes(folded, overlapping=True)
        return self._confirmed(hits, folded, text) if hits else set()

    def _confirmed(self, hits: Iterable[tuple[int, int, int]], folded: str, text: str) -> set[int]:
        """Return the queries of the hits that stand at edges of words where they must."""
        found: set[int] = set()
        has_soft_breaks = any(character in text for character in SOFT_BREAKS)
        for pattern, start, end in hits:
            begins = has_soft_breaks or not start or not KINDS[folded[start - 1]] & WORD
            ends = has_soft_breaks or end == len(folded) or _may_end(folded[end])
            for begins_word, ends_word, entries in self._patterns[pattern]:
                if (begins or not begins_word) and (ends or not ends_word):
                    found.update(entry.query for entry in entries if _has_others(entry, folded, found))
        return found


def _has_others(entry: _Entry, folded: str, found: set[int]) -> bool:
    """Say whether a query is new and one of each of its other necessary strings is there."""
    return entry.query not in found and all(any(text in folded for text in other) for other in entry.others)


def _may_end(after: str) -> bool:
    """Say whether a word may end before a character; a Korean particle may follow a name."""
    return not KINDS[after] & WORD or "\u1100" <= after <= "\u115e"


def _scanned(mention: Mention) -> str:
    """Return everything of a mention in which strings are searched for."""
    text = mention.text if mention.title is None else f"{mention.title}\n{mention.text}"
    if mention.hashtags:
        tags = " ".join(f"#{tag.lstrip('#')}" for tag in mention.hashtags)
        return f"{text}\n{tags}"
    return text
