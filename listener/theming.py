"""Read a brand's mentions from the store and find the themes in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from listener.frozen import dataclass
from listener.themes import MOST_READ, Cell, Saying, Theme, cross, find_themes, stage_reader

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from listener.search import Reader, Wording

__all__ = ["BY", "ThemeSheet", "read_themes"]

BY = ("source", "language", "stage")
"""What themes can be crossed with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ThemeSheet:
    """Hold the themes of a brand in a period, and what they were found in.

    `read` of the period's `mentions` were looked at (purged ones have no words; of
    very many an even sample). `sayings` are those looked at.
    """

    brand: str
    since: datetime
    until: datetime
    mentions: int
    read: int
    themes: tuple[Theme, ...]
    sayings: tuple[Saying, ...]

    def of_kind(self, kind: str) -> tuple[Theme, ...]:
        """Return the themes that are pain or praise, those that weigh most first."""
        return tuple(
            sorted(
                (theme for theme in self.themes if theme.kind == kind),
                key=lambda theme: (-abs(theme.weight), theme.name),
            )
        )

    def ranked(self) -> tuple[Theme, ...]:
        """Return pain points, then what is praised, then what is mixed, each by its weight or volume."""
        mixed = tuple(theme for theme in self.themes if theme.kind == "mixed")
        return (*self.of_kind("pain"), *self.of_kind("praise"), *mixed)

    def crossed(self, by: str, themes: Sequence[Theme], stages: Mapping[str, Sequence[str]]) -> tuple[Cell, ...]:
        """Return themes by source, language or stage of the journey; `stages` are the rules of the last."""
        read: dict[str, Callable[[Saying], str]] = {
            "source": lambda saying: saying.source,
            "language": lambda saying: saying.language,
            "stage": stage_reader(stages) if by == "stage" else str,
        }
        return cross(themes, self.sayings, read[by])


def read_themes(
    reader: Reader,
    brand: str,
    names: Sequence[str],
    since: datetime,
    until: datetime,
    *,
    present: Sequence[Wording] | None = None,
) -> ThemeSheet:
    """Return the themes of a brand in [since, until), measured against the span of equal length before.

    `present` is what is said in the span (at most MOST_READ), where it was read before.
    """
    start = since - (until - since)
    if present is None:
        present = reader.wordings(brand, since, until, limit=MOST_READ)
    before = reader.wordings(brand, start, since, limit=MOST_READ)
    counts = [sum(row.mentions for row in reader.count_by("source", brand, *span)) for span in
              ((since, until), (start, since))]  # fmt: skip
    is_known = bool(before) or (
        not counts[1] and reader.is_known_at(brand, start)
    )  # what was erased may have said anything
    sayings = tuple(_saying(wording) for wording in present)
    shares = [len(read) / whole if whole else 1.0 for read, whole in zip((present, before), counts, strict=True)]
    return ThemeSheet(
        brand=brand,
        since=since,
        until=until,
        mentions=counts[0],
        read=len(sayings),
        themes=find_themes(
            sayings,
            [_saying(wording) for wording in before] if is_known else None,
            names,
            exposure=(shares[0] or 1.0, shares[1] or 1.0),
        ),
        sayings=sayings,
    )


def _saying(wording: Wording) -> Saying:
    return Saying(
        number=wording.number,
        text=wording.text,
        source=wording.source,
        language=wording.language,
        story=wording.story,
        author=wording.author,
        label=wording.label,
        published_at=wording.published_at,
        is_repost=wording.is_repost,
    )
