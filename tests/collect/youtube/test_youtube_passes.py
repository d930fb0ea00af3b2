"""Passes over YouTube catch up, wait for the quota, and keep texts as long as its terms allow."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from collect.youtube_reading import talked_of
from listener.api import (
    to_epoch,
    utc_now,
)
from listener.config import load_config
from listener.wiring import retention_of
from running.site import NOW, Site
from servers.youtube import YouTube, comment, thread, video

if TYPE_CHECKING:
    from pathlib import Path


def table(server: YouTube) -> str:
    return f'[sources.youtube]\nbase_url = "{server.url}"\n'


def ago(**span: float) -> int:
    return to_epoch(NOW - timedelta(**span))


def test_first_run_and_catching_up_after_two_days(tmp_path: Path) -> None:
    with YouTube([video(1, ago(hours=3)), video(2, ago(days=3))]) as server:
        talked_of(server, 0, thread(comment("c1", ago(hours=1))), thread(comment("c2", ago(hours=1), "nothing of it")))
        site = Site(tmp_path, table(server))
        assert site.collect().rows()["youtube"]["new"] == 2
        server.videos += [video(10 + n, ago(hours=-n)) for n in range(47)]
        talked_of(server, 0, thread(comment("c3", ago(hours=-30))))
        assert site.collect(now=NOW + timedelta(days=2)).rows()["youtube"]["new"] == 48
        assert {state for (state,) in site.rows("SELECT state FROM windows")} == {"drained"}
        kinds = site.rows("SELECT kind, count(*) FROM mentions GROUP BY kind ORDER BY kind")
        assert kinds == [("comment", 2), ("video", 48)]


def test_the_quota_lets_the_window_wait_and_the_next_day_goes_on_where_it_stopped(tmp_path: Path) -> None:
    with YouTube([video(n, ago(minutes=10 + 5 * n)) for n in range(130)], quota=2) as server:
        site = Site(tmp_path, table(server))
        ended = site.collect()
        assert (ended.code, ended.rows()["youtube"]["state"], ended.rows()["youtube"]["new"]) == (3, "capped", 100)
        assert site.rows("SELECT state FROM windows") == [("budget",)]
        assert site.rows("SELECT retry_at > ? FROM source_states", to_epoch(utc_now())) == [(1,)]
        server.quota = 100
        assert site.collect().rows()["youtube"]["new"] == 30
        assert server.searches == 2 + 1  # both brands share a search


def test_a_wrong_key_is_told_and_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with YouTube([video(1, ago(hours=3))]) as server:
        site = Site(tmp_path, table(server))
        with monkeypatch.context() as patch:
            patch.setenv("YOUTUBE_API_KEY", "a-wrong-key")
            ended = site.collect()
            assert (ended.code, ended.rows()["youtube"]["state"]) == (3, "wrong_key")
            assert "a-wrong-key" not in ended.out + ended.err
        assert site.collect().rows()["youtube"]["new"] == 1


@pytest.mark.parametrize(
    ("listener", "own", "days"),
    [("", "", 30), ('retention = "7d"', "", 7), ('retention = "90d"', "", 30), ("", '"60d"', 60)],
)
def test_texts_are_kept_for_thirty_days_at_most_unless_the_file_says_otherwise(
    tmp_path: Path, listener: str, own: str, days: int
) -> None:
    file = tmp_path / "config.toml"
    written = f"[listener]\n{listener}\n[[brands]]\nname = 'Acme'\n[sources.youtube]\n"
    file.write_text(written + (f"retention = {own}\n" if own else "") + "[sources.hackernews]\n")
    retention = retention_of(load_config(file))
    assert retention.by_source == {"youtube": timedelta(days=days)}
