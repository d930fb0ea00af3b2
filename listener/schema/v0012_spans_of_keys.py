"""Keep story keys by spans of time, and only where mentions arrive; first times only of stories of several mentions."""

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

ALTER TABLE story_firsts RENAME TO story_firsts_former;
CREATE TABLE story_firsts (
  story_id INTEGER NOT NULL,
  brand_id INTEGER NOT NULL REFERENCES brands (id),
  first_at INTEGER NOT NULL,
  PRIMARY KEY (story_id, brand_id)
) STRICT, WITHOUT ROWID;
INSERT INTO story_firsts SELECT story_id, brand_id, first_at FROM story_firsts_former
WHERE story_id IN (SELECT story_id FROM mentions WHERE story_id <> id) ORDER BY 1, 2;
DROP TABLE story_firsts_former;

ALTER TABLE mentions RENAME COLUMN kind TO kind_mark;
ALTER TABLE mentions ADD COLUMN kind TEXT GENERATED ALWAYS AS (
  CASE kind_mark WHEN '' THEN 'post' WHEN 'c' THEN 'comment' WHEN 'a' THEN 'article' ELSE kind_mark END
) VIRTUAL;
"""
"""Hashes need not be overwritten when they go. What was stored follows from the rows and is made anew where a
mention comes near: see `listener.store.keyspans`. Integers are divided towards zero, so times are counted from
long ago. What was stored keeps its kind in full."""
