"""Mastodon's timelines are read whole from several instances, each post once, those who refuse left out."""

from __future__ import annotations

import json
import random
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from listener.api import (
    Author,
    CredentialsError,
    Engagement,
    ForbiddenError,
    Mention,
    NotFoundError,
    Query,
    RateLimitedError,
    RejectedQueryError,
    Secret,
    Skipped,
    SourceError,
    UnavailableError,
    UnexpectedAnswerError,
    Window,
    from_epoch,
    parse_instant,
)
from listener.errors import UsageError
from listener.query import And, Hashtag, Not, Or, Phrase
from listener.testing import check_source
from servers.mastodon import Instance, account, status
from servers.reading import drained, failure
from sources.adapter import Limits
from sources.hashtags import hashtags_of
from sources.mastodon import MastodonOptions, MastodonSource
from sources.mastodon_statuses import read_status

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from listener.api import Page

BASE = 1_780_000_000
WINDOW = Window(since=from_epoch(BASE), until=from_epoch(BASE + 10_000))
ACME = Query.of("Acme", Hashtag("Acme"), ("Acme",))
TOKEN = "made-up-token"
QUICK = Limits(connect_seconds=2, read_seconds=0.5, total_seconds=1.0, body_bytes=1 << 20)


@pytest.fixture
def instance() -> Iterator[Instance]:
    statuses = [status(n, BASE + 60 * n) for n in range(100)]
    statuses += [status(900, BASE - 50), status(901, BASE + 20_000), status(902, BASE + 30, "Nothing of theirs")]
    statuses += [status(910 + n, BASE - 500 - n) for n in range(60)]
    with Instance(statuses, token=TOKEN) as running:
        yield running


@pytest.fixture
def source(instance: Instance) -> Iterator[MastodonSource]:
    made = source_for(instance)
    yield made
    made.close()


def source_for(*instances: Instance, token: str | None = None, tmp_path: Path | None = None) -> MastodonSource:
    secret = Secret()
    if token is not None:
        (tmp_path / "token").write_text(token)
        secret = Secret(file=str(tmp_path / "token"))
    options = MastodonOptions(instances=tuple(one.url for one in instances), access_token=secret)
    return MastodonSource(options, limits=QUICK)


def read_all(source: MastodonSource, *queries: Query, window: Window = WINDOW) -> tuple[list[Mention], list[Page]]:
    return drained(source, queries or [ACME], window)


def numbers(mentions: list[Mention]) -> set[int]:
    return {int(mention.id.rpartition("/")[2]) for mention in mentions}


def test_mastodon_keeps_the_promises_of_a_source(instance: Instance, tmp_path: Path) -> None:
    queries = [ACME, Query.of("Globex", Or((Phrase("globex"), Hashtag("globextea"))))]
    instance.statuses.append(status(950, BASE + 77, "Globex &amp; <b>co</b>: cafe\u0301 #globextea"))
    found = check_source(lambda: source_for(instance, token=TOKEN, tmp_path=tmp_path), queries, WINDOW)
    assert numbers(list(found)) == {*range(100), 950}


def test_a_window_is_read_whole_and_no_further_down(instance: Instance, source: MastodonSource) -> None:
    mentions, pages = read_all(source)
    assert numbers(mentions) == set(range(100))
    assert len(instance.requests) == 3
    assert [page.items for page in pages] == [40, 40, 40]
    assert all(page.complete_since is None for page in pages)


def test_two_days_are_caught_up_with_in_one_window() -> None:
    statuses = [status(n, BASE + 1000 * n) for n in range(170)]
    with Instance(statuses) as instance:
        source = source_for(instance)
        mentions, _ = read_all(source, window=Window(since=from_epoch(BASE), until=from_epoch(BASE + 172_800)))
        source.close()
    assert numbers(mentions) == set(range(170))


def test_a_post_that_comes_in_meanwhile_hides_no_other(instance: Instance, source: MastodonSource) -> None:
    resource = source.plan([ACME])[0]
    page = source.fetch(resource, WINDOW, None)
    seen = list(page.mentions)
    instance.statuses += [status(2000 + n, BASE + 9_000 + n) for n in range(50)]
    while not page.exhausted:
        page = source.fetch(resource, WINDOW, page.cursor)
        seen += page.mentions
    assert set(range(100)) <= numbers(seen)


