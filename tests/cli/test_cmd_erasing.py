"""`forget` and `purge` erase what they name, say how much, and never ask back."""

from __future__ import annotations

import json
import signal
import sqlite3
import sys
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from listener.store import DigestSave
from servers.world import NOW, make_mention

if TYPE_CHECKING:
    from conftest import Place


def held(place: Place) -> bytes:
    return b"".join(file.read_bytes() for file in place.folder.glob("listener.db*")).lower()


def put(place: Place, number: int, words: str, **fields: object) -> None:
    place.save([make_mention(number, f"Acme: {words}", source="hackernews", **fields)])


def test_an_author_is_forgotten_by_handle_and_id_with_all_they_wrote(place: Place) -> None:
    for number, words in ((1, "zyxone"), (8, "zyxeight"), (2, "other words")):
        put(place, number, words)
    dry = place.run("forget", "--author", "hackernews:jo_1", "--dry-run")
    assert (dry.code, dry.out) == (0, "would erase 2 mentions and 1 author\n")
    assert b"zyxone" in held(place)
    answer = place.run("forget", "--author", "hackernews:@JO_1")
    assert (answer.code, answer.out, answer.err) == (0, "erased 2 mentions and 1 author\n", "")
    assert b"zyx" not in held(place)
    assert b"jo_1" not in held(place)
    assert place.run("forget", "--author", "hackernews:a2").out == "erased 1 mention and 1 author\n"
    again = place.run("forget", "--author", "hackernews:jo_1")
    assert (again.code, again.out, again.err) == (1, "", "nothing is stored of hackernews:jo_1\n")


@pytest.mark.parametrize("name", ["hackernews:8", "1"])
def test_a_mention_is_forgotten_by_number_and_by_source_and_id(place: Place, name: str) -> None:
    put(place, 8, "zyxeight")
    put(place, 15, "zyxfifteen")
    before = place.run("trend", "Acme", "--since", "2d", "--format", "json").out
    assert place.run("forget", "--mention", name).out == "erased 1 mention\n"
    assert b"zyxeight" not in held(place)
    assert b"zyxfifteen" in held(place)
    after = place.run("trend", "Acme", "--since", "2d", "--format", "json").out
    counted = [{**row, "reach": 0} for row in json.loads(after)["buckets"]]
    assert counted == [{**row, "reach": 0} for row in json.loads(before)["buckets"]]
    shown = json.loads(place.run("mentions", "--format", "json").out)
    assert sorted(str(one["text"]) for one in shown) == ["Acme: zyxfifteen", "None"]
    assert place.run("forget", "--mention", name).code == 1
    assert place.run("mentions", "--search", "zyxeight").out.count("zyxeight") == 0


def test_what_cannot_be_named_is_a_wrong_usage_and_what_is_not_there_is_a_failure(filled: Place) -> None:
    assert filled.run("forget").code == 2
    assert filled.run("forget", "--author", "hackernews:ada", "--mention", "1").code == 2
    assert filled.run("forget", "--author", "ada").code == 2
    for name in ("hackernews:none", "99999", "9" * 30, "words"):
        answer = filled.run("forget", "--mention", name)
        assert (answer.code, answer.err) == (1, f"nothing is stored of {name}\n")


def test_reports_that_quote_what_is_forgotten_are_emptied_and_counted(place: Place) -> None:
    put(place, 8, "zyxeight is what everybody at the table talks about")
    said = "Acme: zyxeight is what everybody at the table talks about"
    digest = DigestSave(key="d", since=NOW - timedelta(days=1), until=NOW, subject="s", text=said, html=None, images=())
    with place.store() as store:
        store.reports.save_digest(digest, [], now=NOW)
    answer = place.run("forget", "--mention", "hackernews:8")
    assert answer.out == "erased 1 mention and 1 author\nemptied 1 report that quoted them\n"
    assert b"zyxeight" not in held(place)


