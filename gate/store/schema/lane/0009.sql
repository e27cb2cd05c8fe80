-- Uses in one tree instead of a table and an index: a page less to write and to flush at every entry.
-- A code names one person, so a person's few uses are all that has to be looked at.
DROP INDEX IF EXISTS redemption_holder;
ALTER TABLE redemption RENAME TO redemption_before;
CREATE TABLE redemption (
  "use"     BLOB NOT NULL,             -- keyed digest of this very code
  holder    BLOB NOT NULL,             -- keyed digest of the person's place
  again_at  REAL NOT NULL,             -- Unix s: when the person may enter again
  forget_at REAL NOT NULL,             -- Unix s: when this very code may be forgotten
  "grant"   INTEGER NOT NULL,          -- seq of the decision
  PRIMARY KEY (holder, "use")
) WITHOUT ROWID;
INSERT INTO redemption SELECT "use", holder, again_at, forget_at, "grant" FROM redemption_before;
DROP TABLE redemption_before;
