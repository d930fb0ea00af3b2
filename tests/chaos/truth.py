"""Say whether a store equals the simulated world, and count where it does not."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING

from chaos.services import when
from chaos.world import HOUR, Item
from listener.store import Store
from listener.store.reporting import TOLD_LATER
from running.site import SEEN

if TYPE_CHECKING:
    from chaos.campaign import Campaign

NUMBER = re.compile(r"says (\d+)")
_STORED = (
    "SELECT s.name, m.native_id, coalesce(m.title, '') || ' ' || coalesce(m.text, ''), m.published_at, m.purged_at "
    "FROM mentions m JOIN sources s ON s.id = m.source_id"
)
_WINDOWS = (
    "SELECT s.name, r.lane || ' ' || coalesce(b.name, '*'), w.from_at, w.to_at, w.state, w.updated_at FROM windows w "
    "JOIN resources r ON r.id = w.resource_id JOIN sources s ON s.id = r.source_id "
    "LEFT JOIN brands b ON b.id = r.brand_id ORDER BY s.name, r.lane, w.from_at"
)


class Truth:
    """Compare one store with the world as it is now."""

    def __init__(self, campaign: Campaign) -> None:
        self.campaign = campaign
        self.world, self.site, self.tally = campaign.world, campaign.site, campaign.tally
        self.stored: dict[int, list[str]] = defaultdict(list)
        for source, native, words, _, _ in self.site.rows(_STORED):
            found = NUMBER.search(str(words))
            if found:
                self.stored[int(found[1])].append(f"{source}:{native}")
        campaign.ever |= self.stored.keys()
        self.windows: dict[str, list[tuple[str, int, int, str, int]]] = defaultdict(list)
        for source, lane, start, end, state, updated in self.site.rows(_WINDOWS):
            self.windows[str(source)].append((str(lane), int(str(start)), int(str(end)), str(state), int(str(updated))))

    def nothing_is_lost(self) -> None:
        """What a service ever gave in time is stored, or lies in a hole that the ledger tells of."""
        missing = []
        for item in self.world.items.values():
            service = self.world.services[item.service]
            if not item.is_wanted or item.number in self.stored or item.number in self.world.gone:
                continue
            if not self._begin(item.service) <= item.at < self.world.now - service.lag:
                continue
            if self._came_too_late(item) or self._in_hole(item):
                continue
            missing.append(item)
        self.tally.lost = max(self.tally.lost, len(missing))
        assert missing == [], [(one, self.windows[one.service]) for one in missing[:5]]

    def holes_are_true(self) -> None:
        """Windows lie end to end; nothing is open, and nothing is called lost that could be read when it was."""
        for name, windows in self.windows.items():
            lanes: dict[str, list[tuple[int, int]]] = defaultdict(list)
            for lane, start, end, state, updated in windows:
                is_to_come = state == "open" and start >= self.world.now - self.world.services[name].lag
                assert is_to_come or state in {"drained", "lost"}, (name, lane, when(start), when(end), state)
                lanes[lane].append((start, end))
                if state == "lost":
                    edge = max((edge for at, edge in self.campaign.edges[name] if at <= updated + HOUR), default=0)
                    assert end <= edge + 1, (name, lane, when(start), when(end), when(edge))
            for lane, spans in lanes.items():
                assert all(one[1] == two[0] for one, two in pairwise(spans)), (name, lane, spans)

    def nothing_is_double(self) -> None:
        """No post stands under two ids."""
        double = {number: keys for number, keys in self.stored.items() if len(keys) > 1}
        self.tally.double = max(self.tally.double, len(double))
        assert double == {}

    def verdicts_are_those_of_the_quiet_run(self) -> None:
        """Mentions, authors, scores, sums and stories are those of a store that nothing disturbed."""
        found, expected = self.site.dump(), self.campaign.quiet.dump()
        gone = {str(row[1]) for rows in (found, expected) for row in rows["mentions"] if self._is_gone(row)}
        for table in SEEN:
            if table in {"authors", "full text"} and gone:
                continue  # what is gone leaves them, here sooner than there; the index has a check of its own
            here, there = (Counter(_comparable(table, one[table], gone)) for one in (found, expected))
            extra, missing = sorted(here - there, key=repr), sorted(there - here, key=repr)
            assert (extra[:3], missing[:3]) == ([], []), (table, len(extra), len(missing), extra[:3], missing[:3])

    def _is_gone(self, row: tuple[object, ...]) -> bool:
        """Say whether a mention was taken away, so that it may be erased: its sums stay."""
        words = NUMBER.search(f"{row[5]} {row[6]}")
        return words is None or int(words[1]) in self.world.gone

    def figures_agree(self) -> None:
        """Where an hour or a day is covered whole, its count is the world's; the coverage is what was drained."""
        since, until = self.campaign.start, self.world.now
        for by in ("hour", "day"):
            shown = self.site.run(
                "trend", "Acme", "--by", by, "--since", when(since).isoformat(), "--format", "json", now=when(until)
            )
            assert shown.code == 0, shown.err
            buckets = json.loads(shown.out)["buckets"]
            starts = [int(datetime.fromisoformat(bucket["start"]).timestamp()) for bucket in buckets]
            assert starts[0] <= since
            for bucket, start, end in zip(buckets, starts, [*starts[1:], until], strict=True):
                self._bucket_is_true(bucket, start, end)

    def _bucket_is_true(self, bucket: dict[str, object], start: int, end: int) -> None:
        share = self._drained(start, end)
        assert abs(float(str(bucket["coverage"])) - share) < 0.002, (bucket, share)
        if share == 1.0:
            counted = [item for item in self.world.items.values() if start <= item.at < end and item.concerns("Acme")]
            stored = sum(item.number in self.campaign.ever for item in counted)  # what was erased is still counted
            assert bucket["mentions"] == stored, (bucket, stored, self._told_otherwise(counted, start, end))

    def _told_otherwise(self, counted: list[Item], start: int, end: int) -> list[tuple[object, ...]]:
        """Return what of a span the store dates elsewhere, words otherwise or counts for nobody, for a message."""
        rows = self.site.rows(
            "SELECT s.name, m.native_id, m.published_at, m.edited_at, m.text, m.title, m.purged_at, "
            "(SELECT group_concat(b.name) FROM matches JOIN brands b ON b.id = brand_id WHERE mention_id = m.id) AS told "
            "FROM mentions m JOIN sources s ON s.id = m.source_id"
        )
        known = {int(found[1]): row for row in rows if (found := NUMBER.search(f"{row[4]} {row[5]}"))}
        wrong = [
            (item, known.get(item.number))
            for item in counted
            if (row := known.get(item.number)) is None
            or not start <= int(str(row[2])) < end
            or "Acme" not in str(row[7])
        ]
        return [pair for pair in wrong if pair[0].number in self.campaign.ever][:20]

    def _drained(self, start: int, end: int) -> float:
        """Return the covered share of a span over all services, second by second."""
        shares = []
        for windows in self.windows.values():
            lanes = sorted({lane for lane, *_ in windows if not lane.endswith(" Globex")})
            per_lane = []
            for lane in lanes:
                spans = [(one[1], one[2]) for one in windows if one[0] == lane and one[3] == "drained"]
                read = sum(max(0, min(end, stop) - max(start, begin)) for begin, stop in spans)
                per_lane.append(read / (end - start))
            shares.append(sum(per_lane) / len(per_lane))
        return sum(shares) / len(shares)

    def every_mail_came_once(self, *, with_alerts: bool) -> None:
        """One mail an alert and a digest, to each address; a repeated one bears the same Message-ID."""
        told = f"last_error IS NOT '{TOLD_LATER}'"  # of several that waited for the mail server the last one was sent
        outbox = self.site.rows(f"SELECT key, destination, kind, state FROM outbox WHERE {told}")  # noqa: S608
        assert {state for *_, state in outbox} <= {"sent"}, [row for row in outbox if row[3] != "sent"]
        got = Counter((one.message["Message-ID"], one.recipients[0]) for one in self.campaign.mail.received)
        repeated = sum(got.values()) - len(got)
        self.tally.again = repeated
        assert len(got) == len(outbox), (len(got), len(outbox))
        assert repeated <= self.tally.kills, "mails were repeated that no kill can explain"
        digests = [str(row[0]) for row in self.site.rows("SELECT key FROM digests ORDER BY key")]
        assert len(set(digests)) == len(digests)
        self.tally.mails, self.tally.digests = len(got), sum(kind == "digest" for *_, kind, _ in outbox)
        self.tally.alerts = len(got) - self.tally.digests
        assert self.tally.digests == len(digests) * 2 > 0
        assert self.tally.alerts > 0 or not with_alerts  # rules learn for a while before they speak

    def store_is_sound(self) -> None:
        """Sums equal their rebuild, indexes fit their tables."""
        with Store(self.site.database) as store:
            assert store.check() == []
            store._connection.execute("INSERT INTO mention_texts (mention_texts, rank) VALUES ('integrity-check', 1)")

    def count(self) -> None:
        """Write down what the store holds."""
        tally, world = self.tally, self.world
        tally.published, tally.mentions = (
            len(world.items),
            int(str(self.site.rows("SELECT count(*) FROM mentions")[0][0])),
        )
        tally.holes = sum(one[3] == "lost" for windows in self.windows.values() for one in windows)
        absent = [one for one in world.items.values() if one.is_wanted and one.number not in self.stored]
        absent = [one for one in absent if self._begin(one.service) <= one.at]
        tally.in_holes = sum(self._in_hole(one) for one in absent)
        tally.too_late = sum(self._came_too_late(one) for one in absent)

    def _came_too_late(self, item: Item) -> bool:
        """Say whether a post was found later than is read again, or when the service no longer reached so far back."""
        reaches = any(at >= item.seen_from and edge <= item.at for at, edge in self.campaign.edges[item.service])
        return item.lateness > self.world.services[item.service].overlap or (item.lateness > 0 and not reaches)

    def _begin(self, name: str) -> int:
        return min((start for _, start, *_ in self.windows[name]), default=self.world.now)

    def _in_hole(self, item: Item) -> bool:
        """Say whether a lane of the service calls the moment of a post lost."""
        return any(state == "lost" and start <= item.at < end for _, start, end, state, _ in self.windows[item.service])


def _comparable(table: str, rows: list[tuple[object, ...]], gone: set[str]) -> list[tuple[object, ...]]:
    """Return what two stores must have in common, of which one may have erased what is gone."""
    if table == "mentions":
        return [row for row in rows if row[1] not in gone]
    if table == "matches":
        return [row if row[2] not in gone else (*row[:2], *row[3:5], *row[6:15]) for row in rows]
    if table == "stories":
        return [row[:2] for row in rows]
    return rows
