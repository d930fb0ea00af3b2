"""A replay over the stored history comes out as if the mentions came in today, and can be stopped anywhere."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keeping.test_store_pages import mentions, rows
from listener.matching import Matcher
from listener.mention import Label, Mention, Sentiment
from listener.pipeline import Judge
from listener.pipeline import replaying as stages
from listener.pipeline.executors import Here
from listener.pipeline.replaying import ReplayReport
from listener.protocols import ScoringTask
from listener.query import Query
from listener.query.build import build_query
from listener.search import history
from listener.search.history import HistoryReader
from listener.store import Store
from servers.world import ACME, GLOBEX, NOW, QUERIES, English, WordScorer, make_judge, make_mention, open_store
from thoroughness import some

WIDER = (build_query(brand="Acme", keywords=["acme", "lid"]), GLOBEX)
NARROWER = (build_query(brand="Acme", keywords=["acme"], exclude=["bad"]), GLOBEX)

C = TypeVar("C")
R = TypeVar("R")

MATCHES = """
SELECT mention_id, brands.name, queries.version, matches.language, label, score, scorer_label, scorer_score,
       scorers.version, spans, matches.engagement
FROM matches JOIN brands ON brands.id = matches.brand_id JOIN queries ON queries.id = query_id
JOIN scorers ON scorers.id = scorer_id ORDER BY 1, 2
"""
REST = (
    "SELECT id, text, language, story_id FROM mentions ORDER BY 1",
    "SELECT * FROM rollup_quarter ORDER BY 1, 2",
    "SELECT * FROM rollup_day ORDER BY 1, 2, 3, 4",
    "SELECT * FROM story_firsts ORDER BY 1, 2",
    "SELECT mention_id, brand_id, label FROM labels ORDER BY 1, 2",
)


def dump(store: Store) -> list[list[tuple[object, ...]]]:
    return [rows(store, sql) for sql in (MATCHES, *REST)]


def keep(store: Store, batch: list[Mention], judge: Judge | None = None) -> None:
    """Store mentions, also those that match nothing."""
    judgement = (judge or make_judge()).judge(
        batch, store.known([one.key for one in batch]), now=NOW, keep_unmatched=True
    )
    store.save_page(judgement.judged, refreshed=judgement.refreshed, now=NOW)


class German(English):
    """Take everything for German."""

    version = "2"

    def identify(self, texts: list[str], claims: list[str | None]) -> list[str]:
        return ["de" for _ in zip(texts, claims, strict=True)]


class NewScorer(WordScorer):
    """Turn every feeling round, as another version."""

    version = "2"

    def _one(self, task: ScoringTask) -> Sentiment:
        felt = super()._one(task)
        if felt.score is None or felt.score == 0:
            return felt
        label = Label.NEGATIVE if felt.label is Label.POSITIVE else Label.POSITIVE
        return Sentiment(
            score=-felt.score, label=label, language=task.language, scorer="words", version="2", evidence=1
        )


def new_scorers_judge() -> Judge:
    return Judge(QUERIES, Matcher(QUERIES), English(), NewScorer())


def replay(
    how: Callable[..., ReplayReport],
    store: Store,
    judge: Judge,
    *,
    brand: str | None = None,
    stop: threading.Event | None = None,
    on_chunk: Callable[[ReplayReport], None] = lambda _: None,
) -> ReplayReport:
    with HistoryReader(store.path) as reader:
        return how(store, reader, judge, stop or threading.Event(), now=NOW, brand=brand, on_chunk=on_chunk)


def rematch(store: Store, queries: tuple[Query, ...], brand: str | None = None) -> ReplayReport:
    store.register([("Acme", "own"), ("Globex", "competitor")], queries, now=NOW)
    return replay(stages.rematch, store, make_judge(queries), brand=brand)


def test_a_wider_query_finds_what_matched_nothing_before(store: Store) -> None:
    keep(store, [make_mention(1, "the lid is bad"), make_mention(2, "Acme is good")])
    report = rematch(store, WIDER)
    assert rows(store, "SELECT mention_id, label FROM matches ORDER BY 1") == [(1, Label.NEGATIVE), (2, Label.POSITIVE)]
    assert (report.gained["Acme"], report.lost["Acme"], report.done) == (1, 0, 2)
    assert store.check() == []


def test_a_narrower_query_takes_matches_away_and_keeps_the_mentions(store: Store) -> None:
    keep(store, [make_mention(1, "Acme is bad"), make_mention(2, "Acme is good")])
    report = rematch(store, NARROWER)
    assert rows(store, "SELECT mention_id FROM matches") == [(2,)]
    assert rows(store, "SELECT count(*) FROM mentions") == [(2,)]
    assert report.lost["Acme"] == 1
    assert store.check() == []


def test_a_replay_of_one_brand_leaves_the_others_as_they_are(store: Store) -> None:
    keep(store, [make_mention(1, "Acme and Globex are bad")])
    narrow_both = (NARROWER[0], build_query(brand="Globex", keywords=["globex"], exclude=["bad"]))
    rematch(store, narrow_both, brand="Acme")
    assert rows(store, "SELECT name FROM matches JOIN brands ON id = brand_id") == [("Globex",)]


class Beside(Here[Judge]):
    """Let something happen to the store between the look at each chunk and what is stored of it."""

    def __init__(self, stages: Judge, happen: Callable[[], object]) -> None:
        super().__init__(stages)
        self._happen = happen

    def map(self, work: Callable[[Judge, C], R], chunks: Iterable[C]) -> Iterator[tuple[C, R]]:
        for decided in super().map(work, chunks):
            self._happen()
            yield decided


def beside(how: Callable[..., ReplayReport], store: Store, judge: Judge, happen: Callable[[Store], object]) -> None:
    """Run a replay while another process does something to the store, with each chunk."""

    def other() -> None:
        with Store(store.path) as others:
            happen(others)

    with HistoryReader(store.path) as reader:
        how(store, reader, judge, threading.Event(), now=NOW, executor=Beside(judge, other))


def test_a_rematch_leaves_what_another_one_takes_away_meanwhile_of_another_brand(store: Store) -> None:
    keep(store, [make_mention(1, "Acme and Globex are bad")])
    narrow_both = (NARROWER[0], build_query(brand="Globex", keywords=["globex"], exclude=["bad"]))
    store.register([("Acme", "own"), ("Globex", "competitor")], narrow_both, now=NOW)
    only_acme = partial(stages.rematch, brand="Acme")
    beside(only_acme, store, make_judge(narrow_both), lambda others: rematch(others, narrow_both, brand="Globex"))
    assert rows(store, "SELECT mention_id FROM matches") == []
    assert store.check() == []


@pytest.mark.parametrize("queries", [WIDER, NARROWER])
def test_a_rematch_and_a_rescore_beside_each_other_come_out_as_one_after_the_other(
    store: Store, queries: tuple[Query, ...]
) -> None:
    texts = ["the lid is bad", "Acme is bad", "Acme and Globex are good", "Globex is bad", "the lid of Globex is good"]
    keep(store, [make_mention(number, text) for number, text in enumerate(texts, 1)])
    new = Judge(queries, Matcher(queries), English(), NewScorer())
    store.register([("Acme", "own"), ("Globex", "competitor")], queries, now=NOW)
    beside(stages.rescore, store, new, lambda others: replay(stages.rematch, others, new))
    assert rows(store, "SELECT DISTINCT version FROM scorers JOIN matches ON scorer_id = scorers.id") == [("2",)]
    assert store.check() == []
    met = dump(store)
    assert replay(stages.rematch, store, new).changed == 0
    assert replay(stages.rescore, store, new).changed == 0
    assert dump(store) == met


def test_a_rematch_keeps_the_scores_that_a_rescore_gives_meanwhile(store: Store) -> None:
    keep(store, [make_mention(1, "Acme and Globex are bad")])
    store.register([("Acme", "own"), ("Globex", "competitor")], NARROWER, now=NOW)
    new = Judge(QUERIES, Matcher(QUERIES), English(), NewScorer())
    beside(stages.rematch, store, make_judge(NARROWER), lambda others: replay(stages.rescore, others, new))
    assert rows(store, "SELECT name, label FROM matches JOIN brands ON id = brand_id") == [("Globex", Label.POSITIVE)]
    assert store.check() == []


def test_matches_of_a_brand_that_is_no_longer_configured_stay(store: Store) -> None:
    keep(store, [make_mention(1, "Acme and Globex are good")])
    rematch(store, (ACME,))
    assert rows(store, "SELECT count(*) FROM matches") == [(2,)]


def test_a_label_survives_a_rematch_and_a_rescore(store: Store) -> None:
    keep(store, [make_mention(1, "Acme is good"), make_mention(2, "Acme is bad")])
    store.label(1, "Acme", Label.NEUTRAL, now=NOW)
    store.label(2, "Acme", Label.IRRELEVANT, now=NOW)
    rematch(store, NARROWER)
    rematch(store, QUERIES)
    replay(stages.rescore, store, new_scorers_judge())
    assert rows(store, "SELECT label, scorer_label, scorer_score FROM matches ORDER BY mention_id") == [
        (Label.NEUTRAL, Label.NEGATIVE, -5000),
        (Label.IRRELEVANT, Label.POSITIVE, 5000),
    ]
    assert store.check() == []


def test_a_rescore_brings_the_scores_of_a_new_version_once(store: Store) -> None:
    keep(store, [make_mention(1, "Acme is good"), make_mention(2, "Acme is"), make_mention(3, "nothing")])
    report = replay(stages.rescore, store, new_scorers_judge())
    assert (report.changed, report.relabelled["Acme"]) == (1, 1)
    assert rows(store, "SELECT label FROM matches ORDER BY mention_id") == [(Label.NEGATIVE,), (Label.NO_EVIDENCE,)]
    assert replay(stages.rescore, store, new_scorers_judge()).changed == 0
    assert store.check() == []


def test_a_rescore_of_one_brand_leaves_the_scores_of_the_others(store: Store) -> None:
    keep(store, [make_mention(1, "Acme and Globex are good")])
    replay(stages.rescore, store, new_scorers_judge(), brand="Globex")
    found = rows(store, "SELECT name, label FROM matches JOIN brands ON id = brand_id ORDER BY 1")
    assert found == [("Acme", Label.POSITIVE), ("Globex", Label.NEGATIVE)]


def test_a_rescore_brings_the_language_as_it_is_identified_now_once(store: Store) -> None:
    keep(store, [make_mention(1, "Acme is good")])
    judge = Judge(QUERIES, Matcher(QUERIES), German(), WordScorer())
    assert replay(stages.rescore, store, judge).changed == 1
    assert rows(store, "SELECT language FROM mentions UNION ALL SELECT language FROM matches") == [("de",), ("de",)]
    assert replay(stages.rescore, store, judge).changed == 0
    assert store.check() == []


def test_a_purged_mention_keeps_what_was_decided(store: Store) -> None:
    keep(store, [make_mention(1, "Acme is bad")])
    with sqlite3.connect(store.path) as connection:
        connection.execute("UPDATE mentions SET text = NULL, title = NULL")
    connection.close()
    before = dump(store)
    rematch(store, NARROWER)
    replay(stages.rescore, store, new_scorers_judge())
    assert dump(store) == before


def test_words_that_changed_while_they_were_judged_are_not_judged_by_their_old_ones(store: Store) -> None:
    keep(store, [make_mention(1, "Acme is good")])

    class Slow(NewScorer):
        def score(self, tasks: list[ScoringTask]) -> list[Sentiment]:
            keep(store, [make_mention(1, "Acme is good, good")])
            return super().score(tasks)

    report = replay(stages.rescore, store, Judge(QUERIES, Matcher(QUERIES), English(), Slow()))
    assert report.changed == 0
    assert rows(store, "SELECT score FROM matches") == [(10_000,)]
    assert store.check() == []


def test_a_mention_that_is_erased_while_it_is_judged_keeps_what_was_decided(store: Store) -> None:
    keep(store, [make_mention(1, "Acme is good"), make_mention(2, "Acme is bad")])

    class Slow(NewScorer):
        def score(self, tasks: list[ScoringTask]) -> list[Sentiment]:
            store.erasure.erase([1], now=NOW)
            return super().score(tasks)

    report = replay(stages.rescore, store, Judge(QUERIES, Matcher(QUERIES), English(), Slow()))
    assert report.changed == 1
    assert rows(store, "SELECT score FROM matches ORDER BY mention_id") == [(5_000,), (5_000,)]
    assert store.check() == []


def test_a_stopped_replay_goes_on_where_it_was(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "_CHUNK", 2)
    keep(store, [make_mention(n, "Acme is good") for n in range(1, 8)])
    stop = threading.Event()
    first = replay(stages.rescore, store, new_scorers_judge(), stop=stop, on_chunk=lambda _: stop.set())
    assert (first.is_stopped, first.done, first.changed) == (True, 2, 2)
    assert store.check() == []
    seen: list[int] = []
    second = replay(stages.rescore, store, new_scorers_judge(), on_chunk=lambda report: seen.append(report.done))
    assert (second.is_stopped, second.changed, seen) == (False, 5, [4, 6, 7, 7])
    assert rows(store, "SELECT DISTINCT label FROM matches") == [(Label.NEGATIVE,)]
    assert rows(store, "SELECT count(*) FROM replays") == [(0,)]


def test_a_stopped_replay_to_something_else_begins_anew(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "_CHUNK", 1)
    keep(store, [make_mention(n, "Acme is bad") for n in range(1, 4)])
    stop = threading.Event()
    stop.set()
    store.register([("Acme", "own")], NARROWER, now=NOW)
    replay(stages.rematch, store, make_judge(NARROWER), stop=stop)
    assert rows(store, "SELECT count(*) FROM matches") == [(2,)]
    rematch(store, QUERIES)
    assert rows(store, "SELECT count(*) FROM matches") == [(3,)]


def test_a_chunk_that_fails_leaves_what_was_and_the_next_run_ends_the_same(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "_CHUNK", 2)
    keep(store, [make_mention(n, "Acme is good") for n in range(1, 6)])

    class Broken(NewScorer):
        calls = 0

        def score(self, tasks: list[ScoringTask]) -> list[Sentiment]:
            self.calls += 1
            if self.calls == 2:
                raise RuntimeError
            return super().score(tasks)

    with pytest.raises(RuntimeError):
        replay(stages.rescore, store, Judge(QUERIES, Matcher(QUERIES), English(), Broken()))
    assert store.check() == []
    replay(stages.rescore, store, new_scorers_judge())
    assert rows(store, "SELECT count(*) FROM matches WHERE label = 1") == [(5,)]
    assert store.check() == []


@settings(max_examples=some(30))
@given(
    pages=st.lists(st.lists(mentions(), max_size=6), max_size=3),
    labels=st.lists(st.tuples(st.integers(1, 6), st.sampled_from([Label.NEGATIVE, Label.IRRELEVANT])), max_size=3),
    other=st.sampled_from([WIDER, NARROWER]),
)
def test_to_a_new_query_and_back_gives_the_same_store_and_the_new_one_is_what_a_fresh_store_has(
    tmp_path_factory: pytest.TempPathFactory,
    pages: list[list[Mention]],
    labels: list[tuple[int, Label]],
    other: tuple[Query, ...],
) -> None:
    with open_store(tmp_path_factory.mktemp("store")) as store:
        for page in pages:
            keep(store, page)
        for number, said in labels:
            if (number,) in rows(store, "SELECT mention_id FROM matches"):
                store.label(number, None, said, now=NOW)
        before = dump(store)
        rematch(store, other)
        assert store.check() == []
        if not labels:
            with open_store(tmp_path_factory.mktemp("fresh"), other) as fresh:
                for page in pages:
                    keep(fresh, page, make_judge(other))
                assert dump(fresh)[0] == dump(store)[0]
        rematch(store, QUERIES)
        assert dump(store) == before
        assert store.check() == []
