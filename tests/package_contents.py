"""Look into the built distributions and run the wheel: ``python tests/package_contents.py dist``.

The wheel must hold whatever runs; it is installed into a fresh environment (without its
dependencies, which are lent by the one this runs in, so no network is needed) and does
the whole job of the demo outside of the checkout. The sdist holds the whole project,
tests and manual included, so that whoever packages it can check it. From a plain export
of the tree, without git, a whole wheel is built too; that needs the build backend from a
package index, as `make package` does. Exit code 1 and a sentence a problem otherwise.
"""

from __future__ import annotations

import io
import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("listener", "sources", "sentiment", "reports")
IN_THE_WHEEL = (
    "listener/demo/archive.jsonl.gz",
    "listener/demo/demo.toml",
    "listener/demo/phrases/en.toml",
    "reports/templates/digest.html.j2",
    "reports/templates/digest.txt.j2",
    "sentiment/data/lexicons/afinn/hi.tsv",
    "sentiment/data/lexicons/afinn/NOTICE.md",
    "sentiment/data/lexicons/vader-fr/LICENSE.txt",
    "sentiment/data/rules/hi-Latn.toml",
    "sentiment/data/function_words/en.txt",
    *(f"{package}/py.typed" for package in PACKAGES),
)
IN_THE_SDIST = (
    "pyproject.toml",
    "README.md",
    "CHANGELOG.md",
    "LICENSE",
    "THIRD-PARTY-NOTICES.md",
    "config.toml",
    "Makefile",
    "docs/configuration.md",
    "docs/generate.py",
    "tests/conftest.py",
    "tests/package_contents.py",
    "benchmarks/startup.py",
)
LEFT_BY_THE_DEMO = ("listener.db", "trend.png", "digest.html", "digest.eml", "config.toml")


class _FailedError(Exception):
    """Report a program that failed, with what it said."""


def main(folder: Path) -> int:
    """Look at the one wheel and the one sdist of a folder; return the exit code."""
    wheels, sdists = sorted(folder.glob("*.whl")), sorted(folder.glob("*.tar.gz"))
    if len(wheels) != 1 or len(sdists) != 1:
        return _end([f"{folder} holds {len(wheels)} wheels and {len(sdists)} sdists; one of each is wanted"])
    problems = [*_problems_of_wheel(wheels[0]), *_problems_of_sdist(sdists[0])]
    with tempfile.TemporaryDirectory() as scratch:
        for found in (_problems_of_run(wheels[0], Path(scratch)), _problems_of_export(Path(scratch))):
            try:
                problems += found
            except _FailedError as failure:
                problems.append(str(failure))
    return _end(problems)


def _end(problems: list[str]) -> int:
    for problem in problems:
        sys.stderr.write(f"package: {problem}\n")
    if not problems:
        sys.stdout.write(
            "package: the wheel is whole and runs; the sdist is whole; a plain export builds a whole wheel\n"
        )
    return 1 if problems else 0


def _names_in(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if not name.endswith("/")}


def _problems_of_wheel(wheel: Path) -> Iterator[str]:
    names = _names_in(wheel)
    for name in (*IN_THE_WHEEL, *_data_of_the_tree()):
        if name not in names:
            yield f"the wheel lacks {name}"
    tops = {name.split("/")[0] for name in names}
    strangers = sorted(top for top in tops if top not in PACKAGES and not top.endswith(".dist-info"))
    if strangers:
        yield f"the wheel brings {', '.join(strangers)}, which are none of the four packages"
    info = next(top for top in tops if top.endswith(".dist-info"))
    for licence in ("LICENSE", "THIRD-PARTY-NOTICES.md"):
        if f"{info}/licenses/{licence}" not in names:
            yield f"the wheel lacks the licence file {licence}"
    with zipfile.ZipFile(wheel) as archive:
        points = archive.read(f"{info}/entry_points.txt").decode()
    if "listener = listener.cli.main:main" not in points:
        yield "the wheel does not install the command listener"


def _data_of_the_tree() -> Iterator[str]:
    """Yield every file of the four packages in the checkout, code and data."""
    for package in PACKAGES:
        for file in (ROOT / package).rglob("*"):
            if file.is_file() and "__pycache__" not in file.parts and _is_kept(file):
                yield file.relative_to(ROOT).as_posix()


def _is_kept(file: Path) -> bool:
    """Say whether git has a file; in a plain export everything is kept."""
    listing = _from_git("ls-files", "-z")
    return listing is None or os.fsencode(file.relative_to(ROOT)) in listing.split(b"\0")


@cache
def _from_git(*words: str) -> bytes | None:
    """Return what git answers; None in a plain export, and where git will not read the checkout, as that of another user."""
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        return None
    asked = subprocess.run([git, *words], cwd=ROOT, capture_output=True, check=False)
    return asked.stdout if asked.returncode == 0 else None


def _problems_of_sdist(sdist: Path) -> Iterator[str]:
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    for name in IN_THE_SDIST:
        if name not in names:
            yield f"the sdist lacks {name}"
    for name in sorted(names):
        if name.endswith((".db", ".pyc")) or name.startswith((".venv", "dist/", "listener-demo")):
            yield f"the sdist carries {name}"


def _problems_of_run(wheel: Path, scratch: Path) -> Iterator[str]:
    """Install the wheel alone and do the job of the demo with it."""
    home = scratch / "fresh"
    _call([sys.executable, "-m", "venv", str(home)], scratch)
    python = str(home / "bin" / "python")
    _call([python, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", str(wheel)], scratch)
    site = next((home / "lib").glob("python*")) / "site-packages"
    (site / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    where = _call([python, "-c", "import listener; print(listener.__file__)"], scratch).strip()
    if not where.startswith(str(home)):
        yield f"the fresh environment runs {where} instead of the wheel"
        return
    out = _call([str(home / "bin" / "listener"), "demo", "shown here"], scratch)
    for name in LEFT_BY_THE_DEMO:
        if not (scratch / "shown here" / name).exists():
            yield f"the demo of the installed wheel leaves no {name}"
    if "Try next:" not in out:
        yield "the demo of the installed wheel does not say what to try next"
    elif "Kettlune" not in _call(shlex.split(out.splitlines()[-1]), scratch):  # as a shell reads it
        yield "what the demo of the installed wheel says to try next does not answer"


def _problems_of_export(scratch: Path) -> Iterator[str]:
    """Build the wheel from the last commit, without git: it must hold every file of that commit's packages."""
    packed = _from_git("archive", "--format=tar", "HEAD")
    if packed is None:
        return
    export, built = scratch / "export", scratch / "built"
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(export, filter="data")
    _call([sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(built), str(export)], scratch)
    (wheel,) = built.glob("*.whl")
    names = _names_in(wheel)
    for package in PACKAGES:
        for file in (export / package).rglob("*"):
            name = file.relative_to(export).as_posix()
            if file.is_file() and name not in names:
                yield f"the wheel that a plain export builds lacks {name}"


def _call(words: list[str], folder: Path) -> str:
    """Run a program outside of the checkout; end with what it said where it fails."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    ran = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, timeout=600, check=False)
    if ran.returncode:
        msg = f"{' '.join(words[:4])} failed:\n{ran.stdout[-2000:]}{ran.stderr[-2000:]}"
        raise _FailedError(msg)
    return ran.stdout


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else "dist").resolve()))
