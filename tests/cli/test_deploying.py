"""The files in deploy/ fit the program, and the daemon speaks to its supervisor and logs as it is told."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest

from listener.cli.main import cli
from listener.config import load_config
from listener.daemon import Daemon, tell_supervisor
from listener.service import Service

if TYPE_CHECKING:
    from conftest import Place

DEPLOY = Path(__file__).parents[2] / "deploy"
NOW = datetime(2026, 11, 20, 8, tzinfo=UTC)
QUIET = '[[brands]]\nname = "Acme"\n\n[sources.hackernews]\nenabled = false\n'


def unit() -> dict[str, dict[str, list[str]]]:
    """Return the settings of the unit by section; a setting may stand there several times."""
    sections: dict[str, dict[str, list[str]]] = {}
    for line in (DEPLOY / "listener.service").read_text(encoding="utf-8").splitlines():
        if re.fullmatch(r"\[\w+\]", line):
            sections[line[1:-1]] = {}
        elif line and not line.startswith("#"):
            key, equals, value = line.partition("=")
            assert equals, line
            list(sections.values())[-1].setdefault(key, []).append(value)
    return sections


def assert_is_a_command(words: list[str]) -> None:
    """Check that a command line names a command of the program and options that it has."""
    name, *rest = words
    command = cli.get_command(click.Context(cli), name)
    assert command is not None, name
    known = {option for one in command.params for option in one.opts}
    assert {word for word in rest if word.startswith("--")} <= known


def test_the_unit_runs_a_command_that_there_is_and_is_shut_in() -> None:
    held = unit()
    assert list(held) == ["Unit", "Service", "Install"]
    service = held["Service"]
    (start,) = service["ExecStart"]
    program, *words = shlex.split(start)
    assert Path(program).name == "listener"
    assert_is_a_command(words)
    assert service["Type"] == ["notify"]
    assert int(service["WatchdogSec"][0]) >= 4 * 30
    assert int(service["TimeoutStopSec"][0]) > 10
    assert service["RestartPreventExitStatus"] == ["2"]
    for key, value in {
        "NoNewPrivileges": "yes", "ProtectSystem": "strict", "ProtectHome": "yes", "PrivateTmp": "yes",
        "DynamicUser": "yes", "CapabilityBoundingSet": "", "UMask": "0077", "StateDirectory": "listener",
    }.items():  # fmt: skip
        assert service[key] == [value], key


def test_the_image_runs_commands_that_there_are_as_nobody_special() -> None:
    text = (DEPLOY / "Containerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    instructions = {line.split()[0]: line.partition(" ")[2] for line in lines}
    assert instructions["ENTRYPOINT"] == '["listener"]'
    assert_is_a_command(json.loads(instructions["CMD"]))
    program, *words = json.loads(instructions["HEALTHCHECK"].partition("CMD")[2])
    assert (program, "--healthcheck" in words) == ("listener", True)
    assert_is_a_command(words)
    assert instructions["USER"] == "listener"
    assert instructions["VOLUME"] == "/var/lib/listener"
    assert re.search(r"^FROM python:3\.13-slim$", text, re.MULTILINE)
    for line in lines:
        if line.startswith("COPY") and "--from" not in line:
            for name in line.split()[1:-1]:
                assert (DEPLOY.parent / name).exists(), name


def test_the_page_about_deploying_names_commands_that_there_are() -> None:
    text = (DEPLOY / "README.md").read_text(encoding="utf-8")
    lines = re.findall(r"(?:/opt/listener/bin/|listener |`|    )listener ((?!listener)[a-z]+[^`\n]*)", text)
    assert len(lines) >= 6
    for line in lines:
        assert_is_a_command(shlex.split(line))


@pytest.fixture
def supervisor(monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """Return the socket on which a supervisor listens, named as systemd names it."""
    with (
        tempfile.TemporaryDirectory(dir="/tmp") as folder,  # the name of a socket may have 100 letters or so
        closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as channel,
    ):
        channel.bind(f"{folder}/notify")
        channel.settimeout(30)
        monkeypatch.setenv("NOTIFY_SOCKET", f"{folder}/notify")
        yield channel


def test_a_supervisor_gets_a_datagram_and_nobody_is_missed(
    supervisor: socket.socket, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert tell_supervisor(READY="1", STATUS="serving")
    assert supervisor.recv(1000) == b"READY=1\nSTATUS=serving"
    for nowhere in ("", "vsock:2:1234", str(tmp_path / "nobody"), "@nobody-listens-here"):
        monkeypatch.setenv("NOTIFY_SOCKET", nowhere)
        assert not tell_supervisor(READY="1")
    monkeypatch.delenv("NOTIFY_SOCKET")
    assert not tell_supervisor(READY="1")


@pytest.mark.skipif(sys.platform != "linux", reason="names of sockets without a file are Linux's")
def test_a_supervisor_may_listen_at_a_name_without_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"listener-test-{os.getpid()}"
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as channel:
        channel.bind("\0" + name)
        channel.settimeout(30)
        monkeypatch.setenv("NOTIFY_SOCKET", f"@{name}")
        assert tell_supervisor(WATCHDOG="1")
        assert channel.recv(1000) == b"WATCHDOG=1"


def test_the_daemon_tells_its_supervisor_and_writes_its_log_as_json(place: Place, supervisor: socket.socket) -> None:
    rule = '[[alerts.rules]]\nname = "board"\nsources = ["reddit"]\n'
    place.configure(QUIET + '[log]\nformat = "json"\n' + rule)
    log = place.folder / "log"
    with log.open("w") as err:
        daemon = subprocess.Popen(
            [sys.executable, "-m", "listener.cli.main", "run", "--config", str(place.config_file)], stderr=err
        )
    try:
        told = [supervisor.recv(1000).decode(), supervisor.recv(1000).decode()]
        daemon.send_signal(signal.SIGHUP)
        told.append(supervisor.recv(1000).decode())
        daemon.send_signal(signal.SIGTERM)
        told.append(supervisor.recv(1000).decode())
        assert daemon.wait(30) == 0
    finally:
        daemon.kill()
        daemon.wait()
    status = "STATUS=serving listener.db from 0 sources"
    assert sorted(told[:2]) == [f"READY=1\n{status}", "WATCHDOG=1"]
    assert told[2:] == [status, "STOPPING=1\nSTATUS=storing what is in hand"]
    events = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    assert [one["event"] for one in events] == [
        "nothing to do",
        "rule watches nothing",
        "daemon started",
        "configuration read again",
        "stopping",
        "daemon stopped",
    ]
    assert {"at", "level", "log", "pid", "database"} <= events[2].keys()
    assert events[2]["pid"] == daemon.pid


def test_the_daemon_purges_what_is_too_old(filled: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("listener.daemon._FIRST_PURGE", timedelta(0))
    filled.configure(f'[listener]\nretention = "2d"\n{QUIET}')
    daemon = Daemon(load_config(filled.config_file), filled.database, clock=lambda: NOW)

    def stop_when_purged() -> None:
        pause = threading.Event()
        for _ in range(600):
            with closing(sqlite3.connect(f"{filled.database.as_uri()}?mode=ro", uri=True)) as connection:
                if connection.execute("SELECT count(*) FROM mentions WHERE text IS NULL").fetchone() == (12,):
                    break
            pause.wait(0.05)  # the daemon shows what it did in the store alone
        daemon.ask_to_stop()

    watcher = threading.Thread(target=stop_when_purged)
    watcher.start()
    daemon.run()
    watcher.join()
    assert len(filled.run("export").out.splitlines()) == 8


def test_nothing_is_purged_where_no_retention_is_set(filled: Place) -> None:
    service = Service(load_config(filled.config_file), filled.database, threading.Event())
    assert service.purge(now=NOW + timedelta(days=9_000)) == 0
    assert len(filled.run("export").out.splitlines()) == 20
