"""Rules about single sources, words, reach and cause, over a real store."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from alerting.watching import HOUR, QUARTER, START, burst, said, usual, watching
from listener.alerts.options import RuleOptions
from listener.mention import Author, Engagement, Label, Mention
from servers.world import make_judge, own_words

SPIKE = RuleOptions(name="spike", kind="spike", tier="push")
BY_SOURCE = RuleOptions(name="each", kind="spike", sources=("x", "hackernews"), tier="push")


def test_a_rule_about_sources_has_an_episode_of_the_source_alone(tmp_path: Path) -> None:
    with watching(tmp_path, BY_SOURCE, after_usual=True) as watch:
        watch.look(START)
        watch.live(burst("x", START + HOUR), hours=3)
        found = watch.episodes()

        assert list(found) == ["each:x"]
        assert found["each:x"].observed == 60
        assert found["each:x"].sources in {(), ("x",)}
        assert watch.news() == ["each:x opened"]


def test_the_whole_brand_keeps_its_sources_silent(tmp_path: Path) -> None:
    with watching(tmp_path, BY_SOURCE, SPIKE, after_usual=True) as watch:
        watch.look(START)
        watch.live(burst("x", START + HOUR), hours=7)
        found = watch.episodes()

        assert set(found) == {"each:x", "spike"}
        assert found["each:x"].state == found["spike"].state == "resolved"
        assert watch.news() == ["spike opened", "spike resolved"]


def test_a_source_is_judged_by_its_own_coverage(tmp_path: Path) -> None:
    silent = RuleOptions(name="each", kind="blind", sources=("x", "hackernews"), tier="push")
    with watching(tmp_path, silent, after_usual=True) as watch:
        watch.look(START)
        for turn in range(1, 33):
            watch.read(START + QUARTER * turn, sources=["hackernews"])
            watch.look(START + QUARTER * turn)

        assert list(watch.episodes()) == ["each:x"]


def test_words_are_counted_by_their_expression_and_only_those(tmp_path: Path) -> None:
    rule = RuleOptions(name="danger", kind="words", query="recall OR lawsuit", tier="push")
    with watching(tmp_path, rule, after_usual=True) as watch:
        watch.look(START)
        watch.live([*burst("x", START + HOUR, 30, "sale of kettles"), *burst("x", START + 2 * HOUR, 4)], hours=3)
        found = watch.episodes()["danger"]
        texts = [one.text for one in watch.reader.mentions_by_number(found.mentions)]

        assert found.observed == 4
        assert found.opened_at == START + 2 * HOUR + QUARTER
        assert texts
        assert all("recall" in (text or "") for text in texts)
        assert found.headline.startswith("4 mentions with watched words in the last hour")


def test_words_of_before_the_rule_raise_nothing(tmp_path: Path) -> None:
    with watching(tmp_path, RuleOptions(name="danger", kind="words", query="recall")) as watch:
        watch.read(START, [*usual(days=2), *burst("x", START - HOUR)])

        assert watch.look(START) == 0


@pytest.mark.parametrize(
    ("author", "named"),
    [
        (Author(id="s1", handle="star", name="A Star", followers=2_000_000), "star"),
        (Author(id="s1", name="A Star", followers=2_000_000), "A Star"),
    ],
)
def test_one_followed_author_is_reach_and_is_named_first(tmp_path: Path, author: Author, named: str) -> None:
    loud = said("x", START + HOUR, "acme is what I drink", "star", author=author)
    with watching(tmp_path, RuleOptions(name="reach", kind="reach", tier="push")) as watch:
        watch.read(START, usual(days=3))
        watch.look(START)
        watch.live([loud, *burst("hackernews", START + HOUR, 5)], hours=2)
        found = watch.episodes()["reach"]
        first = watch.reader.mentions_by_number(found.mentions)[0]

        assert found.observed == 2_000_000
        assert found.kind == "reach"
        assert (first.id, found.authors[0]) == ("x-star", named)
        assert watch.news() == ["reach opened"]


def liked(likes: int, *, at: datetime = START + HOUR, name: str = "post") -> Mention:
    """Return a post as it is read when so many like it."""
    reactions = Engagement(likes=likes, reposts=0, replies=0)
    return said("x", at, f"acme {own_words(name)}", name, engagement=reactions)


def test_a_thread_that_gathers_its_reactions_after_it_was_read_is_told_when_they_are_read(tmp_path: Path) -> None:
    rule = RuleOptions(name="reach", kind="reach", tier="push")
    with watching(tmp_path, rule) as watch:
        watch.read(START, usual(days=3))
        watch.look(START)
        watch.live([liked(3)], hours=6)
        assert watch.episodes() == {}
        for turn, likes in enumerate((900, 5_000, 5_000, 5_200, 6_000, 6_000, 6_000), start=25):
            watch.read(START + QUARTER * turn, [liked(likes)])
            watch.look(START + QUARTER * turn)
        found = watch.episodes()["reach"]

        assert found.opened_at == START + QUARTER * 26
        assert found.observed == 6_000
        assert found.headline.startswith("a thread with 6,000 likes, reposts and replies, the line is at 1,000")
        assert watch.reader.mentions_by_number(found.mentions)[0].id == "x-post"
        assert watch.news() == ["reach opened"]
        for turn in range(32, 60):
            watch.read(START + QUARTER * turn)
            watch.look(START + QUARTER * turn)
        assert watch.episodes()["reach"].state == "resolved"
        assert watch.news() == ["reach opened", "reach resolved"]


def test_a_thread_that_was_told_is_news_again_where_it_became_twice_as_loud(tmp_path: Path) -> None:
    reply = said("x", START + HOUR * 20, "acme reply", "reply", thread="x-post", engagement=Engagement(likes=0))
    read = {9: liked(5_000), 81: reply, 112: liked(5_001), 125: liked(9_999), 135: liked(10_000)}
    with watching(tmp_path, RuleOptions(name="reach", kind="reach", tier="push")) as watch:
        watch.read(START, usual(days=3))
        watch.look(START)
        watch.live([liked(3)], hours=2)
        for turn in range(9, 137):
            watch.read(START + QUARTER * turn, [read[turn]] if turn in read else [])
            watch.look(START + QUARTER * turn)
            if turn == 134:
                assert watch.news() == ["reach opened", "reach resolved"]

        assert watch.news() == ["reach opened", "reach resolved", "reach opened"]
        assert watch.episodes()["reach"].observed == 10_000


def test_what_an_alert_tells_of_a_thread_of_the_day_before_goes_with_it(tmp_path: Path) -> None:
    late = START + HOUR * 36
    with watching(tmp_path, RuleOptions(name="reach", kind="reach")) as watch:
        watch.read(START, usual(days=3))
        watch.look(START)
        watch.live([liked(3)], hours=2)
        watch.read(late, [])
        watch.look(late)
        watch.read(late + QUARTER, [liked(5_000)])
        watch.look(late + QUARTER)
        found = watch.episodes()["reach"]
        assert found.authors
        watch.store.erasure.forget_mention(found.mentions[0], now=late + QUARTER)
        assert watch.episodes()["reach"].authors == ()


def test_a_thread_that_is_stored_or_matched_late_has_not_grown(tmp_path: Path) -> None:
    def label(word: Label) -> None:
        watch.store._connection.execute("UPDATE matches SET label = ? WHERE engagement = 9000", (int(word),))

    with watching(tmp_path, RuleOptions(name="reach", kind="reach")) as watch:
        watch.read(START, usual(days=3))
        watch.look(START)
        watch.live([], hours=1)
        watch.read(START + QUARTER * 5, [liked(3), liked(9_000, name="counted later")])
        label(Label.IRRELEVANT)  # stored, and no mention of the brand so far
        watch.look(START + QUARTER * 5)
        label(Label.NEUTRAL)
        watch.look(START + QUARTER * 6)
        watch.read(START + QUARTER * 9, [liked(8_000, name="read late")])
        watch.look(START + QUARTER * 9)
        assert watch.episodes() == {}
        watch.read(START + QUARTER * 10, [liked(9_500, name="counted later")])
        watch.look(START + QUARTER * 10)
        assert watch.episodes()["reach"].observed == 9_500


def test_a_thread_has_not_grown_by_a_comment_that_is_stored_late(tmp_path: Path) -> None:
    def comment(name: str, at: datetime, likes: int) -> Mention:
        return said("x", at, f"acme {name}", name, thread="t", engagement=Engagement(likes=likes))

    with watching(tmp_path, RuleOptions(name="reach", kind="reach")) as watch:
        watch.read(START, usual(days=3))
        watch.look(START)
        watch.live([comment("first", START + HOUR, 400), comment("last", START + HOUR * 2, 300)], hours=3)
        watch.read(START + QUARTER * 13, [comment("late", START + HOUR + QUARTER, 900)])
        watch.look(START + QUARTER * 13)
        assert watch.episodes() == {}
        watch.read(START + QUARTER * 14, [comment("late", START + HOUR + QUARTER, 910)])
        watch.look(START + QUARTER * 14)
        assert watch.episodes()["reach"].observed == 1_610


def test_an_alert_tells_nothing_of_what_is_erased_while_it_is_explained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loud = replace(liked(5_000), author=Author(id="s1", handle="star"), links=("https://zyxlink.example/a",))
    with watching(tmp_path, RuleOptions(name="reach", kind="reach")) as watch:
        save = watch.store.reports.save_evaluation

        def erased_first(*given: Any, **named: Any) -> list[int]:
            watch.store.erasure.forget_named("x", loud.id, now=START)
            return save(*given, **named)

        watch.read(START, usual(days=3))
        watch.look(START)
        monkeypatch.setattr(watch.store.reports, "save_evaluation", erased_first)
        watch.live([loud], hours=2)
        found = watch.episodes()["reach"]

        assert (found.observed, found.authors, found.links) == (5_000, (), ())


def test_a_thread_is_as_loud_as_all_that_is_in_it_of_a_day(tmp_path: Path) -> None:
    thread = [
        said(
            "x",
            START + HOUR * turn,
            f"acme reply {own_words(f'reply {turn}')}",
            f"reply-{turn}",
            thread="t1",
            engagement=Engagement(likes=400, reposts=0, replies=0),
        )
        for turn in range(1, 4)
    ]
    with watching(tmp_path, RuleOptions(name="reach", kind="reach", engagement=1_000)) as watch:
        watch.read(START, usual(days=3))
        watch.look(START)
        watch.live(thread, hours=4)
        found = watch.episodes()["reach"]

        assert (found.observed, found.expected) == (1_200, 1_000)
        assert found.headline.startswith("a thread with 1,200 likes, reposts and replies, the line is at 1,000")
        assert [one.id for one in watch.reader.mentions_by_number(found.mentions[:1])] == ["x-reply-3"]
        assert found.opened_at == START + 3 * HOUR + QUARTER


def test_loudness_does_not_depend_on_how_the_time_is_cut(tmp_path: Path) -> None:
    thread = [
        said("x", START + HOUR * turn, f"acme reply {turn}", f"r{turn}", thread="t", engagement=Engagement(likes=turn))
        for turn in range(30)
    ]
    with watching(tmp_path) as watch:
        watch.read(START + 31 * HOUR, thread)
        whole = watch.reader.loudest_by_quarter("Acme", START, START + 31 * HOUR)
        parts = {
            at: loud
            for hour in range(31)
            for at, loud in watch.reader.loudest_by_quarter(
                "Acme", START + HOUR * hour, START + HOUR * (hour + 1)
            ).items()
        }

        assert parts == whole
        assert whole[START + 29 * HOUR][1] == sum(range(5, 30))


def test_another_cause_is_told_as_an_escalation(tmp_path: Path) -> None:
    fire = [
        one
        for turn in range(4)
        for one in burst("x", START + 3 * HOUR + QUARTER * turn, 50, f"fire{turn} in the factory of kettles burning")
    ]
    with watching(tmp_path, SPIKE, after_usual=True) as watch:
        watch.look(START)
        watch.live([*burst("x", START + HOUR, 25), *fire], hours=5)

        assert watch.news()[0] == "spike opened"
        assert "spike escalated" in watch.news()


def test_the_headline_tells_the_time_of_the_strongest_hour(tmp_path: Path) -> None:
    with watching(tmp_path, SPIKE, after_usual=True) as watch:
        watch.look(START)
        watch.live(burst("x", START + HOUR), hours=8)

        assert "usual for a Friday 13:00" in watch.episodes()["spike"].headline


def test_a_state_of_another_version_is_learned_again_without_an_alert(tmp_path: Path) -> None:
    with watching(tmp_path, SPIKE, after_usual=True) as watch:
        watch.look(START)
        watch.live(burst("x", START + HOUR), hours=2)
        watch.store._connection.execute("UPDATE alert_states SET state = '{\"version\": 0}'")
        before = watch.news()
        until = START + 2 * HOUR + QUARTER
        watch.read(until)
        watch.look(until)
        found = watch.episodes()["spike"]
        ((state,),) = watch.store._connection.execute("SELECT state FROM alert_states").fetchall()

        assert before == watch.news() == ["spike opened"]
        assert (found.state, found.resolved_at) == ("resolved", found.updated_at)
        assert json.loads(json.loads(state)["memory"])["hours"] > 150


def test_a_rule_that_becomes_one_of_another_kind_starts_anew(tmp_path: Path) -> None:
    with watching(tmp_path, SPIKE) as watch:
        watch.read(START, usual(days=3))
        watch.look(START)
        for turn, kind in enumerate(("sentiment", "silence", "blind", "reach", "spike"), start=1):
            watch.rules = (RuleOptions(name="spike", kind=kind),)
            watch.read(START + QUARTER * turn)

            assert watch.look(START + QUARTER * turn) == 0
        ((state, until),) = watch.store._connection.execute("SELECT state, evaluated_until FROM alert_states")

        assert until == (START + QUARTER * 5).timestamp()
        assert json.loads(json.loads(state)["memory"])["hours"] > 60


def test_that_it_is_over_is_told_only_to_who_heard_of_it(tmp_path: Path) -> None:
    with watching(tmp_path, SPIKE, after_usual=True) as watch:
        watch.look(START)
        watch.store.reports.snooze("Acme", until=START + 2 * HOUR)
        watch.live(burst("x", START + HOUR), hours=7)

        assert watch.episodes()["spike"].state == "resolved"
        assert watch.news() == []


def test_an_alert_about_words_names_its_mentions_also_where_their_properties_are_asked_for(tmp_path: Path) -> None:
    bad = [said("x", one.published_at or START, one.text, one.id, rating=1) for one in burst("x", START + HOUR, 4)]
    with watching(tmp_path, RuleOptions(name="stars", kind="words", query="rating<=1"), after_usual=True) as watch:
        watch.look(START)
        watch.live([*bad, *burst("hackernews", START + HOUR, 4, "sale of lids")], hours=2)
        found = watch.episodes()["stars"]

        assert (found.observed, found.scored) == (4, 4)
        assert {one.source for one in watch.reader.mentions_by_number(found.mentions)} == {"x"}
        assert len(found.mentions) == 3


def test_an_alert_about_words_finds_its_few_mentions_among_very_many(tmp_path: Path) -> None:
    rule = RuleOptions(name="danger", kind="words", query="recall", tier="push")
    with watching(tmp_path, rule, after_usual=True) as watch:
        watch.look(START)
        watch.live(
            [*burst("x", START + HOUR, 3_000, "sale of kettles"), *burst("hackernews", START + HOUR, 4)], hours=3
        )
        found = watch.episodes()["danger"]

        assert (found.observed, found.scored, len(found.mentions)) == (4, 4, 3)
        assert "recall" in found.terms


def test_words_of_one_source_count_where_another_source_said_them_first(tmp_path: Path) -> None:
    first = burst("hackernews", START + HOUR, 4)
    same = [said("x", (one.published_at or START) + QUARTER, one.text, one.id) for one in first]
    with watching(tmp_path, RuleOptions(name="danger", kind="words", query="recall", sources=("x",))) as watch:
        watch.read(START, usual(days=3))
        watch.look(START)
        watch.live([*first, *same], hours=2)
        assert watch.episodes()["danger:x"].observed == 4


def test_how_many_are_negative_is_counted_over_all_that_the_rule_counts_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("listener.pipeline.reasons._MOST_NOW", 150)  # of so many are the words looked at
    many = [
        said("x", one.published_at or START, f"{one.text} {'bad' if number % 3 else 'good'}", one.id)
        for number, one in enumerate(burst("x", START + HOUR, 225))
    ]
    with watching(tmp_path, SPIKE, after_usual=True) as watch:
        watch.look(START)
        other = burst("forum", START + HOUR, 225, "table for the garden")
        judged = make_judge().judge(other, watch.store.known([one.key for one in other]), now=START).judged
        watch.store.save_page(judged, now=START)  # as an import: nobody listens there
        watch.live(many, hours=6)
        found = watch.episodes()["spike"]

        assert found.scored == 225
        assert found.negative_share == pytest.approx(2 / 3, abs=0.01)
        assert "garden" not in " ".join(found.terms)
        assert found.usual_scored == 2 * 2 * 24 * 8
