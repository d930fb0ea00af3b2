"""What is suspected as noise is noise, and what leaving it out would do is what the matcher then does."""

from __future__ import annotations

import tomllib

from hypothesis import given, settings
from hypothesis import strategies as st

from listener.matching import Matcher
from listener.mention import Author, Label, Mention
from listener.query.build import build_query
from listener.search.history import StoredMention
from listener.search.noise import NoiseRow, find_noise
from servers.world import make_mention
from thoroughness import some

SETTINGS: dict[str, list[str]] = {"keywords": ["acme"], "exclude": ["globex"], "context": []}


def stored(
    number: int, text: str, said: Label | None = None, *, language: str = "en", **fields: object
) -> StoredMention:
    return StoredMention(
        number=number,
        mention=make_mention(number, text, **fields),
        text_hash=b"",
        language=language,
        verdicts=(),
        said={} if said is None else {"Acme": said},
    )


def find(history: list[StoredMention], *context: str, limit: int = 20, **changed: list[str]) -> tuple[NoiseRow, ...]:
    table = {**SETTINGS, **changed}
    return find_noise(
        lambda: [history],
        build_query(brand="Acme", **table),  # type: ignore[arg-type]
        exclude=table["exclude"],
        context=table["context"],
        added_context=context,
        limit=limit,
    )


def matched(history: list[StoredMention], **table: list[str]) -> set[int]:
    """Match one by one with a matcher of this configuration alone."""
    matcher = Matcher((build_query(brand="Acme", **table),))  # type: ignore[arg-type]
    return {
        one.number
        for one in history
        if any(matcher.confirm(one.mention, match, one.language) for match in matcher.match(one.mention))
    }


def removed(history: list[StoredMention], row: NoiseRow, **table: list[str]) -> tuple[int, int, int]:
    """Return what pasting the row's line would remove: noise, good, unlabelled."""
    gone = matched(history, **table) - matched(history, **{**table, **tomllib.loads(row.config)})
    said = [one.said.get("Acme") for one in history if one.number in gone]
    noise = said.count(Label.IRRELEVANT)
    unlabelled = said.count(None)
    return noise, len(said) - noise - unlabelled, unlabelled


def test_a_word_of_the_irrelevant_leads_with_the_line_to_paste() -> None:
    history = [stored(n, f"Acme jersey sale {n}", Label.IRRELEVANT) for n in range(1, 6)]
    history += [stored(n, f"Acme rocket launch {n}", Label.POSITIVE) for n in range(6, 12)]
    history += [stored(12, "Acme jersey of the crew", Label.NEUTRAL), stored(13, "Acme jersey maybe")]

    row = next(row for row in find(history) if row.value == "jersey")

    assert (row.noise_removed, row.good_lost, row.unlabelled_removed) == (5, 1, 1)
    assert row.config == 'exclude = ["globex", "jersey"]'
    assert find(history)[0].value in {"sale", "jersey sale"}  # they lose nothing good
    assert not any(row.value in {"rocket", "acme"} for row in find(history))


def test_authors_sites_and_subreddits_are_suspected_too() -> None:
    bot = {"author": Author(id="b", handle="Jersey_Bot"), "url": "https://www.reddit.com/r/Jerseys/comments/1/x"}
    history = [stored(n, f"Acme {n}", Label.IRRELEVANT, **bot) for n in range(1, 9)]
    history += [stored(n, f"Acme {n}", url=f"https://news.example/{n}") for n in range(9, 20)]

    rows = {row.kind: row for row in find(history)}

    assert {kind: row.value for kind, row in rows.items()} == {
        "author": "jersey_bot",
        "site": "reddit.com",
        "subreddit": "jerseys",
    }
    assert rows["subreddit"].config == 'exclude = ["globex", "subreddit:jerseys"]'
    assert all(removed(history, row, **SETTINGS) == (8, 0, 0) for row in rows.values())


def test_an_added_context_is_tried_and_what_it_drops_is_noise_to_learn_from() -> None:
    history = [stored(n, f"Acme rocket {n}") for n in range(1, 9)]
    history += [stored(n, f"Acme jersey {n}") for n in range(9, 15)]
    history += [stored(15, "Acme jersey, no more", Label.IRRELEVANT), stored(16, "Acme is fine", Label.POSITIVE)]

    context, word = find(history, "rocket", "anvil")[:2]

    assert (context.kind, context.config, context.zeta) == ("context", 'context = ["rocket", "anvil"]', None)
    assert (context.noise_removed, context.good_lost, context.unlabelled_removed) == (1, 1, 6)
    assert (word.value, word.noise_removed, word.good_lost) == ("jersey", 7, 0)


def test_what_loses_as_much_as_it_removes_and_what_occurs_once_is_left_out() -> None:
    history = [stored(n, "Acme jersey", Label.IRRELEVANT) for n in range(1, 3)]
    history += [stored(3, "Acme once", Label.IRRELEVANT)]
    history += [stored(n, "Acme jersey", Label.POSITIVE) for n in range(4, 7)]
    history += [stored(n, f"Acme {n}") for n in range(7, 60)]
    assert [row.value for row in find(history)] == []


def test_nothing_labelled_gives_nothing() -> None:
    assert find([stored(n, f"Acme jersey {n}") for n in range(9)]) == ()
    assert find([]) == ()


def test_the_limit_is_kept() -> None:
    history = [stored(n, "Acme jersey sale cheap new size colour", Label.IRRELEVANT) for n in range(1, 6)]
    history += [stored(n, "Acme rocket") for n in range(6, 30)]
    assert len(find(history, limit=3)) == 3


words = st.lists(st.sampled_from(["Acme", "jersey", "rocket", "globex", "the-size", "größe", "sale"]), max_size=5)
people = st.builds(lambda n: Author(id=str(n), handle=f"jo_{n}"), st.integers(0, 2))
places = st.sampled_from([None, "https://a.example/1", "https://b.a.example/2", "https://reddit.com/r/toys/1"])


@settings(max_examples=some(60))
@given(
    drawn=st.lists(
        st.tuples(
            words.map(" ".join),
            st.sampled_from([None, Label.IRRELEVANT, Label.IRRELEVANT, Label.POSITIVE]),
            people,
            places,
            st.sampled_from(["en", "de"]),
        ),
        max_size=25,
    ),
    languages=st.sampled_from([[], ["en"]]),
)
def test_the_replayed_numbers_are_those_of_matching_with_the_pasted_line(
    drawn: list[tuple[str, Label | None, Author, str | None, str]], languages: list[str]
) -> None:
    history = [
        stored(number, text, said, language=language, author=author, url=url)
        for number, (text, said, author, url, language) in enumerate(drawn, 1)
    ]
    table = {**SETTINGS, "languages": languages}
    for row in find(history, languages=languages):
        assert removed(history, row, **table) == (row.noise_removed, row.good_lost, row.unlabelled_removed)
    context = find(history, "rocket", languages=languages)[0]
    assert removed(history, context, **table) == (
        context.noise_removed,
        context.good_lost,
        context.unlabelled_removed,
    )


def test_a_text_of_any_size_and_author_of_any_name_is_taken() -> None:
    odd = Author(id="o", handle='jo "the" o\'neil')
    history = [stored(n, "Acme " + "x" * 100_000, Label.IRRELEVANT, author=odd) for n in range(1, 5)]
    history += [stored(n, f"Acme {n}") for n in range(5, 20)]
    assert isinstance(history[0].mention, Mention)
    for row in find(history):
        assert removed(history, row, **SETTINGS) == (4, 0, 0)
