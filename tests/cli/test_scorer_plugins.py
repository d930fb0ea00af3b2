"""Scorers of plug-ins, by way of the configuration."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from cli.conftest import CONFIG, NOW

if TYPE_CHECKING:
    from cli.conftest import Answer, Place

MODULE = """\
from dataclasses import dataclass
from listener.api import Label, Secret, Sentiment, option


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    strength: float = option("How strong.", default=0.5, minimum=0, maximum=1)
    token: Secret = option("A key.", default=Secret())


class Cheerful:
    name = "cheerful"
    Options = Options

    def __init__(self, options):
        self.version = f"1-{options.strength}"
        self.strength = options.strength

    def supports(self, language):
        return language in {"th", "es"}

    def score(self, tasks):
        return [
            Sentiment(score=self.strength, label=Label.POSITIVE, language=task.language, scorer=self.name,
                      version=self.version, evidence=1)
            for task in tasks
        ]


class Bare:
    name = "bare"
    version = "1"

    def supports(self, language):
        return True

    def score(self, tasks):
        return [Sentiment.unscored(task.language, "shy") for task in tasks]


class Failing(Bare):
    def __init__(self):
        raise OSError("no model here")


class Odd(Bare):
    def __init__(self):
        class OddError(Exception):
            pass

        raise OddError("not today")


class Quitting(Bare):
    def __init__(self):
        raise SystemExit(4)


class Short(Bare):
    name = "short"

    def score(self, tasks):
        return []


class Tripping(Bare):
    name = "tripping"

    def score(self, tasks):
        raise ValueError("no way\\n" + "of this " * 100)


