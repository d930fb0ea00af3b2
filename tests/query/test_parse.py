"""Expressions are read as people write them, or refused with the place and what was expected."""

from __future__ import annotations

import pytest

from bounds import assert_linear
from listener.errors import QueryError
from listener.query.languages import TOLD
from listener.query.parse import MAX_DEPTH, parse
from listener.query.tree import (
    And,
    Author,
    Bound,
    Cashtag,
    Field,
    Handle,
    Hashtag,
    Near,
    Not,
    Or,
    Phrase,
    Prefix,
    Query,
    Raw,
    TagWords,
    Title,
    format_tree,
)
from sentiment.selection import identified_languages

A, B, C, D = Phrase("a"), Phrase("b"), Phrase("c"), Phrase("d")


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a", A),
        ('"a"', A),
        ("\u201ca b\u201d", Phrase("a b")),
        ('"a \\"b\\" \\\\"', Phrase('a "b" \\')),
        ("a b", And((A, B))),
        ("a AND b", And((A, B))),
        ("a b AND c", And((A, B, C))),
        ("a OR b OR c", Or((A, B, C))),
        ("a OR (b c)", Or((A, And((B, C))))),
        ("(a OR b) c", And((Or((A, B)), C))),
        ("((a))", A),
        ("NOT a", Not(A)),
        ("-a", Not(A)),
        ("- a", None),
        ("NOT NOT a", A),
        ("a -b", And((A, Not(B)))),
        ("a NOT b", And((A, Not(B)))),
        ("a OR NOT b", Or((A, Not(B)))),
        ("-(a b)", Not(And((A, B)))),
        ("a NEAR/3 b", Near(A, B, 3)),
        ("a NEAR/3f b", Near(A, B, 3, ordered=True)),
        ("a NEAR/0f b", Near(A, B, 0, ordered=True)),
        ("a NEAR/3 b c", And((Near(A, B, 3), C))),
        ("a NEAR/3 b OR c", Or((Near(A, B, 3), C))),
        ("a NEAR/1 b NEAR/2 c", Near(Near(A, B, 1), C, 2)),
        ("(a OR b) NEAR/2 c", Near(Or((A, B)), C, 2)),
        ('"a b"~4', Near(A, B, 4)),
        ('"a b c"~4', Near(Near(A, B, 4), C, 4)),
        ("car*", Prefix("car")),
        ('"my car"*', Prefix("my car")),
        ('raw:"Apple"', Raw("Apple")),
        ("raw:Google+", Raw("Google+")),
        ("#acme", Hashtag("acme")),
        ("@acme", Handle("acme")),
        ("$ACME", Cashtag("ACME")),
        ("$5", Phrase("$5")),
        ('hashtag:"acme coffee"', TagWords("acme coffee")),
        ("title:acme", Title(Phrase("acme"))),
        ('title:"acme coffee"', Title(Phrase("acme coffee"))),
        ("title:car*", Title(Prefix("car"))),
        ("author:@Acme", Author("Acme")),
        ("author:did:plc:acme", Author("did:plc:acme")),
        ("author:https://mastodon.example/users/acme", Author("https://mastodon.example/users/acme")),
        ("site:https://www.Example.org/", Field("site", "example.org")),
        ("url:/pricing", Field("url", "/pricing")),
        ("lang:hi-Latn", Field("lang", "hi-latn")),
        ("lang:EN", Field("lang", "en")),
        ("lang:und", Field("lang", "und")),
        ("source:Reddit", Field("source", "reddit")),
        ("subreddit:r/Coffee", Field("subreddit", "coffee")),
        ("kind:Comment", Field("kind", "comment")),
        ("country:in", Field("country", "IN")),
        ("is:repost", Field("is", "repost")),
        ("has:media", Field("has", "media")),
        ("followers>=1000", Bound("followers", ">=", 1000)),
        ("likes<5", Bound("likes", "<", 5)),
        ("rating<=0.25", Bound("rating", "<=", 0.25)),
        ("coca-cola", Phrase("coca-cola")),
        ("AT&T", Phrase("AT&T")),
        ("C++", Phrase("C++")),
        ("you.com", Phrase("you.com")),
        ("\u30b3\u30ab\u30b3\u30fc\u30e9", Phrase("\u30b3\u30ab\u30b3\u30fc\u30e9")),
        ("\U0001f34e", Phrase("\U0001f34e")),
        ("android", Phrase("android")),
        ("ORange", Phrase("ORange")),
        ("10,000", Phrase("10,000")),
        ("<3", Phrase("<3")),
        ("a 'n' b's", And((A, Phrase("'n'"), Phrase("b's")))),
        ("'a OR b'", Or((Phrase("'a"), Phrase("b'")))),
    ],
)
def test_an_expression_is_read_as_written(text, tree):
    if tree is None:
        with pytest.raises(QueryError):
            parse(text)
    else:
        assert parse(text) == tree


