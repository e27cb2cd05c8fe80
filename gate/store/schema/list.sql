-- list.db: what the gate knows.  Written whole by the sync, beside the one before, and never changed; read by the lane.
-- No migrations: it is a copy of what was signed.  Another form has another number (`gate.store.list_file.FORM`), and a
-- file of a number that is not known is fetched again.

-- One row: the list that is current.
CREATE TABLE list_head (
  id      INTEGER PRIMARY KEY CHECK (id = 1),
  version INTEGER NOT NULL,
  as_of   INTEGER NOT NULL,            -- Unix s the list speaks of
  size    INTEGER NOT NULL,            -- number of places
  listed  INTEGER NOT NULL,            -- places that hold a colour or a revocation
  sha256  TEXT    NOT NULL,            -- of the nibbles, as signed
  digest  BLOB    NOT NULL             -- 8 bytes: of this row and the sha256 of every document
);

-- trust.json and rules.json as published.
CREATE TABLE document (
  name    TEXT PRIMARY KEY,
  version INTEGER NOT NULL,
  body    BLOB NOT NULL,
  sha256  TEXT NOT NULL                -- of the body
) WITHOUT ROWID;

-- 1,024 places to a row, a nibble each; every chunk below size is there, whatever it holds.
CREATE TABLE status_chunk (
  no      INTEGER PRIMARY KEY,         -- idx / 1024
  nibbles BLOB    NOT NULL,            -- 512 bytes: the even place in the low half
  crc     INTEGER NOT NULL             -- CRC-32 of the nibbles; no and the list's sha256 make its seed
);
