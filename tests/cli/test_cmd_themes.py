from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from cli.conftest import CONFIG, NOW
from listener.mention import Label

if TYPE_CHECKING:
    from cli.conftest import Place

MADE_UP = "brant colder fimble gostrin hulmer jaspet kelvor lomin"


def tell(
    place: Place, words: str, times: int, *, days_ago: float = 1, label: Label = Label.NEGATIVE, first: int = 0
) -> None:
    """Store mentions that share these words alone; their other words are numbered from `first` on."""
    turns = range(first, first + times)
    texts = [f"Acme {words} {' '.join(w + str(turn) for w in MADE_UP.split())}" for turn in turns]
    place.save(
        [
            place.mention(text, at=NOW - timedelta(days=days_ago, minutes=turn), author=f"{words} {days_ago} {turn}")
            for turn, text in enumerate(texts)
        ],
        label=label,
    )


@pytest.fixture
def talked(place: Place) -> Place:
    tell(place, "lid leaks and broke", 9)
    tell(place, "lid leaks", 2, days_ago=9)
    tell(place, "the delivery", 6, label=Label.POSITIVE)
    return place


def test_pain_comes_before_praise_and_each_names_its_figures(talked: Place) -> None:
    answer = json.loads(talked.run("themes", "acme", "--since", "7d", "--format", "json").out)

    pain, praise = answer["themes"]
    assert (answer["brand"], answer["mentions"], answer["read"]) == ("Acme", 15, 15)
    assert (pain["kind"], pain["theme"], pain["phrases"]) == ("pain", "lid leaks", ["broke"])
    assert (pain["mentions"], pain["stories"], pain["before"], pain["trend"]) == (9, 9, 2, "up")
    assert (pain["net"], pain["scored"], pain["sources"]) == (-100.0, 9, [{"source": "hackernews", "mentions": 9}])
    assert pain["interval"][0] < -50 > pain["interval"][1] - 50
    assert (praise["kind"], praise["theme"]) == ("praise", "delivery")


@pytest.mark.parametrize(("drained", "expected"), [((), (None, "unknown")), (("Acme",), (0, "new"))])
def test_what_is_known_of_others_alone_makes_no_theme_of_a_brand_new(
    place: Place, drained: tuple[str, ...], expected: tuple[int | None, str]
) -> None:
    tell(place, "lid leaks", 9)
    for brand in ("Globex", *drained):
        place.drain(NOW - timedelta(days=30), NOW, brand=brand)
    (theme,) = json.loads(place.run("themes", "Acme", "--since", "7d", "--format", "json").out)["themes"]
    assert (theme["before"], theme["trend"]) == expected


def test_a_table_rounds_net_sentiment_once(place: Place) -> None:
    tell(place, "lid leaks", 8, label=Label.POSITIVE)
    tell(place, "lid leaks", 3, label=Label.NEGATIVE, first=8)

    asked = ("themes", "Acme", "--since", "7d")

    assert json.loads(place.run(*asked, "--format", "json").out)["themes"][0]["net"] == 45.5
    assert re.search(r"\+45 +-9 to \+86 +11 ", place.run(*asked).out)
    assert re.search(r"100 % +\+45 ", place.run(*asked, "--by", "source").out)


def test_two_quotes_of_a_theme_are_mentions_that_can_be_read(talked: Place) -> None:
    pain, praise = json.loads(talked.run("themes", "Acme", "--since", "7d", "--format", "json").out)["themes"]

    shown = json.loads(talked.run("mentions", "Acme", "--since", "7d", "--format", "json").out)

    texts = {one["number"]: one["text"] for one in shown}
    assert [len(pain["quotes"][felt]) for felt in ("positive", "negative")] == [0, 2]
    assert all("lid leaks" in texts[number] for number in pain["quotes"]["negative"])
    assert [len(praise["quotes"][felt]) for felt in ("positive", "negative")] == [2, 0]
    assert all("delivery" in texts[number] for number in praise["quotes"]["positive"])


def test_the_table_names_two_mentions_of_the_feeling_and_of_what_is_mixed_one_of_each(talked: Place) -> None:
    tell(talked, "lid leaks", 1, label=Label.POSITIVE, first=100)
    for first, label in ((200, Label.POSITIVE), (300, Label.NEGATIVE)):
        tell(talked, "charger", 4, label=label, first=first)
    read = {
        line.split()[0]: re.findall(r"[+-]\d+", line.split("hackernews")[1])
        for line in talked.run("themes", "Acme", "--since", "7d").out.splitlines()[1:]
    }
    assert {kind: [one[0] for one in numbers] for kind, numbers in read.items()} == {
        "pain": ["-", "-"],
        "praise": ["+", "+"],
        "mixed": ["+", "-"],
    }


def test_a_table_and_csv_show_the_same_themes(talked: Place) -> None:
    table = talked.run("themes", "Acme", "--since", "7d").out
    rows = talked.run("themes", "Acme", "--since", "7d", "--format", "csv").out.splitlines()

    assert table.splitlines()[0].split()[:4] == ["kind", "theme", "also", "mentions"]
    assert "lid leaks" in table
    assert "delivery" in table
    assert [row.split(",")[:2] for row in rows[1:]] == [["pain", "lid leaks"], ["praise", "delivery"]]


def test_the_limit_is_what_is_asked_for(talked: Place) -> None:
    answer = talked.run("themes", "Acme", "--since", "7d", "--limit", "1", "--format", "json")
    assert [theme["theme"] for theme in json.loads(answer.out)["themes"]] == ["lid leaks"]


def test_themes_are_told_by_the_stages_of_the_configuration(talked: Place) -> None:
    rows = json.loads(talked.run("themes", "Acme", "--since", "7d", "--by", "stage", "--format", "json").out)
    assert {(row["theme"], row["value"]) for row in rows} == {("lid leaks", "use"), ("delivery", "purchase")}

    talked.configure(CONFIG + '\n[journey]\nuse = []\npurchase = []\nadvocacy = ["lid leaks"]\n')
    rows = json.loads(talked.run("themes", "Acme", "--since", "7d", "--by", "stage", "--format", "json").out)
    assert [(row["theme"], row["value"], row["share"]) for row in rows] == [
        ("lid leaks", "advocacy", 1.0),
        ("delivery", "unknown", 1.0),
    ]


@pytest.mark.parametrize(("by", "value"), [("source", "hackernews"), ("language", "en")])
def test_themes_are_told_by_source_and_by_language(talked: Place, by: str, value: str) -> None:
    rows = json.loads(talked.run("themes", "Acme", "--since", "7d", "--by", by, "--format", "json").out)
    assert {row["value"] for row in rows} == {value}
    assert [(row["mentions"], row["usual"], row["net"]) for row in rows] == [(9, 1.0, -100.0), (6, 1.0, 100.0)]


def test_a_store_without_themes_says_so(place: Place) -> None:
    tell(place, "is fine", 1)
    answer = place.run("themes", "Acme")
    assert answer.code == 0
    assert "no theme recurs in the 1 mention of Acme" in answer.err


def test_an_unknown_brand_and_an_unknown_table_are_refused(talked: Place) -> None:
    assert 'did you mean "Acme"' in talked.run("themes", "Acmee").err
    talked.configure(CONFIG + "\n[journey]\nuse = 3\n")
    assert talked.run("themes", "Acme").code == 2
