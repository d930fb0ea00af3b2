"""Read and write mentions as JSONL: one JSON object a line, UTF-8.

The shape is a contract with scripts (docs: mention JSONL). What comes in is
cleaned and bounded; fields without a place in a mention are kept under `extra`.
"""

from listener.interchange.lines import (
    LINE_LIMIT,
    BadLine,
    RawLine,
    mention_from_json,
    raw_lines,
    read_lines,
    read_raw_line,
)
from listener.interchange.writing import mention_to_json

__all__ = [
    "LINE_LIMIT",
    "BadLine",
    "RawLine",
    "mention_from_json",
    "mention_to_json",
    "raw_lines",
    "read_lines",
    "read_raw_line",
]
