"""Print what was looked at, one line each: ``ok``, ``skip`` or ``FAIL``, the thing, a sentence."""

from __future__ import annotations

from typing import Final

import click

__all__ = ["print_finding"]

_COLOURS: Final = {"ok": "green", "skip": "dim", "warn": "yellow", "FAIL": "red"}
_NAME_WIDTH: Final = 12


def print_finding(state: str, name: str, text: str) -> None:
    """Print one finding at once; on a terminal long sentences are wrapped beside the name."""
    import shutil
    import sys

    from listener.cli.output import styled, wants_colour
    from listener.cli.width import neutralise, pad, wrap
    from listener.logs import redact

    head = f"{pad(neutralise(name), _NAME_WIDTH, 'left')}  "
    room = max(20, shutil.get_terminal_size().columns - 6 - len(head)) if sys.stdout.isatty() else 100_000
    first, *more = wrap(neutralise(redact(text)), room)
    mark = styled(pad(state, 4, "left"), _COLOURS[state], has_colour=wants_colour(sys.stdout))
    click.echo(f"{mark}  {head}{first}")
    for line in more:
        click.echo(" " * (6 + len(head)) + line)
