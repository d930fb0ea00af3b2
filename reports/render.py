"""Render digests and alerts as mail: HTML for every common reader, and its plain twin.

The HTML is of tables with inlined styles, 600 pixels wide, fluid on a phone,
with a dark variant where the reader supports it; pictures are attached and shown
by content id. Both forms are made from the same words, so they say the same.
"""

from __future__ import annotations

import base64
import re
import textwrap
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import css_inline
import jinja2

from listener.clock import load_zone
from listener.errors import UsageError
from listener.intervals import WHOLE
from listener.mention import Label
from listener.protocols import Notification
from reports.digest import other_brands, summarise
from reports.hostile import clean_line, direction, excerpt, web_link
from reports.message import eml_bytes
from reports.sentences import mentions_of
from reports.wording import MINUS, count, coverage_percent, place_words, time_words

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    from listener.search.records import EpisodeRow, MentionRow
    from reports.charts.style import Chart
    from reports.digest import BrandSection, BrandWords, DigestData

__all__ = ["MentionView", "eml_bytes", "html_page", "render_alert", "render_digest", "templates", "view_of"]

_EXCERPT: Final = 280
_NAME: Final = 60
_TEXT_WIDTH: Final = 72
_PERCENT_SPACE: Final = re.compile(r"(?<=\d) (?=%)")
_LONGEST_HTML: Final = 100_000
"""Gmail cuts off HTML of more than 102 kB (spamresource.com, January 2022; pictures do not count)."""
_BOUNDS: Final = ((3, 200), (1, 200), (0, 200), (0, 100), (0, 50), (0, 25), (0, 12))
"""Of how many brands, with how many mentions each, a digest tells at most; the first that is short enough is taken."""

_CID: Final = re.compile(r'src="cid:([a-z0-9-]+)"')


@dataclass(frozen=True, slots=True, kw_only=True)
class MentionView:
    """Hold one mention as a reader is shown it: cleaned, cut, with a safe link or none.

    `direction` is ltr or rtl; `language` a BCP 47 tag, empty where unknown.
    """

    why: str
    text: str
    direction: str
    language: str
    who: str
    followers: str
    where: str
    when: str
    mood: str
    reactions: str
    link: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Picture:
    """Hold a chart as the templates refer to it."""

    cid: str
    alt: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Section:
    """Hold what the templates show of one brand."""

    section: BrandSection
    name: str
    words: BrandWords
    pictures: tuple[_Picture, ...]
    voices: tuple[MentionView, ...]


def view_of(mention: MentionRow, zone: ZoneInfo, *, why: str = "") -> MentionView:
    """Return a mention as it is shown; a purged one says that its text is gone."""
    whole = " \N{EM DASH} ".join(part for part in (mention.title, mention.text) if part)
    name = mention.author_name or mention.author
    known = {"like": mention.likes, "repost": mention.reposts}
    reactions = [count(n, word) for word, n in known.items() if n]
    reactions += [count(mention.replies, "reply", "replies")] if mention.replies else []
    has_score = mention.score is not None and mention.label is not Label.NO_EVIDENCE
    score = f" ({mention.score:+z.2f})".replace("-", MINUS) if has_score else ""
    return MentionView(
        why=why,
        text=excerpt(whole, _EXCERPT) or "(the text was deleted)",
        direction=direction(whole),
        language="" if mention.language == "und" else clean_line(mention.language),
        who=excerpt(name, _NAME) if name else "unknown author",
        followers="" if mention.followers is None else count(mention.followers, "follower"),
        where=clean_line(place_words(mention.source)),
        when=time_words(mention.published_at, zone),
        mood=f"{mention.label.word}{score}",
        reactions=", ".join(reactions),
        link=web_link(mention.url),
    )


def render_digest(data: DigestData, charts: Sequence[Chart] = ()) -> Notification:
    """Render a digest; a chart of exactly one brand stands in its section, others with the share of voice.

    The key names cadence, first day and brands: the same digest is the same key.
    Raises UsageError for a chart that is not PNG, which mail readers do not show.
    """
    zone = load_zone(data.time_zone)
    words = summarise(data)
    pictures, images = _pictures(charts)
    mine: dict[str, list[_Picture]] = {section.brand: [] for section in data.sections}
    general: list[_Picture] = []
    for chart, picture in zip(charts, pictures, strict=True):
        (mine[chart.brands[0]] if len(chart.brands) == 1 and chart.brands[0] in mine else general).append(picture)
    sections = [
        _Section(
            section=section,
            name=clean_line(section.brand),
            words=brand_words,
            pictures=tuple(mine[section.brand]),
            voices=tuple(view_of(voice.mention, zone, why=voice.why) for voice in section.voices),
        )
        for section, brand_words in zip(data.sections, words.brands, strict=True)
    ]
    context = {"words": words, "pictures": general, "zone": data.time_zone, "cadence": data.cadence}
    text, html = _within_bounds(context, sections)
    shown = set(_CID.findall(html))
    day = data.since.astimezone(zone).date().isoformat()
    return Notification(
        key=f"digest:{data.cadence}:{day}:{','.join(section.brand for section in data.sections)}",
        kind="digest",
        subject=words.subject,
        text=text,
        html=html,
        images=tuple(image for image in images if image[0] in shown),
    )


