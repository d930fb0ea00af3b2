"""Open the store for reading and answer from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from listener.clock import from_epoch
from listener.database import snapshot
from listener.errors import UsageError
from listener.search import coverage
from listener.search.alert_reader import AlertReader
from listener.search.state_reader import StateReader
from listener.search.trend import read_share, read_totals, read_trend
from listener.sqlite_errors import translated

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from listener.clock import Bucket
    from listener.mention import Mention
    from listener.search.models import StoredModel
    from listener.search.records import (
        AskedRow,
        CoverageGap,
        MentionFilter,
        MentionRow,
        SourceCount,
        SurveyRow,
        Wording,
    )
    from listener.search.top import TopRow
    from listener.search.trends import ShareRow, Span, Trend, TrendBucket
    from listener.search.verdicts import Decided

__all__ = ["Reader"]


_NEVER_MATCHED: Final = """
SELECT NOT EXISTS (SELECT 1 FROM matches WHERE brand_id = (SELECT id FROM brands WHERE name = ?1))
   AND coalesce((SELECT seen_at FROM mentions ORDER BY id LIMIT 1) < coalesce(
     (SELECT first_used_at FROM queries JOIN brands ON brands.id = brand_id WHERE name = ?1 ORDER BY queries.id DESC
      LIMIT 1), 1 << 62), 0)
