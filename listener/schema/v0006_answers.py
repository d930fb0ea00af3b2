"""Create what tells which mentions the brand itself answered, and when."""

from typing import Final

__all__ = ["TABLES"]

TABLES: Final = """
CREATE TABLE own_replies (
  target BLOB NOT NULL,
  source_id INTEGER NOT NULL REFERENCES sources (id),
  brand_id INTEGER NOT NULL REFERENCES brands (id),
  answered_at INTEGER NOT NULL,
  PRIMARY KEY (target, source_id, brand_id, answered_at)
) STRICT, WITHOUT ROWID;

CREATE TABLE answers (
  mention_id INTEGER NOT NULL REFERENCES mentions (id),
  brand_id INTEGER NOT NULL REFERENCES brands (id),
  answered_at INTEGER NOT NULL,
  PRIMARY KEY (mention_id, brand_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE thread_reads (
  mention_id INTEGER PRIMARY KEY REFERENCES mentions (id),
  tried_at INTEGER NOT NULL,
  read_at INTEGER
) STRICT;

CREATE INDEX mentions_of_thread ON mentions (thread) WHERE thread IS NOT NULL AND thread <> native_id;
"""
"""What a brand's own accounts wrote is no mention and is not kept: of a reply only the hash of what it
answers (the post above it, and the first of its thread) and its time. `answers` holds the first answer."""
