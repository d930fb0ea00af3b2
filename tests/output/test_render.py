"""Digests and alerts as mail: well-formed, escaped, equal in both forms, linking only to mentions."""

# ruff: noqa: RUF001 - reports write real minus signs, dashes and multiplication signs

from __future__ import annotations

import base64
import html
import io
import re
import subprocess
import sys
import unicodedata
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from listener.errors import UsageError
from listener.mention import Label
from listener.search.records import CoverageGap, ShareRow
from output.samples import UNTIL, ZONE, make_episode, make_row, make_trend
from reports.charts import MAIL_LOOK, draw_episode, draw_share, draw_volume
from reports.digest import BrandSection, CostLine, DigestData, Voice, other_brands, summarise
from reports.render import eml_bytes, html_page, render_alert, render_digest, templates

if TYPE_CHECKING:
    from listener.protocols import Notification

HOSTILE = '<script>alert(1)</script><img src=x onerror="x"> {{ 7 * 7 }} {% raw %} & \x00\x1b[31m\u202e'
URDU = "ایکمی کی ایپ پھر بند ہے"
VOID = {"meta", "img", "br", "hr", "link"}


class Page(HTMLParser):
    """Read HTML strictly: every element that is opened is closed, in order."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.links: list[str] = []
        self.images: list[dict[str, str | None]] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "a":
            self.links.append(str(dict(attrs)["href"]))
        if tag == "img":
            self.images.append(dict(attrs))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not {"style", "title"} & set(self.open):
            self.words.append(data)


def section_of(brand: str = "Acme", **known: object) -> BrandSection:
    trend = make_trend(brand, days=1, by="hour", mean=6, unread=(4, 5))
    voices = (
        Voice(why="positive", mention=make_row(1, "Lovely, thank you", label=Label.POSITIVE, score=0.8)),
        Voice(why="negative", mention=make_row(2, URDU, language="ur", author_name="علی")),
        Voice(why="most engaged", mention=make_row(3, HOSTILE, url="javascript:alert(1)", author_name=HOSTILE)),
    )
    gap = CoverageGap(
        source="reddit",
        lane="search",
        brand=None,
        since=UNTIL - timedelta(hours=3),
        until=UNTIL,
        state="open",
        reason=HOSTILE,
    )
    fields: dict[str, object] = {"trend": trend, "voices": voices, "gaps": (gap,), "episodes": (make_episode(),)}
    return BrandSection(brand=brand, kind="own", **{**fields, **known})  # type: ignore[arg-type]


def digest_data(*sections: BrandSection, **known: object) -> DigestData:
    rows = tuple(
        ShareRow(brand=b, kind="own", mentions=n, share=s, positive=0, negative=0, net_sentiment=None, coverage=1.0)
        for b, n, s in (("Acme", 30, 75.0), ("Globex", 10, 25.0))
    )
    fields: dict[str, object] = {"share": rows, "cost": (CostLine(source="x", requests=1, items=2, spent=0.1),)}
    return DigestData(
        cadence="daily",
        since=UNTIL - timedelta(days=1),
        until=UNTIL,
        time_zone=ZONE,
        sections=sections or (section_of(),),
        **{**fields, **known},  # type: ignore[arg-type]
    )


@pytest.fixture(scope="module")
def digest() -> Notification:
    data = digest_data()
    return render_digest(data, [draw_volume(data.sections[0].trend, brand="Acme", **MAIL_LOOK), draw_share(data.share)])


@pytest.fixture(scope="module")
def alert() -> Notification:
    trend = make_trend(days=1, by="hour")
    return render_alert(
        make_episode(coverage=0.9, terms=("login", HOSTILE)),
        sentence="Acme was mentioned 40 times in an hour, about 7 are usual.",
        mentions=[voice.mention for voice in section_of().voices],
        chart=draw_episode(make_episode(), trend, **MAIL_LOOK),
        time_zone=ZONE,
    )


@pytest.fixture(params=["digest", "alert"])
def rendered(request: pytest.FixtureRequest) -> Notification:
    return request.getfixturevalue(request.param)  # type: ignore[no-any-return]


def words_of(text: str) -> set[str]:
    return set(re.findall(r"\w+", text, flags=re.UNICODE))


def test_the_html_is_well_formed(rendered: Notification) -> None:
    assert Page(rendered.html or "").tags


def test_the_plain_twin_says_what_the_html_says(rendered: Notification) -> None:
    page = Page(rendered.html or "")
    shown = " ".join([*page.words, *page.links, *(str(image["alt"]) for image in page.images)])
    only_html = words_of(shown) - words_of(rendered.text) - {"open", "×", "Share", "of", "voice"}
    only_text = (
        words_of(rendered.text)
        - words_of(shown)
        - {"Chart", "x", "WHAT", "COULD", "NOT", "BE", "SEEN", "SHARE", "OF", "VOICE", "COST"}
    )
    assert {word for word in only_html if word.lower() not in words_of(rendered.text.lower())} == set()
    assert {word for word in only_text if word.lower() not in words_of(shown.lower())} == set()


def test_hostile_text_is_shown_and_never_obeyed(rendered: Notification) -> None:
    page = Page(rendered.html or "")
    assert not {"script", "iframe", "object", "form", "base"} & {tag for tag, _ in page.tags}
    assert all(str(image["src"]).startswith("cid:") for image in page.images)
    assert not any(name.startswith("on") for _, attributes in page.tags for name in attributes)
    assert "<script>alert(1)</script>" in "".join(page.words)
    assert "{{ 7 * 7 }}" in "".join(page.words)
    assert "{{ 7 * 7 }}" in rendered.text


def test_no_control_character_reaches_the_reader(rendered: Notification) -> None:
    for text in (rendered.subject, rendered.text.replace("\n", ""), (rendered.html or "").replace("\n", "")):
        assert not any(unicodedata.category(c) == "Cc" for c in text)
        assert "\u202e" not in text
    assert "\n" not in rendered.subject


def test_links_lead_only_to_the_mentions_themselves(rendered: Notification) -> None:
    page = Page(rendered.html or "")
    assert page.links == ["https://social.example/@ada/1", "https://social.example/@ada/2"]
    assert set(re.findall(r"https?://\S+", rendered.text)) == set(page.links)
    assert not re.findall(r"url\(|@import|src=\"http", rendered.html or "")


def test_every_picture_is_attached_shown_and_described(rendered: Notification) -> None:
    page = Page(rendered.html or "")
    assert rendered.images
    assert {str(image["src"]) for image in page.images} == {f"cid:{name}" for name, _, _ in rendered.images}
    described = {f"cid:{name}": alt for name, _, alt in rendered.images}
    for image in page.images:
        assert image["alt"] == described[str(image["src"])]
        assert html.unescape(str(image["alt"])).count(" ") > 8


def test_styles_stand_on_the_elements_and_only_media_rules_in_the_head(rendered: Notification) -> None:
    head, body = (rendered.html or "").split("</head>")
    assert "prefers-color-scheme: dark" in head
    assert "max-width: 620px" in head
    assert (
        re.sub(
            r"@media[^{]*\{(?:[^{}]*\{[^{}]*\})*\s*\}", "", head.partition("<style>")[2].partition("</style>")[0]
        ).strip()
        == ""
    )
    paragraphs = re.findall(r"<p[^>]*>", body)
    assert paragraphs
    assert all("style=" in paragraph for paragraph in paragraphs)


def test_urdu_stands_in_a_right_to_left_block_with_its_language(rendered: Notification) -> None:
    tags = Page(rendered.html or "").tags
    assert ("td", "rtl") in [(tag, attributes.get("dir")) for tag, attributes in tags]
    assert ("rtl", "ur") in [(attributes.get("dir"), attributes.get("lang")) for tag, attributes in tags if tag == "p"]


def test_a_page_of_its_own_holds_its_pictures(rendered: Notification) -> None:
    page = Page(html_page(rendered))
    for image in page.images:
        kind, _, data = str(image["src"]).partition(",")
        assert kind == "data:image/png;base64"
        with Image.open(io.BytesIO(base64.b64decode(data))) as picture:
            assert picture.size[0] >= 800


def test_a_preview_mail_can_be_read_back(rendered: Notification) -> None:
    data = eml_bytes(rendered, "listener@example.org", ["team@example.org"], date=datetime(2026, 11, 20, tzinfo=UTC))
    message = message_from_bytes(data, policy=policy.default)
    assert message["Subject"] == rendered.subject
    assert message.get_body(("plain",)).get_content().replace("\r\n", "\n") == rendered.text
    assert all(len(line) <= 998 for line in data.split(b"\r\n"))


def test_the_key_of_a_digest_is_its_cadence_day_and_brands(digest: Notification) -> None:
    assert digest.key == "digest:daily:2026-11-19:Acme"
    assert render_digest(digest_data()).key == digest.key
    assert render_digest(replace(digest_data(), cadence="weekly")).key != digest.key
    assert render_digest(digest_data(section_of("Globex"))).key != digest.key


def test_an_alert_is_told_again_only_when_it_changes_for_the_reader() -> None:
    def key(**known: object) -> str:
        return render_alert(make_episode(**known), sentence="x").key

    assert key() == key(observed=99.0)
    assert len({key(), key(severity="medium"), key(state="resolved"), key(id=8)}) == 4
    assert render_alert(make_episode(), sentence="x", key="mine").key == "mine"


def test_an_alert_that_is_over_says_so_first() -> None:
    over = render_alert(make_episode(resolved_at=UNTIL, state="resolved"), sentence="x", time_zone=ZONE)
    assert over.subject.startswith("Over: Acme")
    assert "over since 20 Nov 2026, 00:00" in over.text


def test_partial_coverage_is_said_in_an_alert(alert: Notification) -> None:
    assert "At times only 90 % of the sources could be read" in alert.text
    assert "could be read" not in render_alert(make_episode(), sentence="x").text


def test_a_mention_whose_text_is_gone_is_said_to_be_gone() -> None:
    purged = make_row(4, None, title=None, url=None, author=None, author_name=None, followers=None)
    shown = render_alert(make_episode(), sentence="x", mentions=[purged]).text
    assert "(the text was deleted)" in shown
    assert "unknown author" in shown


def test_a_chart_that_mail_readers_cannot_show_is_refused() -> None:
    with pytest.raises(UsageError, match="PNG only"):
        render_digest(digest_data(), [draw_volume(make_trend(), brand="Acme", format="svg")])


def test_a_digest_of_no_brand_is_still_a_whole_mail() -> None:
    empty = render_digest(replace(digest_data(), sections=(), share=(), cost=()))
    assert Page(empty.html or "").tags
    assert "No brand is in this digest." in empty.text


def test_outlook_gets_a_table_as_wide_as_the_mail(rendered: Notification) -> None:
    assert '<!--[if mso]><table role="presentation" width="600"' in (rendered.html or "")


def test_a_digest_of_many_brands_is_kept_short_enough_and_says_what_is_left_out() -> None:
    # Gmail cuts off HTML of more than 102 kB (spamresource.com, January 2022).
    many = render_digest(digest_data(*(section_of(f"Brand {number}") for number in range(40))))
    assert len((many.html or "").encode()) < 102_000
    assert "80 mentions worth reading are left out here" in " ".join(many.text.split())
    assert many.text.count("social.example/@ada/1") == 40


def test_a_digest_of_hundreds_of_brands_tells_of_the_most_mentioned_and_of_the_others_how_much_was_said() -> None:
    sections = [
        section_of(name, trend=make_trend(name, days=1, mean=300 - number), episodes=())
        for number, name in enumerate(f"Brand-{number}" for number in range(300))
    ]
    sections[299] = section_of("Brand-299", trend=make_trend("Brand-299", days=1, mean=0))
    charts = [draw_volume(sections[place].trend, brand=f"Brand-{place}", **MAIL_LOOK) for place in (0, 298)]
    many = render_digest(digest_data(*sections), charts)
    page, text = Page(many.html or ""), " ".join(many.text.split())
    assert len((many.html or "").encode()) < 102_000
    told = re.findall(r"^(Brand-\d+)$", many.text, re.MULTILINE)
    others = 300 - len(told)
    assert 10 < len(told) < 200
    assert (told[0], told[-1]) == ("Brand-0", "Brand-299")  # of the last there is an alert
    assert f"{others} brands with fewer mentions have no part of their own, so that this mail stays whole." in text
    assert f"Mentions: Brand-{len(told) - 1} " in text
    assert f"and {others - 50} more." in text
    assert text.startswith("Brand-0, Brand-1, ")
    assert "Brand-49 and 250 more " in text
    assert [name for name, _, _ in many.images] == ["chart-1"]
    assert len(page.images) == 1
    assert "have a picture here" in text


def test_other_brands_that_were_quiet_or_not_read_are_told_apart() -> None:
    quiet = section_of("Quiet", trend=make_trend("Quiet", days=1, mean=0), episodes=())
    unread = section_of("Unread", trend=make_trend("Unread", days=1, unread=(0,)), episodes=())
    sections = (quiet, unread)
    assert other_brands(sections, summarise(digest_data(*sections)).brands) == (
        "2 brands with fewer mentions have no part of their own, so that this mail stays whole.",
        "1 brand was quiet.",
        "Of Unread it is not known how much was said.",
    )


def test_rendering_a_mail_does_not_load_the_drawing_library() -> None:
    program = "import sys, reports.render, reports.mail; raise SystemExit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


@pytest.mark.parametrize("before", range(60))
def test_a_percentage_stands_on_one_line_of_plain_mail(before: int) -> None:
    words = (
        f"{'x' * before} “lid” (157 mentions, net sentiment −69, 95 % interval −76 to −60, n 157), a\N{NO-BREAK SPACE}b"
    )
    lines = templates().filters["wrapped"](words).split("\n")
    assert " ".join(lines) == words
    assert max(map(len, lines)) <= 72
    assert any("95 %" in line for line in lines)
