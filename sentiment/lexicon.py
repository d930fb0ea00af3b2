"""Score other languages by word lists inside VADER's rules.

A word has a valence; boosters and dampeners before it change its strength, a
negator before it (or behind it, where the language puts it there) turns it, a
"but" shifts the weight to what follows. The factors are those of VADER (Hutto
and Gilbert, ICWSM 2014); the words come from `sentiment.wordlists`. Emoji count
by the English words of their names, emoticons as in VADER's list.

Words are what stands between spaces, less the punctuation around it: vowel
signs stay in their words. Chinese and Japanese, which have no spaces, are cut
into the longest words known. Time is linear in the length of the text.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple

from listener.api import Label, Sentiment
from sentiment.emoji import EMOJI_VALENCES
from sentiment.lexical import LexicalScorer
from sentiment.reading import Reading, summarise, weigh
from sentiment.rulesets import RESERVED_VALENCES
from sentiment.vader import coarse_class, default_rules
from sentiment.wordlists import LISTS_VERSION, Wordlist, load_wordlist

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from listener.api import ScoringTask

__all__ = ["LexiconRules", "LexiconScorer", "SymbolScorer"]

_NEGATION: Final = -0.74
_BOOST: Final = 0.293
_CAPITALS: Final = 0.733
_FADING: Final = (1.0, 0.95, 0.9)
"""What is left of a booster one, two and three words before."""
_BEHIND: Final = 2
"""How far behind a word a negator may stand in languages that put it there."""
_MEMO_LIMIT: Final = 1 << 14
_LONGEST_REMEMBERED: Final = 40
_LONGEST_EMOTICON: Final = 5
_ROMANISED_CONFIDENCE: Final = 0.4
"""A rough mark, not a probability: measured macro-F1 lies some ten points below the same rules on native script."""

_SEPARATORS: Final = re.compile("[\u201c-\u201e\u3008-\u3011\u30fb\uff08\uff09\uff1a\xab\xbb]")
_CLAUSE_ENDS: Final = re.compile("[\u060c\u061b\u0964\u0965\u2026\u3001\u3002\uff0c\uff1b]")
_MARKS: Final = re.compile("[\u061f\uff01\uff1f]")
_DROPPED: Final = re.compile("[\u0640\ufe0f]")
"""Punctuation written without a space beside it; other scripts' ! and ?; tatweel and variation selectors."""


class _Word(NamedTuple):
    """Hold what the rules ask of one word; `value` is None without a valence."""

    text: str
    value: float | None = None
    boost: float = 0.0
    negates: bool = False
    negates_behind: bool = False
    contrasts: bool = False
    upper: bool = False
    starts: bool = False
    ends: bool = False


_PLAIN: Final = _Word("")
_PLAIN_UPPER: Final = _Word("", upper=True)
_ENDS: Final = tuple(".,;!?")
"""Behind one of these another clause begins, which is not negated with the one before."""


