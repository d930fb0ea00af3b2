"""The world's news is read slice by slice: as narrow as it takes, no faster than allowed, and no failure passes for silence."""

from __future__ import annotations

import json
import random
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from listener.api import (
    Mention,
    NotFoundError,
    Query,
    RateLimitedError,
    RejectedQueryError,
    Skipped,
    SourceError,
    UnavailableError,
    UnexpectedAnswerError,
    Window,
    compile_query,
    from_epoch,
    to_epoch,
    utc_now,
)
from listener.query import And, Hashtag, Not, Or, Phrase
from listener.query.evaluate import evaluate
from listener.testing import check_source
from query.expressions import askable_trees, terms
from running.site import NOW, Site
from servers import gdelt as service
from servers.gdelt import HASTE, Article, Gdelt
from servers.reading import NotedWaits, drained, failure
from sources.gdelt import DIALECT, GdeltOptions, GdeltSource, read_article, read_title
from sources.gdelt_names import country_code, language_tag
from thoroughness import some

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from listener.api import Page

BASE = 1_780_000_200
"""A whole quarter of an hour: what GDELT counts in."""
STEP = 900
WINDOW = Window(since=from_epoch(BASE), until=from_epoch(BASE + 40 * STEP))
ACME = Query.of("Acme", Phrase("acme"))


def article(number: int, step: int, title: str = "Acme kettle recalled", **fields: Any) -> Article:
    return Article(url=f"https://news.example/{number}", title=title, seen_at=from_epoch(BASE + step * STEP), **fields)


@pytest.fixture
def server() -> Iterator[Gdelt]:
    with Gdelt([article(n, n % 40) for n in range(90)], now=WINDOW.until) as running:
        yield running


def source_for(server: Gdelt) -> GdeltSource:
    return GdeltSource(GdeltOptions(base_url=server.url, seconds_between_requests=0))


def read_all(server: Gdelt, query: Query = ACME, window: Window = WINDOW) -> tuple[list[Mention], list[Page]]:
    with closing(source_for(server)) as source:
        return drained(source, [query], window)


def test_gdelt_keeps_the_promises_of_a_source(server: Gdelt) -> None:
    server.articles += [article(1000 + n, 7) for n in range(240)]
    queries = [ACME, Query.of("Globex", Or((Phrase("globex tea"), Phrase("globex"))))]
    server.articles.append(article(5000, 3, "Globex: cafe\u0301 <b>opens</b>"))
    found = check_source(lambda: source_for(server), queries, WINDOW)
    assert len({mention.id for mention in found}) == 331


def test_a_slice_with_too_many_articles_is_halved_until_each_comes_whole(server: Gdelt) -> None:
    server.articles = [article(n, n % 40) for n in range(3000)]
    mentions, pages = read_all(server)
    assert {mention.id for mention in mentions} == {one.url for one in server.articles}
    assert len(mentions) == 3000
    assert pages[-1].complete_since is None
    assert len(pages) < 40
    spans = [int(r.param("enddatetime")) - int(r.param("startdatetime")) for r in server.requests]
    assert min(spans) > 0


def test_a_quarter_of_an_hour_that_overflows_is_read_as_far_as_it_goes_and_the_rest_is_lost(server: Gdelt) -> None:
    server.articles = [article(n, 20) for n in range(600)] + [article(1000 + n, n % 40) for n in range(80)]
    mentions, pages = read_all(server)
    assert len(mentions) >= 250 + 78
    assert {mention.id for mention in mentions} >= {f"https://news.example/{n}" for n in (1000, 1039, 1041, 1079)}
    lost = pages[-1].complete_since
    assert lost is not None
    assert BASE + 20 * STEP < to_epoch(lost) <= BASE + 22 * STEP
    assert "more than 250 articles" in str(pages[-1].lost_reason)


def test_every_field_of_an_article_arrives() -> None:
    fields = article(
        1,
        0,
        "Rally; U.S. shares (up 5%), Acme's AI-kettle",
        language="Norwegian",
        country="United Kingdom",
        url_mobile="https://m.news.example/1",
    ).fields() | {"socialimage": "https://news.example/1.jpg"}
    assert fields["title"] == "Rally ; U . S . shares ( up 5 % ) , Acme ' s AI - kettle"
    assert read_article(fields) == Mention(
        source="gdelt",
        id="https://news.example/1",
        text="",
        title="Rally; U.S. shares (up 5%), Acme's AI - kettle",
        published_at=from_epoch(BASE),
        url="https://news.example/1",
        kind="article",
        language="no",
        place="GB",
        links=("https://news.example/1", "https://m.news.example/1"),
        has_media=True,
        extra={"outlet": "news.example"},
    )