def test_one_old_post_among_new_ones_does_not_end_the_reading(instance: Instance, source: MastodonSource) -> None:
    late = status(39, BASE + 60 * 60, created_at="2026-01-01T00:00:00.000Z")
    instance.statuses[60] = late
    mentions, _ = read_all(source)
    assert numbers(mentions) == set(range(100)) - {60}


def test_a_post_that_two_instances_show_is_one_mention() -> None:
    ours, theirs = status(1, BASE + 5), status(1, BASE + 5, favourites_count=9)
    theirs |= {"id": "4711", "account": account("ada@home.example")}
    with Instance([ours]) as first, Instance([theirs]) as second:
        source = source_for(first, second)
        mentions, _ = read_all(source)
        source.close()
    assert {mention.key for mention in mentions} == {("mastodon", ours["uri"])}
    assert {mention.author.id for mention in mentions} == {"https://home.example/users/ada"}


def test_the_timeline_of_each_hashtag_on_each_instance_is_a_resource(instance: Instance) -> None:
    with Instance([]) as other:
        source = source_for(instance, other)
        queries = [ACME, Query.of("Rival", Or((Hashtag("acme"), Phrase("Globex Tea"))))]
        resources = source.plan(queries)
        source.close()
        hosts = [one.url.partition("//")[2] for one in (instance, other)]
        assert [r.lane for r in resources] == [f"tag:{h}/{tag}" for h in hosts for tag in ("acme", "globextea")]
    assert [r.brand for r in resources] == [None, "Rival"] * 2
    assert len({r.key for r in resources}) == 4


@pytest.mark.parametrize(
    ("tree", "tags"),
    [
        (Phrase("Acme Rockets"), ("acmerockets",)),
        (Or((Phrase("Acme"), Hashtag("ACME"), Phrase("Café"), Phrase("C++"), Phrase("1984"))), ("acme", "café")),
        (And((Or((Phrase("rocket"), Phrase("launch"))), Phrase("Acme"), Not(Phrase("thread")))), ("acme",)),
        (And((Phrase("tea"), Phrase("kettle"))), ("tea",)),
        (Not(Phrase("acme")), ()),
        (Phrase("एक्मे"), ("एक्मे",)),
        (Or((Phrase("アクメ・ティー"), Phrase("Acme\u200e"))), ("アクメティー", "acme")),
    ],
)
def test_hashtags_are_made_of_what_names_the_brand(tree: Any, tags: tuple[str, ...]) -> None:
    assert hashtags_of(Query.of("Acme", tree, ("Acme",))) == tags


def test_a_query_without_a_hashtag_is_refused_in_one_sentence(source: MastodonSource) -> None:
    with pytest.raises(RejectedQueryError, match="query of C: no word of it can be a hashtag; give the brand"):
        source.plan([Query.of("C", Phrase("C++"))])


def test_full_text_is_searched_where_there_is_a_token(instance: Instance, tmp_path: Path) -> None:
    instance.statuses = [status(1, BASE + 9, "a kettle of Globex"), status(2, BASE + 8, "tea")]
    with Instance([]) as other:
        source = source_for(instance, other, token=TOKEN, tmp_path=tmp_path)
        mentions, _ = read_all(source, Query.of("Globex", Phrase("Globex")))
        assert "made-up" not in source.check()
        source.close()
        assert not any("authorization" in request.headers for request in other.requests)
    assert numbers(mentions) == {1}
    assert {request.path for request in instance.requests if "authorization" in request.headers} == {
        "/api/v2/search",
        "/api/v1/accounts/verify_credentials",
    }


