from __future__ import annotations

import json
import tomllib
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from cli.conftest import CONFIG, NOW
from listener.mention import Label
from listener.search import Reader

if TYPE_CHECKING:
    from cli.conftest import Place

PLACES = ("kitchen", "garden", "hall", "cellar", "attic", "porch", "shed", "tower")


@pytest.fixture
def labelled(place: Place) -> Place:
    """Return a place where eight mentions with "war zone" are labelled neutral, two of them long ago."""
    mentions = [
        place.mention(f"Acme war zone map of the {name}", at=NOW - timedelta(days=turn * 20, minutes=turn + 1))
        for turn, name in enumerate(PLACES)
    ]
    place.save(mentions, label=Label.NEGATIVE)
    with Reader(place.database) as reader, place.store() as store:
        for mention in mentions:
            store.label(reader.number_of(f"hackernews:{mention.id}"), "Acme", Label.NEUTRAL, now=NOW)
    return place


def rules(place: Place, *more: str) -> list[dict[str, Any]]:
    answer = place.run("ruleset", "suggest", "--format", "json", *more)
    assert answer.code == 0, answer.err
    found: list[dict[str, Any]] = json.loads(answer.out)
    return found


def test_rules_come_with_their_effect_on_the_labels(labelled: Place) -> None:
    (rule,) = rules(labelled)
    assert (rule["brand"], rule["valence"], rule["n"], rule["fixed"], rule["broken"]) == ("Acme", 0, 8, 8, 0)
    assert rule["interval"][0] > 0.6
    assert rule["line"] == f"Acme: {rule['phrase']} = 0"


def test_the_lines_to_paste_keep_those_there_are_and_do_what_they_promise(labelled: Place) -> None:
    labelled.configure(CONFIG + '[sentiment]\nrulesets = ["Globex: sick = 2"]\n')
    answer = labelled.run("ruleset", "suggest", "--brand", "acme")
    assert "0 of 8 labels right now, 8 with these rules" in answer.err
    pasted = answer.out[answer.out.index("[sentiment]") :]
    assert tomllib.loads(pasted)["sentiment"]["rulesets"][0] == "Globex: sick = 2"
    labelled.configure(CONFIG + pasted)
    assert rules(labelled) == []
    again = labelled.run("ruleset", "suggest")
    assert "8 of 8 labels right; no rule would fix" in again.err
    assert again.out == ""


def test_only_what_is_young_enough_is_looked_at(labelled: Place) -> None:
    (rule,) = rules(labelled, "--since", "90d")
    assert rule["n"] == 5
    assert rule["interval"] is None
    assert "too few" in labelled.run("ruleset", "suggest", "--since", "90d").out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--brand", "Acmee"), 'did you mean "Acme"'),
        (("--brand", "Globex"), "there is no label of a mention that word lists score"),
        (("--since", "whenever"), "whenever"),
    ],
)
def test_what_cannot_be_is_told(labelled: Place, arguments: tuple[str, ...], message: str) -> None:
    answer = labelled.run("ruleset", "suggest", *arguments)
    assert answer.code == 2
    assert message in answer.err


def test_languages_that_are_not_scored_by_word_lists_are_left_out(labelled: Place) -> None:
    labelled.configure(CONFIG + '[sentiment]\nscorers = { en = "none" }\n')
    assert labelled.run("ruleset", "suggest").code == 2


def test_ruleset_alone_shows_its_commands(place: Place) -> None:
    answer = place.run("ruleset", "--help", now=None, config=False)
    assert answer.code == 0
    assert "suggest" in answer.out


def test_a_rule_that_cannot_be_read_is_told_whatever_else_is_wrong_in_its_table(place: Place) -> None:
    place.configure(f'{CONFIG}[sentiment]\npositive_at = 2\nrulesets = ["Acme: sick"]\n')
    told = place.run("check").out
    assert "sentiment.positive_at: 2 is too much" in told
    assert "sentiment.rulesets[1]: write" in told


def test_a_rule_for_a_brand_that_is_not_configured_is_refused(place: Place) -> None:
    place.configure(f'{CONFIG}[sentiment]\nrulesets = ["Acme: sick = 2", "acme: ill = 1", "Acmee: war zone = 0"]\n')
    answer = place.run("check")
    assert answer.code == 2
    for number, name in ((2, "acme"), (3, "Acmee")):
        assert f'sentiment.rulesets[{number}]: there is no brand "{name}"; did you mean "Acme"?' in answer.out
    assert "rulesets[1]" not in answer.out
