"""Simulate the message board that the example of a plug-in reads."""

from __future__ import annotations

from typing import Any

from servers.web import Answer, Request, SimulatedServer


class Board(SimulatedServer):
    """Serve `posts` (id, at, by, text), two a page, newest first."""

    def __init__(self, posts: list[dict[str, Any]]) -> None:
        super().__init__()
        self.posts = posts

    def route(self, request: Request) -> Answer:
        since, until, page = (int(request.param(name, "0")) for name in ("since", "until", "page"))
        within = sorted((one for one in self.posts if since <= one["at"] < until), key=lambda one: -one["at"])
        return Answer.json({"posts": within[2 * (page - 1) : 2 * page], "more": len(within) > 2 * page})
