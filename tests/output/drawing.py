"""Draw a chart of every kind from made-up records, for tests that look at it."""

from __future__ import annotations

import io
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from PIL import Image

from listener.search.records import ShareRow, SourceCount, TermRow
from output.samples import UNTIL, make_episode, make_trend
from reports.charts import (
    Chart,
    draw_brands,
    draw_episode,
    draw_heat,
    draw_moods,
    draw_response,
    draw_share,
    draw_survey,
    draw_terms,
    draw_volume,
)
from reports.responses import Answer
from reports.surveys import figure_of

if TYPE_CHECKING:
    from collections.abc import Callable


def share_rows(*counts: int) -> list[ShareRow]:
    total = sum(counts)
    return [
        ShareRow(
            brand=f"Brand {place}",
            kind="own" if place == 0 else "competitor",
            mentions=n,
            share=round(100 * n / total, 1) if total else None,
            positive=0,
            negative=0,
            net_sentiment=None,
            coverage=0.8 if place == 1 else 1.0,
        )
        for place, n in enumerate(counts)
    ]


def source_counts() -> list[SourceCount]:
    rows = (("x", 200, 150, 90, 30, 4), ("reddit", 2, 1, 3, 0, 1), ("mastodon", 0, 0, 0, 0, 6))
    fields = ("positive", "neutral", "negative", "no_evidence", "unscored")
    return [SourceCount(name=name, mentions=sum(n), **dict(zip(fields, n, strict=True))) for name, *n in rows]


def term(word: str, now: int, expected: float) -> TermRow:
    return TermRow(term=word, now=now, before=0, expected=expected, excess=now - expected, zeta=2.0)


def answers() -> list[Answer]:
    asked_at = UNTIL - timedelta(days=3)
    waits = [timedelta(minutes=3 * n * n) for n in range(1, 20)]
    return [Answer(asked_at=asked_at, answered_at=asked_at + wait) for wait in waits] + [
        Answer(asked_at=asked_at, answered_at=None)
    ]


def ratings(day: int) -> list[float]:
    """Return answers of 0 to 10 as tenths: three days without any, then few, then many and better ones."""
    few_or_many = 4 if day < 8 else 45
    return [] if day < 3 else [min(10, (7 * day + 3 * n) % 11 + day // 9) / 10 for n in range(few_or_many)]


def survey(instrument: str, days: int = 30, **look: Any) -> Chart:
    trend = make_trend(days=days, unread=(12, 13))
    figures = [figure_of(instrument, ratings(day)) for day in range(days)]
    whole = figure_of(instrument, [rating for day in range(days) for rating in ratings(day)])
    return draw_survey(trend, figures, whole, brand="Acme", instrument=instrument, **look)


DRAWN: dict[str, Callable[..., Chart]] = {
    "volume": lambda **look: draw_volume(make_trend(unread=(3, 4), partly=(9,)), brand="Acme", **look),
    "brands": lambda **look: draw_brands(make_trend("Acme", "Globex"), **look),
    "share": lambda **look: draw_share(share_rows(60, 40), **look),
    "episode": lambda **look: draw_episode(make_episode(), make_trend(days=2, by="hour", mean=8), **look),
    "sources": lambda **look: draw_moods(source_counts(), brand="Acme", **look),
    "languages": lambda **look: draw_moods(source_counts(), brand="Acme", by="language", **look),
    "hours": lambda **look: draw_heat(make_trend(days=7, by="hour", unread=(3,)), brand="Acme", **look),
    "terms": lambda **look: draw_terms([term("login", 24, 1.2), term("sale", 2, 12)], brand="Acme", **look),
    "response": lambda **look: draw_response(answers(), brand="Acme", now=UNTIL, **look),
    "nps": lambda **look: survey("nps", **look),
    "csat": lambda **look: survey("csat", **look),
    "ces": lambda **look: survey("ces", **look),
}


@cache
def drawn(kind: str, **look: object) -> Chart:
    """Return a chart of a kind; each is drawn once for all tests that only look at it."""
    return DRAWN[kind](**look)


def size_of(chart: Chart) -> tuple[int, int]:
    with Image.open(io.BytesIO(chart.data)) as picture:
        picture.load()
        return picture.size
