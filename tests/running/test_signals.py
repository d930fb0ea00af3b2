"""A signal is heard at whatever instant it comes."""

from __future__ import annotations

import signal
import subprocess
import sys
from typing import TYPE_CHECKING

from running.site import PATIENCE, Site
from unmeasured import environment

if TYPE_CHECKING:
    from pathlib import Path

IN_MID_WAIT = """
import signal, sys
from pathlib import Path
from listener.config import load_config
from listener.daemon import Daemon
from listener.service import Stop, stop_on_signals

def raised_within(event, number):
    with event._cond:  # as in the middle of event.wait(), or of another signal's event.set()
        signal.raise_signal(number)

stop = Stop()
with stop_on_signals(stop) as asked:
    raised_within(stop, signal.SIGTERM)
    print(asked.exit_code, stop.is_set(), stop.wait(20))
daemon = Daemon(load_config(Path(sys.argv[1])), Path(sys.argv[2]))
with daemon._signals():
    raised_within(daemon._wake, signal.SIGHUP)
    print(daemon._wake.wait(20), daemon._reload.is_set())
    raised_within(daemon._stop, signal.SIGINT)
    print(daemon._stop.wait(20), flush=True)
    signal.raise_signal(signal.SIGTERM)
"""


def test_a_signal_may_come_at_any_instant_and_waits_for_no_lock_that_it_interrupted(tmp_path: Path) -> None:
    site = Site(tmp_path, "")
    command = [sys.executable, "-c", IN_MID_WAIT, str(site.config), str(site.database)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=2 * PATIENCE, env=environment())
    assert (done.returncode, done.stdout.split(), done.stderr) == (
        128 + signal.SIGTERM, ["143", "True", "True", "True", "True", "True"], "",
    )  # fmt: skip
