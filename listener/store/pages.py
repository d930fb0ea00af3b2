"""Write one page: mentions, matches, scores, stories, full text and rollups, inside the caller's transaction."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final, NamedTuple

from listener.bulk import SparseInsert
from listener.clock import to_epoch
from listener.frozen import tuple_maker
from listener.mention import Label
from listener.rollups import Contribution, RollupChange, apply_change
from listener.store.answers import write_answers
from listener.store.erasure import tombstone
from listener.store.faces import Face, Faces, NewFace, new_face, read_faces
from listener.store.firsts import Firsts
from listener.store.joining import Joiner
from listener.store.keyspans import span_of, write_keys
from listener.store.labels import effective, labels_of, write_label
from listener.store.ready import Prepared, author_row, dump, make_ready, ready_matches, short_address
from listener.store.records import Judged
from listener.store.standing import make_room, read_standing, verdicts_to_store
from listener.store.told import AuthorsTold
from listener.store.uncounted import read_uncounted
from listener.stories import LINK, NEAR

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Sequence

    from listener.mention import Mention
    from listener.store.catalogue import Catalogue
    from listener.store.keyspans import KeyRow, KeySpans
    from listener.store.labels import Effective
    from listener.store.ready import AuthorRow, Ready, ReadyMatch
    from listener.store.records import Rejudged

__all__ = ["PageWriter"]

_MENTIONS: Final = SparseInsert(
    "mentions",
    (
        "id", "source_id", "author_id", "seen_at", "story_id", "native_id", "kind_mark", "address", "title", "text", "text_hash",
        "first_text_hash", "language_claim", "language", "published_at", "is_dated", "edited_at", "likes", "reposts",
        "replies", "views", "rating", "reply_to", "thread", "repost_of", "quote_of", "place", "has_media", "links",
        "hashtags", "extra",
    ),
)  # fmt: skip

_UPDATE_MENTION: Final = """
UPDATE mentions SET
  author_id = coalesce(?1, author_id), address = coalesce(?2, address), title = ?3, text = ?4,
  first_text_hash = CASE WHEN first_text_hash <> x'' THEN first_text_hash
                         WHEN substr(text_hash, 1, length(?5)) <> ?5 OR ?2 <> coalesce(address, '')
                           OR ?6 <> coalesce(links, '') OR ?7 <> kind THEN text_hash
                         ELSE x'' END,
  text_hash = CASE WHEN substr(text_hash, 1, length(?5)) = ?5 THEN text_hash ELSE ?5 END,
  links = coalesce(?6, links), hashtags = coalesce(?8, hashtags),
  language_claim = ?9, language = ?10, edited_at = coalesce(?11, edited_at)
WHERE id = ?12
"""
"""What is no longer as it was first read has a first hash: its story keys may be of what it was."""

_UPDATE_COUNTERS: Final = """
UPDATE mentions SET
  likes = coalesce(?, likes), reposts = coalesce(?, reposts), replies = coalesce(?, replies), views = coalesce(?, views),
  rating = coalesce(?, rating), extra = coalesce(?, extra)
