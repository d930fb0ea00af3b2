"""A brand that is renamed, or new, has nothing until the stored mentions are matched anew; every answer says so."""

from __future__ import annotations

import json
import tomllib
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from cli.conftest import CONFIG, NOW

if TYPE_CHECKING:
    from cli.conftest import Place

NOTE = 'note: what is stored was never matched with the query of {}; "listener rematch" does that\n'
RENAMED = CONFIG.replace('name = "Acme"', 'name = "Acme Rocketry"')
ASKED = (
    ("trend", "Acme Rocketry"),
    ("trend", "Acme Rocketry", "--format", "json"),
    ("share",),
    ("mentions", "Acme Rocketry"),
    ("terms", "Acme Rocketry"),
    ("themes", "Acme Rocketry"),
    ("top", "Acme Rocketry"),
    ("compare", "Acme Rocketry", "Globex"),
)


def fill(place: Place) -> None:
    """Import mentions of Acme and Globex."""
    lines = [
        {"source": "x", "id": f"{brand}{turn}", "text": f"{brand} is fine, says {turn}",
         "published_at": (NOW - timedelta(hours=turn)).isoformat()}
        for brand in ("Acme", "Globex")
        for turn in range(1, 5)
    ]  # fmt: skip
    (place.folder / "in.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    assert place.run("import", "in.jsonl").code == 0


def later(place: Place, *words: str) -> str:
    return place.run(*words, now=NOW + timedelta(days=1)).err


@pytest.mark.parametrize("asked", ASKED, ids=" ".join)
def test_an_answer_about_a_renamed_brand_says_that_rematch_fills_it(place: Place, asked: tuple[str, ...]) -> None:
    assert tomllib.loads(RENAMED)["brands"][0]["name"] == "Acme Rocketry"
    fill(place)
    assert "rematch" not in later(place, "share")
    place.configure(RENAMED)
    assert NOTE.format("Acme Rocketry") in later(place, *asked)
    assert later(place, "rematch", "--brand", "Acme Rocketry").endswith(" stored anew\n")
    assert "rematch" not in later(place, *asked)


def test_a_rename_that_a_collection_has_seen_is_still_told_of_until_it_was_replayed(place: Place) -> None:
    fill(place)
    place.configure(RENAMED)
    (place.folder / "none.jsonl").write_text("", encoding="utf-8")
    assert place.run("import", "none.jsonl", now=NOW + timedelta(hours=1)).code == 0  # makes the new query known
    assert NOTE.format("Acme Rocketry") in later(place, "trend", "Acme Rocketry")


def test_a_brand_of_which_nobody_speaks_is_not_told_of_again_once_it_was_looked_for(place: Place) -> None:
    fill(place)
    place.configure(f'{CONFIG}\n[[brands]]\nname = "Initech"\n[[brands]]\nname = "Hooli"\n')
    assert NOTE.format("Hooli and of Initech") in later(place, "share")
    later(place, "rematch")
    assert "rematch" not in later(place, "share")
    assert "rematch" not in later(place, "trend", "Initech")


def test_a_brand_that_was_listened_for_from_the_start_and_has_nothing_is_not_told_of(place: Place) -> None:
    place.configure(f'{CONFIG}\n[[brands]]\nname = "Initech"\n')
    fill(place)
    assert "rematch" not in later(place, "share")
