"""Match mentions against the queries of all brands at once.

The strings that the queries need are searched for together, in one pass of an
Aho-Corasick automaton over the folded text (Aho and Corasick 1975). Only the
queries whose necessary strings are all there are evaluated, exactly. The cost of
a mention so hardly depends on the number of queries.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

from listener.frozen import maker
from listener.mention import Match
from listener.query.automaton import automaton_of
from listener.query.characters import KINDS, SOFT_BREAKS, TEXT_BREAK, WORD
from listener.query.clauses import atoms_of, necessary_clauses
from listener.query.evaluate import MAX_SPANS, evaluate_reading
from listener.query.reading import Reading
from listener.query.terms import read_name
from listener.query.text import fold_to_bytes
from listener.query.tree import Field, Or, Phrase, children_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from listener.mention import Mention, Span
    from listener.query import Query
    from listener.query.clauses import Atom, Clause
    from listener.query.tree import Node

__all__ = ["Matcher"]

_BATCH_CHARACTERS: Final = 10_000
"""Texts are searched through together up to about this length: enough to spare calls, little enough to stay in the cache."""


_make_match: Final = maker(Match)

_BREAK: Final = TEXT_BREAK.encode()
_ASCII: Final = range(0x80)
_ASCII_LETTERS: Final = frozenset(code for code in _ASCII if KINDS[chr(code)] & WORD)
_SIGNS: Final = frozenset(_ASCII) - _ASCII_LETTERS
"""Of ASCII: what parts words whatever stands beyond."""

_Hit = tuple[int, int, int]
"""Which atom stands where: its position among all, start and end in bytes."""

_Found = dict[int, list[tuple[int, int]]]
"""By query, where its rare strings stand in a folded text, in bytes."""

_SHORTEST_PLAIN: Final = 3
"""Shorter words may be scraps of others: C of C++, ll of we'll."""

_BEGINS: Final = 1
"""Flag of an atom that stands only where a word begins."""
_ENDS: Final = 2
"""Flag of an atom that stands only where a word ends."""


class _Entry(NamedTuple):
    """Say that a query is worth evaluating where one string of each of the others stands too (folded, UTF-8)."""

    query: int
    others: tuple[tuple[bytes, ...], ...]


class Matcher:
    """Find the queries that mentions satisfy. Pure: no clock, no store, no network."""

    def __init__(self, queries: Sequence[Query]) -> None:
        self._queries = tuple(queries)
        self._by_key = {(query.brand, query.version): query for query in self._queries}
        self._by_brand: dict[str, int] = {}
        for number, query in enumerate(self._queries):
            self._by_brand.setdefault(query.brand.casefold(), number)
        self._plain = {number for number, query in enumerate(self._queries) if _is_plain(query.tree)}
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
            others = tuple(tuple(atom.text.encode() for atom in clause) for clause in clauses if clause != anchor)
            for atom in anchor:
                entries[atom].append(_Entry(number, others))
        self._always = tuple(always)
        self._anchors = _Anchors(entries)

    def match(self, mention: Mention) -> tuple[Match, ...]:
        """Return the matches of a mention, in the order of the queries.

        Conditions on the language count as satisfied: they wait for `confirm`. A
        mention with an assigned brand matches it, with its words' places where they match too.
        """
        found = self._anchors.queries_in(_scanned(mention))
        return self._evaluated(mention, found) if found or self._always or mention.extra else ()

    def match_many(self, mentions: Sequence[Mention]) -> list[tuple[Match, ...]]:
        """Return what `match` returns for each of many mentions, in order; quicker than one by one."""
        found = self._anchors.queries_in_each([_scanned(mention) for mention in mentions])
        everywhere = bool(self._always)
        nothing: _Found = {}
        return [
            self._evaluated(mention, found.get(position, nothing))
            if everywhere or position in found or mention.extra
            else ()
            for position, mention in enumerate(mentions)
        ]

    def _evaluated(self, mention: Mention, found: _Found) -> tuple[Match, ...]:
        """Return the matches among the queries found, those that always count, and the one of the assigned brand."""
        assigned = self._assigned(mention) if mention.extra else None
        candidates: Collection[int] = found
        if self._always or assigned is not None:
            candidates = {*found, *self._always, *(() if assigned is None else (assigned,))}
        is_as_found = mention.title is None and not mention.hashtags and mention.text.isascii()
        reading = None
        matches = []
        for index in sorted(candidates) if len(candidates) > 1 else candidates:
            query = self._queries[index]
            spans = _spans(found[index]) if is_as_found and index in self._plain and index in found else None
            if spans is None:
                reading = reading or Reading(mention)
                spans = evaluate_reading(query.tree, reading)
            if spans is None and index == assigned:
                spans = ()
            if spans is not None:
                matches.append(_make_match(query.brand, query.version, spans))
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


def _is_plain(node: Node) -> bool:
    """Say whether a tree is nothing but ASCII words: in an ASCII text, these stand where their strings are found."""
    if isinstance(node, Or):
        return all(isinstance(child, Phrase) and _is_plain(child) for child in node.children)
    if not isinstance(node, Phrase):
        return False
    pieces = read_name(node.text).pieces
    return len(pieces) == 1 and len(pieces[0]) >= _SHORTEST_PLAIN and pieces[0].isascii() and pieces[0].isalnum()


def _spans(places: Sequence[tuple[int, int]]) -> tuple[Span, ...] | None:
    """Return the spans of places of a text, None of more than are surely reported."""
    if len(places) == 1:
        return (("text", *places[0]),)
    return tuple([("text", start, end) for start, end in sorted(places)]) if len(places) <= MAX_SPANS else None


