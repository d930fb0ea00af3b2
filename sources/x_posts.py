"""Turn an answer of X's recent search (API v2) into mentions.

Field meanings: X API v2 data dictionary, docs.x.com, seen 2026-11-22.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from listener.mention import Author, Engagement, Mention
from listener.protocols import Skipped
from sources.text import ID_LIMIT, as_list, as_object, clean, count_of, instant_from_iso, line_of, usable_links

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["billed_of", "counts_of", "first_id_at", "published_of_id", "read_posts"]

_SNOWFLAKE_EPOCH: Final = datetime(2010, 11, 4, 1, 42, 54, 657_000, tzinfo=UTC)
"""Zero of the ids' clock, 1288834974657 ms (twitter-archive/snowflake, IdWorker.scala, `twepoch`)."""
_SNOWFLAKE_SHIFT: Final = 22
"""Bits of an id below its milliseconds (same place, `timestampLeftShift`)."""
_FIRST_SNOWFLAKE: Final = 29_700_859_247
"""Ids below it are a plain count, from before 2010-11-04."""
_MILLISECOND: Final = timedelta(milliseconds=1)

_OLD_LANGUAGES: Final = {"iw": "he", "in": "id", "ji": "yi"}
"""Codes withdrawn from ISO 639-1 in 1989 that X still uses."""
_NO_LANGUAGE: Final = re.compile(r"und|zxx|mul|mis|art|q[a-t][a-z]")
"""Undetermined, no words, several, and the private codes of X (qme: media only, qst: too short ...)."""
_OWN_MEDIA: Final = re.compile(r"https?://(?:twitter|x)\.com/[^/]+/status/\d+/(?:photo|video)/\d+")
_COUNTRY: Final = re.compile(r"[A-Z]{2}", re.ASCII)


