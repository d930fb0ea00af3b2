"""Say of a record which of its fields is not of the type that it is declared with."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from types import UnionType
from typing import TYPE_CHECKING, Any, Final, Union, get_args, get_origin, get_type_hints

from listener.api import Mention, Sentiment

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["misfits"]

_NAMES: Final = {
    "Mapping": Mapping,
    "Mention": Mention,
    "Sentiment": Sentiment,
    "Sequence": Sequence,
    "datetime": datetime,
    "timedelta": timedelta,
}
"""What the records' own modules import for type checkers alone."""


def misfits(record: object, where: str) -> Iterator[str]:
    """Yield a sentence for each field of a record, however deep, that holds something else than is declared."""
    kind: Any = type(record)
    for name, hint in _hints(kind).items():
        value = getattr(record, name)
        if not _fits(value, hint):
            declared = getattr(hint, "__name__", "") if isinstance(hint, type) and not get_args(hint) else str(hint)
            yield f"{where}: {name} holds {_shown(value)}, and should hold {declared.replace('collections.abc.', '')}"
        elif name == "extra" and value is not None and not _is_json(value):
            yield f"{where}: extra holds what JSON cannot"
        else:
            for part in value if isinstance(value, tuple) else (value,):
                if dataclasses.is_dataclass(part) and not isinstance(part, (type, Mention)):
                    yield from misfits(part, f"{where}: {name}")


def _shown(value: object) -> str:
    """Return the type of a value, of a tuple with the types that stand in it."""
    if isinstance(value, tuple):
        return f"a tuple of {', '.join(sorted({type(one).__name__ for one in value}))}"
    return type(value).__name__


@cache
def _hints(kind: type) -> dict[str, Any]:
    hints = get_type_hints(kind, localns=_NAMES)
    return {one.name: hints[one.name] for one in dataclasses.fields(kind)}


def _fits(value: object, hint: Any) -> bool:
    """Say whether a value is of a declared type; of types that no record here has, that it is."""
    parts, origin = get_args(hint), get_origin(hint)
    if origin in {Union, UnionType}:
        return any(_fits(value, part) for part in parts)
    if origin is tuple:
        return isinstance(value, tuple) and _fit_each(value, parts)
    if origin is not None:
        return isinstance(value, origin)
    if hint in {int, float}:
        return isinstance(value, (int, hint)) and not isinstance(value, bool)
    if hint is Any:
        return True
    return isinstance(value, hint)


def _fit_each(values: tuple[object, ...], parts: tuple[Any, ...]) -> bool:
    if parts[1:] == (...,):
        return all(_fits(one, parts[0]) for one in values)
    return len(values) == len(parts) and all(map(_fits, values, parts))


def _is_json(value: Mapping[str, object]) -> bool:
    try:
        read: Mapping[str, object] = json.loads(json.dumps(dict(value), allow_nan=False))
    except (TypeError, ValueError, RecursionError):
        return False
    return read.keys() == value.keys()  # a key that is no text becomes one
