"""Say of which languages texts are told to be: a condition on any other one would hold for no mention."""

from __future__ import annotations

from typing import Final

from listener.errors import suggest

__all__ = ["TOLD", "unknown_language"]

TOLD: Final = (
    "am", "ar", "bg", "bn", "bo", "cs", "da", "de", "el", "en", "es", "fa", "fi", "fr", "gu", "he", "hi",
    "hi-Latn", "hu", "hy", "id", "it", "ja", "ka", "kk", "km", "kn", "kn-Latn", "ko", "lo", "ml", "ml-Latn",
    "mr", "ms", "my", "ne", "nl", "no", "or", "pa", "pl", "pt", "ro", "ru", "si", "sr", "sv", "ta", "ta-Latn",
    "te", "th", "tl", "tr", "uk", "und", "ur", "vi", "zh",
)  # fmt: skip
"""Every tag that a text can be identified as, as `sentiment` has them."""

_KNOWN: Final = {tag.lower(): tag for tag in TOLD}


def unknown_language(tag: str) -> str | None:
    """Return why no mention is of a language (BCP 47, in any case), None where some may be."""
    if tag.lower() in _KNOWN:
        return None
    near = _KNOWN.get(tag.lower().partition("-")[0])
    return f'no text is identified as "{tag}"; ' + (f'did you mean "{near}"?' if near else suggest(tag, TOLD))
