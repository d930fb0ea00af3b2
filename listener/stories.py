"""Say which mentions are one thing said once: a story.

Two mentions share a story when they share a key within the key's reach in
time: a repost and its original, the article and the submissions that link to
it, the same words sent again, also with a word more, less or another. A story is a connected component of that relation, so
it does not depend on the order in which mentions arrive. Pure: values in, values out.
"""

from __future__ import annotations

import hashlib
import re
import struct
import unicodedata
import zlib
from datetime import timedelta
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

import regex

from listener.query.characters import KINDS, UNSPACED

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from listener.mention import Mention

__all__ = [
    "DIGEST_SIZE",
    "Marks",
    "StoryKey",
    "are_near",
    "canonical_url",
    "marks_of_many",
    "normal_text",
    "story_keys",
    "story_marks",
    "text_digest",
    "text_units",
]

_FOREVER: Final = int(timedelta(days=366_000).total_seconds())
_LINK_REACH: Final = int(timedelta(days=14).total_seconds())
_TEXT_REACH: Final = int(timedelta(days=3).total_seconds())
"""The same words from one hand or many within three days are one thing said once; later they are said anew."""
_FEWEST_WORDS: Final = 5
"""Shorter texts ("love this", "same here") are the same words without being the same story."""

DIGEST_SIZE: Final = 8
"""Bytes that are kept of the digest of a wording; older stores have more of it, of which these are the first."""

_BANDS: Final = 4
_ROWS: Final = 4
_HASHES: Final = struct.Struct(f">{_BANDS * _ROWS}I")
_SIGN: Final = 1 << 31
_BEGUN: Final = tuple((4 * row, zlib.crc32(struct.pack(">I", row))) for row in range(0, _BANDS * _ROWS, _ROWS))
"""Where the hashes of each band begin, and the checksum it goes on from."""
_MANY: Final = 64
"""Mentions from which on it is worth loading what works on all at once."""
_FEWEST_UNITS: Final = 7
"""In shorter texts another word is another meaning."""
_LEAST_SHARED: Final = 0.6
"""The share of common words among all of two texts from which on they are near copies."""
_MOST_UNITS: Final = 400
_LONGEST_UNIT: Final = 64

_TRACKING: Final = re.compile(
    r"(?:utm|mtm|pk|at|guce)_.*|utm|fbclid|gclid|dclid|yclid|twclid|ttclid|msclkid|wbraid|gbraid|igshid|srsltid|mc_[ce]id"
    r"|ref|ref_src|ref_url|referrer|cmp|cmpid|icid|ncid|mbid|s_cid|ocid|si|spm|smid|xtor|ito|wprov|guccounter"
    r"|_hsenc|_hsmi|_ga|_gl|trk|amp|__twitter_impression"
)
"""Parameters that say how a reader came to a page, or in which dress it is shown."""
_DRESS: Final = re.compile(r"(?:www\d?|m|mobile|amp)\.(?=[^.]+\.)")
"""A host for another screen shows the same page, where what is left is a host of its own."""
_AMP_CACHE: Final = re.compile(
    r"https?://(?:www\.google\.[a-z.]{2,6}/amp|[\w-]+\.cdn\.ampproject\.org/[cv])/(s/)?", re.IGNORECASE
)
_DRESSED_PATH: Final = re.compile(
    r"(?:;jsessionid=[^/]*)?(?:/amp|\.amp|\.amp\.html|/index\.(?:html?|php))?/?$", re.IGNORECASE
)
_REPOST_MARK: Final = re.compile(r"^\s*(?:rt|via)\s+@\w+\s*:?\s*", re.IGNORECASE)
_URL: Final = re.compile(r"https?://\S+")
_SELECTORS: Final = re.compile("[\u200c\u200d\ufe00-\ufe0f]")
"""Joiners and variation selectors are marks by category; they say how a sign looks, not what it is."""
_NO_WORD: Final = regex.compile(r"[^\p{L}\p{M}\p{N}]+")
"""The standard library's \\w leaves out the vowel signs of Indic scripts."""
_NO_ASCII_WORD: Final = re.compile(r"[^a-z0-9]+")
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


class StoryKey(NamedTuple):
    """Hold one thing that mentions of a story have in common.

    `key` is a signed 64-bit hash. Mentions with the same key belong together
    when their publication times are at most `reach_seconds` apart.
    """

    key: int
    reach_seconds: int
    is_near: bool = False
    """It only says that the words may be nearly the same: `are_near` decides."""


Marks = tuple[tuple[StoryKey, ...], frozenset[str]]
"""The keys of a mention, and the units of its text."""


def story_keys(mention: Mention) -> tuple[StoryKey, ...]:
    """Return the keys of a mention: its identity, what it reposts, its link, its words."""
    return story_marks(mention)[0]


def story_marks(mention: Mention) -> Marks:
    """Return the keys of a mention, and the units of its text by which near copies are told."""
    sure, units = _sure_marks(mention)
    return _with_bands(sure, units, _bands(units))


def marks_of_many(mentions: Sequence[Mention]) -> list[Marks]:
    """Return the `story_marks` of each mention, in order; many at once cost less."""
    if len(mentions) < _MANY:
        return [story_marks(mention) for mention in mentions]
    marks = [_sure_marks(mention) for mention in mentions]
    bands = iter(_bands_of_many([units for _, units in marks if len(units) >= _FEWEST_UNITS]))
    return [_with_bands(sure, units, next(bands) if len(units) >= _FEWEST_UNITS else ()) for sure, units in marks]


