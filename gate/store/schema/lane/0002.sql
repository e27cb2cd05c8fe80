-- What the lane must not forget over a restart.

-- Who counts as inside, for anti-passback: goes when the person leaves, after some hours, or when
-- everybody was let out.
CREATE TABLE inside (
  holder  BLOB PRIMARY KEY,            -- keyed digest of the person's place
  since   REAL NOT NULL,               -- Unix s
  "grant" INTEGER NOT NULL,            -- seq of the decision that let them in
  leaving INTEGER                      -- seq of the decision that lets them out, until that is over
) WITHOUT ROWID;

-- Standing orders of staff, a latched fire alarm, and the count of those inside.
CREATE TABLE standing (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
