"""What goes wrong with the alerts of one brand is told with its name, and the other brands are watched all the same."""

from __future__ import annotations

import json
import sqlite3
import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from listener.config import load_config
from listener.metrics import exposition, gather
from listener.service import Service
from listener.store import Store
from running.site import BRANDS, Site

NOW = datetime(2026, 11, 20, 6, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
BROKEN = """
CREATE TRIGGER broken BEFORE {event} ON alert_states
WHEN new.brand_id = (SELECT id FROM brands WHERE name = 'Acme') BEGIN SELECT RAISE(ABORT, 'made up'); END
"""


class Watched:
    """Hold a site with two brands and a file of mentions of both, and what its daemon does."""

    def __init__(self, folder: Path) -> None:
        said = [
            {"id": f"{name}-{hour}", "source": "x", "text": f"{name} number {hour}", "published_at": at.isoformat()}
            for hour in range(1, 9)
            for name in ("acme", "globex")
            for at in [NOW - timedelta(hours=hour)]
        ]
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "said.jsonl").write_text("".join(json.dumps(one) + "\n" for one in said), encoding="utf-8")
        self.site = Site(folder, '[sources.jsonl]\npaths = ["said.jsonl"]\n')
        self.service = Service(load_config(self.site.config), self.site.database, threading.Event())
        self.site.collect(now=NOW)
        with Store(self.site.database) as store:
            store.reports.beat("daemon", 1, started_at=NOW, now=NOW + timedelta(hours=2))

    def run(self, sql: str) -> None:
        """Do something to the store behind the program's back."""
        with closing(sqlite3.connect(self.site.database)) as connection:
            connection.executescript(sql)

    def look(self, turn: int) -> str:
        """Read and look at the alerts in a later quarter of an hour; return what is logged."""
        return self.site.collect(now=NOW + QUARTER * turn).err

    def looked_until(self, brand: str) -> int:
        sql = "SELECT min(evaluated_until) FROM alert_states JOIN brands ON brands.id = brand_id WHERE name = ?"
        [(until,)] = self.site.rows(sql, brand)
        assert isinstance(until, int)
        return until

    def changes(self, brand: str) -> list[int]:
        """Return how often each rule of a brand that knows a usual noticed that something else is listened to."""
        sql = (
            "SELECT json_array_length(state, '$.changed') FROM alert_states JOIN brands ON brands.id = brand_id "
            "WHERE name = ? AND rule IN ('spike', 'sentiment', 'silence')"
        )
        return [int(str(count)) for (count,) in self.site.rows(sql, brand)]

    def failing(self) -> list[dict[str, object]]:
        told = json.loads(self.site.run("status", "--format", "json", now=NOW + timedelta(hours=2)).out)
        rows: list[dict[str, object]] = told["alert_failures"]
        return rows

    def is_healthy(self) -> bool:
        return self.site.run("status", "--healthcheck", now=NOW + timedelta(hours=2)).code == 0


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    return Watched(tmp_path)


def test_the_other_brands_are_watched_where_one_fails(watched: Watched) -> None:
    watched.run(BROKEN.format(event="UPDATE"))
    before = {brand: watched.looked_until(brand) for brand in ("Acme", "Globex")}
    told = watched.look(1)
    assert watched.looked_until("Acme") == before["Acme"]
    assert watched.looked_until("Globex") > before["Globex"]
    assert [
        line for line in told.splitlines() if "alerts failed" in line and "brand=Acme" in line and "made up" in line
    ]


def test_status_names_the_brand_until_its_alerts_work_again(watched: Watched) -> None:
    assert watched.failing() == []
    watched.run(BROKEN.format(event="UPDATE"))
    watched.look(1)
    watched.look(2)
    [row] = watched.failing()
    assert (row["brand"], row["rounds"]) == ("Acme", 2)
    assert "made up" in str(row["message"])
    assert "alerts    of Acme could not be looked at" in watched.site.run("status", now=NOW + QUARTER * 2).out
    watched.run("DROP TRIGGER broken")
    watched.look(3)
    assert watched.failing() == []


def test_the_health_check_fails_where_a_brand_fails_again_and_again(watched: Watched) -> None:
    watched.run(BROKEN.format(event="UPDATE"))
    for turn in range(1, 4):
        watched.look(turn)
    assert watched.is_healthy()
    watched.look(4)
    assert not watched.is_healthy()
    watched.run("DROP TRIGGER broken")
    watched.look(5)
    assert watched.is_healthy()


def test_a_brand_that_is_not_configured_any_more_is_no_concern(watched: Watched) -> None:
    watched.run(BROKEN.format(event="UPDATE"))
    for turn in range(1, 5):
        watched.look(turn)
    watched.site.configure('[sources.jsonl]\npaths = ["said.jsonl"]\n', brands='[[brands]]\nname = "Globex"\n')
    assert watched.failing() == []
    assert watched.is_healthy()


def test_what_nobody_expected_is_logged_with_its_traceback_and_holds_up_nobody(watched: Watched) -> None:
    before = watched.looked_until("Globex")
    with closing(sqlite3.connect(watched.site.database)) as connection, connection:
        damaged = "[" * 100_000  # deeper than any reader of JSON goes
        sql = "UPDATE alert_states SET state = ? WHERE brand_id = (SELECT id FROM brands WHERE name = 'Acme')"
        connection.execute(sql, (damaged,))
    told = watched.look(1)
    assert watched.looked_until("Globex") > before
    assert "Traceback" in told
    assert "alerts failed brand=Acme" in told
    [row] = watched.failing()
    assert row["message"] == "unexpected RecursionError; the log has the details"


def test_the_metrics_count_the_rounds_that_failed(watched: Watched) -> None:
    watched.run(BROKEN.format(event="UPDATE"))
    watched.look(1)
    text = exposition(gather(load_config(watched.site.config), watched.site.database, now=NOW + QUARTER))
    assert 'listener_alert_consecutive_failures{brand="Acme"} 1' in text
    assert 'listener_alert_consecutive_failures{brand="Globex"} 0' in text


def test_a_brand_whose_expression_is_changed_learns_its_usual_anew_and_no_other_does(watched: Watched) -> None:
    source = '[sources.jsonl]\npaths = ["said.jsonl"]\n'
    watched.look(1)
    assert (watched.changes("Acme"), watched.changes("Globex")) == ([0, 0, 0], [0, 0, 0])
    watched.site.configure(source, brands=BRANDS.replace('["acme"]', '["acme", "anvil"]'))
    watched.look(2)
    assert (watched.changes("Acme"), watched.changes("Globex")) == ([1, 1, 1], [0, 0, 0])
    watched.site.configure(source.replace('"]', '", "more.jsonl"]'))  # a place more, and the expression of before
    watched.look(3)
    assert (watched.changes("Acme"), watched.changes("Globex")) == ([2, 2, 2], [1, 1, 1])
    watched.look(4)
    assert (watched.changes("Acme"), watched.changes("Globex")) == ([2, 2, 2], [1, 1, 1])
