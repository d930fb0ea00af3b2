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
from listener.interchange import mention_to_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from listener.mention import Mention

__all__ = ["ARCHIVE", "archive_lines", "line_of", "main", "pack"]

ARCHIVE: Final = Path(__file__).with_name("archive.jsonl.gz")
"""Where the bundled archive is."""


def archive_lines() -> str:
    """Return the whole archive as mention JSONL."""
    return "".join(line_of(draft.mention) for draft in simulate())


def line_of(mention: Mention) -> str:
    """Return a mention as a JSON object on a line; what is unknown is left out."""
    return json.dumps(_known(mention_to_json(mention)), ensure_ascii=False, separators=(",", ":")) + "\n"


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


def _known(fields: Mapping[str, object]) -> dict[str, object]:
    """Return the fields that say something, also within the author and the counters."""
    inner = {name: _known(value) if isinstance(value, dict) else value for name, value in fields.items()}
    return {name: value for name, value in inner.items() if value not in (None, [], {})}


if __name__ == "__main__":
    main(sys.argv[1:])
