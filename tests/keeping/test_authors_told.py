"""What mentions tell of their authors: the newest word counts, in whatever order files bring it, and how often."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from listener.mention import Author, Mention
from listener.pipeline.importing import import_mentions
from listener.store import Store
from running.site import NOW as SITE_NOW
from running.site import Site
from servers.world import NOW, make_judge, make_mention, open_store, store_mentions
from thoroughness import some


def told(
    number: int, followers: int | None, *, minutes: int, text: str = "Acme is good", author: str = "ann"
) -> Mention:
    """Return a mention that tells how many follow its author, published some minutes ago."""
    writer = Author(id=author, handle=author, followers=followers)
    return make_mention(number, text, author=writer, published_at=NOW - timedelta(minutes=minutes))


def take_in(store: Store, *mentions: Mention) -> None:
    """Import mentions as one file."""
    import_mentions(mentions, store, make_judge(), threading.Event(), now=NOW)


def followers(store: Store) -> dict[str, int | None]:
    """Return the followers of each author by name."""
    return dict(store._connection.execute("SELECT native_id, followers FROM authors"))


def reach(store: Store) -> list[tuple[int, ...]]:
    return store._connection.execute("SELECT * FROM rollup_reach ORDER BY 1, 2, 3").fetchall()


def test_a_file_of_known_and_new_mentions_changes_nothing_when_it_is_imported_again(store: Store) -> None:
    take_in(store, told(2, 5, minutes=2))
    file = told(2, 20, minutes=2), told(1, 10, minutes=9)
    take_in(store, *file)
    before = followers(store), reach(store)
    take_in(store, *file)
    assert (followers(store), reach(store)) == before == ({"ann": 20}, before[1])


def test_an_older_file_tells_nothing_of_an_author_that_a_newer_one_told_otherwise(store: Store) -> None:
    take_in(store, told(1, 20, minutes=2))
    take_in(store, told(2, 10, minutes=90), told(3, 10, minutes=90, author="bob"))
    assert followers(store) == {"ann": 20, "bob": 10}
    assert store.check() == []


def test_an_older_file_tells_what_nobody_knew_of_an_author(store: Store) -> None:
    take_in(store, told(1, None, minutes=2))
    take_in(store, told(2, 10, minutes=90))
    assert followers(store) == {"ann": 10}
    assert store.check() == []


def test_what_an_edit_gives_to_another_author_tells_nothing_of_the_one_before(store: Store) -> None:
    take_in(store, told(1, 30, minutes=2), told(2, 30, minutes=9))
    edited = told(1, 5, minutes=2, text="Acme is bad", author="bob")
    take_in(store, told(2, 20, minutes=9, text="Acme is so bad"), edited)
    assert followers(store) == {"ann": 20, "bob": 5}


def test_what_a_service_tells_now_counts_however_old_the_mention_is_that_tells_it(store: Store) -> None:
    store_mentions(store, [told(1, 20, minutes=2)])
    store_mentions(store, [told(2, 30, minutes=9000)])
    assert followers(store) == {"ann": 30}


def test_a_file_that_is_collected_later_tells_nothing_that_a_newer_mention_told_otherwise(tmp_path: Path) -> None:
    site = Site(tmp_path, '[sources.jsonl]\npaths = ["*.jsonl"]\n')
    for hours, (name, days, count) in enumerate((("new", 1, 20), ("old", 3, 10))):
        author = {"id": "ann", "followers": count}
        at = (SITE_NOW - timedelta(days=days)).isoformat()
        line = {"source": "jsonl", "id": name, "text": "Acme is good", "published_at": at, "author": author}
        (tmp_path / f"{name}.jsonl").write_text(f"{json.dumps(line)}\n", "utf-8")
        assert site.collect(now=SITE_NOW + timedelta(hours=hours)).code == 0
        (tmp_path / f"{name}.jsonl").unlink()
    assert site.rows("SELECT count(*), max(followers) FROM mentions JOIN authors ON authors.id = author_id") == [
        (2, 20)
    ]


def test_an_author_who_is_told_of_a_mention_of_none_is_not_kept_beside_it(store: Store) -> None:
    store_mentions(store, [make_mention(1, author=None)])
    store_mentions(store, [told(1, 10, minutes=1)])
    assert followers(store) == {}


LIVES = st.lists(
    st.lists(
        st.builds(
            told,
            st.integers(1, 6),
            st.sampled_from([None, 10, 20, 30]),
            minutes=st.integers(1, 40),
            text=st.sampled_from(["Acme is good", "Acme is bad"]),
            author=st.sampled_from(["ann", "bob"]),
        ),
        max_size=6,
    ),
    max_size=3,
)


@settings(max_examples=some(40))
@given(LIVES)
def test_the_last_of_any_files_changes_nothing_when_it_is_imported_again(files: Sequence[Sequence[Mention]]) -> None:
    with TemporaryDirectory() as folder, open_store(Path(folder)) as store:
        for file in files:
            take_in(store, *file)
            before = followers(store), reach(store)
            take_in(store, *file)
            assert (followers(store), reach(store)) == before
        assert store.check() == []
