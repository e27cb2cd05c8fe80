"""Rows from a Parquet file, read by DuckDB in bounded memory."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from gate.authority.sources.rows import Batch, Columns, Problems, Progress, RowByRow, not_installed
from gate.errors import PublishError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_PIECE = 1 << 14  # rows fetched at once
MAGIC = b"PAR1"  # how every such file begins
_SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    "threads": 1,  # rows stay in their order
    "memory_limit": "128MB",
    "disable_parquet_prefetching": True,  # of whole columns of a row group
    "temp_directory": "",  # nobody's id is written anywhere
    "autoinstall_known_extensions": False,  # nothing is fetched from anywhere
}
# Older writers do not mark text as such; a folder called "status=red" is no column.
_TABLE = "read_parquet(?, binary_as_string = true, hive_partitioning = false)"


class ParquetFile:
    """A `Source`.  Rows are counted from 1."""

    called = "row"

    def __init__(self, path: Path, progress: Progress | None = None) -> None:
        """`progress` is told how many rows were read since the last time."""
        self._path = path
        self._progress = progress

    def count(self) -> int:
        """Rows in the file, as it says itself.  Raises PublishError when it cannot be read."""
        with self._asked("count(*)") as table:
            return int((table.fetchone() or (0,))[0])

    def batches(self, limit: int, problems: Problems) -> Iterator[Batch]:
        with self._asked("*", "LIMIT 0") as table:
            names = [str(column[0]) for column in table.description or ()]
        columns = Columns.named(names)
        if columns is None:
            raise PublishError(
                f"{self._path} has the columns {', '.join(names)}", hint='It needs "idx" or "person", and "status"'
            )
        wanted = Columns(2, 0, 1, columns.by_person)  # the others need not be read
        closer, row = RowByRow(wanted, limit, problems), 1
        with self._asked(f"{_name(names[columns.key])}, {_name(names[columns.status])}") as table:
            while rows := self._piece(table, row):
                yield closer.take_all(row, rows)
                row += len(rows)
                if self._progress:
                    self._progress(len(rows))

    @contextmanager
    def _asked(self, selection: str, rows: str = "") -> Iterator["DuckDBPyConnection"]:
        try:
            import duckdb
        except ImportError as error:
            raise not_installed("Parquet", "duckdb") from error
        try:
            file = self._path.open("rb")
        except OSError as error:
            raise PublishError(f"cannot read {self._path}: {error.strerror}", hint="Name a file") from error
        # By its number: in a name DuckDB would see patterns, and schemes such as https.
        name = f"/proc/self/fd/{file.fileno()}"
        with file, duckdb.connect(config=_SETTINGS) as connection:
            try:
                query = f"SELECT {selection} FROM {_TABLE} {rows}"  # noqa: S608 - names of columns are quoted
                answer = connection.execute(query, [name])
            except duckdb.OutOfMemoryException:
                raise self._too_large() from None
            except duckdb.Error as error:
                what = str(error).splitlines()[0].replace(name, str(self._path))
                raise PublishError(f"{self._path} is no Parquet file: {what}", hint="Write it again") from None
            yield answer

    def _piece(self, table: "DuckDBPyConnection", row: int) -> list[tuple[object, ...]]:
        import duckdb

        try:
            return table.fetchmany(_PIECE)
        except duckdb.OutOfMemoryException:
            raise self._too_large() from None
        except duckdb.Error:  # may quote what it found: somebody's id perhaps
            raise PublishError(
                f"{self._path} is damaged: row {row}, or one soon after it, cannot be read", hint="Write it again"
            ) from None

    def _too_large(self) -> PublishError:
        return PublishError(
            f"the row groups of {self._path} do not fit into {_SETTINGS['memory_limit']}",
            hint="Write it in smaller ones, of 100,000 rows say",
        )


def _name(column: str) -> str:
    quoted = column.replace('"', '""')
    return f'"{quoted}"'
