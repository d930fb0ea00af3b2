"""Answers to surveys are read out of files as they are exported, each once, and count for the brand that asked."""

from __future__ import annotations

import csv
import gzip
import json
import os
import threading
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener.api import (
    ASSIGNED_BRAND,
    Author,
    Mention,
    NotFoundError,
    PermanentSourceError,
    Query,
    StoppedError,
    UnexpectedAnswerError,
    Window,
)
from listener.query import Phrase
from listener.testing import check_source
from running.site import NOW, Site
from servers.reading import drained
from servers.world import NOW as THEN
from servers.world import make_judge, open_store, store_mentions
from sources.survey import Survey, SurveyOptions, SurveySource

if TYPE_CHECKING:
    from listener.api import Page

DAY = datetime(2026, 11, 1, tzinfo=UTC)
WINDOW = Window(since=DAY, until=DAY + timedelta(days=30))
ACME = Query.of("Acme", Phrase("acme"))
GLOBEX = Query.of("Globex", Phrase("globex"))
HEAD = "id,answered_at,score,comment\n"


def options_for(*paths: Path | str, page_size: int = 1_000, **fields: Any) -> SurveyOptions:
    survey = Survey(**{"brand": "Acme", "paths": tuple(map(Path, paths)), **fields})
    return SurveyOptions(surveys=(survey,), page_size=page_size)


def read_all(options: SurveyOptions, window: Window = WINDOW, *, anew: bool = True) -> tuple[list[Mention], list[Page]]:
    """Read every page; with a new instance each where `anew`."""
    return drained(SurveySource(options), [ACME], window, anew=partial(SurveySource, options) if anew else None)


def reasons(pages: list[Page]) -> list[str]:
    return [skipped.reason for page in pages for skipped in page.skipped]


def test_survey_keeps_the_promises_of_a_source(tmp_path: Path) -> None:
    rows = "".join(f'{n},2026-11-0{n % 9 + 1},{n % 11},"say {n}\nsee"\n' for n in range(25))
    (tmp_path / "a.csv").write_text(HEAD + rows)
    (tmp_path / "b.csv").write_text("answered_at,score\n" + "2026-11-05,7\n" * 5)
    options = options_for(tmp_path / "*.csv", page_size=4)
    found = check_source(lambda: SurveySource(options), [ACME, GLOBEX], WINDOW)
    assert len(found) == 30


def test_every_field_of_an_answer_arrives(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text(
        "Response;When;NPS;Why;Who;Lang;Country\nr1;03.11.2026 14:05;9;It boils,\u00a0fast;ada@example.com;de;in\n"
    )
    options = options_for(
        file,
        answer_column="NPS",
        comment_column="Why",
        time_column="When",
        id_column="Response",
        respondent_column="Who",
        language_column="Lang",
        country_column="Country",
        time_format="%d.%m.%Y %H:%M",
        time_zone="Asia/Kolkata",
    )
    mentions, _ = read_all(options)
    assert mentions == [
        Mention(
            source="survey",
            id="Acme/nps/r1",
            text="It boils,\u00a0fast",
            published_at=datetime(2026, 11, 3, 8, 35, tzinfo=UTC),
            kind="survey",
            author=Author(id="ada@example.com"),
            language="de",
            rating=0.9,
            place="IN",
            extra={ASSIGNED_BRAND: "Acme", "survey": {"instrument": "nps", "answer": 9, "scale": [0, 10]}},
        )
    ]


@pytest.mark.parametrize(
    ("fields", "written", "rating", "kept"),
    [
        ({"instrument": "nps"}, "10", 1.0, {"instrument": "nps", "answer": 10, "scale": [0, 10]}),
        ({"instrument": "csat"}, "4", 0.75, {"instrument": "csat", "answer": 4, "scale": [1, 5]}),
        ({"instrument": "csat", "scale": (1, 7)}, "7", 1.0, {"instrument": "csat", "answer": 7, "scale": [1, 7]}),
        ({"instrument": "ces"}, "1", 0.0, {"instrument": "ces", "answer": 1, "scale": [1, 7]}),
        (
            {"instrument": "ces", "scale": (1, 5), "low_is_good": True},
            "2",
            0.75,
            {"instrument": "ces", "answer": 2, "scale": [1, 5]},
        ),
        (
            {"instrument": "nps", "low_is_good": True},
            "9",
            0.1,
            {"instrument": "nps", "answer": 9, "scale": [0, 10]},
        ),
        ({"instrument": "csat"}, '"3,5"', 0.625, {"instrument": "csat", "answer": 3.5, "scale": [1, 5]}),
    ],
)
def test_an_answer_is_scaled_and_kept_as_it_was_given(
    tmp_path: Path, fields: dict[str, Any], written: str, rating: float, kept: dict[str, Any]
) -> None:
    (tmp_path / "a.csv").write_text(f"{HEAD}1,2026-11-02,{written},\n")
    ((mention,), _) = read_all(options_for(tmp_path / "a.csv", **fields))
    assert (mention.rating, mention.extra["survey"], mention.text) == (rating, kept, "")


def test_objects_a_line_are_read_too_packed_or_not(tmp_path: Path) -> None:
    lines = [{"id": n, "answered_at": 1_793_600_000 + n, "score": n, "comment": None} for n in range(3)]
    body = "".join(json.dumps(line) + "\n" for line in [*lines, {"id": 9, "score": True}]) + "[1]\n"
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(body.encode()))
    mentions, pages = read_all(options_for(tmp_path / "a.jsonl.gz", page_size=1))
    assert [(mention.id, mention.extra["survey"]["answer"]) for mention in mentions] == [
        ("Acme/nps/0", 0),
        ("Acme/nps/1", 1),
        ("Acme/nps/2", 2),
    ]
    assert reasons(pages) == [
        "a.jsonl.gz, line 4: there is no answer (0 to 10)",
        "a.jsonl.gz, line 5: not a JSON object",
    ]


