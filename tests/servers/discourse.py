"""Simulate a Discourse forum: its latest posts by number, as versions before and after 2024 give them.

Written by hand after docs.discourse.org, the code of the posts controller and a recorded
answer (seen 2026-11-22); the content is made up.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from servers.web import Answer, Request, SimulatedServer

SPAN = 50


def post(number: int, second: float, cooked: str = "<p>My Acme kettle leaks.</p>", *, place: int = 1, **fields: Any):
    """Return a post as /posts.json gives it; `place` 1 begins a topic."""
    at = datetime.fromtimestamp(second, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {
        "id": number,
        "name": "Ada",
        "username": "ada",
        "user_id": 7,
        "created_at": at,
        "updated_at": at,
        "cooked": cooked,
        "raw": "My Acme kettle leaks.",
        "post_number": place,
        "post_type": 1,
        "reply_count": 2,
        "reply_to_post_number": None,
        "reads": 30,
        "topic_id": 11,
        "topic_slug": "all-about-kettles",
        "topic_title": "All about kettles",
        "actions_summary": [{"id": 2, "count": 4}, {"id": 3, "count": 9}],
        "hidden": False,
        "user_deleted": False,
        "deleted_at": None,
        "version": 1,
        **fields,
    }


class Discourse(SimulatedServer):
    """Serve `posts`, the highest number first; `by_count` is how later versions cut their answers."""

    def __init__(self, posts: list[dict[str, Any]], *, by_count: bool = False, path: str = "") -> None:
        super().__init__()
        self.posts = posts
        self.by_count = by_count
        self.path = path
        self.hidden_from_all: set[int] = set()

    def route(self, request: Request) -> Answer:
        if single := re.fullmatch(rf"{re.escape(self.path)}/posts/(\d+)\.json", request.path):
            return self._single(int(single[1]))
        if request.path != f"{self.path}/posts.json":
            return Answer.json({"errors": ["The requested URL could not be found."]}, status=404)
        highest = int(request.param("before", "0")) or max((one["id"] for one in self.posts), default=0)
        low = 0 if self.by_count else highest - SPAN
        found = sorted((one for one in self.posts if low < one["id"] <= highest), key=lambda one: -one["id"])
        return Answer.json({"latest_posts": [] if request.empty_page else found[:SPAN]})

    def _single(self, number: int) -> Answer:
        """Return one post, which names no title of its topic; `hidden_from_all` are those in a category of members."""
        if number in self.hidden_from_all:
            told = {"errors": ["You are not permitted to view the requested resource."], "error_type": "invalid_access"}
            return Answer.json(told, status=403)
        found = next((one for one in self.posts if one["id"] == number), None)
        if found is None:
            told = {"errors": ["The requested URL or resource could not be found."], "error_type": "not_found"}
            return Answer.json(told, status=404)
        return Answer.json({name: value for name, value in found.items() if name != "topic_title"})


def limited(seconds: int) -> dict[str, Any]:
    """Return what a fault of the kind `status` needs to answer as a forum that asks to slow down."""
    return {
        "status": 429,
        "headers": {"Retry-After": str(seconds), "Discourse-Rate-Limit-Error-Code": "ip_10_secs_limit"},
        "body": f'{{"errors": ["slow down"], "error_type": "rate_limit", "extras": {{"wait_seconds": {seconds}}}}}',
    }
