"""Find emoji, and say what they are worth where their names mislead.

VADER reads an emoji as the words of its name: a broken heart is a heart, a pensive
face feels well, and an angry one is called pouting and says nothing. What is listed here is an
own estimate of how each is used, on VADER's scale; of the others the names count.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["EMOJI_LOOKS", "EMOJI_VALENCES", "coarse_class"]

EMOJI_LOOKS: Final = "\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff\ufe0f"
"""Tones of skin and the selector of the coloured form: they say how an emoji looks, and mean nothing."""

EMOJI_VALENCES: Final[Mapping[str, float]] = {
    emoji: valence
    for valence, some in (
        (2.6, "\U0001f970\U0001f929\U0001f496"),
        (2.4, "\u2764\U0001f60d\U0001f973"),
        (
            2.0,
            "\U0001f44d\U0001f44f\U0001f64c\U0001f60a\U0001f389\U0001f495\U0001f497\U0001f498\U0001f49c\U0001f499\U0001f49a",
        ),
        (1.6, "\U0001f44c\U0001f4af\U0001f31f\U0001f60b"),
        (1.2, "\U0001f525\U0001f4aa\u2b50\U0001f609"),
        (-1.2, "\U0001f611\U0001f625\U0001f615\U0001f641"),
        (-1.6, "\U0001f644\U0001f612\U0001f624\U0001f926\U0001f614\U0001f616\U0001f623\U0001f61e"),
        (-2.0, "\U0001f44e\U0001f4a9\U0001f921\U0001f494\U0001f629\U0001f62b"),
        (-2.4, "\U0001f621\U0001f620\U0001f922\U0001f595"),
        (-2.8, "\U0001f92c\U0001f92e"),
    )
    for emoji in some
}
"""Single code points; a selector or a tone of skin behind one changes nothing."""


def coarse_class(characters: Iterable[str]) -> str:
    """Return a character class that holds at least `characters` (single code points), in few ranges.

    One class of all their ranges is slow: the matcher tries literals above the
    basic plane one by one, so near ones are merged and the dictionary decides.
    """
    ranges: list[list[int]] = []
    for code in sorted(ord(key) for key in characters if len(key) == 1):
        nearby = 0x80 if code < 0x10000 else 0x10000  # noqa: PLR2004 - the end of the basic plane
        if ranges and code - ranges[-1][1] < nearby:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    return "[" + "".join(f"{chr(first)}-{chr(final)}" for first, final in ranges) + "]" if ranges else r"(?!)"
