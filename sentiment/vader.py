"""Score English by VADER's rules: the same numbers as the package, in linear time.

The lexicon, the word lists and the rules are those of vaderSentiment 3.3.2
(C.J. Hutto, E.E. Gilbert: "VADER: A Parsimonious Rule-based Model for Sentiment
Analysis of Social Media Text", ICWSM 2014; MIT licence; read 2026-11-22). The
data stays in that package; the evaluation is our own. Every field equals that of
``SentimentIntensityAnalyzer.polarity_scores``, quirks included: a token is
looked up once and remembered, and only tokens that carry a value are weighed,
so that the time grows with the length of the text and not with its square.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from itertools import chain
from typing import TYPE_CHECKING, Final

from sentiment.emoji import EMOJI_LOOKS, EMOJI_VALENCES, coarse_class
from sentiment.english import english_lexicon, may_change, prepared, taken_out
from sentiment.lexical import LexicalScorer
from sentiment.memo import Memo
from sentiment.reading import NOTHING, is_between_words, summarise, weigh
from sentiment.rulesets import RESERVED_VALENCES, reserved_token
from sentiment.vader_valences import valences_of, weighty_places
from sentiment.vader_words import PLAIN, WordBook

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sentiment.passage import Passage
    from sentiment.reading import Reading, Weighed
    from sentiment.vader_words import Word

__all__ = ["EXACT", "VaderRules", "VaderScorer", "default_rules", "polarity_scores"]

_installed: Final = cache(version)
"""Looked up once a process: each time it searches the files of installed packages."""
RULES_VERSION: Final = 6
"""Raised whenever a change here changes a score."""

EXACT: Final = "vader-exact"
"""The scorer that gives the numbers of the package and no others."""

_MEMO_LIMIT: Final = 1 << 15
"""Remembered tokens; past it the memory is emptied, so that it stays under some 5 MB."""


class VaderRules:
    """Read texts by VADER's rules over one lexicon; safe to use from several threads.

    `lexicon` gives the valence of lower-case tokens, -4 to 4. `emoji` gives the
    words that an emoji (one code point) stands for. With `prepare` the reader is
    lenient, which VADER is not: it reads what `prepare` makes of a text, knows
    lengthened words and hears no feeling in a handle. `hints` then tells of a token
    whether `prepare` may change a text for it; a text without such tokens is not
    prepared, but for its apostrophes, which are straightened in any case. Of many tokens, and the
    places of those, `taken_out` tells which it takes out and does no more, None where it may.
    """

    def __init__(
        self,
        lexicon: Mapping[str, float],
        emoji: Mapping[str, str],
        *,
        prepare: Callable[[str], str] | None = None,
        hints: Callable[[str], bool] = lambda _: False,
        taken_out: Callable[[Sequence[str], Sequence[int]], Sequence[int] | None] = lambda _tokens, _hinted: None,
    ) -> None:
        self.lexicon = lexicon
        self.emoji = emoji
        self._prepare = prepare
        self._taken_out = taken_out
        self._loud = [character for character, name in emoji.items() if "!" in name or "?" in name]
        self._emoji_like = re.compile(coarse_class(emoji))
        book = WordBook(lexicon, hints)
        self._words = Memo(book.look_up if prepare is None else book.look_up_leniently, _MEMO_LIMIT)
        self._spellings = Memo(self._spell, _MEMO_LIMIT)
        self._spelled_words = Memo(self._words_of_token, _MEMO_LIMIT)

    def read(self, text: str) -> Reading:
        """Return how `text` reads."""
        text = self._spelled_out(text if self._prepare is None else self._prepare(text))
        words = self._words_of(text)
        return summarise(text, len(words), valences_of(text, words, weighty_places(words)))

    def weigh(self, text: str) -> Weighed:
        """Return compound and evidence of how `text` reads."""
        spelled = self._spelled_out(text)
        words = self._words_of(spelled)
        return self._weighed(text, spelled, words, weighty_places(words))

    def weigh_with_part(self, text: str, first: int, last: int) -> tuple[Weighed, Weighed]:
        """Return compound and evidence of how `text` reads, and of how text[first:last] does by itself.

        A part that begins and ends between words shares its words with the text: most of the work is to find them.
        """
        part = text[first:last]
        if not (is_between_words(text, first) and is_between_words(text, last)):
            return self.weigh(text), self.weigh(part)
        ahead, spelled, behind = text[:first], part, text[last:]
        whole = text
        if not text.isascii():
            ahead, spelled, behind = map(self._spelled_out, (ahead, part, behind))
            whole = f"{ahead} {spelled} {behind}"
        tokens, inner = ahead.split(), spelled.split()
        begin, end = len(tokens), len(tokens) + len(inner)
        tokens += inner
        tokens += behind.split()
        words = list(map(self._words.__getitem__, tokens))
        weighty = weighty_places(words)
        inside = [place - begin for place in weighty if begin <= place < end]
        return self._weighed(text, whole, words, weighty), self._weighed(part, spelled, words[begin:end], inside)

    def weigh_passage(self, passage: Passage) -> tuple[Weighed, Weighed]:
        """Return what `weigh_with_part` does of the text of a passage and the part about the brand."""
        tokens, begin, end, text, *_ = passage
        is_ascii = text.isascii()
        if is_ascii:
            words = list(map(self._words.__getitem__, tokens))
            inner = words[begin:end]
        else:
            spelled = list(map(self._spelled_words.__getitem__, tokens))
            words = list(chain.from_iterable(spelled))
            inner = list(chain.from_iterable(spelled[begin:end]))
        weighty = weighty_places(words)
        if not weighty:
            return NOTHING, NOTHING
        near = tokens[begin:end]
        if self._prepare is not None and True in [words[place].hints for place in weighty]:
            left, left_inside = self._left(tokens, words, is_ascii=is_ascii), self._left(near, inner, is_ascii=is_ascii)
            if left is None or left_inside is None:
                return self.weigh_with_part(*passage.masked())
            words, inner = left, left_inside
            weighty = weighty_places(words)
        whole = self._weighed_as_said(tokens, words, weighty)
        if len(near) == len(tokens):
            return whole, whole
        return whole, self._weighed_as_said(near, inner, weighty_places(inner))

    def _left(self, tokens: Sequence[str], words: list[Word], *, is_ascii: bool) -> list[Word] | None:
        """Return what is left of the words of tokens once they are prepared, None where more would be done to them."""
        if is_ascii:
            hinted = [place for place, word in enumerate(words) if word.hints]
        else:
            spelled = [self._spelled_words[token] for token in tokens]
            hinted = [place for place, parts in enumerate(spelled) if any(word.hints for word in parts)]
        taken = self._taken_out(tokens, hinted)
        if not taken:
            return None if taken is None else words
        left = words.copy()
        for place in taken:
            left[place if is_ascii else sum(map(len, spelled[:place]))] = PLAIN
        return left

    def _weighed_as_said(self, tokens: Sequence[str], words: Sequence[Word], weighty: Sequence[int]) -> Weighed:
        """Return compound and evidence of tokens that need no preparing, given their words, and which of them matter."""
        if not weighty:
            return NOTHING
        text = " ".join(tokens)
        if not text.isascii():
            # Signs and a "but" are looked for in it as it is spelled out, where that makes a difference.
            turns = [place for place in weighty if words[place].turns]
            if turns or any([character in text for character in self._loud]):  # noqa: C419 - a generator costs more
                text = self._spelled_out(text)
        return weigh(text, valences_of(text, words, weighty))

    def _weighed(self, text: str, spelled: str, words: Sequence[Word], weighty: Sequence[int]) -> Weighed:
        """Return compound and evidence of a text, given it spelled out, the words of that, and which of them matter."""
        if not weighty:
            return NOTHING
        if self._prepare is not None:
            for place in weighty:
                if words[place].hints:
                    prepared = self._prepare(text)
                    if prepared != text:
                        spelled = self._spelled_out(prepared)
                        words = self._words_of(spelled)
                        weighty = weighty_places(words)
                    break
        return weigh(spelled, valences_of(spelled, words, weighty))

    def _words_of(self, spelled: str) -> list[Word]:
        """Return the words of a text that is spelled out."""
        return list(map(self._words.__getitem__, spelled.split()))

    def _spelled_out(self, text: str) -> str:
        """Return `text` with emoji as their names; which white space stands between words is left open."""
        return text if text.isascii() else " ".join(map(self._spellings.__getitem__, text.split()))

    def _spell(self, token: str) -> str:
        """Return a token with emoji as their names, with a space before each but none behind it."""
        if self._prepare is not None:
            token = token.replace("\u2019", "'")
        return token if token.isascii() else self._emoji_like.sub(self._name, token)

    def _words_of_token(self, token: str) -> tuple[Word, ...]:
        """Return the words of a token, often one, but emoji are as many as their names have."""
        return tuple(map(self._words.__getitem__, self._spell(token).split()))

    def _name(self, found: re.Match[str]) -> str:
        name = self.emoji.get(found[0])
        return found[0] if name is None else f" {name}"


@cache
def default_rules() -> VaderRules:
    """Return VADER's rules over the lexicon and the emoji of the installed package."""
    data = files("vaderSentiment")
    lexicon: dict[str, float] = {}
    for line in data.joinpath("vader_lexicon.txt").read_text(encoding="utf-8").rstrip("\n").split("\n"):
        if line:
            word, valence = line.strip().split("\t")[:2]
            lexicon[word] = float(valence)
    emoji: dict[str, str] = {}
    for line in data.joinpath("emoji_utf8_lexicon.txt").read_text(encoding="utf-8").rstrip("\n").split("\n"):
        character, name = line.strip().split("\t")[:2]
        emoji[character] = name
    return VaderRules(lexicon, emoji)


