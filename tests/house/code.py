"""Read the program's own files."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("listener", "sources", "sentiment", "reports")
_NO_CODE = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENCODING,
    tokenize.ENDMARKER,
}


def modules(*folders: str) -> list[Path]:
    """Return the Python files of these folders, of the four packages where none is named."""
    return sorted(file for folder in folders or PACKAGES for file in (ROOT / folder).rglob("*.py"))


@cache
def lines_of_code(source: str) -> set[int]:
    """Return the numbers of the lines that hold code: no blank ones, comments, docstrings."""
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in _NO_CODE:
            lines.update(range(token.start[0], token.end[0] + 1))
    return lines - set(_docstring_lines(ast.parse(source)))


def functions(source: str, *, over: int = 0) -> Iterator[tuple[str, int]]:
    """Yield the name and the lines of code of every function that has more lines than `over`, of whatever kind."""
    for node in _statements(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
            if len(lines) > over:
                yield node.name, len(lines_of_code(source) & lines)


def _statements(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield the statements of a module and, with what holds them, those within; no expressions, of which there are most."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.stmt | ast.ExceptHandler | ast.match_case):
            yield node
            yield from _statements(node)


def _docstring_lines(tree: ast.AST) -> Iterator[int]:
    """Yield the lines of texts that stand alone: docstrings of modules, classes, functions, constants."""
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Expr)
            and isinstance(node.value, ast.Constant)
            and isinstance(node.value.value, str)
            and node.end_lineno
        ):
            yield from range(node.lineno, node.end_lineno + 1)
