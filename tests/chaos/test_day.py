"""A day of the daemon, told by a clock that leaps from one thing due to the next: it holds no more at its end."""

from __future__ import annotations

from pathlib import Path

import pytest

from chaos.campaign import AUTUMN, PEOPLE, Campaign, told
from chaos.table import SERVICES
from chaos.truth import Truth
from chaos.world import DAY, HOUR, MINUTE
from listener.store.reporting import TOLD_LATER

WARM = 6 * HOUR
MOST_GROWTH_KB = 5 << 10
"""Of some seven hundred passes after the warm-up: a leak of 8 kB a pass is seen."""
LATE_THREADS = 1
"""The daemon's pools make a thread when it is first needed: one for a report while its sign of life is due may come late."""


@pytest.mark.slow
def test_a_day_of_the_daemon_leaks_nothing_and_sends_one_digest(tmp_path: Path) -> None:
    start = AUTUMN - 30 * MINUTE  # half past seven in the morning, before a night in which clocks change
    with Campaign(tmp_path, seed=24, start=start, every="20m") as campaign:
        due = {start + HOUR: 0, start + 2 * HOUR: 300, start + 14 * HOUR: 300}

        def happen(now: int) -> None:
            for at in [at for at in due if at <= now]:
                count = due.pop(at)
                if count:
                    campaign.world.burst("hackernews", count)
                else:
                    campaign.world.recall("x")

        campaign.on_time = happen
        assert campaign.order("daemon", seconds=24 * HOUR, sample_every=30 * MINUTE) == 0, campaign.log()
        samples = campaign.samples
        for one in samples[::4]:
            told(" ".join(f"{name} {value:>7}" for name, value in one.items() if name != "sample"))
        after = [one for one in samples if one["sample"] >= start + WARM]
        assert len(after) >= 30
        growth = max(one["rss"] for one in after) - after[0]["rss"]
        told(f"memory {after[0]['rss']} kB after warm-up, at most {growth} kB more until the end of the day")
        assert growth <= MOST_GROWTH_KB
        for what in ("files", "threads", "connections", "sockets"):
            early, late = ([one[what] for one in part] for part in (after[:6], after[-6:]))
            # What leaks is held at every moment; a file that is just being written is not.
            spare = LATE_THREADS if what == "threads" else 0
            assert min(late) <= max(early) + spare, (what, [one[what] for one in samples])
        outbox = campaign.site.rows(f"SELECT kind, state FROM outbox WHERE last_error IS NOT '{TOLD_LATER}'")  # noqa: S608
        assert {state for _, state in outbox} == {"sent"}
        digests = [one for one in campaign.mail.received if "digest" in str(one.message["Subject"]).lower()]
        rows = campaign.site.rows("SELECT key FROM digests")
        assert len(rows) == 1
        assert sum(kind == "digest" for kind, _ in outbox) == len(PEOPLE)
        assert len({one.message["Message-ID"] for one in campaign.mail.received}) * len(PEOPLE) == len(outbox)
        assert len(campaign.mail.received) == len(outbox), digests
        assert any(kind == "alert-opened" for kind, _ in outbox)
        looked = campaign.site.rows("SELECT min(evaluated_until), count(*) FROM alert_states")
        assert looked[0][1] == 4
        assert int(str(looked[0][0])) >= campaign.world.now - HOUR
        assert campaign.order("collect") == 0
        Truth(campaign).nothing_is_lost()
        Truth(campaign).holes_are_true()
        Truth(campaign).nothing_is_double()
        assert sum(service.server.open_connections for service in campaign.services) == 0


def test_a_daemon_whose_clock_is_set_back_by_days_goes_on(tmp_path: Path) -> None:
    services = [service for service in SERVICES if service.name == "hackernews"]
    with Campaign(tmp_path, seed=1, services=services) as campaign:
        assert campaign.order("daemon", back=3 * DAY) == 0, campaign.log()
        assert "clock set back" in campaign.log()
        assert "Traceback" not in campaign.log()
