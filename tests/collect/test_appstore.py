"""Reviews of apps are read country by country, with their stars, as far back as the feed goes."""

from __future__ import annotations

import json
import random
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from listener.api import (
    ASSIGNED_BRAND,
    Author,
    Engagement,
    ForbiddenError,
    Mention,
    PermanentSourceError,
    Query,
    RateLimitedError,
    Skipped,
    SourceError,
    UnavailableError,
    UnexpectedAnswerError,
    Window,
    from_epoch,
    to_epoch,
)
from listener.query import Phrase
from listener.testing import check_source
from running.site import NOW, Site
from servers.appstore import AppStore, review
from servers.reading import drained, failure
from sources.appstore import App, AppStoreOptions, AppStoreSource, read_entry

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from listener.api import Page

BASE = 1_780_000_000
WINDOW = Window(since=from_epoch(BASE), until=from_epoch(BASE + 100_000))
ACME = Query.of("Acme", Phrase("acme"))
APP = App(id="1234567", brand="Acme", countries=("us", "in"))
KEY = ("1234567", "us")


@pytest.fixture
def store() -> Iterator[AppStore]:
    with AppStore({KEY: [review(n, BASE + 100 * n) for n in range(120)]}) as running:
        yield running


def source_for(store: AppStore, *apps: App) -> AppStoreSource:
    options = AppStoreOptions(apps=apps or (APP,), base_url=store.url, seconds_between_requests=0)
    return AppStoreSource(options)


def read_all(source: AppStoreSource, window: Window = WINDOW) -> tuple[list[Mention], list[Page]]:
    with closing(source):
        return drained(source, [ACME], window)


def test_appstore_keeps_the_promises_of_a_source(store: AppStore) -> None:
    store.reviews["1234567", "in"] = [
        review(
            900, BASE + 5, title="cafe\u0301", content={"label": "I <3 it<br>\u202e", "attributes": {"type": "html"}}
        )
    ]
    store.reviews["7654321", "us"] = [review(901, BASE + 6)]
    apps = (APP, App(id="7654321"))
    found = check_source(lambda: source_for(store, *apps), [ACME, Query.of("Globex", Phrase("globex"))], WINDOW)
    assert {mention.id for mention in found} == {*map(str, range(120)), "900", "901"}


def test_what_is_taken_away_after_a_sweep_was_killed_hides_no_review(store: AppStore) -> None:
    killed, later = source_for(store, APP), source_for(store, APP)
    resource = killed.plan([ACME])[0]
    first = killed.fetch(resource, WINDOW, None)
    reviews = store.reviews[KEY]
    newest = sorted(reviews, key=lambda one: str(one["updated"]["label"]), reverse=True)
    for gone in newest[5:25]:
        reviews.remove(gone)
    pages = [first]
    while not pages[-1].exhausted:
        pages.append(later.fetch(resource, WINDOW, pages[-1].cursor))
    killed.close()
    later.close()
    assert {one["id"]["label"] for one in reviews} <= {mention.id for page in pages for mention in page.mentions}


def test_what_is_taken_away_between_two_requests_hides_no_review_of_a_long_window(store: AppStore) -> None:
    store.reviews[KEY] = [review(n, BASE + 3_600 * n) for n in range(240)]
    reviews, asked = store.reviews[KEY], list[str]()

    def takes_away(request: object) -> bool:
        asked.append(str(request))
        newest = sorted(reviews, key=lambda one: int(one["id"]["label"]), reverse=True)
        for gone in newest[10:12]:
            reviews.remove(gone)
        return False

    store.fault("status", when=takes_away)
    window = Window(since=from_epoch(BASE), until=from_epoch(BASE + 3_600 * 240))
    mentions, _ = read_all(source_for(store, App(id=KEY[0], brand="Acme")), window)
    assert len(asked) > 5
    assert {one["id"]["label"] for one in reviews} <= {mention.id for mention in mentions}


