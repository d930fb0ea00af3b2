"""A one-shot command that a signal interrupts stores its page and ends as shells tell of that signal."""

from __future__ import annotations

import os
import signal
from datetime import timedelta
from pathlib import Path

import pytest

from listener.service import Stop, stop_on_signals
from running.site import NOW, Site, hackernews_table, hits
from servers.hackernews import HackerNews
from servers.web import Request

SIGNALS = [(signal.SIGINT, 130), (signal.SIGTERM, 143)]


class AtRequest:
    """Send this process a signal as its n-th request comes in; the request is answered as ever."""

    def __init__(self, number: int, sent: signal.Signals) -> None:
        self._left = number
        self._sent = sent

    def __call__(self, _request: Request) -> bool:
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), self._sent)
        return False


@pytest.mark.parametrize(("number", "code"), SIGNALS)
def test_a_collection_that_is_interrupted_keeps_its_pages_says_so_and_goes_on(
    tmp_path: Path, number: signal.Signals, code: int
) -> None:
    with HackerNews(hits(60)) as server:
        whole = Site(tmp_path / "whole", hackernews_table(server, hits_per_page=10))
        assert whole.collect().code == 0
        site = Site(tmp_path / "cut", hackernews_table(server, hits_per_page=10))
        server.fault("reset", when=AtRequest(3, number))
        ended = site.collect()
        assert ended.code == code
        assert ended.err.endswith("stopped; run it again to go on\n")
        assert ended.rows()["hackernews"]["pages"] in {1, 2, 3}
        assert site.collect().code == 0
        assert site.dump() == whole.dump()


@pytest.mark.parametrize(("number", "code"), SIGNALS)
def test_looking_again_that_is_interrupted_says_so(tmp_path: Path, number: signal.Signals, code: int) -> None:
    with HackerNews(hits(60)) as server:
        site = Site(tmp_path, hackernews_table(server, items_url=server.url))
        assert site.collect().code == 0
        server.fault("reset", when=AtRequest(1, number))
        ended = site.run("recheck", now=NOW + timedelta(days=1))
    assert ended.code == code
    assert ended.err.endswith("stopped; run it again to go on\n")


@pytest.mark.parametrize(("number", "code"), SIGNALS)
def test_the_second_signal_ends_a_command_at_once(number: signal.Signals, code: int) -> None:
    stop = Stop()
    with stop_on_signals(stop) as asked:
        os.kill(os.getpid(), number)
        assert (stop.is_set(), asked.exit_code) == (True, code)
        with pytest.raises(SystemExit) as ended:
            os.kill(os.getpid(), number)
    assert ended.value.code == code


def test_a_collection_that_nobody_interrupts_ends_with_0(tmp_path: Path) -> None:
    with HackerNews(hits(3)) as server:
        ended = Site(tmp_path, hackernews_table(server)).collect()
    assert (ended.code, "stopped" in ended.err) == (0, False)
