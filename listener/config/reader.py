"""Turn a table of the file into an options record, gathering every problem.

The types of fields are read by name (`str`, `int`, `float`, `bool`, `timedelta`,
`time`, `date`, `Path`, `Secret`, another record, `tuple[X, ...]`,
`Mapping[str, X]`, each perhaps `| None`): annotations may therefore be texts,
and nothing has to be imported to understand them.
"""

from __future__ import annotations

import math
import re
import sys
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from listener.clock import format_duration, parse_duration
from listener.errors import PluginError, UsageError, suggest
from listener.frozen import dataclass
from listener.options import OPTION, OptionInfo, Secret, at_home

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = ["FieldPlan", "field_plans", "option_names", "read_record", "read_values", "show"]

T = TypeVar("T")

_SHOWN: Final = 60
_MOST: Final = 1e12
"""What a number may be where nothing else is said: what it is multiplied by can still be counted and stored."""
# Patterns are compiled when they are used: start-up time is a promise.
_UPPER_NAME: Final = r"[A-Z_][A-Z0-9_]*"
_LOWER_NAME: Final = r"[a-z]+(?:_[a-z0-9]+)+"
_LONGEST_NAME: Final = 64
_KEY_LENGTH: Final = 16
"""An unbroken run of capitals and digits of this length is a key id, not a name."""
_LIKE_A_KEY: Final = (rf"^[\w%+=-]{{{_KEY_LENGTH},}}$", "[a-z]", "[A-Z]", "[0-9]")
"""What a key has that names of files seldom have all of: no dot, no separator, small letters, capitals, digits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldPlan:
    """Say how one field of a record is read.

    `shape` is "one", "list" or "mapping"; `kind` the name of the scalar type,
    "Secret", or "record" with `record` set. `keys` are what the table may call it.
    """

    name: str
    shape: str
    kind: str
    keys: tuple[str, ...]
    info: OptionInfo
    default: object = MISSING
    record: type | None = None

    @property
    def is_required(self) -> bool:
        """Say whether the table must have it."""
        return self.default is MISSING


@cache
def field_plans(cls: type) -> tuple[FieldPlan, ...]:
    """Return how the options of a record are read, in the order declared.

    Fields without option metadata are no options where the record has others.
    Raises PluginError where a field has a type that cannot stand in a file.
    """
    declared = [one for one in fields(cast("Any", cls)) if one.init]
    options = [one for one in declared if OPTION in one.metadata] or declared
    return tuple(_plan(cls, one) for one in options)


def option_names(cls: type) -> tuple[str, ...]:
    """Return what a table may hold for the options of a record."""
    return tuple(key for plan in field_plans(cast("Any", cls)) for key in plan.keys)


def read_record(
    cls: type[T],
    table: Mapping[str, object],
    path: str,
    problems: list[str],
    *,
    folder: Path | None = None,
    given: Mapping[str, object] | None = None,
    beside: Sequence[str] = (),
) -> T | None:
    """Read a table into a record of `cls`; None where something was wrong.

    Every problem is appended to `problems`, beginning with `path` and the option.
    Relative paths start at `folder`. `given` are fields that do not come from the
    table; `beside` are options of the same table that another record has, to be named
    where one is mistyped. A ValueError or UsageError of the record's own checks is a problem too.
    """
    before = len(problems)
    values = read_values(cls, table, path, problems, folder=folder, beside=beside)
    if len(problems) > before:
        return None
    try:
        return cls(**{**(given or {}), **values})
    except (ValueError, UsageError) as error:
        problems.append(f"{path}: {error}")
        return None


def read_values(
    cls: type,
    table: Mapping[str, object],
    path: str,
    problems: list[str],
    *,
    folder: Path | None = None,
    beside: Sequence[str] = (),
) -> dict[str, object]:
    """Read the fields of a table that are there and right; the others are problems."""
    plans = field_plans(cast("Any", cls))
    known = option_names(cls)
    pasted = {plan.name for plan in plans if plan.kind == "Secret"}
    problems.extend(
        f"{_join(path, key)}: no such option; {suggest(key, [*known, *beside])}"
        for key in table
        if key not in known and key not in pasted
    )
    values: dict[str, object] = {}
    for plan in plans:
        before = len(problems)
        value: object = MISSING
        if plan.kind == "Secret":
            value = _read_secret(plan, table, path, problems, folder)
        elif plan.name in table:
            value = _read(plan, table[plan.name], _join(path, plan.name), problems, folder)
        elif plan.is_required:
            problems.append(f"{_join(path, plan.name)}: is missing; {_meaning(plan)}")
        if value is not MISSING and len(problems) == before:
            values[plan.name] = value
    return values


def show(value: object) -> str:
    """Write a value of the file for a message: short, on one line, printable."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        text = "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in value)
        return f'"{text}"' if len(text) <= _SHOWN else f'"{text[:_SHOWN]}..."'
    if isinstance(value, list):
        return "a list"
    if isinstance(value, dict):
        return "a table"
    return str(value)


