"""Print what the volume chart costs in time and memory, against the same picture made with pyplot.

The baseline is the cheapest way pyplot offers: ``plt.subplots``, one ``stackplot`` and a
line, ``savefig``, ``close``; four stacked ``bar`` calls, the usual way, are shown
beside it. All draw the same 365 days at 800 x 400, in turn, in one process; the
best of each counts. Bars: no slower than the baseline (which has no interval, no
coverage and no labels), and the second half of the charts adds at most 5 MB.

    python benchmarks/charts.py
    python benchmarks/charts.py --charts 1000
"""

from __future__ import annotations

import argparse
import io
import random
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
from figures import Ratio, write_figures

from listener.search.records import Trend, TrendBucket
from reports.charts import draw_volume

if TYPE_CHECKING:
    from collections.abc import Callable

RATIO_BAR = 1.0
MEMORY_BAR_MB = 5.0
DAYS = 365
BASELINE = "pyplot stackplot"
BANDS = ("negative", "neutral", "positive", "unscored")


def main() -> int:
    """Measure, print the figures, return 1 where one is over its bar."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=6, help="how often each is drawn for the time; the best counts")
    parser.add_argument("--charts", type=int, default=200, help="how many are drawn for the memory")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    chosen = parser.parse_args()
    trend = make_trend()
    ways = {
        BASELINE: lambda: naive(trend),
        "draw_volume": lambda: ours(trend),
        "pyplot bar": lambda: naive(trend, with_bars=True),
    }
    best = _best_of(ways, chosen.rounds)
    ratio = best["draw_volume"] / best[BASELINE]
    for name, seconds in best.items():
        print(f"{name:16} {seconds * 1000:7.1f} ms of processor time {seconds / best[BASELINE]:6.2f} x")
    growth = _growth(lambda: ours(trend), chosen.charts)
    print(f"charts {chosen.charts // 2} to {chosen.charts} add {growth:.1f} MB")
    write_figures(
        chosen.json,
        [
            Ratio(
                name="draw_volume", unit="ms", value=1000 * best["draw_volume"], baseline=BASELINE,
                baseline_value=1000 * best[BASELINE],
            )
        ],
    )  # fmt: skip
    held = ratio <= RATIO_BAR and growth <= MEMORY_BAR_MB
    print(f"bars {RATIO_BAR:g} x and {MEMORY_BAR_MB:g} MB: {'held' if held else 'missed'}")
    return 0 if held else 1


def make_trend() -> Trend:
    """Return a year of seeded counts of one brand."""
    rng = random.Random(7)
    since = datetime(2025, 11, 20, tzinfo=UTC)
    buckets = tuple(_bucket(rng, since + timedelta(days=day)) for day in range(DAYS))
    return Trend(
        brands=("Acme",),
        by="day",
        time_zone="UTC",
        since=since,
        until=since + timedelta(days=DAYS),
        buckets=buckets,
        totals=(_bucket(rng, since),),
    )


def _bucket(rng: random.Random, start: datetime) -> TrendBucket:
    positive, neutral, negative, no_evidence, unscored = (rng.randrange(40) for _ in range(5))
    scored = positive + neutral + negative + no_evidence
    return TrendBucket(
        brand="Acme",
        start=start,
        end=start + timedelta(days=1),
        mentions=scored + unscored,
        stories=scored,
        positive=positive,
        neutral=neutral,
        negative=negative,
        no_evidence=no_evidence,
        unscored=unscored,
        mean_score=0.1,
        mean_score_interval=(0.0, 0.2),
        net_sentiment=100 * (positive - negative) / scored if scored else None,
        engagement=0,
        reach=0,
        coverage=1.0,
    )


def ours(trend: Trend) -> bytes:
    """Draw as the program does."""
    return draw_volume(trend, brand="Acme").data


def naive(trend: Trend, *, with_bars: bool = False) -> bytes:
    """Draw as most programs do."""
    figure, (upper, lower) = plt.subplots(2, 1, figsize=(8, 4), dpi=100, sharex=True)
    days = [bucket.start for bucket in trend.buckets]
    heights = [[getattr(bucket, name) for bucket in trend.buckets] for name in BANDS]
    if with_bars:
        bottom = [0] * len(days)
        for name, band in zip(BANDS, heights, strict=True):
            upper.bar(days, band, bottom=bottom, label=name)
            bottom = [low + height for low, height in zip(bottom, band, strict=True)]
    else:
        upper.stackplot(days, *heights, labels=BANDS)
    upper.legend(ncols=4)
    lower.plot(days, [bucket.net_sentiment for bucket in trend.buckets])
    data = io.BytesIO()
    figure.savefig(data, format="png")
    plt.close(figure)
    return data.getvalue()


def _best_of(ways: dict[str, Callable[[], bytes]], rounds: int) -> dict[str, float]:
    """Return the least processor time of each way in seconds, taken in turn after one try each."""
    best = dict.fromkeys(ways, float("inf"))
    for number in range(rounds + 1):
        for name, way in ways.items():
            began = time.process_time()
            way()
            if number:
                best[name] = min(best[name], time.process_time() - began)
    return best


def _growth(way: Callable[[], bytes], charts: int) -> float:
    """Return the megabytes that the second half of `charts` charts adds to this process."""
    halfway = 0.0
    for number in range(charts):
        if number == charts // 2:
            halfway = _resident_mb()
        way()
    return _resident_mb() - halfway


def _resident_mb() -> float:
    """Return the resident memory of this process in megabytes (Linux)."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


if __name__ == "__main__":
    sys.exit(main())
