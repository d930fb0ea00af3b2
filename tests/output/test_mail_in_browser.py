"""The mail in a real browser: nothing runs out of a phone's width, long words and pictures included."""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from listener.search.records import MentionRow
from output.samples import ZONE, make_episode, make_row, make_trend
from reports.charts import MAIL_LOOK, draw_episode
from reports.render import html_page, render_alert

if TYPE_CHECKING:
    from pathlib import Path

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
MEASURE = "<script>document.title = 'overflow ' + (document.documentElement.scrollWidth - innerWidth)</script></body>"


@pytest.fixture(scope="session")
def browser() -> str:
    found = next((path for path in map(shutil.which, BROWSERS) if path), None)
    if found is None:
        pytest.skip(f"no browser is installed; looked for {', '.join(BROWSERS)}")
    return found


def overflow_of(page: str, browser: str, folder: Path, width: int) -> int:
    """Return by how many pixels the page is wider than a window of `width`."""
    file = folder / "mail.html"
    file.write_text(page.replace("</body>", MEASURE), encoding="utf-8")
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--dump-dom"]
    options += [f"--window-size={width},1200", f"--user-data-dir={folder / 'profile'}", file.as_uri()]
    done = subprocess.run([browser, *options], check=True, capture_output=True, text=True, timeout=120)
    found = re.search(r"<title>overflow (-?\d+)</title>", done.stdout)
    assert found is not None
    return int(found[1])


def hostile_rows() -> list[MentionRow]:
    return [
        make_row(1, "A" * 270, author_name="W" * 200, url="https://social.example/" + "a" * 300),
        make_row(2, "ا" * 270, author_name="ش" * 200, language="ur"),  # noqa: RUF001 - an alef
        make_row(3, "コ" * 270),
    ]


@pytest.mark.slow
@pytest.mark.parametrize("width", [360, 700])
def test_nothing_runs_out_of_the_window(browser: str, tmp_path: Path, width: int) -> None:
    trend = make_trend(days=1, by="hour")
    episode = make_episode(headline="H" * 200, terms=("t" * 60,), coverage=0.5)
    chart = draw_episode(make_episode(), trend, **MAIL_LOOK)
    rendered = render_alert(episode, sentence="s" * 500, mentions=hostile_rows(), chart=chart, time_zone=ZONE)
    assert overflow_of(html_page(rendered), browser, tmp_path, width) <= 0


@pytest.mark.slow
def test_the_measure_sees_what_runs_out(browser: str, tmp_path: Path) -> None:
    wide = '<!DOCTYPE html><html><head><title>x</title></head><body><div style="width: 900px">x</div></body></html>'
    assert overflow_of(wide, browser, tmp_path, 360) > 0
    assert overflow_of(render_alert(make_episode(), sentence="x").html or "", browser, tmp_path, 360) <= 0
