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
    assert line.split()[2:] == [*["–"] * 7, "0", "%"]  # noqa: RUF001 - what stands for not known


def test_a_question_that_no_mention_answers_says_so_beside_the_empty_table(place: Place) -> None:
    fill(place)
    answer = place.run("mentions", "Acme", "--search", "submarine")
    assert (answer.code, answer.err) == (0, "no mention in the store is like that\n")
    assert place.run("mentions", "Acme", "--search", "submarine", "--format", "json").err == ""


def test_a_brand_of_which_nothing_is_known_has_a_dash_and_no_share(place: Place) -> None:
    place.configure(
        '[listener]\ntime_zone = "UTC"\n[[brands]]\nname = "Acme"\n[[brands]]\nname = "Globex"\nkind = "competitor"\n'
    )
    fill(place)  # an import: how much there is beside it is not known

    first, second = json.loads(place.run("share", "--since", "7d", "--format", "json").out)["brands"]
    lines = place.run("share", "--since", "7d").out.splitlines()

    assert (first["brand"], first["mentions"], first["share"]) == ("Acme", 3, 100.0)
    assert (second["mentions"], second["share"], second["positive"], second["scored"]) == (None, None, None, None)
    assert "0" not in lines[2].split("competitor")[1]
    before = ("share", "--since", "2026-11-18", "--until", "2026-11-19")
    blind = json.loads(place.run(*before, "--format", "json").out)["brands"]
    assert [row["mentions"] for row in blind] == [None, None]


def test_net_sentiment_stands_with_its_n_and_interval(place: Place) -> None:
    fill(place)
    (acme, _) = json.loads(place.run("share", "--since", "7d", "--format", "json").out)["brands"]
    # 3 of 3 positive, half a mention added to each of four cells: 3 / 5, variance (4 / 5 - 9 / 25) / 5
    assert (acme["net_sentiment"], acme["scored"]) == (100.0, 3)
    assert acme["net_sentiment_interval"] == [1.9, 100.0]


def test_a_second_that_was_read_is_neither_nothing_nor_0_percent(place: Place) -> None:
    fill(place)
    second = NOW - timedelta(hours=5)
    place.drain(second, second + timedelta(seconds=1))
    asked = ("trend", "Acme", "--since", "2026-11-19", "--until", "2026-11-21")
    buckets = json.loads(place.run(*asked, "--format", "json").out)["buckets"]
    assert [bucket["coverage"] for bucket in buckets] == [0.0, 0.0001]
    assert "<1 %" in place.run(*asked).out


def test_a_comparison_with_a_brand_of_which_nothing_is_known_has_dashes(place: Place) -> None:
    fill(place)
    figures = place.run("compare", "Acme", "Globex", "--since", "7d", "--format", "json").out
    globex = json.loads(figures)["brands"][1]
    assert [globex[name] for name in ("mentions", "positive", "negative", "scored")] == [None] * 4


def test_a_comparison_with_a_brand_that_has_no_story_says_so(place: Place) -> None:
    fill(place)
    for brand in ("Acme", "Globex"):
        place.drain(NOW - timedelta(days=8), NOW, brand=brand)
    said = place.run("compare", "Acme", "Globex", "--since", "7d").out
    assert "Volume: Globex has no story to compare with; Acme has at least 0.78 times as many (95 %): chance" in said


def test_a_span_in_hours_is_kept_to_the_quarter_of_an_hour(place: Place) -> None:
    minutes = (5, 20, 40, 90, 200, 1500)
    place.save([place.mention(f"Acme {one}", at=NOW - timedelta(minutes=one), author=f"a{one}") for one in minutes])
    place.drain(NOW - timedelta(days=3), NOW)

    def told(*span: str) -> tuple[str, str, int]:
        found = json.loads(place.run("share", *span, "--format", "json").out)
        return found["since"], found["until"], found["brands"][0]["mentions"]

    assert told("--since", "1h") == ("2026-11-20T12:30:00+05:30", "2026-11-20T13:30:00+05:30", 3)
    assert told("--since", "35m") == ("2026-11-20T12:45:00+05:30", "2026-11-20T13:30:00+05:30", 3)
    assert told("--since", "29m") == ("2026-11-20T13:00:00+05:30", "2026-11-20T13:30:00+05:30", 2)
    assert told("--since", "26h")[2] == 6
    assert told("--since", "2026-11-20", "--until", "2026-11-20T12:58:00")[1:] == ("2026-11-20T12:45:00+05:30", 2)
    assert told("--since", "2026-11-20T10:00+05:30")[2] == 5
    assert told("--since", "1d")[:1] == ("2026-11-19T00:00:00+05:30",)
    assert told("--since", "today")[0] == "2026-11-20T00:00:00+05:30"
    assert place.run("share", "--since", "10m", "--until", "20m").code == 2


def test_a_chart_of_share_is_of_the_same_hours(place: Place) -> None:
    place.save([place.mention("Acme now", at=NOW - timedelta(minutes=5))])
    place.save([place.mention("Globex before", at=NOW - timedelta(hours=3))], brand="Globex")
    asked = ("chart", "share", "--output", "share.svg")
    assert "Acme 100.0 %" in " ".join(place.run(*asked, "--since", "1h").err.split())
    assert "Acme 50.0 %" in " ".join(place.run(*asked, "--since", "today").err.split())


def test_a_share_that_rounds_to_nothing_is_not_told_as_nothing(place: Place) -> None:
    at = NOW - timedelta(hours=2)
    place.save([place.mention(f"Acme anvil{n}", at=at, author=f"a{n}") for n in range(2_500)])
    place.save([place.mention("Globex", at=at)], brand="Globex")
    lines = place.run("share", "--since", "7d").out.splitlines()
    assert [line.split()[3] for line in lines[1:3]] == [">99.9", "<0.1"]
    told = json.loads(place.run("share", "--since", "7d", "--format", "json").out)["brands"]
    assert told[1]["share"] == 0.0
