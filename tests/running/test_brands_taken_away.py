"""A brand that the configuration names no longer keeps what the store has of it, however often that is read again."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from listener.store import Store
from running.site import NOW, Site, hackernews_table
from servers.hackernews import HackerNews, story

if TYPE_CHECKING:
    from pathlib import Path

MATCHES = "SELECT native_id, label, score FROM matches JOIN brands ON brands.id = brand_id JOIN mentions ON mentions.id = mention_id WHERE name = ? ORDER BY 1"
ACME = '[[brands]]\nname = "Acme"\nkeywords = [{}]\n'
GLOBEX = '[[brands]]\nname = "Globex"\n'


@pytest.mark.parametrize(
    ("keywords", "words"),
    [
        ('"acme"', "they say that Globex is better than Acme and I love it more"),
        ('"acme", "acmeco"', "they say that Globex is better than Acme and I love it more"),
        ('"acmeco"', "they say that Globex is better than Acme and I love it more"),
        ('"acme"', "they said that Globex is worse than acme, and I hate the one that we had"),
        ('"acme"', "Acme é melhor do que a Globex e eu gosto muito mais da nova chaleira"),
    ],
    ids=["nothing else", "another query", "no match any more", "other words", "another language"],
)
def test_a_brand_that_is_taken_away_keeps_its_matches(tmp_path: Path, keywords: str, words: str) -> None:
    at = int((NOW - timedelta(minutes=30)).timestamp())
    both, alone = "they say that Globex is better than Acme and I love it more", "Globex is what I love more than all"
    with HackerNews([story(1, at, both), story(2, at - 60, alone)]) as server:
        site = Site(tmp_path, hackernews_table(server), brands=ACME.format('"acme"') + GLOBEX)
        assert site.collect().code == 0
        before = site.rows(MATCHES, "Globex")
        assert len(before) == 2
        site.configure(hackernews_table(server), brands=ACME.format(keywords))
        server.items[0] |= {"title": words, "points": 900}
        assert site.collect(now=NOW + timedelta(minutes=10)).code == 0
        assert site.rows(MATCHES, "Globex") == before
        with Store(site.database) as store:
            assert store.check() == []
        site.configure(hackernews_table(server), brands=ACME.format(keywords) + GLOBEX)
        assert site.collect(now=NOW + timedelta(minutes=20)).code == 0
        assert [row[0] for row in site.rows(MATCHES, "Globex")] == ["1", "2"]
        with Store(site.database) as store:
            assert store.check() == []
