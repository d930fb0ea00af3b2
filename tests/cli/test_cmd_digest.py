from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from typing import TYPE_CHECKING, Any

import pytest

from listener import reporting
from listener.mention import Engagement, Label
from servers.smtp import Behaviour, MailServer

if TYPE_CHECKING:
    from cli.conftest import Place

NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)


def mail_config(place: Place, port: int) -> None:
    place.configure(
        place.config_file.read_text(encoding="utf-8")
        + f"""
[mail]
host = "127.0.0.1"
port = {port}
security = "none"
sender = "listener@example.org"
[digest]
to = ["team@example.org"]
"""
    )


def count(place: Place, table: str) -> int:
    with closing(sqlite3.connect(place.database)) as connection:
        return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608 - names of this file


def test_the_digest_of_yesterday_is_printed_and_nothing_kept(filled: Place) -> None:
    answer = filled.run("digest")

    assert answer.code == 0
    assert "19 November 2026" in answer.out
    assert "Acme" in answer.out
    assert all(len(line) <= 80 for line in answer.out.splitlines())
    assert (count(filled, "digests"), count(filled, "outbox"), count(filled, "charts")) == (0, 0, 0)


def test_a_day_can_be_named(filled: Place) -> None:
    answer = filled.run("digest", "--on", "2026-11-17")

    assert answer.code == 0
    assert "17 November 2026" in answer.out


def test_a_weekly_digest_is_of_the_last_whole_week(filled: Place) -> None:
    filled.configure(filled.config_file.read_text(encoding="utf-8") + '[digest]\ncadence = "weekly"\n')

    answer = filled.run("digest")

    assert answer.code == 0
    assert answer.out.splitlines()[1].startswith("9 Nov ")
    assert "15 Nov 2026" in answer.out.splitlines()[1]


def test_today_is_shown_with_the_remark_that_it_is_not_over(filled: Place) -> None:
    assert "not over yet" in filled.run("digest", "--on", "today").err


def test_the_most_heard_voice_of_a_loud_day_is_told_however_many_spoke_after_it(place: Place) -> None:
    spoken = NOW - timedelta(hours=30)
    quiet = [place.mention(f"Acme, says person {one}", at=spoken + timedelta(minutes=1)) for one in range(1_001)]
    heard = replace(place.mention("Acme, says everybody", at=spoken), engagement=Engagement(likes=900))
    place.save([heard, *quiet], label=Label.NEGATIVE)

    told = place.run("digest").out

    assert "1,002 mentions" in told
    assert "> Acme, says everybody" in told
    assert place.run("report", "Acme", "--since", "7d", "--output", "acme.html").code == 0
    page = (place.folder / "acme.html").read_text(encoding="utf-8")
    assert "says everybody" in page.partition('id="mentions"')[2].partition("</li>")[0]


def test_a_preview_is_one_page_with_its_pictures_in_it(filled: Place) -> None:
    answer = filled.run("digest", "--preview", "digest.html")

    page = (filled.folder / "digest.html").read_text(encoding="utf-8")
    assert answer.code == 0
    assert answer.out == ""
    assert "data:image/png;base64," in page
    assert "cid:" not in page
    assert count(filled, "digests") == 0


def test_a_preview_can_be_a_mail(filled: Place) -> None:
    answer = filled.run("digest", "--preview", "digest.eml")

    message = message_from_bytes((filled.folder / "digest.eml").read_bytes(), policy=policy.default)
    assert answer.code == 0
    assert message["To"] == "listener@localhost"
    assert message.is_multipart()


def test_sending_delivers_keeps_and_never_sends_twice(filled: Place) -> None:
    behaviour = Behaviour()
    with MailServer(behaviour) as server:
        mail_config(filled, server.port)
        first = filled.run("digest", "--send")
        second = filled.run("digest", "--send")

    assert (first.code, second.code) == (0, 0)
    assert "sent: mail to team@example.org" in first.err
    assert len(behaviour.received) == 1
    assert count(filled, "digests") == 1


