"""Keep the parts of a thing silent while the whole of it is already told."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from listener.alerts.records import Episode, EpisodeChange

__all__ = ["inhibit"]


def inhibit(changes: Sequence[EpisodeChange], parents: Sequence[Episode]) -> tuple[EpisodeChange, ...]:
    """Return the changes of a rule about parts (single sources, topics), silenced where the whole is told.

    `parents` are the latest known forms of episodes of the brand-wide rules. A
    change about the same brand and kind of thing that happens while one of them
    is open does not notify; its episode is kept all the same.
    """
    return tuple(
        replace(change, notify=False) if any(_covers(parent, change) for parent in parents) else change
        for change in changes
    )


def _covers(parent: Episode, change: EpisodeChange) -> bool:
    """Say whether the parent is about the same thing and was open when the change happened."""
    child = change.episode
    return (
        parent.brand == child.brand
        and parent.kind == child.kind
        and parent.key != child.key
        and parent.opened_at <= change.at
        and (parent.resolved_at is None or change.at <= parent.resolved_at)
    )
