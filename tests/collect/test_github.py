"""GitHub's searches are read whole in spans that fit, within its limits, and every item is a mention or a reason."""

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
    ForbiddenError,
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
    Window,
    compile_query,
    from_epoch,
)
from listener.query import Or, Phrase
from listener.query.evaluate import evaluate
from listener.testing import FrozenClock, check_source
from query.expressions import terms, trees
from running.site import Site
from servers.github import TOKEN, GitHub, discussion, finds, issue, stamp
from servers.reading import drained, failure
from sources.alternatives import widest
from sources.github import DIALECT, GitHubOptions, GitHubSource
from sources.github_items import read_discussion, read_issue
from sources.markdown import addresses_in, links_of_markdown, text_of_markdown
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
def server() -> Iterator[GitHub]:
    issues = [issue(n, BASE + 30 * n) for n in range(120)] + [issue(200 + n, BASE + 9 * n, pull=True) for n in range(7)]
    issues += [issue(300, BASE - 1), issue(301, BASE + 10_000), issue(302, BASE + 5, "Globex", "Acmes")]
    with GitHub(issues, [discussion(n, BASE + 10 * n) for n in range(130)]) as running:
        yield running


@pytest.fixture
def token(monkeypatch: pytest.MonkeyPatch) -> Secret:
    monkeypatch.setenv("ACME_GITHUB", TOKEN)
    return Secret(env="ACME_GITHUB")


@pytest.fixture
def source(server: GitHub) -> Iterator[GitHubSource]:
    made = source_for(server)
    yield made
    made.close()


def source_for(server: GitHub, *, clock: FrozenClock | None = None, **options: Any) -> GitHubSource:
    table = {"token": Secret(), "base_url": server.url, **options}
    return GitHubSource(GitHubOptions(**table), **({"now": clock} if clock else {}))


def read_all(source: GitHubSource, query: Query = ACME) -> tuple[list[Mention], list[Page]]:
    return drained(source, [query], WINDOW)


def test_github_keeps_the_promises_of_a_source(server: GitHub, token: Secret) -> None:
    queries = [ACME, Query.of("Globex", Or((Phrase("globex tea"), Phrase("globex"))))]
    server.issues.append(
        issue(400, BASE + 77, "Globex\u202e: cafe\u0301 <3", "a <b>kettle</b><br>\r\ncaf<i></i>e\u0301")
    )
    found = check_source(lambda: source_for(server, token=token), queries, WINDOW)
    assert len({mention.id for mention in found}) == 120 + 7 + 130 + 2


def test_a_window_is_read_whole_and_no_further(server: GitHub, source: GitHubSource) -> None:
    mentions, pages = read_all(source)
    assert {mention.id for mention in mentions} == {
        *(f"issue/{70_000 + n}" for n in range(120)),
        *(f"issue/{70_200 + n}" for n in range(7)),
    }
    assert [page.items for page in pages] == [100, 21, 7]
    assert server.requests[0].param("q") == (
        f"acme in:title,body is:issue created:{stamp(BASE)}..{stamp(BASE + 9_999)}"
    )


def test_discussions_are_read_where_there_is_a_token(server: GitHub, token: Secret) -> None:
    source = source_for(server, token=token, include_pull_requests=False)
    assert [resource.lane for resource in source.plan([ACME])] == ["search:issues", "search:discussions"]
    mentions, _ = read_all(source)
    source.close()
    assert len({mention.id for mention in mentions if mention.extra["type"] == "discussion"}) == 130


def test_more_results_than_a_search_gives_out_are_read_in_halves_of_the_window() -> None:
    items = [issue(n, BASE + 4 * n) for n in range(2300)]
    with GitHub(items) as server:
        source = source_for(server, include_pull_requests=False)
        mentions, pages = read_all(source)
        source.close()
    assert len({mention.id for mention in mentions}) == 2300
    assert pages[-1].complete_since is None
    assert all(int(request.param("page")) <= 10 for request in server.requests)


