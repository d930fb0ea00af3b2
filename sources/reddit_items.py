"""Turn things of Reddit's listings (posts t3, comments t1) into mentions.

Field meanings: github.com/reddit-archive/reddit/wiki/JSON and recorded answers,
seen 2026-11-22.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from listener.mention import Author, Engagement, Mention
from listener.protocols import Skipped
from sources.markdown import links_of_markdown, without_references
from sources.text import ID_LIMIT, as_list, as_object, clean, count_of, instant_from_epoch, line_of, usable_links

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

__all__ = ["created_at", "is_taken_away", "is_unsigned", "read_thing"]

_SITE: Final = "https://www.reddit.com"
_FULLNAME: Final = re.compile(r"t[1-6]_[0-9a-z]{1,13}", re.ASCII)
_ID: Final = re.compile(r"[0-9a-z]{1,13}", re.ASCII)
_GONE: Final = frozenset({"[deleted]", "[removed]", "[deleted by user]", "[ removed by reddit ]"})
"""What stands where an author or a text was taken away."""
_SHIELDED: Final = re.compile(r"(?<=\w)\\_(?=\w)")
_MEDIA_HINTS: Final = frozenset({"image", "hosted:video", "rich:video"})


def read_thing(thing: Mapping[str, object]) -> Mention | Skipped:
    """Return the mention of one thing of a listing, or why there is none.

    What its author or a moderator took away is no mention: the text must not be
    kept. A post without its text is one as long as it has its title.
    """
    kind, fields = thing.get("kind"), as_object(thing.get("data"))
    name = _fullname(fields, kind)
    if name is None or kind not in ("t1", "t3"):  # a tuple: what a service sends may not be hashable
        return Skipped(id=name, reason="neither a post nor a comment")
    text = _text(fields, "body" if kind == "t1" else "selftext")
    title = line_of(fields.get("title")) if kind == "t3" else None
    title = None if title in _GONE else title
    if not text and title is None:
        return Skipped(id=name, reason="deleted, removed or empty")
    published_at = created_at(thing)
    if published_at is None:
        return Skipped(id=name, reason="no time of creation")
    return (
        _comment(fields, name, text, published_at) if kind == "t1" else _post(fields, name, text, title, published_at)
    )


def is_taken_away(thing: Mapping[str, object]) -> bool:
    """Say whether the author or a moderator took a post or comment away, be its title still there."""
    fields = as_object(thing.get("data"))
    written = fields.get("body" if thing.get("kind") == "t1" else "selftext")
    told = (written, fields.get("title"))
    return bool(fields.get("removed_by_category")) or any(
        isinstance(text, str) and text.strip().casefold() in _GONE for text in told
    )


def is_unsigned(thing: Mapping[str, object]) -> bool:
    """Say whether a thing stands while its author's account is gone."""
    author = as_object(thing.get("data")).get("author")
    return isinstance(author, str) and author.casefold() in _GONE


def created_at(thing: Mapping[str, object]) -> datetime | None:
    """Return when a thing was made, aware UTC; None where it does not say."""
    return instant_from_epoch(as_object(thing.get("data")).get("created_utc"))


def _post(fields: Mapping[str, object], name: str, text: str, title: str | None, published_at: datetime) -> Mention:
    repost_of = _reference(fields.get("crosspost_parent"))
    originals = as_list(fields.get("crosspost_parent_list"))
    original = as_object(originals[0]) if originals else {}
    permalink = _permalink(fields) or f"{_SITE}/comments/{name[3:]}/"
    target = None if fields.get("is_self") is True else fields.get("url_overridden_by_dest") or fields.get("url")
    words = text or _text(original, "selftext")
    return Mention(
        source="reddit",
        id=name,
        title=title,
        text=words,
        published_at=published_at,
        url=permalink,
        author=_author(fields),
        engagement=Engagement(
            likes=_score(fields),
            reposts=count_of(fields.get("num_crossposts")),
            replies=count_of(fields.get("num_comments")),
        ),
        thread=name,
        repost_of=repost_of,
        links=tuple(link for link in _links(fields, words, target) if link != permalink),
        has_media=_has_media(fields),
        edited_at=_edited_at(fields),
        extra=_extra(fields),
    )


