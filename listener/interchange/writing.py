"""Write a mention as the JSON object of the contract."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

from listener.interchange.contract import FIELDS

if TYPE_CHECKING:
    from datetime import datetime

    from listener.mention import Author, Engagement, Mention

__all__ = ["mention_to_json"]


def mention_to_json(mention: Mention) -> dict[str, object]:
    """Return the JSON object of a mention: every field of the contract, in its order, then what else is known.

    Reading it again gives an equal mention, provided the mention's time is known
    and its texts are clean.
    """
    fields: dict[str, object] = {name: getattr(mention, name) for name in FIELDS}
    fields["author"] = _author_to_json(mention.author)
    fields["published_at"] = _instant_to_json(mention.published_at)
    fields["engagement"] = _engagement_to_json(mention.engagement)
    more = {
        "links": list(mention.links),
        "hashtags": list(mention.hashtags),
        "has_media": mention.has_media,
        "edited_at": _instant_to_json(mention.edited_at),
        "extra": dict(mention.extra) if mention.extra else None,
    }
    return fields | {name: value for name, value in more.items() if value not in (None, [])}


def _author_to_json(author: Author | None) -> dict[str, object] | None:
    if author is None:
        return None
    return {name: getattr(author, name) for name in ("id", "handle", "name", "followers", "verified")}


def _engagement_to_json(engagement: Engagement) -> dict[str, object] | None:
    counts = {name: getattr(engagement, name) for name in ("likes", "reposts", "replies", "views")}
    return counts if any(count is not None for count in counts.values()) else None


def _instant_to_json(instant: datetime | None) -> str | None:
    return None if instant is None else instant.astimezone(UTC).isoformat()
