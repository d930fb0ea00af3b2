"""Learn from people's labels, and find out honestly whether that beats the scorer there is.

The classifier is a multinomial logistic regression over `sentiment.features`. It
is judged by cross-validation: `FOLDS` folds by label, texts that are the same
but for links, handles and digits never on both sides, `REPEATS` times. The gain
is the difference of macro-F1 to the base scorer on the same texts; its interval
is a paired bootstrap over texts. A language is a candidate where the model is
likely better (the lower end of the 80 % interval of its gain is above zero). The
model is switched on for the candidates where it is surely better over all of
them together: the lower end of the 95 % interval is above zero. It must also be surely better than the
same answers dealt out at random: else a base that never answers would be beaten
by dice.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from listener.errors import UsageError
from sentiment.evaluation import CLASSES
from sentiment.features import BUCKETS, Featuriser, wording_of
from sentiment.model import pack

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from listener.api import Scorer, ScoringTask
    from sentiment.encoders import Encoder

__all__ = ["FEWEST", "FEWEST_OF_LANGUAGE", "Card", "Example", "LanguageCard", "Training", "train"]

FEWEST: Final = 200
"""Labelled texts, each counted once, from which on a model is made at all."""
FEWEST_OF_LANGUAGE: Final = 50
"""Labelled texts of a language from which on the model may be used for it."""
FOLDS: Final = 5
REPEATS: Final = 2
_MANY: Final = 3_000
"""Texts from which on one round of folds is sure enough."""
_FEWEST_OF_CLASS: Final = 5
_LIKELY, _SURELY = 10.0, 2.5
"""Percentiles of the resampled gain that must be above zero: in a language, and over all of them."""
_RESAMPLES: Final = 1_000
_FEWEST_RESAMPLES: Final = 200
_MOST_WEIGHTS: Final = 5_000_000
"""Texts x resamples that are held at once: above, fewer resamples are drawn, for the interval is narrow then."""
_SEED: Final = 20_261_122
_STRENGTH: Final = 3.0
"""Inverse of the penalty; on English tweets and on Hinglish 1 to 3 are level, 10 is worse."""
_EMBEDDING_SCALE: Final = 4.0
"""Brings the numbers of an encoder, whose squares add up to 1, to the size of the others."""
_MOST_STEPS: Final = 300


class Example(NamedTuple):
    """Hold one labelled text; `label` is one of `sentiment.evaluation.CLASSES`."""

    task: ScoringTask
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageCard:
    """Say how a model does in one language; shares and gains are 0 to 1, intervals of 95 %.

    `chance` is the macro-F1 of the same answers dealt out at random.
    """

    n: int
    macro_f1: float
    macro_f1_interval: tuple[float, float]
    base_macro_f1: float
    gain: float
    gain_interval: tuple[float, float]
    chance: float
    is_used: bool
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """Say what a model was made from and how good it is, measured by cross-validation.

    `n` counts different texts. `total` is over the languages it may be used for (all, where it is for none). `reason` says why
    the model is not used, None where it is used for `languages`.
    """

    n: int
    classes: Mapping[str, int]
    by_language: Mapping[str, LanguageCard]
    total: LanguageCard | None
    languages: tuple[str, ...]
    base: str
    encoder: str | None
    options: Mapping[str, float]
    trained_on: str
    reason: str | None = None

    def as_json(self) -> dict[str, object]:
        """Return the card as JSON holds it."""
        return asdict(self)


class Training(NamedTuple):
    """Hold the outcome: the card, and the model as bytes where it is to be used, else None."""

    card: Card
    model: bytes | None


def train(examples: Sequence[Example], base: Scorer, *, trained_on: str, encoder: Encoder | None = None) -> Training:
    """Learn from `examples` and return the model with its card.

    `base` scores what the model may overrule. The same examples in the same
    order give the same bytes. Raises UsageError where scikit-learn is not installed.
    """
    _require_scikit_learn()
    different = _different(examples)
    classes = Counter(one.label for one in different)
    shortage = _shortage(classes)
    if shortage is not None:
        return Training(_empty_card(classes, base, encoder, trained_on, shortage), None)
    from threadpoolctl import threadpool_limits  # noqa: PLC0415 - comes with scikit-learn

    data = _Data(different, base, encoder)
    with threadpool_limits(1):  # sums in the same order, and no threads that wait for one another on a busy machine
        by_language, total = _judged(data)
    languages = tuple(sorted(language for language, card in by_language.items() if card.is_used))
    reason = None
    if not languages:
        reason = total.reason or "in no language is it likely better"
    elif not total.is_used:
        reason, languages = f"over {', '.join(languages)}: {total.reason}", ()
    card = Card(
        n=len(different),
        classes={name: classes[name] for name in CLASSES},
        by_language=by_language,
        total=total,
        languages=languages,
        base=base.version,
        encoder=_named(encoder),
        options={"folds": FOLDS, "repeats": _repeats(len(different)), "strength": _STRENGTH, "seed": _SEED},
        trained_on=trained_on,
        reason=reason,
    )
    if reason is not None:
        return Training(card, None)
    with threadpool_limits(1):
        fitted = _fit(data, np.arange(len(different)))
    packed = pack(
        sparse=fitted.sparse,
        dense=fitted.dense,
        bias=fitted.bias,
        languages=languages,
        encoder=None if encoder is None else encoder.name,
        card=card.as_json(),
    )
    return Training(card, packed)


class _Fitted(NamedTuple):
    sparse: NDArray[np.float64]
    dense: NDArray[np.float64]
    bias: NDArray[np.float64]


class _Data:
    """Hold the features of the examples: (n, BUCKETS) sparse and (n, width) dense, and what the base says."""

    def __init__(self, examples: Sequence[Example], base: Scorer, encoder: Encoder | None) -> None:
        from scipy import sparse  # noqa: PLC0415 - of the extra

        tasks = [one.task for one in examples]
        results = base.score(tasks)
        featuriser = Featuriser()
        made = [featuriser.features(task, result) for task, result in zip(tasks, results, strict=True)]
        rows: list[tuple[float, ...]] = [one.numbers for one in made]
        if encoder is not None:
            scaled = [tuple(_EMBEDDING_SCALE * value for value in encoder.embed(one.text)) for one in made]
            rows = [(*row, *more) for row, more in zip(rows, scaled, strict=True)]
        ends = np.cumsum([0, *(len(one.buckets) for one in made)])
        places = np.fromiter((bucket for one in made for bucket in one.buckets), dtype=np.int64, count=int(ends[-1]))
        values = np.concatenate([np.full(len(one.buckets), 1 / max(1.0, len(one.buckets) ** 0.5)) for one in made])
        self.sparse = sparse.csr_matrix((values, places, ends), shape=(len(made), BUCKETS))
        self.dense = np.asarray(rows, dtype=np.float64)
        self.n_numbers = len(made[0].numbers)
        self.labels = np.asarray([CLASSES.index(one.label) for one in examples])
        words = [result.label.word for result in results]
        self.base = np.asarray([CLASSES.index(word) if word in CLASSES else 1 for word in words])
        self.languages = np.asarray([task.language for task in tasks])


def _fit(data: _Data, rows: NDArray[np.int64]) -> _Fitted:
    """Return the weights learned from some rows; buckets that do not occur in them have none."""
    from scipy import sparse  # noqa: PLC0415 - of the extra
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - of the extra

    chosen = data.sparse[rows]
    used = np.unique(chosen.indices)
    together = sparse.hstack([chosen[:, used], sparse.csr_matrix(data.dense[rows])], format="csr")
    model = LogisticRegression(C=_STRENGTH, class_weight="balanced", max_iter=_MOST_STEPS, tol=1e-3)
    model.fit(together, data.labels[rows])
    weights, bias = _three_rows(model)
    whole = np.zeros((BUCKETS, len(CLASSES)))
    whole[used] = weights[:, : len(used)].T
    dense = weights[:, len(used) :].copy()
    dense[:, data.n_numbers :] *= _EMBEDDING_SCALE
    return _Fitted(whole, dense, bias)


def _three_rows(model: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return weights and biases with a row a class, also where a class never occurred."""
    weights, bias = np.asarray(model.coef_), np.asarray(model.intercept_)
    if len(weights) == 1:  # of two classes the second one's
        weights, bias = np.vstack([-weights, weights]) / 2, np.concatenate([-bias, bias]) / 2
    whole = np.zeros((len(CLASSES), weights.shape[1]))
    biases = np.full(len(CLASSES), -30.0)
    whole[model.classes_] = weights
    biases[model.classes_] = bias
    return whole, biases


