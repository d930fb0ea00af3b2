"""What an explanation names first, and what it never names."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from listener.alerts.sentences import first_sentence
from listener.alerts.why import Item, explain
from listener.mention import Label
from listener.words import hashtags_of, terms_of, words_of
from thoroughness import some

AT = datetime(2026, 11, 17, 21, 0, tzinfo=UTC)  # a Tuesday
CHATTER = ("kettle", "toaster", "lamp", "price", "colour", "delivery", "shop", "gift", "blue", "review")


def chatter(number: int, *, before: timedelta, seed: int = 1) -> list[Item]:
    rng = random.Random(f"{seed} {before}")
    return [
        Item(
            id=f"{before.days}-{i}",
            text=f"my acme {' '.join(rng.sample(CHATTER, 4))} is here",
            source=rng.choice(["x", "reddit"]),
            published_at=AT - before - timedelta(seconds=20 * i),
            author=f"writer {rng.randrange(10_000)}",
            language="en",
            label=rng.choice([Label.POSITIVE, Label.NEUTRAL, Label.NEGATIVE]),
        )
        for i in range(number)
    ]


def about(words: str, number: int, **changes: object) -> list[Item]:
    return [
        replace(
            Item(
                id=f"e{i}",
                text=f"acme {words} {CHATTER[i % 10]}",
                source="reddit",
                published_at=AT - timedelta(minutes=40) + timedelta(seconds=10 * i),
                author=f"voice {i}",
                language="en",
                label=Label.NEGATIVE,
            ),
            **changes,
        )
        for i in range(number)
    ]


BEFORE = chatter(600, before=timedelta(days=3))


def why(now, before=BEFORE, **more):
    return explain(now, before, 50, observed=len(now), at=AT, names=("Acme",), **more)


def test_the_cause_is_named_first_and_the_brand_never():
    found = why(chatter(60, before=timedelta()) + about("recall", 90))
    assert found.terms[0].value == "recall"
    assert found.terms[0].count == 90
    assert found.terms[0].usual == 0.0
    assert not any("acme" in factor.value for factor in found.terms)
    assert found.sources[0].value == "reddit"
    assert found.first == "e0"
    assert found.since == AT - timedelta(minutes=40)
    assert found.sentence == (
        "150 mentions in the last hour, about 50 are usual for a Tuesday 21:00; 60 % come from “recall” on Reddit, since 20:20"
    )


def test_what_is_said_as_often_as_ever_explains_nothing():
    found = why(chatter(300, before=timedelta()))
    assert found.terms == ()
    assert found.hashtags == ()
    assert found.sentence == "300 mentions in the last hour, about 50 are usual for a Tuesday 21:00"


def test_one_author_who_repeats_himself_counts_once():
    loud = about("giveaway", 100, author="the same")
    found = why(chatter(100, before=timedelta()) + loud + about("recall", 40))
    assert found.terms[0].value == "recall"
    assert "giveaway" not in {factor.value for factor in found.terms}
    assert found.authors[0].value == "the same"
    assert found.author_share == pytest.approx(100 / 240)


def test_authors_of_one_name_in_two_services_are_two():
    alike = [
        *about("giveaway", 60, author="ada", source="reddit"),
        *about("giveaway", 40, author="ada", source="x"),
    ]
    assert why(alike).author_share == pytest.approx(0.6)


def test_a_cascade_of_reposts_is_one_story():
    cascade = about("giveaway", 100, story="one", is_repost=True)
    found = why(chatter(100, before=timedelta()) + cascade + about("recall", 40))
    assert [factor.value for factor in found.terms][:1] == ["recall"]
    assert found.repeated_share == pytest.approx(99 / 240)


def test_a_pair_of_words_stands_for_its_parts():
    found = why(chatter(60, before=timedelta()) + about("battery recall", 90))
    assert [factor.value for factor in found.terms] == ["battery recall"]


def test_representatives_hold_the_terms_and_are_of_different_authors_and_stories():
    now = chatter(60, before=timedelta()) + about("battery recall", 20, story="one") + about("recall", 30)
    now = [replace(item, id=str(i)) for i, item in enumerate(now)]
    found = why(now)
    chosen = [now[int(number)] for number in found.mentions]
    assert len(chosen) == 3
    assert all("recall" in item.text for item in chosen)
    assert len({item.author for item in chosen}) == 3
    assert len({item.story or item.id for item in chosen}) == 3


def test_hashtags_links_and_languages_are_compared_with_the_usual():
    now = about("recall", 50, hashtags=("AcmeFire",), language="es", links=("https://www.example.org/fire/?ref=1#top",))
    found = why(chatter(50, before=timedelta()) + now)
    assert found.hashtags[0].value == "acmefire"
    assert found.links[0].value == "example.org/fire"
    assert found.languages[0].value == "es"


def test_the_negative_share_is_over_scored_mentions_and_named_beside_the_usual():
    now = about("recall", 30) + about("recall", 10, label=Label.UNSCORED)
    found = why([replace(item, id=str(i)) for i, item in enumerate(now)])
    assert (found.negative_share, found.scored) == (1.0, 30)
    assert found.usual_negative_share == pytest.approx(1 / 3, abs=0.08)
    assert found.usual_scored == 600


def test_nothing_at_all_is_explained_without_a_fuss():
    found = explain([], [], 0.0, observed=0, at=AT)
    assert (found.terms, found.mentions, found.first, found.author_share) == ((), (), None, None)
    assert why(about("recall", 40), before=[]).terms[0].value == "recall"


def test_a_larger_negative_share_is_shown_by_negative_mentions_alone():
    praise = about("recall handled well recall recall", 30, label=Label.POSITIVE)
    blame = [replace(one, id=f"n{one.id}", author=f"other {one.id}") for one in about("recall", 20)]
    found = explain(praise + blame, BEFORE, 0.2, observed=0.4, at=AT, kind="sentiment")
    assert len(found.mentions) == 3
    assert all(one.startswith("n") for one in found.mentions)
    assert explain(praise, BEFORE, 0.2, observed=0.4, at=AT, kind="sentiment").mentions == ()


def test_a_smaller_negative_share_is_shown_by_whatever_is_said():
    praise = about("recall handled well", 30, label=Label.POSITIVE)
    assert len(explain(praise, BEFORE, 0.4, observed=0.1, at=AT, kind="sentiment").mentions) == 3


def test_partial_coverage_is_said():
    assert why(about("recall", 90), coverage=0.6).sentence.endswith("(at times only 60 % of the sources were seen)")


@given(st.lists(st.text(max_size=60), max_size=30))
@settings(max_examples=some(40))
def test_any_text_can_be_explained(texts):
    now = [
        Item(id=str(i), text=text, source="x", published_at=AT, links=(text,), hashtags=(text,))
        for i, text in enumerate(texts)
    ]
    found = explain(now, now[::2], 1.0, observed=len(now), at=AT, names=texts[:1])
    assert len(found.mentions) <= 3
    assert all(0 <= factor.share <= 1 and 0 <= factor.usual <= 1 for factor in found.terms + found.links)


def test_vowel_signs_stay_in_their_words():
    assert words_of("कोका-कोला की बोतल टूटी है") == ["कोका", "कोला", "की", "बोतल", "टूटी", "है"]
    assert "நிறுவனம்" in words_of("இந்த நிறுவனம் மோசம்")
    assert words_of("ਪੰਜਾਬੀ ਬੋਲੀ") == ["ਪੰਜਾਬੀ", "ਬੋਲੀ"]


def test_addresses_names_and_possessives_are_no_words():
    assert words_of("See https://example.org/x?y=1 via @someone: Acme\u2019s new phone") == [
        "see",
        "via",
        "acme",
        "new",
        "phone",
    ]


def test_writing_without_spaces_is_cut_into_pieces():
    assert "リコール" in words_of("アクメがリコールを発表")
    assert "发布" in words_of("公司今天发布召回公告")


def test_stop_words_numbers_and_single_characters_are_no_terms():
    assert terms_of("the 2026 x recall und की", frozenset()) == {"recall"}


def test_hashtags_are_read_in_any_script():
    assert hashtags_of("#Recall and #आग_लगी \uff03リコール") == ["recall", "आग_लगी", "リコール"]


@pytest.mark.parametrize(
    ("kind", "observed", "expected", "sentence"),
    [
        ("spike", 3041, 702, "3,041 mentions in the last hour, about 700 are usual for a Tuesday 21:00"),
        ("spike", 1, 0.2, "1 mention in the last hour, about 0.2 are usual for a Tuesday 21:00"),
        (
            "sentiment",
            0.74,
            0.47,
            "74 % of the mentions of the last 6 hours are negative, usually 47 % (Tuesday 21:00)",
        ),
        ("words", 4, 0.0, "4 mentions with watched words in the last hour, usually there are none"),
        ("silence", 0, 240, "0 mentions in the last 6 hours, about 240 are usual up to a Tuesday 21:00"),
        (
            "sentiment",
            299 / 300,
            1 / 300,
            "over 99 % of the mentions of the last 6 hours are negative, usually under 1 % (Tuesday 21:00)",
        ),
        ("blind", 0.0, 1.0, "only 0 % of the last 6 hours could be read, up to Tuesday 21:00"),
        ("blind", 0.25, 1.0, "only 25 % of the last 6 hours could be read, up to Tuesday 21:00"),
        (
            "thread",
            1_200,
            1_000,
            "a thread with 1,200 likes, reposts and replies, the line is at 1,000 (Tuesday 21:00)",
        ),
        (
            "reach",
            2_000_000,
            100_000,
            "a mention by somebody with 2,000,000 followers, the line is at 100,000 (Tuesday 21:00)",
        ),
    ],
)
def test_every_kind_of_rule_has_its_sentence(kind, observed, expected, sentence):
    assert first_sentence(kind=kind, observed=observed, expected=expected, at=AT) == sentence


def test_times_in_the_sentence_are_the_brands_own():
    said = first_sentence(kind="spike", observed=9, expected=2, at=AT, time_zone="Asia/Kolkata")
    assert said.endswith("Wednesday 02:30")


def test_the_few_posts_of_a_small_brand_are_enough_to_name_what_is_new():
    few = about("recall", 10) + chatter(70, before=timedelta(hours=1))
    assert [factor.value for factor in why(few, before=chatter(150, before=timedelta(days=3))).terms] == ["recall"]
