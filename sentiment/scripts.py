"""Tell the language of a text by its script, where the script tells it.

Unicode blocks (Unicode 16.0, Blocks.txt, read 2026-11-22). A script that one
plausible language writes decides alone; the others only narrow the choice.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["LATIN", "SCRIPT_LANGUAGES", "dominant_script"]

LATIN: Final = "Latn"

_BLOCKS: Final = (
    ("Taml", "\u0b80-\u0bff"),
    ("Guru", "\u0a00-\u0a7f"),
    ("Mlym", "\u0d00-\u0d7f"),
    ("Knda", "\u0c80-\u0cff"),
    ("Telu", "\u0c00-\u0c7f"),
    ("Beng", "\u0980-\u09ff"),
    ("Gujr", "\u0a80-\u0aff"),
    ("Orya", "\u0b00-\u0b7f"),
    ("Sinh", "\u0d80-\u0dff"),
    ("Deva", "\u0900-\u097f\ua8e0-\ua8ff"),
    ("Arab", "\u0620-\u06ff\u0750-\u077f\u08a0-\u08ff\ufb50-\ufdff\ufe70-\ufefc"),
    ("Kana", "\u3041-\u30fa\u30fc-\u30ff\u31f0-\u31ff\uff66-\uff9f"),  # the dot of lists and emoticons is no letter
    ("Hani", "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"),
    ("Hang", "\u1100-\u11ff\u3130-\u318f\uac00-\ud7af"),
    ("Thai", "\u0e00-\u0e7f"),
    ("Laoo", "\u0e80-\u0eff"),
    ("Mymr", "\u1000-\u109f"),
    ("Khmr", "\u1780-\u17ff"),
    ("Tibt", "\u0f00-\u0fff"),
    ("Geor", "\u10a0-\u10ff\u1c90-\u1cbf"),
    ("Armn", "\u0530-\u058f"),
    ("Hebr", "\u0590-\u05ff\ufb1d-\ufb4f"),
    ("Ethi", "\u1200-\u139f"),
    ("Grek", "\u0370-\u03ff\u1f00-\u1fff"),
    ("Cyrl", "\u0400-\u052f"),
)

SCRIPT_LANGUAGES: Final = {
    "Taml": ("ta",),
    "Guru": ("pa",),
    "Mlym": ("ml",),
    "Knda": ("kn",),
    "Telu": ("te",),
    "Beng": ("bn",),
    "Gujr": ("gu",),
    "Orya": ("or",),
    "Sinh": ("si",),
    "Deva": ("hi", "mr", "ne"),
    "Arab": ("ar", "ur", "fa"),
    "Kana": ("ja",),
    "Hani": ("zh",),
    "Hang": ("ko",),
    "Thai": ("th",),
    "Laoo": ("lo",),
    "Mymr": ("my",),
    "Khmr": ("km",),
    "Tibt": ("bo",),
    "Geor": ("ka",),
    "Armn": ("hy",),
    "Hebr": ("he",),
    "Ethi": ("am",),
    "Grek": ("el",),
    "Cyrl": ("ru", "uk", "bg", "sr", "kk"),
}
"""The languages a script may stand for, of those worth telling apart."""

_NOT_LATIN: Final = re.compile("[" + "".join(ranges for _, ranges in _BLOCKS) + "]")
_LATIN: Final = re.compile(r"[A-Za-z\u00aa\u00ba\u00c0-\u024f\u1e00-\u1eff]+")
_RUNS: Final = tuple((script, re.compile(f"[{ranges}]+")) for script, ranges in _BLOCKS)
_MOST_KEPT: Final = 1 << 14
_KANA_SHARE: Final = 0.05
"""Japanese mixes kana and Han; Chinese has no kana but in names."""
_WORTH: Final = {"Hani": 3, "Kana": 2, "Hang": 2}
"""So many letters of the Latin script say what one of these does: three ideographs about an iPhone are no English."""


_ENOUGH_NATIVE: Final = 3
"""So many letters beside a single Latin word are what is said of it."""
_SHARES: Final = frozenset({"RT", "MT"})
"""What stands before a text that is passed on."""


class _Scripts(dict[str, tuple[str, re.Pattern[str]]]):
    """Map letters that are not Latin to their script and the expression of a run of it; so many are remembered."""

    def __missing__(self, letter: str) -> tuple[str, re.Pattern[str]]:
        """Look at a letter that has not been met before."""
        found = next((script, run) for script, run in _RUNS if run.match(letter))
        if len(self) < _MOST_KEPT:
            self[letter] = found
        return found


_SCRIPTS: Final = _Scripts()


def dominant_script(text: str) -> str | None:
    """Return the ISO 15924 code of the script most of the letters are in; None without letters.

    A tie goes to the other script: Latin words are borrowed everywhere.
    """
    if text.isascii() or not _NOT_LATIN.search(text):
        return LATIN if _LATIN.search(text) else None
    counts: dict[str, int] = {}
    rest = text
    while letter := _NOT_LATIN.search(rest):  # once for most texts: they are of one other script
        script, run = _SCRIPTS[letter[0]]
        left = run.sub("", rest)
        counts[script] = len(rest) - len(left)
        rest = left
    script = max(counts, key=counts.__getitem__)
    kana = counts.get("Kana", 0)
    if script == "Hani" and kana > _KANA_SHARE * counts["Hani"]:
        script = "Kana"
    written = ("Kana", "Hani") if script == "Kana" else (script,)
    native = sum([counts.get(one, 0) * _WORTH.get(one, 1) for one in written])
    if sum(map(len, _LATIN.findall(rest))) <= native or _is_borrowed(text, native, script):
        return script
    return LATIN


def _is_borrowed(text: str, native: int, script: str) -> bool:
    """Say whether the Latin words are few beside those of another script, however long they are: a brand's name, say.

    What mixes both in one word, as some write for its looks, counts as Latin.
    """
    run = next(run for name, run in _RUNS if name == script)
    words = [word for word in text.split() if word not in _SHARES]
    latin = sum(_LATIN.search(word) is not None for word in words)
    if latin == 1:
        return native >= _ENOUGH_NATIVE
    return latin < sum(run.search(word) is not None and not _LATIN.search(word) for word in words)
