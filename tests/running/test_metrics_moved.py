"""A running daemon serves its metrics where the configuration says that it reads again."""

from __future__ import annotations

import signal
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bounds import MINUTE
from listener.errors import ListenerError
from listener.metrics import MetricsEndpoint
from running.site import PATIENCE, Site, wait_for

PAGE = "# HELP up Says so.\n# TYPE up gauge\nup 1\n"


def free_ports(count: int) -> list[int]:
    taken = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [int(one.getsockname()[1]) for one in taken]
    for one in taken:
        one.close()
    return ports


def answers(port: int) -> bool:
    """Say whether metrics are served there."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=MINUTE) as answer:
            return b" gauge\n" in answer.read()
    except (urllib.error.URLError, ConnectionError):
        return False


@pytest.fixture
def endpoint() -> Iterator[MetricsEndpoint]:
    with closing(MetricsEndpoint(lambda: PAGE)) as made:
        yield made


def test_metrics_move_to_another_port_and_are_gone_from_the_former(endpoint: MetricsEndpoint) -> None:
    first, second = free_ports(2)
    endpoint.move("127.0.0.1", first)
    assert answers(first)
    endpoint.move("127.0.0.1", second)
    assert (answers(first), answers(second)) == (False, True)
    endpoint.move("127.0.0.1", None)
    assert (answers(first), answers(second)) == (False, False)


def test_metrics_move_to_another_host_at_the_same_port(endpoint: MetricsEndpoint) -> None:
    [port] = free_ports(1)
    endpoint.move("127.0.0.1", port)
    endpoint.move("0.0.0.0", port)
    assert answers(port)


def test_metrics_stay_where_the_new_port_is_taken(endpoint: MetricsEndpoint) -> None:
    [port] = free_ports(1)
    endpoint.move("127.0.0.1", port)
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        other = int(taken.getsockname()[1])
        with pytest.raises(ListenerError, match=f"cannot listen on 127.0.0.1 port {other}"):
            endpoint.move("127.0.0.1", other)
        assert answers(port)
    endpoint.move("127.0.0.1", other)
    assert (answers(port), answers(other)) == (False, True)


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="this system has no SIGHUP")
def test_a_daemon_that_reads_its_configuration_again_moves_its_metrics(tmp_path: Path) -> None:
    first, second = free_ports(2)
    site = Site(tmp_path, "", more=f"[metrics]\nport = {first}\n")
    log = tmp_path / "log"
    daemon = site.start("run", now=None, err=log)
    try:
        wait_for(lambda: answers(first), "the metrics are served")
        for more, told in (
            (f"[metrics]\nport = {second}\n", lambda: answers(second)),
            ("", lambda: "metrics served no longer" in log.read_text("utf-8")),
            (f"[metrics]\nport = {first}\n", lambda: answers(first)),
        ):
            site.configure("", more=more)
            daemon.send_signal(signal.SIGHUP)
            wait_for(told, "the metrics are where the configuration says")
        assert not answers(second)
        with closing(socket.create_server(("127.0.0.1", second))):
            site.configure("", more=f"[metrics]\nport = {second}\n")
            daemon.send_signal(signal.SIGHUP)
            wait_for(lambda: "metrics not moved" in log.read_text("utf-8"), "the log says that they stay")
            assert answers(first)
    finally:
        daemon.terminate()
        assert daemon.wait(timeout=PATIENCE) == 0
    assert not answers(first)
