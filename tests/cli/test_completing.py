"""A shell is offered the configured brands where one is asked for, and nothing, in silence, where they cannot be read."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click
import pytest

from listener.cli import COMMANDS
from listener.cli.context import BRAND
from listener.cli.main import cli, run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conftest import Place

BRANDS = """\
[[brands]]
name = "Acme"

[[brands]]
name = "Acme Rockets & Co"

[[brands]]
name = "कोका-कोला"
kind = "competitor"
"""


@pytest.fixture(autouse=True)
def nothing_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LISTENER_CONFIG", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "none"))


def offered(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *words: str, kind: str = "bash"
) -> list[str]:
    """Return what a shell is offered for the last of the words."""
    monkeypatch.setenv("_LISTENER_COMPLETE", f"{kind}_complete")
    monkeypatch.setenv("COMP_WORDS", "\n".join(["listener", *words]))
    monkeypatch.setenv("COMP_CWORD", "" if kind == "fish" else str(len(words)))
    if kind == "fish":
        monkeypatch.setenv("COMP_WORDS", " ".join(["listener", *words[:-1]]))
        monkeypatch.setenv("COMP_CWORD", words[-1])
    with pytest.raises(SystemExit, match="0"):
        run([])
    told = capsys.readouterr()
    assert told.err == ""
    return told.out.split("\n")[:-1] if told.out.strip() else []


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (("trend", "a"), ["Acme", r"Acme\\ Rockets\\ \\&\\ Co"]),
        (("trend", "कोका-कोला", r"Acme\ R"), [r"Acme\\ Rockets\\ \\&\\ Co"]),
        (("trend", '"Acme R'), ["Acme Rockets & Co"]),
        (("compare", "Acme", "क"), ["कोका-कोला"]),
        (("export", "--brand", "Acme"), ["Acme", r"Acme\\ Rockets\\ \\&\\ Co"]),
        (("alerts", "snooze", "B"), []),
    ],
)
def test_bash_is_offered_brands_as_words_of_a_command_line(
    place: Place,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    names: list[str],
) -> None:
    place.configure(BRANDS)
    assert offered(capsys, monkeypatch, *words) == [f"plain,{name}" for name in names]


def test_a_shell_that_quotes_by_itself_gets_names_as_they_are(
    place: Place, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    place.configure(BRANDS)
    told = "\n".join(offered(capsys, monkeypatch, "trend", "acme r", kind="fish"))
    assert "Acme Rockets & Co" in told


def test_the_configuration_that_the_line_names_is_read(
    place: Place, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(place.folder))
    (place.folder / "other.toml").write_text('[[brands]]\nname = "Zenith"\n', encoding="utf-8")
    assert offered(capsys, monkeypatch, "trend", "--config", "~/other.toml", "") == ["plain,Zenith"]


@pytest.mark.parametrize(
    "text",
    [
        b"[[brands",
        b"brands = 3",
        b'brands = ["Acme", 3]',
        b"[[brands]]\nname = 3",
        b'[[brands]]\nname = "a\\u001b[2J"',
        b"\xff",
        b"a = " + b"[" * 100_000,
        None,
    ],
)
def test_brands_that_cannot_be_read_are_not_offered(
    place: Place, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, text: bytes | None
) -> None:
    place.config_file.unlink()
    if text is not None:
        place.config_file.write_bytes(text)
    assert offered(capsys, monkeypatch, "trend", "") == []


def test_no_pipe_is_waited_for(
    place: Place, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(place.folder / "pipe")
    assert offered(capsys, monkeypatch, "trend", "--config", "pipe", "") == []


def commands(group: click.Group) -> Iterator[click.Command]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield command
        if isinstance(command, click.Group):
            yield from commands(command)


def test_every_brand_that_is_asked_for_is_offered() -> None:
    made = list(commands(cli))
    assert len(made) > len(COMMANDS)
    asked = [
        (command.name, parameter)
        for command in made
        for parameter in command.params
        if parameter.name in {"brand", "brands"} or "BRAND" in (parameter.metavar or "")
    ]
    assert len(asked) > 20
    assert [name for name, parameter in asked if parameter.type is not BRAND] == ["init"]  # which is told of a new one
