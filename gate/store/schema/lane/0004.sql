-- Who ordered it: staff, by their account and the name they gave; NULL where nobody did.
-- The row's digest covers it only where it is not NULL, so that older rows keep theirs.
ALTER TABLE journal ADD COLUMN actor TEXT;

-- People whose use was given back because nobody was seen to pass: not a second time before `until`.
CREATE TABLE given_back (
  holder BLOB PRIMARY KEY,             -- keyed digest of the person's place
  until  REAL NOT NULL                 -- Unix s
) WITHOUT ROWID;