"""

_OF_BRAND: Final = "FROM matches WHERE brand_id = (SELECT id FROM brands WHERE name = ?1)"
_FIRST_AND_LAST: Final = f"SELECT (SELECT min(published_at) {_OF_BRAND}), (SELECT max(published_at) {_OF_BRAND})"
"""Each from the end of the index at which it stands; asked for together, all of the brand would be gone through."""


class Reader(AlertReader, StateReader):
    """Answer questions about one store; never writes, never waits for a writer.

    Every method raises StoreError where the store cannot be read.
    """

    def trend(self, brands: Sequence[str], span: Span, listening: Mapping[str, Sequence[str]]) -> Trend:
        """Return the trend of brands; `listening` names the enabled sources of each."""
        self._require_source(span.source)
        with translated(self.path), snapshot(self._connection):
            return read_trend(self._connection, brands, span, listening)

    def totals(
        self, brands: Sequence[str], span: Span, listening: Mapping[str, Sequence[str]]
    ) -> tuple[TrendBucket, ...]:
        """Return the figures of brands over a whole span, without reach; `listening` as for `trend`."""
        with translated(self.path), snapshot(self._connection):
            return read_totals(self._connection, brands, span, listening)

    def share(
        self, kinds: Mapping[str, str], span: Span, listening: Mapping[str, Sequence[str]]
    ) -> tuple[ShareRow, ...]:
        """Return share of voice over the brands of `kinds` (name to kind), topics left out."""
        with translated(self.path), snapshot(self._connection):
            return read_share(self._connection, kinds, span, listening)

    def mentions(self, wanted: MentionFilter) -> tuple[MentionRow, ...]:
        """Return the mentions a filter asks for, newest first."""
        self._require_source(wanted.source)
        from listener.search import mentions

        with translated(self.path):
            return mentions.find_mentions(self._connection, wanted)

    def mentions_by_number(self, numbers: Sequence[int], *, brand: str | None = None) -> tuple[MentionRow, ...]:
        """Return mentions by number, in the order given."""
        from listener.search import mentions

        with translated(self.path):
            return mentions.read_mentions(self._connection, numbers, brand=brand)

    def number_of(self, name: str) -> int:
        """Return the number of the mention that ``source:id`` or a number names; UsageError where there is none."""
        from listener.search import mentions

        with translated(self.path):
            number = mentions.find_number(self._connection, name)
        if number is None:
            msg = f'no mention is called "{name}"; write source:id or a number that "listener mentions" shows'
            raise UsageError(msg)
        return number

    def models(self) -> tuple[StoredModel, ...]:
        """Return the last training of every brand that has one."""
        from listener.search import models

        with translated(self.path):
            return models.read_models(self._connection)

    def wordings(
        self, brand: str, since: datetime, until: datetime, *, limit: int, source: str | None = None
    ) -> tuple[Wording, ...]:
        """Return what a brand's mentions in [since, until) say, the newest `limit` (of one source), newest first."""
        from listener.search import mentions

        with translated(self.path):
            return mentions.read_wordings(self._connection, brand, since, until, limit, source=source)

    def these_wordings(self, brand: str, numbers: Sequence[int]) -> tuple[Wording, ...]:
        """Return what certain mentions of a brand say, newest first; what is not there any more is left out."""
        from listener.search import mentions

        with translated(self.path):
            return mentions.read_these_wordings(self._connection, brand, numbers)

    def top(
        self,
        what: str,
        brand: str,
        since: datetime,
        until: datetime,
        *,
        source: str | None = None,
        limit: int = 20,
    ) -> tuple[TopRow, ...]:
        """Return the hashtags, links or authors of a brand in [since, until), most mentions first."""
        self._require_source(source)
        from listener.search import top

        with translated(self.path):
            return top.read_top(self._connection, what, brand, (since, until), source=source, limit=limit)

    def every_mention(self, wanted: MentionFilter) -> Iterator[Mention]:
        """Return the mentions a filter asks for by brand, source and time, oldest first, as they came in.

        A source that is not known is refused at once, not when the first is read.
        """
        self._require_source(wanted.source)
        return self._each_mention(wanted)

    def _each_mention(self, wanted: MentionFilter) -> Iterator[Mention]:
        from listener.search import exporting

        with translated(self.path):
            yield from exporting.iterate_mentions(self._connection, wanted)

    def every_decided(self, wanted: MentionFilter) -> Iterator[Decided]:
        """Yield what a filter asks for by brand, source and time with its verdicts, brand by brand, oldest first."""
        self._require_source(wanted.source)
        from listener.search import verdicts

        with translated(self.path):
            yield from verdicts.iterate_decided(self._connection, wanted)

    def brands_decided(self, wanted: MentionFilter) -> list[str]:
        """Return the brands of which there is something in the span of a filter, whatever its source, sorted."""
        from listener.search import verdicts

        with translated(self.path):
            return verdicts.brands_decided(self._connection, wanted)

    def is_emptied(self, brand: str, since: datetime, until: datetime, keys: Iterable[tuple[str, str]]) -> bool:
        """Say whether nothing of a brand in [since, until) is handed out though the store knows that span.

        Its texts were erased, or what once matched, with sources and ids in `keys`, matches no more.
        """
        from listener.search import verdicts

        with translated(self.path):
            return verdicts.is_emptied(self._connection, brand, since, until, keys)

    def count_by(self, what: str, brand: str, since: datetime, until: datetime) -> tuple[SourceCount, ...]:
        """Return a brand's mentions in [since, until) by ``source`` or ``language``."""
        from listener.search import mentions

        with translated(self.path):
            return mentions.count_by(self._connection, what, brand, since, until)

    def asked(self, brand: str, span: Span, *, among: Sequence[int] | None = None) -> tuple[AskedRow, ...]:
        """Return what a brand could answer in a span, oldest first, with what is known of the answers.

        `among` are the numbers of the mentions that are asked about, None for all.
        """
        self._require_source(span.source)
        from listener.search import answers

        with translated(self.path):
            return answers.read_asked(
                self._connection, brand, span.since, span.until,
                now=span.now, source=span.source, language=span.language, among=among,
            )  # fmt: skip

    def survey_answers(self, brand: str, span: Span) -> tuple[SurveyRow, ...]:
        """Return the answers to surveys of a brand in a span, oldest first; the stars of reviews are csat."""
        self._require_source(span.source)
        from listener.search import answers

        with translated(self.path):
            return answers.read_survey_answers(
                self._connection, brand, span.since, span.until, source=span.source, language=span.language
            )

    def gaps(self, since: datetime, until: datetime) -> tuple[CoverageGap, ...]:
        """Return what of [since, until) was not read, in order of time."""
        with translated(self.path):
            return coverage.find_gaps(self._connection, since, until)

    def first_read_at(self) -> datetime | None:
        """Return the instant from which on anything was read or imported, None where nothing was."""
        with translated(self.path):
            (first,) = self._connection.execute(
                "SELECT min(at) FROM (SELECT min(from_at) AS at FROM windows "
                "UNION ALL SELECT (SELECT min(published_at) FROM matches WHERE brand_id = brands.id) FROM brands)"
            ).fetchone()
        return None if first is None else from_epoch(first)

    def read_until(self, source: str, brand: str) -> list[datetime]:
        """Return up to when each active resource of a source is drained for a brand, without those that never were."""
        with translated(self.path):
            return coverage.read_until(self._connection, source, brand)

    def read_since(self, source: str, brand: str) -> datetime | None:
        """Return from when on a source was first drained for a brand, None where it never was."""
        with translated(self.path):
            return coverage.read_since(self._connection, source, brand)

    def drained_since(self, brand: str) -> datetime | None:
        """Return from when on anything was first drained for a brand or imported whole, None where nothing ever was."""
        with translated(self.path):
            return coverage.drained_since(self._connection, brand)

    def known_since(self, brand: str) -> datetime | None:
        """Return from when on anything is known of a brand, be it that nobody spoke of it; None where nothing is."""
        stored, drained = self.first_and_last(brand), self.drained_since(brand)
        return min(filter(None, (stored and stored[0], drained)), default=None)

    def is_known_at(self, brand: str, instant: datetime) -> bool:
        """Say whether anything is known of a brand by an instant, be it that nobody spoke of it before."""
        since = self.known_since(brand)
        return since is not None and since <= instant

    def is_never_matched(self, brand: str) -> bool:
        """Say whether a brand has no mention, and some were stored before its query was known: never matched with it."""
        with translated(self.path):
            (found,) = self._connection.execute(_NEVER_MATCHED, (brand,)).fetchone()
        return bool(found)

    def first_and_last(self, brand: str) -> tuple[datetime, datetime] | None:
        """Return the publication times of a brand's first and last stored mention, None where it has none."""
        with translated(self.path):
            first, last = self._connection.execute(_FIRST_AND_LAST, (brand,)).fetchone()
        return None if first is None else (from_epoch(first), from_epoch(last))

    def coverage(
        self, brand: str, listening: Sequence[str], buckets: Sequence[Bucket], now: datetime
    ) -> list[float | None]:
        """Return the covered share of each bucket for a brand, None where nothing listens."""
        if not buckets:
            return []
        with translated(self.path):
            known = coverage.load_coverage(self._connection, brand, buckets[0].start, buckets[-1].end)
        starts, ends = [bucket.start for bucket in buckets], [bucket.end for bucket in buckets]
        return coverage.share_of(known, listening, starts, ends, now)

    def coverage_by_source(
        self, brand: str, listening: Sequence[str], buckets: Sequence[Bucket], now: datetime
    ) -> dict[str, list[float | None]]:
        """Return the covered share of each bucket for a brand, source by source."""
        with translated(self.path):
            known = coverage.load_coverage(self._connection, brand, buckets[0].start, buckets[-1].end)
        starts, ends = [bucket.start for bucket in buckets], [bucket.end for bucket in buckets]
        return coverage.shares_by_source(known, listening, starts, ends, now)
