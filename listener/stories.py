"""Say which mentions are one thing said once: a story.

Two mentions share a story when one reposts the other, when both repost the same, or when they
share a key within the key's reach in time: the article and the submissions that link to
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
from itertools import pairwise
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from listener.frozen import tuple_maker
from listener.query.characters import KINDS, UNSPACED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from listener.mention import Mention

__all__ = [
    "DIGEST_SIZE",
    "LINK",
    "NEAR",
    "REACH_SECONDS",
    "StoryKeys",
    "are_near",
    "canonical_url",
    "keys_of_many",
    "link_key",
    "normal_text",
    "page_name",
    "story_keys",
    "text_digest",
    "text_units",
    "word_keys",
]

_LINK_REACH: Final = int(timedelta(days=14).total_seconds())
_TEXT_REACH: Final = int(timedelta(days=3).total_seconds())
"""The same words from one hand or many within three days are one thing said once; later they are said anew."""
_FEWEST_WORDS: Final = 5
"""Shorter texts ("love this", "same here") are the same words without being the same story."""

DIGEST_SIZE: Final = 4
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
_REPOST_LETTERS: Final = frozenset("rRvV")
_URL: Final = re.compile(r"https?://\S+")
_SELECTORS: Final = frozenset([0x200C, 0x200D, *range(0xFE00, 0xFE10)])
"""Joiners and variation selectors are marks by category; they say how a sign looks, not what it is."""
_LONGEST_PATH: Final = 200
"""Signs of a path that name a page."""
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


class StoryKeys(NamedTuple):
    """Hold what mentions of a story have in common: signed hashes, and a letter each for its kind.

    Mentions with the same key belong together when their publication times are at
    most `REACH_SECONDS` of its kind apart. One of the kind `NEAR` only says that the words may
    be nearly the same: `are_near` decides.
    """

    numbers: tuple[int, ...]
    kinds: str


_new_keys: Final = tuple_maker(StoryKeys)

LINK: Final = "l"
_TEXT: Final = "t"
NEAR: Final = "n"
REACH_SECONDS: Final[Mapping[str, int]] = MappingProxyType({LINK: _LINK_REACH, _TEXT: _TEXT_REACH, NEAR: _TEXT_REACH})


def story_keys(mention: Mention) -> StoryKeys:
    """Return the keys of a mention: first its link, then its words."""
    sure, units = _sure_keys(mention.text)
    return _joined(_link_key_of(mention), sure, _bands(units) if len(units) >= _FEWEST_UNITS else ())


def keys_of_many(mentions: Sequence[Mention]) -> list[StoryKeys]:
    """Return the `story_keys` of each mention, in order; many at once cost less."""
    if len(mentions) < _MANY:
        return [story_keys(mention) for mention in mentions]
    words = [_sure_keys(mention.text) for mention in mentions]
    bands = iter(_bands_of_many([units for _, units in words if len(units) >= _FEWEST_UNITS]))
    return [
        _joined(_link_key_of(mention), sure, next(bands) if len(units) >= _FEWEST_UNITS else ())
        for mention, (sure, units) in zip(mentions, words, strict=True)
    ]


def word_keys(text: str) -> tuple[int, ...]:
    """Return the keys that a mention has for its words alone."""
    sure, units = _sure_keys(text)
    return _bands(units) if len(units) >= _FEWEST_UNITS else sure


def link_key(kind: str, url: str | None, title: str | None, text: str, links: Sequence[str]) -> int | None:
    """Return the key that a mention has for the page that it is, or that it hands on without words of its own.

    None where there is none.
    """
    page = url if kind == "article" else links[0] if title and links and not text.strip() else None
    link = canonical_url(page) if page else None
    return None if link is None else _hash("url", link)


def _link_key_of(mention: Mention) -> int | None:
    return link_key(mention.kind, mention.url, mention.title, mention.text, mention.links)


def _sure_keys(text: str) -> tuple[tuple[int, ...], frozenset[str]]:
    """Return the key of a text as a whole, and its units.

    The same words have the same bands, so only texts that are too short for bands need a key of their own.
    """
    words = normal_text(text)
    units = text_units(words)
    if len(units) < _FEWEST_UNITS and words.count(" ") + 1 >= _FEWEST_WORDS:
        return (_hash("text", words),), units
    return (), units


def _joined(link: int | None, sure: tuple[int, ...], bands: tuple[int, ...]) -> StoryKeys:
    kinds = _NEARS if bands else _TEXT if sure else ""
    if link is None:
        return _new_keys((bands or sure, kinds))
    return _new_keys(((link, *bands, *sure), LINK + kinds))


_NEARS: Final = NEAR * _BANDS


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
    hashes = map(_HASHES.unpack, map(_HASHED.__getitem__, units))
    least = _HASHES.pack(*map(min, zip(*hashes, strict=True)))
    return _keys_of(least, 0)


def _bands_of_many(texts: Sequence[frozenset[str]]) -> list[tuple[int, ...]]:
    """Return the `_bands` of each text."""
    import numpy as np  # noqa: PLC0415 - heavy, and only worth it for many

    if not texts:
        return []
    hashed = _HASHED.__getitem__
    hashes = np.frombuffer(b"".join([b"".join(map(hashed, units)) for units in texts]), dtype=">u4")
    starts = np.cumsum([0, *map(len, texts[:-1])])
    least = np.minimum.reduceat(hashes.reshape(-1, _BANDS * _ROWS).astype(np.uint32), starts, axis=0)
    packed = least.astype(">u4").tobytes()
    return [_keys_of(packed, at) for at in range(0, len(packed), _HASHES.size)]


def _keys_of(least: bytes, at: int) -> tuple[int, ...]:
    """Return the key of each band: signed 32 bits, since texts decide in the end."""
    return tuple(
        [(zlib.crc32(least[at + start : at + start + 4 * _ROWS], begun) ^ _SIGN) - _SIGN for start, begun in _BEGUN]
    )


class _Hashed(dict[str, bytes]):
    """Map words to independent hashes, the same in every process; forgets all where it knows many."""

    def __missing__(self, unit: str) -> bytes:
        """Hash a word that was not met before, or not for long."""
        if len(self) >= _MOST_HASHED:
            self.clear()
        found = hashlib.blake2b(
            unit[:_LONGEST_UNIT].encode("utf-8", "replace"), digest_size=4 * _BANDS * _ROWS
        ).digest()
        self[unit] = found
        return found


_MOST_HASHED: Final = 100_000
_HASHED: Final = _Hashed()


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


def page_name(url: str) -> str | None:
    """Return host and path of a link, as the reasons of an alert name a page; None where it has no host."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return parts.hostname.removeprefix("www.") + parts.path.rstrip("/")[:_LONGEST_PATH] if parts.hostname else None


