"""Ask X's search for what some accounts wrote in some conversations.

Operators `conversation_id:` and `from:` (docs.x.com, seen 2026-11-22). Each post
found is paid for, so that a brand's few replies cost little and threads themselves nothing.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import requests

from listener.api import Page, Skipped, UnavailableError, UnexpectedAnswerError
from sources.x_posts import billed_of, read_posts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import tweepy

    from listener.api import Mention

__all__ = ["CONVERSATIONS", "conversations_query", "search_replies"]

CONVERSATIONS: Final = 8
"""With ids of 19 digits and the names of three accounts they fit into 512 characters."""
_FIELDS: Final = ["author_id", "conversation_id", "created_at", "edit_history_tweet_ids", "referenced_tweets"]
_ACCOUNT: Final = re.compile(r"[A-Za-z0-9_]{1,15}", re.ASCII)
_LONGEST: Final = 512


def conversations_query(mentions: Sequence[Mention], accounts: Sequence[str]) -> str | None:
    """Return a query for what the accounts wrote in the conversations; None where none can be asked for.

    Accounts that no longer fit into the query are left out, those named last first.
    """
    ids = dict.fromkeys(one.thread or one.id for one in mentions)
    conversations = " OR ".join(f"conversation_id:{one}" for one in ids if one.isascii() and one.isdecimal())
    names = [account for account in accounts if _ACCOUNT.fullmatch(account)]
    while names:
        query = f"({conversations}) ({' OR '.join(f'from:{name}' for name in names)})"
        if conversations and len(query) <= _LONGEST:
            return query
        names.pop()
    return None


def search_replies(
    connect: Callable[[], tweepy.Client], mentions: Sequence[Mention], accounts: Sequence[str], *, most: int
) -> Page:
    """Return what the accounts wrote in the conversations, `most` posts; nothing is asked where nobody could be."""
    query = conversations_query(mentions, accounts)
    if query is None:
        return Page(requests=0, items=0, skipped=tuple(Skipped(id=one.id, reason="no account") for one in mentions))
    client = connect()
    try:
        answer = client.search_recent_tweets(query, max_results=most, tweet_fields=_FIELDS, expansions=["author_id"])
    except (requests.RequestException, ValueError, RecursionError):
        msg = "X answered with something that is not JSON, or is cut; the next pass tries again"
        raise UnavailableError(msg, may_cost=True) from None
    if not isinstance(answer, dict) or not isinstance(answer.get("data", []), list):
        msg = "X answered a search with something that is not a list of posts; this program does not know that shape"
        raise UnexpectedAnswerError(msg)
    found, _ = read_posts(answer)
    billed = billed_of(answer)
    return Page(mentions=found, items=len(billed), billed=billed)
