"""What the reporter keeps takes the place of its like and of nothing else, and is due once."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from keeping.test_store_pages import rows
from listener.mention import Author
from listener.search import Reader
from listener.store import ChartSave, DigestSave, EpisodeSave, Store
from servers.world import NOW, make_mention, store_mentions

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def episode(key: str, state: str = "open", news: tuple[str, ...] = ()) -> EpisodeSave:
    return EpisodeSave(
        key=key, state=state, severity="low", opened_at=NOW - HOUR, updated_at=NOW,
        resolved_at=None if state == "open" else NOW, observed=9, expected=2, interval=(0, 5), surprise=3, peak=9,
        total=9, coverage=1, headline="9 mentions where 2 are usual", why="{}", news=news,
    )  # fmt: skip


def evaluated(
    store: Store, brand: str, rule: str, *episodes: EpisodeSave, to: tuple[str, ...] = (), closes_others: bool = False
) -> None:
    store.reports.save_evaluation(
        brand, rule, state="{}", evaluated_until=NOW, episodes=episodes, destinations=to, now=NOW,
        closes_others=closes_others,
    )  # fmt: skip


def chart(brand: str | None, title: str, **fields: object) -> ChartSave:
    values: dict[str, object] = {
        "kind": "volume", "since": NOW - DAY, "until": NOW, "coverage": 1.0, "alt": "", "format": "svg", "data": b"<svg/>",
        **fields,
    }  # fmt: skip
    return ChartSave(brand=brand, title=title, **values)  # type: ignore[arg-type]


def test_a_rule_that_begins_anew_closes_its_open_episodes_and_those_of_no_other(store: Store) -> None:
    evaluated(store, "Acme", "spike", episode("a"), episode("b", "resolved"))
    evaluated(store, "Acme", "words", episode("c"))
    evaluated(store, "Globex", "spike", episode("d"))
    before = rows(store, "SELECT * FROM episodes WHERE key <> 'a' ORDER BY key")
    evaluated(store, "Acme", "spike", episode("e"), closes_others=True)
    assert rows(store, "SELECT * FROM episodes WHERE key NOT IN ('a', 'e') ORDER BY key") == before
    closed = rows(store, "SELECT key, state, resolved_at = updated_at FROM episodes WHERE key IN ('a', 'e') ORDER BY 1")
    assert closed == [("a", "resolved", 1), ("e", "open", None)]


def test_that_an_episode_is_over_goes_only_to_who_was_told_of_it(store: Store) -> None:
    evaluated(store, "Acme", "spike", episode("a", news=("opened",)), episode("b"), to=("mail:team",))
    over = [episode(key, "resolved", news=("resolved",)) for key in ("a", "b")]
    evaluated(store, "Acme", "spike", *over, to=("mail:team", "chat:all"))
    assert rows(store, "SELECT key, destination FROM outbox ORDER BY id") == [
        ("a:opened", "mail:team"),
        ("a:resolved", "mail:team"),
    ]


def test_a_chart_takes_the_place_of_its_like_and_of_no_other(store: Store) -> None:
    others = [
        chart("Globex", "another brand"),
        chart(None, "all brands"),
        chart("Acme", "another kind", kind="terms"),
        chart("Acme", "another format", format="png"),
        chart("Acme", "another begin", since=NOW - 2 * DAY),
        chart("Acme", "another end", until=NOW + HOUR),
    ]
    for one in (chart("Acme", "old"), *others, chart("Acme", "new"), chart(None, "all brands")):
        store.reports.save_chart(one, now=NOW)
    assert sorted(rows(store, "SELECT title FROM charts")) == sorted(
        (one.title,) for one in (*others, chart("", "new"))
    )


def test_a_digest_is_read_back_with_its_pictures_in_their_order(store: Store) -> None:
    images = (("volume", b"PNG 1", "Mentions"), ("mood", b"PNG 2", "Sentiment"))
    digest = DigestSave(key="daily:1", since=NOW - DAY, until=NOW, subject="s", text="t", html="<p>", images=images)
    number = store.reports.save_digest(digest, ["mail:team"], now=NOW)
    with Reader(store.path) as reader:
        kept = reader.digest(number)
    assert kept is not None
    assert (kept.subject, kept.text, kept.html, kept.images) == ("s", "t", "<p>", images)


def test_who_saw_an_episode_first_stays_and_what_is_not_there_nobody_saw(store: Store) -> None:
    evaluated(store, "Acme", "spike", episode("a"), episode("b"))
    assert store.reports.acknowledge(1, now=NOW)
    assert store.reports.acknowledge(1, now=NOW + HOUR)
    assert not store.reports.acknowledge(3, now=NOW)
    assert rows(store, "SELECT acknowledged_at FROM episodes ORDER BY id") == [(int(NOW.timestamp()),), (None,)]


@pytest.mark.parametrize(
    ("at", "is_due"),
    [
        (NOW - HOUR, True),
        (NOW, True),
        (NOW + timedelta(seconds=1), False),
        (NOW + 5 * HOUR, False),
        (NOW + 5 * HOUR + timedelta(seconds=1), True),  # put off, or by a clock that was ahead
    ],
)
def test_a_delivery_is_due_at_its_time_and_looked_at_where_it_is_further_away_than_another_try(
    store: Store, at: datetime, is_due: bool
) -> None:
    evaluated(store, "Acme", "spike", episode("a", news=("opened",)), to=("mail:team",))
    (item,) = store.reports.due(now=NOW)
    assert store.reports.take_in_hand(item, until=at)
    assert not store.reports.take_in_hand(item, until=at)
    assert len(store.reports.due(now=NOW)) == is_due
    store.reports.mark_sent(item, now=NOW)
    assert store.reports.due(now=NOW) == []


def test_an_alert_loses_a_name_with_the_last_that_its_author_wrote_at_the_time(store: Store) -> None:
    wrote = [(1, "Ada", 1), (2, "Ada", 2), (3, "Bo", 3), (4, "Ada", 60 * 24 * 40), (5, "Bo", 4)]
    for number, name, minutes in wrote:
        author = Author(id=name.casefold(), handle=name)
        store_mentions(store, [make_mention(number, author=author, published_at=NOW - minutes * HOUR / 60)])
    named = replace(episode("a"), updated_at=NOW, why=json.dumps({"authors": ["Ada", "bo"]}))
    evaluated(store, "Acme", "spike", named)
    store.reports.save_digest(
        DigestSave(key="daily:1", since=NOW - DAY, until=NOW, subject="Acme", text="Who: Ada", html=None, images=()),
        [],
        now=NOW,
    )
    for number, left in ((1, ("Ada", "bo")), (2, ("bo",)), (3, ("bo",)), (5, ())):
        store.erasure.forget_mention(number, now=NOW)
        with Reader(store.path) as reader:
            assert (found := reader.episode(1)) is not None
            assert found.authors == left
    assert rows(store, "SELECT text, subject FROM digests") == [("", "Acme")]
    assert rows(store, "SELECT handle FROM authors") == [("Ada",)]
