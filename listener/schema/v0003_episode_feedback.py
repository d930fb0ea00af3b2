"""Create what people say of alerts."""

from typing import Final

__all__ = ["TABLES"]

TABLES: Final = """
CREATE TABLE episode_feedback (
  episode_id INTEGER PRIMARY KEY REFERENCES episodes (id),
  is_useful INTEGER NOT NULL,
  told_at INTEGER NOT NULL
) STRICT;
"""
"""What people say of alerts: 1 useful, 0 not; the last word counts."""
