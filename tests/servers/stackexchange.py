"""Simulate the Stack Exchange API: wrapper, time range, paging, backoff, quota, refusals as 400.

Written by hand after api.stackexchange.com/docs (seen 2026-11-22); the content is made up.
"""

from __future__ import annotations

import functools
import gzip
import html
import re
from typing import Any

from servers.web import Answer, Request, SimulatedServer

SITES = ("stackoverflow", "serverfault", "es.stackoverflow")
KEY = "simulated-app-key"


def question(number: int, second: int, title: str = "My Acme kettle", body: str = "<p>It leaks.</p>", **fields: Any):
    """Return a question as the search gives it."""
    return {
        "item_type": "question",
        "question_id": number,
        "title": title,
        "body": body,
        "excerpt": body[:40],
        "tags": ["kettles"],
        "owner": {"user_id": 7, "display_name": "Ada &amp; Co", "user_type": "registered"},
        "score": 3,
        "answer_count": 2,
        "has_accepted_answer": False,
        "creation_date": second,
        "last_activity_date": second + 60,
        **fields,
    }


def answer(number: int, second: int, body: str = "<p>Acme mends it.</p>", *, to: int = 1, **fields: Any):
    """Return an answer as the search gives it: with the title of its question."""
    return {
        "item_type": "answer",
        "answer_id": number,
        "question_id": to,
        "title": "My Acme kettle",
        "body": body,
        "excerpt": body[:40],
        "tags": ["kettles"],
        "owner": {"user_id": 8, "display_name": "Bob", "user_type": "registered"},
        "score": -2,
        "question_score": 3,
        "is_accepted": True,
        "creation_date": second,
        "last_activity_date": second,
        **fields,
    }


def comment(number: int, second: int, body: str = "Acme is <b>fine</b>", *, on: int = 1, **fields: Any):
    """Return a comment as /comments gives it."""
    return {
        "comment_id": number,
        "post_id": on,
        "body": body,
        "owner": {"user_id": 9, "display_name": "Eve"},
        "score": 1,
        "edited": False,
        "creation_date": second,
        "content_license": "CC BY-SA 4.0",
        **fields,
    }


class StackExchange(SimulatedServer):
    """Serve `items` (searched) and `comments` of one site; each request takes one of `quota`."""

    def __init__(self, items: list[dict[str, Any]], *, comments: list[dict[str, Any]] | None = None) -> None:
        super().__init__()
        self.items = items
        self.comments = comments or []
        self.quota = 300
        self.backoff: int | None = None
        self.is_wrong_key = False

    def route(self, request: Request) -> Answer:
        if "gzip" not in request.headers.get("accept-encoding", ""):
            return Answer.text("this API answers compressed only", status=400)
        key = request.param("key")
        if key and (self.is_wrong_key or key != KEY):
            return refused(400, "bad_parameter", "`key` doesn't match a known application")
        if request.param("site") not in SITES:
            return refused(400, "bad_parameter", f"No site found for name `{request.param('site')}`")
        if self.quota == 0:
            return refused(502, "throttle_violation", TOO_MANY.format(82_216))
        self.quota -= 1
        if request.path == "/2.3/info":
            return self.wrapped([{"total_questions": len(self.items)}], has_more=False)
        if request.path == "/2.3/search/excerpts":
            return self.page(request, [item for item in self.items if finds(request.param("q"), item)])
        return self.listing(request)

    def listing(self, request: Request) -> Answer:
        if request.path == "/2.3/comments":
            return self.page(request, self.comments)
        if by_ids := re.fullmatch(r"/2\.3/(question|answer|comment)s/([\d;]+)", request.path):
            return self.listed(request, by_ids[1], by_ids[2].split(";"))
        return refused(404, "no_method", "no method found with this name")

    def listed(self, request: Request, kind: str, ids: list[str]) -> Answer:
        """Return items by their ids; what was deleted is left out."""
        if len(ids) > 100 or len(ids) > int(request.param("pagesize", "30")):
            return refused(400, "bad_parameter", "ids")
        held = self.comments if kind == "comment" else [one for one in self.items if one["item_type"] == kind]
        found = [one for one in held if str(one[f"{kind}_id"]) in ids]
        shown = [{name: value for name, value in one.items() if name not in {"item_type", "excerpt"}} for one in found]
        return self.wrapped([] if request.empty_page else shown, has_more=False)

    def page(self, request: Request, found: list[dict[str, Any]]) -> Answer:
        size, number = int(request.param("pagesize", "30")), int(request.param("page", "1"))
        if size > 100:
            return refused(400, "bad_parameter", "pagesize")
        if number > 25 and not request.param("key"):
            return refused(403, "access_denied", "page above 25 requires access token or app key")
        low, high = int(request.param("fromdate", "0")), int(request.param("todate", "9999999999"))
        assert (request.param("sort"), request.param("order")) == ("creation", "desc")
        found = [item for item in found if low <= item["creation_date"] <= high]
        found.sort(key=lambda item: item["creation_date"], reverse=True)
        start = (number - 1) * size
        shown = [] if request.empty_page else found[start : start + size]
        if request.param("filter") != "withbody":
            shown = [{name: value for name, value in item.items() if name != "body"} for item in shown]
        return self.wrapped(shown, has_more=start + size < len(found))

    def wrapped(self, items: list[dict[str, Any]], *, has_more: bool) -> Answer:
        value: dict[str, Any] = {"items": items, "has_more": has_more, "quota_max": 300, "quota_remaining": self.quota}
        if self.backoff is not None:
            value["backoff"] = self.backoff
        return zipped(Answer.json(value))


TOO_MANY = "too many requests from this IP, more requests available in {} seconds"


def refused(number: int, name: str, message: str) -> Answer:
    """Return an error as the API gives it: all but bans come as 400."""
    return zipped(Answer.json({"error_id": number, "error_name": name, "error_message": message}, status=400))


def zipped(plain: Answer) -> Answer:
    return Answer(
        status=plain.status,
        body=gzip.compress(plain.body, compresslevel=1),
        headers={**plain.headers, "Content-Encoding": "gzip"},
    )


def finds(q: str, item: dict[str, Any]) -> bool:
    """Say whether all words, and the "phrases" word after word, stand in some property of an item."""
    properties = [item.get("title", ""), item.get("body", ""), *item.get("tags", ())]
    tokens = [words_of(each) for each in properties]
    wanted = [words(phrase or word) for phrase, word in re.findall(r'"([^"]*)"|(\S+)', q)]
    return all(any(stands(term, each) for each in tokens) for term in wanted)


@functools.cache
def words_of(markup: str) -> list[str]:
    return words(re.sub(r"<[^>]*>", " ", html.unescape(markup)))


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


def stands(term: list[str], text: list[str]) -> bool:
    return any(text[at : at + len(term)] == term for at in range(len(text) - len(term) + 1))
