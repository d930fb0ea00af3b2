"""Invent the people who write, and how many others see it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from listener.mention import Author, Engagement

if TYPE_CHECKING:
    from listener.demo.dice import Dice
    from listener.demo.world import Fictional

__all__ = ["OUTLETS", "People", "engagement"]

_FIRST: Final = (
    *("drowsy", "velvet", "pocket", "purple", "quiet", "sunny", "lunar", "paper", "brass", "mellow", "tidy", "rusty"),
    *("cosmic", "minty", "humble", "fuzzy", "salty", "nimble", "amber", "cloudy", "spare", "lazy", "curly", "plain"),
)
_SECOND: Final = (
    *("teaspoon", "mango", "otter", "ladle", "biscuit", "lantern", "sparrow", "saucer", "pickle", "walnut", "jamun"),
    *("tiffin", "button", "heron", "pepper", "cushion", "parrot", "cinnamon", "umbrella", "samosa", "pebble", "kite"),
)
_POOL: Final = {"x": 260, "reddit": 240, "hackernews": 180, "mastodon": 90, "rss": 4}
"""How many people write in each source and language."""
_LARGE: Final = 0.015
OUTLETS: Final = ("kitchen-post", "spout-daily", "teapot-times", "counter-notes", "warm-cup-blog", "steam-weekly")
"""The invented papers and blogs behind the feeds; each is a host below example.org."""


class People:
    """Keep the invented authors: the same place in the pool is always the same person."""

    def __init__(self, dice: Dice) -> None:
        self._dice = dice
        self._known: dict[tuple[str, str, int], Author] = {}
        self._handles: set[str] = set()

    def someone(self, source: str, language: str) -> Author:
        """Return an author who writes there in that language; a few write much, most little."""
        number = int(self._dice.unit() ** 1.5 * _POOL[source])
        key = (source, language, number)
        if key not in self._known:
            self._known[key] = self._invent(source)
        return self._known[key]

    def someone_large(self, source: str, place: int) -> Author:
        """Return one of a few English writers whom very many follow, where the source has followers."""
        key = (source, "large", place)
        if key not in self._known:
            self._known[key] = self._invent(source, large=True)
        return self._known[key]

    def account(self, source: str, brand: Fictional, place: int) -> Author:
        """Return one of the brand's own accounts."""
        handle = brand.accounts[place % len(brand.accounts)]
        followers = int(brand.daily * 1_150) if source in {"x", "mastodon"} else None
        return Author(id=f"own-{handle}", handle=handle, name=brand.name, followers=followers, verified=_tick(source))

    def _invent(self, source: str, *, large: bool = False) -> Author:
        dice = self._dice
        if source == "rss":
            outlet = dice.pick(OUTLETS)
            return Author(name=outlet.replace("-", " ").title())
        first, second = dice.pick(_FIRST), dice.pick(_SECOND)
        handle = f"{first}_{second}_{dice.below(90) + 10}"
        while handle in self._handles:
            handle = f"{first}_{second}_{dice.below(9000) + 100}"
        self._handles.add(handle)
        large = large or dice.chance(_LARGE)
        followers = 30_000 + dice.heavy(45_000, 420_000) if large else dice.heavy(130, 9_000)
        if source in {"reddit", "hackernews"}:
            return Author(id=f"{source}-{len(self._handles)}", handle=handle)
        name = f"{first.title()} {second.title()}"
        verified = large if source == "x" else None
        return Author(
            id=f"{source}-{len(self._handles)}", handle=handle, name=name, followers=followers, verified=verified
        )


def engagement(source: str, author: Author, dice: Dice, *, loud: float) -> Engagement:
    """Return counters as that source shows them; `loud` is 1 for ordinary talk and more in an uproar."""
    audience = (author.followers or 250) ** 0.5 * loud
    likes = dice.heavy(audience * 0.16, 60_000)
    replies = dice.heavy(audience * 0.03, 4_000)
    if source == "x":
        views = 20 + likes * (18 + dice.below(30)) + dice.heavy(audience * 6, 900_000)
        return Engagement(likes=likes, reposts=dice.heavy(audience * 0.04, 12_000), replies=replies, views=views)
    if source == "mastodon":
        return Engagement(likes=likes, reposts=dice.heavy(audience * 0.05, 5_000), replies=replies)
    if source == "reddit":
        return Engagement(likes=likes + 1, replies=replies)
    if source == "hackernews":
        return Engagement(replies=replies)
    return Engagement()


def _tick(source: str) -> bool | None:
    return True if source == "x" else None
