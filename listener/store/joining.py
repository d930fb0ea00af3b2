"""Settle which story each mention of a page belongs to, with a few statements a page.

A story is a connected component over story keys, reposts and near copies; it is named by the
smallest number among its mentions' own. Keys are looked up in the spans of time that they reach
(see `listener.store.keyspans`). Of the mentions with a key only the nearest
before and after in time are looked at: those between are joined through them,
so that a flood of equal texts costs no more than any other page. Where a key only
says that texts may be near copies, the texts of the nearest few are compared: as long
as no more share it within its reach, a story does not depend on the order of arrival.
"""

from __future__ import annotations

import json
from bisect import bisect_left, insort
from collections import Counter, defaultdict
from itertools import chain
from typing import TYPE_CHECKING, Final

from listener.store.keyspans import spans_around
from listener.stories import LINK, NEAR, REACH_SECONDS, are_near, normal_text, text_units

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping, Sequence

    from listener.store.keyspans import KeySpans
    from listener.stories import StoryKeys

__all__ = ["Joiner"]

_HAS_KEYS: Final = "SELECT 1 FROM story_keys WHERE span = ? LIMIT 1"
_PRESENT: Final = """
SELECT asked.value FROM json_each(?2) AS asked
WHERE EXISTS (SELECT 1 FROM story_keys WHERE span = ?1 AND key = asked.value)
"""
_BETWEEN: Final = """
SELECT story_keys.key, published_at, mention_id FROM json_each(?) AS spans CROSS JOIN json_each(?) AS asked
CROSS JOIN story_keys ON span = spans.value AND story_keys.key = asked.value AND published_at BETWEEN ? AND ? LIMIT ?
"""
_BEFORE: Final = """
SELECT key, published_at, mention_id FROM story_keys WHERE span = ? AND key = ? AND published_at BETWEEN ? AND ?
ORDER BY published_at DESC LIMIT ?
"""
_AFTER: Final = """
SELECT key, published_at, mention_id FROM story_keys WHERE span = ? AND key = ? AND published_at BETWEEN ? AND ?
ORDER BY published_at LIMIT ?
"""
_LINK_REACH: Final = REACH_SECONDS[LINK]
_WORD_REACH: Final = REACH_SECONDS[NEAR]
_SOME: Final = 8
"""Mentions looked at before and after, where only looking at their texts decides."""
_JOIN: Final = """
UPDATE mentions SET story_id = ?1 WHERE (id = ?2 AND story_id = id) OR (story_id = ?2 AND story_id <> id)
"""
_MENTIONS: Final = "SELECT id, story_id, text FROM mentions WHERE id IN (SELECT value FROM json_each(?))"

_Row = tuple[int, int, int]
"""A key, the time and the number of a mention that has it."""
_Kept = tuple[int, int, tuple[int, ...], int, str]
"""A mention of this page: its number, story, keys, time and text."""


