"""Near copies are one story: how many are found, and how many others are taken for copies."""

from __future__ import annotations

import itertools
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

from listener.mention import Mention
from listener.stories import NEAR, are_near, normal_text, story_keys, text_units
from thoroughness import some

spec = spec_from_file_location("near_copies", Path(__file__).with_name("near_copies.py"))
assert spec is not None
assert spec.loader is not None
near_copies = module_from_spec(spec)
spec.loader.exec_module(near_copies)

LEAST = {"repost": 1.0, "link": 1.0, "emoji": 1.0, "case": 1.0, "deleted": 0.9, "replaced": 0.85}
MOST_WRONG = 0.03


def marks(text: str) -> tuple[frozenset[int], frozenset[int], frozenset[str]]:
    keys = story_keys(Mention(source="x", id="1", text=text, published_at=None))
    words = list(zip(*keys, strict=True))
    sure, near = (frozenset(number for number, kind in words if (kind == NEAR) is is_near) for is_near in (False, True))
    return sure, near, text_units(normal_text(text))


def are_one(one: str, other: str) -> bool:
    (sure, near, units), (others, beside, more) = marks(one), marks(other)
    return bool(sure & others) or (bool(near & beside) and are_near(units, more))


@pytest.mark.parametrize("script", near_copies.SYLLABLES)
@pytest.mark.parametrize("kind", near_copies.VARIANTS)
def test_near_copies_are_found_in_every_script(script: str, kind: str) -> None:
    found = [are_one(*pair) for pair in near_copies.Posts(script, 1).pairs(kind, min(300, some(1_000)))]
    assert sum(found) / len(found) >= LEAST[kind]


@pytest.mark.parametrize("script", near_copies.SYLLABLES)
def test_hardly_any_other_post_is_taken_for_a_copy(script: str) -> None:
    posts = near_copies.Posts(script, 2)
    known: dict[int, list[frozenset[str]]] = {}
    wrong, count = 0, some(1_500)
    for _ in range(count):
        sure, near, units = marks(posts.space.join(posts.words()))
        wrong += any(key in known for key in sure) or any(
            are_near(units, other) for key in near for other in known.get(key, ())
        )
        for key in near:
            known.setdefault(key, []).append(units)
    assert wrong / count <= MOST_WRONG


def test_short_texts_are_copies_only_where_they_are_equal() -> None:
    assert not are_one("the Acme lid is very good today", "the Acme lid is very bad today")


def test_near_is_the_same_both_ways() -> None:
    texts = [text for pair in near_copies.Posts("latin", 3).pairs("replaced", 20) for text in pair]
    for one, other in itertools.combinations([text_units(normal_text(text)) for text in texts], 2):
        assert are_near(one, other) == are_near(other, one)
