"""Write mentions with their verdicts as Parquet, a folder a brand and day, for DuckDB, Spark, ClickHouse or Dask.

    DIR/brand=Acme/day=2026-11-20/mentions.parquet

Days are those of UTC. A part is written beside its place and moved there whole, so
that a reader never sees half a file; writing a day again replaces it, so that only
whole days are written. A day of which nothing is left in the store is taken out. What was
written can be read again, as the mentions they were. Memory is that of one batch.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, unquote

from listener.errors import InputError, ListenerError, UsageError
from listener.interchange import BadLine, mention_from_json
from listener.parts import clear_parts, name_part, put_part

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from listener.mention import Mention
    from listener.search.verdicts import Decided

__all__ = [
    "parquet_files",
    "read_parquet",
    "refuse_long_names",
    "remove_emptied",
    "whole_days",
    "write_parquet",
]

_BATCH: Final = 20_000
_FILE: Final = "mentions.parquet"
_LONGEST_FOLDER: Final = 255
"""Bytes that the name of a folder may have on nearly every file system."""
_PLAIN: Final = (
    "source", "id", "url", "kind", "title", "text", "rating", "reply_to", "thread", "repost_of", "quote_of", "place",
    "has_media",
)  # fmt: skip
_LISTS: Final = ("links", "hashtags")
_AUTHOR: Final = ("id", "handle", "name", "followers", "verified")
_COUNTS: Final = ("likes", "reposts", "replies", "views")
_INSTANTS: Final = ("published_at", "edited_at")
_NEEDED: Final = ("source", "id", "text", "published_at")
_READ_AT_ONCE: Final = 1_000
_TYPES: Final = (
    ("source", "string"), ("id", "string"), ("url", "string"), ("kind", "string"), ("author_id", "string"),
    ("author_handle", "string"), ("author_name", "string"), ("author_followers", "int64"), ("title", "string"),
    ("text", "string"), ("published_at", "timestamp"), ("likes", "int64"), ("reposts", "int64"), ("replies", "int64"),
    ("views", "int64"), ("rating", "float64"), ("reply_to", "string"), ("thread", "string"), ("repost_of", "string"),
    ("quote_of", "string"), ("place", "string"), ("links", "list"), ("hashtags", "list"), ("extra", "string"),
    ("story", "int64"), ("language", "string"), ("label", "string"), ("score", "float64"), ("evidence", "int64"),
    ("confidence", "float64"), ("scorer", "string"), ("scorer_version", "string"), ("reason", "string"),
    ("claimed_language", "string"), ("author_verified", "bool"), ("has_media", "bool"), ("edited_at", "timestamp"),
)  # fmt: skip
"""Columns in order; brand and day stand in the names of the folders. `extra` is JSON text, `language` the identified one."""


def whole_days(since: datetime | None, until: datetime | None) -> tuple[datetime | None, datetime | None]:
    """Return the span of the UTC days that [since, until) touches: a day is written whole, since it is replaced."""
    first = None if since is None else _midnight(since)
    last = None if until is None else _midnight(until)
    return first, last if last is None or last == until else last + timedelta(days=1)


def _midnight(instant: datetime) -> datetime:
    return instant.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def refuse_long_names(brands: Iterable[str]) -> None:
    """Raise UsageError where a brand's name is too long for its folder in an archive."""
    room = _LONGEST_FOLDER - len(_folder_of(""))
    for brand in brands:
        size = len(_folder_of(brand).encode()) - len(_folder_of(""))
        if size > room:
            msg = (
                f"the name of the brand {brand} is too long for a folder ({size} bytes, at most {room}), and so for Parquet; "
                "leave it out by asking for another --brand, or export it as jsonl or csv"
            )
            raise UsageError(msg)