def _asks_for_language(node: Node) -> bool:
    """Say whether a condition on the language stands anywhere in a tree."""
    if isinstance(node, Field) and node.name == "lang":
        return True
    return any(_asks_for_language(child) for child in children_of(node))


class _Anchors:
    """Find the queries of which a rare string stands in a text, and one of each of the others."""

    def __init__(self, entries: Mapping[Atom, Sequence[_Entry]]) -> None:
        atoms = sorted(entries)
        self._edges = bytes(atom.begins_word * _BEGINS | atom.ends_word * _ENDS for atom in atoms)
        self._entries = [tuple(entries[atom]) for atom in atoms]
        self._find = partial(automaton_of(atom.text for atom in atoms).find_matches_as_indexes, overlapping=True)

    def queries_in(self, text: str) -> _Found:
        """Return the positions of the queries whose necessary strings stand in a text."""
        folded = fold_to_bytes(text)
        hits = self._find(folded)
        return self._confirmed(hits, folded, text) if hits else {}

    def queries_in_each(self, texts: Sequence[str]) -> dict[int, _Found]:
        """Return what `queries_in` finds, by position of the text; texts without any are left out."""
        found: dict[int, _Found] = {}
        for batch in _batches(texts):
            together = TEXT_BREAK.join([texts[position] for position in batch])
            folded = fold_to_bytes(together)
            hits = self._find(folded)
            if not hits:
                continue
            if together.count(TEXT_BREAK) >= len(batch):  # one of the texts has that character itself
                found.update((position, self.queries_in(texts[position])) for position in batch)
                continue
            for index, piece, hits_there in _by_piece(hits, folded):
                position = batch[index]
                found[position] = self._confirmed(hits_there, piece, texts[position])
        return {position: queries for position, queries in found.items() if queries}

    def _confirmed(self, hits: Iterable[_Hit], folded: bytes, text: str) -> _Found:
        """Return the queries of the hits that stand at edges of words where they must."""
        found: _Found = {}
        has_soft_breaks = None  # looked for once it matters
        for atom, start, end in hits:
            edges = self._edges[atom]
            is_apart = (not start or folded[start - 1] in _SIGNS) and (end == len(folded) or folded[end] in _SIGNS)
            if not is_apart and (
                (edges & _BEGINS and _goes_on_before(folded, start)) or (edges & _ENDS and _goes_on_after(folded, end))
            ):
                if has_soft_breaks is None:
                    has_soft_breaks = any(character in text for character in SOFT_BREAKS)
                if not has_soft_breaks:
                    continue
            for query, others in self._entries[atom]:
                if not others or _has_each(others, folded):
                    found.setdefault(query, []).append((start, end))
        return found


def _batches(texts: Sequence[str]) -> Iterator[list[int]]:
    """Yield the positions of texts to be looked through together: ASCII apart, since it folds much faster."""
    for kind in (True, False):
        batch: list[int] = []
        size = 0
        for position in [position for position, text in enumerate(texts) if text.isascii() is kind]:
            batch.append(position)
            size += len(texts[position])
            if size >= _BATCH_CHARACTERS:
                yield batch
                batch, size = [], 0
        if batch:
            yield batch


def _by_piece(hits: Iterable[_Hit], folded: bytes) -> Iterator[tuple[int, bytes, list[_Hit]]]:
    """Yield position, bytes and hits of each piece that has some; pieces are parted by one byte.

    The hits come in the order of their ends.
    """
    index, begin, stop = 0, 0, -1
    there: list[_Hit] = []
    for atom, start, end in hits:
        if end > stop:
            if there:
                yield index, folded[begin:stop], there
                there = []
            index += folded.count(_BREAK, max(begin, stop), end)
            begin = folded.rfind(_BREAK, begin, end) + 1 or begin
            stop = folded.find(_BREAK, end)
            if stop < 0:
                stop = len(folded)
        if start >= begin:  # else it reaches from one piece into the next
            there.append((atom, start - begin, end - begin))
    if there:
        yield index, folded[begin:stop], there


def _has_each(clauses: Iterable[Iterable[bytes]], folded: bytes) -> bool:
    """Say whether one string of each of several clauses is there."""
    return all(any(text in folded for text in clause) for clause in clauses)


def _goes_on_before(folded: bytes, at: int) -> bool:
    """Say whether a letter of a word stands before a place, so that none begins there."""
    if not at:
        return False
    start = at - 1
    if folded[start] in _ASCII:
        return folded[start] in _ASCII_LETTERS
    while _continues(folded[start]):
        start -= 1
    return bool(KINDS[folded[start:at].decode()] & WORD)


def _goes_on_after(folded: bytes, at: int) -> bool:
    """Say whether a letter of a word stands after a place; not so where it may begin a Korean particle."""
    if at == len(folded):
        return False
    if folded[at] in _ASCII:
        return folded[at] in _ASCII_LETTERS
    end = at + 1
    while end < len(folded) and _continues(folded[end]):
        end += 1
    after = folded[at:end].decode()
    return bool(KINDS[after] & WORD) and not "\u1100" <= after <= "\u115e"


def _continues(byte: int) -> bool:
    """Say whether a byte of UTF-8 goes on with a character, rather than beginning one."""
    return byte & 0b1100_0000 == 0b1000_0000  # noqa: PLR2004 - the two leading bits, RFC 3629


def _scanned(mention: Mention) -> str:
    """Return everything of a mention in which strings are searched for."""
    text = mention.text if mention.title is None else f"{mention.title}\n{mention.text}"
    if mention.hashtags:
        tags = " ".join(f"#{tag.lstrip('#')}" for tag in mention.hashtags)
        return f"{text}\n{tags}"
    return text
