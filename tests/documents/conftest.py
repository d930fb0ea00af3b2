"""Prepare the places in which the commands of the manual run."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from listener.demo.show import run_demo
from unmeasured import measuring_resumed


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that `listener demo` made, one for all workers of a run; nobody changes it."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "demo-of-the-manual"
    done = folder.with_suffix(".done")
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            with measuring_resumed():
                run_demo(folder)
            done.touch()
    return folder


@pytest.fixture(scope="session")
def copy_of_demo(demo: Path) -> Callable[[Path], None]:
    """Return what puts the files of the demo into a folder."""

    def copy(folder: Path) -> None:
        for file in demo.iterdir():
            if not file.name.endswith("-shm"):
                shutil.copy(file, folder / file.name)

    return copy
