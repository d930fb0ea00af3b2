"""Check the addresses of services that a scorer is configured to ask."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from urllib.parse import SplitResult

__all__ = ["checked_address"]


def checked_address(option: str, address: str, *, schemes: str, instead: str) -> SplitResult:
    """Return the parts of a web address; raises ValueError, naming the option, where it is none or bears what may be a secret.

    `schemes` tells with what it may begin, `instead` what to do in place of writing a secret there.
    """
    parts = urlsplit(address)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        msg = f"{option}: must begin with {schemes}"
        raise ValueError(msg)
    if parts.username or parts.password or parts.query or parts.fragment:
        msg = f"{option}: holds a user, a key or a query; {instead}"
        raise ValueError(msg)
    return parts