def _plan(cls: type, one: Field[Any]) -> FieldPlan:
    info = one.metadata.get(OPTION) or OptionInfo(help="")
    default = one.default if one.default is not MISSING else MISSING
    if default is MISSING and one.default_factory is not MISSING:
        default = one.default_factory()
    shape, kind = _type_of(one)
    record = None
    if not shape or (kind not in _SCALARS and kind != "Secret"):
        record = vars(sys.modules[cls.__module__]).get(kind)
        if not (shape and isinstance(record, type) and is_dataclass(record)):
            msg = (
                f"option {one.name} of {cls.__module__}.{cls.__qualname__} has a type that no file can hold: {one.type}"
            )
            raise PluginError(msg)
        kind = "record"
    keys = (f"{one.name}_env", f"{one.name}_file") if kind == "Secret" else (one.name,)
    return FieldPlan(name=one.name, shape=shape, kind=kind, keys=keys, info=info, default=default, record=record)


def _type_of(one: Field[Any]) -> tuple[str, str]:
    """Return the shape and the name of the inner type of a field."""
    written = one.type if isinstance(one.type, str) else getattr(one.type, "__qualname__", None) or str(one.type)
    if not isinstance(one.type, (str, type)):
        written = str(one.type)
    name = written.strip("'\"").replace(" | None", "").replace("None | ", "").strip()
    outer, is_generic, inner = name.partition("[")
    if not is_generic:
        return "one", _bare(name)
    shape = {"tuple": "list", "Sequence": "list", "Mapping": "mapping", "dict": "mapping"}.get(_bare(outer), "")
    parts = [part.strip() for part in inner.removesuffix("]").split(",")]
    return shape, _bare(parts[0] if shape == "list" else parts[-1])


def _bare(name: str) -> str:
    """Return the name of a type without its module."""
    return name.rpartition(".")[2].strip()


def _read(plan: FieldPlan, value: object, path: str, problems: list[str], folder: Path | None) -> object:
    if plan.shape == "one":
        return _read_one(plan, value, path, problems, folder)
    if plan.shape == "mapping":
        if not isinstance(value, dict):
            problems.append(f"{path}: {show(value)} is not a table")
            return None
        return {key: _read_one(plan, inner, _join(path, key), problems, folder) for key, inner in value.items()}
    if not isinstance(value, list):
        written = f"write [[{path}]]" if plan.kind == "record" else f"write [{show(value)}]"
        problems.append(f"{path}: {show(value)} is not a list; {written}")
        return None
    many = plan.kind == "record"
    places = [f"{path}[{number}]" if many else path for number in range(1, len(value) + 1)]
    return tuple(_read_one(plan, inner, place, problems, folder) for inner, place in zip(value, places, strict=True))


def _read_one(plan: FieldPlan, value: object, path: str, problems: list[str], folder: Path | None) -> object:
    if plan.record is not None:
        if isinstance(value, dict):
            return read_record(plan.record, value, path, problems, folder=folder)
        problems.append(f"{path}: {show(value)} is not a table")
        return None
    try:
        read = _SCALARS[plan.kind](value)
        _check_limits(read, value, plan)
    except UsageError as error:
        problems.append(f"{path}: {error}")
        return None
    if isinstance(read, Path) and folder is not None:
        return folder / read
    return read


def _check_limits(read: object, written: object, plan: FieldPlan) -> None:
    info = plan.info
    if isinstance(read, str):
        if plan.shape == "list" and not read.strip():
            msg = "holds an empty text"
            raise UsageError(msg)
        if info.choices and read not in info.choices:
            msg = f"{show(read)} is not possible; {suggest(read, info.choices)}"
            raise UsageError(msg)
        return
    number = read.total_seconds() if isinstance(read, timedelta) else read
    if isinstance(number, bool) or not isinstance(number, (int, float)):
        return
    if info.minimum is not None and number < info.minimum:
        msg = f"{show(written)} is too little; at least {_bound(info.minimum, read)}"
        raise UsageError(msg)
    most = _MOST if info.maximum is None else info.maximum
    if number > most:
        msg = f"{show(written)} is too much; at most {_bound(most, read)}"
        raise UsageError(msg)


def _bound(limit: float, read: object) -> str:
    """Write a limit as the value that was read is written."""
    return format_duration(timedelta(seconds=limit)) if isinstance(read, timedelta) else f"{limit:.15g}"


