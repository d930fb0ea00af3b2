"""Say in words and numbers what a chart shows, for those who do not see it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from listener.clock import load_zone
from listener.intervals import net_sentiment_interval
from reports.charts.axes import reading
from reports.hostile import excerpt
from reports.wording import count, interval_words, join_words, number, short_day, signed, span_words, time_words

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from listener.search.records import Trend, TrendBucket

__all__ = ["begun", "bucket_words", "coverage_words", "mood_words", "replay_alt", "unfinished_words", "volume_alt"]

_MOST_NAMED: Final = 8


def volume_alt(trend: Trend, brand: str) -> str:
    """Describe the volume chart: total, extremes, mood with interval, what was not read."""
    zone = load_zone(trend.time_zone)
    buckets = trend.of(brand)
    head = f"Mentions of {brand} by {trend.by}, {span_words(trend.since, trend.until, zone)}"
    known = [bucket for bucket in buckets if bucket.mentions is not None]
    if not known:
        return f"{head}: nothing was read, so nothing is known."
    sentences = [f"{head}: {_extremes(known, trend.by, zone)}.", *mood_words(known), *coverage_words(buckets, trend.by)]
    return " ".join(sentences)


def replay_alt(trend: Trend, brand: str, openings: Sequence[tuple[datetime, str, str]]) -> str:
    """Describe the chart of a replay: total, extremes, which alerts would have opened when.

    `openings` are (when, rule, tier). All are counted, the first ones named: before
    others those with a message at once.
    """
    zone = load_zone(trend.time_zone)
    buckets = trend.of(brand)
    head = f"Mentions of {brand} by {trend.by}, {span_words(trend.since, trend.until, zone)}"
    known = [bucket for bucket in buckets if bucket.mentions is not None]
    if not known:
        return f"{head}: nothing was read, so nothing is known."
    pushed = sum(tier == "push" for _, _, tier in openings)
    sentences = [f"{head}: {_extremes(known, trend.by, zone)}."]
    if openings:
        verb = f"{count(len(openings), 'alert')} would have opened, {number(pushed)} with a message at once"
        named = [
            f"{time_words(at, zone)} {excerpt(rule, 60)}{'' if tier == 'push' else ' (digest)'}"
            for at, rule, tier in sorted(openings, key=lambda one: (one[2] != "push", one))[:_MOST_NAMED]
        ]
        more = [f"{number(len(openings) - _MOST_NAMED)} more"] if len(openings) > _MOST_NAMED else []
        sentences.append(f"{verb}: {join_words([*named, *more])}.")
    else:
        sentences.append("No alert would have opened.")
    return " ".join([*sentences, *coverage_words(buckets, trend.by)])


def _extremes(known: Sequence[TrendBucket], by: str, zone: ZoneInfo) -> str:
    total = sum(bucket.mentions or 0 for bucket in known)
    whole = [bucket for bucket in known if not bucket.partial] or list(known)
    if total == 0:
        return "no mentions"
    read = [bucket for bucket in whole if reading(bucket) == "read"]  # of one that was half read nobody can say it
    highest = max(whole, key=lambda bucket: bucket.mentions or 0)
    lowest = min(read or whole, key=lambda bucket: bucket.mentions or 0)
    words = f"{count(total, 'mention')} in all"
    if any(bucket.mentions != highest.mentions for bucket in whole):
        words += f", most ({number(highest.mentions or 0)}) {bucket_words(highest, by, zone)}"
    if highest.mentions != lowest.mentions:
        words += f", fewest ({number(lowest.mentions or 0)}) {bucket_words(lowest, by, zone)}"
    return words


def bucket_words(bucket: TrendBucket, by: str, zone: ZoneInfo) -> str:
    """Name a bucket as prose does, such as ``on 12 Nov`` or ``in the week from 9 Nov``."""
    local = bucket.start.astimezone(zone)
    return {
        "hour": f"on {short_day(local)} at {local:%H:%M}",
        "day": f"on {short_day(local)}",
        "week": f"in the week from {short_day(local)}",
        "month": f"in {short_day(local).split()[1]} {local.year}",
    }[by]


def mood_words(known: Sequence[TrendBucket]) -> list[str]:
    """Describe the mood over all buckets together: counts, net sentiment, interval and n."""
    positive = sum(bucket.positive or 0 for bucket in known)
    negative = sum(bucket.negative or 0 for bucket in known)
    unscored = sum(bucket.unscored or 0 for bucket in known)
    scored = sum(bucket.scored for bucket in known)
    parts = [f"{number(positive)} positive", f"{number(scored - positive - negative)} neutral"]
    parts += [f"{number(negative)} negative", *([f"{number(unscored)} unscored"] if unscored else [])]
    sentences = [f"{join_words(parts)}."]
    if interval := net_sentiment_interval(positive, negative, scored):
        net = signed(100 * (positive - negative) / scored)
        sentences.append(f"Net sentiment {net} (95 % interval {interval_words(*interval)}, n {number(scored)}).")
    return sentences


def coverage_words(buckets: Sequence[TrendBucket], by: str) -> list[str]:
    """Say how many buckets were not (wholly) read and whether the last is not over."""
    states = [reading(bucket) for bucket in begun(buckets)]
    words = {"unread": "not read", "partly": "only partly read", "unknown": "not known"}
    sentences = [
        f"{count(n, by)} {'was' if n == 1 else 'were'} {said}."
        for state, said in words.items()
        if (n := states.count(state))
    ]
    return [*sentences, *unfinished_words(buckets, by)]


def begun(buckets: Sequence[TrendBucket]) -> Sequence[TrendBucket]:
    """Return the buckets that began by now: of those that are not over the first."""
    return buckets[: next((place for place, bucket in enumerate(buckets, 1) if bucket.partial), len(buckets))]


def unfinished_words(buckets: Sequence[TrendBucket], by: str) -> list[str]:
    """Say that the last buckets are not over, where that is so."""
    ahead = sum(bucket.partial for bucket in buckets)
    if ahead > 1:
        return [f"The last {count(ahead, by)} are not over yet."]
    return [f"The last {by} is not over yet."] if ahead else []
