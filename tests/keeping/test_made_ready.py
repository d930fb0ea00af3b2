"""What is worked out ahead, many at once or in another process, is what is worked out one by one in place."""

from __future__ import annotations

import marshal
import sqlite3
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from listener.clock import STEPS, align_down, from_epoch, load_zone, to_epoch
from listener.mention import Author, Engagement, Label, Match, Mention, Sentiment
from listener.rollups import QUARTER_SECONDS, cut_quarter, local_day_number
from listener.store import Judged, Prepared, Store, Verdict
from listener.store.ready import from_plain, make_ready, to_plain
from listener.stories import DIGEST_SIZE, keys_of_many, story_keys
from servers.world import ACME, NOW, make_judge, make_mention, store_mentions
from stores import lay_store
from thoroughness import some

if TYPE_CHECKING:
    from pathlib import Path

WORDS = ["acme", "lid", "is", "#good", "the", "better", "than", "globex", "काम", "これは", "été", "RT", "@ada:", "😀"]
ZONES = ("UTC", "Europe/Berlin", "Asia/Kathmandu", "America/St_Johns", "Australia/Lord_Howe", "Africa/Casablanca")

texts = st.lists(st.sampled_from(WORDS) | st.text(max_size=6), max_size=25).map(" ".join)
mentions = st.builds(
    Mention,
    source=st.sampled_from(["x", "rss"]),
    id=st.text("abc123", min_size=1, max_size=5),
    text=texts,
    published_at=st.just(NOW) | st.none(),
    title=st.none() | texts,
    url=st.none() | st.just("https://globex.example/lid?utm_source=a"),
    kind=st.sampled_from(["post", "article"]),
    author=st.none()
    | st.builds(Author, id=st.none() | st.just("7"), handle=st.just("Ada"), followers=st.integers(0, 9)),
    engagement=st.builds(Engagement, likes=st.none() | st.integers(0, 5), replies=st.none() | st.integers(0, 5)),
    repost_of=st.none() | st.just("5"),
    links=st.just(()) | st.just(("https://globex.example/a",)),
    hashtags=st.just(()) | st.just(("lid",)),
    extra=st.none() | st.just({"note": "kept"}),
)


@settings(max_examples=some(20))
@given(many=st.lists(mentions, min_size=64, max_size=70))
def test_many_mentions_have_the_story_keys_that_each_has(many: list[Mention]) -> None:
    assert keys_of_many(many) == [story_keys(one) for one in many]


@given(mention=mentions, score=st.none() | st.integers(-10_000, 10_000), label=st.sampled_from(Label))
def test_what_another_process_sends_says_the_same(mention: Mention, score: int | None, label: Label) -> None:
    sentiment = Sentiment(
        score=None if score is None else score / 10_000, label=label, language="en", scorer="made-up", version="1",
        evidence=2, whole_text_score=0.25,
    )  # fmt: skip
    match = Match(brand="Acme", query_version="v1", spans=(("title", 0, 4), ("text", 3, 7)))
    verdicts = (Verdict(match=match, sentiment=sentiment),)
    judged = Judged(mention=mention, published_at=NOW, language="en", verdicts=verdicts)
    (ready,) = make_ready([judged])
    sent = from_plain(marshal.loads(marshal.dumps(to_plain(ready))))  # noqa: S302 - of this very test
    assert sent == ready
    prepared = Prepared(ready=sent, read=lambda: mention)
    assert prepared.judged() == judged
    assert make_ready([prepared.judged()]) == [ready]


@given(
    zone=st.sampled_from(ZONES),
    at=st.datetimes(datetime(1975, 1, 1), datetime(2037, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - bounds are naive
)
def test_a_quarter_lies_where_the_calendar_puts_it(zone: str, at: datetime) -> None:
    quarter, place = to_epoch(at) // QUARTER_SECONDS, load_zone(zone)
    instant = from_epoch(quarter * QUARTER_SECONDS)
    cut = cut_quarter(zone, quarter)
    assert cut.starts == tuple(to_epoch(align_down(instant, step, place)) // QUARTER_SECONDS for step in STEPS)
    assert cut.number == local_day_number(instant, place)


def test_a_label_stands_where_the_digest_is_a_longer_one_of_an_older_store(tmp_path: Path) -> None:
    mention, judge = make_mention(1, "Acme is good"), make_judge()
    with Store(lay_store(tmp_path / "s.db")) as store:
        store.register([("Acme", "own")], [ACME], now=NOW)
        store_mentions(store, [mention], judge)
        with sqlite3.connect(store.path) as connection:
            connection.execute("UPDATE mentions SET text_hash = CAST(text_hash || x'0123456789abcdef' AS BLOB)")
        connection.close()
        store.label(1, "Acme", Label.NEGATIVE, now=NOW)
        again = judge.judge([mention], store.known([mention.key]), now=NOW)
        assert (again.judged, len(again.refreshed)) == ((), 1)
        store.save_page(judge.judge([mention], {}, now=NOW).judged, now=NOW)
        with sqlite3.connect(store.path) as connection:
            ((stored, labelled),) = connection.execute(
                "SELECT mentions.text_hash, labels.text_hash FROM mentions JOIN labels ON mention_id = id"
            ).fetchall()
        connection.close()
    assert stored == labelled
    assert len(stored) == DIGEST_SIZE + 8
