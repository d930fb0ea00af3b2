"""Run scripts as processes of their own that need not load the program first: they are split off from one that has it loaded.

For tests of what a process does, not of how it starts. It has files for its output, and
what it changes in itself is gone with it.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

from bounds import MINUTE
from unmeasured import environment

_SPLIT_OFF = """
import gc, importlib, json, os, pkgutil, signal, sys

for name in ("listener.cli", "listener.parquet", "listener.pipeline", "listener.search", "listener.service", "listener.store",
             "sentiment", "sources"):
    for module in pkgutil.walk_packages(getattr(importlib.import_module(name), "__path__", ()), name + "."):
        importlib.import_module(module.name)
gc.freeze()  # nobody is to look for garbage in it, also at the end
for order in map(json.loads, sys.stdin):
    child = os.fork()
    if not child:
        break
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
else:
    sys.exit()
signal.alarm(order["seconds"])
os.chdir(order["folder"])
os.environ.clear()
os.environ.update(order["environment"])
for number, name in enumerate((os.devnull, order["out"], order["err"])):
    file = os.open(name, os.O_RDWR)
    os.dup2(file, number)
    os.close(file)
sys.argv[:] = ["-c", *order["words"]]
exec(order["script"])
"""


def run_loaded(script: str, *words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a script in a folder, with these words for arguments, and wait for its end, which comes within minutes."""
    asked = _process()
    assert asked.stdin is not None
    assert asked.stdout is not None
    with tempfile.NamedTemporaryFile() as out, tempfile.NamedTemporaryFile() as err:
        order = {
            "script": script, "words": words, "folder": str(folder), "out": out.name, "err": err.name,
            "environment": environment(), "seconds": 2 * int(MINUTE),
        }  # fmt: skip
        asked.stdin.write(f"{json.dumps(order)}\n")
        asked.stdin.flush()
        code = int(asked.stdout.readline())
        return subprocess.CompletedProcess(words, code, out.read().decode(), err.read().decode())


@cache
def _process() -> subprocess.Popen[str]:
    """Return the process that has the program loaded; it ends with the one that asks it."""
    return subprocess.Popen(
        [sys.executable, "-c", _SPLIT_OFF],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment(),
    )  # fmt: skip
