-- What the last successful sync was: written after it, never before.
CREATE TABLE sync (
  id     INTEGER PRIMARY KEY CHECK (id = 1),
  at     REAL NOT NULL,                -- Unix s, trusted clock: also a floor of the time
  mirror TEXT NOT NULL
);

-- The subject index, only where staff check by IIN: digest of a person -> place.
CREATE TABLE subject_head (
  id      INTEGER PRIMARY KEY CHECK (id = 1),
  key_id  TEXT    NOT NULL,            -- of the key under which people are digested
  sealed  BLOB    NOT NULL,            -- that key, for this device's key only
  through INTEGER NOT NULL             -- places below this one are in the index
);

CREATE TABLE subject_chunk (
  no      INTEGER PRIMARY KEY,         -- the digest's first 16 bits
  entries BLOB    NOT NULL             -- rest of the digest (6 bytes) and place (4 bytes), big-endian, in order
);
