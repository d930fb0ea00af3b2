"""Mention JSONL is read tolerantly where that is safe, refused with a reason where it is not, and written exactly."""

from __future__ import annotations

import io
import json
import math
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener.cleaning import clean, clean_line
from listener.errors import InputError
from listener.interchange import BadLine, mention_from_json, mention_to_json, read_lines
from listener.mention import KINDS, Author, Engagement, Mention
from listener.tabular import read_csv, write_csv

LEAST = {"source": "forum", "id": "7", "text": "Acme is fine", "published_at": "2026-11-20T08:00:00+05:30"}
CONTRACT = [
    *("source", "id", "url", "kind", "author", "title", "text", "language", "published_at", "engagement", "rating"),
    *("reply_to", "thread", "repost_of", "quote_of", "place"),
]

ANY = st.text(st.characters(codec=None, categories=None), max_size=40)
LINE = ANY.map(lambda text: clean_line(text, limit=40)).filter(bool)
MAYBE_LINE = st.none() | LINE
COUNT = st.none() | st.integers(0, 10**12)
INSTANT = st.integers(0, 4_000_000_000_000_000).map(
    lambda micro: datetime.fromtimestamp(0, UTC) + timedelta(microseconds=micro)
)
MENTIONS = st.builds(
    Mention,
    source=LINE.filter(lambda name: ":" not in name),
    id=LINE,
    text=ANY.map(clean),
    published_at=INSTANT,
    title=MAYBE_LINE,
    url=MAYBE_LINE,
    kind=st.sampled_from(KINDS),
    author=st.none()
    | st.builds(
        Author,
        id=MAYBE_LINE,
        handle=st.none() | LINE.filter(lambda handle: not handle.startswith("@")),
        name=MAYBE_LINE,
        followers=COUNT,
        verified=st.none() | st.booleans(),
    ),
    language=st.none() | st.sampled_from(["en", "hi-Latn", "pt-BR"]),
    engagement=st.builds(Engagement, likes=COUNT, reposts=COUNT, replies=COUNT, views=COUNT),
    rating=st.none() | st.floats(0, 1),
    reply_to=MAYBE_LINE,
    thread=MAYBE_LINE,
    repost_of=MAYBE_LINE,
    quote_of=MAYBE_LINE,
    place=st.none() | st.sampled_from(["IN", "DE"]),
    links=st.lists(LINE, max_size=3, unique=True).map(tuple),
    hashtags=st.lists(LINE.filter(lambda tag: not tag.startswith("#")), max_size=3, unique=True).map(tuple),
    has_media=st.none() | st.booleans(),
    edited_at=st.none() | INSTANT,
    extra=st.none() | st.dictionaries(st.sampled_from(["campaign", "desk", "n"]), st.integers() | LINE, min_size=1),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY, inner, max_size=3),
    max_leaves=6,
)


ODD = st.sampled_from(
    [
        None, True, False, 0, 1, -1, 2**53 - 1, 2**53, 2**63, 2**64, -(2**63) - 1, 10**25, 10**4000, 0.5, 1.0, 1e17, math.nan,
        math.inf, "", " ", " a", "a ", "a  b", "a b", "a|b", "|", " |", "é", "e\u0301", "\u00a0x", "a\tb", "a\nb", "a\x00",
        "\ud800", "\ufeffa", "@jo", "@ jo", "@", "#tag", "a:b", "x" * 16, "x" * 17, "x" * 35, "x" * 36, "x" * 64, "x" * 65,
        "x" * 511, "x" * 512, "x" * 513, "x" * 2001, "2026-11-20T08:00:00+05:30", "2026-11-20T08:00:00Z", "2026-11-20",
        "9999-12-31T23:59:59-05:00", "article", "Post", [], ["a", "a", " b  c"], ["a", 1], {}, {"a": 1}, {"a": {"b": [1.5]}},
        {"id": 7, "handle": "@jo", "verified": 1}, {"likes": True}, {"likes": 1, "more": 10**30}, {"instrument": "nps", "scale": [0, 10]},
    ]
)  # fmt: skip
"""Values that are right in one field and wrong, or to be cleaned, in another."""
NAMES = st.sampled_from([*CONTRACT, "links", "hashtags", "has_media", "edited_at", "extra", "x", "y"])
DETAILS = st.sampled_from(
    ["id", "handle", "name", "followers", "verified", "likes", "reposts", "replies", "views", "z"]
)


