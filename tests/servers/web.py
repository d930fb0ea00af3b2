"""Serve simulated services on loopback, with faults on demand.

A simulator subclasses `SimulatedServer` and answers in `route`. Tests queue
faults, which are used up before `route` is asked:

    with HackerNews(posts) as server:
        server.fault("status", status=429, headers={"Retry-After": "1"})
        server.fault("cut", times=2, when=lambda request: request.path == "/feed")

Kinds of faults: ``status`` (status, headers, body), ``reset`` (closed without an
answer), ``cut`` (closed in mid body), ``truncated_json`` (a whole answer whose
body stops half-way), ``html_instead_of_json``, ``slow_body`` (a byte each
`interval` seconds, without end), ``huge`` (`size` bytes), ``gzip_bomb`` (`size`
bytes once unpacked), ``empty_page`` (seen by `route` as `request.empty_page`),
``hang`` (no answer at all until the server stops).
"""

from __future__ import annotations

import contextlib
import gzip
import http.server
import json
import socket
import struct
import threading
import traceback
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

KINDS = (
    "status",
    "reset",
    "cut",
    "truncated_json",
    "html_instead_of_json",
    "slow_body",
    "huge",
    "gzip_bomb",
    "empty_page",
    "hang",
)
MEBIBYTE = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request as it arrived; header names in lower case, `query` as lists of values."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes = b""
    empty_page: bool = False

    def param(self, name: str, default: str = "") -> str:
        """Return the last value of a query parameter."""
        return self.query.get(name, [default])[-1]

    @property
    def form(self) -> Mapping[str, list[str]]:
        """Return the fields of a form body."""
        return parse_qs(self.body.decode(), keep_blank_values=True)

    def json(self) -> Any:
        """Return the body, read as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer; Content-Length is added."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def json(cls, value: object, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
        """Answer with JSON."""
        fields = {"Content-Type": "application/json; charset=utf-8", **(headers or {})}
        return cls(status=status, body=json.dumps(value).encode(), headers=fields)

    @classmethod
    def text(
        cls, text: str, *, status: int = 200, kind: str = "text/plain", headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Answer with text of the media type `kind`."""
        fields = {"Content-Type": f"{kind}; charset=utf-8", **(headers or {})}
        return cls(status=status, body=text.encode(), headers=fields)


@dataclass(slots=True, kw_only=True)
class Fault:
    """A fault that waits for the requests it applies to."""

    kind: str
    left: int
    when: Callable[[Request], bool]
    details: Mapping[str, Any]


