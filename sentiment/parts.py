"""Say which English words count in what is said about a target, other than VADER does.

VADER asks whether a text feels good. Towards a brand that is too much: who wishes,
hopes, plays or prays is not praising it, and who calls it slow uses a word that
VADER does not list. So the part of a text about a target is read with VADER's
lexicon changed: words for faults and merits of things and services come in, words
that judge nothing and those too faintly positive to tell go out. The scores of whole
texts stay those of VADER. All words are an own list; valences are on VADER's scale.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from sentiment.target import MASK

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["part_lexicon", "without_comparing_like"]

_LEAST_PRAISE: Final = 1.2
"""Positive words of VADER's below this ("sentence", "matter", "swears") describe more than they praise."""

_VALENCES: Final[Mapping[str, float]] = {
    word: valence
    for valence, words in (
        (2.4, "flavorful flavourful mouthwatering must-have"),
        (1.9, "prefer outperforms outclasses beats preferable"),
        (
            1.6,
            """fast quick quickly speedy lightweight sturdy durable quiet affordable sleek crisp intuitive portable attentive
            cozy reasonable reasonably tender tasty inexpensive well-made roomy compact""",
        ),
        (1.5, "faster cheaper lighter quieter simpler smoother sturdier preferred"),
        (-1.5, "slower pricier heavier louder buggier clunkier flimsier costlier"),
        (
            -1.6,
            """slow slowly slowed laggy loud bulky heavy pricey overpriced bland soggy stale mediocre overrated cramped
            unresponsive flimsy outdated inattentive overcooked undercooked greasy dusty smeary scratches scratched
            leaking leaks cheaply""",
        ),
        (
            -2.0,
            """overheats overheating overheated crashes crashed crashing froze frozen unusable unreliable glitchy buggy
            breaks malfunction malfunctioned malfunctioning refund inedible tasteless flavorless bug bugs""",
        ),
    )
    for word in words.split()
}
"""Faults and merits, and what comparisons between brands need; VADER's own value goes before."""

_KEPT: Final = """
    well worth solid recommended recommends top fine smooth smoothly stable safe safely steady warm easier improved
    improvement improve improves improving upgrade worthwhile adequate sufficient satisfactory functional decent ease
    eases
"""
"""Faint, yet praise of a thing."""

_NO_PRAISE: Final = """
    please help helps helping play playing played plays sure yes yeah yep ok okay want wants wanted number hand share
    shared sharing party friend friends exclusive special join invite free win chance importance important interest
    interested hope hopes hoping hoped wish wished peace award awards awarded prize prizes honor honors honored united
    security god lord heaven merry dear true truth original popular natural dreams promise promised promises care cares
    agree ready saved justice faith alive
"""
"""Requests, answers, activities, wishes, greetings and topics of the news."""

_COMPARING_LIKE: Final = re.compile(
    r"""(?:(?:^|(?<=\s))
    ((?!(?:i|you|u|we|they|ya|people|who|would|to|do|don't|dont|doesn't|didn't|does|did|really|also|not|never|i'd|still
    |n't|kinda|actually|all|guys|girls|fans|and|just)\s)\S+\s+)|^\W*)like\b""",
    re.IGNORECASE | re.VERBOSE,
)
""""Looks like", "something like", "a day like this": the commonest false praise of a brand."""


def part_lexicon(lexicon: Mapping[str, float]) -> dict[str, float]:
    """Return VADER's `lexicon` as it counts in the part of a text about a target."""
    left_out, faint_praise = set(_NO_PRAISE.split()), set(_KEPT.split())
    kept = {
        word: valence
        for word, valence in lexicon.items()
        if word not in left_out
        and (valence < 0 or valence >= _LEAST_PRAISE or word in faint_praise or not word.isalpha())
    }
    return {**_VALENCES, **kept}


def without_comparing_like(text: str) -> str:
    """Return `text` without "like" where it can be no verb."""
    return _COMPARING_LIKE.sub(_masked_like, text) if "like" in text.lower() else text


def _masked_like(found: re.Match[str]) -> str:
    return f"{found[1] or ''}{MASK}"
