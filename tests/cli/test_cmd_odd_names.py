"""Odd names of files and places are told of in a sentence, and steer no terminal."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from cli.conftest import Place

LONG = "a" * 300
"""Longer than any file system lets a name be."""
STEERING = "\x1b]0;hello\x07"


@pytest.mark.parametrize(
    "command",
    [
        ("score", LONG),
        ("score", f"{LONG}.gz"),
        ("score", f"{LONG}.parquet"),
        ("match", "acme", LONG),
        ("evaluate", LONG),
        ("import", f"{LONG}.csv"),
        ("import", LONG, "--format", "parquet"),
        ("label", "--import", LONG),
        ("label", "--export", LONG),
        ("export", "--output", f"{LONG}.csv.gz"),
        ("backup", LONG),
        ("backup", "--force", LONG),
        ("status", "--config", LONG),
        ("chart", "volume", "Acme", "--output", f"{LONG}.png"),
        ("alerts", "backtest", "--since", "2d", "--brand", "Acme", "--chart", f"{LONG}.png"),
    ],
    ids=lambda command: " ".join(command).replace(LONG, "LONG"),
)
def test_a_name_that_is_too_long_is_one_sentence_and_nothing_on_stdout(
    filled: Place, command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(filled.folder)
    more = () if "--config" in command else ("--config", "config.toml")
    answer = filled.run(*command, *more, now=None, config=False)
    assert answer.code in {1, 2}
    assert answer.out == ""
    *before, last = answer.err.splitlines()
    assert re.fullmatch(rf"Error: \S*{LONG}\S*:? cannot be (read|written): File name too long", last)
    assert not [line for line in before if "would" not in line]


def test_a_store_whose_name_is_too_long_cannot_be_made_says_check(filled: Place) -> None:
    answer = filled.run("check", "--database", LONG)
    assert answer.code == 3
    assert f"FAIL  store         {LONG} cannot be opened: File name too long" in answer.out


def test_a_folder_of_settings_that_cannot_be_looked_into_is_passed_over(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(place.folder)
    place.config_file.rename(place.folder / "mine.toml")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(place.folder / LONG))
    answer = place.run("status", config=False)
    assert answer.code == 2
    assert "no configuration file; tried --config" in answer.err
    (place.folder / "lines.jsonl").write_text('{"text": "Acme is fine"}\n', encoding="utf-8")
    assert place.run("score", "lines.jsonl", config=False, now=None).code == 0


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (("init", STEERING), 0),
        (("backup", STEERING), 0),
        (("label", "--export", STEERING), 0),
        (("label", "--import", "sheet.csv"), 3),
        (("forget", "--mention", f"hackernews:{STEERING}"), 1),
        (("chart", "share", "--output", f"{STEERING}.svg"), 0),
        (("digest", "--on", "2026-11-19", "--preview", f"{STEERING}.html"), 0),
        (("top", "Acme", "--of", STEERING), 2),
        (("sources", STEERING), 2),
        (("status", "--database", STEERING), 0),
    ],
    ids=lambda value: " ".join(value).replace(STEERING, "STEERING") if isinstance(value, tuple) else str(value),
)
def test_no_name_and_no_line_of_a_file_steers_the_terminal(
    filled: Place, command: tuple[str, ...], code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(filled.folder)
    (filled.folder / "sheet.csv").write_text(f"mention,label\nforum:{STEERING},positive\n", encoding="utf-8")
    answer = filled.run(
        *command, *(() if command[0] == "init" else ("--config", "config.toml")), now=None, config=False
    )
    assert answer.code == code
    assert "\\x1b]0;hello\\x07" in answer.out + answer.err
    assert not re.search(r"[\x1b\x07]", answer.out + answer.err)


def test_the_comment_that_names_the_configuration_is_one_line_without_signs_that_toml_refuses(place: Place) -> None:
    import tomllib

    odd = place.folder / f"{STEERING}\nx.toml"
    place.config_file.rename(odd)
    shown = place.run("config", "show", "--config", str(odd), config=False, now=None)
    assert shown.code == 0
    assert tomllib.loads(shown.out)["brands"][0]["name"] == "Acme"


@pytest.mark.parametrize("force", [(), ("--force",)])
@pytest.mark.parametrize("target", ["copy.db", "nowhere/listener.db"])
def test_a_copy_takes_no_place_of_a_link_that_leads_nowhere(
    filled: Place, target: str, force: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(filled.folder)
    link = filled.folder / "copy.db"
    link.symlink_to(target)
    answer = filled.run("backup", "copy.db", *force, now=None)
    assert answer.code == 2
    assert answer.err.count("\n") == 1
    assert link.is_symlink()


def test_an_error_has_the_line_of_the_terminal_for_itself(filled: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    lines = filled.folder / "lines.jsonl"
    lines.write_text("no JSON\n", encoding="utf-8")
    assert "\r\x1b[Kline 1: " in filled.run("import", str(lines)).err
    text = filled.database.read_bytes()
    half = len(text) // 2
    filled.database.write_bytes(text[:half] + b"\xff" * 50_000 + text[half + 50_000 :])
    answer = filled.run("backup", str(filled.folder / "copy.db"), now=None)
    assert answer.code == 1
    assert "%\r\x1b[KError: " in answer.err


@pytest.mark.parametrize("option", ["--config", "--database"])
@pytest.mark.parametrize("command", [("status",), ("ruleset", "suggest"), ("backup", "copy.db"), ("score", "-")])
def test_an_option_that_names_no_file_is_a_wrong_usage(
    filled: Place, command: tuple[str, ...], option: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(filled.folder)
    answer = filled.run(*command, f"{option}=", now=None, config=False)
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.endswith(f"Error: {option} names no file; an empty variable of the shell, perhaps\n")


@pytest.mark.parametrize(
    "arguments",
    [
        ("trend", "Ac\nme"),
        ("mentions", "--source", "x\r\ny"),
        ("label", "x\u2028y", "negative"),
        ("import", "no\nfile.jsonl"),
        ("export", "--output", "no\nfolder/x.jsonl"),
        ("trend", "Acme", "--since", "7\nx"),
    ],
)
def test_an_error_is_one_line_whatever_it_names(place: Place, arguments: tuple[str, ...]) -> None:
    place.fill(days=1, a_day=1)
    answer = place.run(*arguments)
    assert answer.code in (1, 2)
    assert answer.err.count("\n") == 1


def test_a_word_that_is_not_possible_is_named_on_one_line(place: Place) -> None:
    answer = place.run("trend", "Acme", "--by", "da\nys")
    assert answer.code == 2
    assert answer.err.splitlines()[-1].startswith("Error: Invalid value for '--by': \"da ys\" is not possible")


def test_a_configuration_whose_path_has_a_line_break_is_told_on_one_line(place: Place) -> None:
    file = place.folder / "con\nfig.toml"
    file.write_text('["hacker\\nnews"]\n', encoding="utf-8")
    answer = place.run("config", "show", "--config", str(file), config=False)
    assert answer.code == 2
    assert answer.err.count("\n") == 1
