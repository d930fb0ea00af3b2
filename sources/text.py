"""Turn what services send into plain values: text, instants, counts, links.

Nothing here raises on hostile input, and all of it takes time linear in the
length of what it is given.
"""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, urljoin, urlsplit

from listener.cleaning import TEXT_LIMIT, clean, clean_line
from listener.clock import is_countable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = [
    "ID_LIMIT",
    "TITLE_LIMIT",
    "URL_LIMIT",
    "as_list",
    "as_object",
    "clean",
    "clean_line",
    "count_of",
    "instant_from_epoch",
    "instant_from_http",
    "instant_from_iso",
    "line_of",
    "links_in",
    "plain_text",
    "unwrap_link",
    "usable_links",
]

ID_LIMIT: Final = 512
TITLE_LIMIT: Final = 2_000
URL_LIMIT: Final = 2_000
_MOST_LINKS: Final = 50
_MOST_HTML: Final = 1_000_000

_PARAGRAPHS: Final = frozenset(
    ["p", "blockquote", "pre", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "dl", "table", "hr"]
)
_LINES: Final = frozenset(
    [
        "br",
        "div",
        "li",
        "dt",
        "dd",
        "tr",
        "section",
        "article",
        "header",
        "footer",
        "aside",
        "nav",
        "figure",
        "figcaption",
        "address",
        "main",
        "form",
        "option",
        "summary",
        "details",
        "center",
        "caption",
        "legend",
        "fieldset",
        "dialog",
        "hgroup",
        "menu",
        "search",
    ]
)
_SILENT: Final = frozenset(
    ["script", "style", "template", "head", "iframe", "object", "svg", "math", "noframes", "textarea", "select"]
)
_TAG_NAME: Final = re.compile(r"</?([a-zA-Z][a-zA-Z0-9:_-]{0,40})")
_TAG_END: Final = re.compile(r"""(?:[^>"']++|"[^"]*+"|'[^']*+')*+>""")
_ALT: Final = re.compile(r"""\balt\s*=\s*["']([^"'<>]{1,40})["']""", re.IGNORECASE)
_HREF: Final = re.compile(r"""\bhref\s*=\s*(?:"([^"<>]{1,2000})"|'([^'<>]{1,2000})')""", re.IGNORECASE)
_LONG_REFERENCE: Final = re.compile(r"&#[xX]?[0-9a-fA-F]{9,}+;?")
_BLANKS: Final = re.compile(r"[^\S\n]+")
_WHITE: Final = re.compile(r"\s+")
_GAP: Final = re.compile(r"\n{3,}")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def plain_text(markup: str, *, limit: int = TEXT_LIMIT) -> str:
    """Return the text of an HTML fragment as a reader sees it, cleaned.

    Paragraphs are set apart by a blank line, ``<br>`` and blocks by a newline;
    link texts stay, scripts, styles and markup go; a picture that stands for an
    emoji gives its alternative text. A ``<`` that opens no tag is kept.

    An own scanner: html.parser of Python 3.11 takes quadratic time on unclosed
    comments and declarations.
    """
    if "<" not in markup and "&" not in markup:
        return _tidy(clean(markup, limit=limit))
    pieces: list[str] = []
    _scan(markup[:_MOST_HTML], pieces)
    return _tidy(clean("".join(pieces), limit=limit))


def _scan(markup: str, pieces: list[str]) -> None:
    """Append the text of `markup` to `pieces`, one pass from left to right."""
    position, end = 0, len(markup)
    preformatted = 0
    quotes_work = True
    while position < end:
        opening = markup.find("<", position)
        text = markup[position : end if opening < 0 else opening]
        if text:
            pieces.append(_unescape(text) if preformatted else _WHITE.sub(" ", _unescape(text)))
        if opening < 0:
            return
        name = _TAG_NAME.match(markup, opening)
        if name is None:
            position = _after_declaration(markup, opening, pieces)
            continue
        stop = _TAG_END.match(markup, name.end()) if quotes_work else None
        if stop is None:  # a quote that never closes: from here on the next > ends a tag
            quotes_work = False
            position = markup.find(">", name.end()) + 1
            if not position:
                return
        else:
            position = stop.end()
        tag, closes = name[1].lower(), markup[opening + 1] == "/"
        preformatted = max(0, preformatted + (-1 if closes else 1)) if tag == "pre" else preformatted
        pieces.append(_mark(tag, markup[opening:position]))
        if tag in _SILENT and not closes and markup[position - 2] != "/":
            position = _after_element(markup, position, tag)


def _mark(tag: str, whole: str) -> str:
    """Return what a tag contributes to the text."""
    if tag in _PARAGRAPHS:
        return "\n\n"
    if tag in _LINES:
        return "\n"
    if tag in {"td", "th"}:
        return " "
    if tag == "img" and ("emoji" in whole or "smil" in whole) and (alt := _ALT.search(whole)):
        return _unescape(alt[1])
    return ""