def test_every_field_of_a_status_arrives() -> None:
    given = status(
        5,
        BASE + 5,
        "The lid of #Acme leaks<br>badly &lt;3",
        spoiler_text="kettles",
        edited_at="2026-06-01T00:00:00.000Z",
        in_reply_to_id="99",
        quote={"state": "accepted", "quoted_status": {"uri": "https://far.example/s/1"}},
        card={"url": "https://news.example/kettles"},
        media_attachments=[{"id": "1"}],
    )
    read = read_status(given, "home.example")
    assert read == Mention(
        source="mastodon",
        id="https://home.example/users/ada/statuses/5",
        text="The lid of #Acme leaks\nbadly <3",
        title="kettles",
        published_at=from_epoch(BASE + 5),
        url="https://home.example/@ada/5",
        author=Author(id="https://home.example/users/ada", handle="ada@home.example", name="Ada", followers=12),
        language="en",
        engagement=Engagement(likes=3, reposts=2, replies=1),
        reply_to="home.example:99",
        quote_of="https://far.example/s/1",
        links=("https://news.example/kettles",),
        hashtags=("acme",),
        has_media=True,
        edited_at=parse_instant("2026-06-01T00:00:00Z"),
        extra={"local": f"home.example:{given['id']}"},
    )


QUOTED = '<a href="https://far.example/@acme/1"><span class="invisible">https://</span>far.example/@acme/1</a>'


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (f'<p class="quote-inline">RE: {QUOTED}</p><p>Still leaks.</p>', "Still leaks."),
        (f'<p>Still leaks.<span class="quote-inline"><br/><br/>RE: {QUOTED}</span></p>', "Still leaks."),
        (f'Still leaks.<span class="quote-inline"><br>RE: {QUOTED}</span>', "Still leaks."),
        (f"<p>RE: {QUOTED}</p>", "RE: https://far.example/@acme/1"),
        ('<p>Still</p><p class="quote-inline">RE:', "Still\n\nRE:"),
    ],
)
def test_the_line_that_stands_in_for_a_quote_is_not_its_authors(content: str, text: str) -> None:
    quote = {"state": "accepted", "quoted_status": {"uri": "https://far.example/s/1"}}
    assert read_status(status(1, BASE, content=content, quote=quote), "home.example").text == text
    assert "RE:" in read_status(status(1, BASE, content=content), "home.example").text


def test_a_boost_repeats_its_original_and_has_no_counts_of_its_own() -> None:
    original = status(1, BASE, "Acme!", account=account("bob@far.example"))
    read = read_status(status(2, BASE + 5, "", reblog=original), "home.example")
    assert (read.text, read.repost_of, read.engagement) == ("Acme!", original["uri"], Engagement())


@pytest.mark.parametrize(
    "failure",
    [
        {"account": account(indexable=False)},
        {"account": account(discoverable=False)},
        {"account": account(noindex=True)},
        {"account": account(note='<p>hi <a href="/tags/nobot">#<span>NoBot</span></a></p>')},
        {"account": account(fields=[{"name": "bots", "value": "#nobots please"}])},
        {"visibility": "private"},
        {"visibility": "direct"},
        {"reblog": status(1, BASE, account=account(indexable=False))},
    ],
)
def test_who_asks_not_to_be_indexed_is_left_out_and_counted(failure: dict[str, Any]) -> None:
    read = read_status(status(5, BASE + 5, **failure), "home.example")
    assert read == Skipped(id="https://home.example/users/ada/statuses/5", reason="author asks not to be indexed")


@pytest.mark.parametrize("open_to_us", [{"visibility": "unlisted"}, {"account": {"acct": "ada", "indexable": None}}])
def test_who_has_not_refused_is_read(open_to_us: dict[str, Any]) -> None:
    assert isinstance(read_status(status(5, BASE + 5, **open_to_us), "home.example"), Mention)


@pytest.mark.parametrize(
    ("change", "reason"), [({"uri": None}, "has no uri"), ({"created_at": "yesterday"}, "has no time")]
)
def test_a_status_that_cannot_be_placed_is_counted(change: dict[str, Any], reason: str) -> None:
    read = read_status(status(5, BASE, **change), "home.example")
    assert isinstance(read, Skipped)
    assert reason in read.reason


