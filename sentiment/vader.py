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
import string
from functools import cache
from heapq import heappop, heappush
from importlib.metadata import version as distribution_version
from importlib.resources import files
from itertools import chain
from typing import TYPE_CHECKING, Final

from vaderSentiment.vaderSentiment import BOOSTER_DICT, C_INCR, N_SCALAR, NEGATE, SPECIAL_CASES

from sentiment.emoji import EMOJI_LOOKS, EMOJI_VALENCES
from sentiment.english import english_lexicon, may_change, prepared, taken_out
from sentiment.lexical import LexicalScorer
from sentiment.memo import LONGEST_REMEMBERED, Memo
from sentiment.reading import NOTHING, is_between_words, summarise, weigh
from sentiment.rulesets import RESERVED_VALENCES, reserved_token

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from sentiment.passage import Passage
    from sentiment.reading import Reading, Weighed

__all__ = ["EXACT", "VaderRules", "VaderScorer", "coarse_class", "default_rules", "polarity_scores"]

RULES_VERSION: Final = 5
"""Raised whenever a change here changes a score."""

EXACT: Final = "vader-exact"
"""The scorer that gives the numbers of the package and no others."""

_NEGATION: Final[float] = N_SCALAR
_CAPITALS: Final[float] = C_INCR
_MEMO_LIMIT: Final = 1 << 15
"""Remembered tokens; past it the memory is emptied, so that it stays under some 5 MB."""

_EMOTICON_LENGTH: Final = 2
"""A token that would be stripped to this or less is taken for an emoticon and left as it is."""

_HANDLE: Final = re.compile(r"\W?@\w")
_LENGTHENED: Final = re.compile(r"(\D)\1{2,}")
"""Three of one letter or sign are no English spelling: "sooo", ":)))"."""

_PHRASES: Final[Mapping[tuple[str, ...], float]] = {tuple(key.split()): value for key, value in SPECIAL_CASES.items()}
_BOOSTER_PHRASES: Final[Mapping[tuple[str, ...], float]] = {
    tuple(key.split()): value for key, value in BOOSTER_DICT.items() if " " in key
}
_PHRASE_STARTS: Final = frozenset(key[0] for key in (*_PHRASES, *_BOOSTER_PHRASES))
_CONTEXT: Final = frozenset(
    {"at", "but", "doubt", "kind", "least", "never", "no", "nor", "of", "or", "so", "this", "very", "without"}
).union(*_PHRASES, *_BOOSTER_PHRASES)
"""Words the rules ask for by name; of every other word without a value only its case counts."""


class _Word:
    """Hold what the rules ask of one token; `hints` says that a text it stands in may have to be prepared.

    What `is_judged` may carry sentiment; what `is_simple` besides does so as it is where no rule asks for the words before it.
    """

    __slots__ = (
        "boost",
        "hints",
        "is_judged",
        "is_simple",
        "lower",
        "matters",
        "negates",
        "starts",
        "turns",
        "upper",
        "value",
    )

    def __init__(
        self,
        lower: str,
        value: float | None,
        *,
        boost: float = 0.0,
        upper: bool = False,
        negates: bool = False,
        hints: bool = False,
    ) -> None:
        self.lower = lower
        self.value = value
        self.boost = boost
        self.upper = upper
        self.negates = negates
        self.hints = hints
        self.turns = lower == "but"
        self.matters = value is not None or bool(boost) or hints or self.turns
        self.starts = lower in _PHRASE_STARTS
        self.is_judged = value is not None and not boost
        self.is_simple = not self.starts and lower != "no"


