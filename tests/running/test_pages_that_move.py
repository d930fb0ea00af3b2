"""Where a list moves up between two pages of a sweep that was killed, nothing slips through between them."""

from __future__ import annotations

import signal
from datetime import timedelta
from pathlib import Path

import pytest

from running.site import NOW, PATIENCE, Site, wait_for
from servers.lemmy import Lemmy, post

POSTS = 160
OVERLAP = timedelta(hours=1)


@pytest.mark.slow
def test_a_deletion_after_a_kill_in_mid_sweep_hides_no_older_post(tmp_path: Path) -> None:
    newest = int(NOW.timestamp()) - 120
    made = [post(100 + number, newest - 500 * number) for number in range(POSTS)]  # 22 hours, far beyond the overlap
    with Lemmy(made[:]) as server:
        site = Site(
            tmp_path, f'[sources.lemmy]\ninstances = ["{server.url}"]\nlookback = "1d"\ninclude_comments = false\n'
        )
        asked: list[str] = []

        def is_third(request: object) -> bool:
            asked.append(str(request))
            return len(asked) == 3

        server.fault("hang", when=is_third)
        process = site.start("collect")
        wait_for(lambda: len(asked) >= 3, "the third page is asked for")
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=PATIENCE)
        before = {str(row[0]) for row in site.rows("SELECT native_id FROM mentions")}
        assert 0 < len(before) < POSTS  # killed between two pages, with more to come
        server.calm()
        del server.views[10:40]
        assert site.collect().code == 0
        stored = {str(row[0]) for row in site.rows("SELECT native_id FROM mentions")}
        assert {view["post"]["ap_id"] for view in server.views} <= stored
        assert {row[0] for row in site.rows("SELECT state FROM windows")} == {"drained"}
