"""Rows from a Parquet file, read by DuckDB in bounded memory."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from gate.authority.sources.ids import Ids
from gate.authority.sources.problems import Problems
from gate.authority.sources.rows import Batch, Columns, Progress, RowByRow, not_installed
from gate.errors import PublishError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_PIECE = 1 << 14  # rows fetched at once
MAGIC = b"PAR1"  # first bytes of every Parquet file
_SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    "threads": 1,  # keeps the order of the rows
    "memory_limit": "128MB",
    "disable_parquet_prefetching": True,  # it would load whole columns of a row group
    "temp_directory": "",  # no id is written to disk
    "autoinstall_known_extensions": False,  # nothing is downloaded
}


class ParquetFile:
    """A `PeopleSource` over a Parquet file.  Rows are counted from 1."""

    called = "row"

    def __init__(self, path: Path, progress: Progress | None = None) -> None:
        """`progress` gets the number of rows read since its last call."""
        self._path = path
        self._progress = progress

    def count(self) -> int:
        """Return the number of rows from the file's metadata.  Raises PublishError when it cannot be read."""
        with self._opened() as (connection, table):
            return int((connection.execute(f"SELECT count(*) FROM {table}").fetchone() or (0,))[0])  # noqa: S608 - ours

    def batches(self, limit: int, problems: Problems, ids: Ids | None = None) -> Iterator[Batch]:
        with self._opened() as (connection, table):
            described = connection.execute(f"SELECT * FROM {table} LIMIT 0").description  # noqa: S608 - ours
            names = [str(column[0]) for column in described or ()]
            columns = Columns.named(names)
            if columns is None:
                raise PublishError(
                    f"{self._path} has the columns {', '.join(names)}", hint='It needs "idx" or "person", and "status"'
                )
            wanted = f"{_quoted(names[columns.key])}, {_quoted(names[columns.status])}"  # the others are not read
            query = f"SELECT {wanted} FROM {table}"  # noqa: S608 - names are quoted
            closer, row = RowByRow(Columns(2, 0, 1, columns.by_person), limit, problems, ids or Ids(None)), 1
            for rows in self._pieces(connection, query):
                yield closer.take_all(row, rows)
                row += len(rows)
                if self._progress:
                    self._progress(len(rows))

    def _pieces(self, connection: "DuckDBPyConnection", query: str) -> Iterator[list[tuple[object, ...]]]:
        import duckdb

        row = 1
        try:
            answer = connection.execute(query)
            while rows := answer.fetchmany(_PIECE):
                yield rows
                row += len(rows)
        except duckdb.OutOfMemoryException:
            raise PublishError(
                f"the row groups of {self._path} do not fit into {_SETTINGS['memory_limit']}",
                hint="Write it in smaller ones, of 100,000 rows say",
            ) from None
        except duckdb.Error:  # its message may quote an id
            raise PublishError(
                f"{self._path} is damaged: row {row}, or one soon after it, cannot be read", hint="Write it again"
            ) from None

    @contextmanager
    def _opened(self) -> Iterator[tuple["DuckDBPyConnection", str]]:
        """Open the file; return a connection, and the table's name in queries.  Raises PublishError for a fault of
        the whole file."""
        try:
            import duckdb
        except ImportError as error:
            raise not_installed("Parquet", "duckdb") from error
        try:
            file = self._path.open("rb")
        except OSError as error:
            raise PublishError(f"cannot read {self._path}: {error.strerror}", hint="Name a file") from error
        # By descriptor number: in a name DuckDB would interpret patterns, and schemes such as https.
        name = f"/proc/self/fd/{file.fileno()}"
        with file, duckdb.connect(config=_SETTINGS) as connection:
            connection.execute("SET enable_progress_bar = false")  # otherwise drawn on stdout
            try:
                # Older writers do not mark text as such.  A folder called "status=red" is no column.
                yield connection, f"read_parquet('{name}', binary_as_string = true, hive_partitioning = false)"
            except duckdb.Error:
                raise PublishError(
                    f"{self._path} is no Parquet file, is damaged, or is encrypted",
                    hint="Write it again, not encrypted; or save the table as CSV UTF-8",
                ) from None


def _quoted(column: str) -> str:
    quoted = column.replace('"', '""')
    return f'"{quoted}"'