class SimulatedServer:
    """Run a small threaded HTTP server on loopback; subclasses answer in `route`.

    `requests` logs every request in order of arrival. An exception of `route`
    is answered with 500 and raised again when the server stops. `clock` tells the
    epoch seconds that the Date of an answer names; None: the machine's.
    """

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.clock: Callable[[], float] | None = None
        self.stopping = threading.Event()
        self._faults: list[Fault] = []
        self._problems: list[str] = []
        self._lock = threading.Lock()
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    def route(self, request: Request) -> Answer:
        """Answer one request; called by several threads."""
        return Answer.json({"error": f"nothing at {request.path}"}, status=404)

    @property
    def url(self) -> str:
        """Return the address without a slash at its end, such as http://127.0.0.1:41234."""
        assert self._server is not None, "the server is not running"
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def fault(
        self, kind: str, times: int = 1, *, when: Callable[[Request], bool] | None = None, **details: Any
    ) -> None:
        """Meet the next `times` requests (those of which `when` is true) with a fault."""
        assert kind in KINDS, f"no fault is called {kind}; there are {', '.join(KINDS)}"
        with self._lock:
            self._faults.append(Fault(kind=kind, left=times, when=when or (lambda _: True), details=details))

    def calm(self) -> None:
        """Forget the faults that are still to come."""
        with self._lock:
            self._faults.clear()

    @property
    def open_connections(self) -> int:
        """Return how many clients are connected."""
        return 0 if self._server is None else self._server.count

    def start(self) -> Self:
        """Bind a free port of loopback and begin to answer."""
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.simulated = self
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()
        return self

    def stop(self) -> None:
        """Close every connection, end every thread; raise what `route` raised."""
        if self._server is None or self._thread is None:
            return
        self.stopping.set()
        self._server.wake()
        self._server.shutdown()
        self._server.hang_up()
        self._server.server_close()
        self._thread.join()
        self._server = self._thread = None
        if self._problems:
            raise AssertionError("the simulated server failed:\n" + "\n".join(self._problems))

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def handle(self, handler: _Handler, request: Request) -> None:
        """Answer one request through its handler, with the fault that is due, if any."""
        with self._lock:
            self.requests.append(request)
            fault = self._due(request)
        if fault is not None and fault.kind in _BARE:
            _BARE[fault.kind](self, handler, fault.details)
            return
        try:
            answer = self.route(replace(request, empty_page=fault is not None and fault.kind == "empty_page"))
        except Exception:  # noqa: BLE001 - kept for the end of the test
            self._problems.append(traceback.format_exc())
            answer = Answer.text("the simulator failed", status=500)
        if fault is not None and fault.kind in {"cut", "truncated_json"}:
            half = answer.body[: max(1, len(answer.body) // 2)]
            handler.send(replace(answer, body=half), length=len(half) if fault.kind == "truncated_json" else None)
        else:
            handler.send(answer, length=len(answer.body))

    def _due(self, request: Request) -> Fault | None:
        for fault in self._faults:
            if fault.left and fault.when(request):
                fault.left -= 1
                return fault
        return None

    def _status(self, handler: _Handler, details: Mapping[str, Any]) -> None:
        body = details.get("body", b"")
        body = body if isinstance(body, bytes) else body.encode()
        answer = Answer(status=details["status"], body=body, headers=details.get("headers", {}))
        handler.send(answer, length=len(body))

    def _reset(self, handler: _Handler, _: Mapping[str, Any]) -> None:
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        handler.close_connection = True

    def _html(self, handler: _Handler, details: Mapping[str, Any]) -> None:
        page = details.get("body", "<!doctype html><html><body><h1>Please wait</h1></body></html>").encode()
        answer = Answer(status=details.get("status", 200), body=page, headers={"Content-Type": "text/html"})
        handler.send(answer, length=len(page))

    def _slow_body(self, handler: _Handler, details: Mapping[str, Any]) -> None:
        handler.send(Answer(headers={"Content-Type": "application/json"}, body=b"["), length=1 << 40)
        while not self.stopping.wait(details.get("interval", 0.01)):
            handler.wfile.write(b" ")
        handler.close_connection = True

    def _huge(self, handler: _Handler, details: Mapping[str, Any]) -> None:
        size = details.get("size", 256 * MEBIBYTE)
        handler.send(Answer(headers={"Content-Type": "application/json"}), length=size)
        chunk = b" " * MEBIBYTE
        while size > 0 and not self.stopping.is_set():
            handler.wfile.write(chunk[:size])
            size -= len(chunk)

    def _gzip_bomb(self, handler: _Handler, details: Mapping[str, Any]) -> None:
        size = details.get("size", 256 * MEBIBYTE)
        body = gzip.compress(b" " * MEBIBYTE) * (size // MEBIBYTE)
        headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
        handler.send(Answer(body=body, headers=headers), length=len(body))

    def _hang(self, handler: _Handler, _: Mapping[str, Any]) -> None:
        self.stopping.wait()
        handler.close_connection = True


_BARE: dict[str, Callable[[SimulatedServer, _Handler, Mapping[str, Any]], None]] = {
    "status": SimulatedServer._status,
    "reset": SimulatedServer._reset,
    "html_instead_of_json": SimulatedServer._html,
    "slow_body": SimulatedServer._slow_body,
    "huge": SimulatedServer._huge,
    "gzip_bomb": SimulatedServer._gzip_bomb,
    "hang": SimulatedServer._hang,
}


class _Server(http.server.ThreadingHTTPServer):
    """Know every open connection, so that a stop closes them and joins their threads."""

    daemon_threads = False
    request_queue_size = 64
    simulated: SimulatedServer

    def __init__(self, *arguments: Any) -> None:
        self._open: set[socket.socket] = set()
        super().__init__(*arguments)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        super().shutdown_request(request)
        self._open.discard(request)

    @property
    def count(self) -> int:
        return len(self._open)

    def wake(self) -> None:
        """Take no connection any more, so that whoever waits for the next one waits no longer."""
        with contextlib.suppress(OSError):  # where a system refuses it, the next look ends the wait
            self.socket.shutdown(socket.SHUT_RDWR)

    def hang_up(self) -> None:
        """End the reading and writing of every connection."""
        for connection in list(self._open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # closed by the other side in the meantime

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Stay silent: clients of a test hang up as they like."""


class _Handler(http.server.BaseHTTPRequestHandler):
    """Read one request after another from a connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def _any(self) -> None:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        request = Request(
            method=self.command,
            path=parts.path,
            query=parse_qs(parts.query, keep_blank_values=True),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=body,
        )
        self.server.simulated.handle(self, request)

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = _any  # noqa: N815 - the names are http.server's

    def send(self, answer: Answer, *, length: int | None) -> None:
        """Send an answer that announces `length` bytes; None: twice what it holds, then hang up."""
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        bodiless = answer.status in {204, 304} or self.command == "HEAD"
        if not bodiless or self.command == "HEAD":
            self.send_header("Content-Length", str(2 * len(answer.body) + 1 if length is None else length))
        self.end_headers()
        if not bodiless:
            self.wfile.write(answer.body)
        if length is None:
            self.close_connection = True

    def date_time_string(self, timestamp: float | None = None) -> str:
        """Return the Date of an answer, by the clock of the simulated service where it has one."""
        clock = self.server.simulated.clock
        return super().date_time_string(clock() if timestamp is None and clock is not None else timestamp)

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 - the name is http.server's
        """Keep the suite's output clean."""
