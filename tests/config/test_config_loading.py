"""Reading the configuration file: every problem at once, each with its path; secrets never repeated."""

from __future__ import annotations

import os
from datetime import time, timedelta
from pathlib import Path

import pytest

from listener.config import Config, find_config, load_config
from listener.errors import ConfigError, UsageError
from listener.options import Secret

BAD = sorted((Path(__file__).parent / "bad").glob("*.toml"))
"""Hand-written files, each wrong in one way; the first line says what must be reported."""


def load(folder: Path, text: str) -> Config:
    file = folder / "config.toml"
    file.write_text(text, encoding="utf-8")
    return load_config(file)


def problems_of(folder: Path, text: str) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        load(folder, text)
    return caught.value.problems


@pytest.mark.parametrize("file", BAD, ids=lambda file: file.stem)
def test_a_wrong_file_is_refused_with_the_one_problem_it_has(file: Path) -> None:
    expected = file.read_text(encoding="utf-8").splitlines()[0].removeprefix("# expect: ")
    with pytest.raises(ConfigError) as caught:
        load_config(file)
    assert len(caught.value.problems) == 1
    assert caught.value.problems[0].startswith(expected)
    assert caught.value.exit_code == 2
    assert str(file) in str(caught.value)


@pytest.mark.parametrize("file", BAD, ids=lambda file: file.stem)
def test_what_may_be_a_secret_is_never_repeated(file: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(file)
    assert "hunter2" not in str(caught.value)
    assert "EXAMPLEKEY" not in str(caught.value)


def test_all_problems_of_a_file_are_reported_at_once(tmp_path: Path) -> None:
    text = """
    [listener]
    retention = "soon"
    time_zone = "Mars/Olympus"
    [[brands]]
    kind = "onw"
    languages = ["?"]
    [sources.x]
    every = "often"
    [mail]
    port = 0
    """
    paths = [problem.partition(":")[0] for problem in problems_of(tmp_path, text)]
    assert sorted(paths) == [
        "brands[1].kind",
        "brands[1].languages",
        "brands[1].name",
        "listener.retention",
        "listener.time_zone",
        "mail.port",
        "sources.x.every",
    ]


def test_an_empty_file_gives_the_defaults(tmp_path: Path) -> None:
    config = load(tmp_path, "")
    assert config.brands == ()
    assert config.database == tmp_path / "listener.db"
    assert config.digest.at == time(8, 0)
    assert config.mail.port_in_use == 587
    assert config.log.level == "info"


def test_every_kind_of_option_is_read(tmp_path: Path) -> None:
    config = load(
        tmp_path,
        """
        [listener]
        database = "store/acme.db"
        time_zone = "Asia/Kolkata"
        retention = "365d"
        [[brands]]
        name = "Acme"
        keywords = ["acme", "acme rockets"]
        [[brands]]
        name = "Globex"
        kind = "competitor"
        [sources.x]
        enabled = false
        every = "1h 30m"
        bearer_token_env = "X_BEARER_TOKEN"
        [sources.rss]
        [alerts]
        anything = 1
        [digest]
        at = "07:30"
        [mail]
        security = "tls"
        password_env = "MAIL_PASSWORD"
        """,
    )
    assert config.database == tmp_path / "store" / "acme.db"
    assert str(config.zone()) == "Asia/Kolkata"
    assert config.listener.retention == timedelta(days=365)
    assert [brand.kind for brand in config.brands] == ["own", "competitor"]
    assert config.brands[0].keywords == ("acme", "acme rockets")
    assert list(config.sources) == ["x", "rss"]
    assert config.sources["x"].every == timedelta(minutes=90)
    assert not config.sources["x"].enabled
    assert config.sources["x"].rest == {"bearer_token_env": "X_BEARER_TOKEN"}
    assert config.sources["rss"].every is None
    assert config.alerts == {"anything": 1}
    assert config.digest.at == time(7, 30)
    assert config.mail.port_in_use == 465
    assert config.mail.password == Secret(env="MAIL_PASSWORD")


def test_a_secret_file_is_looked_for_beside_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("made-up-key\n", encoding="utf-8")
    config = load(tmp_path, '[mail]\npassword_file = "key"')
    assert config.mail.password.reveal() == "made-up-key"


def test_a_secret_file_may_have_a_name_that_looks_like_a_key(tmp_path: Path) -> None:
    (tmp_path / "Acme_password_2026").write_text("made-up-key\n", encoding="utf-8")
    config = load(tmp_path, '[mail]\npassword_file = "Acme_password_2026"')
    assert config.mail.password.reveal() == "made-up-key"


def test_a_secret_file_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    (tmp_path / "password").write_bytes(b"\xef\xbb\xbfhunter22\r\n")
    assert Secret(file=str(tmp_path / "password")).reveal() == "hunter22"


def test_a_home_that_nobody_has_is_a_file_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nobody = "~nobody-of-this-name"
    monkeypatch.setenv("LISTENER_CONFIG", f"{nobody}/config.toml")
    with pytest.raises(ConfigError, match="there is no such file"):
        find_config(None, os.environ)
    config = load(
        tmp_path,
        f"""
        [listener]
        database = "{nobody}/listener.db"
        [mail]
        password_file = "{nobody}/password"
        """,
    )
    assert config.database == tmp_path / nobody / "listener.db"
    assert config.mail.password is not None
    assert not config.mail.password.is_set


def test_a_file_that_begins_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_bytes(b'\xef\xbb\xbf[[brands]]\nname = "Acme"\n')
    assert load_config(file).brands[0].name == "Acme"


def test_a_file_in_another_encoding_is_refused_with_the_line(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_bytes(b'[[brands]]\nname = "Caf\xe9"\n')
    with pytest.raises(ConfigError, match=r"is not written in UTF-8 \(line 2\)"):
        load_config(file)


def test_a_file_that_is_far_too_large_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_bytes(b"#" * 2_000_000)
    with pytest.raises(ConfigError, match="is larger than 1 MB"):
        load_config(file)


def test_endless_nesting_is_refused(tmp_path: Path) -> None:
    problems = problems_of(tmp_path, "x = " + "[" * 100_000)
    assert problems == ("is not valid TOML: nested too deeply",)


def test_a_folder_is_no_configuration(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        load_config(tmp_path)


def test_a_brand_is_found_in_upper_and_lower_case(tmp_path: Path) -> None:
    assert load(tmp_path, '[[brands]]\nname = "Straße"').brand("STRASSE").name == "Straße"


def test_a_brand_is_found_however_the_marks_of_its_letters_are_written(tmp_path: Path) -> None:
    composed, apart = "Caf\u00e9", "Cafe\u0301"
    assert load(tmp_path, f'[[brands]]\nname = "{apart}"').brand(composed).name == apart
    assert load(tmp_path, f'[[brands]]\nname = "{composed}"').brand(apart).name == composed
    with pytest.raises(ConfigError, match=r"brands\[2\]\.name: .* is also the name of brands\[1\]"):
        load(tmp_path, f'[[brands]]\nname = "{apart}"\n[[brands]]\nname = "{composed}"')


def test_an_unknown_brand_names_the_near_miss(tmp_path: Path) -> None:
    config = load(tmp_path, '[[brands]]\nname = "Acme"\n[[brands]]\nname = "Globex"')
    with pytest.raises(UsageError, match=r'there is no brand "Akme".*did you mean "Acme"\? known: Acme, Globex'):
        config.brand("Akme")


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a working folder that is empty, with an empty user's folder beside it."""
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home" / "settings"))
    return here


def test_the_file_named_wins_over_every_other(folders: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named, variable = folders / "a.toml", folders / "b.toml"
    for file in (named, variable, folders / "config.toml"):
        file.touch()
    monkeypatch.setenv("LISTENER_CONFIG", str(variable))
    assert find_config(named, os.environ) == named
    assert find_config(None, os.environ) == variable
    monkeypatch.delenv("LISTENER_CONFIG")
    assert find_config(None, os.environ).absolute() == folders / "config.toml"


def test_the_users_folder_is_looked_into_last(folders: Path) -> None:
    from platformdirs import user_config_path

    mine = user_config_path("listener", appauthor=False) / "config.toml"
    mine.parent.mkdir(parents=True)
    mine.touch()
    assert find_config(None, os.environ) == mine
    (folders / "config.toml").touch()
    assert find_config(None, os.environ) == Path("config.toml")


def test_a_missing_file_names_every_place_that_was_tried(folders: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        find_config(None, os.environ)
    message = str(caught.value)
    assert "--config" in message
    assert "$LISTENER_CONFIG" in message
    assert str(folders / "config.toml") in message
    assert str(Path("home", "settings")) in message or "Library" in message
    assert "listener init" in message


def test_a_named_file_that_is_missing_is_an_error_even_where_another_is_there(
    folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folders / "config.toml").touch()
    with pytest.raises(ConfigError, match=r"nowhere\.toml: there is no such file"):
        find_config(Path("nowhere.toml"), os.environ)
    monkeypatch.setenv("LISTENER_CONFIG", "elsewhere.toml")
    with pytest.raises(
        ConfigError, match=r"elsewhere\.toml: there is no such file \(it is named by \$LISTENER_CONFIG\)"
    ):
        find_config(None, os.environ)


def test_a_number_of_more_digits_than_can_be_read_is_no_toml(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"is not valid TOML: a number has too many digits$"):
        load(tmp_path, f"x = {'9' * 5000}\n")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[[brands]]\nname = Acme\n", "is not valid TOML: Invalid value (at line 2, column 8); a text stands between"),
        (
            '[[brands]]\nname = "Acme\n',
            "is not valid TOML: Illegal character '\\n' (at line 2, column 13); a text ends",
        ),
        (
            "[digest]\nat = 08:00\n",
            "is not valid TOML: Expected newline or end of document after a statement (at line 2,",
        ),
        ("[mail]\n[mail]\n", "is not valid TOML: Cannot declare ('mail',) twice (at line 2, column 6); each table"),
        ("[hackernews]\n", "hackernews: no such table; a source has [sources.hackernews]; known: "),
        ("[listner]\n", 'listner: no such table; did you mean "listener"? known: '),
        ("every = 5\n", "every: no such table; known: "),
        ("[[sources]]\n", "sources: is not a table; write each as [sources.NAME]"),
        ("[[mail]]\n", "mail: is not a table; write it as [mail]"),
        ('[mail]\nport = "587"\n', 'mail.port: "587" is not a whole number; write it without quotes'),
        ('[listener]\nretention = "12h"\n', 'listener.retention: "12h" is too little; at least 1d'),
        ('[listener]\ntime_zone = "Europe/Berln"\n', 'listener.time_zone: time zone "Europe/Berln" is not known; did'),
    ],
)
def test_a_problem_says_how_it_is_written_instead(tmp_path: Path, text: str, problem: str) -> None:
    (found,) = problems_of(tmp_path, text)
    assert found.startswith(problem)
