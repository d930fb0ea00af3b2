"""Simulate a Jetstream server: a websocket that replays events since a cursor, keeps few of them, and has faults."""

from __future__ import annotations

import json
import ssl
import threading
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qs, urlsplit

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import serve

from servers.web import Answer, Request, SimulatedServer

if TYPE_CHECKING:
    from pathlib import Path

    from websockets.http11 import Request as Handshake
    from websockets.http11 import Response
    from websockets.sync.server import Server, ServerConnection

SECOND = 1_000_000


def post(
    number: int, second: float, text: str = "I like my Acme kettle", *, did: str = "ada", **record: Any
) -> dict[str, Any]:
    """Return the event of a new post."""
    created = datetime.fromtimestamp(second, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {
        "did": f"did:plc:{did}",
        "time_us": int(second * SECOND),
        "kind": "commit",
        "commit": {
            "rev": "3m",
            "operation": "create",
            "collection": "app.bsky.feed.post",
            "rkey": f"3k{number}",
            "record": {"$type": "app.bsky.feed.post", "createdAt": created, "langs": ["en"], "text": text, **record},
            "cid": "bafy",
        },
    }


class Jetstream:
    """Replay `events` from the cursor on, then stay silent until the reader hangs up.

    `keeps_since` (epoch seconds) is the oldest event it still has. `status`
    refuses the handshake. `cut_after` hangs up after so many messages, on each
    of the connections. With a `certificate` (a file that holds its key too) it
    speaks TLS.
    """

    def __init__(self, events: list[Any], *, certificate: Path | None = None) -> None:
        self.events = events
        self.certificate = certificate
        self.keeps_since = 0.0
        self.status: int | None = None
        self.headers: dict[str, str] = {}
        self.cut_after: int | None = None
        self.asked: list[dict[str, str]] = []
        self._server: Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        assert self._server is not None
        return f"{'wss' if self.certificate else 'ws'}://127.0.0.1:{self._server.socket.getsockname()[1]}"

    def __enter__(self) -> Self:
        context = None
        if self.certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self.certificate)
        self._server = serve(self._serve, "127.0.0.1", 0, process_request=self._refuse, close_timeout=0.1, ssl=context)
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        assert self._server is not None
        assert self._thread is not None
        self._server.shutdown()
        self._thread.join()

    def _refuse(self, connection: ServerConnection, request: Handshake) -> Response | None:
        parts = urlsplit(request.path)
        if self.status is None and parts.path == "/subscribe":
            return None
        response = connection.respond(HTTPStatus(self.status or 404), "no\n")
        for name, value in self.headers.items():
            response.headers[name] = value
        return response

    def sent_since(self, oldest: int) -> list[Any]:
        """Return the messages from a time (microseconds) on, in the order they are sent."""
        return [one for one in self.events if not isinstance(one, dict) or one.get("time_us", oldest) >= oldest]

    def _serve(self, connection: ServerConnection) -> None:
        asked = {name: values[-1] for name, values in parse_qs(urlsplit(connection.request.path).query).items()}
        self.asked.append(asked)
        oldest = max(int(asked.get("cursor", 0)), int(self.keeps_since * SECOND))
        try:
            for sent, event in enumerate(self.sent_since(oldest)):
                if sent == self.cut_after:
                    return
                connection.send(event if isinstance(event, str | bytes) else json.dumps(event, ensure_ascii=False))
            if self.cut_after is None:
                connection.recv()
        except ConnectionClosed:
            return


class Search(SimulatedServer):
    """Log in an account and search `posts`, newest first; a token serves `uses` questions."""

    def __init__(self, posts: list[dict[str, Any]], *, page: int = 3) -> None:
        super().__init__()
        self.posts = posts
        self.password = "made-up"
        self.page = page
        self.uses = 1000
        self.logins = 0

    def route(self, request: Request) -> Answer:
        if request.path == "/xrpc/com.atproto.server.createSession":
            if request.json().get("password") != self.password:
                told = {"error": "AuthenticationRequired", "message": "Invalid identifier or password"}
                return Answer.json(told, status=401)
            self.logins += 1
            self.left = self.uses
            return Answer.json(
                {"accessJwt": f"jwt-{self.logins}", "refreshJwt": "r", "did": "did:plc:me", "handle": "me"}
            )
        if request.path != "/xrpc/app.bsky.feed.searchPosts":
            return Answer.json({"error": "MethodNotImplemented"}, status=501)
        self.left -= 1
        if request.headers.get("authorization") != f"Bearer jwt-{self.logins}" or self.left < 0:
            return Answer.json({"error": "ExpiredToken", "message": "Token has expired"}, status=400)
        start = int(request.param("cursor", "0"))
        words = request.param("q").replace('"', "").casefold().split()
        found = [one for one in self.posts if all(word in one["record"]["text"].casefold() for word in words)]
        within = [
            one
            for one in found
            if moment(request.param("since")) <= moment(one["indexedAt"]) < moment(request.param("until"))
        ]
        within.sort(key=lambda one: one["indexedAt"], reverse=True)
        size = min(self.page, int(request.param("limit", "25")))
        told: dict[str, Any] = {"posts": within[start : start + size]}
        if start + size < len(within):
            told["cursor"] = str(start + size)
        return Answer.json(told)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def found(number: int, second: float, text: str = "Acme", **fields: Any) -> dict[str, Any]:
    """Return a post as the search shows it."""
    event = post(number, second, text)
    record = event["commit"]["record"]
    return {
        "uri": f"at://did:plc:ada/app.bsky.feed.post/3k{number}",
        "cid": "bafy",
        "author": {"did": "did:plc:ada", "handle": "ada.example", "displayName": "Ada", "labels": []},
        "record": record,
        "replyCount": 1,
        "repostCount": 2,
        "likeCount": 3,
        "indexedAt": record["createdAt"],
        "labels": [],
        **fields,
    }
