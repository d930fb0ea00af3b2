"""Run the wheel with the lowest versions that pyproject.toml allows: ``python tests/lowest_versions.py dist``.

Each lower bound becomes an exact version, so a bound must be a version that there is, that this
Python can install without a compiler, that the other bounds agree with, and that works: the wheel is
installed with it into a fresh environment, extras and all, and does the whole job of the demo there.
Needs a package index. Exit code 1 and what went wrong otherwise.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
EXTRAS = ("dask", "onnx", "parquet", "train", "zstd")
IMPORTED = (
    "distributed",
    "onnxruntime",
    "tokenizers",
    "huggingface_hub",
    "pyarrow.parquet",
    "sklearn",
    "sentiment.training",
)
SOURCE_ONLY = ("sgmllib3k",)
"""What is pure Python and has no wheel: feedparser needs it."""


def main(folder: Path) -> int:
    """Install the one wheel of a folder with the lowest versions and run it; return the exit code."""
    (wheel,) = folder.glob("*.whl")
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(scratch) / "fresh"
        bounds = Path(scratch) / "bounds.txt"
        bounds.write_text("\n".join(lowest()) + "\n", encoding="utf-8")
        python = str(home / "bin" / "python")
        only = ["--only-binary", ":all:", "--no-binary", ",".join(SOURCE_ONLY)]
        steps = [
            [sys.executable, "-m", "venv", str(home)],
            [python, "-m", "pip", "install", "-q", *only, "-c", str(bounds), f"{wheel}[{','.join(EXTRAS)}]"],
            [python, "-c", f"import {', '.join(IMPORTED)}"],
            [python, "-m", "listener", "demo", "shown"],
            [python, "-m", "listener", "report", "Kettlune", "--config", "shown/config.toml", "--output", "page.html"],
            [python, "-m", "listener", "doctor", "--config", "shown/config.toml"],
        ]
        return 0 if all(_works(words, Path(scratch)) for words in steps) else 1


def lowest() -> list[str]:
    """Return each requirement of the program and its extras as its lowest version, exactly."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = [*project["dependencies"], *(one for extra in EXTRAS for one in project["optional-dependencies"][extra])]
    found = [re.match(r"([\w.-]+)>=([\w.]+)", one) for one in asked]
    return [f"{one[1]}=={one[2]}" for one in found if one is not None]


def _works(words: list[str], folder: Path) -> bool:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(words, cwd=folder, env=kept, capture_output=True, text=True, timeout=1200, check=False)
    if done.returncode:
        sys.stderr.write(f"lowest: {' '.join(words[:4])} failed:\n{done.stdout[-2000:]}{done.stderr[-3000:]}")
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else "dist").resolve()))
