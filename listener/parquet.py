"""Write mentions with their verdicts as Parquet, a folder a brand and day, for DuckDB, Spark, ClickHouse or Dask.

    DIR/brand=Acme/day=2026-11-20/mentions.parquet

Days are those of UTC. A part is written beside its place and moved there whole, so
that a reader never sees half a file; writing a day again replaces it. Memory is
that of one batch.
"""

from __future__ import annotations

import json
from contextlib import suppress
from itertools import groupby, islice
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from listener.errors import ListenerError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from listener.search.verdicts import Decided

__all__ = ["write_parquet"]

_BATCH: Final = 20_000
_FILE: Final = "mentions.parquet"
_LISTS: Final = ("links", "hashtags")
_TYPES: Final = (
    ("source", "string"), ("id", "string"), ("url", "string"), ("kind", "string"), ("author_id", "string"),
    ("author_handle", "string"), ("author_name", "string"), ("author_followers", "int64"), ("title", "string"),
    ("text", "string"), ("published_at", "timestamp"), ("likes", "int64"), ("reposts", "int64"), ("replies", "int64"),
    ("views", "int64"), ("rating", "float64"), ("reply_to", "string"), ("thread", "string"), ("repost_of", "string"),
    ("quote_of", "string"), ("place", "string"), ("links", "list"), ("hashtags", "list"), ("extra", "string"),
    ("story", "int64"), ("language", "string"), ("label", "string"), ("score", "float64"), ("evidence", "int64"),
    ("confidence", "float64"), ("scorer", "string"), ("scorer_version", "string"), ("reason", "string"),
)  # fmt: skip
"""Columns in order; brand and day stand in the names of the folders. `extra` is JSON text."""


def write_parquet(rows: Iterable[Decided], folder: Path) -> int:
    """Write rows, which come brand by brand in order of time, below `folder`; return how many.

    Raises UsageError where the extra `parquet` is not installed, ListenerError
    where a file cannot be written.
    """
    try:
        import pyarrow as pa  # noqa: PLC0415 - large, and an extra
        from pyarrow import parquet as pq  # noqa: PLC0415 - the same
    except ImportError:
        msg = 'Parquet needs the extra: pip install "social-listener[parquet]"'
        raise UsageError(msg) from None
    kinds = {
        "string": pa.string(),
        "int64": pa.int64(),
        "float64": pa.float64(),
        "timestamp": pa.timestamp("s", tz="UTC"),
        "list": pa.list_(pa.string()),
    }
    schema = pa.schema([(name, kinds[kind]) for name, kind in _TYPES])
    count = 0
    for (brand, day), part in groupby(rows, key=lambda row: (row.brand, row.at.date())):
        place = folder / f"brand={quote(brand, safe='')}" / f"day={day.isoformat()}"
        count += _write_part(pa, pq, schema, part, place)
    return count


def _write_part(pa: Any, pq: Any, schema: Any, part: Iterator[Decided], place: Path) -> int:
    """Write one day of one brand, a batch a row group."""
    beside = place / f".{_FILE}.part"
    count = 0
    try:
        place.mkdir(parents=True, exist_ok=True)
        with pq.ParquetWriter(beside, schema, compression="zstd") as writer:
            while batch := list(islice(part, _BATCH)):
                writer.write_table(pa.Table.from_pylist([_row(one) for one in batch], schema=schema))
                count += len(batch)
        beside.replace(place / _FILE)
    except OSError as error:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
        msg = f"{place / _FILE} cannot be written: {error.strerror or error}"
        raise ListenerError(msg) from None
    return count


def _row(one: Decided) -> dict[str, object]:
    mention, author, counts = one.mention, one.mention.author, one.mention.engagement
    plain = ("source", "id", "url", "kind", "title", "text", "rating", "reply_to", "thread", "repost_of", "quote_of")
    return {
        **{name: getattr(mention, name) for name in (*plain, "place")},
        **{name: list(getattr(mention, name)) for name in _LISTS},
        **{f"author_{name}": getattr(author, name, None) for name in ("id", "handle", "name", "followers")},
        **{name: getattr(counts, name, None) for name in ("likes", "reposts", "replies", "views")},
        "published_at": one.at,
        "extra": None if mention.extra is None else json.dumps(mention.extra, ensure_ascii=False, sort_keys=True),
        "story": one.story,
        "language": one.language,
        "label": one.label.word,
        "score": one.score,
        "evidence": one.evidence,
        "confidence": one.confidence,
        "scorer": one.scorer,
        "scorer_version": one.version,
        "reason": one.reason,
    }