def test_rows_that_are_no_answers_are_refused_with_line_and_reason(tmp_path: Path) -> None:
    rows = ["1,2026-11-02,11,x", "2,soon,5,x", "3,2026-11-02,,x", "4,2026-11-02,five,x", "5,2026-11-02,5,a,b", "", ","]
    (tmp_path / "a.csv").write_text(HEAD + "\n".join(rows) + '\n6,2026-11-02,5,"lid\n\nleaks"\n7,,1,\n')
    mentions, pages = read_all(options_for(tmp_path / "a.csv"))
    assert [(mention.id, mention.text) for mention in mentions] == [("Acme/nps/6", "lid\n\nleaks")]
    assert reasons(pages) == [
        "a.csv, line 2: the answer is no number on the scale (0 to 10)",
        "a.csv, line 3: the time of the answer cannot be read",
        "a.csv, line 4: there is no answer (0 to 10)",
        "a.csv, line 5: the answer is no number on the scale (0 to 10)",
        "a.csv, line 6: 5 fields where the first row names 4",
        "a.csv, line 12: the time of the answer cannot be read",
    ]


def test_a_quote_that_never_closes_costs_its_own_rows_alone(tmp_path: Path) -> None:
    csv.field_size_limit(4 << 20)  # as reading another file of CSV leaves it
    (tmp_path / "a.csv").write_text(HEAD + '1,2026-11-02,5,"open\n' + "x" * 140_000 + "\n2,2026-11-03,6,fine\n")
    mentions, pages = read_all(options_for(tmp_path / "a.csv"))
    assert [mention.id for mention in mentions] == ["Acme/nps/2"]
    assert reasons(pages) == ["a.csv, line 2: a quote is not closed, or a field is too long"]


@pytest.mark.parametrize("page_size", [1, 2, 100])
@pytest.mark.parametrize("closing", ['"d"', "d"])
def test_answers_behind_a_quote_that_is_not_closed_are_read(tmp_path: Path, closing: str, page_size: int) -> None:
    rows = [
        "1,2026-11-02,9,a",
        '2,2026-11-02,8,"b',
        "3,2026-11-02,7,c",
        f"4,2026-11-02,6,{closing}",
        '5,2026-11-02,5,"e\nf"',
    ]
    (tmp_path / "a.csv").write_text(HEAD + "\n".join(rows) + "\n")
    mentions, pages = read_all(options_for(tmp_path / "a.csv", page_size=page_size))
    assert sorted(mention.id for mention in mentions) == [f"Acme/nps/{number}" for number in (1, 3, 4, 5)]
    assert reasons(pages) == ["a.csv, line 3: a quote is not closed"]


