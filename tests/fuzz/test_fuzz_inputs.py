"""Whatever stands in a feed, a file, an expression or an option is read, or refused in words; never anything else."""

from __future__ import annotations

import io
import json
import os
import random
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bounds import within_a_minute
from fuzz.mutations import DATES, WORDS, mutated_bytes, mutated_json, mutated_markup
from listener import wiring
from listener.api import Mention, SourceError, Window
from listener.clock import parse_duration, parse_instant, parse_when
from listener.config import load_config
from listener.errors import ListenerError, UsageError
from listener.interchange import mention_from_json, mention_to_json, read_lines
from listener.query.build import build_query
from listener.query.parse import parse
from listener.tabular import read_csv, write_csv
from servers import jetstream
from sources.bluesky import read_events, sieve_of
from sources.jetstream import Drained, sift
from sources.rss_entries import read_entries
from sources.web import Answer

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "8"))
SEED = int(os.environ.get("FUZZ_SEED", "1"))
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
MENTION = {
    "source": "x",
    "id": "1",
    "url": "https://example.org/1",
    "kind": "post",
    "author": {"id": "7", "handle": "ada", "name": "Ada", "followers": 3, "verified": True},
    "title": None,
    "text": "acme is good",
    "language": "en",
    "published_at": "2026-11-20T08:00:00+05:30",
    "engagement": {"likes": 1, "reposts": 2, "replies": None, "views": 0},
    "rating": 0.75,
    "links": ["https://example.org"],
    "more": {"a": [1, 2]},
}
examples = settings(max_examples=EXAMPLES * 10, deadline=None, derandomize="FUZZ_SEED" not in os.environ)
dice_of = st.integers(0, 1 << 62).map(lambda number: random.Random(number + SEED))
fragments = st.sampled_from([*WORDS[:-1], *DATES, "acme", '"', "(", ")", "OR", "AND", "NOT", "-", "NEAR/3", "#", "@", "$", "*", ":", "from:", "lang:", "\n"])  # fmt: skip
anything = st.lists(fragments | st.text(max_size=6), max_size=12).map(" ".join) | st.text(max_size=60)


def spoken(error: Exception) -> None:
    """Check that a refusal says something."""
    assert str(error).strip()


def shared_feeds() -> list[Path]:
    shared = Path(os.environ.get("LISTENER_SHARED") or Path(__file__).parents[3] / "shared")
    return [
        file
        for folder in ("feeds", "feeds_wellformed", "rss")
        for file in sorted((shared / "recorded" / folder).glob("*"))
    ]


def read_feed(body: bytes, *, kind: str = "application/xml") -> None:
    answer = Answer(status=200, headers={"content-type": kind}, body=body, url="https://example.org/feed")
    with within_a_minute():
        try:
            found = read_entries(answer)
        except SourceError:
            found = ()
        for one in found:
            if isinstance(one, Mention):
                json.dumps(mention_to_json(one), ensure_ascii=False).encode()


@pytest.mark.slow
def test_every_recorded_feed_goes_through_as_it_is() -> None:
    files = [file for file in shared_feeds() if not file.name.startswith("_")]
    if not files:
        pytest.skip("the recorded feeds are not here (LISTENER_SHARED, or a folder shared beside the checkout)")
    for file in files:
        read_feed(file.read_bytes())
    assert len(files) >= 300


def test_changed_feeds_go_through() -> None:
    bodies = [file.read_bytes() for file in shared_feeds() if not file.name.startswith("_")]
    bodies = [body for body in bodies if len(body) < 60_000] or [FEED]
    dice = random.Random(SEED)
    for _ in range(5 * EXAMPLES):
        read_feed(
            mutated_markup(dice, dice.choice(bodies)), kind=dice.choice(["application/xml", "text/html", "", "x/\0"])
        )


FEED = b"""<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel><title>T</title><item><title>Acme</title>
<guid>1</guid><pubDate>Fri, 20 Nov 2026 08:00:00 GMT</pubDate><description>&lt;b&gt;good&lt;/b&gt;</description></item></channel></rss>"""


