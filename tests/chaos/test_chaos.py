"""However the program is disturbed, its store ends as the world is, and its holes are those it tells of."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import pytest

from chaos.campaign import Campaign
from chaos.table import SERVICES, WITHOUT_A_SERVICE
from chaos.world import RECALLS
from listener.stories import are_near, normal_text, text_units
from listener.wiring import BUILT_IN_SOURCES

FIRST = ("x", "reddit", "rss", "bluesky")
"""One of each kind: by search, by listing, by what is still shown, by stream."""


def test_every_built_in_source_takes_part() -> None:
    assert {service.name for service in SERVICES} | WITHOUT_A_SERVICE == set(BUILT_IN_SOURCES)


def test_what_people_say_of_a_recall_counts_as_that_many_things_said() -> None:
    """Near copies are one story, and a rule counts stories: of copies alone no alert would ever come."""
    units = [text_units(normal_text(f"{words}, says {number}")) for number, words in enumerate(RECALLS)]
    assert not any(are_near(one, other) for one, other in combinations(units, 2))
    assert len(RECALLS) >= 4


@pytest.mark.slow
def test_a_short_campaign_loses_nothing_counts_nothing_twice_and_tells_once(tmp_path: Path) -> None:
    services = [service for service in SERVICES if service.name in FIRST]
    with Campaign(tmp_path, seed=2, services=services, report=lambda _: None) as campaign:
        tally = campaign.run(kills=4, steps=2, burst=400, seconds=0)
    assert tally.kills >= 1
    assert tally.checks >= 3
    assert tally.mentions > 400
    assert (tally.lost, tally.double) == (0, 0)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [3])
def test_a_campaign_over_every_source_loses_nothing_counts_nothing_twice_and_tells_once(
    seed: int, tmp_path: Path
) -> None:
    with Campaign(tmp_path, seed=seed) as campaign:
        tally = campaign.run(kills=8, steps=3, burst=1_500, seconds=45)
    campaign.report(tally.table())
    assert tally.kills >= 4
    assert (tally.lost, tally.double) == (0, 0)
