"""However the program is disturbed, its store ends as the world is, and its holes are those it tells of."""

from __future__ import annotations

from pathlib import Path

import pytest

from chaos.campaign import Campaign


def test_a_short_campaign_loses_nothing_and_counts_nothing_twice(tmp_path: Path) -> None:
    with Campaign(tmp_path, seed=2) as campaign:
        tally = campaign.run(kills=6, steps=4, burst=500)
    print(tally.table())
    assert (tally.lost, tally.double) == (0, 0)
