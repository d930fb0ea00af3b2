"""Read what the YouTube Data API sends: videos, comments, and what is wrong with a request."""

from __future__ import annotations

import json
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from listener.api import (
    Author,
    CredentialsError,
    Engagement,
    ForbiddenError,
    Mention,
    NotFoundError,
    RateLimitedError,
    RejectedQueryError,
    Skipped,
    SourceError,
    UnavailableError,
    UsageCappedError,
    utc_now,
)
from listener.clock import load_zone
from sources.markdown import addresses_in
from sources.text import (
    ID_LIMIT,
    as_list,
    as_object,
    clean,
    count_of,
    instant_from_iso,
    line_of,
    plain_text,
    usable_links,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sources.web import Answer

__all__ = ["CommentsOffError", "StaleTokenError", "read_comment", "read_thread", "read_video", "refusal"]

_SOURCE: Final = "youtube"
_WATCH: Final = "https://www.youtube.com/watch?v="
_QUOTA_ZONE: Final = "America/Los_Angeles"
"""Quotas begin anew at midnight Pacific Time (developers.google.com/youtube/v3/getting-started, seen 2026-11-22)."""
_CALM: Final = timedelta(minutes=2)
_CAPPED: Final = frozenset({"quotaExceeded", "dailyLimitExceeded"})
_TOO_FAST: Final = frozenset({"rateLimitExceeded", "userRateLimitExceeded"})


class CommentsOffError(ForbiddenError):
    """Report a video whose comments are turned off."""


class StaleTokenError(RejectedQueryError):
    """Report a page token that the service no longer takes."""


_REFUSALS: Final[tuple[tuple[frozenset[str], type[SourceError], str], ...]] = (
    (
        frozenset({"keyInvalid", "keyExpired", "API_KEY_INVALID"}),
        CredentialsError,
        "the API key is refused; let api_key_env name a variable that holds a valid one",
    ),
    (
        frozenset({"accessNotConfigured", "SERVICE_DISABLED"}),
        ForbiddenError,
        "the YouTube Data API v3 is not enabled in the key's project; enable it in the Google Cloud console",
    ),
    (frozenset({"commentsDisabled"}), CommentsOffError, "the comments of the video are turned off"),
    (
        frozenset({"videoNotFound", "commentThreadNotFound", "commentNotFound", "parentCommentNotFound"}),
        NotFoundError,
        "the video is gone",
    ),
    (frozenset({"invalidPageToken"}), StaleTokenError, "the page token is no longer taken"),
    (
        frozenset({"processingFailure"}),
        UnavailableError,
        "the service could not do what was asked; the next pass tries again",
    ),
)
"""What the reasons of a refusal stand for."""


def refusal(answer: Answer) -> SourceError | None:
    """Return the error that a refusal of the API stands for, by the reason in its body; None where the status tells.

    Reasons: developers.google.com/youtube/v3/docs/errors, seen 2026-11-22.
    """
    if not 400 <= answer.status < 500:  # noqa: PLR2004 - refusals
        return None
    reasons = _reasons(answer.body)
    now = utc_now()
    if reasons & _CAPPED:
        msg = "youtube: the day's quota is used up; it begins anew at midnight Pacific Time"
        return UsageCappedError(msg, until=_next_day(now))
    if reasons & _TOO_FAST or answer.status == 429:  # noqa: PLR2004 - too many requests
        return RateLimitedError("youtube: the service asks for fewer requests", retry_at=now + _CALM)
    for known, kind, sentence in _REFUSALS:
        if reasons & known:
            return kind(f"youtube: {sentence}")
    return None


def _reasons(body: bytes) -> frozenset[str]:
    """Return every reason that stands in an error answer."""
    try:
        error = as_object(as_object(json.loads(body[:20_000])).get("error"))
    except (ValueError, RecursionError):
        return frozenset()
    entries = [*as_list(error.get("errors")), *as_list(error.get("details"))]
    found = {line_of(as_object(entry).get("reason"), limit=60) for entry in entries}
    return frozenset(reason for reason in found if reason)


def _next_day(now: datetime) -> datetime:
    """Return the next midnight in Pacific Time."""
    zone = load_zone(_QUOTA_ZONE)
    tomorrow = now.astimezone(zone).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time(), zone).astimezone(UTC)


