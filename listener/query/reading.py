"""Read a mention for the evaluator: folded once, whatever is asked of it."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from listener.query.characters import EXTEND, KINDS, UNSPACED, WORD
from listener.query.terms import entity_key
from listener.query.text import Folded, fold_with_origins

if TYPE_CHECKING:
    from collections.abc import Sequence

    from listener.mention import Mention

__all__ = ["FIELDS", "Reading"]

FIELDS: Final = ("title", "text")
"""The fields in which words are looked for, in reading order."""


class Reading:
    """Hold one mention, and what has been worked out about it so far.

    `language` is our own identification, None while it is not known.
    """

    __slots__ = ("_folded", "_hashtags", "_site", "_word_starts", "fields", "language", "mention")

    def __init__(self, mention: Mention, language: str | None = None) -> None:
        self.mention = mention
        self.language = language
        self.fields = FIELDS if mention.title else FIELDS[1:]
        self._folded: dict[str, Folded] = {}
        self._word_starts: dict[str, list[int]] = {}
        self._hashtags: frozenset[str] | None = None
        self._site: tuple[str, str] | None = None

    def folded(self, field: str) -> Folded:
        """Return the folded text of ``title`` or ``text``."""
        known = self._folded.get(field)
        if known is None:
            known = fold_with_origins((self.mention.title or "") if field == "title" else self.mention.text)
            self._folded[field] = known
        return known

    def words_before(self, field: str, position: int) -> int:
        """Return how many words of a field begin before `position` (of the text as given)."""
        starts = self._word_starts.get(field)
        if starts is None:
            starts = _word_starts(self.folded(field))
            self._word_starts[field] = starts
        return bisect_left(starts, position)

    @property
    def hashtags(self) -> frozenset[str]:
        """Return the hashtags the service names, in comparable form."""
        if self._hashtags is None:
            self._hashtags = frozenset(entity_key(tag.lstrip("#\uff03")) for tag in self.mention.hashtags)
        return self._hashtags

    @property
    def site(self) -> tuple[str, str]:
        """Return host and path of the permalink, lower case, empty where there is none."""
        if self._site is None:
            try:
                parts = urlsplit(self.mention.url or "")
                self._site = ((parts.hostname or "").rstrip("."), parts.path.lower())
            except ValueError:
                self._site = ("", "")
        return self._site


def _word_starts(folded: Folded) -> list[int]:
    """Return where the words of a text begin, in code points of the text as given.

    A word is a run of letters, digits and marks, an apostrophe within included;
    in scripts without spaces every character counts as a word.
    """
    text = folded.text
    origins: Sequence[int] = folded.origins if folded.origins is not None else range(len(text))
    starts = []
    inside = False
    for index, character in enumerate(text):
        kind = KINDS[character]
        if kind & EXTEND or (character == "'" and inside):
            continue
        if kind & UNSPACED or (kind & WORD and not inside):
            starts.append(origins[index])
        inside = bool(kind & WORD)
    return starts
