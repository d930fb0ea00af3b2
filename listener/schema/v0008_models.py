"""Create what is learned from labels, and what was bought of a language model."""

from typing import Final

__all__ = ["TABLES"]

TABLES: Final = """
CREATE TABLE trained_models (
  brand_id INTEGER PRIMARY KEY REFERENCES brands (id),
  trained_at INTEGER NOT NULL,
  is_on INTEGER NOT NULL CHECK (is_on IN (0, 1)),
  card TEXT NOT NULL,
  model BLOB
) STRICT;

CREATE TABLE bought_scores (
  question BLOB PRIMARY KEY,
  label INTEGER NOT NULL,
  score INTEGER NOT NULL,
  used_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX bought_scores_used ON bought_scores (used_at);

CREATE TABLE bought_days (
  day INTEGER PRIMARY KEY,
  requests INTEGER NOT NULL,
  tokens INTEGER NOT NULL,
  micro_usd INTEGER NOT NULL
) STRICT;
"""
"""`model` is NULL where cross-validation found that it would be no better than the scorer there is.
A `question` is a digest of what was sent; no text is kept."""
