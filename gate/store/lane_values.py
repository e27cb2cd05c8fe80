"""Values that a disk has changed within a sound lane.db.

`quick_check` reads the pages, not the values: a flipped bit that turns a number into text, or changes the
redemption key, passes it.  The first would end the lane, the second admit used codes.
"""

import sqlite3

from gate.store.pseudonyms import is_key_whole

_TABLES = (
    "journal",
    "redemption",
    "secret",
    "checkpoint",
    "inside",
    "standing",
    "clock",
    "loss",
    "given_back",
    "owner",
    "journal_base",
    "standing_terms",
)
# Rows of the journal: twice what a lane that seals them holds.  A file of an earlier version holds more.  Those are
# compared with the chain as they are sealed, so that a start takes no longer for them.
NEWEST = 20_000
_OF_JOURNAL = "seq > (SELECT max(seq) FROM journal) - ?"
_OR_NULL = ", 'null'"
_ALLOWED = {"INTEGER": "'integer'", "REAL": "'real', 'integer'", "TEXT": "'text'", "BLOB": "'blob'"}


def find_foreign_value(connection: sqlite3.Connection) -> str | None:
    """Return which table holds a value of another kind than declared, or a key that has changed; None when all is
    well.  60 ms for the 10,000 rows of a segment, on a Pi.  Raises sqlite3.Error."""
    values: tuple[int, ...]
    for table in _TABLES:
        columns = connection.execute(f"PRAGMA table_info({table})").fetchall()
        wrong = " OR ".join(
            f'typeof("{name}") NOT IN ({_ALLOWED[kind]}{"" if required or key else _OR_NULL})'
            for _, name, kind, required, _, key in columns
        )
        within, values = (_OF_JOURNAL, (NEWEST,)) if table == "journal" else ("1", ())
        query = f"SELECT 1 FROM {table} WHERE {within} AND ({wrong}) LIMIT 1"  # noqa: S608 - our own names
        if wrong and connection.execute(query, values).fetchone():
            return f"table {table} holds a value that is not what was written"
    return None if is_key_whole(connection) else "the redemption key is not the one that was made"
