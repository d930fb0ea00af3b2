"""What was collected is looked at again: edits and counters come over, what is gone is erased, within a budget."""

from __future__ import annotations

import json
import sqlite3
import subprocess
from contextlib import closing, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from listener.clock import utc_now
from listener.config import load_config
from listener.store import Store
from running.site import BRANDS, NOW, PATIENCE, Ended, Site, ask, hackernews_table, posts, wait_for, x_table
from servers.appview import AppView, profile
from servers.hackernews import HackerNews, story
from servers.jetstream import Jetstream, found, post
from servers.lemmy import Lemmy
from servers.lemmy import post as lemmy_post
from servers.mastodon import Instance, status
from servers.web import Request
from servers.x import X
from stores import lay_store

HOUR = timedelta(hours=1)
SECRET = "zyxwolfe"


def again(site: Site, *words: str, after: timedelta = HOUR) -> dict[str, dict[str, object]]:
    """Look again some time later; return the rows by source."""
    return looked(site.run("recheck", *words, "--format", "json", now=NOW + after))


def again_on(site: Site, at: datetime) -> dict[str, object]:
    return looked(site.run("recheck", "--format", "json", now=at))["hackernews"]


def looked(ended: Ended) -> dict[str, dict[str, object]]:
    assert ended.code in {0, 3}, ended.err
    return ended.rows()


def texts(site: Site) -> list[str]:
    return [str(text) for (text,) in site.rows("SELECT text FROM mentions WHERE purged_at IS NULL ORDER BY native_id")]


def rollups_hold(site: Site) -> None:
    with Store(lay_store(site.database)) as store:
        assert store.check() == []


def counts(site: Site) -> list[tuple[object, ...]]:
    return site.rows("SELECT sum(mentions), sum(stories) FROM rollup_quarter")


def edited(server: X, number: int, text: str) -> None:
    """Edit a post of X: the new version has an id of its own and knows the first."""
    first = server.posts[number]
    second = replace(first, text=text, created_at=NOW, id="", versions=(first.id,))
    server.posts[number] = replace(first, extra={"edit_history_tweet_ids": [first.id, second.id]})
    server.posts.append(second)


def test_edits_come_over_and_what_is_gone_goes_with_every_byte(tmp_path: Path) -> None:
    with X(posts(6), now=NOW) as server:
        server.posts[2] = replace(server.posts[2], text=f"acme is bad says {SECRET} whoever that may be")
        server.posts.append(
            replace(server.posts[2], id="", author="ann", text="RT", retweets=server.posts[2].id, created_at=NOW - HOUR)
        )
        site = Site(tmp_path, x_table(server))
        assert site.collect().code == 0
        before, hashes = counts(site), site.rows("SELECT hex(text_hash) FROM mentions ORDER BY native_id")
        assert sum(SECRET in text for text in texts(site)) == 2
        edited(server, 0, "acme is bad and terrible, says the edit of the same person")
        gone = server.posts.pop(2)
        row = again(site)["x"]
        assert (row["state"], row["checked"], row["changed"], row["gone"]) == ("ok", 7, 1, 2)
        assert "acme is bad and terrible, says the edit of the same person" in texts(site)
        assert not any(SECRET in text for text in texts(site))
        assert counts(site) == before
        rollups_hold(site)
        assert SECRET.encode() not in b"".join(file.read_bytes() for file in tmp_path.glob("listener.db*"))
        kept = site.rows(
            "SELECT hex(CASE first_text_hash WHEN x'' THEN text_hash ELSE first_text_hash END) FROM mentions "
            "WHERE purged_at IS NULL ORDER BY native_id"
        )
        assert set(kept) < set(hashes)
        server.posts.append(gone)
        server.now = NOW + 2 * HOUR
        assert site.collect(now=NOW + 2 * HOUR).code == 0
        assert not any(SECRET in text for text in texts(site))


