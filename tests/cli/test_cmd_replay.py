from __future__ import annotations

import json
import os
import signal
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from cli.conftest import CONFIG, NOW
from listener.search import MentionFilter, Reader

if TYPE_CHECKING:
    from cli.conftest import Place


def import_lines(place: Place, texts: list[str]) -> None:
    file = place.folder / "in.jsonl"
    lines = [
        {"source": "x", "id": str(turn), "text": text, "published_at": (NOW - timedelta(hours=turn)).isoformat()}
        for turn, text in enumerate(texts, 1)
    ]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    assert place.run("import", str(file), "--keep-unmatched").code == 0


def found(place: Place, brand: str) -> list[str]:
    with Reader(place.database) as reader:
        return sorted(str(one.text) for one in reader.mentions(MentionFilter(brand=brand)))


def test_rematch_applies_a_changed_configuration_to_the_history(place: Place) -> None:
    import_lines(place, ["Acme flies well", "the comet burns", "Acme jersey on sale", "Globex sinks"])
    assert found(place, "Acme") == ["Acme flies well", "Acme jersey on sale"]
    place.configure(
        CONFIG.replace('keywords = ["Acme", "Acme Rockets"]', 'keywords = ["Acme", "comet"]\nexclude = ["jersey"]')
    )

    answer = place.run("rematch", "--format", "json")

    assert answer.code == 0
    assert json.loads(answer.out) == [
        {"brand": "Acme", "gained": 1, "lost": 1},
        {"brand": "Globex", "gained": 0, "lost": 0},
    ]
    assert "4 of 4 mentions gone through" in answer.err
    assert found(place, "Acme") == ["Acme flies well", "the comet burns"]
    assert json.loads(place.run("rematch", "--format", "json").out)[0] == {"brand": "Acme", "gained": 0, "lost": 0}
    with place.store() as store:
        assert store.check() == []


def test_rescore_applies_changed_rules_and_keeps_labels(place: Place) -> None:
    import_lines(place, ["Acme is a war zone, awful war", "Acme war", "nobody is named"])
    place.run("label", "2", "positive")
    place.configure(f'{CONFIG}\n[sentiment]\nrulesets = ["Acme: war = 0", "Acme: awful = 3"]\n')

    rows = json.loads(place.run("rescore", "--brand", "acme", "--format", "json").out)

    assert rows == [{"brand": "Acme", "rescored": 2, "relabelled": 2}]
    with Reader(place.database) as reader:
        labels = {one.number: one.label.word for one in reader.mentions(MentionFilter(brand="Acme"))}
    assert labels == {1: "positive", 2: "positive"}
    with place.store() as store:
        assert store.check() == []


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_replay_that_is_interrupted_says_so_and_goes_on(
    place: Place, monkeypatch: pytest.MonkeyPatch, number: signal.Signals, code: int
) -> None:
    from listener.search import history

    monkeypatch.setattr(history, "_CHUNK", 2)
    import_lines(place, [f"Acme {turn} jersey" for turn in range(6)])
    place.configure(CONFIG.replace("keywords =", 'exclude = ["jersey"]\nkeywords ='))
    from listener.pipeline import replaying

    saved = replaying.Rejudged
    calls: list[int] = []

    def interrupted(**fields: object) -> object:
        calls.append(1)
        if len(calls) == 1:
            os.kill(os.getpid(), number)
        return saved(**fields)  # type: ignore[arg-type]

    monkeypatch.setattr(replaying, "Rejudged", interrupted)
    stopped = place.run("rematch")
    assert stopped.code == code
    assert "stopped after 2 of 6 mentions" in stopped.err
    assert len(found(place, "Acme")) == 4

    assert place.run("rematch").code == 0
    assert found(place, "Acme") == []


def test_a_replay_opens_no_alert(place: Place) -> None:
    import_lines(place, [f"Acme {turn} is awful" for turn in range(40)])
    for command in ("rematch", "rescore"):
        assert place.run(command).code == 0
    assert json.loads(place.run("alerts", "list", "--format", "json").out) == []


def test_an_unknown_brand_is_refused(place: Place) -> None:
    assert 'did you mean "Acme"' in place.run("rematch", "--brand", "Acmee").err
