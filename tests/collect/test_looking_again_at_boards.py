"""Boards that look again tell what was edited, what is gone and what they do not know: questions, issues, forum posts."""

from __future__ import annotations

import pytest

from listener.api import Mention, SourceError, from_epoch
from servers import discourse, github, lemmy, mastodon, stackexchange
from servers.discourse import Discourse
from servers.github import GitHub
from servers.lemmy import Lemmy
from servers.mastodon import Instance
from servers.stackexchange import StackExchange
from servers.web import SimulatedServer
from sources.discourse import DiscourseOptions, DiscourseSource
from sources.github import GitHubOptions, GitHubSource
from sources.lemmy import LemmyOptions, LemmySource
from sources.mastodon import MastodonOptions, MastodonSource
from sources.stackexchange import StackExchangeOptions, StackExchangeSource

BASE = 1_780_000_000


def stored(source: str, native: str, **fields: object) -> Mention:
    return Mention(source=source, id=native, text="as it was", published_at=from_epoch(BASE), **fields)


# Stack Exchange


def test_questions_answers_and_comments_are_looked_up_in_a_list_each() -> None:
    items = [stackexchange.question(1, BASE, "A <b>better</b> title"), stackexchange.answer(2, BASE, "<p>mended</p>")]
    with StackExchange(items, comments=[stackexchange.comment(3, BASE, "fine now")]) as server:
        source = StackExchangeSource(StackExchangeOptions(base_url=server.url, sites=("stackoverflow",)))
        ids = ["q/1", "q/7", "a/2", "a/8", "c/3", "c/9"]
        page = source.recheck([stored("stackexchange", f"stackoverflow.com/{one}") for one in ids])
        source.close()
    assert [(one.id, one.title, one.text) for one in page.present] == [
        ("stackoverflow.com/q/1", "A better title", "It leaks."),
        ("stackoverflow.com/a/2", None, "mended"),
        ("stackoverflow.com/c/3", None, "fine now"),
    ]
    assert page.gone == ("stackoverflow.com/q/7", "stackoverflow.com/a/8", "stackoverflow.com/c/9")
    assert page.requests == 3


def test_a_list_without_anything_counts_only_where_the_site_is_seen_to_answer() -> None:
    mention = stored("stackexchange", "stackoverflow.com/q/1")
    with StackExchange([]) as server:
        source = StackExchangeSource(StackExchangeOptions(base_url=server.url))
        assert source.recheck([mention]).gone == ()
        server.items.append(stackexchange.question(2, BASE))
        page = source.recheck([mention])
        source.close()
    assert (page.gone, page.requests) == ((mention.id,), 2)


def test_a_site_that_is_no_longer_read_is_not_asked() -> None:
    with StackExchange([]) as server:
        source = StackExchangeSource(StackExchangeOptions(base_url=server.url))
        page = source.recheck([stored("stackexchange", "serverfault.com/q/1")])
        source.close()
        assert server.requests == []
    assert (page.gone, page.present, page.requests) == ((), (), 0)


def test_many_sites_take_no_more_requests_than_are_reserved() -> None:
    sites = ("stackoverflow", "serverfault", "es.stackoverflow")
    with StackExchange([]) as server:
        source = StackExchangeSource(StackExchangeOptions(base_url=server.url, sites=sites))
        domains = ("stackoverflow.com", "serverfault.com", "es.stackoverflow.com")
        asked = [
            stored("stackexchange", f"{domain}/{letter}/{n}") for domain in domains for letter in "qac" for n in (1, 2)
        ]
        page = source.recheck(asked)
        source.close()
    assert 0 < page.requests <= source.recheck_facts.requests_a_batch


# GitHub


def on_github(number: int, kind: str = "issues", native: str | None = None) -> Mention:
    url = f"https://github.com/acme/kettle/{kind}/{number}"
    return stored("github", native or f"issue/{70_000 + number}", url=url)


def test_issues_and_pull_requests_are_looked_up_at_their_addresses() -> None:
    issues = [github.issue(1, BASE, "Mended", "Fine."), github.issue(2, BASE, "A pull", pull=True)]
    with GitHub(issues) as server:
        server.deleted, server.moved = {3}, {5}
        source = GitHubSource(GitHubOptions(base_url=server.url))
        asked = [
            on_github(1),
            on_github(2, "pull"),
            on_github(3),
            on_github(4),
            on_github(5),
            stored("github", "issue/9"),
        ]
        page = source.recheck(asked)
        source.close()
    assert [(one.id, one.title) for one in page.present] == [("issue/70001", "Mended"), ("issue/70002", "A pull")]
    assert page.gone == ("issue/70003", "issue/70004")
    assert page.requests == 5 + 1


def test_an_account_that_is_gone_leaves_what_it_wrote_unsigned() -> None:
    ghost = {"login": "ghost", "id": 10137, "type": "User"}
    with GitHub([github.issue(1, BASE, user=ghost), github.issue(2, BASE)]) as server:
        source = GitHubSource(GitHubOptions(base_url=server.url))
        page = source.recheck([on_github(1), on_github(2)])
        source.close()
    assert page.unsigned == ("issue/70001",)


