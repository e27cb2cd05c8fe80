-- lane.db: what the lane did.  Written by the lane, one transaction a decision.

-- Outcomes without persons: never the QR text, idx, IIN, name or colour.
CREATE TABLE journal (
  seq           INTEGER PRIMARY KEY,
  at            INTEGER NOT NULL,      -- Unix ms, trusted clock
  event         TEXT    NOT NULL,      -- decision, passage, rex, gate, device, clock
  reason        TEXT,                  -- of a decision
  rule          TEXT,                  -- id of the venue rule that decided
  mode          TEXT,                  -- enforce, pilot
  direction     TEXT,
  reader        TEXT,
  issuer        TEXT,
  format        TEXT,
  holder        TEXT,                  -- pseudonym under a key that lives one day
  list_version  INTEGER,
  rules_version INTEGER,
  us            INTEGER,               -- microseconds from frame to decision
  "grant"       INTEGER,               -- of a decision that lets someone through: its own seq; of a passage: that seq
  detail        TEXT,
  hash          BLOB    NOT NULL       -- chain over all of the above
);

-- Uses that may not be repeated yet; a row goes when its time is over or the use is given back.
CREATE TABLE redemption (
  "use"     BLOB PRIMARY KEY,          -- keyed digest of this very code
  holder    BLOB NOT NULL,             -- keyed digest of the person's place
  again_at  REAL NOT NULL,             -- Unix s: when the person may enter again
  forget_at REAL NOT NULL,             -- Unix s: when this very code may be forgotten
  "grant"   INTEGER NOT NULL           -- seq of the decision
) WITHOUT ROWID;
CREATE INDEX redemption_holder ON redemption (holder, again_at);  -- and no more: each costs a page at every entry

-- Keys of the digests above.  'redemption' stays; 'day-N' is destroyed when its day is over.
CREATE TABLE secret (name TEXT PRIMARY KEY, key BLOB NOT NULL) WITHOUT ROWID;

-- The chain's end, signed with the device key from time to time.
CREATE TABLE checkpoint (
  seq       INTEGER PRIMARY KEY,
  device    TEXT NOT NULL,             -- id of the device, as configured then
  at        INTEGER NOT NULL,          -- Unix ms
  hash      BLOB NOT NULL,
  signature BLOB NOT NULL
);
