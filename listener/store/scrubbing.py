"""Empty stored reports of what they say of mentions that are being erased, inside the caller's transaction.

A digest that quotes one loses its text and pictures; what was still to be sent of it
is given up, visibly. An alert loses the terms, links and authors that nobody else
brings. A chart whose words quote one is removed. Nothing else in the store holds words of mentions.
"""

from __future__ import annotations

import json
from functools import cache, partial
from typing import TYPE_CHECKING, Final

from listener.fulltext import words_expression
from listener.store.quoting import Gone, Report, blank
from listener.stories import page_name

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

__all__ = ["count_erasures", "scrub_alerts", "scrub_names", "scrub_reports"]

_BEFORE: Final = 2 * 86_400
"""An alert tells of mentions of up to some hours before it opened, of a thread that it followed of a day and a half (see `listener.pipeline.gathering`)."""

_EVER: Final = (-(2**62), 2**62)
"""Times before and after those of every report."""

_SIGNED: Final = """
SELECT 1 FROM mentions INDEXED BY mentions_by_time WHERE published_at BETWEEN ? AND ? AND author_id IS NOT NULL
ORDER BY published_at DESC LIMIT 1
"""
"""The newest first: what ages is erased from the other end, and most of what is looked through there was erased before."""
_BORNE: Final = "SELECT 1 FROM authors WHERE handle = :name OR name = :name OR native_id = :name LIMIT 1"

_DIGESTS: Final = "SELECT id, from_at, to_at, subject, text, html FROM digests WHERE from_at <= ? AND to_at > ?"
"""Emptied ones too: their subject may hold a word that others still said when they were emptied."""
_EPISODES: Final = """
SELECT id, opened_at, updated_at, headline, why FROM episodes WHERE opened_at <= ? AND updated_at >= ?
"""
_CHARTS: Final = "SELECT id, from_at, to_at, title, alt, CASE format WHEN 'svg' THEN data END FROM charts WHERE from_at <= ? AND to_at > ?"
_VALUES: Final = """
SELECT {0} FROM mentions INDEXED BY mentions_by_time
WHERE published_at BETWEEN ? AND ? AND instr(lower({0}), lower(?)) ORDER BY published_at DESC
"""
_COUNTED: Final = "SELECT coalesce(max(position), 0) FROM replays WHERE kind = 'erasure'"
_STATES: Final = "SELECT brand_id, rule, state FROM alert_states"


def scrub_reports(connection: sqlite3.Connection, gone: Sequence[Gone], *, is_asked: bool) -> int:
    """Take what is gone out of every report that tells of its time; return how many were changed.

    The mentions must be out of the full-text index, and without their authors: what
    others say too stays, and the names of who said more at the time. Where it `is_asked` for by
    somebody, alerts lose names too that nobody bears any more: that may be the same author's former one.
    """
    if not gone:
        return 0
    return _Scrub(connection, gone, is_asked=is_asked).run()


def count_erasures(connection: sqlite3.Connection) -> int:
    """Return how many erasures there were, as `Reader.erasures` does."""
    (count,) = connection.execute(_COUNTED).fetchone()
    return int(count)


def scrub_alerts(connection: sqlite3.Connection, times: Iterable[int]) -> None:
    """Take out of alerts of these times what nobody says or bears any more: they were composed before something was erased."""
    gone = [Gone(published_at=at, texts=(), addresses=(), is_edited=True) for at in times]
    scrub_reports(connection, gone, is_asked=True)


def scrub_names(connection: sqlite3.Connection, names: Mapping[int, Sequence[str]]) -> int:
    """Take the names of authors, by their numbers, out of reports of any time; return how many were changed.

    The authors must be out of the store. A name that another author bears stays, and
    in digests and charts one that any mention holds as its words: it may be no name there.
    """
    left = {author: tuple(one for one in its if not _is_borne(connection, one)) for author, its in names.items()}
    gone = [
        Gone(published_at=at, texts=(), addresses=(), author=author, names=its)
        for author, its in left.items()
        for at in _EVER
        if its
    ]
    return _Scrub(connection, gone, is_said=partial(_is_said, connection)).run() if gone else 0


def _is_borne(connection: sqlite3.Connection, name: str) -> bool:
    """Say whether any author bears a name."""
    return connection.execute(_BORNE, {"name": name}).fetchone() is not None