def test_a_mention_is_looked_at_at_each_age_once_and_then_never_again(tmp_path: Path) -> None:
    with X(posts(3), now=NOW) as server:
        site = Site(tmp_path, x_table(server))
        site.collect()
        hours = (0, 1, 2, 24, 25, 24 * 7, 24 * 30, 24 * 60)
        asked = [again(site, after=count * HOUR)["x"]["checked"] for count in hours]
        assert asked == [0, 3, 0, 3, 0, 3, 3, 0]
        assert site.rows("SELECT count(*) FROM rechecks") == [(0,)]


def test_ages_that_passed_while_nobody_looked_are_one_look(tmp_path: Path) -> None:
    with X(posts(3), now=NOW) as server:
        site = Site(tmp_path, x_table(server))
        site.collect()
        assert [again(site, after=days * timedelta(days=1))["x"]["checked"] for days in (9, 9, 30)] == [3, 0, 3]


def test_the_requests_of_a_day_are_never_exceeded_and_the_rest_waits_for_the_next(tmp_path: Path) -> None:
    morning = NOW.replace(hour=6)
    items = [story(number, int((morning - HOUR).timestamp()) + number, f"acme {number}") for number in range(1, 50)]
    with HackerNews(items) as server:
        table = hackernews_table(server, items_url=server.url, recheck_requests_a_day=45)
        site = Site(tmp_path, table)
        site.collect(now=morning)
        moments = [morning + hours * HOUR for hours in (1, 2)]
        first, second = (again_on(site, at) for at in moments)
        assert [(row["state"], row["checked"]) for row in (first, second)] == [("budget", 40), ("budget", 0)]
        told = json.loads(site.run("status", "--format", "json", now=moments[1]).out)
        (row,) = told["rechecks"]
        assert (row["source"], row["requests_today"], row["requests_a_day"], row["due"]) == ("hackernews", 40, 45, 9)
        assert "looked again" in site.run("status", now=moments[1]).out
        assert again_on(site, morning + 25 * HOUR)["checked"] == 40
        assert sum(request.path.startswith("/v0/item/") for request in server.requests) == 80


def test_a_budget_of_nothing_asks_nothing(tmp_path: Path) -> None:
    with X(posts(3), now=NOW) as server:
        site = Site(tmp_path, x_table(server, recheck_requests_a_day=0))
        site.collect()
        sent = len(server.requests)
        assert again(site) == {}
        assert len(server.requests) == sent


def test_what_looking_again_costs_comes_out_of_the_budget_of_the_source(tmp_path: Path) -> None:
    with X(posts(6, newest=NOW.replace(hour=8)), now=NOW.replace(hour=8)) as server:
        morning = server.now
        site = Site(tmp_path, x_table(server, count_first=False), more="[sources.x.budget]\nusd_a_day = 2.0\n")
        assert site.collect(now=morning).code == 0
        (before,) = site.rows("SELECT sum(micros) FROM spending")[0]
        server.now = morning + HOUR
        row = looked(site.run("recheck", "--format", "json", now=morning + HOUR))["x"]
        assert (row["state"], row["checked"]) == ("ok", 6)
        # posts that were paid for on this UTC day already cost nothing more
        assert site.rows("SELECT sum(micros) FROM spending") == [(before,)]
        row = looked(site.run("recheck", "--format", "json", now=morning + 25 * HOUR))["x"]
        assert row["checked"] == 6
        assert site.rows("SELECT sum(micros) FROM spending") == [(before + 6 * 5_000,)]
        assert site.rows("SELECT count(*) FROM reservations") == [(0,)]


def test_a_budget_without_room_for_a_batch_asks_nothing(tmp_path: Path) -> None:
    with X(posts(3), now=NOW) as server:
        site = Site(tmp_path, x_table(server))
        site.collect()
        site.configure(x_table(server), more="[sources.x.budget]\nusd_a_day = 0.01\n")
        sent = len(server.requests)
        row = again(site)["x"]
        assert (row["state"], row["checked"], len(server.requests)) == ("budget", 0, sent)
        assert "leaves no room" in str(row["message"])