@pytest.mark.parametrize("times", [1, 9])
def test_a_digest_that_was_made_while_something_is_erased_is_made_anew(
    filled: Place, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    secret = [filled.mention(f"Acme zyxword{one}", at=NOW - timedelta(hours=30)) for one in range(times)]
    filled.save(secret)
    render = reporting.render_digest_of

    def rendered(*given: Any) -> Any:
        made = render(*given)
        if secret:
            with filled.store() as store:
                store.erasure.forget_named("hackernews", secret.pop().id, now=NOW)
        return made

    monkeypatch.setattr(reporting, "render_digest_of", rendered)
    with MailServer(Behaviour()) as server:
        mail_config(filled, server.port)
        answer = filled.run("digest", "--send")
        sent = len(server.behaviour.received)
    with closing(sqlite3.connect(filled.database)) as connection:
        texts = [text for (text,) in connection.execute("SELECT text FROM digests")]

    assert (answer.code, sent, len(texts)) == ((0, 1, 1) if times == 1 else (1, 0, 0))
    assert not any("zyxword" in text for text in texts)


def test_a_period_has_one_digest_also_where_a_brand_is_added(filled: Place) -> None:
    with MailServer(Behaviour()) as server:
        mail_config(filled, server.port)
        assert filled.run("digest", "--send").err == "sent: mail to team@example.org\n"
        filled.configure(filled.config_file.read_text(encoding="utf-8") + '[[brands]]\nname = "Initech"\n')
        again = filled.run("digest", "--send")

        assert again.code == 0
        assert again.err == "sent: mail to team@example.org\n"
        assert len(server.behaviour.received) == 1
    assert count(filled, "digests") == 1


def test_a_sender_that_is_no_address_is_told_with_its_option_before_anything_is_kept(filled: Place) -> None:
    mail_config(filled, 9)
    filled.configure(filled.config_file.read_text(encoding="utf-8").replace("listener@example.org", "me"))

    answer = filled.run("digest", "--send")

    assert answer.code == 2
    assert "mail.sender: " in answer.err
    assert (count(filled, "digests"), count(filled, "outbox")) == (0, 0)


def test_a_server_that_is_down_leaves_the_digest_in_the_outbox(filled: Place) -> None:
    mail_config(filled, 9)

    answer = filled.run("digest", "--send")

    assert answer.code == 1
    assert "not sent: mail to team@example.org" in answer.err
    assert "waits in the outbox for another try" in answer.err
    assert count(filled, "outbox") == 1
    said = next(line for line in filled.run("status").out.splitlines() if "team@example.org" in line)
    assert said.startswith("outbox    mail to team@example.org, since 2026-11-20 ")
    assert "mail server 127.0.0.1:9 cannot be reached" in said
    assert said.endswith("; waits for another try")


def test_a_digest_that_another_process_has_in_hand_is_not_called_untried(filled: Place) -> None:
    mail_config(filled, 9)
    filled.run("digest", "--send")
    with closing(sqlite3.connect(filled.database)) as store, store:
        store.execute("UPDATE outbox SET last_error = NULL, next_try_at = next_try_at + 300")

    assert "another process has it in hand" in filled.run("digest", "--send").err


def test_what_was_given_up_is_sent_once_the_cause_is_mended_and_somebody_asks_again(filled: Place) -> None:
    behaviour = Behaviour(refuse={"team@example.org": "550 5.1.1 no such user"})
    with MailServer(behaviour) as server:
        mail_config(filled, server.port)
        refused, still = filled.run("digest", "--send"), filled.run("digest", "--send")
        told = filled.run("status")
        behaviour.refuse = {}
        taken, again = filled.run("digest", "--send"), filled.run("digest", "--send")

    assert [one.code for one in (refused, still, taken, again)] == [1, 1, 0, 0]
    assert "; given up" in refused.err
    assert "outbox    mail to team@example.org, since 2026-11-20 13:30: " in told.out
    assert "; given up\n" in told.out
    assert '"listener digest --send" tries a digest that was given up again' in told.out
    assert json.loads(filled.run("status", "--format", "json").out)["outbox"]["errors"] == []
    assert len(behaviour.received) == 1
    assert count(filled, "outbox") == 1


def test_what_waits_for_another_try_is_tried_at_once_where_somebody_asks(filled: Place) -> None:
    behaviour = Behaviour(refuse={"team@example.org": "450 4.2.0 come back later"})
    with MailServer(behaviour) as server:
        mail_config(filled, server.port)
        assert [filled.run("digest", "--send").code for _ in range(3)] == [1, 1, 1]
        behaviour.refuse = {}
        assert filled.run("digest", "--send").code == 0
    assert len(behaviour.received) == 1


def test_a_digest_of_which_something_was_erased_is_not_sent_again(filled: Place) -> None:
    behaviour = Behaviour(refuse={"team@example.org": "550 5.1.1 no such user"})
    with MailServer(behaviour) as server:
        mail_config(filled, server.port)
        filled.run("digest", "--send")
        behaviour.refuse = {}
        with closing(sqlite3.connect(filled.database)) as connection, connection:
            connection.execute("UPDATE digests SET text = '', html = NULL")  # as erasure leaves it
        assert filled.run("digest", "--send").code == 1
    assert behaviour.received == []


def test_sending_without_a_mail_server_says_what_to_set(filled: Place) -> None:
    answer = filled.run("digest", "--send")

    assert answer.code == 1
    assert "set host in [mail] and to in [digest]" in answer.err
    assert count(filled, "digests") == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--preview", "digest.pdf"), "written as html or eml"),
        (("--preview", "digest.html", "--send"), "first look, then send"),
        (("--on", "2026-12-24"), "still to come"),
        (("--on", "someday"), "is not a time"),
    ],
)
def test_wrong_requests_are_refused(filled: Place, arguments: tuple[str, ...], words: str) -> None:
    answer = filled.run("digest", *arguments)

    assert answer.code == 2
    assert words in answer.err


def test_a_day_that_is_not_over_is_not_sent(filled: Place) -> None:
    mail_config(filled, 9)

    answer = filled.run("digest", "--on", "today", "--send")

    assert answer.code == 2
    assert "not over yet" in answer.err
    assert count(filled, "digests") == 0
