"""Turn the statuses of a Mastodon instance into mentions.

Meaning of the fields: docs.joinmastodon.org/entities/Status and /Account, seen
2026-11-22. Ids count within one instance only; `uri` is the same everywhere.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from listener.api import Author, Engagement, Mention, Skipped
from sources.text import (
    ID_LIMIT,
    as_list,
    as_object,
    count_of,
    instant_from_iso,
    line_of,
    links_in,
    plain_text,
    usable_links,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from listener.api import Window

__all__ = ["UNWILLING", "id_of", "read_replies", "read_status", "read_statuses"]

_NOBOT: Final = re.compile(r"#no(?:bots?|index|archive)\b", re.IGNORECASE)
_STAND_IN: Final = re.compile(r"<(p|span)\b[^<>]{0,300}\bquote-inline\b[^<>]{0,300}>")
_OPEN: Final = frozenset({"public", "unlisted"})
UNWILLING: Final = "author asks not to be indexed"
"""Why a status is skipped that is there and not to be kept."""


def read_statuses(
    statuses: Sequence[object], host: str, window: Window
) -> tuple[tuple[Mention, ...], tuple[Skipped, ...]]:
    """Return the mentions of an answer that belong to a window, each once, and what could not become one.

    `host` is the instance that answered: accounts of its own bear no domain there.
    """
    mentions: dict[str, Mention] = {}
    skipped: list[Skipped] = []
    for item in statuses:
        read = read_status(as_object(item), host)
        if isinstance(read, Skipped):
            skipped.append(read)
        elif read.published_at is not None and window.since <= read.published_at < window.until:
            mentions.setdefault(read.id, read)
    return tuple(mentions.values()), tuple(skipped)


def read_status(status: Mapping[str, object], host: str) -> Mention | Skipped:
    """Return the mention that a status stands for, or why it is none."""
    uri = line_of(status.get("uri"), limit=ID_LIMIT)
    if uri is None:
        return Skipped(id=id_of(status), reason="the status has no uri")
    published_at = instant_from_iso(status.get("created_at"))
    if published_at is None:
        return Skipped(id=uri, reason="the status has no time")
    original = as_object(status.get("reblog"))
    shown = original or status
    obstacle = _obstacle(status) or _obstacle(shown)
    if obstacle:
        return Skipped(id=uri, reason=obstacle)
    content = shown.get("content")
    content = content if isinstance(content, str) else ""
    return Mention(
        source="mastodon",
        id=uri,
        text=plain_text(_own_words(content) if as_object(shown.get("quote")) else content),
        published_at=published_at,
        title=line_of(shown.get("spoiler_text")),
        url=next(iter(usable_links([status.get("url"), uri])), None),
        author=_author(as_object(status.get("account")), host),
        language=line_of(shown.get("language"), limit=35),
        engagement=Engagement() if original else _engagement(status),
        reply_to=_local(status.get("in_reply_to_id"), host),
        repost_of=line_of(original.get("uri"), limit=ID_LIMIT),
        quote_of=_quoted(shown, host),
        links=_links(shown, content),
        hashtags=_names(shown.get("tags")),
        has_media=bool(as_list(shown.get("media_attachments"))),
        edited_at=instant_from_iso(shown.get("edited_at")),
        extra={"local": local} if (local := _local(status.get("id"), host)) else None,
    )


def read_replies(statuses: Sequence[object], host: str, thread: str, accounts: Sequence[str]) -> tuple[Mention, ...]:
    """Return which of these statuses some accounts wrote, without their text; `thread` is what they are below."""
    wanted = {account.casefold() for account in accounts}
    found: dict[str, Mention] = {}
    for status in map(as_object, statuses):
        uri = line_of(status.get("uri"), limit=ID_LIMIT)
        author = _author(as_object(status.get("account")), host)
        published_at = instant_from_iso(status.get("created_at"))
        if uri is None or author is None or published_at is None or (author.handle or "").casefold() not in wanted:
            continue
        reply = Mention(source="mastodon", id=uri, text="", published_at=published_at, author=author, thread=thread)
        found.setdefault(uri, reply)
    return tuple(found.values())


def id_of(status: Mapping[str, object]) -> str | None:
    """Return the id a status has on the instance that sent it; paging goes by it."""
    return line_of(status.get("id"), limit=ID_LIMIT)


def _obstacle(status: Mapping[str, object]) -> str | None:
    """Say why a status is not to be kept; None where nothing speaks against it.

    Whoever cannot be asked has not refused: other servers than Mastodon leave
    these fields out.
    """
    visibility = line_of(status.get("visibility"), limit=40)
    if visibility is not None and visibility not in _OPEN:
        return UNWILLING
    account = as_object(status.get("account"))
    if account.get("indexable") is False or account.get("discoverable") is False or account.get("noindex") is True:
        return UNWILLING
    told = [account.get("note"), *(as_object(field).get("value") for field in as_list(account.get("fields")))]
    if any(isinstance(text, str) and _NOBOT.search(plain_text(text, limit=20_000)) for text in told):
        return UNWILLING
    return None


def _own_words(content: str) -> str:
    """Leave out the line "RE: address" that a server puts into a quote for those who cannot show quotes.

    A paragraph before the text (docs.joinmastodon.org/methods/statuses, seen 2026-11-23); of Misskey and Akkoma a
    span behind it (github.com/mastodon/mastodon/pull/35971).
    """
    found = _STAND_IN.search(content)
    if found is None:
        return content
    tag, paragraph = f"</{found[1]}>", content.find("</p>", found.end())
    end = paragraph if found[1] == "p" else content.rfind(tag, found.end(), paragraph if paragraph >= 0 else None)
    return content if end < 0 else content[: found.start()] + content[end + len(tag) :]


def _author(account: Mapping[str, object], host: str) -> Author | None:
    acct = line_of(account.get("acct"), limit=ID_LIMIT) or line_of(account.get("username"), limit=ID_LIMIT)
    handle = None if acct is None else acct.lstrip("@")
    handle = handle if handle is None or "@" in handle else f"{handle}@{host}"
    everywhere = line_of(account.get("uri"), limit=ID_LIMIT) or line_of(account.get("url"), limit=ID_LIMIT)
    if not handle and not everywhere:
        return None
    return Author(
        id=everywhere or handle,
        handle=handle or None,
        name=line_of(account.get("display_name"), limit=ID_LIMIT),
        followers=count_of(account.get("followers_count")),
    )


def _engagement(status: Mapping[str, object]) -> Engagement:
    """Read the counters, which know only what reached this instance."""
    return Engagement(
        likes=count_of(status.get("favourites_count")),
        reposts=count_of(status.get("reblogs_count")),
        replies=count_of(status.get("replies_count")),
    )


def _local(value: object, host: str) -> str | None:
    """Return an id that only this instance knows in a form that no other's can be taken for."""
    local = line_of(value, limit=ID_LIMIT - 300)
    return f"{host}:{local}" if local else None


