"""Simulate the public search of Hacker News (Algolia): paging, its 1000-hit cap, filters, words and phrases."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime
from typing import Any

from servers.web import Answer, Request, SimulatedServer

MOST_HITS = 1000
FILTER = re.compile(r"(\w+)(<=|>=|<|>|=)(-?\d+)")
COMPARE = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "=": lambda a, b: a == b,
}


def story(number: int, second: int, title: str, *, text: str | None = None, **fields: Any) -> dict[str, Any]:
    """Return a story as the search gives it."""
    tags = ["story", f"author_{fields.get('author', 'ada')}", f"story_{number}"]
    return {
        "objectID": str(number),
        "created_at": datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "created_at_i": second,
        "author": "ada",
        "title": title,
        "url": None if text else f"https://example.org/{number}",
        "story_text": text,
        "points": 3,
        "num_comments": 0,
        "_tags": [*tags, "ask_hn"] if title.startswith("Ask HN") else tags,
        **fields,
    }


def comment(number: int, second: int, text: str, *, story_id: int = 1, **fields: Any) -> dict[str, Any]:
    """Return a comment as the search gives it."""
    return {
        "objectID": str(number),
        "created_at": datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "created_at_i": second,
        "author": "bob",
        "comment_text": text,
        "story_id": story_id,
        "story_title": "A story",
        "story_url": "https://example.org/1",
        "parent_id": story_id,
        "points": None,
        "num_comments": None,
        "_tags": ["comment", "author_bob", f"story_{story_id}"],
        **fields,
    }


class HackerNews(SimulatedServer):
    """Serve `items`, newest first, and single ones as Hacker News's own API does; `taken` says why one is not there."""

    def __init__(self, items: list[dict[str, Any]]) -> None:
        super().__init__()
        self.items = items
        self.taken: dict[str, str] = {}

    def item(self, number: str) -> dict[str, Any] | None:
        """Return an item as Hacker News's own API gives it, None where it knows none."""
        found = next((item for item in self.items if item["objectID"] == number), None)
        kind = "comment" if found is not None and "comment_text" in found else "story"
        if number in self.taken:
            return {"id": int(number), "type": kind, "time": 1, self.taken[number]: True}
        if found is None:
            return None
        told = {
            "id": int(number),
            "type": kind,
            "by": found["author"],
            "time": found["created_at_i"],
            "text": found.get("comment_text" if kind == "comment" else "story_text"),
            "title": found.get("title"),
            "url": found.get("url"),
            "score": found.get("points"),
            "descendants": found.get("num_comments"),
            "parent": found.get("parent_id"),
        }
        return {name: value for name, value in told.items() if value is not None}

    def route(self, request: Request) -> Answer:
        if single := re.fullmatch(r"/v0/item/(\d+)\.json", request.path):
            return Answer.json(self.item(single[1]))
        if request.path != "/api/v1/search_by_date":
            return Answer.json({"message": "Not found", "code": 404}, status=404)
        size = int(request.param("hitsPerPage", "20"))
        page = int(request.param("page", "0"))
        filters = request.param("numericFilters")
        for name, _, _ in FILTER.findall(filters):
            if name != "created_at_i":
                message = f"invalid numeric attribute({name}), attribute not specified in numericAttributesForFiltering setting"
                return Answer.json({"message": message, "code": 400}, status=400)
        found = [item for item in self.items if self._fits(item, request)]
        found.sort(key=lambda item: (-item["created_at_i"], -int(item["objectID"])))
        reachable = found[:MOST_HITS]
        hits = [] if request.empty_page else reachable[page * size : (page + 1) * size]
        return Answer.json(
            {
                "hits": hits,
                "nbHits": len(found),
                "page": page,
                "nbPages": -(-len(reachable) // size),
                "hitsPerPage": size,
                "exhaustiveNbHits": True,
                "processingTimeMS": 1,
                "query": request.param("query"),
                "params": "advancedSyntax=true",
            }
        )

    def _fits(self, item: dict[str, Any], request: Request) -> bool:
        filters = FILTER.findall(request.param("numericFilters"))
        if not all(COMPARE[sign](item[name], int(bound)) for name, sign, bound in filters):
            return False
        groups = re.findall(r"\(([^)]*)\)|([^,()]+)", request.param("tags"))
        if not all(any(tag in item["_tags"] for tag in (either or one).split(",")) for either, one in groups):
            return False
        fields = ("title", "url", "author", "story_text", "comment_text", "story_title", "story_url")
        words = tokens(" ".join(html.unescape(item.get(field) or "") for field in fields))
        return all(matches(term, words) for term in terms(request.param("query")))


def terms(query: str) -> list[list[str]]:
    """Return the words and phrases of a query, each as its tokens; the last of a term matches as a prefix."""
    return [tokens(phrase or word) for phrase, word in re.findall(r'"([^"]*)"|(\S+)', query)]


def tokens(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


def matches(term: list[str], words: list[str]) -> bool:
    size = len(term)
    return any(
        words[start : start + size - 1] == term[:-1] and words[start + size - 1].startswith(term[-1])
        for start in range(len(words) - size + 1)
    )
