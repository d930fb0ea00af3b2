"""Create the first tables: mentions, matches, rollups, the ledger, alerts, the outbox, reports."""

from typing import Final

__all__ = ["TABLES"]

TABLES: Final = """
CREATE TABLE sources (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE brands (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL
) STRICT;

CREATE TABLE queries (
  id INTEGER PRIMARY KEY,
  brand_id INTEGER NOT NULL REFERENCES brands (id),
  version TEXT NOT NULL,
  expression TEXT NOT NULL,
  first_used_at INTEGER NOT NULL,
  UNIQUE (brand_id, version)
) STRICT;

CREATE TABLE scorers (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  version TEXT NOT NULL,
  UNIQUE (name, version)
) STRICT;

CREATE TABLE authors (
  id INTEGER PRIMARY KEY,
  source_id INTEGER NOT NULL REFERENCES sources (id),
  native_id TEXT NOT NULL,
  handle TEXT,
  name TEXT,
  followers INTEGER,
  verified INTEGER,
  UNIQUE (source_id, native_id)
) STRICT;

CREATE TABLE mentions (
  id INTEGER PRIMARY KEY,
  source_id INTEGER NOT NULL REFERENCES sources (id),
  native_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  author_id INTEGER REFERENCES authors (id),
  url TEXT,
  title TEXT,
  text TEXT,
  text_hash BLOB NOT NULL,
  first_text_hash BLOB NOT NULL,
  language_claim TEXT,
  language TEXT NOT NULL,
  published_at INTEGER NOT NULL,
  is_dated INTEGER NOT NULL,
  seen_at INTEGER NOT NULL,
  edited_at INTEGER,
  likes INTEGER,
  reposts INTEGER,
  replies INTEGER,
  views INTEGER,
  rating REAL,
  reply_to TEXT,
  thread TEXT,
  repost_of TEXT,
  quote_of TEXT,
  place TEXT,
  has_media INTEGER,
  links TEXT,
  hashtags TEXT,
  extra TEXT,
  story_id INTEGER NOT NULL,
  UNIQUE (source_id, native_id)
) STRICT;
CREATE INDEX mentions_of_story ON mentions (story_id);
CREATE INDEX mentions_by_time ON mentions (published_at);
CREATE INDEX mentions_of_author ON mentions (author_id);

CREATE TABLE matches (
  brand_id INTEGER NOT NULL REFERENCES brands (id),
  published_at INTEGER NOT NULL,
  mention_id INTEGER NOT NULL REFERENCES mentions (id),
  query_id INTEGER NOT NULL REFERENCES queries (id),
  source_id INTEGER NOT NULL REFERENCES sources (id),
  language TEXT NOT NULL,
  label INTEGER NOT NULL,
  score INTEGER,
  text_score INTEGER,
  evidence INTEGER NOT NULL,
  confidence REAL,
  scorer_id INTEGER NOT NULL REFERENCES scorers (id),
  reason TEXT,
  engagement INTEGER NOT NULL,
  spans TEXT,
  PRIMARY KEY (brand_id, published_at, mention_id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX matches_of_mention ON matches (mention_id, brand_id);

CREATE TABLE story_keys (
  key INTEGER NOT NULL,
  published_at INTEGER NOT NULL,
  mention_id INTEGER NOT NULL REFERENCES mentions (id),
  reach INTEGER NOT NULL,
  PRIMARY KEY (key, published_at, mention_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX story_keys_of_mention ON story_keys (mention_id);

CREATE TABLE story_firsts (
  brand_id INTEGER NOT NULL REFERENCES brands (id),
  story_id INTEGER NOT NULL,
  first_at INTEGER NOT NULL,
  PRIMARY KEY (brand_id, story_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX story_firsts_of_story ON story_firsts (story_id);

CREATE TABLE rollup_quarter (
  brand_id INTEGER NOT NULL,
  bucket INTEGER NOT NULL,
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
  PRIMARY KEY (brand_id, bucket)
) STRICT, WITHOUT ROWID;

CREATE TABLE rollup_day (
  brand_id INTEGER NOT NULL,
  day INTEGER NOT NULL,
  source_id INTEGER NOT NULL,
  language TEXT NOT NULL,
  mentions INTEGER NOT NULL,
  positive INTEGER NOT NULL,
  neutral INTEGER NOT NULL,
  negative INTEGER NOT NULL,
  no_evidence INTEGER NOT NULL,
  unscored INTEGER NOT NULL,
  score_sum INTEGER NOT NULL,
  score_squares INTEGER NOT NULL,
  engagement INTEGER NOT NULL,
  PRIMARY KEY (brand_id, day, source_id, language)
) STRICT, WITHOUT ROWID;

CREATE TABLE resources (
  id INTEGER PRIMARY KEY,
  source_id INTEGER NOT NULL REFERENCES sources (id),
  key TEXT NOT NULL,
  lane TEXT NOT NULL,
  brand_id INTEGER REFERENCES brands (id),
  is_active INTEGER NOT NULL,
  UNIQUE (source_id, key)
) STRICT;

CREATE TABLE windows (
  id INTEGER PRIMARY KEY,
  resource_id INTEGER NOT NULL REFERENCES resources (id),
  from_at INTEGER NOT NULL,
  to_at INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('open', 'drained', 'lost', 'budget')),
  cursor TEXT,
  marker TEXT,
  pages INTEGER NOT NULL DEFAULT 0,
  requests INTEGER NOT NULL DEFAULT 0,
  items INTEGER NOT NULL DEFAULT 0,
  fetched INTEGER NOT NULL DEFAULT 0,
  stored INTEGER NOT NULL DEFAULT 0,
  reason TEXT,
  is_lookback INTEGER NOT NULL DEFAULT 0,
  opened_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX windows_of_resource ON windows (resource_id, from_at);

CREATE TABLE source_states (
  source_id INTEGER PRIMARY KEY REFERENCES sources (id),
  state TEXT NOT NULL,
  message TEXT,
  last_attempt_at INTEGER,
  last_success_at INTEGER,
  retry_at INTEGER,
  next_run_at INTEGER,
  consecutive_failures INTEGER NOT NULL
) STRICT;

CREATE TABLE alert_states (
  brand_id INTEGER NOT NULL REFERENCES brands (id),
  rule TEXT NOT NULL,
  state TEXT NOT NULL,
  evaluated_until INTEGER NOT NULL,
  PRIMARY KEY (brand_id, rule)
) STRICT, WITHOUT ROWID;

CREATE TABLE episodes (
  id INTEGER PRIMARY KEY,
  key TEXT NOT NULL UNIQUE,
  brand_id INTEGER NOT NULL REFERENCES brands (id),
  rule TEXT NOT NULL,
  state TEXT NOT NULL,
  severity TEXT NOT NULL,
  opened_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  resolved_at INTEGER,
  observed REAL NOT NULL,
  expected REAL NOT NULL,
  low REAL NOT NULL,
  high REAL NOT NULL,
  surprise REAL NOT NULL,
  peak REAL NOT NULL,
  total INTEGER NOT NULL,
  coverage REAL,
  headline TEXT NOT NULL,
  why TEXT NOT NULL,
  acknowledged_at INTEGER
) STRICT;
CREATE INDEX episodes_by_time ON episodes (opened_at);

CREATE TABLE snoozes (
  brand_id INTEGER PRIMARY KEY REFERENCES brands (id),
  until_at INTEGER NOT NULL
) STRICT;

CREATE TABLE outbox (
  id INTEGER PRIMARY KEY,
  key TEXT NOT NULL,
  destination TEXT NOT NULL,
  kind TEXT NOT NULL,
  subject_id INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('pending', 'sent', 'failed')),
  attempts INTEGER NOT NULL DEFAULT 0,
  next_try_at INTEGER NOT NULL,
  last_error TEXT,
  created_at INTEGER NOT NULL,
  sent_at INTEGER,
  UNIQUE (key, destination)
) STRICT;

CREATE TABLE charts (
  id INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,
  brand_id INTEGER REFERENCES brands (id),
  from_at INTEGER NOT NULL,
  to_at INTEGER NOT NULL,
  coverage REAL,
  title TEXT NOT NULL,
  alt TEXT NOT NULL,
  format TEXT NOT NULL,
  data BLOB NOT NULL,
  made_at INTEGER NOT NULL,
  UNIQUE (kind, brand_id, from_at, to_at, format)
) STRICT;

CREATE TABLE digests (
  id INTEGER PRIMARY KEY,
  key TEXT NOT NULL UNIQUE,
  from_at INTEGER NOT NULL,
  to_at INTEGER NOT NULL,
  subject TEXT NOT NULL,
  text TEXT NOT NULL,
  html TEXT,
  made_at INTEGER NOT NULL
) STRICT;

CREATE TABLE digest_charts (
  digest_id INTEGER NOT NULL REFERENCES digests (id),
  position INTEGER NOT NULL,
  content_id TEXT NOT NULL,
  alt TEXT NOT NULL,
  data BLOB NOT NULL,
  PRIMARY KEY (digest_id, position)
) STRICT;

CREATE TABLE heartbeats (
  name TEXT PRIMARY KEY,
  pid INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  beat_at INTEGER NOT NULL
) STRICT;

CREATE VIRTUAL TABLE mention_texts USING fts5 (
  title, text, content = 'mentions', content_rowid = 'id',
  tokenize = "unicode61 remove_diacritics 2 categories 'L* N* Co Mn Mc So Sk' tokenchars '#@$+'"
);
"""
