-- The trusted time, kept for the next start: one row, or none before the first.
-- Journal rows after `seq` say what time it has become since.
CREATE TABLE clock (
  id           INTEGER PRIMARY KEY CHECK (id = 1),
  floor        INTEGER NOT NULL,       -- Unix ms, trusted: it is not earlier than that
  seq          INTEGER NOT NULL,       -- last row of the journal then
  behind_since INTEGER                 -- Unix ms, trusted: when the system clock was found behind
);
