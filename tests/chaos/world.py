"""A simulated world: what is published where and when, what is edited, taken away or found late. Seeded, made up."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chaos.services import Service

MINUTE, HOUR, DAY = 60, 3600, 86_400

SAID = (
    "acme is great and I love it more than the one that we had",
    "the lid of my acme is terrible and it was broken when it came",
    "I have bought an acme lid for the kettle that is in our kitchen",
    "they say that globex is better than acme and I think it is not",
    "this is what globex said about the new lid when it was shown to us",
    "the kettle that is in our kitchen was cold when we came to it",
)
"""Plain English throughout; the last is about nobody."""
RECALLS = (
    "there is a recall of the acme lid and it is a danger to all of us",
    "my shop has just told me to bring back what I bought from acme because of some recall",
    "does anybody know why acme had to do this recall or how long we should wait",
    "first their handle fell off and now a recall, so that was my last thing by acme",
    "just read on page four about another recall at acme after two children were hurt",
    "good that acme did say sorry before starting such a big recall on their own",
)
"""Each in words of its own: near copies are one thing said once, and rules count what was said."""
EDITED = "I was wrong and the acme that we have is good"


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One post of one service: published `at`, given out by the service from `seen_from` on (epoch seconds)."""

    number: int
    service: str
    at: int
    seen_from: int
    text: str

    @property
    def lateness(self) -> int:
        return self.seen_from - self.at

    def concerns(self, brand: str) -> bool:
        return brand.casefold() in self.text

    @property
    def is_wanted(self) -> bool:
        return self.concerns("Acme") or self.concerns("Globex")


class World:
    """Move the time on and let the services give what there then is.

    `rates` are posts an hour, by service. `items` holds everything ever
    published, as it was last worded, `gone` the numbers of what was taken away.
    """

    def __init__(self, services: Sequence[Service], dice: random.Random, *, start: int) -> None:
        self.services = {service.name: service for service in services}
        self.dice = dice
        self.start = self.now = start
        self.items: dict[int, Item] = {}
        self.gone: set[int] = set()
        self.edited: set[int] = set()
        self._fresh: set[int] = set()
        self._waiting: list[Item] = []
        self._number = 1000
        for service in services:
            service.turn(self.now)
            for at in range(start - 40 * DAY, start - 35 * DAY, DAY):
                self._publish(self._make(service.name, at, SAID[5]))  # so that listings reach far back
            for _ in range(30):
                at = start - dice.randrange(1, 26 * HOUR)
                self._publish(self._make(service.name, at, dice.choice(SAID)))

    def advance(self, until: int) -> None:
        """Let everyday life go on up to an instant; time never runs back here, whatever a machine's clock says."""
        if until <= self.now:
            return
        for service in self.services.values():
            hours = (until - self.now) / HOUR
            count = int(service.rate * hours) + (self.dice.random() < service.rate * hours % 1)
            for _ in range(count):
                item = self._make(service.name, self.dice.randrange(self.now, until), self.dice.choice(SAID))
                self._waiting.append(self._delayed(item, service))
        self.now = until
        self._fresh.clear()
        for service in self.services.values():
            service.turn(until)
        due = [item for item in self._waiting if item.seen_from <= until]
        self._waiting = [item for item in self._waiting if item.seen_from > until]
        for item in sorted(due, key=lambda item: item.seen_from):
            self._publish(item)

    def burst(self, name: str, count: int, *, text: str | None = None) -> None:
        """Publish many posts within the last ten minutes, before anybody asks again."""
        for _ in range(count):
            words = text or self.dice.choice(SAID[:5])
            self._publish(self._make(name, self.now - self.dice.randrange(2 * MINUTE, 12 * MINUTE), words))

    def mention(self, name: str, text: str, *, ago: int = 3 * MINUTE) -> Item:
        """Publish one post with these words."""
        item = self._make(name, self.now - ago, text)
        self._publish(item)
        return item

    def recall(self, name: str, *, ago: int = 3 * MINUTE) -> None:
        """Let everybody speak of a recall, each in other words."""
        for words in RECALLS:
            self.mention(name, words, ago=ago)

    def edit_some(self, name: str, share: float = 0.2) -> None:
        """Word some of the newest posts anew."""
        service = self.services[name]
        for item in self._newest(name, min(service.overlap // 2, HOUR)):
            if item.number not in self.edited and item.lateness == 0 and self.dice.random() < share:
                worded = replace(item, text=f"{service.words(EDITED)}, says {item.number}")
                self.edited.add(item.number)
                self._fresh.add(item.number)
                self.items[item.number] = worded
                service.edit(worded, at=self.now)

    def take_away_some(self, name: str, share: float = 0.1) -> None:
        """Let some posts of the last day disappear; none that was worded anew a moment ago, which nobody could have read."""
        for item in self._newest(name, DAY):
            if self.dice.random() < share and item.number not in self._fresh:
                self.gone.add(item.number)
                self.services[name].withdraw(item)

    def of(self, name: str) -> list[Item]:
        """Return what a service has ever given out."""
        return [item for item in self.items.values() if item.service == name]

    def _newest(self, name: str, seconds: int) -> list[Item]:
        edge = self.now - seconds
        return [item for item in self.of(name) if item.at >= edge and item.number not in self.gone and item.is_wanted]

    def _make(self, name: str, at: int, text: str) -> Item:
        self._number += 1
        number = self._number
        words = self.services[name].words(text)
        return Item(number=number, service=name, at=at, seen_from=at, text=f"{words}, says {number}")

    def _delayed(self, item: Item, service: Service) -> Item:
        """Let one in eight posts be found late, a few of them later than anybody reads again."""
        if service.overlap == 0 or self.dice.random() > 0.125:
            return item
        beyond = self.dice.random() < 0.2
        within = self.dice.randrange(MINUTE, service.overlap - 7 * MINUTE)
        return replace(item, seen_from=item.at + (service.overlap + 12 * HOUR if beyond else within))

    def _publish(self, item: Item) -> None:
        self.items[item.number] = item
        self.services[item.service].publish(item)