WHERE id = ?
"""

_MATCHES: Final = SparseInsert(
    "matches",
    (
        "brand_id", "published_at", "mention_id", "query_id", "scorer_id", "source_id", "language", "engagement", "label",
        "score", "text_score", "evidence", "confidence", "reason", "spans",
    ),
)  # fmt: skip

_OLD_MATCHES: Final = """
SELECT brand_id, published_at, source_id, language, label, score, engagement FROM matches WHERE mention_id = ?
"""

_DROP_MATCHES: Final = "DELETE FROM matches WHERE mention_id = ? AND brand_id NOT IN (SELECT value FROM json_each(?))"
_KEEP_MATCHES: Final = "UPDATE matches SET language = ?, engagement = ? WHERE mention_id = ?"
"""Of what is kept: the verdict stays, and what all matches of a mention have in common is as of the others."""

_SET_LABEL: Final = """
UPDATE matches SET label = ?, score = ?, scorer_label = ?, scorer_score = ? WHERE mention_id = ? AND brand_id = ?
"""

_LABELS: Final = {int(label): label for label in Label}
_IRRELEVANT: Final = int(Label.IRRELEVANT)

_STORED: Final = """
SELECT native_id, id, published_at, story_id, repost_of IS NOT NULL, purged_at IS NOT NULL FROM mentions
WHERE source_id = ? AND native_id IN (SELECT value FROM json_each(?))
"""

_REPOSTED: Final = """
SELECT asked.value, mentions.story_id FROM json_each(?2) AS asked CROSS JOIN mentions ON mentions.id = (
  SELECT reposts.id FROM mentions AS reposts WHERE reposts.source_id = ?1 AND reposts.repost_of = asked.value LIMIT 1
)
"""
"""Of what is reposted, the story that one of its reposts is in: all of them are in the same."""


class _Stored(NamedTuple):
    """What the store holds of a mention that comes again."""

    number: int
    published_at: int
    source_id: int
    story_id: int
    is_repost: bool
    is_purged: bool


class _Place(NamedTuple):
    """Where the matches of a mention stand, and what each adds in engagement."""

    number: int
    published_at: int
    source_id: int
    language: str
    engagement: int


_new_stored: Final = tuple_maker(_Stored)
_new_place: Final = tuple_maker(_Place)
_new_contribution: Final = tuple_maker(Contribution)


class PageWriter:
    """Write mentions one by one and settle stories, full text and rollups at the end.

    Use within one transaction, then call `finish`. Where a page `is_history`, what it says of
    authors held when each mention was published; else it holds now.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        catalogue: Catalogue,
        spans: KeySpans,
        now: int,
        *,
        is_history: bool = False,
    ) -> None:
        self._connection = connection
        self._catalogue = catalogue
        self._authors = AuthorsTold(connection, catalogue, is_history=is_history)
        self._now = now
        uncounted = read_uncounted(connection)
        self._change = RollupChange()
        self._faces = Faces(connection, uncounted)
        self._joiner = Joiner(connection, spans)
        self._ready: dict[int, tuple[object, Ready]] = {}
        self._touched: set[int] = set()
        self._added: dict[tuple[int, int], int] = {}
        self._grown: set[int] = set()
        """Stories that a new mention belongs to which are named by another."""
        self._found: dict[tuple[int, str], _Stored | None] = {}
        self._rows: list[tuple[int, int, int | None, int, Ready]] = []
        self._matches: list[tuple[object, ...]] = []
        self._reposted: dict[tuple[int, str], int] = {}
        """The story of what was reposted, by source and native id."""
        self._keys: list[KeyRow] = []
        self._keys_of_names: dict[tuple[str, ...], tuple[int, int, int]] = {}
        self._inserted: list[tuple[int, Ready, int]] = []
        self._faces_added: list[NewFace] = []
        self._again: set[int] = set()
        (self._before,) = connection.execute("SELECT coalesce(max(id), 0) FROM mentions").fetchone()
        self._next = self._before + 1
        self._firsts = Firsts(connection, self._before)
        self.new = 0
        self.changed = 0

    def foresee(self, judged: Sequence[Judged | Prepared], refreshed: Sequence[Mention] = ()) -> None:
        """Look up at once what writing these one by one would look up; writing works without it, more slowly."""
        wanted: dict[int, set[str]] = {}
        authors: dict[int, list[AuthorRow | None]] = {}
        coming = self._ready_of(judged)
        for ready in coming:
            source_id = self._catalogue.source(ready.source)
            ids = wanted.setdefault(source_id, set())
            ids.add(ready.native_id)
            if ready.repost_of is not None:
                ids.add(ready.repost_of)
            authors.setdefault(source_id, []).append(ready.author)
        for mention in refreshed:
            source_id = self._catalogue.source(mention.source)
            wanted.setdefault(source_id, set()).add(mention.id)
            authors.setdefault(source_id, []).append(author_row(mention.author))
        for source_id, ids in wanted.items():
            self._look_up(source_id, ids)
        self._catalogue.foresee_authors(authors)
        self._joiner.foresee([(ready.keys, ready.published_at) for ready in coming])

    def _ready_of(self, judged: Sequence[Judged | Prepared]) -> list[Ready]:
        """Return what these come to, worked out once."""
        missing = [one for one in judged if isinstance(one, Judged) and id(one) not in self._ready]
        if missing:
            self._ready.update((id(one), (one, ready)) for one, ready in zip(missing, make_ready(missing), strict=True))
        return [one.ready if isinstance(one, Prepared) else self._ready[id(one)][1] for one in judged]

    def write(self, judged: Judged | Prepared) -> None:
        """Store a mention with its verdicts, whether it is new or known; one that was erased stays erased."""
        ready = judged.ready if isinstance(judged, Prepared) else self._ready_of([judged])[0]
        source_id = self._catalogue.source(ready.source)
        stored = self._find(source_id, ready.native_id)
        if stored is None:
            self._insert(ready, source_id)
        elif not stored.is_purged:
            self._rewrite(judged if isinstance(judged, Judged) else judged.judged(), ready, stored)

    def refresh(self, mention: Mention) -> None:
        """Bring counters, rating and author of a known mention up to date; its text and verdicts stay."""
        stored = self._find(self._catalogue.source(mention.source), mention.id)
        if stored is None or stored.is_purged:
            return
        self._update_counters(mention, stored.number)
        self._authors.take_known(stored.source_id, author_row(mention.author), stored.published_at, stored.number)
        engagement = self._engagement(stored)
        for old in self._contributions(stored.number):
            if old.engagement != engagement:
                self._change.add(old, -1)
                self._change.add(old._replace(engagement=engagement))
        self._connection.execute(
            "UPDATE matches SET engagement = ? WHERE mention_id = ? AND engagement <> ?",
            (engagement, stored.number, engagement),
        )

    def label(self, number: int, brand_id: int, said: Label | None) -> None:
        """Let a person's label of a mention count for a brand it matches, or no longer where it is None."""
        self._faces.note(number)
        write_label(self._connection, number, brand_id, said, self._now)
        (story, label, score) = self._connection.execute(
            "SELECT story_id, coalesce(scorer_label, label), CASE WHEN scorer_label IS NULL THEN score "
            "ELSE scorer_score END FROM matches JOIN mentions ON mentions.id = mention_id "
            "WHERE mention_id = ? AND brand_id = ?",
            (number, brand_id),
        ).fetchone()
        counted = effective(Label(label), score, said)
        for old in self._contributions(number):
            if old.brand_id == brand_id:
                self._change.add(old, -1)
                self._change.add(old._replace(label=counted.label, score=counted.score))
        self._firsts.note(story)
        self._connection.execute(_SET_LABEL, (*counted, number, brand_id))
        self._touched.add(story)
        self.changed += 1

    def rejudge(self, judged: Rejudged) -> bool:
        """Put what comes out otherwise in the place of a stored mention's verdicts; everything else of it stays.

        So does what another process decided of it meanwhile. False, with nothing changed, where its words were
        changed or removed since they were judged.
        """
        stands = read_standing(self._connection, judged)
        if stands is None:
            return False
        number, language = judged.number, judged.language or stands.language
        verdicts = verdicts_to_store(self._connection, self._catalogue, judged)
        replaced = {self._catalogue.brand(name) for name in (*judged.lost, *(one.match.brand for one in verdicts))}
        self._faces.note(number)
        self._firsts.note(stands.story)
        for old in self._contributions(number):
            self._change.add(old, -1)
            if old.brand_id not in replaced:
                self._change.add(old._replace(language=language))
        make_room(self._connection, number, replaced, language)
        self._connection.execute(_KEEP_MATCHES, (language, stands.engagement, number))
        place = _new_place((number, stands.published_at, stands.source_id, language, stands.engagement))
        self._write_matches(ready_matches(verdicts), place)
        self._touched.add(stands.story)
        self.changed += 1
        return True

    def finish(self) -> frozenset[str]:
        """Settle stories, rollups, answers and full text; return the brands that have new matches."""
        self._flush()
        self._authors.settle()
        self._joiner.settle()
        write_answers(
            self._connection,
            [(number, one.native_id, one.thread, key, one.published_at) for number, one, key in self._inserted],
        )
        self._firsts.settle(
            self._touched, self._change, merged=self._joiner.merged(), added=self._added, grown=self._grown
        )
        apply_change(self._connection, self._change)
        self._faces.settle(self._new_faces(), followers=self._catalogue.take_former_followers())
        self._catalogue.forget_foreseen()
        return frozenset(names[0] for names in self._keys_of_names)

    def _new_faces(self) -> list[Face | NewFace]:
        """Return what mentions of this page bring to index and rollups; read anew where they came again in it."""
        asked = (json.dumps(list(self._again)),)
        again = read_faces(self._connection, "IN (SELECT value FROM json_each(?))", asked) if self._again else []
        return [*(face for face in self._faces_added if face.number not in self._again), *again]

    def _flush(self) -> None:
        """Store what was gathered of new mentions."""
        now, roots = self._now, self._joiner.merged()
        self._catalogue.write_authors()
        _MENTIONS.write(
            self._connection,
            [
                (number, source_id, author, now, roots.get(story, story), *ready.columns)
                for number, source_id, author, story, ready in self._rows
            ],
        )
        write_keys(self._connection, self._keys)
        _MATCHES.write(self._connection, self._matches)
        self._rows, self._keys, self._matches = [], [], []

    def _find(self, source_id: int, native_id: str) -> _Stored | None:
        if (source_id, native_id) not in self._found:
            self._look_up(source_id, {native_id})
        stored = self._found[source_id, native_id]
        if stored is not None and stored.number > self._before:
            self._flush()  # it came in this very page
        return stored

    def _look_up(self, source_id: int, native_ids: Collection[str]) -> None:
        """Remember what is stored of mentions of a source, and that there is nothing of the others."""
        graves = {tombstone(one): one for one in native_ids} if self._catalogue.has_graves(source_id) else {}
        self._found.update(dict.fromkeys(((source_id, one) for one in native_ids), None))
        for native_id, number, published_at, story, is_repost, is_purged in self._connection.execute(
            _STORED, (source_id, json.dumps([*native_ids, *graves]))
        ):
            self._found[source_id, graves.get(native_id, native_id)] = _Stored(
                number=number,
                published_at=published_at,
                source_id=source_id,
                story_id=story,
                is_repost=bool(is_repost),
                is_purged=bool(is_purged),
            )
        for native_id, story in self._connection.execute(_REPOSTED, (source_id, json.dumps([*native_ids]))):
            self._reposted[source_id, native_id] = story

    def _insert(self, ready: Ready, source_id: int) -> None:
        number, at, keys, is_repost = self._next, ready.published_at, ready.keys, ready.repost_of is not None
        self._next += 1
        if not is_repost and (source_id, ready.native_id) not in self._reposted and self._joiner.is_alone(keys, at):
            story = number
        else:
            story = self._join_story(ready, number, source_id, at)
            if story != number:
                self._grown.add(story)
        author = self._authors.take(source_id, ready.author, at, number)
        self._rows.append((number, source_id, author, story, ready))
        self._found[source_id, ready.native_id] = _new_stored((number, at, source_id, story, is_repost, False))
        self._write_keys(ready, number, story, at)
        place = _new_place((number, at, source_id, ready.language, ready.engagement))
        brands: list[tuple[int, int | None]] = []
        for match in ready.matches:
            brand_id = self._write_match(match, place)
            if match.label != _IRRELEVANT:
                brands.append((brand_id, match.score))
                first_at = self._added.get((brand_id, story))
                if first_at is None or at < first_at:
                    self._added[brand_id, story] = at
        self._faces_added.append(new_face((number, author, at, tuple(brands), ready.forms, ready.values)))
        self._inserted.append((number, ready, source_id))
        self.new += 1

    def _rewrite(self, judged: Judged, ready: Ready, stored: _Stored) -> None:
        """Store a known mention anew: its wording, its links, its language, its matches; first words and date stay.

        So do matches of brands that are not configured any more: nobody can say anew whether they hold.
        """
        mention, number = judged.mention, stored.number
        if number <= self._before:
            self._faces.note(number)
        else:
            self._again.add(number)
        self._firsts.note(stored.story_id)
        for old in self._contributions(number):
            self._change.add(old, -1)
        kept = self._catalogue.not_configured(one.brand for one in ready.matches)
        self._connection.execute(_DROP_MATCHES, (number, json.dumps(kept)))
        author = self._authors.take(stored.source_id, ready.author, stored.published_at, number)
        self._catalogue.write_authors()
        self._connection.execute(
            _UPDATE_MENTION,
            (
                author, short_address(mention), mention.title, mention.text, ready.digest, dump(mention.links), mention.kind,
                dump(mention.hashtags), mention.language, judged.language,
                None if mention.edited_at is None else to_epoch(mention.edited_at), number,
            ),
        )  # fmt: skip
        self._update_counters(mention, number)
        story_id = self._join_story(ready, stored.story_id, stored.source_id, stored.published_at)
        self._connection.execute("UPDATE mentions SET story_id = ? WHERE id = ?", (story_id, number))
        self._write_keys(ready, number, story_id, stored.published_at)
        place = _Place(number, stored.published_at, stored.source_id, judged.language, self._engagement(stored))
        self._connection.execute(_KEEP_MATCHES, (judged.language, place.engagement, number))
        for old in self._contributions(number):
            self._change.add(old)
        self._write_matches(ready.matches, place)
        self._touched.add(story_id)
        self.changed += 1

    def _write_matches(self, matches: Sequence[ReadyMatch], place: _Place) -> None:
        """Store the verdicts on a mention; what people said of it before stands."""
        said = labels_of(self._connection, place.number)
        counted: list[tuple[object, ...]] = []
        for match in matches:
            of_person = said.get(self._catalogue.brand(match.brand))
            if of_person is None:
                self._write_match(match, place)
            else:
                holds = effective(Label(match.label), match.score, of_person)
                brand_id = self._write_match(match, place, holds)
                counted.append((*holds, place.number, brand_id))
        self._flush()
        self._connection.executemany(_SET_LABEL, counted)

    def _write_match(self, match: ReadyMatch, place: _Place, holds: Effective | None = None) -> int:
        """Gather the row of a match and what it adds to the rollups; return the key of its brand.

        `holds` is what it counts as where a person said so.
        """
        number, at, source_id, language, engagement = place
        names = match[:4]
        keys = self._keys_of_names.get(names)
        if keys is None:
            keys = self._keys_of_names[names] = self._catalogue.match_keys(*names)
        brand_id, query_id, scorer_id = keys
        self._matches.append((brand_id, at, number, query_id, scorer_id, source_id, language, engagement, *match[4:]))
        label, score = (_LABELS[match.label], match.score) if holds is None else holds[:2]
        self._change.add(_new_contribution((brand_id, at, source_id, language, label, score, engagement)))
        return brand_id

    def _contributions(self, number: int) -> list[Contribution]:
        rows = self._connection.execute(_OLD_MATCHES, (number,))
        return [_new_contribution((*row[:4], _LABELS[row[4]], *row[5:])) for row in rows]

    def _update_counters(self, mention: Mention, number: int) -> None:
        counters = mention.engagement
        self._connection.execute(
            _UPDATE_COUNTERS,
            (
                counters.likes, counters.reposts, counters.replies, counters.views, mention.rating,
                dump(mention.extra), number,
            ),
        )  # fmt: skip

    def _engagement(self, stored: _Stored) -> int:
        """Return the known counters of a mention added up; a repost's are its original's and count there."""
        if stored.is_repost:
            return 0
        (total,) = self._connection.execute(
            "SELECT coalesce(likes, 0) + coalesce(reposts, 0) + coalesce(replies, 0) FROM mentions WHERE id = ?",
            (stored.number,),
        ).fetchone()
        return int(total)

    def _join_story(self, ready: Ready, own: int, source_id: int, published_at: int) -> int:
        """Return the story of a mention, joining stories that it shows to be one.

        `own` is the story it had before, or is of its own. An edit never parts
        what was one: what was said once stays said.
        """
        related = []
        reposts = [self._reposted.get((source_id, ready.native_id))]
        if ready.repost_of is not None:
            if (source_id, ready.repost_of) not in self._found:
                self._look_up(source_id, {ready.repost_of})
            original = self._found[source_id, ready.repost_of]
            if original is not None:
                related.append(original.story_id)
            reposts.append(self._reposted.get((source_id, ready.repost_of)))
        related += [story for story in reposts if story is not None]
        story = self._joiner.join(own, ready.keys, published_at, text=ready.text, others=related)
        if ready.repost_of is not None:
            self._reposted[source_id, ready.repost_of] = story
        return story

    def _write_keys(self, ready: Ready, number: int, story: int, at: int) -> None:
        """Keep by what a mention can be found."""
        numbers, kinds = ready.keys
        self._joiner.keep(number, story, numbers, at, ready.text)
        if kinds[:1] == LINK:
            self._keys.append((span_of(LINK, at), numbers[0], at, number))
            numbers = numbers[1:]
        span = span_of(NEAR, at)
        self._keys += [(span, key, at, number) for key in numbers]
