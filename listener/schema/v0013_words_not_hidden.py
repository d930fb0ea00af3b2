"""Note which mentions have words in the full-text index that joiners and breaks hide: they are indexed anew."""

from typing import Final

__all__ = ["TABLES"]

TABLES: Final = """
ALTER TABLE upgrade_progress RENAME COLUMN has_words TO is_indexed;

CREATE TABLE word_progress (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  position INTEGER NOT NULL,
  until INTEGER NOT NULL
) STRICT;
INSERT INTO word_progress SELECT 1, 0, max(id) FROM mentions
WHERE id <= coalesce((SELECT position FROM upgrade_progress WHERE is_indexed = 0), 9223372036854775807)
HAVING count(*) > 0;
"""
"""What an upgrade that was cut off has not indexed yet comes into the index as it is now. The rest is done
afterwards, a batch a transaction: see `listener.store.rewording`. A column changes its name so that a process of
the version before, which would go on to index in the former way, is refused instead."""
