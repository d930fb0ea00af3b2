"""Simulate the YouTube Data API v3: search with its dry end, videos.list, commentThreads, quotas and reasons of refusal."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime
from typing import Any

from servers.web import Answer, Request, SimulatedServer

KEY = "a-key-of-a-test"
PAGE = 50
DRY = 500
"""A search ends after so many videos."""
TERM = re.compile(r'"([^"]*)"|([^\s|]+)')


def _time(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _second(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


def video(
    number: int, second: int, title: str = "My Acme kettle", description: str = "", **fields: Any
) -> dict[str, Any]:
    """Return a video as videos.list gives it; `statistics` and fields of the snippet overwrite."""
    counts = {
        "viewCount": "100",
        "likeCount": "5",
        "favoriteCount": "0",
        "commentCount": "0",
        **fields.pop("statistics", {}),
    }
    return {
        "kind": "youtube#video",
        "etag": "x",
        "id": f"vid{number:08}",
        "snippet": {
            "publishedAt": _time(second),
            "channelId": "UCada",
            "title": title,
            "description": description,
            "channelTitle": "Ada Boils",
            "tags": ["tea"],
            "categoryId": "28",
            "liveBroadcastContent": "none",
            **fields,
        },
        "statistics": {name: value for name, value in counts.items() if value is not None},
    }


def comment(native: str, second: int, text: str = "the Acme lid leaks", **fields: Any) -> dict[str, Any]:
    """Return a comment as it stands in a thread."""
    return {
        "kind": "youtube#comment",
        "id": native,
        "snippet": {
            "authorDisplayName": "@bob",
            "authorChannelId": {"value": "UCbob"},
            "textDisplay": html.escape(text),
            "textOriginal": text,
            "likeCount": 2,
            "publishedAt": _time(second),
            "updatedAt": _time(second),
            **fields,
        },
    }


def thread(top: dict[str, Any], *replies: dict[str, Any]) -> dict[str, Any]:
    """Return a thread of a comment and its replies."""
    made: dict[str, Any] = {
        "kind": "youtube#commentThread",
        "id": top["id"],
        "snippet": {"topLevelComment": top, "totalReplyCount": len(replies), "canReply": True},
    }
    if replies:
        made["replies"] = {"comments": list(replies)}
    return made


def refusal(status: int, reason: str, message: str = "refused") -> Answer:
    """Return the body that a refusal has."""
    errors = [{"domain": "youtube.x", "reason": reason, "message": message}]
    return Answer.json({"error": {"code": status, "message": message, "errors": errors}}, status=status)


class YouTube(SimulatedServer):
    """Serve `videos`; `threads` are their comments by id of the video. `searches` counts what was searched."""

    def __init__(self, videos: list[dict[str, Any]], *, quota: int = 1_000) -> None:
        super().__init__()
        self.videos = videos
        self.threads: dict[str, list[dict[str, Any]]] = {}
        self.hidden: set[str] = set()
        self.quota = quota
        self.searches = 0

    def route(self, request: Request) -> Answer:
        if request.param("key") != KEY:
            return refusal(400, "keyInvalid", "Bad Request") if request.param("key") else refusal(403, "forbidden")
        routes = {
            "/search": self._search,
            "/videos": self._videos,
            "/commentThreads": self._threads,
            "/comments": self._comments,
        }
        answer = routes.get(request.path)
        return answer(request) if answer else refusal(404, "notFound")

    def _search(self, request: Request) -> Answer:
        if self.searches >= self.quota:
            return refusal(
                403, "quotaExceeded", "The request cannot be completed because you have exceeded your quota."
            )
        self.searches += 1
        after, before = _second(request.param("publishedAfter")), _second(request.param("publishedBefore"))
        found = [one for one in self.videos if after <= _second(one["snippet"]["publishedAt"]) <= before]
        found = [one for one in found if fits(request.param("q"), one)]
        found.sort(key=lambda one: one["snippet"]["publishedAt"], reverse=True)
        found = found[:DRY]
        start = int(request.param("pageToken", "P0")[1:])
        shown = [] if request.empty_page else found[start : start + PAGE]
        body: dict[str, Any] = {
            "kind": "youtube#searchListResponse",
            "pageInfo": {"totalResults": 1_000_000, "resultsPerPage": PAGE},
            "items": [
                {
                    "kind": "youtube#searchResult",
                    "id": {"kind": "youtube#video", "videoId": one["id"]},
                    "snippet": {**one["snippet"], "title": html.escape(one["snippet"]["title"])},
                }
                for one in shown
            ],
        }
        if start + PAGE < len(found):
            body["nextPageToken"] = f"P{start if request.empty_page else start + PAGE}"
        return Answer.json(body)

    def _videos(self, request: Request) -> Answer:
        wanted = request.param("id").split(",")
        items = [one for one in self.videos if one["id"] in wanted and one["id"] not in self.hidden]
        told = {"totalResults": len(items), "resultsPerPage": len(items)}
        return Answer.json({"kind": "youtube#videoListResponse", "pageInfo": told, "items": items})

    def _comments(self, request: Request) -> Answer:
        threads = [one for threads in self.threads.values() for one in threads]
        replies = [reply for one in threads for reply in one.get("replies", {}).get("comments", [])]
        parent = request.param("parentId")
        if parent:
            if all(one["id"] != parent for one in threads):
                return refusal(404, "commentNotFound")
            return Answer.json({"items": [reply for reply in replies if reply["snippet"].get("parentId") == parent]})
        wanted = request.param("id").split(",")
        known = [*(one["snippet"]["topLevelComment"] for one in threads), *replies]
        return Answer.json({"items": [one for one in known if one["id"] in wanted]})

    def _threads(self, request: Request) -> Answer:
        native = request.param("videoId")
        known = {one["id"]: one for one in self.videos}
        if native not in known or native in self.hidden:
            return refusal(404, "videoNotFound")
        if "commentCount" not in known[native]["statistics"]:
            return refusal(403, "commentsDisabled")
        threads = sorted(self.threads.get(native, []), key=_thread_time, reverse=True)
        start, size = int(request.param("pageToken", "C0")[1:]), int(request.param("maxResults", "20"))
        body: dict[str, Any] = {"kind": "youtube#commentThreadListResponse", "items": threads[start : start + size]}
        if start + size < len(threads):
            body["nextPageToken"] = f"C{start + size}"
        return Answer.json(body)


def _thread_time(one: dict[str, Any]) -> str:
    return str(one["snippet"]["topLevelComment"]["snippet"]["publishedAt"])


def fits(query: str, item: dict[str, Any]) -> bool:
    """Say whether a video holds what is searched for: | binds closer than the blank between words."""
    snippet = item["snippet"]
    words = tokens(" ".join([snippet["title"], snippet["description"], *snippet.get("tags", [])]))
    return all(any(_occurs(tokens(term), words) for term in group) for group in groups(query))


def groups(query: str) -> list[list[str]]:
    """Return what must occur, each as its alternatives."""
    found: list[list[str]] = []
    end = -1
    for match in TERM.finditer(query):
        term = match[1] or match[2] or ""
        if found and query[end : match.start()].strip() == "|" and end >= 0:
            found[-1].append(term)
        else:
            found.append([term])
        end = match.end()
    return found


def tokens(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


def _occurs(term: list[str], words: list[str]) -> bool:
    return any(words[at : at + len(term)] == term for at in range(len(words) - len(term) + 1))