@pytest.mark.parametrize(
    ("text", "column", "words"),
    [
        ("", 1, "empty"),
        ("   ", 1, "empty"),
        ("(a", 1, "never closed"),
        ("a)", 2, "closes nothing"),
        ("()", 2, "expected a word"),
        ('a "b', 3, "never closed"),
        ("a OR", 5, "expected a word"),
        ("OR a", 1, "expected a word"),
        ("a AND", 6, "expected a word"),
        ("a OR OR b", 6, "expected a word"),
        ("NOT", 4, "expected a word"),
        ("a NEAR b", 3, "NEAR needs a number"),
        ("a NEAR/101 b", 3, "at most 100"),
        ("NEAR/3 b", 1, "expected a word"),
        ("a NEAR/3", 9, "expected a word"),
        ("a NEAR/3 -b", 10, "cannot stand beside NEAR"),
        ("a NEAR/3 author:b", 10, "cannot stand beside NEAR"),
        ("(a AND b) NEAR/3 c", 1, "cannot stand beside NEAR"),
        ("a or b", 3, "capitals"),
        ("a near/3 b", 3, "capitals"),
        ("a NEAR/x b", 3, "NEAR needs a number"),
        ("a NEAR/ b", 3, "NEAR needs a number"),
        ("a NEAR/5ff b", 3, "NEAR needs a number"),
        ("a && b", 3, "write AND"),
        ("a || b", 3, "write OR"),
        ("a | b", 3, "write OR"),
        ("b, c", 1, "write OR"),
        ("a b; c", 3, "write OR"),
        ("followers > 10", 11, "followers>1000"),
        ("followers >=10", 11, "followers>1000"),
        ("likes = 5", 7, "followers>1000"),
        ("a 'b c'", 3, "in double ones"),
        ("a 'acme'", 3, "in double ones"),
        ("\u2018a b c\u2019", 1, "in double ones"),
        ('"a b"~', 6, "right behind a phrase"),
        ('"a b"~x', 6, "right behind a phrase"),
        ('"a b" ~3', 7, "right behind a phrase"),
        ("ca*r", 3, "end of a word"),
        ("c*", 1, "at least 2 letters"),
        ("*", 1, "at least 2 letters"),
        ("athor:acme", 1, 'did you mean "author"'),
        ("https://acme.example", 1, "quotes"),
        ("author:", 8, "expected a value"),
        ("author:://", 8, "neither the name of an account nor the id"),
        ("lang:english!", 6, "BCP 47"),
        ("acme lang:en-US", 11, 'no text is identified as "en-US"; did you mean "en"?'),
        ("lang:zh-Hans", 6, 'did you mean "zh"?'),
        ("NOT lang:pt_BR", 10, 'did you mean "pt"?'),
        ("lang:xx", 6, 'no text is identified as "xx"'),
        ("kind:tweet", 6, "kind of mention"),
        ("country:India", 9, "ISO 3166"),
        ("country:uk", 9, "write country:gb"),
        ("is:retweet", 4, "known"),
        ("has:cats", 5, "known"),
        ("site:acme", 6, "not a host"),
        ("followers>=many", 12, "expected a number"),
        ("followers>=1.5", 12, "whole numbers"),
        ("rating>=4", 9, "between 0 and 1"),
        ("folowers>=1", 1, 'did you mean "followers"'),
        ("#", 1, "not a hashtag"),
        ("#a-b", 1, "not a hashtag"),
        ("@", 1, "not an account name"),
        ('"\u2122"', 1, "nothing here"),
        ('"a b"~999', 1, "at most 100"),
        ("\U0001f34e\U0001f34e (", 5, "ends here"),
    ],
)
def test_what_cannot_be_read_is_refused_at_its_column(text, column, words):
    with pytest.raises(QueryError, match=words) as caught:
        parse(text)
    assert caught.value.column == column


