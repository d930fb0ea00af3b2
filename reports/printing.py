"""Print a page into a PDF with a browser that is installed, where there is one."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from listener.errors import ListenerError

__all__ = ["BROWSERS", "find_browser", "print_pdf"]

BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
"""Names under which a browser that prints without a window is looked for."""

_TIMEOUT_SECONDS: Final = 120


def find_browser() -> str:
    """Return the path of a browser that can print; raises ListenerError where none is installed."""
    for name in BROWSERS:
        if found := shutil.which(name):
            return found
    msg = f"a PDF needs a browser that prints, and none is installed (looked for {', '.join(BROWSERS)}); write .html"
    raise ListenerError(msg)


def print_pdf(page: str, *, timeout_seconds: float = _TIMEOUT_SECONDS) -> bytes:
    """Return an HTML page as PDF; raises ListenerError where no browser is installed, it fails or takes too long.

    The browser gets a profile of its own that is thrown away, and a page that needs no network.
    """
    browser = find_browser()
    with tempfile.TemporaryDirectory(prefix="listener-", ignore_cleanup_errors=True) as folder:
        source, target = Path(folder) / "page.html", Path(folder) / "page.pdf"
        source.write_text(page, encoding="utf-8")
        options = ["--headless", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
        options += ["--no-pdf-header-footer", f"--user-data-dir={Path(folder) / 'profile'}"]
        options += ["--no-sandbox"] if os.geteuid() == 0 else []  # it refuses to sandbox for root
        try:
            subprocess.run(  # noqa: S603 - the browser found above, and files made here
                [browser, *options, f"--print-to-pdf={target}", source.as_uri()],
                check=True,
                capture_output=True,
                timeout=timeout_seconds,
            )
            return target.read_bytes()
        except subprocess.TimeoutExpired:
            msg = f"{browser} did not print the page within {timeout_seconds:g} seconds; write .html and print that"
        except (OSError, subprocess.CalledProcessError) as error:
            msg = f"{browser} could not print the page ({type(error).__name__}); write .html and print that"
        raise ListenerError(msg)
