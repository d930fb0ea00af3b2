"""Write the store; nothing else does.

One page of mentions, its matches, scores, ledger row and rollup change are one
transaction: killing the process at any instruction loses nothing and counts
nothing twice.
"""

from listener.store.records import (
    ChartSave,
    DigestSave,
    EpisodeSave,
    Judged,
    KnownMention,
    OutboxItem,
    PageProgress,
    SaveResult,
    Verdict,
)
from listener.store.writer import Store

__all__ = [
    "ChartSave",
    "DigestSave",
    "EpisodeSave",
    "Judged",
    "KnownMention",
    "OutboxItem",
    "PageProgress",
    "SaveResult",
    "Store",
    "Verdict",
]
