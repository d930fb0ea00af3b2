"""Replay the bundled archive as if its services were asked."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from datetime import timedelta
from typing import IO, TYPE_CHECKING, ClassVar, Final, cast

from listener.demo.build import ARCHIVE
from listener.errors import UnexpectedAnswerError
from listener.interchange import BadLine, read_lines
from listener.protocols import Page, Resource, SourceFacts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from listener.mention import Mention
    from listener.protocols import Window
    from listener.query import Query

__all__ = ["ArchiveSource", "read_archive"]

_PAGE: Final = 500


def read_archive() -> dict[str, list[Mention]]:
    """Return the mentions of the bundled archive by source, oldest first."""
    by_source: dict[str, list[Mention]] = {}
    with gzip.open(ARCHIVE) as stream:
        for line in read_lines(cast("IO[bytes]", stream)):
            if isinstance(line, BadLine):
                msg = f"the bundled archive is damaged at line {line.number}: {line.reason}; install the program again"
                raise UnexpectedAnswerError(msg)
            by_source.setdefault(line.source, []).append(line)
    return by_source


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveOptions:
    """Hold nothing: the archive is what it is."""


class ArchiveSource:
    """Stand in for one service: it gives the archive's mentions of that service, page by page."""

    Options: ClassVar[type] = ArchiveOptions
    facts: ClassVar[SourceFacts] = SourceFacts(
        summary="The bundled archive of the demo.", sees="what the archive holds", overlap=timedelta()
    )

    def __init__(self, name: str, mentions: Sequence[Mention]) -> None:
        self.name = name
        self._mentions = mentions

    def plan(self, queries: Sequence[Query]) -> Sequence[Resource]:
        """Return the one stream there is, whatever is asked for."""
        del queries
        return [Resource(key="archive", lane="archive", native="archive")]

    def fetch(self, resource: Resource, window: Window, cursor: str | None) -> Page:
        """Return the next page of the window, oldest first; the cursor counts what was given."""
        del resource
        wanted = [
            mention
            for mention in self._mentions
            if mention.published_at is not None and window.since <= mention.published_at < window.until
        ]
        start = int(cursor or 0)
        end = start + _PAGE
        is_last = end >= len(wanted)
        return Page(
            mentions=tuple(wanted[start:end]), cursor=None if is_last else str(end), exhausted=is_last, requests=0
        )

    def check(self) -> str:
        """Say how much the archive holds."""
        return f"{len(self._mentions)} mentions in the archive"

    def close(self) -> None:
        """Do nothing: nothing is open."""
