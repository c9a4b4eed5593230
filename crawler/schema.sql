-- One cache. Bodies are kept as they came, compressed; everything else can be derived from them or is the story of
-- how they came. `digest` is SHA-256 over a version's body and what is told of it, so that no byte can rot unseen.
-- Tables are only ever added: a writer makes those that a cache of an older program lacks.
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS dictionary (number INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS trial (
  nct_id TEXT PRIMARY KEY,
  version INTEGER NOT NULL,        -- the current one
  gone TEXT,                       -- the day its record was missed at the registry
  problem TEXT                     -- why its current record can't be normalised
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS version (
  nct_id TEXT NOT NULL,
  number INTEGER NOT NULL,         -- 1 is the first that we saw
  seen_at TEXT NOT NULL,           -- UTC
  last_update_posted TEXT,
  data_timestamp TEXT,             -- the registry's, NULL for data from files
  content BLOB NOT NULL,           -- hash of the parsed JSON without the version holder
  digest BLOB NOT NULL,
  size INTEGER NOT NULL,           -- bytes of the body
  dictionary INTEGER NOT NULL,     -- 0: none
  body BLOB NOT NULL,
  PRIMARY KEY (nct_id, number)
);
CREATE TABLE IF NOT EXISTS unknown_field (
  nct_id TEXT NOT NULL, path TEXT NOT NULL, PRIMARY KEY (nct_id, path)
) WITHOUT ROWID;
-- `told_by`: 301 where the registry redirected, record where a record lists the alias.
CREATE TABLE IF NOT EXISTS alias (
  alias TEXT NOT NULL, nct_id TEXT NOT NULL, told_by TEXT NOT NULL, PRIMARY KEY (alias, nct_id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS link (
  source TEXT NOT NULL, target TEXT NOT NULL, kind TEXT NOT NULL, evidence TEXT NOT NULL,
  PRIMARY KEY (source, target, kind, evidence)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS link_target ON link (target);
-- The ids that the registry has, as a sweep lists them; removed when it ends.
CREATE TABLE IF NOT EXISTS listed (
  run INTEGER NOT NULL, nct_id TEXT NOT NULL, last_update_posted TEXT, PRIMARY KEY (run, nct_id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS run (
  number INTEGER PRIMARY KEY, command TEXT NOT NULL, data_timestamp TEXT, began_at TEXT NOT NULL, ended_at TEXT
);
-- A run is a function of the registry's answers. They are kept until it ends, so that a run that was broken off is
-- told again from them and asks only for what it had not heard.
CREATE TABLE IF NOT EXISTS answer (
  run INTEGER NOT NULL, request TEXT NOT NULL, answer TEXT NOT NULL, PRIMARY KEY (run, request)
);
CREATE TABLE IF NOT EXISTS candidate (
  run INTEGER NOT NULL, nct_id TEXT NOT NULL, body BLOB NOT NULL, PRIMARY KEY (run, nct_id)
);
CREATE TABLE IF NOT EXISTS reached (
  run INTEGER NOT NULL, nct_id TEXT NOT NULL, depth INTEGER NOT NULL, outcome TEXT NOT NULL,
  PRIMARY KEY (run, nct_id)
) WITHOUT ROWID;
-- Versions whose bytes rotted, set aside by a repair. `wanted`: 1 where it was the current one and may yet be had again.
-- The columns but for those four are the version's; all but its name are NULL where the row itself could not be read.
CREATE TABLE IF NOT EXISTS damaged (
  nct_id TEXT NOT NULL, number INTEGER NOT NULL, seen_at TEXT, last_update_posted TEXT, data_timestamp TEXT,
  content BLOB, digest BLOB, size INTEGER, dictionary INTEGER, body BLOB,
  place INTEGER,                   -- its rowid among the versions
  reason TEXT NOT NULL, set_aside_at TEXT NOT NULL, wanted INTEGER NOT NULL
);