_PLAIN: Final = _Word("", None)
_PLAIN_UPPER: Final = _Word("", None, upper=True)
_OUTSIDE: Final = _Word("", 0.0)
"""Stands before the first word: like a word with a value, it modifies nothing."""
_NEGATE: Final = frozenset(NEGATE)


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
        self._hints = hints
        self._taken_out = taken_out
        self._loud = [character for character, name in emoji.items() if "!" in name or "?" in name]
        self._emoji_like = re.compile(coarse_class(emoji))
        self._words = Memo(self._look_up if prepare is None else self._look_up_leniently, _MEMO_LIMIT)
        self._spellings = Memo(self._spell, _MEMO_LIMIT)
        self._spelled_words = Memo(self._words_of_token, _MEMO_LIMIT)

    def read(self, text: str) -> Reading:
        """Return how `text` reads."""
        text = self._spelled_out(text if self._prepare is None else self._prepare(text))
        words = self._words_of(text)
        return summarise(text, len(words), _valences(text, words, _weighty(words)))

    def weigh(self, text: str) -> Weighed:
        """Return compound and evidence of how `text` reads."""
        spelled = self._spelled_out(text)
        words = self._words_of(spelled)
        return self._weighed(text, spelled, words, _weighty(words))

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
        weighty = _weighty(words)
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
        weighty = _weighty(words)
        if not weighty:
            return NOTHING, NOTHING
        near = tokens[begin:end]
        if self._prepare is not None and True in [words[place].hints for place in weighty]:
            left, left_inside = self._left(tokens, words, is_ascii=is_ascii), self._left(near, inner, is_ascii=is_ascii)
            if left is None or left_inside is None:
                return self.weigh_with_part(*passage.masked())
            words, inner = left, left_inside
            weighty = _weighty(words)
        whole = self._weighed_as_said(tokens, words, weighty)
        if len(near) == len(tokens):
            return whole, whole
        return whole, self._weighed_as_said(near, inner, _weighty(inner))

    def _left(self, tokens: Sequence[str], words: list[_Word], *, is_ascii: bool) -> list[_Word] | None:
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
            left[place if is_ascii else sum(map(len, spelled[:place]))] = _PLAIN
        return left

    def _weighed_as_said(self, tokens: Sequence[str], words: Sequence[_Word], weighty: Sequence[int]) -> Weighed:
        """Return compound and evidence of tokens that need no preparing, given their words, and which of them matter."""
        if not weighty:
            return NOTHING
        text = " ".join(tokens)
        if not text.isascii():
            # Signs and a "but" are looked for in it as it is spelled out, where that makes a difference.
            turns = [place for place in weighty if words[place].turns]
            if turns or any([character in text for character in self._loud]):  # noqa: C419 - a generator costs more
                text = self._spelled_out(text)
        return weigh(text, _valences(text, words, weighty))

    def _weighed(self, text: str, spelled: str, words: Sequence[_Word], weighty: Sequence[int]) -> Weighed:
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
                        weighty = _weighty(words)
                    break
        return weigh(spelled, _valences(spelled, words, weighty))

    def _words_of(self, spelled: str) -> list[_Word]:
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

    def _words_of_token(self, token: str) -> tuple[_Word, ...]:
        """Return the words of a token, often one, but emoji are as many as their names have."""
        return tuple(map(self._words.__getitem__, self._spell(token).split()))

    def _name(self, found: re.Match[str]) -> str:
        name = self.emoji.get(found[0])
        return found[0] if name is None else f" {name}"

    def emoji_valences(self) -> dict[str, float]:
        """Return what each emoji is worth by its name, those that are worth something."""
        named = {emoji: self._words_of(name) for emoji, name in self.emoji.items() if len(emoji) == 1}
        sums = {emoji: sum(_valences(self.emoji[emoji], words, _weighty(words))) for emoji, words in named.items()}
        return {emoji: valence for emoji, valence in sums.items() if valence}

    def _look_up(self, raw: str) -> _Word:
        stripped = raw.strip(string.punctuation)
        token = raw if len(stripped) <= _EMOTICON_LENGTH else stripped
        lower = token.lower()
        value = self.lexicon.get(lower)
        boost = BOOSTER_DICT.get(lower, 0.0)
        negates = lower in _NEGATE or "n't" in lower
        upper = token.isupper()
        if value is None and not boost and not negates and lower not in _CONTEXT:
            return _PLAIN_UPPER if upper else _PLAIN
        return _Word(lower, value, boost=boost, upper=upper, negates=negates)

    def _look_up_leniently(self, raw: str) -> _Word:
        word = self._look_up(raw)
        if len(raw) <= LONGEST_REMEMBERED:
            word = self._understood(raw, word)
        if self._hints(raw):
            return _Word(word.lower, word.value, boost=word.boost, upper=word.upper, negates=word.negates, hints=True)
        return word

    def _understood(self, raw: str, word: _Word) -> _Word:
        """Return `word`, or what a lengthened one stands for ("goooood"); a handle stands for nobody's feeling."""
        if _HANDLE.match(raw):
            return _PLAIN
        if word.lower or not _LENGTHENED.search(raw):
            return word
        shorter = (self._look_up(_LENGTHENED.sub(letters, raw)) for letters in (r"\1\1", r"\1"))
        return next((known for known in shorter if known.lower), word)


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


