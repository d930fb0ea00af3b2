"""Simulate a Lemmy instance: search by words in their order, newest first, by pages."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from servers.web import Answer, Request, SimulatedServer

MOST = 50


def _time(second: float) -> str:
    return datetime.fromtimestamp(second, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def creator(name: str = "ada", home: str = "home.example") -> dict[str, Any]:
    return {"id": 7, "name": name, "display_name": name.title(), "actor_id": f"https://{home}/u/{name}"}


def post(
    number: int, second: float, name: str = "My Acme kettle", body: str | None = None, **fields: Any
) -> dict[str, Any]:
    """Return a post as the search gives it."""
    item = {
        "id": number,
        "name": name,
        "body": body,
        "url": None,
        "published": _time(second),
        "ap_id": f"https://home.example/post/{number}",
        "deleted": False,
        "removed": False,
        **fields,
    }
    return {
        "post": item,
        "creator": creator(),
        "community": {"name": "kettles", "actor_id": "https://home.example/c/kettles"},
        "counts": {"score": 4, "upvotes": 5, "downvotes": 1, "comments": 2},
    }


def comment(
    number: int, second: float, content: str = "Acme leaks", *, path: str = "", **fields: Any
) -> dict[str, Any]:
    """Return a comment as the search gives it, on post 1."""
    view = post(1, second)
    view["comment"] = {
        "id": number,
        "content": content,
        "path": path or f"0.{number}",
        "published": _time(second),
        "ap_id": f"https://home.example/comment/{number}",
        "deleted": False,
        "removed": False,
        **fields,
    }
    view["counts"] = {"score": 1, "upvotes": 1, "downvotes": 0, "child_count": 3}
    return view


class Lemmy(SimulatedServer):
    """Serve `views`."""

    def __init__(self, views: list[dict[str, Any]]) -> None:
        super().__init__()
        self.views = views
        self.missing_status = 404

    def route(self, request: Request) -> Answer:
        if request.path == "/api/v3/site":
            return Answer.json({"version": "0.19.11", "site_view": {}})
        if single := re.fullmatch(r"/api/v3/(post|comment)", request.path):
            return self._single(single[1], request.param("id"))
        if request.path == "/api/v3/comment/list":
            found = [
                one for one in self.views if "comment" in one and str(one["post"]["id"]) == request.param("post_id")
            ]
            found.sort(key=lambda view: str(view["comment"]["published"]), reverse=True)
            return Answer.json({"comments": found[: int(request.param("limit", "10"))]})
        if request.path != "/api/v3/search":
            return Answer.json({"error": "not_found"}, status=404)
        kind = request.param("type_").lower()
        size, number = int(request.param("limit", "10")), int(request.param("page", "1"))
        if size > MOST:
            return Answer.json({"error": "invalid_page_limit"}, status=400)
        wanted = re.compile(".*".join(map(re.escape, request.param("q").split())), re.IGNORECASE | re.DOTALL)
        found = [view for view in self.views if ("comment" in view) == (kind == "comments")]
        found = [view for view in found if wanted.search(self._text(view))]
        found.sort(key=lambda view: str((view.get("comment") or view["post"])["published"]), reverse=True)
        told: dict[str, Any] = {"type_": request.param("type_"), "posts": [], "comments": [], "communities": []}
        told[kind] = [] if request.empty_page else found[(number - 1) * size : number * size]
        return Answer.json(told)

    def _single(self, kind: str, number: str) -> Answer:
        """Return a post or comment; of one that is not there older instances say so with status 400."""
        for view in self.views:
            if kind in view and ("comment" in view) == (kind == "comment") and str(view[kind]["id"]) == number:
                return Answer.json({f"{kind}_view": view})
        return Answer.json({"error": f"couldnt_find_{kind}"}, status=self.missing_status)

    @staticmethod
    def _text(view: dict[str, Any]) -> str:
        if "comment" in view:
            return str(view["comment"]["content"])
        return f"{view['post']['name']}\n{view['post'].get('body')}"
