"""Take text, author and address of mentions out of the store for good.

What stays of a mention is a skeleton: source, times, brands, language, label,
score, story; of reviews and surveys the number that was given. So every count can still be rebuilt, and a hash in the place of the
native id keeps the mention from coming back when it is fetched again. Reports that
quote it are emptied. At the end the file is written anew, so that no byte of the
text is left in it or in the log beside it; that this is still to be done is stored
with the erasure itself, so that a crash delays it and does not skip it.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from listener.clock import to_epoch
from listener.database import write_transaction
from listener.errors import StoreBusyError
from listener.frozen import dataclass
from listener.sqlite_errors import translated
from listener.store.faces import Faces
from listener.store.keyspans import drop_keys
from listener.store.quoting import Gone
from listener.store.scrubbing import scrub_names, scrub_reports
from listener.store.uncounted import read_uncounted

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from datetime import datetime, timedelta
    from pathlib import Path

    from listener.protocols import StopSignal

__all__ = ["Eraser", "Erasure", "Retention", "tombstone"]

_BATCH: Final = 500
"""Mentions in a transaction: other writers wait for no more than one."""

_OF_AUTHOR: Final = """
SELECT authors.id FROM authors JOIN sources ON sources.id = authors.source_id
WHERE sources.name = :source AND (authors.native_id IN (:who, '@' || :name) OR folded(handle) IN (:name, '@' || :name))
"""

_NAMED: Final = """
SELECT mentions.id FROM mentions WHERE purged_at IS NULL AND source_id = (SELECT id FROM sources WHERE name = :source)
  AND native_id IN (SELECT value FROM json_each(:ids))
UNION
SELECT mentions.id FROM mentions WHERE purged_at IS NULL AND author_id IN (
  SELECT authors.id FROM authors JOIN sources ON sources.id = authors.source_id
  WHERE sources.name = :source AND native_id IN (SELECT value FROM json_each(:authors)))
"""

_OF_NAME: Final = """
SELECT id FROM mentions WHERE source_id = (SELECT id FROM sources WHERE name = :source) AND native_id = :id
UNION
SELECT id FROM mentions WHERE source_id = (SELECT id FROM sources WHERE name = :source) AND repost_of = :id
"""

_STANDING: Final = (
    "SELECT id FROM mentions WHERE id IN (SELECT value FROM json_each(?)) AND purged_at IS NULL ORDER BY 1"
)
_REPOSTS: Final = """
SELECT reposts.id FROM mentions AS originals JOIN json_each(?) ON originals.id = json_each.value
JOIN mentions AS reposts ON reposts.source_id = originals.source_id AND reposts.repost_of = originals.native_id
WHERE reposts.purged_at IS NULL ORDER BY 1
"""

_WANTED: Final = """
SELECT mentions.id, mentions.source_id, mentions.native_id, title, text, url, links, hashtags, published_at, author_id,
       authors.native_id, handle, name, mentions.kind, first_text_hash <> x''
FROM mentions LEFT JOIN authors ON authors.id = author_id
WHERE mentions.id IN (SELECT value FROM json_each(?)) AND purged_at IS NULL
"""

_STRIP: Final = """
UPDATE mentions SET
  native_id = ?, purged_at = ?, author_id = NULL, address = NULL, title = NULL, text = NULL, text_hash = x'',
  first_text_hash = x'', language_claim = NULL, likes = NULL, reposts = NULL, replies = NULL, views = NULL,
  rating = CASE WHEN kind IN ('review', 'survey') THEN rating END, reply_to = NULL, thread = NULL, repost_of = CASE WHEN repost_of IS NULL THEN NULL ELSE '' END,
  quote_of = NULL, place = NULL, has_media = NULL, links = NULL, hashtags = NULL,
  extra = CASE WHEN kind = 'survey' AND json_valid(extra) THEN json_object('survey', json_object(
    'instrument', json_extract(extra, '$.survey.instrument'), 'answer', json_extract(extra, '$.survey.answer') + 0,
    'scale', json_array(json_extract(extra, '$.survey.scale[0]') + 0, json_extract(extra, '$.survey.scale[1]') + 0)
  )) END