def test_the_same_bare_number_of_two_people_is_two_answers_and_an_overlapping_export_adds_none(tmp_path: Path) -> None:
    rows = ["2026-11-02,10,", "2026-11-02,10,", "2026-11-02,9,fine", "2026-11-02,10,"]
    head = "answered_at,score,comment\n"
    (tmp_path / "a.csv").write_text(head + "\n".join(rows[:3]))
    (tmp_path / "b.csv").write_text(head + "\n".join(rows))
    whole, _ = read_all(options_for(tmp_path / "*.csv"))
    apart, _ = read_all(options_for(tmp_path / "*.csv", page_size=1))
    kept, _ = read_all(options_for(tmp_path / "*.csv", page_size=1), anew=False)
    assert len({mention.id for mention in whole}) == 4
    assert {mention.id for mention in whole} == {mention.id for mention in apart} == {mention.id for mention in kept}


def test_surveys_do_not_share_ids(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,answered_at,score,ease\n1,2026-11-02,9,6\n")
    surveys = (
        Survey(brand="Acme", paths=(tmp_path / "a.csv",)),
        Survey(brand="Acme", instrument="ces", answer_column="ease", paths=(tmp_path / "a.csv",)),
        Survey(brand="acme", name="shop", paths=(tmp_path / "a.csv",)),
    )
    mentions, _ = read_all(SurveyOptions(surveys=surveys))
    assert [mention.id for mention in mentions] == ["Acme/nps/1", "Acme/ces/1", "shop/1"]


def test_a_file_in_windows_1252_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(("\ufeff" + HEAD).encode() + "1,2026-11-02,5,sch\u00f6n \u20ac\n".encode("cp1252"))
    ((mention,), _) = read_all(options_for(tmp_path / "a.csv"))
    assert (mention.id, mention.text) == ("Acme/nps/1", "sch\u00f6n \u20ac")


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("id,when,score\n1,2026-11-02,5\n", 'no column "answered_at"; known: id, score, when; set time_column'),
        ("id,answered_at,scores\n", 'no column "score"; did you mean "scores"'),
        ("\0i\0d\0", "is not text in UTF-8"),
    ],
)
def test_a_file_that_cannot_be_a_survey_says_what_it_lacks(tmp_path: Path, body: str, sentence: str) -> None:
    (tmp_path / "a.csv").write_text(body)
    with pytest.raises(UnexpectedAnswerError, match=sentence):
        read_all(options_for(tmp_path / "a.csv"))


