"""Create what tells which mentions are to be looked at again, and how that went."""

from typing import Final

__all__ = ["TABLES"]

TABLES: Final = """
CREATE TABLE rechecks (
  mention_id INTEGER PRIMARY KEY REFERENCES mentions (id),
  source_id INTEGER NOT NULL REFERENCES sources (id),
  due_at INTEGER NOT NULL,
  checked_at INTEGER
) STRICT;
CREATE INDEX rechecks_due ON rechecks (source_id, due_at);

CREATE TABLE recheck_states (
  source_id INTEGER PRIMARY KEY REFERENCES sources (id),
  enrolled INTEGER NOT NULL DEFAULT 0,
  day INTEGER NOT NULL DEFAULT 0,
  requests INTEGER NOT NULL DEFAULT 0,
  items INTEGER NOT NULL DEFAULT 0,
  state TEXT NOT NULL DEFAULT 'ok',
  message TEXT,
  retry_at INTEGER,
  last_attempt_at INTEGER,
  last_success_at INTEGER,
  checked INTEGER NOT NULL DEFAULT 0,
  changed INTEGER NOT NULL DEFAULT 0,
  gone INTEGER NOT NULL DEFAULT 0
) STRICT;
"""
"""A row of `rechecks` is a mention that will be looked at again; it goes with the last look. `enrolled` is
the number of the last mention that was considered for one."""
