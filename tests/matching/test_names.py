"""Names are found where a reader would say so."""

from __future__ import annotations

from pathlib import Path

import pytest

from listener.mention import Mention
from listener.query.build import build_query
from listener.query.evaluate import evaluate

TABLE = Path(__file__).parents[1] / "data" / "matching" / "names.tsv"


def rows():
    for number, line in enumerate(TABLE.read_text(encoding="utf-8").splitlines(), start=1):
        if line.strip() and not line.startswith("# "):
            keyword, text, expected, _why = line.split("\t")
            yield pytest.param(keyword, text, expected == "1", id=f"line {number}")


@pytest.mark.parametrize(("keyword", "text", "expected"), list(rows()))
def test_a_keyword_is_found_where_a_reader_would_say_so(keyword, text, expected):
    query = build_query(brand="Acme", keywords=[keyword])
    mention = Mention(source="jsonl", id="1", text=text, published_at=None)
    spans = evaluate(query.tree, mention)
    assert (spans is not None) is expected
    for field, start, end in spans or ():
        assert field == "text"
        assert 0 <= start < end <= len(text)
