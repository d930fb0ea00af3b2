"""Find emoji, and say what they are worth.

VADER reads an emoji as the words of its name: a broken heart is a heart, a pensive face feels well, an angry one is
called pouting and says nothing, a blue diamond before an item of a list is a treasure, and an alarm clock a fault. What is
listed here is an own estimate of how each is used, on VADER's scale; the others are worth nothing, also those that
laugh: people laugh about a brand as often as with it.
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
        (2.6, "\U0001f496\U0001f929\U0001f970"),
        (
            2.4,
            (
                "\u2665\u2763\u2764\U0001f493\U0001f49b\U0001f49d\U0001f49e\U0001f49f\U0001f5a4\U0001f60d\U0001f63b"
                "\U0001f90d\U0001f90e\U0001f973\U0001f9e1"
            ),
        ),
        (
            2.0,
            (
                "\u263a\U0001f389\U0001f38a\U0001f44d\U0001f44f\U0001f48c\U0001f495\U0001f497\U0001f498\U0001f499"
                "\U0001f49a\U0001f49c\U0001f604\U0001f60a\U0001f617\U0001f618\U0001f619\U0001f61a\U0001f638\U0001f63d"
                "\U0001f64c\U0001f917\U0001f947\U0001fa75\U0001fa76\U0001fa77\U0001faf6"
            ),
        ),
        (
            1.6,
            (
                "\u270c\u2728\U0001f31f\U0001f396\U0001f3c5\U0001f3c6\U0001f44c\U0001f451\U0001f48b\U0001f48f\U0001f491"
                "\U0001f4af\U0001f601\U0001f603\U0001f607\U0001f60b\U0001f60e\U0001f63a\U0001f918\U0001f919\U0001f91d"
                "\U0001f91f\U0001f948\U0001f949"
            ),
        ),
        (
            1.2,
            (
                "\u2600\u2b50\U0001f192\U0001f339\U0001f33a\U0001f483\U0001f490\U0001f4aa\U0001f51d\U0001f525\U0001f600"
                "\U0001f60c\U0001f642\U0001f979"
            ),
        ),
        (
            -1.2,
            (
                "\U0001f4a2\U0001f610\U0001f611\U0001f615\U0001f61f\U0001f625\U0001f626\U0001f627\U0001f628\U0001f62d"
                "\U0001f630\U0001f641\U0001f645\U0001f64d"
            ),
        ),
        (
            -1.6,
            (
                "\u2639\U0001f612\U0001f614\U0001f616\U0001f61e\U0001f622\U0001f623\U0001f624\U0001f62a\U0001f63f"
                "\U0001f644\U0001f925\U0001f926"
            ),
        ),
        (-2.0, "\U0001f44e\U0001f494\U0001f4a9\U0001f629\U0001f62b\U0001f921"),
        (-2.4, "\U0001f47f\U0001f595\U0001f620\U0001f621\U0001f922"),
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
