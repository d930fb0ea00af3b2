"""Native queries select a superset within the limits of a service."""

from __future__ import annotations

import pytest

from listener.errors import RejectedQueryError
from listener.query import Query
from listener.query.build import build_query
from listener.query.compile import Dialect, compile_query, compile_together
from listener.query.parse import parse
from sources import reddit, x

X = Dialect(name="x", max_length=512, authors=True, cashtags=True, accounts=r"\w{1,20}")
PLAIN = Dialect(name="plain", disjunction="", negation="", grouping=False, hashtags=False, handles=False)
WORDS = Dialect(name="words", disjunction="", negation="", grouping=False, phrases=False, hashtags=False, handles=False)


def native(expression, dialect=X):
    query = Query.of("Acme", parse(expression))
    return [found.text for found in compile_query(query, dialect)]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("acme", ["acme OR #acme"]),
        ("acme globex", ["(acme OR #acme) (globex OR #globex)"]),
        ("acme OR globex", ["acme OR #acme OR globex OR #globex"]),
        ('"acme coffee"', ['"acme coffee"']),
        ("coca-cola", ['"coca-cola"']),
        ("AT&T", ['"AT&T"']),
        ("C++", ['"C++"']),
        ("acme -pie", ["(acme OR #acme) -pie"]),
        ('acme -"acme pie"', ['(acme OR #acme) -"acme pie"']),
        ("acme -(pie OR cake)", ["(acme OR #acme) -pie -cake"]),
        ("acme -(pie cake)", ["acme OR #acme"]),
        ("acme -C++", ["acme OR #acme"]),
        ("acme (pie OR -cake)", ["acme OR #acme"]),
        ("#acme lang:en", ["#acme"]),
        ("@acme followers>=10", ["@acme"]),
        ("#acme -author:acme", ["#acme -from:acme"]),
        ("#acme NEAR/3 #pie", ["#acme #pie"]),
        ("#acme -(a NEAR/3 b)", ["#acme"]),
        ('raw:"ACME Inc"', ['"ACME Inc"']),
        ('title:"acme coffee"', ['"acme coffee"']),
        ("AND_ OR #pie", ["AND_ OR #AND_ OR #pie"]),
        ('"OR"', ['"OR"']),
        ("$ACME", ["$ACME"]),
        ("🍎", ['"🍎"']),
        ("#acme -author:acme@mastodon.example -author:acme", ["#acme -from:acme"]),
        ("#acme OR author:acme@mastodon.example", ["#acme"]),
        ("#acme author:acme@mastodon.example", ["#acme"]),
        ("#acme -author:did:plc:acme", ["#acme"]),
        ("@acme OR @acme.example.org", ['@acme OR "acme.example.org"']),
        ("#acme -@acme.example.org", ["#acme"]),
        ("acme\u200e", ["acme OR #acme"]),
        ("ac\u00adme -tea\ufeff", ["(acme OR #acme) -tea"]),
        ("#acme\u200f -#tea\u200f", ["#acme -#tea"]),
        ("コカ・コーラ", ['"コカ・コーラ" OR コカコーラ OR #コカコーラ']),
        ("acme -コカ・コーラ", ["(acme OR #acme) -コカコーラ"]),
        ('"acme\u200bcoffee"', ['"acme coffee" OR acmecoffee OR #acmecoffee']),
    ],
)
def test_x_is_asked_for_no_less_than_was_asked(expression, expected):
    assert native(expression) == expected


@pytest.mark.parametrize(
    ("expression", "dialect", "expected"),
    [
        ("acme OR globex", PLAIN, ["acme", "globex"]),
        ("(acme OR globex) (coffee OR tea OR milk)", PLAIN, ["acme", "globex"]),
        ("acme (coffee OR tea)", PLAIN, ["acme"]),
        ("acme -pie", PLAIN, ["acme"]),
        ("#acme", PLAIN, ["acme"]),
        ('"acme coffee"', WORDS, ["acme coffee"]),
        ("coca-cola", WORDS, ["coca cola"]),
        ("コカ・コーラ", WORDS, ["コカ コーラ", "コカコーラ"]),
    ],
)
def test_a_service_without_or_is_asked_once_for_each_alternative(expression, dialect, expected):
    assert native(expression, dialect) == expected


@pytest.mark.parametrize(
    "expression",
    [
        "author:acme@mastodon.example",
        "-acme",
        "lang:en",
        "acme OR lang:en",
        "acme OR -pie",
        "has:link",
        "car*",
        'hashtag:"acme coffee"',
    ],
)
def test_a_branch_without_anything_to_ask_for_is_refused(expression):
    with pytest.raises(RejectedQueryError, match="Acme"):
        native(expression)


def test_the_message_of_a_refusal_names_the_branch():
    with pytest.raises(RejectedQueryError, match="lang:en"):
        native("acme OR lang:en")


def test_alternatives_that_are_too_long_for_one_request_are_split_without_losing_one():
    words = [f"brand{number}" for number in range(200)]
    query = build_query(brand="Acme", keywords=words, exclude=["pie", "cake"])
    texts = [found.text for found in compile_query(query, X)]
    assert len(texts) > 1
    assert all(len(text) <= 512 for text in texts)
    asked = {term.strip("()") for text in texts for term in text.split()}
    assert asked >= {*words, *(f"#{word}" for word in words)}
    assert all("-pie" in text and "-cake" in text for text in texts)


def test_a_letter_is_not_excluded_at_a_service_since_names_hold_it_that_are_another_word():
    query = build_query(brand="Acme", keywords=["acme"], exclude=["c", "pie"])
    [found] = compile_query(query, X)
    assert "-pie" in found.text
    assert "-c" not in found.text
    assert 'NOT "c"' in found.residual