def first_id_at(instant: datetime) -> int:
    """Return the lowest id a post published at `instant` can have.

    An id is milliseconds since the ids' epoch, shifted left by 22 bits for
    machine and sequence: (ms - 1288834974657) << 22.
    """
    return max(0, (instant - _SNOWFLAKE_EPOCH) // _MILLISECOND) << _SNOWFLAKE_SHIFT


def published_of_id(post_id: str) -> datetime | None:
    """Return the instant that is written into an id; None for the plain counts of before 2010-11."""
    if not re.fullmatch(r"\d{1,19}", post_id, re.ASCII) or int(post_id) < _FIRST_SNOWFLAKE:
        return None
    return _SNOWFLAKE_EPOCH + (int(post_id) >> _SNOWFLAKE_SHIFT) * _MILLISECOND


@dataclass(frozen=True, slots=True)
class _Includes:
    """The things an answer's posts refer to, by id."""

    users: Mapping[str, Mapping[str, object]]
    posts: Mapping[str, Mapping[str, object]]
    places: Mapping[str, Mapping[str, object]]

    @classmethod
    def of(cls, answer: Mapping[str, object]) -> _Includes:
        included = as_object(answer.get("includes"))
        users, posts, places = (_by_id(included.get(kind)) for kind in ("users", "tweets", "places"))
        return cls(users=users, posts=posts, places=places)


def read_posts(answer: Mapping[str, object]) -> tuple[tuple[Mention, ...], tuple[Skipped, ...]]:
    """Return the mentions of an answer in its order, each once, and what could not become one.

    An edited post is one mention under the id of its first version: the newest
    version in the answer stands for it.
    """
    includes = _Includes.of(answer)
    mentions: dict[str, Mention] = {}
    skipped: list[Skipped] = []
    for item in as_list(answer.get("data")):
        post = as_object(item)
        mention = _mention(post, includes)
        if isinstance(mention, Skipped):
            skipped.append(mention)
        else:
            mentions.setdefault(mention.id, mention)
    return tuple(mentions.values()), tuple(skipped)


def billed_of(answer: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    """Return what X charges for in an answer, as (kind, id): every post and every user in it."""
    included = as_object(answer.get("includes"))
    parts = (("post", answer.get("data")), ("post", included.get("tweets")), ("user", included.get("users")))
    found = ((kind, place, as_object(item)) for kind, items in parts for place, item in enumerate(as_list(items)))
    return tuple((kind, _id(item.get("id")) or f"nameless {place}") for kind, place, item in found)


def counts_of(answer: object) -> tuple[tuple[datetime, datetime, int], ...]:
    """Return (since, until, posts) of an answer of the counts; nothing where it is not one."""
    spans = []
    for item in as_list(as_object(answer).get("data")):
        span = as_object(item)
        since, until = instant_from_iso(span.get("start")), instant_from_iso(span.get("end"))
        count = count_of(span.get("tweet_count"))
        if since is None or until is None or count is None or until <= since:
            return ()
        spans.append((since, until, count))
    return tuple(spans)


def _mention(post: Mapping[str, object], includes: _Includes) -> Mention | Skipped:
    post_id = _id(post.get("id"))
    if post_id is None:
        return Skipped(id=None, reason="a post without an id")
    refers = _references(post)
    original = includes.posts.get(_id(refers.get("retweeted", {}).get("id")) or "", {})
    speaking = original or post  # a repost's own text is cut at 140 characters, the original's is whole
    note = as_object(speaking.get("note_tweet"))  # posts of more than 280 characters
    text = note.get("text") or speaking.get("text")
    if not isinstance(text, str):
        return Skipped(id=post_id, reason="a post without a text")
    entities = as_object(note.get("entities") or speaking.get("entities"))
    first_id = _first_version(post) or post_id
    created_at = instant_from_iso(post.get("created_at"))
    was_edited = first_id != post_id
    author = _author(post, includes)
    repost_of = _target(refers, "retweeted", includes)
    return Mention(
        source="x",
        id=first_id,
        text=clean(_unescape(text)),
        published_at=(None if was_edited else created_at) or published_of_id(first_id) or created_at,
        url=f"https://x.com/{author.handle if author and author.handle else 'i/web'}/status/{post_id}",
        author=author,
        language=_language(post.get("lang")),
        engagement=Engagement() if repost_of else _engagement(as_object(post.get("public_metrics"))),
        reply_to=_target(refers, "replied_to", includes),
        thread=_id(post.get("conversation_id")),
        repost_of=repost_of,
        quote_of=_target(refers, "quoted", includes),
        place=_country(post, includes),
        links=_links(entities),
        hashtags=_hashtags(entities),
        has_media=bool(as_list(as_object(speaking.get("attachments")).get("media_keys"))),
        edited_at=created_at if was_edited else None,
    )


def _by_id(items: object) -> dict[str, Mapping[str, object]]:
    pairs = ((_id(as_object(item).get("id")), as_object(item)) for item in as_list(items))
    return {item_id: item for item_id, item in pairs if item_id}


def _id(value: object) -> str | None:
    return line_of(value, limit=ID_LIMIT)


def _first_version(post: Mapping[str, object]) -> str | None:
    """Return the first id of a post's edit history; older answers have none."""
    history = as_list(post.get("edit_history_tweet_ids"))
    return _id(history[0]) if history else None


def _references(post: Mapping[str, object]) -> dict[str, Mapping[str, object]]:
    """Return what a post replies to, reposts and quotes, by the kind of reference."""
    found = (as_object(reference) for reference in as_list(post.get("referenced_tweets")))
    return {kind: reference for reference in found if (kind := line_of(reference.get("type"), limit=20))}


def _target(refers: Mapping[str, Mapping[str, object]], kind: str, includes: _Includes) -> str | None:
    """Return the id of a reference; of an edited post, where the answer holds it, that of its first version."""
    target = _id(refers.get(kind, {}).get("id"))
    return _first_version(includes.posts.get(target, {})) or target if target else None


def _unescape(text: str) -> str:
    """Undo the only three escapes X makes."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _author(post: Mapping[str, object], includes: _Includes) -> Author | None:
    """Return who wrote a post; the id alone where the account is suspended, protected or was not asked for."""
    author_id = _id(post.get("author_id"))
    if author_id is None:
        return None
    user = includes.users.get(author_id, {})
    verified = user.get("verified")
    handle = line_of(user.get("username"), limit=ID_LIMIT)
    return Author(
        id=author_id,
        handle=handle if handle and re.fullmatch(r"\w+", handle, re.ASCII) else None,
        name=line_of(user.get("name"), limit=ID_LIMIT),
        followers=count_of(as_object(user.get("public_metrics")).get("followers_count")),
        verified=verified if isinstance(verified, bool) else None,
    )


def _engagement(metrics: Mapping[str, object]) -> Engagement:
    """Read the counters of a post.

    A repost has none of its own: what it is sent with are the original's, or zeros.
    """
    return Engagement(
        likes=count_of(metrics.get("like_count")),
        reposts=count_of(metrics.get("retweet_count")),
        replies=count_of(metrics.get("reply_count")),
        views=count_of(metrics.get("impression_count")),
    )


def _language(code: object) -> str | None:
    tag = line_of(code, limit=35)
    if tag is None or _NO_LANGUAGE.fullmatch(tag):
        return None
    return _OLD_LANGUAGES.get(tag, tag)


def _country(post: Mapping[str, object], includes: _Includes) -> str | None:
    place_id = _id(as_object(post.get("geo")).get("place_id"))
    code = includes.places.get(place_id or "", {}).get("country_code")
    return code if isinstance(code, str) and _COUNTRY.fullmatch(code) else None


def _links(entities: Mapping[str, object]) -> tuple[str, ...]:
    """Return where the links lead, without those to the post's own pictures."""
    urls = [as_object(url) for url in as_list(entities.get("urls"))]
    targets = (url.get("unwound_url") or url.get("expanded_url") for url in urls)
    return usable_links(t for t in targets if isinstance(t, str) and not _OWN_MEDIA.fullmatch(t))


def _hashtags(entities: Mapping[str, object]) -> tuple[str, ...]:
    tags = (line_of(as_object(tag).get("tag"), limit=ID_LIMIT) for tag in as_list(entities.get("hashtags")))
    return tuple(dict.fromkeys(tag for tag in tags if tag))
