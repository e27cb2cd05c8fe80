-- What the last successful sync was: written after it, never before.
CREATE TABLE sync (
  id     INTEGER PRIMARY KEY CHECK (id = 1),
  at     REAL NOT NULL,                -- Unix s, trusted clock: also a floor of the time
  mirror TEXT NOT NULL
);

-- The subject index, only where staff check by IIN: who has which place.
CREATE TABLE subject_head (
  id     INTEGER PRIMARY KEY CHECK (id = 1),
  key_id TEXT    NOT NULL,             -- names the key under which people are digested
  sealed BLOB    NOT NULL,             -- that key, for this device's key only
  places INTEGER NOT NULL              -- the index holds the places below
);

-- Places within which digests ascend, up to the next.
CREATE TABLE subject_run (first INTEGER PRIMARY KEY);

-- 1,024 places to a row, 8 bytes each, big-endian; the last row may be shorter.
CREATE TABLE subject_chunk (
  no      INTEGER PRIMARY KEY,         -- idx / 1024
  digests BLOB    NOT NULL
);