@pytest.mark.parametrize("fault", [{"status": 503}, {"status": 429}, {"status": 401}, {"status": 200, "body": "[]"}])
def test_a_refusal_erases_nothing_and_is_told(tmp_path: Path, fault: dict[str, object]) -> None:
    with X(posts(3), now=NOW) as server:
        site = Site(tmp_path, x_table(server))
        site.collect()
        before = texts(site)
        server.fault("status", when=lambda request: request.path == "/2/tweets", **fault)
        ended = site.run("recheck", "--format", "json", now=NOW + HOUR)
        row = ended.rows()["x"]
        assert (row["gone"], texts(site)) == (0, before)
        assert row["message"]
        assert ended.code == (0 if fault["status"] == 200 else 3)


def test_a_batch_that_can_never_be_answered_does_not_hold_up_the_next(tmp_path: Path) -> None:
    with X(posts(60, step=timedelta(minutes=3)), now=NOW) as server:
        site = Site(tmp_path, x_table(server, max_results=100))
        site.collect()
        bad = server.posts[-1].id

        def is_bad(request: Request) -> bool:
            return request.path == "/2/tweets" and bad in request.param("ids")

        server.fault("status", times=99, when=is_bad, status=404)
        row = again(site)["x"]
        assert (row["state"], row["checked"] + row["unknown"]) == ("ok", 60)
        assert row["unknown"] > 0
        assert row["checked"] > 0


def bluesky(stream: Jetstream, view: AppView, **more: object) -> str:
    lines = {"base_url": stream.url, "appview_url": view.url, "lookback": "1d", **more}
    return "[sources.bluesky]\n" + "\n".join(f"{name} = {json.dumps(value)}" for name, value in lines.items())


def test_names_and_counters_are_looked_up_for_matches_alone_right_after_they_came(tmp_path: Path) -> None:
    second = NOW.timestamp() - 600
    events = [post(number, second + number, f"my acme says {number}") for number in range(1, 4)]
    events += [post(number, second + number, "nothing of interest", did="bob") for number in range(4, 50)]
    events.append(post(99, NOW.timestamp() + 60, "the end"))
    shown = [found(number, second, f"my acme says {number}") for number in (1, 2)]
    with Jetstream(events) as stream, AppView(shown, [profile("did:plc:ada")]) as view:
        site = Site(tmp_path, bluesky(stream, view))
        assert site.collect().code == 0
        asked = [request.query.get("uris", request.query.get("actors")) for request in view.requests]
        assert asked == [[f"at://did:plc:ada/app.bsky.feed.post/3k{number}" for number in (1, 2, 3)], ["did:plc:ada"]]
        assert site.rows("SELECT handle, name, followers FROM authors") == [("ada.example", "Ada", 42)]
        assert site.rows("SELECT likes, reposts, replies FROM mentions WHERE likes IS NOT NULL") == [(3, 2, 1)] * 2
        assert len(texts(site)) == 3  # one that cannot be shown yet is kept
        assert site.rows("SELECT sum(engagement) FROM rollup_quarter") == [(12,)]
        rollups_hold(site)
        sent = len(view.requests)
        assert site.collect(now=NOW + timedelta(seconds=40)).code == 0
        assert len(view.requests) == sent


def test_what_the_stream_says_is_deleted_is_erased_and_an_account_with_all_its_posts(tmp_path: Path) -> None:
    second = NOW.timestamp() - 900
    events = [post(number, second + number, f"my acme says {number}") for number in range(1, 4)]
    events += [post(number, second + number, f"my acme says {number}", did="bob") for number in range(4, 7)]
    events.append(post(98, NOW.timestamp() - 20, "so far"))
    with Jetstream(events) as stream, AppView([], []) as view:
        site = Site(tmp_path, bluesky(stream, view))
        assert site.collect().code == 0
        before = counts(site)
        assert len(texts(site)) == 6
        deleted = post(2, NOW.timestamp())
        deleted["commit"] = {"operation": "delete", "collection": "app.bsky.feed.post", "rkey": "3k2"}
        ended = {"did": "did:plc:bob", "time_us": deleted["time_us"] + 1, "kind": "account"}
        stream.events += [deleted, ended | {"account": {"active": False, "status": "deleted"}}]
        stream.events.append(post(99, NOW.timestamp() + 1000, "the end"))
        assert site.collect(now=NOW + timedelta(minutes=5)).code == 0
        assert texts(site) == ["my acme says 1", "my acme says 3"]
        assert counts(site) == before
        assert site.rows("SELECT native_id FROM authors") == [("did:plc:ada",)]
        rollups_hold(site)