def _weighty(words: Sequence[_Word]) -> list[int]:
    """Return the places of the words that a score may change for."""
    return [place for place, word in enumerate(words) if word.matters]


def _valences(text: str, words: Sequence[_Word], weighty: Sequence[int]) -> list[float]:
    """Return the valences that are not zero, given the words of `text` and the places of those that matter."""
    mixed_case = False
    for place in weighty:
        if words[place].upper:
            upper = [word.upper for word in words]
            mixed_case = True in upper and False in upper
            break
    turns = False
    weighed: list[tuple[int, float]] = []
    for place in weighty:
        word = words[place]
        turns = turns or word.turns
        if word.is_judged and (word.lower != "kind" or not _follows(words, place, "of")):
            value = _weigh(words, place, mixed_case)
            if value:
                weighed.append((place, value))
    if turns and weighed and "but" in text.lower():  # "buuut" alone is no turn
        return _turn_at_but(words, weighed)
    return [value for _, value in weighed]


def _follows(words: Sequence[_Word], place: int, lower: str) -> bool:
    return place + 1 < len(words) and words[place + 1].lower == lower


def _weigh(words: Sequence[_Word], place: int, mixed_case: bool) -> float:
    """Return the valence of the word at `place`, given the three words before it."""
    word = words[place]
    one = words[place - 1] if place > 0 else _OUTSIDE
    two = words[place - 2] if place > 1 else _OUTSIDE
    three = words[place - 3] if place > 2 else _OUTSIDE  # noqa: PLR2004 - as far as the rules look
    value = word.value or 0.0
    is_as_it_is = word.is_simple and not (one.lower or two.lower or three.lower)  # as most are
    if not is_as_it_is and "no" in (word.lower, one.lower, two.lower, three.lower):
        value = _after_no(words, place, one, two, three)
    if mixed_case and word.upper:
        value += _CAPITALS if value > 0 else -_CAPITALS
    if is_as_it_is:
        return value
    if one.value is None:
        value = _modified_by_first(one, value, mixed_case)
    if two.value is None:
        value = _modified_by_second(one, two, value, mixed_case)
    if three.value is None:
        value = _modified_by_third(one, two, three, value, mixed_case)
        if three.starts or two.starts or one.starts or word.starts:
            value = _apply_phrases(words, place, value)
    if one.lower == "least" and one.value is None and two.lower not in {"at", "very"}:
        value *= _NEGATION
    return value


def _after_no(words: Sequence[_Word], place: int, one: _Word, two: _Word, three: _Word) -> float:
    """Return the lexicon's valence after the rules for "no"."""
    value = words[place].value or 0.0
    if "no" in (one.lower, two.lower) or (three.lower == "no" and one.lower in {"or", "nor"}):
        return value * _NEGATION
    if words[place].lower == "no" and place + 1 < len(words) and words[place + 1].value is not None:
        return 0.0
    return value


