"""What is worth a label: uncertain, influential, and not the same again."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from listener.mention import Label
from listener.search.queue import Candidate, choose, worth

PLAIN = Candidate(
    number=1, brand="Acme", language="en", label=Label.POSITIVE, score=0.5, evidence=3, confidence=None,
    followers=100, engagement=3, story=1, author=1,
)  # fmt: skip


def several(count: int, **fields: object) -> list[Candidate]:
    """Return candidates of different stories and authors."""
    start = fields.pop("start", 1)
    assert isinstance(start, int)
    return [
        replace(PLAIN, **{"number": n, "story": n, "author": n, **fields})  # type: ignore[arg-type]
        for n in range(start, start + count)
    ]


def test_the_less_a_verdict_says_the_more_a_label_is_worth() -> None:
    sure = replace(PLAIN, score=0.95, evidence=9)
    for doubtful in (
        replace(sure, score=0.1),
        replace(sure, evidence=1),
        replace(sure, confidence=0.4),
        replace(sure, score=None, label=Label.UNSCORED),
        replace(sure, score=0.0, evidence=0, label=Label.NO_EVIDENCE),
        replace(sure, followers=1_000_000),
        replace(sure, engagement=10_000),
    ):
        assert worth(doubtful) > worth(sure)


def test_a_language_with_few_mentions_is_not_crowded_out() -> None:
    chosen = choose([*several(50, score=0.1), *several(3, start=100, language="hi", score=0.4)], 8)
    assert [one.language for one in chosen].count("hi") == 3


def test_an_author_comes_again_only_where_nobody_else_is_left_and_a_story_never() -> None:
    same_author = [replace(one, author=7) for one in several(3)]
    same_story = [replace(one, story=50) for one in several(3, start=50)]
    chosen = choose([*same_author, *same_story], 10)
    assert len(chosen) == 4
    assert sorted(one.author == 7 for one in chosen[:2]) == [False, True]
    assert sum(one.story == 50 for one in chosen) == 1


candidates = st.builds(
    lambda number, story, author, language, score, evidence: replace(
        PLAIN, number=number, story=story, author=author, language=language, score=score, evidence=evidence
    ),
    st.integers(1, 99),
    st.integers(1, 9),
    st.none() | st.integers(1, 5),
    st.sampled_from(["en", "hi", "ta"]),
    st.none() | st.floats(-1, 1),
    st.integers(0, 5),
)


@given(st.lists(candidates, max_size=30, unique_by=lambda one: one.number), st.integers(1, 12), st.randoms())
def test_the_choice_does_not_depend_on_the_order_and_is_as_long_as_there_are_stories(
    drawn: list[Candidate], limit: int, seed: object
) -> None:
    shuffled = list(drawn)
    seed.shuffle(shuffled)  # type: ignore[attr-defined]
    chosen = choose(drawn, limit)
    assert chosen == choose(shuffled, limit)
    assert len(chosen) == min(limit, len({one.story for one in drawn}))
    assert len({one.story for one in chosen}) == len(chosen)
