"""Measure `listener import` against the two scripts that people write instead, in one run.

    python benchmarks/importing.py [--mentions 200000] [--workers 2] [--rounds 1] [--json FILE] [--folder FOLDER]

The same file of mention JSONL (made up, from a seed: one year, 20 brands, 6 sources,
8 languages, reposts, copies, hashtags, links, emoji) is read by

- `one by one`: a script that scores each record with vaderSentiment and upserts it
  by itself with sqlite-utils; measured on the first part of the file, since it is slow;
- `batches`: a script that scores with vaderSentiment, looks for the brands in the text,
  upserts 1 000 records a call, keeps a full-text index and adds up a rollup. It knows no
  language, no target, no story;
- `listener import` with everything on, in this process alone and with workers.

Each runs in a process of its own, on a new file, in turn; the clock on the wall, the
processor time and the memory of all its processes count (a page of it that several share
once, on Linux), the best of all rounds. Bars are held against
200 000 mentions and more; on fewer the figures are printed and what was stored is compared.
"""

# ruff: noqa: PLR2004 - shares of what is made up are numbers
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
import threading
import time
from contextlib import closing, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING

from made_words import word

if TYPE_CHECKING:
    from collections.abc import Iterator

UNTIL = datetime(2026, 11, 20, tzinfo=UTC)
DAYS = 365
_NAMES = (
    "Acme Globex Initech Umbrella Hooli Vandelay Stark Wayne Soylent Tyrell "
    "Cyberdyne Wonka Oceanic Virtucon Zorg Nakatomi Gringotts Duff Krusty Monarch"
)
BRANDS = tuple(_NAMES.split())
_BRAND_WEIGHTS = [0.25, 0.12, *(0.63 / 18 for _ in range(18))]
_SOURCES = ("x", "mastodon", "bluesky", "reddit", "hackernews", "rss")
_SOURCE_WEIGHTS = [0.4, 0.1, 0.2, 0.2, 0.05, 0.05]
_OTHERS = {
    "es": "el la de que y en un ser se no haber por con su para como estar tener le lo todo pero más hacer muy",
    "de": "der die und in den von zu das mit sich des auf für ist im dem nicht ein eine als auch es an werden",
    "fr": "de la le et les des en un du une que est pour qui dans a par plus pas au sur ne se ce il sont",
    "hi": "के का में की है यह और से हैं को पर इस होता कि जो कर मैं नहीं भी एक था तो ही बहुत अच्छा",
    "ru": "и в не на я что он с это по как но они мы этот она так его из за весь очень хорошо плохо",  # noqa: RUF001 - another script
    "ja": "これ は とても 良い です 悪い 使い やすい 電池 画面 新しい 今日 買い ました 好き",
    "ar": "في من على أن إلى عن مع هذا كان التي الذي لا ما هو هي جدا جيد سيء",
}
"""Common words of other languages."""
_LANGUAGES = ("en", *_OTHERS)
_LANGUAGE_WEIGHTS = [0.65, 0.1, 0.05, 0.05, 0.05, 0.03, 0.04, 0.03]
_EMOJI = ("😍", "😡", "🔥", "👍🏽", "❤️", "😂😂😂")
_ALL, _PART = 200_000, 10
"""From how many mentions on the bars are held, and which part of them the slow script is given."""
BARS = {"one by one": 12.0, "batches": 1.2}
GOALS = {"one by one": 25.0, "batches": 2.0}
MOST_MEGABYTES, MOST_BYTES = 400.0, 600.0
_REPOSTS, _COPIES = 0.12, 0.05
_LOOKED_EVERY = 0.25
"""Seconds."""