@pytest.mark.parametrize("kind", ["issues", "discussions"])
def test_what_is_taken_away_between_two_pages_moves_nothing_past_the_reader(kind: str, token: Secret) -> None:
    items = [issue(n, BASE + 30 * n) for n in range(150)]
    discussions = [discussion(n, BASE + 30 * n) for n in range(150)]
    with GitHub(items, discussions) as server:
        source = source_for(server, token=token, include_pull_requests=False)
        (resource,) = (one for one in source.plan([ACME]) if one.lane == f"search:{kind}")
        first = source.fetch(resource, WINDOW, None)
        del items[-40:], discussions[-40:]
        server.issues, server.discussions = items, discussions
        second = source.fetch(resource, WINDOW, first.cursor)
        source.close()
    assert second.exhausted
    assert len({mention.id for mention in (*first.mentions, *second.mentions)}) == 150


def test_a_minute_with_more_than_a_search_gives_out_is_read_by_its_seconds() -> None:
    items = [issue(n, BASE + 500 + n // 60) for n in range(1150)]
    with GitHub(items) as server:
        source = source_for(server, include_pull_requests=False)
        mentions, pages = read_all(source)
        source.close()
    assert len({mention.id for mention in mentions}) == 1150
    assert pages[-1].complete_since is None


def test_a_second_with_more_than_a_search_gives_out_is_told_as_lost() -> None:
    items = [issue(n, BASE + 500) for n in range(1150)] + [issue(5000, BASE + 2)]
    with GitHub(items) as server:
        source = source_for(server, include_pull_requests=False)
        mentions, pages = read_all(source)
        source.close()
    assert len({mention.id for mention in mentions}) == 1001
    since = pages[-1].complete_since
    assert since is not None
    assert since == from_epoch(BASE + 501)
    assert pages[-1].lost_reason == "more than 1000 items in one second"


def test_a_search_that_runs_out_of_time_is_asked_for_shorter_spans(server: GitHub, source: GitHubSource) -> None:
    server.slow_spans = 2_000
    mentions, _ = read_all(source)
    assert len({mention.id for mention in mentions}) == 127
    server.slow_spans = 1
    with pytest.raises(UnavailableError, match="ran out of time"):
        read_all(source)


def test_what_bots_write_is_counted_and_left_out_unless_wanted(server: GitHub) -> None:
    server.issues[:] = [issue(1, BASE, pull=True, user={"login": "bumper[bot]", "id": 1, "type": "Bot"})]
    source = source_for(server)
    mentions, pages = read_all(source)
    source.close()
    assert mentions == []
    assert [skipped.reason for page in pages for skipped in page.skipped] == ["written by a bot"]
    source = source_for(server, include_bots=True)
    assert len(read_all(source)[0]) == 1
    source.close()


def test_every_field_of_an_issue_arrives() -> None:
    body = (
        "<!-- Fill in the form. -->\r\nIt [leaks](https://example.org/leak) <br>see https://example.org/b.\r\n\r\n\r\n"
        "\r\n<details>if a < b: List</details> ![lid](https://example.org/lid.png)"
    )
    assert read_issue(issue(5, BASE, "My Acme\nkettle", body), with_bots=False) == Mention(
        source="github",
        id="issue/70005",
        text="It leaks \nsee https://example.org/b.\n\nif a < b: List\n lid",
        title="My Acme kettle",
        published_at=from_epoch(BASE),
        url="https://github.com/acme/kettle/issues/5",
        author=Author(id="7", handle="ada"),
        engagement=Engagement(likes=4, replies=2),
        thread="issue/70005",
        links=("https://example.org/leak", "https://example.org/lid.png", "https://example.org/b"),
        extra={"type": "issue", "repository": "acme/kettle", "state": "open", "labels": ["bug"]},
    )


def test_every_field_of_a_discussion_arrives() -> None:
    item = discussion(6, BASE, lastEditedAt=stamp(BASE + 60))
    assert read_discussion(item, with_bots=False) == Mention(
        source="github",
        id="discussion/90006",
        text="Tell me.",
        title="How is Acme?",
        published_at=from_epoch(BASE),
        url="https://github.com/acme/kettle/discussions/6",
        author=Author(id="8", handle="bob"),
        engagement=Engagement(likes=0, replies=1),
        thread="discussion/90006",
        edited_at=from_epoch(BASE + 60),
        extra={"type": "discussion", "repository": "acme/kettle"},
    )


@pytest.mark.parametrize("user", [None, {"login": "ghost", "id": 10137}, {}])
def test_an_account_that_is_gone_is_nobody(user: object) -> None:
    assert read_issue(issue(1, BASE, user=user), with_bots=False).author is None


def test_what_markdown_names_is_there_and_what_it_shields_is_bare() -> None:
    assert text_of_markdown("R&amp;D of Caf&eacute; &#x200B; &lt;lid&gt; ?a=1&copy=2 &unknown;") == (
        "R&D of Café \u200b <lid> ?a=1&copy=2 &unknown;"
    )
    assert links_of_markdown(
        "[a](https://example.org/Lid_(jar)) https://example.org/Lid_(pot), (https://example.org/x\\_y) "
        "[b](https://example.org/Lid_\\(can\\)) https://example.org/?a=1&amp;b=2"
    ) == [
        "https://example.org/Lid_(jar)",
        "https://example.org/Lid_(can)",
        "https://example.org/Lid_(pot)",
        "https://example.org/x_y",
        "https://example.org/?a=1&b=2",
    ]


def test_of_a_picture_that_is_a_link_the_words_stay() -> None:
    badge = "[![Lid](https://example.org/lid.svg)](https://example.org/lid) of Acme"
    assert text_of_markdown(badge) == "Lid of Acme"
    assert links_of_markdown(badge) == ["https://example.org/lid.svg", "https://example.org/lid"]


def test_words_in_cells_and_headings_of_markup_stay_apart() -> None:
    markup = "<table><tr><td>Acme</td><td>1.0</td></tr></table><details><summary>Log</summary>lid</details>"
    assert text_of_markdown(markup).split() == ["Acme", "1.0", "Log", "lid"]


def test_an_address_ends_where_its_text_goes_on() -> None:
    text = "👉https://example.org/a. (https://example.org/b_(c)), 「https://example.org/d」、https://example.org/e。"
    assert addresses_in(text) == [f"https://example.org/{page}" for page in ("a", "b_(c)", "d", "e")]


def test_markdown_is_read_in_time_that_grows_with_its_length() -> None:
    for hostile in (
        *("[" * 90_000, "<a " * 30_000, "<!--" * 20_000, "\n " * 50_000, "[x](" * 20_000, "&" * 90_000),
        *("[x](a" * 20_000, "[x](" + "a(b" * 30_000, "[x](" + "(a)" * 30_000, "https://a" + "(b" * 40_000),
    ):
        assert len(text_of_markdown(hostile)) <= len(hostile)
        links_of_markdown(hostile)


def test_the_searches_of_a_minute_are_not_overdrawn(server: GitHub) -> None:
    server.left, server.resets_at = 1, int(NOW.timestamp()) + 42
    source = source_for(server, clock=FrozenClock(NOW))
    resource = source.plan([ACME])[0]
    cursor = source.fetch(resource, WINDOW, None).cursor
    with pytest.raises(RateLimitedError) as caught:
        source.fetch(resource, WINDOW, cursor)
    assert caught.value.retry_at == NOW + timedelta(seconds=42)
    assert len(server.requests) == 1
    source.close()


def test_a_secondary_limit_without_a_time_is_waited_for_twice_as_long_each_time(server: GitHub) -> None:
    source = source_for(server, clock=FrozenClock(NOW))
    words = '{"message": "You have exceeded a secondary rate limit."}'
    server.fault("status", times=3, status=403, body=words, headers={"X-RateLimit-Remaining": "7"})
    waits = []
    for _ in range(3):
        with pytest.raises(RateLimitedError) as caught:
            read_all(source)
        waits.append(caught.value.retry_at - NOW)
    assert waits == [timedelta(minutes=1), timedelta(minutes=2), timedelta(minutes=4)]
    read_all(source)
    source.close()


def test_a_wrong_token_is_named_without_being_shown(server: GitHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACME_GITHUB", "wrong-github-token")
    source = source_for(server, token=Secret(env="ACME_GITHUB"))
    for resource in source.plan([ACME]):
        with pytest.raises(CredentialsError) as caught:
            source.fetch(resource, WINDOW, None)
        assert "wrong-github-token" not in str(caught.value)
    monkeypatch.setenv("ACME_GITHUB", "two words")
    with pytest.raises(CredentialsError, match="ACME_GITHUB"):
        source.check()
    source.close()


@pytest.fixture
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again without a pause."""
    monkeypatch.setattr(time, "sleep", lambda _: None)


FAULTS: list[tuple[dict[str, Any], type[SourceError], str]] = [
    ({"kind": "status", "status": 422, "body": '{"message": "Validation Failed"}'}, RejectedQueryError, "Validation"),
    ({"kind": "status", "status": 403, "body": '{"message": "no"}'}, ForbiddenError, "may not be read"),
    ({"kind": "status", "status": 403, "headers": {"Retry-After": "60"}}, RateLimitedError, "rate limit"),
    ({"kind": "status", "status": 429}, RateLimitedError, "rate limit"),
    ({"kind": "status", "status": 503}, UnavailableError, "down or overloaded"),
    ({"kind": "cut"}, UnavailableError, ""),
    ({"kind": "html_instead_of_json"}, UnexpectedAnswerError, "web page"),
    ({"kind": "status", "status": 200, "body": '{"items": {}}'}, UnexpectedAnswerError, "are missing"),
    ({"kind": "empty_page"}, UnavailableError, "sent none"),
]


@pytest.mark.usefixtures("_hasty")
@pytest.mark.parametrize(("fault", "error", "sentence"), FAULTS)
def test_a_fault_is_its_error_in_one_sentence(
    server: GitHub, source: GitHubSource, fault: dict[str, Any], error: type[SourceError], sentence: str
) -> None:
    server.fault(times=9, **fault)
    assert sentence in failure(source, error, [ACME], WINDOW)


@pytest.mark.parametrize(
    ("errors", "error", "sentence"),
    [
        ([{"type": "RATE_LIMITED", "message": "API rate limit exceeded"}], RateLimitedError, "rate limit"),
        ([{"type": "FORBIDDEN", "message": "no\nway"}], RejectedQueryError, "no way"),
        ([], UnexpectedAnswerError, "discussions or their number"),
    ],
)
def test_a_refusal_inside_an_answer_is_its_error(
    server: GitHub, token: Secret, errors: list[Any], error: type[SourceError], sentence: str
) -> None:
    source = source_for(server, token=token)
    server.fault("status", status=200, body=json.dumps({"errors": errors, "data": None}))
    with pytest.raises(error, match=sentence):
        source.fetch(source.plan([ACME])[2], WINDOW, None)
    source.close()


@pytest.mark.parametrize("cursor", ["", "{}", "[1]", '["a", 0, "", null]', "null", "[1, 2, 3, 4, 5]"])
def test_a_cursor_that_is_none_is_refused(source: GitHubSource, cursor: str) -> None:
    with pytest.raises(UnexpectedAnswerError, match="cursor"):
        source.fetch(source.plan([ACME])[0], WINDOW, cursor)


def test_a_check_says_how_many_searches_are_left(server: GitHub, source: GitHubSource, token: Secret) -> None:
    assert source.check() == "answers without a token; 9 of 10 searches are left in this minute"
    other = source_for(server, token=token)
    assert other.check() == "answers with a token; 29 of 30 searches are left in this minute"
    other.close()


@pytest.mark.usefixtures("_hasty")
@pytest.mark.parametrize("kind", ["slow_body", "hang"])
def test_a_search_that_does_not_get_done_is_left_at_the_deadline(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    short = Limits(total_seconds=0.3, read_seconds=0.2)
    monkeypatch.setattr("sources.github.Client", partial(Client, limits=short))
    with GitHub([issue(1, BASE)]) as slow, closing(source_for(slow)) as source:
        slow.fault(kind, times=9)
        with pytest.raises(UnavailableError, match="did not"):
            read_all(source)


def test_drifted_items_become_mentions_or_reasons_and_never_a_crash(server: GitHub, source: GitHubSource) -> None:
    dice = random.Random(8)
    values: list[Any] = [None, 1, -3.5, "x", [], {}, [1], {"a": 1}, True, 10**30, stamp(BASE)]
    resource = source.plan([ACME])[0]
    read = skipped = 0
    for _ in range(8):
        items = [issue(number, BASE + number) for number in range(40)]
        for item in items:
            for _ in range(3):
                target = item["user"] if isinstance(item.get("user"), dict) and dice.random() < 0.3 else item
                target[dice.choice([*target, "more"])] = dice.choice(values)
        server.fault("status", status=200, body=json.dumps({"items": [*items, None, 5], "total_count": 42}))
        page = source.fetch(resource, WINDOW, None)
        read, skipped = read + len(page.mentions), skipped + len(page.skipped)
    assert read > 100
    assert skipped > 10


WORDS = ("acme", "pie", "tea", "hp")
texts = st.lists(st.sampled_from([*WORDS, "Acme's", "#acme", "acme-pie", "HP."]), max_size=7).map(" ".join)


@settings(max_examples=some(60))
@given(trees(terms(st.sampled_from(WORDS))), texts, texts)
def test_what_is_asked_finds_every_issue_that_matches(tree: Any, title: str, body: str) -> None:
    item = issue(1, BASE, title, body)
    mention = read_issue(item, with_bots=False)
    if isinstance(mention, Skipped) or evaluate(tree, mention) is None:
        return
    try:
        natives = widest([native.text for native in compile_query(Query.of("Acme", tree), DIALECT)])
    except RejectedQueryError:
        return
    span = f"created:{stamp(BASE)}..{stamp(BASE)}"
    assert any(finds(f"{native} in:title,body is:issue {span}", item, "created_at") for native in natives)


def test_recorded_answers_are_read_field_by_field(shared: Path) -> None:
    folder = shared / "recorded" / "github"
    items = json.loads((folder / "octokit_Search__search_issues_searches_issues_0.json").read_text())["items"]
    items += json.loads((folder / "g2s_issues.json").read_text())
    items += json.loads((folder / "octokit_Issues__list_issues_returns_issues_for_a_repository_0.json").read_text())
    assert len(items) > 30
    for item in items:
        read = read_issue(item, with_bots=True)
        assert not isinstance(read, Skipped)
        assert (read.id, read.url) == (f"issue/{item['id']}", item["html_url"])
        assert read.published_at == datetime.fromisoformat(item["created_at"])
        assert (read.author.handle, read.author.id) == (item["user"]["login"], str(item["user"]["id"]))
        assert read.engagement.replies == item["comments"]
        assert read.extra["type"] == ("pull request" if item.get("pull_request") else "issue")
        assert read.extra["repository"] in item["html_url"]
        assert bool(read.text) == bool(item["body"] and item["body"].strip())
        assert read.title


BRAND = '[[brands]]\nname = "Acme"\nkeywords = ["acme"]\n'


def test_passes_go_on_where_the_last_one_stopped_and_after_two_days_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GITHUB_TOKEN", raising=False)
    items = [issue(n, int((NOW - timedelta(hours=n)).timestamp())) for n in range(1, 12)]
    with GitHub(items) as server:
        table = f'[sources.github]\nbase_url = "{server.url}"\n'
        site = Site(tmp_path, table, brands=BRAND)
        assert site.collect(now=NOW).rows()["github"]["new"] == 11
        server.issues += [issue(100 + n, int((NOW + timedelta(minutes=2 * n)).timestamp())) for n in range(1, 1100)]
        server.left = 8
        server.resets_at = int(datetime.now(UTC).timestamp()) + 60
        limited = site.collect(now=NOW + timedelta(days=2))
        assert (limited.code, limited.rows()["github"]["state"]) == (3, "rate_limited")
        server.left = 1000
        site.collect(now=NOW + timedelta(days=2, minutes=1))
    [(stored,)] = site.rows("SELECT count(*) FROM mentions")
    assert stored == 11 + 1099
    assert {state for (state,) in site.rows("SELECT state FROM windows")} == {"drained"}
