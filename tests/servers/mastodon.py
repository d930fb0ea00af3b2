"""Simulate a Mastodon instance: hashtag timelines, full-text search for a token, paging by id, switched-off feeds."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from servers.web import Answer, Request, SimulatedServer

MOST = 40


def account(name: str = "ada", **fields: Any) -> dict[str, Any]:
    """Return an account that lets itself be indexed."""
    return {
        "id": "7",
        "username": name.partition("@")[0],
        "acct": name,
        "display_name": name.title(),
        "uri": f"https://{name.partition('@')[2] or 'home.example'}/users/{name.partition('@')[0]}",
        "discoverable": True,
        "indexable": True,
        "followers_count": 12,
        "note": "<p>Made up</p>",
        "fields": [],
        **fields,
    }


def status(number: int, second: float, text: str = "I like my #Acme kettle", **fields: Any) -> dict[str, Any]:
    """Return a status as timelines give it; its hashtags are read out of `text`."""
    moment = datetime.fromtimestamp(second, UTC)
    tags = re.findall(r"#(\w+)", text)
    linked = re.sub(
        r"#(\w+)", r'<a href="https://home.example/tags/\1" class="mention hashtag">#<span>\1</span></a>', text
    )
    return {
        "id": str((int(second * 1000) << 16) + number),
        "uri": f"https://home.example/users/ada/statuses/{number}",
        "url": f"https://home.example/@ada/{number}",
        "created_at": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "edited_at": None,
        "content": f"<p>{linked}</p>",
        "spoiler_text": "",
        "visibility": "public",
        "language": "en",
        "account": account(),
        "favourites_count": 3,
        "reblogs_count": 2,
        "replies_count": 1,
        "in_reply_to_id": None,
        "reblog": None,
        "quote": None,
        "card": None,
        "tags": [{"name": tag.lower(), "url": f"https://home.example/tags/{tag.lower()}"} for tag in tags],
        "mentions": [],
        "media_attachments": [],
        **fields,
    }


class Instance(SimulatedServer):
    """Serve `statuses`. `token` is the one that may search; `access` what hashtag feeds are open to."""

    def __init__(self, statuses: list[dict[str, Any]], *, token: str = "", access: str | None = "public") -> None:
        super().__init__()
        self.statuses = statuses
        self.token = token
        self.access = access
        self.reset = "2030-01-01T00:05:00.976542Z"

    def route(self, request: Request) -> Answer:
        limits = {"X-RateLimit-Limit": "300", "X-RateLimit-Remaining": "299", "X-RateLimit-Reset": self.reset}
        is_known = bool(self.token) and request.headers.get("authorization") == f"Bearer {self.token}"
        if "authorization" in request.headers and not is_known:
            return Answer.json({"error": "The access token is invalid"}, status=401, headers=limits)
        if request.path.rstrip("/") == "/api/v2/instance":
            feeds = {"hashtag_feeds": {"local": self.access, "remote": self.access}} if self.access else {}
            told = {"domain": "home.example", "version": "4.5.0", "configuration": {"timelines_access": feeds}}
            return Answer.json(told, headers=limits)
        if request.path == "/api/v1/accounts/verify_credentials" and is_known:
            return Answer.json(account(), headers=limits)
        if request.path.startswith("/api/v1/timelines/tag/"):
            return self._timeline(request, limits)
        if single := re.fullmatch(r"/api/v1/statuses/(\d+)", request.path):
            found = next((one for one in self.statuses if one["id"] == single[1]), None)
            if found is not None:
                return Answer.json(found, headers=limits)
        if below := re.fullmatch(r"/api/v1/statuses/(\d+)/context", request.path):
            return self._context(below[1], limits)
        if request.path == "/api/v2/search":
            words = request.param("q").replace('"', "").casefold().split()
            found = [one for one in self.statuses if all(word in one["content"].casefold() for word in words)]
            page = self._page(found, request) if is_known else []
            return Answer.json({"accounts": [], "statuses": page, "hashtags": []}, headers=limits)
        return Answer.json({"error": "Record not found"}, status=404, headers=limits)

    def _context(self, number: str, limits: dict[str, str]) -> Answer:
        """Return what stands above and below a status."""
        if not any(one["id"] == number for one in self.statuses):
            return Answer.json({"error": "Record not found"}, status=404, headers=limits)
        above = {number}
        below = []
        for one in sorted(self.statuses, key=lambda one: int(one["id"])):
            if one["in_reply_to_id"] in above:
                above.add(one["id"])
                below.append(one)
        return Answer.json({"ancestors": [], "descendants": below}, headers=limits)

    def _timeline(self, request: Request, limits: dict[str, str]) -> Answer:
        if self.access == "authenticated":
            return Answer.json({"error": "This method requires an authenticated user"}, status=401, headers=limits)
        wanted = request.path.rpartition("/")[2].casefold()
        found = [one for one in self.statuses if any(tag["name"] == wanted for tag in one.get("tags") or [])]
        page = [] if self.access == "disabled" or request.empty_page else self._page(found, request)
        return Answer.json(page, headers=limits)

    @staticmethod
    def _page(found: list[dict[str, Any]], request: Request) -> list[dict[str, Any]]:
        top = request.param("max_id")
        below = [one for one in found if not top or int(one["id"]) < int(top)]
        below.sort(key=lambda one: -int(one["id"]))
        return below[: min(int(request.param("limit", "20")), MOST)]
