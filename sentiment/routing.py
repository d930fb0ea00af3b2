"""Send each text to the scorer of its language, and leave alone what nobody can score."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from listener.api import Sentiment
from listener.errors import ListenerError, PluginError
from sentiment.lexical import NEGATIVE_AT, POSITIVE_AT, LexicalScorer
from sentiment.scope import whole_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from listener.api import Scorer, ScoringTask

__all__ = ["Router"]

_MOST_SAID: Final = 200
"""Characters of what a scorer says when it fails: it may quote a whole text."""


class Router:
    """Score texts of many languages (see `listener.api.Scorer`).

    `routes` gives the scorer of each language (BCP 47 tag), None where nobody is to
    score it; `default` takes the languages that are not in it. A lexical score at or
    past `positive_at` is positive, at or below `negative_at` negative; scorers
    that judge classes label their results themselves. An empty
    text is unscored with reason ``empty``, a language without a route with
    ``unsupported_language``. Raises PluginError where a scorer fails, or does not answer
    each task.
    """

    name = "router"

    def __init__(
        self,
        routes: Mapping[str, Scorer | None],
        *,
        default: Scorer | None = None,
        positive_at: float = POSITIVE_AT,
        negative_at: float = NEGATIVE_AT,
    ) -> None:
        self._default = default
        self._routes: dict[str, Scorer | None] = {
            language: scorer.with_cuts(positive_at, negative_at) if isinstance(scorer, LexicalScorer) else scorer
            for language, scorer in routes.items()
        }
        self.version = self._combined_version()

    def supports(self, language: str) -> bool:
        """Say whether texts of this language can be scored."""
        scorer = self.scorer_of(language)
        return scorer is not None and scorer.supports(language)

    def scorer_of(self, language: str) -> Scorer | None:
        """Return what scores a language, None where nobody does."""
        return self._routes.get(language, self._default)

    @property
    def routes(self) -> Mapping[str, Scorer | None]:
        """Return the scorer of each language that has one of its own."""
        return self._routes

    @property
    def default(self) -> Scorer | None:
        """Return what scores the other languages, None where nobody does."""
        return self._default

    def score(self, tasks: Sequence[ScoringTask]) -> Sequence[Sentiment]:
        """Return (n_tasks,) sentiments in input order; each scorer is called once."""
        results: list[Sentiment | None] = [None] * len(tasks)
        waiting: dict[int, tuple[Scorer, list[int]]] = {}
        for place, task in enumerate(tasks):
            scorer = self._routes.get(task.language, self._default)
            if (not task.text or task.text.isspace()) and not whole_text(task).strip():
                results[place] = Sentiment.unscored(task.language, "empty")
            elif scorer is None:
                results[place] = Sentiment.unscored(task.language, "unsupported_language")
            else:
                waiting.setdefault(id(scorer), (scorer, []))[1].append(place)
        for scorer, places in waiting.values():
            answers = _asked(scorer, [tasks[place] for place in places])
            if len(answers) != len(places):
                msg = f"scorer {scorer.name}: {len(places)} tasks gave {len(answers)} results"
                raise PluginError(msg)
            if not isinstance(scorer, LexicalScorer):  # those are ours, and score most of all texts
                _refuse_contradictions(scorer, answers)
            for place, answer in zip(places, answers, strict=True):
                results[place] = answer
        return [result for result in results if result is not None]

    def _combined_version(self) -> str:
        """Return the scorers with their versions, and a digest of which language each one serves."""
        served = {**self._routes, "*": self._default}
        routes = sorted((language, one.name, one.version) for language, one in served.items() if one is not None)
        parts = sorted({f"{name}-{version}" for _, name, version in routes})
        digest = hashlib.sha256(repr(routes).encode()).hexdigest()[:8]
        return " ".join([*parts, f"#{digest}"])


def _refuse_contradictions(scorer: Scorer, answers: Sequence[Sentiment]) -> None:
    """Raise PluginError where a scorer says what contradicts itself: any of it would stand in counts and means."""
    for answer in answers:
        problem = answer.problem() if isinstance(answer, Sentiment) else f"is a {type(answer).__name__}"
        if problem is not None:
            msg = f"scorer {scorer.name}: a result {problem}; mend it, or choose another one"
            raise PluginError(msg)


def _asked(scorer: Scorer, tasks: Sequence[ScoringTask]) -> Sequence[Sentiment]:
    """Return what a scorer says of tasks; an error that is none of the program's own names it."""
    try:
        return scorer.score(tasks)
    except ListenerError:
        raise
    except Exception as error:
        said = " ".join(str(error).split())[:_MOST_SAID]
        msg = f"scorer {scorer.name} failed ({type(error).__name__}: {said}); mend it, or choose another one"
        raise PluginError(msg) from error
