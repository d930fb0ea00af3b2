"""Score other languages by word lists inside VADER's rules.

A word has a valence; boosters and dampeners before it change its strength, a
negator before it (or behind it, where the language puts it there) turns it, a
"but" shifts the weight to what follows. The factors are those of VADER (Hutto
and Gilbert, ICWSM 2014); the words come from `sentiment.wordlists`. Emoji count
as `sentiment.emoji` says, emoticons as in VADER's list.

Words are what stands between spaces, less the punctuation around it: vowel
signs stay in their words. Chinese and Japanese, which have no spaces, are cut
into the longest words known. Time is linear in the length of the text.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, partial
from itertools import chain
from typing import TYPE_CHECKING, Final

from listener.api import Label, Sentiment
from sentiment.emoji import EMOJI_VALENCES, coarse_class
from sentiment.english import english_lexicon
from sentiment.lexical import LexicalScorer
from sentiment.memo import Memo
from sentiment.reading import NOTHING, is_between_words, summarise, weigh
from sentiment.rulesets import RESERVED_VALENCES
from sentiment.vader import default_rules
from sentiment.wordlists import LISTS_VERSION, Wordlist, load_wordlist

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from listener.api import ScoringTask
    from sentiment.passage import Passage
    from sentiment.reading import Reading, Weighed

__all__ = ["LexiconRules", "LexiconScorer", "SymbolScorer"]

_NEGATION: Final = -0.74
_BOOST: Final = 0.293
_CAPITALS: Final = 0.733
_FADING: Final = (1.0, 0.95, 0.9)
"""What is left of a booster one, two and three words before."""
_BEHIND: Final = 2
"""How far behind a word a negator may stand in languages that put it there."""
_MEMO_LIMIT: Final = 1 << 14
_LONGEST_EMOTICON: Final = 5
_ROMANISED_CONFIDENCE: Final = 0.4
"""A rough mark, not a probability: measured macro-F1 lies some ten points below the same rules on native script."""

_SPELLINGS: Final[Mapping[str, str]] = {
    character: spelled
    for spelled, characters in (
        (
            " ",
            "\u201c\u201d\u201e\u3008\u3009\u300a\u300b\u300c\u300d\u300e\u300f\u3010\u3011\u30fb\uff08\uff09\uff1a\xab\xbb",
        ),
        (", ", "\u060c\u061b\u0964\u0965\u2026\u3001\u3002\uff0c\uff1b"),
        ("? ", "\u061f\uff1f"),
        ("! ", "\uff01"),
        ("'", "\u2018\u2019"),
        ("", "\u0640\ufe0f"),
    )
    for character in characters
}
"""Punctuation written without a space beside it, apostrophes, tatweel and the variation selector."""


class _Word:
    """Hold what the rules ask of one word: `value` is None without a valence, `ends` says that a clause ends with it."""

    __slots__ = (
        "boost", "contrasts", "ends", "matters", "negates", "negates_behind", "starts", "text", "upper", "value",
    )  # fmt: skip

    def __init__(
        self,
        text: str,
        value: float | None = None,
        *,
        boost: float = 0.0,
        negates: bool = False,
        negates_behind: bool = False,
        contrasts: bool = False,
        upper: bool = False,
        starts: bool = False,
        ends: bool = False,
    ) -> None:
        self.text = text
        self.value = value
        self.boost = boost
        self.negates = negates
        self.negates_behind = negates_behind
        self.contrasts = contrasts
        self.upper = upper
        self.starts = starts
        self.ends = ends
        self.matters = value is not None or contrasts or starts


_PLAIN: Final = _Word("")
_ENDS: Final = tuple(".,;!?")
"""Behind one of these another clause begins, which is not negated with the one before."""


class _Spellings(dict[int, str]):
    """Say how characters beyond ASCII are read (see `str.translate`): marks in ASCII, what separates words as spaces.

    What becomes of a character does not hang on those beside it, so that a text may be read token by token.
    """

    def __init__(self, emoji: Iterable[str]) -> None:
        super().__init__()
        self._is_emoji = re.compile(coarse_class(emoji)).match

    def __missing__(self, code: int) -> str:
        character = chr(code)
        spelled = _SPELLINGS.get(character)
        if spelled is None:
            spelled = f" {character} " if self._is_emoji(character) else character
        if len(self) >= _MEMO_LIMIT:
            self.clear()
        self[code] = spelled
        return spelled


class LexiconRules:
    """Read texts of one language; safe to use from several threads.

    `emoji` gives the valence of emoji (one code point) and `emoticons` of
    emoticons, both on VADER's scale.
    """

    def __init__(self, words: Wordlist, emoji: Mapping[str, float], emoticons: Mapping[str, float]) -> None:
        self._list = words
        self._emoji = emoji
        self._emoticons = emoticons
        self._words = Memo(self._look_up, _MEMO_LIMIT)
        self._prepared_words = Memo(self._look_up_prepared, _MEMO_LIMIT)
        self._spellings = _Spellings(emoji)
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
        words = self._words_of(text)
        return summarise(_with_plain_marks(text), *self._values(words, _noted(words)))

    def weigh(self, text: str) -> Weighed:
        """Return compound and evidence of how `text` reads."""
        return self._weighed(text, self._words_of(text))

    def weigh_with_part(self, text: str, first: int, last: int) -> tuple[Weighed, Weighed]:
        """Return compound and evidence of how `text` reads, and of how text[first:last] does by itself.

        A part that begins and ends between words shares its words with the text: most of the work is to find them.
        """
        part = text[first:last]
        words = self._words_of(part)
        if is_between_words(text, first) and is_between_words(text, last):
            whole = [*self._words_of(text[:first]), *words, *self._words_of(text[last:])]
        else:
            whole = self._words_of(text)
        return self._weighed(text, whole), self._weighed(part, words)

    def weigh_passage(self, passage: Passage) -> tuple[Weighed, Weighed]:
        """Return what `weigh_with_part` does of the text of a passage and the part about the brand."""
        tokens, begin, end, *_ = passage
        near = tokens[begin:end]
        read: list[Sequence[_Word]]
        if self._list.segmented:
            read = [self._words_of(token) for token in tokens]
        else:
            read = [*map(self._prepared_words.__getitem__, tokens)]
        words = list(chain.from_iterable(read))
        if not _noted(words):
            return NOTHING, NOTHING
        whole = self._weighed(" ".join(tokens), words)
        if len(near) == len(tokens):
            return whole, whole
        return whole, self._weighed(" ".join(near), list(chain.from_iterable(read[begin:end])))

    def _weighed(self, text: str, words: Sequence[_Word]) -> Weighed:
        noted = _noted(words)
        if not noted:
            return NOTHING
        values = self._values(words, noted)[1]
        return weigh(_with_plain_marks(text), values) if values else NOTHING

    def _words_of(self, text: str) -> list[_Word]:
        """Return the words of a text, those of phrases one by one."""
        if self._list.segmented:
            prepared = text if text.isascii() else text.translate(self._spellings)
            return list(map(self._words.__getitem__, self._segments(prepared)))
        if text.isascii():
            return list(map(self._words.__getitem__, text.split()))
        return list(chain.from_iterable(map(self._prepared_words.__getitem__, text.split())))

    def _values(self, words: Sequence[_Word], noted: Sequence[int]) -> tuple[int, list[float]]:
        """Return the number of words, each known phrase being one, and their valences that are not zero.

        `noted` are the places of `_noted`.
        """
        starts = [] if self._list.segmented else self._phrase_starts(words, noted)
        if starts:
            words = self._with_phrases(words, starts)
            noted = _noted(words)
        hits = [place for place in noted if words[place].value is not None]
        if not hits:
            return len(words), []
        mixed_case = False
        if any([words[place].upper for place in hits]):  # noqa: C419 - a generator costs more than the list
            mixed_case = not all([word.upper for word in words])  # noqa: C419 - the same
        turn = next((place for place in noted if words[place].contrasts), None)
        values = []
        for place in hits:
            value = _weigh(words, place, mixed_case=mixed_case)
            if turn is not None:
                value *= 0.5 if place < turn else 1.5
            if value:
                values.append(value)
        return len(words), values

    def _phrase_starts(self, words: Sequence[_Word], noted: Sequence[int]) -> list[int]:
        """Return the places of words that begin a phrase together with the next one, or its beginning."""
        last = len(words) - 1
        return [
            place
            for place in noted
            if words[place].starts and place < last and words[place + 1].text in self._phrases_from[words[place].text]
        ]

    def _look_up_prepared(self, token: str) -> tuple[_Word, ...]:
        """Return the words of a raw token once it is prepared, often one, but there may be several or none."""
        prepared = token if token.isascii() else token.translate(self._spellings)
        return tuple(map(self._words.__getitem__, prepared.split()))

    def _look_up(self, token: str) -> _Word:
        """Return what is known of a token: as an emoticon, as it is, or in a simpler spelling."""
        ends = token.endswith(_ENDS)
        value = self._emoji.get(token) or self._emoticons.get(token.lower())
        if value is not None:
            return _Word(token, value, ends=ends)
        bare = _strip(token)
        upper = bare.isupper() and len(bare) > 1
        for form in self._list.forms(bare):
            if form in self._list.known:
                return self._known(form, upper=upper, ends=ends)
        return _Word("", upper=upper, ends=ends) if upper or ends else _PLAIN

    def _known(self, form: str, *, upper: bool, ends: bool) -> _Word:
        words = self._list
        negates = form in words.negators
        behind = form in words.negators_behind
        boost = _BOOST if form in words.boosters else -_BOOST if form in words.dampeners else 0.0
        contrasts = form in words.contrasts
        return _Word(
            form,
            None if negates or behind or boost or contrasts else words.valences.get(form),
            boost=boost,
            negates=negates,
            negates_behind=behind,
            contrasts=contrasts,
            upper=upper,
            starts=form in self._phrases_from,
            ends=ends,
        )

    def _with_phrases(self, words: Sequence[_Word], starts: Sequence[int]) -> Sequence[_Word]:
        """Return the words with each known phrase put together to one, the longest first; one may begin at `starts`."""
        joined: list[_Word] = []
        done = 0
        for place in starts:
            if place < done:
                continue  # it is within the phrase before
            following = words[place + 1].text if place + 1 < len(words) else ""
            for phrase in self._phrases_from[words[place].text].get(following, ()):
                end = place + len(phrase)
                if tuple([word.text for word in words[place:end]]) == phrase:
                    joined += words[done:place]
                    joined.append(_Word(" ".join(phrase), self._list.phrases[phrase]))
                    done = end
                    break
        return [*joined, *words[done:]] if done else words

    def _segments(self, text: str) -> Iterator[str]:
        """Cut a text without spaces into the longest words known and single characters."""
        known, reach = self._list.known, self._reach
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
            rules=partial(_shipped_rules, language),
            confidence=_ROMANISED_CONFIDENCE if language.endswith("-Latn") else None,
        )


class SymbolScorer(LexicalScorer):
    """Score texts of unknown language by their emoji and emoticons alone; without any they stay unscored."""

    def __init__(self) -> None:
        super().__init__(
            name="symbols",
            version=f"{LISTS_VERSION}",
            languages=("und",),
            rules=_symbol_rules,
        )

    def _score_one(self, task: ScoringTask) -> Sentiment:
        result = super()._score_one(task)
        if result.label is Label.NO_EVIDENCE:
            return Sentiment.unscored(task.language, "unsupported_language")
        return result


@cache
def _symbol_rules() -> LexiconRules:
    return LexiconRules(Wordlist(language="und", valences={}), EMOJI_VALENCES, {**_emoticons(), **RESERVED_VALENCES})


@cache
def _shipped_rules(language: str) -> LexiconRules:
    return LexiconRules(load_wordlist(language, _english()), EMOJI_VALENCES, {**_emoticons(), **RESERVED_VALENCES})


@cache
def _english() -> Mapping[str, float]:
    """Return the valences of English words and emoticons, as texts in English are read."""
    return english_lexicon(default_rules().lexicon)


@cache
def _emoticons() -> Mapping[str, float]:
    return {token.lower(): valence for token, valence in _english().items() if _is_emoticon(token)}


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


def _noted(words: Sequence[_Word]) -> list[int]:
    """Return the places of the words that a score may change for, or where a phrase may begin."""
    return [place for place, word in enumerate(words) if word.matters]


def _with_plain_marks(text: str) -> str:
    """Return `text` with its exclamation and question marks those of ASCII."""
    if text.isascii():
        return text
    return text.replace("\uff01", "!").replace("\uff1f", "?").replace("\u061f", "?")


def _strip(token: str) -> str:
    """Return a token without the punctuation and symbols around it."""
    start, end = 0, len(token)
    while start < end and unicodedata.category(token[start])[0] not in "LMN":
        start += 1
    while end > start and unicodedata.category(token[end - 1])[0] not in "LMN":
        end -= 1
    return token[start:end]
