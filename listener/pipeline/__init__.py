"""Run one pass: fetch, match, fold, identify language, score, save, alert."""

from listener.pipeline.alerting import AlertStage
from listener.pipeline.collect import Collector, CollectRequest, SourceOutcome
from listener.pipeline.judge import Judge, Judgement
from listener.pipeline.quarters import WatchedBrand, quarter_of, read_quarters, single_rules
from listener.pipeline.usual import usual_band

__all__ = [
    "AlertStage",
    "CollectRequest",
    "Collector",
    "Judge",
    "Judgement",
    "SourceOutcome",
    "WatchedBrand",
    "quarter_of",
    "read_quarters",
    "single_rules",
    "usual_band",
]
