"""Forums, news, reviews and videos of the chaos suite."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

from chaos.services import Service, drop, when
from chaos.world import DAY, HOUR, MINUTE, SAID, Item
from servers import appstore, discourse, gdelt, github, stackexchange, youtube
from servers.web import Request


class StackExchangeService(Service):
    name = "stackexchange"
    lag = 2 * MINUTE
    largest_burst = 700

    def make(self) -> stackexchange.StackExchange:
        self.found: dict[int, dict[str, Any]] = {}
        server = stackexchange.StackExchange([])
        server.quota = 10_000_000
        return server

    def table(self, **more: object) -> str:
        return super().table(**more) + "[sources.stackexchange.budget]\nrequests_a_day = 1000000\n"

    def options(self) -> dict[str, object]:
        return super().options() | {"sites": ["stackoverflow"], "include_comments": False}

    def publish(self, item: Item) -> None:
        self.found[item.number] = (
            stackexchange.answer(item.number, item.at, f"<p>{item.text}</p>", title="A question")
            if item.number % 2
            else stackexchange.question(item.number, item.at, item.text, body="<p>It leaks.</p>")
        )
        self.server.items.append(self.found[item.number])

    def edit(self, item: Item, *, at: int) -> None:
        shown = self.found[item.number]
        shown["body" if item.number % 2 else "title"] = f"<p>{item.text}</p>" if item.number % 2 else item.text

    def withdraw(self, item: Item) -> None:
        drop(self.server.items, self.found[item.number])


class GitHubService(Service):
    name = "github"
    lag = 2 * MINUTE
    largest_burst = 300

    def make(self) -> github.GitHub:
        self.found: dict[int, dict[str, Any]] = {}
        server = github.GitHub([])
        server.left = 10_000_000
        return server

    def options(self) -> dict[str, object]:
        return super().options() | {"include_discussions": False}

    def publish(self, item: Item) -> None:
        self.found[item.number] = github.issue(item.number, item.at, item.text, pull=item.number % 3 == 0)
        self.server.issues.append(self.found[item.number])

    def edit(self, item: Item, *, at: int) -> None:
        self.found[item.number] |= {"title": item.text, "updated_at": github.stamp(at)}

    def withdraw(self, item: Item) -> None:
        drop(self.server.issues, self.found[item.number])


class DiscourseService(Service):
    """Posts are numbered as they come, so that none is found late."""

    name = "discourse"
    overlap, lag = 0, 0
    largest_burst = 300

    def make(self) -> discourse.Discourse:
        self.found: dict[int, dict[str, Any]] = {}
        return discourse.Discourse([], by_count=True)

    def options(self) -> dict[str, object]:
        return {"instances": [self.server.url]}

    def publish(self, item: Item) -> None:
        number = (item.at - 1_700_000_000) * 100_000 + item.number
        self.found[item.number] = discourse.post(number, item.at, f"<p>{item.text}</p>", raw=item.text)
        self.server.posts.append(self.found[item.number])

    def edit(self, item: Item, *, at: int) -> None:
        self.found[item.number] |= {"raw": item.text, "cooked": f"<p>{item.text}</p>", "version": 2}

    def withdraw(self, item: Item) -> None:
        drop(self.server.posts, self.found[item.number])


class GdeltService(Service):
    name = "gdelt"
    overlap, lag = 6 * HOUR, 15 * MINUTE
    largest_burst = 100

    def make(self) -> gdelt.Gdelt:
        self.found: dict[int, gdelt.Article] = {}
        return gdelt.Gdelt([], now=when(0))

    def options(self) -> dict[str, object]:
        return super().options() | {"seconds_between_requests": 0}

    def turn(self, now: int) -> None:
        super().turn(now)
        self.server.now = when(now)

    def publish(self, item: Item) -> None:
        url = f"https://news.example/{item.number}"
        self.found[item.number] = gdelt.Article(url=url, title=item.text, seen_at=when(item.at))
        self.server.articles.append(self.found[item.number])

    def edit(self, item: Item, *, at: int) -> None:
        self.withdraw(item)
        self.found[item.number] = replace(self.found[item.number], title=item.text)
        self.server.articles.append(self.found[item.number])

    def withdraw(self, item: Item) -> None:
        drop(self.server.articles, self.found[item.number])


class AppStoreService(Service):
    """Every review of the app is about Acme, whatever it says."""

    name = "appstore"
    overlap, lag = 2 * DAY, 10 * MINUTE
    largest_burst = 60

    def make(self) -> appstore.AppStore:
        self.found: dict[int, dict[str, Any]] = {}
        self.reviews: list[dict[str, Any]] = []
        return appstore.AppStore({("1234567890", "us"): self.reviews})

    def table(self, **more: object) -> str:
        return (
            f'{super().table(**more)}[[sources.appstore.apps]]\nid = "1234567890"\nbrand = "Acme"\ncountries = ["us"]\n'
        )

    def options(self) -> dict[str, object]:
        return super().options() | {"seconds_between_requests": 0}

    def words(self, text: str) -> str:
        return text if "acme" in text and "globex" not in text else SAID[0]

    def edge(self) -> int:
        newest = sorted((item.at for item in self.shown.values()), reverse=True)
        most = appstore.PAGE * appstore.PAGES
        return newest[most - 1] if len(newest) > most else 0

    @property
    def shown(self) -> dict[int, Item]:
        return self.__dict__.setdefault("items", {})

    def publish(self, item: Item) -> None:
        self.shown[item.number] = item
        self.found[item.number] = appstore.review(item.number, item.at, content=item.text)
        self.reviews.append(self.found[item.number])

    def edit(self, item: Item, *, at: int) -> None:
        self.found[item.number]["content"] = {"label": item.text, "attributes": {"type": "text"}}

    def withdraw(self, item: Item) -> None:
        del self.shown[item.number]
        drop(self.reviews, self.found[item.number])


class YouTubeService(Service):
    name = "youtube"
    overlap, lag = 6 * HOUR, 5 * MINUTE
    largest_burst = 200
    keys: ClassVar = {"YOUTUBE_API_KEY": youtube.KEY}

    def make(self) -> youtube.YouTube:
        self.found: dict[int, dict[str, Any]] = {}
        return youtube.YouTube([], quota=10_000_000)

    def options(self) -> dict[str, object]:
        return super().options() | {"searches_a_day": 1_000_000, "include_comments": False, "retention": "400d"}

    def is_question(self, request: Request) -> bool:
        return request.path == "/search"

    def publish(self, item: Item) -> None:
        self.found[item.number] = youtube.video(item.number, item.at, item.text)
        self.server.videos.append(self.found[item.number])

    def edit(self, item: Item, *, at: int) -> None:
        self.found[item.number]["snippet"]["title"] = item.text

    def withdraw(self, item: Item) -> None:
        drop(self.server.videos, self.found[item.number])
