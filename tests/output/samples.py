"""Make records as the read side hands them out, for tests of what is drawn and written."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from listener.clock import bucket_starts
from listener.mention import Label
from listener.search.records import EpisodeRow, MentionRow, Trend, TrendBucket

if TYPE_CHECKING:
    from collections.abc import Collection

    from listener.clock import Bucket

ZONE = "Asia/Kolkata"
UNTIL = datetime(2026, 11, 19, 18, 30, tzinfo=UTC)  # midnight of 20 November in Kolkata


def make_bucket(span: Bucket, brand: str = "Acme", **known: Any) -> TrendBucket:
    """Return a bucket with the counts named; the others 0, and the sums that follow from them."""
    counts = {"positive": 0, "neutral": 0, "negative": 0, "no_evidence": 0, "unscored": 0}
    counts |= {key: value for key, value in known.items() if key in counts}
    scored = sum(counts.values()) - counts["unscored"]
    net = 100 * (counts["positive"] - counts["negative"]) / scored if scored else None
    mentions = sum(counts.values())
    made = TrendBucket(
        brand=brand,
        start=span.start,
        end=span.end,
        mentions=mentions,
        stories=mentions,
        mean_score=net / 200 if net is not None else None,
        mean_score_interval=None,
        net_sentiment=net,
        engagement=3 * mentions,
        reach=100 * mentions,
        coverage=1.0,
        **counts,
    )
    return replace(made, **{key: value for key, value in known.items() if key not in counts})


def make_unread(span: Bucket, brand: str = "Acme") -> TrendBucket:
    """Return a bucket of which nothing is known: nobody could look."""
    nothing = dict.fromkeys(("mentions", "stories", "engagement", "reach", "mean_score", "net_sentiment"))
    unread = replace(make_bucket(span, brand), **nothing, coverage=0.0)
    return replace(unread, positive=None, neutral=None, negative=None, no_evidence=None, unscored=None)


def make_trend(
    *brands: str,
    days: int = 30,
    by: str = "day",
    mean: int = 40,
    unread: Collection[int] = (),
    partly: Collection[int] = (),
    seed: int = 1,
    is_over: bool = True,
) -> Trend:
    """Return a trend of seeded counts; `unread` and `partly` are positions of buckets."""
    rng = random.Random(seed)
    named = brands or ("Acme",)
    since = UNTIL - timedelta(days=days)
    spans = bucket_starts(since, UNTIL, by, ZoneInfo(ZONE))
    buckets: list[TrendBucket] = []
    totals: list[TrendBucket] = []
    for brand in named:
        mine = []
        for place, span in enumerate(spans):
            weights = {"positive": 0.3, "neutral": 0.3, "negative": 0.25, "no_evidence": 0.1, "unscored": 0.05}
            counts = {key: round(rng.uniform(0, 2) * mean * weight) for key, weight in weights.items()}
            partial = not is_over and place == len(spans) - 1
            full = make_bucket(span, brand, coverage=0.6 if place in partly else 1.0, partial=partial, **counts)
            mine.append(make_unread(span, brand) if place in unread else full)
        buckets += mine
        totals.append(make_total(mine, since))
    return Trend(
        brands=tuple(named),
        by=by,
        time_zone=ZONE,
        since=since,
        until=UNTIL,
        buckets=tuple(buckets),
        totals=tuple(totals),
    )


def make_total(buckets: list[TrendBucket], since: datetime) -> TrendBucket:
    """Return the sums of one brand's buckets."""
    counts = {
        key: sum(getattr(bucket, key) or 0 for bucket in buckets)
        for key in ("positive", "neutral", "negative", "no_evidence", "unscored")
    }
    span = replace(buckets[0], start=since, end=UNTIL)
    coverage = sum(bucket.coverage or 0 for bucket in buckets) / len(buckets)
    return make_bucket(span, buckets[0].brand, coverage=coverage, **counts)  # type: ignore[arg-type]  # a bucket has start and end, which is all that is read


def make_row(number: int = 1, text: str | None = "A text about Acme", **known: Any) -> MentionRow:
    """Return a mention as a reader sees it."""
    made = MentionRow(
        number=number,
        brand="Acme",
        source="mastodon",
        id=str(number),
        kind="post",
        url=f"https://social.example/@ada/{number}",
        author="ada",
        author_name="Ada",
        followers=1_200,
        title=None,
        text=text,
        language="en",
        published_at=datetime(2026, 11, 19, 9, 5, tzinfo=UTC),
        seen_at=datetime(2026, 11, 19, 9, 6, tzinfo=UTC),
        label=Label.NEGATIVE,
        score=-0.6,
        likes=12,
        reposts=3,
        replies=1,
        views=None,
        is_repost=False,
        story=number,
    )
    return replace(made, **known)


def make_episode(**known: Any) -> EpisodeRow:
    """Return an open episode of Acme."""
    opened = datetime(2026, 11, 19, 5, tzinfo=UTC)
    made = EpisodeRow(
        id=7,
        brand="Acme",
        rule="spike",
        state="open",
        severity="high",
        opened_at=opened,
        updated_at=opened,
        resolved_at=None,
        observed=40.0,
        expected=7.0,
        interval=(2.0, 13.0),
        surprise=5.1,
        peak=44.0,
        coverage=1.0,
        headline="40 mentions in an hour, about 7 are usual",
        terms=("login", "लॉगिन"),
        sources=("mastodon", "reddit"),
        authors=("ada",),
    )
    return replace(made, **known)