@examples
@given(dice_of)
def test_changed_events_of_the_stream_are_read_or_passed_over(dice: random.Random) -> None:
    second = int(NOW.timestamp())
    event = jetstream.post(1, second, "I like my Acme kettle #acme", facets=[{"index": {"byteStart": 23, "byteEnd": 28}, "features": [{"$type": "app.bsky.richtext.facet#tag", "tag": "acme"}]}])  # fmt: skip
    drained = Drained(known_us=0)
    for _ in range(3):
        sifted = sift(mutated_json(dice, event), sieve_of('"acme"'))
        if sifted is not None and sifted[1] is not None:
            drained.events.append((sifted[0], sifted[1]))
    window = Window(since=datetime(2026, 11, 1, tzinfo=UTC), until=datetime(2026, 12, 1, tzinfo=UTC))
    for mention in read_events(drained, window)[0]:
        mention.text.encode()


@examples
@given(dice_of)
def test_changed_lines_are_mentions_or_bad_lines_and_what_is_read_is_written_and_read_again(
    dice: random.Random,
) -> None:
    body = b"\n".join(mutated_json(dice, MENTION) for _ in range(3))
    for one in read_lines(io.BytesIO(mutated_bytes(dice, body) if dice.random() < 0.3 else body)):
        if isinstance(one, Mention):
            again = json.loads(json.dumps(mention_to_json(one)))
            assert mention_from_json(again) == one


@examples
@given(dice_of)
def test_changed_tables_are_mentions_or_bad_lines(dice: random.Random) -> None:
    out = io.StringIO()
    write_csv([mention_from_json(MENTION)] * 2, out)
    text = mutated_bytes(dice, out.getvalue().encode()).decode("utf-8", "surrogateescape")
    cells = text.split(",")
    cells[dice.randrange(len(cells))] = dice.choice([*WORDS, *DATES, '"', '"a""'])
    try:
        for one in read_csv(io.StringIO(",".join(cells), newline="")):
            assert one is not None
    except ListenerError:
        return


@examples
@given(anything)
def test_every_expression_is_a_query_or_refused_in_words(text: str) -> None:
    with within_a_minute():
        try:
            parse(text)
            build_query(brand="Acme", query=text)
        except UsageError as error:
            spoken(error)


@examples
@given(anything | fragments)
def test_every_point_in_time_is_an_instant_or_refused_in_words(text: str) -> None:
    for read in (
        parse_duration,
        parse_instant,
        lambda words: parse_when(words, now=NOW, zone=ZoneInfo("America/New_York")),
    ):
        try:
            read(text)
        except UsageError as error:
            spoken(error)


@settings(max_examples=EXAMPLES, deadline=None, derandomize="FUZZ_SEED" not in os.environ)
@given(dice_of)
def test_every_configuration_is_read_or_refused_in_words(
    tmp_path_factory: pytest.TempPathFactory, dice: random.Random
) -> None:
    lines = wiring.sample().splitlines()
    for _ in range(dice.randrange(1, 12)):
        at = dice.randrange(len(lines))
        way = dice.randrange(5)
        name, sign, _ = lines[at].partition("=")
        if way == 0:
            lines[at] = lines[at].lstrip("# ")
        elif way == 1 and sign:
            lines[at] = f"{name.lstrip('# ')}= {dice.choice(VALUES)}"
        elif way == 2:
            lines.insert(at, lines[dice.randrange(len(lines))].lstrip("# "))
        elif way == 3:
            del lines[at]
        else:
            lines[at] = lines[at][: dice.randrange(len(lines[at]) + 1)]
    body = "\n".join(lines).encode("utf-8", "surrogatepass")
    path = tmp_path_factory.getbasetemp() / "fuzzed.toml"
    path.write_bytes(mutated_bytes(dice, body) if dice.random() < 0.2 else body)
    try:
        wiring.validate(load_config(path))
    except ListenerError as error:
        spoken(error)


VALUES = (
    "true", "-1", "1e400", "nan", '""', '"\\u0000"', "[]", "[[[]]]", "{a = 1}", "2026-11-20T00:00:00Z", "07:32:00",
    '"' + "a" * 5_000 + '"', '["", "a", 1]', "9223372036854775808", '"99999999999d"', '"../../etc/passwd"', '"\\U0010FFFF"',
    "0x7f", '"https://[::1"', '"Europe/../UTC"',
)  # fmt: skip