def polarity_scores(text: str) -> dict[str, float]:
    """Return the four numbers of vaderSentiment: neg, neu, pos and compound."""
    reading = default_rules().read(text)
    return {"neg": reading.neg, "neu": reading.neu, "pos": reading.pos, "compound": reading.compound}


class VaderScorer(LexicalScorer):
    """Score English with VADER's rules; see `sentiment.lexical.LexicalScorer`.

    What is written about brands is read as `sentiment.english` says. With `exact`
    every number is the one of the package; the scorer then is called `EXACT`.
    """

    def __init__(self, *, exact: bool = False) -> None:
        package = _installed("vaderSentiment")
        super().__init__(
            name=EXACT if exact else "vader",
            version=package if exact else f"{package}+{RULES_VERSION}",
            languages=("en",),
            rules=_exact_rules if exact else _english_rules,
        )


@cache
def _exact_rules() -> VaderRules:
    """Return VADER's rules with the tokens of rulesets beside its lexicon."""
    rules = default_rules()
    return VaderRules({**RESERVED_VALENCES, **rules.lexicon}, rules.emoji)


@cache
def _english_rules() -> VaderRules:
    """Return the rules over the lexicon of `sentiment.english`."""
    rules = default_rules()
    worth = dict.fromkeys((*rules.emoji, *EMOJI_LOOKS), "")
    worth |= {emoji: f"{reserved_token(valence)} " for emoji, valence in EMOJI_VALENCES.items()}
    lexicon = {**RESERVED_VALENCES, **english_lexicon(rules.lexicon)}
    return VaderRules(lexicon, worth, prepare=prepared, hints=may_change, taken_out=taken_out)
