"""A mention is matched against all queries at once."""

from __future__ import annotations

import pytest

from listener.matching import Matcher
from listener.mention import ASSIGNED_BRAND, Mention
from listener.query import Query
from listener.query.build import build_query
from listener.query.parse import parse


def mention(text, **fields):
    return Mention(source="jsonl", id="1", text=text, published_at=None, **fields)


def test_matches_come_in_the_order_of_the_queries_with_their_spans():
    matcher = Matcher([build_query(brand="Globex"), build_query(brand="Acme"), build_query(brand="Initech")])
    found = matcher.match(mention("Acme beats Globex", title="Globex?"))
    assert [match.brand for match in found] == ["Globex", "Acme"]
    assert found[0].spans == (("title", 0, 6), ("text", 11, 17))
    assert found[1].spans == (("text", 0, 4),)


def test_a_condition_on_the_language_waits_until_it_is_confirmed():
    query = Query.of("Acme", parse("acme lang:de"))
    matcher = Matcher([query])
    seen = mention("acme")
    [match] = matcher.match(seen)
    assert matcher.confirm(seen, match, "de")
    assert matcher.confirm(seen, match, "de-AT")
    assert not matcher.confirm(seen, match, "en")
    assert not matcher.confirm(seen, match, "und")


def test_a_condition_against_a_language_waits_too():
    matcher = Matcher([Query.of("Acme", parse("acme -lang:de"))])
    seen = mention("acme")
    [match] = matcher.match(seen)
    assert matcher.confirm(seen, match, "en")
    assert not matcher.confirm(seen, match, "de")


def test_a_match_of_a_query_that_is_gone_is_not_confirmed():
    seen = mention("acme")
    [match] = Matcher([build_query(brand="Acme")]).match(seen)
    assert not Matcher([build_query(brand="Globex")]).confirm(seen, match, "en")


def test_a_query_on_properties_alone_matches_without_spans():
    [match] = Matcher([Query.of("Acme", parse("site:acme.example"))]).match(
        mention("anything", url="https://www.acme.example/news")
    )
    assert match.spans == ()


@pytest.mark.parametrize(
    ("site", "host", "is_on_it"),
    [
        ("bücher.example", "www.xn--bcher-kva.example", True),
        ("xn--bcher-kva.example", "bu\u0308cher.example", True),
        ("straße.example", "xn--strae-oqa.example", True),
        ("strasse.example", "xn--strae-oqa.example", False),
        ("xn--é.example", "xn--é.example", True),  # not Punycode at all
        ("cher.example", "xn--bcher-kva.example", False),
    ],
)
def test_a_host_is_found_in_its_own_letters_and_in_punycode(site: str, host: str, is_on_it: bool):
    found = Matcher([Query.of("Acme", parse(f"site:{site}"))]).match(mention("anything", url=f"https://{host}/news"))
    assert bool(found) == is_on_it


def test_a_mention_that_was_assigned_to_a_brand_matches_it_whatever_its_words_and_language_are():
    matcher = Matcher([Query.of("Globex", parse("globex")), Query.of("Acme", parse("acme -lid lang:de"))])
    seen = mention("Globex lid broke", extra={ASSIGNED_BRAND: "acme"})
    found = matcher.match(seen)
    assert [(match.brand, match.spans) for match in found] == [("Globex", (("text", 0, 6),)), ("Acme", ())]
    assert [matcher.confirm(seen, match, "en") for match in found] == [True, True]


def test_the_places_of_the_name_are_told_where_an_assigned_mention_has_them():
    [match] = Matcher([build_query(brand="Acme")]).match(mention("my Acme", extra={ASSIGNED_BRAND: "Acme"}))
    assert match.spans == (("text", 3, 7),)


def test_an_assignment_to_a_brand_that_nobody_listens_for_is_no_match():
    matcher = Matcher([build_query(brand="Acme")])
    assert matcher.match(mention("fine", extra={ASSIGNED_BRAND: "Initech"})) == ()
    assert matcher.match(mention("fine", extra={ASSIGNED_BRAND: 7})) == ()
