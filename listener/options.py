"""Let a plug-in declare its options once: type, default, meaning, limits.

An options record is a frozen dataclass whose fields are made by `option`. From
it come the validation of the config table, the sample file and the reference.
A field of type `Secret` is never read from the file: for a field `token` the
table takes ``token_env`` (the name of an environment variable) or
``token_file`` (a path), and a ``token`` pasted into the file is an error. A
record that assigns what is found to brands says to which in a property
`brands_named`; a brand that is not configured is then a problem of the file.
"""

from __future__ import annotations

import os
from dataclasses import field
from pathlib import Path
from typing import Any, Final, TypeVar

from listener.errors import CredentialsError
from listener.frozen import dataclass

__all__ = ["OPTION", "OptionInfo", "Secret", "at_home", "option", "revealed"]

OPTION: Final = "listener.option"
"""The key under which a dataclass field's metadata holds its OptionInfo."""

T = TypeVar("T")

_revealed: Final[set[str]] = set()


def revealed() -> frozenset[str]:
    """Return every secret that was read so far, for what keeps them out of output."""
    return frozenset(_revealed)


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionInfo:
    """Say what an option means and what it may be.

    `help` is one sentence for the sample and the reference. `choices` lists the
    words allowed (empty: any). `minimum` and `maximum` bound numbers.
    `example` stands in the sample, commented out, where there is no default to show.
    """

    help: str
    choices: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    example: object = None


def option(
    help_text: str,
    *,
    default: T,
    choices: tuple[str, ...] = (),
    minimum: float | None = None,
    maximum: float | None = None,
    example: object = None,
) -> T:
    """Declare one field of an options record; returns the dataclass field.

    Lists are declared as tuples. Lengths of time are timedelta fields and are
    written "15m" in the file.
    """
    info = OptionInfo(help=help_text, choices=choices, minimum=minimum, maximum=maximum, example=example)
    made: Any = field(default=default, metadata={OPTION: info})
    return made  # type: ignore[no-any-return]  # dataclasses' own trick: a field stands in for its value


def at_home(path: str) -> Path:
    """Return a path with the home folder in the place of ~; as it is written where nobody has that home."""
    return Path(os.path.expanduser(path))  # noqa: PTH111 - that of pathlib raises where there is no such user


@dataclass(frozen=True, slots=True)
class Secret:
    """Name the place where a secret lives; it is read only when it is used.

    `env` names an environment variable, `file` a file whose first line is the
    secret. Neither its text nor its length is ever shown.
    """

    env: str | None = None
    file: str | None = None

    @property
    def places(self) -> str:
        """Return the places that are looked into, for messages."""
        parts = []
        if self.env:
            parts.append(f"environment variable {self.env}")
        if self.file:
            parts.append(f"file {self.file}")
        return " and ".join(parts) or "no place (none is configured)"

    @property
    def is_set(self) -> bool:
        """Say whether the secret can be read now."""
        try:
            return bool(self.reveal())
        except CredentialsError:
            return False

    def reveal(self) -> str:
        """Read and return the secret itself.

        Raises CredentialsError naming every place that was tried.
        """
        value = self._read()
        if value:
            _revealed.add(value)
            return value
        msg = f"no secret found; looked into {self.places}"
        raise CredentialsError(msg)

    def _read(self) -> str:
        """Return what stands in the first place that holds something, empty where none does."""
        if self.env and (value := os.environ.get(self.env, "").strip()):
            return value
        if not self.file:
            return ""
        try:
            lines = at_home(self.file).read_text(encoding="utf-8-sig").splitlines()
        except (OSError, UnicodeDecodeError):
            return ""
        return lines[0].strip() if lines else ""
