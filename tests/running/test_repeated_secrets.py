"""A service that repeats what it was asked with does not put a key into the store, the log or the terminal."""

from __future__ import annotations

from pathlib import Path

import pytest

from listener.logs import MASK
from running.site import Site
from servers.web import Answer, Request, SimulatedServer

KEYS = {
    "MADE_UP_YOUTUBE": "made-up-youtube-key-1",
    "MADE_UP_STACKEXCHANGE": "made*up-stack-key-2((",
    "MADE_UP_GITHUB": "made-up-github-token-3",
}
WORDS = ("youtube-key-1", "stack-key-2", "github-token-3", "feed-token-4")


class Echo(SimulatedServer):
    """Refuse every request with its own words."""

    def route(self, request: Request) -> Answer:
        said = f"{request.path} {request.query} {dict(request.headers)}"
        value = {"error": {"code": 400, "message": said, "errors": [{"message": said}]}, "error_message": said}
        return Answer.json({**value, "message": said}, status=400)


def test_a_key_that_a_service_repeats_is_kept_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    with Echo() as server:
        site = Site(
            tmp_path,
            f"""
            [sources.youtube]
            base_url = "{server.url}"
            api_key_env = "MADE_UP_YOUTUBE"
            [sources.stackexchange]
            base_url = "{server.url}"
            key_env = "MADE_UP_STACKEXCHANGE"
            [sources.github]
            base_url = "{server.url}"
            token_env = "MADE_UP_GITHUB"
            [sources.rss]
            feeds = ["{server.url}/feed?token=made-up-feed-token-4"]
            """,
            more='[log]\nlevel = "debug"\n',
        )
        collected = site.collect()
        asked = [f"{request.path} {request.query} {dict(request.headers)}" for request in server.requests]

    assert collected.code == 3
    assert all(any(word in one for one in asked) for word in WORDS)
    said = [site.run(*words) for words in (["status"], ["status", "--format", "json"], ["explain"], ["sources"])]
    told = "".join(one.out + one.err for one in (collected, *said))
    assert MASK in told
    assert [word for word in WORDS if word in told] == []
    kept = b"".join(file.read_bytes() for file in site.folder.glob("listener.db*"))
    assert MASK.encode() in kept
    assert [word for word in WORDS if word.encode() in kept] == []