def test_exclusions_give_way_before_alternatives():
    query = build_query(brand="Acme", keywords=["acme"], exclude=[f"exclusion{number}" for number in range(100)])
    [found] = compile_query(query, X)
    assert len(found.text) <= 512
    assert "acme" in found.text
    assert not found.exact
    assert 'NOT "exclusion99"' in found.residual


def test_a_phrase_longer_than_the_limit_is_asked_for_by_its_beginning():
    phrase = " ".join(["coffee"] * 45)
    [text] = native(f'"{phrase}"', Dialect(name="short", max_length=50))
    assert len(text) <= 50
    assert text.startswith('"coffee coffee')


def test_a_word_longer_than_the_limit_is_refused():
    with pytest.raises(RejectedQueryError, match="at most 20 characters"):
        native("a" * 30, Dialect(name="short", max_length=20, hashtags=False))


def test_a_limit_of_terms_splits_too():
    dialect = Dialect(name="few", max_terms=4, hashtags=False)
    assert native("a1 OR b1 OR c1 OR d1 OR e1", dialect) == ["a1 OR b1 OR c1 OR d1", "e1"]


def test_what_is_pushed_whole_is_exact():
    query = Query.of("Acme", parse("#acme -author:acme"))
    assert [found.exact for found in compile_query(query, X)] == [True]


def test_several_brands_share_a_request():
    queries = [build_query(brand=name, hashtags=[name]) for name in ("acme", "globex", "initech")]
    assert [found.text for found in compile_together(queries, X)] == ["#acme OR #globex OR #initech"]


def test_brands_that_do_not_fit_together_are_asked_apart():
    queries = [build_query(brand=f"brand{number}", exclude=["pie"]) for number in range(60)]
    texts = [found.text for found in compile_together(queries, X)]
    assert 1 < len(texts) < 60
    assert all(len(text) <= 512 for text in texts)
    assert all(any(f"brand{number} " in text for text in texts) for number in range(60))


def test_a_brand_that_cannot_be_asked_is_named():
    queries = [build_query(brand="Globex"), Query.of("Acme", parse("lang:en"))]
    with pytest.raises(RejectedQueryError, match="query of Acme"):
        compile_together(queries, X)


@pytest.mark.parametrize("dialect", [reddit.DIALECT, x.DIALECT], ids=lambda dialect: dialect.name)
def test_no_service_is_asked_for_an_author_that_it_cannot_have(dialect):
    assert native('"acme tea" author:ada-1 author:ada@m.example', dialect)[0].count("ada") == (dialect.name == "reddit")
    assert native('"acme tea" OR author:did:plc:ada', dialect) == ['"acme tea"']
    assert native('"acme tea" OR author:ada', dialect) == [f'"acme tea" OR {dialect.author_prefix}ada']


def test_what_is_only_met_is_not_asked_for_and_refuses_nothing():
    assert native('"acme coffee" OR inhashtag:"acme coffee"') == native('"acme coffee"')
    assert native('tea AND ("acme coffee" OR inhashtag:"acme coffee")') == native('tea AND "acme coffee"')
    assert native('tea AND inhashtag:"acme coffee"') == native("tea")
    made = compile_query(Query.of("Acme", parse('acme OR inhashtag:"acme"')), X)
    assert made[0].residual == ('inhashtag:"acme"',)
    with pytest.raises(RejectedQueryError, match="inhashtag"):
        native('inhashtag:"acme coffee" OR inhashtag:"acme tea"')
    with pytest.raises(RejectedQueryError, match=r": lang:en holds"):
        native('inhashtag:"acme coffee" OR lang:en')


FLAT = Dialect(
    name="flat", max_length=40, disjunction=" | ", negation="", grouping=False, hashtags=False, handles=False
)
NEGATING = Dialect(name="negating", max_terms=2, hashtags=False)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("acme (coffee OR tea)", ["acme"]),
        ("(acme OR globex) (coffee OR tea OR milk)", ["acme | globex"]),
        ("(acme OR (globex shop)) (coffee OR tea OR milk)", ["acme | globex shop"]),
        ("aaaaaaaaaaaa OR bbbbbbbbbbbb OR cccccccccccc", ["aaaaaaaaaaaa | bbbbbbbbbbbb", "cccccccccccc"]),
        ("(aaaaaaaaaa bbbbbbbbbbbbbbb cccccccccccccccccccc) OR dd", ["aaaaaaaaaa bbbbbbbbbbbbbbb | dd"]),
    ],
)
def test_a_service_with_or_but_no_parentheses_is_asked_for_alternatives_side_by_side(expression, expected):
    found = compile_query(Query.of("Acme", parse(expression)), FLAT)
    assert [one.text for one in found] == expected
    assert all(len(one.text) <= 40 for one in found)


def test_of_more_conditions_than_may_be_asked_for_exclusions_are_left_out_first():
    assert native("acme coffee -pie -cake", NEGATING) == ["acme coffee"]
    [found] = compile_query(Query.of("Acme", parse("acme -pie -cake")), NEGATING)
    assert (found.text, found.exact) == ("acme -pie", False)
    assert native("acme (pie OR cake) coffee", NEGATING) != []


def test_nothing_is_asked_for_no_brand():
    assert compile_together([], X) == ()


def test_what_cannot_be_asked_is_named_by_itself_where_own_accounts_and_words_are_excluded() -> None:
    query = build_query(
        brand="Acme", query='coffee OR hashtag:"acme coffee"', exclude=["thread"], own_accounts=["acme_help"]
    )
    with pytest.raises(RejectedQueryError, match=r'^plain .* of Acme: hashtag:"acme coffee" holds no word'):
        compile_query(query, Dialect(name="plain"))