def test_every_field_of_a_review_arrives() -> None:
    entry = review(5, BASE + 5, "Lid broke", "After a week.\n\nSad & wet <3", 2)
    assert read_entry(entry, APP, "in") == Mention(
        source="appstore",
        id="5",
        text="After a week.\n\nSad & wet <3",
        title="Lid broke",
        published_at=from_epoch(BASE + 5),
        url="https://itunes.apple.com/us/review?id=77&type=Purple%20Software",
        kind="review",
        author=Author(id="905", name="Ada 5"),
        engagement=Engagement(likes=3),
        rating=0.25,
        place="IN",
        extra={ASSIGNED_BRAND: "Acme", "app": "1234567", "version": "1.8.0"},
    )


def test_recorded_reviews_become_mentions(shared: Path) -> None:
    entries = json.loads((shared / "recorded" / "appstore" / "customerreviews_in_2026-09.json").read_text())["feed"][
        "entry"
    ]
    read = [read_entry(entry, APP, "in") for entry in entries]
    for entry, mention in zip(entries, read, strict=True):
        assert isinstance(mention, Mention)
        assert mention.id == entry["id"]["label"]
        assert (mention.title, mention.text) == (entry["title"]["label"], entry["content"]["label"])
        assert mention.published_at == datetime.fromisoformat(entry["updated"]["label"]).astimezone(UTC)
        assert mention.rating == (int(entry["im:rating"]["label"]) - 1) / 4
        assert mention.author == Author(
            id=entry["author"]["uri"]["label"].rpartition("/id")[2], name=entry["author"]["name"]["label"]
        )
        assert mention.engagement == Engagement(likes=int(entry["im:voteSum"]["label"]))
        assert mention.url == entry["link"]["attributes"]["href"]
        assert mention.extra == {ASSIGNED_BRAND: "Acme", "app": "1234567", "version": entry["im:version"]["label"]}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"id": None}, "no id"),
        ({"updated": {"label": "soon"}}, "no time"),
        ({"title": None, "content": None, "im:rating": None}, "no words and no stars"),
    ],
)
def test_what_is_no_review_is_counted_with_its_reason(change: dict[str, Any], reason: str) -> None:
    read = read_entry(review(1, BASE, **change), APP, "us")
    assert isinstance(read, Skipped)
    assert reason in read.reason


@pytest.mark.parametrize("stars", ["0", "6", "", "five", None])
def test_stars_that_cannot_be_are_unknown_and_the_review_is_kept(stars: str | None) -> None:
    read = read_entry(review(1, BASE, **{"im:rating": {"label": stars}}), APP, "us")
    assert isinstance(read, Mention)
    assert (read.rating, read.text) == (None, "It boils")


def test_reading_ends_where_the_window_does(store: AppStore) -> None:
    window = Window(since=from_epoch(BASE + 6_000), until=WINDOW.until)
    mentions, pages = read_all(source_for(store, App(id=KEY[0], brand="Acme")), window)
    assert [mention.id for mention in mentions] == [str(n) for n in range(119, 59, -1)]
    assert [(page.items, page.complete_since) for page in pages] == [(50, None), (50, None)]


def test_where_the_feed_ends_before_the_window_the_rest_is_lost() -> None:
    reviews = [review(n, BASE + 50 * n) for n in range(700)]
    with AppStore({KEY: reviews}, tells_pages=False) as store:
        mentions, pages = read_all(source_for(store, App(id=KEY[0], brand="Acme")))
    assert (len(mentions), len(pages)) == (500, 10)
    assert pages[-1].complete_since == from_epoch(BASE + 50 * 200)
    assert "newest 500 reviews" in str(pages[-1].lost_reason)


def test_a_feed_of_exactly_whole_pages_is_read_whole(store: AppStore) -> None:
    store.reviews[KEY] = [review(n, BASE + n) for n in range(100)]
    store.tells_pages = False
    mentions, pages = read_all(source_for(store, App(id=KEY[0], brand="Acme")))
    assert len({mention.id for mention in mentions}) == 100
    assert ([page.items for page in pages], pages[-1].complete_since) == ([50, 50, 50], None)


