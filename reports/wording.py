"""Write numbers, dates and lists as a person would, in the same way everywhere.

English month names are spelled here, so that a report does not change with the
locale of the machine it runs on.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from listener.clock import load_zone
from listener.percentages import coverage_percent, percent

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from zoneinfo import ZoneInfo

__all__ = [
    "MINUS",
    "WEEKDAYS",
    "count",
    "coverage_percent",
    "date_words",
    "day_words",
    "interval_words",
    "join_words",
    "language_words",
    "money",
    "number",
    "percent",
    "place_words",
    "plural",
    "share_words",
    "short_day",
    "signed",
    "some_words",
    "span_facts",
    "span_words",
    "time_words",
    "wait_words",
]

MINUS: Final = "\N{MINUS SIGN}"
_DASH: Final = "\N{EN DASH}"
_MONTHS: Final = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
"""Days of the week as `datetime.weekday` counts them: Monday is 0."""

_SMALLEST_SHARE: Final = 0.1
_PLACES: Final = {
    "appstore": "App Store",
    "bluesky": "Bluesky",
    "discourse": "forums",
    "gdelt": "news (GDELT)",
    "github": "GitHub",
    "hackernews": "Hacker News",
    "lemmy": "Lemmy",
    "mastodon": "Mastodon",
    "reddit": "Reddit",
    "rss": "news and feeds",
    "stackexchange": "Stack Exchange",
    "survey": "surveys",
    "x": "X",
    "youtube": "YouTube",
}
_LANGUAGES: Final = {
    "am": "Amharic",
    "ar": "Arabic",
    "bg": "Bulgarian",
    "bn": "Bengali",
    "bo": "Tibetan",
    "cs": "Czech",
    "da": "Danish",
    "de": "German",
    "el": "Greek",
    "en": "English",
    "es": "Spanish",
    "fa": "Persian",
    "fi": "Finnish",
    "fr": "French",
    "gu": "Gujarati",
    "he": "Hebrew",
    "hi": "Hindi",
    "hi-Latn": "Hindi/Urdu (Latin)",
    "hu": "Hungarian",
    "hy": "Armenian",
    "id": "Indonesian",
    "it": "Italian",
    "ja": "Japanese",
    "ka": "Georgian",
    "kk": "Kazakh",
    "km": "Khmer",
    "kn": "Kannada",
    "kn-Latn": "Kannada (Latin)",
    "ko": "Korean",
    "lo": "Lao",
    "ml": "Malayalam",
    "ml-Latn": "Malayalam (Latin)",
    "mr": "Marathi",
    "ms": "Malay",
    "my": "Burmese",
    "ne": "Nepali",
    "nl": "Dutch",
    "no": "Norwegian",
    "or": "Odia",
    "pa": "Punjabi",
    "pl": "Polish",
    "pt": "Portuguese",
    "ro": "Romanian",
    "ru": "Russian",
    "si": "Sinhala",
    "sr": "Serbian",
    "sv": "Swedish",
    "ta": "Tamil",
    "ta-Latn": "Tamil (Latin)",
    "te": "Telugu",
    "th": "Thai",
    "tl": "Tagalog",
    "tr": "Turkish",
    "uk": "Ukrainian",
    "und": "language unknown",
    "ur": "Urdu",
    "vi": "Vietnamese",
    "zh": "Chinese",
}


def number(value: float) -> str:
    """Write a count with thousands separators, such as ``12,345``."""
    return f"{round(value):,}".replace("-", MINUS)


def count(n: int, singular: str, many: str | None = None) -> str:
    """Write a number with its noun, such as ``1 mention`` or ``1,200 mentions``."""
    return f"{number(n)} {plural(n, singular, many)}"


def money(amount: float) -> str:
    """Write an amount of money with two decimals, and with four where below one two would round something away."""
    return f"{amount:,.2f}" if amount >= 1 or round(amount, 2) == round(amount, 6) else f"{amount:.4f}"


def plural(n: int, singular: str, many: str | None = None) -> str:
    """Return the form of a noun that fits `n`; the plural adds an s where none is given."""
    return singular if n == 1 else many or f"{singular}s"


def signed(value: float) -> str:
    """Write a whole number with its sign, such as ``+5``; zero has none."""
    rounded = round(value)
    if rounded == 0:
        return "0"
    return f"+{rounded:,}" if rounded > 0 else f"{MINUS}{-rounded:,}"


def share_words(share: float, mentions: int, everything: int) -> str:
    """Write a share of voice in percent: `mentions` of `everything` never round to none, nor to all."""
    shown = f"{share:.1f} %"
    if shown == "0.0 %" and mentions:
        return f"under {_SMALLEST_SHARE} %"
    return f"over {100 - _SMALLEST_SHARE} %" if shown == "100.0 %" and mentions < everything else shown


def interval_words(low: float, high: float) -> str:
    """Write an interval of signed numbers, such as ``-8 to +18`` with a real minus."""
    return f"{signed(low)} to {signed(high)}"


def join_words(words: Sequence[str]) -> str:
    """Join words as prose does: ``a``, ``a and b``, ``a, b and c``."""
    if len(words) <= 1:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


def some_words(words: Sequence[str], most: int) -> str:
    """Join words as `join_words` does, the first `most` of them: ``a, b and 3 more``."""
    more = len(words) - most
    return join_words([*words[:most], f"{number(more)} more"] if more > 0 else words)


def place_words(source: str) -> str:
    """Return the name of a source as people write it; one that is not known is left as it is."""
    return _PLACES.get(source, source)


def language_words(tag: str) -> str:
    """Return the English name of a language; a tag that is not known is left as it is."""
    return _LANGUAGES.get(tag, tag)


def short_day(moment: datetime) -> str:
    """Write a local date for an axis, such as ``3 Nov``."""
    return f"{moment.day} {_MONTHS[moment.month - 1][:3]}"


def day_words(moment: datetime) -> str:
    """Write a local day in full, such as ``Thursday, 19 November 2026``."""
    return f"{WEEKDAYS[moment.weekday()]}, {moment.day} {_MONTHS[moment.month - 1]} {moment.year}"


def date_words(moment: datetime) -> str:
    """Write a local date, such as ``19 Nov 2026``."""
    return f"{short_day(moment)} {moment.year}"


def time_words(moment: datetime, zone: ZoneInfo) -> str:
    """Write an instant as local time, such as ``19 Nov 2026, 14:05``."""
    local = moment.astimezone(zone)
    return f"{date_words(local)}, {local:%H:%M}"


def wait_words(length: timedelta) -> str:
    """Write a length of time in the unit that fits, such as ``25 minutes``, ``2.5 hours`` or ``3 days``."""
    minutes = length / timedelta(minutes=1)
    for unit, size in (("day", 1_440), ("hour", 60)):
        if minutes >= size:
            value = round(minutes / size, 1)
            return f"{value:g} {plural(1 if value == 1 else 2, unit)}"
    return count(max(1, round(minutes)), "minute")


def span_facts(since: datetime | None, until: datetime | None, time_zone: str | None) -> list[str]:
    """Return the span and its time zone, as a chart names them; nothing where one of them is not given."""
    if since is None or until is None or time_zone is None:
        return []
    return [span_words(since, until, load_zone(time_zone)), time_zone]


def span_words(since: datetime, until: datetime, zone: ZoneInfo) -> str:
    """Write a half-open span as its first and last local day, or with times if it cuts a day.

    A whole day gives ``19 Nov 2026``; a month ``20 Oct - 19 Nov 2026`` with a dash.
    """
    start, end = since.astimezone(zone), until.astimezone(zone)
    if any((start.hour, start.minute, end.hour, end.minute)):
        last = f"{end:%H:%M}" if start.date() == end.date() else time_words(until, zone)
        return f"{time_words(since, zone)} {_DASH} {last}"
    last_day = (until - timedelta(microseconds=1)).astimezone(zone)
    if start.date() == last_day.date():
        return date_words(start)
    first = short_day(start) if start.year == last_day.year else date_words(start)
    return f"{first} {_DASH} {date_words(last_day)}"
