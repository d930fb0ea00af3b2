"""Hold what every report is made from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from listener.reporting.terms import brand_words
from listener.search import Span

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from listener.config import Config
    from listener.search import CoverageGap, Reader, Trend

__all__ = ["Desk"]


@dataclass(frozen=True, kw_only=True)
class Desk:
    """Hold what every report is made from: the configuration, the store read, who listens where, the time.

    What all brands of a report share is gathered once: there may be thousands.
    """

    config: Config
    reader: Reader
    listening: Mapping[str, tuple[str, ...]]
    now: datetime

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Return what all brands are called."""
        return tuple(word for one in self.config.brands for word in brand_words(one))

    def gaps(self, brand: str, since: datetime, until: datetime) -> tuple[CoverageGap, ...]:
        """Return where mentions of a brand in [since, until) may be missing, of the sources that listen for it."""
        if (since, until) not in self._gaps:
            by_brand: dict[str | None, list[tuple[int, CoverageGap]]] = {}
            for place, gap in enumerate(self.reader.gaps(since, until)):
                for one in (gap.brand,) if gap.brand is not None else gap.brands or (None,):
                    by_brand.setdefault(one, []).append((place, gap))
            self._gaps[since, until] = by_brand
        found = self._gaps[since, until]
        listening = self.listening.get(brand, ())
        ranked = sorted((*found.get(brand, ()), *found.get(None, ())), key=lambda one: one[0])
        return tuple(gap for _, gap in ranked if gap.source in listening)

    @cached_property
    def _gaps(self) -> dict[tuple[datetime, datetime], dict[str | None, list[tuple[int, CoverageGap]]]]:
        """Hold the gaps of spans by brand, each with its place among all; those that concern every brand under None."""
        return {}

    def span(self, since: datetime, until: datetime, *, by: str = "day") -> Span:
        """Return the span of a trend, cut in the configured zone."""
        return Span(since=since, until=until, by=by, zone=self.config.zone(), now=self.now)

    def trend(self, brand: str, since: datetime, until: datetime, *, by: str = "day") -> Trend:
        """Return the trend of one brand."""
        return self.reader.trend([brand], self.span(since, until, by=by), self.listening)