def test_recorded_articles_become_mentions(shared: Path) -> None:
    rows = json.loads((shared / "recorded" / "gdelt" / "artlist_nvda_2026-05.json").read_text())["articles"]
    assert len(rows) == 5
    for row in rows:
        mention = read_article(row)
        assert isinstance(mention, Mention)
        assert mention.id == mention.url == row["url"]
        assert mention.published_at == datetime.strptime(row["seendate"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        assert (mention.title or "").replace(" ", "") == row["title"].replace(" ", "")
        assert (mention.kind, mention.language, mention.text) == ("article", "en", "")
        assert mention.place == {"United States": "US", "Singapore": "SG", "Nigeria": "NG"}[row["sourcecountry"]]
        assert mention.has_media is bool(row["socialimage"])
        assert mention.extra == {"outlet": row["domain"]}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"url": ""}, "no web address"),
        ({"url": "javascript:x"}, "no web address"),
        ({"seendate": "2026-05-15"}, "no time"),
    ],
)
def test_what_is_no_article_is_counted_with_its_reason(change: dict[str, Any], reason: str) -> None:
    read = read_article(article(1, 0).fields() | change)
    assert isinstance(read, Skipped)
    assert reason in read.reason


@pytest.mark.parametrize(
    ("title", "read"),
    [
        ("A - B", "A - B"),
        ("$ 5 , and 3 . 5 %", "$5, and 3. 5%"),
        ("It ' s Acme ' s", "It's Acme's"),
        ("\u0938\u0941\u0928\u094b !", "\u0938\u0941\u0928\u094b!"),
    ],
)
def test_titles_lose_the_blanks_round_punctuation(title: str, read: str) -> None:
    assert read_title(title) == read


def test_names_of_languages_and_countries_become_codes() -> None:
    assert [language_tag(name) for name in ("Hindi", "Chinese", "Klingon", None)] == ["hi", "zh", None, None]
    assert [country_code(name) for name in ("India", "South Korea", "Atlantis", "")] == ["IN", "KR", None, None]


@pytest.mark.parametrize(
    ("tree", "natives"),
    [
        (Phrase("acme"), ["acme"]),
        (Or((Phrase("acme"), Phrase("acme rockets"), Hashtag("acmetea"))), ['(acme OR "acme rockets" OR acmetea)']),
        (And((Phrase("acme"), Phrase("kettle"), Not(Phrase("pie")))), ["acme kettle"]),
        (And((Phrase("hp"), Phrase("printer"))), ["printer"]),
        (
            And((Or((Phrase("acme"), Phrase("apex"))), Or((Phrase("tea"), Phrase("cup"), Phrase("lid"))))),
            ["(acme OR apex)"],
        ),
    ],
)
def test_queries_keep_to_the_rules_of_the_service(tree: Any, natives: list[str]) -> None:
    assert [resource.native for resource in GdeltSource().plan([Query.of("Acme", tree)])] == natives


def test_many_words_are_asked_for_in_several_requests_that_fit() -> None:
    tree = Or(tuple(Phrase(f"brand number {n}") for n in range(40)))
    natives = [resource.native for resource in GdeltSource().plan([Query.of("Acme", tree)])]
    assert len(natives) > 2
    assert sum(len(service.read_query(native)[0]) for native in natives) == 40


def test_a_word_that_is_too_short_is_told_and_costs_no_request(server: Gdelt) -> None:
    source = source_for(server)
    with pytest.raises(RejectedQueryError, match=r"query of HP: hp is shorter than 3 letters.*brand's sources"):
        source.plan([Query.of("HP", Or((Phrase("hp"), Phrase("hewlett packard"))))])
    assert server.requests == []


words = st.sampled_from(["acme", "tea", "apex", "caf\u00e9", "kettle", "hp"])
titles = st.lists(
    st.one_of(words, st.sampled_from(["#tea", "#acme", "Kettle's", "pie", "-", "tea-acme", "(hp)"])), max_size=8
)


