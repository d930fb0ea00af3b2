"""Write the store; nothing else does.

One page of mentions, its matches, scores, ledger row and rollup change are one
transaction: killing the process at any instruction loses nothing and counts
nothing twice.
"""

from listener.store.answers import OwnReply, WaitingThread
from listener.store.erasure import Erasure, Retention
from listener.store.labels import PERSON_LABELS
from listener.store.ready import Prepared
from listener.store.records import (
    ChartSave,
    DigestSave,
    EpisodeSave,
    Judged,
    KnownMention,
    OutboxItem,
    PageProgress,
    Rejudged,
    ReplayMark,
    SaveResult,
    Verdict,
)
from listener.store.spending import Ask, Charge, Grant, Refusal
from listener.store.writer import Store

__all__ = [
    "PERSON_LABELS",
    "Ask",
    "Charge",
    "ChartSave",
    "DigestSave",
    "EpisodeSave",
    "Erasure",
    "Grant",
    "Judged",
    "KnownMention",
    "OutboxItem",
    "OwnReply",
    "PageProgress",
    "Prepared",
    "Refusal",
    "Rejudged",
    "ReplayMark",
    "Retention",
    "SaveResult",
    "Store",
    "Verdict",
    "WaitingThread",
]
