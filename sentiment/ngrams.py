"""Rank languages by byte n-grams with the model that py3langid carries.

py3langid (A. Barbaresi, after langid.py by M. Lui and T. Baldwin, BSD licence)
walks one text at a time and calls numpy for each. Here many texts are walked
and weighed together, over the columns of the languages asked for, which gives
the same ranking at a fraction of the cost. numpy and the model are loaded with
the first text.
"""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
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


class _Columns(NamedTuple):
    """Hold the part of the model that tells some languages apart."""

    languages: list[str]
    places: dict[str, int]
    table: NDArray[np.float32]
    prior: NDArray[np.float32]


class NgramModel:
    """Tell the languages of each of `groups` apart; deterministic, safe to use from several threads.

    Languages the model does not know are left out.
    """

    def __init__(self, groups: Iterable[tuple[str, ...]]) -> None:
        model = load_model()
        self._groups = {group: _columns(model, group) for group in groups}
        self._moves = model.moves
        self._rows = model.rows.astype(np.intp) << 8
        self._features = model.features

    def best(
        self,
        texts: Sequence[str],
        candidates: tuple[str, ...],
        bias: Mapping[str, float],
        hints: Sequence[Mapping[str, float]],
    ) -> list[str | None]:
        """Return the most likely of `candidates` (one of the groups) for each text, None where none of its n-grams is known.

        `bias` is added to the log score of a language, `hints` to those of each text.
        """
        columns = self._groups[candidates]
        added = np.array([bias.get(language, 0.0) for language in columns.languages], dtype=np.float32)
        if not columns.languages:
            return [None] * len(texts)
        verdicts: list[str | None] = []
        for first in range(0, len(texts), _BATCH):
            batch = texts[first : first + _BATCH]
            scores = np.zeros((len(batch), len(columns.languages)), dtype=np.float32)
            self._rank_batch(batch, columns, scores)
            for place, hint in enumerate(hints[first : first + _BATCH]):
                for language, more in hint.items():
                    if language in columns.places:
                        scores[place, columns.places[language]] += more
            known: list[bool] = np.any(scores, axis=1).tolist()
            winners: list[int] = np.argmax(scores + added, axis=1).tolist()
            verdicts.extend(
                columns.languages[winner] if seen else None for winner, seen in zip(winners, known, strict=True)
            )
        return verdicts

    def _rank_batch(self, texts: Sequence[str], columns: _Columns, scores: NDArray[np.float32]) -> None:
        features: list[int] = []
        counts: list[int] = []
        starts: list[int] = []
        filled: list[int] = []
        encoded = [text[:_MOST_CHARACTERS].encode("utf-8", errors="surrogatepass") for text in texts]
        for place, visits in enumerate(self.visits(encoded)):
            if visits:
                filled.append(place)
                starts.append(len(features))
                features.extend(visits)
                counts.extend(visits.values())
        if filled:
            weights = np.log1p(np.array(counts, dtype=np.float32))
            rows = columns.table[features]
            rows *= weights[:, np.newaxis]
            scores[filled] = np.add.reduceat(rows, starts, axis=0) + columns.prior

    def visits(self, texts: Sequence[bytes]) -> list[Mapping[int, int]]:
        """Return how often each n-gram stands in each text, in the order in which they come."""
        data = np.frombuffer(b"".join(texts), dtype=np.uint8)
        ends = np.cumsum([0, *map(len, texts)])
        features = self._features[self._states(data, ends)]
        seen = np.flatnonzero(features >= 0)
        found: list[int] = features[seen].tolist()
        bounds: list[int] = np.searchsorted(seen, ends).tolist()
        return [Counter(found[first:last]) for first, last in pairwise(bounds)]

    def _states(self, data: NDArray[np.uint8], ends: NDArray[np.intp]) -> NDArray[np.uint32]:
        """Return the state behind each byte of the texts that end (and begin) at `ends`.

        All bytes are read at once as if each were the first of its text, and then those
        again whose predecessor's state was another, until none is: a state that
        follows from its predecessor's at every byte is the one of a walk from the first byte.
        No n-gram is longer than a few bytes, so that this takes a few rounds.
        """
        states: NDArray[np.uint32] = self._moves[self._rows[0] + data]
        is_first = np.zeros(len(data) + 1, dtype=np.bool_)
        is_first[ends] = True  # the end of the last text too: nothing follows it
        places = np.flatnonzero(~is_first)
        while len(places):
            again = self._moves[self._rows[states[places - 1]] + data[places]]
            differs = again != states[places]
            places = places[differs]
            states[places] = again[differs]
            places += 1
            places = places[~is_first[places]]
        return states


def _columns(model: Unpacked, languages: Sequence[str]) -> _Columns:
    known = [language for language in dict.fromkeys(languages) if language in model.languages]
    places = [model.languages.index(language) for language in known]
    return _Columns(
        known,
        {language: column for column, language in enumerate(known)},
        np.ascontiguousarray(model.weights[places].T, dtype=np.float32),
        np.asarray(model.prior[places], dtype=np.float32),
    )
