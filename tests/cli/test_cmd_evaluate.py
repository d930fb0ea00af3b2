from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from cli.conftest import NOW
from listener.mention import Label

if TYPE_CHECKING:
    from pathlib import Path

    from cli.conftest import Place

LINES = [
    {"text": "This is great, I love it", "label": "positive", "language": "en"},
    {"text": "This is awful, I hate it", "label": "negative", "language": "en"},
    {"text": "I love how it broke, great", "label": "negative", "language": "en"},
    {"text": "The meeting is on Tuesday", "label": "neutral", "language": "en"},
    {"text": "", "label": "neutral", "language": "en"},
]


def write(folder: Path, lines: list[dict[str, object]]) -> str:
    file = folder / "labelled.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return str(file)


def run(place: Place, *arguments: str) -> tuple[int, str, str]:
    answer = place.run("evaluate", *arguments, now=None, config=False)
    return answer.code, answer.out, answer.err


def test_the_measures_are_those_of_the_labels_and_unscored_counts_as_neutral(place: Place) -> None:
    code, out, _ = run(place, write(place.folder, [dict(line) for line in LINES]), "--format", "json", "--worst", "3")

    answer = json.loads(out)
    assert code == 0
    assert answer["n"] == 5
    (english,) = answer["by"]
    assert (english["language"], english["scorer"], english["n"], english["unscored"]) == ("en", "vader", 5, 1)
    assert english["accuracy"] == pytest.approx(0.8)
    assert english["macro_recall"] == pytest.approx((1 + 1 / 2 + 1) / 3, abs=1e-4)
    assert english["macro_f1"] == pytest.approx((2 / 3 + 2 / 3 + 1) / 3, abs=1e-4)
    assert english["confusion"]["negative"] == {"negative": 1, "neutral": 0, "positive": 1}
    assert english["evidence_coverage"] == pytest.approx(0.6)
    low, high = english["macro_f1_interval"]
    assert low <= english["macro_f1"] <= high
    assert {**english, "language": 0, "scorer": 0} == {**answer["total"], "language": 0, "scorer": 0}
    assert [one["text"] for one in answer["worst"]] == ["I love how it broke, great"]


def test_languages_stand_apart_and_without_one_the_identified_counts(place: Place) -> None:
    lines: list[dict[str, object]] = [
        {"text": "Das ist wirklich sehr schlecht und traurig", "label": "negative"},
        {"text": "This is really very good indeed", "label": "POSITIVE", "language": None},
    ]
    _, out, _ = run(place, write(place.folder, lines), "--format", "json", "--resamples", "0")

    by = json.loads(out)["by"]
    assert [one["language"] for one in by] == ["de", "en"]
    assert all(one["macro_f1_interval"] is None for one in by)


def test_the_target_of_a_line_is_what_is_measured(place: Place) -> None:
    text = "Globex is so much better than Acme"
    lines: list[dict[str, object]] = [
        {"text": text, "label": "negative", "target": "Acme", "language": "en"},
        {"text": text, "label": "positive", "target": "Globex", "language": "en"},
    ]
    _, out, _ = run(place, write(place.folder, lines), "--format", "json")
    assert json.loads(out)["total"]["accuracy"] == 1


def test_lines_that_cannot_be_measured_are_told_and_the_rest_is(place: Place) -> None:
    file = write(place.folder, [{"text": "great", "label": "joy"}, {"label": "positive"}, dict(LINES[0])])

    code, out, err = run(place, file, "--format", "csv")

    assert code == 3
    assert "line 1: label: must be one of negative, neutral, positive" in err
    assert "line 2: text: is missing" in err
    assert len(out.splitlines()) == 3


def test_the_table_shows_the_groups_the_whole_and_the_confusion(place: Place) -> None:
    code, out, _ = run(place, write(place.folder, [dict(line) for line in LINES]), "--worst", "1")
    assert code == 0
    assert [line.split()[:3] for line in out.splitlines()[1:3]] == [["en", "vader", "5"], ["all", "all", "5"]]
    assert "scored positive" in out
    assert "I love how it broke, great" in out


def test_nothing_to_measure_is_refused(place: Place) -> None:
    for arguments in ((), (write(place.folder, []),), ("nowhere.jsonl",), (write(place.folder, []), "--labels")):
        assert run(place, *arguments)[0] == 2


def test_the_labels_of_the_store_are_measured_against_its_scores(place: Place) -> None:
    place.save([place.mention(f"Acme {turn}", at=NOW - timedelta(hours=turn)) for turn in range(4)])
    place.save([place.mention("Acme is mute", at=NOW)], label=Label.UNSCORED)
    assert place.run("evaluate", "--labels", now=None).code == 2
    for number, word in ((1, "positive"), (2, "negative"), (3, "irrelevant"), (5, "neutral")):
        place.run("label", str(number), word)

    answer = json.loads(place.run("evaluate", "--labels", "--brand", "acme", "--format", "json", now=None).out)

    assert answer["n"] == 3
    assert answer["total"]["accuracy"] == pytest.approx(2 / 3, abs=1e-4)
    assert answer["total"]["unscored"] == 1