def _after_declaration(markup: str, opening: int, pieces: list[str]) -> int:
    """Return where reading goes on after a `<` that opens no tag."""
    if markup.startswith("<!--", opening):
        close, width = markup.find("-->", opening + 4), 3
    elif markup.startswith("<![CDATA[", opening):
        close, width = markup.find("]]>", opening + 9), 3
        pieces.append(markup[opening + 9 : close if close >= 0 else len(markup)])
    elif markup[opening + 1 : opening + 2] in {"!", "?", "/"} and markup[opening + 2 : opening + 3].strip():
        close, width = markup.find(">", opening), 1
    else:
        pieces.append("<")
        return opening + 1
    return close + width if close >= 0 else len(markup)


def _after_element(markup: str, position: int, tag: str) -> int:
    """Return where the element that is not shown ends; the end of all where it never does."""
    close = re.compile(rf"</{tag}\b[^>]*>?", re.IGNORECASE).search(markup, position)
    return close.end() if close else len(markup)


def _unescape(text: str) -> str:
    if "&" not in text:
        return text
    return html.unescape(_LONG_REFERENCE.sub("\ufffd", text))  # a number too long to read raises ValueError


def _tidy(text: str) -> str:
    """Trim each line, keep one blank between words and one empty line between paragraphs."""
    lines = "\n".join(line.strip() for line in _BLANKS.sub(" ", text).split("\n"))
    return _GAP.sub("\n\n", lines).strip()


def links_in(markup: str, *, origin: str = "") -> tuple[str, ...]:
    """Return the http(s) targets of the links of an HTML fragment, each once, in order.

    `origin` is the address that relative links are relative to.
    """
    found = (html.unescape(double or single) for double, single in _HREF.findall(markup[:_MOST_HTML]))
    return usable_links(_joined(origin, link) if origin else link for link in found)


def _joined(origin: str, link: str) -> str:
    try:
        return urljoin(origin, link)
    except ValueError:
        return ""


def usable_links(links: Iterable[object]) -> tuple[str, ...]:
    """Return those of `links` that are http(s) addresses, unwrapped, each once, in order, at most 50."""
    kept: dict[str, None] = {}
    for link in links:
        if isinstance(link, str) and (usable := unwrap_link(link)):
            kept[usable] = None
            if len(kept) == _MOST_LINKS:
                break
    return tuple(kept)


def unwrap_link(link: str) -> str | None:
    """Return a link as it may be stored and shown; None where it is not http(s).

    The redirect of Google Alerts (``https://www.google.com/url?...&url=TARGET``)
    gives its target.
    """
    link = clean(link.strip(), limit=URL_LIMIT + 1)
    if len(link) > URL_LIMIT or any(character.isspace() for character in link):
        return None
    try:
        parts = urlsplit(link)
        if parts.scheme.lower() not in {"http", "https"} or not parts.hostname:
            return None
        if parts.path == "/url" and re.fullmatch(r"(?:www\.)?google\.[a-z.]{2,6}", parts.hostname):
            fields = parse_qs(parts.query, max_num_fields=50)
            target = (fields.get("url") or fields.get("q") or [""])[0]
            if urlsplit(target).scheme.lower() in {"http", "https"} and "google." not in (urlsplit(target).netloc):
                return unwrap_link(target)
    except ValueError:
        return None
    return link


def instant_from_epoch(value: object) -> datetime | None:
    """Return the aware UTC instant of seconds since 1970, given as a number or digits; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        return _possible(_EPOCH + timedelta(seconds=float(value)))
    except (ValueError, OverflowError):
        return None


def instant_from_iso(value: object) -> datetime | None:
    """Return the aware UTC instant of an ISO 8601 text, read as UTC where it has no offset; None for anything else."""
    if not isinstance(value, str) or len(value) > 64:  # noqa: PLR2004 - no date is that long
        return None
    try:
        instant = datetime.fromisoformat(value.strip())
        return _possible((instant if instant.tzinfo else instant.replace(tzinfo=UTC)).astimezone(UTC))
    except (ValueError, OverflowError):
        return None


def instant_from_http(value: object) -> datetime | None:
    """Return the aware UTC instant of a date as in HTTP headers (RFC 9110) and e-mail; None for anything else."""
    if not isinstance(value, str) or len(value) > 64:  # noqa: PLR2004 - no date is that long
        return None
    try:
        instant = parsedate_to_datetime(value)
        return _possible((instant if instant.tzinfo else instant.replace(tzinfo=UTC)).astimezone(UTC))
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _possible(instant: datetime) -> datetime | None:
    """Return an instant as it is; None for one of years that nothing here counts in, as services send for no date."""
    return instant if is_countable(instant) else None


def line_of(value: object, *, limit: int = TITLE_LIMIT) -> str | None:
    """Return a text or whole number of an answer as one clean line; None where it is empty or anything else."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value) if abs(value) < 1 << 128 else ""
    return clean_line(value, limit=limit) or None if isinstance(value, str) else None


def count_of(value: object) -> int | None:
    """Return a counter, given as a number or digits; None where it is missing, negative or anything else."""
    if isinstance(value, str) and re.fullmatch(r"\d{1,15}", value, re.ASCII):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value < 1 << 53 else None


def as_object(value: object) -> Mapping[str, object]:
    """Return a JSON object; an empty one where `value` is anything else."""
    return value if isinstance(value, dict) else {}


def as_list(value: object) -> list[object]:
    """Return a JSON list; an empty one where `value` is anything else."""
    return value if isinstance(value, list) else []
