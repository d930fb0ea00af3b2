"""Keep the reach of every bucket: the followers of its authors, each author once.

Who counts once in a day counts once in its week too, so the reach of a week is not
the sum of its days: hours, days, weeks and months are kept apart, cut in the time
zone the store is told. A span that is open towards now is answered by a fifth
kind of cell: authors by the hour of their last mention.
"""

from __future__ import annotations

from collections import defaultdict
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple

from listener.bulk import Question
from listener.mention import Label
from listener.rollups import LOCAL_DAY, QUARTER_SECONDS, cuts_in, number_of, read_zone

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from listener.rollups import Cuts
    from listener.store.uncounted import Uncounted

    Reach = Mapping[int, Sequence[defaultdict[int, int]]]
    """Followers by brand; by hours, days, weeks, months, hours of last mentions; and by start of the bucket."""

__all__ = ["ReachChange"]

_ASKED_FOR: Final = (
    f"matches.label <> {int(Label.IRRELEVANT)} "
    "AND NOT (mentions.id > ? AND mentions.id <= ?) AND NOT (mentions.id >= ? AND mentions.id < ?)"
)
_QUARTER: Final = number_of(QUARTER_SECONDS, "mentions.published_at")
_WITHIN: Final = Question(
    ("author", "brand", "since", "until"),
    f"""
SELECT asked.author, asked.brand, {_QUARTER} FROM asked
CROSS JOIN mentions ON mentions.author_id = asked.author
  AND mentions.published_at >= asked.since AND mentions.published_at < asked.until
CROSS JOIN matches ON matches.mention_id = mentions.id AND matches.brand_id = asked.brand
WHERE {_ASKED_FOR}
""",  # noqa: S608 - numbers
)
_BEFORE: Final = Question(
    ("author", "brand", "until"),
    f"""
SELECT asked.author, asked.brand, (
  SELECT {_QUARTER} FROM mentions
  CROSS JOIN matches ON matches.mention_id = mentions.id AND matches.brand_id = asked.brand
  WHERE mentions.author_id = asked.author AND mentions.published_at < asked.until AND {_ASKED_FOR}
  ORDER BY mentions.published_at DESC LIMIT 1
) FROM asked WHERE asked.author IS NOT NULL
""",  # noqa: S608 - numbers
)
_EVER: Final = Question(
    ("author",),
    f"""
SELECT asked.author, matches.brand_id, {_QUARTER} FROM asked
CROSS JOIN mentions ON mentions.author_id = asked.author
CROSS JOIN matches ON matches.mention_id = mentions.id
WHERE {_ASKED_FOR}
""",  # noqa: S608 - numbers
)
_FOLLOWERS: Final = Question(("author",), "SELECT id, followers FROM asked CROSS JOIN authors ON id = asked.author")

_ALWAYS: Final = 2**40
"""A time before which everything was."""
_LONGEST: Final = 32 * 86_400 // QUARTER_SECONDS
"""More quarters than any bucket has: a month of 31 days in which clocks are changed."""
_NONE: Final[Mapping[int, int]] = MappingProxyType({})

_Counts = dict[tuple[int, int], dict[int, int]]
"""By author and brand, numbers of mentions by quarter of an hour."""


class _Turn(NamedTuple):
    """Hold what changes of an author and a brand, in buckets of the quarters from `since` to `until`; in all where these are None.

    `fresh` are the quarters of mentions that the store is not asked about, `moved`
    what changed among the others. Authors leave their buckets with their `former`
    followers and enter them with those they have `now`.
    """

    author: int
    brand: int
    fresh: Sequence[int]
    moved: Mapping[int, int]
    since: int | None
    until: int | None
    former: int
    now: int


