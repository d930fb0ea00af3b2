"""Work out what a judged mention comes to in the store: rows, story keys, what is indexed and counted.

All that needs no look at what is stored is done here, so that other processes can
do it. Everything is of plain numbers and texts, which are sent at little cost.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from listener.clock import from_epoch, to_epoch
from listener.frozen import tuple_maker
from listener.fulltext import index_form
from listener.mention import SCORE_SCALE, Label, Match, Sentiment, dump_spans, read_spans
from listener.store.cells import values_of
from listener.store.records import Judged, Verdict
from listener.stories import StoryKeys, keys_of_many, text_digest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from listener.mention import Author, Mention

__all__ = [
    "AuthorRow",
    "Plain",
    "Prepared",
    "Ready",
    "ReadyMatch",
    "author_row",
    "dump",
    "from_plain",
    "kind_mark",
    "make_ready",
    "mention_digest",
    "ready_matches",
    "short_address",
    "to_plain",
]

AuthorRow = tuple[str, str | None, str | None, int | None, bool | None]
"""By what an author is known in a source, handle, name, followers, verified."""

Plain = tuple[Any, ...]
"""A `Ready` of nothing but tuples, texts and numbers."""

_KIND_MARKS: Final = {"post": "", "comment": "c", "article": "a"}
"""What is kept of the most frequent kinds."""

_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


class ReadyMatch(NamedTuple):
    """Hold a verdict as it is stored: scores x 10 000, spans as `dump_spans` has them.

    The first four are names for which the store has numbers, the rest stands in its row as it is.
    """

    brand: str
    query_version: str
    scorer: str
    scorer_version: str
    label: int
    score: int | None
    text_score: int | None
    evidence: int
    confidence: float | None
    reason: str | None
    spans: str | None


class Ready(NamedTuple):
    """Hold what of a mention does not depend on what is stored already.

    `columns` are those of the row that are of the mention alone, in the order in which
    the store writes them. `forms` are title and text as the index holds them, `values`
    the hashtags and links it is counted under.
    """

    source: str
    native_id: str
    text: str
    thread: str | None
    repost_of: str | None
    language: str
    published_at: int
    engagement: int
    digest: bytes
    author: AuthorRow | None
    columns: tuple[object, ...]
    forms: tuple[str | None, str | None]
    values: tuple[tuple[int, str], ...]
    keys: StoryKeys
    matches: tuple[ReadyMatch, ...]


_new_match: Final = tuple_maker(ReadyMatch)
_new_ready: Final = tuple_maker(Ready)
_new_keys: Final = tuple_maker(StoryKeys)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """Hold a judged mention that is ready; `read` gives the mention itself where that is needed after all."""

    ready: Ready
    read: Callable[[], Mention]

    @property
    def verdicts(self) -> tuple[ReadyMatch, ...]:
        """Return the verdicts as they are stored."""
        return self.ready.matches

    def judged(self) -> Judged:
        """Return the mention with its verdicts."""
        ready = self.ready
        return Judged(
            mention=self.read(),
            published_at=from_epoch(ready.published_at),
            language=ready.language,
            verdicts=tuple(_verdict(one, ready.language) for one in ready.matches),
        )


def make_ready(judged: Sequence[Judged]) -> list[Ready]:
    """Return what each of these comes to, in order; many at once cost less."""
    keys = keys_of_many([one.mention for one in judged])
    return [_ready(one, its) for one, its in zip(judged, keys, strict=True)]


def _ready(judged: Judged, keys: StoryKeys) -> Ready:
    mention, counters = judged.mention, judged.mention.engagement
    links, hashtags = dump(mention.links), dump(mention.hashtags)
    digest = mention_digest(mention)
    published_at = to_epoch(judged.published_at)
    values = () if "#" not in mention.text and not (mention.title or links or hashtags) else values_of(
        mention.title, mention.text, links, hashtags
    )  # fmt: skip
    return _new_ready((
        mention.source, mention.id, mention.text, mention.thread, mention.repost_of, judged.language, published_at,
        0 if mention.is_repost else counters.total or 0,
        digest,
        author_row(mention.author),
        (
            mention.id, kind_mark(mention.kind), short_address(mention), mention.title, mention.text, digest, b"", mention.language,
            judged.language, published_at, int(mention.published_at is not None),
            None if mention.edited_at is None else to_epoch(mention.edited_at),
            counters.likes, counters.reposts, counters.replies, counters.views, mention.rating, mention.reply_to,
            mention.thread, mention.repost_of, mention.quote_of, mention.place, mention.has_media, links, hashtags,
            dump(mention.extra),
        ),
        (index_form(mention.title) if mention.title else None, index_form(mention.text) if mention.text else None),
        tuple(values),
        keys,
        ready_matches(judged.verdicts),
    ))  # fmt: skip


def ready_matches(verdicts: Sequence[Verdict]) -> tuple[ReadyMatch, ...]:
    """Return verdicts as they are stored."""
    return tuple(
        [
            _new_match((
                one.match.brand, one.match.query_version, one.sentiment.scorer, one.sentiment.version,
                int(one.sentiment.label), _scaled(one.sentiment.score), _scaled(one.sentiment.whole_text_score),
                one.sentiment.evidence, one.sentiment.confidence, one.sentiment.reason, dump_spans(one.match.spans),
            ))
            for one in verdicts
        ]
    )  # fmt: skip


def author_row(author: Author | None) -> AuthorRow | None:
    """Return what is kept of an author, known by the service's id, else the handle; None where nobody is named."""
    if author is None:
        return None
    native = author.id or (f"@{author.handle.casefold()}" if author.handle else None)
    return None if native is None else (native, author.handle, author.name, author.followers, author.verified)