def test_the_languages_that_an_expression_may_name_are_those_that_texts_are_told_to_be():
    assert set(TOLD) == identified_languages()


def test_a_mixture_of_and_and_or_is_refused_with_both_readings():
    with pytest.raises(QueryError) as caught:
        parse("apple OR iphone ipad")
    assert "apple OR (iphone AND ipad)" in str(caught.value)
    assert "(apple OR iphone) AND ipad" in str(caught.value)
    assert caught.value.column == 17
    with pytest.raises(QueryError, match=r"\(a AND b\) OR c or write a AND \(b OR c\)"):
        parse("a AND b OR c")


@pytest.mark.parametrize(
    "text",
    [
        lambda size: "(" * (size // 2) + "a" + ")" * (size // 2),
        lambda size: "NOT " * (size // 2) + "a",
        lambda size: "-" * size + "a",
        lambda size: "a NEAR/1 " * (size // 4) + "a",
        lambda size: '"' + "a " * (3 * size // 2) + '"',
        lambda size: "a OR " * (size // 2) + "b",
        lambda size: "a " * (25 * size),
        lambda size: "x" * (50 * size),
        lambda size: "(((((" * (size // 2),
        lambda size: '"' + "\\" * (3 * size + 1),
        lambda size: "a*" * (3 * size // 2),
        lambda size: "AND " * (4 * size // 5),
        lambda size: "\u0e33" * (3 * size),
    ],
    ids=range(13),
)
def test_a_hostile_expression_gets_an_answer_or_a_clear_error_in_linear_time(text):
    def ask(size):
        assert len(answered(text(size))) < 1_000

    assert_linear(ask, 5_000)


def answered(text):
    try:
        return Query.of("Acme", parse(text)).version
    except QueryError as error:
        return str(error)


def test_parentheses_may_be_nested_to_the_limit_and_no_deeper():
    assert parse("(" * MAX_DEPTH + "a" + ")" * MAX_DEPTH) == A
    with pytest.raises(QueryError, match="nested deeper"):
        parse("(" * (MAX_DEPTH + 1) + "a" + ")" * (MAX_DEPTH + 1))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a b", "b AND a"),
        ("a OR b OR a", "b OR a"),
        ("(a b) c", "a (b c)"),
        ("a -(b OR c)", "NOT (c OR b) a"),
        ("a NEAR/2 b", "b NEAR/2 a"),
        ("\u201ca\u201d", "a"),
        ("followers>=10", "followers>=10.0"),
    ],
)
def test_the_same_expression_written_in_another_way_has_the_same_version(one, other):
    assert Query.of("Acme", parse(one)).version == Query.of("Acme", parse(other)).version


def test_order_matters_where_it_was_asked_for():
    assert format_tree(parse("a NEAR/2f b")) != format_tree(parse("b NEAR/2f a"))


def test_half_a_character_is_refused_with_its_column() -> None:
    with pytest.raises(QueryError, match="half a character") as caught:
        parse("acme \udce9")
    assert caught.value.column == 6
