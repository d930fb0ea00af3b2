"""Hold what alerting takes in and hands out."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from listener.clock import from_epoch, to_epoch
from listener.errors import StoreVersionError

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["CHANGES", "BucketCounts", "Episode", "EpisodeChange", "RuleState"]

CHANGES: Final = ("opened", "updated", "escalated", "resolved")
"""The kinds of change, in the order of an episode's life."""

_VERSION: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketCounts:
    """Count one quarter of an hour of a brand, by time of publication.

    `start` is aware UTC. `mentions` leaves reposts beyond the first of a story out
    where the caller can. `scored` are those with a sentiment, `negative` of them
    negative. `coverage` is the drained share, 0 where nothing is known.
    `backfilled` says that it was filled later than the ordinary pass would (a
    look-back, a backlog after an outage): it teaches and never raises.
    `followers` are those of the most followed author, `engagement` that of the
    most engaged thread, 0 where unknown. Where that thread is of an earlier quarter and has
    gathered its reactions since, `thread_at` is the start of that one.
    """

    start: datetime
    mentions: int
    negative: int = 0
    scored: int = 0
    coverage: float = 1.0
    backfilled: bool = False
    followers: int = 0
    engagement: int = 0
    thread_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """Hold one stretch in which a brand was not as usual, by one rule.

    `state` is open or resolved; `severity` low, medium or high; `tier` push or
    digest. `observed`, `expected`, `interval` and `surprise` are of its strongest
    hour so far (for the negative share: shares from 0 to 1; `surprise` is signed,
    in usual swings). `peak` is the highest figure of an hour, `total` the mentions
    since the hour that opened it (of the negative share the scored ones, since the six hours that did). `coverage` is the lowest of its hours.
    `opened_at` is the end of the bucket that opened it, `updated_at` of the last
    one taken in, `strongest_at` of the strongest. `threshold` is what had to be reached. `key` names it for good.
    `thread_at` is the start of the quarter of the thread it is about, where that was published before.
    """

    key: str
    brand: str
    rule: str
    kind: str
    state: str
    severity: str
    tier: str
    opened_at: datetime
    updated_at: datetime
    resolved_at: datetime | None
    observed: float
    expected: float
    interval: tuple[float, float]
    surprise: float
    threshold: float
    peak: float
    total: int
    coverage: float
    strongest_at: datetime | None = None
    thread_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EpisodeChange:
    """Say what became of an episode: opened, updated, escalated or resolved.

    `notify` says that people are to be told now; it is False in the digest tier,
    while muted, and for a mere update. `at` is when it happened, in event time.
    """

    kind: str
    episode: Episode
    notify: bool
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleState:
    """Remember what a rule knows of a brand between two passes.

    `memory` is what the rule's baseline has learned, as text. `last` is the start
    of the last bucket taken in. `calm` counts buckets in a row below the closing
    line. `told` is the strength that people know of, `told_tier` how they were
    told, `told_at` when: the cool-down runs from there. `days` are the strongest
    readings of the last days, (day number, strength), from which the threshold is
    solved. Before `held_until` nothing is raised, since part of what is judged was
    backfilled. `terms` are those of the cause that was told. Until `muted_until`
    nobody is told. `about` is what the rule looked at: its kind and its query. `heard` are the
    sources whose mentions it counted, none where that does not matter. `asked`
    says by source what was listened to in it (places, and which kinds of things) and by
    "" which expression of the brand, each as text that changes with it; `changed`
    when that was another than before, in order. `gaps` are the buckets of late that were
    not wholly covered: (start in seconds, coverage). `threads` are the quarters of late whose threads
    may gather reactions: (start in seconds, engagement as last read, mentions), `newest` the number of the
    newest mention of all by then.
    """

    memory: str = ""
    last: datetime | None = None
    episode: Episode | None = None
    calm: int = 0
    told: float = 0.0
    told_tier: str = ""
    told_at: datetime | None = None
    days: tuple[tuple[int, float], ...] = ()
    held_until: datetime | None = None
    terms: tuple[str, ...] = ()
    muted_until: datetime | None = None
    about: str = ""
    heard: tuple[str, ...] = ()
    asked: tuple[tuple[str, str], ...] = ()
    changed: tuple[datetime, ...] = ()
    gaps: tuple[tuple[int, float], ...] = ()
    threads: tuple[tuple[int, int, int], ...] = ()
    newest: int = 0

    def to_json(self) -> str:
        """Return the state as JSON text, exactly what `from_json` reads."""
        return json.dumps({"version": _VERSION, **_plain(asdict(self))}, separators=(",", ":"), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> RuleState:
        """Read what `to_json` wrote.

        Raises StoreVersionError where it is of another version or damaged; start
        then from an empty state and feed the history again, backfilled.
        """
        try:
            held = json.loads(text)
            if held.pop("version") != _VERSION:
                raise ValueError(text[:20])
            return cls(
                **{
                    **held,
                    **_instants(held, "last", "told_at", "held_until", "muted_until"),
                    "episode": _episode(held["episode"]),
                    "days": tuple((int(day), float(high)) for day, high in held["days"]),
                    "terms": tuple(str(term) for term in held["terms"]),
                    "heard": tuple(str(source) for source in held.get("heard", ())),
                    "asked": tuple((str(source), str(what)) for source, what in held.get("asked", ())),
                    "changed": tuple(from_epoch(int(at)) for at in held.get("changed", ())),
                    "gaps": tuple((int(start), float(coverage)) for start, coverage in held.get("gaps", ())),
                    "threads": tuple((int(at), int(loud), int(n)) for at, loud, n in held.get("threads", ())),
                }
            )
        except (ValueError, KeyError, TypeError, AttributeError) as problem:
            msg = "the saved state of an alert rule cannot be read by this version; it must be learned again"
            raise StoreVersionError(msg) from problem


def _plain(fields: dict[str, Any]) -> dict[str, Any]:
    """Return the fields with instants as whole seconds, nested records too."""
    made: dict[str, Any] = {}
    for name, value in fields.items():
        if isinstance(value, dict):
            made[name] = _plain(value)
        else:
            made[name] = to_epoch(value) if hasattr(value, "tzinfo") else value
    if "changed" in made:
        made["changed"] = [to_epoch(at) for at in made["changed"]]
    return made


def _instants(held: dict[str, Any], *names: str) -> dict[str, datetime | None]:
    return {name: None if held.get(name) is None else from_epoch(int(held[name])) for name in names}


def _episode(held: dict[str, Any] | None) -> Episode | None:
    if held is None:
        return None
    low, high = held["interval"]
    return Episode(
        **{
            **held,
            **_instants(held, "opened_at", "updated_at", "resolved_at", "strongest_at", "thread_at"),
            "interval": (float(low), float(high)),
        }
    )
