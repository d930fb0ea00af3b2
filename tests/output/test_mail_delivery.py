"""Mail is handed to a real server on loopback, and what it answers decides what is raised."""

from __future__ import annotations

import asyncio
import socket
import ssl
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from listener.api import Notification, Notifier, PermanentDeliveryError, Secret, TransientDeliveryError
from listener.errors import UsageError
from reports.mail import MailNotifier
from servers.dripping import Dripping
from servers.smtp import Behaviour, MailServer

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 20, 2, 30, tzinfo=UTC)
PNG = b"\x89PNG\r\n\x1a\n" + b"made-up" * 9


@pytest.fixture
def password(monkeypatch: pytest.MonkeyPatch) -> Secret:
    monkeypatch.setenv("TEST_MAIL_PASSWORD", "correct horse")
    return Secret(env="TEST_MAIL_PASSWORD")


def made_notification(**known: object) -> Notification:
    fields: dict[str, object] = {
        "key": "digest:daily:2026-11-19:Acme",
        "kind": "digest",
        "subject": "Acme 42 mentions",
        "text": "Acme: 42 mentions. आज़ाद ایکمی\n",
        "html": '<html><body><p>Acme</p><img src="cid:chart-1" alt="a chart"></body></html>',
        "images": (("chart-1", PNG, "a chart"),),
    }
    return Notification(**{**fields, **known})  # type: ignore[arg-type]


def notifier_for(server: MailServer | Dripping, **known: object) -> MailNotifier:
    fields: dict[str, object] = {
        "host": "127.0.0.1",
        "port": server.port,
        "security": "none",
        "sender": "Listener <listener@example.org>",
        "recipients": ["team@example.org"],
        "timeout_seconds": 5.0,
        "now": lambda: NOW,
    }
    return MailNotifier(**{**fields, **known})  # type: ignore[arg-type]


def trusting(certificate: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(certificate))


def test_a_digest_arrives_with_text_html_and_picture() -> None:
    with MailServer(Behaviour()) as server:
        notifier = notifier_for(server)
        notifier.send(made_notification())
        (received,) = server.behaviour.received
    message = received.message
    assert received.recipients == ["team@example.org"]
    assert message["To"] == "team@example.org"
    assert message["Date"].datetime == NOW
    plain, related = message.iter_parts()
    assert plain.get_content().splitlines() == ["Acme: 42 mentions. आज़ाद ایکمی"]
    page, picture = related.iter_parts()
    assert 'src="cid:chart-1"' in page.get_content()
    assert picture["Content-ID"] == "<chart-1>"
    assert picture.get_content() == PNG
    assert isinstance(notifier, Notifier)


def test_mail_travels_under_tls_and_the_password_with_it(certificate: Path, password: Secret) -> None:
    with MailServer(Behaviour(), certificate=certificate, implicit_tls=True, login=("ada", "correct horse")) as server:
        options = {"security": "tls", "user": "ada", "password": password, "context": trusting(certificate)}
        notifier_for(server, **options).send(made_notification())
        assert server.logins == ["ada"]
        assert len(server.behaviour.received) == 1


def test_mail_travels_after_starttls(certificate: Path) -> None:
    with MailServer(Behaviour(), certificate=certificate) as server:
        notifier_for(server, security="starttls", context=trusting(certificate)).send(made_notification())
        assert len(server.behaviour.received) == 1


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_certificate_nobody_vouches_for_is_refused_until_it_is_another(certificate: Path, security: str) -> None:
    with MailServer(Behaviour(), certificate=certificate, implicit_tls=security == "tls") as server:
        with pytest.raises(TransientDeliveryError, match=r"certificate that cannot be verified: .* SSL_CERT_FILE"):
            notifier_for(server, security=security).send(made_notification())
        assert server.behaviour.received == []


def test_a_server_without_starttls_gets_nothing_where_starttls_is_wanted() -> None:
    with MailServer(Behaviour()) as server:
        with pytest.raises(PermanentDeliveryError, match="STARTTLS"):
            notifier_for(server, security="starttls").send(made_notification())
        assert server.behaviour.received == []


def test_a_password_is_not_sent_without_encryption_to_another_machine(password: Secret) -> None:
    notifier = MailNotifier(
        host="mail.invalid",
        security="none",
        user="ada",
        password=password,
        sender="listener@example.org",
        recipients=["team@example.org"],
    )
    with pytest.raises(PermanentDeliveryError, match="without encryption"):
        notifier.send(made_notification())


