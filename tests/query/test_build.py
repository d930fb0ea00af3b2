"""The configuration of a brand becomes one tree."""

from __future__ import annotations

import pytest

from listener.errors import QueryError
from listener.mention import Author, Mention
from listener.query.build import build_query
from listener.query.evaluate import evaluate
from listener.query.parse import parse


def mention(text, **fields):
    return Mention(source="jsonl", id="1", text=text, published_at=None, **fields)


def test_the_name_is_the_keyword_where_nothing_else_is_given():
    query = build_query(brand="Acme")
    assert query.text == '"Acme"'
    assert query.names == ("Acme",)


def test_keywords_and_hashtags_are_alternatives():
    query = build_query(brand="Acme", keywords=["acme coffee"], hashtags=["#AcmeDay", "acmeweek"])
    assert query.tree == parse('"acme coffee" OR #AcmeDay OR #acmeweek')
    assert query.names == ("Acme", "acme coffee", "AcmeDay", "acmeweek")


def test_exclude_context_and_own_accounts_narrow():
    query = build_query(
        brand="Acme", keywords=["acme"], exclude=["pie"], context=["coffee", "tea"], own_accounts=["@acme"]
    )
    assert evaluate(query.tree, mention("acme coffee")) is not None
    assert evaluate(query.tree, mention("acme")) is None
    assert evaluate(query.tree, mention("acme coffee pie")) is None
    assert evaluate(query.tree, mention("acme tea", author=Author(handle="ACME"))) is None
    assert evaluate(query.tree, mention("acme tea", author=Author(handle="someone"))) is not None


def test_a_query_stands_beside_the_keywords():
    query = build_query(brand="Acme", keywords=["acme"], query="globex NEAR/2 coffee", exclude=["pie"])
    assert evaluate(query.tree, mention("globex makes coffee")) is not None
    assert evaluate(query.tree, mention("acme")) is not None
    assert evaluate(query.tree, mention("globex makes coffee pie")) is None


def test_a_sigil_makes_a_tag_of_a_keyword():
    query = build_query(brand="Acme", keywords=["#acme", "@acme", "$ACME"])
    assert query.tree == parse("#acme OR @acme OR $ACME")


@pytest.mark.parametrize(
    ("option", "fields"),
    [
        ("name", {"brand": " "}),
        ("name", {"brand": "\u2122"}),
        ("keywords", {"brand": "Acme", "keywords": [""]}),
        ("exclude", {"brand": "Acme", "exclude": ["\u200b"]}),
        ("context", {"brand": "Acme", "context": [" "]}),
        ("hashtags", {"brand": "Acme", "hashtags": ["acme coffee"]}),
        ("hashtags", {"brand": "Acme", "hashtags": ["#"]}),
        ("own_accounts", {"brand": "Acme", "own_accounts": ["@"]}),
        ("query", {"brand": "Acme", "query": "(acme"}),
        ("query", {"brand": "Acme", "query": ""}),
    ],
)
def test_an_error_names_the_option(option, fields):
    with pytest.raises(QueryError, match=f"^{option}:"):
        build_query(**fields)


def test_the_same_configuration_in_another_order_has_the_same_version():
    one = build_query(brand="Acme", keywords=["acme", "globex"], exclude=["pie", "cake"])
    two = build_query(brand="Acme", keywords=["globex", "acme"], exclude=["cake", "pie"])
    assert one.version == two.version
    assert one.version != build_query(brand="Acme", keywords=["acme"]).version


def test_keywords_inside_hashtags_count_where_that_is_wanted():
    plain = build_query(brand="Acme", keywords=["acme coffee", "#acme"])
    query = build_query(brand="Acme", keywords=["acme coffee", "#acme"], inside_hashtags=True)
    assert query.tree == parse('"acme coffee" OR #acme OR inhashtag:"acme coffee"')
    assert parse(query.text) == query.tree
    assert query.version != plain.version
    loved = mention("so good #LoveAcmeCoffee")
    assert evaluate(query.tree, loved) is not None
    assert evaluate(plain.tree, loved) is None
    assert evaluate(query.tree, mention("so good #loveacmecoffee")) is None


def test_the_name_counts_inside_hashtags_too_where_it_is_the_keyword():
    query = build_query(brand="Acme", inside_hashtags=True, exclude=["pie"])
    assert evaluate(query.tree, mention("#IloveAcme")) is not None
    assert evaluate(query.tree, mention("#IloveAcme pie")) is None
