"""Look again at stored questions, answers and comments of Stack Exchange: lists by id, 100 a call.

/questions/{ids}, /answers/{ids} and /comments/{ids} leave out what was deleted
(api.stackexchange.com/docs, seen 2026-11-22). A list that holds none of many says
nothing of them unless the site is seen to answer otherwise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from listener.api import Mention, RecheckPage
from sources.stackexchange_items import read_item
from sources.text import as_list, as_object, count_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Ask = Callable[[str, Mapping[str, str]], Mapping[str, object]]

__all__ = ["BATCH", "REQUESTS", "look_again"]

BATCH: Final = 100
"""So many ids fit into one list."""
REQUESTS: Final = 8
"""Lists and questions whether a site answers, in one look; what would take more is left as it is."""
_METHODS: Final = {"q": "questions", "a": "answers", "c": "comments"}


def look_again(mentions: Sequence[Mention], sites: Mapping[str, str], ask: Ask) -> RecheckPage:
    """Return what became of stored items; `sites` are the API's names by host, `ask` calls a method of the API."""
    present: list[Mention] = []
    gone: list[str] = []
    requests = items = 0
    for (domain, letter), numbers in _grouped(mentions, sites).items():
        if requests + 2 > REQUESTS:
            break
        asked = {"site": sites[domain], "filter": "withbody", "pagesize": str(BATCH)}
        answer = ask(f"/2.3/{_METHODS[letter]}/{';'.join(numbers)}", asked)
        requests += 1
        found = [as_object(item) for item in as_list(answer.get("items"))]
        items += len(found)
        if not found:
            requests += 1
            if not _is_alive(sites[domain], ask):
                continue
        by_id = {read.id: read for item in found if isinstance(read := read_item(item, domain), Mention)}
        named = {str(count_of(item.get(f"{_METHODS[letter][:-1]}_id"))) for item in found}
        for number, native in numbers.items():
            if native in by_id:
                present.append(by_id[native])
            elif number not in named and answer.get("has_more") is False:
                gone.append(native)
    return RecheckPage(present=tuple(present), gone=tuple(gone), requests=requests, items=items)


def _grouped(mentions: Sequence[Mention], sites: Mapping[str, str]) -> dict[tuple[str, str], dict[str, str]]:
    """Return the mentions of sites that are still read: their ids by number, by site and kind."""
    groups: dict[tuple[str, str], dict[str, str]] = {}
    for one in mentions[:BATCH]:
        domain, letter, number = (*one.id.split("/"), "", "")[:3]
        if domain in sites and letter in _METHODS and number.isascii() and number.isdecimal():
            groups.setdefault((domain, letter), {})[number] = one.id
    return groups


def _is_alive(site: str, ask: Ask) -> bool:
    """Say whether a site tells of its questions."""
    numbers = as_list(ask("/2.3/info", {"site": site}).get("items"))
    return bool(numbers) and bool(count_of(as_object(numbers[0]).get("total_questions")))
