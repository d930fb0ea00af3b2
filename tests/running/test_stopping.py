"""A stop ends the daemon soon, whatever it waits for: each client library, a look-up, the mail server.

What it waits for would last for ever. That what does not hear is left behind in less
than ten seconds is said by `listener.daemon.STOP_SECONDS` (tests/running/test_daemon.py).
"""

from __future__ import annotations

import json
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from listener.clock import utc_now
from listener.store import DigestSave, Store
from running.site import BRANDS, NOW, PATIENCE, Site, hackernews_table, hits, posts, wait_for, x_table
from servers.feeds import Feeds
from servers.hackernews import HackerNews
from servers.jetstream import Jetstream, post
from servers.lemmy import Lemmy
from servers.mastodon import Instance
from servers.x import X

pytestmark = [pytest.mark.slow, pytest.mark.measured]


def table(name: str, **options: object) -> str:
    lines = {"every": "1s", "jitter": "0s", **options}
    return f"[sources.{name}]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in lines.items())


@contextmanager
def serving(site: Site) -> Iterator[subprocess.Popen[str]]:
    """Run the daemon; it is gone at the end, whatever happened."""
    daemon = site.start("run", now=None, err=site.folder / "log")
    try:
        yield daemon
    finally:
        if daemon.poll() is None:
            daemon.kill()
            daemon.wait()


def stopped_in_time(site: Site, is_waiting: Callable[[], object]) -> str:
    """Stop the daemon once it waits for something; return its log."""
    with serving(site) as daemon:
        wait_for(lambda: daemon.poll() is not None or is_waiting(), "the daemon waits for its answer")
        assert daemon.poll() is None, (site.folder / "log").read_text()
        daemon.terminate()
        code = daemon.wait(timeout=PATIENCE)
    log = (site.folder / "log").read_text()
    assert code == 0, log
    assert "Traceback" not in log
    return log


@pytest.mark.parametrize(
    ("name", "kind"),
    [("mastodon", "slow_body"), ("mastodon", "hang"), ("x", "hang"), ("lemmy", "slow_body"), ("rss", "hang")],
)
def test_a_library_that_waits_for_a_body_or_for_an_answer_at_all_hears_the_stop(
    tmp_path: Path, name: str, kind: str
) -> None:
    servers = {"mastodon": Instance([]), "lemmy": Lemmy([]), "rss": Feeds(), "x": X([], now=utc_now())}
    with servers[name] as server:
        server.fault(kind, times=99)
        tables = {
            "mastodon": lambda: table("mastodon", instances=[server.url]),
            "lemmy": lambda: table("lemmy", instances=[server.url]),
            "rss": lambda: table("rss", feeds=[f"{server.url}/feed"], google_news=False),
            "x": lambda: x_table(server, every="1s", jitter="0s"),
        }
        log = stopped_in_time(Site(tmp_path, tables[name]()), lambda: server.requests)
    assert "stopped in mid job" not in log  # it heard, and was not left behind


class Dripping(Jetstream):
    """Send an event now and then, never the last."""

    def sent_since(self, oldest: int) -> Iterator[object]:
        pause = threading.Event()
        for number in range(1_000):
            yield post(number, oldest / 1e6 + number / 1_000, "nothing of interest")
            pause.wait(0.1)


def test_a_stream_that_drips_hears_the_stop(tmp_path: Path) -> None:
    with Dripping([]) as stream:
        site = Site(tmp_path, table("bluesky", base_url=stream.url, appview_url="http://127.0.0.1:9"))
        log = stopped_in_time(site, lambda: stream.asked)
    assert "stopped in mid job" not in log


def test_looking_again_hears_the_stop(tmp_path: Path) -> None:
    with X(posts(3, newest=utc_now()), now=utc_now()) as server:
        site = Site(
            tmp_path, x_table(server, every="1h", jitter="0s"), brands=f'recheck_after = ["60s", "1d"]\n{BRANDS}'
        )
        assert site.collect(now=utc_now()).code == 0
        with Store(site.database) as store:
            store._connection.execute("UPDATE mentions SET seen_at = seen_at - 120")
            store.rechecks.note_outcome("x", state="ok", message=None, retry_at=None, now=utc_now() - timedelta(days=1))
        server.fault("slow_body", times=99, when=lambda request: request.path == "/2/tweets")
        log = stopped_in_time(site, lambda: any(request.path == "/2/tweets" for request in server.requests))
    assert "stopped in mid job" not in log


STUCK = """
import socket
import threading

real = socket.getaddrinfo


def look_up(host, *rest, **more):
    if host == "stuck.example":
        open(NAME, "w").close()
        threading.Event().wait(3600)
    return real(host, *rest, **more)


socket.getaddrinfo = look_up
"""


def test_a_look_up_of_a_name_that_does_not_end_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "early"
    folder.mkdir()
    mark = tmp_path / "asked"
    (folder / "sitecustomize.py").write_text(STUCK.replace("NAME", repr(str(mark))), encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(folder))
    site = Site(tmp_path / "site", table("rss", feeds=["https://stuck.example/feed"], google_news=False))
    log = stopped_in_time(site, mark.exists)
    assert "stopped in mid job" in log


def test_a_mail_server_that_says_nothing_does_not_hold_up_the_stop(tmp_path: Path) -> None:
    with HackerNews(hits(3)) as server, closing(socket.create_server(("127.0.0.1", 0))) as silent:
        more = (
            '[digest]\nto = ["team@example.com"]\n[mail]\nhost = "127.0.0.1"\n'
            f'port = {silent.getsockname()[1]}\nsecurity = "none"\nsender = "listener@example.org"\n'
        )
        site = Site(tmp_path, hackernews_table(server, every="1h"), more=more)
        assert site.collect(now=utc_now()).code == 0
        with Store(site.database) as store:
            digest = DigestSave(key="k", since=NOW, until=NOW, subject="Acme", text="quiet", html=None)
            store.reports.save_digest(digest, ["mail to team@example.com"], now=NOW)
        silent.settimeout(PATIENCE)
        accepted: list[socket.socket] = []
        waiting = threading.Thread(target=lambda: accepted.append(silent.accept()[0]))
        waiting.start()
        stopped_in_time(site, lambda: accepted)
        waiting.join()
        accepted[0].close()