class LexiconRules:
    """Read texts of one language; safe to use from several threads.

    `emoji` gives the valence of emoji (one code point) and `emoticons` of
    emoticons, both on VADER's scale.
    """

    def __init__(self, words: Wordlist, emoji: Mapping[str, float], emoticons: Mapping[str, float]) -> None:
        self._words = words
        self._emoji = emoji
        self._emoticons = emoticons
        self._memo: dict[str, _Word] = {}
        self._emoji_pattern = re.compile(coarse_class(emoji)) if emoji else None
        self._phrases_from: dict[
            str, dict[str, list[tuple[str, ...]]]
        ] = {}  # by first and second word, long ones first
        for phrase in sorted(words.phrases, key=len, reverse=True):
            self._phrases_from.setdefault(phrase[0], {}).setdefault(phrase[1], []).append(phrase)
        self._reach: dict[str, int] = {}
        for word in words.known if words.segmented else ():
            self._reach[word[0]] = max(self._reach.get(word[0], 1), len(word))

    def read(self, text: str) -> Reading:
        """Return how `text` reads."""
        prepared = text if text.isascii() else self._prepared(text)
        return summarise(prepared, *self._values(prepared))

    def weigh(self, text: str) -> tuple[float, int]:
        """Return compound and evidence of how `text` reads."""
        prepared = text if text.isascii() else self._prepared(text)
        return weigh(prepared, self._values(prepared)[1])

    def _values(self, prepared: str) -> tuple[int, list[float]]:
        """Return the number of words of a prepared text, and their valences that are not zero."""
        memo = self._memo
        if self._words.segmented:
            words = [memo.get(piece) or self._remembered(piece) for piece in self._segments(prepared)]
        else:
            words = [memo.get(token) or self._remembered(token) for token in prepared.split()]
            if any([word.starts for word in words]):  # noqa: C419 - a generator costs more than the list
                words = self._with_phrases(words)
        hits = [place for place, word in enumerate(words) if word.value is not None]
        if not hits:
            return len(words), []
        capitals = [word.upper for word in words]
        mixed_case = True in capitals and False in capitals
        turn = next((place for place, word in enumerate(words) if word.contrasts), None)
        values = []
        for place in hits:
            value = _weigh(words, place, mixed_case=mixed_case)
            if turn is not None:
                value *= 0.5 if place < turn else 1.5
            if value:
                values.append(value)
        return len(words), values

    def _prepared(self, text: str) -> str:
        """Return a text that is not ASCII with its marks in ASCII and what separates words as spaces."""
        text = _DROPPED.sub("", text).replace("\u2019", "'").replace("\u2018", "'")
        text = _CLAUSE_ENDS.sub(", ", _SEPARATORS.sub(" ", text))
        text = _MARKS.sub(lambda found: "! " if found[0] == "\uff01" else "? ", text)
        return self._emoji_pattern.sub(r" \g<0> ", text) if self._emoji_pattern is not None else text

    def _remembered(self, token: str) -> _Word:
        word = self._memo.get(token)
        if word is None:
            word = self._look_up(token)
            if token.endswith(_ENDS):
                word = word._replace(ends=True)
            if len(token) <= _LONGEST_REMEMBERED:
                if len(self._memo) >= _MEMO_LIMIT:
                    self._memo.clear()
                self._memo[token] = word
        return word

    def _look_up(self, token: str) -> _Word:
        """Return what is known of a raw token: as an emoticon, as it is, or in a simpler spelling."""
        value = self._emoji.get(token) or self._emoticons.get(token.lower())
        if value is not None:
            return _Word(token, value)
        bare = _strip(token)
        upper = bare.isupper() and len(bare) > 1
        for form in self._words.forms(bare):
            word = self._find(form, upper=upper)
            if word is not None:
                return word
        return _PLAIN_UPPER if upper else _PLAIN

    def _find(self, form: str, *, upper: bool) -> _Word | None:
        words = self._words
        value = words.valences.get(form)
        negates = form in words.negators
        behind = form in words.negators_behind
        boost = _BOOST if form in words.boosters else -_BOOST if form in words.dampeners else 0.0
        contrasts = form in words.contrasts
        if value is None and not (negates or behind or boost or contrasts or form in words.phrase_words):
            return None
        if negates or behind or boost or contrasts:
            value = None
        return _Word(form, value, boost, negates, behind, contrasts, upper, form in self._phrases_from)

    def _with_phrases(self, words: Sequence[_Word]) -> list[_Word]:
        """Return the words with each known phrase put together to one, the longest first."""
        joined: list[_Word] = []
        done = 0
        for place in [place for place, word in enumerate(words) if word.starts]:
            if place < done:
                continue  # it is within the phrase before
            following = words[place + 1].text if place + 1 < len(words) else ""
            for phrase in self._phrases_from[words[place].text].get(following, ()):
                end = place + len(phrase)
                if tuple([word.text for word in words[place:end]]) == phrase:
                    joined += words[done:place]
                    joined.append(_Word(" ".join(phrase), self._words.phrases[phrase]))
                    done = end
                    break
        return [*joined, *words[done:]]

    def _segments(self, text: str) -> Iterator[str]:
        """Cut a text without spaces into the longest words known and single characters."""
        known, reach = self._words.known, self._reach
        for chunk in text.lower().split():
            if chunk in self._emoticons:
                yield chunk
                continue
            place = 0
            while place < len(chunk):
                length = min(reach.get(chunk[place], 1), len(chunk) - place)
                while length > 1 and chunk[place : place + length] not in known:
                    length -= 1
                yield chunk[place : place + length]
                place += length