def test_an_empty_first_page_is_asked_for_by_its_other_address(store: AppStore) -> None:
    store.fault("empty_page", when=lambda request: "/page=1/" in request.path)
    source = source_for(store, App(id=KEY[0], brand="Acme"))
    page = source.fetch(source.plan([ACME])[0], WINDOW, None)
    assert (page.items, page.requests) == (50, 2)
    source.close()


def test_an_empty_feed_is_no_proof_where_there_were_reviews(store: AppStore) -> None:
    store.tells_pages = False
    source = source_for(store, App(id=KEY[0], brand="Acme"))
    resource = source.plan([ACME])[0]
    marker = source.fetch(resource, WINDOW, None).marker
    store.fault("empty_page", times=2)
    with pytest.raises(UnavailableError, match="is empty, though"):
        source.fetch(resource, Window(since=WINDOW.since, until=WINDOW.until, marker=marker), None)
    store.tells_pages = True
    store.fault("empty_page")
    with pytest.raises(UnavailableError, match="is empty, though"):
        source.fetch(resource, WINDOW, "2")
    source.close()


@pytest.mark.parametrize("number", [2, 3])
def test_an_empty_page_that_names_no_others_is_no_end_where_the_page_before_names_them(
    tmp_path: Path, number: int
) -> None:
    with AppStore({KEY: [review(n, ago(hours=1 + n)) for n in range(170)]}) as store:
        empty = json.dumps({"feed": {"updated": {"label": "2026-11-20T02:39:26-07:00"}}})
        store.fault("status", times=9, status=200, body=empty, when=lambda request: f"/page={number}/" in request.path)
        site = site_for(tmp_path, store, '["us"]')
        ended = site.collect()
        assert (ended.code, ended.rows()["appstore"]["state"]) == (3, "unavailable")
        store.calm()
        assert site.collect(now=NOW + timedelta(hours=1)).code == 0
        assert site.rows("SELECT count(*) FROM mentions") == [(170,)]
        assert site.rows("SELECT DISTINCT state FROM windows") == [("drained",)]


def test_the_entry_that_is_the_app_itself_is_no_review(store: AppStore) -> None:
    body = {"feed": {"entry": [{"im:name": {"label": "Kettle"}, "id": {"label": "x"}}, review(1, BASE + 1)]}}
    store.fault("status", status=200, body=json.dumps(body))
    source = source_for(store)
    page = source.fetch(source.plan([ACME])[0], WINDOW, None)
    assert ([mention.id for mention in page.mentions], page.skipped) == (["1"], ())
    source.close()


@pytest.mark.parametrize(
    ("fault", "error", "sentence"),
    [
        ({"kind": "status", "status": 403}, ForbiddenError, "may not be read"),
        ({"kind": "status", "status": 429, "headers": {"Retry-After": "60"}}, RateLimitedError, "rate limit"),
        ({"kind": "status", "status": 502}, UnavailableError, "down or overloaded"),
        ({"kind": "reset"}, UnavailableError, "hung up"),
        ({"kind": "cut"}, UnavailableError, "cut short"),
        ({"kind": "truncated_json"}, UnavailableError, "cut short"),
        ({"kind": "html_instead_of_json"}, UnexpectedAnswerError, "web page"),
        ({"kind": "status", "status": 200, "body": '{"feed": []}'}, UnexpectedAnswerError, "no feed in it"),
    ],
)
def test_a_fault_is_its_error_in_one_sentence(
    store: AppStore, fault: dict[str, Any], error: type[SourceError], sentence: str
) -> None:
    store.fault(times=9, **fault)
    with closing(source_for(store)) as source:
        assert sentence in failure(source, error, [ACME], WINDOW)


