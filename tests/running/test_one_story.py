"""The same article out of a feed, out of GDELT and as a link on Hacker News is one story, told three times."""

from __future__ import annotations

import itertools
import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from listener.clock import from_epoch, to_epoch
from running.site import NOW, Site
from servers.feeds import Feed, Feeds, Item
from servers.gdelt import Article, Gdelt
from servers.hackernews import HackerNews, story

if TYPE_CHECKING:
    from pathlib import Path

SECOND = to_epoch(NOW - timedelta(hours=5)) // 900 * 900
TITLE = "Acme recalls its kettle"


def table(feeds: Feeds, gdelt: Gdelt, hackernews: HackerNews) -> str:
    return f"""
[sources.rss]
feeds = ["{feeds.url}/feed"]
[sources.gdelt]
base_url = "{gdelt.url}"
seconds_between_requests = 0
[sources.hackernews]
base_url = "{hackernews.url}"
"""


@pytest.mark.parametrize("order", [("rss", "gdelt", "hackernews"), ("hackernews", "gdelt", "rss")], ids="-".join)
def test_an_article_told_by_three_sources_is_one_story_with_three_mentions(
    order: tuple[str, ...], tmp_path: Path
) -> None:
    page = "news.example/2026/acme-kettle"
    items = [
        Item(
            title=TITLE,
            second=SECOND,
            guid="1",
            link=f"https://www.{page}/?utm_source=rss&utm_medium=feed#top",
            text="<p>All of them.</p>",
        ),
        Item(title="Acme opens a shop", second=SECOND, guid="2", link="https://www.news.example/2026/acme-shop"),
    ]
    articles = [
        Article(url=f"http://{page}/amp", title=TITLE, seen_at=from_epoch(SECOND + 900)),
        Article(url="https://other.example/acme", title="What Acme did", seen_at=from_epoch(SECOND + 900)),
    ]
    stories = [
        story(1, SECOND + 3000, "Acme kettles recalled", url=f"https://m.{page}?ref=hn"),
        story(
            2, SECOND + 3100, "Ask HN: is Acme still good?", text="I wonder whether anybody still buys these kettles"
        ),
    ]
    with Feeds({"/feed": Feed(items=items)}) as feeds, Gdelt(articles, now=NOW) as gdelt, HackerNews(stories) as links:
        site = Site(tmp_path, table(feeds, gdelt, links))
        for name in order:
            assert site.collect("--source", name).code == 0
        told = site.rows(
            "SELECT sources.name, story_id FROM mentions JOIN sources ON sources.id = source_id "
            "WHERE url LIKE '%acme-kettle%' OR native_id = '1' ORDER BY sources.name"
        )
        assert [name for name, _ in told] == ["gdelt", "hackernews", "rss"]
        assert len({story_id for _, story_id in told}) == 1
        all_stories = site.rows("SELECT count(*), count(DISTINCT story_id) FROM mentions")
        assert all_stories == [(6, 4)]
        ended = site.run("trend", "Acme", "--since", "2d", "--by", "day", "--format", "json")
        totals = json.loads(ended.out)["totals"]
        assert [(total["mentions"], total["stories"]) for total in totals] == [(6, 4)]


def test_the_order_in_which_sources_are_read_makes_no_difference(tmp_path: Path) -> None:
    page = "https://news.example/2026/acme-kettle"
    items = [Item(title=TITLE, second=SECOND, guid="1", link=page)]
    articles = [Article(url=page, title=TITLE, seen_at=from_epoch(SECOND))]
    found = set()
    with (
        Feeds({"/feed": Feed(items=items)}) as feeds,
        Gdelt(articles, now=NOW) as gdelt,
        HackerNews([story(1, SECOND, TITLE, url=page)]) as links,
    ):
        for number, order in enumerate(itertools.permutations(["rss", "gdelt", "hackernews"])):
            site = Site(tmp_path / str(number), table(feeds, gdelt, links))
            for name in order:
                site.collect("--source", name)
            found.add((*site.rows("SELECT count(*), count(DISTINCT story_id) FROM mentions"),))
    assert found == {((3, 1),)}