def test_a_look_up_that_fails_fails_no_collection_and_is_made_up_for(tmp_path: Path) -> None:
    second = NOW.timestamp() - 600
    events = [post(1, second, "my acme"), post(99, NOW.timestamp() + 60, "the end")]
    with Jetstream(events) as stream, AppView([found(1, second, "my acme")], [profile("did:plc:ada")]) as view:
        view.fault("status", times=9, status=403)
        site = Site(tmp_path, bluesky(stream, view))
        assert site.collect().code == 0
        assert site.rows("SELECT handle FROM authors") == [(None,)]
        view.calm()
        assert again(site, after=timedelta(minutes=1))["bluesky"]["checked"] == 1
        assert site.rows("SELECT handle FROM authors") == [("ada.example",)]


def test_an_instance_that_is_down_holds_up_no_other_and_is_asked_again_until_it_is_back(tmp_path: Path) -> None:
    second = NOW.timestamp() - 600
    down = Instance([status(number, second - number) for number in range(25)])
    up = Instance([status(100, second, uri="https://b.example/1"), status(101, second, uri="https://b.example/2")])
    with down, up:
        places = json.dumps([down.url, up.url.replace("127.0.0.1", "localhost")])
        site = Site(tmp_path, f"[sources.mastodon]\ninstances = {places}\n")
        assert site.collect().code == 0
        del down.statuses[3], up.statuses[0]
        down.fault("status", times=999, status=503)
        row = again(site)["mastodon"]
        assert (row["checked"], row["gone"], row["unknown"]) == (2, 1, 25)
        assert "503" in str(row["message"])
        assert again(site, after=timedelta(minutes=90))["mastodon"]["unknown"] == 0
        down.calm()
        row = again(site, after=2 * HOUR)["mastodon"]
        assert (row["checked"], row["gone"], row["message"]) == (25, 1, None)
        assert again(site, after=3 * HOUR)["mastodon"]["checked"] == 0
        assert again(site, after=25 * HOUR)["mastodon"]["checked"] == 25
        down.fault("status", times=999, status=503)
        last = max(days(site), default=0)
        assert again(site, after=(last + 6) * 24 * HOUR)["mastodon"]["unknown"] == 24
        assert again(site, after=(last + 8) * 24 * HOUR)["mastodon"]["unknown"] == 24
        assert site.rows("SELECT count(*) FROM rechecks") == [(0,)]


