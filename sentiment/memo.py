"""Remember what was found out about tokens, up to a limit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["LONGEST_REMEMBERED", "Memo"]

LONGEST_REMEMBERED: Final = 40
"""Longer tokens are seldom seen twice, and each would take more room than many others."""

Found = TypeVar("Found")


class Memo(dict[str, Found]):
    """Look tokens up by `look_up`, each of ordinary length once; ask with `[token]`.

    Past `limit` tokens everything is forgotten. Safe to share between threads, since
    losing an entry only costs time.
    """

    def __init__(self, look_up: Callable[[str], Found], limit: int) -> None:
        super().__init__()
        self._look_up = look_up
        self._limit = limit

    def __missing__(self, token: str) -> Found:
        found = self._look_up(token)
        if len(token) <= LONGEST_REMEMBERED:
            if len(self) >= self._limit:
                self.clear()
            self[token] = found
        return found
