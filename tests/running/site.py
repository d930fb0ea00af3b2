"""Run the program against simulated services: a folder with a configuration and a store, in-process or as processes."""

from __future__ import annotations

import io
import json
import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bounds import MINUTE
from listener.cli.main import run
from listener.clock import utc_now
from servers import reddit as reddit_server
from servers import x as x_server
from servers.hackernews import HackerNews, comment, story
from stores import lay_store

NOW = utc_now().replace(microsecond=0)
"""X refuses what is too long ago by its own clock, so the simulated present is the real one, standing still."""

KEYS = {
    "X_BEARER_TOKEN": x_server.TOKEN,
    "REDDIT_CLIENT_ID": reddit_server.CLIENT_ID,
    "REDDIT_CLIENT_SECRET": reddit_server.CLIENT_SECRET,
}
BRANDS = """
[[brands]]
name = "Acme"
keywords = ["acme"]

[[brands]]
name = "Globex"
kind = "competitor"
"""
PATIENCE = MINUTE
"""Seconds until a test gives up waiting: many times what a loaded machine needs."""


@dataclass(frozen=True)
class Ended:
    """Hold how a command ended."""

    code: int
    out: str
    err: str

    def rows(self) -> dict[str, dict[str, object]]:
        """Return the rows that --format json wrote, by source."""
        return {row["source"]: row for row in json.loads(self.out)}


class Site:
    """Hold a folder, the configuration in it and the store that the commands make."""

    def __init__(self, folder: Path, sources: str, *, more: str = "", brands: str = BRANDS) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.config = folder / "config.toml"
        self.database = folder / "listener.db"
        self.configure(sources, more=more, brands=brands)

    def configure(self, sources: str, *, more: str = "", brands: str = BRANDS) -> None:
        """Write the configuration."""
        text = f'[listener]\ntime_zone = "Asia/Kolkata"\n{brands}\n{sources}\n{more}'
        self.config.write_text(text, encoding="utf-8")

    def arguments(self, *words: str, now: datetime | None = NOW) -> list[str]:
        fixed = [] if now is None else ["--now", now.isoformat()]
        return [*words, "--config", str(self.config), *fixed]

    def run(self, *words: str, now: datetime | None = NOW) -> Ended:
        """Run a command in this process."""
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            code = run(self.arguments(*words, now=now))
        return Ended(code=code, out=out.getvalue(), err=err.getvalue())

    def collect(self, *words: str, now: datetime = NOW) -> Ended:
        """Run `collect` in this process, rows as JSON."""
        lay_store(self.database)
        return self.run("collect", *words, "--format", "json", now=now)

    def start(
        self,
        *words: str,
        now: datetime | None = NOW,
        err: Path | None = None,
        prepare: Callable[[], None] | None = None,
    ) -> subprocess.Popen[str]:
        """Start a command as a process of its own; `prepare` runs in the child before the program."""
        with open(os.devnull, "w") if err is None else err.open("a") as log:  # noqa: PTH123 - not a path of the test
            return subprocess.Popen(
                [sys.executable, "-m", "listener.cli.main", *self.arguments(*words, now=now)],
                env=child_environment(is_limited=prepare is not None),
                stdout=subprocess.DEVNULL,
                stderr=log,
                text=True,
                preexec_fn=prepare,  # noqa: PLW1509 - the test starts no child from a thread
            )

    def process(self, *words: str, now: datetime | None = NOW, prepare: Callable[[], None] | None = None) -> Ended:
        """Run a command as a process of its own and wait for its end."""
        done = subprocess.run(
            [sys.executable, "-m", "listener.cli.main", *self.arguments(*words, now=now)],
            env=child_environment(is_limited=prepare is not None),
            capture_output=True,
            text=True,
            timeout=2 * PATIENCE,
            check=False,
            preexec_fn=prepare,
        )
        return Ended(code=done.returncode, out=done.stdout, err=done.stderr)

    def rows(self, sql: str, *values: object) -> list[tuple[object, ...]]:
        """Ask the store, read only."""
        return ask(self.database, sql, *values)

    def dump(self) -> dict[str, list[tuple[object, ...]]]:
        """Return everything in the store that must not depend on how it came in."""
        return {name: sorted(ask(self.database, sql), key=repr) for name, sql in CONTENT.items()}


