"""Measure what the store answers, against the same question asked of plain tables.

    python benchmarks/store.py [--mentions 20000] [--times 1] [--rounds 5] [--json FILE] [--folder FOLDER]

The store is made up (see made_stores.py), one year of 20 brands; the questions are
about the largest, a quarter of all. Beside it stands what a script without this
program would keep: one table of posts with no index and, for hashtags alone, an
indexed table of tags. Both are asked in this run, in turn, by the same SQLite;
processor time counts, the best of all rounds. With --times 10 everything is
measured again on ten times as many mentions: 1 000 000 become 10 000 000.

The bars are for 1 000 000 mentions (bytes a mention: 200 000). On fewer the
figures are printed and the answers compared, and nothing is held against a bar.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from made_stores import BRANDS, SINCE, UNTIL, made, multiply, write_bulk

from listener.clock import to_epoch
from listener.fulltext import excerpt
from listener.search import MentionFilter, Reader, Span

if TYPE_CHECKING:
    from collections.abc import Callable

BRAND = BRANDS[0]
JUDGED_FROM = 1_000_000
ZONE = ZoneInfo("UTC")
WEEK_AGO = UNTIL - timedelta(days=7)
COLD_BAR_MS = 150.0
BYTES_BAR = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """Hold one measurement: milliseconds, those of the baseline, and what was asked of it."""

    name: str
    mentions: int
    milliseconds: float
    baseline: str = ""
    baseline_milliseconds: float | None = None
    least_ratio: float | None = None
    most_milliseconds: float | None = None

    @property
    def ratio(self) -> float | None:
        """Return how many times as long the baseline takes."""
        return None if self.baseline_milliseconds is None else self.baseline_milliseconds / self.milliseconds

    @property
    def holds(self) -> bool:
        """Say whether what was asked of it holds."""
        if self.most_milliseconds is not None and self.milliseconds > self.most_milliseconds:
            return False
        return self.least_ratio is None or (self.ratio or 0.0) >= self.least_ratio


class Bench:
    """Ask one store and the plain tables the same questions."""

    def __init__(self, store: Path, plain: Path, rounds: int) -> None:
        self._store = store
        self._rounds = rounds
        self._reader = Reader(store)
        self._plain = sqlite3.connect(plain, isolation_level=None)
        make_plain(self._plain, store)
        (self.count,) = self._plain.execute("SELECT count(*) FROM posts").fetchone()

    def close(self) -> None:
        """Close both."""
        self._reader.close()
        self._plain.close()

    def run(self, *, words: bool) -> list[Figure]:
        """Return all figures; `words` says whether all mentions are in the full-text index."""
        large = self.count >= 10 * JUDGED_FROM
        figures = [
            self._compare(
                "daily trend of a year", self._year, self._year_scanned, "GROUP BY day, one table", 150 if large else 15
            ),
            self._compare(
                "the same in another zone", lambda: self._trend(SINCE, "day", zone="Asia/Kolkata"), self._year_scanned,
                "GROUP BY day, one table", None,
            ),
            self._compare("hourly trend of a week", self._week, self._week_scanned, "GROUP BY hour, one table", 100),
            self._compare(
                "percentiles of a year", self._percentiles, self._percentiles_scanned, "window function, one table", 50
            ),
            self._compare("top hashtags of a year", self._tags, self._tags_scanned, "GROUP BY, indexed tags", 20),
            self._alone("share of voice, 90 days, 20 brands", self._share, 30.0),
        ]  # fmt: skip
        if words:
            for word, kind in ((BRANDS[1], "common"), (self._rare(), "rare")):
                figures.append(
                    self._compare(
                        f"newest 20 with a {kind} word", lambda word=word: self._hits(word),
                        lambda word=word: self._hits_scanned(word), "LIKE, one table", 100,
                    )
                )  # fmt: skip
        return figures

    def _trend(self, since: datetime, by: str, *, zone: str = "UTC", percentiles: bool = False) -> list[object]:
        span = Span(since=since, until=UNTIL, by=by, zone=ZoneInfo(zone), now=UNTIL, percentiles=percentiles)
        found = self._reader.trend((BRAND,), span, {})
        if percentiles:
            return [list(bucket.score_percentiles or ()) for bucket in found.buckets]
        return [bucket.mentions or 0 for bucket in found.buckets]

    def _year(self) -> list[object]:
        return [count for count in self._trend(SINCE, "day") if count]

    def _year_scanned(self) -> list[object]:
        return self._grouped("%Y-%m-%d", SINCE)

    def _week(self) -> list[object]:
        return [count for count in self._trend(WEEK_AGO, "hour") if count]

    def _week_scanned(self) -> list[object]:
        return self._grouped("%Y-%m-%d %H", WEEK_AGO)

    def _grouped(self, form: str, since: datetime) -> list[object]:
        rows = self._plain.execute(
            "SELECT strftime(?, published_at, 'unixepoch'), count(*), sum(label = 3), sum(label = 1), avg(score) "
            "FROM posts WHERE brand = ? AND published_at >= ? GROUP BY 1 ORDER BY 1",
            (form, BRAND, to_epoch(since)),
        )
        return [row[1] for row in rows]

    def _percentiles(self) -> list[object]:
        return [cuts for cuts in self._trend(SINCE, "day", percentiles=True) if cuts]

    def _percentiles_scanned(self) -> list[object]:
        rows = self._plain.execute(
            "SELECT n, group_concat(place || ':' || score) FROM (SELECT day, n, place, score FROM (SELECT published_at / 86400 AS day, score, "
            "row_number() OVER w AS place, count(*) OVER (PARTITION BY published_at / 86400) AS n FROM posts "
            "WHERE brand = ? AND score IS NOT NULL WINDOW w AS (PARTITION BY published_at / 86400 ORDER BY score)) "
            "WHERE place IN ((n * 10 + 99) / 100, (n * 50 + 99) / 100, (n * 90 + 99) / 100) ORDER BY day, place) "
            "GROUP BY day ORDER BY day",
            (BRAND,),
        )
        days = [(n, dict(part.split(":") for part in text.split(","))) for n, text in rows]
        return [[int(at[str((n * rank + 99) // 100)]) / 10_000 for rank in (10, 50, 90)] for n, at in days]

    def _tags(self) -> list[object]:
        found = self._reader.top("hashtags", BRAND, SINCE, UNTIL, limit=20)
        return [(row.value, row.mentions) for row in found]

    def _tags_scanned(self) -> list[object]:
        return self._plain.execute(
            "SELECT tag, count(*) FROM tags WHERE brand = ? AND published_at >= ? AND published_at < ? "
            "GROUP BY tag ORDER BY 2 DESC, 1 LIMIT 20",
            (BRAND, to_epoch(SINCE), to_epoch(UNTIL)),
        ).fetchall()

    def _share(self) -> list[object]:
        kinds = dict.fromkeys(BRANDS, "own")
        span = Span(since=UNTIL - timedelta(days=90), until=UNTIL, by="day", zone=ZONE, now=UNTIL)
        return [(row.brand, row.mentions) for row in self._reader.share(kinds, span, {})]

    def _hits(self, word: str) -> list[object]:
        found = self._reader.mentions(MentionFilter(text=word, limit=20))
        return [(to_epoch(one.published_at), excerpt(one.text or "", word)[1] != ()) for one in found]

    def _hits_scanned(self, word: str) -> list[object]:
        rows = self._plain.execute(
            "SELECT published_at, text FROM posts WHERE text LIKE ? ORDER BY published_at DESC LIMIT 20", (f"%{word}%",)
        ).fetchall()
        return [(at, word.casefold() in text.casefold()) for at, text in rows]

    def _rare(self) -> str:
        """Return a word that few mentions have."""
        rows = self._plain.execute("SELECT tag FROM tags GROUP BY tag HAVING count(*) BETWEEN 20 AND 60 ORDER BY tag")
        words = [row[0] for row in rows if len(row[0]) > 5]  # noqa: PLR2004 - long enough to be a word of its own
        return random.Random(7).choice(words or ["nothing"])

    def _compare(
        self, name: str, ours: Callable[[], list[object]], theirs: Callable[[], list[object]], baseline: str,
        least: float | None,
    ) -> Figure:  # fmt: skip
        """Time both in turn and see that they say the same."""
        answer, other = ours(), theirs()
        if least is not None:
            require_same(name, answer, other)
        best = {ours: float("inf"), theirs: float("inf")}
        for _ in range(self._rounds):
            for way, least_yet in best.items():
                best[way] = min(least_yet, timed(way))
        return Figure(
            name=name, mentions=self.count, milliseconds=best[ours], baseline=baseline,
            baseline_milliseconds=best[theirs], least_ratio=least,
        )  # fmt: skip

    def _alone(self, name: str, way: Callable[[], list[object]], most: float) -> Figure:
        way()
        milliseconds = min(timed(way) for _ in range(self._rounds))
        return Figure(name=name, mentions=self.count, milliseconds=milliseconds, most_milliseconds=most)


def require_same(name: str, ours: list[object], theirs: list[object]) -> None:
    """Raise AssertionError where two answers are not the same; percentiles may be half a bin apart."""
    if name.startswith("percentiles"):
        near = [
            max(abs(a - b) for a, b in zip(one, other, strict=True)) for one, other in zip(ours, theirs, strict=True)
        ]  # type: ignore[call-overload]
        same = not near or max(near) <= 0.0251  # noqa: PLR2004 - half a bin
    elif name.startswith("newest"):
        same = {at for at, _ in ours} <= {at for at, _ in theirs} or len(ours) == len(theirs)  # type: ignore[misc]
    else:
        same = ours == theirs
    if not same:
        msg = f"{name}: the store says {str(ours)[:200]}, the plain tables {str(theirs)[:200]}"
        raise AssertionError(msg)


def timed(way: Callable[[], list[object]]) -> float:
    """Return the milliseconds of processor time one call takes."""
    began = time.process_time()
    way()
    return 1000 * (time.process_time() - began)


def make_plain(plain: sqlite3.Connection, store: Path) -> None:
    """Fill the plain tables: what a script without this program would keep."""
    plain.execute("PRAGMA journal_mode = OFF")
    plain.execute("PRAGMA synchronous = OFF")
    plain.execute("ATTACH ? AS store", (f"{store.as_uri()}?mode=ro",))
    plain.execute("DROP TABLE IF EXISTS posts")
    plain.execute("DROP TABLE IF EXISTS tags")
    plain.execute(
        "CREATE TABLE posts AS SELECT b.name AS brand, s.name AS source, x.language, x.published_at, x.label, x.score, "
        "m.native_id, m.url, m.text FROM store.matches x JOIN store.mentions m ON m.id = x.mention_id "
        "JOIN store.brands b ON b.id = x.brand_id JOIN store.sources s ON s.id = x.source_id ORDER BY x.mention_id"
    )
    plain.execute("CREATE TABLE tags (brand TEXT, published_at INTEGER, tag TEXT)")
    plain.execute("BEGIN")
    rows = plain.execute("SELECT brand, published_at, text FROM posts WHERE instr(text, '#')")
    plain.executemany(
        "INSERT INTO tags VALUES (?, ?, ?)",
        ((brand, at, tag) for brand, at, text in rows for tag in {w[1:] for w in text.split() if w[0] == "#"}),
    )
    plain.execute("CREATE INDEX tags_of_brand ON tags (brand, published_at, tag)")
    plain.execute("COMMIT")
    plain.execute("DETACH store")


def of_children() -> float:
    """Return the seconds of processor time, of the system too, that processes which ended have taken."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def cold(store: Path, folder: Path, count: int, rounds: int) -> Figure:
    """Measure `listener trend` as a process of its own, against the two imports it cannot do without."""
    config = folder / "config.toml"
    config.write_text(
        f'[listener]\ndatabase = "{store.as_posix()}"\ntime_zone = "UTC"\n\n[[brands]]\nname = "{BRAND}"\n',
        encoding="utf-8",
    )
    commands = {
        "baseline": [sys.executable, "-c", "import sqlite3, click"],
        "trend": [
            sys.executable, "-c", "from listener.cli.main import main; main()", "trend", BRAND, "--config", str(config),
            "--now", UNTIL.isoformat(),
        ],
    }  # fmt: skip
    best = dict.fromkeys(commands, float("inf"))
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPYCACHEPREFIX"] = str(folder / "cache")
    for number in range(3 * rounds + 1):
        for name, command in commands.items():
            began = of_children()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)  # noqa: S603 - our own
            if number:
                best[name] = min(best[name], 1000 * (of_children() - began))
    return Figure(
        name="listener trend, from cold", mentions=count, milliseconds=best["trend"],
        baseline='python -c "import sqlite3, click"', baseline_milliseconds=best["baseline"], least_ratio=0.5,
        most_milliseconds=COLD_BAR_MS,
    )  # fmt: skip


