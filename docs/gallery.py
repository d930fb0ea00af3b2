"""Draw the pictures of the manual from the demo: ``python docs/gallery.py``.

Needs chromium on the PATH. The digest is photographed as a browser shows it, cut at
the end of its first brand; pictures are brought down to a palette to stay light.
"""
# ruff: noqa: INP001 - a script beside the pages it draws for

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

import click
from PIL import Image

from listener.demo.show import run_demo

GALLERY: Final = Path(__file__).resolve().parent / "gallery"
_WIDTH: Final = 640
_HEIGHT: Final = 1190
_HEAVIEST: Final = 250_000
_COLOURS: Final = 128


def main() -> int:
    """Write docs/gallery/digest.png and trend.png; 1 where there is no browser or a picture is too heavy."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if browser is None:
        click.echo("chromium is not on the PATH; install it to draw the pictures", err=True)
        return 1
    GALLERY.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "demo"
        run_demo(folder)
        photo = Path(scratch) / "digest.png"
        _photograph(browser, folder / "digest.html", photo)
        _keep(photo, GALLERY / "digest.png")
        _keep(folder / "trend.png", GALLERY / "trend.png")
    heavy = [file.name for file in GALLERY.glob("*.png") if file.stat().st_size > _HEAVIEST]
    for name in heavy:
        click.echo(f"{name} is heavier than {_HEAVIEST} bytes", err=True)
    return 1 if heavy else 0


def _photograph(browser: str, page: Path, picture: Path) -> None:
    subprocess.run(  # noqa: S603 - a browser found on the PATH, a page of our own
        [
            browser,
            "--headless",
            "--no-sandbox",  # as root, in a container, it starts only so; the page is our own and holds no script
            "--disable-gpu",
            "--hide-scrollbars",
            f"--user-data-dir={picture.parent / 'profile'}",
            f"--window-size={_WIDTH},{_HEIGHT}",
            f"--screenshot={picture}",
            page.as_uri(),
        ],
        check=True,
        capture_output=True,
        timeout=120,
    )


def _keep(picture: Path, to: Path) -> None:
    """Store a picture with at most 128 colours."""
    with Image.open(picture) as image:
        image.convert("RGB").quantize(_COLOURS).save(to, optimize=True)


if __name__ == "__main__":
    sys.exit(main())
