"""Measure how many events of Bluesky's stream one core filters, in one run.

    python benchmarks/jetstream.py [--events 100000] [--brands 100]

The events are made up, in the shape Jetstream sends them, one of twenty with a
brand's name. They go through the decoder and the sieve that the source uses, and
those that pass on through the exact matcher. Baseline: json.loads of the same
messages and nothing else (CPU time). The bar is 50 000 events a second, about a
hundred times what the network publishes.
"""

from __future__ import annotations

import argparse
import gc
import json
import random
import statistics
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from figures import Ratio, write_figures
from made_words import word

from listener.api import Window, from_epoch
from listener.matching import Matcher
from listener.query.build import build_query
from sources.bluesky import BlueskySource, read_events, sieve_of
from sources.jetstream import Drained, sift

if TYPE_CHECKING:
    from collections.abc import Callable

    from listener.api import Query

BASE = 1_780_000_000
BAR = 50_000
NAMED_EACH = 20
OTHER_SCRIPTS = [
    "コーヒーを飲みました",
    "café très bon à Zürich",
    "चाय बहुत अच्छी है",
    "настроение хорошее",
    "좋은 아침입니다",
    "😀 🎉",
]


def main() -> int:
    """Print both rates and their ratio; return 1 below the bar."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--brands", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path, help="also write the figures here")
    given = parser.parse_args()
    dice = random.Random(8)
    names = sorted({word(dice, 4).title() for _ in range(given.brands * 2)})[: given.brands]
    queries = [build_query(brand=name, keywords=[name, f"{name} Rockets"], hashtags=[name + "hq"]) for name in names]
    frames = [frame(dice, number, names) for number in range(given.events)]
    size = sum(map(len, frames)) / len(frames)
    print(f"{len(frames)} events of {size:.0f} bytes on average, {len(queries)} brands")
    baseline = rate(lambda: decode_only(frames), len(frames), given.rounds)
    found = [0, 0]
    ours = rate(lambda: found.__setitem__(slice(0, 2), read(frames, queries)), len(frames), given.rounds)
    print(f"json.loads alone           {baseline:10,.0f} events/s")
    print(f"decode, sieve, read, match {ours:10,.0f} events/s   {ours / baseline:.2f} of the baseline")
    write_figures(
        given.json,
        [
            Ratio(
                name="decode, sieve, read, match", unit="events/s", value=ours, baseline="json.loads alone",
                baseline_value=baseline,
            )
        ],
    )  # fmt: skip
    print(f"{found[0]} events passed the sieve, {found[1]} of them match")
    print(f"bar: {BAR:,} events/s: {'reached' if ours >= BAR else 'MISSED'}")
    return 0 if ours >= BAR else 1


def frame(dice: random.Random, number: int, names: list[str]) -> str:
    """Return one message of the stream: mostly a new post, now and then something else."""
    time_us = (BASE + number // 50) * 1_000_000 + number % 50 * 20_000
    head = {"did": f"did:plc:{word(dice, 8)}", "time_us": time_us}
    if number % 25 == 0:
        return written(head | {"kind": "identity", "identity": {"did": head["did"], "seq": number}})
    commit = {"rev": f"3m{number}", "operation": "create", "collection": "app.bsky.feed.post", "rkey": f"3k{number}"}
    if number % 10 == 1:
        return written(head | {"kind": "commit", "commit": commit | {"operation": "delete"}})
    words = [word(dice, dice.choice([1, 1, 2, 3])) for _ in range(dice.randint(3, 40))]
    if number % NAMED_EACH == NAMED_EACH - 1:
        words.insert(dice.randrange(len(words)), dice.choice(names))
    text = " ".join(words) + (f"\n{dice.choice(OTHER_SCRIPTS)}" if number % 3 == 0 else "")
    record = {"$type": "app.bsky.feed.post", "createdAt": "2026-05-28T20:26:40.123Z", "langs": ["en"], "text": text}
    if number % 4 == 0:
        reference = {"cid": "bafyrei" + word(dice, 18), "uri": f"at://did:plc:{word(dice, 8)}/app.bsky.feed.post/3k"}
        record["reply"] = {"root": reference, "parent": reference}
    if number % 5 == 0:
        feature = {"$type": "app.bsky.richtext.facet#tag", "tag": words[-1]}
        record["facets"] = [{"index": {"byteStart": 0, "byteEnd": 5}, "features": [feature]}]
    return written(head | {"kind": "commit", "commit": commit | {"record": record, "cid": "bafyrei" + word(dice, 18)}})


def written(event: dict[str, object]) -> str:
    """Write an event as the servers do: no blanks, UTF-8 as it is."""
    return json.dumps(event, ensure_ascii=False, separators=(",", ":"))


def decode_only(frames: list[str]) -> None:
    """Do what nobody can do without."""
    for text in frames:
        json.loads(text)


def read(frames: list[str], queries: list[Query]) -> list[int]:
    """Filter the messages as the source does; return how many passed and how many match."""
    source = BlueskySource()
    sieve = sieve_of(source.plan(queries)[0].native)
    matcher = Matcher(queries)
    drained = Drained(known_us=-1)
    for text in frames:
        sifted = sift(text, sieve)
        if sifted is not None and sifted[1] is not None:
            drained.events.append((sifted[0], sifted[1]))
    mentions, _ = read_events(drained, Window(since=from_epoch(BASE), until=from_epoch(BASE + len(frames))))
    source.close()
    return [len(drained.events), sum(bool(matcher.match(mention)) for mention in mentions)]


def rate(job: Callable[[], object], events: int, rounds: int) -> float:
    """Return events a second of CPU time, the median of the rounds."""
    rates = []
    for _ in range(rounds):
        gc.collect()
        begin = time.process_time()
        job()
        rates.append(events / (time.process_time() - begin))
    return statistics.median(rates)


if __name__ == "__main__":
    sys.exit(main())
