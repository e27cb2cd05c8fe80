-- list.db: what the gate knows.  Written by sync, read by the lane.

-- One row: the list that is current.
CREATE TABLE list_head (
  id         INTEGER PRIMARY KEY CHECK (id = 1),
  generation INTEGER NOT NULL,         -- counts what was applied: readers see by it that anything changed
  version    INTEGER NOT NULL,
  as_of      INTEGER NOT NULL,         -- Unix s the list speaks of
  size       INTEGER NOT NULL,         -- number of places
  listed     INTEGER NOT NULL,         -- places that hold a colour or a revocation
  sha256     TEXT    NOT NULL          -- of the nibbles
);

-- 1,024 places to a row, a nibble each; every chunk below size is there, whatever it holds.
CREATE TABLE status_chunk (
  no      INTEGER PRIMARY KEY,         -- idx / 1024
  nibbles BLOB    NOT NULL             -- 512 bytes: the even place in the low half
);

-- trust.json and rules.json as published.
CREATE TABLE document (
  name    TEXT PRIMARY KEY,
  version INTEGER NOT NULL,
  body    TEXT NOT NULL
) WITHOUT ROWID;