nothing = object
"""


@pytest.fixture
def plugged(place: Place, monkeypatch: pytest.MonkeyPatch) -> Place:
    """Return a place where a made-up distribution brings scorers."""
    site = place.folder / "site"
    info = site / "cheer-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: cheer\nVersion: 1.0\n", encoding="utf-8")
    points = ("cheerful = cheer_plugin:Cheerful", "bare = cheer_plugin:Bare", "failing = cheer_plugin:Failing")
    more = (
        "odd = cheer_plugin:Odd",
        "quitting = cheer_plugin:Quitting",
        "nothing = cheer_plugin:nothing",
        "gone = cheer_nowhere:Scorer",
    )
    wrong = ("short = cheer_plugin:Short", "tripping = cheer_plugin:Tripping")
    (info / "entry_points.txt").write_text(
        "[listener.scorers]\n" + "\n".join((*points, *more, *wrong)), encoding="utf-8"
    )
    (site / "cheer_plugin.py").write_text(MODULE, encoding="utf-8")
    monkeypatch.syspath_prepend(str(site))
    return place


def score(place: Place, text: str) -> dict[str, object]:
    file = place.folder / "one.jsonl"
    file.write_text(json.dumps({"text": text}) + "\n", encoding="utf-8")
    answer = place.run("score", str(file), now=None)
    assert answer.code == 0, answer.err
    found: dict[str, object] = json.loads(answer.out)["sentiment"]
    return found


def explained(place: Place) -> Answer:
    return place.run("explain")


def test_a_plug_in_scores_the_languages_it_is_chosen_for_with_its_options(plugged: Place) -> None:
    plugged.configure(
        CONFIG + '[sentiment]\nscorers = { th = "cheerful", es = "bare" }\n[sentiment.cheerful]\nstrength = 0.8\n'
    )
    thai = score(plugged, "กาต้มน้ำของฉันใช้งานได้ทุกวัน")
    assert (thai["score"], thai["scorer"], thai["version"]) == (0.8, "cheerful", "1-0.8")
    assert score(plugged, "esta tetera es buena y bonita")["reason"] == "shy"
    assert score(plugged, "This kettle is really great")["scorer"] == "vader"


def test_explain_tells_what_scores_which_language(plugged: Place) -> None:
    plugged.configure(CONFIG + '[sentiment]\nscorers = { th = "cheerful", es = "none", default = "bare" }\n')
    answer = explained(plugged)
    assert answer.code == 0
    assert answer.out.partition("scored by\n")[2].splitlines() == [
        "  cheerful: th",
        "  nobody: es",
        "  bare: every other language",
    ]


@pytest.mark.parametrize(
    ("sentiment", "problem"),
    [
        ('scorers = { es = "cheerfull" }', 'did you mean "cheerful"?'),
        ('scorers = { en = "cheerful" }', 'sentiment.scorers.en: "cheerful" does not score it'),
        (
            'scorers = { es = "cheerful" }\n[sentiment.cheerful]\nstrength = 7',
            "sentiment.cheerful.strength: 7 is too much",
        ),
        (
            'scorers = { es = "cheerful" }\n[sentiment.cheerful]\ntoken = "abc"',
            "a secret does not belong into this file",
        ),
        ('scorers = { es = "bare" }\n[sentiment.bare]\nshout = 1', "sentiment.bare: this scorer takes no options"),
        ('cheerful = 3\nscorers = { es = "cheerful" }', "sentiment.cheerful: is not a table"),
        ("scorers = 3", "sentiment.scorers: 3 is not a table"),
        ("[sentiment.unheard_of]\na = 1", "sentiment.unheard_of: no such option"),
    ],
)
def test_what_is_wrong_with_a_choice_is_told_before_anything_runs(plugged: Place, sentiment: str, problem: str) -> None:
    plugged.configure(f"{CONFIG}[sentiment]\n{sentiment}\n")
    answer = plugged.run("check")
    assert answer.code == 2
    assert problem in " ".join(answer.out.split())


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("gone", "plug-in gone of cheer does not load"),
        ("failing", "this scorer cannot be made: OSError: no model here"),
        ("odd", "this scorer cannot be made: OddError: not today"),
        ("quitting", "this scorer cannot be made: SystemExit: 4"),
        ("nothing", "this is no scorer; it lacks a part of the interface"),
    ],
)
def test_a_plug_in_that_is_broken_leaves_its_languages_unscored_and_check_names_it(
    plugged: Place, name: str, problem: str
) -> None:
    plugged.configure(f'{CONFIG}[sentiment]\nscorers = {{ es = "{name}" }}\n')
    assert score(plugged, "esta tetera es buena y bonita")["reason"] == "broken_scorer"
    assert score(plugged, "This kettle is really great")["scorer"] == "vader"
    answer = plugged.run("check")
    assert answer.code == 3
    assert f"FAIL {name} " in " ".join(answer.out.split())
    assert problem in " ".join(answer.out.split())


def test_the_options_of_a_chosen_scorer_are_shown_without_secrets(
    plugged: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHEER_TOKEN", "very-secret-value")
    table = '[sentiment]\nscorers = { es = "cheerful" }\n[sentiment.cheerful]\ntoken_env = "CHEER_TOKEN"\n'
    plugged.configure(CONFIG + table)
    answer = plugged.run("config", "show")
    assert answer.code == 0, answer.err
    assert '[sentiment.cheerful]\nstrength = 0.5\ntoken_env = "CHEER_TOKEN"' in answer.out
    assert "very-secret-value" not in answer.out


def test_doctor_names_scorers_that_do_not_load(plugged: Place) -> None:
    answer = plugged.run("doctor")
    told = " ".join(answer.out.split())
    assert "plug-in gone of cheer does not load" in told
    assert "plug-in nothing is no scorer: it lacks supports, score" in told
    assert "the shipped ones, bare, cheerful, failing, llm, odd, onnx, quitting, short, tripping ok" in told


def test_a_scorer_that_fails_while_it_scores_is_named_by_the_pass_and_nothing_is_lost(plugged: Place) -> None:
    line = {"source": "me", "id": "1", "text": "Acme hace buena tetera y es bonita", "published_at": NOW.isoformat()}
    (plugged.folder / "one.jsonl").write_text(json.dumps(line) + "\n", encoding="utf-8")
    source = '[sources.jsonl]\npaths = ["one.jsonl"]\n'
    plugged.configure(f'{CONFIG}{source}[sentiment]\nscorers = {{ es = "short" }}\n')
    later = NOW + timedelta(minutes=1)
    answer = plugged.run("collect", "--source", "jsonl", "--format", "json", now=later)
    assert answer.code == 3
    (row,) = json.loads(answer.out)
    assert (row["state"], row["message"]) == ("broken", "scorer short: 1 tasks gave 0 results")
    plugged.configure(f"{CONFIG}{source}")
    answer = plugged.run("collect", "--source", "jsonl", "--format", "json", now=later)
    assert [(row["state"], row["new"]) for row in json.loads(answer.out)] == [("ok", 1)]


def test_an_import_in_which_a_scorer_fails_names_it_and_is_done_once_another_is_chosen(plugged: Place) -> None:
    line = {"source": "me", "id": "1", "text": "Acme hace buena tetera y es bonita", "published_at": NOW.isoformat()}
    file = plugged.folder / "one.jsonl"
    file.write_text(json.dumps(line) + "\n", encoding="utf-8")
    plugged.configure(f'{CONFIG}[sentiment]\nscorers = {{ es = "tripping" }}\n')
    answer = plugged.run("import", str(file))
    assert answer.code == 1
    said = f"no way {'of this ' * 100}"[:200]
    assert f"scorer tripping failed (ValueError: {said}); mend it, or choose another one" in answer.err
    assert "internal error" not in answer.err
    plugged.configure(CONFIG)
    answer = plugged.run("import", str(file))
    assert (answer.code, "1 new" in answer.out + answer.err) == (0, True), answer
