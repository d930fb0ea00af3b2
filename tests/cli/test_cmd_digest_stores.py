"""The digest of stores at the edges: empty, blind, of one mention, of a source that costs money."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import timedelta

from cli.conftest import CONFIG, NOW, Place
from listener.mention import Label

DAY = timedelta(days=1)


def test_a_store_in_which_nothing_was_ever_read_is_blind_and_not_quiet(place: Place) -> None:
    place.store().close()

    answer = place.run("digest")

    assert answer.code == 0
    assert "0 mentions" not in answer.out
    assert "quiet" not in answer.out.lower()
    assert "known" in answer.out or "read" in answer.out


def test_a_day_that_was_read_and_held_nothing_is_one_honest_line(place: Place) -> None:
    for brand in ("Acme", "Globex"):
        place.drain(NOW - 3 * DAY, NOW, brand=brand)

    answer = place.run("digest", "--preview", "quiet.html")

    assert answer.code == 0
    text = place.run("digest").out
    assert "Acme" in text
    assert "mood" not in text
    assert "Net sentiment -" not in text
    assert (place.folder / "quiet.html").read_text(encoding="utf-8").count("<img") <= 1


def test_one_mention_is_told_without_a_mood(place: Place) -> None:
    place.save([place.mention("Acme again", at=NOW - DAY)], label=Label.NEGATIVE)
    place.drain(NOW - 3 * DAY, NOW)

    answer = place.run("digest")

    assert answer.code == 0
    assert "1 mention" in answer.out
    assert "Too few were scored (n 1) to speak of a mood." in answer.out
    assert "Acme again" in answer.out


def test_what_a_paid_source_cost_is_told_beside_its_budget_and_free_ones_are_not(place: Place) -> None:
    place.configure(
        CONFIG.replace("Asia/Kolkata", "UTC")
        + '\n[sources.x]\nenabled = true\nbearer_token_env = "X_TOKEN"\nbudget = { usd_a_day = 2.0 }\n'
    )
    place.fill()
    with closing(sqlite3.connect(place.database)) as store, store:
        day = int((NOW - DAY).timestamp()) // 86_400
        store.execute("INSERT OR IGNORE INTO sources (name) VALUES ('x')")
        sources = dict(store.execute("SELECT name, id FROM sources"))
        spent = ((sources["x"], day, 12, 340, 1_700_000), (sources["hackernews"], day, 96, 500, 0))
        store.executemany(
            "INSERT INTO spending (source_id, brand_id, day, requests, items, micros) VALUES (?, 0, ?, ?, ?, ?)", spent
        )

    answer = place.run("digest")

    assert answer.code == 0
    assert "X: 12 requests, 340 items, 1.70 of 2.00 USD." in answer.out
    assert "96 requests" not in answer.out


def test_where_the_words_that_wait_are_erased_the_most_heard_voice_stands_in_their_place(place: Place) -> None:
    place.configure(CONFIG.replace('name = "Acme"\n', 'name = "Acme"\nown_accounts = ["acme_help"]\n'))
    at = (NOW - DAY).isoformat()
    lines: list[dict[str, object]] = [
        {"id": "1", "text": "Acme opens when on Sundays?", "author": {"id": "ada"}},
        {"id": "2", "text": "Acme lid, where to buy?", "author": {"id": "bob"}},
        {"id": "3", "text": "At ten", "author": {"id": "own", "handle": "acme_help"}, "reply_to": "2"},
    ]
    made = "".join(json.dumps({"source": "x", "published_at": at, **one}) + "\n" for one in lines)
    (place.folder / "asked.jsonl").write_text(made, encoding="utf-8")
    assert place.run("import", "asked.jsonl").code == 0
    assert "unanswered" in place.run("digest").out

    assert place.run("forget", "--mention", "x:1").code == 0
    told = " ".join(place.run("digest").out.split())
    assert "unanswered" not in told
    assert "Acme lid, where to buy? most engaged" in told
