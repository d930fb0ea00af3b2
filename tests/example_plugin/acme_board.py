"""Listen to a message board, score by smileys, and write what is to be told into a file.

The board is made up: it answers ``GET /posts?since=S&until=U&page=N`` with JSON,
newest first, times in epoch seconds.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import urlopen

from listener.api import (
    Author,
    Label,
    Mention,
    Notification,
    Page,
    PermanentDeliveryError,
    Query,
    RateLimitedError,
    Resource,
    ScoringTask,
    Sentiment,
    Skipped,
    SourceFacts,
    StopSignal,
    TransientDeliveryError,
    UnavailableError,
    UnexpectedAnswerError,
    Window,
    clean,
    from_epoch,
    option,
    to_epoch,
)

__all__ = ["BoardOptions", "BoardSource", "LogbookNotifier", "LogbookOptions", "SmileyScorer"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardOptions:
    """Hold the options of `[sources.board]`."""

    base_url: str = option("Where the board is.", default="https://board.example.org")


class BoardSource:
    """Read every post of the board; which of them name a brand is decided by the program."""

    name = "board"
    Options: ClassVar[type] = BoardOptions
    facts: ClassVar[SourceFacts] = SourceFacts(
        summary="Posts of a message board.", sees="all of them", every=timedelta(minutes=5)
    )

    def __init__(self, options: BoardOptions | None = None, *, stop: StopSignal | None = None) -> None:
        self._options = options or BoardOptions()
        self._stop = stop

    def plan(self, queries: Sequence[Query]) -> Sequence[Resource]:
        """Return one resource for every brand: the board has no search."""
        return [Resource(key="posts-1", lane="posts", native="all posts")] if queries else []

    def fetch(self, resource: Resource, window: Window, cursor: str | None) -> Page:
        """Read one page of the window, newest first."""
        number = int(cursor or 1)
        asked = {"since": to_epoch(window.since), "until": to_epoch(window.until), "page": number}
        answer = self._get(f"/posts?{urlencode(asked)}")
        posts = answer.get("posts")
        if not isinstance(posts, list):
            msg = "board: the answer holds no list of posts; is base_url right?"
            raise UnexpectedAnswerError(msg)
        read = [_mention(post) for post in posts]
        is_last = not answer.get("more")
        return Page(
            mentions=tuple(one for one in read if isinstance(one, Mention)),
            skipped=tuple(one for one in read if isinstance(one, Skipped)),
            cursor=None if is_last else str(number + 1),
            exhausted=is_last,
            items=len(posts),
        )

    def check(self) -> str:
        """Ask for nothing in particular."""
        self._get("/posts?since=0&until=0&page=1")
        return "the board answers"

    def close(self) -> None:
        """Hold nothing open."""

    def _get(self, path: str) -> dict[str, Any]:
        try:
            with urlopen(self._options.base_url + path, timeout=10) as answer:  # noqa: S310 - the operator's own address
                found = json.loads(answer.read(1 << 20))
        except HTTPError as error:
            if error.code == 429:
                msg = "board: asks to come back later"
                raise RateLimitedError(msg) from None
            msg = f"board: status {error.code}"
            raise UnavailableError(msg) from None
        except (URLError, OSError) as error:
            msg = f"board: {type(error).__name__}"
            raise UnavailableError(msg) from None
        except ValueError:
            msg = "board: the answer is not JSON; is base_url right?"
            raise UnexpectedAnswerError(msg) from None
        return found if isinstance(found, dict) else {}


def _mention(post: object) -> Mention | Skipped:
    if not isinstance(post, dict) or not isinstance(post.get("at"), int) or not isinstance(post.get("text"), str):
        return Skipped(id=None, reason="not a post")
    return Mention(
        source=BoardSource.name,
        id=str(post["id"]),
        text=clean(post["text"]),
        published_at=from_epoch(post["at"]),
        url=f"https://board.example.org/posts/{post['id']}",
        author=Author(handle=str(post.get("by"))) if post.get("by") else None,
    )


class SmileyScorer:
    """Score texts of any language by their smileys: the share of glad ones less that of sad ones."""

    name = "smileys"
    version = "1"

    def supports(self, language: str) -> bool:
        """Say that a smile is a smile."""
        return bool(language)

    def score(self, tasks: Sequence[ScoringTask]) -> Sequence[Sentiment]:
        """Return (n_tasks,) sentiments in input order."""
        return [self._one(task) for task in tasks]

    def _one(self, task: ScoringTask) -> Sentiment:
        if not task.text.strip():
            return Sentiment.unscored(task.language, "empty")
        glad, sad = task.text.count(":-)"), task.text.count(":-(")
        score = (glad - sad) / (glad + sad) if glad + sad else 0.0
        return Sentiment(
            score=score,
            label=Label.NO_EVIDENCE if not glad + sad else _label(score),
            language=task.language,
            scorer=self.name,
            version=self.version,
            evidence=glad + sad,
        )


def _label(score: float) -> Label:
    return Label.POSITIVE if score > 0 else Label.NEGATIVE if score < 0 else Label.NEUTRAL


@dataclass(frozen=True, slots=True, kw_only=True)
class LogbookOptions:
    """Hold the options of `[notifiers.logbook]`."""

    file: str = option("The file that messages are added to, one JSON object a line.", default="logbook.jsonl")


class LogbookNotifier:
    """Add each message to a file."""

    name = "logbook"
    Options: ClassVar[type] = LogbookOptions

    def __init__(self, options: LogbookOptions | None = None) -> None:
        self._file = Path((options or LogbookOptions()).file)
        self.destination = f"logbook:{self._file.name}"

    def send(self, notification: Notification) -> None:
        """Write one line; the message is accepted once it is on the disk."""
        line = {"key": notification.key, "kind": notification.kind, "subject": notification.subject}
        try:
            with self._file.open("a", encoding="utf-8") as book:
                book.write(json.dumps(line) + "\n")
        except FileNotFoundError:
            msg = f"{self.destination}: there is no such folder"
            raise PermanentDeliveryError(msg) from None
        except OSError as error:
            msg = f"{self.destination}: {error.strerror}"
            raise TransientDeliveryError(msg) from None
