"""Measure the alerts: labelled spikes, injected events, sentiment shifts, quiet brands, speed.

    python benchmarks/alerts.py [--shared FOLDER] [--only nab,injected,sentiment,quiet,speed]

The labelled series are four of the Numenta Anomaly Benchmark (realTweets:
mentions of a company every 5 minutes, 2015; MIT licence). They and their scorer
are looked for in FOLDER/benchmarks/alerts, $LISTENER_SHARED, or the folder
`shared` beside the checkout; what needs them is left out, with a word, where
they are not there. Everything random is seeded.

Caveats that belong to the figures: the labels are incomplete (most "false"
alerts are real bursts nobody labelled), windows begin 13 to 33 hours before the
labelled instant, and there are only 14 of them, so that one window is 7 points.
"""

from __future__ import annotations

import argparse
import csv
import importlib.util
import json
import random
import statistics
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import exp, sqrt
from pathlib import Path
from typing import TYPE_CHECKING, Any

from beside import shared_folder

from listener.alerts.backtest import backtest
from listener.alerts.baseline import SpikeBaseline
from listener.alerts.options import AlertOptions, RuleOptions
from listener.alerts.records import BucketCounts
from listener.alerts.shares import ShareBaseline

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

FIXED = 3.25
"""The one threshold of the labelled run: the middle of the flat part from 3.0 to 3.5."""

COOLDOWN = timedelta(hours=24)
QUARTER = timedelta(minutes=15)
PER_HOUR = 4
FALSE_BUDGET = 0.4
RISE_MINUTES = 30
LEAST_SCORED = 10
NORMAL_FROM = 200  # draws or mean from which the normal distribution stands in
WAKING = range(8, 22)
TICKERS = ("AAPL", "CRM", "KO", "PFE")
PROFILES = ("standard", "reward_low_FP", "reward_low_FN")
START = datetime(2026, 1, 5, tzinfo=UTC)

