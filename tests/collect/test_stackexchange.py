"""Stack Exchange is read whole within its quota, questions, answers and comments, each with its licence."""

from __future__ import annotations

import json
import random
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from listener.api import (
    Author,
    CredentialsError,
    Engagement,
    Mention,
    Page,
    Query,
    RateLimitedError,
    RejectedQueryError,
    Secret,
    Skipped,
    SourceError,
    UnavailableError,
    UnexpectedAnswerError,
    UsageCappedError,
    Window,
    compile_query,
    from_epoch,
)
from listener.errors import UsageError
from listener.query import Or, Phrase
from listener.query.evaluate import evaluate
from listener.testing import FrozenClock, check_source
from query.expressions import terms, trees
from running.site import Site
from servers.reading import drained, failure
from servers.stackexchange import KEY, TOO_MANY, StackExchange, answer, comment, finds, question
from sources.alternatives import widest
from sources.stackexchange import DIALECT, StackExchangeOptions, StackExchangeSource
from sources.stackexchange_items import domain_of, read_item
from sources.web import Client, Limits
from thoroughness import some

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BASE = 1_780_000_000
WINDOW = Window(since=from_epoch(BASE), until=from_epoch(BASE + 10_000))
ACME = Query.of("Acme", Phrase("acme"))
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def server() -> Iterator[StackExchange]:
    items = [question(n, BASE + 30 * n) for n in range(150)] + [answer(1000 + n, BASE + 40 * n) for n in range(100)]
    items += [question(5000, BASE - 5), question(5001, BASE + 20_000), question(5002, BASE + 9, "Globex", "<p>x</p>")]
    with StackExchange(items, comments=[comment(n, BASE + n) for n in range(7)]) as running:
        yield running


@pytest.fixture
def source(server: StackExchange) -> Iterator[StackExchangeSource]:
    made = source_for(server)
    yield made
    made.close()


def source_for(server: StackExchange, *, clock: FrozenClock | None = None, **options: Any) -> StackExchangeSource:
    table = {"key": Secret(), "base_url": server.url, **options}
    return StackExchangeSource(StackExchangeOptions(**table), **({"now": clock} if clock else {}))


def read_all(source: StackExchangeSource, query: Query = ACME) -> tuple[list[Mention], list[Page]]:
    return drained(source, [query], WINDOW)


def test_stack_exchange_keeps_the_promises_of_a_source(server: StackExchange) -> None:
    queries = [ACME, Query.of("Globex", Or((Phrase("globex tea"), Phrase("globex"))))]
    server.items.append(question(6000, BASE + 77, "Globex\u202e: cafe\u0301 &lt;3", "<p>a &lt;b&gt; <i>tea</i></p>"))
    found = check_source(lambda: source_for(server, include_comments=True), queries, WINDOW)
    assert len({mention.id for mention in found}) == 259


def test_a_window_is_read_whole_and_no_further(server: StackExchange, source: StackExchangeSource) -> None:
    mentions, pages = read_all(source)
    questions = {f"stackoverflow.com/q/{n}" for n in range(150)}
    assert {mention.id for mention in mentions} == questions | {f"stackoverflow.com/a/{1000 + n}" for n in range(100)}
    assert [page.complete_since for page in pages] == [None] * len(pages)
    assert len(server.requests) == len(pages) == 3
    assert server.requests[0].param("fromdate") == str(BASE)


def test_an_item_deleted_between_pages_hides_no_other(server: StackExchange, source: StackExchangeSource) -> None:
    resource = source.plan([ACME])[0]
    page = source.fetch(resource, WINDOW, None)
    seen = {mention.id for mention in page.mentions}
    server.items.remove(next(item for item in server.items if item.get("question_id") == 149))
    while not page.exhausted:
        page = source.fetch(resource, WINDOW, page.cursor)
        seen |= {mention.id for mention in page.mentions}
    assert len(seen) == 250


