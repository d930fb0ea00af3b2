"""Make stores of any size from a seed, to measure on; everything in them is made up.

    python benchmarks/made_stores.py [FILE] [--mentions 5000] [--slowly]

`made` gives mentions with verdicts in order of time: one year, 20 brands of which
the first has a quarter of all, 6 sources, 8 languages in 5 scripts, 12 % reposts, 5 %
the same words again, hashtags, links and emoji. `write_pages` stores them as the
pipeline does. `write_bulk` stores the same rows several times as fast, because it
knows that the file is new: a test holds the two to be equal, cell by cell.
`multiply` puts shifted copies of a store into itself, for sizes nobody wants to wait for.
"""

# ruff: noqa: RUF001 - letters of several scripts are meant

from __future__ import annotations

import argparse
import json
import random
import sqlite3
import tempfile
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import accumulate, islice
from pathlib import Path
from typing import TYPE_CHECKING

from made_words import SYLLABLES, word

from listener.clock import to_epoch
from listener.database import write_transaction
from listener.fulltext import index_form
from listener.mention import SCORE_SCALE, Author, Engagement, Label, Match, Mention, Sentiment, dump_spans
from listener.query.build import build_query
from listener.store import Judged, Store, Verdict
from listener.store.keyspans import span_of
from listener.store.ready import kind_mark, mention_digest, short_address
from listener.stories import NEAR, REACH_SECONDS, story_keys

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

UNTIL = datetime(2026, 11, 20, tzinfo=UTC)
DAYS = 365
SINCE = UNTIL - timedelta(days=DAYS)
BRANDS = ("Acme", "Globex", *(f"Made-up {number}" for number in range(3, 21)))
_WEIGHTS = [0.25, 0.12, *(0.63 / 18 for _ in range(18))]
_PAGE = 500
_BATCH = 20_000
_REPOSTS, _REPEATS = 0.12, 0.05
_REPEATED_WITHIN = 2 * 86_400

_SOURCES = ("x", "mastodon", "bluesky", "reddit", "hackernews", "rss")
_SOURCE_WEIGHTS = [0.4, 0.1, 0.2, 0.2, 0.05, 0.05]
_WITH_FOLLOWERS = {"x", "mastodon", "bluesky"}
_SYLLABLES = {
    "en": SYLLABLES,
    "es": [
        "ca",
        "lo",
        "mí",
        "ra",
        "tén",
        "vo",
        "su",
        "brí",
        "dal",
        "fe",
        "gor",
        "ñin",
        "jar",
        "que",
        "lum",
        "nor",
        "paz",
        "rí",
        "sta",
        "tro",
    ],
    "de": [
        "kä",
        "lo",
        "mi",
        "rau",
        "ten",
        "vö",
        "süß",
        "bri",
        "dal",
        "fei",
        "gor",
        "hin",
        "jach",
        "kel",
        "lüm",
        "nor",
        "pax",
    ],
    "fr": ["ça", "lo", "mi", "ré", "ten", "vous", "sû", "bri", "dal", "fée", "gor", "hin", "jeu", "quel", "lum", "nor"],
    "hi": ["का", "लो", "मि", "रा", "तेन", "वो", "सु", "ब्रि", "दल", "फे", "गोर", "हिन", "जा", "केल", "लुम", "नोर"],
    "ru": ["ка", "ло", "ми", "ра", "тен", "во", "су", "бри", "дал", "фе", "гор", "хин", "жа", "кел", "лум", "нор"],
    "ja": ["カ", "ロ", "ミ", "ラ", "天", "ボ", "ス", "鳥", "谷", "風", "五", "日", "車", "消", "光", "海"],
    "ta": ["கா", "லோ", "மி", "ரா", "தென்", "வோ", "சு", "பிரி", "தல்", "பே", "கோர்", "ஹின்"],
}
_LANGUAGES = tuple(_SYLLABLES)
_LANGUAGE_WEIGHTS = [0.6, 0.1, 0.06, 0.06, 0.06, 0.04, 0.05, 0.03]
_EMOJI = ("😍", "😡", "🔥", "👍🏽", "❤️", "😂😂😂")
_PLACES = ("IN", "US", "DE", "ES", None, None)