def _comment(fields: Mapping[str, object], name: str, text: str, published_at: datetime) -> Mention:
    thread = _reference(fields.get("link_id"))
    fallback = f"{_SITE}/comments/{thread[3:]}/_/{name[3:]}/" if thread else None
    return Mention(
        source="reddit",
        id=name,
        text=text,
        published_at=published_at,
        url=_permalink(fields) or fallback,
        kind="comment",
        author=_author(fields),
        engagement=Engagement(likes=_score(fields)),  # num_comments of a comment is that of its post
        reply_to=_reference(fields.get("parent_id")),
        thread=thread,
        links=_links(fields, text),
        has_media=bool(as_object(fields.get("media_metadata"))) or None,
        edited_at=_edited_at(fields),
        extra=_extra(fields),
    )


def _fullname(fields: Mapping[str, object], kind: object) -> str | None:
    """Return the id that is unique over all kinds, such as t3_1abcde."""
    name = _reference(fields.get("name"))
    if name is None and isinstance(kind, str):
        own = fields.get("id")
        name = _reference(f"{kind}_{own}") if isinstance(own, str) and _ID.fullmatch(own) else None
    return name


def _reference(value: object) -> str | None:
    return value if isinstance(value, str) and _FULLNAME.fullmatch(value) else None


def _text(fields: Mapping[str, object], field: str) -> str:
    """Return a text (Markdown, with the characters that it names); empty where it was taken away.

    Reddit's editor writes ``&#x200B;`` for an empty line, and a backslash before the low line within a name.
    """
    value = fields.get(field)
    written = _SHIELDED.sub("_", without_references(value)) if isinstance(value, str) else ""
    text = clean(written).strip().strip("\u200b").strip()
    return "" if text.casefold() in _GONE else text


def _links(fields: Mapping[str, object], text: str, target: object = None) -> tuple[str, ...]:
    """Return where a thing leads: to what a post is about, and to what its text links to.

    What is read out of a feed is no Markdown, and tells the links of its text itself.
    """
    return usable_links([target, *as_list(fields.get("links_of_text")), *links_of_markdown(text)])


def _permalink(fields: Mapping[str, object]) -> str | None:
    """Return the address of a thing at Reddit."""
    path = fields.get("permalink")
    if not isinstance(path, str) or not path.startswith("/") or path.startswith("//"):
        return None
    return next(iter(usable_links([_SITE + path])), None)


def _author(fields: Mapping[str, object]) -> Author | None:
    """Return who wrote a thing; None where the account is deleted."""
    handle = line_of(fields.get("author"), limit=ID_LIMIT)
    if handle is None or handle in _GONE:
        return None
    return Author(id=_reference(fields.get("author_fullname")), handle=handle)


def _score(fields: Mapping[str, object]) -> int | None:
    """Return up-votes less down-votes (made inexact by Reddit), 0 where there are more down-votes."""
    score = fields.get("score")
    if fields.get("score_hidden") is True:
        return None
    return 0 if isinstance(score, int) and not isinstance(score, bool) and score < 0 else count_of(score)


def _has_media(fields: Mapping[str, object]) -> bool:
    hint = fields.get("post_hint")
    return (
        fields.get("is_video") is True
        or fields.get("is_gallery") is True
        or bool(as_object(fields.get("media")))
        or bool(as_object(fields.get("gallery_data")))
        or (isinstance(hint, str) and hint in _MEDIA_HINTS)
    )


def _edited_at(fields: Mapping[str, object]) -> datetime | None:
    """Return the time of the last edit; `edited` is false where there was none, true where it was long ago."""
    return instant_from_epoch(fields.get("edited"))


def _extra(fields: Mapping[str, object]) -> dict[str, object]:
    """Return what belongs to Reddit alone: the subreddit, and whether it is for adults."""
    subreddit, over_18 = line_of(fields.get("subreddit"), limit=ID_LIMIT), fields.get("over_18")
    kept: dict[str, object] = {} if subreddit is None else {"subreddit": subreddit}
    return {**kept, "over_18": over_18} if isinstance(over_18, bool) else kept