def child_environment(*, is_limited: bool = False) -> dict[str, str]:
    """Return the environment of a child: the keys of the simulated services, no proxies, no other configuration.

    Coverage is not measured in a child that may not write (`is_limited`): its
    failure to write its own figures would stand in the child's output.
    """
    kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    if is_limited:
        kept = {name: value for name, value in kept.items() if not name.startswith(("COV_", "COVERAGE_"))}
    kept.pop("LISTENER_CONFIG", None)
    return kept | KEYS | {"PYTHONUNBUFFERED": "1"}


def ask(database: Path, sql: str, *values: object) -> list[tuple[object, ...]]:
    """Ask a store, read only."""
    with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True, timeout=PATIENCE)) as connection:
        return connection.execute(sql, values).fetchall()


def wait_for(condition: Callable[[], object], what: str, *, seconds: float = PATIENCE) -> object:
    """Ask again and again until `condition` gives something; fail with `what` once the time is over.

    What is waited for is done by another process, which tells nobody: it shows in a file or in the store.
    """
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while (asked := time.monotonic()) < deadline:
        found = condition()
        if found:
            return found
        pause.wait(max(0.02, 2 * (time.monotonic() - asked)))  # who asks all the time keeps the other from its work
    pytest.fail(f"waited {seconds:g} s in vain: {what}")


_STORIES = (
    "LEFT JOIN (SELECT o.story_id, min(s.name || ':' || o.native_id) AS story FROM mentions o "
    "JOIN sources s ON s.id = o.source_id GROUP BY o.story_id) AS told ON told.story_id = m.story_id"
)
"""What a story is called in every store: by one of its mentions."""
CONTENT: Mapping[str, str] = {
    "mentions": (
        "SELECT sources.name, m.native_id, m.kind, authors.native_id, m.url, m.title, m.text, hex(m.text_hash), "
        "hex(m.first_text_hash), language_claim, language, published_at, is_dated, edited_at, likes, reposts, replies, "
        "views, rating, reply_to, thread, repost_of, quote_of, place, has_media, links, hashtags, extra, "
        "story FROM mentions m JOIN sources ON sources.id = m.source_id STORIES "
        "LEFT JOIN authors ON authors.id = m.author_id".replace("STORIES", _STORIES)
    ),
    "authors": (
        "SELECT sources.name, native_id, handle, authors.name, followers, verified FROM authors "
        "JOIN sources ON sources.id = source_id"
    ),
    "matches": (
        "SELECT brands.name, sources.name, native_id, matches.published_at, queries.version, matches.language, label, "
        "score, text_score, evidence, confidence, scorers.name, scorers.version, reason, engagement, spans FROM matches "
        "JOIN brands ON brands.id = matches.brand_id JOIN mentions ON mentions.id = mention_id "
        "JOIN sources ON sources.id = matches.source_id JOIN queries ON queries.id = query_id "
        "JOIN scorers ON scorers.id = scorer_id"
    ),
    "quarters": (
        "SELECT name, bucket, mentions, stories, positive, neutral, negative, no_evidence, unscored, score_sum, "
        "score_squares, engagement FROM rollup_quarter JOIN brands ON brands.id = brand_id"
    ),
    "days": (
        "SELECT brands.name, day, sources.name, language, mentions, positive, neutral, negative, no_evidence, unscored, "
        "score_sum, score_squares, engagement FROM rollup_day JOIN brands ON brands.id = brand_id "
        "JOIN sources ON sources.id = source_id"
    ),
    "stories": "SELECT name, first_at, story FROM story_firsts m JOIN brands ON brands.id = brand_id STORIES".replace(
        "STORIES", _STORIES
    ),
    "windows": (
        "SELECT name, key, lane, is_active, from_at, to_at, windows.state, cursor, is_lookback, pages, items, fetched, "
        "stored FROM windows JOIN resources ON resources.id = resource_id JOIN sources ON sources.id = source_id"
    ),
    "answers": (
        "SELECT sources.name, native_id, brands.name, answered_at FROM answers "
        "JOIN mentions ON mentions.id = mention_id JOIN sources ON sources.id = source_id "
        "JOIN brands ON brands.id = brand_id"
    ),
    "own replies": "SELECT hex(target), name, answered_at FROM own_replies JOIN brands ON brands.id = brand_id",
    "full text": "SELECT rowid > 0, title, text FROM mention_texts",
}
SEEN = ("mentions", "authors", "matches", "quarters", "days", "stories", "answers", "own replies", "full text")
"""What is said of mentions; the windows' counters also tell how often was asked."""