def _ascii(host: str) -> str:
    """Return a host as it is asked for: letters beyond ASCII in Punycode (RFC 3492)."""
    if host.isascii():
        return host
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError:
        return host


class _Words(dict[int, int | None]):
    """Map code points to themselves where words are made of them, to a space else; selectors to nothing.

    Words are of letters, marks and digits of any script; word characters of regular expressions lack vowel signs.
    """

    def __missing__(self, code: int) -> int | None:
        """Look at a character that was not met before."""
        found = None if code in _SELECTORS else code if unicodedata.category(chr(code))[0] in "LMN" else _SPACE
        if len(self) < _MOST_CHARACTERS:
            self[code] = found
        return found


_SPACE: Final = ord(" ")
_MOST_CHARACTERS: Final = 100_000
_WORDS: Final = _Words()
_ASCII_WORDS: Final = bytes([ord(chr(code).lower()) if chr(code).isalnum() else _SPACE for code in range(128)] * 2)


def normal_text(text: str) -> str:
    """Return only the words of a text: no repost mark, links, case, signs or emoji, single spaces."""
    bare = _REPOST_MARK.sub("", text) if text.lstrip()[:1] in _REPOST_LETTERS else text
    if "://" in bare:
        bare = _URL.sub(" ", bare)
    if bare.isascii():
        return " ".join(bare.encode().translate(_ASCII_WORDS).decode().split())
    return " ".join(unicodedata.normalize("NFKC", bare).casefold().translate(_WORDS).split())


def text_digest(*parts: str | None) -> bytes:
    """Return `DIGEST_SIZE` bytes that tell one wording from another, for noticing edits."""
    joined = "\0".join([part or "" for part in parts])
    return hashlib.blake2b(joined.encode("utf-8", "replace"), digest_size=16).digest()[:DIGEST_SIZE]


def _hash(*parts: str) -> int:
    digest = hashlib.blake2b("\0".join(parts).encode("utf-8", "replace"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)
