"""Searches that another one covers are not paid for, and nothing is missed for it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servers.github import finds, issue
from sources.alternatives import widest

SPAN = "created:0..9"


@pytest.mark.parametrize(
    ("searches", "asked"),
    [
        (["acme", '"acme kettle"'], ["acme"]),
        (['"acme kettle"', "Acme"], ["Acme"]),
        (["acme", "ACME", "acme"], ["acme"]),
        (["acme tea", "tea acme", "tea"], ["tea"]),
        (['"tea acme"', '"acme tea"'], ['"tea acme"', '"acme tea"']),
        (["acme", "acmes", '"AT&T"', "t"], ["acme", "acmes", '"AT&T"', "t"]),
        (['"a b c"', '"b c" tea', '"a b" "b c"'], ['"b c" tea', '"a b" "b c"']),
        ([], []),
    ],
)
def test_a_search_that_another_covers_is_left_out(searches: list[str], asked: list[str]) -> None:
    assert list(widest(searches)) == asked


words = st.sampled_from(["acme", "tea", "pie"])
terms = st.one_of(words, st.lists(words, min_size=2, max_size=3).map(lambda some: f'"{" ".join(some)}"'))
searches = st.lists(st.lists(terms, min_size=1, max_size=3).map(" ".join), max_size=6)


@given(searches, st.lists(words, max_size=6).map(" ".join))
def test_what_any_search_finds_is_found_by_one_that_is_asked(searches: list[str], text: str) -> None:
    item = issue(1, 5, text, None, created_at="5")
    found = [one for one in searches if finds(f"{one} {SPAN}", item, "created_at")]
    asked = [one for one in widest(searches) if finds(f"{one} {SPAN}", item, "created_at")]
    assert bool(found) == bool(asked)