def test_discussions_are_looked_up_with_a_token_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = [on_github(1, "discussions", "discussion/90001"), on_github(2, "discussions", "discussion/90002")]
    with GitHub([], [github.discussion(1, BASE, "Edited")]) as server:
        source = GitHubSource(GitHubOptions(base_url=server.url))
        monkeypatch.delenv("GITHUB_TOKEN", raising=False)
        assert source.recheck(asked).gone == ()
        assert server.requests == []
        monkeypatch.setenv("GITHUB_TOKEN", github.TOKEN)
        page = source.recheck(asked)
        source.close()
    assert [(one.id, one.title) for one in page.present] == [("discussion/90001", "Edited")]
    assert page.gone == ("discussion/90002",)


def test_where_nothing_of_the_api_is_there_no_issue_is_gone() -> None:
    with GitHub([]) as server:
        server.fault("status", times=9, status=404, body='{"message": "Not Found"}')
        source = GitHubSource(GitHubOptions(base_url=server.url))
        with pytest.raises(SourceError):
            source.recheck([on_github(1)])
        source.close()


# Discourse


def test_forum_posts_are_looked_up_one_by_one() -> None:
    posts = [
        discourse.post(1, BASE, "<p>mended</p>", version=2),
        discourse.post(2, BASE, user_deleted=True),
        discourse.post(3, BASE, hidden=True),
    ]
    with Discourse(posts) as server:
        place = server.url.removeprefix("http://")
        server.hidden_from_all = {5}
        source = DiscourseSource(DiscourseOptions(instances=(server.url,)))
        asked = [stored("discourse", f"{place}/p/{number}", title="Its title") for number in range(1, 6)]
        asked.append(stored("discourse", "elsewhere.example/p/1"))
        page = source.recheck(asked)
        source.close()
    assert [(one.id, one.text) for one in page.present] == [(f"{place}/p/1", "mended")]
    assert page.gone == tuple(f"{place}/p/{number}" for number in (2, 3, 4))
    assert page.requests == 5 + 1


def test_a_forum_that_shows_nothing_at_all_has_deleted_nothing() -> None:
    with Discourse([]) as server:
        source = DiscourseSource(DiscourseOptions(instances=(server.url,)))
        page = source.recheck([stored("discourse", f"{server.url.removeprefix('http://')}/p/1")])
        source.close()
    assert (page.gone, page.present) == ((), ())


# Several hosts


def two_hosts(name: str) -> tuple[SimulatedServer, SimulatedServer]:
    """Return two servers of a kind, each with one post."""
    if name == "mastodon":
        return Instance([mastodon.status(1, BASE)]), Instance([mastodon.status(1, BASE)])
    if name == "lemmy":
        return Lemmy([lemmy.post(1, BASE)]), Lemmy([lemmy.post(1, BASE)])
    return Discourse([discourse.post(1, BASE)]), Discourse([discourse.post(1, BASE)])


def readers(name: str, *instances: str) -> MastodonSource | LemmySource | DiscourseSource:
    if name == "mastodon":
        return MastodonSource(MastodonOptions(instances=instances))
    if name == "lemmy":
        return LemmySource(LemmyOptions(instances=instances))
    return DiscourseSource(DiscourseOptions(instances=instances))


def shown_by(name: str, url: str, number: int) -> Mention:
    """Return a mention that a host showed, the first post there or one that is there no more."""
    if name == "discourse":
        return stored(name, f"{url.removeprefix('http://')}/p/{number}")
    host = url.removeprefix("http://").partition(":")[0]
    local = mastodon.status(number, BASE)["id"] if name == "mastodon" else number
    there = {"mastodon": "https://home.example/users/ada/statuses/1", "lemmy": "https://home.example/post/1"}[name]
    return stored(name, there if number == 1 else f"https://{host}/{number}", extra={"local": f"{host}:{local}"})


@pytest.mark.parametrize("name", ["mastodon", "lemmy", "discourse"])
@pytest.mark.parametrize("code", [503, 429])
def test_a_host_that_does_not_answer_holds_up_no_other(name: str, code: int) -> None:
    down, up = two_hosts(name)
    with down, up:
        there = up.url.replace("127.0.0.1", "localhost")
        source = readers(name, down.url, there)
        down.fault("status", times=99, status=code)
        left = [shown_by(name, down.url, number) for number in (2, 3, 4)]
        kept, taken = shown_by(name, there, 1), shown_by(name, there, 5)
        page = source.recheck([*left, kept, taken])
        asked = len(down.requests)
        assert source.recheck(left[1:]).left == (left[1].id, left[2].id)
        source.close()
        assert len(down.requests) == asked <= 3
    assert ([one.id for one in page.present], page.gone) == ([kept.id], (taken.id,))
    assert page.left == tuple(one.id for one in left)
    assert str(code) in (page.problem or "")


@pytest.mark.parametrize("name", ["mastodon", "lemmy", "discourse"])
def test_a_refusal_of_one_question_says_nothing_about_its_host(name: str) -> None:
    odd, other = two_hosts(name)
    with odd, other:
        source = readers(name, odd.url, other.url.replace("127.0.0.1", "localhost"))
        odd.fault("html_instead_of_json")
        kept, taken = shown_by(name, odd.url, 1), shown_by(name, odd.url, 2)
        page = source.recheck([kept, taken])
        source.close()
    assert (page.present, page.gone, page.left, page.problem) == ((), (taken.id,), (), None)
