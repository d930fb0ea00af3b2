"""Simulate the App Store's feed of customer reviews: 50 a page, 10 pages, one entry as an object, none as nothing."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import Any

from servers.web import Answer, Request, SimulatedServer

PAGE = 50
PAGES = 10
CUPERTINO = timezone(timedelta(hours=-7))
PATH = re.compile(
    r"/(?P<country>[a-z]{2})/rss/customerreviews(?:/page=(?P<page>\d+))?/id=(?P<app>\d+)/sortBy=mostRecent/json"
)


def review(
    number: int, second: int, title: str = "Fine", content: Any = "It boils", stars: int = 4, **fields: Any
) -> dict[str, Any]:
    """Return a review as the feed gives it; fields overwrite or, with None, remove."""
    entry = {
        "author": {
            "uri": {"label": f"https://itunes.apple.com/us/reviews/id{900 + number}"},
            "name": {"label": f"Ada {number}"},
            "label": "",
        },
        "updated": {"label": datetime.fromtimestamp(second, CUPERTINO).isoformat()},
        "im:rating": {"label": str(stars)},
        "im:version": {"label": "1.8.0"},
        "id": {"label": str(number)},
        "title": {"label": title},
        "content": content if isinstance(content, dict) else {"label": content, "attributes": {"type": "text"}},
        "link": {
            "attributes": {"rel": "related", "href": "https://itunes.apple.com/us/review?id=77&type=Purple%20Software"}
        },
        "im:voteSum": {"label": "3"},
        "im:contentType": {"attributes": {"term": "Application", "label": "Application"}},
        "im:voteCount": {"label": "4"},
        **fields,
    }
    return {name: value for name, value in entry.items() if value is not None}


class AppStore(SimulatedServer):
    """Serve `reviews` by (app, country); addresses without a page are empty where `is_bare_empty`."""

    def __init__(self, reviews: dict[tuple[str, str], list[dict[str, Any]]], *, tells_pages: bool = True) -> None:
        super().__init__()
        self.reviews = reviews
        self.tells_pages = tells_pages

    def route(self, request: Request) -> Answer:
        found = PATH.fullmatch(request.path)
        if found is None:
            return Answer.text("<html>Not found</html>", status=404, kind="text/html")
        page, app, country = int(found["page"] or 1), found["app"], found["country"]
        if not 1 <= page <= PAGES:
            return Answer.text("CustomerReviews RSS page depth is limited to 10", status=400)
        shown = sorted(self.reviews.get((app, country), []), key=_time, reverse=True)[: PAGE * PAGES]
        entries = [] if request.empty_page else shown[(page - 1) * PAGE : page * PAGE]
        feed: dict[str, Any] = {
            "author": {"name": {"label": "iTunes Store"}, "uri": {"label": "http://www.apple.com/itunes/"}},
            "updated": {"label": "2026-11-20T02:39:26-07:00"},
        }
        if self.tells_pages:
            last = max(1, -(-len(shown) // PAGE))
            href = f"https://itunes.apple.com/{country}/rss/customerreviews/page={last}/id={app}/sortby=mostrecent/xml?urlDesc=x"
            feed["link"] = [{"attributes": {"rel": "last", "href": href}}]
        if entries:
            feed["entry"] = entries[0] if len(entries) == 1 else entries
        return Answer.json({"feed": feed})


def _time(entry: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(entry["updated"]["label"])