WHERE id = ?
"""

_UNREFER: Final = """
UPDATE mentions SET
  reply_to = CASE WHEN reply_to IN (SELECT value FROM json_each(:ids)) THEN NULL ELSE reply_to END,
  thread = CASE WHEN thread IN (SELECT value FROM json_each(:ids)) THEN NULL ELSE thread END,
  quote_of = CASE WHEN quote_of IN (SELECT value FROM json_each(:ids)) THEN NULL ELSE quote_of END
WHERE source_id = :source AND (reply_to IN (SELECT value FROM json_each(:ids))
  OR thread IN (SELECT value FROM json_each(:ids)) OR quote_of IN (SELECT value FROM json_each(:ids)))
"""

_WITHOUT_MENTIONS: Final = """
SELECT id FROM authors WHERE NOT EXISTS (SELECT 1 FROM mentions WHERE mentions.author_id = authors.id)
"""

_NAMES: Final = f"""
SELECT id, native_id, handle, name FROM authors
WHERE id IN (SELECT value FROM json_each(?)) AND id IN ({_WITHOUT_MENTIONS})
"""  # noqa: S608 - the one above

_COUNT: Final = """
INSERT INTO replays (kind, target, position, updated_at) VALUES ('erasure', '', 1, 0)
ON CONFLICT (kind) DO UPDATE SET position = position + 1
"""
_COUNTED: Final = "SELECT position FROM replays WHERE kind = 'erasure'"
"""How many erasures there were: of those that come while the file is written anew it may still hold words."""

_DUE: Final = """
FROM mentions INDEXED BY mentions_by_time
WHERE published_at < {latest} AND purged_at IS NULL AND published_at < CASE source_id {limits} END
"""
_EARLIEST: Final = -(2**62), 0
"""A time and number before those of every mention."""


def _due(limits: Sequence[tuple[str, int, int]]) -> str:
    """Return where what is older than (name, key, instant) allow stands; one walk along the index of time finds it."""
    cases = " ".join(f"WHEN {key:d} THEN {before:d}" for _, key, before in limits)
    return _DUE.format(latest=max(before for *_, before in limits), limits=cases)


def tombstone(native_id: str) -> str:
    """Return what stands in the place of the native id of a mention that was erased."""
    digest = hashlib.blake2b(native_id.encode("utf-8", "replace"), digest_size=16).hexdigest()
    return f"erased:{digest}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """Say how long text, author and address of mentions are kept; None is for ever.

    `by_source` stands before `default`.
    """

    default: timedelta | None = None
    by_source: Mapping[str, timedelta]

    @property
    def is_limited(self) -> bool:
        """Say whether anything is to be purged at all."""
        return self.default is not None or bool(self.by_source)

    def of(self, source: str) -> timedelta | None:
        """Return how long mentions of a source are kept."""
        return self.by_source.get(source, self.default)


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """Count what was erased, or would be: mentions, authors, and reports that quoted them."""

    mentions: int = 0
    authors: int = 0
    reports: int = 0


class Eraser:
    """Erase mentions on the store's connection, a batch a transaction."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self._path = path

    def forget_author(self, source: str, who: str, *, now: datetime, dry_run: bool = False) -> Erasure:
        """Erase the author that `who` names in a source (id or handle), what they wrote and its reposts.

        Nothing found is an Erasure of nothing. With `dry_run` it only counts.
        """
        with translated(self._path):
            self._connection.create_function("folded", 1, _folded, deterministic=True)
            name = _folded(who.removeprefix("@"))
            authors = self._column(_OF_AUTHOR, {"source": source, "who": who, "name": name})
            written = self._column(
                "SELECT id FROM mentions WHERE author_id IN (SELECT value FROM json_each(?))", (json.dumps(authors),)
            )
        done = self._forget(written, now, dry_run=dry_run, kept=authors)  # until the end: by them a killed one goes on
        if dry_run or not authors:
            return replace(done, authors=len(authors))
        with write_transaction(self._connection, self._path):
            self._mark()
            left = self._remove_nameless(authors)
        self.rewrite()
        return _sum(done, left)

    def forget_mention(self, number: int, *, now: datetime, dry_run: bool = False) -> Erasure:
        """Erase a mention and its reposts; nothing found, or erased before, is an Erasure of nothing."""
        done = self._forget([number], now, dry_run=dry_run)
        if done.mentions and not dry_run:
            self.rewrite()
        return done

    def forget_named(self, source: str, native_id: str, *, now: datetime, dry_run: bool = False) -> Erasure:
        """Erase the mention of a source with this id and its reposts, those too of one that is not stored, or no more.

        Nothing found is an Erasure of nothing.
        """
        with translated(self._path):
            numbers = self._column(_OF_NAME, {"source": source, "id": native_id})
        done = self._forget(numbers, now, dry_run=dry_run)
        if done.mentions and not dry_run:
            self.rewrite()
        return done

    def erase(self, numbers: Sequence[int], *, now: datetime) -> Erasure:
        """Erase mentions that are gone at their service, and their reposts.

        The file is not written anew for each batch: the next `purge` does that.
        """
        return self._forget(numbers, now, dry_run=False)

    def erase_named(self, source: str, ids: Sequence[str], authors: Sequence[str], *, now: datetime) -> Erasure:
        """Erase what is stored of a source under native ids, and of authors by theirs, as `erase` does."""
        values = {"source": source, "ids": json.dumps(list(ids)), "authors": json.dumps(list(authors))}
        with translated(self._path):
            numbers = self._column(_NAMED, values)
        return self.erase(numbers, now=now) if numbers else Erasure()

    def unsign(self, numbers: Sequence[int]) -> int:
        """Take the author off mentions that stand while the author is gone; return how many authors that leaves none of.

        As with `erase`, the next `purge` writes the file anew.
        """
        with write_transaction(self._connection, self._path):
            rows = self._connection.execute(_WANTED, (json.dumps(list(numbers)),)).fetchall()
            faces = Faces(self._connection, read_uncounted(self._connection))
            faces.note(*(row[0] for row in rows))
            self._connection.executemany(
                "UPDATE mentions SET author_id = NULL WHERE id = ?", [(row[0],) for row in rows]
            )
            faces.settle(followers={})
            removed = self._remove_authors([row[9] for row in rows if row[9] is not None])
            scrub_reports(
                self._connection,
                [
                    replace(self._gone(row), texts=(), addresses=(), is_edited=False)
                    for row in rows
                    if row[9] is not None
                ],
                is_asked=True,
            )
            if removed:
                self._mark()
        return removed

    def due(self, retention: Retention, *, now: datetime) -> dict[str, int]:
        """Return how many mentions of each source are older than they may be, sources without any left out."""
        limits = self._limits(retention, now)
        if not limits:
            return {}
        with translated(self._path):
            counts = dict(
                self._connection.execute(f"SELECT source_id, count(*) {_due(limits)} GROUP BY source_id").fetchall()
            )
        return {name: counts[key] for name, key, _ in limits if key in counts}

    def purge(
        self,
        retention: Retention,
        *,
        now: datetime,
        stop: StopSignal | None = None,
        on_batch: Callable[[int], None] | None = None,
    ) -> Erasure:
        """Erase what was published longer ago than its source's retention; count what was erased.

        `stop` is looked at between batches; `on_batch` is told how many are done. An
        erasure that was interrupted before is brought to its end too.
        """
        done = Erasure()
        for numbers in self._batches_due(self._limits(retention, now)):
            if stop is not None and stop.is_set():
                break
            done = _sum(done, self._erase(numbers, now, is_asked=False))
            if on_batch is not None:
                on_batch(done.mentions)
        if (done.mentions or self.is_unfinished()) and not (stop is not None and stop.is_set()):
            self.rewrite()
        return done

    def is_unfinished(self) -> bool:
        """Say whether something was erased and the file not written anew since."""
        with translated(self._path):
            return self._connection.execute("SELECT 1 FROM unfinished_erasures").fetchone() is not None

    def rewrite(self) -> None:
        """Write the file anew, so that what was erased is in no page of it, and empty the log beside it.

        Raises StoreBusyError where somebody reads for so long that the log cannot be
        emptied: `purge` tries again.
        """
        with write_transaction(self._connection, self._path):
            erased = self._connection.execute(_COUNTED).fetchone()
            self._remove_nameless(self._column(_WITHOUT_MENTIONS, ()))
            self._connection.execute("INSERT INTO mention_texts (mention_texts) VALUES ('optimize')")
        with translated(self._path):
            self._connection.execute("VACUUM")
            (is_busy, *_) = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if is_busy:
            msg = (
                f"{self._path}: erased, but a reader still holds the old pages in the log; "
                '"listener purge" empties it once the reader is done'
            )
            raise StoreBusyError(msg)
        with write_transaction(self._connection, self._path):
            if self._connection.execute(_COUNTED).fetchone() == erased:  # else others erased more meanwhile
                self._connection.execute("DELETE FROM unfinished_erasures")

    def _forget(self, numbers: Sequence[int], now: datetime, *, dry_run: bool, kept: Collection[int] = ()) -> Erasure:
        """Erase mentions and their reposts; authors who are `kept` stay, also where no mention of theirs is left."""
        with translated(self._path):
            every = self._with_reposts(numbers)
        if dry_run:
            return Erasure(mentions=len(every))
        done = Erasure()
        for start in range(0, len(every), _BATCH):
            done = _sum(done, self._erase(every[start : start + _BATCH], now, is_asked=True, kept=kept))
        return done

    def _with_reposts(self, numbers: Sequence[int]) -> list[int]:
        """Return those of these mentions that stand, their reposts, and the reposts of these.

        Reposts come first: once the original has lost its id, nobody would find those that a crash left behind.
        """
        found = self._column(_STANDING, (json.dumps(list(numbers)),))
        every, last = dict.fromkeys(found), list(numbers)
        while last:
            last = [one for one in self._column(_REPOSTS, (json.dumps(last),)) if one not in every]
            every.update(dict.fromkeys(last))
        return [*reversed(every)]

    def _batches_due(self, limits: Sequence[tuple[str, int, int]]) -> Iterator[list[int]]:
        """Yield what is older than the limits of its source, the oldest first; what was erased before is passed once."""
        if not limits:
            return
        sql = f"SELECT published_at, id {_due(limits)} AND (published_at, id) > (?, ?) ORDER BY 1, 2 LIMIT {_BATCH}"
        position: tuple[int, int] = _EARLIEST
        while True:
            with translated(self._path):
                rows = self._connection.execute(sql, position).fetchall()
            if not rows:
                return
            position = rows[-1]
            yield [number for _, number in rows]

    def _limits(self, retention: Retention, now: datetime) -> list[tuple[str, int, int]]:
        """Return (name, key, the instant before which mentions go) of the sources that have a retention."""
        with translated(self._path):
            rows = self._connection.execute("SELECT name, id FROM sources ORDER BY name").fetchall()
        kept = [(name, key, retention.of(name)) for name, key in rows]
        return [(name, key, to_epoch(now - period)) for name, key, period in kept if period is not None]

    def _erase(self, numbers: Sequence[int], now: datetime, *, is_asked: bool, kept: Collection[int] = ()) -> Erasure:
        """Erase these mentions in one transaction.

        Where it `is_asked` for by somebody, references of others to them go too; they
        may name the author. What ages leaves those to age as well.
        """
        wanted = json.dumps(list(numbers))
        with write_transaction(self._connection, self._path):
            rows = self._connection.execute(_WANTED, (wanted,)).fetchall()
            faces = Faces(self._connection, read_uncounted(self._connection))
            faces.note(*(row[0] for row in rows))
            self._connection.executemany(_STRIP, [(tombstone(row[2]), to_epoch(now), row[0]) for row in rows])
            for table, change in (("matches", "spans = NULL"), ("labels", "text_hash = x''")):
                self._connection.execute(
                    f"UPDATE {table} SET {change} WHERE mention_id IN (SELECT value FROM json_each(?))",  # noqa: S608 - the two above
                    (wanted,),
                )
            faces.settle(followers={})
            drop_keys(self._connection, [(row[0], row[8], *row[-2:], row[5], row[3], row[4], row[6]) for row in rows])
            if is_asked:
                self._remove_references(rows)
            authors = self._remove_authors([row[9] for row in rows if row[9] is not None and row[9] not in kept])
            reports = scrub_reports(self._connection, [self._gone(row) for row in rows], is_asked=is_asked)
            self._mark()
        return Erasure(mentions=len(rows), authors=authors, reports=reports)

    def _remove_references(self, rows: Sequence[tuple[object, ...]]) -> None:
        by_source: dict[object, list[object]] = {}
        for row in rows:
            by_source.setdefault(row[1], []).append(row[2])
        self._connection.executemany(
            _UNREFER, [{"source": source, "ids": json.dumps(ids)} for source, ids in by_source.items()]
        )

    def _remove_authors(self, authors: Sequence[int]) -> int:
        """Remove those of these authors of whom no mention is left; return how many."""
        return self._connection.execute(
            "DELETE FROM authors WHERE id IN (SELECT value FROM json_each(?)) "
            "AND NOT EXISTS (SELECT 1 FROM mentions WHERE mentions.author_id = authors.id)",
            (json.dumps(list(authors)),),
        ).rowcount

    def _remove_nameless(self, authors: Sequence[int]) -> Erasure:
        """Remove those of these authors of whom no mention is left, and their names from reports of any time.

        What they wrote may count as another's since an edit: then nothing tells in which reports they are named.
        """
        named = self._connection.execute(_NAMES, (json.dumps(list(authors)),)).fetchall()
        removed = self._remove_authors([row[0] for row in named])
        reports = scrub_names(self._connection, {row[0]: tuple(name for name in row[1:] if name) for row in named})
        return Erasure(authors=removed, reports=reports)

    @staticmethod
    def _gone(row: tuple[object, ...]) -> Gone:
        """Return what of a mention must be in no report."""
        _, _, _, title, text, url, links, hashtags, published_at, author, *names, _, is_edited = row
        tags = [str(tag) for tag in json.loads(hashtags)] if isinstance(hashtags, str) else []
        pages = [str(page) for page in json.loads(links)] if isinstance(links, str) else []
        return Gone(
            published_at=int(str(published_at)),
            texts=tuple(str(one) for one in (title, text, *tags) if one),
            addresses=tuple(str(one) for one in (url, *pages) if one),
            author=author if isinstance(author, int) else None,
            names=tuple(str(name) for name in names if name),
            is_edited=bool(is_edited),
            is_linked=bool(url),
        )

    def _mark(self) -> None:
        self._connection.execute(_COUNT)
        self._connection.execute("INSERT INTO unfinished_erasures (id) VALUES (1) ON CONFLICT DO NOTHING")

    def _column(self, sql: str, values: object) -> list[int]:
        return [int(row[0]) for row in self._connection.execute(sql, values)]  # type: ignore[arg-type]


def _folded(name: str | None) -> str | None:
    """Return the one form of all spellings of a handle; SQLite knows only the letters of ASCII small and large."""
    return None if name is None else unicodedata.normalize("NFC", name.casefold())


def _sum(one: Erasure, other: Erasure) -> Erasure:
    return Erasure(
        mentions=one.mentions + other.mentions,
        authors=one.authors + other.authors,
        reports=one.reports + other.reports,
    )
