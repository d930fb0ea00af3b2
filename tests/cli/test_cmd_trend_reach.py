"""`trend` in a time zone the store does not cut its days in: at once, and what was left out for that is said."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

    from cli.conftest import Place


def test_reach_that_would_have_to_be_counted_of_many_is_a_dash_and_said_until_it_is_asked_for(
    filled: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("listener.search.reach.MOST_COUNTED", 5)
    unasked = filled.run("trend", "Acme", "--since", "4d", "--format", "json")
    asked = filled.run("trend", "Acme", "--since", "4d", "--format", "json", "--metric", "reach")
    first, second = json.loads(unasked.out), json.loads(asked.out)
    assert {bucket["reach"] for bucket in first["buckets"] if bucket["mentions"]} == {None}
    assert {bucket["reach"] for bucket in second["buckets"] if bucket["mentions"]} == {100}
    assert first["totals"] == second["totals"]
    assert "reach by day in Asia/Kolkata is not counted beforehand" in unasked.err
    assert asked.err == ""


def test_reach_of_few_mentions_is_there_in_any_zone(filled: Place) -> None:
    answer = filled.run("trend", "Acme", "--since", "4d", "--format", "json")
    assert {bucket["reach"] for bucket in json.loads(answer.out)["buckets"] if bucket["mentions"]} == {100}
    assert answer.err == ""
