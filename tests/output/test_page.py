"""The page of a brand: one file, well formed, linked to nothing but its mentions, readable on a phone."""

from __future__ import annotations

import re
import shutil
import subprocess
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest

from listener.mention import Label
from listener.search.records import MentionRow, ShareRow, SourceCount
from listener.themes import Theme
from output.samples import UNTIL, ZONE, make_episode, make_row, make_trend
from reports.charts import draw_volume
from reports.digest import BrandSection
from reports.page import PageData, Picture, render_page
from reports.printing import BROWSERS

if TYPE_CHECKING:
    from pathlib import Path

VOID = {"meta", "img", "source", "br", "link", "input"}
HOSTILE = '</p><script>alert(1)</script><img src=x onerror="alert(1)"> & "quoted"'


class Outline(HTMLParser):
    """Check that tags are balanced, and keep what the page points to and how it is headed."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.points_to: list[str] = []
        self.pictures: list[dict[str, str | None]] = []
        self.headings: list[int] = []
        self.tags: set[str] = set()
        self.ids: list[str] = []
        self.said: list[dict[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        held = dict(attrs)
        self.tags.add(tag)
        self.points_to += [str(held[name]) for name in ("href", "src", "srcset", "action") if name in held]
        self.wrong += [name for name, _ in attrs if name.startswith("on")]
        self.ids += [str(held["id"])] if "id" in held else []
        if tag == "img":
            self.pictures.append(held)
        if tag == "p" and "dir" in held:
            self.said.append(held)
        if re.fullmatch(r"h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"</{tag}>")


def theme_of(name: str, kind: str) -> Theme:
    """Return a theme that quotes the even mentions as positive and the odd ones as negative."""
    net = -60.0 if kind == "pain" else 60.0
    return Theme(
        name=name,
        phrases=(name, "other words"),
        mentions=12,
        stories=9,
        before=3,
        trend="up",
        positive=0,
        negative=9,
        scored=12,
        net=net,
        interval=(net - 8, net + 8),
        kind=kind,
        weight=net,
        sources=(("x", 12),),
        quotes=((2, 4), (1, 3)),
        numbers=(1, 2, 3, 4),
    )


def page_of(*rows: MentionRow, brand: str = "Acme", days: int = 30, **known: object) -> str:
    """Return the page of a brand with a chart, two themes, an alert and these mentions."""
    trend = make_trend(brand, days=days)
    facts: dict[str, object] = {
        "themes": (theme_of("lid", "pain"), theme_of("ڈھکن", "praise")),
        "episodes": (make_episode(),),
        "sources": (SourceCount(name="x", mentions=9, positive=3, neutral=2, negative=2, no_evidence=1, unscored=1),),
    }
    section = BrandSection(brand=brand, kind="own", trend=trend, **{**facts, **known})  # type: ignore[arg-type]
    light, dark = (draw_volume(trend, brand=brand, width=400, dark=dark) for dark in (False, True))
    return render_page(
        PageData(
            section=section,
            since=trend.since,
            until=UNTIL,
            time_zone=ZONE,
            made_at=UNTIL,
            trend=trend,
            share=(
                ShareRow(
                    brand=brand, kind="own", mentions=30, share=75.0, positive=9, negative=3, net_sentiment=20.0,
                    coverage=1.0,
                ),
                ShareRow(
                    brand="Globex", kind="competitor", mentions=10, share=25.0, positive=1, negative=3,
                    net_sentiment=-20.0, coverage=1.0,
                ),
            ),
            quoted={row.number: row for row in rows},
            mentions=rows,
            pictures=(Picture(light=light, dark=dark),),
        )
    )  # fmt: skip


def outline_of(page: str) -> Outline:
    outline = Outline()
    outline.feed(page)
    outline.close()
    return outline


def test_the_page_is_well_formed_and_stays_so_whatever_a_text_holds() -> None:
    row = make_row(1, HOSTILE, author_name=HOSTILE, title=HOSTILE)
    outline = outline_of(page_of(row, brand=HOSTILE, episodes=(make_episode(headline=HOSTILE, terms=(HOSTILE,)),)))
    assert (outline.open, outline.wrong) == ([], [])
    assert "script" not in outline.tags
    assert len(outline.pictures) == 1


def test_below_what_hurts_stands_no_praise_and_below_what_pleases_no_blame() -> None:
    page = page_of(
        make_row(1, "The lid burns hands"),
        make_row(2, "The lid is a joy", label=Label.POSITIVE),
        make_row(3, "The lid jams"),
        make_row(4, "The lid shines", label=Label.POSITIVE),
    )
    hurts, pleases = page.split("<h3>What hurts</h3>")[1].split("</section>")[0].split("<h3>What pleases</h3>")
    assert [text in hurts for text in ("The lid burns hands", "The lid jams")] == [True, True]
    assert [text in pleases for text in ("The lid is a joy", "The lid shines")] == [True, True]
    assert (hurts.count("<blockquote>"), pleases.count("<blockquote>")) == (2, 2)


def test_a_theme_of_which_nothing_can_be_quoted_says_so() -> None:
    page = page_of(make_row(1, "The lid burns hands", label=Label.POSITIVE))
    hurts = page.split("<h3>What hurts</h3>")[1].split("<h3>What pleases</h3>")[0]
    assert "<blockquote>" not in hurts
    assert "No mention that says so can be quoted." in hurts


def test_it_says_once_of_how_many_mentions_themes_were_counted_in_where_that_is_not_all() -> None:
    told = "Themes are counted in the 5,000 of 41,230 mentions that were looked at."
    assert page_of(themes_in=(41_230, 5_000)).count(told) == 1
    assert "Themes are counted" not in page_of(themes_in=(41_230, 41_230))


def test_it_points_to_its_own_pictures_and_to_its_mentions_and_to_nothing_else() -> None:
    rows = (make_row(1), make_row(2, url="javascript:alert(1)"), make_row(3, url="file:///etc/passwd"))
    outline = outline_of(page_of(*rows))
    outside = {one for one in outline.points_to if not one.startswith(("data:image/png;base64,", "#"))}
    assert outside == {rows[0].url}
    assert {one[1:] for one in outline.points_to if one.startswith("#")} <= set(outline.ids)
    assert not outline.tags & {"script", "link", "iframe", "object", "form"}


def test_headings_go_down_one_level_at_a_time_and_ids_are_used_once() -> None:
    outline = outline_of(page_of(make_row(1)))
    assert outline.headings.count(1) == 1
    assert all(after <= before + 1 for before, after in zip(outline.headings, outline.headings[1:], strict=False))
    assert len(outline.ids) == len(set(outline.ids))


def test_a_picture_has_words_and_a_dark_twin() -> None:
    page = page_of(make_row(1))
    (picture,) = outline_of(page).pictures
    assert str(picture["alt"]).startswith("Mentions of Acme by day")
    first, second = re.findall(r'src(?:set)?="(data:image/png;base64,[^"]+)"', page)
    assert first != second


def test_texts_have_their_own_language_and_direction() -> None:
    page = page_of(make_row(1, "ڈھکن ٹوٹ گیا", language="ur"), make_row(2, "ढक्कन टूट गया", language="hi"))
    said = {(one["dir"], one.get("lang")) for one in outline_of(page).said}
    assert said == {("rtl", "ur"), ("ltr", "hi")}


def test_what_is_not_known_is_a_dash_and_what_is_empty_says_so() -> None:
    trend = make_trend(days=2, unread=(0, 1))
    section = BrandSection(brand="Acme", kind="own", trend=trend)
    page = render_page(
        PageData(section=section, since=trend.since, until=UNTIL, time_zone=ZONE, made_at=UNTIL, trend=trend)
    )
    assert outline_of(page).wrong == []
    assert page.count("<td>\N{EN DASH}</td>") == 12
    assert "Nothing that is clearly so." in page
    assert "None with a text is stored for this period." in page


@pytest.fixture(scope="session")
def page_browser() -> str:
    found = next((path for path in map(shutil.which, BROWSERS) if path), None)
    if found is None:
        pytest.skip(f"no browser is installed; looked for {', '.join(BROWSERS)}")
    return found


@pytest.mark.slow
@pytest.mark.parametrize("width", [360, 1200])
def test_nothing_runs_out_of_the_page(page_browser: str, tmp_path: Path, width: int) -> None:
    """The page stands in a frame of that width: a window without a head is never narrower than 500 pixels."""
    rows = (
        make_row(1, "A" * 270, author_name="W" * 200, url="https://social.example/" + "a" * 300),
        make_row(2, "ا" * 270, author_name="ش" * 200, language="ur"),  # noqa: RUF001 - an alef
        make_row(3, "コ" * 270),
    )
    page = page_of(*rows, brand="K" * 60).replace("default-src 'none'; ", "")
    measure = "<script>document.title = document.documentElement.scrollWidth</script></body>"
    (tmp_path / "page.html").write_text(page.replace("</body>", measure), encoding="utf-8")
    read = "onload=\"document.title = 'width ' + this.contentDocument.title\""
    frame = (
        f'<!DOCTYPE html><title>x</title><iframe src="page.html" style="width: {width}px; border: 0" {read}></iframe>'
    )
    (tmp_path / "frame.html").write_text(frame, encoding="utf-8")
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--allow-file-access-from-files", "--dump-dom"]
    options += [f"--user-data-dir={tmp_path / 'profile'}", "--window-size=1400,900", (tmp_path / "frame.html").as_uri()]
    done = subprocess.run([page_browser, *options], check=True, capture_output=True, text=True, timeout=120)
    found = re.search(r"<title>width (\d+)</title>", done.stdout)
    assert found is not None
    assert int(found[1]) <= width
