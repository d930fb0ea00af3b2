from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from cli.conftest import Place

NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
WORDS = (
    "battery", "charger", "screen", "antenna", "display", "speaker", "keyboard", "hinge", "camera", "cable",
    "firmware", "warranty",
)  # fmt: skip


def padded(words: str, seed: int) -> str:
    """Return a text around these words that is nobody else's, so that it is a story of its own."""
    rng = random.Random(f"{words} {seed}")
    filler = ["".join(rng.choices("bdfgklmnprstvz", k=7)) for _ in range(12)]
    return " ".join([*filler[:6], words, *filler[6:]])


def tell(place: Place, texts: list[str], *, days_ago: float) -> None:
    place.save(
        [
            place.mention(text, at=NOW - timedelta(days=days_ago, minutes=turn), author=f"person{days_ago}{turn}")
            for turn, text in enumerate(texts)
        ]
    )


def test_a_word_that_is_new_leads_and_the_brand_itself_is_left_out(place: Place) -> None:
    tell(place, [padded("Acme lands softly", turn) for turn in range(40)], days_ago=12)
    tell(place, [padded("Acme explodes", turn) for turn in range(20)], days_ago=1)

    rows = json.loads(place.run("terms", "acme", "--since", "7d", "--format", "json").out)

    assert rows[0]["term"] == "explodes"
    assert (rows[0]["now"], rows[0]["before"]) == (20, 0)
    assert rows[0]["excess"] == pytest.approx(20.0)
    assert rows[0]["zeta"] > 1.64
    assert not any("acme" in row["term"] for row in rows)


def test_the_limit_is_what_is_asked_for(place: Place) -> None:
    tell(place, [padded("Acme lands", turn) for turn in range(300)], days_ago=12)
    tell(place, [padded(f"Acme {word}", turn) for word in WORDS for turn in range(5)], days_ago=1)

    every = json.loads(place.run("terms", "Acme", "--format", "json").out)
    two = json.loads(place.run("terms", "Acme", "--limit", "2", "--format", "json").out)

    assert {row["term"] for row in every} >= set(WORDS)
    assert two == every[:2]


def test_the_table_fits_and_says_where_nothing_rose(place: Place) -> None:
    tell(place, ["Acme is fine"], days_ago=2)
    place.drain(NOW - timedelta(days=20), NOW)

    answer = place.run("terms", "Acme")

    assert answer.code == 0
    assert answer.out.split() == ["term", "now", "before", "expected", "excess", "zeta"]
    assert "nothing is said of Acme more than before" in answer.err


def test_nothing_is_called_new_where_nothing_is_known_of_the_time_before(place: Place) -> None:
    tell(place, [padded("Acme explodes", turn) for turn in range(20)], days_ago=1)

    answer = place.run("terms", "Acme")

    assert "explodes" not in answer.out
    assert "nothing is known of the time before 2026-11-13 13:00 to compare with" in answer.err
    assert "Said more than usual" not in place.run("digest", "--on", "2026-11-19").out

    place.drain(NOW - timedelta(days=20), NOW)
    assert "explodes" in place.run("terms", "Acme").out


def test_an_unknown_brand_and_an_unreadable_span_are_refused(place: Place) -> None:
    tell(place, ["Acme is fine"], days_ago=2)

    assert 'did you mean "Acme"' in place.run("terms", "Acmee").err
    assert place.run("terms", "Acme", "--since", "soon").code == 2


def test_noise_shows_the_line_that_rematch_then_applies(place: Place) -> None:
    tell(place, [padded("Acme rocket", turn) for turn in range(8)], days_ago=40)
    tell(place, [padded("Acme jersey", turn) for turn in range(100, 105)], days_ago=1)
    for number in range(9, 13):
        assert place.run("label", str(number), "irrelevant").code == 0

    (row, *_) = json.loads(place.run("terms", "Acme", "--noise", "--format", "json").out)
    assert (row["kind"], row["value"], row["config"]) == ("word", "jersey", 'exclude = ["jersey"]')
    assert (row["noise_removed"], row["good_lost"], row["unlabelled_removed"]) == (4, 0, 1)

    place.configure(place.config_file.read_text().replace("keywords =", f"{row['config']}\nkeywords ="))
    (acme, _) = json.loads(place.run("rematch", "--format", "json").out)
    assert acme["lost"] == 5


def test_noise_without_labels_says_how_to_label(place: Place) -> None:
    tell(place, ["Acme is fine"], days_ago=2)

    assert "listener label --queue 50" in place.run("terms", "Acme", "--noise").err
    assert place.run("terms", "Acme", "--context", "rocket").code == 2


def test_noise_with_a_context_shows_what_it_would_drop_in_the_span(place: Place) -> None:
    tell(place, [padded("Acme rocket", turn) for turn in range(3)], days_ago=1)
    tell(place, [padded("Acme jersey", turn) for turn in range(4)], days_ago=2)
    tell(place, [padded("Acme jersey", turn) for turn in range(10, 15)], days_ago=20)

    rows = json.loads(
        place.run("terms", "Acme", "--noise", "--context", "rocket", "--since", "7d", "--format", "json").out
    )

    assert rows[0]["kind"] == "context"
    assert rows[0]["unlabelled_removed"] == 4


def test_a_chart_of_terms_says_why_there_is_nothing_to_compare_with(place: Place) -> None:
    tell(place, [padded("Acme explodes", turn) for turn in range(20)], days_ago=1)
    unread = place.run("chart", "terms", "Acme", "--since", "7d", "--output", "terms.svg")
    assert "No comparison can be made: nothing is known of the time before." in " ".join(unread.err.split())
    assert "nothing stands out" not in unread.err.casefold()

    place.drain(NOW - timedelta(days=20), NOW)
    read = place.run("chart", "terms", "Acme", "--since", "12h", "--output", "terms.svg")
    assert "No comparison" not in read.err
