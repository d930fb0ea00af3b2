"""A store that is named by a symbolic link is the store the link leads to, with what stands beside it."""

from __future__ import annotations

import json
import os
from contextlib import closing

import pytest

from cli.conftest import Place
from listener.daemon import InstanceLock
from listener.database import open_writer


def test_a_daemon_that_comes_by_a_link_finds_the_one_that_serves_the_store(place: Place) -> None:
    place.fill()
    link = place.folder / "link.db"
    link.symlink_to(place.database)

    with InstanceLock(place.database):
        answer = place.run("run", "--database", str(link), now=None)

    assert answer.code == 1
    assert f"pid {os.getpid()}" in answer.err
    assert "nothing to do" not in answer.err
    assert not (place.folder / "link.db.lock").exists()


def test_the_log_beside_a_linked_store_counts_for_its_size(place: Place) -> None:
    place.fill()
    elsewhere = place.folder / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "link.db").symlink_to(place.database)
    with closing(open_writer(place.database)) as writer:
        writer.execute("UPDATE mentions SET likes = 4")
        sizes = [
            json.loads(place.run("status", "--format", "json", "--database", str(path)).out)["size"]["bytes"]
            for path in (place.database, elsewhere / "link.db")
        ]

    assert sizes[0] == sizes[1]


@pytest.mark.parametrize("target", ["not there.db", "link.db"], ids=["nothing", "itself"])
def test_a_link_to_no_file_says_that_there_is_no_store_yet(place: Place, target: str) -> None:
    link = place.folder / "link.db"
    link.symlink_to(place.folder / target)

    answer = place.run("mentions", "Acme", "--database", str(link))

    assert answer.code == 1
    assert "there is no store yet" in answer.err
