"""Cheap frozen records behave as those of the standard decorator."""

from __future__ import annotations

import copy
import pickle
from dataclasses import FrozenInstanceError, field, fields, replace
from typing import ClassVar

import pytest

from listener.frozen import dataclass, maker


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A made-up record."""

    x: int
    y: int = 2
    tags: list[str] = field(default_factory=list)
    note: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Pair:
    """A made-up record made by position, which checks itself."""

    left: str
    right: str = "r"

    def __post_init__(self) -> None:
        if not self.left:
            msg = "left is empty"
            raise ValueError(msg)

    def __repr__(self) -> str:
        return f"<{self.left}>"


def test_fields_have_their_defaults_and_a_factory_makes_one_for_each() -> None:
    first, second = Point(x=1), Point(x=1)
    assert (first.x, first.y, first.tags, first.note) == (1, 2, [], "")
    assert first.tags is not second.tags


def test_a_required_field_is_asked_for_and_an_unknown_one_refused() -> None:
    with pytest.raises(TypeError, match="x"):
        Point()
    with pytest.raises(TypeError, match="z"):
        Point(x=1, z=2)
    with pytest.raises(TypeError):
        Point(1)


def test_nothing_can_be_set_deleted_or_added() -> None:
    point = Point(x=1)
    with pytest.raises(FrozenInstanceError):
        point.x = 3
    with pytest.raises(FrozenInstanceError):
        del point.x
    with pytest.raises(FrozenInstanceError):
        point.other = 3
    assert not hasattr(point, "__dict__")


def test_records_are_equal_and_hash_by_what_is_compared() -> None:
    assert Point(x=1, note="a") == Point(x=1, note="b")
    assert Point(x=1) != Point(x=2)
    assert Pair("a") != ("a", "r")
    assert len({Pair("a"), Pair("a", "r"), Pair("b")}) == 2


def test_a_record_is_shown_by_its_fields_or_in_its_own_way() -> None:
    assert repr(Point(x=1)) == "Point(x=1, y=2, tags=[], note='')"
    assert repr(Pair("a")) == "<a>"


def test_a_record_checks_itself() -> None:
    with pytest.raises(ValueError, match="left is empty"):
        Pair("")


def test_a_record_is_replaced_copied_pickled_and_matched() -> None:
    point = replace(Point(x=1, tags=["t"]), y=5)
    assert (point.x, point.y) == (1, 5)
    assert copy.deepcopy(point) == point
    assert pickle.loads(pickle.dumps(point)) == point  # noqa: S301 - made here
    assert [one.name for one in fields(Point)] == ["x", "y", "tags", "note"]
    match Pair("a", "b"):
        case Pair(left, right):
            assert (left, right) == ("a", "b")


def test_a_record_that_would_not_be_frozen_is_refused() -> None:
    with pytest.raises(TypeError, match="frozen"):
        dataclass(frozen=False, slots=True)


def test_a_record_made_in_one_go_is_as_any_other_and_as_frozen() -> None:
    make = maker(Point)
    point = make(1, 5, ["t"], "seen")
    assert point == Point(x=1, y=5, tags=["t"], note="seen")
    assert type(point) is Point
    assert point.note == "seen"
    assert pickle.loads(pickle.dumps(point)) == point  # noqa: S301 - made here
    with pytest.raises(FrozenInstanceError):
        point.x = 3  # type: ignore[misc]
    with pytest.raises(TypeError):
        make(1, 5)


def test_the_first_instances_are_made_as_the_later_ones() -> None:
    @dataclass(frozen=True, slots=True, kw_only=True)
    class Sized:
        """A made-up record that checks itself."""

        size: int
        parts: list[str] = field(default_factory=list)
        known: ClassVar[int] = 3

        def __post_init__(self) -> None:
            if self.size < 0:
                msg = "size is below zero"
                raise ValueError(msg)

    assert [(one.name, one.type) for one in fields(Sized)] == [("size", "int"), ("parts", "list[str]")]
    for number in range(12):
        assert Sized(size=number) == replace(Sized(size=99), size=number)
        assert Sized(size=1).parts is not Sized(size=1).parts
        with pytest.raises(ValueError, match="below zero"):
            Sized(size=-1)
    assert Sized.known == 3


@pytest.mark.parametrize("values", [{}, {"size": 1, "colour": "red"}])
def test_the_first_instance_of_all_is_refused_like_any_other(values: dict[str, object]) -> None:
    @dataclass(frozen=True, slots=True, kw_only=True)
    class Sized:
        """A made-up record."""

        size: int
        parts: int = 2

    with pytest.raises(TypeError, match="__init__"):
        Sized(**values)  # type: ignore[arg-type]
    assert Sized(size=3) == Sized(size=3, parts=2)
