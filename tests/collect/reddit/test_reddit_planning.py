"""Brands become searches, and the subreddits that are named listings for all of them."""

from __future__ import annotations

import pytest

from collect.reddit_reading import DAY, NOW, ago, source_for
from listener.api import Query
from listener.errors import UsageError
from listener.query import Or, Phrase
from servers.reddit import Reddit, Thing
from sources.reddit import RedditOptions, RedditSource


class TestPlan:
    ACME = Query.of("Acme", Or((Phrase("acme"), Phrase("acme kettle"))), ("Acme",))
    GLOBEX = Query.of("Globex", Phrase("globex"), ("Globex",))

    def test_each_brand_is_searched_and_the_named_subreddits_are_read_for_all(self) -> None:
        source = RedditSource(RedditOptions(subreddits=("r/kettles", "Teapots", "kettles")))
        plan = source.plan([self.ACME, self.GLOBEX])
        assert [(r.lane, r.brand) for r in plan] == [
            ("search", "Acme"),
            ("search", "Globex"),
            ("new", None),
            ("comments", None),
        ]
        assert plan[0].native.startswith("/r/all/search ")
        assert plan[2].native == "/r/kettles+Teapots/new"
        assert len({r.key for r in plan}) == 4

    def test_a_plan_is_the_same_each_time_and_needs_no_credentials(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("REDDIT_CLIENT_ID")
        options = RedditOptions(subreddits=("kettles",), search_in="subreddits")
        plans = [RedditSource(options).plan([self.ACME]) for _ in range(2)]
        assert plans[0] == plans[1]
        assert plans[0][0].native.startswith("/r/kettles/search ")

    def test_another_place_is_another_resource_of_the_same_lane(self) -> None:
        first, second = (
            RedditSource(RedditOptions(subreddits=names)).plan([self.ACME]) for names in (("aa",), ("bb",))
        )
        assert [r.lane for r in first] == [r.lane for r in second]
        assert first[1].key != second[1].key

    def test_without_brands_nothing_is_read(self) -> None:
        assert RedditSource(RedditOptions(subreddits=("kettles",))).plan([]) == ()

    def test_what_is_planned_can_be_fetched(self) -> None:
        posts = [
            Thing(number=1, created_at=ago(hours=1), title="An Acme kettle"),
            Thing(number=2, created_at=ago(hours=2), title="Globex"),
        ]
        with Reddit(posts, now=NOW) as server:
            source = source_for(server)
            plan = source.plan([self.ACME, self.GLOBEX])
            found = [[m.title for m in source.fetch(resource, DAY, None).mentions] for resource in plan]
            source.close()
        assert found == [["An Acme kettle"], ["Globex"]]

    @pytest.mark.parametrize("names", [("a/b",), ("a",), ("kettles+teapots",), ("../etc",), ("x" * 30,)])
    def test_a_name_that_is_no_subreddit_is_refused(self, names: tuple[str, ...]) -> None:
        with pytest.raises(UsageError, match=r"sources\.reddit\.subreddits.*write NAME alone of reddit\.com/r/NAME"):
            RedditSource(RedditOptions(subreddits=names))

    def test_searching_in_no_subreddit_is_refused(self) -> None:
        with pytest.raises(UsageError, match="search_in"):
            RedditSource(RedditOptions(search_in="subreddits"))
