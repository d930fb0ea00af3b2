from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener.mention import Sentiment
from listener.protocols import ScoringTask
from sentiment.scope import places_of, scope_of
from sentiment.vader import VaderScorer

BRANDS = ("Acme", "Globex")


def towards(brand: str, text: str, *, title: str | None = None) -> Sentiment:
    task = ScoringTask(text=text, title=title, language="en", brand=brand, target=(brand,), masks=BRANDS)
    return VaderScorer().score([task])[0]


@pytest.mark.parametrize(
    ("text", "acme", "globex"),
    [
        ("Globex is so much better than Acme", "negative", "positive"),
        ("Acme is worse than Globex", "negative", "positive"),
        ("I prefer Globex to Acme", "negative", "positive"),
        ("Acme is faster and far superior to Globex", "positive", "negative"),
        ("Acme is great but Globex is terrible", "positive", "negative"),
        ("Love my Acme router. The Globex one is horrible.", "positive", "negative"),
        ("Acme was awful, Globex is wonderful", "negative", "positive"),
        ("Acme and Globex are both terrible", "negative", "negative"),
        ("Acme is better than ever", "positive", None),
        ("Globex is faster than Acme", "negative", "positive"),
        ("Globex is slower than my old Acme", "positive", "negative"),
        ("Globex is not better than Acme", "positive", "negative"),
    ],
)
def test_each_side_of_a_text_is_scored_its_own_way(text: str, acme: str, globex: str | None) -> None:
    assert towards("Acme", text).label.word == acme
    if globex is not None:
        assert towards("Globex", text).label.word == globex


def test_the_score_of_the_whole_text_is_kept_beside_that_of_the_part() -> None:
    result = towards("Acme", "What a horrible, sad, miserable day. Acme shipped my router. I love cake.")
    assert result.evidence == 0
    assert result.score == 0.0
    assert result.whole_text_score is not None
    assert result.whole_text_score != 0.0


def test_only_eight_tokens_on_either_side_of_the_name_count() -> None:
    near = "horrible " + "x " * 7 + "Acme"
    far = "horrible " + "x " * 8 + "Acme"
    assert towards("Acme", near).evidence == 1
    assert towards("Acme", far).evidence == 0


@pytest.mark.parametrize(
    "text",
    [
        "Horrible service, sad day. Never again. #acme",
        "Horrible service, sad day. Never again. @Acme",
        "Horrible service, sad day. See https://acme.example.org/news",
        "Horrible service, sad day.",
    ],
)
def test_the_whole_text_counts_where_the_brand_is_only_in_a_hashtag_handle_or_link(text: str) -> None:
    result = towards("Acme", text)
    assert result.label.word == "negative"
    assert result.whole_text_score is None


def test_the_whole_text_counts_where_the_brand_is_only_in_the_title() -> None:
    result = towards("Acme", "It broke. A horrible thing.", title="My year with Acme")
    assert result.label.word == "negative"
    assert result.whole_text_score is None


def test_spans_of_the_match_go_before_a_search_for_the_name() -> None:
    text = "The router is great. Acme is horrible."
    span = (4, 10)
    task = ScoringTask(text=text, language="en", target=("Acme",), spans=(span,), masks=BRANDS)
    assert VaderScorer().score([task])[0].label.word == "positive"


def test_spans_count_from_the_text_also_where_there_is_a_title() -> None:
    task = ScoringTask(
        text="Acme is great. Rain is horrible.",
        title="News of the day",
        language="en",
        target=("Acme",),
        spans=((0, 4),),
    )
    assert VaderScorer().score([task])[0].label.word == "positive"


def test_like_in_a_comparison_praises_nobody() -> None:
    assert towards("Acme", "It looks like Acme has a new router").evidence == 0
    assert towards("Acme", "I like Acme").label.word == "positive"


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Acme is slow and bulky", "negative"),
        ("My Acme overheats all day", "negative"),
        ("the bland soup at Acme", "negative"),
        ("Acme is fast and affordable", "positive"),
        ("Acme is not fast", "negative"),
        ("Acme works well", "positive"),
        ("please help, which Acme sentence do you want", "neutral"),
        ("playing with friends on Acme, ok", "neutral"),
        ("Acme wins the peace prize, I hope", "positive"),
        ("I hope Acme hears this", "neutral"),
        ("I love Acme :)", "positive"),
    ],
)
def test_towards_a_brand_faults_and_merits_count_and_requests_and_wishes_do_not(text: str, label: str) -> None:
    result = towards("Acme", text)
    assert (result.label.word if result.evidence else "neutral") == label


def test_the_score_beside_that_of_a_part_is_the_one_the_text_has_without_a_target() -> None:
    text = "My lovely old kettle burst today, and so I went out into the rain and bought one; the Acme is slow"
    result = towards("Acme", text)
    (alone,) = VaderScorer().score([ScoringTask(text=text.replace("Acme", "Axme"), language="en")])
    assert result.score is not None
    assert result.score < 0
    assert result.whole_text_score == alone.score
    assert result.whole_text_score != result.score


def test_the_names_of_the_target_are_masked_too() -> None:
    task = ScoringTask(text="Discord is down again", language="en", target=("Discord",))
    assert VaderScorer().score([task])[0].evidence == 0


def test_of_thousands_of_brands_no_two_have_their_names_made_ready_apart() -> None:
    from sentiment import target

    brands = [f"Boilwick {number}" for number in range(3_000)]
    masks = tuple(brands)
    before = target._sought.cache_info().misses, target._pattern.cache_info().misses
    for brand in brands[:200]:
        task = ScoringTask(text="Boilwick 7 is good", language="en", target=(brand,), spans=((0, 10),), masks=masks)
        assert places_of(task).names == [(0, 10)]
    assert target._sought.cache_info().misses - before[0] == 1
    assert target._pattern.cache_info().misses - before[1] <= 2


def test_without_a_target_the_text_is_read_as_a_whole() -> None:
    scope = scope_of(ScoringTask(text="Acme is great. Rain is horrible.", language="en"))
    assert (scope.local, scope.against) == (None, "")


@given(
    st.text(max_size=80),
    st.lists(st.tuples(st.integers(-5, 90), st.integers(-5, 90)), max_size=3),
    st.sampled_from([(), ("Acme",), ("a", "\u0130")]),
)
def test_any_text_and_any_spans_can_be_cut(text: str, spans: list[tuple[int, int]], target: tuple[str, ...]) -> None:
    (result,) = VaderScorer().score(
        [ScoringTask(text=text, language="en", spans=tuple(spans), target=target, masks=BRANDS)]
    )
    assert result.score is None or -1 <= result.score <= 1


def test_a_brand_named_thousands_of_times_is_scored_all_the_same() -> None:
    result = towards("Acme", "Acme is great, Globex is horrible. " * 4_000)
    assert result.label.word == "positive"
    assert result.evidence == 40
