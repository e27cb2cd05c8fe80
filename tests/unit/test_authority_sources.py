"""Wherever rows come from, the same rows are good, and the others are named the same way."""

import io
import json
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import duckdb
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gate.authority.authority import Authority
from gate.authority.sources import csv_file, parquet_file, plain
from gate.authority.sources.csv_file import CsvFile
from gate.authority.sources.parquet_file import ParquetFile
from gate.authority.sources.problems import BadRowsError, Problems
from gate.authority.sources.rows import PeopleSource
from gate.authority.sources.sql_query import SqlQuery
from gate.core.model import Listing
from gate.errors import GateError, PublishError, UsageError

LIMIT = 1000
IIN = "990101300123"
Row = tuple[int, int, int | bytes]


def taken(source: PeopleSource) -> tuple[list[Row], str]:
    """Good rows (number, status, place or person), and what is wrong with the others."""
    rows: list[Row] = []
    problems, said = Problems(source.called), ""
    for batch in source.batches(LIMIT, problems):
        keys: list[int] | list[bytes] = batch.places.tolist() if batch.persons is None else batch.persons
        rows += zip(batch.rows.tolist(), batch.values.tolist(), keys, strict=True)
    try:
        problems.raise_any()
    except BadRowsError as error:
        said = f"{error.count} {error.rows}"
    return rows, said


# Plain CSV, all at once, against the standard library, row by row

WORDS = ["green", "RED", " blue", "unlisted", "revoked ", "reda", "", "yellow", "gr\0en", "`reen", "Unlisted"]
NUMBERS = ["0", "7", "999", "1000", "0000000012", "12345678", "123456789", "-1", "1.0", "٣", "/", ":", " 5", "5\t"]
IDS = [IIN, "Айгерім", "é", "x y", " z", "z\u00a0", "a" * 128, "a" * 129, "\x7f", "\x1f", 'q"q', '"', '"q,\n"']
CELL = st.one_of(st.sampled_from(WORDS), st.sampled_from(NUMBERS), st.sampled_from(IDS), st.text(max_size=4))
GOOD = st.tuples(st.sampled_from(["green", "RED", "unlisted"]), st.integers(0, 999).map(str), st.just(""))
LINE = st.one_of(GOOD, st.lists(CELL, max_size=4))


@settings(max_examples=300)
@given(
    header=st.sampled_from(["status idx x", "x person status", "idx status", "person status"]).map(str.split),
    lines=st.lists(LINE, max_size=12),
    end=st.sampled_from(["\n", "\r\n"]),
    last=st.booleans(),
    delimiter=st.sampled_from([",", ";"]),
    block=st.sampled_from([7, 64, 1 << 20]),
)
@example(header=["person", "status"], lines=[["a\nb", "green"]], end="\n", last=False, delimiter=",", block=7)
def test_a_plain_line_is_what_the_csv_reader_says_it_is(
    header: list[str], lines: list[list[str]], end: str, last: bool, delimiter: str, block: int
) -> None:
    text = end.join(delimiter.join(cells) for cells in [header, *lines]) + (end if last else "")
    data = text.encode("utf-8", "surrogatepass")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_file, "_BLOCK", block)
        at_once = taken(CsvFile(io.BytesIO(data)))
        patch.setattr(plain, "is_plain", lambda _: False)
        assert at_once == taken(CsvFile(io.BytesIO(data)))


