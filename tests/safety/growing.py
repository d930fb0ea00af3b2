"""Try to make feeds grow as they are read, or hold what is not theirs."""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from xml import sax

from listener.api import SourceError
from output.samples import make_row
from safety.case import Case, Patch
from sources import rss_entries
from sources.web import Answer as SourceAnswer


def feed_of(document_type: str, text: str) -> bytes:
    item = f"<item><title>acme</title><guid>1</guid><description>{text}</description></item>"
    return f'<?xml version="1.0"?>{document_type}<rss version="2.0"><channel>{item}</channel></rss>'.encode()


def read_feed(body: bytes) -> str:
    answer = SourceAnswer(
        status=200, headers={"content-type": "application/rss+xml"}, body=body, url="https://feeds.example/x"
    )
    with suppress(SourceError):
        return "".join(getattr(entry, "text", "") for entry in rss_entries.read_entries(answer))
    return ""


LAUGHS = '<!DOCTYPE r [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;">]>'
QUADRATIC = f'<!DOCTYPE r [<!ENTITY a "{"long" * 1_000}">]>'


def growing(document_type: str, text: str) -> Callable[[Patch, Path], bool]:
    def harm(_patch: Patch, _folder: Path) -> bool:
        grown = read_feed(feed_of(document_type, text))
        return max(grown.count("lol"), grown.count("long")) > 20

    return harm


def without_entity_check(patch: Patch) -> None:
    patch.setattr(rss_entries, "declares_entities_of_entities", lambda _: False)


def steal_by_entity(_patch: Patch, folder: Path) -> bool:
    (folder / "secret").write_text("zyxwolfe", encoding="utf-8")
    entity = f'<!DOCTYPE r [<!ENTITY a SYSTEM "{(folder / "secret").as_uri()}">]>'
    return "zyxwolfe" in read_feed(feed_of(entity, "&a;"))


def with_a_parser_that_loads_what_is_named(patch: Patch) -> None:
    """Stand a parser with external entities switched on in the place of the one that has them off."""

    def read(answer: SourceAnswer, **_: object) -> tuple[object, ...]:
        words: list[str] = []

        class Handler(sax.ContentHandler):
            def characters(self, content: str) -> None:
                words.append(content)

        parser = sax.make_parser()  # noqa: S317 - what is shown is the harm
        parser.setFeature(sax.handler.feature_external_ges, True)
        parser.setContentHandler(Handler())
        parser.parse(io.BytesIO(answer.body))
        return (make_row(1, "".join(words)),)

    patch.setattr(rss_entries, "read_entries", read)


CASES = (
    Case(name="entities of entities", harm=growing(LAUGHS, "&c;&c;"), remove=without_entity_check),
    Case(name="one long entity many times", harm=growing(QUADRATIC, "&a;"), remove=without_entity_check),
    Case(name="an entity that names a file", harm=steal_by_entity, remove=with_a_parser_that_loads_what_is_named),
)
