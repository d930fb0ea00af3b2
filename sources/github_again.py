"""Look again at stored issues, pull requests and discussions of GitHub, one by one at their addresses.

What is deleted is answered with 410, what is not public any more with 404, and a
discussion that is not there with an error of type NOT_FOUND
(docs.github.com/rest/issues and /graphql, seen 2026-11-22). An issue that was moved
is another one there; that says nothing of this one.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from listener.api import Mention, NotFoundError, RecheckPage
from sources.github_items import GHOST, read_discussion, read_issue
from sources.text import as_list, as_object

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Get = Callable[[str], Mapping[str, object]]
    Query = Callable[[str, Mapping[str, object]], Mapping[str, object]]

__all__ = ["BATCH", "look_again"]

BATCH: Final = 20
_PLACE: Final = re.compile(r"/([\w.-]{1,100})/([\w.-]{1,100})/(issues|pull|discussions)/(\d{1,12})", re.ASCII)
_DISCUSSION: Final = """
query($owner: String!, $name: String!, $number: Int!) {
  repository(owner: $owner, name: $name) { discussion(number: $number) {
    databaseId title body url createdAt lastEditedAt
    author { __typename login ... on User { databaseId } }
    comments { totalCount }
    reactions { totalCount }
  } }
}
"""


class _Look:
    """Gather what a look finds."""

    def __init__(self, get: Get, query: Query | None) -> None:
        self._get = get
        self._query = query
        self._is_alive = False
        self.present: list[Mention] = []
        self.gone: list[str] = []
        self.unsigned: list[str] = []

    def at(self, one: Mention) -> None:
        """Look at one mention; what has no address that is known stays as it is."""
        place = _PLACE.fullmatch(urlsplit(one.url or "").path)
        if place is None:
            return
        owner, name, kind, number = place.groups()
        if kind == "discussions":
            self._discussion(one, {"owner": owner, "name": name, "number": int(number)})
            return
        try:
            item = self._get(f"/repos/{owner}/{name}/issues/{number}")
        except NotFoundError:
            self._note_gone(one)
            return
        self._take(one, item, as_object(item.get("user")), read_issue(item, with_bots=True))

    def _discussion(self, one: Mention, asked: Mapping[str, object]) -> None:
        if self._query is None:
            return  # without a token nobody is told of discussions
        answer = self._query(_DISCUSSION, asked)
        repository = as_object(as_object(answer.get("data")).get("repository"))
        item = repository.get("discussion")
        kinds = {as_object(error).get("type") for error in as_list(answer.get("errors"))}
        if isinstance(item, dict):
            self._take(one, item, as_object(item.get("author")), read_discussion(item, with_bots=True))
        elif kinds == {"NOT_FOUND"}:
            self._note_gone(one)

    def _take(self, one: Mention, item: Mapping[str, object], user: Mapping[str, object], read: object) -> None:
        if not isinstance(read, Mention) or read.id != one.id:
            return
        self.present.append(read)
        named = "user" if "user" in item else "author"
        if named in item and (not user or user.get("login") == GHOST):
            self.unsigned.append(one.id)

    def _note_gone(self, one: Mention) -> None:
        """Note that nothing is there any more, once the API itself is seen to be."""
        if not self._is_alive:
            self._is_alive = bool(as_object(self._get("/rate_limit").get("resources")))
        if self._is_alive:
            self.gone.append(one.id)


def look_again(mentions: Sequence[Mention], get: Get, query: Query | None) -> RecheckPage:
    """Return what became of stored items.

    `get` returns the object at a path of the API, `query` the answer to a question of
    GraphQL; None: there is no token for it. The page's requests are the caller's to count.
    """
    look = _Look(get, query)
    for one in mentions[:BATCH]:
        look.at(one)
    return RecheckPage(
        present=tuple(look.present),
        gone=tuple(look.gone),
        unsigned=tuple(look.unsigned),
        items=len(look.present),
    )