def test_of_a_look_that_fails_no_more_is_booked_than_was_sent(tmp_path: Path) -> None:
    second = NOW.timestamp() - 600
    with Lemmy([lemmy_post(number, second - number) for number in range(3)]) as server:
        table = f'[sources.lemmy]\ninstances = ["{server.url}"]\n[sources.lemmy.budget]\nrequests_a_day = 60\n'
        site = Site(tmp_path, table)
        assert site.collect().code == 0
        morning = datetime(NOW.year, NOW.month, NOW.day, 1, tzinfo=UTC) + timedelta(days=1)
        server.requests.clear()
        server.fault("status", times=99, status=503)
        for hour in range(5):
            row = looked(site.run("recheck", "--format", "json", now=morning + hour * HOUR))["lemmy"]
            assert (row["state"], row["requests"]) == ("unavailable", len(server.requests) / (hour + 1))
        booked = site.rows("SELECT sum(requests) FROM spending WHERE day = ?", int(morning.timestamp()) // 86_400)
        assert booked == site.rows("SELECT requests FROM recheck_states") == [(len(server.requests),)]
        server.calm()
        assert looked(site.run("recheck", "--format", "json", now=morning + 6 * HOUR))["lemmy"]["checked"] == 3


def days(site: Site) -> list[int]:
    """Return the ages, in days, at which the configuration of a site has mentions looked at again."""
    return [age.days for age in load_config(site.config).listener.recheck_after]


def test_mentions_stored_before_there_was_a_schedule_are_looked_at_too(tmp_path: Path) -> None:
    with X(posts(3), now=NOW) as server:
        site = Site(tmp_path, x_table(server))
        site.collect()
        with closing(sqlite3.connect(site.database)) as connection:
            connection.execute("DELETE FROM rechecks")
            connection.execute("DELETE FROM recheck_states")
            connection.commit()
        assert again(site)["x"]["checked"] == 3


def test_an_erasure_whose_file_was_not_written_anew_is_brought_to_its_end_by_the_next_look(tmp_path: Path) -> None:
    with X(posts(3), now=NOW) as server:
        site = Site(tmp_path, x_table(server))
        site.collect()
        with Store(site.database) as store:  # as one leaves it that is killed just after the last page
            store.erasure.erase([1], now=NOW)
            assert store.erasure.is_unfinished()
        assert again(site)["x"]["gone"] == 0
    assert ask(site.database, "SELECT count(*) FROM unfinished_erasures") == [(0,)]


@pytest.mark.slow
def test_killed_at_any_moment_it_ends_with_the_same_store(tmp_path: Path) -> None:
    def world(folder: Path) -> tuple[X, Site]:
        server = X(posts(120, step=timedelta(minutes=3)), now=NOW).start()
        site = Site(folder, x_table(server, max_results=100, recheck_requests_a_day=1000))
        assert site.collect().code == 0
        for number in range(0, 120, 7):
            edited(server, number, f"acme is bad and it was edited {number}")
        del server.posts[1:120:9]
        return server, site

    expected_server, expected = world(tmp_path / "whole")
    server, site = world(tmp_path / "killed")
    try:
        assert expected.run("recheck", now=NOW + HOUR).code == 0
        for delay in range(1, 9):
            process = site.start("recheck", now=NOW + HOUR)
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=0.35 + delay * 0.06)  # killed wherever it is by then, or over
            process.kill()
            process.wait()
        assert site.run("recheck", now=NOW + HOUR).code == 0
        assert site.run("recheck", now=NOW + HOUR).code == 0
    finally:
        server.stop()
        expected_server.stop()
    for table in ("mentions", "matches", "quarters", "days", "full text"):
        assert site.dump()[table] == expected.dump()[table], table
    assert ask(site.database, "SELECT count(*) FROM unfinished_erasures") == [(0,)]
    rollups_hold(site)


@pytest.mark.slow
def test_the_daemon_looks_again_on_schedule(tmp_path: Path) -> None:
    with X(posts(3, newest=utc_now()), now=utc_now()) as server:
        site = Site(
            tmp_path,
            x_table(server, every="1h", jitter="0s"),
            more="",
            brands=f'recheck_after = ["60s", "1d"]\n{BRANDS}',
        )
        assert site.collect(now=utc_now()).code == 0
        with closing(sqlite3.connect(site.database)) as connection:
            connection.execute("INSERT INTO recheck_states (source_id, last_attempt_at) SELECT id, 1 FROM sources")
            connection.execute(
                "UPDATE mentions SET seen_at = ?", (int((utc_now() - timedelta(seconds=60)).timestamp()),)
            )
            connection.commit()
        daemon = site.start("run", now=None)
        try:
            wait_for(lambda: site.rows("SELECT 1 FROM recheck_states WHERE checked = 3"), "all are looked at again")
        finally:
            daemon.terminate()
            assert daemon.wait(timeout=PATIENCE) == 0
