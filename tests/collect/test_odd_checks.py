"""A service that answers a check with something else is never called fine: it is said in one sentence that names the source."""

from __future__ import annotations

import threading
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from listener import wiring
from listener.config import load_config
from listener.errors import SourceError
from servers.web import Answer, Request, SimulatedServer

if TYPE_CHECKING:
    from pathlib import Path

TABLES = {
    "appstore": 'base_url = "URL"\nseconds_between_requests = 0\n[[sources.appstore.apps]]\nid = "310633997"\nbrand = "Acme"',
    "discourse": 'instances = ["URL"]',
    "gdelt": 'base_url = "URL"\nseconds_between_requests = 0',
    "github": 'base_url = "URL"',
    "hackernews": 'base_url = "URL"',
    "lemmy": 'instances = ["URL"]',
    "mastodon": 'instances = ["URL"]',
    "reddit": 'base_url = "URL"\nclient_id_env = "SECRET"\nclient_secret_env = "SECRET"',
    "rss": 'feeds = ["URL/feed"]',
    "stackexchange": 'base_url = "URL"',
    "x": 'base_url = "URL"\nbearer_token_env = "SECRET"',
    "youtube": 'base_url = "URL"\napi_key_env = "SECRET"',
}
BODIES = {
    "object": b"{}",
    "list": b"[]",
    "number": b"7",
    "page": b"<!DOCTYPE html><html><title>Sign in to the network</title></html>",
    "nothing": b"",
    "bytes": b"\xff\xfe\x00{",
}


class Elsewhere(SimulatedServer):
    """Answer every request with the same, as a portal of a hotel does."""

    def __init__(self, body: bytes) -> None:
        super().__init__()
        self._body = body

    def route(self, request: Request) -> Answer:
        return Answer(body=self._body, headers={"Content-Type": "application/json"})


def check(folder: Path, name: str, body: bytes) -> str:
    """Return what a source says of a service that answers everything with `body`."""
    with Elsewhere(body) as server:
        file = folder / "config.toml"
        table = TABLES[name].replace("URL", server.url)
        file.write_text(f'[[brands]]\nname = "Acme"\n[sources.{name}]\n{table}\n', encoding="utf-8")
        with closing(wiring.build_source(load_config(file), name, threading.Event())) as source:
            return source.check()


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "hunter22")


@pytest.mark.parametrize(
    ("name", "body"),
    [(name, body) for name in TABLES for body in BODIES if (name, body) != ("gdelt", "object")],  # it found nothing
)
def test_a_check_that_something_else_answers_fails_in_one_sentence(tmp_path: Path, name: str, body: str) -> None:
    with pytest.raises(SourceError) as caught:
        check(tmp_path, name, BODIES[body])
    said = str(caught.value)
    assert said.startswith((f"{name}: ", "Reddit ", "X "))
    assert len(said.splitlines()) == 1
    assert "hunter22" not in said


def test_a_service_that_accepts_the_token_and_counts_nothing_is_fine(tmp_path: Path) -> None:
    assert check(tmp_path, "x", b'{"data": {"project_id": "7"}}') == "X answered; the token is accepted"
