"""Cut a text that names its brand once into words in one go: those about the brand, and those before and behind.

That is what `sentiment.scope` cuts out too, as texts of which the words are still to be
found. Most texts name one brand, once, and need no more than this.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sentiment.reading import is_between_words
from sentiment.scope import moved
from sentiment.sentences import LOSING_TOKENS, WINDOW, clause_at, loses, sentence_at, sentence_ends, window_at
from sentiment.target import MASK, masked

if TYPE_CHECKING:
    from sentiment.scope import Places

__all__ = ["Passage", "passage_of"]


class Passage(NamedTuple):
    """Hold the words of a text, parted at white space: tokens[begin:end] are those about the brand.

    The name is masked in them by `sign`; `text` is as it was given, but for names of other brands,
    `own` where the name stands in it and `bounds` where its sentence or clause does.
    """

    tokens: list[str]
    begin: int
    end: int
    text: str
    own: tuple[int, int]
    bounds: tuple[int, int]
    sign: str

    def masked(self) -> tuple[str, int, int]:
        """Return the text with the name masked, and from where to where it is about the brand."""
        first, last, _ = window_at(self.text, *self.bounds, self.own)
        return masked(self.text, [self.own], 0, len(self.text), self.sign), *moved([self.own], first, last)


def passage_of(places: Places, sign: str) -> Passage | None:
    """Return a text as words, with `sign` for the name; None of one that is not that simple.

    So are those with the name more than once, comparisons that the brand loses, and sentences
    and clauses that end within what stands between spaces.
    """
    text, names, own = places
    if len(own) != 1 or own[0] not in names or not (text.isascii() or MASK not in text):
        return None
    ((start, end),) = own
    ends = sentence_ends(text)
    first, last = sentence_at(ends, start, end, len(text)) if ends else (0, len(text))
    if len(names) > 1:
        others = [name for name in names if name != own[0]]
        first, last = clause_at(text, (first, last), (start, end), others)
        if any([len(text[slice(*name)].split()) > 1 for name in others]):  # noqa: C419 - a generator costs more
            return None  # masked, it is one word where it was several
    before = text[first:start]
    head = before.split()
    if loses(head[-LOSING_TOKENS:], before):
        return None
    if len(names) > 1:
        text, (first, last), (start, end) = (
            masked(text, names, 0, len(text), sign), moved(names, first, last), moved(names, start, end),
        )  # fmt: skip
        head = text[first:start].split()
    is_part = first > 0 or last < len(text)
    if is_part and not (is_between_words(text, first) and is_between_words(text, last)):
        return None
    tokens = [*text[:first].split(), *head] if first else head
    begin = len(tokens) - min(len(head), WINDOW)
    tail = text[end:last].split()
    following = min(len(tail), WINDOW)
    token = sign
    if start > first and not text[start - 1].isspace():
        token = tokens.pop() + token
    if end < last and not text[end].isspace():
        token += tail.pop(0)
        following -= 1
    tokens.append(token)
    near_end = len(tokens) + following
    tokens += tail
    if last < len(text):
        tokens += text[last:].split()
    return Passage(tokens, begin, near_end, text, (start, end), (first, last), sign)