class ReachChange:
    """Gather who begins or ends to be in which bucket, within one transaction.

    The rows must stand as they are after the change; `followers` are the former
    counts of authors whose count changed. Authors numbered above `newest` are new,
    and so are the mentions with the numbers `fresh`.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        uncounted: Uncounted,
        followers: Mapping[int, int | None],
        *,
        newest: int | None = None,
        fresh: range = range(0),
    ) -> None:
        self._connection = connection
        self._newest = newest
        self._skipped = (uncounted.position, uncounted.until, fresh.start, fresh.stop)
        self._former = followers
        self._fresh: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
        self._moved: _Counts = {}

    def begin(self, author: int, brand: int, quarter: int) -> None:
        """Note that one of the `fresh` mentions counts for a brand."""
        self._fresh[author, brand].append(quarter)

    def add(self, author: int, brand: int, quarter: int, sign: int) -> None:
        """Note that another mention of an author counts for a brand from now on, or no longer."""
        quarters = self._moved.setdefault((author, brand), {})
        quarters[quarter] = quarters.get(quarter, 0) + sign

    def apply(self, reach: Reach) -> None:
        """Add the change to what is gathered."""
        places = {*self._fresh, *self._moved} if self._moved else self._fresh.keys()
        authors = {*self._former, *(author for author, _ in places)}
        if not authors:
            return
        cuts = cuts_in(read_zone(self._connection))
        followers = self._followers(authors)
        changed = {
            author: (former or 0, followers.get(author) or 0)
            for author, former in self._former.items()
            if (former or 0) != (followers.get(author) or 0)
        }
        turns: list[_Turn] = []
        for place in places:
            author, brand = place
            now = followers.get(author)
            if not now or author in changed:
                continue
            if self._newest is not None and author > self._newest and place not in self._moved:
                _add(reach[brand], self._fresh[place], None, now, cuts)
            else:
                turns += self._turns(place, now, cuts)
        self._settle_same(turns, reach, cuts)
        if changed:
            self._settle_changed(changed, places, reach, cuts)

    def _followers(self, authors: Collection[int]) -> dict[int, int | None]:
        if self._newest is None:
            return dict(_FOLLOWERS.ask(self._connection, [(author,) for author in authors]))
        found = dict(self._connection.execute("SELECT id, followers FROM authors WHERE id > ?", (self._newest,)))
        found.update(_FOLLOWERS.ask(self._connection, [(one,) for one in authors if one <= self._newest]))
        return found

    def _changes(self, place: tuple[int, int]) -> tuple[Sequence[int], Mapping[int, int]]:
        """Return the quarters of fresh mentions of an author and a brand, and the changes among the others."""
        return self._fresh.get(place, ()), self._moved.get(place, _NONE)

    def _turns(self, place: tuple[int, int], followers: int, cuts: Cuts) -> Iterator[_Turn]:
        """Yield what changes for an author of as many followers as before."""
        fresh, moved = self._changes(place)
        touched = [*fresh, *(quarter for quarter, amount in moved.items() if amount)]
        if touched:
            since = min(cuts[min(touched)][:LOCAL_DAY])  # a week may begin before its month
            yield _Turn(*place, fresh, moved, since, max(touched) + _LONGEST, followers, followers)

    def _settle_changed(
        self, changed: Mapping[int, tuple[int, int]], places: Iterable[tuple[int, int]], reach: Reach, cuts: Cuts
    ) -> None:
        """Count authors of other followers than before anew, in all buckets they ever were in."""
        stored = self._stored(_EVER, [(author,) for author in changed])
        concerned = {*stored, *(place for place in places if place[0] in changed)}
        turns = [_Turn(*place, *self._changes(place), None, None, *changed[place[0]]) for place in concerned]
        self._settle(turns, stored, {}, reach, cuts)

    def _stored(self, question: Question, rows: Sequence[tuple[int, ...]]) -> _Counts:
        """Return for authors and brands how many mentions, but the fresh ones, count in each quarter."""
        found: _Counts = {}
        for author, brand, quarter in question.ask(self._connection, rows, *self._skipped):
            quarters = found.setdefault((author, brand), {})
            quarters[quarter] = quarters.get(quarter, 0) + 1
        return found

    def _settle_same(self, turns: Sequence[_Turn], reach: Reach, cuts: Cuts) -> None:
        """Let authors of as many followers as before enter their buckets; most had no mention in these yet."""
        last = self._last([(turn.author, turn.brand, _ALWAYS) for turn in turns])
        seen: list[_Turn] = []
        for turn in turns:
            earlier = last[turn.author, turn.brand]
            if not turn.moved and (earlier is None or turn.since is None or earlier < turn.since):
                _add(reach[turn.brand], (), earlier, -turn.former, cuts)
                _add(reach[turn.brand], turn.fresh, None, turn.now, cuts)
            else:
                seen.append(turn)
        self._settle(seen, self._stored(_WITHIN, [_asked(turn) for turn in seen]), last, reach, cuts)

    def _settle(
        self,
        turns: Iterable[_Turn],
        stored: _Counts,
        newest: Mapping[tuple[int, int], int | None],
        reach: Reach,
        cuts: Cuts,
    ) -> None:
        """Let authors leave the buckets they were in and enter those they are in.

        `newest` are the last quarters that are known; what lies past the end of a turn changes nothing of it.
        """
        moves: list[tuple[_Turn, Collection[int], Collection[int]]] = []
        for turn in turns:
            left = stored.get((turn.author, turn.brand), _NONE)
            gone = {one for one in (*left, *turn.moved) if left.get(one, 0) > turn.moved.get(one, 0)}
            entered = {*left, *turn.fresh}
            if gone != entered or turn.former != turn.now:
                moves.append((turn, gone, entered))
        # Where there are quarters before and after, the last one is among them.
        asked = [_asked(turn)[:3] for turn, *both in moves if turn.since is not None and not all(both)]
        last = self._last(asked)
        for turn, before, after in moves:
            place = turn.author, turn.brand
            later = newest.get(place)
            is_last = turn.until is None or later is None or later < turn.until
            _add(reach[turn.brand], before, last.get(place), -turn.former, cuts, is_last=is_last)
            _add(reach[turn.brand], after, last.get(place), turn.now, cuts, is_last=is_last)

    def _last(self, places: Sequence[tuple[int, int, int]]) -> dict[tuple[int, int], int | None]:
        """Return the last quarters in which mentions of authors and brands count, but the fresh ones, before times."""
        found = _BEFORE.ask(self._connection, places, *self._skipped)
        return {(author, brand): quarter for author, brand, quarter in found}


def _asked(turn: _Turn) -> tuple[int, int, int, int]:
    """Return author and brand, and the times since and until when buckets change."""
    until = _ALWAYS if turn.until is None else turn.until * QUARTER_SECONDS
    return turn.author, turn.brand, (turn.since or 0) * QUARTER_SECONDS, until


def _add(
    reach: Sequence[defaultdict[int, int]],
    quarters: Collection[int],
    earlier: int | None,
    followers: int,
    cuts: Cuts,
    *,
    is_last: bool = True,
) -> None:
    """Add followers to the buckets of an author who has mentions in these quarters, or had the last one earlier.

    Where the author has later ones, `is_last` is False.
    """
    last = max(quarters) if quarters else earlier
    if last is None:
        return
    hours, days, weeks, months, hours_of_last = reach
    hour, day, week, month, _ = cuts[last]
    if is_last:
        hours_of_last[hour] += followers
    if len(quarters) == 1:
        hours[hour] += followers
        days[day] += followers
        weeks[week] += followers
        months[month] += followers
        return
    every = zip(*(cuts[quarter][:LOCAL_DAY] for quarter in quarters), strict=True)
    for cells, starts in zip(reach, every, strict=False):
        for start in set(starts):
            cells[start] += followers
