"""What a source could not read is in the log with its reason, and what is none of its business for those who debug."""

from __future__ import annotations

import json
import logging
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from listener.pipeline.skipping import tell_skipped
from listener.protocols import Skipped
from running.site import NOW, Site

if TYPE_CHECKING:
    from pathlib import Path

SURVEY = """
[sources.survey]

[[sources.survey.surveys]]
brand = "Acme"
paths = ["nps.csv"]
"""


@pytest.fixture(autouse=True)
def for_those_who_debug(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="listener.pipeline.skipping")


def told(caplog: pytest.LogCaptureFixture) -> list[tuple[str, object, object]]:
    records = [one for one in caplog.records if one.getMessage() == "items skipped"]
    return [(one.levelname, vars(one)["fields"]["n"], vars(one)["fields"]["reasons"]) for one in records]


def test_rows_of_a_survey_that_are_none_are_named_with_file_line_and_reason(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    site = Site(tmp_path, SURVEY)
    at = (NOW - timedelta(hours=1)).isoformat()
    (tmp_path / "nps.csv").write_text(f"score,answered_at\n9,{at}\n11,{at}\n7,soon\n", encoding="utf-8")
    rows = site.collect().rows()
    assert (rows["survey"]["new"], rows["survey"]["skipped"]) == (1, 2)
    reasons = "nps.csv, line 3: the answer is no number on the scale (0 to 10); nps.csv, line 4: the time of the answer"
    assert told(caplog) == [("WARNING", 2, f"{reasons} cannot be read")]


def test_lines_that_are_no_mentions_are_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    site = Site(tmp_path, '[sources.jsonl]\npaths = ["in.jsonl"]\n')
    line = json.dumps({"source": "me", "id": "1", "text": "acme", "published_at": NOW.isoformat()})
    (tmp_path / "in.jsonl").write_text(f"{line}\nno line at all\n", encoding="utf-8")
    site.collect(now=NOW + timedelta(minutes=1))
    ((level, count, reasons),) = told(caplog)
    assert (level, count) == ("WARNING", 1)
    assert str(reasons).startswith("in.jsonl, line 2: ")


def test_the_same_reason_is_told_once_and_many_are_cut_short(caplog: pytest.LogCaptureFixture) -> None:
    several = [Skipped(id=None, reason=f"line {number}") for number in range(9)]
    tell_skipped("made-up", [Skipped(id="1", reason="a bot"), Skipped(id="2", reason="a bot"), *several])
    assert told(caplog) == [
        ("WARNING", 9, "line 0; line 1; line 2; line 3; line 4; and 4 more"),
        ("DEBUG", 2, "a bot (2 times)"),
    ]


def test_a_page_of_which_nothing_is_left_out_says_nothing(caplog: pytest.LogCaptureFixture) -> None:
    tell_skipped("made-up", ())
    assert told(caplog) == []