def _read_secret(
    plan: FieldPlan, table: Mapping[str, object], path: str, problems: list[str], folder: Path | None
) -> object:
    """Read where a secret lives; never repeat what stands there, it may be the secret."""
    env_key, file_key = plan.keys
    if plan.name in table:
        problems.append(
            f"{_join(path, plan.name)}: a secret does not belong into this file; take it out, put it into an "
            f"environment variable and name that as {env_key}, or into a file and name that as {file_key}"
        )
    env, file = table.get(env_key), table.get(file_key)
    if env is not None and not (isinstance(env, str) and _is_variable_name(env)):
        problems.append(
            f"{_join(path, env_key)}: does not look like the name of an environment variable (such as "
            f"{plan.info.example or plan.name.upper()}); it is not repeated here, since it may be the secret itself"
        )
    if file is not None and not (isinstance(file, str) and file.strip() and "\0" not in file):
        problems.append(f"{_join(path, file_key)}: is not the path of a file")
    elif isinstance(file, str) and _may_be_key(file, folder):
        problems.append(
            f"{_join(path, file_key)}: does not look like the path of a file, and there is none; "
            "it is not repeated here, since it may be the secret itself"
        )
    if isinstance(file, str) and folder is not None:
        file = str(folder / at_home(file))
    if isinstance(env, str) or isinstance(file, str):
        return Secret(env=cast("str | None", env), file=cast("str | None", file))
    if plan.is_required and plan.name not in table:
        problems.append(f"{_join(path, env_key)}: is missing; name an environment variable or a file ({file_key})")
    return MISSING


def _may_be_key(text: str, folder: Path | None) -> bool:
    """Say whether what stands in the place of a file's path may be a key or an address that holds one."""
    if "://" not in text and not all(re.search(kind, text) for kind in _LIKE_A_KEY):
        return False
    try:
        return not (folder or Path()).joinpath(at_home(text)).exists()
    except OSError:  # too long for a name, above all
        return True


def _is_variable_name(text: str) -> bool:
    """Say whether a text can be the name of an environment variable rather than a key.

    Names are capitals and underscores by custom (POSIX.1-2017, 8.1), sometimes
    lower-case words joined by underscores; keys mix cases or are one long run.
    """
    if len(text) > _LONGEST_NAME:
        return False
    if re.fullmatch(_UPPER_NAME, text):
        return not (len(text) >= _KEY_LENGTH and "_" not in text and any(sign.isdigit() for sign in text))
    return re.fullmatch(_LOWER_NAME, text) is not None


def _text(value: object) -> str:
    if isinstance(value, str):
        if "\0" in value:
            msg = f"{show(value)} holds the sign U+0000, which no name, path or text has"
            raise UsageError(msg)
        return value
    msg = (
        f"{show(value)} is not a text; put it in quotes"
        if not isinstance(value, (list, dict))
        else f"{show(value)} is not a text"
    )
    raise UsageError(msg)


def _whole(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    without = "; write it without quotes" if isinstance(value, str) and value.strip().isdecimal() else ""
    msg = f"{show(value)} is not a whole number{without}"
    raise UsageError(msg)


def _number(value: object) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    msg = f"{show(value)} is not a number"
    raise UsageError(msg)


def _switch(value: object) -> bool:
    if isinstance(value, bool):
        return value
    msg = f"{show(value)} is not true or false (written without quotes)"
    raise UsageError(msg)


def _length(value: object) -> object:
    if isinstance(value, str):
        return parse_duration(value)
    msg = f'{show(value)} is not a length of time; write a text such as "15m" or "7d"'
    raise UsageError(msg)


def _clock_time(value: object) -> time:
    if isinstance(value, time):
        return value
    if isinstance(value, str):
        parts = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", value.strip())
        if parts:
            return time(int(parts[1]), int(parts[2]))
    msg = f'{show(value)} is not a time of day; write it as "08:00"'
    raise UsageError(msg)


def _day(value: object) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        return date.fromisoformat(_text(value))
    except ValueError:
        msg = f'{show(value)} is not a date; write it as "2026-11-20"'
        raise UsageError(msg) from None


def _file(value: object) -> Path:
    text = _text(value)
    if not text.strip():
        msg = f"{show(value)} is not a path"
        raise UsageError(msg)
    return at_home(text)


_SCALARS: Final[dict[str, Callable[[object], object]]] = {
    "str": _text,
    "int": _whole,
    "float": _number,
    "bool": _switch,
    "timedelta": _length,
    "time": _clock_time,
    "date": _day,
    "Path": _file,
}


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _meaning(plan: FieldPlan) -> str:
    """Return the help of an option as the end of a sentence."""
    text = plan.info.help.rstrip(".")
    return text[:1].lower() + text[1:] or "it must be set"