def read_video(item: Mapping[str, object]) -> Mention | Skipped:
    """Return the mention that a video of videos.list stands for, or why it is none."""
    native = line_of(item.get("id"), limit=64)
    if native is None:
        return Skipped(id=None, reason="the video has no id")
    snippet, counts = as_object(item.get("snippet")), as_object(item.get("statistics"))
    published_at = instant_from_iso(snippet.get("publishedAt"))
    if published_at is None:
        return Skipped(id=native, reason="the video has no time")
    channel, name = line_of(snippet.get("channelId"), limit=64), line_of(snippet.get("channelTitle"), limit=ID_LIMIT)
    description = snippet.get("description")
    spoken = line_of(snippet.get("defaultAudioLanguage"), limit=35) or line_of(snippet.get("defaultLanguage"), limit=35)
    text = clean(description).strip() if isinstance(description, str) else ""
    return Mention(
        source=_SOURCE,
        id=native,
        text=text,
        title=line_of(snippet.get("title")),
        published_at=published_at.replace(microsecond=0),
        url=_WATCH + native,
        kind="video",
        author=Author(id=channel, name=name) if channel or name else None,
        language=None if spoken in {None, "zxx", "und"} else spoken,
        engagement=Engagement(
            likes=count_of(counts.get("likeCount")),
            replies=count_of(counts.get("commentCount")),
            views=count_of(counts.get("viewCount")),
        ),
        thread=native,
        links=usable_links(addresses_in(text)),
        has_media=True,
    )


def read_thread(item: Mapping[str, object], video: str) -> tuple[Mention | Skipped, ...]:
    """Return the mentions of a comment on a video and of the replies that came with it, or why they are none."""
    snippet = as_object(item.get("snippet"))
    replies = as_list(as_object(item.get("replies")).get("comments"))
    top = as_object(snippet.get("topLevelComment"))
    answered = count_of(snippet.get("totalReplyCount"))
    return (
        read_comment(top, video, replies=answered),
        *(read_comment(as_object(reply), video) for reply in replies),
    )


def read_comment(item: Mapping[str, object], video: str, *, replies: int | None = None) -> Mention | Skipped:
    """Return the mention that a comment stands for, or why it is none."""
    native = line_of(item.get("id"), limit=200)
    if native is None:
        return Skipped(id=None, reason="the comment has no id")
    snippet = as_object(item.get("snippet"))
    published_at, updated_at = instant_from_iso(snippet.get("publishedAt")), instant_from_iso(snippet.get("updatedAt"))
    if published_at is None:
        return Skipped(id=native, reason="the comment has no time")
    written, shown = snippet.get("textOriginal"), snippet.get("textDisplay")
    text = clean(written).strip() if isinstance(written, str) else plain_text(shown) if isinstance(shown, str) else ""
    name = line_of(snippet.get("authorDisplayName"), limit=200)
    channel = line_of(as_object(snippet.get("authorChannelId")).get("value"), limit=64)
    return Mention(
        source=_SOURCE,
        id=native,
        text=text,
        published_at=published_at.replace(microsecond=0),
        url=f"{_WATCH}{video}&lc={native}",
        kind="comment",
        author=Author(id=channel, handle=_handle(name), name=name) if channel or name else None,
        engagement=Engagement(likes=count_of(snippet.get("likeCount")), replies=replies),
        reply_to=line_of(snippet.get("parentId"), limit=200) or video,
        thread=video,
        links=usable_links(addresses_in(text)),
        edited_at=updated_at if updated_at and updated_at > published_at else None,
    )


def _handle(name: str | None) -> str | None:
    """Return the handle of an author: names that begin with @ are handles, older ones are not."""
    return name.lstrip("@") or None if name and name.startswith("@") else None