def _answers(fitted: _Fitted, data: _Data, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    dense = data.dense[rows].copy()
    dense[:, data.n_numbers :] /= _EMBEDDING_SCALE
    raised = data.sparse[rows] @ fitted.sparse + dense @ fitted.dense.T + fitted.bias
    return np.asarray(np.asarray(raised).argmax(axis=1), dtype=np.int64)


def _judged(data: _Data) -> tuple[dict[str, LanguageCard], LanguageCard]:
    """Return how the model does in each language with enough labels, and over those where it is likely better.

    Where it is in none, the total is over all texts.
    """
    rounds = [_cross_validated(data, seed) for seed in range(_repeats(len(data.labels)))]
    by_language = {}
    for language, count in sorted(Counter(data.languages.tolist()).items()):
        if count >= FEWEST_OF_LANGUAGE:
            by_language[language] = _card(data, rounds, np.flatnonzero(data.languages == language), _LIKELY)
    candidates = [language for language, card in by_language.items() if card.is_used]
    rows = np.flatnonzero(np.isin(data.languages, candidates or np.unique(data.languages)))
    return by_language, _card(data, rounds, rows, _SURELY)


def _cross_validated(data: _Data, seed: int) -> NDArray[np.int64]:
    """Return for each text the answer of a model that has not seen it."""
    folds = _folds(data.labels, seed)
    answers = np.empty(len(data.labels), dtype=np.int64)
    for fold in range(FOLDS):
        held = np.flatnonzero(folds == fold)
        fitted = _fit(data, np.flatnonzero(folds != fold))
        answers[held] = _answers(fitted, data, held)
    return answers


def _folds(labels: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    """Return a fold for each text; each has about the same share of every label."""
    draw = random.Random(_SEED + seed)  # noqa: S311 - no secret
    folds = np.empty(len(labels), dtype=np.int64)
    dealt = 0
    for label in range(len(CLASSES)):
        places = np.flatnonzero(labels == label).tolist()
        draw.shuffle(places)
        for place in places:
            folds[place] = dealt % FOLDS
            dealt += 1
    return folds


def _card(data: _Data, rounds: Sequence[NDArray[np.int64]], rows: NDArray[np.int64], lowest_at: float) -> LanguageCard:
    """Return how the answers of the rounds compare with the base on some rows.

    `lowest_at` is the percentile of the resampled gain that must be above zero.
    """
    labels, base = data.labels[rows], data.base[rows]
    answers = [one[rows] for one in rounds]
    n_resamples = max(_FEWEST_RESAMPLES, min(_RESAMPLES, _MOST_WEIGHTS // len(rows)))
    weights = np.random.default_rng(_SEED).multinomial(len(rows), np.full(len(rows), 1 / len(rows)), size=n_resamples)
    every = np.vstack([np.ones(len(rows)), weights])
    own = np.mean([_macro_f1(labels, one, every) for one in answers], axis=0)
    dealt = np.mean([_chance(labels, one, every) for one in answers], axis=0)
    theirs = _macro_f1(labels, base, every)
    gains, above = own - theirs, own - dealt
    lowest, least = float(np.percentile(gains[1:], lowest_at)), _interval(above[1:])[0]
    reason = None
    if lowest <= 0:
        word = "sure" if lowest_at == _SURELY else "likely"
        reason = f"the gain over the base is not {word} ({100 * gains[0]:+.1f} points, from {100 * lowest:+.1f})"
    elif least <= 0:
        reason = "the model is not surely better than chance"
    return LanguageCard(
        n=len(rows),
        macro_f1=round(float(own[0]), 4),
        macro_f1_interval=_interval(own[1:]),
        base_macro_f1=round(float(theirs[0]), 4),
        gain=round(float(gains[0]), 4),
        gain_interval=_interval(gains[1:]),
        chance=round(float(dealt[0]), 4),
        is_used=reason is None,
        reason=reason,
    )


def _macro_f1(labels: NDArray[np.int64], answers: NDArray[np.int64], weights: NDArray[Any]) -> NDArray[np.float64]:
    """Return macro-F1 under each row of weights, over the classes of `CLASSES`."""
    total = np.zeros(len(weights))
    for label in range(len(CLASSES)):
        right = weights @ ((labels == label) & (answers == label))
        either = weights @ ((labels == label).astype(float) + (answers == label))
        total += np.divide(2 * right, either, out=np.zeros(len(weights)), where=either > 0)
    return total / len(CLASSES)


def _chance(labels: NDArray[np.int64], answers: NDArray[np.int64], weights: NDArray[Any]) -> NDArray[np.float64]:
    """Return what macro-F1 would be expected of as many answers of each class, dealt out at random."""
    n = weights.sum(axis=1)
    total = np.zeros(len(weights))
    for label in range(len(CLASSES)):
        are, said = weights @ (labels == label), weights @ (answers == label)
        total += np.divide(2 * are * said, n * (are + said), out=np.zeros(len(weights)), where=are + said > 0)
    return total / len(CLASSES)


def _interval(values: NDArray[np.float64]) -> tuple[float, float]:
    low, high = np.percentile(values, [2.5, 97.5])
    return round(float(low), 4), round(float(high), 4)


def _repeats(n: int) -> int:
    return REPEATS if n < _MANY else 1


def _different(examples: Sequence[Example]) -> list[Example]:
    """Return the examples whose words differ, the first of each; a text on both sides of a fold would be known."""
    seen: dict[str, Example] = {}
    for one in examples:
        seen.setdefault(wording_of(one.task), one)
    return list(seen.values())


def _shortage(classes: Counter[str]) -> str | None:
    """Return what is missing to learn from, if anything."""
    n = classes.total()
    if n < FEWEST:
        return f"{n} different labelled {'text' if n == 1 else 'texts'}; a model needs {FEWEST}"
    enough = [name for name in CLASSES if classes[name] >= _FEWEST_OF_CLASS]
    if len(enough) < 2:  # noqa: PLR2004 - one class is no choice
        return f"nearly all labels say {enough[0]}; a model needs {_FEWEST_OF_CLASS} of two kinds at least"
    return None


def _empty_card(
    classes: Mapping[str, int], base: Scorer, encoder: Encoder | None, trained_on: str, reason: str
) -> Card:
    return Card(
        n=sum(classes.values()),
        classes={name: classes.get(name, 0) for name in CLASSES},
        by_language={},
        total=None,
        languages=(),
        base=base.version,
        encoder=_named(encoder),
        options={},
        trained_on=trained_on,
        reason=reason,
    )


def _named(encoder: Encoder | None) -> str | None:
    return None if encoder is None else f"{encoder.name} {encoder.version}"


def _require_scikit_learn() -> None:
    if find_spec("sklearn") is None:
        msg = "training needs scikit-learn, which is not installed; pip install 'social-listener[train]'"
        raise UsageError(msg)
