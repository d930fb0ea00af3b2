"""A language model as the scorer of the pipeline: paid for once, within its budget, told by check."""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from cli.conftest import CONFIG, NOW
from listener.mention import Label
from servers.llm import LlmServer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cli.conftest import Place

TABLE = """
[sentiment]
scorers = {{ default = "llm", es = "auto" }}
[sentiment.llm]
base_url = "{url}/v1"
model = "made-up"
{more}
"""


@pytest.fixture
def server() -> Iterator[LlmServer]:
    with LlmServer() as running:
        yield running


@pytest.fixture
def asking(place: Place, server: LlmServer) -> Place:
    place.configure(CONFIG + TABLE.format(url=server.url, more=""))
    place.save(
        [
            place.mention(f"Acme is good and number {turn} of them", at=NOW - timedelta(hours=turn))
            for turn in range(15)
        ],
        label=Label.NEUTRAL,
    )
    return place


def sentiments(place: Place) -> set[str]:
    return {row["sentiment"] for row in json.loads(place.run("mentions", "--format", "json").out)}


def test_rescoring_asks_the_model_once_and_never_again(asking: Place, server: LlmServer) -> None:
    assert sentiments(asking) == {"neutral"}
    assert asking.run("rescore").code == 0
    assert sentiments(asking) == {"positive"}
    assert len(server.requests) == 2
    assert asking.run("rescore").code == 0
    assert len(server.requests) == 2


def test_what_the_budget_leaves_out_is_unscored_and_made_up_for_later(asking: Place, server: LlmServer) -> None:
    asking.configure(CONFIG + TABLE.format(url=server.url, more="requests_a_day = 1"))
    asking.run("rescore")
    assert sentiments(asking) == {"positive", "unscored"}
    with sqlite3.connect(asking.database) as connection:
        reasons = {row[0] for row in connection.execute("SELECT reason FROM matches WHERE label = 0")}
        texts = connection.execute("SELECT group_concat(hex(question)) FROM bought_scores").fetchone()[0]
    connection.close()
    assert reasons == {"llm_budget"}
    assert b"Acme".hex() not in texts.lower()
    asking.configure(CONFIG + TABLE.format(url=server.url, more="requests_a_day = 5"))
    asking.run("rescore")
    assert sentiments(asking) == {"positive"}
    assert len(server.requests) == 2


def test_what_was_paid_for_stands_where_it_is_forgotten_and_cannot_be_asked_again(
    asking: Place, server: LlmServer
) -> None:
    asking.run("rescore")
    with sqlite3.connect(asking.database) as connection:
        connection.execute("DELETE FROM bought_scores")
    connection.close()
    server.fault("status", times=9, status=503)
    asking.run("rescore")
    assert sentiments(asking) == {"positive"}
    other = TABLE.replace("made-up", "other").format(url=server.url, more="")
    asking.configure(CONFIG + other)
    asking.run("rescore")
    assert sentiments(asking) == {"unscored"}


def test_status_tells_what_the_model_may_take_a_day_and_took(asking: Place, server: LlmServer) -> None:
    prices = "usd_a_day = 1.5\nusd_per_million_sent = 10.0\nusd_per_million_received = 20.0"
    asking.configure(CONFIG + TABLE.format(url=server.url, more=f"requests_a_day = 2\n{prices}"))
    asking.run("rescore")
    with sqlite3.connect(asking.database) as connection:
        day, *booked = connection.execute("SELECT day, requests, tokens, micro_usd / 1e6 FROM bought_days").fetchone()
    connection.close()
    noon = datetime.fromtimestamp(86_400 * day + 43_200, UTC)  # what the model is asked is booked by the real clock
    told = json.loads(asking.run("status", "--format", "json", now=noon).out)["scoring_budget"]
    rows = {row["unit"]: row for row in told}
    assert tuple(rows[unit]["used"] for unit in ("requests", "tokens", "usd")) == tuple(booked)
    assert [rows["requests"]["limit"], rows["tokens"]["limit"], rows["usd"]["limit"]] == [2, 1_000_000, 1.5]
    assert rows["requests"]["state"] == "spent"
    assert rows["tokens"]["state"] == "ok"
    shown = next(line for line in asking.run("status", now=noon).out.splitlines() if "scorer llm" in line)
    assert shown.split()[:6] == ["scorer", "llm", "day", "requests", "2", "2"]
    assert shown.rstrip().endswith("used up")


