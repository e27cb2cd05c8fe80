-- What a lane.db knows of itself, and of the journal before it.

-- Whose it is: one row.  Beside it there is a journal.end.
CREATE TABLE owner (id INTEGER PRIMARY KEY CHECK (id = 1), device BLOB NOT NULL);  -- public half of device.key

-- Row `seq` + 1 of the journal links to this digest: the rows up to `seq` are not in this file.
CREATE TABLE journal_base (id INTEGER PRIMARY KEY CHECK (id = 1), seq INTEGER NOT NULL, hash BLOB NOT NULL);

-- Each time the journal, and with it orders and uses, was found lost.
CREATE TABLE loss (
  id        INTEGER PRIMARY KEY,
  what      TEXT    NOT NULL,          -- what was found
  last      TEXT,                      -- "seq:digest" of the last row that is known to have been written
  used_at   INTEGER,                   -- Unix ms, trusted: until then people may have entered unknown to this file
  at        INTEGER,                   -- Unix ms, trusted: when it was journalled
  confirmed INTEGER                    -- Unix ms, trusted: when staff lifted the lockdown
);
