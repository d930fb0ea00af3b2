"""What becomes a theme, what it is called, and how it is counted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from listener.mention import Label
from listener.themes import MOST_READ, Saying, Theme, cross, find_themes, stage_reader
from thoroughness import some

AT = datetime(2026, 11, 20, tzinfo=UTC)
_numbers = count(1)


def say(text: str, *, label: Label = Label.NEUTRAL, times: int = 1, **known: Any) -> list[Saying]:
    """Return mentions of one text, each a story and an author of its own unless said otherwise."""
    made = []
    for number in (next(_numbers) for _ in range(times)):
        facts = {"source": "x", "language": "en", "story": number, "author": f"person {number}", "published_at": AT}
        made.append(Saying(number=number, text=text, label=label, **{**facts, **known}))
    return made


def chatter(times: int = 30) -> list[Saying]:
    """Return mentions that have nothing in common."""
    return [one for turn in range(times) for one in say(f"zorb{turn}x quam{turn}y")]


def by_name(themes: tuple[Theme, ...]) -> dict[str, Theme]:
    return {theme.name: theme for theme in themes}


def test_phrases_of_the_same_stories_are_one_theme_and_others_are_not() -> None:
    now = [
        *say("the Acme lid leaks, hinge snapped", times=6),
        *say("my lid leaks again", times=4),
        *say("delivery was late", times=5),
        *chatter(),
    ]
    found = by_name(find_themes(now, [], ["Acme"]))
    assert set(found) == {"lid leaks", "delivery"}
    assert {"hinge snapped"} <= set(found["lid leaks"].phrases)
    assert (found["lid leaks"].mentions, found["lid leaks"].stories) == (10, 10)
    assert found["delivery"].mentions == 5


def test_the_brand_opinions_and_stop_words_name_no_theme() -> None:
    now = [*say("Acme is awful and I hate it", times=10), *chatter()]
    assert find_themes(now, [], ["Acme"]) == ()


def test_a_word_that_every_story_of_both_periods_holds_is_no_theme_but_a_new_one_is() -> None:
    now = [*say("kettle", times=20), *say("lid", times=20), *chatter(10)]
    before = [*say("kettle", times=20), *chatter(10)]
    assert set(by_name(find_themes(now, before))) == {"lid"}


def test_what_one_author_or_one_story_repeats_is_no_theme() -> None:
    loud = say("the lid leaks", times=9, author="ada")
    cascade = say("a charger melted", times=9, story=1_000_000)
    assert find_themes([*loud, *cascade, *chatter()], []) == ()


def test_reposts_count_as_mentions_and_not_as_stories() -> None:
    now = [*say("lid leaks", times=3), *say("lid leaks", times=4, story=2_000_000, is_repost=True), *chatter()]
    (theme,) = find_themes(now, [])
    assert (theme.mentions, theme.stories) == (7, 4)


@pytest.mark.parametrize(("label", "kind", "weight"), [(Label.NEGATIVE, "pain", -8.0), (Label.POSITIVE, "praise", 8.0)])
def test_a_theme_is_pain_or_praise_where_its_interval_leaves_out_zero(label: Label, kind: str, weight: float) -> None:
    (theme,) = find_themes([*say("lid", label=label, times=8), *chatter()], [])
    assert (theme.kind, theme.weight, theme.scored) == (kind, weight, 8)
    assert theme.interval is not None
    assert not theme.interval[0] <= 0 <= theme.interval[1]


def test_a_theme_of_both_feelings_or_of_few_scores_is_mixed() -> None:
    both = [*say("lid", label=Label.NEGATIVE, times=5), *say("lid", label=Label.POSITIVE, times=5)]
    few = [*say("charger", label=Label.NEGATIVE, times=4), *say("charger", label=Label.UNSCORED, times=9)]
    found = by_name(find_themes([*both, *few, *chatter()], []))
    assert {theme.kind for theme in found.values()} == {"mixed"}
    assert (found["charger"].mentions, found["charger"].scored, found["charger"].net) == (13, 4, -100.0)


@pytest.mark.parametrize(
    ("now", "before", "trend"), [(20, 5, "up"), (20, 0, "new"), (5, 20, "down"), (6, 5, "steady"), (9, None, "unknown")]
)
def test_a_trend_is_named_only_where_chance_does_not_explain_it(now: int, before: int | None, trend: str) -> None:
    past = None if before is None else [*say("lid", times=before), *chatter(80)]
    found = by_name(find_themes([*say("lid", times=now), *chatter(80)], past))
    assert (found["lid"].trend, found["lid"].before) == (trend, before)


def test_rates_are_compared_where_only_a_part_was_read() -> None:
    """Twenty stories in half of now and twenty in the whole before are twice as many."""
    now, before = [*say("lid", times=20), *chatter(90)], [*say("lid", times=20), *chatter(90)]
    assert find_themes(now, before)[0].trend == "steady"
    assert find_themes(now, before, exposure=(0.4, 1.0))[0].trend == "up"


def test_a_name_stays_when_another_phrase_gets_ahead_by_a_little() -> None:
    first = [*say("hinge is lid", times=6), *say("hinge", times=3), *say("lid", times=1), *chatter()]
    second = [*say("hinge is lid", times=6), *say("hinge", times=1), *say("lid", times=4), *chatter()]
    assert find_themes(first, [])[0].name == find_themes(second, first)[0].name == "hinge"
    assert find_themes(second, [])[0].name == "lid"


def test_quotes_are_typical_of_their_feeling() -> None:
    (best,) = say("lid hinge spout", label=Label.NEGATIVE)
    now = [*say("lid hinge", label=Label.NEGATIVE, times=6), best, *say("lid hinge spout", times=5), *chatter()]
    (theme,) = find_themes(now, [])
    positive, negative = theme.quotes
    assert (positive, negative[0], len(negative)) == ((), best.number, 2)


def test_the_two_quotes_of_a_feeling_are_of_different_stories() -> None:
    """Copies of the most typical say nothing new; a story is quoted by its newest original."""
    same = say("lid hinge spout", label=Label.NEGATIVE, times=4, story=3_000_000)
    repost = say("lid hinge", label=Label.NEGATIVE, story=3_000_001, is_repost=True)
    (other,) = say("lid hinge", label=Label.NEGATIVE, published_at=AT - timedelta(hours=1))
    (liked,) = say("lid hinge spout", label=Label.POSITIVE)
    now = [*same, *repost, other, liked, *say("lid hinge", times=6), *chatter()]
    (theme,) = find_themes(now, [])
    assert theme.quotes[0] == (liked.number,)
    assert theme.quotes[1][0] in {one.number for one in same}
    assert theme.quotes[1][1] == other.number


def test_themes_are_found_in_scripts_without_spaces_and_with_vowel_signs() -> None:
    now = [*say("ढक्कन टूट गया", times=6), *say("充電器が故障", times=6), *say("ڈھکن ٹوٹ گیا", times=6), *chatter()]
    words = " ".join(phrase for theme in find_themes(now, []) for phrase in theme.phrases)
    assert "ढक्कन" in words
    assert "充電器" in words
    assert "ڈھکن" in words


def test_only_the_newest_are_looked_at() -> None:
    old = say("charger", times=10, published_at=AT - timedelta(days=9))
    now = [*say("lid", times=10), *(one for turn in range(MOST_READ // 30) for one in chatter(30)), *old]
    assert "charger" not in {theme.name for theme in find_themes(now, [])}


def test_a_stage_is_told_by_most_words_and_by_the_later_where_they_are_even() -> None:
    read = stage_reader({"purchase": ("ordered", "my order"), "use": ("broke", "stopped working")})
    texts = ("It stopped working!", "Ordered it, then my order broke", "ordered and BROKE", "nothing of it", "")
    assert [read(say(text)[0]) for text in texts] == ["use", "purchase", "use", "unknown", "unknown"]


def test_a_cross_table_adds_up_and_names_what_is_usual() -> None:
    now = [
        *say("lid", label=Label.NEGATIVE, times=6, source="reddit"),
        *say("lid", label=Label.POSITIVE, times=2),
        *chatter(32),
    ]
    cells = cross(find_themes(now, []), now, lambda saying: saying.source)
    assert [(cell.value, cell.mentions, cell.share, cell.usual, cell.net) for cell in cells] == [
        ("reddit", 6, 0.75, 0.15, -100.0),
        ("x", 2, 0.25, 0.85, 100.0),
    ]


@settings(max_examples=some(60))
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["lid leaks", "lid", "late delivery", "hinge lid", "x"]), st.sampled_from(list(Label))
        ),
        max_size=40,
    )
)
def test_counts_of_every_theme_hold_together(drawn: list[tuple[str, Label]]) -> None:
    now = [one for text, label in drawn for one in say(text, label=label)]
    themes = find_themes(now, None)
    assert themes == find_themes(now[::-1], None)
    for theme in themes:
        assert theme.stories <= theme.mentions == len(theme.numbers) == sum(n for _, n in theme.sources)
        assert theme.positive + theme.negative <= theme.scored <= theme.mentions
        assert theme.name == theme.phrases[0]
        assert theme.interval is None or theme.interval[0] <= (theme.net or 0.0) <= theme.interval[1]
