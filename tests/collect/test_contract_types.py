"""The checks tell of what is of another type than the interface says, in a sentence and not by failing at it."""

from __future__ import annotations

import math
from datetime import datetime

import pytest

from listener.api import Author, Mention, Page, Resource, ScoringTask, Window, from_epoch
from listener.testing import FakeScorer, FakeSource, build_query, check_mention, check_page, check_scorer, check_source

BASE = 1_780_000_000
WINDOW = Window(since=from_epoch(BASE), until=from_epoch(BASE + 10_000))


def _mention(**changes: object) -> Mention:
    asked = {"source": "fake", "id": "1", "text": "Acme is good", "published_at": from_epoch(BASE + 1)}
    return Mention(**asked | changes)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"id": 5}, "id holds int, and should hold str"),
        ({"text": b"Acme"}, "text holds bytes"),
        ({"published_at": "2026-05-29"}, "published_at holds str, and should hold datetime"),
        ({"hashtags": "tea"}, "hashtags holds str"),
        ({"hashtags": ["tea"]}, "hashtags holds list"),
        ({"hashtags": (5,)}, "hashtags holds a tuple of int"),
        ({"author": "ada"}, "author holds str"),
        ({"author": Author(handle=5)}, "author: handle holds int"),
        ({"engagement": None}, "engagement holds NoneType"),
        ({"language": 5}, "language holds int"),
        ({"thread": 7}, "thread holds int"),
        ({"extra": [1]}, "extra holds list"),
        ({"extra": {"at": datetime(2026, 5, 29)}}, "extra holds what JSON cannot"),  # noqa: DTZ001 - no matter here
        ({"extra": {1: 2}}, "extra holds what JSON cannot"),
        ({"extra": {"n": math.nan}}, "extra holds what JSON cannot"),
    ],
)
def test_a_mention_with_a_field_of_another_type_is_told_so(change: dict[str, object], sentence: str) -> None:
    with pytest.raises(AssertionError, match=sentence):
        check_mention(_mention(**change), WINDOW, {"fake"})


def test_a_mention_with_every_field_as_declared_is_fine() -> None:
    check_mention(
        _mention(rating=1, extra={"stars": [1, {"of": None}]}, links=("https://a.example",)), WINDOW, {"fake"}
    )


@pytest.mark.parametrize(
    ("page", "sentence"),
    [
        (None, "a page is of type NoneType and no Page"),
        (Page(mentions=({"id": 1},)), "mentions holds a tuple of dict"),
        (Page(cursor=5, exhausted=False), "cursor holds int"),
        (Page(marker=5), "marker holds int"),
        (Page(requests=None), "requests holds NoneType"),
        (Page(gone=(5,)), "gone holds a tuple of int"),
        (Page(skipped=("x",)), "skipped holds a tuple of str"),
    ],
)
def test_a_page_with_a_field_of_another_type_is_told_so(page: Page, sentence: str) -> None:
    with pytest.raises(AssertionError, match=sentence):
        check_page(page, WINDOW, {"fake"})


@pytest.mark.parametrize(
    ("broken", "sentence"),
    [
        ({"plan": lambda *_: None}, r"plan\(\) returns NoneType and no sequence"),
        ({"plan": lambda *_: ["x"]}, "a resource is of type str and no Resource"),
        ({"plan": lambda *_: [Resource(key=5, lane="l", native="n")]}, "key holds int"),
        ({"check": lambda *_: None}, r"check\(\) does not return one line"),
        ({"Options": None}, "is not a dataclass"),
    ],
)
def test_a_source_that_answers_with_another_type_is_told_so(broken: dict[str, object], sentence: str) -> None:
    kind = type("Broken", (FakeSource,), broken)
    with pytest.raises(AssertionError, match=sentence):
        check_source(kind, [build_query(brand="Acme", keywords=["acme"])], WINDOW)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (None, r"score\(\) returns NoneType and no sequence"),
        ([0.5], "is of type float and no Sentiment"),
    ],
)
def test_a_scorer_that_answers_with_another_type_is_told_so(given: object, sentence: str) -> None:
    class Broken(FakeScorer):
        def score(self, tasks):
            return given if tasks else []

    with pytest.raises(AssertionError, match=sentence):
        check_scorer(Broken(), [ScoringTask(text="good", language="en")])
