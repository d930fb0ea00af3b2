"""Run one pass: fetch, match, fold, identify language, score, save, alert."""

from listener.pipeline.alerting import AlertStage, WatchedBrand, read_quarters
from listener.pipeline.collect import Collector, CollectRequest, SourceOutcome
from listener.pipeline.judge import Judge, Judgement

__all__ = [
    "AlertStage",
    "CollectRequest",
    "Collector",
    "Judge",
    "Judgement",
    "SourceOutcome",
    "WatchedBrand",
    "read_quarters",
]
