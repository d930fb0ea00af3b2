"""Offer every change of the store as one method, each one transaction."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Self

from listener import ledger
from listener.clock import from_epoch, to_epoch
from listener.database import bound_log, open_writer, write_transaction
from listener.errors import UsageError
from listener.rollups import rebuild
from listener.schema import migrate
from listener.sqlite_errors import translated
from listener.store.answers import AnswerBook, OwnReply, write_own_replies
from listener.store.bought import BoughtWriter
from listener.store.catalogue import Catalogue
from listener.store.compacting import compact_import
from listener.store.erasure import Eraser, tombstone
from listener.store.examination import examine
from listener.store.keyspans import KeySpans
from listener.store.labels import PERSON_LABELS
from listener.store.models import ModelWriter
from listener.store.pages import PageWriter
from listener.store.recall import count_matches, write_recall
from listener.store.rechecks import RecheckBook
from listener.store.records import Judged, KnownMention, PageProgress, Rejudged, ReplayMark, SaveResult
from listener.store.recount import recount
from listener.store.reporting import ReportWriter
from listener.store.spending import Charge, Purse
from listener.store.turns import in_turn
from listener.store.upgrade import change_zone, finish_upgrade, keep_former

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from listener.ledger import WindowRow
    from listener.mention import Label, Mention
    from listener.protocols import Resource
    from listener.query import Query
    from listener.store.ready import Prepared

__all__ = ["Store"]

_MARK: Final = """
INSERT INTO replays (kind, target, position, updated_at) VALUES (?, ?, ?, ?) ON CONFLICT (kind)
DO UPDATE SET target = excluded.target, position = excluded.position, updated_at = excluded.updated_at
"""
_KNOWN: Final = """
SELECT mentions.native_id, mentions.id, mentions.text_hash, purged_at, brands.name, queries.version
FROM json_each(?2) AS asked CROSS JOIN mentions ON mentions.source_id = ?1 AND mentions.native_id = asked.value
LEFT JOIN matches ON matches.mention_id = mentions.id
LEFT JOIN brands ON brands.id = matches.brand_id LEFT JOIN queries ON queries.id = matches.query_id
"""

_CACHE, _BULK_CACHE = 2_000, 32_000
"""Kilobytes of the store that are kept in memory: SQLite's default, and where much is written."""
_LOG, _BULK_LOG = 1_000, 4_000
"""Pages in the log from which on they are written back, likewise; below what `bound_log` allows."""

_REMATCHED: Final = """
UPDATE queries SET first_used_at = min(first_used_at, coalesce((SELECT seen_at FROM mentions ORDER BY id LIMIT 1), 0))
WHERE id = ?
"""


