"""Send lines to worker processes, and back what they found out, as plain values: few objects, quick to make again."""

from __future__ import annotations

import marshal
from typing import TYPE_CHECKING, Final, NamedTuple

from listener.frozen import maker, tuple_maker
from listener.interchange import BadLine, RawLine, read_raw_line
from listener.mention import Mention
from listener.store.ready import Prepared, Ready, from_plain, make_ready, to_plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from listener.mention import Match
    from listener.pipeline.judge import Prejudged

__all__ = ["Item", "Received", "Sent", "pack", "read_item", "receive", "send", "unpack"]

Item = Mention | BadLine | RawLine
"""A line as it is read, or still to be read."""

Sent = bytes | list[Item]
"""Items on their way to a worker: lines still to be read in one piece, others as they are."""


class Received(NamedTuple):
    """Hold what a worker says of a line; the mention itself is read from the line again where it is needed.

    `pairs` are brand and version of the queries it matches, `ready` what it comes to; None where it matches none.
    """

    item: Item
    key: tuple[str, str]
    published_at: int | None
    may_answer: bool
    pairs: tuple[tuple[str, str], ...]
    ready: Ready | None

    @property
    def mention(self) -> Mention:
        """Return the mention, as it is read from its line."""
        return _mention_of(self.item)

    @property
    def matches(self) -> tuple[Match, ...]:
        """Return the matches that are not judged yet: none."""
        return ()

    @property
    def digest(self) -> bytes:
        """Return what changes when its wording does; nothing where it is not known."""
        return b"" if self.ready is None else self.ready.digest

    @property
    def judged(self) -> Prepared | None:
        """Return the mention with its verdicts, where it matches anything."""
        return None if self.ready is None else _make_prepared(self.ready, self._read)

    def _read(self) -> Mention:
        return self.mention


_new_received: Final = tuple_maker(Received)
_make_prepared: Final = maker(Prepared)


def send(items: list[Item]) -> Sent:
    """Return items as they are sent to a worker."""
    lines = [(item.number, item.line, item.limit) for item in items if isinstance(item, RawLine)]
    return marshal.dumps(lines) if len(lines) == len(items) else items


def receive(sent: Sent) -> list[Item]:
    """Return what was sent; bytes must be of `send`, of the same program."""
    if isinstance(sent, list):
        return sent
    return [*map(RawLine._make, marshal.loads(sent))]  # noqa: S302 - from the process that asks


def pack(count: int, bad: Sequence[BadLine], looked: Sequence[tuple[int, Prejudged]]) -> bytes:
    """Return what a worker says of `count` lines: those it could not read, and by position what the others are."""
    ready = iter(make_ready([one.judged for _, one in looked if one.judged is not None]))
    found = [
        (
            place, one.mention.source, one.mention.id, one.published_at, one.may_answer, one.pairs,
            None if one.judged is None else to_plain(next(ready)),
        )
        for place, one in looked
    ]  # fmt: skip
    return marshal.dumps((count, [(line.number, line.reason) for line in bad], found))


def unpack(packed: bytes, items: Sequence[Item]) -> tuple[int, list[BadLine], list[Received]]:
    """Return what was packed of `items`; the bytes must be of `pack`, of the same program."""
    count, bad, found = marshal.loads(packed)  # noqa: S302 - from a process of our own
    return (
        count,
        [BadLine(number=number, reason=reason) for number, reason in bad],
        [
            _new_received((items[place], (source, native_id), at, may_answer, pairs, plain and from_plain(plain)))
            for place, source, native_id, at, may_answer, pairs, plain in found
        ],
    )


def read_item(item: Item) -> Mention | BadLine:
    """Return what an item says."""
    return read_raw_line(item) if isinstance(item, RawLine) else item


def _mention_of(item: Item) -> Mention:
    read = read_item(item)
    if not isinstance(read, Mention):
        msg = "a line that was read before cannot be read"
        raise TypeError(msg)
    return read
