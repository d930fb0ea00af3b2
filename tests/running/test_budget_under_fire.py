"""Whatever happens over days, X is never owed more than the budgets allow, and what it could give is read or said to be lost."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from listener.budget import MICROS, Budget, Limit, Rate
from listener.options import Secret
from listener.pipeline import Collector, CollectRequest, Judge
from listener.pipeline.judge import Judgement
from listener.protocols import Source
from servers.world import ACME, GLOBEX, make_judge, open_store
from servers.x import TOKEN, Post, X
from sources.adapter import Limits
from sources.x import XOptions, XSource

START = datetime(2026, 11, 10, 6, tzinfo=UTC)
RATES = {
    "post": Rate(micros=5_000, once_a_day=True),
    "user": Rate(micros=10_000, once_a_day=True),
    "count": Rate(micros=5_000),
}
QUICK = Limits(connect_seconds=1.0, read_seconds=0.3, total_seconds=1.0)


class KilledError(BaseException):
    """Stands for a kill between an answer and its storing: nothing catches it."""


class DyingJudge:
    """Judge as the real stages do, or die first."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self.pages_to_live: int | None = None

    def judge(self, *arguments: object, **named: object) -> Judgement:
        if self.pages_to_live is not None:
            if not self.pages_to_live:
                raise KilledError
            self.pages_to_live -= 1
        return self._judge.judge(*arguments, **named)  # type: ignore[arg-type]


class Never:
    """Stand for a stop that is never asked for."""

    def is_set(self) -> bool:
        return False

    def wait(self, timeout: float | None = None) -> bool:
        del timeout
        return False


def limits(usd_a_day: float, usd_a_month: float, items_a_day: int, brand_usd: float | None) -> tuple[Limit, ...]:
    found = [
        Limit(source="x", brand=None, unit="usd", period="day", amount=round(usd_a_day * MICROS)),
        Limit(source="x", brand=None, unit="usd", period="month", amount=round(usd_a_month * MICROS), is_spread=True),
        Limit(source="x", brand=None, unit="items", period="day", amount=items_a_day),
    ]
    if brand_usd is not None:
        amount = round(brand_usd * MICROS)
        found.append(Limit(source=None, brand="Globex", unit="usd", period="day", amount=amount))
    return tuple(found)


class Trial:
    """Hold a simulated X, a store and a clock, and run passes between which things happen."""

    def __init__(self, folder: Path, server: X, budget: Budget, *, authors: bool) -> None:
        self.folder, self.server, self.budget = folder, server, budget
        self.options = XOptions(
            bearer_token=Secret(env="X_BEARER_TOKEN"),
            base_url=server.url,
            max_results=20,
            expand_authors=authors,
            count_first=authors,
        )
        self.now = START
        self.number = 0

    def collect(self, pages_to_live: int | None = None) -> str:
        self.server.now = self.now
        judge = DyingJudge(make_judge())
        judge.pages_to_live = pages_to_live
        source: Source = XSource(self.options, now=lambda: self.now, limits=QUICK)
        with open_store(self.folder) as store, closing(source):
            collector = Collector(store, judge, (ACME, GLOBEX), Never())  # type: ignore[arg-type]
            request = CollectRequest(now=self.now, lookback=timedelta(days=1), budget=self.budget)
            try:
                return collector.collect(source, request).state
            except KilledError:
                return "killed"

    def write(self, count: int, step: int) -> None:
        """Let people write so many posts within some minutes, less than what is read again for late ones."""
        for back in range(count):
            self.number += 1
            text = ("acme is good", "globex is bad", "acme and globex")[self.number % 3]
            self.server.posts.append(
                Post(
                    text=f"{text}, says {self.number}",
                    created_at=self.now - timedelta(minutes=2, seconds=step * back % 1_200 + self.number % 50),
                    author=f"jo_{self.number % 9}",
                )
            )

    def assert_within_budget(self) -> None:
        day_limit, month_limit, items_limit = self.budget.limits[:3]
        today = self.now.astimezone(UTC).date()
        counts = 0.005 * self.server.counted_on.get(today, 0)
        assert self.server.owed(today) + counts <= day_limit.amount / MICROS + 1e-9
        assert self.server.owed() <= month_limit.amount / MICROS + 1e-9
        things = len(self.server.bill.get(today, set())) + self.server.counted_on.get(today, 0)
        assert things <= items_limit.amount


def happenings() -> st.SearchStrategy[list[tuple[str, int, int]]]:
    kinds = ["write", "write", "pass", "pass", "killed", "cut", "limited", "broken", "empty", "later", "tomorrow"]
    return st.lists(st.tuples(st.sampled_from(kinds), st.integers(0, 40), st.integers(1, 120)), min_size=5, max_size=25)


def happen(trial: Trial, kind: str, first: int, second: int) -> None:
    faults: dict[str, Callable[[], None]] = {
        "cut": lambda: trial.server.fault("cut", after=40),
        "limited": lambda: trial.server.fault("status", status=429, body="{}"),
        "broken": lambda: trial.server.fault("status", status=503, body="{}"),
        "empty": lambda: trial.server.fault("empty_page"),
    }
    if kind == "write":
        trial.write(first, second)
    elif kind == "later":
        trial.now += timedelta(minutes=first + 1)
    elif kind == "tomorrow":
        trial.now += timedelta(days=1, minutes=first)
    elif kind == "killed":
        trial.collect(pages_to_live=first % 3)
    else:
        if kind in faults:
            faults[kind]()
        trial.collect()
        trial.server.calm()


@pytest.fixture(scope="module")
def key() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("X_BEARER_TOKEN", TOKEN)
        yield


@pytest.mark.usefixtures("key")
@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)
@given(
    script=happenings(),
    usd=st.floats(0.4, 3.0),
    items=st.integers(40, 400),
    brand_usd=st.none() | st.floats(0.2, 1.0),
    authors=st.booleans(),
)
@pytest.mark.slow
def test_x_is_never_owed_more_than_the_budgets_allow_and_all_it_has_is_read_in_the_end(
    script: Sequence[tuple[str, int, int]], usd: float, items: int, brand_usd: float | None, authors: bool
) -> None:
    budget = Budget(limits=limits(round(usd, 2), 60.0, items, brand_usd), rates=RATES)
    with tempfile.TemporaryDirectory() as folder, X([], now=START) as server:
        trial = Trial(Path(folder), server, budget, authors=authors)
        for kind, first, second in script:
            happen(trial, kind, first, second)
            trial.assert_within_budget()
        if brand_usd is not None or (authors and usd < 1):
            return
        for _ in range(6):  # X forgets what is seven days old
            trial.now += timedelta(days=1)
            trial.collect()
            trial.assert_within_budget()
        assert_read_or_told(trial)


def assert_read_or_told(trial: Trial) -> None:
    """Each post that X could give is stored, or lies in a span that the ledger says is not read.

    Or shortly before one: that is where posts that were found late would have been read again.
    """
    with closing(sqlite3.connect(trial.folder / "listener.db")) as connection:
        stored = {row[0] for row in connection.execute("SELECT native_id FROM mentions")}
        gaps = connection.execute(
            "SELECT from_at - ?, to_at FROM windows WHERE state <> 'drained'", (XSource.facts.overlap.total_seconds(),)
        ).fetchall()
        spans = connection.execute("SELECT min(from_at), max(to_at) FROM windows").fetchone()
    assert spans != (None, None)
    for post in trial.server.posts:
        at = int(post.created_at.timestamp())
        if not spans[0] <= at < spans[1] or any(start <= at < end for start, end in gaps):
            continue
        assert post.id in stored, post
