"""A service that Apprise talks to costs no more than its time and room, and takes each piece of a text once."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import pytest

import reports.patience
import reports.requesting
from listener.errors import TransientDeliveryError
from listener.protocols import Notification
from reports.notify import AppriseNotifier
from servers.dripping import Dripping
from servers.web import MEBIBYTE, Answer, Request, SimulatedServer

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:apprise", "ignore:.*imghdr:DeprecationWarning")

DIGEST = Notification(key="digest:1", kind="digest", subject="A day", text="Quiet.")
LONG = Notification(key="digest:2", kind="digest", subject="A day", text="\n".join(f"line {n}" for n in range(9000)))
SECONDS = 0.5


class Hook(SimulatedServer):
    """Take what is posted, but for the pieces of a long text that hold `refused`."""

    def __init__(self) -> None:
        super().__init__()
        self.refused = "\0"

    def route(self, request: Request) -> Answer:
        return Answer(status=503 if self.refused in request.json()["message"] else 200)

    @property
    def asked(self) -> list[str]:
        return [request.json()["message"] for request in self.requests]


@pytest.fixture
def hook() -> Iterator[Hook]:
    with Hook() as server:
        yield server


@pytest.fixture(autouse=True)
def short_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait no longer than a test should; load Apprise before."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        AppriseNotifier("json://127.0.0.1:9").check()
    monkeypatch.setattr(reports.requesting, "_SECONDS", SECONDS)


def notifier(server: Hook | Dripping, scheme: str = "json") -> AppriseNotifier:
    return AppriseNotifier(server.url.replace("http://", f"{scheme}://") + "/room")


@pytest.mark.parametrize("begin", [b"HTTP/1.1 ", b"HTTP/1.1 503 No\r\nX-Room: ", b"HTTP/1.1 503 No\r\n\r\n"])
def test_a_service_that_drips_its_answer_is_left(begin: bytes) -> None:
    with Dripping(begin) as server:
        with pytest.raises(TransientDeliveryError):
            notifier(server).send(DIGEST)
        assert server.served in ([], [False])


@pytest.mark.parametrize("kind", ["huge", "gzip_bomb", "slow_body", "cut"])
def test_a_message_that_was_taken_is_not_sent_again_for_what_its_answer_ends_like(hook: Hook, kind: str) -> None:
    hook.fault(kind, size=600 * MEBIBYTE)
    notifier(hook).send(DIGEST)
    assert len(hook.requests) == 1


def test_no_more_than_the_begin_of_an_answer_is_kept(hook: Hook, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = []
    take = reports.requesting._take_body
    monkeypatch.setattr(reports.requesting, "_take_body", lambda answer: (take(answer), kept.append(answer)))
    hook.fault("gzip_bomb", size=64 * MEBIBYTE)
    notifier(hook).send(DIGEST)
    assert [len(answer.content) for answer in kept] == [MEBIBYTE]


def test_a_delivery_without_end_is_left_behind_and_no_other_begun_beside_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports.patience, "_SECONDS", SECONDS)
    with Dripping(b"220-", speaks_first=True) as server:
        mail = AppriseNotifier(f"mailto://ann:secret@127.0.0.1:{server.port}?to=ann@example.org&from=ann@example.org")
        with pytest.raises(TransientDeliveryError, match="did not come to an end"):
            mail.send(DIGEST)
        with pytest.raises(TransientDeliveryError, match="not come to an end with a message from before"):
            mail.send(DIGEST)


def test_one_that_hangs_keeps_no_other_waiting(hook: Hook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports.patience, "_SECONDS", SECONDS)
    hook.fault("hang", when=lambda request: request.path == "/slow")
    slow = AppriseNotifier(hook.url.replace("http://", "json://") + "/slow?rto=60")
    with pytest.raises(TransientDeliveryError):
        slow.send(DIGEST)
    notifier(hook).send(DIGEST)
    assert len(hook.requests) == 2


def test_of_a_text_in_pieces_each_is_taken_once(hook: Hook) -> None:
    room = notifier(hook)
    hook.refused = "line 5000\n"
    with pytest.raises(TransientDeliveryError, match="503"):
        room.send(LONG)
    first = hook.asked
    hook.refused = "\0"
    room.send(LONG)
    second = hook.asked[len(first) :]

    assert "line 5000\n" in first[-1]
    assert first[-1] == second[0]
    assert "".join("".join(first[:-1] + second).split()) == "".join(LONG.text.split())
    room.send(LONG)
    assert len(hook.asked) == len(first) + len(second) + len(first[:-1] + second)  # a message of its own, all of it


def test_an_answer_that_apprise_breaks_at_is_a_failure_like_others(hook: Hook) -> None:
    hook.fault("status", status=302, headers={"Location": "http://[bad/"})
    with pytest.raises(TransientDeliveryError, match="cannot read: ValueError"):
        notifier(hook).send(DIGEST)


def test_what_is_wrong_with_an_answer_tells_no_log_the_address(hook: Hook, caplog: pytest.LogCaptureFixture) -> None:
    hook.fault("status", status=200, headers={"Odd name without": "", "\r\nno colon": ""})
    notifier(hook).send(DIGEST)
    assert "/room" not in caplog.text