def _sure_marks(mention: Mention) -> tuple[list[StoryKey], frozenset[str]]:
    keys = [StoryKey(_hash("id", mention.source, mention.repost_of or mention.id), _FOREVER)]
    link = _submitted_link(mention)
    if link is not None:
        keys.append(StoryKey(_hash("url", link), _LINK_REACH))
    words = normal_text(mention.text)
    if words.count(" ") + 1 >= _FEWEST_WORDS:
        keys.append(StoryKey(_hash("text", words), _TEXT_REACH))
    return keys, text_units(words)


def _with_bands(sure: Sequence[StoryKey], units: frozenset[str], bands: Iterable[int]) -> Marks:
    return (*sure, *(StoryKey(band, _TEXT_REACH, True) for band in bands)), units


def are_near(one: frozenset[str], other: frozenset[str]) -> bool:
    """Say whether two texts, given by their `text_units`, are one said with a word more, less or another."""
    if min(len(one), len(other)) < _FEWEST_UNITS:
        return False
    return len(one & other) >= _LEAST_SHARED * len(one | other)


def text_units(words: str) -> frozenset[str]:
    """Return what near copies share of a text that is in its `normal_text`.

    Its words; pairs of letters where a script puts no spaces between words.
    """
    if words.isascii():
        return frozenset(words.split()[:_MOST_UNITS])
    units: list[str] = []
    for word in words.split()[:_MOST_UNITS]:
        if KINDS[word[0]] & UNSPACED and len(word) > 1:
            units += map("".join, pairwise(word))
        else:
            units.append(word)
    return frozenset(units[:_MOST_UNITS])


def _bands(units: frozenset[str]) -> tuple[int, ...]:
    """Return keys of which near copies very likely share one (MinHash in bands; Broder 1997, Indyk and Motwani 1998)."""
    if len(units) < _FEWEST_UNITS:
        return ()
    least = _HASHES.pack(*map(min, zip(*map(_HASHES.unpack, map(_hashes, units)), strict=True)))
    return _keys_of(least, 0)


def _bands_of_many(texts: Sequence[frozenset[str]]) -> list[tuple[int, ...]]:
    """Return the `_bands` of texts that have some."""
    import numpy as np  # noqa: PLC0415 - heavy, and only worth it for many

    if not texts:
        return []
    hashes = np.frombuffer(b"".join([b"".join(map(_hashes, units)) for units in texts]), dtype=">u4")
    starts = np.cumsum([0, *map(len, texts[:-1])])
    least = np.minimum.reduceat(hashes.reshape(-1, _BANDS * _ROWS).astype(np.uint32), starts, axis=0)
    packed = least.astype(">u4").tobytes()
    return [_keys_of(packed, at) for at in range(0, len(packed), _HASHES.size)]


def _keys_of(least: bytes, at: int) -> tuple[int, ...]:
    """Return the key of each band: signed 32 bits, since texts decide in the end."""
    return tuple(
        [(zlib.crc32(least[at + start : at + start + 4 * _ROWS], begun) ^ _SIGN) - _SIGN for start, begun in _BEGUN]
    )


@lru_cache(maxsize=100_000)
def _hashes(unit: str) -> bytes:
    """Return independent hashes of a word, the same in every process."""
    return hashlib.blake2b(unit[:_LONGEST_UNIT].encode("utf-8", "replace"), digest_size=4 * _BANDS * _ROWS).digest()


def canonical_url(url: str) -> str | None:
    """Return a URL without what does not say which page it is; None where it is no web URL.

    Scheme, ``www.``, default ports, fragments, tracking parameters, the order
    of parameters, escapes and a slash at the end do not count, nor does the dress:
    ``m.``, ``amp.`` and ``/amp`` show the same page, and so do AMP's caches.
    """
    try:
        parts = urlsplit(_AMP_CACHE.sub(lambda found: "https://" if found[1] else "http://", url.strip(), count=1))
        host = _DRESS.sub("", (parts.hostname or "").rstrip("."), count=1)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in _DEFAULT_PORTS or not host:
        return None
    if port is not None and port != _DEFAULT_PORTS[parts.scheme]:
        host = f"{host}:{port}"
    wanted = sorted(
        (name, value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
        if not _TRACKING.fullmatch(name.lower())
    )
    query = f"?{urlencode(wanted, errors='replace')}" if wanted else ""
    path = _DRESSED_PATH.sub("", re.sub(r"/{2,}", "/", unquote(parts.path, errors="replace")), count=1)
    return f"{_ascii(host)}{quote(path, errors='replace')}{query}"


def _ascii(host: str) -> str:
    """Return a host as it is asked for: letters beyond ASCII in Punycode (RFC 3492)."""
    if host.isascii():
        return host
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError:
        return host


def normal_text(text: str) -> str:
    """Return only the words of a text: no repost mark, links, case, signs or emoji, single spaces."""
    bare = _URL.sub(" ", _REPOST_MARK.sub("", text))
    if bare.isascii():
        return _NO_ASCII_WORD.sub(" ", bare.lower()).strip()
    folded = unicodedata.normalize("NFKC", bare).casefold()
    return _NO_WORD.sub(" ", _SELECTORS.sub("", folded)).strip()


def text_digest(*parts: str | None) -> bytes:
    """Return 8 bytes that tell one wording from another, for noticing edits."""
    joined = "\0".join([part or "" for part in parts])
    return hashlib.blake2b(joined.encode("utf-8", "replace"), digest_size=16).digest()[:DIGEST_SIZE]


def _submitted_link(mention: Mention) -> str | None:
    """Return the page that the mention is, or that it hands on without words of its own."""
    if mention.kind == "article":
        return canonical_url(mention.url) if mention.url else None
    if mention.title and not mention.text.strip() and mention.links:
        return canonical_url(mention.links[0])
    return None


def _hash(*parts: str) -> int:
    digest = hashlib.blake2b("\0".join(parts).encode("utf-8", "replace"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)
