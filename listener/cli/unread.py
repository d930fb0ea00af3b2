"""Tell of lines that cannot be read: the first of them one by one, all others by how many there are of a kind."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Final, Self

import click

from listener.cli.notes import tell
from listener.cli.output import noun
from listener.cli.progress import wipe_line

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Any

__all__ = ["BadLines", "tell_all_option"]

_MOST_TOLD: Final = 1_000
"""Lines told one by one: nobody reads more of them, and a mail or a journal would have to hold them."""
_MOST_KINDS: Final = 20
_OTHERS: Final = "other reasons"
_WHAT_DIFFERS: Final = re.compile(r"(?<![\w-])\d+")


class BadLines:
    """Report lines that cannot be read, and count them; leaving it tells how many were not named, and why those could not be read.

    `tells_all` names each line, however many there are.
    """

    def __init__(self, *, tells_all: bool = False) -> None:
        self.count = 0
        self._tells_all = tells_all
        self._kinds: Counter[str] = Counter()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Tell of the lines that were not named."""
        if not self._kinds:
            return
        wipe_line()
        more = self._kinds.total()
        tell(f"{more} more {noun(more, 'line')} could not be read; --tell-all names each. By what is wrong:")
        for reason, count in self._kinds.most_common():
            tell(f"  {count}: {reason}")

    def report(self, number: int, reason: str) -> None:
        """Say what is wrong with a line, or count it where many were named before."""
        self.count += 1
        if self._tells_all or self.count <= _MOST_TOLD:
            wipe_line()
            tell(f"line {number}: {reason}")
            return
        kind = _kind_of(reason)
        self._kinds[kind if kind in self._kinds or len(self._kinds) < _MOST_KINDS else _OTHERS] += 1


def tell_all_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --tell-all, which names each line that cannot be read."""
    return click.option(
        "--tell-all",
        is_flag=True,
        help=f"Name each line that cannot be read; else the first {_MOST_TOLD}, and how many more.",
    )(command)


def _kind_of(reason: str) -> str:
    """Return a reason without what was found in this one line."""
    field, _, rest = reason.partition(": found ")
    _, is_there, wanted = rest.rpartition("; wanted ")
    return f"{field}: wanted {wanted}" if is_there else _WHAT_DIFFERS.sub("…", reason)
