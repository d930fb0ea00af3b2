"""A running daemon tells a monitoring system how it is, and refuses whatever else it is asked."""

from __future__ import annotations

import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from http import HTTPStatus
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from bounds import FOR_EVER, MINUTE
from listener.clock import utc_now
from listener.errors import ListenerError, StoreError
from listener.metrics import CONTENT_TYPE, Family, MetricsServer, Sample, exposition
from listener.metrics import serving as serving_module
from running.site import PATIENCE, Site, hackernews_table, hits, wait_for
from servers.hackernews import HackerNews

PAGE = "# HELP up Says so.\n# TYPE up gauge\nup 1\n"


def free_port() -> int:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def read(text: str) -> dict[str, dict[tuple[tuple[str, str], ...], float]]:
    """Return the samples of a page by name and labels, as the format's own reader understands it."""
    return {
        family.name: {tuple(sorted(sample.labels.items())): sample.value for sample in family.samples}
        for family in text_string_to_metric_families(text)
    }


def scrape(port: int) -> tuple[str, str]:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        return answer.headers["Content-Type"], answer.read().decode()


def test_a_running_daemon_is_scraped(tmp_path: Path) -> None:
    port = free_port()
    with HackerNews(hits(12)) as server:
        table = hackernews_table(server, every="1h", jitter="0s", items_url=server.url)
        site = Site(tmp_path, table, more=f"[metrics]\nport = {port}\n")
        before = utc_now().timestamp()
        daemon = site.start("run", now=None)
        try:
            wait_for(
                lambda: site.database.exists() and site.run("status", "--healthcheck", now=None).code == 0,
                "the daemon lives",
            )
            wait_for(lambda: site.rows("SELECT 1 FROM source_states WHERE state = 'ok'"), "the source is read")

            def gathered() -> dict[str, dict[tuple[tuple[str, str], ...], float]] | None:
                kind, text = scrape(port)
                assert kind == CONTENT_TYPE
                found = read(text)
                return found if found["listener_source_state"] == {ok: 1.0} else None

            ok = (("source", "hackernews"), ("state", "ok"))
            found = wait_for(gathered, "the metrics say so")
            assert isinstance(found, dict)
            source = (("source", "hackernews"),)
            assert found["listener_source_last_success_timestamp_seconds"][source] >= before - 1
            assert found["listener_source_consecutive_failures"][source] == 0
            assert found["listener_mentions"] == {
                (("brand", brand), ("source", "hackernews")): float(count)
                for brand, count in site.rows(
                    "SELECT name, count(*) FROM matches JOIN brands ON brands.id = brand_id GROUP BY name"
                )
            }
            assert found["listener_windows"][(("state", "open"),)] == 0
            assert found["listener_outbox_deliveries"][(("state", "pending"),)] == 0
            coverage = found["listener_coverage_ratio"]
            assert coverage[(("brand", "Acme"), ("source", ""), ("window", "24h"))] > 0.9
            assert all(0 <= share <= 1 for share in coverage.values())
            assert abs(found["listener_daemon_heartbeat_timestamp_seconds"][()] - before) < 60
            assert 10 << 20 < found["process_resident_memory_bytes"][()] < 2 << 30
            assert found["listener_recheck_requests_limit"][source] == 1000
            assert found["listener_store_size_bytes"][()] > 0
        finally:
            daemon.terminate()
            assert daemon.wait(timeout=PATIENCE) == 0
    with pytest.raises(urllib.error.URLError, match="refused"):
        scrape(port)