def _boost(word: _Word, value: float, mixed_case: bool) -> float:
    """Return what a booster or dampener before a word of `value` adds to it."""
    boost = word.boost
    if value < 0:
        boost = -boost
    if word.upper and mixed_case:
        boost += _CAPITALS if value > 0 else -_CAPITALS
    return boost


def _modified_by_first(one: _Word, value: float, mixed_case: bool) -> float:
    """Return the valence after the word right before it."""
    if one.boost:
        value += _boost(one, value, mixed_case)
    return value * _NEGATION if one.negates else value


def _modified_by_second(one: _Word, two: _Word, value: float, mixed_case: bool) -> float:
    """Return the valence after the word two before it."""
    if two.boost:
        value += _boost(two, value, mixed_case) * 0.95
    if not two.negates or (two.lower == "without" and one.lower == "doubt"):
        return value
    if two.lower == "never" and one.lower in {"so", "this"}:
        return value * 1.25
    return value * _NEGATION


def _modified_by_third(one: _Word, two: _Word, three: _Word, value: float, mixed_case: bool) -> float:
    """Return the valence after the word three before it.

    "so" or "this" right before a word count as if "never" stood there: the
    package's condition binds that way, and its scores are the reference.
    """
    if three.boost:
        value += _boost(three, value, mixed_case) * 0.9
    if one.lower in {"so", "this"}:
        return value * 1.25
    if not three.negates:
        return value
    if three.lower == "never" and two.lower in {"so", "this"}:
        return value * 1.25
    if three.lower == "without" and "doubt" in (two.lower, one.lower):
        return value
    return value * _NEGATION


def _apply_phrases(words: Sequence[_Word], place: int, value: float) -> float:
    """Return the valence after idioms around the word and booster phrases before it."""
    three, two, one, zero = (word.lower for word in words[place - 3 : place + 1])
    around: tuple[tuple[str, ...], ...] = ((one, zero), (two, one, zero), (two, one), (three, two, one), (three, two))
    value = next((_PHRASES[phrase] for phrase in around if phrase in _PHRASES), value)
    after = [word.lower for word in words[place + 1 : place + 3]]
    for n_after in range(1, len(after) + 1):
        value = _PHRASES.get((zero, *after[:n_after]), value)
    before: tuple[tuple[str, ...], ...] = ((three, two, one), (three, two), (two, one))
    for phrase in before:
        value += _BOOSTER_PHRASES.get(phrase, 0.0)
    return value


def _turn_at_but(words: Sequence[_Word], weighed: Sequence[tuple[int, float]]) -> list[float]:
    """Return the values halved before the first "but" and raised by half after it.

    The package looks each value up by equality and changes the first equal one,
    also where that one was changed before. A heap of places for each value
    does the same in n log n.
    """
    turn = next((place for place, word in enumerate(words) if word.lower == "but"), None)
    values = [value for _, value in weighed]
    if turn is None:
        return values
    equal: dict[float, list[int]] = {}
    for index, value in enumerate(values):
        equal.setdefault(value, []).append(index)
    for index in range(len(values)):
        value = values[index]
        first = heappop(equal[value])
        changed = value * (0.5 if weighed[first][0] < turn else 1.5)
        values[first] = changed
        heappush(equal.setdefault(changed, []), first)
    return values


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
        package = distribution_version("vaderSentiment")
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
    worth = dict.fromkeys(EMOJI_LOOKS, "")
    worth |= {emoji: f"{reserved_token(valence)} " for emoji, valence in EMOJI_VALENCES.items()}
    lexicon = {**RESERVED_VALENCES, **english_lexicon(rules.lexicon)}
    return VaderRules(lexicon, {**rules.emoji, **worth}, prepare=prepared, hints=may_change, taken_out=taken_out)
