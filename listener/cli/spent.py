"""Show how budgets stand, and how much of what services say they have was read: parts of `status`."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from listener.cli.output import Column, count_text, percent_text

if TYPE_CHECKING:
    from listener.cli.context import App
    from listener.scoring import LlmLimit
    from listener.search import Reader

__all__ = ["BUDGET_COLUMNS", "RECALL_COLUMNS", "budget_rows", "money_text", "recall_rows", "scoring_rows"]

_GOOD_RECALL: Final = 0.95
"""Below this share of what a service says it has, somebody should look why."""

_STATES: Final = {
    "ok": "ok",
    "share_used": "today's share is used up",
    "spent": "used up",
    "low": "less left than a request may take",
}


def money_text(usd: float) -> str:
    """Write US dollars: cents, and what is below them where it matters."""
    return f"${usd:,.2f}" if usd >= 1 or round(usd, 2) == round(usd, 6) else f"${usd:,.4f}"


def _amount_text(value: object) -> str:
    """Write an amount that stands beside its unit."""
    if isinstance(value, float):
        return f"{value:,.4f}".rstrip("0").rstrip(".")
    return count_text(value)


BUDGET_COLUMNS: Final = (
    Column(name="owner", title="budget of"),
    Column(name="period", title="per"),
    Column(name="unit"),
    Column(name="limit", align="right", text=_amount_text),
    Column(name="allowed", title="by today", align="right", text=_amount_text),
    Column(name="used", align="right", text=_amount_text),
    Column(name="reserved", title="set aside", align="right", text=_amount_text),
    Column(name="resets_at", title="turns"),
    Column(name="state", text=lambda value: _STATES.get(str(value), str(value))),
)
RECALL_COLUMNS: Final = (
    Column(name="source"),
    Column(name="brand", text=lambda value: "several" if value is None else str(value)),
    Column(name="lane"),
    Column(name="existing", title="there is", align="right", text=count_text),
    Column(name="found", title="received", align="right", text=count_text),
    Column(name="share", align="right", text=percent_text),
    Column(name="state"),
)


def budget_rows(app: App, reader: Reader) -> list[dict[str, object]]:
    """Return how each budget and cap of a service stands."""
    from listener import wiring

    return [
        {
            "source": row.source,
            "brand": row.brand,
            "unit": row.unit,
            "period": row.period,
            "limit": row.limit,
            "allowed": row.allowed,
            "used": row.used,
            "reserved": row.reserved,
            "resets_at": row.resets_at.astimezone(app.zone).isoformat(),
            "state": row.state,
            "cap": row.is_cap,
        }
        for row in reader.budgets(wiring.all_limits(app.config), app.now)
    ]


def scoring_rows(app: App, reader: Reader) -> list[dict[str, object]]:
    """Return how the daily limits of the language model stand, where one scores; what is set aside counts as used."""
    from listener import scoring
    from listener.budget import day_of, start_of

    limits = scoring.llm_limits(app.config.sentiment)
    used = dict(zip(("requests", "tokens", "usd"), reader.bought(app.now), strict=True)) if limits else {}
    turns = start_of(day_of(app.now) + 1).astimezone(app.zone).isoformat()
    return [
        {
            "scorer": "llm",
            "unit": unit,
            "period": "day",
            "limit": known.limit,
            "used": used[unit],
            "resets_at": turns,
            "state": _state_of(round(known.limit - used[unit], 6), known),
        }
        for unit, known in limits.items()
    ]


def _state_of(left: float, known: LlmLimit) -> str:
    """Return ``spent`` where no request has room, ``low`` where a full one has none."""
    return "spent" if left < known.least else "low" if left < known.full else "ok"


def recall_rows(app: App, reader: Reader) -> list[dict[str, object]]:
    """Return how much of what services say they have of the last day was received; low where that is too little."""
    from listener.search.coverage import rounded_share

    return [
        {
            "source": row.source,
            "brand": row.brand,
            "lane": row.lane,
            "since": row.since.astimezone(app.zone).isoformat(),
            "until": row.until.astimezone(app.zone).isoformat(),
            "existing": row.existing,
            "found": row.found,
            "share": None if row.share is None else rounded_share(row.share),
            "state": "low" if row.share is not None and row.share < _GOOD_RECALL else "ok",
        }
        for row in reader.recall(app.now - timedelta(days=1), app.now)
    ]
