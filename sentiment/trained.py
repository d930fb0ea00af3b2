"""Let a model trained on a brand's own labels overrule the base scorer, where it has proved to be better.

The model is asked for the mentions of its brand in the languages that it is for;
everything else, and a text in which it knows nothing, stays with the base.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from listener.api import Label, Sentiment
from listener.errors import PluginError
from sentiment.features import Featuriser

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from listener.api import Scorer, ScoringTask
    from sentiment.encoders import Encoder
    from sentiment.model import Model

__all__ = ["TRAINED", "TrainedScorer"]

TRAINED: Final = "trained"
_LABELS: Final = (Label.NEGATIVE, Label.NEUTRAL, Label.POSITIVE)
_DECIMALS: Final = 4


class TrainedScorer:
    """Score with the model of a brand, or with the base scorer (see `listener.api.Scorer`).

    `models` are by brand. `encoders` are by the name that a model gives. A score
    is the chance of positive less the chance of negative, its label the class
    with the best chance, its confidence that chance. Raises PluginError where a
    model needs an encoder that is not there.
    """

    def __init__(
        self, base: Scorer, models: Mapping[str, Model], encoders: Mapping[str, Encoder] | None = None
    ) -> None:
        self.name = base.name
        self._base = base
        self._models = dict(models)
        self._encoders = dict(encoders or {})
        missing = {one.encoder for one in models.values() if one.encoder} - set(self._encoders)
        if missing:
            msg = f"a trained model needs the encoder {', '.join(sorted(map(str, missing)))}"
            raise PluginError(msg)
        self._featuriser = Featuriser()
        own = " ".join(f"{TRAINED}-{brand}-{model.version}" for brand, model in sorted(models.items()))
        self.version = f"{base.version} {own}".rstrip()

    def supports(self, language: str) -> bool:
        """Say whether texts of this language can be scored, be it for one brand only."""
        return self._base.supports(language) or any(language in model.languages for model in self._models.values())

    def score(self, tasks: Sequence[ScoringTask]) -> Sequence[Sentiment]:
        """Return (n_tasks,) sentiments in input order."""
        return [self._overruled(task, base) for task, base in zip(tasks, self._base.score(tasks), strict=True)]

    def _overruled(self, task: ScoringTask, base: Sentiment) -> Sentiment:
        model = self._models.get(task.brand or "")
        if model is None or task.language not in model.languages or base.reason == "empty":
            return base
        features = self._featuriser.features(task, base)
        if not base.evidence and not model.knows(features):
            return base
        embedding: Sequence[float] = ()
        if model.encoder is not None:
            embedding = self._encoders[model.encoder].embed(features.text)
        chances = model.chances(features, embedding)
        best = max(range(len(chances)), key=chances.__getitem__)
        return Sentiment(
            score=round(chances[2] - chances[0], _DECIMALS),
            label=_LABELS[best],
            language=task.language,
            scorer=TRAINED,
            version=f"{model.version}+{base.scorer}-{base.version}",
            evidence=max(1, base.evidence),
            confidence=round(chances[best], _DECIMALS),
            whole_text_score=base.whole_text_score,
        )