def test_a_missing_file_is_not_there_and_a_pattern_may_stand_for_none(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no file"):
        read_all(options_for(tmp_path / "a.csv"))
    assert read_all(options_for(tmp_path / "*.csv"))[0] == []


def test_a_file_that_did_not_change_is_not_read_again(tmp_path: Path) -> None:
    file, other = tmp_path / "a.csv", tmp_path / "b.csv"
    file.write_text(HEAD + "1,2026-11-02,5,\n")
    source = SurveySource(options_for(tmp_path / "*.csv"))
    (resource,) = source.plan([ACME])
    marker = source.fetch(resource, WINDOW, None).marker
    later = Window(since=DAY + timedelta(hours=1), until=WINDOW.until + timedelta(hours=1), marker=marker)
    other.write_text(HEAD + "2,2026-11-01T02:00:00,6,late\n")
    page = source.fetch(resource, later, None)
    assert ([mention.id for mention in page.mentions], page.items) == (["Acme/nps/2"], 1)
    os.utime(file, ns=(1, 1))
    assert source.fetch(resource, later, None).items == 2
    earlier = Window(since=DAY - timedelta(days=1), until=WINDOW.until, marker=marker)
    assert source.fetch(resource, earlier, None).items == 2


@pytest.mark.parametrize("page_size", [1, 1000])
def test_a_file_with_answers_of_a_later_window_is_read_again_then(tmp_path: Path, page_size: int) -> None:
    at = f"{WINDOW.until + timedelta(minutes=30):%Y-%m-%dT%H:%M:%S}"  # as of a clock that is ahead, or another zone
    (tmp_path / "a.csv").write_text(HEAD + f"1,{at},5,\n2,2026-11-01T02:00:00,6,\n")
    source = SurveySource(options_for(tmp_path / "a.csv", page_size=page_size))
    (resource,) = source.plan([ACME])
    page = source.fetch(resource, WINDOW, None)
    assert [mention.id for mention in page.mentions] == ["Acme/nps/2"]
    later = Window(since=DAY, until=WINDOW.until + timedelta(hours=1), marker=page.marker)
    assert source.fetch(resource, later, None).mentions[0].id == "Acme/nps/1"


@pytest.mark.parametrize("page_size", [1, 2, 1000])
def test_an_answer_of_a_later_window_is_found_then_on_whichever_page_it_stood(tmp_path: Path, page_size: int) -> None:
    at = f"{WINDOW.until + timedelta(minutes=30):%Y-%m-%dT%H:%M:%S}"
    (tmp_path / "a.csv").write_text(HEAD + "1,2026-11-01T02:00:00,6,\n2,2026-11-01T03:00:00,6,\n" + f"3,{at},5,\n")
    options = options_for(tmp_path / "a.csv", page_size=page_size)
    found, pages = read_all(options)
    assert [mention.id for mention in found] == ["Acme/nps/1", "Acme/nps/2"]
    later = Window(since=DAY, until=WINDOW.until + timedelta(hours=1), marker=pages[-1].marker)
    found, again = read_all(options, later)
    assert "Acme/nps/3" in [mention.id for mention in found]
    assert read_all(options, Window(since=DAY, until=later.until, marker=again[-1].marker))[0] == []


@pytest.mark.parametrize("marker", ["{", "[]", '{"since": "then", "files": 7}'], ids=["cut", "list", "odd"])
def test_a_marker_that_cannot_be_read_lets_every_file_be_read(tmp_path: Path, marker: str) -> None:
    (tmp_path / "a.csv").write_text(HEAD + "1,2026-11-01T02:00:00,5,\n")
    source = SurveySource(options_for(tmp_path / "a.csv"))
    (resource,) = source.plan([ACME])
    page = source.fetch(resource, Window(since=WINDOW.since, until=WINDOW.until, marker=marker), None)
    assert ([mention.id for mention in page.mentions], page.items) == (["Acme/nps/1"], 1)


def test_a_survey_that_is_configured_no_more_is_named(tmp_path: Path) -> None:
    (resource,) = SurveySource(options_for(tmp_path / "a.csv")).plan([ACME])
    with pytest.raises(UnexpectedAnswerError, match=r"a\.csv is not among \[\[sources\.survey\.surveys\]\] any more"):
        SurveySource(options_for(tmp_path / "b.csv")).fetch(resource, WINDOW, None)


@pytest.mark.parametrize("kept", [30, 60, -8], ids=["in its head", "in its rows", "before its end"])
def test_a_packed_file_that_was_cut_is_told_of(tmp_path: Path, kept: int) -> None:
    rows = "".join(f"{number},2026-11-01T02:00:00,5,{number * 7919 % 10007}\n" for number in range(500))
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress((HEAD + rows).encode())[:kept])
    with pytest.raises(UnexpectedAnswerError, match=r"a\.csv\.gz is not a whole gzip file"):
        read_all(options_for(tmp_path / "a.csv.gz"))


