"""The bad rows of an import, and the error that names them."""

from bisect import insort

from gate.errors import PublishError

SHOWN = 20  # bad rows that are named one by one


class BadRowsError(PublishError):
    """Error for a table with bad rows.  `rows` names the first SHOWN, `count` is their number.  Nothing was
    imported."""

    def __init__(self, rows: tuple[str, ...], count: int) -> None:
        rows_are = "1 bad row" if count == 1 else f"{count} bad rows, the first"
        super().__init__(f"{rows_are}: {rows[0]}", hint="Nothing was imported: correct the rows and import again")
        self.rows = rows
        self.count = count


class Problems:
    """Bad rows, in any order."""

    def __init__(self, called: str) -> None:
        """`called`: the word for a row, such as "line" for a file."""
        self._called = called
        self._first: list[tuple[int, str]] = []
        self.count = 0

    def add(self, row: int, what: str) -> None:
        """Add a bad row; the first SHOWN are kept in order."""
        self.count += 1
        insort(self._first, (row, what))
        del self._first[SHOWN:]

    def raise_any(self) -> None:
        """Raise BadRowsError if there is a bad row."""
        if self.count:
            raise BadRowsError(tuple(f"{self._called} {row}: {what}" for row, what in self._first), self.count)
