"""What a configuration excludes is words, and by whom and where."""

from __future__ import annotations

import pytest

from listener.errors import QueryError
from listener.matching import Matcher
from listener.mention import Author, Mention
from listener.query.build import build_query


def matches(exclude: str, **fields: object) -> bool:
    values: dict[str, object] = {"source": "x", "id": "1", "text": "acme is here", "published_at": None, **fields}
    return bool(Matcher((build_query(brand="Acme", exclude=[exclude]),)).match(Mention(**values)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("exclude", "fields"),
    [
        ("author:jo", {"author": Author(handle="Jo")}),
        ("author:@jo", {"author": Author(handle="jo")}),
        ("site:spam.example", {"url": "https://www.spam.example/1"}),
        ("subreddit:toys", {"url": "https://www.reddit.com/r/Toys/comments/1"}),
        ("site: is", {"text": "acme site: is here"}),
        ("note:this", {"text": "acme note:this"}),
    ],
)
def test_an_exclusion_takes_out_what_it_names_and_nothing_else(exclude: str, fields: dict[str, object]) -> None:
    assert not matches(exclude, **fields)
    assert matches(exclude)


def test_a_condition_that_cannot_be_read_names_the_option() -> None:
    with pytest.raises(QueryError, match=r"exclude: site:a b: .*not a host"):
        build_query(brand="Acme", exclude=["site:a b"])


def test_a_condition_is_for_exclude_alone() -> None:
    made = build_query(brand="Acme", keywords=["site:acme"])
    assert made.tree == build_query(brand="Other", keywords=["site:acme"]).tree
    assert Matcher((made,)).match(Mention(source="x", id="1", text="my site:acme", published_at=None))
