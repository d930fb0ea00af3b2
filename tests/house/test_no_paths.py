from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from house.code import ROOT

_TEXT = {".py", ".md", ".toml", ".txt", ".j2", ".tsv", ".jsonl", ""}
_FOLDERS = ("listener", "sources", "sentiment", "reports", "tests", "docs", "benchmarks", ".ci")
_MACHINE = re.compile(r"(?<![\w./-])/(?:work|root|home/\w+|Users/\w+)(?:/|\b)")
_UNFINISHED = re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b")
_SECRETS = re.compile(
    r"""
      AKIA[0-9A-Z]{16}                        # Amazon
    | gh[pousr]_[A-Za-z0-9]{36}               # GitHub
    | xox[abprs]-[A-Za-z0-9-]{20,}            # Slack
    | sk-[A-Za-z0-9]{32,}                     # services that bill by use
    | AIza[0-9A-Za-z_-]{35}                   # Google
    | -----BEGIN\ [A-Z\ ]*PRIVATE\ KEY-----
    | AAAAAAAAAAAAAAAAAAAA[A-Za-z0-9%]{60,}   # bearer tokens of X
    """,
    re.VERBOSE,
)


def _files() -> list[Path]:
    """Return the text files of the project: what git has, or in a plain export what is there."""
    git = shutil.which("git")
    asked = subprocess.run([git, "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False) if git else None
    names = asked.stdout.decode().split("\0") if asked is not None and asked.returncode == 0 else []
    there = [ROOT / name for name in names if name]
    if not there:
        there = [*ROOT.glob("*"), *(file for folder in _FOLDERS for file in (ROOT / folder).rglob("*"))]
    this = Path(__file__).resolve()
    return [file for file in there if file.is_file() and file.suffix in _TEXT and file.resolve() != this]


@pytest.mark.parametrize(
    ("what", "pattern"),
    [("path of somebody's machine", _MACHINE), ("mark of unfinished work", _UNFINISHED), ("secret", _SECRETS)],
)
def test_no_file_holds(what: str, pattern: re.Pattern[str]) -> None:
    files = _files()
    assert len(files) > 150
    found = [
        f"{file.relative_to(ROOT)}:{number}: {line.strip()[:80]}"
        for file in files
        for number, line in enumerate(file.read_text(encoding="utf-8", errors="replace").splitlines(), start=1)
        if pattern.search(line)
    ]
    assert found == [], f"a {what}"


def test_the_patterns_find_what_they_are_for() -> None:
    assert _MACHINE.search("see /home/ada/listening")
    assert not _MACHINE.search("https://example.org/home/ada and home/work/")
    assert _SECRETS.search("AKIA" + "A" * 16)
    assert _UNFINISHED.search("# TODO later")