def _quoted(status: Mapping[str, object], host: str) -> str | None:
    """Return what a status quotes: its uri, or its id here where the quote is only named."""
    quote = as_object(status.get("quote"))
    whole = as_object(quote.get("quoted_status"))
    return line_of(whole.get("uri"), limit=ID_LIMIT) or _local(quote.get("quoted_status_id"), host)


def _links(status: Mapping[str, object], content: str) -> tuple[str, ...]:
    """Return where the text and the preview lead, without hashtags and the people who are addressed."""
    entities = [*as_list(status.get("tags")), *as_list(status.get("mentions"))]
    own = {line_of(as_object(entity).get("url")) for entity in entities}
    tags = {name.lower() for name in _names(status.get("tags"))}
    found = usable_links([*links_in(content), as_object(status.get("card")).get("url")])
    return tuple(link for link in found if link not in own and not _is_tag_page(link, tags))


def _is_tag_page(link: str, tags: set[str]) -> bool:
    """Say whether a link is a hashtag's page on its author's instance, which has another address than here."""
    folder, _, name = urlsplit(link).path.lower().rstrip("/").rpartition("/")
    return folder.endswith(("/tags", "/tag")) and name in tags


def _names(tags: object) -> tuple[str, ...]:
    found = (line_of(as_object(tag).get("name"), limit=ID_LIMIT) for tag in as_list(tags))
    return tuple(dict.fromkeys(name for tag in found if tag and (name := tag.lstrip("#"))))
