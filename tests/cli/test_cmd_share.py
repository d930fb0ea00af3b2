"""`share` tells who is talked of most, and never takes "not read" for "not said"; `mentions` says where there is none."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cli.conftest import Place

NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)


def fill(place: Place) -> None:
    at = NOW - timedelta(hours=2)
    place.save([place.mention(f"Acme {word}", at=at, author=word) for word in ("anvils", "rockets", "springs")])


def test_what_was_read_and_holds_nothing_is_0_and_what_was_not_read_is_not_known(place: Place) -> None:
    fill(place)
    read = json.loads(place.run("share", "--since", "7d", "--format", "json").out)["brands"]
    assert {row["brand"]: row["mentions"] for row in read}["Acme"] == 3
    asked = ("share", "--since", "2020-01-01", "--until", "2020-02-01")
    blind = json.loads(place.run(*asked, "--format", "json").out)["brands"]
    assert [(row["mentions"], row["positive"], row["share"], row["coverage"]) for row in blind] == [
        (None, None, None, 0)
    ] * 2
    (line,) = [one for one in place.run(*asked).out.splitlines() if one.startswith("Globex")]
    assert line.split()[2:] == ["–", "–", "–", "–", "–", "0", "%"]  # noqa: RUF001 - what stands for not known


def test_a_question_that_no_mention_answers_says_so_beside_the_empty_table(place: Place) -> None:
    fill(place)
    answer = place.run("mentions", "Acme", "--search", "submarine")
    assert (answer.code, answer.err) == (0, "no mention in the store is like that\n")
    assert place.run("mentions", "Acme", "--search", "submarine", "--format", "json").err == ""
