"""Create what an erasure leaves."""

from typing import Final

__all__ = ["TABLES"]

TABLES: Final = """
ALTER TABLE mentions ADD COLUMN purged_at INTEGER;

CREATE TABLE unfinished_erasures (
  id INTEGER PRIMARY KEY CHECK (id = 1)
) STRICT;
"""
"""Of a mention that was purged or forgotten a skeleton stays. `unfinished_erasures` has its one row
between an erasure and the writing anew of the file."""
