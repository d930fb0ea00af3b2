"""Ask several hosts one after the other: what goes wrong with one says nothing about the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from listener.api import NotFoundError, RejectedQueryError, SourceError, UnexpectedAnswerError

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ["Hosts"]


class Hosts:
    """Know which hosts did not answer in this pass; what is on them is left for the next one.

    Where there is but one host, what goes wrong with it is raised: there are no others to hold up.
    """

    def __init__(self, hosts: Collection[str]) -> None:
        self._are_several = len(hosts) > 1
        self._down: dict[str, str] = {}
        self._left: list[str] = []

    def is_down(self, host: str, native: str) -> bool:
        """Say whether a host did not answer before; what was to be asked about is then left for later."""
        if host in self._down:
            self._left.append(native)
        return host in self._down

    def leave(self, host: str, error: SourceError) -> None:
        """Ask a host nothing in this pass: it wants to be left alone, as `error` says."""
        if self._are_several:
            self._down.setdefault(host, str(error))

    def note(self, host: str, native: str, error: SourceError) -> None:
        """Take what a host met a question with; raises it where there is no other host.

        A refusal of this one question says nothing about the host: nothing is known of what was asked about.
        """
        if not self._are_several:
            raise error
        if not isinstance(error, (NotFoundError, RejectedQueryError, UnexpectedAnswerError)):
            self._down[host] = str(error)
            self._left.append(native)

    def left(self) -> tuple[str, ...]:
        """Return the ids that were left for later since this was asked for the last time."""
        left, self._left = self._left, []
        return tuple(left)

    @property
    def problem(self) -> str | None:
        """Return the sentence for people about the first host that did not answer, None where all did."""
        return next(iter(self._down.values()), None)
