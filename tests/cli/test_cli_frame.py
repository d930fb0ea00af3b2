"""The frame of the command line: help, errors as sentences, exit codes, signals, streams."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from cli.conftest import NOW
from listener.cli import COMMANDS, SECTIONS
from listener.cli.main import run
from unmeasured import environment

if TYPE_CHECKING:
    from pathlib import Path

    from cli.conftest import Place

PROGRAM = [sys.executable, "-c", "from listener.cli.main import main; main()"]
HEAVY = (
    "numpy", "matplotlib", "tweepy", "praw", "requests", "apscheduler", "sqlite_utils", "pandas", "jinja2",
    "feedparser", "asyncio",
)  # fmt: skip


def loaded_by(code: str) -> set[str]:
    """Return which heavy packages a fresh interpreter has loaded after `code`."""
    report = f"\nimport sys\nprint('LOADED', *[name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code + report], capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split()[1:])


def test_the_package_runs_as_a_module() -> None:
    command = [sys.executable, "-m", "listener", "trendd"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment())
    assert done.returncode == 2
    assert done.stderr.startswith("Usage: listener")
    assert 'did you mean "trend"?' in done.stderr


def test_help_loads_nothing_heavy_and_no_command() -> None:
    code = "from listener.cli.main import run\nrun(['--help'])"
    assert loaded_by(code) == set()
    modules = sorted({target.partition(":")[0] for target, _, _ in COMMANDS.values()})
    check = f"\nimport sys\nassert not set({modules!r}) & set(sys.modules)\nassert 'listener.config' not in sys.modules"
    assert loaded_by(code + check) == set()


def test_the_help_of_every_command_loads_nothing_heavy_and_shows_an_example() -> None:
    code = (
        "import contextlib, io\n"
        "from listener.cli import COMMANDS\n"
        "from listener.cli.main import run, cli\n"
        "for name in COMMANDS:\n"
        "    with contextlib.redirect_stdout(io.StringIO()) as out:\n"
        "        assert run([name, '--help']) == 0, name\n"
        "    is_group = 'COMMAND [ARGS]' in out.getvalue()\n"
        "    assert is_group or 'Example' in out.getvalue(), name\n"
    )
    assert loaded_by(code) == set()


def test_asking_for_a_trend_loads_nothing_heavy(filled: Place) -> None:
    code = f"from listener.cli.main import run\nassert run(['trend', 'Acme', '--config', {str(filled.config_file)!r}]) == 0"
    assert loaded_by(code) == set()


def test_the_measuring_itself_sees_a_heavy_package() -> None:
    assert "jinja2" in loaded_by("import jinja2")


def test_help_lists_every_command_under_its_section(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert run(["--help"]) == 0
    out = capsys.readouterr().out
    for name, (_, line, section) in COMMANDS.items():
        assert section in SECTIONS
        assert re.search(rf"^  {name} +{re.escape(line[:30])}", out, re.MULTILINE), name
        assert f"{section}:" in out


def test_without_a_command_the_help_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([]) == 0
    alone = capsys.readouterr()
    assert run(["--help"]) == 0
    assert alone.out == capsys.readouterr().out
    assert alone.err == ""


def test_an_unknown_command_names_the_near_miss(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["confg"]) == 2
    captured = capsys.readouterr()
    assert "there is no command 'confg'; did you mean \"config\"?" in captured.err
    assert captured.out == ""


def test_a_command_far_from_any_points_to_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["xyzzy\x1b[31m"]) == 2
    err = capsys.readouterr().err
    assert '"listener --help" lists the commands' in err
    assert "\x1b" not in err


def test_an_unknown_option_is_a_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["init", "--brnd", "Acme"]) == 2
    assert "--brand" in capsys.readouterr().err
    assert run(["--", "-x"]) == 2
    assert "No such option '-x'" in capsys.readouterr().err


def test_an_option_before_its_command_is_told_where_it_belongs(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--config", "x.toml", "status"]) == 2
    assert "--config stands behind the command, as in listener status --config ..." in capsys.readouterr().err


def test_the_version_is_that_of_the_distribution(capsys: pytest.CaptureFixture[str]) -> None:
    from importlib.metadata import version

    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"listener {version('social-listener')}\n"


def test_an_error_is_one_sentence_and_with_debug_a_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["config", "show", "--config", "nowhere.toml"]) == 2
    captured = capsys.readouterr()
    assert captured.err == "Error: nowhere.toml: there is no such file\n"
    assert captured.out == ""
    assert run(["--debug", "config", "show", "--config", "nowhere.toml"]) == 2
    err = capsys.readouterr().err
    assert err.startswith("Traceback")
    assert "ConfigError: nowhere.toml" in err


@pytest.mark.parametrize("options", [[], ["--debug"]])
def test_a_file_whose_name_would_steer_the_terminal_is_told_of_in_escapes(
    capsys: pytest.CaptureFixture[str], options: list[str]
) -> None:
    assert run([*options, "match", "acme", "no\x07\x9b31m\u202e.jsonl"]) in {1, 2}
    said = capsys.readouterr().err
    assert "no\\x07\\x9b31m\\u202e.jsonl" in said
    assert all(line.isprintable() for line in said.split("\n"))


def test_a_wrong_now_is_a_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["share", "--now", "yesterday"]) == 2
    assert '"yesterday" is not an ISO 8601 date and time' in capsys.readouterr().err


@pytest.mark.parametrize(
    "asked",
    [
        ["trend", "Acme", "--by", "month", "--since", "0001-01-03"],
        ["trend", "Acme", "--since", "400000d"],
        ["terms", "Acme", "--since", "0900-01-01"],
        ["themes", "Acme", "--since", "0900-01-01", "--until", "1950-01-01"],
        ["compare", "Acme", "Globex", "--since", "0900-01-01"],
        ["export", "--until", "9999-12-31"],
        ["digest", "--on", "0001-01-03"],
        ["mentions", "--older-than", "300000d"],
        ["alerts", "--since", "0900-01-01"],
    ],
)
def test_a_time_that_no_span_can_be_counted_from_is_a_wrong_usage(filled: Place, asked: list[str]) -> None:
    answer = filled.run(*asked)
    assert (answer.code, answer.out) == (2, "")
    assert (
        answer.err
        == f'Error: "{asked[-1] if asked[0] != "themes" else "0900-01-01"}" is outside the years 1900 to 2199\n'
    )


@pytest.mark.parametrize("now", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_a_clock_is_fixed_within_the_years_that_can_be_counted(place: Place, now: str) -> None:
    answer = place.run("status", "--now", now, now=None)
    assert (answer.code, answer.out) == (2, "")
    assert "outside the years 1900 to 2199" in answer.err


@pytest.mark.parametrize(
    "asked", [["alerts", "show"], ["alerts", "ack"], ["chart", "episode", "--output", "a.png", "--alert"]]
)
def test_a_number_that_no_store_can_hold_is_a_wrong_usage(filled: Place, asked: list[str]) -> None:
    answer = filled.run(*asked, str(2**63))
    assert answer.code == 2
    assert f"'{2**63}' is no number of this store" in answer.err
    assert filled.run("alerts", "show", str(2**63 - 1)).err == (
        f'Error: no alert has the number {2**63 - 1}; "listener alerts" lists them\n'
    )


def test_an_error_nobody_foresaw_is_one_sentence_without_a_traceback_and_never_tells_a_secret() -> None:
    code = (
        "import sys, listener.cli.configuring as c\n"
        "import listener.config\n"
        "def fail(*_): raise RuntimeError('asked https://ada:hunter22@example.org/?api_key=hunter22')\n"
        "listener.config.find_config = fail\n"
        "from listener.cli.main import main\n"
        "sys.argv = ['listener', *{arguments!r}]\n"
        "main()\n"
    )
    arguments = ["config", "show"]
    plain = subprocess.run(
        [sys.executable, "-c", code.replace("{arguments!r}", repr(arguments))],
        capture_output=True,
        text=True,
        check=False,
    )
    assert plain.returncode == 1
    assert plain.stderr.startswith("Error: internal error: RuntimeError: asked https://[hidden]@example.org/")
    assert "hunter22" not in plain.stderr
    assert len(plain.stderr.splitlines()) == 1
    arguments = ["--debug", "config", "show"]
    loud = subprocess.run(
        [sys.executable, "-c", code.replace("{arguments!r}", repr(arguments))],
        capture_output=True,
        text=True,
        check=False,
    )
    assert loud.returncode == 1
    assert loud.stderr.startswith("Traceback")
    assert "RuntimeError: asked https://[hidden]@example.org/?api_key=[hidden]" in loud.stderr
    assert "hunter22" not in loud.stderr


def test_an_error_that_ends_a_thread_never_tells_a_secret() -> None:
    code = (
        "import sys, threading, listener.config\n"
        "def fail(): raise RuntimeError('asked https://ada:hunter22@example.org/ \\x1b[2J')\n"
        "def find(*_):\n"
        "    thread = threading.Thread(target=fail)\n"
        "    thread.start(); thread.join(); raise SystemExit(3)\n"
        "listener.config.find_config = find\n"
        "from listener.cli.main import main\n"
        "sys.argv = ['listener', 'config', 'show']\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert "RuntimeError: asked https://[hidden]@example.org/ \\x1b[2J" in done.stderr
    assert "hunter22" not in done.stderr


def test_ctrl_c_ends_with_130_and_a_short_word(tmp_path: Path) -> None:
    pipe = tmp_path / "config.toml"
    os.mkfifo(pipe)
    listening = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "  # a background job ignores it
    )
    command = [sys.executable, "-c", listening + PROGRAM[-1], "config", "show", "--config", str(pipe)]
    with (
        subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment()) as process,
        pipe.open("w"),  # opens when the program has begun to read
    ):
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert err.strip() == "stopped"


def test_a_reader_that_goes_away_ends_the_program_quietly() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run([*PROGRAM, "--help"], stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)
    assert done.stderr == b""
    assert done.returncode == 1


@pytest.mark.skipif(not os.access("/dev/full", os.W_OK), reason="only Linux has /dev/full, and may keep it to root")
def test_output_that_cannot_be_written_is_one_sentence() -> None:
    with open("/dev/full", "wb") as full:  # noqa: PTH123 - a device
        done = subprocess.run([*PROGRAM, "--help"], stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.stderr == b"Error: the output cannot be written: No space left on device\n"
    assert done.returncode == 1


@pytest.mark.skipif(not os.access("/dev/full", os.W_OK), reason="only Linux has /dev/full, and may keep it to root")
@pytest.mark.parametrize("buffering", ["", "1"], ids=["buffered", "unbuffered"])
def test_an_answer_does_not_fail_for_a_note_beside_it(filled: Place, buffering: str) -> None:
    words = ["mentions", "--limit", "1", "--config", str(filled.config_file), "--now", NOW.isoformat()]
    answers = []
    for place in (os.devnull, "/dev/full"):
        with open(place, "wb") as notes:  # noqa: PTH123 - a device
            done = subprocess.run(
                [*PROGRAM, *words], stdout=subprocess.PIPE, stderr=notes, check=False,
                env=os.environ | {"PYTHONUNBUFFERED": buffering},
            )  # fmt: skip
        answers.append((done.returncode, done.stdout))
    assert answers[0] == answers[1]
    assert (answers[0][0], bool(answers[0][1])) == (0, True)


def test_output_is_utf_8_in_a_pipe_whatever_the_locale(tmp_path: Path) -> None:
    environment = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"}
    if subprocess.run([sys.executable, "-c", ""], capture_output=True, env=environment, check=False).returncode:
        pytest.skip("in this locale Python does not start where the name of the checkout's folder is not ASCII")
    (tmp_path / "c.toml").write_text('[[brands]]\nname = "कोका-कोला"\n', encoding="utf-8")
    command = [*PROGRAM, "config", "show", "--config", str(tmp_path / "c.toml")]
    done = subprocess.run(command, capture_output=True, env=environment, check=False)
    assert 'name = "कोका-कोला"'.encode() in done.stdout
    assert done.returncode == 0


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("con", {"config"}),
        ("--de", {"--debug"}),
        ("trend --by", {"--by"}),
        ("trend --format js", {"json", "jsonl"}),
        ("alerts s", {"show", "snooze"}),
        ("alerts --br", {"--brand"}),
        ("alerts --since 1d --li", {"--limit"}),
    ],
)
def test_a_shell_is_offered_what_can_follow(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, words: str, offered: set[str]
) -> None:
    monkeypatch.setenv("_LISTENER_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", f"listener {words}")
    monkeypatch.setenv("COMP_CWORD", str(len(words.split())))
    with pytest.raises(SystemExit, match="0"):
        run([])
    assert {line.partition(",")[2] for line in capsys.readouterr().out.splitlines()} == offered