def write_parquet(rows: Iterable[Decided], folder: Path) -> int:
    """Write rows, which come brand by brand in order of time, below `folder`; return how many.

    Raises UsageError where the extra `parquet` is not installed, ListenerError
    where a file cannot be written.
    """
    pa, pq = _pyarrow()
    kinds = {
        "string": pa.string(),
        "int64": pa.int64(),
        "float64": pa.float64(),
        "bool": pa.bool_(),
        "timestamp": pa.timestamp("s", tz="UTC"),
        "list": pa.list_(pa.string()),
    }
    schema = pa.schema([(name, kinds[kind]) for name, kind in _TYPES])
    count = 0
    for (brand, day), part in groupby(rows, key=lambda row: (row.brand, row.at.date())):
        place = _place(folder, brand, day)
        count += _write_part(pa, pq, schema, part, place)
    return count


def remove_emptied(
    folder: Path,
    is_emptied: Callable[[str, datetime, datetime, Iterable[tuple[str, str]]], bool],
    *,
    brand: str | None,
    since: datetime | None,
    until: datetime | None,
) -> int:
    """Remove the days of an archive that nothing is left of, of one brand or all, in [since, until); return how many.

    `is_emptied` says so of a brand, a span and what the archive holds of it, by source and id; the bounds are those
    of whole days.
    Whatever else stands in the folder stays, but what a killed export left of a day. Raises ListenerError where a day cannot be removed.
    """
    count = 0
    for part in folder.glob(f"brand=*/day=*/.{_FILE}.*.part"):
        clear_parts(part.with_name(_FILE))
    for file in sorted(folder.glob(f"brand=*/day=*/{_FILE}")):
        named = unquote(file.parent.parent.name.removeprefix("brand="))
        try:
            day = date.fromisoformat(file.parent.name.removeprefix("day="))
        except ValueError:
            continue
        start = datetime.combine(day, time(), UTC)
        if (
            file == _place(folder, named, day) / _FILE
            and brand in {None, named}
            and (since is None or start >= since)
            and (until is None or start < until)
            and is_emptied(named, start, start + timedelta(days=1), _keys(file))
        ):
            _remove_part(file)
            count += 1
    return count


def _keys(file: Path) -> Iterator[tuple[str, str]]:
    """Yield source and id of each mention of a part; nothing of one that cannot be read."""
    pa, pq = _pyarrow()
    with suppress(pa.ArrowException, KeyError, OSError), pq.ParquetFile(file) as part:
        for batch in part.iter_batches(columns=["source", "id"]):
            columns = batch.to_pydict()
            yield from zip(columns["source"], columns["id"], strict=True)


def _place(folder: Path, brand: str, day: date) -> Path:
    begun = folder / f"brand={quote(brand, safe='')}"  # as archives were written once: a brand has one folder
    return (begun if os.path.isdir(begun) else folder / _folder_of(brand)) / f"day={day.isoformat()}"  # noqa: PTH112 - Path's may raise


def _folder_of(brand: str) -> str:
    """Return the folder of a brand, as all readers take its name: signs of ASCII encoded with %, letters of others as they are.

    Spark takes each %XX for a letter of its own, and so no UTF-8 for what it is (ExternalCatalogUtils.unescapePathName,
    seen 2026-11-23).
    """
    return "brand=" + "".join(quote(sign, safe="") if sign.isascii() else sign for sign in brand)


def _remove_part(file: Path) -> None:
    """Remove a day's file, what a killed export left beside it, and the folders that are empty then."""
    try:
        clear_parts(file)
        file.unlink()
    except OSError as error:
        msg = f"{file} holds what is no longer in the store and cannot be removed: {error.strerror or error}"
        raise ListenerError(msg) from None
    with suppress(OSError):  # something else stands there
        file.parent.rmdir()
        file.parent.parent.rmdir()


