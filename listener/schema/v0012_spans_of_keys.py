"""Keep story keys by spans of time, and only where mentions arrive."""

from typing import Final

__all__ = ["TABLES"]

TABLES: Final = """
PRAGMA secure_delete = FAST;
DROP TABLE story_keys;
DROP TABLE IF EXISTS story_keys_former;
PRAGMA secure_delete = ON;

CREATE TABLE story_keys (
  span INTEGER NOT NULL,
  key INTEGER NOT NULL,
  published_at INTEGER NOT NULL,
  mention_id INTEGER NOT NULL,
  PRIMARY KEY (span, key, published_at, mention_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE shed_spans (
  span INTEGER PRIMARY KEY
) STRICT;
INSERT INTO shed_spans
SELECT DISTINCT 2 * ((published_at + 518400000000) / 518400 - 1000000) FROM mentions
UNION SELECT DISTINCT 2 * ((published_at + 2419200000000) / 2419200 - 1000000) + 1 FROM mentions;
"""
"""Hashes need not be overwritten when they go. What was stored follows from the rows and is made anew where a
mention comes near: see `listener.store.keyspans`. Integers are divided towards zero, so times are counted from
long ago."""
