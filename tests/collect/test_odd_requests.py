"""What a source is asked that it cannot be asked for is refused before anything is sent, in one sentence of that source."""

from __future__ import annotations

import threading
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from listener import wiring
from listener.config import load_config
from listener.errors import PermanentSourceError, UnexpectedAnswerError
from listener.protocols import Window
from servers.world import ACME, NOW

if TYPE_CHECKING:
    from pathlib import Path

    from listener.protocols import Source

WINDOW = Window(since=NOW - timedelta(hours=1), until=NOW)
ASKED_FOR = {
    "appstore": '[[sources.appstore.apps]]\nid = "310633997"\nbrand = "Acme"\ncountries = ["us"]',
    "bluesky": "[sources.bluesky]",
    "bluesky search": '[sources.bluesky]\nhandle = "acme.example"\napp_password_env = "SECRET"',
    "discourse": '[sources.discourse]\ninstances = ["https://forum.example"]',
    "gdelt": "[sources.gdelt]",
    "github": "[sources.github]",
    "hackernews": "[sources.hackernews]",
    "lemmy": '[sources.lemmy]\ninstances = ["lemmy.example"]',
    "mastodon": '[sources.mastodon]\ninstances = ["mastodon.example"]',
    "mastodon search": '[sources.mastodon]\ninstances = ["mastodon.example"]\naccess_token_env = "SECRET"',
    "rss": '[sources.rss]\nfeeds = ["https://news.example/feed.xml"]',
    "stackexchange": "[sources.stackexchange]",
    "youtube": '[sources.youtube]\napi_key_env = "SECRET"',
}
"""Each source as it is configured at the least; none of these is there to be asked."""


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "hunter22")


def build(folder: Path, name: str, tables: str) -> Source:
    file = folder / "config.toml"
    brand = '[[brands]]\nname = "Acme"\nkeywords = ["acme"]\nhashtags = ["acme"]\n'
    file.write_text(f"{brand}{tables}\n", encoding="utf-8")
    return wiring.build_source(load_config(file), name.partition(" ")[0], threading.Event())


@pytest.mark.parametrize(
    "cursor", ["{", "[" * 100_000, "null", '"a"', "{}", ""], ids=["cut", "deep", "null", "text", "bare", "empty"]
)
@pytest.mark.parametrize("name", ASKED_FOR)
def test_a_cursor_that_no_version_wrote_is_refused_and_nothing_is_asked(tmp_path: Path, name: str, cursor: str) -> None:
    with closing(build(tmp_path, name, ASKED_FOR[name])) as source:
        resource = source.plan([ACME])[0]
        with pytest.raises(UnexpectedAnswerError, match=f"^{source.name}: .*collect the window from its start$"):
            source.fetch(resource, WINDOW, cursor)


@pytest.mark.parametrize(
    ("name", "tables", "advice"),
    [
        ("discourse", "[sources.discourse]", "name forums in sources.discourse.instances"),
        ("jsonl", "[sources.jsonl]", "set paths in [sources.jsonl]"),
        ("lemmy", "[sources.lemmy]\ninstances = []", "name instances in [sources.lemmy]"),
        ("mastodon", "[sources.mastodon]\ninstances = []", "name instances in [sources.mastodon]"),
        ("rss", "[sources.rss]", "set feeds or google_news in [sources.rss]"),
        ("stackexchange", "[sources.stackexchange]\nsites = []", "name sites in [sources.stackexchange]"),
    ],
)
def test_a_source_that_was_given_nothing_to_read_says_what_to_write(
    tmp_path: Path, name: str, tables: str, advice: str
) -> None:
    with closing(build(tmp_path, name, tables)) as source:
        with pytest.raises(PermanentSourceError) as caught:
            source.check()
        assert str(caught.value) == f"{name}: there is nothing to read; {advice}"
        assert list(source.plan([ACME])) == []


@pytest.mark.parametrize(
    ("name", "field", "other"),
    [
        ("discourse", "instances", "https://other.example"),
        ("lemmy", "instances", "other.example"),
        ("mastodon", "instances", "other.example"),
        ("stackexchange", "sites", "askubuntu"),
    ],
)
def test_a_place_that_is_configured_no_more_is_named_and_not_asked(
    tmp_path: Path, name: str, field: str, other: str
) -> None:
    with closing(build(tmp_path, name, ASKED_FOR[name])) as former:
        resource = former.plan([ACME])[0]
    with (
        closing(build(tmp_path, name, f'[sources.{name}]\n{field} = ["{other}"]')) as source,
        pytest.raises(UnexpectedAnswerError, match=f"is not among sources.{name}.{field} any more"),
    ):
        source.fetch(resource, WINDOW, None)