class LexiconScorer(LexicalScorer):
    """Score one of `sentiment.wordlists.shipped_languages`; the list is loaded with the first text.

    What is written in Latin letters without a standard spelling is scored with
    a low confidence.
    """

    def __init__(self, language: str) -> None:
        super().__init__(
            name="lexicon",
            version=f"{LISTS_VERSION}",
            languages=(language,),
            read=lambda text: _shipped_rules(language).read(text),
            weigh=lambda text: _shipped_rules(language).weigh(text),
            confidence=_ROMANISED_CONFIDENCE if language.endswith("-Latn") else None,
        )


class SymbolScorer(LexicalScorer):
    """Score texts of unknown language by their emoji and emoticons alone; without any they stay unscored."""

    def __init__(self) -> None:
        super().__init__(
            name="symbols",
            version=f"{LISTS_VERSION}",
            languages=("und",),
            read=lambda text: _symbol_rules().read(text),
            weigh=lambda text: _symbol_rules().weigh(text),
        )

    def _score_one(self, task: ScoringTask) -> Sentiment:
        result = super()._score_one(task)
        if result.label is Label.NO_EVIDENCE:
            return Sentiment.unscored(task.language, "unsupported_language")
        return result


@cache
def _symbol_rules() -> LexiconRules:
    return LexiconRules(Wordlist(language="und", valences={}), _emoji(), {**_emoticons(), **RESERVED_VALENCES})


@cache
def _shipped_rules(language: str) -> LexiconRules:
    return LexiconRules(
        load_wordlist(language, default_rules().lexicon), _emoji(), {**_emoticons(), **RESERVED_VALENCES}
    )


@cache
def _emoji() -> Mapping[str, float]:
    return {**default_rules().emoji_valences(), **EMOJI_VALENCES}


@cache
def _emoticons() -> Mapping[str, float]:
    return {token.lower(): valence for token, valence in default_rules().lexicon.items() if _is_emoticon(token)}


def _is_emoticon(token: str) -> bool:
    return " " not in token and not token[0].isalpha() and not token.isalnum() and len(token) <= _LONGEST_EMOTICON


def _weigh(words: Sequence[_Word], place: int, *, mixed_case: bool) -> float:
    """Return the valence of the word at `place` in its context."""
    word = words[place]
    value = word.value or 0.0
    if word.upper and mixed_case:
        value += _CAPITALS if value > 0 else -_CAPITALS
    is_within = True
    for distance, fading in enumerate(_FADING, start=1):
        if distance > place:
            break
        before = words[place - distance]
        is_within = is_within and not before.ends
        if before.value is not None:
            continue
        if before.boost:
            value += before.boost * fading if value > 0 else -before.boost * fading
        if before.negates and is_within:
            value *= _NEGATION
    ended = word.ends
    for behind in words[place + 1 : place + 1 + _BEHIND]:
        if ended or behind.value is not None:
            break
        ended = behind.ends
        if behind.negates_behind:
            return value * _NEGATION
    return value


def _strip(token: str) -> str:
    """Return a token without the punctuation and symbols around it."""
    start, end = 0, len(token)
    while start < end and unicodedata.category(token[start])[0] not in "LMN":
        start += 1
    while end > start and unicodedata.category(token[end - 1])[0] not in "LMN":
        end -= 1
    return token[start:end]