class Slowly(dict[str, object]):
    """Be a JSON object that is read field by field, as one is in which something is unusual."""


def lines_of(data: bytes, **options: int) -> list[Mention | BadLine]:
    return list(read_lines(io.BytesIO(data), **options))


@given(MENTIONS)
def test_what_is_written_reads_back_the_same(mention: Mention) -> None:
    line = json.dumps(mention_to_json(mention)).encode()
    assert lines_of(line) == [mention]


@given(MENTIONS)
def test_every_field_of_the_contract_is_written_in_its_order(mention: Mention) -> None:
    assert list(mention_to_json(mention))[: len(CONTRACT)] == CONTRACT


@given(st.dictionaries(st.sampled_from([*CONTRACT, "links", "hashtags", "extra", "has_media", "edited_at", "x"]), JSON))
def test_any_object_is_a_mention_or_a_reason(fields: dict[str, object]) -> None:
    try:
        mention = mention_from_json({**LEAST, **fields})
    except InputError as problem:
        reason = str(problem)
        mention = None
    if mention is None:
        assert len(reason.splitlines()) == 1
        assert len(reason) < 400
    else:
        again = mention_from_json(json.loads(json.dumps(mention_to_json(mention))))
        assert again == mention


def test_the_least_is_enough() -> None:
    mention = mention_from_json(LEAST)
    assert mention.published_at == datetime(2026, 11, 20, 2, 30, tzinfo=UTC)
    assert (mention.kind, mention.author, mention.engagement, mention.extra) == ("post", None, Engagement(), None)


def test_unknown_fields_are_kept_and_texts_are_cleaned() -> None:
    mention = mention_from_json(
        {**LEAST, "id": 12, "text": "cafe\u0301\x00 \ud800", "campaign": "a\x00b", "author": {"handle": "@globex"}}
    )
    assert (mention.id, mention.text, mention.extra) == ("12", "caf\u00e9 ", {"campaign": "ab"})
    assert mention.author == Author(handle="globex")
    assert mention_to_json(mention)["extra"] == {"campaign": "ab"}


def test_an_address_is_kept_whole_or_left_out() -> None:
    whole, too_long = ("https://acme.example/".ljust(length, "a") for length in (2_000, 2_001))
    for address, kept in ((whole, whole), (too_long, None)):
        read = mention_from_json({**LEAST, "url": address, "links": [address, "https://globex.example"]})
        assert read.url == kept
        assert read.links == tuple(one for one in (kept, "https://globex.example") if one)


def test_null_is_unknown_and_zero_is_zero() -> None:
    mention = mention_from_json({**LEAST, "engagement": {"likes": 0, "views": None}})
    assert mention.engagement == Engagement(likes=0)
    assert mention_to_json(mention)["engagement"] == {"likes": 0, "reposts": None, "replies": None, "views": None}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"id": None}, "id: found null; wanted a text or a whole number"),
        ({"id": 1.5}, "id: found the number 1.5; wanted a text or a whole number"),
        ({"id": True}, "id: found true"),
        ({"id": "x" * 600}, "at most 512 characters"),
        ({"source": ""}, "source: found the text"),
        ({"source": "a:b"}, "without a colon"),
        ({"text": 5}, "text: found the number 5; wanted a text"),
        ({"published_at": "2026-11-20T08:00:00"}, "with its offset"),
        ({"published_at": 1763625600}, "published_at: found the number"),
        ({"kind": "artcle"}, 'did you mean "article"'),
        ({"rating": 4}, "rating: found the number 4; wanted a number from 0 to 1"),
        ({"rating": float("nan")}, "rating: found"),
        ({"author": "globex"}, 'author: found the text "globex"; wanted an object or null'),
        ({"author": {"followers": -1}}, "author.followers: found the number -1"),
        ({"engagement": {"likes": "7"}}, 'engagement.likes: found the text "7"'),
        ({"links": "https://example.org"}, "links: found the text"),
        ({"extra": [1]}, "extra: found a list of 1"),
        ({"more": "x" * 30_000}, "extra: the unknown fields take"),
    ],
)
def test_a_refusal_names_the_field_what_was_found_and_what_is_wanted(change: dict[str, object], reason: str) -> None:
    with pytest.raises(InputError) as caught:
        mention_from_json({**LEAST, **change})
    assert reason in str(caught.value)


