"""Create the rollups of scores, reach, hashtags and links, and an index of words for every script."""

from typing import Final

__all__ = ["TABLES"]

TABLES: Final = """
CREATE TABLE rollup_local (
  brand_id INTEGER NOT NULL,
  day INTEGER NOT NULL,
  mentions INTEGER NOT NULL,
  stories INTEGER NOT NULL,
  positive INTEGER NOT NULL,
  neutral INTEGER NOT NULL,
  negative INTEGER NOT NULL,
  no_evidence INTEGER NOT NULL,
  unscored INTEGER NOT NULL,
  score_sum INTEGER NOT NULL,
  score_squares INTEGER NOT NULL,
  engagement INTEGER NOT NULL,
  score_count INTEGER NOT NULL,
  PRIMARY KEY (brand_id, day)
) STRICT, WITHOUT ROWID;
INSERT INTO rollup_local
SELECT brand_id, bucket / 96, sum(mentions), sum(stories), sum(positive), sum(neutral), sum(negative),
       sum(no_evidence), sum(unscored), sum(score_sum), sum(score_squares), sum(engagement), sum(score_count)
FROM rollup_quarter GROUP BY 1, 2;

CREATE TABLE rollup_scores (
  brand_id INTEGER NOT NULL,
  day INTEGER NOT NULL,
  counts TEXT NOT NULL,
  PRIMARY KEY (brand_id, day)
) STRICT, WITHOUT ROWID;

CREATE TABLE rollup_reach (
  brand_id INTEGER NOT NULL,
  step INTEGER NOT NULL,
  start INTEGER NOT NULL,
  reach INTEGER NOT NULL,
  PRIMARY KEY (brand_id, step, start)
) STRICT, WITHOUT ROWID;

CREATE TABLE rollup_zone (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  zone TEXT NOT NULL
) STRICT;
INSERT INTO rollup_zone VALUES (1, 'UTC');

CREATE TABLE rollup_values (
  brand_id INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  days INTEGER NOT NULL,
  block INTEGER NOT NULL,
  value TEXT NOT NULL,
  mentions INTEGER NOT NULL,
  PRIMARY KEY (brand_id, kind, days, block, value)
) STRICT, WITHOUT ROWID;
CREATE INDEX rollup_values_by_count ON rollup_values (brand_id, kind, block, mentions) WHERE days = 32;

CREATE TABLE upgrade_progress (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  position INTEGER NOT NULL,
  until INTEGER NOT NULL,
  has_words INTEGER NOT NULL
) STRICT;
INSERT INTO upgrade_progress SELECT 1, 0, max(id), 0 FROM mentions HAVING count(*) > 0;

DROP INDEX story_keys_of_mention;
DROP INDEX mentions_of_author;
CREATE INDEX mentions_of_author ON mentions (author_id, published_at);

DROP TABLE mention_texts;
CREATE VIRTUAL TABLE mention_texts USING fts5 (
  title, text, content = 'mentions', content_rowid = 'id', columnsize = 0,
  tokenize = "ascii tokenchars '#@$+_'"
);
"""
"""What was stored before is counted and indexed afterwards, a batch a transaction: `upgrade_progress` says how
far that is. `mention_texts` holds words as `listener.fulltext` cuts them, its content are the texts as written."""
