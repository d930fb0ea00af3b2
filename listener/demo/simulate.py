"""Let the invented world talk for ninety days, hour by hour."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from listener.clock import to_epoch
from listener.demo.dice import Dice
from listener.demo.people import OUTLETS, People, engagement
from listener.demo.world import (
    ARCHIVE_DAYS,
    ARCHIVE_START,
    BRANDS,
    EVENTS,
    HOUR_SHARES,
    LANGUAGES_OF,
    OUTAGE_SINCE,
    OUTAGE_SOURCE,
    OUTAGE_UNTIL,
    SOURCE_SHARES,
    TIME_ZONE,
    WEEKDAY_FACTORS,
    Event,
    Fictional,
)
from listener.demo.writing import Words, Writer
from listener.mention import Author, Engagement, Mention

__all__ = ["SEED", "Draft", "simulate"]

SEED: Final = 20_261_120
_MEMORY: Final = 400
"""How many of the last posts people still answer, pass on or copy."""
_RECENT: Final = timedelta(hours=40)
_QUIET_FLOOR: Final = 1.1
"""The least an hour counts as usual when an event multiplies it."""
_GROWTH: Final = 0.12
"""How much livelier the last day is than the first, without events."""
_FIRST_HOURS: Final = timedelta(hours=2)
_TAGGED: Final = {"x": 0.16, "mastodon": 0.34}


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """Hold a mention and what its inventor meant.

    `brand` is the brand it was made for, `language` and `label` the intended
    ones, `role` how it came about (remark, event, versus, repost, reply, quote,
    copy, link, other_sense, own), `event` the event it belongs to.
    """

    mention: Mention
    brand: str
    language: str
    label: str
    role: str
    event: str | None = None

    @property
    def published_at(self) -> datetime:
        """Return when it was published; an invented mention always has a time."""
        if self.mention.published_at is None:
            msg = "an invented mention has a time"
            raise ValueError(msg)
        return self.mention.published_at


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cue:
    """Say that somebody speaks about a brand at an instant, or the brand itself with a statement."""

    at: datetime
    brand: Fictional
    event: Event | None = None
    statement: int | None = None


def simulate(seed: int = SEED) -> list[Draft]:
    """Return all that is said in the world, in the order of time; the same for the same seed."""
    dice = Dice(seed)
    world = _World(dice)
    drafts: list[Draft] = []
    for hour in range(ARCHIVE_DAYS * 24):
        start = ARCHIVE_START + timedelta(hours=hour)
        drafts.extend(world.speak(cue) for cue in _cues(start, dice))
    return drafts


def usual_per_hour(brand: Fictional, start: datetime) -> float:
    """Return how many mentions of the brand the hour from `start` has without any event."""
    local = start.astimezone(ZoneInfo(TIME_ZONE))
    growth = 1.0 + _GROWTH * ((start - ARCHIVE_START) / timedelta(days=ARCHIVE_DAYS) - 0.5)
    return brand.daily * HOUR_SHARES[local.hour] * WEEKDAY_FACTORS[local.weekday()] * growth


def _cues(start: datetime, dice: Dice) -> list[_Cue]:
    """Return who speaks within the hour from `start`, in the order of time."""
    cues: list[_Cue] = []

    def add(count: int, brand: Fictional, event: Event | None) -> None:
        cues.extend(
            _Cue(at=start + timedelta(seconds=dice.below(3600)), brand=brand, event=event) for _ in range(count)
        )

    for brand in BRANDS:
        usual = usual_per_hour(brand, start)
        add(dice.poisson(usual), brand, None)
        for event in EVENTS:
            if event.brand == brand.name and event.start <= start < event.end:
                times = event.times_usual[(start - event.start) // timedelta(hours=1)]
                add(dice.crowd(max(usual, _QUIET_FLOOR) * times), brand, event)
            for place, after in enumerate(event.statements_after):
                if event.brand == brand.name and start <= event.start + after < start + timedelta(hours=1):
                    cues.append(_Cue(at=event.start + after, brand=brand, event=event, statement=place))
    return sorted(cues, key=lambda cue: (cue.at, cue.brand.name))


class _World:
    """Remember what was said, so that people can answer it."""

    def __init__(self, dice: Dice) -> None:
        self._dice = dice
        self._people = People(dice)
        self._writer = Writer(dice)
        self._memory: deque[Draft] = deque(maxlen=_MEMORY)
        self._ids: set[tuple[str, int]] = set()
        self._seeds_told: dict[str, int] = {}

    def speak(self, cue: _Cue) -> Draft:
        """Return what is said at a cue, and remember it where others may take it up."""
        draft = self._own(cue) if cue.statement is not None else self._spoken(cue)
        hidden = draft.mention.source == OUTAGE_SOURCE and OUTAGE_SINCE <= cue.at < OUTAGE_UNTIL
        if draft.role not in {"repost", "other_sense"} and not hidden:
            self._memory.append(draft)
        return draft

    def _spoken(self, cue: _Cue) -> Draft:
        if cue.event is not None:
            told = self._seeds_told.get(cue.event.name, 0)
            if told < self._writer.seed_count(cue.event.name) and (told == 0 or self._dice.chance(0.3)):
                self._seeds_told[cue.event.name] = told + 1
                return self._seed(cue, cue.event, told)
            shares = {"repost": 0.30, "reply": 0.13, "quote": 0.04, "copy": 0.04, "link": 0.03, "event": 0.46}
        else:
            shares = {"repost": 0.09, "reply": 0.12, "quote": 0.02, "copy": 0.025, "link": 0.02, "versus": 0.08}
            shares |= {"other_sense": 0.014, "own": 0.012, "remark": 0.619}
        role = self._dice.weighted(shares)
        if role == "own":
            return self._own(cue)
        source = self._source(cue)
        taken = self._taken_up(cue, role, source)
        if taken is not None:
            return taken
        return self._fresh(cue, role if role in {"versus", "other_sense"} else "remark", source)

    def _source(self, cue: _Cue) -> str:
        if cue.event is None:
            return self._dice.weighted(SOURCE_SHARES)
        early = cue.at - cue.event.start < _FIRST_HOURS
        return self._dice.weighted(cue.event.first_sources if early else cue.event.then_sources)

    def _taken_up(self, cue: _Cue, role: str, source: str) -> Draft | None:
        """Return a post that takes up an earlier one; None where none fits the role and the source."""
        if role == "repost" and source in {"x", "mastodon"}:
            return self._repost(cue, source)
        if role == "reply" and source != "rss":
            return self._reply(cue, source)
        if role == "quote" and source in {"x", "mastodon"}:
            return self._quote(cue, source)
        if role == "copy" and source in {"x", "mastodon", "reddit"}:
            return self._copy(cue, source)
        if role == "link" or (source == "hackernews" and role == "event"):
            return self._link(cue)
        return None

    def _earlier(self, cue: _Cue, sources: set[str]) -> Draft | None:
        event = cue.event.name if cue.event else None
        fitting = [
            draft
            for draft in self._memory
            if draft.brand == cue.brand.name
            and draft.event == event
            and draft.mention.source in sources
            and draft.mention.text
            and cue.at - draft.published_at < _RECENT
            and draft.published_at < cue.at
        ]
        if not fitting:
            return None
        # The loudest are the first to be passed on: what has been said first in an event, most of all.
        place = int(self._dice.unit() ** (2.2 if event else 1.0) * len(fitting))
        return fitting[place]

    def _seed(self, cue: _Cue, event: Event, place: int) -> Draft:
        words = self._writer.seed(event.name, cue.brand.name, event.label, place)
        source = ("reddit", "reddit", "x", "x", "mastodon", "x")[place % 6] if event.label == "negative" else "x"
        if source == "reddit":
            words = replace(words, title=words.text.partition(". ")[0].rstrip("."))
        author = self._people.someone_large(source, place % 3)
        return self._draft(cue, source, words, role="event", author=author, loud=6.0)

    def _own(self, cue: _Cue) -> Draft:
        if cue.event is not None and cue.statement is not None:
            words = self._writer.statement(cue.event.name, cue.brand.name, cue.statement)
        else:
            words = self._writer.own_post(cue.brand.name)
        source = self._dice.weighted({"x": 0.7, "mastodon": 0.2, "reddit": 0.1})
        author = self._people.account(source, cue.brand, self._dice.below(2))
        return self._draft(cue, source, words, role="own", author=author)

    def _fresh(self, cue: _Cue, role: str, source: str) -> Draft:
        language = self._dice.weighted(LANGUAGES_OF[source])
        if role == "other_sense":
            place = source if source != "rss" else "x"
            return self._draft(cue, place, self._writer.other_sense(cue.brand.name), role=role)
        if role == "versus" and source != "rss":
            return self._draft(cue, source, self._writer.comparison(cue.brand.name, language), role=role)
        return self._draft(cue, source, self._new_words(cue, source, language), role="event" if cue.event else "remark")

    def _new_words(self, cue: _Cue, source: str, language: str) -> Words:
        if cue.event is not None:
            return self._writer.about_event(cue.event.name, cue.brand.name, language, source, cue.event.label)
        return self._writer.remark(cue.brand.name, language, source, self._dice.weighted(cue.brand.moods))

    def _repost(self, cue: _Cue, source: str) -> Draft | None:
        original = self._earlier(cue, {source})
        if original is None:
            return None
        words = Words(text=original.mention.text, label=original.label, language=original.language)
        draft = self._draft(cue, source, words, role="repost", tagged=False)
        mention = replace(
            draft.mention,
            repost_of=original.mention.id,
            language=original.mention.language,
            engagement=Engagement(likes=0, reposts=0, replies=0),
        )
        return replace(draft, mention=mention)

    def _reply(self, cue: _Cue, source: str) -> Draft | None:
        original = self._earlier(cue, {source})
        if original is None:
            return None
        words = self._new_words(cue, source, original.language)
        if words.title is not None:
            words = replace(words, text=f"{words.title}\n{words.text}", title=None)
        handle = original.mention.author.handle if original.mention.author else None
        if source in {"x", "mastodon"} and handle:
            words = replace(words, text=f"@{handle} {words.text}")
        draft = self._draft(cue, source, words, role="reply")
        root = original.mention.thread or original.mention.id
        kind = draft.mention.kind
        return replace(
            draft, mention=replace(draft.mention, kind=kind, reply_to=original.mention.id, thread=root, title=None)
        )

    def _quote(self, cue: _Cue, source: str) -> Draft | None:
        original = self._earlier(cue, {source})
        if original is None:
            return None
        draft = self._draft(cue, source, self._new_words(cue, source, original.language), role="quote")
        return replace(draft, mention=replace(draft.mention, quote_of=original.mention.id))

    def _copy(self, cue: _Cue, source: str) -> Draft | None:
        original = self._earlier(cue, {"x", "mastodon", "reddit"} - {source})
        if original is None or original.mention.title is not None or original.role == "copy":
            return None
        text = self._writer.copied(original.mention.text)
        words = Words(text=text, label=original.label, language=original.language)
        return self._draft(cue, source, words, role="copy", tagged=False)

    def _link(self, cue: _Cue) -> Draft | None:
        """Return a submission of an article that a feed brought: the same address, seldom other words."""
        original = self._earlier(cue, {"rss"})
        if original is None or original.language != "en" or original.mention.url is None:
            return None
        title, url = original.mention.title or "", original.mention.url
        if self._dice.chance(0.6):
            words = Words(text="", label=original.label, language="en", title=title)
            draft = self._draft(cue, "hackernews", words, role="link")
            counts = engagement("reddit", draft.mention.author or Author(), self._dice, loud=2.0)
            return replace(draft, mention=replace(draft.mention, links=(url,), engagement=counts))
        words = Words(text=f"{title} {url}", label=original.label, language="en")
        draft = self._draft(cue, "x", words, role="link", tagged=False)
        return replace(draft, mention=replace(draft.mention, links=(url,)))

    def _draft(
        self,
        cue: _Cue,
        source: str,
        words: Words,
        *,
        role: str,
        author: Author | None = None,
        loud: float | None = None,
        tagged: bool = True,
    ) -> Draft:
        author = author or self._people.someone(source, words.language)
        number = self._number(source, cue.at)
        text = words.text + (self._tag(cue) if tagged and self._dice.chance(_TAGGED.get(source, 0.0)) else "")
        kind = _kind(source, words)
        mention = Mention(
            source=source,
            id=_native_id(source, kind, number),
            url=_address(source, author, number, words),
            kind=kind,
            author=author,
            title=words.title if source in {"reddit", "hackernews", "rss"} else None,
            text=text,
            language=self._writer.claim(words.language) if source in {"x", "mastodon", "rss"} else None,
            published_at=cue.at,
            engagement=engagement(source, author, self._dice, loud=loud or (2.5 if cue.event else 1.0)),
            place=self._place(source, words.language),
        )
        if kind == "comment":
            mention = _under_a_post(mention, number)
        event = cue.event.name if cue.event else None
        return Draft(
            mention=mention, brand=cue.brand.name, language=words.language, label=words.label, role=role, event=event
        )

    def _number(self, source: str, at: datetime) -> int:
        """Return a number that nothing in the source has yet and that grows with time."""
        number = to_epoch(at) * 10
        while (source, number) in self._ids:
            number += 1
        self._ids.add((source, number))
        return number

    def _tag(self, cue: _Cue) -> str:
        return f" #{cue.event.hashtag if cue.event and self._dice.chance(0.7) else cue.brand.name}"

    def _place(self, source: str, language: str) -> str | None:
        if source != "x" or not self._dice.chance(0.12):
            return None
        return self._dice.pick(("ES", "CO")) if language == "es" else "IN"


def _kind(source: str, words: Words) -> str:
    if source == "rss":
        return "article"
    return "comment" if source in {"reddit", "hackernews"} and words.title is None else "post"


def _under_a_post(mention: Mention, number: int) -> Mention:
    """Return a comment below a post of the same quarter of a day that itself names no brand."""
    post = _native_id(mention.source, "post", number // 216_000 * 216_000)
    return replace(mention, reply_to=post, thread=post)


def _native_id(source: str, kind: str, number: int) -> str:
    if source == "reddit":
        return f"{'t1' if kind == 'comment' else 't3'}_{number:x}"
    return f"item-{number}" if source == "rss" else str(number)


def _address(source: str, author: Author, number: int, words: Words) -> str:
    """Return a permalink below the domains that RFC 2606 reserves for examples."""
    if source == "x":
        return f"https://x.example.com/{author.handle}/status/{number}"
    if source == "reddit":
        return f"https://reddit.example.com/r/kettletalk/comments/{number:x}"
    if source == "hackernews":
        return f"https://hackernews.example.com/item?id={number}"
    if source == "mastodon":
        return f"https://mastodon.example.com/@{author.handle}/{number}"
    host = (author.name or OUTLETS[0]).lower().replace(" ", "-")
    return f"https://{host}.example.org/{words.language.lower()}/{number}"
