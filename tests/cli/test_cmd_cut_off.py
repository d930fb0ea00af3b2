"""A command that a signal ends while it writes a file leaves nothing half written beside it."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

from cli.loaded import run_loaded
from listener.cli.main import run

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

    from conftest import Place

BEFORE_THE_FILE_IS_MOVED = """
import os, signal, sys

number = int(sys.argv.pop(1))
if number != signal.SIGKILL:
    signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)  # whoever started this
from listener.cli.main import main

def end(name, args):
    if name in {"os.rename", "os.link"} and not str(args[1]).endswith(".pyc"):  # what Python compiles is not the file
        os.kill(os.getpid(), number)

    if name == "open" and str(args[0]).endswith("nobody_writes"):
        os.kill(os.getpid(), number)

sys.addaudithook(end)
main()
"""


@pytest.mark.parametrize(
    ("words", "number"),
    [
        ("backup", signal.SIGTERM),
        ("export --output", signal.SIGTERM),
        ("export --format parquet --output", signal.SIGTERM),
        ("export --format parquet --output", signal.SIGINT),
        ("export --output", signal.SIGHUP),
        ("init", signal.SIGTERM),
        ("init", signal.SIGINT),
    ],
)
def test_a_signal_before_the_file_is_whole_leaves_no_part_of_it(
    filled: Place, words: str, number: signal.Signals
) -> None:
    if "parquet" in words:
        pytest.importorskip("pyarrow")
    before = set(filled.folder.iterdir())
    ended = cut_off(filled, words, number)
    assert (ended.returncode, ended.stdout) == (128 + number, "")
    assert "Traceback" not in ended.stderr
    assert written_beside(filled, before) == []


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names here")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_an_import_that_waits_for_a_pipe_which_nobody_writes(
    filled: Place, number: signal.Signals
) -> None:
    os.mkfifo(filled.folder / "nobody_writes")
    ended = cut_off(filled, "import --format jsonl", number, "nobody_writes")
    assert (ended.returncode, ended.stdout) == (128 + number, "")
    assert "Traceback" not in ended.stderr


def cut_off(
    filled: Place, words: str, number: signal.Signals, file: str = "written"
) -> subprocess.CompletedProcess[str]:
    """Send a command a signal as it is about to put the file "written" into its place, or to open what nobody writes."""
    config = [] if words == "init" else ["--config", str(filled.config_file)]
    return run_loaded(BEFORE_THE_FILE_IS_MOVED, str(int(number)), *words.split(), file, *config, folder=filled.folder)


def written_beside(filled: Place, before: set[Path]) -> list[str]:
    """Return the names of new files, but those of the store in use."""
    left = [one.name for one in filled.folder.rglob("*") if one.is_file() and one not in before]
    return [name for name in left if not name.endswith(("-wal", "-shm"))]


@pytest.mark.parametrize("words", ["backup", "export --format parquet --output", "init", "export --output"])
def test_the_run_after_one_that_was_killed_finds_no_half_file_and_clears_its_parts(
    filled: Place, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    if "parquet" in words:
        pytest.importorskip("pyarrow")
    before = set(filled.folder.iterdir())
    assert cut_off(filled, words, signal.SIGKILL).returncode == -signal.SIGKILL
    (left,) = written_beside(filled, before)
    assert left.startswith(".")
    if words == "backup":
        (filled.folder / f"{left}-journal").write_bytes(b"pages")
    monkeypatch.chdir(filled.folder)
    given = [] if words == "init" else ["--config", str(filled.config_file)]
    assert run([*words.split(), "written", *given]) == 0
    assert [name for name in written_beside(filled, before) if name.startswith(".")] == []
    assert written_beside(filled, before)


def test_a_configuration_whose_writer_was_killed_at_its_end_has_one_name_again(
    filled: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = set(filled.folder.iterdir())
    assert cut_off(filled, "init", signal.SIGKILL).returncode == -signal.SIGKILL
    (left,) = written_beside(filled, before)
    (filled.folder / "written").hardlink_to(filled.folder / left)
    monkeypatch.chdir(filled.folder)
    assert run(["init", "written"]) == 2
    assert written_beside(filled, before) == ["written"]


def test_a_part_of_a_day_that_is_erased_since_is_taken_away_by_the_next_archive(filled: Place) -> None:
    pytest.importorskip("pyarrow")
    assert cut_off(filled, "export --format parquet --output", signal.SIGKILL).returncode == -signal.SIGKILL
    (part,) = (filled.folder / "written").rglob(".*.part")
    other = part.parent.with_name("day=2001-01-01")
    part.parent.rename(other)
    archive = ["export", "--format", "parquet", "--output", str(filled.folder / "written")]
    assert filled.run(*archive).code == 0
    assert list((filled.folder / "written").rglob(".*")) == []