class Joiner:
    """Join stories within one transaction; `settle` writes what became of the stored ones.

    Most keys are of one mention alone: only those that are `shared` with others,
    stored ones or some of this page, are followed up.
    """

    def __init__(self, connection: sqlite3.Connection, spans: KeySpans) -> None:
        self._connection = connection
        self._spans = spans
        self._parents: dict[int, int] = {}
        self._foreseen: set[tuple[StoryKeys, int]] = set()
        self._known: defaultdict[int, set[int]] = defaultdict(set)
        """By span the keys that were looked up there."""
        self._full: dict[int, bool] = {}
        """By span whether any keys are stored there."""
        self._keys: set[int] = set()
        """All keys of mentions that were foreseen."""
        self._shared: set[int] = set()
        self._stored: set[int] = set()
        self._asked: set[tuple[int, int]] = set()
        self._kept: list[_Kept] = []
        self._places: dict[int, list[tuple[int, int]]] = {}
        """By shared key the times and numbers of mentions, in order."""
        self._mentions: dict[int, tuple[int, str | None]] = {}
        """Story and text of these."""
        self._units: dict[str, frozenset[str]] = {}

    def foresee(self, coming: Sequence[tuple[StoryKeys, int]]) -> None:
        """Look up at once what mentions have in common with others: their keys, and when each was published."""
        self._foreseen.update(coming)
        counts = Counter(chain.from_iterable([keys.numbers for keys, _ in coming]))
        again = counts.keys() & self._keys
        self._keys.update(counts)
        self._ask(coming)
        shared = {key for key, count in counts.items() if count > 1 or key in self._stored} | again
        shared -= self._shared
        if shared:
            self._shared |= shared
            for kept in self._kept:
                if not shared.isdisjoint(kept[2]):
                    self._show(kept, shared)
        if not self._stored.isdisjoint(counts):
            self._look_up(coming)

    def _ask(self, coming: Sequence[tuple[StoryKeys, int]]) -> None:
        """Note which keys of mentions are stored in spans that they reach."""
        fresh = {span: found for span, keys in _by_spans(coming).items() if (found := keys - self._known[span])}
        new = [span for span in fresh if span not in self._full]
        if new:
            self._spans.want(new)
            for span in new:
                self._full[span] = self._connection.execute(_HAS_KEYS, (span,)).fetchone() is not None
        for span, keys in fresh.items():
            self._known[span] |= keys
            if self._full[span]:
                asked = (span, json.dumps(sorted(keys)))
                self._stored.update(row[0] for row in self._connection.execute(_PRESENT, asked))

    def _look_up(self, coming: Sequence[tuple[StoryKeys, int]]) -> None:
        """Read what is stored near keys that are stored."""
        stored, asked = self._stored, self._asked
        wanted: dict[str, list[tuple[int, int]]] = {}
        for keys, at in coming:
            if not stored.isdisjoint(keys.numbers):
                for number, kind in zip(*keys, strict=True):
                    if number in stored and (number, at) not in asked:
                        asked.add((number, at))
                        wanted.setdefault(kind, []).append((number, at))
        rows = {row for kind, places in wanted.items() for row in self._rows(kind, places)}
        numbers = {number for _, _, number in rows} - self._mentions.keys()
        for number, story, text in self._connection.execute(_MENTIONS, (json.dumps(sorted(numbers)),)):
            self._mentions[number] = (story, text)
        changed: defaultdict[int, set[tuple[int, int]]] = defaultdict(set)
        for key, at, number in rows:
            changed[key].add((at, number))
        for key, found in changed.items():
            self._places[key] = sorted(found.union(self._places.get(key, ())))

    def _rows(self, kind: str, places: Sequence[tuple[int, int]]) -> set[_Row]:
        """Return what is stored with keys of one kind around these times: all, or of very many the nearest."""
        by_spans: defaultdict[range, list[tuple[int, int]]] = defaultdict(list)
        for key, at in places:
            by_spans[spans_around(kind, at, at)].append((key, at))
        rows: set[_Row] = set()
        for spans, some in by_spans.items():
            rows.update(self._rows_of(kind, some, spans))
        return rows

    def _rows_of(self, kind: str, places: Sequence[tuple[int, int]], spans: range) -> list[_Row]:
        """Return these rows of the same spans."""
        reach = REACH_SECONDS[kind]
        times = [at for _, at in places]
        keys = sorted({key for key, _ in places})
        most = 2 * _SOME * len(keys)
        asked = (json.dumps([*spans]), json.dumps(keys), min(times) - reach, max(times) + reach, most)
        rows: list[_Row] = self._connection.execute(_BETWEEN, asked).fetchall()
        if len(rows) < most:
            return rows
        rows, some = [], _SOME if kind == NEAR else 1
        for key, at in places:
            for span in spans:
                rows += self._connection.execute(_BEFORE, (span, key, at - reach, at, some))
                rows += self._connection.execute(_AFTER, (span, key, at + 1, at + reach, some))
        return rows

    def is_alone(self, keys: StoryKeys, at: int) -> bool:
        """Say whether no other mention that is known of has any of the keys of one that was foreseen."""
        return self._shared.isdisjoint(keys.numbers) and (keys, at) in self._foreseen

    def join(self, own: int, keys: StoryKeys, at: int, *, text: str, others: Iterable[int] = ()) -> int:
        """Return the story of a mention that had, or is, the story `own`.

        `others` are stories it belongs to too.
        """
        if (keys, at) not in self._foreseen:
            self.foresee([(keys, at)])
        related = {self.root(own), *map(self.root, others)}
        others_words: set[int] = set()
        for key, kind in zip(*keys, strict=True):
            for number in self._nearest(keys, key, kind, at) if key in self._shared else ():
                story, words = self._mentions[number]
                story = self.root(story)
                if story in related or number in others_words:
                    continue
                if kind == NEAR and not self._are_near(text, words or ""):
                    others_words.add(number)
                else:
                    related.add(story)
        if len(related) == 1:
            return related.pop()
        kept = min(related)
        for story in related - {kept}:
            self._parents[story] = kept
        return kept

    def _nearest(self, keys: StoryKeys, key: int, kind: str, at: int) -> list[int]:
        """Return the nearest mentions with one of these keys, before and after."""
        if key in self._stored and (key, at) not in self._asked:
            self._look_up([(keys, at)])
        known = self._places.get(key)
        if known is None:
            return []
        place, some, reach = bisect_left(known, (at, 0)), _SOME if kind == NEAR else 1, REACH_SECONDS[kind]
        return [number for then, number in known[max(0, place - some) : place + some] if abs(then - at) <= reach]

    def keep(self, number: int, story: int, keys: tuple[int, ...], at: int, text: str) -> None:
        """Let what comes later in the page find a mention by these keys."""
        kept = (number, story, keys, at, text)
        self._kept.append(kept)
        if not self._shared.isdisjoint(keys):
            self._show(kept, self._shared)

    def _show(self, kept: _Kept, shared: set[int]) -> None:
        """Make a mention of this page findable by those of its keys that are shared."""
        number, story, keys, at, text = kept
        self._mentions[number] = (story, text)
        for key in shared.intersection(keys):
            insort(self._places.setdefault(key, []), (at, number))

    def root(self, story: int) -> int:
        """Return the story that a story is by now part of."""
        parents = self._parents
        while story in parents:
            above = parents[story]
            if above in parents:
                parents[story] = parents[above]
            story = above
        return story

    def merged(self) -> Mapping[int, int]:
        """Return the stories that are part of another by now, each with that one."""
        return {story: self.root(story) for story in self._parents}

    def settle(self) -> None:
        """Write the joined stories into the mentions that are stored."""
        self._connection.executemany(
            _JOIN,
            [(root, story) for story, root in sorted(self.merged().items())],
        )

    def _are_near(self, one: str, other: str) -> bool:
        for text in (one, other):
            if text not in self._units:
                self._units[text] = text_units(normal_text(text))
        return are_near(self._units[one], self._units[other])


def _by_spans(coming: Sequence[tuple[StoryKeys, int]]) -> dict[int, set[int]]:
    """Return the keys of mentions by each span that they reach."""
    links: defaultdict[int, list[int]] = defaultdict(list)
    words: defaultdict[int, list[int]] = defaultdict(list)
    for (numbers, kinds), at in coming:
        if kinds[:1] == LINK:
            links[at // _LINK_REACH].append(numbers[0])
            words[at // _WORD_REACH] += numbers[1:]
        else:
            words[at // _WORD_REACH] += numbers
    found: defaultdict[int, set[int]] = defaultdict(set)
    for kind, reach, by_time in ((LINK, _LINK_REACH, links), (NEAR, _WORD_REACH, words)):
        for place, keys in by_time.items():  # a span is twice as long: all of one place reach the same
            for span in spans_around(kind, place * reach, place * reach):
                found[span].update(keys)
    return found