def _write_part(pa: Any, pq: Any, schema: Any, part: Iterator[Decided], place: Path) -> int:
    """Write one day of one brand, a batch a row group."""
    target = place / _FILE
    beside = name_part(target)
    count = 0
    try:
        place.mkdir(parents=True, exist_ok=True)
        clear_parts(target)
        with pq.ParquetWriter(beside, schema, compression="zstd") as writer:
            while batch := list(islice(part, _BATCH)):
                writer.write_table(pa.Table.from_pylist([_row(one) for one in batch], schema=schema))
                count += len(batch)
        put_part(beside, target)
    except BaseException as error:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
        if not isinstance(error, OSError):
            raise
        msg = f"{target} cannot be written: {error.strerror or error}"
        raise ListenerError(msg) from None
    return count


def _row(one: Decided) -> dict[str, object]:
    mention, author, counts = one.mention, one.mention.author, one.mention.engagement
    return {
        **{name: getattr(mention, name) for name in (*_PLAIN, "edited_at")},
        **{name: list(getattr(mention, name)) for name in _LISTS},
        **{f"author_{name}": getattr(author, name, None) for name in _AUTHOR},
        **{name: getattr(counts, name, None) for name in _COUNTS},
        "published_at": one.at,
        "claimed_language": mention.language,
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


def parquet_files(place: Path) -> list[Path]:
    """Return the files of an archive, or the one file that `place` is, in order of their names.

    Raises UsageError where a folder of it cannot be read: what it holds would be missing without a word.
    """
    if not place.is_dir():
        return [place]

    def refuse(error: OSError) -> None:
        msg = f"{error.filename} cannot be read: {error.strerror}"
        raise UsageError(msg) from error

    return sorted(
        Path(folder, name)
        for folder, _, names in os.walk(place, onerror=refuse)
        for name in names
        if name.endswith(".parquet")
    )


def read_parquet(place: Path, on_bytes: Callable[[int], None] = lambda _done: None) -> Iterator[Mention | BadLine]:
    """Yield the mentions of an archive as they were written, or a BadLine with the number of the row, file by file.

    What was decided about them is left out; a mention of two brands comes twice.
    `on_bytes` is told how many bytes of files are done. Raises UsageError where the
    extra `parquet` is not installed, there is no file or a column is missing,
    OSError where a file is damaged.
    """
    pa, pq = _pyarrow()
    files = parquet_files(place)
    if not files:
        msg = f"{place}: no .parquet file is below this folder"
        raise UsageError(msg)
    number = done = 0
    for file in files:
        try:
            with pq.ParquetFile(file) as part:
                names = set(part.schema_arrow.names)
                if missing := [name for name in _NEEDED if name not in names]:
                    msg = f"{file}: these columns are missing: {', '.join(missing)}"
                    raise UsageError(msg)
                wanted = [name for name, _ in _TYPES if name in names]
                for batch in part.iter_batches(batch_size=_READ_AT_ONCE, columns=wanted):
                    for row in batch.to_pylist():
                        number += 1
                        yield _mention(row, number)
        except pa.ArrowException as error:
            raise OSError(str(error)) from None
        done += file.stat().st_size
        on_bytes(done)


def _mention(row: dict[str, Any], number: int) -> Mention | BadLine:
    try:
        obj: dict[str, object] = {name: row.get(name) for name in (*_PLAIN, *_LISTS)}
        obj["author"] = {name: row.get(f"author_{name}") for name in _AUTHOR}
        obj["engagement"] = {name: row.get(name) for name in _COUNTS}
        obj["language"] = row.get("claimed_language")
        for name in _INSTANTS:
            at = row.get(name)
            obj[name] = at.isoformat() if isinstance(at, datetime) else at
        extra = row.get("extra")
        obj["extra"] = json.loads(extra) if isinstance(extra, str) else extra
        return mention_from_json(obj)
    except (InputError, ValueError, RecursionError) as problem:
        return BadLine(number=number, reason=str(problem))


def _pyarrow() -> tuple[Any, Any]:
    try:
        import pyarrow as pa  # noqa: PLC0415 - large, and an extra
        from pyarrow import parquet as pq  # noqa: PLC0415 - the same
    except ImportError:
        msg = 'Parquet needs the extra: pip install "social-listener[parquet]"'
        raise UsageError(msg) from None
    return pa, pq