Counts = list[tuple[datetime, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """Hold the series with their windows, and the scorer that judges them."""

    series: dict[str, Counts]
    windows: dict[str, list[tuple[datetime, datetime]]]
    raw_windows: dict[str, Any]
    points: dict[str, Any]
    scorer: Any


def main() -> None:
    """Run what is asked for and print one table each."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--shared", type=Path, help="folder that holds benchmarks/alerts")
    parser.add_argument("--only", default="nab,injected,sentiment,quiet,speed", help="comma-separated parts")
    asked = parser.parse_args()
    parts = set(asked.only.split(","))
    labelled = load(asked.shared)
    if labelled is None and parts & {"nab", "injected", "sentiment"}:
        print("labelled series not found: nab, injected and sentiment are left out (see --shared)")
    if labelled is not None:
        for name, run in (("nab", nab), ("injected", injected), ("sentiment", sentiment)):
            if name in parts:
                run(labelled)
    for name, measure in (("quiet", quiet), ("speed", speed)):
        if name in parts:
            measure()


def load(shared: Path | None) -> Labelled | None:
    """Read the labelled series and import their scorer; None where they are not there."""
    folder = (shared or shared_folder()) / "benchmarks" / "alerts"
    if not folder.is_dir():
        return None
    spec = importlib.util.spec_from_file_location("nab_score", folder / "nab_score.py")
    if spec is None or spec.loader is None:
        return None
    scorer = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(scorer)
    raw_windows = json.loads((folder / "windows.json").read_text())
    series, windows = {}, {}
    for ticker in TICKERS:
        with (folder / "dev" / f"{ticker}.csv").open(newline="") as lines:
            rows = list(csv.DictReader(lines))
        series[ticker] = [(_aware(row["timestamp"]), int(float(row["count"]))) for row in rows]
        windows[ticker] = [(_aware(begin), _aware(end)) for begin, end in raw_windows[f"{ticker}.csv"]]
    points = json.loads((folder / "points.json").read_text())
    return Labelled(series=series, windows=windows, raw_windows=raw_windows, points=points, scorer=scorer)


# --- labelled spikes ---------------------------------------------------------------------------


def nab(labelled: Labelled) -> None:
    """Score the baseline and a random detector with the benchmark's metric."""
    print("\nLabelled spikes (NAB realTweets, 4 series, 14 windows, 5-minute buckets)")
    print(f"{'detector':34}{'thr':>6}{'standard':>10}{'low FP':>9}{'low FN':>9}{'windows':>9}{'false/series-week':>19}")
    ours = {name: _scores(counts) for name, counts in labelled.series.items()}
    rng = random.Random(2015)
    dice = {name: [rng.random() for _ in counts] for name, counts in labelled.series.items()}
    _line(labelled, "baseline, 24 h cool-down", ours, FIXED, cooled=True)
    _line(labelled, "baseline, no cool-down", ours, FIXED, cooled=False)
    best = max((0.99, 0.995, 0.998, 0.999), key=lambda at: _figures(labelled, dice, at, cooled=True)[0])
    _line(labelled, "random, 24 h cool-down (best thr)", dice, best, cooled=True)
    _line(labelled, "random, no cool-down", dice, best, cooled=False)
    for at in (2.75, 3.0, 3.5, 3.75):
        _line(labelled, f"baseline at {at}, 24 h cool-down", ours, at, cooled=True)
    budget = min(
        (at / 100 for at in range(200, 800, 5) if _figures(labelled, ours, at / 100, cooled=True)[4] <= FALSE_BUDGET),
        default=8.0,
    )
    _line(labelled, "baseline at <= 0.4 false a week", ours, budget, cooled=True)


def _line(labelled: Labelled, name: str, scores: dict[str, list[float]], at: float, *, cooled: bool) -> None:
    standard, low_fp, low_fn, found, false = _figures(labelled, scores, at, cooled=cooled)
    print(f"{name:34}{at:6.4g}{standard:10.1f}{low_fp:9.1f}{low_fn:9.1f}{found:>6.0f}/14{false:19.2f}")


def _figures(
    labelled: Labelled, scores: dict[str, list[float]], at: float, *, cooled: bool
) -> tuple[float, float, float, float, float]:
    """Return the three profiles' scores, windows found and false alerts a series-week."""
    judged = []
    for name, counts in labelled.series.items():
        times = [when for when, _ in counts]
        kept = set(cool(times, scores[name], at)) if cooled else set(range(len(times)))
        held = [score if index in kept else 0.0 for index, score in enumerate(scores[name])]
        naive = [when.replace(tzinfo=None) for when in times]
        key = f"{name}.csv"
        judged.append(labelled.scorer.Series(name, naive, held, labelled.raw_windows[key], labelled.points[key]))
    standard, low_fp, low_fn = (labelled.scorer.score(judged, at, profile) for profile in PROFILES)
    alerts = labelled.scorer.alert_metrics(judged, at)
    return standard, low_fp, low_fn, alerts["hit"], alerts["false_alerts_per_series_week"]


def _scores(counts: Counts) -> list[float]:
    baseline = SpikeBaseline("UTC")
    return [baseline.update(start, count).score for start, count in counts]


def cool(times: Sequence[datetime], scores: Sequence[float], at: float) -> list[int]:
    """Return the places of the alerts: scores of at least `at`, none within a day of the last."""
    alerts: list[int] = []
    for index, score in enumerate(scores):
        if score >= at and (not alerts or times[index] - times[alerts[-1]] >= COOLDOWN):
            alerts.append(index)
    return alerts


def threshold_for(runs: Sequence[tuple[Sequence[datetime], Sequence[float]]], per_week: float) -> float:
    """Return the lowest threshold at which the series together raise at most `per_week` alerts a series-week."""
    weeks = sum((times[-1] - times[0]) / timedelta(days=7) for times, _ in runs)
    low, high = 0.5, 50.0
    for _ in range(30):
        middle = (low + high) / 2
        if sum(len(cool(times, scores, middle)) for times, scores in runs) / weeks > per_week:
            low = middle
        else:
            high = middle
    return high


# --- injected events ---------------------------------------------------------------------------


def injected(labelled: Labelled) -> None:
    """Add made-up events to quiet stretches and see which are found within six hours.

    An event adds, to each bucket, k times the mean of the last week times a shape
    that rises for 30 minutes and then halves every two hours. Quiet: no labelled
    window, and no hour above 2.5 times its hour's median, from a day before to 8
    hours after. One event at a time, about one candidate every 12 hours. The
    threshold gives the asked number of alerts a series-week on the untouched data.
    """
    print("\nInjected events (15-minute buckets): recall within 6 h, median delay")
    prepared = [_prepare(labelled, name) for name in labelled.series]
    runs = [([when for when, _ in counts], scores) for counts, _, scores in prepared]
    for per_week in (1.0, 2.0):
        at = threshold_for(runs, per_week)
        cells = []
        for strength in (2, 4, 8):
            delays = [
                _delay(counts, onset, state, strength, at)
                for (counts, onsets, scores), (times, _) in zip(prepared, runs, strict=True)
                for onset, state in onsets
                if not any(timedelta() < times[onset] - times[alert] < COOLDOWN for alert in cool(times, scores, at))
            ]
            total = sum(len(onsets) for _, onsets, _ in prepared)
            found = [delay for delay in delays if delay is not None]
            middle = f"{statistics.median(found):.0f} min" if found else "-"
            cells.append(f"k={strength}: {len(found) / total:.2f} ({middle})")
        print(f"  {per_week:g} alerts a week (threshold {at:.2f}), n={total}:  " + "   ".join(cells))


Prepared = tuple[Counts, list[tuple[int, str]], list[float]]


def _prepare(labelled: Labelled, name: str) -> Prepared:
    """Return quarter-hour counts, the quiet onsets with the baseline's state there, and the scores."""
    counts = _quarters(labelled.series[name])
    onsets = set(_quiet_onsets(counts, labelled.windows[name], random.Random(f"onsets {name}")))
    baseline = SpikeBaseline("UTC", bucket=QUARTER)
    states, scores = [], []
    for index, (start, count) in enumerate(counts):
        if index in onsets:
            states.append((index, baseline.to_state()))
        scores.append(baseline.update(start, count).score)
    return counts, states, scores


def _quarters(counts: Counts) -> Counts:
    return [(counts[i][0], sum(count for _, count in counts[i : i + 3])) for i in range(0, len(counts) - 2, 3)]


def _quiet_onsets(counts: Counts, windows: list[tuple[datetime, datetime]], rng: random.Random) -> list[int]:
    hours = [sum(count for _, count in counts[max(0, i - 3) : i + 1]) for i in range(len(counts))]
    by_hour: list[list[int]] = [[] for _ in range(24)]
    for (start, _), total in zip(counts, hours, strict=True):
        by_hour[start.hour].append(total)
    usual = [max(1.0, statistics.median(totals)) for totals in by_hour]
    found = []
    for step in range(7 * 24 * PER_HOUR, len(counts) - 20 * PER_HOUR, 12 * PER_HOUR):
        onset = step + rng.randrange(12 * PER_HOUR)
        first, last = onset - 24 * PER_HOUR, onset + 8 * PER_HOUR
        if any(begin <= counts[last][0] and counts[first][0] <= end for begin, end in windows):
            continue
        if all(hours[i] <= 2.5 * usual[counts[i][0].hour] + 8 for i in range(first, last)):
            found.append(onset)
    return found


def _delay(counts: Counts, onset: int, state: str, strength: int, at: float) -> int | None:
    """Return the minutes from the onset to the end of the bucket that reaches the threshold."""
    rng = random.Random(f"event {onset}")
    baseline = SpikeBaseline.from_state(state)
    week = counts[max(0, onset - 7 * 24 * PER_HOUR) : onset]
    rate = sum(count for _, count in week) / len(week)
    for step in range(6 * PER_HOUR):
        start, count = counts[onset + step]
        more = strength * rate * (_shape(15 * step) + _shape(15 * step + 15)) / 2
        whole = int(more) + (rng.random() < more % 1)
        if baseline.update(start, count + whole).score >= at:
            return 15 * (step + 1)
    return None


def _shape(minutes: float) -> float:
    return minutes / RISE_MINUTES if minutes < RISE_MINUTES else 0.5 ** ((minutes - RISE_MINUTES) / 120)


# --- sentiment shifts --------------------------------------------------------------------------


def sentiment(labelled: Labelled) -> None:
    """Shift the negative share of real volumes for eight hours and see which shifts are found.

    The true share of a brand wanders from 6-hour block to block (beta with
    rho = 0.029, as measured on hand-labelled tweets to airlines) around a base of
    0.20 to 0.55; a classifier finds 75 % of the negatives and calls 15 % of the
    others negative. Small brands are thinned from one series. Four draws of each brand. Found: an
    alert within 10 hours of the onset. The threshold gives 0.5 alerts a
    series-week on the unshifted data: one for the four series, one for each small brand.
    """
    print("\nSentiment shifts of 8 hours, 0.5 alerts a series-week: recall (median delay)")
    volumes = {name: _quarters(counts) for name, counts in labelled.series.items()}
    for rate in (11, 5):
        thinner = random.Random(f"thin {rate}")
        mean = PER_HOUR * statistics.fmean(count for _, count in volumes["KO"])
        volumes[f"{rate}/h"] = [(start, _thin(thinner, count, rate / mean)) for start, count in volumes["KO"]]
    runs: list[tuple[list[datetime], list[float]]] = []
    brands = []
    for place, (name, counts) in (pair for pair in enumerate(volumes.items()) for _ in range(4)):
        rng = random.Random(f"share {name} {len(runs)}")
        base = 0.20 + 0.35 * place / (len(volumes) - 1)
        shares = _wander(rng, base, len(counts))
        negatives = [_binomial(rng, count, _seen(share)) for (_, count), share in zip(counts, shares, strict=True)]
        onsets = set(range(10 * 24 * PER_HOUR, len(counts) - 12 * PER_HOUR, 15 * PER_HOUR))
        follower, states, scores = ShareBaseline(bucket=QUARTER), [], []
        for index, ((start, count), negative) in enumerate(zip(counts, negatives, strict=True)):
            if index in onsets:
                states.append((index, follower.to_state()))
            scores.append(_share_score(follower, start, negative, count))
        runs.append(([start for start, _ in counts], scores))
        brands.append((name, counts, shares, negatives, states))
    limits = {
        "series": threshold_for(
            [run for run, brand in zip(runs, brands, strict=True) if _group(brand[0]) == "series"], 0.5
        ),
        **{
            brand[0]: threshold_for([run], 0.5)
            for run, brand in zip(runs, brands, strict=True)
            if _group(brand[0]) != "series"
        },
    }
    for points in (25, 40):
        found: dict[str, list[int | None]] = {}
        for (name, counts, shares, negatives, states), (times, scores) in zip(brands, runs, strict=True):
            group = _group(name)
            at = limits[group]
            alerts = cool(times, scores, at)
            for onset, state in states:
                if any(timedelta() < times[onset] - times[alert] < COOLDOWN for alert in alerts):
                    found.setdefault(group, []).append(None)
                else:
                    shift = _Shift(onset=onset, points=points / 100, at=at)
                    found.setdefault(group, []).append(_shift_delay(counts, shares, negatives, state, shift))
        cells = []
        for group, delays in found.items():
            hits = [delay for delay in delays if delay is not None]
            middle = f"{statistics.median(hits) / 60:.1f} h" if hits else "-"
            cells.append(f"{group} at {limits[group]:.2f}: {len(hits) / len(delays):.2f} ({middle}, n={len(delays)})")
        print(f"  +{points} points:  " + "   ".join(cells))


def _group(name: str) -> str:
    """Return which threshold a brand has: the four series share one, a small brand has its own."""
    return name if name.endswith("/h") else "series"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shift:
    onset: int
    points: float
    at: float


def _shift_delay(counts: Counts, shares: list[float], negatives: list[int], state: str, shift: _Shift) -> int | None:
    rng = random.Random(f"shift {shift.onset}")
    follower = ShareBaseline.from_state(state)
    for step in range(10 * PER_HOUR):
        index = shift.onset + step
        start, count = counts[index]
        negative = negatives[index]
        if step < 8 * PER_HOUR:
            negative = _binomial(rng, count, _seen(min(0.98, shares[index] + shift.points)))
        if _share_score(follower, start, negative, count) >= shift.at:
            return 15 * (step + 1)
    return None


def _share_score(follower: ShareBaseline, start: datetime, negative: int, count: int) -> float:
    found = follower.update(start, negative, count)
    return abs(found.score) if found.scored >= LEAST_SCORED else 0.0


def _wander(rng: random.Random, base: float, length: int) -> list[float]:
    """Return a share for each bucket, drawn anew for every six hours."""
    scale = 1 / 0.029 - 1
    shares: list[float] = []
    while len(shares) < length:
        shares += [rng.betavariate(base * scale, (1 - base) * scale)] * (6 * PER_HOUR)
    return shares[:length]


def _seen(share: float) -> float:
    return 0.75 * share + 0.15 * (1 - share)


def _binomial(rng: random.Random, n: int, p: float) -> int:
    if n > NORMAL_FROM:
        return min(n, max(0, round(rng.gauss(n * p, sqrt(n * p * (1 - p))))))
    return sum(rng.random() < p for _ in range(n))


def _thin(rng: random.Random, count: int, share: float) -> int:
    return _poisson(rng, count * share)


# --- quiet brands ------------------------------------------------------------------------------


def quiet(seeds: int = 6) -> None:
    """Count what brands without any event raise under the default settings in 90 days."""
    print("\nBrands without events, 90 days, over-dispersed, daily cycle: episodes a week (budget 1 a week)")
    rule = RuleOptions(name="spike")
    for rate in (0.1, 1.0, 10.0, 1000.0):
        opened = 0
        weeks = 0.0
        for seed in range(seeds):
            made = backtest({"Acme": _brand(rate, seed)}, [rule], AlertOptions())[0]
            opened += len(made.episodes)
            weeks += made.weeks
        low, high = _poisson_interval(opened)
        print(f"  {rate:6g} an hour: {opened / weeks:.2f}  (90 % interval {low / weeks:.2f} to {high / weeks:.2f})")


def _brand(rate: float, seed: int) -> list[BucketCounts]:
    """Return 90 days of a brand: a daily cycle, hours that differ by a gamma of shape 8."""
    rng = random.Random(f"brand {rate} {seed}")
    buckets = []
    mood = 1.0
    for index in range(90 * 24 * PER_HOUR):
        start = START + index * QUARTER
        if index % PER_HOUR == 0:
            mood = rng.gammavariate(8.0, 1 / 8.0)
        day = 1.5 if start.hour in WAKING else 0.3
        buckets.append(BucketCounts(start=start, mentions=_poisson(rng, rate / PER_HOUR * day * mood)))
    return buckets


def _poisson(rng: random.Random, mean: float) -> int:
    if mean > NORMAL_FROM:
        return max(0, round(rng.gauss(mean, sqrt(mean))))
    left, product, count = exp(-mean), rng.random(), 0
    while product > left:
        product *= rng.random()
        count += 1
    return count


def _poisson_interval(count: int) -> tuple[float, float]:
    """Return a 90 % interval for a Poisson mean (Wilson and Hilferty's approximation of chi-squared)."""
    z = 1.6449
    low = count * (1 - 1 / (9 * count) - z / (3 * sqrt(count))) ** 3 if count else 0.0
    high = (count + 1) * (1 - 1 / (9 * (count + 1)) + z / (3 * sqrt(count + 1))) ** 3
    return max(0.0, low), high


# --- speed -------------------------------------------------------------------------------------


def speed(updates: int = 200_000) -> None:
    """Time updates against writing the same counts into a dict by the hour."""
    print("\nSpeed (process time, pure Python)")
    for minutes in (5, 15, 60):
        rng = random.Random(minutes)
        step = timedelta(minutes=minutes)
        data = [(START + index * step, rng.randrange(50)) for index in range(updates)]
        baseline = SpikeBaseline("Europe/Berlin", bucket=step)
        ours = _seconds(lambda data=data, baseline=baseline: _follow(baseline, data))
        plain = _seconds(lambda data=data: _hours(data))
        size = len(baseline.to_state())
        print(
            f"  {minutes:2}-minute buckets: {updates / ours:9,.0f} updates/s, "
            f"{ours / plain:.1f} times a dict of hourly sums; state {size} bytes"
        )


def _follow(baseline: SpikeBaseline, data: Counts) -> None:
    for start, count in data:
        baseline.update(start, count)


def _hours(data: Counts) -> dict[tuple[int, int], int]:
    sums: dict[tuple[int, int], int] = {}
    for start, count in data:
        key = (start.toordinal(), start.hour)
        sums[key] = sums.get(key, 0) + count
    return sums


def _seconds(run: Callable[[], object]) -> float:
    before = time.process_time()
    run()
    return max(1e-9, time.process_time() - before)


def _aware(text: str) -> datetime:
    return datetime.fromisoformat(text[:19]).replace(tzinfo=UTC)


if __name__ == "__main__":
    sys.exit(main())
