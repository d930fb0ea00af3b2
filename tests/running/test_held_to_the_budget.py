"""A page that takes more requests than any before, or a second try, spends no more than the budget has room for."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from listener.allowance import allowed, take_request
from listener.errors import UnavailableError
from running.site import NOW, Site
from servers.discourse import Discourse
from servers.discourse import post as post_of_forum
from servers.jetstream import Jetstream
from servers.jetstream import post as event
from servers.lemmy import Lemmy, post
from servers.web import Request

MIDDAY = NOW.replace(hour=12, minute=0, second=0)


def site_for(folder: Path, server: Lemmy, budget: str, **options: object) -> Site:
    told = "\n".join(f"{name} = {value}" for name, value in options.items())
    return Site(
        folder,
        f'[sources.lemmy]\ninstances = ["{server.url}"]\ninclude_comments = false\n{told}\n'
        f"[sources.lemmy.budget]\n{budget}\n",
        brands='[[brands]]\nname = "Acme"\nkeywords = ["acme"]\n',
    )


def spent(site: Site) -> tuple[object, ...]:
    return site.rows("SELECT coalesce(sum(requests), 0), coalesce(sum(items), 0) FROM spending")[0]


@pytest.mark.parametrize("most", [1, 2, 3, 5])
def test_tries_anew_are_not_made_beyond_the_budget(tmp_path: Path, most: int) -> None:
    def is_search(request: Request) -> bool:
        return request.path == "/api/v3/search"

    with Lemmy([]) as server:
        server.fault("status", 100, when=is_search, status=503, body="busy")
        site = site_for(tmp_path, server, f"requests_a_day = {most}")
        for minute in range(6):
            site.collect(now=MIDDAY + timedelta(minutes=minute))
        assert len(server.requests) == most
        assert spent(site)[0] == most


def test_a_page_larger_than_any_before_stays_within_the_budget_for_items(tmp_path: Path) -> None:
    second = int(MIDDAY.timestamp())
    with Lemmy([post(1, second - 7200)]) as server:
        site = site_for(tmp_path, server, "items_a_day = 70", recheck_requests_a_day=0)
        site.collect(now=MIDDAY)
        assert spent(site)[1] == 1
        server.views += [post(100 + n, second - 60 + n) for n in range(50)]
        for minute in (10, 20, 30):
            server.views += [post(1000 * minute + n, second + 60 * minute - 100 + n) for n in range(50)]
            told = site.collect(now=MIDDAY + timedelta(minutes=minute)).rows()["lemmy"]
        assert told["state"] == "budget"
        assert 1 < int(str(spent(site)[1])) <= 70


def test_a_forum_that_answers_with_more_posts_than_ever_stays_within_the_budget_for_items(tmp_path: Path) -> None:
    second = int(MIDDAY.timestamp())
    with Discourse([post_of_forum(1, second - 7200)]) as server:
        site = Site(
            tmp_path,
            f'[sources.discourse]\ninstances = ["{server.url}"]\nrecheck_requests_a_day = 0\n'
            "[sources.discourse.budget]\nitems_a_day = 70\n",
            brands='[[brands]]\nname = "Acme"\nkeywords = ["acme"]\n',
        )
        site.collect(now=MIDDAY)
        assert spent(site)[1] == 1
        server.posts += [post_of_forum(2 + n, second + n) for n in range(20)]
        site.collect(now=MIDDAY + timedelta(minutes=10))
        server.posts += [post_of_forum(22 + n, second + 600 + n) for n in range(178)]
        told = site.collect(now=MIDDAY + timedelta(minutes=20)).rows()["discourse"]
        assert told["state"] == "budget"
        assert spent(site)[1] <= 70
        for day in range(1, 10):
            site.collect(now=MIDDAY + timedelta(days=day))
        by_day = [items for (items,) in site.rows("SELECT sum(items) FROM spending GROUP BY day ORDER BY day")]
        assert max(by_day) <= 70
        assert len(by_day) > 3
        assert site.rows("SELECT count(*) FROM mentions") == [(199,)]


def test_the_stream_of_bluesky_is_read_up_to_the_last_item_of_a_budget_and_goes_on_the_next_day(tmp_path: Path) -> None:
    begin = int(MIDDAY.timestamp()) - 3_600
    events = [event(number, begin + 1 + 30 * number, f"my acme says {number}") for number in range(100)]
    with Jetstream(events) as stream:
        table = f'[sources.bluesky]\nbase_url = "{stream.url}"\nlookback = "1h"\nrecheck_requests_a_day = 0\n'
        site = Site(tmp_path, f"{table}[sources.bluesky.budget]\nitems_a_day = 40\n")
        told = site.collect(now=MIDDAY).rows()["bluesky"]
        assert (told["state"], told["fetched"], spent(site)[1]) == ("budget", 40, 40)
        told = site.collect(now=MIDDAY + timedelta(minutes=5)).rows()["bluesky"]
        assert (told["state"], spent(site)[1], len(stream.asked)) == ("budget", 40, 1)
        site.collect(now=MIDDAY + timedelta(days=1))
        assert spent(site)[1] == 80
        assert site.rows("SELECT count(*) FROM mentions") == [(80,)]


def test_without_an_allowance_everything_may_be_sent_and_one_ends_with_its_block() -> None:
    take_request("acme")
    with allowed(1):
        take_request("acme")
        with pytest.raises(UnavailableError, match="no room"):
            take_request("acme")
        with allowed(None):
            take_request("acme")
    take_request("acme")
