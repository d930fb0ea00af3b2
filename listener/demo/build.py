"""Write the bundled archive: ``python -m listener.demo.build [FILE]``.

The archive is mention JSONL, gzipped, oldest first. Building it twice on one
machine gives the same bytes; another version of zlib may pack the same lines otherwise.
"""

from __future__ import annotations

import gzip
import io
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from listener.demo.simulate import simulate

if TYPE_CHECKING:
    from collections.abc import Iterable

    from listener.mention import Mention

__all__ = ["ARCHIVE", "archive_lines", "line_of", "main", "pack"]

ARCHIVE: Final = Path(__file__).with_name("archive.jsonl.gz")
"""Where the bundled archive is."""


def archive_lines() -> str:
    """Return the whole archive as mention JSONL."""
    return "".join(line_of(draft.mention) for draft in simulate())


def line_of(mention: Mention) -> str:
    """Return a mention as a JSON object on a line; what is unknown is left out."""
    counts, author = mention.engagement, mention.author
    fields: dict[str, object] = {
        "source": mention.source,
        "id": mention.id,
        "url": mention.url,
        "kind": mention.kind,
        "author": author and _known([(name, getattr(author, name)) for name in author.__slots__]),
        "title": mention.title,
        "text": mention.text,
        "language": mention.language,
        "published_at": mention.published_at and mention.published_at.isoformat(),
        "engagement": _known([(name, getattr(counts, name)) for name in counts.__slots__]),
        "reply_to": mention.reply_to,
        "thread": mention.thread,
        "repost_of": mention.repost_of,
        "quote_of": mention.quote_of,
        "place": mention.place,
        "links": list(mention.links) or None,
    }
    return json.dumps(_known(fields.items()), ensure_ascii=False, separators=(",", ":")) + "\n"


def pack(lines: str) -> bytes:
    """Return text as gzip without a name and a time in it."""
    packed = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=packed, compresslevel=9, mtime=0) as stream:
        stream.write(lines.encode())
    return packed.getvalue()


def main(arguments: list[str]) -> None:
    """Write the archive to the file named first, by default to its place in the package."""
    target = Path(arguments[0]) if arguments else ARCHIVE
    target.write_bytes(pack(archive_lines()))


def _known(pairs: Iterable[tuple[str, object]]) -> dict[str, object] | None:
    return {name: value for name, value in pairs if value is not None} or None


if __name__ == "__main__":
    main(sys.argv[1:])