def test_plain_lines_are_read_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Or the test above compares nothing."""
    monkeypatch.setattr(
        csv_file, "_rows", lambda lines, _, **__: iter([(1, ["person", "status"])]) if lines.left else None
    )
    assert taken(CsvFile(io.BytesIO(f"person,status\n{IIN},green\n".encode()))) == ([(2, 4, IIN.encode())], "")


def test_what_has_no_lines_is_no_table() -> None:
    for data in (b"x" * (1 << 25), b"idx,status\n" + b"\0" * (1 << 25)):
        assert "is longer than 16 MiB; the rest was not read" in taken(CsvFile(io.BytesIO(data)))[1]


def test_a_long_cell_is_not_repeated() -> None:
    """It may be an id in the wrong column."""
    for text in (f"idx,status\n{IIN},green\n", f"status,person\n{IIN},green\n", f"idx,status\n1,{IIN}\n"):
        said = taken(CsvFile(io.BytesIO(text.encode())))[1]
        assert "of 12 characters" in said
        assert IIN[:6] not in said


# Parquet

ROWS = """(VALUES ('990101300123', 'green', 7), ('880202400234', ' Blue', 8), ('010101500345', 'unlisted', 9))
          t(person, status, idx)"""
PEOPLE = [(1, 4, b"990101300123"), (2, 3, b"880202400234"), (3, 0, b"010101500345")]
BAD = """(VALUES ('a', 'green', 1.5), (NULL, 'green', 1), ('b', NULL, 1000), (' ', 'red', NULL), ('c', 'purple', 2),
               (repeat('x', 129), 'blue', -1)) t(person, status, idx)"""


def parquet(path: Path, select: str) -> ParquetFile:
    with closing(duckdb.connect()) as connection:
        connection.execute(f"COPY ({select}) TO '{path}' (FORMAT parquet)")
    return ParquetFile(path)


def test_parquet_gives_rows(tmp_path: Path) -> None:
    file = tmp_path / "*.parquet"  # a name, not a pattern
    parquet(tmp_path / "other.parquet", "SELECT 1 AS x")
    told: list[int] = []
    assert taken(parquet(file, f"SELECT status, 1 AS x, person FROM {ROWS}")) == (PEOPLE, "")
    enum = "status::ENUM ('green', ' Blue', 'unlisted') AS Status"
    assert taken(parquet(file, f'SELECT idx AS "IDX", {enum} FROM {ROWS}'))[0] == [(1, 4, 7), (2, 3, 8), (3, 0, 9)]
    assert taken(parquet(file, f"SELECT person::BLOB AS person, status::BLOB AS status FROM {ROWS}")) == (PEOPLE, "")
    big = parquet(file, "SELECT i % 1000 AS idx, 'red' AS status FROM range(40000) t(i)")
    assert big.count() == 40_000
    rows, said = taken(ParquetFile(file, told.append))
    assert ([row[0] for row in rows], said) == (list(range(1, 40_001)), "")
    assert sum(told) == 40_000
    assert len(told) > 1


def test_bad_rows_of_parquet_are_named(tmp_path: Path) -> None:
    rows, said = taken(parquet(tmp_path / "x", f"SELECT person, status FROM {BAD}"))
    assert rows == [(1, 4, b"a")]
    assert said.startswith("5 ('row 2: has no id")
    assert [f"row {number}:" in said for number in range(2, 7)] == [True] * 5
    rows, said = taken(parquet(tmp_path / "y", f"SELECT idx, status FROM {BAD}"))
    assert (rows, said[:2]) == ([], "6 ")
    _, said = taken(parquet(tmp_path / "z", f"SELECT person::BIGINT AS person, status FROM {ROWS}"))
    assert said.count("lost its leading zeros") == 3
    assert "99010130" not in said


def test_what_is_no_such_parquet_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("PAR1, as it says")
    with pytest.raises(PublishError, match="text is no Parquet file") as refused:
        ParquetFile(tmp_path / "text").count()
    assert "/proc" not in str(refused.value)
    with pytest.raises(PublishError, match="has the columns a, b"):
        taken(parquet(tmp_path / "a", "SELECT 1 AS a, 2 AS b"))
    with pytest.raises(PublishError, match="cannot read"):
        taken(ParquetFile(tmp_path / "none"))
    parquet(tmp_path / "cut", "SELECT lpad(i::VARCHAR, 12, '0') AS person, 'red' AS status FROM range(300000) t(i)")
    data = bytearray((tmp_path / "cut").read_bytes())
    data[len(data) // 2 : len(data) // 2 + 4000] = b"\xff" * 4000
    (tmp_path / "cut").write_bytes(data)
    with pytest.raises(PublishError, match="cannot be read"):
        taken(ParquetFile(tmp_path / "cut"))


def test_text_that_is_none_is_not_repeated(tmp_path: Path) -> None:
    """DuckDB would quote it."""
    rows = f"SELECT if(i = 5, '{IIN}\\xFF'::BLOB, 'a'::BLOB) AS person, 'red' AS status FROM range(9) t(i)"
    with pytest.raises(PublishError, match="row 1, or one soon after it, cannot be read") as refused:
        taken(parquet(tmp_path / "a", rows))
    assert IIN[:6] not in str(refused.value)


def test_memory_is_bounded_and_nothing_is_swapped_to_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    rows = "SELECT lpad(i::VARCHAR, 12, '0') AS person, 'red' AS status FROM range(500000) t(i)"
    parquet(tmp_path / "a", rows)
    monkeypatch.setitem(parquet_file._SETTINGS, "memory_limit", "1MB")
    with pytest.raises(PublishError, match="a do not fit into 1MB"):
        taken(ParquetFile(tmp_path / "a"))
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


# SQL


@pytest.fixture
def database(tmp_path: Path) -> str:
    with closing(sqlite3.connect(tmp_path / "people.sqlite")) as connection:
        connection.execute("CREATE TABLE today (iin TEXT, colour TEXT, place)")
        rows = [(IIN, "green", 7), ("880202400234", " Blue", "8"), ("010101500345", "unlisted", 9)]
        connection.executemany("INSERT INTO today VALUES (?, ?, ?)", rows)
        connection.commit()
    return f"sqlite:///{tmp_path}/people.sqlite"


def test_a_query_gives_rows(database: str) -> None:
    query = "SELECT iin AS person, colour AS status, ':x %s' AS note FROM today ORDER BY place"
    told: list[int] = []
    assert taken(SqlQuery(database, query, told.append))[1] == ""
    assert sum(told) == 3
    assert taken(SqlQuery(database, "SELECT place AS Idx, colour AS STATUS FROM today ORDER BY iin DESC"))[0] == [
        (1, 4, 7),
        (2, 3, 8),
        (3, 0, 9),
    ]


def test_bad_rows_of_a_query_are_named(database: str) -> None:
    query = "SELECT iin || '9' AS idx, colour AS status FROM today UNION ALL SELECT 5, NULL"
    rows, said = taken(SqlQuery(database, query))
    assert (rows, said.count("of 13 characters is no place")) == ([], 3)
    assert "row 4: status '' is none of" in said
    _, said = taken(SqlQuery(database, "SELECT 1 + iin AS person, colour AS status FROM today"))
    assert said.count("leading zeros") == 3


@pytest.mark.parametrize(
    ("url", "query", "error", "says"),
    [
        (None, "SELECT iin, colour AS status FROM today", UsageError, "gives the columns iin, status"),
        (None, "SELEC 1", PublishError, "refuses the query: near .SELEC.: syntax error"),
        (None, "SELECT person FROM yesterday", PublishError, "no such table: yesterday"),
        (None, "SELECT iin FROM today WHERE x = 990101300123 AND", PublishError, "refuses the query"),
        (None, "DELETE FROM today", UsageError, "the query gives no rows"),
        ("sqlite:////nowhere/at/all", "SELECT 1", PublishError, "cannot reach the database: unable to open"),
        ("people with secret", "SELECT 1", UsageError, "not the URL of a database"),
        ("oddbase://me:secret@host/x", "SELECT 1", UsageError, "there is no kind of database oddbase"),
        ("postgresql://me:secret@host:port/x", "SELECT 1", UsageError, "not the URL of a database"),
        ("postgresql://me:secret@127.0.0.1:1/x", "SELECT 1", PublishError, "cannot reach the database"),
        ("postgresql:///x?host=127.0.0.1&port=1&password=secret", "SELECT 1", PublishError, "cannot reach"),
        ("postgresql:///x?secret=secret&password=secret", "SELECT 1", PublishError, "cannot reach"),
        ("mysql://me:secret@host/x", "SELECT 1", GateError, "needs the Python package MySQLdb"),
    ],
)
def test_what_is_no_such_query_is_refused(
    database: str, url: str | None, query: str, error: type[GateError], says: str
) -> None:
    with pytest.raises(error, match=says) as refused:
        taken(SqlQuery(url or database, query))
    assert "secret" not in str(refused.value)
    assert IIN not in str(refused.value)
    assert str(refused.value).count("\n") == 0
    left, _ = taken(SqlQuery(database, "SELECT iin AS person, colour AS status FROM today"))
    assert len(left) == 3


def test_a_query_that_stops_halfway_does_not_say_whom_it_met(database: str) -> None:
    """SQLite speaks of the value it could not read as JSON."""
    query = f"""SELECT iin AS person, CASE WHEN place > 7 THEN json_extract('{IIN}x', '$') ELSE 'red' END AS status
                FROM today ORDER BY place"""
    with pytest.raises(PublishError) as stopped:
        taken(SqlQuery(database, query))
    assert IIN[:6] not in str(stopped.value)


# All of them


def test_every_source_comes_to_the_same_list(tmp_path: Path, database: str) -> None:
    (tmp_path / "a.csv").write_text(f"person,status\n{IIN},green\n880202400234,Blue\n010101500345,unlisted\n")
    sources: list[PeopleSource] = [
        CsvFile(io.BytesIO((tmp_path / "a.csv").read_bytes())),
        parquet(tmp_path / "a.parquet", f"SELECT person, status FROM {ROWS}"),
        SqlQuery(database, "SELECT iin AS person, colour AS status FROM today"),
    ]
    authority = Authority.create(tmp_path / "a", at=1_800_000_000)
    places = []
    for source in sources:
        done = authority.take_in(source)
        assert (done.rows, done.size, done.listed) == (3, 3, 2)
        places.append([authority.place_of(person) for person in (IIN, "880202400234", "010101500345")])
        listings = [authority.listing(place) for place in places[-1] if place is not None]
        assert listings == [Listing.GREEN, Listing.BLUE, Listing.UNLISTED]
    assert places[0] == places[1] == places[2]


def test_contradictions_and_bad_rows_are_named_in_their_order(tmp_path: Path) -> None:
    person, status = "lpad((i % 900)::VARCHAR, 12, '0') AS person", "if(i IN (910, 950), 'red', 'blue') AS status"
    select = f"SELECT {person}, {status} FROM range(990) t(i)"
    authority = Authority.create(tmp_path / "a", at=1_800_000_000)
    with pytest.raises(BadRowsError) as refused:
        authority.take_in(parquet(tmp_path / "x", f"{select} UNION ALL SELECT '', 'blue'"))
    assert refused.value.rows == (
        "row 911: this person is duplicated, with different statuses",
        "row 951: this person is duplicated, with different statuses",
        "row 991: has no id: its cell is empty, or a formula that has failed; write the id as text",
    )
    assert (authority.size, authority.place_of("0" * 12)) == (0, None)


@pytest.mark.parametrize("package", ["duckdb", "sqlalchemy", "psycopg"])
def test_what_is_not_installed_is_named(tmp_path: Path, package: str) -> None:
    """And CSV needs none of it."""
    (tmp_path / "a.csv").write_text("idx,status\n7,green\n")
    (tmp_path / "a.parquet").write_bytes(b"PAR1")
    program = f"""if True:
        import json, sys
        sys.modules[{package!r}] = None
        from gate.cli.main import main
        for arguments in json.loads(sys.argv[1]):
            sys.argv[1:] = ["authority", *arguments]
            try:
                main()
            except SystemExit as end:
                print("exit", end.code, flush=True)
    """
    folder = str(tmp_path / "a")
    table = ["--sql", "postgresql://h/d", "--query", "SELECT 1"] if package != "duckdb" else [f"{folder}.parquet"]
    commands = [["init", folder], ["import", folder, f"{folder}.csv"], ["import", folder, *table]]
    done = subprocess.run(
        [sys.executable, "-c", program, json.dumps(commands)], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.stdout.splitlines()[-2:] == ["1 rows imported; 1 of 8 places are listed", "exit 1"]
    assert f"needs the Python package {package}, which is not installed" in done.stderr
    assert re.search(rf"`{sys.prefix}/bin/pip install '?{package}(\[binary\]')?`", done.stderr)
    assert done.stderr.count("\n") == 1