@pytest.mark.parametrize(
    ("fault", "error", "sentence"),
    [
        ({"kind": "status", "status": 403}, ForbiddenError, "answered 403: this may not be read"),
        ({"kind": "status", "status": 404}, NotFoundError, "answered 404"),
        ({"kind": "status", "status": 410}, NotFoundError, "gone for good"),
        ({"kind": "status", "status": 422, "body": '{"error": "no such tag"}'}, RejectedQueryError, "no such tag"),
        ({"kind": "status", "status": 500}, UnavailableError, "down or overloaded"),
        ({"kind": "status", "status": 503}, UnavailableError, "down or overloaded"),
        (
            {"kind": "status", "status": 301, "headers": {"Location": "https://example.org/"}},
            UnexpectedAnswerError,
            "write the address it leads to",
        ),
        ({"kind": "reset"}, UnavailableError, "next pass tries again"),
        ({"kind": "cut"}, UnavailableError, "next pass tries again"),
        ({"kind": "hang"}, UnavailableError, "did not answer in time"),
        ({"kind": "slow_body"}, UnavailableError, "took longer than 1 s"),
        ({"kind": "truncated_json"}, UnavailableError, "cut short"),
        ({"kind": "html_instead_of_json"}, UnexpectedAnswerError, "web page where JSON is documented"),
        ({"kind": "huge", "size": 4 << 20}, UnavailableError, "1024 KiB"),
        ({"kind": "gzip_bomb", "size": 4 << 20}, UnavailableError, "1024 KiB"),
        ({"kind": "status", "status": 200, "body": '{"a": 1}'}, UnexpectedAnswerError, "not a list of statuses"),
        ({"kind": "status", "status": 200, "body": '[{"uri": "x"}]'}, UnexpectedAnswerError, "without ids"),
    ],
)
def test_a_fault_is_its_error_in_one_sentence(
    instance: Instance, source: MastodonSource, fault: dict[str, Any], error: type[SourceError], sentence: str
) -> None:
    instance.fault(times=9, **fault)
    assert sentence in failure(source, error, [ACME], WINDOW)


def test_a_limit_is_waited_for_by_its_iso_time_and_not_here(instance: Instance, source: MastodonSource) -> None:
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "2020-01-01T00:05:00.976542Z"}
    instance.fault("status", status=429, headers=headers, body='{"error": "Too many requests"}')
    with pytest.raises(RateLimitedError, match="rate limit is reached") as caught:
        read_all(source)
    assert caught.value.retry_at is not None
    assert caught.value.retry_at >= parse_instant("2020-01-01T00:05:00Z")


def test_an_instance_that_wants_to_be_left_alone_is_asked_for_no_other_hashtag(
    instance: Instance, source: MastodonSource
) -> None:
    instance.fault("status", status=429, headers={"Retry-After": "600"}, body='{"error": "Too many requests"}')
    for _ in range(2):
        with pytest.raises(RateLimitedError, match="rate limit is reached"):
            read_all(source)
    assert len(instance.requests) == 1


def test_a_reset_header_that_cannot_be_read_spoils_no_good_answer(instance: Instance, source: MastodonSource) -> None:
    instance.reset = "soon"
    assert len(read_all(source)[0]) == 100


def test_a_wrong_token_is_told_with_its_place_kept_to_itself(instance: Instance, tmp_path: Path) -> None:
    source = source_for(instance, token="another", tmp_path=tmp_path)
    resource = source.plan([ACME])[-1]
    with pytest.raises(CredentialsError, match="credentials are missing or refused") as caught:
        source.fetch(resource, WINDOW, None)
    assert "another" not in str(caught.value)
    source.close()


@pytest.mark.parametrize(
    ("access", "sentence"), [("authenticated", "own users only"), ("disabled", "switched off its hashtag timelines")]
)
def test_a_feed_that_is_not_open_is_no_empty_feed(instance: Instance, access: str, sentence: str) -> None:
    instance.access = access
    source = source_for(instance)
    with pytest.raises(NotFoundError, match=sentence):
        read_all(source)
    source.close()


@pytest.mark.parametrize("access", ["public", None])
def test_a_hashtag_nobody_uses_is_an_exhausted_empty_page(instance: Instance, access: str | None) -> None:
    instance.access = access
    source = source_for(instance)
    mentions, pages = read_all(source, Query.of("Globex", Hashtag("globex")))
    source.close()
    assert (mentions, len(pages), pages[0].items, pages[0].exhausted) == ([], 1, 0, True)