def test_a_second_with_more_items_than_the_api_gives_is_told_as_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sources.stackexchange._PAGES", 3)  # in the place of 25 pages of 100
    items = [question(n, BASE + 500) for n in range(360)] + [question(9000, BASE + 3)]
    with StackExchange(items) as server:
        source = source_for(server)
        mentions, pages = read_all(source)
        source.close()
    assert len({mention.id for mention in mentions}) == 301
    assert pages[-1].complete_since == from_epoch(BASE + 501)
    assert "one second" in (pages[-1].lost_reason or "")


def test_answers_and_comments_are_read_as_wanted(server: StackExchange) -> None:
    source = source_for(server, include_answers=False, include_comments=True)
    mentions, _ = read_all(source)
    source.close()
    kinds = list({mention.id: mention.kind for mention in mentions}.values())
    assert (kinds.count("question"), kinds.count("comment")) == (150, 7)
    assert [resource.brand for resource in source.plan([ACME])] == ["Acme", None]


def test_each_site_is_asked_and_its_ids_are_its_own(server: StackExchange) -> None:
    source = source_for(server, sites=("stackoverflow", "serverfault.com", "serverfault", "es.stackoverflow"))
    resources = source.plan([ACME])
    assert [resource.lane for resource in resources] == [
        "search:stackoverflow",
        "search:serverfault",
        "search:es.stackoverflow",
    ]
    ids = {source.fetch(resource, WINDOW, None).mentions[0].id.partition("/")[0] for resource in resources}
    assert ids == {"stackoverflow.com", "serverfault.com", "es.stackoverflow.com"}
    source.close()


def test_the_domain_of_a_site_follows_from_its_name() -> None:
    names = ["mathoverflow", "cooking", "meta.stackoverflow", "superuser.com", "cooking.meta", "ru.stackoverflow"]
    assert [domain_of(name) for name in names] == [
        "mathoverflow.net",
        "cooking.stackexchange.com",
        "meta.stackoverflow.com",
        "superuser.com",
        "cooking.meta.stackexchange.com",
        "ru.stackoverflow.com",
    ]


def test_every_field_of_a_question_arrives() -> None:
    body = '<p>It <b>leaks</b> &amp; I <a href="https://example.org/lid">asked</a>.</p><pre><code>a  b</code></pre>'
    item = question(5, 1_300_000_000, "Is &quot;Acme&quot;\n good?", body, view_count=9, last_edit_date=1_300_000_900)
    assert read_item(item, "serverfault.com") == Mention(
        source="stackexchange",
        id="serverfault.com/q/5",
        text="It leaks & I asked.\n\na b",
        title='Is "Acme" good?',
        published_at=from_epoch(1_300_000_000),
        url="https://serverfault.com/q/5",
        kind="question",
        author=Author(id="serverfault.com/users/7", handle="Ada & Co", name="Ada & Co"),
        engagement=Engagement(likes=3, replies=2, views=9),
        thread="serverfault.com/q/5",
        links=("https://example.org/lid",),
        hashtags=("kettles",),
        edited_at=from_epoch(1_300_000_900),
        extra={"site": "serverfault.com", "licence": "CC BY-SA 2.5"},
    )


def test_an_answer_names_its_question_and_a_comment_its_post() -> None:
    read = read_item(answer(6, BASE, to=5, link="https://serverfault.com/a/6/99"), "serverfault.com")
    assert (read.kind, read.title, read.reply_to, read.thread) == (
        "comment",
        None,
        "serverfault.com/q/5",
        "serverfault.com/q/5",
    )
    assert (read.engagement.likes, read.url) == (0, "https://serverfault.com/a/6/99")
    said = read_item(comment(7, BASE, on=6), "es.stackoverflow.com")
    assert (said.id, said.reply_to, said.language) == ("es.stackoverflow.com/c/7", "es.stackoverflow.com/posts/6", "es")
    assert said.url == "https://es.stackoverflow.com/posts/comments/7"
    assert said.text == "Acme is fine"


