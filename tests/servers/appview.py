"""Simulate Bluesky's public AppView: posts and profiles, 25 a call; what is not there is left out."""

from __future__ import annotations

from typing import Any

from servers.web import Answer, Request, SimulatedServer

MOST = 25


def profile(did: str, **fields: Any) -> dict[str, Any]:
    """Return a profile."""
    name = did.rpartition(":")[2]
    return {
        "did": did,
        "handle": f"{name}.example",
        "displayName": name.title(),
        "followersCount": 42,
        "labels": [],
        **fields,
    }


class AppView(SimulatedServer):
    """Serve `posts` (as `servers.jetstream.found` makes them) by uri and `profiles` by did."""

    def __init__(self, posts: list[dict[str, Any]], profiles: list[dict[str, Any]]) -> None:
        super().__init__()
        self.posts = posts
        self.profiles = profiles

    def route(self, request: Request) -> Answer:
        if request.path == "/xrpc/app.bsky.feed.getPosts":
            return self._listed(request, "uris", "posts", {one["uri"]: one for one in self.posts})
        if request.path == "/xrpc/app.bsky.actor.getProfiles":
            return self._listed(request, "actors", "profiles", {one["did"]: one for one in self.profiles})
        if request.path == "/xrpc/app.bsky.feed.getPostThread":
            return self._whole_thread(request.param("uri"))
        return Answer.json({"error": "MethodNotImplemented", "message": "Method Not Implemented"}, status=501)

    def _whole_thread(self, uri: str) -> Answer:
        """Return a post with everything below it; one that is gone is told as such, in the answer itself."""

        def node(post: dict[str, Any]) -> dict[str, Any]:
            below = [
                one
                for one in self.posts
                if (one["record"].get("reply") or {}).get("parent", {}).get("uri") == post["uri"]
            ]
            kind = "app.bsky.feed.defs#threadViewPost"
            return {"$type": kind, "post": post, "replies": [node(one) for one in below]}

        top = next((one for one in self.posts if one["uri"] == uri), None)
        if top is None:
            return Answer.json({"thread": {"$type": "app.bsky.feed.defs#notFoundPost", "uri": uri, "notFound": True}})
        return Answer.json({"thread": node(top)})

    @staticmethod
    def _listed(request: Request, parameter: str, listed: str, known: dict[str, dict[str, Any]]) -> Answer:
        asked = request.query.get(parameter, [])
        if not 0 < len(asked) <= MOST:
            return Answer.json({"error": "InvalidRequest", "message": f"{parameter} must have 1 to 25"}, status=400)
        return Answer.json({listed: [known[one] for one in asked if one in known]})
