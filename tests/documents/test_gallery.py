"""The pictures of the manual are what the program draws; its pages and mails can be read by everybody."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from html import unescape
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from justhtml import JustHTML
from PIL import Image, ImageChops, ImageStat

ROOT = Path(__file__).resolve().parents[2]
SIZE = (96, 128)
"""Pictures are compared this small, so that smoothing and hinting of letters do not count."""
TOLERANCE = 4.0
"""Mean difference of a sample from 0 to 255; another chart, a missing font or a lost block is far above it."""
FONTS = ("NotoSansDevanagari", "NotoSansTamil", "NotoSansGurmukhi")
IGNORED_BY_TIDY = (
    'attribute "align" not allowed for HTML5',  # Outlook centres a mail by it
    # tidy 5.6 does not know that HTML allows a div around the pairs of a dl
    "inserting implicit <dl>",
    "missing </div> before <dt>",
    "missing </dl> before </div>",
    "missing <dd>",
)


@pytest.fixture(scope="module")
def gallery() -> ModuleType:
    spec = importlib.util.spec_from_file_location("gallery_of_the_manual", ROOT / "docs" / "gallery.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where dataclass looks for it
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def browser(gallery: ModuleType) -> str:
    found = gallery.find_browser()
    if found is None:
        pytest.skip("no Chromium is installed")
    return found


def difference(one: Path, other: Path) -> float:
    """Return the mean difference of two pictures brought down to one small size."""
    with Image.open(one) as first, Image.open(other) as second:
        if abs(first.height / first.width - second.height / second.width) > 0.02:
            return 255.0
        small = [image.convert("RGB").resize(SIZE, Image.Resampling.BOX) for image in (first, second)]
    return sum(ImageStat.Stat(ImageChops.difference(*small)).mean) / 3


@pytest.fixture(scope="module")
def drawn(
    gallery: ModuleType, copy_of_demo: Callable[[Path], None], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, tuple[Any, ...]]:
    """Return the folder with the charts of the gallery, and its pages and mails."""

    def lay_demo(folder: Path) -> None:
        folder.mkdir()
        copy_of_demo(folder)

    scratch = tmp_path_factory.mktemp("gallery")
    return scratch, gallery.make_pages(scratch, lay_demo=lay_demo)


@pytest.mark.slow
def test_the_pictures_of_the_manual_are_what_the_program_draws(
    gallery: ModuleType, browser: str, drawn: tuple[Path, tuple[Any, ...]], tmp_path: Path
) -> None:
    lister = shutil.which("fc-list")
    fonts = subprocess.run([lister, ":", "file"], capture_output=True, text=True, check=True).stdout if lister else ""
    if missing := [font for font in FONTS if font not in fonts]:
        pytest.skip(f"the pictures were drawn with fonts that are not here: {', '.join(missing)}")
    gallery.keep_pictures(*drawn, tmp_path, browser)
    kept = {file.name: file for file in (ROOT / "docs" / "gallery").glob("*.png")}
    assert {file.name for file in tmp_path.glob("*.png")} == set(kept)
    apart = {name: round(difference(tmp_path / name, file), 1) for name, file in kept.items()}
    assert {name: by for name, by in apart.items() if by > TOLERANCE} == {}, (
        "make gallery draws them anew; look at them"
    )


def test_the_script_says_what_it_does_and_takes_an_option_for_no_folder(tmp_path: Path) -> None:
    script = [sys.executable, str(ROOT / "docs" / "gallery.py")]
    asked = [
        subprocess.run([*script, option], capture_output=True, text=True, cwd=tmp_path, check=False)
        for option in ("--help", "--folder")
    ]
    assert [one.returncode for one in asked] == [0, 2]
    assert "folder" in asked[0].stdout
    assert list(tmp_path.iterdir()) == []


def test_another_picture_is_told_from_the_same_one() -> None:
    folder = ROOT / "docs" / "gallery"
    assert difference(folder / "trend.png", folder / "trend.png") == 0.0
    assert difference(folder / "trend.png", folder / "trend-dark.png") > TOLERANCE
    assert difference(folder / "trend.png", folder / "hours-of-a-day.png") > TOLERANCE
    assert difference(folder / "digest.png", folder / "digest-phone.png") > TOLERANCE


def violations(page: Path, browser: str, folder: Path, *, width: int, dark: bool) -> list[str]:
    """Return what axe finds wrong with a page as it is shown in a window."""
    found = importlib.util.find_spec("axe_core_python")
    assert found is not None
    assert found.submodule_search_locations is not None
    axe = (Path(found.submodule_search_locations[0]) / "axe.min.js").read_text(encoding="utf-8")
    run = (
        "axe.run(document, {resultTypes: ['violations']}).then(found => { const out = document.createElement('pre');"
        "out.id = 'axe-says'; out.textContent = JSON.stringify(found.violations.map(one =>"
        " [one.id, one.impact, one.nodes.map(node => node.html.slice(0, 120)).slice(0, 3)]));"
        " document.body.appendChild(out); });"
    )
    text = page.read_text(encoding="utf-8")
    # A page may forbid scripts of others to itself; the checker is let in.
    text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", text)
    copy = folder / f"{page.stem}-{width}-{dark}.html"
    copy.write_text(text.replace("</body>", f"<script>{axe}</script><script>{run}</script></body>"), encoding="utf-8")
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=20000", "--dump-dom"]
    options += [f"--blink-settings=preferredColorScheme={0 if dark else 1}", f"--window-size={width},1200"]
    options += [f"--user-data-dir={folder / 'profile'}", copy.as_uri()]
    done = subprocess.run([browser, *options], check=True, capture_output=True, text=True, timeout=120)
    said = re.search(r'<pre id="axe-says">(.*?)</pre>', done.stdout, re.DOTALL)
    assert said is not None, "axe did not answer"
    return [json.dumps(one) for one in json.loads(unescape(said[1]))]


@pytest.mark.slow
def test_pages_and_mails_pass_the_checkers(drawn: tuple[Path, tuple[Any, ...]], browser: str, tmp_path: Path) -> None:
    _, pages = drawn
    for page in sorted({page.file for page in pages}):
        text = page.read_text(encoding="utf-8")
        assert JustHTML(text, strict=True).errors == []
        assert tidied(page) == []
        for width, dark in ((360, False), (1000, True)):
            assert violations(page, browser, tmp_path, width=width, dark=dark) == []


@pytest.mark.slow
def test_the_checkers_see_what_is_wrong(browser: str, tmp_path: Path) -> None:
    bad = tmp_path / "bad.html"
    bad.write_text('<!DOCTYPE html><html><head><title>x</title></head><body><img src="x.png"><p>a</b></body></html>')
    found = " ".join(violations(bad, browser, tmp_path, width=800, dark=False))
    assert "image-alt" in found
    assert "html-has-lang" in found
    assert tidied(bad) != []


def tidied(page: Path) -> list[str]:
    """Return what HTML Tidy finds wrong, less what mail programs need."""
    tidy = shutil.which("tidy")
    if tidy is None:
        return []
    done = subprocess.run([tidy, "-quiet", "-errors", "-utf8", str(page)], capture_output=True, text=True, check=False)
    return [line for line in done.stderr.splitlines() if line and not any(word in line for word in IGNORED_BY_TIDY)]
