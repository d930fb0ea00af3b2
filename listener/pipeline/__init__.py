"""Run one pass: fetch, match, fold, identify language, score, save, alert."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from listener.pipeline.alerting import AlertStage
    from listener.pipeline.collect import Collector, CollectRequest, SourceOutcome
    from listener.pipeline.judge import Judge, Judgement
    from listener.pipeline.quarters import WatchedBrand, quarter_of, read_quarters, single_rules
    from listener.pipeline.usual import usual_band
else:
    _PLACES = {
        "AlertStage": "alerting",
        "CollectRequest": "collect",
        "Collector": "collect",
        "Judge": "judge",
        "Judgement": "judge",
        "SourceOutcome": "collect",
        "WatchedBrand": "quarters",
        "quarter_of": "quarters",
        "read_quarters": "quarters",
        "single_rules": "quarters",
        "usual_band": "usual",
    }

    def __getattr__(name: str) -> object:
        """Load a stage when it is asked for: an import and its workers need no collector and no alerts."""
        if name not in _PLACES:
            msg = f"module {__name__!r} has no attribute {name!r}"
            raise AttributeError(msg)
        from importlib import import_module  # noqa: PLC0415 - as it says

        return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)


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
