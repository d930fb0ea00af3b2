"""Alerts reach chat rooms, phones and web hooks; failures say whether another try makes sense, and hold no key."""

from __future__ import annotations

import base64
import logging
import subprocess
import sys
from pathlib import Path

import pytest

from cli.conftest import Place, place
from listener import wiring
from listener.config import load_config
from listener.errors import ConfigError, PermanentDeliveryError, TransientDeliveryError
from listener.logs import redact
from listener.protocols import Notification
from reports.notify import AppriseNotifier, split_urls
from servers.web import Answer, Request, SimulatedServer

__all__ = ["place"]

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:apprise", "ignore:.*imghdr:DeprecationWarning")
"""Apprise's hundred services use what is old in many a library; that is theirs to mend."""

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
ALERT = Notification(
    key="Acme/spike/1:opened",
    kind="alert",
    subject="Acme: 60 mentions\nin the last hour",
    text="60 mentions in the last hour, about 2 are usual. Größer als sonst: रॉकेट",
    html="<p>60 mentions</p>",
    images=(("chart-1", PNG, "a chart"),),
)


class Hook(SimulatedServer):
    """Take what is posted."""

    def __init__(self) -> None:
        super().__init__()
        self.taken: list[Request] = []

    def route(self, request: Request) -> Answer:
        self.taken.append(request)
        return Answer(status=200)


@pytest.fixture
def hook() -> Hook:
    with Hook() as server:
        yield server


def address(server: Hook) -> str:
    return server.url.replace("http://", "json://") + "/room/t0ps3cret"


def test_a_web_hook_gets_title_text_and_chart(hook: Hook) -> None:
    AppriseNotifier(address(hook)).send(ALERT)

    told = hook.taken[0].json()
    assert len(hook.taken) == 1
    assert told["title"] == "Acme: 60 mentions in the last hour"
    assert told["message"] == ALERT.text
    assert told["type"] == "warning"
    assert [base64.b64decode(one["base64"]) for one in told["attachments"]] == [PNG]


def test_what_a_stranger_wrote_wakes_no_room(hook: Hook) -> None:
    alert = Notification(key="1", kind="alert", subject="Acme: said “@here”", text="> @everyone <!channel> <users/all>")

    AppriseNotifier(address(hook)).send(alert)

    told = hook.taken[0].json()
    assert not any(call in told["title"] + told["message"] for call in ("@here", "@everyone", "<!", "<users"))


def test_a_digest_is_no_warning_and_needs_no_picture(hook: Hook) -> None:
    AppriseNotifier(address(hook)).send(Notification(key="digest:1", kind="digest", subject="A day", text="Quiet."))

    told = hook.taken[0].json()
    assert told["type"] == "info"
    assert not told.get("attachments")


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (503, TransientDeliveryError),
        (429, TransientDeliveryError),
        (500, TransientDeliveryError),
        (401, PermanentDeliveryError),
        (404, PermanentDeliveryError),
    ],
)
def test_what_a_service_answers_decides_whether_it_is_tried_again(
    hook: Hook, status: int, kind: type[Exception]
) -> None:
    hook.fault("status", status=status, times=3)

    with pytest.raises(kind, match=f"json .* answered {status}") as caught:
        AppriseNotifier(address(hook)).send(ALERT)

    assert "t0ps3cret" not in str(caught.value)


def test_a_service_that_is_not_there_is_tried_again() -> None:
    with Hook() as server:
        gone = address(server)

    with pytest.raises(TransientDeliveryError, match="cannot be reached"):
        AppriseNotifier(gone).send(ALERT)


def test_an_address_that_apprise_does_not_know_is_refused_without_showing_it() -> None:
    notifier = AppriseNotifier("nosuchservice://t0ps3cret/room")

    with pytest.raises(PermanentDeliveryError, match="knows no such address") as caught:
        notifier.check()
    with pytest.raises(PermanentDeliveryError):
        notifier.send(ALERT)

    assert "t0ps3cret" not in str(caught.value) + notifier.destination


def test_the_destination_names_the_service_and_tells_two_addresses_of_it_apart() -> None:
    one, other = AppriseNotifier("slack://aaa/bbb/ccc"), AppriseNotifier("slack://aaa/bbb/ddd")

    assert one.destination.startswith("slack (")
    assert one.destination == AppriseNotifier("slack://aaa/bbb/ccc").destination
    assert one.destination != other.destination
    assert "bbb" not in one.destination
    assert AppriseNotifier("t0ps3cret-without-scheme").destination.startswith("unreadable address (")


def test_what_apprise_logs_is_shown_to_nobody(hook: Hook, caplog: pytest.LogCaptureFixture) -> None:
    hook.fault("status", status=503, times=3)

    with caplog.at_level(logging.DEBUG, logger="apprise"), pytest.raises(TransientDeliveryError):
        AppriseNotifier(address(hook)).send(ALERT)

    assert "t0ps3cret" not in caplog.text
    assert logging.getLogger("apprise").propagate


def test_checking_sends_nothing(hook: Hook) -> None:
    assert "takes charts; nothing was sent" in AppriseNotifier(address(hook)).check()
    assert hook.taken == []


def test_addresses_are_separated_by_any_white_space_and_each_once() -> None:
    assert split_urls(" json://a  slack://b\n\tjson://a ") == ("json://a", "slack://b")


CONFIG = """
[[brands]]
name = "Acme"
[digest]
to = ["team@example.com"]
[mail]
host = "127.0.0.1"
[notify]
urls_env = "ACME_ROOMS"
"""


def test_every_address_and_every_recipient_is_a_destination_of_alerts_and_digests_go_by_mail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "config.toml"
    file.write_text(CONFIG, encoding="utf-8")
    monkeypatch.setenv("ACME_ROOMS", "json://127.0.0.1:9/h1dden json://127.0.0.1:9/other")

    config = load_config(file)
    alerts, digests = wiring.build_notifiers(config), wiring.digest_notifiers(config)
    file.write_text(CONFIG + "digest = true\n", encoding="utf-8")

    assert [one.name for one in alerts] == ["mail", "apprise", "apprise"]
    assert [one.name for one in digests] == ["mail"]
    assert [one.name for one in wiring.digest_notifiers(load_config(file))] == ["mail", "apprise", "apprise"]
    assert "h1dden" not in redact("cannot post to json://127.0.0.1:9/h1dden now")


def test_addresses_that_are_not_where_they_should_be_are_named_by_their_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "config.toml"
    file.write_text(CONFIG, encoding="utf-8")
    monkeypatch.delenv("ACME_ROOMS", raising=False)

    with pytest.raises(
        ConfigError, match=r"notify\.urls: no secret found; looked into environment variable ACME_ROOMS"
    ):
        wiring.build_notifiers(load_config(file))


def test_apprise_is_not_loaded_before_something_is_sent() -> None:
    code = "import sys; from reports.notify import AppriseNotifier; AppriseNotifier('json://a'); print('apprise' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "False"


def test_a_sample_alert_reaches_every_address_and_says_which(
    hook: Hook, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.configure('[[brands]]\nname = "Acme"\n[notify]\nurls_env = "ACME_ROOMS"\n')
    monkeypatch.setenv("ACME_ROOMS", address(hook))

    answer = place.run("alerts", "test")

    assert answer.code == 0
    assert "json (" in answer.out + answer.err
    assert "t0ps3cret" not in answer.out + answer.err
    assert "This is a test" in hook.taken[0].json()["message"]
