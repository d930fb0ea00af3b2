"""Create what tells what was spent, what is set aside for requests under way, and how much of what exists was read."""

from typing import Final

__all__ = ["TABLES"]

TABLES: Final = """
CREATE TABLE spending (
  source_id INTEGER NOT NULL REFERENCES sources (id),
  brand_id INTEGER NOT NULL,
  day INTEGER NOT NULL,
  requests INTEGER NOT NULL,
  items INTEGER NOT NULL,
  micros INTEGER NOT NULL,
  most_requests INTEGER NOT NULL DEFAULT 0,
  most_items INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (source_id, brand_id, day)
) STRICT, WITHOUT ROWID;
CREATE INDEX spending_by_day ON spending (day);

CREATE TABLE reservations (
  id INTEGER PRIMARY KEY,
  source_id INTEGER NOT NULL REFERENCES sources (id),
  brand_id INTEGER NOT NULL,
  day INTEGER NOT NULL,
  requests INTEGER NOT NULL,
  items INTEGER NOT NULL,
  micros INTEGER NOT NULL,
  made_at INTEGER NOT NULL
) STRICT;

CREATE TABLE billed (
  source_id INTEGER NOT NULL REFERENCES sources (id),
  day INTEGER NOT NULL,
  thing INTEGER NOT NULL,
  PRIMARY KEY (source_id, day, thing)
) STRICT, WITHOUT ROWID;

CREATE TABLE resource_brands (
  resource_id INTEGER NOT NULL REFERENCES resources (id),
  brand_id INTEGER NOT NULL REFERENCES brands (id),
  version TEXT NOT NULL,
  PRIMARY KEY (resource_id, brand_id)
) STRICT, WITHOUT ROWID;
ALTER TABLE resources ADD COLUMN begins_at INTEGER;

CREATE TABLE recall (
  resource_id INTEGER NOT NULL REFERENCES resources (id),
  window_from INTEGER NOT NULL,
  from_at INTEGER NOT NULL,
  to_at INTEGER NOT NULL,
  existing INTEGER NOT NULL,
  found INTEGER NOT NULL,
  told_at INTEGER NOT NULL,
  PRIMARY KEY (resource_id, window_from, from_at)
) STRICT, WITHOUT ROWID;
CREATE INDEX recall_by_time ON recall (from_at);
"""
"""Money is integer millionths of a US dollar, days are counted from 1970-01-01 in UTC. A `brand_id` of 0 is nobody
in particular. `billed` holds fingerprints of what a service has charged for on a day, so that it is counted once."""
