"""What a worker process says of lines arrives as it was said, and a mention is read from its line where it is needed."""

from __future__ import annotations

import json
from datetime import timedelta
from io import BytesIO

import pytest

from listener.interchange import BadLine, raw_lines
from listener.mention import Mention
from listener.pipeline.received import pack, read_item, unpack
from servers.world import NOW, make_judge

LINES = [
    {
        "id": "1",
        "text": "Acme is good",
        "published_at": NOW.isoformat(),
        "hashtags": ["lid"],
        "engagement": {"likes": 3},
    },
    {"id": "2", "text": "nobody is named", "published_at": NOW.isoformat()},
    {"id": "3", "text": 7},
    {"id": "4", "text": "Globex is bad, Acme is good", "published_at": NOW.isoformat(), "author": {"handle": "ada"}},
    {"id": "5", "text": "Acme xyzzy", "published_at": (NOW - timedelta(days=1)).isoformat(), "reply_to": "1"},
    {"id": "6", "text": "Acme, some day", "published_at": NOW.isoformat(), "thread": "5"},
]


def test_what_a_worker_found_out_arrives_whole_and_in_place() -> None:
    items = list(raw_lines(BytesIO("".join(json.dumps({"source": "x", **one}) + "\n" for one in LINES).encode())))
    read = [read_item(item) for item in items]
    bad = [one for one in read if isinstance(one, BadLine)]
    places = [place for place, one in enumerate(read) if isinstance(one, Mention)]
    there = make_judge().prejudge([one for one in read if isinstance(one, Mention)], now=NOW)

    count, unread, here = unpack(pack(len(items), bad, list(zip(places, there, strict=True))), items)

    assert (count, unread) == (6, bad)
    assert [one.number for one in unread] == [3]
    assert [one.mention for one in here] == [one.mention for one in there]
    for got, said in zip(here, there, strict=True):
        assert (got.key, got.published_at, got.may_answer) == (said.key, said.published_at, said.may_answer)
        assert (got.pairs, got.matches) == (said.pairs, ())
        assert (got.judged is None) == (said.judged is None)
        if got.judged is not None:
            assert got.judged.judged() == said.judged
            assert got.digest == said.digest
    assert [len(one.pairs) for one in here] == [1, 0, 2, 1, 1]
    assert here[1].digest == b""  # of what is not stored nothing need be known


def test_a_line_that_can_no_longer_be_read_is_an_error_and_no_mention() -> None:
    good, bad = raw_lines(
        BytesIO(
            b'{"source": "x", "id": "1", "text": "Acme is good", "published_at": "2026-11-20T08:00:00Z"}\n{"source": "x"\n'
        )
    )
    mention = read_item(good)
    assert isinstance(mention, Mention)
    packed = pack(1, [], [(0, make_judge().prejudge([mention], now=NOW)[0])])
    (_, _, (other,)) = unpack(packed, [bad])
    with pytest.raises(TypeError, match="cannot be read"):
        _ = other.mention