def test_a_purge_shows_how_far_it_is_on_a_terminal_only(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.configure(place.config_file.read_text("utf-8").replace("[listener]", '[listener]\nretention = "3d"'))
    place.fill(days=6, a_day=2)
    quiet = place.run("purge", "--dry-run")
    assert (quiet.code, quiet.err) == (0, "")
    with monkeypatch.context() as held_still:
        held_still.setattr(sys.stderr, "isatty", lambda: True)
        shown = place.run("purge")
    due = quiet.out.removeprefix("would erase ").partition(" ")[0]
    assert (shown.code, int(due) > 0) == (0, True)
    assert f"{due} of {due}" in shown.err
    assert shown.out.startswith(f"erased {due} mentions")
    again = place.run("purge")
    assert (again.code, again.err) == (0, "")


def test_a_purge_that_is_stopped_says_so_with_its_exit_code_and_goes_on_later(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.configure(place.config_file.read_text("utf-8").replace("[listener]", '[listener]\nretention = "3d"'))
    place.fill(days=6, a_day=2)

    def press_ctrl_c(self: object, text: str) -> int:
        if " of " in text:
            signal.raise_signal(signal.SIGINT)
        return len(text)

    with monkeypatch.context() as held_still:
        held_still.setattr(sys.stderr, "isatty", lambda: True)
        held_still.setattr(type(sys.stderr), "write", press_ctrl_c, raising=False)
        assert place.run("purge").code == 130
    assert place.run("purge").code == 0
    assert place.run("purge", "--dry-run").out == "would erase 0 mentions\n"


@pytest.mark.parametrize("words", [("--author", "hackernews:jo_1"), ("--mention", "hackernews:8")])
def test_a_forgetting_that_was_ended_before_the_files_were_written_anew_is_ended_by_the_next(
    place: Place, monkeypatch: pytest.MonkeyPatch, words: tuple[str, str]
) -> None:
    put(place, 8, "zyxeight")
    put(place, 2, "other words")
    monkeypatch.setattr("listener.database.WRITER_WAIT_SECONDS", 0.05)
    with closing(sqlite3.connect(f"{place.database.as_uri()}?mode=ro", uri=True)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM mentions").fetchone()
        ended = place.run("forget", *words)
        assert (ended.code, "a reader still holds" in ended.err) == (1, True)
        assert b"zyxeight" in held(place)
    again = place.run("forget", *words)
    said = f"nothing is stored of {words[1]}; what was erased before is out of the files now\n"
    assert (again.code, again.err) == (1, said)
    assert b"zyxeight" not in held(place)
    assert place.run("forget", *words).err == f"nothing is stored of {words[1]}\n"


def test_erasing_makes_no_store_where_there_is_none(place: Place) -> None:
    for command in (["forget", "--mention", "1"], ["purge"]):
        answer = place.run(*command)
        assert (answer.code, "there is no store yet" in answer.err) == (1, True)
    assert not place.database.exists()


def test_an_erased_mention_is_not_imported_again(filled: Place) -> None:
    exported = filled.run("export").out
    (filled.folder / "all.jsonl").write_text(exported, encoding="utf-8")
    filled.run("forget", "--mention", "hackernews:7")
    answer = filled.run("import", "all.jsonl")
    assert (answer.code, "0 new" in answer.err) == (0, True)
    assert len(filled.run("export").out.splitlines()) == len(exported.splitlines()) - 1


def test_the_copy_that_an_upgrade_left_is_named_where_something_was_erased(filled: Place) -> None:
    filled.configure(
        filled.config_file.read_text(encoding="utf-8").replace("[listener]\n", '[listener]\nretention = "2d"\n')
    )
    (filled.folder / "listener.db.version-13").write_bytes(b"")
    told = (
        "listener.db.version-13 beside the store, made before an upgrade, holds what the store held then; delete it\n"
    )
    assert filled.run("forget", "--mention", "hackernews:7", "--dry-run").err == ""
    assert filled.run("forget", "--mention", "hackernews:7").err == told
    assert filled.run("purge").err == told
    assert filled.run("purge").err == ""


def test_a_purge_keeps_what_the_configuration_says(filled: Place) -> None:
    kept = filled.run("purge")
    assert (kept.code, kept.out) == (0, "")
    assert "kept for ever" in kept.err
    text = filled.config_file.read_text(encoding="utf-8")
    filled.configure(text.replace("[listener]\n", '[listener]\nretention = "2d"\n'))
    assert filled.run("purge", "--dry-run").out == "would erase 12 mentions\n"
    filled.configure(text + 'retention = "3d"\n')
    assert filled.run("purge", "--dry-run").out == "would erase 8 mentions\n"
    assert filled.run("purge").out == "erased 8 mentions\n"
    assert filled.run("purge").out == "erased 0 mentions\n"
    assert b"person 19" not in held(filled)
    assert len(filled.run("export").out.splitlines()) == 12


def test_a_retention_of_less_than_a_day_is_refused(place: Place) -> None:
    place.configure(place.config_file.read_text(encoding="utf-8") + 'retention = "3h"\n')
    answer = place.run("purge")
    assert (answer.code, "sources.hackernews.retention" in answer.err) == (2, True)


FILES = """
[[brands]]
name = "Acme"
[sources.jsonl]
paths = ["a.jsonl"]
lookback = "30d"
"""


def test_the_retention_of_files_holds_for_the_source_that_alone_is_read_from_them(place: Place) -> None:
    lines = [
        {"source": source, "id": f"{n}", "text": f"Acme zyx{source}{n}", "published_at": f"{NOW - timedelta(days=n)}"}
        for source in ("forum", "board")
        for n in (1, 5)
    ]
    (place.folder / "a.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    place.configure(FILES + 'only = "forum"\nretention = "3d"\n')
    assert 'retention = "3d"' in place.run("config", "show", now=None).out
    (row,) = json.loads(place.run("collect", "--format", "json").out)
    assert (row["source"], row["new"]) == ("jsonl", 2)
    status = json.loads(place.run("status", "--format", "json").out)
    assert [(one["name"], one["state"]) for one in status["sources"]] == [("jsonl", "ok")]
    assert {one["last_24h"] for one in status["coverage"]} == {1.0}
    assert place.run("purge").out == "erased 1 mention\n"
    assert b"zyxforum5" not in held(place)
    assert b"zyxforum1" in held(place)


def test_a_retention_or_target_that_would_hold_for_no_mention_is_refused(place: Place) -> None:
    place.configure(FILES + 'retention = "3d"\nresponse_target = "2h"\n')
    answer = place.run("check")
    assert answer.code == 2
    assert "sources.jsonl.retention: mentions keep the source that their line names" in answer.out
    assert "sources.jsonl.response_target: mentions keep the source that their line names" in answer.out
    place.configure(FILES + 'only = "forum"\nretention = "3d"\nresponse_target = "2h"\n')
    assert place.run("check").out.startswith("ok    config ")


def test_what_is_erased_leaves_alerts_and_digest_in_order(filled: Place) -> None:
    text = filled.config_file.read_text(encoding="utf-8")
    filled.configure(text + 'retention = "1d"\n')
    before = filled.run("digest", "--preview", str(filled.folder / "before.html"))
    assert before.code == 0
    assert filled.run("purge").code == 0
    for command in (
        ["digest", "--preview", str(filled.folder / "after.html")],
        ["mentions", "Acme"],
        ["terms", "Acme"],
        ["alerts"],
        ["status"],
        ["chart", "volume", "Acme", "--output", str(filled.folder / "volume.svg")],
    ):
        assert filled.run(*command).code == 0, command
    assert "(removed)" in filled.run("mentions", "Acme", "--limit", "50").out


def test_a_retention_of_a_thousand_years_keeps_everything(place: Place) -> None:
    configured = place.config_file.read_text(encoding="utf-8")
    put(place, 1, "old", published_at=NOW - timedelta(days=9_000))
    place.configure(configured.replace("[listener]", '[listener]\nretention = "400000d"'))
    answer = place.run("purge", "--dry-run")
    assert (answer.code, "0 mentions" in answer.out + answer.err) == (0, True)
    place.configure(configured.replace("[listener]", '[listener]\nretention = "999999d"'))
    answer = place.run("purge", "--dry-run")
    assert answer.code == 2
    assert 'listener.retention: "999999d" is longer than this program can count' in answer.err