@pytest.mark.parametrize(
    ("limits", "states"),
    [
        ("tokens_a_day = 500", {"requests": "ok", "tokens": "spent"}),
        ("tokens_a_day = 15000", {"requests": "ok", "tokens": "low"}),
        ("tokens_a_day = 25000", {"requests": "ok", "tokens": "ok"}),
        (
            "usd_a_day = 0.01\nusd_per_million_sent = 10.0\nusd_per_million_received = 20.0",
            {"requests": "ok", "tokens": "ok", "usd": "spent"},
        ),
    ],
)
def test_status_says_where_less_is_left_than_a_request_may_take(
    asking: Place, server: LlmServer, limits: str, states: dict[str, str]
) -> None:
    asking.configure(CONFIG + TABLE.format(url=server.url, more=limits))
    told = json.loads(asking.run("status", "--format", "json").out)["scoring_budget"]
    assert {row["unit"]: row["state"] for row in told} == states
    asking.run("rescore")
    assert bool(server.requests) == ("spent" not in states.values())


def test_status_tells_of_no_model_where_none_is_chosen(place: Place) -> None:
    place.configure(CONFIG + "\n[sentiment.llm]\nmodel = 'made-up'\n")
    place.save([place.mention("Acme is here", at=NOW)], label=Label.NEUTRAL)
    assert json.loads(place.run("status", "--format", "json").out)["scoring_budget"] == []


def test_score_uses_the_account_of_the_store_too(asking: Place, server: LlmServer) -> None:
    file = asking.folder / "lines.jsonl"
    file.write_text('{"text": "the kettle is good, says everybody here"}\n', encoding="utf-8")
    for _ in range(2):
        answer = asking.run("score", str(file), now=None)
        assert json.loads(answer.out)["sentiment"]["scorer"] == "llm"
    assert len(server.requests) == 1


def test_wrong_options_are_told_before_anything_is_sent(asking: Place, server: LlmServer) -> None:
    asking.configure(CONFIG + TABLE.format(url="http://llm.example", more="batch = 99\napi_key = 'abc'"))
    answer = asking.run("check")
    assert answer.code == 2
    shown = " ".join(answer.out.split())
    assert "sentiment.llm.batch: 99 is too much" in shown
    assert "sentiment.llm.api_key: a secret does not belong into this file" in shown
    assert "abc" not in shown
    assert server.requests == []


def check_line(place: Place, url: str, more: str = "", model: str = "made-up") -> tuple[int, str]:
    """Return the exit code and the line about the model of a check where nothing else is set up."""
    table = TABLE.format(url=url, more=more).replace("made-up", model)
    place.configure(f'[[brands]]\nname = "Acme"\n{table}')
    answer = place.run("check")
    return answer.code, next(" ".join(line.split()) for line in answer.out.splitlines() if " llm " in line)


def test_check_asks_the_service_for_nothing_that_costs(
    place: Place, server: LlmServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert check_line(place, server.url) == (0, f"ok llm {server.url}/v1/models answers, and has made-up")
    assert [request.path for request in server.requests] == ["/v1/models"]
    monkeypatch.setenv("MADE_KEY", "made-secret")
    server.fault("status", status=401)
    code, line = check_line(place, server.url, "api_key_env = 'MADE_KEY'")
    assert code == 3
    assert "refuses the key; looked into environment variable MADE_KEY" in line
    assert server.requests[-1].headers["authorization"] == "Bearer made-secret"
    server.fault("status", status=500)
    assert "answers 500" in check_line(place, server.url)[1]


def test_check_names_a_model_that_is_not_there_and_a_service_that_is_not(place: Place, server: LlmServer) -> None:
    assert 'has no model othr; did you mean "other"' in check_line(place, server.url, model="othr")[1]
    assert "http://127.0.0.1:9/v1/models does not answer" in check_line(place, "http://127.0.0.1:9")[1]


def test_languages_that_no_text_is_identified_as_are_refused_for_a_model_too(asking: Place) -> None:
    asking.configure(CONFIG + TABLE.format(url="http://127.0.0.1:9", more='languages = ["EN", "th"]'))
    answer = asking.run("explain")
    assert answer.code == 2
    assert 'sentiment.llm.languages: no text is identified as "EN"; did you mean "en"?' in answer.err
    assert '"th"' not in answer.err


def test_explain_names_the_languages_that_a_model_keeps_to(asking: Place) -> None:
    asking.configure(CONFIG + TABLE.format(url="http://127.0.0.1:9", more='languages = ["en", "th"]'))
    shown = asking.run("explain").out
    assert "llm: en, th\n" in shown
    assert "nobody: every other language" in shown
    asking.configure(CONFIG + TABLE.format(url="http://127.0.0.1:9", more=""))
    assert "llm: every other language" in asking.run("explain").out


def test_a_mistake_of_a_scorer_is_told_once(place: Place) -> None:
    place.configure(CONFIG + '[sentiment]\nscorers = { default = "onnx" }\n[sentiment.onnx]\n')
    assert place.run("explain").err.count("name either the folder of a model") == 1