def test_drifted_reviews_become_mentions_or_reasons_and_never_a_crash(store: AppStore) -> None:
    dice = random.Random(8)
    values = [None, 1, -3.5, "x", [], {}, {"label": None}, {"label": {"label": 1}}, True, 10**30]
    source = source_for(store)
    resource = source.plan([ACME])[0]
    read = skipped = 0
    for _ in range(8):
        entries = [review(n, BASE + n) for n in range(50)]
        for entry in entries:
            for name in dice.sample([*entry, "more"], 3):
                entry[name] = dice.choice(values)
        store.fault("status", status=200, body=json.dumps({"feed": {"entry": entries, "link": dice.choice(values)}}))
        page = source.fetch(resource, WINDOW, None)
        read, skipped = read + len(page.mentions), skipped + len(page.skipped)
    source.close()
    assert read > 50
    assert skipped > 10


@pytest.mark.parametrize(
    "fields", [{"id": "x"}, {"id": "1234567", "countries": ("usa",)}, {"id": "1234567", "countries": ()}]
)
def test_an_app_that_cannot_be_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must be"):
        App(**fields)


def test_the_united_kingdom_is_told_by_its_code() -> None:
    with pytest.raises(ValueError, match="is gb, not uk"):
        App(id="1234567", countries=("us", "UK"))


def test_check_and_cursors_say_what_is_wrong(store: AppStore) -> None:
    source = source_for(store)
    assert source.check() == "answers without a key; 50 reviews on the first page of app 1234567 in US"
    with pytest.raises(UnexpectedAnswerError, match="cursor"):
        source.fetch(source.plan([ACME])[0], WINDOW, "11")
    source.close()
    with pytest.raises(PermanentSourceError, match="nothing to read"):
        AppStoreSource(AppStoreOptions()).check()


def site_for(folder: Path, store: AppStore, countries: str = '["us", "in"]') -> Site:
    return Site(
        folder,
        f"""
[sources.appstore]
base_url = "{store.url}"
seconds_between_requests = 0
[[sources.appstore.apps]]
id = "1234567"
brand = "Acme"
countries = {countries}
""",
    )


def ago(**span: float) -> int:
    return to_epoch(NOW - timedelta(**span))


def test_reviews_count_for_the_brand_of_the_app_and_catch_up_after_two_days(tmp_path: Path) -> None:
    with AppStore({KEY: [review(1, ago(hours=3)), review(2, ago(days=3), stars=1)]}) as store:
        site = site_for(tmp_path, store)
        assert site.collect().code == 0
        store.reviews[KEY] += [review(n, ago(hours=-n), content="leaks") for n in range(10, 40)]
        assert site.collect(now=NOW + timedelta(days=2)).rows()["appstore"]["new"] == 30
        found = site.rows("SELECT name, count(*) FROM matches JOIN brands ON brands.id = brand_id GROUP BY name")
        assert found == [("Acme", 32)]
        assert site.rows("SELECT DISTINCT state FROM windows") == [("drained",)]


def test_what_left_the_feed_while_nobody_looked_is_a_lost_window(tmp_path: Path) -> None:
    with AppStore({KEY: [review(1, ago(hours=3))]}) as store:
        site = site_for(tmp_path, store, '["us"]')
        assert site.collect().code == 0
        store.reviews[KEY] = [review(n, ago(days=-20) - 60 * n) for n in range(2, 800)]
        later = NOW + timedelta(days=20)
        assert site.collect(now=later).rows()["appstore"]["new"] == 500
        lost = site.rows("SELECT from_at, to_at, reason FROM windows WHERE state = 'lost'")
        assert lost == [(to_epoch(NOW), ago(days=-20) - 60 * 501, "the feed holds the newest 500 reviews of a country")]


def test_a_country_that_fails_leaves_the_others_alone(tmp_path: Path) -> None:
    reviews = {KEY: [review(1, ago(hours=3))], ("1234567", "in"): [review(2, ago(hours=3))]}
    with AppStore(reviews) as store:
        store.fault("status", times=9, status=503, when=lambda request: request.path.startswith("/us/"))
        site = site_for(tmp_path, store)
        ended = site.collect()
        assert (ended.code, ended.rows()["appstore"]["new"]) == (3, 1)
        assert site.rows("SELECT place FROM mentions") == [("IN",)]
        assert sorted(site.rows("SELECT state FROM windows")) == [("drained",), ("open",)]
