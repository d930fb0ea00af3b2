"""Write the generated parts of the manual: ``python docs/generate.py [--check]``.

A page is written by hand but for what stands between ``<!-- generated: NAME -->`` and
``<!-- end -->``, which comes from the program itself: options, commands, sources,
tables, languages, floors. So does config.toml. Running it twice changes nothing.
"""
# ruff: noqa: INP001 - a script beside the pages it writes

from __future__ import annotations

import ast
import re
import sqlite3
import sys
import tempfile
import tomllib
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DOCS: Final = Path(__file__).resolve().parent
ROOT: Final = DOCS.parent
_REGION: Final = re.compile(r"(<!-- generated: ([a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)
_WIDTH: Final = 100


def options_reference() -> str:
    """Return every table and option of the configuration."""
    from listener import wiring  # noqa: PLC0415 - a part is loaded where it is written about

    return wiring.reference()


def commands_reference() -> str:
    """Return the help of the program and of every command, as a terminal shows it."""
    from listener.cli import COMMANDS, SECTIONS  # noqa: PLC0415 - a part is loaded where it is written about
    from listener.cli.main import cli  # noqa: PLC0415 - the same

    blocks = [f"## listener\n\n{_help_block(cli, 'listener')}"]
    for section in SECTIONS:
        names = [name for name, (_, _, where) in COMMANDS.items() if where == section]
        if names:
            blocks.append(f"## {section}")
        for name in names:
            module, _, attribute = COMMANDS[name][0].partition(":")
            blocks.extend(_command_blocks(cast("click.Command", getattr(import_module(module), attribute)), name))
    return "\n\n".join(blocks) + "\n"


def _command_blocks(command: click.Command, name: str) -> Iterator[str]:
    yield f"### listener {name}\n\n{_help_block(command, f'listener {name}')}"
    for inner, one in getattr(command, "commands", {}).items():
        yield from _command_blocks(one, f"{name} {inner}")


def _help_block(command: click.Command, name: str) -> str:
    context = click.Context(
        command,
        info_name=name,
        terminal_width=_WIDTH,
        max_content_width=_WIDTH,
        help_option_names=["-h", "--help"],
        color=False,
    )
    return f"```text\n{command.get_help(context).rstrip()}\n```"


def sources_table() -> str:
    """Return what each installed source says of itself."""
    from listener import wiring  # noqa: PLC0415 - a part is loaded where it is written about
    from listener.clock import format_duration  # noqa: PLC0415 - the same

    heads = ("source", "what", "key", "cost", "sees", "reads back", "every", "looks again")
    rows = [_row(heads), "|---" * len(heads) + "|"]
    for name in wiring.BUILT_IN_SOURCES:
        facts = wiring.source_class(name).facts
        again = getattr(wiring.source_class(name), "recheck_facts", None)
        back = format_duration(facts.horizon) if facts.horizon else "-"
        cells = (
            f"[`{name}`](#{name})",
            facts.summary,
            facts.key_needed,
            facts.cost,
            facts.sees,
            back,
            format_duration(facts.every),
            "-" if again is None else f"{again.requests_per_day} a day",
        )
        rows.append(_row(cells))
    return "\n".join(rows) + "\n"


def store_tables() -> str:
    """Return the tables and columns of the real schema with their meaning."""
    from listener.store import Store  # noqa: PLC0415 - a part is loaded where it is written about

    meanings = tomllib.loads((DOCS / "columns.toml").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "listener.db"
        Store(file).close()
        connection = sqlite3.connect(file)
        try:
            blocks = [_store_table(connection, name, meanings) for name in _table_names(connection)]
        finally:
            connection.close()
    if meanings:
        msg = f"docs/columns.toml tells of tables that are not there: {', '.join(meanings)}"
        raise SystemExit(msg)
    return "\n\n".join(blocks) + "\n"


def _table_names(connection: sqlite3.Connection) -> list[str]:
    rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY rowid")
    return [name for (name,) in rows if not name.startswith(("_", "sqlite_", "mention_texts"))]


def _store_table(connection: sqlite3.Connection, table: str, meanings: dict[str, dict[str, str]]) -> str:
    told = meanings.pop(table, {})
    lines = [
        f"### {table}",
        "",
        told.pop("about", ""),
        "",
        "| column | type | key | meaning |",
        "|---|---|---|---|",
    ]
    references = {row[3]: row[2] for row in connection.execute(f"PRAGMA foreign_key_list({table})")}
    for _, column, kind, not_null, _, position, _ in connection.execute(f"PRAGMA table_xinfo({table})"):
        if column not in told:
            msg = f"docs/columns.toml does not tell what {table}.{column} means"
            raise SystemExit(msg)
        key = "primary" if position else references.get(column, "")
        is_nullable = not not_null and not position
        lines.append(
            _row((f"`{column}`", kind.lower() + (", may be NULL" if is_nullable else ""), key, told.pop(column)))
        )
    if told:
        msg = f"docs/columns.toml tells of columns of {table} that are not there: {', '.join(told)}"
        raise SystemExit(msg)
    return "\n".join(lines)


def languages_table() -> str:
    """Return the languages that are scored out of the box, and by what."""
    from sentiment.build import shipped_routes  # noqa: PLC0415 - a part is loaded where it is written about

    rows = ["| tag | scorer | word lists |", "|---|---|---|"]
    for tag, scorer in sorted(shipped_routes().items()):
        lists = _OTHER_LISTS.get(tag) or ", ".join(_lists_of(tag))
        rows.append(_row((f"`{tag}`", f"`{scorer.name}`", lists)))
    return "\n".join(rows) + "\n"


_OTHER_LISTS: Final = {
    "en": "vaderSentiment's own, changed by an own list",
    "und": "emoji and emoticons alone; without any, unscored",
}


def _lists_of(tag: str) -> Iterator[str]:
    data = ROOT / "sentiment" / "data"
    if (data / "lexicons" / "vader-fr" / f"{tag}.tsv").exists():
        yield "vaderSentiment-fr"
    if (data / "lexicons" / "afinn" / f"{tag}.tsv").exists():
        yield "AFINN-165 in machine translation"
    if (data / "rules" / f"{tag}.toml").exists():
        yield "own"


def alert_rules() -> str:
    """Return the rules in force where the configuration names none."""
    from listener.alerts.options import DEFAULT_RULES  # noqa: PLC0415 - a part is loaded where it is written about

    rows = ["| name | kind | tier |", "|---|---|---|"]
    rows += [_row((f"`{rule.name}`", rule.kind, rule.tier or "by strength")) for rule in DEFAULT_RULES]
    return "\n".join(rows) + "\n"


def api_names(module: str = "listener.api") -> str:
    """Return what a module offers, each name with the first line of its documentation."""
    offered = import_module(module)
    rows = ["| name | what it is for |", "|---|---|"]
    for name in offered.__all__:
        said = _CONSTANTS.get(name) or (getattr(offered, name).__doc__ or "").strip().partition("\n")[0]
        rows.append(_row((f"`{name}`", said)))
    return "\n".join(rows) + "\n"


def testing_names() -> str:
    """Return what `listener.testing` offers."""
    return api_names("listener.testing")


_CONSTANTS: Final = {
    "ASSIGNED_BRAND": "The field of a mention's `extra` that names the brand it is about, whatever its words are.",
    "KINDS": "The kinds a mention may have.",
    "Span": "Where a match sits: (field name, start, end), offsets in code points.",
}


def floors() -> str:
    """Return the floors of the import contract, the highest first, with the job of each file on them."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    (layers,) = [contract["layers"] for contract in contracts if contract["type"] == "layers"]
    rows = ["| floor | part | its job |", "|---|---|---|"]
    for height, layer in zip(range(len(layers) - 1, -1, -1), layers, strict=True):
        parts = [part for part in layer.split(" | ") if _file_of(part).exists()]
        rows.extend(_row((str(height), f"`{part}`", _doc_line(_file_of(part)))) for part in parts)
    return "\n".join(rows) + "\n"


def _file_of(module: str) -> Path:
    stem = ROOT.joinpath(*module.split("."))
    return stem / "__init__.py" if stem.is_dir() else stem.with_suffix(".py")


def _doc_line(file: Path) -> str:
    return (ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or "").partition("\n")[0]


def _row(cells: tuple[str, ...]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


PARTS: Final[dict[str, Callable[[], str]]] = {
    "options": options_reference,
    "commands": commands_reference,
    "sources": sources_table,
    "tables": store_tables,
    "languages": languages_table,
    "rules": alert_rules,
    "api": api_names,
    "testing": testing_names,
    "floors": floors,
}
"""What can stand between the marks, by the name in the mark."""


def fill(page: str) -> str:
    """Return a page with every generated part made anew; raises KeyError for a part there is none of."""
    return _REGION.sub(lambda found: f"{found[1]}\n{PARTS[found[2]]()}\n{found[3]}", page)


def wanted() -> dict[Path, str]:
    """Return what the generated files should hold, by file."""
    from listener import wiring  # noqa: PLC0415 - a part is loaded where it is written about

    pages = {file: fill(file.read_text(encoding="utf-8")) for file in sorted([ROOT / "README.md", *DOCS.glob("*.md")])}
    return {**pages, ROOT / "config.toml": wiring.sample()}


def main() -> int:
    """Write what is stale, or with --check only name it."""
    is_checking = "--check" in sys.argv[1:]
    stale = [(file, text) for file, text in wanted().items() if not file.exists() or file.read_text("utf-8") != text]
    for file, text in stale:
        click.echo(f"{file.relative_to(ROOT)} {'is stale; run make docs' if is_checking else 'is written'}")
        if not is_checking:
            file.write_text(text, encoding="utf-8")
    return 1 if is_checking and stale else 0


if __name__ == "__main__":
    sys.exit(main())
