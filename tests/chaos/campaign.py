"""Disturb the program in a simulated world, step by step, and hold its store against the world and a quiet run."""

from __future__ import annotations

import json
import os
import queue
import random
import re
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from chaos.services import Service, XService
from chaos.table import SERVICES
from chaos.truth import Truth
from chaos.world import DAY, HOUR, MINUTE, World
from running.site import Site, child_environment
from servers.smtp import Behaviour, MailServer

PATIENCE = 120.0
ZONE = "America/New_York"
AUTUMN, SPRING = 1_793_448_000, 1_805_068_800  # 2026-10-31 and 2027-03-14, 12:00 UTC: a night later clocks change
START = {0: AUTUMN, 1: SPRING - DAY}
DOLLARS_A_DAY = 1.5
PAUSE = 7
"""Which of twelve steps begins after nine days without a pass: more than most services keep."""
FEW = 5
"""With fewer steps a campaign is a short one, and ends as soon as it can."""
FAULTS = ("429", "500", "503", "reset", "cut", "truncated_json", "html_instead_of_json")
BRANDS = """
[[brands]]
name = "Acme"
keywords = ["acme"]

[[brands]]
name = "Globex"
kind = "competitor"
"""
RULES = """
[[alerts.rules]]
name = "recall"
kind = "words"
query = "recall"
minimum_count = 3
cooldown = "1h"

[[alerts.rules]]
name = "spike"
kind = "spike"
"""
PEOPLE = ("team@example.com", "boss@example.com")
WAITING = "SELECT count(*) FROM rechecks JOIN sources ON sources.id = source_id WHERE sources.name = 'bluesky' AND due_at <= ?"
NUMBER = re.compile(r"says (\d+)")


