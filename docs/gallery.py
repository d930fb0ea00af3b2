"""Draw the pictures of the manual: ``python docs/gallery.py [FOLDER]``.

Every kind of chart, the alert, the digest and the page, light and dark, wide and on a
phone, from the demo and from a made-up brand that is written about in many scripts.
Both end on a fixed day, so that the same program draws the same pictures; the tests
compare what it draws with what is kept. Needs chromium on the PATH. Pictures are
brought down to a palette to stay light.
"""
# ruff: noqa: INP001 - a script beside the pages it draws for

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from argparse import ArgumentParser
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
from click.testing import CliRunner
from PIL import Image

from listener import reporting, wiring
from listener.cli.main import cli
from listener.config import load_config
from listener.demo.show import DATABASE, run_demo
from listener.demo.world import ARCHIVE_END
from listener.search import Reader
from reports.render import html_page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

GALLERY: Final = Path(__file__).resolve().parent / "gallery"
_HEAVIEST: Final = 250_000
_COLOURS: Final = 128
_DEMO_CHARTS: Final = (
    ("trend", "volume Kettlune --since 30d"),
    ("trend-dark", "volume Kettlune --since 30d --dark"),
    ("hours-of-a-day", "volume Kettlune --since 2d --by hour"),
    ("brands", "brands --since 12w --by week --metric net_sentiment"),
    ("share", "share --since 30d"),
    ("sources", "sources Kettlune --since 30d"),
    ("languages", "languages Kettlune --since 30d --dark"),
    ("hours", "hours Kettlune --since 12w"),
    ("terms", "terms Kettlune --since 2d"),
)
"""Pictures of the demo: name, and what `listener chart` is asked."""
_SCRIPT_CHARTS: Final = (
    ("scripts-terms", "terms Acme --since 7d"),
    ("scripts-languages", "languages Acme --since 30d"),
)
_SURVEY_CHARTS: Final = (("survey", "nps Acme --since 12w --by week"),)
_BROKEN: Final = (
    "केतली टूट गई, खराब 😡",
    "کیتلی ٹوٹ گئی، خراب 😡",
    "கெட்டில் உடைந்தது, மோசம் 😡",
    "ਕੇਤਲੀ ਟੁੱਟ ਗਈ, ਮਾੜੀ 😡",
    "ケトル最悪 😡",
    "Hervidor roto, pésimo 😡",
    "The kettle broke, terrible 😡👎🏽",
)
_LOVED: Final = (
    "केतली बहुत अच्छी है ❤️",
    "کیتلی بہت اچھی ہے ❤️",
    "கெட்டில் மிகவும் நன்று ❤️",
    "ਕੇਤਲੀ ਬਹੁਤ ਵਧੀਆ ਹੈ ❤️",
    "ケトル大好き ❤️",
    "Me encanta este hervidor ❤️",
    "I love this kettle ❤️👩‍🚀🇮🇳",
)
"""Invented sentences about an invented kettle, in seven languages and scripts, with emoji of several code points;
so short that they are no near copies of one another when a number is added."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Hold a page to be photographed: the name of its picture, its file, the window and the scheme of colours."""

    name: str
    file: Path
    width: int = 640
    height: int = 1190
    is_dark: bool = False


def main() -> int:
    """Write every picture; 1 where there is no browser or a picture is too heavy."""
    parser = ArgumentParser(description="Draw the pictures of the manual anew.")
    parser.add_argument("folder", nargs="?", type=Path, default=GALLERY, help="where to; its other pictures go")
    folder = parser.parse_args().folder
    browser = find_browser()
    if browser is None:
        click.echo("chromium is not on the PATH; install it to draw the pictures", err=True)
        return 1
    draw_gallery(folder, browser)
    heavy = [file.name for file in folder.glob("*.png") if file.stat().st_size > _HEAVIEST]
    for name in heavy:
        click.echo(f"{name} is heavier than {_HEAVIEST} bytes", err=True)
    return 1 if heavy else 0


def find_browser() -> str | None:
    """Return the path of a Chromium, None where there is none."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def draw_gallery(folder: Path, browser: str) -> None:
    """Draw all pictures into a folder; what else was there goes."""
    with tempfile.TemporaryDirectory() as scratch:
        keep_pictures(Path(scratch), make_pages(Path(scratch)), folder, browser)


def keep_pictures(scratch: Path, pages: Iterable[Page], folder: Path, browser: str) -> None:
    """Photograph the pages that `make_pages` made in `scratch`; put these pictures and its charts into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.png"):
        old.unlink()
    for picture in scratch.glob("*.png"):
        _keep(picture, folder / picture.name)
    photo = scratch / "photos" / "page.png"
    photo.parent.mkdir(exist_ok=True)
    for page in pages:
        _photograph(browser, page, photo)
        _keep(photo, folder / f"{page.name}.png")


