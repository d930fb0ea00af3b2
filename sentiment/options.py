"""Declare the options of the `[sentiment]` table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from listener.api import option
from sentiment.lexical import NEGATIVE_AT, POSITIVE_AT

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["SentimentOptions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SentimentOptions:
    """Say how feelings are read and labelled."""

    positive_at: float = option(
        "A score from here up is positive; 0.05 is VADER's convention, 0.3 suits short posts better.",
        default=POSITIVE_AT,
        minimum=0.0,
        maximum=1.0,
    )
    negative_at: float = option(
        "A score from here down is negative; -0.05 is VADER's convention.",
        default=NEGATIVE_AT,
        minimum=-1.0,
        maximum=0.0,
    )
    languages: tuple[str, ...] = option(
        "Languages to score, as BCP 47 tags; empty: every language that has a scorer. Others stay unscored.",
        default=(),
        example=("en", "hi", "hi-Latn"),
    )
    scorers: Mapping[str, str] | None = option(
        "What scores each language, and by default the others: auto (the shipped scorer), none (unscored), vader, "
        "vader-exact, lexicon, symbols, onnx, llm, or the name of a plug-in.",
        default=None,
        example={"default": "auto", "hi": "lexicon", "th": "none"},
    )
    rulesets: tuple[str, ...] = option(
        "Words that mean something else for a brand, as Brand: phrase = valence; 0 takes a phrase out, -4 to 4 re-scores it.",
        default=(),
        example=("Acme: war zone = 0", "Acme: sick = 2.5"),
    )