def mention_digest(mention: Mention) -> bytes:
    """Return what changes when the wording of a mention is edited."""
    return text_digest(mention.title, mention.text)


def short_address(mention: Mention) -> str | None:
    """Return the permalink as it is kept: ``~`` at the start for ``https://``, then for the native id.

    The store's column `url` reads it back; an address of which that would make another is kept behind ``=``.
    """
    url, native_id = mention.url, mention.id
    if url is None:
        return None
    if url.startswith("https://") and native_id and "~" not in url and "\0" not in url:
        return f"~{url[8:].replace(native_id, '~')}"
    return f"={url}" if url.startswith(("~", "=")) else url


def kind_mark(kind: str) -> str:
    """Return the kind of a mention as it is kept; the store's column `kind` reads it back."""
    return _KIND_MARKS.get(kind, kind)


def dump(value: object) -> str | None:
    """Return a value as JSON, None where there is nothing in it."""
    if not value:
        return None
    return _ENCODER.encode(list(value) if isinstance(value, tuple) else value)


def to_plain(ready: Ready) -> Plain:
    """Return a `Ready` as it can be sent anywhere."""
    return (*ready[:-2], tuple(ready.keys), tuple(map(tuple, ready.matches)))


def from_plain(plain: Plain) -> Ready:
    """Return what `to_plain` was given."""
    return _new_ready((*plain[:-2], _new_keys(plain[-2]), tuple(map(_new_match, plain[-1]))))


def _verdict(ready: ReadyMatch, language: str) -> Verdict:
    return Verdict(
        match=Match(brand=ready.brand, query_version=ready.query_version, spans=read_spans(ready.spans)),
        sentiment=Sentiment(
            score=None if ready.score is None else ready.score / SCORE_SCALE,
            label=Label(ready.label),
            language=language,
            scorer=ready.scorer,
            version=ready.scorer_version,
            evidence=ready.evidence,
            confidence=ready.confidence,
            whole_text_score=None if ready.text_score is None else ready.text_score / SCORE_SCALE,
            reason=ready.reason,
        ),
    )


def _scaled(score: float | None) -> int | None:
    return None if score is None else round(score * SCORE_SCALE)
