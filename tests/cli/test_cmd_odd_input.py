"""Odd input is told of in a sentence, never answered with a wrong number."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from cli.conftest import NOW
from unmeasured import environment

if TYPE_CHECKING:
    from cli.conftest import Place

PROGRAM = [sys.executable, "-c", "from listener.cli.main import main; main()"]


@pytest.mark.parametrize("command", [("score",), ("match", "acme"), ("evaluate",)], ids=" ".join)
@pytest.mark.parametrize("name", ["posts.csv", "posts.csv.gz"])
def test_csv_where_lines_of_json_are_read_is_refused_as_a_whole(
    place: Place, command: tuple[str, ...], name: str
) -> None:
    (place.folder / name).write_text("source,id,text,published_at\n" * 3, encoding="utf-8")
    answer = place.run(*command, name, now=None)
    assert (answer.code, answer.out, answer.err.count("\n")) == (2, "", 1)
    assert "lines of JSON are read here, not CSV" in answer.err


@pytest.mark.parametrize(
    "command",
    [("label", "1", "positive"), ("label", "--import", "labels.csv"), ("train",), ("rematch",), ("rescore",)],
    ids=" ".join,
)
def test_what_judges_a_store_anew_makes_none_where_there_is_none(place: Place, command: tuple[str, ...]) -> None:
    (place.folder / "labels.csv").write_text("source,id,label\n", encoding="utf-8")
    answer = place.run(*command)
    assert (answer.code, answer.out) == (1, "")
    assert answer.err.endswith('there is no store yet; "listener collect" or "listener import" makes one\n')
    assert not place.database.exists()


@pytest.mark.parametrize(
    "command",
    [
        ("mentions", "--since", "1d", "--until", "2d"),
        ("mentions", "--since", "2026-11-20", "--older-than", "2d"),
        ("export", "--since", "1d", "--until", "3d"),
        ("export", "--since", "1d", "--until", "3d", "--format", "parquet", "--output", "archive"),
        ("trend", "Acme", "--since", "1d", "--until", "2d"),
    ],
    ids=" ".join,
)
def test_a_span_that_ends_before_it_begins_is_a_wrong_usage(filled: Place, command: tuple[str, ...]) -> None:
    answer = filled.run(*command)
    assert (answer.code, answer.out) == (2, "")
    assert "begins at or after --until" in answer.err
    assert len(answer.err.splitlines()) == 1


def test_a_language_is_found_however_its_tag_is_written(filled: Place) -> None:
    def told(tag: str) -> int:
        asked = filled.run("trend", "Acme", "--since", "2026-11-01", "--language", tag, "--format", "json")
        return int(json.loads(asked.out)["totals"][0]["mentions"] or 0)

    assert told("en") == told("EN") == told(" En ") == 20
    assert told("hi") == 0
    lines = filled.run("mentions", "--language", "EN", "--format", "jsonl").out.splitlines()
    assert len(lines) == 20


def test_the_parts_of_a_language_tag_have_the_case_they_are_stored_in(place: Place) -> None:
    def store(language: str) -> None:
        with place.store() as opened:
            opened.save_page([judged(place, language)], now=NOW)

    for language in ("hi-Latn", "pt-BR"):
        store(language)
    for tag, count in (("hi-latn", 1), ("HI_LATN", 1), ("hi", 1), ("pt-br", 1), ("pt-pt", 0)):
        assert len(place.run("mentions", "--language", tag, "--format", "jsonl").out.splitlines()) == count, tag


def judged(place: Place, language: str):
    """Return a mention of Acme in a language, ready to be stored."""
    from listener import wiring
    from listener.config import load_config
    from listener.mention import Label, Match, Sentiment
    from listener.store import Judged, Verdict

    (version,) = {q.version for q in wiring.build_queries(load_config(place.config_file)) if q.brand == "Acme"}
    sentiment = Sentiment(score=0.0, label=Label.NEUTRAL, language=language, scorer="vader", version="1", evidence=1)
    at = NOW - timedelta(hours=1)
    return Judged(
        mention=place.mention(f"Acme in {language}", at=at),
        published_at=at,
        language=language,
        verdicts=(Verdict(match=Match(brand="Acme", query_version=version), sentiment=sentiment),),
    )


@pytest.mark.parametrize("tag", ["english", "e", "", "en;hi", "हि"])
def test_what_is_no_language_tag_is_a_wrong_usage_and_no_zero(filled: Place, tag: str) -> None:
    for command in (("trend", "Acme"), ("mentions",)):
        answer = filled.run(*command, "--language", tag)
        assert (answer.code, answer.out) == (2, "")
        assert "is no language tag; write one such as en, hi or hi-Latn" in answer.err


@pytest.mark.parametrize(
    ("command", "code", "said"),
    [
        ([b"forget", b"--mention", b"hackernews:\xff"], 1, b"nothing is stored of hackernews:\\udcff"),
        ([b"forget", b"--author", b"hackernews:\xff"], 2, b'"hackernews:\\udcff" names no author; write SOURCE:HANDLE'),
        ([b"label", b"\xff", b"positive"], 2, b'no mention is called "\\udcff"; write source:id'),
    ],
    ids=["mention", "author", "label"],
)
def test_an_argument_that_is_no_utf_8_names_nothing(
    filled: Place, command: list[bytes], code: int, said: bytes
) -> None:
    done = subprocess.run(
        [*PROGRAM, *command, "--config", str(filled.config_file)],
        capture_output=True,
        env=environment(),
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (code, b"")
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("day", ["1900-01-01", "2199-12-31"])
def test_the_first_and_the_last_day_that_can_be_asked_for_are_so_in_every_time_zone(filled: Place, day: str) -> None:
    for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago", "UTC"):
        text = filled.config_file.read_text("utf-8").replace("Asia/Kolkata", zone)
        filled.configure(text)
        assert filled.run("mentions", "--since", day).code == 0
        filled.configure(text.replace(zone, "Asia/Kolkata"))
    assert filled.run("trend", "Acme", "--since", "1900-01-01", "--by", "month").code == 0
    assert filled.run("mentions", "--since", "1899-12-30").code == 2
    assert filled.run("mentions", "--since", "2200-01-03").code == 2


def test_a_comparison_keeps_to_the_width_of_a_terminal(filled: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = filled.run("compare", "Acme", "Globex").out
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("NO_COLOR", "1")
    out = filled.run("compare", "Acme", "Globex").out
    assert max(map(len, out.splitlines())) <= 60
    assert " ".join(out.split()) == " ".join(whole.split())


def without(streams: str, *command: str) -> subprocess.CompletedProcess[bytes]:
    """Run a command with streams closed, as a shell writes it: ``>&-``."""
    return subprocess.run(
        ["sh", "-c", f'exec "$0" "$@" {streams}', *PROGRAM, *command],  # noqa: S607 - any shell
        capture_output=True,
        env=environment(),
        check=False,
        timeout=60,
    )


def test_output_that_is_closed_is_one_sentence() -> None:
    done = without(">&-", "config", "sample")
    assert done.stderr == b"Error: the output cannot be written: Bad file descriptor\n"
    assert done.returncode == 1


def test_nothing_is_written_into_the_store_by_the_number_of_a_closed_stream(filled: Place) -> None:
    where = ("--config", str(filled.config_file), "--now", NOW.isoformat())
    done = without("<&- >&- 2>&-", "label", "1", "negative", *where)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert without("2>&-", "label", "2", "negative", *where).returncode == 0
    whole = filled.run("doctor", "--database", str(filled.database))
    assert "is whole, and its counts equal its rows" in whole.out
    told = filled.run("mentions", "--sentiment", "negative", "--format", "jsonl").out
    assert len(told.splitlines()) == 2


def test_a_closed_input_has_nothing_to_read() -> None:
    done = without("<&-", "score", "-")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_an_expression_is_looked_over_in_a_brand_of_which_something_else_is_wrong(place: Place) -> None:
    place.configure('[[brands]]\nname = "Acme"\nkind = "foe"\nquery = "acme AND ("\n')
    answer = place.run("check")
    assert answer.code == 2
    assert [line.split("config.toml: ")[1].split(":")[0] for line in answer.out.splitlines()] == [
        "brands[1].kind",
        'brands[1] "Acme"',
    ]


def test_a_missing_secret_of_chat_rooms_does_not_hide_one_of_the_mail_server(place: Place) -> None:
    place.configure(
        '[[brands]]\nname = "Acme"\n[digest]\nto = ["ada@acme.example"]\n'
        '[mail]\nhost = "127.0.0.1"\nuser = "ada@acme.example"\npassword_env = "ACME_NO_PASSWORD"\n'
        '[notify]\nurls_env = "ACME_NO_URLS"\n'
    )
    answer = place.run("check")
    failed = [line.split()[1] for line in answer.out.splitlines() if line.startswith("FAIL")]
    assert (answer.code, failed) == (3, ["notify", "mail"])
    assert "ACME_NO_PASSWORD" in answer.out


@pytest.mark.parametrize(
    ("until", "by", "what"),
    [("2026-11-15", "month", "month"), ("2026-11-06", "week", "week"), ("2026-11-02T08:00", "day", "day")],
)
def test_an_end_within_the_first_bucket_is_told_for_what_it_is(filled: Place, until: str, by: str, what: str) -> None:
    answer = filled.run("trend", "Acme", "--since", "2026-11-02", "--until", until, "--by", by)
    said = f"--until {until} lies in the {what} of --since 2026-11-02, and a span ends with a whole {what}; name a later one"
    assert (answer.code, answer.out, answer.err) == (2, "", f"Error: {said}\n")


@pytest.mark.parametrize(
    ("until", "by", "note"),
    [
        (
            "2026-11-15",
            "month",
            "note: the span ends at 2026-11-01 00:00, with the last whole month before --until 2026-11-15\n",
        ),
        ("2026-11-15", "day", ""),
        ("2027-01-10", "month", ""),
    ],
)
def test_what_an_end_within_a_bucket_leaves_out_is_told(filled: Place, until: str, by: str, note: str) -> None:
    answer = filled.run("trend", "Acme", "--since", "2026-10-02", "--until", until, "--by", by)
    assert (answer.code, answer.err) == (0, note)


@pytest.mark.parametrize(
    "command",
    [("trend", "Acme", "--since", "1M"), ("mentions", "--older-than", "1M"), ("alerts", "snooze", "Acme", "1d 1M")],
    ids=" ".join,
)
def test_a_capital_m_is_taken_neither_for_minutes_nor_for_months(filled: Place, command: tuple[str, ...]) -> None:
    answer = filled.run(*command)
    assert (answer.code, answer.out) == (2, "")
    assert f'"{command[-1]}" may be minutes or months; write {command[-1].lower()} for minutes' in answer.err


@pytest.mark.parametrize("text", ["[\n  {},\n  {}\n]\n", "[{}, {}]", "\n[\n"])
@pytest.mark.parametrize("command", [["import"], ["score"], ["match", "Acme"], ["evaluate"]])
def test_a_list_of_json_is_refused_at_once_and_for_what_it_is(place: Place, command: list[str], text: str) -> None:
    line = '{"source": "x", "id": "1", "text": "Acme", "published_at": "2026-11-20T08:00:00Z", "label": "positive"}'
    (place.folder / "list.json").write_text(text.replace("{}", line), encoding="utf-8")
    answer = place.run(*command, str(place.folder / "list.json"), now=None)
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.count("\n") == 1
    assert "not one list of them" in answer.err
    assert not place.database.exists()


def test_lines_after_one_that_is_a_list_are_read(place: Place) -> None:
    (place.folder / "odd.jsonl").write_text('[1, 2]\n{"text": "Acme is good"}\n', encoding="utf-8")
    answer = place.run("score", str(place.folder / "odd.jsonl"), now=None)
    assert (answer.code, answer.err) == (3, "line 1: not a JSON object\n")
    assert answer.out.count("\n") == 1


@pytest.mark.parametrize(
    ("name", "more", "is_told"),
    [
        ("all.json", [], True),
        ("all.JSON.gz", [], True),
        ("all.jsonl", [], False),
        ("all.json", ["--format", "jsonl"], False),
    ],
)
def test_lines_in_a_file_that_is_called_json_are_told_of(
    filled: Place, name: str, more: list[str], is_told: bool
) -> None:
    answer = filled.run("export", "--output", str(filled.folder / name), *more)
    assert answer.code == 0
    assert ("holds a line of JSON for each, as import reads them" in answer.err) is is_told


def test_a_language_of_a_brand_that_no_text_is_told_to_be_is_refused(place: Place) -> None:
    place.configure('[[brands]]\nname = "Acme"\nlanguages = ["EN", "hi-latn", "pt-BR", "eo"]\n')
    answer = place.run("check")
    assert answer.code == 2
    assert answer.out.count("brands[1].languages: no text is identified as") == 2
    assert 'no text is identified as "pt-BR"; did you mean "pt"?' in answer.out
    assert 'no text is identified as "eo"; ' in answer.out


def test_check_names_rules_that_watch_nothing_of_a_source_they_name(place: Place) -> None:
    rules = (
        '[[alerts.rules]]\nname = "all"\nsources = ["hackernews", "reddit"]\n'
        '[[alerts.rules]]\nname = "ours"\nsources = ["hackernews", "lemmy"]\nbrands = ["globex"]\n'
    )
    sources = "[sources.hackernews]\n[sources.lemmy]\nenabled = false\n"
    brands = '[[brands]]\nname = "Acme"\n[[brands]]\nname = "Globex"\nsources = ["reddit"]\n'
    place.configure(brands + sources + "[sources.reddit]\nenabled = false\n" + rules)
    said = [line for line in place.run("check").out.splitlines() if " alerts " in line]
    assert [line.split("alerts", 1)[1].strip() for line in said] == [
        'the rule "all" watches nothing of reddit: no such source is enabled',
        'the rule "ours" watches nothing of hackernews: no brand of it is read there',
        'the rule "ours" watches nothing of lemmy: no such source is enabled',
    ]
    place.configure(brands + sources + '[sources.reddit]\nenabled = false\n[sources.jsonl]\npaths = ["a"]\n' + rules)
    assert " alerts " not in place.run("check").out  # lines of files may name any source
