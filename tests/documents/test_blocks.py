from __future__ import annotations

import contextlib
import io
import json
import os
import re
import shlex
import sqlite3
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from documents.pages import PAGES, ROOT, Block, all_blocks, blocks_of
from listener import wiring
from listener.cli.context import App
from listener.cli.main import cli, run
from listener.config import load_config
from listener.interchange import BadLine, read_lines

CopyOfDemo = Callable[[Path], None]
_KNOWN = {"sh", "python", "toml", "json", "jsonl", "sql", "text", "csv"}
_BRAND = '\n[[brands]]\nname = "Acme"\n'


def _id(block: Block) -> str:
    return block.name


def _environment(folder: Path) -> dict[str, str]:
    """Return an environment in which `listener` is the one under test and nothing else is set up."""
    tools = str(Path(sys.executable).parent)
    kept = {name: value for name, value in os.environ.items() if name.startswith(("COVERAGE", "COV_"))}
    return {
        **kept,
        "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder),
        "LANG": "C.UTF-8",
        "PYTHONWARNINGS": "error,ignore:Binding:DeprecationWarning",  # as in pyproject.toml, for Python 3.12
        "XDG_CACHE_HOME": os.environ.get("XDG_CACHE_HOME", str(folder)),
        "MPLCONFIGDIR": os.environ.get("MPLCONFIGDIR", str(folder)),
    }