class _Words:
    """Hold the words of a language, common ones drawn more often, as in any language."""

    def __init__(self, rng: random.Random, language: str, count: int = 6_000) -> None:
        parts = _SYLLABLES[language]
        lengths = (1, 2, 2, 3, 3, 4)
        self.words = ["".join(rng.choices(parts, k=rng.choice(lengths))) for _ in range(count)]
        self.weights = list(accumulate(1 / (rank + 5) for rank in range(count)))
        self.space = "" if language == "ja" else " "

    def text(self, rng: random.Random) -> str:
        """Return some words, as many as a post has."""
        return self.space.join(rng.choices(self.words, cum_weights=self.weights, k=2 + int(rng.expovariate(1 / 6))))


def made(count: int, *, seed: int = 7, days: int = DAYS) -> Iterator[Judged]:
    """Yield mentions with their verdicts, oldest first, of the `days` before UNTIL."""
    maker = _Maker(count, seed)
    step = days * 86_400 / count
    start = to_epoch(UNTIL - timedelta(days=days))
    return (maker.one(number, start + int(number * step)) for number in range(count))


class _Maker:
    """Make one mention after the other."""

    def __init__(self, count: int, seed: int) -> None:
        self._rng = rng = random.Random(seed)
        self._words = {language: _Words(rng, language) for language in _LANGUAGES}
        self._tags = [word(rng, 3) for _ in range(max(200, min(20_000, count // 20)))]
        self._tag_weights = list(accumulate(1 / (rank + 3) for rank in range(len(self._tags))))
        people = max(50, count // 5)
        self._people = dict.fromkeys(_SOURCES, people) | {"rss": 40}
        self._queries = {brand: build_query(brand=brand, keywords=[brand]) for brand in BRANDS}
        self._recent: list[tuple[int, Judged]] = []

    def one(self, number: int, at: int) -> Judged:
        """Return the mention of a number and time."""
        rng = self._rng
        said = rng.random()
        if said < _REPOSTS + _REPEATS and self._recent:
            then, before = rng.choice(self._recent)
            if at - then < _REPEATED_WITHIN:
                return self._again(number, at, before, is_repost=said < _REPOSTS)
        judged = self._new(number, at)
        if len(self._recent) < 200:  # noqa: PLR2004 - as many as are talked about at a time
            self._recent.append((at, judged))
        else:
            self._recent[rng.randrange(200)] = (at, judged)
        return judged

    def _new(self, number: int, at: int) -> Judged:
        rng = self._rng
        (source,) = rng.choices(_SOURCES, _SOURCE_WEIGHTS)
        (language,) = rng.choices(_LANGUAGES, _LANGUAGE_WEIGHTS)
        (brand,) = rng.choices(BRANDS, _WEIGHTS)
        words = self._words[language].text(rng)
        text = f"{words} {brand} {self._words[language].text(rng)}"
        if rng.random() < 0.3:  # noqa: PLR2004 - a share of all posts, as are those that follow
            tags = rng.choices(self._tags, cum_weights=self._tag_weights, k=rng.randint(1, 3))
            text += "".join(f" #{tag}" for tag in tags)
        links: tuple[str, ...] = ()
        if rng.random() < 0.15:  # noqa: PLR2004
            links = (f"https://site{rng.randrange(300)}.example/{rng.choice(self._tags)}/{rng.randrange(40)}",)
            text += " " + links[0]
        if rng.random() < 0.2:  # noqa: PLR2004
            text += " " + rng.choice(_EMOJI)
        at_brand = len(words) + 1
        spans = (("text", at_brand, at_brand + len(brand)),)
        brands = [(brand, spans)]
        if rng.random() < 0.05:  # noqa: PLR2004
            other = rng.choice([one for one in BRANDS if one != brand])
            brands.append((other, (("text", len(text) + 1, len(text) + 1 + len(other)),)))
            text += f" {other}"
        mention = self._mention(number, at, source, text, links=links, language=language)
        return self._judged(mention, at, language, brands)

    def _again(self, number: int, at: int, before: Judged, *, is_repost: bool) -> Judged:
        first = before.mention
        prefix = f"RT @{first.author.handle}: " if is_repost and first.author else ""
        mention = self._mention(
            number, at, first.source, prefix + first.text, links=first.links, language=before.language,
            repost_of=first.id if is_repost else None,
        )  # fmt: skip
        moved = [
            (
                one.match.brand,
                tuple((name, start + len(prefix), end + len(prefix)) for name, start, end in one.match.spans),
            )
            for one in before.verdicts
        ]
        return self._judged(mention, at, before.language, moved)

    def _mention(
        self, number: int, at: int, source: str, text: str, *, links: tuple[str, ...], language: str,
        repost_of: str | None = None,
    ) -> Mention:  # fmt: skip
        rng = self._rng
        people = self._people[source]
        who = min(int(rng.paretovariate(0.7)) - 1, people - 1) if rng.random() < 0.3 else rng.randrange(people)  # noqa: PLR2004
        followers = 10 + who * 7919 % 90_000 if source in _WITH_FOLLOWERS else None
        native = str(1_800_000_000_000_000_000 + number * 4_194_304) if source == "x" else f"{source[0]}{number:x}"
        likes = int(rng.paretovariate(0.8)) - 1
        return Mention(
            source=source,
            id=native,
            text=text,
            published_at=datetime.fromtimestamp(at, UTC),
            url=f"https://{source}.example/person{who}/status/{native}",
            kind="article" if source == "rss" else "comment" if source == "reddit" else "post",
            author=Author(id=f"{source[0]}{who}", handle=f"person{who}", name=f"Person {who}", followers=followers),
            language=language if source == "x" else None,
            engagement=Engagement(likes=likes, reposts=likes // 5, replies=likes // 9),
            repost_of=repost_of,
            place=rng.choice(_PLACES),
            links=links,
        )

    def _judged(
        self, mention: Mention, at: int, language: str, brands: list[tuple[str, tuple[tuple[str, int, int], ...]]]
    ) -> Judged:
        return Judged(
            mention=mention,
            published_at=datetime.fromtimestamp(at, UTC),
            language=language,
            verdicts=tuple(
                Verdict(
                    match=Match(brand=brand, query_version=self._queries[brand].version, spans=spans),
                    sentiment=self._sentiment(language),
                )
                for brand, spans in brands
            ),
        )

    def _sentiment(self, language: str) -> Sentiment:
        rng = self._rng
        if language == "ta":
            return Sentiment.unscored(language, "unsupported_language")
        if rng.random() < 0.3:  # noqa: PLR2004
            return Sentiment(score=0.0, label=Label.NO_EVIDENCE, language=language, scorer="made-up", version="1")
        score = round(max(-1.0, min(1.0, rng.gauss(0.1, 0.45))), 4)
        label = Label.POSITIVE if score >= 0.05 else Label.NEGATIVE if score <= -0.05 else Label.NEUTRAL  # noqa: PLR2004
        return Sentiment(score=score, label=label, language=language, scorer="made-up", version="1", evidence=2)


def prepare(path: Path) -> Store:
    """Open a store and make the brands known."""
    store = Store(path)
    kinds = [(brand, "own" if index == 0 else "competitor") for index, brand in enumerate(BRANDS)]
    queries = [build_query(brand=brand, keywords=[brand]) for brand in BRANDS]
    store.register(kinds, queries, now=UNTIL)
    return store


def write_pages(path: Path, mentions: Iterator[Judged]) -> None:
    """Store mentions as the pipeline does, a page a transaction."""
    with prepare(path) as store:
        while page := list(islice(mentions, _PAGE)):
            store.save_page(page, now=UNTIL)


def write_bulk(path: Path, mentions: Iterator[Judged]) -> None:
    """Store the same rows the quick way; the file must be new and the mentions in order of time."""
    prepare(path).close()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA cache_size = -200000")
        writer = _Bulk(connection)
        while batch := list(islice(mentions, _BATCH)):
            with write_transaction(connection, path):
                writer.write(batch)
    with Store(path) as store:
        store.rebuild_rollups()


def multiply(path: Path, times: int) -> None:
    """Put copies of all mentions into a store of `write_bulk`, so that it holds `times` as many.

    A copy is by the same author at the same second, and a story of its own: so every
    count is that many times as high, and reach stays. Copies are not in the full-text index.
    """
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA cache_size = -400000")
        (count,) = connection.execute("SELECT max(id) FROM mentions").fetchone()
        for copy in range(1, times):
            with write_transaction(connection, path):
                for table, changed in _COPIED.items():
                    columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
                    chosen = ", ".join(changed.get(name, name).format(more=copy * count, copy=copy) for name in columns)
                    connection.execute(
                        f"INSERT INTO {table} SELECT {chosen} FROM {table} WHERE {changed['']} <= {count}"  # noqa: S608 - names of this module
                    )
        with write_transaction(connection, path):
            for table in ("rollup_quarter", "rollup_day", "rollup_local", "rollup_values"):
                columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})") if not row[5]]
                connection.execute(f"UPDATE {table} SET {', '.join(f'{name} = {name} * {times}' for name in columns)}")  # noqa: S608 - the same
            bins = connection.execute("SELECT counts, brand_id, day FROM rollup_scores").fetchall()
            connection.executemany(
                "UPDATE rollup_scores SET counts = ? WHERE brand_id = ? AND day = ?",
                [(dump_json([count * times for count in json.loads(counts)]), *key) for counts, *key in bins],
            )


_COPIED = {
    "mentions": {
        "": "id", "id": "id + {more}", "native_id": "native_id || '-' || {copy}", "story_id": "story_id + {more}",
    },
    "matches": {"": "mention_id", "mention_id": "mention_id + {more}"},
    "story_keys": {"": "mention_id", "key": "(key >> 8) + {copy} * 7", "mention_id": "mention_id + {more}"},
    "story_firsts": {"": "story_id", "story_id": "story_id + {more}"},
}  # fmt: skip
"""The tables that are copied: what is another in a copy, and under no name what tells the first ones."""


class _Bulk:
    """Work out the rows of a new store without looking anything up in it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._brands = dict(connection.execute("SELECT name, id FROM brands"))
        self._queries = dict(connection.execute("SELECT brand_id, id FROM queries"))
        self._sources: dict[str, int] = {}
        self._scorers: dict[str, int] = {}
        self._authors: dict[tuple[int, str], int] = {}
        self._known: dict[object, tuple[int, int]] = {}
        self._forget_at = 0
        self._number = 0

    def write(self, batch: Sequence[Judged]) -> None:
        """Store mentions that are newer than all before."""
        rows: dict[str, list[tuple[object, ...]]] = {table: [] for table in _INSERTS}
        for judged in batch:
            self._number += 1
            self._rows_of(judged, rows)
        for table, found in rows.items():
            marks = ", ".join("?" * len(found[0])) if found else ""
            if found:
                self._connection.executemany(f"INSERT INTO {_INSERTS[table]} VALUES ({marks})", found)  # noqa: S608 - names of this module

    def _rows_of(self, judged: Judged, rows: dict[str, list[tuple[object, ...]]]) -> None:
        mention, number = judged.mention, self._number
        source = self._key(self._sources, mention.source, rows["sources"])
        at = to_epoch(judged.published_at)
        story = self._story(judged, at, rows["story_keys"])
        counters, digest = mention.engagement, mention_digest(mention)
        rows["mentions"].append((
            number, source, mention.id, kind_mark(mention.kind), self._author(judged, source, rows["authors"]), short_address(mention),
            mention.title, mention.text, digest, b"", mention.language, judged.language, at, 1, to_epoch(UNTIL),
            counters.likes, counters.reposts, counters.replies, counters.views, mention.repost_of, mention.place,
            dump_json(mention.links), story,
        ))  # fmt: skip
        rows["mention_texts"].append((number, None, index_form(mention.text)))
        total = 0 if mention.is_repost else counters.total or 0
        for verdict in judged.verdicts:
            said, brand = verdict.sentiment, self._brands[verdict.match.brand]
            if said.scorer not in self._scorers:
                self._scorers[said.scorer] = len(self._scorers) + 1
                rows["scorers"].append((self._scorers[said.scorer], said.scorer, said.version))
            rows["matches"].append((
                brand, at, number, self._queries[brand], source, judged.language, int(said.label),
                None if said.score is None else round(said.score * SCORE_SCALE), said.evidence,
                self._scorers[said.scorer], said.reason, total, dump_spans(verdict.match.spans),
            ))  # fmt: skip

    def _key(self, known: dict[str, int], name: str, rows: list[tuple[object, ...]]) -> int:
        if name not in known:
            known[name] = len(known) + 1
            rows.append((known[name], name))
        return known[name]

    def _author(self, judged: Judged, source: int, rows: list[tuple[object, ...]]) -> int | None:
        author = judged.mention.author
        if author is None or author.id is None:
            return None
        key = (source, author.id)
        if key not in self._authors:
            self._authors[key] = len(self._authors) + 1
            rows.append((self._authors[key], source, author.id, author.handle, author.name, author.followers))
        return self._authors[key]

    def _story(self, judged: Judged, at: int, rows: list[tuple[object, ...]]) -> int:
        """Return the story: of the last mention with the same key, where that is within its reach; near copies there are none."""
        keys = story_keys(judged.mention)
        words = tuple(
            number for number, kind in zip(*keys, strict=True) if kind == NEAR
        )  # all the same: the same words
        told: dict[object, int] = {
            number: REACH_SECONDS[kind] for number, kind in zip(*keys, strict=True) if kind != NEAR
        } | ({words: REACH_SECONDS[NEAR]} if words else {})
        told[judged.mention.source, judged.mention.repost_of or judged.mention.id] = at  # however long ago
        found = {
            story for key, reach in told.items() for then, story in [self._known.get(key, (0, 0))]
            if story and at - then <= reach
        }  # fmt: skip
        if len(found) > 1:
            msg = "these mentions join two stories, which only the pipeline can do"
            raise ValueError(msg)
        story = min(found, default=self._number)
        rows.extend((span_of(kind, at), key, at, self._number) for key, kind in zip(*keys, strict=True))
        self._known.update((key, (at, story)) for key in told)
        if at > self._forget_at:
            self._known = {key: value for key, value in self._known.items() if at - value[0] < _REMEMBERED}
            self._forget_at = at + _REMEMBERED
        return story


def dump_json(value: Sequence[object]) -> str | None:
    """Return a list as the store keeps it."""
    return json.dumps(list(value), ensure_ascii=False, separators=(",", ":")) if value else None


_REMEMBERED = 15 * 86_400
_INSERTS = {
    "sources": "sources (id, name)",
    "scorers": "scorers (id, name, version)",
    "authors": "authors (id, source_id, native_id, handle, name, followers)",
    "mentions": (
        "mentions (id, source_id, native_id, kind_mark, author_id, address, title, text, text_hash, first_text_hash, "
        "language_claim, language, published_at, is_dated, seen_at, likes, reposts, replies, views, repost_of, place, "
        "links, story_id)"
    ),
    "mention_texts": "mention_texts (rowid, title, text)",
    "story_keys": "story_keys (span, key, published_at, mention_id)",
    "matches": (
        "matches (brand_id, published_at, mention_id, query_id, source_id, language, label, score, evidence, "
        "scorer_id, reason, engagement, spans)"
    ),
}
"""The tables in the order they need each other, with the columns that made-up mentions fill."""


def main() -> None:
    """Make one store and say how long it took."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("file", type=Path, nargs="?", help="default: one that is thrown away")
    parser.add_argument("--mentions", type=int, default=5_000)
    parser.add_argument("--slowly", action="store_true", help="as the pipeline does")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        way = write_pages if asked.slowly else write_bulk
        way(asked.file or Path(folder) / "store.db", made(asked.mentions))
        seconds = time.perf_counter() - began
    print(f"{asked.mentions} mentions in {seconds:.1f} s, {asked.mentions / seconds:.0f}/s")


if __name__ == "__main__":
    main()
