"""Create what people say of mentions, and where replays stand."""

from typing import Final

__all__ = ["TABLES"]

TABLES: Final = """
CREATE TABLE labels (
  mention_id INTEGER NOT NULL REFERENCES mentions (id),
  brand_id INTEGER NOT NULL REFERENCES brands (id),
  label INTEGER NOT NULL,
  labelled_at INTEGER NOT NULL,
  text_hash BLOB NOT NULL,
  PRIMARY KEY (mention_id, brand_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE replays (
  kind TEXT PRIMARY KEY,
  target TEXT NOT NULL,
  position INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;

ALTER TABLE matches ADD COLUMN scorer_label INTEGER;
ALTER TABLE matches ADD COLUMN scorer_score INTEGER;
ALTER TABLE rollup_quarter ADD COLUMN score_count INTEGER NOT NULL DEFAULT 0;
ALTER TABLE rollup_day ADD COLUMN score_count INTEGER NOT NULL DEFAULT 0;
UPDATE rollup_quarter SET score_count = positive + neutral + negative + no_evidence;
UPDATE rollup_day SET score_count = positive + neutral + negative + no_evidence;
"""
"""What people say of mentions. In `matches`, `label` and `score` are what counts; the scorer's own
stand in `scorer_label` and `scorer_score` where a person's label took their place, which are NULL elsewhere."""
