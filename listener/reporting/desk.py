"""Hold what every report is made from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from listener.search import Span

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from listener.config import Config
    from listener.search import Reader, Trend

__all__ = ["Desk"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Hold what every report is made from: the configuration, the store read, who listens where, the time."""

    config: Config
    reader: Reader
    listening: Mapping[str, tuple[str, ...]]
    now: datetime

    def span(self, since: datetime, until: datetime, *, by: str = "day") -> Span:
        """Return the span of a trend, cut in the configured zone."""
        return Span(since=since, until=until, by=by, zone=self.config.zone(), now=self.now)

    def trend(self, brand: str, since: datetime, until: datetime, *, by: str = "day") -> Trend:
        """Return the trend of one brand."""
        return self.reader.trend([brand], self.span(since, until, by=by), self.listening)
