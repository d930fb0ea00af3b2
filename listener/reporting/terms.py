"""Find what is said of a brand now and was not before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, timedelta

    from listener.config import Brand
    from listener.search import Reader, TermRow, Wording

__all__ = ["MOST_NOW", "brand_words", "find_terms", "is_known_before"]

MOST_NOW: Final = 5_000
_MOST_BEFORE: Final = 10_000
"""Texts of a period, and of the time before it, that are read for what is said now and was not before."""


def find_terms(
    reader: Reader,
    brand: str,
    names: Sequence[str],
    *,
    since: datetime,
    until: datetime,
    limit: int = 8,
    present: Sequence[Wording] | None = None,
) -> tuple[TermRow, ...]:
    """Return what is said of a brand in [since, until) and was not said in the four spans before.

    Nothing is, where nothing is known of the span before, or all its texts were erased. Of very many mentions an even sample is read, and what is counted in it stands for all;
    `present` is that of the span, where it was read before.
    """
    from listener.pipeline.wording import contrast_terms  # noqa: PLC0415 - loaded where words are compared

    length = until - since
    spans = ((since, until, MOST_NOW), (since - 4 * length, since, _MOST_BEFORE))
    if present is None:
        present = reader.wordings(brand, since, until, limit=MOST_NOW)
    before = reader.wordings(brand, since - 4 * length, since, limit=_MOST_BEFORE)
    if not before and not _was_silent(reader, brand, since, length):
        return ()
    weights = [
        sum(row.mentions for row in reader.count_by("source", brand, start, end)) / len(read)
        if len(read) >= most
        else 1.0
        for read, (start, end, most) in zip((present, before), spans, strict=True)
    ]
    return contrast_terms(present, before, names, limit=limit, weights=(weights[0], weights[1]))


def is_known_before(reader: Reader, brand: str, since: datetime, until: datetime) -> bool:
    """Say whether there is something to compare [since, until) with: texts of the four spans before, or sure silence."""
    length = until - since
    return bool(reader.wordings(brand, since - 4 * length, since, limit=1)) or _was_silent(reader, brand, since, length)


def _was_silent(reader: Reader, brand: str, since: datetime, length: timedelta) -> bool:
    """Say whether it is known that nothing was said of a brand in the four spans before; texts that were erased may have said anything."""
    return reader.is_known_at(brand, since - length) and not reader.count_by("source", brand, since - 4 * length, since)


def brand_words(brand: Brand) -> tuple[str, ...]:
    """Return what a brand is called: words that say nothing new of it."""
    return (brand.name, *brand.keywords, *brand.hashtags)