def make_pages(scratch: Path, *, lay_demo: Callable[[Path], object] = run_demo) -> tuple[Page, ...]:
    """Fill the stores in `scratch`, draw their charts there as PNG, and return the mails and pages to look at.

    `lay_demo` puts into a folder what `listener demo` leaves.
    """
    demo, scripts, survey = scratch / "demo", scratch / "scripts", scratch / "survey"
    lay_demo(demo)
    _write_store(scripts, _mentions())
    _write_store(survey, _answers())
    for folder, charts in ((demo, _DEMO_CHARTS), (scripts, _SCRIPT_CHARTS), (survey, _SURVEY_CHARTS)):
        for name, words in charts:
            _listener(folder, "chart", *words.split(), "--output", str(scratch / f"{name}.png"))
    _listener(demo, "report", "Kettlune", "--since", "30d", "--output", str(demo / "page.html"))
    _listener(scripts, "report", "Acme", "--since", "14d", "--output", str(scripts / "page.html"))
    last_day = (ARCHIVE_END - timedelta(hours=1)).date().isoformat()
    _listener(scripts, "digest", "--on", last_day, "--preview", str(scripts / "digest.html"))
    alert = demo / "alert.html"
    number, mail = _alert(demo)
    alert.write_text(mail, encoding="utf-8")
    _listener(demo, "chart", "episode", "--alert", str(number), "--output", str(scratch / "episode.png"))
    return (
        Page(name="digest", file=demo / "digest.html"),
        Page(name="digest-dark", file=demo / "digest.html", is_dark=True),
        Page(name="digest-phone", file=demo / "digest.html", width=360),
        Page(name="alert-mail", file=alert),
        Page(name="alert-mail-phone-dark", file=alert, width=360, is_dark=True),
        Page(name="page", file=demo / "page.html", width=1000, height=1300),
        Page(name="page-phone-dark", file=demo / "page.html", width=360, height=1300, is_dark=True),
        Page(name="scripts-digest", file=scripts / "digest.html", height=1500),
        Page(name="scripts-page", file=scripts / "page.html", width=1000, height=2600),
    )


def _alert(demo: Path) -> tuple[int, str]:
    """Return the number of the spike that is open at the end of the demo, and the mail about it."""
    config = load_config(demo / "config.toml")
    with Reader(demo / DATABASE) as reader:
        desk = reporting.Desk(config=config, reader=reader, listening=wiring.listening(config), now=ARCHIVE_END)
        found = reader.episodes(brand="Kettlune", since=ARCHIVE_END)
        episode = next(one for one in found if one.state == "open" and one.rule == "spike")
        return episode.id, html_page(reporting.render_alert_of(desk, episode, key="gallery:opened"))


def _write_store(folder: Path, mentions: Iterable[dict[str, object]]) -> None:
    """Write the store of a brand with these mentions."""
    folder.mkdir()
    config = '[listener]\ntime_zone = "UTC"\n[[brands]]\nname = "Acme"\n'
    (folder / "config.toml").write_text(config, encoding="utf-8")
    lines = (json.dumps(mention, ensure_ascii=False) + "\n" for mention in mentions)
    (folder / "archive.jsonl").write_text("".join(lines), encoding="utf-8")
    _listener(folder, "import", str(folder / "archive.jsonl"), "--complete")


def _answers() -> Iterator[dict[str, object]]:
    """Give made-up answers to a survey: few at first, none in one week, then many and ever better ones."""
    start = datetime.combine(ARCHIVE_END.date(), datetime.min.time(), UTC) - timedelta(weeks=12)
    for week in range(12):
        for place in range(0 if week == 4 else 6 if week < 3 else 30 + 3 * week):  # noqa: PLR2004 - see above
            yield {
                "source": "survey",
                "id": f"{week}-{place}",
                "kind": "survey",
                "text": f"Acme, answer {100 * week + place}",
                "published_at": (start + timedelta(weeks=week, hours=place)).isoformat(),
                "survey": {
                    "instrument": "nps",
                    "answer": min(10, 4 + (3 * place + week) % 7 + week // 6),
                    "scale": [0, 10],
                },
            }


def _mentions() -> Iterator[dict[str, object]]:
    """Give mentions of a brand that is written about in many scripts: liked for a month, then broken."""
    start = datetime.combine(ARCHIVE_END.date(), datetime.min.time(), UTC) - timedelta(days=29)
    for day in range(30):
        texts = [*_LOVED, *(_BROKEN * 3 if day >= 27 else _BROKEN[day % 7 : day % 7 + 1])]  # noqa: PLR2004 - the last three days
        for place, text in enumerate(texts):
            yield {
                "source": "forum" if place % 3 else "shop",
                "id": f"{day}-{place}",
                "url": f"https://forum.example/{day}/{place}",
                "author": {"id": f"{day}-{place}", "handle": f"reader{13 * day + place}"},
                "text": f"Acme K{13 * day + place}: {text}",
                "published_at": (start + timedelta(days=day, minutes=(197 * place + 61 * day) % 1_110)).isoformat(),
                "engagement": {"likes": place * 3 % 11, "reposts": 0, "replies": 1, "views": None},
            }


def _listener(folder: Path, *words: str) -> None:
    """Run a command of the program on a folder's configuration, on the last day of the demo."""
    # A pass reads what lies before now, and the archive ends with it.
    asked = [*words, "--config", str(folder / "config.toml")]
    if words[0] != "import":
        asked += ["--now", ARCHIVE_END.isoformat()]
    done = CliRunner().invoke(cli, asked, catch_exceptions=False)
    if done.exit_code:
        msg = f"listener {' '.join(words)}: exit code {done.exit_code}: {done.stderr}"
        raise click.ClickException(msg)


def _photograph(browser: str, page: Page, picture: Path) -> None:
    subprocess.run(  # noqa: S603 - a browser found on the PATH, a page of our own
        [
            browser,
            "--headless",
            "--no-sandbox",  # as root, in a container, it starts only so; the page is our own and holds no script
            "--disable-gpu",
            "--hide-scrollbars",
            f"--blink-settings=preferredColorScheme={0 if page.is_dark else 1}",
            f"--user-data-dir={picture.parent / 'profile'}",
            f"--window-size={page.width},{page.height}",
            f"--screenshot={picture}",
            page.file.as_uri(),
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