def test_a_password_may_travel_plainly_within_this_machine(password: Secret) -> None:
    with MailServer(Behaviour(), login=("ada", "correct horse")) as server:
        notifier_for(server, user="ada", password=password).send(made_notification())
        assert len(server.behaviour.received) == 1


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
def test_user_and_password_may_have_letters_beyond_ascii(mechanism: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_MAIL_PASSWORD", "pässwört €")
    with MailServer(Behaviour(), login=("jürgen", "pässwört €"), mechanism=mechanism) as server:
        notifier_for(server, user="jürgen", password=Secret(env="TEST_MAIL_PASSWORD")).send(made_notification())
        assert len(server.behaviour.received) == 1


def test_a_refused_password_is_permanent_and_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_MAIL_PASSWORD", "wrong-and-secret")
    with (
        MailServer(Behaviour(), login=("ada", "correct horse")) as server,
        pytest.raises(PermanentDeliveryError, match="TEST_MAIL_PASSWORD") as caught,
    ):
        notifier_for(server, user="ada", password=Secret(env="TEST_MAIL_PASSWORD")).send(made_notification())
    assert "wrong-and-secret" not in str(caught.value)


def test_a_login_that_cannot_be_judged_now_is_transient(password: Secret) -> None:
    with (
        MailServer(Behaviour(), login=("ada", "other"), login_code=b"454 4.7.0 come back later") as server,
        pytest.raises(TransientDeliveryError, match="454"),
    ):
        notifier_for(server, user="ada", password=password).send(made_notification())


def test_a_server_that_offers_no_way_to_log_in_is_not_asked_again(password: Secret) -> None:
    with (
        MailServer(Behaviour(), login=("ada", "correct horse"), without_mechanisms=True) as server,
        pytest.raises(PermanentDeliveryError, match="no way to log in"),
    ):
        notifier_for(server, user="ada", password=password).send(made_notification())


def test_tls_on_a_port_that_speaks_plainly_is_said_to_be_the_wrong_setting() -> None:
    with MailServer(Behaviour()) as server, pytest.raises(PermanentDeliveryError, match="check the port and security"):
        notifier_for(server, security="tls").send(made_notification())


def test_a_key_that_is_sent_again_after_many_others_is_still_sent() -> None:
    with MailServer(Behaviour(refuse={"late@example.org": "450 4.2.1 busy"})) as server:
        notifier = notifier_for(server, recipients=["late@example.org"])
        for number in range(4):
            with pytest.raises(TransientDeliveryError):
                notifier.send(made_notification(key=str(number % 2)))
        server.behaviour.refuse = {}
        notifier.send(made_notification(key="0"))
        notifier.send(made_notification(key="1"))
        assert len(server.behaviour.received) == 2


def test_a_password_that_is_not_at_its_place_is_looked_for_again() -> None:
    with MailServer(Behaviour()) as server, pytest.raises(TransientDeliveryError, match="NOT_SET_ANYWHERE"):
        notifier_for(server, user="ada", password=Secret(env="NOT_SET_ANYWHERE")).send(made_notification())


@pytest.mark.parametrize(
    ("answer", "error"),
    [("451 4.3.0 busy", TransientDeliveryError), ("550 5.7.1 spam", PermanentDeliveryError)],
)
def test_the_answer_to_the_message_decides_whether_another_try_helps(answer: str, error: type[Exception]) -> None:
    with MailServer(Behaviour(data_answer=answer)) as server, pytest.raises(error, match=answer[:3]):
        notifier_for(server).send(made_notification())


class Thorough(Behaviour):
    """Look through a message for longer than any other reply may take."""

    async def handle_DATA(self, server: object, session: object, envelope: object) -> str:  # noqa: N802 - named and called by aiosmtpd
        await asyncio.sleep(0.6)
        return await super().handle_DATA(server, session, envelope)


def test_a_server_that_looks_through_a_message_is_waited_for_and_gets_it_once() -> None:
    with MailServer(Thorough()) as server:
        notifier_for(server, timeout_seconds=0.4).send(made_notification())
        assert len(server.behaviour.received) == 1


class Rude(Behaviour):
    """Take every message, and answer the good-bye with an error."""

    async def handle_QUIT(self, server: object, session: object, envelope: object) -> str:  # noqa: N802 - named and called by aiosmtpd
        return "554 5.3.0 who are you"


def test_what_a_server_says_after_it_took_the_message_is_no_failure() -> None:
    with MailServer(Rude()) as server:
        notifier_for(server).send(made_notification())
        assert len(server.behaviour.received) == 1


def test_those_refused_are_named_and_the_others_have_their_mail() -> None:
    refusing = Behaviour(refuse={"gone@example.org": "550 5.1.1 no such user"})
    with MailServer(refusing) as server:
        notifier = notifier_for(server, recipients=["a@example.org", "gone@example.org", "b@example.org"])
        with pytest.raises(PermanentDeliveryError, match=r"gone@example.org \(550 .*2 others accepted") as caught:
            notifier.send(made_notification())
    assert "a@example.org" not in str(caught.value)
    assert [received.recipients for received in refusing.received] == [["a@example.org"], ["b@example.org"]]


def test_trying_again_after_a_partial_refusal_reaches_only_the_others() -> None:
    busy = Behaviour(refuse={"late@example.org": "450 4.2.1 mailbox busy"})
    with MailServer(busy) as server:
        notifier = notifier_for(server, recipients=["now@example.org", "late@example.org"])
        with pytest.raises(TransientDeliveryError, match="late@example"):
            notifier.send(made_notification())
        busy.refuse = {}
        notifier.send(made_notification())
    assert [received.recipients for received in busy.received] == [["now@example.org"], ["late@example.org"]]


def test_each_recipient_sees_only_their_own_address() -> None:
    with MailServer(Behaviour()) as server:
        notifier_for(server, recipients=["a@example.org", "b@example.org"]).send(made_notification())
        addressed = [received.message["To"] for received in server.behaviour.received]
    assert addressed == ["a@example.org", "b@example.org"]


def test_a_server_that_is_not_there_is_worth_another_try() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    notifier = MailNotifier(
        host="127.0.0.1",
        port=port,
        security="none",
        sender="listener@example.org",
        recipients=["team@example.org"],
        timeout_seconds=2.0,
    )
    with pytest.raises(TransientDeliveryError, match=f"127.0.0.1:{port}"):
        notifier.send(made_notification())


def test_a_server_that_says_nothing_is_given_up_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        notifier = MailNotifier(
            host="127.0.0.1",
            port=silent.getsockname()[1],
            security="none",
            sender="listener@example.org",
            recipients=["team@example.org"],
            timeout_seconds=0.2,
        )
        with pytest.raises(TransientDeliveryError):
            notifier.send(made_notification())


def test_checking_names_the_server_and_sends_nothing(password: Secret) -> None:
    with MailServer(Behaviour(), login=("ada", "correct horse")) as server:
        said = notifier_for(server, user="ada", password=password).check()
        assert f"127.0.0.1:{server.port}" in said
        assert "ada" in said
        assert server.behaviour.received == []


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"recipients": []}, "no recipient"),
        ({"recipients": ["not an address"]}, "not an address"),
        ({"sender": "a@example.org\nBcc: b@example.org"}, "not a mail address"),
        ({"security": "ssl"}, "tls, starttls and none"),
    ],
)
def test_what_cannot_work_is_said_before_anything_is_sent(wrong: dict[str, object], said: str) -> None:
    fields: dict[str, object] = {"host": "127.0.0.1", "sender": "a@example.org", "recipients": ["b@example.org"]}
    with pytest.raises(UsageError, match=said):
        MailNotifier(**{**fields, **wrong})  # type: ignore[arg-type]


