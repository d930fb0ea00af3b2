"""Try to make the program swallow answers without end."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from listener.api import SourceError
from safety.case import Case, Patch
from servers.web import Answer, Request, SimulatedServer
from sources.adapter import BoundedAdapter
from sources.adapter import Limits as AdapterLimits
from sources.web import Client, Limits


def body_of(body: bytes, headers: dict[str, str]) -> type[SimulatedServer]:
    class Large(SimulatedServer):
        def route(self, request: Request) -> Answer:
            return Answer(body=body, headers=headers)

    return Large


LARGE = b" " * (11 << 20)
BOMB = gzip.compress(LARGE)


def swallow(body: bytes, headers: dict[str, str]) -> Callable[[Patch, Path], bool]:
    """Return a case that says whether an answer of many megabytes was read whole."""

    def harm(_patch: Patch, _folder: Path) -> bool:
        with body_of(body, headers)() as server, Client("acme", trusted=[server.url]) as asking:
            with suppress(SourceError):
                return len(asking.get_bytes(server.url).body) == len(LARGE)
            return False

    return harm


def swallow_by_adapter(body: bytes, headers: dict[str, str]) -> Callable[[Patch, Path], bool]:
    def harm(_patch: Patch, _folder: Path) -> bool:
        import requests

        with body_of(body, headers)() as server, requests.Session() as session:
            BoundedAdapter("X", judge=lambda _: None, limits=AdapterLimits(body_bytes=8 << 20)).serve(
                session, "http://"
            )
            with suppress(SourceError):
                return len(session.get(server.url).content) == len(LARGE)
            return False

    return harm


def without_size_limit(patch: Patch) -> None:
    real_init = Client.__init__

    def made(self: Client, *arguments: object, **options: object) -> None:
        real_init(self, *arguments, **{**options, "limits": Limits(body_bytes=1 << 30)})  # type: ignore[arg-type]

    patch.setattr(Client, "__init__", made)


def without_adapter_limit(patch: Patch) -> None:
    real_init = BoundedAdapter.__init__

    def made(self: BoundedAdapter, *arguments: object, **options: object) -> None:
        limits = AdapterLimits(body_bytes=1 << 30)
        real_init(self, *arguments, **{**options, "limits": limits})  # type: ignore[arg-type]

    patch.setattr(BoundedAdapter, "__init__", made)


def endless_redirects(_patch: Patch, _folder: Path) -> bool:
    class Loop(SimulatedServer):
        def route(self, request: Request) -> Answer:
            return Answer(status=302, headers={"Location": f"/{len(self.requests)}"})

    with Loop() as server, Client("acme", trusted=[server.url]) as asking:
        with suppress(SourceError):
            asking.get_bytes(server.url)
        return len(server.requests) > 6


def without_redirect_limit(patch: Patch) -> None:
    real_init = Client.__init__

    def made(self: Client, *arguments: object, **options: object) -> None:
        real_init(self, *arguments, **{**options, "limits": Limits(redirects=20)})  # type: ignore[arg-type]

    patch.setattr(Client, "__init__", made)


CASES = (
    Case(name="redirects without end", harm=endless_redirects, remove=without_redirect_limit),
    Case(name="a large answer", harm=swallow(LARGE, {}), remove=without_size_limit),
    Case(name="a gzip bomb", harm=swallow(BOMB, {"Content-Encoding": "gzip"}), remove=without_size_limit),
    Case(name="a large answer to a client library", harm=swallow_by_adapter(LARGE, {}), remove=without_adapter_limit),
    Case(
        name="a gzip bomb for a client library",
        harm=swallow_by_adapter(BOMB, {"Content-Encoding": "gzip"}),
        remove=without_adapter_limit,
    ),
)