def _is_said(connection: sqlite3.Connection, words: str) -> bool:
    """Say whether any mention holds these words."""
    asked = words_expression(words)
    return bool(asked) and (
        connection.execute("SELECT 1 FROM mention_texts WHERE mention_texts MATCH ? LIMIT 1", (asked,)).fetchone()
        is not None
    )


class _Scrub:
    """Look for the mentions of one batch in the reports of their time; a name that `is_said` counts as words."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        gone: Sequence[Gone],
        *,
        is_said: Callable[[str], bool] = lambda _name: False,
        is_asked: bool = False,
    ) -> None:
        self._connection = connection
        self._is_asked = is_asked
        self._is_borne = cache(partial(_is_borne, connection))
        self._is_said = cache(is_said)
        self._gone = gone
        self._is_edited = any(one.is_edited for one in gone)
        self._first = min(one.published_at for one in gone)
        self._last = max(one.published_at for one in gone)
        self._words = {word for one in gone for word in one.words()}
        self._names = {one.author: one.names for one in gone if one.author is not None}
        self._pages = {page for one in gone for address in one.addresses if (page := page_name(address))}
        self._known: dict[str, bool] = {}
        self._writing: dict[tuple[int, int, int], bool] = {}

    def run(self) -> int:
        """Go through all kinds of reports; return how many were changed.

        What was said before an edit is looked for by what alerts tell of: terms and links go that nobody brings any more.
        """
        if self._is_edited:
            self._words |= self._words_of_alerts()
        self._scrub_states()
        return self._scrub_digests() + self._scrub_episodes() + self._scrub_charts()

    def _is_gone(self, word: str) -> bool:
        """Say whether a word was said by what is being erased, and nobody says it any more."""
        if word not in self._words:
            return False
        if word not in self._known:
            self._known[word] = not _is_said(self._connection, word)
        return self._known[word]

    def _is_quoted(self, report: Report, since: int, until: int) -> bool:
        return (
            any(report.quotes(one) for one in self._gone)
            or any(self._is_gone(word) for word in report.words & self._words)
            or any(
                report.names(name) and not self._is_writing(author, since, until) and not self._is_said(name)
                for author, names in self._names.items()
                for name in names
            )
        )

    def _may_quote(self, since: int, until: int) -> bool:
        """Say whether a digest of this time may quote what was said before an edit: without an address nothing would show it."""
        return any(one.is_edited and not one.is_linked and since <= one.published_at < until for one in self._gone)

    def _is_writing(self, author: int, since: int, until: int) -> bool:
        """Say whether an author wrote something from `since` to `until` that is not being erased."""
        asked = (author, since, until)
        if asked not in self._writing:
            self._writing[asked] = (
                self._connection.execute(
                    "SELECT 1 FROM mentions WHERE author_id = ? AND published_at BETWEEN ? AND ? LIMIT 1", asked
                ).fetchone()
                is not None
            )
        return self._writing[asked]

    def _is_author_gone(self, value: str, *, since: int, until: int) -> bool:
        """Say whether a name is of an author of what is being erased, and of none who wrote more at the time.

        A former name is nobody's any more. It goes where somebody asked, else with the last author of the time.
        """
        authors = [one for one, names in self._names.items() if _bare(value) in map(_bare, names)]
        if authors:
            return not any(self._is_writing(author, since, until) for author in authors)
        return not self._is_signed(since, until) or (self._is_asked and not self._is_borne(value))

    def _is_signed(self, since: int, until: int) -> bool:
        """Say whether any mention of a time names its author."""
        return self._connection.execute(_SIGNED, (since, until)).fetchone() is not None

    def _scrub_digests(self) -> int:
        changed = 0
        found = self._connection.execute(_DIGESTS, (self._last, self._first)).fetchall()
        for number, since, until, subject, text, html in found:
            if not self._may_quote(since, until) and not self._is_quoted(Report(subject, text, html), since, until):
                continue
            said = blank(subject, self._is_gone)
            if not text and not html and said == subject:
                continue
            changed += 1
            self._connection.execute(
                "UPDATE digests SET subject = ?, text = '', html = NULL WHERE id = ?", (said, number)
            )
            self._connection.execute("DELETE FROM digest_charts WHERE digest_id = ?", (number,))
            self._connection.execute(
                "UPDATE outbox SET state = 'failed', last_error = 'what it told of was erased' "
                "WHERE kind = 'digest' AND subject_id = ? AND state = 'pending'",
                (number,),
            )
        return changed

    def _scrub_episodes(self) -> int:
        changed = 0
        rows = self._connection.execute(_EPISODES, (self._last + _BEFORE, self._first)).fetchall()
        for number, opened_at, updated_at, headline, text in rows:
            why = json.loads(text)
            time = {"since": opened_at - _BEFORE, "until": updated_at}
            kept = {
                **why,
                **_kept(why, ("terms",), self._has_gone_word),
                **_kept(why, ("hashtags",), partial(self._is_tag_gone, **time)),
                **_kept(why, ("authors",), partial(self._is_author_gone, **time)),
                **_kept(why, ("links",), partial(self._is_link_gone, **time)),
            }
            said = blank(headline, self._is_gone)
            if (kept, said) != (why, headline):
                changed += 1
                self._connection.execute(
                    "UPDATE episodes SET headline = ?, why = ? WHERE id = ?",
                    (said, json.dumps(kept, ensure_ascii=False, separators=(",", ":")), number),
                )
        return changed

    def _words_of_alerts(self) -> set[str]:
        """Return the words of the terms and hashtags that alerts of the time tell of."""
        rows = self._connection.execute(_EPISODES, (self._last + _BEFORE, self._first)).fetchall()
        reasons = [json.loads(row[-1]) for row in rows]
        return {
            word
            for why in reasons
            for key in ("terms", "hashtags")
            for term in why.get(key, ())
            for word in Report(str(term)).words
        }

    def _scrub_charts(self) -> int:
        rows = self._connection.execute(_CHARTS, (self._last, self._first)).fetchall()
        quoting = [
            (number,)
            for number, since, until, title, alt, drawing in rows
            if self._is_quoted(
                Report(title, alt, None if drawing is None else drawing.decode("utf-8", "replace")), since, until
            )
        ]
        self._connection.executemany("DELETE FROM charts WHERE id = ?", quoting)
        return len(quoting)

    def _scrub_states(self) -> None:
        """Take the terms that an open alert remembers out of what its rule goes on from."""
        for brand, rule, text in self._connection.execute(_STATES).fetchall():
            kept = json.dumps(self._without_terms(json.loads(text)), ensure_ascii=False, separators=(",", ":"))
            if json.loads(kept) != json.loads(text):
                self._connection.execute(
                    "UPDATE alert_states SET state = ? WHERE brand_id = ? AND rule = ?", (kept, brand, rule)
                )

    def _without_terms(self, value: object) -> object:
        if isinstance(value, list):
            return [self._without_terms(one) for one in value]
        if not isinstance(value, dict):
            return value
        return {
            **{key: self._without_terms(one) for key, one in value.items()},
            **_kept(value, ("terms",), self._has_gone_word),
        }

    def _has_gone_word(self, value: str) -> bool:
        return any(self._is_gone(word) for word in Report(value).words)

    def _is_tag_gone(self, tag: str, *, since: int, until: int) -> bool:
        """Say whether nobody says a hashtag any more, nor did any other mention bear it at the time."""
        return self._has_gone_word(tag) and not any(
            _folded_tag(one) == _folded_tag(tag) for one in self._values("hashtags", tag, since, until)
        )

    def _is_link_gone(self, page: str, *, since: int, until: int) -> bool:
        """Say whether a page was linked to by what is being erased, or may have been before an edit, and by nobody else at the time."""
        host = page.casefold().partition("/")[0]
        return (self._is_edited or any(_is_on(one, page) for one in self._pages)) and not any(
            _is_on(page_name(one) or "", page) for one in self._values("links", host, since, until)
        )

    def _values(self, column: str, part: str, since: int, until: int) -> Iterator[str]:
        """Yield the links or hashtags of mentions of a time, all of each that holds a part of the one that is looked for."""
        asked = (since, until, part if part.isascii() else "")  # SQLite knows no other letters small and large
        for (values,) in self._connection.execute(_VALUES.format(column), asked):
            yield from map(str, json.loads(values))


def _is_on(page: str, place: str) -> bool:
    """Say whether a page is this one, or on this host."""
    return f"{page.casefold()}/".startswith(f"{place.casefold()}/")


def _folded_tag(tag: str) -> str:
    return tag.casefold().lstrip("#")


def _bare(name: str) -> str:
    return name.casefold().removeprefix("@")


def _kept(why: dict[str, object], keys: Sequence[str], is_gone: Callable[[str], bool]) -> dict[str, object]:
    """Return those of these lists that are there, without the texts that are gone."""
    return {
        key: [one for one in found if not (isinstance(one, str) and is_gone(one))]
        for key in keys
        if isinstance(found := why.get(key), list)
    }
