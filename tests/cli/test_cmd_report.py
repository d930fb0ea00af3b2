from __future__ import annotations

import re
import shutil
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from cli.conftest import NOW
from reports.printing import BROWSERS

if TYPE_CHECKING:
    from cli.conftest import Place


def test_a_page_tells_of_one_brand_and_needs_nothing_beside_itself(filled: Place) -> None:
    filled.fill(brand="Globex", text="Globex is fine")
    answer = filled.run("report", "acme", "--since", "7d", "--output", "acme.html")

    page = (filled.folder / "acme.html").read_text(encoding="utf-8")
    assert (answer.code, answer.out) == (0, "")
    assert "acme.html is written" in answer.err
    assert "<h1><bdi>Acme</bdi></h1>" in page
    assert "20 mentions" in page
    assert "Globex is fine" not in page
    assert page.count("<figure>") == 5
    assert all(link.startswith("https://news.example/") for link in re.findall(r'href="([^#"][^"]*)"', page))
    assert re.findall(r'(?:src|srcset)="(?!data:image/png)', page) == []


def save_hours(place: Place, *hours: int) -> None:
    """Store a mention of Acme and one of Globex so many hours ago each."""
    for brand in ("Acme", "Globex"):
        texts = [(f"{brand} is fine, says {brand} {hour}", NOW - timedelta(hours=hour)) for hour in hours]
        place.save([place.mention(text, at=at) for text, at in texts], brand=brand)


def test_a_page_of_the_last_hours_begins_that_many_hours_ago_and_tells_of_each(place: Place) -> None:
    save_hours(place, 1, 2, 5, 7, 9)
    assert place.run("report", "Acme", "--since", "6h", "--output", "acme.html").code == 0
    page = re.sub(r"\s+", " ", (place.folder / "acme.html").read_text(encoding="utf-8"))
    assert "20 Nov 2026, 07:00 \N{EN DASH} 13:30" in page
    assert "of 6 mentions" in page
    assert page.count("says Acme") == 3
    assert "By hour" in page
    assert "<bdi>20 Nov 2026, 07:00</bdi>" in page
    assert place.run("report", "Acme", "--since", "6h", "--until", "90m", "--output", "acme.html").code == 0
    assert (place.folder / "acme.html").read_text(encoding="utf-8").count("says Acme") == 2


def test_a_long_page_is_of_whole_days_and_says_so_where_hours_were_asked_for(place: Place) -> None:
    save_hours(place, 1, 2, 97, 99, 120)
    answer = place.run("report", "Acme", "--since", "98h", "--output", "acme.html")
    assert "note: a page of more than 3 days is one of whole days; it begins at 2026-11-16" in answer.err
    page = (place.folder / "acme.html").read_text(encoding="utf-8")
    assert page.count("says Acme") == 4
    assert "By day" in page


def test_a_theme_quotes_a_mention_that_it_was_found_in(place: Place) -> None:
    texts = [f"Acme lid leaks brant{turn} colder{turn} fimble{turn} gostrin{turn}" for turn in range(9)]
    place.save(
        [
            place.mention(text, at=NOW - timedelta(hours=turn + 1), author=f"person {turn}")
            for turn, text in enumerate(texts)
        ]
    )

    place.run("report", "Acme", "--since", "2d", "--output", "acme.html")

    written = (place.folder / "acme.html").read_text(encoding="utf-8")
    assert "<bdi>lid leaks</bdi>" in written
    assert re.search(r"<blockquote>\s*<p[^>]*>Acme lid leaks", written)


def test_an_empty_period_has_a_page_that_says_so(filled: Place) -> None:
    answer = filled.run("report", "Acme", "--since", "2026-01-01", "--until", "2026-01-08", "--output", "acme.html")
    assert answer.code == 0
    assert "nothing was read" in (filled.folder / "acme.html").read_text(encoding="utf-8")


def test_another_ending_or_brand_is_refused(filled: Place) -> None:
    assert "html or pdf" in filled.run("report", "Acme", "--output", "acme.doc").err
    assert filled.run("report", "Acmee", "--output", "acme.html").code == 2


def test_a_pdf_without_a_browser_is_refused_in_a_sentence(filled: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(filled.folder))
    answer = filled.run("report", "Acme", "--output", "acme.pdf")
    assert answer.code == 1
    assert "a PDF needs a browser that prints, and none is installed" in answer.err
    assert not (filled.folder / "acme.pdf").exists()


def test_a_browser_that_fails_is_told_of_and_leaves_no_file(filled: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = filled.folder / "chromium"
    broken.write_text("#!/bin/sh\nexit 3\n", encoding="utf-8")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", str(filled.folder))
    answer = filled.run("report", "Acme", "--output", "acme.pdf")
    assert answer.code == 1
    assert "could not print the page" in answer.err
    assert not (filled.folder / "acme.pdf").exists()


@pytest.mark.slow
@pytest.mark.skipif(not any(map(shutil.which, BROWSERS)), reason="no browser is installed")
def test_a_browser_prints_the_page(filled: Place) -> None:
    assert filled.run("report", "Acme", "--since", "7d", "--output", "acme.pdf").code == 0
    assert (filled.folder / "acme.pdf").read_bytes().startswith(b"%PDF-")
