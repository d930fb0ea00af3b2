"""Show, preview and send the digest."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from listener.cli.context import App, config_option, database_option, examples, now_option, pass_app
from listener.cli.files import ending_of, write_file
from listener.cli.notes import tell
from listener.errors import ListenerError, UsageError

if TYPE_CHECKING:
    from listener.protocols import Notification
    from listener.reporting import Period
    from listener.search import Reader

__all__ = ["digest"]

_ENDINGS: Final = ("html", "eml")


@click.command(
    epilog=examples(
        "listener digest", "listener digest --on 2026-11-19 --preview digest.html", "listener digest --send"
    )
)
@click.option(
    "--on", "day", default=None, metavar="DATE", help="A local day of the period; default: the last whole one."
)
@click.option("--send", is_flag=True, help="Keep it in the store and send it now.")
@click.option("--preview", type=click.Path(dir_okay=False, path_type=Path), help="Write FILE.html or FILE.eml.")
@config_option
@database_option
@now_option
@pass_app
def digest(app: App, day: str | None, send: bool, preview: Path | None) -> int:
    """Print the digest of a period as text, write it as it would be sent, or send it.

    What was sent once is not sent again: a period has one digest.
    """
    from listener.reporting import joined_to
    from listener.search import Reader

    if send and preview is not None:
        msg = "--send and --preview are two things; first look, then send"
        raise UsageError(msg)
    ending = None if preview is None else ending_of(preview, _ENDINGS, what="a preview")
    period = _period(app, day)
    with Reader(app.database_path) as reader:
        period = joined_to(period, reader.digest_until(period.cadence), app.zone)
        if send:
            app.validate()
            return _send(app, reader, period)
        notification = _render(app, reader, period)
    if preview is None:
        click.echo(notification.text, nl=False)
    else:
        write_file(preview, _file_of(app, notification, str(ending)))
        tell(f"{preview} is written; nothing was sent")
    if period.until > app.now:
        click.echo("this period is not over yet", err=True)
    return 0


def _period(app: App, day: str | None) -> Period:
    """Return the period that holds a local day, the last whole one where none is named."""
    from datetime import timedelta

    from listener.clock import parse_when
    from listener.reporting import period_of

    today = app.now.astimezone(app.zone).date()
    if day is None:
        period = period_of(app.config, today - timedelta(days=1), app.zone)
        if period.until <= app.now:
            return period
        return period_of(app.config, period.since.astimezone(app.zone).date() - timedelta(days=1), app.zone)
    wanted = parse_when(day, now=app.now, zone=app.zone).astimezone(app.zone).date()
    if wanted > today:
        msg = f"--on {day} is still to come; name a day up to {today}"
        raise UsageError(msg)
    return period_of(app.config, wanted, app.zone)


def _render(app: App, reader: Reader, period: Period) -> Notification:
    from listener import wiring
    from listener.reporting import Desk, render_digest_of

    desk = Desk(config=app.config, reader=reader, listening=wiring.listening(app.config), now=app.now)
    return render_digest_of(desk, period)[0]


def _file_of(app: App, notification: Notification, ending: str) -> bytes:
    """Return the digest as a page of its own, or as a mail."""
    from reports.render import eml_bytes, html_page

    if ending == "html":
        return html_page(notification).encode()
    mail = app.config.mail
    sender = mail.sender or mail.user or f"listener@{mail.host or 'localhost'}"
    return eml_bytes(notification, sender, app.config.digest.to or (sender,), date=app.now)


def _send(app: App, reader: Reader, period: Period) -> int:
    """Keep the digest, hand it over, and tell how it stands with each recipient."""
    from dataclasses import replace

    from listener import wiring
    from listener.service import Service

    if not wiring.digest_notifiers(app.config):
        msg = f"there is nobody to send to: set host in [mail] and to in [digest] of {app.config.path}"
        raise ListenerError(msg)
    if period.until > app.now:
        msg = "this period is not over yet; its digest would lack what is still to come"
        raise UsageError(msg)
    period = replace(period, key=reader.digest_key(period.stem) or period.key)  # whichever brands it told of
    service = Service(app.config, app.database_path, threading.Event())
    service.make_digest(reader, period, now=app.now, send=True)
    service.take_up_digest(period, now=app.now)
    service.deliver(now=app.now)
    unsent = 0
    for delivery in reader.deliveries(period.key):
        if delivery.state == "sent":
            tell(f"sent: {delivery.destination}")
            continue
        unsent += 1
        outlook = (
            "given up, --send tries it again" if delivery.state == "failed" else "waits in the outbox for another try"
        )
        untold = "another process has it in hand, or ended meanwhile" if delivery.attempts else "not tried yet"
        tell(f"not sent: {delivery.destination}: {delivery.last_error or untold}; {outlook}")
    return 1 if unsent else 0
