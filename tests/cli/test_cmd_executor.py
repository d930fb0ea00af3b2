"""A configured Dask cluster is used where it can be; where it cannot, that is said, and lines are scored all the same or not at all."""

from __future__ import annotations

import json
import logging
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from cli.conftest import Place

ON_DASK = '[listener]\nexecutor = "dask"\ndask_scheduler = "tcp://127.0.0.1:9"\n[[brands]]\nname = "Acme"\n'


@pytest.fixture
def lines(place: Place) -> str:
    """Return the name of a file with two lines to score."""
    said = [
        {"source": "me", "id": str(number), "text": text, "published_at": "2026-11-20T08:00:00Z"}
        for number, text in enumerate(("Acme is wonderful", "Acme is terrible"))
    ]
    (place.folder / "lines.jsonl").write_text("".join(json.dumps(one) + "\n" for one in said), encoding="utf-8")
    return "lines.jsonl"


def test_without_the_extra_nothing_is_scored_and_it_is_named(
    place: Place, lines: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.configure(ON_DASK)
    monkeypatch.setitem(sys.modules, "distributed", None)
    answer = place.run("score", lines, now=None)
    assert (answer.code, answer.out) == (2, "")
    assert answer.err == 'Error: executor = "dask" needs the extra: pip install "social-listener[dask]"\n'


def test_chosen_scorers_score_here_and_the_cluster_is_not_asked(
    place: Place, lines: str, caplog: pytest.LogCaptureFixture
) -> None:
    place.configure(ON_DASK + '[sentiment.scorers]\nen = "vader"\n')
    with caplog.at_level(logging.WARNING):
        answer = place.run("score", lines, now=None)
    assert answer.code == 0
    scored = [json.loads(line)["sentiment"] for line in answer.out.splitlines()]
    assert [one["score"] > 0 for one in scored] == [True, False]
    assert "chosen scorers score in one process only; the Dask cluster is not used" in caplog.text
