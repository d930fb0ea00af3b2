"""`listener init` and `listener config`: starter, sample, what is set."""

from __future__ import annotations

import stat
import tomllib
from pathlib import Path

import pytest

from listener import wiring
from listener.cli.main import run
from listener.config import load_config

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("name", ["Acme", 'The "Acme" Co\\', "कोका-कोला", "{name}", "-x"])
def test_the_starter_is_a_configuration_that_can_be_used_as_it_is(tmp_path: Path, name: str) -> None:
    file = tmp_path / "listening.toml"
    assert run(["init", str(file), f"--brand={name}"]) == 0
    config = load_config(file)
    wiring.validate(config)
    assert [brand.name for brand in config.brands] == [name]
    assert wiring.enabled_sources(config) == ("hackernews", "rss", "mastodon", "bluesky", "lemmy")
    assert config.sources["rss"].rest["google_news"] is True


def test_the_starter_can_be_read_by_its_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    assert run(["init", str(file)]) == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_init_says_on_stderr_what_it_wrote(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["init"]) == 0
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("config.toml is written")
    assert (tmp_path / "config.toml").is_file()


def test_init_never_overwrites_unless_forced(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "config.toml"
    file.write_text("# mine, and longer than nothing\n" * 500, encoding="utf-8")
    file.chmod(0o644)
    assert run(["init", str(file)]) == 2
    assert "is there already; --force replaces it" in capsys.readouterr().err
    assert file.read_text(encoding="utf-8").startswith("# mine")
    assert run(["init", str(file), "--force"]) == 0
    assert load_config(file).brands[0].name == "Acme"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_init_into_a_folder_that_is_not_there_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["init", str(tmp_path / "none" / "config.toml")]) == 1
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert f"cannot be written: there is no folder {tmp_path / 'none'}; make it" in told


@pytest.mark.parametrize("name", ["", "  ", "two\nlines"])
def test_init_refuses_a_name_that_is_none(tmp_path: Path, name: str) -> None:
    assert run(["init", str(tmp_path / "config.toml"), "--brand", name]) == 2
    assert not (tmp_path / "config.toml").exists()


def test_the_sample_is_a_configuration_without_problems(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["config", "sample"]) == 0
    file = tmp_path / "config.toml"
    file.write_text(capsys.readouterr().out, encoding="utf-8")
    config = load_config(file)
    wiring.validate(config)
    assert [brand.name for brand in config.brands] == ["Acme"]
    assert config.sources == {}


def test_the_sample_in_the_repository_is_what_the_program_prints(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["config", "sample"]) == 0
    assert (ROOT / "config.toml").read_text(encoding="utf-8") == capsys.readouterr().out


def test_what_is_shown_is_all_that_holds_and_no_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MADE_UP_MAIL_PASSWORD", "hunter22")
    file = tmp_path / "config.toml"
    file.write_text(
        '[[brands]]\nname = "Acme"\n[sources.hackernews]\nevery = "1h"\n'
        '[mail]\nhost = "mail.example.com"\npassword_env = "MADE_UP_MAIL_PASSWORD"\n',
        encoding="utf-8",
    )
    assert run(["config", "show", "--config", str(file)]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"# {file}\n")
    assert "hunter22" not in out
    assert 'password_env = "MADE_UP_MAIL_PASSWORD"  # can be read' in out
    shown = tomllib.loads(out)
    assert shown["sources"]["hackernews"]["every"] == "1h"
    assert "base_url" in shown["sources"]["hackernews"]
    assert shown["sources"]["hackernews"]["lookback"] == "1d"
    assert shown["digest"]["at"] == "08:00"
    assert shown["journey"]["use"]
    assert shown["responses"]["social"] == "4h"
    assert shown["metrics"]["host"] == "127.0.0.1"
    again = tmp_path / "again.toml"
    again.write_text(out, encoding="utf-8")
    wiring.validate(load_config(again))


def test_a_key_in_the_address_of_a_feed_is_not_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "config.toml"
    file.write_text('[[brands]]\nname = "Acme"\n[sources.rss]\nfeeds = ["https://example.org/f?token=hunter22&a=1"]\n')
    assert run(["config", "show", "--config", str(file)]) == 0
    out = capsys.readouterr().out
    assert "hunter22" not in out
    assert 'feeds = ["https://example.org/f?token=[hidden]&a=1"]' in out


def test_showing_a_wrong_configuration_reports_what_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "config.toml"
    file.write_text('[[brands]]\nname = "Acme"\n[sources.hackernew]\n', encoding="utf-8")
    assert run(["config", "show", "--config", str(file)]) == 2
    captured = capsys.readouterr()
    assert 'sources.hackernew: no such source; did you mean "hackernews"?' in captured.err
    assert captured.out == ""
