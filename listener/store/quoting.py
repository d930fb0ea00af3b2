"""Say whether a report quotes something that is being erased (pure).

A report quotes a text where it holds sixteen letters of it in a row, all of a
short text, a word of it that no mention says any more, the address, or the name
of an author of whom nothing of its time is left. Signs, spaces, case, line breaks and the tags
of HTML do not count. To err on the side of "it does" costs an old report, to err on
the other leaves what was to be erased.
"""

from __future__ import annotations

import html
import re
import unicodedata
from typing import TYPE_CHECKING, Final

from listener.frozen import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["Gone", "Report", "blank"]

_PROBE: Final = 16
"""Letters in a row that are a quotation; an excerpt of twice as many holds one that begins at a multiple of it."""
_SHORTEST: Final = 4
_WORD: Final = re.compile(r"[^\W_]+")
_TAG: Final = re.compile(r"<[^>]*>")


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """Hold what is being erased of one mention: its texts, its addresses, its author's number and names.

    Of one that `is_edited` nobody knows any more what it said before; where it `is_linked`, its address tells what quotes it.
    """

    published_at: int
    texts: tuple[str, ...]
    addresses: tuple[str, ...]
    author: int | None = None
    names: tuple[str, ...] = ()
    is_edited: bool = False
    is_linked: bool = True

    def words(self) -> set[str]:
        """Return the words of its texts, as `Report` holds them."""
        return {word for text in self.texts for word in _words(text)}


class Report:
    """Hold a stored report in the forms in which quotations are looked for."""

    def __init__(self, *parts: str | None) -> None:
        """Take the parts of a report, plain or HTML; None is no part."""
        plain = [html.unescape(_TAG.sub(" ", part)) for part in parts if part]
        whole = [html.unescape(_TAG.sub("", part)) for part in parts if part]
        self._letters = " ".join(_letters(part) for part in (*plain, *whole))
        self.words = {word for part in (*plain, *whole) for word in _words(part)}
        self._in_order = f" {' '.join(word for part in plain for word in _in_order(part))} "

    def quotes(self, gone: Gone) -> bool:
        """Say whether a text or an address of a mention is in the report."""
        return any(probe in self._letters for text in gone.texts for probe in _probes(_letters(text))) or any(
            _letters(address) in self._letters for address in gone.addresses if _letters(address)
        )

    def names(self, name: str) -> bool:
        """Say whether an author's name is in the report."""
        words = _in_order(name)
        return bool(words) and f" {' '.join(words)} " in self._in_order


def blank(text: str, is_gone: Callable[[str], bool]) -> str:
    """Return a text with an ellipsis in the place of every word that is gone."""
    return _WORD.sub(lambda found: "…" if is_gone(_folded(found[0])) else found[0], text)


def _probes(letters: str) -> Iterable[str]:
    if len(letters) < _PROBE:
        return (letters,) if len(letters) >= _SHORTEST else ()
    return {letters[start : start + _PROBE] for start in range(0, len(letters) - _PROBE + 1, _PROBE)}


def _letters(text: str) -> str:
    return "".join(_in_order(text))


def _words(text: str) -> set[str]:
    """Return the words of a text that are not numbers."""
    return {word for word in _in_order(text) if not word.isdecimal()}


def _in_order(text: str) -> list[str]:
    return _WORD.findall(_folded(text))


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()
