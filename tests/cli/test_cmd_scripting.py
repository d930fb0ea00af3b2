"""What scripts rely on: shared options wherever they apply, every format of rows, JSON alone on stdout."""

from __future__ import annotations

import csv
import gzip
import io
import json
import sys
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click
import pytest

from cli.conftest import NOW
from listener.cli.main import cli, run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cli.conftest import Place

LINES = [
    {"source": "a", "id": "1", "text": "Acme is great", "published_at": "2026-11-20T08:00:00Z", "author": {"handle": "ada", "age": 7}},
    {"source": "a", "id": "2", "text": "=Acme is awful", "published_at": "2026-11-20T09:00:00Z", "target": "Acme"},
    {"source": "a", "id": "3", "text": "", "title": "Acme", "published_at": "2026-11-20T10:00:00Z", "extra": {"shop": 3}},
]  # fmt: skip


def commands(group: click.Group, *path: str) -> Iterator[tuple[str, click.Command]]:
    """Yield each command that does something, with the words that call it."""
    for name in group.list_commands(click.Context(group)):
        command = group.get_command(click.Context(group), name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from commands(command, *path, name)
        else:
            yield " ".join((*path, name)), command


def lines_file(place: Place) -> str:
    text = "".join(json.dumps(line) + "\n" for line in LINES)
    (place.folder / "lines.jsonl").write_text(text, encoding="utf-8")
    return "lines.jsonl"


def test_every_command_takes_the_configuration() -> None:
    assert [name for name, command in commands(cli) if "--config" not in _options(command)] == []


def test_the_help_of_every_command_names_all_its_options(capsys: pytest.CaptureFixture[str]) -> None:
    for name, command in commands(cli):
        assert run([*name.split(), "--help"]) == 0
        text = capsys.readouterr().out
        assert [one for one in _options(command) - {"--now"} if one not in text] == [], name


def _options(command: click.Command) -> set[str]:
    return {
        word for one in command.params if isinstance(one, click.Option) for word in (*one.opts, *one.secondary_opts)
    }


def test_the_help_of_every_group_shows_an_example_too(capsys: pytest.CaptureFixture[str]) -> None:
    context = click.Context(cli)
    groups = [name for name in cli.list_commands(context) if isinstance(cli.get_command(context, name), click.Group)]
    assert len(groups) == 3
    for name in groups:
        assert run([name, "--help"]) == 0
        assert f"    listener {name}" in capsys.readouterr().out, name


def test_init_writes_where_the_configuration_is_said_to_be(place: Place) -> None:
    assert run(["init", "--config", "mine.toml"]) == 0
    assert (place.folder / "mine.toml").is_file()
    assert run(["init", "a.toml", "--config", "b.toml"]) == 2
    assert not (place.folder / "a.toml").exists()


def test_a_sample_is_printed_whatever_the_configuration_is(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["config", "sample"]) == 0
    alone = capsys.readouterr().out
    assert run(["config", "sample", "--config", str(place.folder / "none.toml")]) == 0
    assert capsys.readouterr().out == alone


def test_match_tells_the_language_by_title_and_text_as_score_does(place: Place) -> None:
    shapes = [
        {"title": "रॉकेट बहुत खराब है, पैसे वापस करो", "text": "Acme"},
        {"title": None, "text": "Acme makes the best rockets, says my sister"},
    ]
    lines = [{**LINES[0], "id": str(number), **shape} for number, shape in enumerate(shapes)]
    (place.folder / "lines.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    scored = [json.loads(line) for line in place.run("score", "lines.jsonl", now=None).out.splitlines()]
    assert [one["sentiment"]["language"] for one in scored] == ["hi", "en"]
    for language, number in (("hi", "0"), ("en", "1")):
        found = place.run("match", f"acme lang:{language}", "lines.jsonl", now=None).out
        assert [json.loads(line)["id"] for line in found.splitlines()] == [number]


def test_match_reads_the_configuration_it_is_given(place: Place) -> None:
    answer = place.run("match", "acme", lines_file(place), now=None)
    assert [json.loads(line)["id"] for line in answer.out.splitlines()] == ["1", "2", "3"]
    gone = place.folder / "gone.toml"
    place.config_file = gone
    assert place.run("match", "acme", "lines.jsonl", now=None).code == 2


@pytest.mark.parametrize("command", [["score"], ["match", "acme"]])
def test_lines_come_out_in_every_format_with_nothing_lost(place: Place, command: list[str]) -> None:
    file = lines_file(place)
    plain = [json.loads(line) for line in place.run(*command, file, now=None).out.splitlines()]
    assert [{name: one[name] for name in line} for one, line in zip(plain, LINES, strict=True)] == LINES
    assert place.run(*command, file, "--format", "jsonl", now=None).out == place.run(*command, file, now=None).out
    assert json.loads(place.run(*command, file, "--format", "json", now=None).out) == plain

    rows = list(csv.DictReader(io.StringIO(place.run(*command, file, "--format", "csv", now=None).out)))
    assert [(row["source"], row["id"], row["text"]) for row in rows] == [
        ("a", "1", "Acme is great"),
        ("a", "2", "'=Acme is awful"),
        ("a", "3", ""),
    ]
    assert rows[0]["author.handle"] == "ada"
    assert [json.loads(row["extra"] or "{}") for row in rows] == [{"author.age": 7}, {"target": "Acme"}, {"shop": 3}]
    verdict = command[0].replace("score", "sentiment")
    for row, one in zip(rows, plain, strict=True):
        for name, value in one[verdict].items():
            cell = row[f"{verdict}.{name}"]
            shown = cell and json.loads(cell) if isinstance(value, (list, float, int)) else cell
            assert shown == ("" if value is None else value), name

    table = place.run(*command, file, "--format", "table", now=None).out
    assert all(text in table for text in ("Acme is great", "=Acme is awful"))


@pytest.mark.parametrize("command", [["score"], ["match", "acme"]])
def test_a_carriage_return_in_a_text_begins_no_row_of_csv(place: Place, command: list[str]) -> None:
    file = place.folder / "lines.jsonl"
    line = {"source": "a", "id": "1", "text": "Acme\ris", "title": "a\rb", "published_at": "2026-11-20T08:00:00Z"}
    file.write_text(json.dumps(line) + "\n", encoding="utf-8")
    out = place.run(*command, str(file), "--format", "csv", now=None).out
    (row,) = csv.DictReader(io.StringIO(out, newline=""))
    assert (row["text"], row["title"]) == ("Acme\ris", "a\rb")


def test_csv_of_lines_cannot_steer_a_terminal(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    file = place.folder / "lines.jsonl"
    line = {"source": "a", "id": "1", "text": "Acme \x1b]0;hello\x07\nis", "published_at": "2026-11-20T08:00:00Z"}
    file.write_text(json.dumps(line) + "\n", encoding="utf-8")
    piped = place.run("score", str(file), "--format", "csv", now=None).out
    assert "Acme \x1b]0;hello\x07\nis" in piped
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    shown = place.run("score", str(file), "--format", "csv", now=None).out
    assert "Acme \\x1b]0;hello\\x07 is" in shown
    assert len(shown.splitlines()) == 2
    assert "\x1b" not in place.run("match", "acme", str(file), "--format", "csv", now=None).out
    place.save([place.mention("Acme =1+1 \u202eevil", at=NOW)])
    assert "\u202e" not in place.run("export", "--format", "csv").out


def test_a_table_of_lines_has_no_column_that_none_of_them_fills(place: Place) -> None:
    (place.folder / "texts.jsonl").write_text('{"text": "I love it"}\n{"text": "I hate it"}\n', encoding="utf-8")
    head, *rows = place.run("score", "texts.jsonl", "--format", "table", now=None).out.splitlines()
    assert head.split() == ["sentiment", "score", "lang", "scorer", "text"]
    assert [row.split()[0] for row in rows] == ["positive", "negative"]


@pytest.mark.parametrize("command", [["score"], ["match", "acme"], ["evaluate", "--format", "json"]])
def test_packed_lines_are_unpacked_on_the_way(place: Place, command: list[str]) -> None:
    line = '{"source": "s", "id": "%d", "text": "Acme is great", "label": "positive", "published_at": "2026-11-20T08:00:00Z"}\n'
    lines = "".join(line % number for number in range(2000)).encode()
    (place.folder / "texts.jsonl").write_bytes(lines)
    (place.folder / "texts.jsonl.gz").write_bytes(gzip.compress(lines))
    plain = place.run(*command, "texts.jsonl", now=None)
    assert (plain.code, plain.err) == (0, "")
    assert place.run(*command, "texts.jsonl.gz", now=None) == plain

    (place.folder / "half.jsonl.gz").write_bytes(gzip.compress(lines)[:-400])
    damaged = place.run(*command, "half.jsonl.gz", now=None)
    assert damaged.code == 1
    assert damaged.err.startswith("Error: half.jsonl.gz is damaged or not gzip: ")
    (place.folder / "no.jsonl.gz").write_bytes(lines)
    assert place.run(*command, "no.jsonl.gz", now=None).code == 1


@pytest.mark.parametrize("command", [["score"], ["match", "acme"], ["export"]])
def test_no_line_at_all_is_an_empty_list(filled: Place, command: list[str]) -> None:
    (filled.folder / "empty.jsonl").write_text("", encoding="utf-8")
    asked = (
        [*command, "--since", "2020-01-01", "--until", "2020-01-02"]
        if command == ["export"]
        else [*command, "empty.jsonl"]
    )
    answer = filled.run(*asked, "--format", "json", now=None)
    assert (answer.code, json.loads(answer.out)) == (0, [])


def test_an_export_is_a_list_of_the_very_lines_in_json(filled: Place) -> None:
    lines = [json.loads(line) for line in filled.run("export").out.splitlines()]
    assert len(lines) == 20
    assert json.loads(filled.run("export", "--format", "json").out) == lines
    assert filled.run("export", "--format", "json", "--output", "all.json").code == 0
    assert json.loads((filled.folder / "all.json").read_text(encoding="utf-8")) == lines
    assert all(line["text"] in filled.run("export", "--format", "table").out for line in lines)


def test_score_and_explain_look_into_the_store_that_is_named(filled: Place) -> None:
    elsewhere = filled.folder / "other.db"
    elsewhere.write_bytes(b"no store at all, but long enough to be looked at as one" * 40)
    file = lines_file(filled)
    assert filled.run("score", "--brand", "Acme", file, now=None).code == 0
    assert filled.run("score", "--brand", "Acme", file, "--database", str(elsewhere), now=None).code == 1
    named = filled.folder / "named.db"
    filled.database.rename(named)
    assert "trained" not in filled.run("explain", "--database", str(named)).out
    assert filled.run("explain", "--database", str(named)).code == 0


@pytest.mark.parametrize("shape", ["json", "jsonl", "csv"])
@pytest.mark.parametrize("asked", [["trend", "Acme"], ["trend", "Acme", "--metric", "nps"], ["alerts", "backtest"]])
def test_a_drawing_is_never_written_where_data_was_asked_for(filled: Place, asked: list[str], shape: str) -> None:
    answer = filled.run(*asked, "--chart", "-", "--format", shape)
    assert (answer.code, answer.out) == (2, "")
    assert (
        answer.err == f"Error: --chart - draws in the place of the rows; leave out --format {shape}, or name a file\n"
    )


@pytest.mark.parametrize("metric", ["mentions", "nps", "response"])
def test_the_span_before_is_in_every_format(filled: Place, metric: str) -> None:
    asked = ["trend", "Acme", "--since", "1d", "--compare", "previous", "--metric", metric]
    whole = json.loads(filled.run(*asked, "--format", "json").out)
    told = [json.loads(line) for line in filled.run(*asked, "--format", "jsonl").out.splitlines()]
    assert told == [
        *({"span": "previous", **one} for one in whole["previous"]["buckets"]),
        *({"span": "this", **one} for one in whole["buckets"]),
    ]
    rows = list(csv.DictReader(io.StringIO(filled.run(*asked, "--format", "csv").out)))
    assert [(row["span"], row["start"]) for row in rows] == [(one["span"], one["start"]) for one in told]


def test_without_a_comparison_rows_have_no_span(filled: Place) -> None:
    assert "span" not in json.loads(
        filled.run("trend", "Acme", "--since", "0d", "--format", "jsonl").out.splitlines()[0]
    )


def test_every_mistake_of_a_configuration_is_told_by_every_command(place: Place) -> None:
    place.configure('[[brands]]\nname = "Acme"\nkind = "ownn"\n[sources.rss]\nfeedz = []\n[sources.mastodn]\n')
    for asked in (["check"], ["status"], ["trend", "Acme"], ["mentions"], ["collect"]):
        answer = place.run(*asked)
        told = answer.out + answer.err
        assert answer.code == 2
        assert all(
            part in told for part in ('did you mean "own"', 'did you mean "feeds"', 'did you mean "mastodon"')
        ), asked


@pytest.mark.parametrize(
    ("asked", "near"),
    [
        (["trend", "Acme", "--by", "dya"], "day"),
        (["trend", "Acme", "--metric", "mention"], "mentions"),
        (["mentions", "--sentiment", "negativ"], "negative"),
        (["mentions", "--format", "jsn"], "json"),
        (["top", "Acme", "--of", "hashtag"], "hashtags"),
        (["label", "1", "postive"], "positive"),
        (["export", "--format", "jsnl"], "jsonl"),
        (["themes", "Acme", "--by", "stag"], "stage"),
    ],
)
def test_a_word_that_is_none_of_the_choices_names_the_near_miss(filled: Place, asked: list[str], near: str) -> None:
    answer = filled.run(*asked)
    assert (answer.code, answer.out) == (2, "")
    assert f'did you mean "{near}"?' in answer.err


def test_the_shapes_that_scripts_read_have_their_keys_in_order(filled: Place) -> None:
    def asked(*words: str) -> dict[str, Any]:
        answer = filled.run(*words, "--format", "json", now=None if words[0] == "evaluate" else NOW)
        assert answer.code == 0, answer.err
        return json.loads(answer.out)

    trend = asked("trend", "Acme", "--since", "2d")
    bucket = (
        "brand start mentions stories positive neutral negative no_evidence unscored mean_score mean_score_interval "
        "net_sentiment engagement reach coverage partial"
    )
    assert list(trend) == ["brand", "by", "time_zone", "since", "until", "buckets", "totals"]
    assert {" ".join(one) for one in [*trend["buckets"], *trend["totals"]]} == {bucket}
    assert (trend["brand"], trend["time_zone"], trend["since"]) == (
        ["Acme"],
        "Asia/Kolkata",
        "2026-11-18T00:00:00+05:30",
    )

    share = asked("share")
    assert list(share) == ["since", "until", "brands"]
    assert [" ".join(one) for one in share["brands"]] == [
        "brand kind mentions share positive negative scored net_sentiment net_sentiment_interval coverage"
    ] * 2

    (filled.folder / "labelled.jsonl").write_text('{"text": "I love it", "label": "positive"}\n', encoding="utf-8")
    measures = "n accuracy macro_f1 macro_f1_interval macro_recall unscored evidence_coverage confusion"
    evaluated = asked("evaluate", "labelled.jsonl")
    assert list(evaluated) == ["n", "by", "total"]
    assert [" ".join(one) for one in evaluated["by"]] == [f"language scorer {measures}"]
    assert " ".join(evaluated["total"]) == measures

    status = asked("status")
    assert {"sources", "coverage", "windows", "budget", "outbox", "daemon"} <= status.keys()
    assert {"open", "lost"} <= status["windows"].keys()
    assert {"pending", "failed"} <= status["outbox"].keys()
    assert {"pid", "heartbeat_at"} == status["daemon"].keys()
    wanted = {"name", "enabled", "last_success_at", "next_run_at", "state", "consecutive_failures"}
    assert all(wanted <= one.keys() for one in status["sources"])


@pytest.mark.parametrize("shape", ["table", "json", "jsonl", "csv"])
def test_what_a_limit_leaves_out_is_told_beside_any_format(filled: Place, shape: str) -> None:
    told = "only the newest 3 are shown; --limit shows more\n"
    assert filled.run("mentions", "--limit", "3", "--format", shape).err == told
    assert filled.run("mentions", "--limit", "20", "--format", shape).err == ""


@pytest.mark.parametrize("shape", ["table", "json", "jsonl", "csv"])
@pytest.mark.parametrize(
    ("command", "none"),
    [("themes", "no theme recurs in the 0 mentions of Acme\n"), ("top", "no mention of Acme in this span has any\n")],
)
def test_what_is_empty_and_what_was_not_read_are_told_apart(filled: Place, command: str, none: str, shape: str) -> None:
    long_ago = [command, "Acme", "--since", "2026-10-01", "--until", "2026-10-03", "--format", shape]
    unread = filled.run(*long_ago)
    assert unread.err == "nothing of Acme was read in this span, so that nothing is known\n"
    filled.drain(NOW - timedelta(days=60), NOW)
    read = filled.run(*long_ago)
    assert read.err == none
    if (command, shape) == ("themes", "json"):
        assert [json.loads(one.out)["mentions"] for one in (unread, read)] == [None, 0]
    else:
        assert read.out == unread.out


@pytest.mark.parametrize("shape", ["table", "json", "jsonl", "csv"])
def test_nothing_risen_and_nothing_known_before_are_told_apart_beside_any_format(filled: Place, shape: str) -> None:
    long = filled.run("terms", "Acme", "--since", "30d", "--format", shape)
    short = filled.run("terms", "Acme", "--since", "1d", "--format", shape)
    assert (long.code, short.code) == (0, 0)
    assert long.err.startswith("nothing is known of the time before 2026-10-21")
    assert short.err == "nothing is said of Acme more than before\n"
    filled.drain(NOW - timedelta(days=60), NOW - timedelta(days=8))
    between = filled.run("terms", "Acme", "--since", "2026-11-13", "--until", "2026-11-14", "--format", shape)
    assert between.err == "nothing of Acme was read in this span, so that nothing is known\n"


def test_a_bucket_of_no_mention_is_zero_where_it_was_read_and_null_where_not(place: Place) -> None:
    place.fill(days=1)
    place.drain(NOW - timedelta(days=2), NOW - timedelta(days=1))
    shape = json.loads(place.run("trend", "Acme", "--since", "3d", "--format", "json").out)
    for bucket in shape["buckets"]:
        if not bucket["mentions"]:
            assert (bucket["mentions"] is None) == (bucket["coverage"] == 0)
            assert (bucket["reach"] is None) == (bucket["coverage"] == 0)
    assert {bucket["mentions"] for bucket in shape["buckets"]} >= {None, 0}