def test_a_port_that_is_taken_is_said_and_the_daemon_does_not_start(tmp_path: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken, HackerNews([]) as server:
        port = taken.getsockname()[1]
        site = Site(tmp_path, hackernews_table(server), more=f"[metrics]\nport = {port}\n")
        ended = site.process("run", now=None)
    assert ended.code == 1
    assert f"cannot listen on 127.0.0.1 port {port} (Address already in use); change [metrics]" in ended.err


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[MetricsServer]:
    monkeypatch.setattr(serving_module, "_PATIENCE_SECONDS", MINUTE)
    with MetricsServer("127.0.0.1", 0, lambda: PAGE) as made:
        yield made


def ask(server: MetricsServer, request: bytes) -> bytes:
    """Send bytes as they are; return what comes back until the server hangs up."""
    with closing(socket.create_connection(("127.0.0.1", server.port), timeout=MINUTE)) as connection:
        pieces = []
        try:
            connection.sendall(request)
            while piece := connection.recv(1 << 16):
                pieces.append(piece)
        except ConnectionError:
            pass
        return b"".join(pieces)


def request(line: str, *fields: str) -> bytes:
    return "\r\n".join([line, *(fields or ("Host: 127.0.0.1",)), "", ""]).encode()


def test_the_page_is_given_to_who_asks_for_it(server: MetricsServer) -> None:
    for path in ("/metrics", "/metrics?x=1"):
        head, _, body = ask(server, request(f"GET {path} HTTP/1.1")).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 OK\r\n")
        assert CONTENT_TYPE.encode() in head
        assert body == PAGE.encode()


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (request("GET / HTTP/1.1"), HTTPStatus.NOT_FOUND),
        (request("GET /metrics/../listener.db HTTP/1.1"), HTTPStatus.NOT_FOUND),
        (request("GET http://127.0.0.1/metrics HTTP/1.1"), HTTPStatus.NOT_FOUND),
        (request("POST /metrics HTTP/1.1", "Host: localhost", "Content-Length: 3"), HTTPStatus.METHOD_NOT_ALLOWED),
        (request("GET /metrics HTTP/1.1", "Host: rebound.example"), HTTPStatus.MISDIRECTED_REQUEST),
        (request("GET /metrics HTTP/1.1", "X: y"), HTTPStatus.MISDIRECTED_REQUEST),
        (request("GET /metrics SPDY/9"), HTTPStatus.BAD_REQUEST),
        (b"\x16\x03\x01\x02\x00\x01\r\n\r\n", HTTPStatus.BAD_REQUEST),
        (request("GET /metrics HTTP/1.1", "X: " + "y" * 9_000), HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE),
        (b"GET /metrics HTTP/1.1\r\n" + b"a: b\r\n" * 100_000, HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE),
    ],
)
def test_everything_else_is_refused(server: MetricsServer, sent: bytes, status: HTTPStatus) -> None:
    said = ask(server, sent)
    assert said == b"" or said.startswith(f"HTTP/1.1 {status.value} ".encode())
    assert PAGE.encode() not in said
    assert PAGE.encode() in ask(server, request("GET /metrics HTTP/1.1"))


@pytest.mark.parametrize("host", ["localhost:9464", "127.0.0.1", "[::1]:9464", "127.8.8.8:1"])
def test_every_name_of_this_machine_is_answered(server: MetricsServer, host: str) -> None:
    assert b" 200 OK" in ask(server, request("GET /metrics HTTP/1.1", f"Host: {host}"))


def test_who_dawdles_is_hung_up_on(server: MetricsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving_module, "_PATIENCE_SECONDS", 0.5)
    slow = [socket.create_connection(("127.0.0.1", server.port), timeout=MINUTE) for _ in range(20)]
    for connection in slow:
        with suppress(ConnectionError):
            while connection.recv(1 << 16):
                pass
        connection.close()
    wait_for(lambda: b" 200 OK" in ask(server, request("GET /metrics HTTP/1.1")), "others are served")


def test_who_dawdles_holds_nobody_up(server: MetricsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving_module, "_PATIENCE_SECONDS", FOR_EVER)
    with ExitStack() as slow:
        for _ in range(serving_module._AT_ONCE - 1):
            slow.enter_context(socket.create_connection(("127.0.0.1", server.port)))
        assert b" 200 OK" in ask(server, request("GET /metrics HTTP/1.1"))


def test_a_store_that_cannot_be_read_is_no_page() -> None:
    def write() -> str:
        msg = "the store is gone from /somewhere"
        raise StoreError(msg)

    with MetricsServer("127.0.0.1", 0, write) as server:
        said = ask(server, request("GET /metrics HTTP/1.1"))
    assert said.startswith(b"HTTP/1.1 503 ")
    assert b"somewhere" not in said


def test_the_store_is_asked_once_for_many_scrapes() -> None:
    asked: list[int] = []

    def write() -> str:
        asked.append(1)
        return PAGE

    with MetricsServer("127.0.0.1", 0, write) as server:
        for _ in range(10):
            assert b" 200 OK" in ask(server, request("GET /metrics HTTP/1.1"))
    assert len(asked) == 1


def test_an_address_that_is_not_of_this_machine_cannot_be_listened_on() -> None:
    with pytest.raises(ListenerError, match=r"cannot listen on 192\.0\.2\.1"):
        MetricsServer("192.0.2.1", 9464, lambda: PAGE)


@given(st.text(max_size=50), st.text(max_size=50), st.floats(allow_nan=False))
def test_any_label_is_read_back_and_starts_no_line(first: str, second: str, value: float) -> None:
    labels = {"brand": first, "source": second}
    family = Family(
        name="listener_things", help="Things\nof \\ all kinds.", samples=(Sample(value=value, labels=labels),)
    )
    text = exposition([family])
    assert text.count("\n") == 3
    expected = {name: label.replace("\r", " ") for name, label in labels.items()}
    if all(label.isprintable() for label in labels.values()):
        assert read(text) == {"listener_things": {tuple(sorted(expected.items())): value}}


def test_a_family_of_nothing_is_left_out() -> None:
    assert exposition([Family(name="listener_things", help="None.", samples=())]) == ""