@settings(max_examples=some(150))
@given(tree=askable_trees(terms(words)), title=st.builds(" ".join, titles))
def test_what_matches_here_was_among_what_the_service_was_asked_for(tree: Any, title: str) -> None:
    try:
        resources = GdeltSource().plan([Query.of("Acme", tree)])
    except RejectedQueryError:
        return
    listed = article(1, 0, title)
    mention = read_article(listed.fields())
    assert isinstance(mention, Mention)
    asked = [service.read_query(resource.native) for resource in resources]
    if evaluate(tree, mention) is not None:
        assert any(service.fits(query, listed) for query in asked)


def test_the_dialect_asks_for_phrases_as_phrases() -> None:
    assert [native.text for native in compile_query(Query.of("Acme", Phrase("acme tea")), DIALECT)] == ['"acme tea"']


BAD_TITLE = r"Bob\'s \x41 C:\temp \d \u00e9 \\" + "\x01"


def test_escapes_that_json_has_not_are_read_as_they_stand(server: Gdelt) -> None:
    body = (
        f'{{"articles": [{{"url": "https://news.example/1", "title": "{BAD_TITLE}", "seendate": "20260528T203000Z"}}]}}'
    )
    server.fault("status", status=200, body=body)
    source = source_for(server)
    window = Window(since=from_epoch(1_780_000_000), until=from_epoch(1_780_002_000))
    page = source.fetch(source.plan([ACME])[0], window, None)
    source.close()
    assert [mention.title for mention in page.mentions] == ["Bob's \\x41 C: emp \\d \u00e9 \\"]


@pytest.mark.parametrize(
    ("fault", "error", "sentence"),
    [
        ({"kind": "status", "status": 200, "body": HASTE}, RateLimitedError, "asks for fewer requests"),
        ({"kind": "status", "status": 429, "body": HASTE}, RateLimitedError, "asks for fewer requests"),
        (
            {"kind": "status", "status": 200, "body": "The specified phrase is too short."},
            RejectedQueryError,
            'refused ("The specified phrase is too short.")',
        ),
        ({"kind": "status", "status": 404}, NotFoundError, "not there"),
        ({"kind": "status", "status": 503}, UnavailableError, "down or overloaded"),
        ({"kind": "reset"}, UnavailableError, "hung up"),
        ({"kind": "cut"}, UnavailableError, "cut short"),
        ({"kind": "truncated_json"}, UnavailableError, "cut short"),
        ({"kind": "status", "status": 200, "body": ""}, UnavailableError, "empty answer"),
        ({"kind": "html_instead_of_json"}, UnexpectedAnswerError, "web page"),
        (
            {"kind": "status", "status": 200, "body": '{"articles": {}}'},
            UnexpectedAnswerError,
            "list of articles is missing",
        ),
        ({"kind": "status", "status": 200, "body": '{"articles" 5}'}, UnexpectedAnswerError, "not JSON"),
    ],
)
def test_a_fault_is_its_error_in_one_sentence(
    server: Gdelt, fault: dict[str, Any], error: type[SourceError], sentence: str
) -> None:
    server.fault(times=3, **fault)
    with closing(source_for(server)) as source:
        assert sentence in failure(source, error, [ACME], WINDOW)


def test_a_refusal_for_haste_says_when_to_come_back(server: Gdelt) -> None:
    server.fault("status", status=200, body=HASTE)
    server.fault("status", status=429, body=HASTE, headers={"Retry-After": "1800"})
    for minutes in (5, 30):
        with pytest.raises(RateLimitedError) as caught:
            read_all(server)
        assert caught.value.retry_at is not None
        assert abs(caught.value.retry_at - utc_now() - timedelta(minutes=minutes)) < timedelta(seconds=30)


def test_requests_are_set_apart_as_the_service_asks(server: Gdelt) -> None:
    waits = NotedWaits()
    assert GdeltOptions().seconds_between_requests > 5
    source = GdeltSource(GdeltOptions(base_url=server.url, seconds_between_requests=60), stop=waits)
    server.articles = [article(n, n % 40) for n in range(600)]
    resource, cursor = source.plan([ACME])[0], None
    for _ in range(3):
        cursor = source.fetch(resource, WINDOW, cursor).cursor
    source.close()
    assert len(waits.seconds) == 2
    assert all(30 < seconds <= 60 for seconds in waits.seconds)


