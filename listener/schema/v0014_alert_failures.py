"""Create what notes of which brands alerts cannot be looked at, so that one is missed by nobody."""

from typing import Final

__all__ = ["TABLES"]

TABLES: Final = """
CREATE TABLE alert_failures (
  brand_id INTEGER PRIMARY KEY REFERENCES brands (id),
  message TEXT NOT NULL,
  failed_at INTEGER NOT NULL,
  rounds INTEGER NOT NULL
) STRICT;
"""
"""A row goes when the brand could be looked at again."""