def written(count: int, *, seed: int = 11) -> Iterator[dict[str, object]]:
    """Yield mention JSON objects, oldest first; the same for the same seed."""
    rng = random.Random(seed)
    function = files("sentiment").joinpath("data", "function_words", "en.txt").read_text(encoding="utf-8")
    common = [word for line in function.splitlines() if not line.startswith("#") for word in line.split()]
    felt = [
        line.split("\t")[0]
        for line in files("vaderSentiment").joinpath("vader_lexicon.txt").read_text(encoding="utf-8").splitlines()
        if line[:1].isalpha()
    ]
    things = [word(rng, rng.choice((2, 2, 3))) for _ in range(6_000)]
    weights = list(accumulate(1 / (rank + 5) for rank in range(len(things))))
    others = {language: words.split() for language, words in _OTHERS.items()}
    recent: list[dict[str, object]] = []
    start = int((UNTIL - timedelta(days=DAYS)).timestamp())

    def text_of(language: str) -> str:
        words = []
        for _ in range(3 + int(rng.expovariate(1 / 6))):
            said = rng.random()
            if language != "en":
                words.append(rng.choice(others[language]) if said < 0.8 else rng.choice(things))
            elif said < 0.5:
                words.append(rng.choice(common))
            else:
                words.append(rng.choice(felt) if said < 0.6 else rng.choices(things, cum_weights=weights)[0])
        return ("" if language == "ja" else " ").join(words)

    for number in range(count):
        at = datetime.fromtimestamp(start + int(number * DAYS * 86_400 / count), UTC)
        said = rng.random()
        if recent and said < _REPOSTS + _COPIES:
            before = rng.choice(recent)
            text, language, source = str(before["text"]), before["language"], str(before["source"])
            repost_of = before["id"] if said < _REPOSTS else None
            text = f"RT @{_handle(before)}: {text}" if repost_of else text
        else:
            language, source, repost_of = (
                rng.choices(_LANGUAGES, _LANGUAGE_WEIGHTS)[0], rng.choices(_SOURCES, _SOURCE_WEIGHTS)[0], None,
            )  # fmt: skip
            text = f"{text_of(str(language))} {rng.choices(BRANDS, _BRAND_WEIGHTS)[0]} {text_of(str(language))}"
            text += f" and {rng.choice(BRANDS)}" if rng.random() < 0.05 else ""
            text += (
                "".join(f" #{rng.choice(things[:500])}" for _ in range(rng.randint(1, 3))) if rng.random() < 0.3 else ""
            )
            text += f" {rng.choice(_EMOJI)}" if rng.random() < 0.2 else ""
            text += f" https://site{rng.randrange(300)}.example/{rng.choice(things)}" if rng.random() < 0.15 else ""
        who = rng.randrange(max(50, count // 5))
        native = str(1_800_000_000_000_000_000 + number * 4_194_304) if source == "x" else f"{source[0]}{number:x}"
        likes = int(rng.paretovariate(0.8)) - 1
        record: dict[str, object] = {
            "source": source, "id": native, "url": f"https://{source}.example/person{who}/status/{native}",
            "kind": "article" if source == "rss" else "comment" if source == "reddit" else "post",
            "author": {"id": f"{source[0]}{who}", "handle": f"person{who}", "name": f"Person {who}", "followers": who * 79},
            "text": text, "language": language, "published_at": at.isoformat(),
            "engagement": {"likes": likes, "reposts": likes // 5, "replies": likes // 9}, "repost_of": repost_of,
        }  # fmt: skip
        if repost_of is None:
            recent = [*recent[-199:], record]
        yield record


def _handle(record: dict[str, object]) -> str:
    author = record["author"]
    return str(author["handle"]) if isinstance(author, dict) else ""


def write_file(path: Path, count: int) -> None:
    """Write the mentions as JSONL."""
    with path.open("w", encoding="utf-8") as out:
        for record in written(count):
            out.write(json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n")


def write_config(folder: Path) -> Path:
    """Write a configuration of the brands, with everything on."""
    config = folder / "config.toml"
    tables = [f'[[brands]]\nname = "{brand}"\nkeywords = ["{brand}"]' for brand in BRANDS]
    config.write_text('[listener]\ntime_zone = "UTC"\n\n' + "\n\n".join(tables) + "\n", encoding="utf-8")
    return config


def one_by_one(lines: Path, store: Path) -> None:
    """Score and upsert each record by itself."""
    import sqlite_utils  # noqa: PLC0415 - each side loads its own
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer  # noqa: PLC0415

    table = sqlite_utils.Database(store)["mentions"]
    analyzer = SentimentIntensityAnalyzer()
    with lines.open(encoding="utf-8") as file:
        for line in file:
            table.upsert(_flat(json.loads(line), analyzer), pk=("source", "id"))


def batches(lines: Path, store: Path) -> None:
    """Score, look for brands, upsert 1 000 at a time, index and add up."""
    import sqlite_utils  # noqa: PLC0415 - each side loads its own
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer  # noqa: PLC0415

    db = sqlite_utils.Database(store)
    analyzer = SentimentIntensityAnalyzer()
    names = [(brand, brand.lower()) for brand in BRANDS]
    with lines.open(encoding="utf-8") as file:
        while batch := [json.loads(line) for _, line in zip(range(1_000), file, strict=False)]:
            rows, sums = [], {}
            for obj in batch:
                row = _flat(obj, analyzer)
                small = obj["text"].lower()
                row["brands"] = [brand for brand, name in names if name in small]
                rows.append(row)
                for brand in row["brands"]:
                    cell = sums.setdefault((brand, row["published_at"][:10]), [0, 0.0, 0])
                    cell[0] += 1
                    cell[1] += row["compound"]
                    cell[2] += row["likes"]
            db["mentions"].upsert_all(rows, pk=("source", "id"), alter=True)
            if "mentions_fts" not in db.table_names():
                db["mentions"].enable_fts(["text"], create_triggers=True)
                db["rollup"].create(
                    {"brand": str, "day": str, "n": int, "score": float, "likes": int}, pk=("brand", "day")
                )
            with db.conn:
                db.conn.executemany(
                    "INSERT INTO rollup VALUES (?, ?, ?, ?, ?) ON CONFLICT (brand, day) DO UPDATE SET "
                    "n = n + excluded.n, score = score + excluded.score, likes = likes + excluded.likes",
                    [(*key, *cell) for key, cell in sums.items()],
                )


def _flat(obj: dict[str, object], analyzer: object) -> dict[str, object]:
    author, counts = obj.pop("author"), obj.pop("engagement")
    return {
        **obj, "author": author["handle"], "followers": author["followers"], **counts,
        **analyzer.polarity_scores(obj["text"]),
    }  # fmt: skip


def ours(lines: Path, store: Path, workers: int) -> None:
    """Import as the command does."""
    from listener.cli.main import run as run_command  # noqa: PLC0415 - each side loads its own

    config = write_config(store.parent)
    code = run_command(
        ["import", str(lines), "--config", str(config), "--database", str(store), "--workers", str(workers),
         "--now", UNTIL.isoformat()]
    )  # fmt: skip
    if code:
        raise SystemExit(code)


SIDES = {"one by one": one_by_one, "batches": batches}


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """Hold what one side took."""

    name: str
    mentions: int
    seconds: float
    cpu_seconds: float
    megabytes: float
    bytes_a_mention: float
    stored: int

    @property
    def rate(self) -> float:
        """Return mentions a second."""
        return self.mentions / self.seconds


class _Memory:
    """Look every now and then how much memory this process and its children have together, in kilobytes."""

    def __init__(self) -> None:
        self.most = 0
        self._is_done = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def _look(self) -> None:
        while not self._is_done.wait(_LOOKED_EVERY):
            self.most = max(self.most, self._now())

    def _now(self) -> int:
        own = Path("/proc/self/task", str(os.getpid()), "children")
        total = 0
        for process in ("self", *own.read_text(encoding="ascii").split()) if own.exists() else ():
            with suppress(OSError):  # it ended meanwhile
                rollup = Path("/proc", process, "smaps_rollup").read_text(encoding="ascii")
                total += sum(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
        return total

    def end(self, workers: int) -> int:
        """Return the most that was seen; where nothing can be seen, the peaks of each added up."""
        self._is_done.set()
        self._thread.join()
        own, others = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        return self.most or own + workers * others


def child(name: str, lines: Path, store: Path, workers: int) -> None:
    """Do one side and print what it took."""
    memory = _Memory()
    began = time.perf_counter()
    if name in SIDES:
        SIDES[name](lines, store)
    else:
        ours(lines, store, workers)
    seconds, kilobytes = time.perf_counter() - began, memory.end(workers)
    own, others = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    with closing(sqlite3.connect(store)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (stored,) = connection.execute("SELECT count(*) FROM mentions").fetchone()
    told = {
        "seconds": seconds, "cpu": own.ru_utime + own.ru_stime + others.ru_utime + others.ru_stime,
        "kilobytes": kilobytes, "bytes": store.stat().st_size, "stored": stored,
    }  # fmt: skip
    print(json.dumps(told))


def _environment() -> dict[str, str]:
    """Return the environment of a measured process: as where a program is installed, nothing is compiled anew each time."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"} | {"TZ": "UTC"}


def measure(name: str, lines: Path, count: int, workers: int = 0) -> Figure:
    """Run one side in a process of its own, on a new file."""
    with tempfile.TemporaryDirectory(dir=lines.parent) as folder:
        command = [sys.executable, __file__, "--child", name, "--lines", str(lines), "--store", f"{folder}/s.db"]
        done = subprocess.run(  # noqa: S603 - this very file
            [*command, "--workers", str(workers)], check=True, stdout=subprocess.PIPE,
            stderr=None if name in SIDES else subprocess.DEVNULL, env=_environment(),
        )  # fmt: skip
    told = json.loads(done.stdout.splitlines()[-1])
    return Figure(
        name=name if name in SIDES else f"listener import, {workers} workers" if workers else "listener import",
        mentions=count, seconds=told["seconds"], cpu_seconds=told["cpu"], megabytes=told["kilobytes"] / 1024,
        bytes_a_mention=told["bytes"] / told["stored"], stored=told["stored"],
    )  # fmt: skip


def run(count: int, folder: Path, *, workers: int, rounds: int) -> list[Figure]:
    """Measure all sides, each `rounds` times in turn, and return the best of each."""
    lines, part = folder / "mentions.jsonl", folder / "part.jsonl"
    write_file(lines, count)
    few = max(1, count // _PART)
    with lines.open("rb") as source, part.open("wb") as out:
        out.writelines(line for _, line in zip(range(few), source, strict=False))
    found: dict[str, Figure] = {}
    for _ in range(rounds):
        for figure in (
            measure("one by one", part, few),
            measure("batches", lines, count),
            measure("ours", lines, count),
            *([measure("ours", lines, count, workers)] if workers else []),
            measure("ours", part, few, workers),
        ):
            key = f"{figure.name} of {figure.mentions}"
            if key not in found or figure.seconds < found[key].seconds:
                found[key] = figure
    return list(found.values())


def problems_of(figures: list[Figure], count: int) -> list[str]:
    """Return the bars that are missed."""
    naive = {figure.name: figure for figure in figures if figure.name in SIDES}
    own = [figure for figure in figures if figure.name not in SIDES and figure.mentions == count]
    problems = [
        f"{figure.name}: {figure.rate / naive[name].rate:.2f} times {name}, wanted {bar}"
        for figure in own
        for name, bar in BARS.items()
        if figure.rate < bar * naive[name].rate
    ]
    problems += [f"{one.name}: {one.megabytes:.0f} MB" for one in own if one.megabytes > MOST_MEGABYTES]
    return problems + [f"{one.name}: {one.bytes_a_mention:.0f} B" for one in own if one.bytes_a_mention > MOST_BYTES]


def main() -> int:
    """Measure, print, and return 1 where a bar is missed."""
    parser = argparse.ArgumentParser(description="Measure listener import.")
    parser.add_argument("--mentions", type=int, default=_ALL)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--child", help=argparse.SUPPRESS)
    parser.add_argument("--lines", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--store", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.child:
        child(chosen.child, chosen.lines, chosen.store, chosen.workers)
        return 0
    with tempfile.TemporaryDirectory(dir=chosen.folder) as folder:
        figures = run(chosen.mentions, Path(folder), workers=chosen.workers, rounds=chosen.rounds)
    naive = {figure.name: figure for figure in figures if figure.name in SIDES}
    for one in figures:
        ratios = "" if one.name in SIDES else "".join(
            f"  {one.rate / naive[name].rate:5.2f} x {name} (bar {BARS[name]:g}, goal {GOALS[name]:g})" for name in SIDES
        )  # fmt: skip
        print(
            f"{one.name:28} {one.mentions:>8} mentions {one.rate:>8.0f}/s  cpu {one.mentions / one.cpu_seconds:>7.0f}/s"
            f" {one.megabytes:>5.0f} MB {one.bytes_a_mention:>5.0f} B/mention{ratios}"
        )
    problems = problems_of(figures, chosen.mentions) if chosen.mentions >= _ALL else []
    for problem in problems:
        print(f"MISSED {problem}")
    if chosen.json:
        told = {"mentions": chosen.mentions, "figures": [asdict(one) for one in figures], "missed": problems}
        chosen.json.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
