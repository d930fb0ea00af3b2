"""Simulate GitHub's search of issues (REST) and discussions (GraphQL): qualifiers, 1000 results, limits.

Written by hand after docs.github.com/rest/search and /graphql (seen 2026-11-22) and a
recorded answer; the content is made up.
"""

from __future__ import annotations

import functools
import re
from datetime import UTC, datetime
from typing import Any

from servers.web import Answer, Request, SimulatedServer

TOKEN = "simulated-github-token"
MOST = 1000
TERM = re.compile(r'"([^"]*)"|(\S+)')
SPAN = re.compile(r"created:(\S+)\.\.(\S+)")


def stamp(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def issue(number: int, second: int, title: str = "Acme kettle leaks", body: str | None = "It drips.", **fields: Any):
    """Return an issue as the search gives it; with `pull=True` a pull request."""
    pull = fields.pop("pull", False)
    kind = "pull" if pull else "issues"
    item = {
        "id": 70_000 + number,
        "node_id": f"I_{number}",
        "number": number,
        "html_url": f"https://github.com/acme/kettle/{kind}/{number}",
        "title": title,
        "body": body,
        "user": {"login": "ada", "id": 7, "type": "User"},
        "labels": [{"name": "bug"}],
        "state": "open",
        "comments": 2,
        "reactions": {"total_count": 4, "+1": 3},
        "created_at": stamp(second),
        "updated_at": stamp(second + 500),
        **fields,
    }
    return {**item, "pull_request": {"html_url": item["html_url"]}} if pull else item


def discussion(number: int, second: int, title: str = "How is Acme?", body: str = "Tell me.", **fields: Any):
    """Return a discussion as the search gives it."""
    return {
        "databaseId": 90_000 + number,
        "title": title,
        "body": body,
        "url": f"https://github.com/acme/kettle/discussions/{number}",
        "createdAt": stamp(second),
        "lastEditedAt": None,
        "author": {"__typename": "User", "login": "bob", "databaseId": 8},
        "comments": {"totalCount": 1},
        "reactions": {"totalCount": 0},
        **fields,
    }


class GitHub(SimulatedServer):
    """Serve `issues` and `discussions`; `now` stands still, `left` searches of the minute remain."""

    def __init__(self, issues: list[dict[str, Any]], discussions: list[dict[str, Any]] | None = None) -> None:
        super().__init__()
        self.issues = issues
        self.discussions = discussions or []
        self.deleted: set[int] = set()
        self.moved: set[int] = set()
        self.left = 10_000
        self.resets_at = 0
        self.slow_spans = 0
        """Spans longer than so many seconds run out of time; 0: none does."""

    def route(self, request: Request) -> Answer:
        given = request.headers.get("authorization")
        if given is not None and given != f"Bearer {TOKEN}":
            return Answer.json({"message": "Bad credentials"}, status=401)
        if request.path == "/rate_limit":
            limit = 30 if given else 10
            search = {"limit": limit, "used": 1, "remaining": limit - 1, "reset": self.resets_at}
            return Answer.json({"resources": {"search": search}})
        if request.path == "/graphql" and request.method == "POST":
            return self.graphql(request) if given else Answer.json({"message": "Requires authentication"}, status=401)
        if single := re.fullmatch(r"/repos/acme/kettle/issues/(\d+)", request.path):
            return self._single(int(single[1]))
        if request.path == "/search/issues":
            return self.search(request)
        return Answer.json({"message": "Not Found"}, status=404)

    def _single(self, number: int) -> Answer:
        """Return an issue or pull request by its number; what was deleted is answered with 410."""
        found = next((one for one in self.issues if one["number"] == number), None)
        if found is not None:
            return Answer.json(found)
        if number in self.moved:
            return Answer.json({**issue(number, 0), "id": 5, "number": 1})  # as it is in the repository it went to
        return Answer.json({"message": "This issue was deleted"}, status=410 if number in self.deleted else 404)

    def search(self, request: Request) -> Answer:
        if self.left == 0:
            return Answer.json({"message": "API rate limit exceeded"}, status=403, headers=self.headers())
        self.left -= 1
        q, size, number = request.param("q"), int(request.param("per_page", "30")), int(request.param("page", "1"))
        if len(q) > 256 or ("is:issue" in q) == ("is:pull-request" in q):
            return Answer.json({"message": "Validation Failed"}, status=422)
        if number * size > MOST:
            return Answer.json({"message": "Only the first 1000 search results are available"}, status=422)
        wants_pulls = "is:pull-request" in q
        found = [one for one in self.issues if ("pull_request" in one) == wants_pulls and finds(q, one, "created_at")]
        found.sort(key=lambda one: str(one["created_at"]), reverse=True)
        is_cut = self.is_slow(q)
        shown = [] if request.empty_page else found[(number - 1) * size : number * size]
        body = {"total_count": len(found), "incomplete_results": is_cut, "items": shown[::2] if is_cut else shown}
        return Answer.json(body, headers=self.headers())

    def headers(self) -> dict[str, str]:
        return {
            "X-RateLimit-Limit": "10",
            "X-RateLimit-Remaining": str(self.left),
            "X-RateLimit-Reset": str(self.resets_at),
            "X-RateLimit-Resource": "search",
        }

    def is_slow(self, q: str) -> bool:
        low, high = (datetime.fromisoformat(each).timestamp() for each in SPAN.findall(q)[0])
        return bool(self.slow_spans) and high - low > self.slow_spans

    def graphql(self, request: Request) -> Answer:
        asked = request.json()["variables"]
        if "discussion(number:" in request.json()["query"]:
            return self._one_discussion(asked)
        assert "type: DISCUSSION" in request.json()["query"]
        found = [one for one in self.discussions if finds(asked["q"], one, "createdAt")]
        found.sort(key=lambda one: str(one["createdAt"]), reverse=True)
        start = int(asked["after"] or 0)
        nodes = found[:MOST][start : start + asked["first"]]
        end = start + len(nodes)
        info = {"hasNextPage": end < min(len(found), MOST), "endCursor": str(end)}
        return Answer.json({"data": {"search": {"discussionCount": len(found), "pageInfo": info, "nodes": nodes}}})

    def _one_discussion(self, asked: dict[str, Any]) -> Answer:
        address = f"https://github.com/{asked['owner']}/{asked['name']}/discussions/{asked['number']}"
        found = next((one for one in self.discussions if one["url"] == address), None)
        answer: dict[str, Any] = {"data": {"repository": {"discussion": found}}}
        if found is None:
            answer["errors"] = [{"type": "NOT_FOUND", "path": ["repository", "discussion"], "message": "Could not"}]
        return Answer.json(answer)


def finds(q: str, item: dict[str, Any], created: str) -> bool:
    """Say whether an item holds all words and phrases of a query, and was made in its span."""
    low, high = SPAN.findall(q)[0]
    if not low <= item[created] <= high:
        return False
    fields = [words(item.get("title") or ""), words(item.get("body") or "")]
    for phrase, word in TERM.findall(q):
        if re.match(r"(in|is|created|sort):", word):
            continue
        sought = words(phrase or word)
        if not any(sought == each[at : at + len(sought)] for each in fields for at in range(len(each))):
            return False
    return True


@functools.cache
def words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())