@pytest.mark.parametrize("missing", list(LEAST))
def test_what_is_needed_is_named_when_it_is_missing(missing: str) -> None:
    with pytest.raises(InputError, match=f"{missing}: found nothing; wanted"):
        mention_from_json({name: value for name, value in LEAST.items() if name != missing})


def test_what_is_no_object_is_refused() -> None:
    with pytest.raises(InputError, match="a mention is a JSON object; found a list of 2"):
        mention_from_json([1, 2])


def test_nesting_without_end_is_refused() -> None:
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(InputError, match="nested too deep"):
        mention_from_json({**LEAST, "deep": deep})
    while deep:  # taken apart by hand: its destructor would recurse
        deep = deep.pop()


def test_lines_are_counted_and_bad_ones_reported_in_place() -> None:
    good = json.dumps(LEAST).encode()
    data = b"\r\n".join(
        [
            b"\xef\xbb\xbf" + good,
            b"",
            b"{broken",
            b"   ",
            good[:-1] + b', "x": "\xff"}',
            b"[" * 9000,
            good,
            b'"' + b"9" * 9000,
        ]
    )
    read = lines_of(data)
    assert [line.number if isinstance(line, BadLine) else line.id for line in read] == ["7", 3, 5, 6, "7", 8]
    reasons = {line.number: line.reason for line in read if isinstance(line, BadLine)}
    assert reasons[3].startswith("not JSON: ")
    assert "is not UTF-8" in reasons[5]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32"])
def test_a_file_in_utf_16_is_told_for_what_it_is(encoding: str) -> None:
    read = lines_of((json.dumps(LEAST) + "\n").encode(encoding) * 2)
    assert read
    assert all(isinstance(line, BadLine) and line.reason.endswith("save the file as UTF-8") for line in read)


def test_what_is_no_number_is_called_so() -> None:
    (bad,) = lines_of(json.dumps({**LEAST, "engagement": {"likes": math.nan}}).encode())
    assert isinstance(bad, BadLine)
    assert "no number (NaN)" in bad.reason


def test_a_line_past_the_limit_is_passed_over_whole() -> None:
    good = json.dumps(LEAST).encode()
    limit = len(good) + 10
    data = good + b"\n" + b"x" * (5 * limit) + b"\n" + good + b"\n" + b"y" * (2 * limit)
    read = lines_of(data, line_limit=limit)
    assert [line.number if isinstance(line, BadLine) else line.id for line in read] == ["7", 2, "7", 4]


def test_a_stream_is_read_as_it_comes() -> None:
    class Endless(io.RawIOBase):
        given = 0

        def readline(self, _: int = -1) -> bytes:
            self.given += 1
            return json.dumps({**LEAST, "id": self.given}).encode() + b"\n"

    stream = Endless()
    lines = read_lines(stream)
    assert [next(lines).id for _ in range(3)] == ["1", "2", "3"]
    assert stream.given == 3


def test_times_keep_their_instant_whatever_their_offset() -> None:
    instant = datetime(2026, 11, 20, 8, tzinfo=timezone(timedelta(hours=-9, minutes=-30)))
    mention = mention_from_json({**LEAST, "published_at": instant.isoformat()})
    assert mention.published_at == instant
    assert mention.published_at.tzinfo is UTC
    assert mention_to_json(mention)["published_at"] == "2026-11-20T17:30:00+00:00"