def _run(block: Block, folder: Path) -> None:
    words = ["sh", "-e"] if block.language == "sh" else [sys.executable, "-"]
    ran = subprocess.run(
        words,
        input=block.code,
        cwd=folder,
        env=_environment(folder),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, f"{block.name} ended with {ran.returncode}:\n{ran.stdout[-2000:]}{ran.stderr[-4000:]}"


def _folder_for(place: str, tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    folder = tmp_path / place
    if folder.is_dir():
        return folder
    folder.mkdir()
    if place == "demo":
        copy_of_demo: CopyOfDemo = request.getfixturevalue("copy_of_demo")
        copy_of_demo(folder)
    else:
        assert place == "empty", f"there is no place called {place}"
    return folder


def _runs(block: Block) -> bool:
    return block.language in {"sh", "python"} and block.not_run is None


def _pages_to_run() -> list[object]:
    """Return the pages with something to run; those that need the demo, which takes its time, are slow."""
    pages = {page: {block.place for block in blocks_of(page) if _runs(block)} for page in PAGES}
    return [
        pytest.param(page, id=page.name, marks=[pytest.mark.slow] if "demo" in places else [])
        for page, places in pages.items()
        if places
    ]


@pytest.mark.parametrize("page", _pages_to_run())
def test_every_command_of_a_page_does_what_the_page_says(
    page: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    for block in blocks_of(page):
        if _runs(block):
            _run(block, _folder_for(block.place, tmp_path, request))


@pytest.mark.parametrize("block", [one for one in all_blocks("sh") if one.not_run], ids=_id)
def test_commands_that_are_not_run_are_commands_that_exist(block: Block) -> None:
    lines = block.code.replace("\\\n", " ").splitlines()
    for line in lines:
        words = shlex.split(line, comments=True)
        if words[:1] == ["listener"]:
            _parse(cli, words[1:])
        elif words[:1] == ["make"]:
            makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
            assert f"\n{words[1]}:" in makefile, f"{block.name}: the Makefile has no {words[1]}"


def _parse(command: click.Command, words: list[str], parent: click.Context | None = None) -> None:
    """Read a command line as click does, without running it."""
    context = command.make_context(command.name or "listener", list(words), parent=parent, obj=App())
    if isinstance(command, click.Group) and context._protected_args:
        name = context._protected_args[0]
        inner = command.get_command(context, name)
        assert inner is not None, f"there is no command {name}"
        _parse(inner, context.args, context)


@pytest.mark.parametrize("block", all_blocks("toml"), ids=_id)
def test_every_configuration_that_is_shown_is_valid(block: Block, tmp_path: Path) -> None:
    if block.not_run:
        tomllib.loads(block.code)
        return
    text = block.code if "[[brands]]" in block.code else block.code + _BRAND
    file = tmp_path / "config.toml"
    file.write_text(text, encoding="utf-8")
    wiring.validate(load_config(file))


@pytest.mark.parametrize("block", all_blocks("json"), ids=_id)
def test_every_json_that_is_shown_is_json(block: Block) -> None:
    json.loads(block.code)


def test_the_trend_that_is_shown_adds_up() -> None:
    (shown,) = [block.code for block in blocks_of(ROOT / "docs" / "reports.md") if block.language == "json"]
    (bucket,) = json.loads(shown)["buckets"]
    scored = sum(bucket[name] for name in ("positive", "neutral", "negative", "no_evidence"))
    assert bucket["mentions"] == scored + bucket["unscored"]
    assert bucket["net_sentiment"] == round(100 * (bucket["positive"] - bucket["negative"]) / scored, 1)


@pytest.mark.parametrize("block", all_blocks("jsonl"), ids=_id)
def test_every_line_of_mentions_that_is_shown_can_be_read(block: Block) -> None:
    read = list(read_lines(io.BytesIO(block.code.encode())))
    assert read
    assert not [line for line in read if isinstance(line, BadLine)]


def test_what_score_and_match_add_is_shown_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (page,) = [page for page in PAGES if page.name == "commands.md"]
    (shown,) = [json.loads(block.code) for block in blocks_of(page) if block.language == "json"]
    (made,) = [block.code for block in blocks_of(page) if "listener match" in block.code and "END" in block.code]
    monkeypatch.chdir(tmp_path)
    Path("survey.jsonl").write_text(made.split("'END'\n")[1].split("END\n")[0], encoding="utf-8")
    added: dict[str, object] = {}
    for words in (["score"], ["match", shown["match"]["query"]]):
        assert run([*words, "survey.jsonl"]) == 0
        added |= json.loads(capsys.readouterr().out)
    assert {name: added[name] for name in shown} == shown


@pytest.mark.slow
@pytest.mark.parametrize("block", all_blocks("sql"), ids=_id)
def test_every_query_that_is_shown_answers_on_the_store_of_the_demo(
    block: Block, tmp_path: Path, copy_of_demo: CopyOfDemo
) -> None:
    copy_of_demo(tmp_path)
    with contextlib.closing(sqlite3.connect(tmp_path / "listener.db")) as connection:
        for statement in block.code.split(";\n"):
            if statement.strip():
                assert connection.execute(statement).fetchall(), f"{block.name} finds nothing"


def test_the_page_of_plug_ins_uses_nothing_but_the_two_public_modules() -> None:
    (page,) = [page for page in PAGES if page.name == "plugins.md"]
    blocks = [block for block in blocks_of(page) if block.language == "python"]
    imported = {
        module
        for block in blocks
        for module in re.findall(r"^(?:from|import) (listener[\w.]*)", block.code, re.MULTILINE)
    }
    assert imported == {"listener.api", "listener.testing"}


@pytest.mark.slow
def test_the_store_of_the_demo_counts_the_days_of_its_own_time_zone(tmp_path: Path, copy_of_demo: CopyOfDemo) -> None:
    copy_of_demo(tmp_path)
    zone = load_config(tmp_path / "config.toml").zone().key
    with contextlib.closing(sqlite3.connect(tmp_path / "listener.db")) as connection:
        assert connection.execute("SELECT zone FROM rollup_zone").fetchall() == [(zone,)]


def test_every_block_says_what_it_is() -> None:
    blocks = [block for page in PAGES for block in blocks_of(page)]
    assert len(blocks) > 30
    assert [block.name for block in blocks if block.language not in _KNOWN] == []


def test_no_fence_of_a_page_is_left_unread() -> None:
    for page in PAGES:
        fences = sum(line.startswith("```") for line in page.read_text(encoding="utf-8").splitlines())
        assert fences == 2 * len(blocks_of(page)), f"{page.name} has a block that the tests do not see"