def test_the_destination_names_the_recipients() -> None:
    notifier = MailNotifier(host="127.0.0.1", sender="a@example.org", recipients=["Team <b@example.org>"])
    assert notifier.destination == "mail to b@example.org"


@pytest.mark.parametrize(("begin", "seconds"), [(b"220-", 0.5), (b"220-mail\r\n" * 10_000, 30.0)])
def test_a_server_whose_greeting_never_ends_is_left(begin: bytes, seconds: float) -> None:
    with Dripping(begin, speaks_first=True) as server:
        notifier = MailNotifier(
            host="127.0.0.1",
            port=server.port,
            security="none",
            sender="listener@example.org",
            recipients=["team@example.org"],
            timeout_seconds=seconds,
        )
        with pytest.raises(TransientDeliveryError, match="broke off"):
            notifier.send(made_notification())
    assert not any(server.served)


@pytest.mark.parametrize("greeting", [b"22", b"HTTP/1.1 502 Bad Gateway\r\n"])
def test_what_is_no_reply_is_no_refusal(greeting: bytes) -> None:
    with Dripping(greeting, speaks_first=True, most=0) as server, pytest.raises(TransientDeliveryError):
        notifier_for(server).send(made_notification())


def test_a_server_that_hangs_up_while_tls_begins_is_worth_another_try() -> None:
    with Dripping(b"", most=0) as server, pytest.raises(TransientDeliveryError, match="while TLS began"):
        notifier_for(server, security="tls").send(made_notification())