class Store:
    """Hold the store open for writing, its tables brought up to date.

    Use from one thread at a time; several processes may each have one. `reports`
    writes charts, digests, episodes, the outbox and the run states; `answers` what the
    brands replied; `erasure`
    takes mentions out for good; `purse` keeps account of what is spent; `rechecks` keeps what is to be looked at again.
    """

    def __init__(self, path: Path, *, on_upgrade: Callable[[int, int], None] | None = None) -> None:
        self.path = path
        self._connection = open_writer(path)
        try:
            keep_former(self._connection, path)
            migrate(self._connection, path)
            finish_upgrade(self._connection, path, on_upgrade)
        except BaseException:
            self._connection.close()
            raise
        self._catalogue = Catalogue(self._connection)
        self._spans = KeySpans(self._connection, path)
        self.reports = ReportWriter(self._connection, path, self._catalogue)
        self.answers = AnswerBook(self._connection, path, self._catalogue)
        self.models = ModelWriter(self._connection, path)
        self.bought = BoughtWriter(self._connection, path)
        self.erasure = Eraser(self._connection, path)
        self.purse = Purse(self._connection, path, self._catalogue)
        self.rechecks = RecheckBook(self._connection, path, self._catalogue)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the store; committed pages are safe whether this is called or not."""
        self._connection.close()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        try:
            with write_transaction(self._connection, self.path):
                yield
        except BaseException:
            self._catalogue.forget()
            raise

    def register(
        self, brands: Sequence[tuple[str, str]], queries: Sequence[Query], *, now: datetime, zone: str | None = None
    ) -> None:
        """Make brands (name, kind) and the present versions of their queries known.

        `zone` names the time zone in which days are cut from now on; in others they
        are counted when they are asked for. Where it changes, what is stored is counted anew.
        """
        with self._transaction():
            self._catalogue.register(brands, queries, to_epoch(now))
        if zone is not None:
            self.cut_days(zone)

    def cut_days(self, zone: str, on_progress: Callable[[int, int], None] | None = None) -> None:
        """Cut days in this time zone from now on; where that changes, what is stored is counted anew.

        `on_progress` is told how far that is and how far it goes, in numbers of mentions.
        """
        with self._transaction():
            change_zone(self._connection, zone)
        finish_upgrade(self._connection, self.path, on_progress)

    def known(self, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], KnownMention]:
        """Return what is stored of mentions (source, native id); absent where nothing is."""
        found: dict[tuple[str, str], KnownMention] = {}
        by_source: dict[str, list[str]] = {}
        for source, native_id in keys:
            by_source.setdefault(source, []).append(native_id)
        with translated(self.path):
            for source, native_ids in by_source.items():
                found.update(self._known_of(source, native_ids))
        return found

    def _known_of(self, source: str, native_ids: list[str]) -> dict[tuple[str, str], KnownMention]:
        row = self._connection.execute("SELECT id FROM sources WHERE name = ?", (source,)).fetchone()
        if row is None:
            return {}
        has_graves = self._catalogue.has_graves(row[0])
        graves = {tombstone(native_id): native_id for native_id in native_ids} if has_graves else {}
        rows = self._connection.execute(_KNOWN, (row[0], json.dumps([*native_ids, *graves]))).fetchall()
        versions: dict[str, set[tuple[str, str]]] = {}
        facts: dict[str, tuple[int, bytes, bool]] = {}
        for stored_id, number, text_hash, purged_at, brand, version in rows:
            native_id = stored_id if purged_at is None else graves.get(stored_id, stored_id)
            facts[native_id] = (number, text_hash, purged_at is not None)
            kept = versions.setdefault(native_id, set())
            if brand is not None:
                kept.add((brand, version))
        return {
            (source, native_id): KnownMention(
                number=number,
                text_hash=text_hash,
                query_versions=frozenset(versions[native_id]),
                is_purged=is_purged,
            )
            for native_id, (number, text_hash, is_purged) in facts.items()
        }

    def save_page(
        self,
        judged: Sequence[Judged | Prepared],
        *,
        refreshed: Sequence[Mention] = (),
        own_replies: Sequence[OwnReply] = (),
        progress: PageProgress | None = None,
        mark: ReplayMark | None = None,
        is_history: bool = False,
        now: datetime,
    ) -> SaveResult:
        """Store one page: mentions with their verdicts, newer counters of known ones, own replies, the window's advance.

        `mark` says how far an import is with this page. Where it `is_history`, what it says of
        authors held when each mention was published, and gives way to what newer mentions of theirs say.

        Raises SupersededError, with nothing stored, where another process has gone
        on with the window.
        """
        seconds = to_epoch(now)
        with self._transaction():
            writer = PageWriter(self._connection, self._catalogue, self._spans, seconds, is_history=is_history)
            writer.foresee(judged, refreshed)
            for one in judged:
                writer.write(one)
            for mention in refreshed:
                writer.refresh(mention)
            brands = writer.finish()
            write_own_replies(self._connection, self._catalogue, own_replies, now=now)
            window = None if progress is None else self._move(progress, writer.new, seconds)
            if progress is not None and progress.charge is not None:
                self.purse.settle(progress.charge, count_matches(judged), now=now)
            if progress is not None:
                write_recall(self._connection, progress, now=seconds)
            if mark is not None:
                self._connection.execute(_MARK, (mark.kind, mark.target, mark.position, seconds))
        bound_log(self._connection, self.path)
        return SaveResult(new=writer.new, changed=writer.changed, seen=len(refreshed), window=window, brands=brands)

    @contextmanager
    def in_bulk(self) -> Iterator[None]:
        """Expect many pages within the block: keep more of the store in memory, and look up no references that hold anyway.

        What a page refers to, it writes or has just read; `check` looks at all references.
        """
        self._set(foreign_keys=0, cache_size=-_BULK_CACHE, wal_autocheckpoint=_BULK_LOG)
        try:
            yield
        finally:
            self._set(foreign_keys=1, cache_size=-_CACHE, wal_autocheckpoint=_LOG)

    def _set(self, **pragmas: int) -> None:
        with translated(self.path):
            for name, value in pragmas.items():
                self._connection.execute(f"PRAGMA {name} = {value}")

    def shed_keys(self, *, now: datetime) -> None:
        """Drop story keys of times in which hardly anything arrives any more; they are made anew where it does."""
        self._spans.shed_before(to_epoch(now))

    def compact_import(self, stored: int) -> None:
        """Write the file anew where an import has just `stored` at least half of its mentions, and that pays."""
        compact_import(self._connection, self.path, stored)

    def shed_keys_behind(self, first: datetime, last: datetime) -> None:
        """Drop story keys that are not near mentions from `first` to `last`, which just came in order of time."""
        self._spans.shed_behind(to_epoch(first), to_epoch(last))

    def save_recheck(
        self,
        judged: Sequence[Judged | Prepared],
        *,
        refreshed: Sequence[Mention],
        following: Mapping[int, datetime | None],
        charge: Charge,
        now: datetime,
    ) -> SaveResult:
        """Store what looking again brought: edits, counters, what it cost, and (by number) when each mention is due next."""
        with self._transaction():
            writer = PageWriter(self._connection, self._catalogue, self._spans, to_epoch(now))
            for one in judged:
                writer.write(one)
            for mention in refreshed:
                writer.refresh(mention)
            brands = writer.finish()
            self.rechecks.looked(following, now=now)
            self.purse.settle(charge, {}, now=now)
        return SaveResult(changed=writer.changed, seen=len(refreshed), brands=brands)

    def label(self, number: int, brand: str | None, said: Label | None, *, now: datetime) -> frozenset[str]:
        """Let a person's verdict on a mention count from now on; return the brands it is for.

        `brand` None means every brand the mention matches; `said` None takes the
        verdict back. It is kept when the mention is seen again, edited, matched or
        scored anew. Raises UsageError where the mention does not match the brand, or none.
        """
        if said is not None and said not in PERSON_LABELS:
            msg = f"nobody labels a mention {said.word}; valid: {', '.join(one.word for one in PERSON_LABELS)}"
            raise UsageError(msg)
        with self._transaction():
            matched = dict(
                self._connection.execute(
                    "SELECT name, id FROM matches JOIN brands ON brands.id = brand_id WHERE mention_id = ? ORDER BY name",
                    (number,),
                ).fetchall()
            )
            wanted = {name: key for name, key in matched.items() if brand in {None, name}}
            if not wanted:
                shown = f"matches {', '.join(matched)}" if matched else "matches no brand"
                msg = f"mention {number} {shown}; a label says how it feels about a brand it matches"
                raise UsageError(msg)
            writer = PageWriter(self._connection, self._catalogue, self._spans, to_epoch(now))
            for key in wanted.values():
                writer.label(number, key, said)
            writer.finish()
        return frozenset(wanted)

    def save_replay(self, judged: Sequence[Rejudged], *, mark: ReplayMark, now: datetime) -> int:
        """Store new verdicts on stored mentions and how far the replay is; return how many were changed."""
        with self._transaction():
            writer = PageWriter(self._connection, self._catalogue, self._spans, to_epoch(now))
            for one in judged:
                writer.rejudge(one)
            writer.finish()
            self._connection.execute(_MARK, (mark.kind, mark.target, mark.position, to_epoch(now)))
        return writer.changed

    def end_replay(self, kind: str) -> None:
        """Forget how far a replay was: it is done."""
        with self._transaction():
            self._connection.execute("DELETE FROM replays WHERE kind = ?", (kind,))

    def note_rematched(self, versions: Mapping[str, str]) -> None:
        """Note that these versions of the brands' queries have decided about every stored mention."""
        with self._transaction():
            self._connection.executemany(
                _REMATCHED, [(self._catalogue.query(brand, version),) for brand, version in versions.items()]
            )

    def replay_position(self, kind: str, target: str) -> int:
        """Return the last mention that a stopped replay of this kind and target did, 0 where there is none."""
        with translated(self.path):
            row = self._connection.execute(
                "SELECT position FROM replays WHERE kind = ? AND target = ?", (kind, target)
            ).fetchone()
        return 0 if row is None else int(row[0])

    def replay_mark(self, kind: str) -> ReplayMark | None:
        """Return how far a stopped replay of this kind is, whatever its target; None where there is none."""
        with translated(self.path):
            row = self._connection.execute("SELECT target, position FROM replays WHERE kind = ?", (kind,)).fetchone()
        return None if row is None else ReplayMark(kind=kind, target=row[0], position=row[1])

    def _move(self, progress: PageProgress, stored: int, now: int) -> WindowRow | None:
        count = ledger.PageCount(
            requests=progress.requests, items=progress.items, fetched=progress.fetched, stored=stored
        )
        window = ledger.advance(
            self._connection, progress.window, count, cursor=progress.cursor, marker=progress.marker, now=now
        )
        if not progress.exhausted:
            return window
        if progress.complete_since is None or to_epoch(progress.complete_since) <= window.from_at:
            ledger.drain(self._connection, window, now=now)
        else:
            ledger.close_lost(
                self._connection,
                window,
                complete_since=to_epoch(progress.complete_since),
                reason=progress.lost_reason or "the service gave nothing further back",
                now=now,
            )
        return None

    def open_pass(
        self,
        source: str,
        resources: Sequence[Resource],
        *,
        versions: Mapping[str, str] | None = None,
        lookback_from: datetime | None = None,
        now: datetime,
    ) -> dict[str, int]:
        """Make the planned resources of a source the active ones; return their ids by key, in the order to read them.

        `versions` are those of the brands' queries: what is known by them goes on
        where it was read until, however else it is asked for today. What is new is
        read from `lookback_from` on.
        """
        brand_names = {
            name for resource in resources for name in (resource.brand, *resource.brands) if name is not None
        }
        with self._transaction():
            brand_ids = {name: self._catalogue.brand(name) for name in sorted(brand_names)}
            ids = ledger.register_resources(
                self._connection,
                self._catalogue.source(source),
                resources,
                brand_ids,
                versions=versions,
                lookback_from=None if lookback_from is None else to_epoch(lookback_from),
            )
            ids = in_turn(
                self._connection, self._catalogue.source(source), {one.key: ids[one.key] for one in resources}
            )
            self.reports.note_attempt(source, now=now)
        return ids

    def windows_to_read(
        self,
        resource_id: int,
        *,
        until: datetime,
        lookback_from: datetime,
        look_back: bool,
        oldest_readable: datetime | None,
        now: datetime,
    ) -> list[WindowRow]:
        """Return the windows to read now, oldest first: the open ones, then what is new until `until`.

        With `look_back` also what lies between `lookback_from` and the first window
        known. Windows that end before `oldest_readable` are left out: they wait until `expire`
        declares them lost. What a clock that was ahead opened beyond `until` waits too.
        """
        seconds, end, start = to_epoch(now), to_epoch(until), to_epoch(lookback_from)
        with self._transaction():
            if look_back:
                ledger.add_lookback(self._connection, resource_id, since=start, until=end, now=seconds)
            ledger.add_window(self._connection, resource_id, lookback_from=start, until=end, now=seconds)
            ledger.leave_future(self._connection, resource_id, until=end, now=seconds)
            edge = -1 if oldest_readable is None else to_epoch(oldest_readable)
            return [one for one in ledger.open_windows(self._connection, resource_id) if edge < one.to_at <= end]

    def expire(self, resource_id: int, *, oldest_readable: datetime, now: datetime) -> None:
        """Declare lost what of a resource's open windows lies before what the service still gives, now that it told the time."""
        with self._transaction():
            ledger.expire(
                self._connection,
                resource_id,
                oldest_readable=to_epoch(oldest_readable),
                reason="older than the service can be asked for",
                now=to_epoch(now),
            )

    def marker_before(self, window: WindowRow) -> str | None:
        """Return what the last drained window before this one left for the source."""
        with translated(self.path):
            return ledger.last_marker(self._connection, window.resource_id, window.from_at)

    def note_open(self, window: WindowRow, reason: str, *, now: datetime) -> None:
        """Say in the ledger why a window is still open."""
        with self._transaction():
            ledger.note_reason(self._connection, window, reason=reason, now=to_epoch(now))

    def declare_complete(self, source: str, *, since: datetime, until: datetime, now: datetime) -> None:
        """Take a person's word that all of a source in [since, until) was imported."""
        with self._transaction():
            ledger.declare_complete(
                self._connection,
                self._catalogue.source(source),
                since=to_epoch(since),
                until=to_epoch(until),
                now=to_epoch(now),
            )

    def declare_lost(self, resource_id: int, *, since: datetime, until: datetime, reason: str, now: datetime) -> None:
        """Cut [since, until) out of a resource's open window and declare it lost."""
        with self._transaction():
            for window in ledger.open_windows(self._connection, resource_id):
                ledger.cut_out(
                    self._connection,
                    window,
                    since=to_epoch(since),
                    until=to_epoch(until),
                    reason=reason,
                    now=to_epoch(now),
                )

    def check(self, on_progress: Callable[[int, int], None] | None = None) -> list[str]:
        """Return what is wrong with the store, one line each; empty where all is right. Others may write meanwhile.

        `on_progress` is told how many steps of the examination are done, and how many there are.
        """
        with translated(self.path):
            return examine(self._connection, on_progress)

    def rebuild_rollups(self) -> None:
        """Compute every rollup anew from the rows."""
        with self._transaction():
            rebuild(self._connection)
            recount(self._connection)

    def last_window_end(self, source: str) -> datetime | None:
        """Return the end of the newest window of a source, None where it has none."""
        with translated(self.path):
            row = self._connection.execute(
                "SELECT max(windows.to_at) FROM windows JOIN resources ON resources.id = windows.resource_id "
                "JOIN sources ON sources.id = resources.source_id WHERE sources.name = ?",
                (source,),
            ).fetchone()
        return None if row[0] is None else from_epoch(row[0])
