"""Rank languages by byte n-grams with the model that py3langid carries.

py3langid (A. Barbaresi, after langid.py by M. Lui and T. Baldwin, BSD licence)
walks one text at a time and calls numpy for each. Here many texts are walked
side by side, a byte of each at a time, and weighed together over the columns of the
languages asked for, which gives the same ranking at a fraction of the cost. numpy
and the model are loaded with the first text.
"""

from __future__ import annotations

from collections import Counter
from itertools import chain
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from sentiment.ngram_cache import load_model

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from sentiment.ngram_cache import Unpacked

__all__ = ["NgramModel"]

_MOST_CHARACTERS: Final = 120
"""As much of a text as is looked at: past it the verdict hardly changes, the cost does."""

_BATCH: Final = 256
_MANY: Final = 16
"""So many texts are walked side by side: fewer of them cost less one by one."""


class _Columns(NamedTuple):
    """Hold the part of the model that tells some languages apart."""

    languages: list[str]
    places: dict[str, int]
    table: NDArray[np.float32]
    prior: NDArray[np.float32]


class Visits(NamedTuple):
    """Hold which n-gram stands how often in which text: by text, and there in the order in which they first come."""

    texts: NDArray[np.intp]
    features: NDArray[np.int64]
    counts: NDArray[np.int64]

    def of(self, texts: Sequence[int], count: int) -> Visits:
        """Return those of some of `count` texts, in ascending order, which are numbered anew."""
        numbers = np.full(count, -1)
        numbers[texts] = np.arange(len(texts))
        renumbered = numbers[self.texts]
        kept = renumbered >= 0
        return Visits(renumbered[kept], self.features[kept], self.counts[kept])