def test_a_cursor_that_is_none_of_ours_is_refused(source: MastodonSource) -> None:
    with pytest.raises(UnexpectedAnswerError, match="cursor of this window cannot be read"):
        source.fetch(source.plan([ACME])[0], WINDOW, "[1]")


def test_an_instance_that_ignores_where_to_go_on_is_not_read_for_ever(
    instance: Instance, source: MastodonSource
) -> None:
    resource = source.plan([ACME])[0]
    page = source.fetch(resource, WINDOW, None)
    low = status(1, BASE + 9_000)
    instance.fault("status", status=200, body=json.dumps([low] * 4))
    with pytest.raises(UnexpectedAnswerError, match="again and again"):
        source.fetch(resource, WINDOW, page.cursor)


@pytest.mark.parametrize("instance_name", ["http://social.example", "social.example/?a=b", ""])
def test_an_instance_that_cannot_be_one_is_told(instance_name: str) -> None:
    with pytest.raises(UsageError, match=r"sources\.mastodon\.instances"):
        MastodonSource(MastodonOptions(instances=(instance_name,)))


def test_check_names_each_instance(source: MastodonSource) -> None:
    assert source.check() == "127.0.0.1 answers (4.5.0)"


def test_drifted_statuses_become_mentions_or_reasons_and_never_a_crash(
    source: MastodonSource, instance: Instance
) -> None:
    dice = random.Random(8)
    values = [None, 1, -3.5, "x", [], {}, [1], {"a": 1}, True, "2026-13-99", "\ud800", 10**30]
    drifted = []
    for number in range(150):
        one = status(number, BASE + number)
        for _ in range(3):
            target = dice.choice([one, one, one["account"]]) if isinstance(one.get("account"), dict) else one
            target[dice.choice(["more", *(key for key in target if key != "id")])] = dice.choice(values)
        one["mentions"], one["card"] = [{"url": dice.choice(values)}], {"url": dice.choice(values)}
        one["unknown"] = dice.choice(values)
        drifted.append(one)
    resource = source.plan([ACME])[0]
    pages = []
    for start in range(0, len(drifted), 30):
        instance.fault("status", status=200, body=json.dumps(drifted[start : start + 30]))
        pages.append(source.fetch(resource, WINDOW, None))
    assert sum(len(page.mentions) for page in pages) > 50
    assert sum(len(page.skipped) for page in pages) > 10


def test_recorded_timelines_are_read_field_by_field(shared: Path) -> None:
    bodies = [json.loads(file.read_bytes()) for file in sorted((shared / "recorded" / "mastodon").glob("*.json"))]
    found = [one for body in bodies for one in (body if isinstance(body, list) else [body])]
    statuses = [one for one in found if isinstance(one, dict) and "uri" in one and "content" in one]
    assert len(statuses) > 50
    read = [read_status(one, "localhost") for one in statuses]
    pairs = [(one, got) for one, got in zip(statuses, read, strict=True) if isinstance(got, Mention)]
    assert len(pairs) > 20
    for given, got in pairs:
        assert got.id == given["uri"]
        assert got.published_at == parse_instant(given["created_at"])
        assert "<p>" not in got.text
        assert "@" in got.author.handle
        assert got.language == given["language"]
        assert len(got.hashtags) == len({tag["name"] for tag in (given.get("reblog") or given)["tags"]})
        if not given.get("reblog"):
            assert got.engagement.likes == given["favourites_count"]
    refused = [one for one, got in zip(statuses, read, strict=True) if isinstance(got, Skipped)]
    for given in refused:
        about = [given["account"], (given.get("reblog") or given)["account"]]
        no = any(a.get("indexable") is False or a.get("discoverable") is False or a.get("noindex") for a in about)
        assert no or given["visibility"] not in {"public", "unlisted"}


def test_every_second_of_the_window_is_covered_where_it_begins_before_the_timeline(source: MastodonSource) -> None:
    window = Window(since=WINDOW.since - timedelta(days=30), until=WINDOW.until)
    _, pages = read_all(source, window=window)
    assert pages[-1].exhausted
    assert pages[-1].items == 0
