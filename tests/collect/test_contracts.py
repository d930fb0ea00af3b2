"""Sources keep their promises, and the contract checks notice when one does not."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, ClassVar

import pytest

from listener.api import (
    Author,
    Engagement,
    Label,
    Mention,
    Page,
    Query,
    RecheckFacts,
    RecheckPage,
    ScoringTask,
    Secret,
    Sentiment,
    TransientDeliveryError,
    Window,
    from_epoch,
    option,
)
from listener.query import Hashtag, Or, Phrase
from listener.testing import (
    FakeNotifier,
    FakeScorer,
    FakeSource,
    FakeSourceOptions,
    FrozenClock,
    check_notifier,
    check_options,
    check_page,
    check_scorer,
    check_source,
)
from servers.feeds import Feed, Feeds, Item
from servers.hackernews import HackerNews, comment, story
from sources.hackernews import HackerNewsOptions, HackerNewsSource
from sources.jsonl import JsonlOptions, JsonlSource
from sources.rss import RssOptions, RssSource

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BASE = 1_780_000_000
WINDOW = Window(since=from_epoch(BASE), until=from_epoch(BASE + 10_000))
QUERIES = [
    Query.of("Acme", Or((Phrase("acme"), Phrase("acme kettle"), Hashtag("acmetea")))),
    Query.of("Globex", Phrase("globex")),
]
MENTION = Mention(source="fake", id="1", text="Acme is good", published_at=from_epoch(BASE + 1))


def test_hackernews_keeps_the_promises_of_a_source() -> None:
    items = [comment(n, BASE + n // 2, "The <b>Acme</b> kettle&#x27;s lid<p>leaks \u202e") for n in range(20)]
    items += [
        story(100, BASE + 50, "Globex buys Acme"),
        story(101, BASE + 60, "Ask HN: cafe\u0301?", text="acme <i>tea</i>"),
    ]
    with HackerNews(items) as server:
        options = HackerNewsOptions(base_url=server.url, hits_per_page=3)
        found = check_source(lambda: HackerNewsSource(options), QUERIES, WINDOW)
    assert {mention.id for mention in found} == {item["objectID"] for item in items}


def test_rss_keeps_the_promises_of_a_source() -> None:
    items = [
        Item(title="<b>Acme</b> &amp; co", second=BASE + 5, guid="1", text="<p>one</p><p>cafe\u0301</p>"),
        Item(title="Globex", second=None, guid="2"),
        Item(title="Acme, old", second=BASE - 5000, guid="3"),
    ]
    with Feeds({"/a": Feed(items=items), "/b": Feed()}, news=[replace(items[0], outlet="Example Post")]) as server:
        options = RssOptions(feeds=(server.url + "/a", server.url + "/b"), google_news=True, base_url=server.url)
        found = check_source(lambda: RssSource(options), QUERIES, WINDOW)
    assert len(found) >= 2


def test_jsonl_keeps_the_promises_of_a_source(tmp_path: Path) -> None:
    lines = [
        {"source": "x", "id": n, "text": f"Acme {n}", "published_at": from_epoch(BASE + n).isoformat()}
        for n in range(9)
    ]
    (tmp_path / "a.jsonl").write_text("\n".join(json.dumps(line) for line in lines))
    options = JsonlOptions(paths=(str(tmp_path / "*.jsonl"),), page_size=2)
    assert len(check_source(lambda: JsonlSource(options), QUERIES, WINDOW, sources={"x"})) == 9
    replay = replace(options, only="x")
    assert len(check_source(lambda: JsonlSource(replay), QUERIES, WINDOW, sources={"x"})) == 9


def fake_mentions() -> list[Mention]:
    return [replace(MENTION, id=str(n), published_at=from_epoch(BASE + n)) for n in range(5)]


def test_the_fake_source_keeps_them_too() -> None:
    assert len(check_source(lambda: FakeSource(fake_mentions()), QUERIES[:1], WINDOW)) == 5


class Changing(FakeSource):
    """Gives other mentions each time."""

    made: ClassVar[int] = 0

    def fetch(self, *arguments: object) -> Page:
        page = super().fetch(*arguments)
        Changing.made += 1
        return replace(page, mentions=tuple(replace(m, id=f"{m.id}-{Changing.made}") for m in page.mentions))


class Forgetful(FakeSource):
    """Keeps its place in itself and not in the cursor."""

    def __init__(self, mentions: list[Mention]) -> None:
        super().__init__(mentions, options=FakeSourceOptions(page_size=1))
        self.place = 0

    def fetch(self, resource: object, window: Window, cursor: str | None) -> Page:
        self.place = 0 if cursor is None else self.place + 1
        page = super().fetch(resource, window, json.dumps(self.place))
        return replace(page, cursor=None if page.exhausted else "next")


class Endless(FakeSource):
    def fetch(self, *_: object) -> Page:
        return Page(cursor="0", exhausted=False)


class TwoKeys(FakeSource):
    def plan(self, queries: list[Query]) -> list[object]:
        return [replace(resource, key="same") for resource in super().plan(queries)]


class Nameless(FakeSource):
    def __init__(self, mentions: list[Mention]) -> None:
        super().__init__(mentions, name="Fake Source")


class Tireless(FakeSource):
    recheck_facts = RecheckFacts(batch=10, requests_a_batch=5, requests_per_day=4)

    def recheck(self, mentions: list[Mention]) -> RecheckPage:
        return RecheckPage(present=tuple(mentions))


class Chatty(FakeSource):
    def check(self) -> str:
        return "two\nlines"


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        (Changing, "twice gives other mentions"),
        (Forgetful, "in a new instance gives other mentions"),
        (Endless, "does not end within"),
        (TwoKeys, "two resources have the same key"),
        (Nameless, "is not lower-case"),
        (Tireless, "do not last for one batch"),
        (Chatty, "does not return one line"),
    ],
)
def test_a_source_that_breaks_a_promise_is_told_so(kind: Callable[[list[Mention]], FakeSource], sentence: str) -> None:
    with pytest.raises(AssertionError, match=sentence):
        check_source(lambda: kind(fake_mentions()), QUERIES, WINDOW)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"source": "other"}, "the source should be fake"),
        ({"id": ""}, "the id is empty"),
        ({"kind": "tweet"}, "is none of post, comment"),
        ({"text": ""}, "no text, no title and no url"),
        ({"text": "cafe\u0301"}, "not in NFC"),
        ({"text": "a\x00"}, "control character"),
        ({"title": "a\ud800"}, "surrogate"),
        ({"text": "a<br>b"}, "holds markup"),
        ({"published_at": datetime(2026, 5, 29)}, "not an aware time in UTC"),  # noqa: DTZ001 - that is the point
        ({"published_at": WINDOW.until}, "outside the window"),
        ({"rating": 5}, "rating is not between"),
        ({"engagement": Engagement(likes=-1)}, "a count is wrong"),
        ({"author": Author(followers=True)}, "followers holds bool"),
        ({"author": Author(handle="@ada")}, "begins with @"),
        ({"url": "javascript:x"}, "not an http"),
        ({"hashtags": ("#acme",)}, "a hashtag begins with #"),
        ({"author": Author(name="ada\udfff")}, "half of a surrogate pair"),
        ({"extra": {"place": [{"name": "a\ud800"}]}}, "half of a surrogate pair"),
    ],
)
def test_a_mention_that_breaks_a_promise_is_told_so(change: dict[str, object], sentence: str) -> None:
    with pytest.raises(AssertionError, match=sentence):
        check_page(Page(mentions=(replace(MENTION, **change),)), WINDOW, {"fake"})


@pytest.mark.parametrize(
    ("page", "sentence"),
    [
        (Page(cursor="x"), "exactly where it is not exhausted"),
        (Page(exhausted=False), "exactly where it is not exhausted"),
        (Page(cursor="x" * 5000, exhausted=False), "5000 bytes long"),
        (Page(mentions=(MENTION, MENTION)), "a mention twice"),
        (Page(complete_since=WINDOW.since), "without a lost_reason"),
        (Page(complete_since=WINDOW.since - timedelta(1), lost_reason="x"), "outside the window"),
        (Page(complete_since=WINDOW.since, lost_reason="x", cursor="x", exhausted=False), "not exhausted"),
        (Page(items=-1), "below zero"),
        (Page(gone=("",)), "without an id"),
        (Page(mentions=(MENTION,), gone=(MENTION.id,)), "it says is gone"),
    ],
)
def test_a_page_that_breaks_a_promise_is_told_so(page: Page, sentence: str) -> None:
    with pytest.raises(AssertionError, match=sentence):
        check_page(page, WINDOW, {"fake"})


@dataclass(frozen=True)
class NoHelp:
    size: int = 5


@dataclass
class NotFrozen:
    size: int = option("How many.", default=5)


@dataclass(frozen=True)
class PastedSecret:
    token: str = option("The key.", default="")


@dataclass(frozen=True)
class NoSuchChoice:
    mode: str = option("How.", default="c", choices=("a", "b"))


@dataclass(frozen=True)
class TooLittle:
    size: int = option("How many.", default=0, minimum=1)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (int, "not a dataclass"),
        (NotFrozen, "not frozen"),
        (NoHelp, "not declared with option"),
        (PastedSecret, "must be a Secret"),
        (NoSuchChoice, "none of its choices"),
        (TooLittle, "outside its own limits"),
    ],
)
def test_options_that_break_a_promise_are_told_so(options: type, sentence: str) -> None:
    with pytest.raises(AssertionError, match=sentence):
        check_options(options)


def test_options_with_a_secret_in_its_place_are_fine() -> None:
    @dataclass(frozen=True)
    class Fine:
        token: Secret = option("The key.", default=Secret(env="ACME_TOKEN"))  # noqa: RUF009 - a frozen record

    check_options(Fine)


TASKS = [
    ScoringTask(text="good good bad", language="en"),
    ScoringTask(text="bad", language="en"),
    ScoringTask(text="a kettle", language="en"),
    ScoringTask(text="", language="en"),
    ScoringTask(text="gut", language="de"),
]


class Reversed(FakeScorer):
    def score(self, tasks: list[ScoringTask]) -> list[Sentiment]:
        return list(reversed(super().score(tasks)))


class Guessing(FakeScorer):
    def score(self, tasks: list[ScoringTask]) -> list[Sentiment]:
        unknown = Sentiment(score=0.0, label=Label.NEUTRAL, language="de", scorer="fake", version="1")
        return [
            result if self.supports(task.language) else unknown
            for task, result in zip(tasks, super().score(tasks), strict=True)
        ]


class Short(FakeScorer):
    def score(self, tasks: list[ScoringTask]) -> list[Sentiment]:
        return super().score(tasks)[:1]


class Contrary(FakeScorer):
    def score(self, tasks: list[ScoringTask]) -> list[Sentiment]:
        return [replace(result, label=Label.POSITIVE) if result.score else result for result in super().score(tasks)]


def test_the_fake_scorer_keeps_the_promises_of_a_scorer() -> None:
    check_scorer(FakeScorer(), TASKS)


@pytest.mark.parametrize(
    ("scorer", "sentence"),
    [
        (Reversed(), "alone than among others"),
        (Guessing(), "not supported, is scored"),
        (Short(), "5 tasks give 1 results"),
        (Contrary(), "contradicts its score"),
    ],
)
def test_a_scorer_that_breaks_a_promise_is_told_so(scorer: FakeScorer, sentence: str) -> None:
    tasks = TASKS[:2] if isinstance(scorer, Reversed) else TASKS
    with pytest.raises(AssertionError, match=sentence):
        check_scorer(scorer, tasks)


class Silent(FakeNotifier):
    def send(self, _: object) -> None:
        return


def test_the_fake_notifier_keeps_the_promises_of_a_notifier() -> None:
    notifier = FakeNotifier()
    broken = FakeNotifier(failures=[TransientDeliveryError("the mail server is down")])
    check_notifier(notifier, lambda: len(notifier.sent), secrets=["hush"], broken=broken)


@pytest.mark.parametrize(
    ("notifier", "broken", "sentence"),
    [
        (Silent(), None, "was not accepted once"),
        (FakeNotifier("https://example.org/hush"), None, "shows a secret"),
        (FakeNotifier(), FakeNotifier(), "raised no DeliveryError"),
        (FakeNotifier(), FakeNotifier(failures=[TransientDeliveryError("hush")]), "a failure shows a secret"),
    ],
)
def test_a_notifier_that_breaks_a_promise_is_told_so(
    notifier: FakeNotifier, broken: FakeNotifier | None, sentence: str
) -> None:
    with pytest.raises(AssertionError, match=sentence):
        check_notifier(notifier, lambda: len(notifier.sent), secrets=["hush"], broken=broken)


def test_a_frozen_clock_moves_when_it_is_told() -> None:
    clock = FrozenClock()
    before = clock()
    clock.advance(timedelta(hours=1))
    assert clock() - before == timedelta(hours=1)


def test_a_fake_source_fails_as_it_is_told_and_then_answers() -> None:
    source = FakeSource(fake_mentions(), failures=[TransientDeliveryError("once")])
    resource = source.plan(QUERIES)[0]
    with pytest.raises(TransientDeliveryError):
        source.fetch(resource, WINDOW, None)
    assert len(source.fetch(resource, WINDOW, None).mentions) == 2
    assert source.fetched == 2