class Template:
    """Hold the process that passes are forked from; one at a time."""

    def __init__(self, config: Path, keys: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("passes.py")), str(config)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=child_environment(is_limited=True) | keys | {"OMP_NUM_THREADS": "1"},
            start_new_session=True,
        )
        self._said: queue.Queue[dict[str, Any]] = queue.Queue()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._said.put(json.loads(line))

    def tell(self, **order: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write((json.dumps(order) + "\n").encode())
        self._process.stdin.flush()

    def hear(self, seconds: float = PATIENCE) -> dict[str, Any]:
        return self._said.get(timeout=seconds)

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join()
        assert self._process.stdout is not None
        self._process.stdout.close()


@dataclass(slots=True)
class Tally:
    """Count what a campaign did and found."""

    kills: int = 0
    passes: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    checks: int = 0
    published: int = 0
    mentions: int = 0
    lost: int = 0
    holes: int = 0
    in_holes: int = 0
    too_late: int = 0
    double: int = 0
    mails: int = 0
    alerts: int = 0
    digests: int = 0
    again: int = 0
    seconds: float = 0.0
    after_stop: int = 0
    longest_stop: float = 0.0
    spent: dict[str, str] = field(default_factory=dict)

    def table(self) -> str:
        """Return the figures as lines of a table."""
        faults = ", ".join(f"{kind} {count}" for kind, count in sorted(self.faults.items()))
        rows = {
            "seconds": f"{self.seconds:.0f}",
            "kills (SIGKILL)": self.kills,
            "passes begun": self.passes,
            "other disturbances": faults,
            "checks against the world": self.checks,
            "posts published": self.published,
            "mentions stored": self.mentions,
            "lost though it could be read": self.lost,
            "holes, all in the ledger": self.holes,
            "posts in holes": self.in_holes,
            "found later than is read again": self.too_late,
            "double": self.double,
            "mails (alerts, digests)": f"{self.mails} ({self.alerts}, {self.digests})",
            "mails repeated with the same Message-ID": self.again,
            "most that was asked after a stop": self.after_stop,
            "longest until a stop was honoured": f"{self.longest_stop:.1f} s",
            **{f"spent, {name}": words for name, words in sorted(self.spent.items())},
        }
        return "\n".join(f"{name:<42} {value}" for name, value in rows.items())


def told(words: str) -> None:
    """Write a line, at once."""
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


class Campaign:
    """One world, one store that is disturbed, one that is not."""

    def __init__(
        self,
        folder: Path,
        *,
        seed: int,
        services: Sequence[type[Service]] = SERVICES,
        start: int | None = None,
        every: str = "10m",
        report: Callable[[str], None] = told,
    ) -> None:
        self.dice = random.Random(seed)
        self.every = every
        self.folder = folder
        self.report = report
        self.tally = Tally()
        self.services = [kind() for kind in services]
        self.start = START[seed % 2] if start is None else start
        self.world = World(self.services, self.dice, start=self.start)
        self.edges: dict[str, list[tuple[int, int]]] = {service.name: [] for service in self.services}
        self.mail = Behaviour()
        self.is_behind: set[str] = set()
        self.ever: set[int] = set()
        self.samples: list[dict[str, int]] = []
        self.on_time: Callable[[int], None] = lambda _now: None
        self.is_pausing = False
        self.usual = 20
        self.between = 12 * MINUTE
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            for service in self.services:
                service.enter(stack)
            self._mail_server = stack.enter_context(MailServer(self.mail))
            keys = {name: value for service in self.services for name, value in service.keys.items()}
            tables = "\n".join(service.table(every=self.every) for service in self.services)
            mail = f'[mail]\nhost = "127.0.0.1"\nport = {self._mail_server.port}\nsecurity = "none"\nsender = "l@example.com"\n'
            digest = f'[digest]\nat = "08:00"\nto = {json.dumps(PEOPLE)}\n'
            self.site = Site(self.folder / "disturbed", tables, more=RULES + mail + digest, brands=BRANDS)
            self.quiet = Site(self.folder / "quiet", tables, more=RULES, brands=BRANDS)
            for site in (self.site, self.quiet):
                site.config.write_text(site.config.read_text().replace("Asia/Kolkata", ZONE), encoding="utf-8")
            self.template = Template(self.site.config, keys)
            stack.callback(self.template.close)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *reason: object) -> None:
        self._stack.close()

    def run(self, *, kills: int, steps: int, burst: int, seconds: float = 1e9) -> Tally:
        """Go through at least `steps` steps and on until so many kills are done or the time is over."""
        began = time.monotonic()
        self.between = max(2 * MINUTE, min(12 * MINUTE, 200 * MINUTE * steps // max(1, kills)))
        self.finish()
        self.order("collect", site=self.quiet)
        self.check()
        number = 0
        while number < steps or (self.tally.kills < kills and time.monotonic() - began < seconds):
            self.step(number, kills=max(1, kills // steps), burst=burst)
            self.tally.seconds = time.monotonic() - began
            self.report(
                f"step {number}: {self.tally.kills} kills, {self.tally.passes} passes, "
                f"{len(self.world.items)} posts, {self.tally.seconds:.0f} s"
            )
            number += 1
        is_short = steps < FEW
        self.settle(rounds=1 if is_short else 4)
        self.spend(turns=3 if is_short else 8)
        self.tally.seconds = time.monotonic() - began
        return self.tally

    def step(self, number: int, *, kills: int, burst: int) -> None:
        """Let time pass and things happen, disturb, let the store catch up (or not), check."""
        self.is_pausing = number % 12 == PAUSE
        if not self.is_behind and not self.is_pausing:
            for service in self.services:
                self.world.edit_some(service.name)
                self.world.take_away_some(service.name)
        self.world.advance(
            self.world.now + (9 * DAY if self.is_pausing else self.dice.randrange(40 * MINUTE, 3 * HOUR))
        )
        self._happenings(number, burst)
        disturbances = [self.kill] * kills
        disturbances += self.dice.sample(
            [self.fault, self.fault, self.disk_full, self.lock, self.wrong_clock, self.slow_and_stop, self.mail_down], 3
        )
        self.dice.shuffle(disturbances)
        for disturb in disturbances:
            disturb()
        for service in self.services:
            service.calm()
        if number % 5 == 3 and (number + 1) % 12 != PAUSE:
            self.stay_behind()
        else:
            self.finish(live=number % 2 == 0)
        assert self.order("collect", site=self.quiet) == 0, self.log()
        if not self.is_behind:
            self.check()

    def _happenings(self, number: int, burst: int) -> None:
        loud = self.services[0] if number % 4 == 0 else self.dice.choice(self.services)
        if burst and number % 4 in {0, 2}:
            self.world.burst(loud.name, min(burst, loud.largest_burst))
        elif number % 4 == 1:
            self.world.recall(self.services[0].name)

    # disturbances

    def kill(self, *, site: Site | None = None) -> None:
        """Kill a pass after so many answers of the services and a moment more."""
        if not self.is_pausing:
            self.world.advance(self.world.now + self.dice.randrange(self.between // 2, self.between))
        asked, wanted = self.asked(), self.dice.randrange(self.usual if site is None else 8)
        pause = self.dice.uniform(0, 0.03)

        def strike(pid: int) -> None:
            deadline = time.monotonic() + 3.0
            while self.asked() < asked + wanted and time.monotonic() < deadline and _lives(pid):
                time.sleep(0.001)  # the pass is another process, and says nothing to this thread
            time.sleep(pause)  # so that it is struck between two answers as well
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

        way = self._way() if site is None else "collect"
        self.tally.kills += self.order(way, site=site, while_running=strike) == -signal.SIGKILL

    def fault(self) -> None:
        """Let two services answer badly, early in a pass or late."""
        for service in self.dice.sample(self.services, 2):
            kind = self.dice.choice([*FAULTS, *(["empty_page"] if service.tells_empty else [])])
            service.break_for(kind, self.dice.randrange(1, 5), after=self.dice.randrange(4))
            self.tally.faults[kind] += 1
        self.order(self._way())
        for service in self.services:
            service.calm()

    def disk_full(self) -> None:
        """Let no file grow beyond what the store has now, and a little."""
        size = self.site.database.stat().st_size if self.site.database.exists() else 4096
        self.tally.faults["disk full"] += 1
        self.order("collect", file_size=max(4096, size - self.dice.randrange(-(1 << 18), 1 << 18)))

    def lock(self) -> None:
        """Hold the store for a moment while a pass wants to write."""
        self.tally.faults["locked store"] += 1

        def hold(_pid: int) -> None:
            made = sqlite3.connect(self.site.database, timeout=30, isolation_level=None)
            with closing(made) as connection, suppress(sqlite3.OperationalError):
                connection.execute("BEGIN IMMEDIATE")
                time.sleep(0.5)  # the pass, another process, meets the lock meanwhile, or was done before
                connection.execute("ROLLBACK")

        self.order("collect", while_running=hold)

    def wrong_clock(self) -> None:
        """Let the machine's clock be hours ahead, or behind, for a pass, and then be right for a while."""
        if self.is_pausing:
            return
        wrong = self.dice.choice(
            [-5 * HOUR, -HOUR, -7 * MINUTE, 4 * MINUTE, 7 * MINUTE, 2 * HOUR, 30 * HOUR, 9 * DAY, 120 * DAY]
        )
        self.tally.faults["clock ahead" if wrong > 0 else "clock behind"] += 1
        for service in self.services:
            service.go_silent()
        self.order("collect", now=self.world.now + wrong)
        for service in self.services:
            service.calm()
        self.world.advance(self.world.now + 10 * MINUTE)  # so that all that was read ahead has come to be

    def slow_and_stop(self) -> None:
        """Answer without end, and ask for a stop: the pass ends, and the store is checked as ever.

        How much was asked after it, and how long it took, depends on the machine as well: it is told.
        """
        service = self.dice.choice([one for one in self.services if one.name != "bluesky"])
        service.break_for("slow_body", 1, after=self.dice.randrange(2))
        self.tally.faults["slow body, stopped"] += 1
        before: list[tuple[int, float]] = []

        def stop(pid: int) -> None:
            time.sleep(self.dice.uniform(0.3, 1.0))  # the pass, another process, may be anywhere by then
            before.append((self.asked(), time.monotonic()))
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)

        self.order("collect", while_running=stop)
        ((asked, stopped_at),) = before
        self.tally.after_stop = max(self.tally.after_stop, self.asked() - asked)
        self.tally.longest_stop = max(self.tally.longest_stop, time.monotonic() - stopped_at)
        service.calm()

    def mail_down(self) -> None:
        """Let the mail server refuse everything for the rest of the step."""
        self.tally.faults["mail server down"] += 1
        self.mail.data_answer = self.dice.choice(["451 4.3.0 try later", "421 4.3.2 shutting down"])

    def _way(self) -> str:
        """Draw who reads; while the world stands still only who does not move the time on."""
        return "daemon" if self.dice.random() < 0.3 and not self.is_pausing else "collect"

    # what goes on

    def finish(self, *, live: bool = False) -> None:
        """Let the store catch up, by the daemon or in one pass."""
        self.mail.data_answer = "250 OK"
        if live:
            assert self.order("daemon") == 0, self.log()
        asked = self.asked()
        assert self.order("collect") == 0, self.log()
        self.usual = max(10, min(60, self.asked() - asked))
        self.is_behind = set()

    def stay_behind(self) -> None:
        """Leave a few services unread until the next step: they are down."""
        down = self.dice.sample(self.services, 2)
        for service in down:
            service.break_for("503", 1000, after=0)
        self.order("collect")
        for service in down:
            service.calm()
        self.is_behind = {service.name for service in down}

    def order(
        self,
        do: str,
        *,
        site: Site | None = None,
        while_running: Callable[[int], None] | None = None,
        now: int | None = None,
        file_size: int = 0,
        seconds: int = 13 * MINUTE,
        sample_every: int = 0,
        back: int = 0,
        words: Sequence[str] = (),
    ) -> int:
        """Let the program run once, a daemon for so many of its `seconds`; return its exit code."""
        for service in self.services:
            self.edges[service.name].append((self.world.now, service.edge()))
        self.tally.passes += 1
        self.template.tell(
            do=do,
            config=str((site or self.site).config),
            now=now or self.world.now,
            until=self.world.now + seconds,
            log=str(self.folder / "log"),
            file_size=file_size,
            sample=sample_every,
            back=back,
            words=list(words),
        )
        pid = self.template.hear()["pid"]
        helper = threading.Thread(target=while_running, args=(pid,)) if while_running else None
        if helper:
            helper.start()
        while "code" not in (said := self.template.hear()):
            if "sample" in said:
                held = sum(service.server.open_connections for service in self.services)
                self.samples.append({**said, "connections": held})
            elif "time" in said:
                self.world.advance(said["time"])
                self.on_time(said["time"])
                for service in self.services:
                    self.edges[service.name].append((self.world.now, service.edge()))
                self.template.tell(go=True)
        if helper:
            helper.join()
        return int(said["code"])

    def asked(self) -> int:
        return sum(service.asked() for service in self.services)

    def log(self) -> str:
        return (self.folder / "log").read_text(encoding="utf-8", errors="replace")[-6000:]

    # checks

    def check(self) -> None:
        """Hold the store against the world and against the quiet run."""
        self.tally.checks += 1
        for site in (self.site, self.quiet):
            self.look_up(site)
        truth = Truth(self)
        truth.nothing_is_lost()
        truth.holes_are_true()
        truth.nothing_is_double()
        truth.verdicts_are_those_of_the_quiet_run()

    def look_up(self, site: Site) -> None:
        """Let the names and counters be read that a kill, or too many at once, kept from it."""
        if not any(service.name == "bluesky" for service in self.services):
            return
        for _ in range(20):
            assert self.order("recheck", site=site, words=["--source", "bluesky"]) == 0, self.log()
            if site.rows(WAITING, self.world.now) == [(0,)]:
                return

    def settle(self, rounds: int) -> None:
        """Let everything that waits be delivered, then check all there is to check."""
        self.finish()
        self.world.recall("x", ago=MINUTE)
        self.world.advance(self.world.now + 20 * MINUTE)
        self.mail_down()
        self.order("collect")  # an alert opens while no mail is taken
        for _ in range(rounds):
            self.world.advance(self.world.now + 6 * HOUR)
            self.finish(live=True)
            self.order("collect", site=self.quiet)
        self.check()
        truth = Truth(self)
        truth.figures_agree()
        truth.every_mail_came_once(with_alerts=rounds > 1)
        truth.store_is_sound()
        log = (self.folder / "log").read_text(encoding="utf-8", errors="replace")
        assert "Traceback" not in log, log[log.index("Traceback") - 500 :][:4000]
        assert "internal error" not in log
        truth.count()

    def spend(self, *, turns: int) -> None:
        """Read bursts of X with little money, killed again and again: the bill stays within the budget, day by day.

        It takes `turns`, and more until two days are on the bill: what a kill set aside may leave a day without.
        """
        service = next(one for one in self.services if isinstance(one, XService))
        tables = service.table(max_results=25) + f"[sources.x.budget]\nusd_a_day = {DOLLARS_A_DAY}\n"
        site = Site(self.folder / "spending", tables, brands=BRANDS)
        service.server.bill.clear()
        for turn in range(4 * turns):
            if turn >= turns and len(service.server.bill) > 1:
                break
            self.world.advance(self.world.now + 9 * HOUR)
            self.world.burst("x", 120)
            for _ in range(2):
                self.kill(site=site)
            assert self.order("collect", site=site) in {0, 3}
        days = {str(day): service.server.owed(day) for day in service.server.bill}
        assert len(days) >= 2
        assert all(owed <= DOLLARS_A_DAY for owed in days.values()), days
        assert max(days.values()) > DOLLARS_A_DAY / 10, days
        booked = {
            int(str(day)): int(str(micros)) / 1e6
            for day, micros in site.rows("SELECT day, sum(micros) FROM spending GROUP BY day")
        }
        aside = site.rows("SELECT coalesce(sum(micros), 0) FROM reservations")[0][0]
        assert sum(days.values()) <= sum(booked.values()) + int(str(aside)) / 1e6 + 1e-9
        self.tally.spent = {f"{day} of ${DOLLARS_A_DAY:.2f}": f"${owed:.3f}" for day, owed in days.items()}
