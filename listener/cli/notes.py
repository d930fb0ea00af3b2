"""Say beside an empty answer what would fill it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterable

    from listener.search import Reader

__all__ = ["tell_never_matched"]


def tell_never_matched(reader: Reader, brands: Iterable[str]) -> None:
    """Say on stderr which brands have nothing since no query of theirs was ever run on what is stored."""
    names = [name for name in brands if reader.is_never_matched(name)]
    if names:
        click.echo(
            f"note: what is stored was never matched with the query of {' and of '.join(names)}; "
            '"listener rematch" does that',
            err=True,
        )
