"""Make up words and names that stand in no dictionary, the same with each seed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import random

SYLLABLES: Final = [
    "ka",
    "lo",
    "mi",
    "ra",
    "ten",
    "vo",
    "su",
    "bri",
    "dal",
    "fe",
    "gor",
    "hin",
    "jax",
    "kel",
    "lum",
    "nor",
    "pax",
    "ri",
    "sta",
    "tro",
    "une",
    "vel",
    "wen",
    "yor",
    "zim",
]


def word(dice: random.Random, syllables: int) -> str:
    """Return a made-up word of so many syllables."""
    return "".join(dice.choices(SYLLABLES, k=syllables))
