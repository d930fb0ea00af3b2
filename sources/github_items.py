"""Turn issues, pull requests and discussions of GitHub into mentions.

Field meanings: docs.github.com/rest/search and docs.github.com/graphql/reference
(Discussion), seen 2026-11-22, and recorded answers.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from listener.mention import Author, Engagement, Mention
from listener.protocols import Skipped
from sources.markdown import links_of_markdown, text_of_markdown
from sources.text import ID_LIMIT, as_list, as_object, count_of, instant_from_iso, line_of, usable_links

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["GHOST", "read_discussion", "read_issue"]

_REPOSITORY: Final = re.compile(r"/([\w.-]{1,100}/[\w.-]{1,100})/(?:issues|pull|discussions)/\d", re.ASCII)
GHOST: Final = "ghost"
"""Whom GitHub names where an account is gone."""
_MOST_LABELS: Final = 20


def read_issue(item: Mapping[str, object], *, with_bots: bool) -> Mention | Skipped:
    """Return the mention that an issue or a pull request of the search stands for, or why it is none."""
    number = count_of(item.get("id"))
    user = as_object(item.get("user"))
    is_pull_request = isinstance(item.get("pull_request"), dict)
    return _read(
        None if number is None else f"issue/{number}",
        item,
        type_="pull request" if is_pull_request else "issue",
        url=item.get("html_url"),
        created=item.get("created_at"),
        author=_author(user),
        replies=count_of(item.get("comments")),
        likes=count_of(as_object(item.get("reactions")).get("total_count")),
        labels=as_list(item.get("labels")),
        is_bot=user.get("type") == "Bot" and not with_bots,
    )


def read_discussion(item: Mapping[str, object], *, with_bots: bool) -> Mention | Skipped:
    """Return the mention that a discussion of the search stands for, or why it is none."""
    number = count_of(item.get("databaseId"))
    user = as_object(item.get("author"))
    return _read(
        None if number is None else f"discussion/{number}",
        item,
        type_="discussion",
        url=item.get("url"),
        created=item.get("createdAt"),
        author=_author({"login": user.get("login"), "id": user.get("databaseId")}),
        replies=count_of(as_object(item.get("comments")).get("totalCount")),
        likes=count_of(as_object(item.get("reactions")).get("totalCount")),
        labels=(),
        is_bot=user.get("__typename") == "Bot" and not with_bots,
        edited=item.get("lastEditedAt"),
    )


def _read(
    native: str | None,
    item: Mapping[str, object],
    *,
    type_: str,
    url: object,
    created: object,
    author: Author | None,
    replies: int | None,
    likes: int | None,
    labels: object,
    is_bot: bool,
    edited: object = None,
) -> Mention | Skipped:
    """Return the mention of what both kinds of answers were brought to, or why it is none."""
    if native is None:
        return Skipped(id=None, reason="the item has no id")
    published_at = instant_from_iso(created)
    if published_at is None:
        return Skipped(id=native, reason="the item has no time")
    if is_bot:
        return Skipped(id=native, reason="written by a bot")
    title, body = line_of(item.get("title")), item.get("body")
    markdown = body if isinstance(body, str) else ""
    address = next(iter(usable_links([url])), None)
    if title is None and not markdown and address is None:
        return Skipped(id=native, reason="the item holds no title, no text and no address")
    repository = _repository(address)
    return Mention(
        source="github",
        id=native,
        text=text_of_markdown(markdown),
        published_at=published_at,
        title=title,
        url=address,
        author=author,
        engagement=Engagement(likes=likes, replies=replies),
        thread=native,
        links=usable_links(links_of_markdown(markdown)),
        edited_at=instant_from_iso(edited),
        extra=_extra(type_, repository, labels, item.get("state")),
    )


def _author(user: Mapping[str, object]) -> Author | None:
    """Return who wrote an item; None where the account is gone."""
    login = line_of(user.get("login"), limit=ID_LIMIT)
    if login is None or login == GHOST:
        return None
    number = count_of(user.get("id"))
    return Author(id=None if number is None else str(number), handle=login.lstrip("@") or None)


def _repository(address: str | None) -> str | None:
    found = _REPOSITORY.match(urlsplit(address).path) if address else None
    return found[1] if found else None


def _extra(type_: str, repository: str | None, labels: object, state: object) -> dict[str, object]:
    """Return what belongs to GitHub alone: the sort of item, where it is, how it stands, what it is called."""
    names = [line_of(as_object(label).get("name"), limit=100) for label in as_list(labels)[:_MOST_LABELS]]
    kept: dict[str, object] = {"type": type_, "repository": repository, "state": line_of(state, limit=20)}
    kept["labels"] = [name for name in names if name]
    return {name: value for name, value in kept.items() if value}