def _within_bounds(context: dict[str, object], sections: Sequence[_Section]) -> tuple[str, str]:
    """Render a digest; of many brands with fewer mentions each, then of fewer brands, so that no reader cuts the mail off."""
    everything = sum(len(section.voices) for section in sections)
    ranked = sorted(sections, key=_weight, reverse=True)
    text = html = ""
    for most, brands in _BOUNDS:
        leading = {one.section.brand for one in ranked[:brands]}
        shown = [replace(one, voices=one.voices[:most]) for one in sections if one.section.brand in leading]
        others = [one for one in sections if one.section.brand not in leading]
        whole = {
            **context,
            "sections": shown,
            "others": other_brands([one.section for one in others], [one.words for one in others]),
            "left_out": everything - sum(len(one.voices) for one in shown),
            "undrawn": any(one.pictures for one in shown)
            and any(one.section.kind == "own" and not one.pictures for one in shown),
        }
        text, html = _text("digest.txt.j2", whole), _html("digest.html.j2", whole)
        if len(html.encode()) <= _LONGEST_HTML:
            break
    return text, html


def _weight(one: _Section) -> tuple[bool, int]:
    """Return by what a brand has a part of its own rather than another: an alert, then its mentions."""
    return bool(one.section.episodes), mentions_of(one.section)


def render_alert(
    episode: EpisodeRow,
    *,
    sentence: str,
    mentions: Sequence[MentionRow] = (),
    chart: Chart | None = None,
    time_zone: str = "UTC",
    key: str | None = None,
) -> Notification:
    """Render an alert: the sentence on the brand, why, the mentions that show it, a chart.

    The key, where not given, names the episode, its state and its severity: an
    episode is told when it opens, when it grows more severe, and when it is over.
    Raises UsageError for a chart that is not PNG.
    """
    zone = load_zone(time_zone)
    pictures, images = _pictures([chart] if chart else [])
    over = episode.resolved_at is not None
    reasons = {"Said": episode.terms, "Where": episode.sources, "Who": episode.authors}
    brand = clean_line(episode.brand)
    context: dict[str, object] = {
        "brand": brand,
        "headline": excerpt(episode.headline, 240),
        "sentence": excerpt(sentence, 600),
        "state": "over" if over else "open",
        "severity": clean_line(episode.severity),
        "rule": clean_line(episode.rule),
        "opened": time_words(episode.opened_at, zone),
        "resolved": time_words(episode.resolved_at, zone) if episode.resolved_at else "",
        "reasons": [(word, [excerpt(name, _NAME) for name in names]) for word, names in reasons.items() if names],
        "read": "" if episode.coverage is None or episode.coverage >= WHOLE else coverage_percent(episode.coverage),
        "number": episode.id,
        "voices": [view_of(mention, zone) for mention in mentions],
        "pictures": pictures,
        "zone": time_zone,
    }
    prefix = "Over: " if over else ""
    return Notification(
        key=key or f"alert:{episode.id}:{episode.state}:{episode.severity}",
        kind="alert",
        subject=f"{prefix}{brand}: {excerpt(episode.headline, 140)}",
        text=_text("alert.txt.j2", context),
        html=_html("alert.html.j2", context),
        images=images,
    )


def html_page(notification: Notification) -> str:
    """Return the HTML as a page of its own: pictures are data addresses in place of attachments."""
    encoded = {name: base64.b64encode(data).decode("ascii") for name, data, _ in notification.images}
    return _CID.sub(
        lambda found: f'src="data:image/png;base64,{encoded[found[1]]}"' if found[1] in encoded else found[0],
        notification.html or "",
    )


def _pictures(charts: Sequence[Chart]) -> tuple[list[_Picture], tuple[tuple[str, bytes, str], ...]]:
    pictures = []
    images = []
    for place, chart in enumerate(charts, start=1):
        if chart.format != "png":
            msg = f"the {chart.kind} chart is {chart.format}; mail readers show PNG only"
            raise UsageError(msg)
        cid = f"chart-{place}"
        pictures.append(_Picture(cid=cid, alt=chart.alt, title=chart.title))
        images.append((cid, chart.data, chart.alt))
    return pictures, tuple(images)


@lru_cache(maxsize=1)
def templates() -> jinja2.Environment:
    """Return the environment: HTML is escaped, an unknown name is an error, not an empty string."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("reports", "templates"),
        autoescape=jinja2.select_autoescape(enabled_extensions=("html.j2",), default=False),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["wrapped"] = _wrapped
    return environment


@lru_cache(maxsize=1)
def _inliner() -> css_inline.CSSInliner:
    """Return the inliner: rules go onto the elements, only @media rules stay in the head."""
    return css_inline.CSSInliner(keep_style_tags=False, keep_at_rules=True, load_remote_stylesheets=False)


def _html(template: str, context: dict[str, object]) -> str:
    return _inliner().inline(templates().get_template(template).render(context))


def _text(template: str, context: dict[str, object]) -> str:
    rendered = templates().get_template(template).render(context)
    return re.sub(r"\n{3,}", "\n\n", rendered).strip() + "\n"


def _wrapped(text: str, indent: int = 0) -> str:
    """Fold a line for plain mail; addresses are never broken, nor is a percentage."""
    return textwrap.fill(
        _PERCENT_SPACE.sub("\N{NO-BREAK SPACE}", text),
        width=_TEXT_WIDTH,
        initial_indent="",
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
    ).replace("\N{NO-BREAK SPACE}%", " %")