def spans(dump: Mapping[str, Sequence[tuple[object, ...]]]) -> list[tuple[object, ...]]:
    """Return a dump's windows without their counters."""
    return [row[:9] for row in dump["windows"]]


WORDS = (
    "Acme is great and I love it more than the one that we had",
    "the lid of my acme is terrible and it was broken when it came",
    "I have bought an Acme lid for the kettle that is in our kitchen",
    "they say that Globex is better than acme and I think it is not",
    "this is what Globex said about the new lid when it was shown to us",
)
"""Plain English throughout, so that its language is told without the model that takes a second to load."""


def hits(count: int, *, step: timedelta = timedelta(minutes=7), newest: datetime = NOW) -> list[dict[str, object]]:
    """Return stories and comments of Hacker News at even distances, the newest a little before an instant."""
    made = []
    for number in range(1, count + 1):
        second = int((newest - timedelta(minutes=2) - step * number).timestamp())
        text = f"{WORDS[number % len(WORDS)]}, says {number}"
        made.append(story(number, second, text) if number % 2 else comment(number, second, text))
    return made


def posts(count: int, *, step: timedelta = timedelta(minutes=7), newest: datetime = NOW) -> list[x_server.Post]:
    """Return posts of X at even distances."""
    return [
        x_server.Post(
            text=f"{WORDS[number % len(WORDS)]}, says {number}",
            created_at=newest - timedelta(minutes=2) - step * number,
            author=f"jo_{number % 9}",
        )
        for number in range(1, count + 1)
    ]


def things(count: int, *, step: timedelta = timedelta(minutes=7), newest: datetime = NOW) -> list[reddit_server.Thing]:
    """Return posts and comments of Reddit at even distances."""
    return [
        reddit_server.Thing(
            number=90_000_000 - number,
            created_at=newest - timedelta(minutes=2) - step * number,
            title="" if number % 3 == 0 else f"{WORDS[number % len(WORDS)]}, says {number}",
            text=f"{WORDS[number % len(WORDS)]}, says {number}" if number % 3 == 0 else "",
            parent="t3_abc" if number % 3 == 0 else None,
        )
        for number in range(1, count + 1)
    ]


def hackernews_table(server: HackerNews, **options: object) -> str:
    return _table("hackernews", {"base_url": server.url, "lookback": "1d", **options})


def x_table(server: x_server.X, **options: object) -> str:
    return _table("x", {"base_url": server.url, "lookback": "1d", "max_results": 10, **options})


def reddit_table(server: reddit_server.Reddit, **options: object) -> str:
    return _table("reddit", {"base_url": server.url, "lookback": "1d", "subreddits": ["kettles"], **options})


def _table(name: str, options: Mapping[str, object]) -> str:
    lines = [f"{key} = {json.dumps(value)}" for key, value in options.items()]
    return "\n".join([f"[sources.{name}]", *lines, ""])
