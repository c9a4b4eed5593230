-- What befell trials beside new versions, in the order in which it was seen; and which versions replaced nothing.
-- kinds: aside (a version kept that replaced nothing), gone, back, alias, filled (the first fill of the cache ended).
CREATE TABLE event (
  number INTEGER PRIMARY KEY,
  nct_id TEXT NOT NULL,            -- an alias's own id; empty for filled
  kind TEXT NOT NULL,
  seen_at TEXT NOT NULL,           -- UTC
  data_timestamp TEXT,
  about TEXT NOT NULL,             -- the version kept aside; the day missed; the id that an alias leads to; of back either
  versions INTEGER NOT NULL        -- rowid of the newest version then: orders events among versions
);
CREATE TABLE watch (
  name TEXT PRIMARY KEY,
  query TEXT,                      -- a saved search, or NULL
  near TEXT,                       -- a trial whose closest are watched, or NULL
  closest INTEGER NOT NULL,        -- so many of them
  added_at TEXT NOT NULL,
  ran_at TEXT,                     -- NULL before the first run, which is the baseline
  event INTEGER NOT NULL,          -- up to where events and versions were told
  version INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE watched (name TEXT NOT NULL, nct_id TEXT NOT NULL, PRIMARY KEY (name, nct_id)) WITHOUT ROWID;
CREATE TABLE news (
  number INTEGER PRIMARY KEY, name TEXT NOT NULL, told_at TEXT NOT NULL, body TEXT NOT NULL
);
