from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cli.conftest import Place

WHOLE = """\
[[brands]]
name = "Acme"
keywords = ["Acme", "Acme Rockets"]
exclude = ["acme thread"]
[[brands]]
name = "Globex"
sources = ["x"]
[sources.hackernews]
every = "30m"
base_url = "http://127.0.0.1:9"
[sources.rss]
enabled = false
[sources.x]
base_url = "http://127.0.0.1:9"
"""


def test_each_source_shows_what_it_is_asked_and_what_is_filtered_here(place: Place) -> None:
    place.configure(WHOLE)

    answer = place.run("explain", "acme", "--format", "json")

    rows = json.loads(answer.out)
    assert answer.code == 0
    assert {row["source"] for row in rows} == {"hackernews", "x"}
    assert {row["native"] for row in rows if row["source"] == "hackernews"} == {"Acme", '"Acme Rockets"'}
    assert {row["requests_a_day"] for row in rows if row["source"] == "hackernews"} == {48}
    assert all('NOT "acme thread"' in row["filter"] for row in rows)
    assert "$0.005 a post" in next(row["cost"] for row in rows if row["source"] == "x")


def test_a_brand_is_explained_for_the_sources_it_listens_to(place: Place) -> None:
    place.configure(WHOLE)

    rows = json.loads(place.run("explain", "Globex", "--format", "json").out)

    assert {row["source"] for row in rows} == {"x"}


def test_the_page_for_people_adds_up_requests_and_fits(place: Place) -> None:
    place.configure(WHOLE)

    answer = place.run("explain")

    assert answer.code == 0
    assert "  hackernews: every 30m, 96 requests a day or more; cost: free" in answer.out.splitlines()
    assert [line for line in answer.out.splitlines() if line in {"Acme", "Globex"}] == ["Acme", "Globex"]
    assert all(len(line) <= 80 for line in answer.out.splitlines())


def test_a_query_that_a_source_cannot_be_asked_is_named_and_the_rest_explained(place: Place) -> None:
    place.configure(
        '[[brands]]\nname = "Acme"\nquery = "is:reply lang:en"\nkeywords = []\n'
        '[[brands]]\nname = "Globex"\n[sources.hackernews]\nbase_url = "http://127.0.0.1:9"\n'
    )

    answer = place.run("explain")

    assert answer.code == 3
    assert "hackernews: cannot be asked:" in answer.out
    assert "    Globex" in answer.out.splitlines()


def test_an_unknown_brand_is_refused(place: Place) -> None:
    answer = place.run("explain", "Acmee")

    assert answer.code == 2
    assert 'did you mean "Acme"' in answer.err
