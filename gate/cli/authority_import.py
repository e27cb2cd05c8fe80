"""`gate authority import`: statuses from a file or a database.

Results go to stdout, warnings and progress to stderr.
"""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

import click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, ProgressColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from gate.authority.authority import Authority, Imported
from gate.authority.sources.csv_file import CsvFile
from gate.authority.sources.file_kinds import HEAD, WORKBOOK, name_kind
from gate.authority.sources.ids import IdKind
from gate.authority.sources.parquet_file import MAGIC, ParquetFile
from gate.authority.sources.problems import BadRowsError
from gate.authority.sources.rows import PeopleSource, Progress
from gate.authority.sources.sql_query import SqlQuery
from gate.authority.sources.workbook import SUFFIXES, Workbook
from gate.cli.authority_options import open_authority
from gate.cli.passphrase import passphrase_option
from gate.errors import UsageError


@click.command("import")
@click.argument("directory", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path))
@click.option("--sql", "url", metavar="URL", help="Read the rows from this database, with --query.")
@click.option("--query", metavar="SELECT", help="The query for the rows.")
@click.option("--grow", is_flag=True, help="Confirm that many people are new, or get another status.")
@click.option(
    "--ids",
    type=click.Choice([kind.value for kind in IdKind]),
    help="Kind of ids from now on: IINs only, or any text.  [default: as in the first import]",
)
@passphrase_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object in place of text.")
def command(
    directory: Path, file: Path | None, url: str | None, query: str | None, grow: bool, ids: str | None, as_json: bool
) -> None:
    """Import statuses from a file or a database.

    FILE is CSV, Parquet or a workbook; - reads CSV from stdin.  All rows are imported, or none when one of
    them is wrong.  The columns are `idx` and `status`, or `person` and `status`, in any order; other columns
    are ignored.  A person is an IIN or any other stable id, as text.  People keep their first place; their ids
    are not stored.  A status is red, yellow, blue, green, unlisted or revoked.  A person who is not in the
    table keeps their status.

    With IINs as ids, every id must have twelve digits, leading zeros included, and a right check digit.  Many
    new people, or many changed colours, need --grow.

    CSV has a comma, semicolon, tab or | between cells, in UTF-8 or UTF-16; another encoding is accepted where
    ids and statuses are ASCII.  A workbook (xlsx, xlsb, xls, ods) has one sheet whose first row names the
    columns; its ids are text, because a number loses leading zeros.  PDF, HTML, ZIP and the like are refused.

    URL is a URL of SQLAlchemy.  Keep the password out of it, because other users see this command: PostgreSQL
    finds it in ~/.pgpass or PGPASSWORD.  Parquet, workbooks and SQL need packages of
    their own: duckdb, python-calamine, sqlalchemy, psycopg.

    \b
    Examples:
      gate authority import /srv/authority statuses.csv
      gate authority import /srv/authority statuses.parquet
      gate authority import /srv/authority --sql postgresql://reader@db/health \\
          --query "SELECT iin AS person, colour AS status FROM today"
    """
    opened = open_authority(directory)
    opened.unlock()
    with _table(file, url, query) as table:
        try:
            done = _import(opened, table, grow=grow, ids=IdKind(ids) if ids else None)
        except BadRowsError as error:
            for row in error.rows if error.count > 1 else ():
                click.echo(f"{table.name}: {row}", err=True)
            if error.count > len(error.rows):
                click.echo(f"{table.name}: and {error.count - len(error.rows)} more", err=True)
            raise
    facts = {"rows": done.rows, "new_people": done.new_people, "size": done.size, "listed": done.listed}
    new = f", {done.new_people} people new" if done.new_people else ""
    text = f"{done.rows} rows imported{new}; {done.listed} of {done.size} places are listed"
    click.echo(json.dumps(facts) if as_json else text)


@dataclass(frozen=True, slots=True)
class _Table:
    name: str  # as in messages
    source: Callable[[Progress | None], PeopleSource]
    total: Callable[[], int | None]  # the end of the progress bar
    column: Callable[[], ProgressColumn]  # in its unit


@contextmanager
def _table(file: Path | None, url: str | None, query: str | None) -> Iterator[_Table]:
    if file is not None and url is None and query is None:
        with _opened(file) as stream:
            yield _of_file(file, stream)
    elif url is not None and query is not None and file is None:
        yield _Table("query", partial(SqlQuery, url, query), lambda: None, MofNCompleteColumn)
    else:
        raise UsageError(
            "statuses come either from a file or from a database",
            hint="Name a FILE, or give both --sql URL and --query SELECT",
        )


@contextmanager
def _opened(file: Path) -> Iterator[BinaryIO]:
    if str(file) == "-":
        yield sys.stdin.buffer
        return
    try:
        stream = file.open("rb")
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror}", hint="Name a file that you may read") from error
    with stream:
        yield stream


def _of_file(file: Path, stream: BinaryIO) -> _Table:
    size = None
    if str(file) != "-" and file.is_file():  # nor a pipe, which cannot be rewound
        size = file.stat().st_size
        head = stream.read(HEAD)
        stream.seek(0)
        suffix = file.suffix.lower()
        if suffix == ".parquet" or head.startswith(MAGIC):
            return _Table(str(file), partial(ParquetFile, file), ParquetFile(file).count, MofNCompleteColumn)
        kind = name_kind(head)
        if kind is WORKBOOK or (kind is None and suffix in SUFFIXES and not _is_text(head)):
            return _Table(str(file), partial(Workbook, file), lambda: None, MofNCompleteColumn)
    return _Table(str(file), partial(CsvFile, stream), lambda: size, DownloadColumn)


def _is_text(head: bytes) -> bool:
    return b"\0" not in head


def _import(opened: Authority, table: _Table, *, grow: bool, ids: IdKind | None) -> Imported:
    """Import, with a progress bar when a person watches."""
    console = Console(stderr=True)
    if not console.is_terminal:
        return opened.take_in(table.source(None), grow=grow, ids=ids)
    with Bar(BarColumn(), table.column(), TimeRemainingColumn(), console=console, transient=True) as bar:
        task = bar.add_task("import", total=table.total())
        return opened.take_in(table.source(lambda read: bar.advance(task, read)), grow=grow, ids=ids)