class NgramModel:
    """Tell the languages of each of `groups` apart; deterministic, safe to use from several threads.

    Languages the model does not know are left out.
    """

    def __init__(self, groups: Iterable[tuple[str, ...]]) -> None:
        model = load_model()
        self._groups = {group: _columns(model, group) for group in groups}
        self._moves = model.moves
        self._rows = model.rows.astype(np.intp) << 8
        self._features = model.features.astype(np.int64)

    def best(
        self,
        texts: Sequence[str],
        candidates: Sequence[tuple[str, ...]],
        bias: Mapping[str, float],
        hints: Sequence[Mapping[str, float]],
    ) -> list[str | None]:
        """Return the most likely of the `candidates` (one of the groups) of each text, None where none of its n-grams is known.

        `bias` is added to the log score of a language, `hints` to those of each text.
        """
        encoded = [text[:_MOST_CHARACTERS].encode("utf-8", errors="surrogatepass") for text in texts]
        by_length = sorted(range(len(texts)), key=[*map(len, encoded)].__getitem__)
        verdicts: list[str | None] = [None] * len(texts)
        for first in range(0, len(texts), _BATCH):
            batch = by_length[first : first + _BATCH]
            visits = self.visits([encoded[place] for place in batch])
            for group in dict.fromkeys([candidates[place] for place in batch]):
                rows = [row for row, place in enumerate(batch) if candidates[place] == group]
                places = [batch[row] for row in rows]
                found = visits.of(rows, len(batch))
                answers = self._rank(found, self._groups[group], bias, [hints[place] for place in places])
                for place, answer in zip(places, answers, strict=True):
                    verdicts[place] = answer
        return verdicts

    def _rank(
        self, visits: Visits, columns: _Columns, bias: Mapping[str, float], hints: Sequence[Mapping[str, float]]
    ) -> Sequence[str | None]:
        """Return the most likely of some languages for each text that `visits` are of."""
        if not columns.languages:
            return [None] * len(hints)
        scores = np.zeros((len(hints), len(columns.languages)), dtype=np.float32)
        if len(visits.texts):
            rows = columns.table.take(visits.features, axis=0)
            rows *= np.log1p(visits.counts.astype(np.float32))[:, np.newaxis]
            starts = np.flatnonzero(np.diff(visits.texts, prepend=-1))
            scores[visits.texts[starts]] = np.add.reduceat(rows, starts, axis=0) + columns.prior
        _add_hints(scores, hints, columns.places)
        added = np.array([bias.get(language, 0.0) for language in columns.languages], dtype=np.float32)
        known: list[bool] = np.any(scores, axis=1).tolist()
        winners: list[int] = np.argmax(scores + added, axis=1).tolist()
        return [columns.languages[winner] if seen else None for winner, seen in zip(winners, known, strict=True)]

    def visits(self, texts: Sequence[bytes]) -> Visits:
        """Return how often each n-gram stands in each text."""
        return self._side_by_side(texts) if len(texts) >= _MANY else self._one_by_one(texts)

    def _one_by_one(self, texts: Sequence[bytes]) -> Visits:
        moves, rows, features = self._moves.data, self._rows.data, self._features.data  # items cost half of an array's
        found: list[Counter[int]] = []
        for text in texts:
            state = 0
            met: list[int] = []
            for byte in text:
                state = moves[rows[state] + byte]
                if features[state] >= 0:
                    met.append(features[state])
            found.append(Counter(met))
        return Visits(
            np.repeat(np.arange(len(texts)), [*map(len, found)]),
            np.array([*chain.from_iterable(found)], dtype=np.int64),
            np.array([*chain.from_iterable(one.values() for one in found)], dtype=np.int64),
        )

    def _side_by_side(self, texts: Sequence[bytes]) -> Visits:
        """Return how often each n-gram stands in texts, none of which is much longer than the others.

        Text, n-gram and place of each visit make one number: in order, those of one n-gram in one text are beside
        each other, the first one first.
        """
        features = self._features.take(self._states(texts))
        features[np.arange(features.shape[1]) >= np.array([*map(len, texts)])[:, np.newaxis]] = -1
        seen_in, places = np.nonzero(features >= 0)
        place_bits, feature_bits = features.shape[1].bit_length(), len(self._features).bit_length()
        visits = ((seen_in.astype(np.int64) << feature_bits | features[seen_in, places]) << place_bits) | places
        visits.sort()
        starts = np.flatnonzero(np.diff(visits >> place_bits, prepend=-1))
        counts = np.zeros_like(features)
        first = visits[starts]
        first_in, first_at = first >> place_bits + feature_bits, first & (1 << place_bits) - 1
        counts[first_in, first_at] = np.diff(starts, append=len(visits))
        found = np.nonzero(counts)
        return Visits(found[0], features[found], counts[found])

    def _states(self, texts: Sequence[bytes]) -> NDArray[np.uint32]:
        """Return (n_texts, longest) the state behind each byte of each text; behind the last one, any."""
        longest = max(map(len, texts))
        filled = b"".join([text.ljust(longest) for text in texts])
        columns = np.frombuffer(filled, dtype=np.uint8).reshape(len(texts), longest).T.astype(np.intp)
        states = np.empty(columns.shape, dtype=np.uint32)
        rows = np.full(len(texts), self._rows[0])
        for column, reached in zip(columns, states, strict=True):
            self._moves.take(rows + column, out=reached, mode="clip")  # checking each would cost twice as much
            rows = self._rows.take(reached, mode="clip")
        return states.T


def _add_hints(scores: NDArray[np.float32], hints: Sequence[Mapping[str, float]], places: Mapping[str, int]) -> None:
    """Add to the scores of each text what hints say of its languages, those that are asked for."""
    added = [
        (text, places[language], more)
        for text, hint in enumerate(hints)
        for language, more in hint.items()
        if language in places
    ]
    if added:
        texts, columns, more = zip(*added, strict=True)
        scores[texts, columns] += np.array(more, dtype=np.float32)


def _columns(model: Unpacked, languages: Sequence[str]) -> _Columns:
    known = [language for language in dict.fromkeys(languages) if language in model.languages]
    places = [model.languages.index(language) for language in known]
    return _Columns(
        known,
        {language: column for column, language in enumerate(known)},
        np.ascontiguousarray(model.weights[places].T, dtype=np.float32),
        np.asarray(model.prior[places], dtype=np.float32),
    )