def test_a_window_that_is_no_whole_number_of_slices_is_read_whole(server: Gdelt) -> None:
    server.articles = [article(n, n % 40) for n in range(1500)]
    window = Window(since=from_epoch(BASE + 5 * STEP - 30), until=from_epoch(BASE + 30 * STEP + 200))
    mentions, pages = read_all(server, window=window)
    assert {mention.id for mention in mentions} == {
        f"https://news.example/{n}" for n in range(1500) if 5 <= n % 40 <= 30
    }
    assert pages[-1].complete_since is None
    short = Window(since=from_epoch(BASE + 4 * STEP - 10), until=from_epoch(BASE + 4 * STEP + 10))
    assert {mention.published_at for mention in read_all(server, window=short)[0]} == {from_epoch(BASE + 4 * STEP)}


def test_nothing_found_is_an_empty_page_and_a_strange_cursor_is_refused(server: Gdelt) -> None:
    assert read_all(server, Query.of("Globex", Phrase("globex")))[0] == []
    source = source_for(server)
    assert "answers without a key" in source.check() if _is_recent(server) else True
    with pytest.raises(UnexpectedAnswerError, match="cursor"):
        source.fetch(source.plan([ACME])[0], WINDOW, "[1]")
    source.close()


def _is_recent(server: Gdelt) -> bool:
    server.now = utc_now()
    return True


def test_drifted_articles_become_mentions_or_reasons_and_never_a_crash(server: Gdelt) -> None:
    dice = random.Random(8)
    values = [None, 1, -3.5, "x", [], {}, True, 10**30, "https://[", "\ud800"]
    source = source_for(server)
    resource = source.plan([ACME])[0]
    read = skipped = 0
    for _ in range(8):
        rows: list[Any] = [article(n, 3).fields() for n in range(50)]
        for row in rows:
            for name in dice.sample([*row, "more"], 2):
                row[name] = dice.choice(values)
        rows += [None, 5, []]
        server.fault("status", status=200, body=json.dumps({"articles": rows}))
        page = source.fetch(resource, WINDOW, None)
        read, skipped = read + len(page.mentions), skipped + len(page.skipped)
    source.close()
    assert read > 100
    assert skipped > 50


def quarter(**ago: float) -> datetime:
    second = to_epoch(NOW - timedelta(**ago))
    return from_epoch(second - second % STEP)


def test_first_run_catching_up_and_what_lay_past_three_months(tmp_path: Path) -> None:
    first = replace(article(1, 0), seen_at=quarter(hours=3))
    with Gdelt([first, replace(article(2, 0), seen_at=quarter(days=3))], now=NOW) as server:
        table = f'[sources.gdelt]\nbase_url = "{server.url}"\nseconds_between_requests = 0\n'
        site = Site(tmp_path, table, more="[alerts]\nenabled = false\n")
        assert site.collect().rows()["gdelt"]["new"] == 1
        server.articles += [replace(article(10 + n, 0), seen_at=quarter(hours=-n)) for n in range(45)]
        server.now = later = NOW + timedelta(days=2)
        assert site.collect(now=later).rows()["gdelt"]["new"] == 45
        assert {state for (state,) in site.rows("SELECT state FROM windows")} == {"drained"}
        server.now = much_later = later + timedelta(days=120)
        server.articles.append(replace(article(90, 0), seen_at=quarter(days=-121)))
        ended = site.collect(now=much_later)
        assert (ended.code, ended.rows()["gdelt"]["new"]) == (0, 1)
        lost = site.rows("SELECT DISTINCT to_at FROM windows WHERE state = 'lost'")
        assert lost == [(to_epoch(much_later - timedelta(days=90)),)]
        found = site.rows("SELECT DISTINCT name FROM matches JOIN brands ON brands.id = brand_id")
        assert found == [("Acme",)]


def test_haste_leaves_the_window_open_and_the_next_run_finishes_it(tmp_path: Path) -> None:
    with Gdelt([replace(article(1, 0), seen_at=quarter(hours=3))], now=NOW) as server:
        site = Site(tmp_path, f'[sources.gdelt]\nbase_url = "{server.url}"\nseconds_between_requests = 0\n')
        server.fault("status", status=429, body=HASTE)
        ended = site.collect()
        assert (ended.code, ended.rows()["gdelt"]["state"]) == (3, "rate_limited")
        assert site.rows("SELECT DISTINCT state FROM windows") == [("open",)]
        assert site.collect().rows()["gdelt"]["new"] == 1
