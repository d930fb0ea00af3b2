"""Name every service of the chaos suite: each source that is built in."""

from __future__ import annotations

from chaos import more_services as more
from chaos import services as these

SERVICES: tuple[type[these.Service], ...] = (
    these.XService,
    these.RedditService,
    these.HackerNewsService,
    these.FeedService,
    these.MastodonService,
    these.LemmyService,
    these.BlueskyService,
    more.StackExchangeService,
    more.GitHubService,
    more.DiscourseService,
    more.GdeltService,
    more.AppStoreService,
    more.YouTubeService,
)
WITHOUT_A_SERVICE = {"jsonl", "survey"}
"""Sources that read files."""
