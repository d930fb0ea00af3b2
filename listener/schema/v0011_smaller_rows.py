"""Keep the same in fewer bytes: story keys, stories first seen, the index of stories, addresses."""

from typing import Final

__all__ = ["TABLES"]

TABLES: Final = """
DROP INDEX mentions_of_story;
CREATE INDEX mentions_of_story ON mentions (story_id) WHERE story_id <> id;

ALTER TABLE story_firsts RENAME TO story_firsts_former;
CREATE TABLE story_firsts (
  story_id INTEGER NOT NULL,
  brand_id INTEGER NOT NULL REFERENCES brands (id),
  first_at INTEGER NOT NULL,
  PRIMARY KEY (story_id, brand_id)
) STRICT, WITHOUT ROWID;
INSERT INTO story_firsts SELECT story_id, brand_id, first_at FROM story_firsts_former ORDER BY 1, 2;
DROP TABLE story_firsts_former;

ALTER TABLE story_keys RENAME TO story_keys_former;
CREATE TABLE story_keys (
  key INTEGER NOT NULL,
  published_at INTEGER NOT NULL,
  mention_id INTEGER NOT NULL,
  PRIMARY KEY (key, published_at, mention_id)
) STRICT, WITHOUT ROWID;

ALTER TABLE mentions RENAME COLUMN url TO address;
UPDATE mentions SET address = '=' || address WHERE substr(address, 1, 1) IN ('~', '=');
ALTER TABLE mentions ADD COLUMN url TEXT GENERATED ALWAYS AS (
  CASE substr(address, 1, 1)
    WHEN '~' THEN 'https://' || replace(substr(address, 2), '~', native_id)
    WHEN '=' THEN substr(address, 2)
    ELSE address
  END
) VIRTUAL;
"""
"""A story is named by the number of one of its mentions, so that only the others need the index. What is in
`story_keys_former` is moved afterwards, some rows a transaction: see `listener.store.upgrade`."""
