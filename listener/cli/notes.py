"""Say on stderr what stands beside an answer: what was done, what went wrong, what would fill an empty one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from listener.cli.context import App
    from listener.config import Config
    from listener.search import Reader

__all__ = ["idle_reasons", "tell", "tell_never_matched", "unread_words"]


def tell(text: str) -> None:
    """Write lines to stderr that hold no secret and cannot steer the terminal, whatever a file is called."""
    from listener.cli.width import neutralise
    from listener.logs import redact

    click.echo("\n".join(map(neutralise, redact(text).split("\n"))), err=True)


def idle_reasons(config: Config, sources: Sequence[str]) -> list[str]:
    """Return why nothing is collected from these sources, or nothing of what is read is of a brand."""
    return [
        *([] if sources else ["no source is enabled; enable one in the configuration"]),
        *([] if config.brands else ["no brand is configured; nothing that is read is of one"]),
    ]


def tell_never_matched(reader: Reader, brands: Iterable[str]) -> None:
    """Say on stderr which brands have nothing since no query of theirs was ever run on what is stored."""
    names = [name for name in brands if reader.is_never_matched(name)]
    if names:
        click.echo(
            f"note: what is stored was never matched with the query of {' and of '.join(names)}; "
            '"listener rematch" does that',
            err=True,
        )


def unread_words(app: App, reader: Reader, brand: str, since: datetime, until: datetime) -> str:
    """Return why it is not known that nothing is there of a brand in [since, until); empty where it is known."""
    from listener.clock import Bucket

    (read,) = reader.coverage(brand, app.config.listening()[brand], [Bucket(start=since, end=until)], app.now)
    if read is None:
        return f"nothing is stored of {brand} in this span, and how much of it was read is not known"
    return "" if read else f"nothing of {brand} was read in this span, so that nothing is known"