def test_only_surveys_of_brands_that_listen_are_read(tmp_path: Path) -> None:
    assert SurveySource(options_for(tmp_path / "*.csv")).plan([GLOBEX]) == []


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"brand": ""}, "brand and paths must be set"),
        ({"scale": (7, 1)}, "scale must be two numbers"),
        ({"delimiter": "::"}, "delimiter must be one sign"),
    ],
)
def test_a_survey_that_cannot_be_read_is_refused_in_the_file(fields: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        Survey(**{"brand": "Acme", "paths": (Path("a.csv"),), **fields})


def test_a_check_names_columns_that_a_file_lacks(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(HEAD + "1,2026-11-02,5,\n")
    lacking = SurveySource(options_for(tmp_path / "*.csv", comment_column="Komentar"))
    assert lacking.check() == '1 file to read; a.csv has no column "Komentar"'
    with pytest.raises(UnexpectedAnswerError, match=r'a\.csv has no column "Note"'):
        SurveySource(options_for(tmp_path / "*.csv", answer_column="Note")).check()


def test_check_counts_the_files_and_a_stop_is_obeyed(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(HEAD + "1,2026-11-02,5,\n" * 3)
    options = options_for(tmp_path / "*.csv")
    assert SurveySource(options).check() == "1 file to read"
    nowhere = tmp_path / "b*.csv"
    assert SurveySource(options_for(nowhere)).check() == f"0 files to read: there is none like {nowhere}"
    with pytest.raises(PermanentSourceError, match="nothing to read"):
        SurveySource(SurveyOptions()).check()
    stop = threading.Event()
    stop.set()
    stopped = SurveySource(options, stop=stop)
    with pytest.raises(StoppedError):
        stopped.fetch(stopped.plan([ACME])[0], WINDOW, None)
    with pytest.raises(UnexpectedAnswerError, match="cursor"):
        SurveySource(options).fetch(stopped.plan([ACME])[0], WINDOW, "{}")


@given(
    st.lists(st.tuples(st.integers(0, 10), st.sampled_from(["", "a", "b\nc", 'd"e', "f,g"])), max_size=30),
    st.integers(1, 7),
)
def test_however_a_file_is_cut_into_pages_it_holds_the_same_answers(
    tmp_path_factory: pytest.TempPathFactory, answers: list[tuple[int, str]], size: int
) -> None:
    file = tmp_path_factory.mktemp("survey") / "a.csv"
    quoted = [(answer, '"' + comment.replace('"', '""') + '"') for answer, comment in answers]
    file.write_text("answered_at,score,comment\n" + "".join(f"2026-11-02,{a},{c}\n" for a, c in quoted))
    mentions, _ = read_all(options_for(file, page_size=size), anew=False)
    assert [(mention.extra["survey"]["answer"], mention.text) for mention in mentions] == answers
    assert len({mention.id for mention in mentions}) == len(answers)
    assert {mention.id for mention in read_all(options_for(file))[0]} == {mention.id for mention in mentions}


def test_a_bare_number_counts_for_its_brand_unscored_for_being_empty(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(HEAD + f"1,{(THEN - timedelta(hours=2)).isoformat()},2,\n")
    mentions, _ = read_all(options_for(tmp_path / "a.csv"), Window(since=THEN - timedelta(days=1), until=THEN))
    with open_store(tmp_path) as store:
        store_mentions(store, mentions, make_judge())
        rows = list(
            store._connection.execute("SELECT brands.name, spans FROM matches JOIN brands ON brands.id = brand_id")
        )
    assert rows == [("Acme", None)]


def test_answers_go_the_whole_way_into_the_store_and_come_once(tmp_path: Path) -> None:
    table = """
[sources.survey]
[[sources.survey.surveys]]
brand = "acme"
paths = ["nps-*.csv"]
"""
    site = Site(tmp_path, table)
    at = [(NOW - timedelta(days=days)).isoformat() for days in (1, 40, 200)]
    (tmp_path / "nps-1.csv").write_text(HEAD + f"1,{at[0]},2,the lid broke and nobody answers\n2,{at[1]},9,\n")
    first = site.collect()
    assert (first.code, first.rows()["survey"]["new"]) == (0, 2)
    (tmp_path / "nps-2.csv").write_text(HEAD + f"2,{at[1]},9,\n3,{at[2]},10,\n")
    again = site.collect(now=NOW + timedelta(hours=1)).rows()["survey"]
    assert (again["new"], again["fetched"]) == (1, 2)
    found = site.rows(
        "SELECT native_id, name, mentions.kind, rating, label, reason FROM matches JOIN mentions ON mentions.id = mention_id "
        "JOIN brands ON brands.id = brand_id ORDER BY native_id"
    )
    assert found == [
        ("acme/nps/1", "Acme", "survey", 0.2, 1, None),
        ("acme/nps/2", "Acme", "survey", 0.9, 0, "empty"),
        ("acme/nps/3", "Acme", "survey", 1.0, 0, "empty"),
    ]
    assert site.run("rematch").code == 0
    assert len(site.rows("SELECT 1 FROM matches")) == 3


def test_surveys_of_one_brand_are_nothing_that_is_missing_of_another(tmp_path: Path) -> None:
    table = """
[sources.jsonl]
paths = ["posts.jsonl"]
lookback = "10d"

[sources.survey]
[[sources.survey.surveys]]
brand = "acme"
paths = ["nps-*.csv"]
"""
    site = Site(tmp_path, table)
    when = (NOW - timedelta(hours=30)).isoformat()
    (tmp_path / "posts.jsonl").write_text(
        json.dumps({"source": "forum", "id": "1", "text": "Globex is fine", "published_at": when}) + "\n"
    )
    (tmp_path / "nps-1.csv").write_text(HEAD + f"1,{when},2,Globex is better\n")
    assert site.collect().code == 0
    told = json.loads(site.run("share", "--since", "3d", "--format", "json").out)["brands"]
    assert {row["brand"]: (row["mentions"], row["coverage"]) for row in told} == {"Acme": (1, 1.0), "Globex": (2, 1.0)}
    stands = json.loads(site.run("status", "--format", "json").out)["coverage"]
    assert {(row["brand"], row["source"]) for row in stands} == {
        ("Acme", None),
        ("Acme", "jsonl"),
        ("Acme", "survey"),
        ("Globex", None),
        ("Globex", "jsonl"),
    }


def test_a_brand_that_is_not_configured_is_a_problem_of_the_file(tmp_path: Path) -> None:
    site = Site(tmp_path, '[[sources.survey.surveys]]\nbrand = "Acmee"\npaths = ["a.csv"]\n')
    ended = site.collect()
    assert ended.code == 2
    assert 'there is no brand "Acmee"; did you mean "Acme"' in ended.err


def test_a_changed_answer_and_a_bare_number_are_shown_as_they_are(tmp_path: Path) -> None:
    site = Site(tmp_path, '[[sources.survey.surveys]]\nbrand = "Acme"\npaths = ["nps.csv"]\n')
    at = (NOW - timedelta(days=1)).isoformat()
    (tmp_path / "nps.csv").write_text(HEAD + f"1,{at},2,\n2,{at},6,\n")
    assert site.collect().code == 0
    assert "(no words)" in site.run("mentions", "Acme").out
    (tmp_path / "nps.csv").write_text(HEAD + f"1,{at},10,\n2,{at},6,\n3,{at},7,\n")
    assert site.collect(now=NOW + timedelta(hours=1)).rows()["survey"]["new"] == 1
    found = site.rows("SELECT native_id, rating, json_extract(extra, '$.survey.answer') FROM mentions ORDER BY 1")
    assert found == [("Acme/nps/1", 1.0, 10), ("Acme/nps/2", 0.6, 6), ("Acme/nps/3", 0.7, 7)]
    shown = json.loads(site.run("trend", "Acme", "--metric", "nps", "--since", "7d", "--format", "json").out)
    (total,) = shown["totals"]
    assert [total[name] for name in ("n", "promoters", "passives", "detractors")] == [3, 1, 1, 1]


def test_a_column_that_is_read_and_stands_there_twice_is_told_and_any_other_may(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("id,score,answered_at,note,note,,,score\n1,9,2026-11-02,a,b,,,2\n")
    with pytest.raises(UnexpectedAnswerError, match=r'a\.csv has several columns "score"; one alone is read'):
        read_all(options_for(file))
    with pytest.raises(UnexpectedAnswerError, match='several columns "score"'):
        SurveySource(options_for(file)).check()
    file.write_text("id,score,answered_at,note,note,,,\n1,9,2026-11-02,a,b,,,2\n")
    assert len(read_all(options_for(file))[0]) == 1


@pytest.mark.parametrize("row", [b"x," * (1 << 20), b"9," + b"x" * (3 << 20)])
def test_a_row_that_is_too_long_is_told_as_one_and_no_part_of_it_is_an_answer(tmp_path: Path, row: bytes) -> None:
    file = tmp_path / "a.csv"
    right = b"1,2026-11-02,9,fine\n"
    file.write_bytes(HEAD.encode() + right + row + b"7,2026-11-02,3,not an answer\n" + right.replace(b"1", b"2", 1))
    found, pages = read_all(options_for(file))
    assert [mention.id.rpartition("/")[2] for mention in found] == ["1", "2"]
    assert reasons(pages)[0] == "a.csv, line 3: the row is longer than 1048576 bytes"
    lines = tmp_path / "b.jsonl"
    answer = {"id": "1", "answered_at": "2026-11-02", "score": 9}
    lines.write_text(f"{json.dumps({**answer, 'comment': 'x' * (3 << 20)})}\n{json.dumps(answer)}\n")
    found, pages = read_all(options_for(lines))
    assert (len(found), reasons(pages)) == (1, ["b.jsonl, line 1: the row is longer than 1048576 bytes"])


def test_a_row_of_endlessly_many_lines_is_given_up(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text(f"{HEAD}1,2026-11-02,9,fine\n" + f'"{"x" * 1_000}\n",' * 1_500 + "\n")
    found, pages = read_all(options_for(file))
    assert len(found) == 1
    assert reasons(pages)[0] == "a.csv, line 3: the row is longer than 1048576 bytes"


def test_a_first_row_that_is_too_long_is_told(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("x," * (1 << 20) + HEAD)
    with pytest.raises(UnexpectedAnswerError, match=r"the first row of .*a\.csv is longer than 1048576 bytes"):
        read_all(options_for(file))
