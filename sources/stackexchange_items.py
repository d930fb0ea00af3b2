"""Turn questions, answers and comments of Stack Exchange into mentions.

Field meanings: api.stackexchange.com/docs/types (search-excerpt, comment), seen
2026-11-22. Titles, names and bodies are HTML.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from listener.mention import Author, Engagement, Mention
from listener.protocols import Skipped
from sources.text import (
    as_list,
    as_object,
    count_of,
    instant_from_epoch,
    line_of,
    links_in,
    plain_text,
    usable_links,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

__all__ = ["domain_of", "read_item"]

_OWN_DOMAINS: Final = {
    "mathoverflow": "mathoverflow.net",
    **{name: f"{name}.com" for name in ("stackoverflow", "serverfault", "superuser", "askubuntu", "stackapps")},
}
_LANGUAGES: Final = frozenset({"es", "ja", "pt", "ru"})
"""Sites of Stack Overflow that are in another language, by the first part of their name."""
_LICENCES: Final = ((1302220800, "CC BY-SA 2.5"), (1525219200, "CC BY-SA 3.0"))
"""Until when (epoch seconds) what was published is under which licence; after that 4.0.

stackoverflow.com/help/licensing, seen 2026-11-22: 2011-04-08 and 2018-05-02.
"""
_KINDS: Final = {"q": "question", "a": "comment", "c": "comment"}


def domain_of(site: str) -> str:
    """Return the host name of a site given by the API's name for it, or by its host name."""
    if site in _OWN_DOMAINS:
        return _OWN_DOMAINS[site]
    if site.endswith((".com", ".net")):
        return site
    part, _, rest = site.partition(".")
    if rest in _OWN_DOMAINS:  # es.stackoverflow, meta.serverfault
        return f"{part}.{_OWN_DOMAINS[rest]}"
    return f"{site}.stackexchange.com"


def read_item(item: Mapping[str, object], domain: str) -> Mention | Skipped:
    """Return the mention that a question, an answer or a comment of a site stands for, or why it is none."""
    letter, number = _identity(item)
    if number is None:
        return Skipped(id=None, reason="the item has no id")
    native = f"{domain}/{letter}/{number}"
    published_at = instant_from_epoch(item.get("creation_date"))
    if published_at is None:
        return Skipped(id=native, reason="the item has no time")
    markup = _markup(item)
    title = plain_text(str(item.get("title") or ""), limit=2_000) if letter == "q" else ""
    if not markup and not title:
        return Skipped(id=native, reason="the item holds no text")
    question, post = count_of(item.get("question_id")), count_of(item.get("post_id"))
    url = _url(item.get("link"), domain, letter, number)
    edited_at = instant_from_epoch(item.get("last_edit_date"))
    return Mention(
        source="stackexchange",
        id=native,
        text=plain_text(markup),
        published_at=published_at,
        title=line_of(title) if title else None,
        url=url,
        kind=_KINDS[letter],
        author=_author(as_object(item.get("owner")), domain),
        language=_language(domain),
        engagement=Engagement(
            likes=_score(item.get("score")),
            replies=count_of(item.get("answer_count")),
            views=count_of(item.get("view_count")),
        ),
        reply_to=_parent(letter, domain, question, post),
        thread=f"{domain}/q/{question}" if question is not None else None,
        links=usable_links(links_in(markup, origin=url)),
        hashtags=tuple(tag for value in as_list(item.get("tags"))[:20] if (tag := line_of(value, limit=100))),
        edited_at=edited_at if edited_at is not None and edited_at > published_at else None,
        extra={"site": domain, "licence": _licence(item.get("content_license"), published_at)},
    )


def _identity(item: Mapping[str, object]) -> tuple[str, int | None]:
    """Return whether an item is a question (q), an answer (a) or a comment (c), and its number."""
    kind = item.get("item_type")
    for letter, name in (("c", "comment"), ("a", "answer"), ("q", "question")):
        number = count_of(item.get(f"{name}_id"))
        if kind == name or (kind is None and number is not None):
            return letter, number
    return "q", None


def _markup(item: Mapping[str, object]) -> str:
    """Return the HTML of an item: the whole, or what the search shows of it."""
    for name in ("body", "excerpt"):
        text = item.get(name)
        if isinstance(text, str) and text:
            return text
    return ""


def _language(domain: str) -> str | None:
    part, _, rest = domain.partition(".")
    return part if part in _LANGUAGES and rest == "stackoverflow.com" else None


def _url(link: object, domain: str, letter: str, number: int) -> str:
    """Return the address of an item: the one it brings, or the short form."""
    brought = usable_links([link])
    if brought:
        return brought[0]
    return f"https://{domain}/posts/comments/{number}" if letter == "c" else f"https://{domain}/{letter}/{number}"


def _parent(letter: str, domain: str, question: int | None, post: int | None) -> str | None:
    """Return what is answered: of an answer its question, of a comment its post (question or answer is not said)."""
    if letter == "a" and question is not None:
        return f"{domain}/q/{question}"
    return f"{domain}/posts/{post}" if letter == "c" and post is not None else None


def _author(owner: Mapping[str, object], domain: str) -> Author | None:
    """Return who wrote an item; None where the account is gone and left no name."""
    number = count_of(owner.get("user_id"))
    name = line_of(plain_text(str(owner.get("display_name") or ""), limit=200))
    if number is None and name is None:
        return None
    return Author(id=None if number is None else f"{domain}/users/{number}", handle=name, name=name)


def _score(value: object) -> int | None:
    """Return up-votes less down-votes, 0 where there are more down-votes."""
    return 0 if isinstance(value, int) and not isinstance(value, bool) and value < 0 else count_of(value)


def _licence(told: object, published_at: datetime) -> str:
    """Return the licence of an item: the one it names, or the one of its time."""
    named = line_of(told, limit=40)
    if named is not None:
        return named
    second = published_at.timestamp()
    return next((licence for until, licence in _LICENCES if second < until), "CC BY-SA 4.0")