@pytest.mark.parametrize(
    ("told", "second", "licence"),
    [
        (None, BASE, "CC BY-SA 4.0"),
        (None, 1_400_000_000, "CC BY-SA 3.0"),
        ("CC BY-SA 3.0", BASE, "CC BY-SA 3.0"),
    ],
)
def test_each_mention_carries_its_licence(told: str | None, second: int, licence: str) -> None:
    assert read_item(question(1, second, content_license=told), "superuser.com").extra["licence"] == licence


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        ({}, "no id"),
        ({"question_id": 1}, "no time"),
        ({"question_id": 1, "creation_date": BASE}, "no text"),
        ({"item_type": "answer", "question_id": 1, "creation_date": BASE, "body": "x"}, "no id"),
    ],
)
def test_what_cannot_be_a_mention_is_counted_with_the_reason(item: dict[str, Any], reason: str) -> None:
    read = read_item(item, "superuser.com")
    assert isinstance(read, Skipped)
    assert reason in read.reason


def test_a_backoff_is_waited_for_before_the_method_is_asked_again(server: StackExchange) -> None:
    clock = FrozenClock(NOW)
    source = source_for(server, clock=clock, include_comments=True)
    search, comments = source.plan([ACME])
    server.backoff = 10
    page = source.fetch(search, WINDOW, None)
    assert len(page.mentions) == 100
    asked = len(server.requests)
    clock.advance(timedelta(seconds=11))
    with pytest.raises(RateLimitedError) as caught:
        source.fetch(search, WINDOW, page.cursor)
    assert caught.value.retry_at == NOW + timedelta(seconds=12)
    assert len(server.requests) == asked
    source.fetch(comments, WINDOW, None)  # another method need not wait
    clock.advance(timedelta(seconds=1))
    assert source.fetch(search, WINDOW, page.cursor).mentions
    source.close()


def test_the_last_request_of_a_day_ends_the_asking_until_midnight(server: StackExchange) -> None:
    clock = FrozenClock(NOW)
    source = source_for(server, clock=clock)
    resource = source.plan([ACME])[0]
    server.quota = 1
    cursor = source.fetch(resource, WINDOW, None).cursor
    with pytest.raises(UsageCappedError) as caught:
        source.fetch(resource, WINDOW, cursor)
    assert caught.value.until == datetime(2026, 11, 21, tzinfo=UTC)
    assert len(server.requests) == 1
    server.quota = 300
    clock.advance(timedelta(hours=12))
    assert source.fetch(resource, WINDOW, cursor).mentions
    source.close()


def test_a_violated_limit_names_when_to_come_back(server: StackExchange) -> None:
    source = source_for(server, clock=FrozenClock(NOW))
    server.quota = 0
    with pytest.raises(RateLimitedError, match="slow down") as caught:
        read_all(source)
    assert caught.value.retry_at == NOW + timedelta(seconds=82_216)
    assert len(server.requests) == 1
    source.close()


