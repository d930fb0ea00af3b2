"""Try to be led to addresses that are not of the public internet."""

from __future__ import annotations

import http.server
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from listener.api import SourceError, Window, from_epoch
from listener.query.build import build_query
from safety.case import Case, Patch
from servers.web import Answer, Request, SimulatedServer
from sources.rss import RssOptions, RssSource
from sources.web import Client, client, transport


class Inner(SimulatedServer):
    """A service of the private network: a feed, and whatever is asked of it."""

    def route(self, request: Request) -> Answer:
        return Answer.text("<rss><channel><item><title>acme</title><guid>1</guid></item></channel></rss>")


@contextmanager
def resolving(patch: Patch, **names: list[str]) -> Iterator[None]:
    """Let names (underscores for dots) lead to addresses: one after the other, the last for ever."""
    real = socket.getaddrinfo
    left = {name.replace("_", "."): list(addresses) for name, addresses in names.items()}

    def resolve(host: object, port: int, *rest: object, **more: object) -> object:
        told = left.get(str(host))
        if told is None:
            return real(host, port, *rest, **more)  # type: ignore[arg-type]
        address = told.pop(0) if len(told) > 1 else told[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    patch.setattr(socket, "getaddrinfo", resolve)
    yield


def feed_at(host: str) -> Callable[[Patch, Path], bool]:
    """Return a case that reads a feed at a host and port of the private network."""

    def harm(patch: Patch, _folder: Path) -> bool:
        with (
            Inner() as server,
            resolving(patch, inner_example=["127.0.0.1"], rebind_example=["93.184.215.14", "127.0.0.1"]),
        ):
            url = f"http://{host}:{server.url.rpartition(':')[2]}/feed"
            source = RssSource(RssOptions(feeds=(url,)))
            (resource,) = source.plan([build_query(brand="Acme", keywords=["acme"])])
            with suppress(SourceError):
                source.fetch(resource, Window(since=from_epoch(0), until=from_epoch(9)), None)
            source.close()
            return bool(server.requests)

    return harm


def link_to(host: str) -> Callable[[Patch, Path], bool]:
    """Return a case that asks a client which trusts nothing for an address of this machine itself."""

    def harm(_patch: Patch, _folder: Path) -> bool:
        with Inner() as server, Client("acme") as asking:
            with suppress(SourceError):
                asking.get_bytes(f"http://{host}:{server.url.rpartition(':')[2]}/")
            return bool(server.requests)

    return harm


def without_address_checks(patch: Patch) -> None:
    patch.setattr(client, "is_public", lambda _: True)
    patch.setattr(client, "is_loopback", lambda _: False)
    patch.setattr(transport, "is_public", lambda _: True)


def without_the_look_at_the_peer(patch: Patch) -> None:
    patch.setattr(transport, "is_public", lambda _: True)


def redirect_inside(patch: Patch, folder: Path) -> bool:
    """A public service redirects to one of the private network (127.0.0.2 here, all else being public)."""
    return redirect_to("127.0.0.2", patch, folder)


def redirect_home(patch: Patch, folder: Path) -> bool:
    """A public service redirects to this machine, of which another feed is configured."""
    return redirect_to("127.0.0.2", patch, folder, trusted=("http://127.0.0.1:9",))


def redirect_to(host: str, patch: Patch, _folder: Path, *, trusted: tuple[str, ...] = ()) -> bool:
    real = transport.is_public

    def is_public(address: str) -> bool:
        return True if address == "127.0.0.1" else real(address)

    if client.is_public is real:
        patch.setattr(client, "is_public", is_public)
        patch.setattr(transport, "is_public", is_public)
    asked: list[str] = []

    class Metadata(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Keep the requests out of the output of the tests."""

    inner = http.server.HTTPServer((host, 0), Metadata)
    threading.Thread(target=inner.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    class Outer(SimulatedServer):
        def route(self, request: Request) -> Answer:
            return Answer(status=302, headers={"Location": f"http://{host}:{inner.server_address[1]}/latest"})

    try:
        with Outer() as outer, resolving(patch, outer_example=["127.0.0.1"]), Client("acme", trusted=trusted) as asking:
            with suppress(SourceError):
                asking.get_bytes(f"http://outer.example:{outer.url.rpartition(':')[2]}/")
            assert outer.requests
    finally:
        inner.shutdown()
        inner.server_close()
    return bool(asked)


CASES = (
    *(
        Case(name=f"a feed at {host}", harm=feed_at(host), remove=without_address_checks)
        for host in (
            "2130706433",
            "0177.0.0.1",
            "0x7f000001",
            "127.1",
            "0.0.0.0",
            "[::ffff:127.0.0.1]",
            "inner.example",
        )
    ),
    *(
        Case(name=f"a link to {host}", harm=link_to(host), remove=without_address_checks)
        for host in ("127.0.0.1", "localhost")
    ),
    Case(name="a name that turns private", harm=feed_at("rebind.example"), remove=without_the_look_at_the_peer),
    Case(name="a redirect into the private network", harm=redirect_inside, remove=without_address_checks),
    Case(
        name="a redirect to this machine that is trusted for another feed",
        harm=redirect_home,
        remove=lambda patch: patch.setattr(Client, "_leads_home", lambda *_: False),
    ),
)
