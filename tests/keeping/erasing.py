"""Mark a mention in all that it says, write reports that quote it, and look for its traces in a store's files."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from listener.mention import Author, Mention
from listener.store import ChartSave, DigestSave, EpisodeSave, Store
from servers.world import NOW, make_mention, store_mentions

DAY = timedelta(days=1)
MARKER = "Zyxwölfe42"
"""In no text of the program; with a letter beyond ASCII, so that encodings differ."""


def every_byte(folder: Path) -> bytes:
    """Return all that stands in the store and beside it, ASCII letters small."""
    return b"".join(file.read_bytes() for file in sorted(folder.glob("listener.db*"))).lower()


def traces(folder: Path, *words: str) -> list[str]:
    """Return the encodings in which words stand in the files."""
    held = every_byte(folder)
    forms = {
        f"{word} as {encoding}": form.encode(encoding).lower()
        for word in words
        for form in {word, word.casefold(), word.upper(), json.dumps(word)[1:-1]}
        for encoding in ("utf-8", "utf-16-le", "utf-16-be")
    }
    return sorted(name for name, form in forms.items() if form in held)


def secret_mention(number: int = 1, **fields: object) -> Mention:
    """Return a mention that bears the marker, or a part of it, wherever a mention can."""
    return make_mention(
        number,
        f"Acme is good, says {MARKER}, and everybody at the table agrees with the whole of it",
        **{
            "title": f"Title {MARKER}",
            "url": "https://zyxurl.example/zyxpage",
            "author": Author(id="zyxauthorid", handle="Zyxhandle", name="Zyxname Zyxsurname"),
            "links": ("https://zyxlink.example/a",),
            "hashtags": ("zyxtag",),
            "extra": {"note": "zyxextra"},
            "reply_to": "zyxparent",
            "thread": "zyxthread",
            **fields,
        },
    )


WORDS = (
    MARKER, "zyxwolfe42", "zyxurl", "zyxpage", "zyxauthorid", "zyxhandle", "zyxname", "zyxsurname", "zyxlink", "zyxtag",
    "zyxextra", "zyxparent", "zyxthread", "at the table agrees",
)  # fmt: skip


QUOTING: Final[Mapping[str, Any]] = {
    "state": json.dumps({"version": 1, "terms": [MARKER.casefold(), "good"]}, ensure_ascii=False),
    "headline": f"9 mentions where 2 are usual, mostly “{MARKER.casefold()}”",
    "terms": [MARKER.casefold(), "good"],
    "hashtags": ["zyxtag"],
    "authors": ["Zyxhandle", "jo_2"],
    "links": ["zyxlink.example"],
}
"""What an alert tells that quotes the marked mention."""


def write_digest(store: Store, *, erasures: int | None = None, **fields: object) -> int:
    """Leave a digest of the last day with these fields, on its way to a team; return its number."""
    given = {
        "key": "daily:1", "since": NOW - DAY, "until": NOW, "subject": "Acme", "text": "", "html": None, "images": (), **fields,
    }  # fmt: skip
    return store.reports.save_digest(DigestSave(**given), ["mail:team"], now=NOW, erasures=erasures)


def write_alert(
    store: Store,
    *,
    state: str = "{}",
    headline: str = "9 mentions where 2 are usual",
    is_told: bool = False,
    erasures: int | None = None,
    **why: list[str],
) -> None:
    """Leave an alert with these reasons, told to a team or not."""
    reasons = {"terms": [], "hashtags": [], "sources": ["x"], "authors": [], "links": [], "mentions": [1], **why}
    store.reports.save_evaluation(
        "Acme",
        "spike",
        state=state,
        evaluated_until=NOW,
        episodes=[
            EpisodeSave(
                key="Acme:spike:1", state="open", severity="warning", opened_at=NOW - DAY / 24, updated_at=NOW,
                resolved_at=None, observed=9, expected=2, interval=(0, 5), surprise=3, peak=3, total=9, coverage=1,
                headline=headline, why=json.dumps(reasons, ensure_ascii=False), news=("opened",) if is_told else (),
            )
        ],
        destinations=["mail:team"] if is_told else [],
        now=NOW,
        erasures=erasures,
    )  # fmt: skip


def write_reports(store: Store) -> None:
    """Leave a digest, an alert and charts that quote the marked mention."""
    write_digest(
        store,
        subject=f"Acme: {MARKER}",
        text=f"They say: Acme is good, says {MARKER},\nand every-\nbody at the table agrees ...",
        html=f"<p>Zyxname Zyxsurname: <b>Zyxw&ouml;lfe42</b>, {MARKER}</p>",
        images=(("chart", b"PNG zyxwolfe42", f"talk of {MARKER}"),),
    )
    write_alert(
        store,
        is_told=True,
        **QUOTING,
    )
    for kind, title in (("terms", f"Words: {MARKER}"), ("volume", "Mentions of Acme")):
        store.reports.save_chart(
            ChartSave(
                kind=kind, brand="Acme", since=NOW - DAY, until=NOW, coverage=1, title=title, alt="none", format="svg",
                data=f"<svg><text>{title}</text></svg>".encode(),
            ),
            now=NOW,
        )  # fmt: skip


def fill(store: Store) -> None:
    """Store the marked mention among others, a repost of it and an answer to it, and reports that quote it."""
    store_mentions(
        store,
        [
            secret_mention(),
            *(make_mention(number, f"Acme is good, says person {number} of many") for number in range(2, 30)),
            secret_mention(40, author=Author(id="a1", handle="jo_1"), repost_of="1"),
            make_mention(41, "I do not think that acme is bad", reply_to="1", thread="1", quote_of="1"),
        ],
    )
    write_reports(store)


def rows(store: Store, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(f"{store.path.as_uri()}?mode=ro", uri=True)) as connection:
        return connection.execute(sql).fetchall()


def totals(store: Store) -> list[tuple[object, ...]]:
    return rows(store, "SELECT * FROM rollup_quarter") + rows(store, "SELECT * FROM rollup_day")
