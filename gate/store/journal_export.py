"""Copies of the journal in one SQLite file, for reports in SQL: all segments and columns in one table."""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

from gate.errors import StoreError, in_words
from gate.store.journal import COLUMNS

INTEGERS = frozenset({"seq", "at", "list_version", "rules_version", "us", "grant"})
EXPORTED = (COLUMNS[0], "time", *COLUMNS[1:], "hash")
"""The columns of an export: those of the journal, and `at` as ISO text."""


def write_into(file: Path, rows: Iterable[dict[str, Any]]) -> int:
    """Add rows to the table `journal` of `file`, created if missing; a row whose seq exists already is left as it
    is.  Return the number of new rows.  Raises StoreError."""
    from sqlite_utils import Database  # loads NumPy, 13 MB that a lane does not need

    try:
        with closing(sqlite3.connect(file)) as connection:
            table = Database(connection).table("journal")
            columns = {name: int if name in INTEGERS else str for name in EXPORTED}
            table.create(columns, pk="seq", if_not_exists=True)
            before = table.count
            table.insert_all(rows, pk="seq", ignore=True, alter=True)  # an earlier export has no column `time`
            table.create_index(["at"], if_not_exists=True)
            return int(table.count - before)
    except (sqlite3.Error, OSError) as error:
        hint = "Name a new file, or one of an earlier export, in a folder that you may write to"
        raise StoreError(f"{file}: not written ({in_words(error)})", hint=hint) from error
