"""Rows from a query to any database that SQLAlchemy supports, streamed in bounded memory."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from gate.authority.sources.ids import Ids
from gate.authority.sources.problems import Problems
from gate.authority.sources.rows import Batch, Columns, Progress, RowByRow, not_installed
from gate.errors import PublishError, UsageError

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, CursorResult
    from sqlalchemy.exc import DBAPIError, SQLAlchemyError

_PIECE = 1 << 14  # rows fetched at once
_LONG_NUMBER = re.compile(r"\d{6,}")
_EXAMPLE = "postgresql://user@host/database"


class SqlQuery:
    """A `PeopleSource` over a query.  Rows are counted from 1 in the database's order.  The transaction is rolled
    back, so that nothing is changed."""

    called = "row"

    def __init__(self, url: str, query: str, progress: Progress | None = None) -> None:
        """`url` as SQLAlchemy parses it; psycopg is the default driver for PostgreSQL.  `progress` gets the number of
        rows read since its last call."""
        self._url = url
        self._query = query
        self._progress = progress

    def batches(self, limit: int, problems: Problems, ids: Ids | None = None) -> Iterator[Batch]:
        url = self._parsed()
        with _connected(url) as connection, self._executed(connection, url) as result:
            if not result.returns_rows:
                raise UsageError("the query gives no rows", hint="Ask for them: SELECT person, status FROM ...")
            names = list(result.keys())
            columns = Columns.named(names)
            if columns is None:
                raise UsageError(
                    f"the query gives the columns {', '.join(names)}",
                    hint='It must give "idx" or "person", and "status": SELECT iin AS person, colour AS status',
                )
            closer, row = RowByRow(columns, limit, problems, ids or Ids(None)), 1
            while rows := _piece(result, row):
                yield closer.take_all(row, rows)
                row += len(rows)
                if self._progress:
                    self._progress(len(rows))

    def _parsed(self) -> "URL":
        try:
            from sqlalchemy import make_url
            from sqlalchemy.exc import ArgumentError
        except ImportError as error:
            raise not_installed("SQL", "sqlalchemy") from error
        try:
            url = make_url(self._url)
        except (ArgumentError, ValueError):  # not repeated: it may contain a password
            raise UsageError("this is not the URL of a database", hint=f"It looks like {_EXAMPLE}") from None
        if url.drivername in ("postgres", "postgresql"):
            return url.set(drivername="postgresql+psycopg")
        return url

    def _executed(self, connection: "Connection", url: "URL") -> "CursorResult[tuple[object, ...]]":
        from sqlalchemy.exc import DataError, DBAPIError

        # Straight to the driver, where a colon and a percent sign have no meaning; with a server-side cursor where
        # there is one.
        streaming = connection.execution_options(stream_results=True, yield_per=_PIECE, no_parameters=True)
        try:
            return streaming.exec_driver_sql(self._query)
        except DataError as error:
            raise _stopped(error, 1) from None
        except DBAPIError as error:
            raise PublishError(f"the database refuses the query: {_message(error, url)}", hint="Correct it") from None


@contextmanager
def _connected(url: "URL") -> Iterator["Connection"]:
    from sqlalchemy import NullPool, create_engine
    from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

    try:
        engine = create_engine(url, poolclass=NullPool)
        connection = engine.connect()
    except NoSuchModuleError:
        raise UsageError(f"there is no kind of database {url.drivername}", hint=f"Write {_EXAMPLE}") from None
    except ImportError as error:
        ours = url.get_driver_name() == "psycopg"
        raise not_installed(url.drivername, "psycopg" if ours else error.name or "of this name", ours=ours) from error
    except ArgumentError:
        raise UsageError("this is not the URL of a database", hint=f"It looks like {_EXAMPLE}") from None
    except DBAPIError as error:
        raise PublishError(f"cannot reach the database: {_message(error, url)}", hint="Check its URL") from None
    with connection:
        yield connection


def _piece(result: "CursorResult[tuple[object, ...]]", row: int) -> Sequence[Sequence[object]]:
    from sqlalchemy.exc import SQLAlchemyError

    try:
        return result.fetchmany(_PIECE)
    except SQLAlchemyError as error:
        raise _stopped(error, row) from None


def _stopped(error: "SQLAlchemyError", row: int) -> PublishError:
    """Return the error without the database's message, which may quote an id."""
    what = type(getattr(error, "orig", None) or error).__name__
    return PublishError(
        f"the database stopped at row {row}, or soon after it, with {what}",
        hint="Nothing was imported: run the query in the database itself to see why",
    )


def _message(error: "DBAPIError", url: "URL") -> str:
    """Return the database's message without a password or a possible id."""
    words = (str(error.orig).strip().splitlines() or [type(error.orig).__name__])[0].rstrip(".")
    for secret in (url.password, *url.normalized_query.get("password", ())):
        words = words.replace(str(secret), "***") if secret else words
    return _LONG_NUMBER.sub("...", words)
