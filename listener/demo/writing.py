"""Put phrases together to what one person writes in one place."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from listener.demo.phrases import Phrasebook, Topic, fill, load_phrasebook
from listener.demo.world import BRANDS, LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from listener.demo.dice import Dice

__all__ = ["Words", "Writer"]

_LONGEST_POST: Final = 280
_ASIDES: Final = ("openers", "tails", "tails")
_FULL_STOPS: Final = ".\N{DEVANAGARI DANDA}\N{ARABIC FULL STOP}"
_COPY_MARKS: Final = (" 🙏", "!!", " 👀", " ...", " ☕", "!!!")


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """Hold what is written and what was meant: `label` is the mood towards the brand."""

    text: str
    label: str
    language: str
    title: str | None = None


class Writer:
    """Write texts from the phrasebooks; every phrase has its turn before one comes again."""

    def __init__(self, dice: Dice) -> None:
        self._dice = dice
        self._books = {language: load_phrasebook(language) for language in LANGUAGES}

    def claim(self, language: str) -> str | None:
        """Return what a platform claims a text of this language to be, None where it claims nothing."""
        return self._dice.pick(self._books[language].claims) or None

    def remark(self, brand: str, language: str, source: str, label: str) -> Words:
        """Return ordinary talk about the brand in this mood."""
        book = self._books[language]
        if source == "rss":
            return self._article(book, brand, label, label)
        if source == "hackernews" and self._dice.chance(0.6):
            line = self._dice.deal(f"tech {label}", book.tech[label])
            return self._words(book, brand, [line], label)
        topic = book.topics[label]
        if topic.short and source in {"x", "mastodon"} and self._dice.chance(0.06):
            return self._words(book, brand, [self._dice.pick(topic.short)], label)
        if source == "reddit" and self._dice.chance(0.4):
            return self._thread(book, brand, label)
        return self._words(book, brand, self._parts(book, label, topic), label)

    def about_event(self, event: str, brand: str, language: str, source: str, label: str) -> Words:
        """Return talk about an event of the brand."""
        book = self._books[language]
        if source == "rss" and event in book.news:
            return self._article(book, brand, label, event)
        title, values = None, self._values(book, brand)
        if source == "rss" or (source == "reddit" and self._dice.chance(0.35)):
            title = fill(self._event_line(book, event), values).rstrip(_FULL_STOPS)
        return replace(self._words(book, brand, self._event_parts(book, event, label), label, values), title=title)

    def seed(self, event: str, brand: str, label: str, place: int) -> Words:
        """Return one of the English posts that others pass on."""
        book = self._books["en"]
        seeds = book.topics[event].seeds
        return self._words(book, brand, [seeds[place % len(seeds)]], label)

    def seed_count(self, event: str) -> int:
        """Return how many posts of an event are made to be passed on."""
        return len(self._books["en"].topics[event].seeds)

    def comparison(self, brand: str, language: str) -> Words:
        """Return a post that names the brand and a rival; the mood is towards the brand."""
        book = self._books[language]
        line, label = self._dice.deal(f"{language} versus", book.versus)
        parts = [line]
        if self._dice.chance(0.6):
            parts.append(self._dice.deal(f"{language} {label} tails", book.topics[label].tails))
        return self._words(book, brand, parts, label)

    def other_sense(self, brand: str) -> Words:
        """Return a post in which the brand's word means something else."""
        return self._only(brand, self._books["en"].other_sense[brand], "other sense")

    def own_post(self, brand: str) -> Words:
        """Return an everyday post of the brand itself."""
        return self._only(brand, self._books["en"].own[brand], "own")

    def statement(self, event: str, brand: str, place: int) -> Words:
        """Return what the brand itself says about an event."""
        book = self._books["en"]
        return self._words(book, brand, [book.statements[event][place]], "neutral")

    def copied(self, text: str) -> str:
        """Return the same words sent again, with another sign at the end."""
        return text.rstrip(f"{_FULL_STOPS}!") + self._dice.pick(_COPY_MARKS)

    def _event_line(self, book: Phrasebook, event: str) -> str:
        topic = book.topics[event]
        # English seeds are told apart and passed on; other languages have them retold as lines.
        lines = topic.lines if book.language == "en" else (*topic.lines, *topic.seeds)
        return self._dice.deal(f"{book.language} {event} lines", lines)

    def _event_parts(self, book: Phrasebook, event: str, label: str) -> list[str]:
        parts, mood = [self._event_line(book, event)], book.topics[label]
        if self._dice.chance(0.75):
            parts.append(self._dice.deal(f"{book.language} {event} tails", book.topics[event].tails))
        if self._dice.chance(0.4):
            parts.append(self._dice.deal(f"{book.language} {label} tails", mood.tails))
        if self._dice.chance(0.3):
            parts.insert(0, self._dice.deal(f"{book.language} {label} openers", mood.openers))
        return parts

    def _only(self, brand: str, phrases: Sequence[str], deck: str) -> Words:
        return self._words(self._books["en"], brand, [self._dice.deal(f"{brand} {deck}", phrases)], "neutral")

    def _parts(self, book: Phrasebook, label: str, topic: Topic) -> list[str]:
        parts = [self._line(book, label)]
        if self._dice.chance(0.42):
            parts.insert(0, self._dice.deal(f"{book.language} {label} openers", topic.openers))
        if self._dice.chance(0.78):
            parts.append(self._dice.deal(f"{book.language} {label} tails", topic.tails))
        if label != "neutral" and self._dice.chance(0.22):
            parts.append(self._dice.deal(f"{book.language} {label} tails", topic.tails))
        return parts

    def _line(self, book: Phrasebook, label: str) -> str:
        return self._dice.deal(f"{book.language} {label} lines", book.topics[label].lines)

    def _thread(self, book: Phrasebook, brand: str, label: str) -> Words:
        values, topic = self._values(book, brand), book.topics[label]
        title = fill(self._line(book, label), values).rstrip(_FULL_STOPS)
        if label == "neutral":
            parts = [self._dice.deal(f"{book.language} {label} {kind}", getattr(topic, kind)) for kind in _ASIDES]
        else:
            parts = self._parts(book, label, topic)
        return replace(self._words(book, brand, parts, label, values), title=title)

    def _article(self, book: Phrasebook, brand: str, label: str, topic: str) -> Words:
        values = self._values(book, brand)
        if topic not in book.news or (topic == label and label != "neutral" and self._dice.chance(0.5)):
            return self._thread(book, brand, label)
        title, summary = self._dice.deal(f"{book.language} news {topic}", book.news[topic])
        return Words(text=fill(summary, values), label=label, language=book.language, title=fill(title, values))

    def _words(
        self, book: Phrasebook, brand: str, parts: list[str], label: str, values: dict[str, str] | None = None
    ) -> Words:
        values = values or self._values(book, brand)
        text = " ".join(dict.fromkeys(fill(part, values) for part in parts))
        while len(text) > _LONGEST_POST and len(parts) > 1:
            parts = parts[:-1]
            text = " ".join(fill(part, values) for part in parts)
        return Words(text=text, label=label, language=book.language)

    def _values(self, book: Phrasebook, brand: str) -> dict[str, str]:
        rivals = [other.name for other in BRANDS if other.name != brand]
        values = {slot: self._dice.pick(choices) for slot, choices in book.slots.items()}
        values["who_cap"] = values["who"][:1].upper() + values["who"][1:]
        place = self._dice.below(len(book.names[brand]))
        values["brand"] = book.names[brand][place]
        other = book.names[self._dice.pick(rivals)]
        values["rival"] = other[place % len(other)]
        return values