def print_table(figures: list[Figure], *, judged: bool) -> None:
    """Print one line a figure."""
    print(f"{'':36}{'mentions':>10}{'ms':>9}{'baseline':>11}{'ratio':>9}{'bar':>10}")
    for one in figures:
        ratio = "" if one.ratio is None else f"{one.ratio:.1f} x"
        base = "" if one.baseline_milliseconds is None else f"{one.baseline_milliseconds:.1f}"
        bars = [f">= {one.least_ratio:g} x"] if one.least_ratio else []
        bars += [f"<= {one.most_milliseconds:g} ms"] if one.most_milliseconds else []
        word = "" if not judged or not bars else "held" if one.holds else "missed"
        print(
            f"{one.name:36}{one.mentions:>10}{one.milliseconds:>9.2f}{base:>11}{ratio:>9}  {', '.join(bars):16}{word:7}"
            f"{one.baseline}"
        )


def main() -> int:
    """Make, measure, print; return 1 where a bar that applies is missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--mentions", type=int, default=int(os.environ.get("LISTENER_BENCH_MENTIONS", "20000")))
    parser.add_argument("--times", type=int, default=1, help="measure again on so many times as many")
    parser.add_argument("--rounds", type=int, default=5, help="how often each is asked; the best counts")
    parser.add_argument("--store", type=Path, help="take this store, made by made_stores.py; with --times it grows")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    parser.add_argument("--folder", type=Path, help="where the files are made; default: the system's temporary folder")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=asked.folder) as name:
        folder = Path(name)
        store = asked.store.absolute() if asked.store else folder / "store.db"
        if asked.store is None:
            write_bulk(store, made(asked.mentions))
        figures, bytes_each = measure(store, folder, asked.rounds, words=True)
        print(f"{bytes_each:.0f} bytes a mention, full text included (bar {BYTES_BAR:g} at 200 000)")
        figures.append(cold(store, folder, figures[0].mentions, asked.rounds))
        if asked.times > 1:
            multiply(store, asked.times)
            more, _ = measure(store, folder, asked.rounds, words=False)
            growth = more[0].milliseconds / figures[0].milliseconds
            figures += more
    judged = max(one.mentions for one in figures) >= JUDGED_FROM
    print_table(figures, judged=judged)
    if asked.times > 1:
        print(f"daily trend of a year, {asked.times} times as many mentions: {growth:.2f} x as long (bar 2 x)")
    if asked.json:
        made_at = datetime.now(UTC).isoformat(timespec="seconds")
        rows = [{**asdict(one), "ratio": one.ratio} for one in figures]
        text = json.dumps({"made_at": made_at, "bytes_a_mention": round(bytes_each), "figures": rows}, indent=2)
        asked.json.write_text(text + "\n", encoding="utf-8")
    return 1 if judged and not all(one.holds for one in figures) else 0


def measure(store: Path, folder: Path, rounds: int, *, words: bool) -> tuple[list[Figure], float]:
    """Return the figures of a store and its bytes a mention."""
    plain = folder / "plain.db"
    with closing(Bench(store, plain, rounds)) as bench:
        figures = bench.run(words=words)
    with closing(sqlite3.connect(store)) as connection:
        (count,) = connection.execute("SELECT count(*) FROM mentions").fetchone()
    return figures, store.stat().st_size / count


if __name__ == "__main__":
    sys.exit(main())