def test_a_key_is_sent_and_a_wrong_one_is_named_without_being_shown(
    server: StackExchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACME_KEY", KEY)
    source = source_for(server, key=Secret(env="ACME_KEY"))
    read_all(source)
    assert {request.param("key") for request in server.requests} == {KEY}
    server.is_wrong_key = True
    with pytest.raises(CredentialsError, match="ACME_KEY") as caught:
        source.check()
    assert KEY not in str(caught.value)
    source.close()


@pytest.fixture
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again without a pause."""
    monkeypatch.setattr(time, "sleep", lambda _: None)


FAULTS: list[tuple[dict[str, Any], type[SourceError], str]] = [
    ({"kind": "status", "status": 400, "body": json.dumps({"error_message": "q"})}, RejectedQueryError, "refused"),
    (
        {"kind": "status", "status": 400, "body": json.dumps({"error_message": TOO_MANY.format(9)})},
        RateLimitedError,
        "slow",
    ),
    ({"kind": "status", "status": 429, "headers": {"Retry-After": "60"}}, RateLimitedError, "rate limit"),
    ({"kind": "status", "status": 503, "body": "<html>"}, UnavailableError, "down or overloaded"),
    ({"kind": "reset"}, UnavailableError, "hung up"),
    ({"kind": "cut"}, UnavailableError, ""),
    ({"kind": "truncated_json"}, SourceError, ""),
    ({"kind": "html_instead_of_json"}, UnexpectedAnswerError, "web page"),
    ({"kind": "gzip_bomb"}, UnexpectedAnswerError, "larger than"),
    ({"kind": "status", "status": 200, "body": '{"items": {}}'}, UnexpectedAnswerError, "list of items is missing"),
    ({"kind": "empty_page"}, UnavailableError, "sent nothing"),
]


@pytest.mark.usefixtures("_hasty")
@pytest.mark.parametrize(("fault", "error", "sentence"), FAULTS)
def test_a_fault_is_its_error_in_one_sentence(
    server: StackExchange, source: StackExchangeSource, fault: dict[str, Any], error: type[SourceError], sentence: str
) -> None:
    server.fault(times=9, **fault)
    assert sentence in failure(source, error, [ACME], WINDOW)


def test_an_api_that_ignores_the_window_is_not_read_for_ever(
    server: StackExchange, source: StackExchangeSource
) -> None:
    body = {"items": [question(1, BASE + 90_000)], "has_more": True}
    server.fault("status", status=200, body=json.dumps(body))
    with pytest.raises(UnexpectedAnswerError, match="does not honour the window"):
        read_all(source)


@pytest.mark.parametrize("cursor", ["", "{}", "[1]", '["a", 0, null]', "null", "[1, 2, 3, 4]"])
def test_a_cursor_that_is_none_is_refused(source: StackExchangeSource, cursor: str) -> None:
    with pytest.raises(UnexpectedAnswerError, match="cursor"):
        source.fetch(source.plan([ACME])[0], WINDOW, cursor)


def test_a_site_that_is_none_is_told(server: StackExchange) -> None:
    with pytest.raises(UsageError, match=r"sources\.stackexchange\.sites"):
        source_for(server, sites=("a site",))
    source = source_for(server, sites=("nosuchsite",))
    with pytest.raises(RejectedQueryError, match="No site found"):
        source.check()
    source.close()


def test_a_check_says_how_many_requests_are_left(source: StackExchangeSource) -> None:
    assert source.check() == "stackoverflow answered without a key; 299 of 300 requests are left today"


@pytest.mark.usefixtures("_hasty")
@pytest.mark.parametrize("kind", ["slow_body", "hang"])
def test_an_api_that_does_not_get_done_is_left_at_the_deadline(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    short = Limits(total_seconds=0.3, read_seconds=0.2)
    monkeypatch.setattr("sources.stackexchange.Client", partial(Client, limits=short))
    with StackExchange([question(1, BASE)]) as slow, closing(source_for(slow)) as source:
        slow.fault(kind, times=9)
        with pytest.raises(UnavailableError, match="did not"):
            read_all(source)


def test_drifted_items_become_mentions_or_reasons_and_never_a_crash(
    server: StackExchange, source: StackExchangeSource
) -> None:
    dice = random.Random(8)
    values: list[Any] = [None, 1, -3.5, "x", [], {}, [1], {"a": 1}, True, 10**30, BASE]
    resource = source.plan([ACME])[0]
    read = skipped = 0
    for _ in range(8):
        items = []
        for number in range(40):
            item = dice.choice([question, answer, comment])(number, BASE + number)
            for _ in range(3):
                target = dice.choice([item, item["owner"]]) if isinstance(item.get("owner"), dict) else item
                target[dice.choice([*target, "more"])] = dice.choice(values)
            items.append(item)
        server.fault("status", status=200, body=json.dumps({"items": [*items, None, 5], "has_more": False}))
        page = source.fetch(resource, WINDOW, None)
        read, skipped = read + len(page.mentions), skipped + len(page.skipped)
    assert read > 100
    assert skipped > 10


WORDS = ("acme", "pie", "tea", "hp")
texts = st.lists(st.sampled_from([*WORDS, "Acme's", "#acme", "acme-pie", "HP."]), max_size=7).map(" ".join)


@settings(max_examples=some(60))
@given(trees(terms(st.sampled_from(WORDS))), texts, texts, st.lists(st.sampled_from(WORDS), max_size=2))
def test_what_is_asked_finds_every_question_that_matches(tree: Any, title: str, body: str, tags: list[str]) -> None:
    item = question(1, BASE, title, f"<p>{body}</p>", tags=tags)
    mention = read_item(item, "stackoverflow.com")
    if isinstance(mention, Skipped) or evaluate(tree, mention) is None:
        return
    try:
        natives = widest([native.text for native in compile_query(Query.of("Acme", tree), DIALECT)])
    except RejectedQueryError:
        return
    assert any(finds(native, item) for native in natives)


def test_a_recorded_question_is_read(shared: Path) -> None:
    [item] = json.loads((shared / "recorded" / "stackexchange" / "question_2014.json").read_text())["items"]
    read = read_item(item, "stackoverflow.com")
    assert not isinstance(read, Skipped)
    assert (read.id, read.kind, read.thread) == (
        f"stackoverflow.com/q/{item['question_id']}",
        "question",
        f"stackoverflow.com/q/{item['question_id']}",
    )
    assert read.published_at == from_epoch(item["creation_date"])
    assert read.edited_at == from_epoch(item["last_edit_date"])
    assert read.engagement == Engagement(likes=item["score"], replies=item["answer_count"], views=item["view_count"])
    assert (read.url, read.hashtags) == (item["link"], tuple(item["tags"]))
    assert read.author == Author(
        id=f"stackoverflow.com/users/{item['owner']['user_id']}",
        handle=item["owner"]["display_name"],
        name=item["owner"]["display_name"],
    )
    assert "&quot;" not in read.title
    assert read.extra["licence"] == "CC BY-SA 2.5"


BRAND = '[[brands]]\nname = "Acme"\nkeywords = ["acme"]\n'


def test_passes_go_on_where_the_last_one_stopped_and_after_two_days_away(tmp_path: Path) -> None:
    items = [question(n, int((NOW - timedelta(hours=n)).timestamp())) for n in range(1, 12)]
    with StackExchange(items) as server:
        site = Site(tmp_path, f'[sources.stackexchange]\nbase_url = "{server.url}"\n', brands=BRAND)
        assert site.collect(now=NOW).rows()["stackexchange"]["new"] == 11
        server.items += [question(100 + n, int((NOW + timedelta(hours=n)).timestamp())) for n in range(1, 48)]
        later = site.collect(now=NOW + timedelta(days=2)).rows()["stackexchange"]
    assert later["new"] == 47
    lag = timedelta(minutes=2)
    spans = [(int((NOW - timedelta(days=1)).timestamp()), int((NOW + timedelta(days=2) - lag).timestamp()))]
    assert site.rows("SELECT from_at, to_at FROM windows WHERE state = 'drained'") == spans


def test_a_day_without_quota_leaves_the_window_open_and_the_next_closes_it(tmp_path: Path) -> None:
    items = [question(n, int((NOW - timedelta(minutes=n)).timestamp())) for n in range(3, 160)]
    with StackExchange(items) as server:
        site = Site(tmp_path, f'[sources.stackexchange]\nbase_url = "{server.url}"\n', brands=BRAND)
        server.quota = 1
        ended = site.collect(now=NOW)
        assert ended.code == 3
        assert (ended.rows()["stackexchange"]["state"], ended.rows()["stackexchange"]["new"]) == ("capped", 100)
        assert {state for (state,) in site.rows("SELECT state FROM windows")} <= {"open", "budget"}
        server.quota = 300
        assert site.collect(now=NOW + timedelta(days=1)).rows()["stackexchange"]["new"] == 57
    assert {state for (state,) in site.rows("SELECT state FROM windows")} == {"drained"}