def test_reading_lines_loads_nothing_heavy() -> None:
    code = "import sys, listener.interchange; print([m for m in ('requests', 'numpy', 'feedparser', 'regex') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@given(
    MENTIONS.map(mention_to_json),
    st.dictionaries(NAMES, ODD | ANY, max_size=3),
    st.dictionaries(DETAILS, ODD | ANY, max_size=3),
    st.sampled_from(["author", "engagement", "extra", "x"]),
)
def test_an_object_is_read_at_once_as_it_is_field_by_field(
    fields: dict[str, object], changed: dict[str, object], details: dict[str, object], nested: str
) -> None:
    fields |= changed
    if details:
        fields[nested] = details
    answers: list[str] = []
    for obj in (fields, Slowly(fields)):
        try:
            answers.append(repr(mention_from_json(obj)))
        except InputError as problem:
            answers.append(f"refused: {problem}")
    assert answers[0] == answers[1]


@given(
    st.lists(st.tuples(NAMES, ODD), max_size=4),
    st.dictionaries(DETAILS, ODD, max_size=2),
    st.booleans(),
    st.lists(st.tuples(st.integers(0, 400), st.integers(0, 3), st.sampled_from(list(b'"{}[]:,\\0123456789-.eEnul \t\xc3\xa9\xed\xa0\x80\x00'))), max_size=2),
)  # fmt: skip
def test_a_line_is_read_as_the_standard_reader_of_json_reads_it(
    fields: list[tuple[str, object]], details: dict[str, object], is_ascii: bool, edits: list[tuple[int, int, int]]
) -> None:
    pairs = [*LEAST.items(), ("author", details), *fields]  # names may come twice
    text = ",".join(f"{json.dumps(name)}:{json.dumps(value, ensure_ascii=is_ascii)}" for name, value in pairs)
    line = bytearray(f"{{{text}}}".encode(errors="surrogatepass"))
    for at, cut, byte in edits:
        line[at : at + cut] = bytes([byte])
    found = lines_of(bytes(line))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(orjson, "loads", refuse)
        expected = lines_of(bytes(line))
    assert repr(found) == repr(expected)


def refuse(_line: bytes) -> object:
    """Take the part of a quick reader that can read nothing."""
    problem = "refused"
    raise orjson.JSONDecodeError(problem, "", 0)


@pytest.mark.parametrize("name", ["id", "author"])
def test_a_number_of_any_length_is_read_to_its_last_digit(name: str) -> None:
    number = 10**25 + 1
    value: object = number if name == "id" else {"id": number}
    (found,) = lines_of(json.dumps(LEAST | {name: value}).encode())
    assert isinstance(found, Mention)
    assert (found.id if name == "id" else found.author and found.author.id) == str(number)
    (kept,) = lines_of(json.dumps(LEAST | {"campaign": [number]}).encode())
    assert isinstance(kept, Mention)
    assert kept.extra == {"campaign": [number]}


@given(MENTIONS.filter(lambda mention: mention.author != Author()))
def test_csv_is_read_back_as_it_was_written(mention: Mention) -> None:
    out = io.StringIO(newline="")
    write_csv([mention], out)
    (found,) = read_csv(io.StringIO(out.getvalue(), newline=""))
    assert isinstance(found, Mention)
    assert mention_to_json(found) == mention_to_json(mention)


@pytest.mark.parametrize("sign", [*"=+-@\t\n'", *"\uff1d\uff0b\uff0d\uff20"])
def test_what_a_spreadsheet_would_run_is_marked_in_csv_and_read_back_without_the_mark(sign: str) -> None:
    out = io.StringIO(newline="")
    write_csv([mention_from_json(LEAST | {"text": f"{sign}1+1"})], out)
    assert f"'{sign}1+1" in out.getvalue()
    (found,) = read_csv(io.StringIO(out.getvalue(), newline=""))
    assert isinstance(found, Mention)
    assert found.text == f"{sign}1+1"
