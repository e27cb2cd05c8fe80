-- The terms of standing orders: an order without a row has none that are known.
CREATE TABLE standing_terms (
  mode  TEXT PRIMARY KEY,              -- as in `standing`, without "order "
  actor TEXT NOT NULL,                 -- who gave it
  since REAL NOT NULL,                 -- Unix s, trusted
  until REAL                           -- Unix s, trusted: when it ends by itself; NULL: when it is taken back
) WITHOUT ROWID;
