"""What a source says against its options when it is made: a problem of the configuration, and of that source alone."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from listener import wiring
from listener.config import load_config
from listener.errors import ConfigError
from listener.service import Service

if TYPE_CHECKING:
    from pathlib import Path

    from listener.config import Config

NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
ADDRESSES = [
    ("appstore", "base_url"),
    ("bluesky", "base_url"),
    ("bluesky", "search_url"),
    ("bluesky", "appview_url"),
    ("discourse", "instances"),
    ("gdelt", "base_url"),
    ("github", "base_url"),
    ("hackernews", "base_url"),
    ("hackernews", "items_url"),
    ("lemmy", "instances"),
    ("mastodon", "instances"),
    ("rss", "base_url"),
    ("rss", "feeds"),
    ("stackexchange", "base_url"),
    ("youtube", "base_url"),
]


def configured(folder: Path, tables: str) -> Config:
    file = folder / "config.toml"
    file.write_text(f'[[brands]]\nname = "Acme"\n{tables}', encoding="utf-8")
    return load_config(file)


@pytest.mark.parametrize(
    "address", ["https://ada:hunter22@example.org", "ftp://example.org", "https://", "http://[::1"]
)
@pytest.mark.parametrize(("source", "option"), ADDRESSES)
def test_an_address_that_cannot_be_one_is_a_problem_of_the_configuration(
    tmp_path: Path, source: str, option: str, address: str
) -> None:
    value = f'["{address}"]' if option in {"feeds", "instances"} else f'"{address}"'
    config = configured(tmp_path, f"[sources.{source}]\n{option} = {value}\n")

    with pytest.raises(ConfigError) as caught:
        wiring.validate(config)

    (problem,) = caught.value.problems
    assert problem.startswith(f"sources.{source}.{option}")
    assert "hunter22" not in problem


def test_the_addresses_of_all_sources_are_reported_at_once_and_those_of_a_source_that_is_off_are_not(
    tmp_path: Path,
) -> None:
    config = configured(
        tmp_path,
        """
        [sources.gdelt]
        base_url = "http://news.example.org"
        [sources.rss]
        feeds = ["https://example.org/feed.xml", "feed.xml"]
        [sources.lemmy]
        enabled = false
        instances = ["ftp://lemmy.example"]
        """,
    )

    with pytest.raises(ConfigError) as caught:
        wiring.validate(config)

    assert [problem.partition(":")[0] for problem in caught.value.problems] == [
        "sources.gdelt.base_url",
        "sources.rss.feeds[2]",
    ]


@pytest.mark.parametrize("written", ["{}_env", "{}_file", "{}"])
@pytest.mark.parametrize(
    "told",
    [
        ("x", "bearer_token", "base_url", ""),
        ("github", "token", "base_url", ""),
        ("bluesky", "app_password", "search_url", 'handle = "acme.example.com"'),
        (
            "reddit",
            "client_secret",
            "base_url",
            'user_agent = "script:acme:1.0 (by /u/acme_insights)"\nclient_id_env = "REDDIT_ID"',
        ),
    ],
)
def test_an_address_is_told_also_where_a_secret_is_pasted_beside_it(
    tmp_path: Path, told: tuple[str, str, str, str], written: str
) -> None:
    source, secret, option, beside = told
    key, pasted = written.format(secret), "https://example.org/hook?token=AAAAAAAAmLheAAAAAAA0+BuSeid"
    tables = f'[sources.{source}]\n{beside}\n{key} = "{pasted}"\n{option} = "http://api.example.org"\n'

    with pytest.raises(ConfigError) as caught:
        wiring.validate(configured(tmp_path, tables))

    assert [problem.partition(": ")[0] for problem in caught.value.problems] == [
        f"sources.{source}.{key}",
        f"sources.{source}.{option}",
    ]


@pytest.mark.parametrize(
    ("tables", "problem"),
    [
        ('user = "ada"', 'mail.sender: is not set, and user is no address: "ada" is not a mail address'),
        ('user = "ada@example.org"\nsender = "ada"', 'mail.sender: "ada" is not a mail address'),
    ],
)
def test_a_sender_that_is_no_mail_address_is_a_problem_of_the_configuration(
    tmp_path: Path, tables: str, problem: str
) -> None:
    config = configured(tmp_path, f'[digest]\nto = ["team@example.org"]\n[mail]\nhost = "mail.example.org"\n{tables}\n')

    with pytest.raises(ConfigError) as caught:
        wiring.validate(config)

    assert [one[: len(problem)] for one in caught.value.problems] == [problem]


@pytest.mark.parametrize("host", ["smtp://ada:hunter22@mail.example.org", "mail.example.org:587", "mail..example.org"])
def test_a_mail_server_is_named_without_anything_around_it(tmp_path: Path, host: str) -> None:
    tables = f'[digest]\nto = ["team@example.org"]\n[mail]\nhost = "{host}"\n'

    with pytest.raises(ConfigError) as caught:
        wiring.validate(configured(tmp_path, tables))

    (problem,) = caught.value.problems
    assert problem.startswith("mail.host: is not the name of a server alone")
    assert "hunter22" not in problem


def test_an_expression_that_cannot_be_read_is_told_whatever_else_is_wrong_with_its_brand(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    brand = '[[brands]]\nname = "Acme"\nkeyword = ["Acme"]\nlanguages = ["german"]\n'
    file.write_text(brand + "query = 'acme \"rocket'\n", encoding="utf-8")

    with pytest.raises(ConfigError) as caught:
        load_config(file, also=wiring.further_problems)

    assert [problem.partition(": ")[0] for problem in caught.value.problems] == [
        "brands[1].keyword",
        "brands[1].languages",
        'brands[1] "Acme"',
    ]


def test_a_mistyped_option_that_every_source_has_is_named(tmp_path: Path) -> None:
    config = configured(tmp_path, '[sources.hackernews]\nevry = "1h"\nhits_per_pag = 5\n')

    with pytest.raises(ConfigError) as caught:
        wiring.validate(config)

    every, hits = caught.value.problems
    assert 'sources.hackernews.evry: no such option; did you mean "every"?' in every
    assert 'sources.hackernews.hits_per_pag: no such option; did you mean "hits_per_page"?' in hits


def test_files_are_looked_for_beside_the_configuration_wherever_the_program_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there, elsewhere = tmp_path / "there", tmp_path / "elsewhere"
    for folder in (there, elsewhere):
        folder.mkdir()
    monkeypatch.chdir(elsewhere)
    (there / "in.jsonl").write_text(
        '{"source": "forum", "id": "1", "text": "Acme is fine", "published_at": "2026-11-20T07:00:00Z"}\n'
    )
    config = configured(there, '[sources.jsonl]\npaths = ["*.jsonl"]\n')

    (read,) = Service(config, tmp_path / "listener.db", threading.Event()).collect_all(["jsonl"], now=NOW)

    assert (read.state, read.new) == ("ok", 1)


def test_a_source_that_refuses_its_options_does_not_keep_the_others_from_being_read(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text(
        '{"source": "forum", "id": "1", "text": "Acme is fine", "published_at": "2026-11-20T07:00:00Z"}\n'
    )
    config = configured(
        tmp_path,
        f"""
        [sources.gdelt]
        base_url = "ftp://news.example.org"
        [sources.jsonl]
        paths = ['{tmp_path / "in.jsonl"}']
        """,
    )
    service = Service(config, tmp_path / "listener.db", threading.Event())

    refused, read = service.collect_all(["gdelt", "jsonl"], now=NOW)

    assert (refused.state, refused.is_failure) == ("broken", True)
    assert refused.message is not None
    assert "sources.gdelt.base_url" in refused.message
    assert (read.state, read.new) == ("ok", 1)
    again = service.recheck("gdelt", now=NOW)
    assert again is None or again.state == "broken"


@pytest.mark.parametrize(
    ("source", "option", "good"),
    [
        ("rss", "feeds", "https://example.org/feed.xml"),
        ("mastodon", "instances", "mastodon.example"),
        ("discourse", "instances", "forum.example"),
        ("lemmy", "instances", "lemmy.example"),
        ("stackexchange", "sites", "stackoverflow"),
        ("reddit", "subreddits", "kettles"),
    ],
)
def test_each_entry_of_a_list_that_is_wrong_is_named_with_its_place(
    tmp_path: Path, source: str, option: str, good: str
) -> None:
    config = configured(tmp_path, f'[sources.{source}]\n{option} = ["ftp://a b", "{good}", "ftp://c d"]\n')

    with pytest.raises(ConfigError) as caught:
        wiring.validate(config)

    places = [problem.partition(": ")[0] for problem in caught.value.problems]
    assert places == [f"sources.{source}.{option}[1]", f"sources.{source}.{option}[3]"]


def test_of_very_many_wrong_entries_the_first_are_named_and_the_others_counted(tmp_path: Path) -> None:
    feeds = ", ".join(f'"feed {number}"' for number in range(1_000))
    config = configured(tmp_path, f"[sources.rss]\nfeeds = [{feeds}]\n")

    with pytest.raises(ConfigError) as caught:
        wiring.validate(config)

    assert len(caught.value.problems) == 21
    assert caught.value.problems[-1] == "sources.rss.feeds: 980 more are wrong"
