"""The simulated server does what tests ask of it, faults included."""

from __future__ import annotations

import pytest
import requests

from bounds import within_a_minute
from servers.web import Answer, Request, SimulatedServer


class Echo(SimulatedServer):
    def route(self, request: Request) -> Answer:
        if request.path == "/broken":
            raise KeyError(request.path)
        return Answer.json({"path": request.path, "q": request.param("q"), "empty": request.empty_page})


def get(server: SimulatedServer, path: str = "/x", **options: object) -> requests.Response:
    with requests.Session() as session:
        return session.get(server.url + path, timeout=5, **options)


def test_an_answer_comes_back_and_the_request_is_logged() -> None:
    with Echo() as server:
        answer = get(server, "/items?q=acme%20kettle", headers={"X-Key": "k"})
        assert answer.json() == {"path": "/items", "q": "acme kettle", "empty": False}
        assert [(r.method, r.path, r.param("q"), r.headers["x-key"]) for r in server.requests] == [
            ("GET", "/items", "acme kettle", "k")
        ]


def test_a_fault_is_used_up_and_the_next_request_is_answered() -> None:
    with Echo() as server:
        server.fault("status", status=429, headers={"Retry-After": "3"})
        refused = get(server)
        assert (refused.status_code, refused.headers["Retry-After"]) == (429, "3")
        assert get(server).status_code == 200


def test_a_fault_with_a_predicate_waits_for_its_request() -> None:
    with Echo() as server:
        server.fault("status", status=503, when=lambda request: request.path == "/b")
        assert get(server, "/a").status_code == 200
        assert get(server, "/b").status_code == 503
        assert get(server, "/b").status_code == 200


@pytest.mark.parametrize("kind", ["cut", "reset"])
def test_a_broken_connection_is_seen_as_one(kind: str) -> None:
    with Echo() as server:
        server.fault(kind)
        with pytest.raises(requests.RequestException):
            get(server)


def test_truncated_json_is_a_whole_answer_that_cannot_be_read() -> None:
    with Echo() as server:
        server.fault("truncated_json")
        answer = get(server)
        with pytest.raises(requests.JSONDecodeError):
            answer.json()


def test_an_empty_page_is_told_to_the_simulator() -> None:
    with Echo() as server:
        server.fault("empty_page")
        assert get(server).json()["empty"] is True


def test_a_gzip_bomb_unpacks_to_its_size() -> None:
    with Echo() as server:
        server.fault("gzip_bomb", size=8 << 20)
        assert len(get(server).content) == 8 << 20


@pytest.mark.parametrize("kind", ["slow_body", "huge", "hang"])
def test_a_stop_ends_answers_without_end(kind: str) -> None:
    with Echo() as server, requests.Session() as session:
        server.fault(kind)
        try:
            session.get(server.url, stream=True, timeout=0.2)
        except requests.ReadTimeout:
            assert kind == "hang"
        with within_a_minute():
            server.stop()


def test_a_failing_simulator_fails_the_test() -> None:
    server = Echo().start()
    assert get(server, "/broken").status_code == 500
    with pytest.raises(AssertionError, match="KeyError"):
        server.stop()
