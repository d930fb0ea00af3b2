"""Read the code blocks of the manual.

A comment before a block says where it belongs:

    <!-- in: demo -->          in the folder that `listener demo` leaves (the default for sh)
    <!-- in: empty -->         in an empty folder, the same for all such blocks of a page (the default for python)
    <!-- not run: REASON -->   not run; its commands are parsed all the same
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")])
_BLOCK = re.compile(
    r"^(?:<!-- (?P<word>in|not run): (?P<said>[^\n]*?) -->\n\n?)?^(?P<fence>```+)(?P<language>[a-z]*)\n(?P<code>.*?)^(?P=fence)$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Block:
    """Hold one block of code, and where it stands."""

    page: Path
    line: int
    language: str
    code: str
    place: str = "demo"
    not_run: str | None = None

    @property
    def name(self) -> str:
        return f"{self.page.name}:{self.line}"


def blocks_of(page: Path) -> list[Block]:
    """Return the blocks of a page in their order."""
    text = page.read_text(encoding="utf-8")
    return [
        Block(
            page=page,
            line=text.count("\n", 0, found.start("fence")) + 1,
            language=found["language"],
            code=found["code"],
            place=found["said"] if found["word"] == "in" else "empty" if found["language"] == "python" else "demo",
            not_run=found["said"] if found["word"] == "not run" else None,
        )
        for found in _BLOCK.finditer(text)
    ]


def all_blocks(*languages: str) -> list[Block]:
    """Return the blocks of all pages in these languages."""
    return [block for page in PAGES for block in blocks_of(page) if block.language in languages]
