"""Write the sample file and the reference from the options that records declare.

One declaration gives validation, sample and reference, so they cannot disagree.
"""

from __future__ import annotations

import textwrap
from dataclasses import MISSING, dataclass, field
from datetime import date, time, timedelta
from typing import TYPE_CHECKING, Any, Final, cast

from listener.clock import format_duration
from listener.config.reader import FieldPlan, field_plans
from listener.config.records import (
    Brand,
    DigestSettings,
    JourneySettings,
    ListenerSettings,
    LogSettings,
    MailSettings,
    MetricsSettings,
    NotifySettings,
    ResponseSettings,
)
from listener.options import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = [
    "SAMPLE_HEAD",
    "SamplePart",
    "compose_sample",
    "delivery_parts",
    "listening_parts",
    "reference_markdown",
    "sample_tables",
    "show_record",
    "toml_value",
]

SAMPLE_HEAD: Final = """\
The configuration of listener: every table and every option, with its default.
An option that is commented out shows its default; where it has none, an example.
A secret is never written here: NAME_env names an environment variable that holds
it, NAME_file a file.
"""

_WIDTH: Final = 100
_KINDS: Final = {
    "str": "text",
    "int": "whole number",
    "float": "number",
    "bool": "true or false",
    "timedelta": "length of time",
    "time": "time of day",
    "date": "date",
    "Path": "path",
    "record": "table",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplePart:
    """Name one table of the file: its path, its records and what it is for.

    Several records may share a table (the kernel's part and a source's own). A
    table is written commented out unless `is_active`. `is_list` is for tables
    with two brackets. `defaults` stand in place of those of the records.
    """

    path: str
    records: tuple[type, ...]
    doc: str
    is_list: bool = False
    is_active: bool = False
    defaults: Mapping[str, object] = field(default_factory=dict)


def listening_parts() -> tuple[SamplePart, ...]:
    """Return the kernel's tables that come before the sources."""
    return (
        SamplePart(path="listener", records=(ListenerSettings,), doc="The program itself.", is_active=True),
        SamplePart(
            path="brands",
            records=(Brand,),
            doc="Who is listened for; one such table a brand, yours and your competitors'.",
            is_list=True,
            is_active=True,
        ),
    )


def delivery_parts() -> tuple[SamplePart, ...]:
    """Return the kernel's tables that come after the sources, sentiment and alerts."""
    return (
        SamplePart(
            path="journey",
            records=(JourneySettings,),
            doc="The stages of a purchase, for themes by stage: the one with most phrases in a text is taken.",
            is_active=True,
        ),
        SamplePart(
            path="responses",
            records=(ResponseSettings,),
            doc="Within how long people should be answered, and how the answers of own_accounts are found.",
            is_active=True,
        ),
        SamplePart(path="digest", records=(DigestSettings,), doc="The summary that goes out by mail.", is_active=True),
        SamplePart(
            path="mail", records=(MailSettings,), doc="The server that takes alerts and digests.", is_active=True
        ),
        SamplePart(path="notify", records=(NotifySettings,), doc="Other ways to be told of alerts.", is_active=True),
        SamplePart(path="log", records=(LogSettings,), doc="What is written to stderr while working.", is_active=True),
        SamplePart(
            path="metrics",
            records=(MetricsSettings,),
            doc="How the daemon is, for a monitoring system.",
            is_active=True,
        ),
    )


def compose_sample(parts: Sequence[SamplePart], *, head: str = SAMPLE_HEAD) -> str:
    """Write a whole sample file of these tables, in this order; it ends with a newline."""
    blocks = [_comment(head), *(sample_tables(part) for part in parts)]
    return "\n\n".join(blocks) + "\n"


def sample_tables(part: SamplePart) -> str:
    """Write one table: help as comments, defaults commented out, tables inside it after it."""
    mark = "" if part.is_active else "# "
    lines = [_comment(part.doc), f"{mark}{_header(part.path, is_list=part.is_list)}"]
    inner: list[str] = []
    for plan in _plans(part):
        if plan.record is not None and plan.shape != "mapping":
            nested = SamplePart(
                path=f"{part.path}.{plan.name}",
                records=(plan.record,),
                doc=plan.info.help,
                is_list=plan.shape == "list",
            )
            inner.append(sample_tables(nested))
            continue
        lines.append(_comment(_help(plan)))
        lines.append(_sample_line(plan, part))
    return "\n\n".join(["\n".join(lines), *inner])


def reference_markdown(parts: Sequence[SamplePart]) -> str:
    """Write the reference of these tables: a heading and a table of options each."""
    return "\n\n".join(_reference_of(part) for part in parts) + "\n"


def show_record(path: str, *records: object, is_list: bool = False) -> str:
    """Write the values of the records of one table; of secrets only where they live."""
    lines = [_header(path, is_list=is_list)]
    inner: list[str] = []
    for record in records:
        for plan in field_plans(cast("Any", type(record))) if record is not None else ():
            value = getattr(record, plan.name)
            if isinstance(value, Secret):
                lines.extend(_secret_lines(plan, value))
            elif plan.kind == "record" and plan.shape == "list":
                inner.extend(show_record(f"{path}.{plan.name}", item, is_list=True) for item in value)
            elif plan.kind == "record" and plan.shape == "one" and value is not None:
                inner.append(show_record(f"{path}.{plan.name}", value))
            else:
                lines.append(f"# {plan.name} is not set" if value is None else f"{plan.name} = {toml_value(value)}")
    return "\n\n".join(["\n".join(lines), *inner])


def toml_value(value: object) -> str:
    """Write a value as TOML would have it, on one line."""
    match value:
        case bool():
            return "true" if value else "false"
        case timedelta():
            return f'"{format_duration(value)}"'
        case time():
            return f'"{value:%H:%M}"'
        case date() | int() | float():
            return str(value)
        case tuple() | list():
            return f"[{', '.join(toml_value(item) for item in value)}]"
        case dict():
            pairs = ", ".join(f"{_toml_text(str(key))} = {toml_value(inner)}" for key, inner in value.items())
            return f"{{ {pairs} }}" if pairs else "{}"
        case _:
            return _toml_text(str(value))


def _plans(part: SamplePart) -> list[FieldPlan]:
    return [plan for record in part.records for plan in field_plans(cast("Any", record))]


def _header(path: str, *, is_list: bool) -> str:
    return f"[[{path}]]" if is_list else f"[{path}]"


def _help(plan: FieldPlan) -> str:
    """Return the help with the words and limits that are possible."""
    info = plan.info
    text = info.help[:1].upper() + info.help[1:].rstrip(".") + "."
    if info.choices:
        text = f"{text} One of: {', '.join(info.choices)}."
    is_length = plan.kind == "timedelta"
    limits = []
    if info.minimum or (info.minimum is not None and info.maximum is not None):
        limits.append(f"at least {_limit(info.minimum, is_length=is_length)}")
    if info.maximum is not None:
        limits.append(f"at most {_limit(info.maximum, is_length=is_length)}")
    return f"{text} {' and '.join(limits).capitalize()}." if limits else text


def _limit(number: float, *, is_length: bool) -> str:
    return format_duration(timedelta(seconds=number)) if is_length else f"{number:.15g}"


def _sample_line(plan: FieldPlan, part: SamplePart) -> str:
    if plan.kind == "Secret":
        named = plan.default.env if isinstance(plan.default, Secret) else None
        return f'# {plan.keys[0]} = "{named or plan.info.example or plan.name.upper()}"'
    default = part.defaults.get(plan.name, plan.default)
    if plan.is_required:
        mark = "" if part.is_active else "# "
        return f"{mark}{plan.name} = {toml_value(plan.info.example or '')}"
    is_blank = default is None or default in ("", (), {})
    value = plan.info.example if is_blank and plan.info.example is not None else default
    return f"# {plan.name} = {toml_value(value if value is not None else '')}"


def _reference_of(part: SamplePart) -> str:
    lines = [
        f"## `{_header(part.path, is_list=part.is_list)}`",
        "",
        part.doc,
        "",
        "| option | type | default | meaning |",
        "|---|---|---|---|",
    ]
    nested: list[str] = []
    for plan in _plans(part):
        if plan.record is not None and plan.shape != "mapping":
            inner = SamplePart(
                path=f"{part.path}.{plan.name}",
                records=(plan.record,),
                doc=plan.info.help,
                is_list=plan.shape == "list",
            )
            nested.append(_reference_of(inner))
            continue
        names = " or ".join(f"`{key}`" for key in plan.keys)
        cells = (names, _kind(plan), _default(plan, part), _help(plan))
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n\n".join(["\n".join(lines), *nested])


def _kind(plan: FieldPlan) -> str:
    if plan.kind == "Secret":
        return "name of a variable, or path"
    kind = _KINDS[plan.kind]
    return {"one": kind, "list": f"list of {kind}s", "mapping": f"table of {kind}s"}[plan.shape]


def _default(plan: FieldPlan, part: SamplePart) -> str:
    default = part.defaults.get(plan.name, plan.default)
    if default is MISSING:
        return "must be set"
    if isinstance(default, Secret):
        return f"`{default.env}`" if default.env else "not set"
    return "not set" if default is None or default == "" else f"`{toml_value(default)}`"


def _secret_lines(plan: FieldPlan, secret: Secret) -> list[str]:
    pairs = zip(plan.keys, (secret.env, secret.file), strict=True)
    state = "can be read" if secret.is_set else "cannot be read"
    lines = [f"{key} = {_toml_text(place)}  # {state}" for key, place in pairs if place]
    return lines or [f"# {plan.keys[0]} is not set"]


def _comment(text: str) -> str:
    lines = [line for part in text.strip().splitlines() for line in textwrap.wrap(part, _WIDTH) or [""]]
    return "\n".join(f"# {line}".rstrip() for line in lines)


def _toml_text(text: str) -> str:
    """Write a basic string (TOML 1.0, "String"): quotes, backslashes and control characters escaped."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(sign if sign.isprintable() else f"\\U{ord(sign):08x}" for sign in escaped) + '"'
