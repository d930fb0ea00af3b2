"""Names, expressions and properties mean what their tables say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from listener.matching import Matcher
from listener.mention import Author, Engagement, Mention
from listener.query import Query
from listener.query.build import build_query
from listener.query.evaluate import evaluate
from listener.query.parse import parse

DATA = Path(__file__).parents[1] / "data" / "matching"


def rows(name):
    lines = (DATA / name).read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines, start=1):
        if line.strip() and not line.startswith("# "):
            first, text, expected, why = line.split("\t")
            yield pytest.param(first, text, expected == "1", id=f"{name}:{number} {why}")


def said(text):
    return Mention(source="jsonl", id="1", text=text, published_at=None)


def check(query, mention, expected, language=None):
    spans = evaluate(query.tree, mention, language=language)
    assert (spans is not None) is expected
    waiting = evaluate(query.tree, mention)
    found = Matcher([query]).match(mention)
    assert [match.spans for match in found] == ([] if waiting is None else [waiting])
    for field, start, end in spans or ():
        assert 0 <= start < end <= len(getattr(mention, field))


@pytest.mark.parametrize(("keyword", "text", "expected"), [*rows("names.tsv"), *rows("scripts.tsv")])
def test_a_keyword_is_found_where_a_reader_would_say_so(keyword, text, expected):
    check(build_query(brand="Acme", keywords=[keyword]), said(text), expected)


@pytest.mark.parametrize(("expression", "text", "expected"), list(rows("operators.tsv")))
def test_an_expression_is_satisfied_where_its_operators_say_so(expression, text, expected):
    check(Query.of("Acme", parse(expression)), said(text), expected)


@pytest.mark.parametrize("line", (DATA / "fields.jsonl").read_text(encoding="utf-8").splitlines())
def test_a_property_is_satisfied_where_it_is_known_to_hold(line):
    row = json.loads(line)
    mention = Mention(
        source=row.get("source", "jsonl"),
        id="1",
        text=row.get("text", ""),
        title=row.get("title"),
        published_at=None,
        url=row.get("url"),
        kind=row.get("kind", "post"),
        author=Author(handle=row.get("author"), followers=row.get("followers")),
        engagement=Engagement(likes=row.get("likes")),
        rating=row.get("rating"),
        reply_to=row.get("reply_to"),
        repost_of=row.get("repost_of"),
        quote_of=row.get("quote_of"),
        place=row.get("place"),
        links=tuple(row.get("links", ())),
        hashtags=tuple(row.get("hashtags", ())),
        has_media=row.get("has_media"),
    )
    check(Query.of("Acme", parse(row["query"])), mention, row["expected"], row.get("language"))


def test_the_tables_are_as_large_as_promised():
    counts = [len(list(rows(name))) for name in ("names.tsv", "scripts.tsv", "operators.tsv")]
    assert sum(counts) >= 200
