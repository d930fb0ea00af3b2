"""A command that a signal ends while it writes a file leaves nothing half written beside it."""

from __future__ import annotations

import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from unmeasured import environment

if TYPE_CHECKING:
    from conftest import Place

BEFORE_THE_FILE_IS_MOVED = """
import os, signal, sys

number = int(sys.argv.pop(1))
signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)  # whoever started this
from listener.cli.main import main

sys.addaudithook(lambda name, _: name == "os.rename" and os.kill(os.getpid(), number))
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
    ],
)
def test_a_signal_before_the_file_is_whole_leaves_no_part_of_it(
    filled: Place, words: str, number: signal.Signals
) -> None:
    if "parquet" in words:
        pytest.importorskip("pyarrow")
    before = set(filled.folder.iterdir())
    config = ["--config", str(filled.config_file)]
    ended = subprocess.run(
        [sys.executable, "-c", BEFORE_THE_FILE_IS_MOVED, str(int(number)), *words.split(), "written", *config],
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
        env=environment(),
        cwd=filled.folder,
    )
    assert (ended.returncode, ended.stdout) == (128 + number, "")
    assert "Traceback" not in ended.stderr
    left = [one.name for one in filled.folder.rglob("*") if one.is_file() and one not in before]
    assert [name for name in left if not name.endswith(("-wal", "-shm"))] == []
