"""Look again at stored videos and comments, and read what was answered in their threads.

Lists by id (developers.google.com/youtube/v3/docs/videos/list and comments/list,
seen 2026-11-22) leave out what is deleted or private. A list that does not count
what it holds says nothing about what it leaves out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from listener.api import Mention, NotFoundError, Page, RecheckPage, Skipped
from sources.text import as_list, as_object, count_of, line_of
from sources.youtube_items import CommentsOffError, read_comment, read_thread, read_video

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Ask = Callable[[str, Mapping[str, str]], Mapping[str, object]]

__all__ = ["BATCH", "look_again", "read_replies"]

BATCH: Final = 50
"""So many ids fit into one list."""
_MOST: Final = "100"


def look_again(mentions: Sequence[Mention], ask: Ask) -> RecheckPage:
    """Return what became of stored videos and comments; `ask` calls a method of the API with parameters."""
    present: list[Mention] = []
    gone: list[str] = []
    requests = items = 0
    for method, part, chosen in (
        ("videos", "snippet,statistics", [one for one in mentions if one.kind == "video"]),
        ("comments", "snippet", [one for one in mentions if one.kind == "comment"]),
    ):
        if not chosen:
            continue
        requests += 1
        asked = {"part": part, "id": ",".join(one.id for one in chosen)}
        try:
            answer = ask(method, asked | ({"textFormat": "plainText"} if method == "comments" else {}))
        except NotFoundError:
            continue  # one of them is gone, and it does not say which
        found = [as_object(item) for item in as_list(answer.get("items"))]
        items += len(found)
        by_id = {line_of(item.get("id"), limit=200): item for item in found}
        for one in chosen:
            item = by_id.get(one.id)
            if item is not None:
                read = read_video(item) if method == "videos" else read_comment(item, one.thread or "")
                present += [read] if isinstance(read, Mention) else []
            elif method == "videos" and _is_counted(answer, len(found)):
                gone.append(one.id)
    return RecheckPage(present=tuple(present), gone=tuple(gone), requests=requests, items=items)


def _is_counted(answer: Mapping[str, object], count: int) -> bool:
    """Say whether a list holds all that it says it holds."""
    return count_of(as_object(answer.get("pageInfo")).get("totalResults")) == count


def read_replies(mention: Mention, ask: Ask) -> Page:
    """Return the newest comments on a video, or the answers to a comment, with the thread of the mention."""
    video = mention.thread or mention.id
    is_video = video == mention.id
    asked = {"maxResults": _MOST, "textFormat": "plainText"}
    try:
        if is_video:
            answer = ask("commentThreads", {**asked, "part": "snippet,replies", "videoId": video, "order": "time"})
        else:
            top = mention.id.partition(".")[0]  # an answer's id is that of its thread, a full stop and one of its own
            answer = ask("comments", {**asked, "part": "snippet", "parentId": top})
    except (CommentsOffError, NotFoundError):
        return Page(items=0, skipped=(Skipped(id=mention.id, reason="its comments are turned off, or it is gone"),))
    items = [as_object(item) for item in as_list(answer.get("items"))]
    read = [one for item in items for one in (read_thread(item, video) if is_video else (read_comment(item, video),))]
    return Page(mentions=tuple(one for one in read if isinstance(one, Mention)), items=len(items))
