"""`gate authority import` as an operator uses it: from files and databases, much of it, and interrupted."""

import json
import os
import pty
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from gate.authority.authority import Authority
from tests.commands.process import run_gate
from tests.system.private_postgres import PASSWORD, Server, running

IIN = "990101300123"
GATE = [sys.executable, "-W", "error", "-m", "gate", "authority"]


def run(*arguments: object, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return run_gate("authority", *arguments, env={**os.environ, **(env or {})}, strict=True, timeout=100)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    Authority.create(tmp_path / "authority", at=1_800_000_000)
    return tmp_path / "authority"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running() as server:
        server.run("CREATE TABLE today (iin char(14), colour varchar, place bigint)")
        server.run(f"INSERT INTO today VALUES ('{IIN}', 'green', 7), ('880202400234', 'Blue', 8)")
        yield server


# PostgreSQL


def test_people_come_from_postgresql(folder: Path, server: Server) -> None:
    query = "SELECT iin AS person, colour AS status, '100 %s :x' || place::text FROM today"
    done = run("import", folder, "--sql", server.url, "--query", query, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == {"rows": 2, "new_people": 2, "size": 2, "listed": 2}
    authority = Authority.open(folder)
    place = authority.place_of(IIN)
    assert place is not None
    assert authority.listing(place).name == "GREEN"
    by_place = run("import", folder, "--sql", server.url, "--query", "SELECT place AS idx, colour AS status FROM today")
    assert by_place.stdout == "2 rows imported; 4 of 9 places are listed\n"


def test_a_password_may_stay_out_of_the_command(folder: Path, server: Server) -> None:
    url = server.url.replace(f":{PASSWORD}", "")
    query = ["--query", "SELECT place AS idx, colour AS status FROM today"]
    assert run("import", folder, "--sql", url, *query, env={"PGPASSWORD": PASSWORD}).returncode == 0
    assert "no password supplied" in run("import", folder, "--sql", url, *query, env={"PGPASSFILE": "none"}).stderr


@pytest.mark.parametrize(
    ("query", "code", "says"),
    [
        ("SELECT colour, place FROM today", 2, "gives the columns colour, place"),
        ("SELECT iin FROM tomorrow", 1, 'refuses the query: relation "tomorrow" does not exist'),
        ("SELECT iin::bigint * 10000000000 AS idx, colour AS status FROM today", 1, "stopped at row 1, or soon after"),
        (f"SELECT '{IIN}x'::bigint AS idx, colour AS status FROM today", 1, "InvalidTextRepresentation"),
        ("DELETE FROM today RETURNING place AS idx, colour AS status", 1, "refuses the query: syntax error"),
        ("SELECT iin AS idx, 'green' AS status FROM today", 1, "2 bad rows, the first: row 1: idx of 14 characters"),
        ("SELECT NULL AS person, colour AS status FROM today WHERE place = 7", 1, "row 1: has no id"),
    ],
)
def test_what_postgresql_will_not_give_is_one_line(
    folder: Path, server: Server, query: str, code: int, says: str
) -> None:
    done = run("import", folder, "--sql", server.url, "--query", query)
    assert (done.returncode, done.stdout) == (code, "")
    assert says in done.stderr.splitlines()[-1]
    for secret in (PASSWORD, IIN):
        assert secret not in done.stderr
    assert run("import", folder, "--sql", server.url, "--query", "SELECT 1 AS idx, 'red' AS status").returncode == 0


def test_a_wrong_password_is_not_repeated(folder: Path, server: Server) -> None:
    url = server.url.replace(PASSWORD, "correct-horse")
    done = run("import", folder, "--sql", url, "--query", "SELECT 1")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "password authentication failed" in done.stderr
    assert "correct-horse" not in done.stderr


# What the command is given


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--sql", "sqlite://"],
        ["--query", "SELECT 1"],
        ["a.csv", "--query", "SELECT 1"],
        ["a.csv", "--sql", "sqlite://"],
    ],
)
def test_there_is_one_source(folder: Path, arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder.parent)
    Path("a.csv").write_text("idx,status\n7,green\n")
    done = run("import", folder, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert "either from a file or from a database" in done.stderr
    assert done.stderr.count("\n") == 1


def test_parquet_is_known_by_its_content_or_its_name(folder: Path, tmp_path: Path) -> None:
    with closing(duckdb.connect()) as connection:
        connection.execute(f"COPY (SELECT 7 AS idx, 'green' AS status) TO '{tmp_path}/a.data' (FORMAT parquet)")
    assert run("import", folder, tmp_path / "a.data").stdout == "1 rows imported; 1 of 8 places are listed\n"
    (tmp_path / "b.parquet").write_text("idx,status\n7,green\n")
    done = run("import", folder, tmp_path / "b.parquet")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "b.parquet is no Parquet file" in done.stderr


@pytest.mark.parametrize("kind", ["csv", "parquet", "sql"])
def test_a_terminal_shows_how_far_it_is(folder: Path, tmp_path: Path, kind: str) -> None:
    rows = "SELECT i AS idx, 'green' AS status FROM range(100000) t(i)"
    arguments = [str(tmp_path / f"a.{kind}")]
    with closing(duckdb.connect()) as connection:
        if kind == "sql":
            query = "WITH RECURSIVE t(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM t LIMIT 100000) "
            arguments = ["--sql", "sqlite://", "--query", f"{query} SELECT i AS idx, 'green' AS status FROM t"]
        else:
            connection.execute(f"COPY ({rows}) TO '{arguments[0]}' (FORMAT {kind})")
    primary, secondary = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100"}
    command = [*GATE, "import", str(folder), *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=secondary, env=environment) as importing:
        os.close(secondary)
        shown = b""
        try:
            while piece := os.read(primary, 65536):
                shown += piece
        except OSError:  # how Linux says that the other end is closed
            pass
        assert importing.stdout is not None
        assert importing.stdout.read() == b"100000 rows imported; 100000 of 100000 places are listed\n"
        assert importing.wait(timeout=60) == 0
    os.close(primary)
    assert {"csv": b"MB", "parquet": b"/100000", "sql": b"/?"}[kind] in shown
    assert "━".encode() in shown


# Much of it

MEASURED = """if True:
    import resource, sys
    from gate.cli.main import main
    main()
    with open("/proc/self/status") as status:
        peak = next(line for line in status if line.startswith("VmHWM"))
    print(int(peak.split()[1]) // 1024)
"""
PERSON = "lpad((i * 7919 % 1000003)::text, 12, '0') AS person"


def peak_mb(folder: Path, *arguments: object) -> int:
    """Of an import in a process of its own."""
    command = [sys.executable, "-c", MEASURED, "authority", "import", folder, *arguments]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=True)
    result, peak = done.stdout.splitlines()
    assert " rows imported" in result
    return int(peak)


MANY = [(300_000, 30), pytest.param(1_000_000, 60, marks=pytest.mark.endurance)]  # rows, and MB that they may take


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["csv", "parquet", "sql"])
@pytest.mark.parametrize("form", ["i AS idx", PERSON])
@pytest.mark.parametrize(("many", "more"), MANY)
def test_many_rows_take_little_more_memory_than_fifty_thousand(
    tmp_path: Path, server: Server, kind: str, form: str, many: int, more: int
) -> None:
    """A row of Python is some 200 bytes: 300,000 kept would be 50 MB more."""
    peaks = []
    for count in (50_000, many):
        Authority.create(folder := tmp_path / f"{count}", at=1_800_000_000)
        select = f"SELECT {form}, 'green' AS status FROM"
        arguments: list[object] = [tmp_path / f"{count}.{kind}"]
        if kind == "sql":
            query = f"{select} generate_series(0, {count - 1}) i"
            arguments = ["--sql", server.url, "--query", query.replace("(i *", "(i::bigint *")]
        else:
            with closing(duckdb.connect()) as connection:
                connection.execute(f"COPY ({select} range({count}) t(i)) TO '{arguments[0]}' (FORMAT {kind})")
        peaks.append(peak_mb(folder, *arguments))
        assert Authority.open(folder).size == count
    assert peaks[1] - peaks[0] < more
    assert peaks[1] < 200


# Interrupted


def test_an_import_that_is_killed_leaves_what_was_there(folder: Path, tmp_path: Path) -> None:
    known = "".join(f"{number:012},green\n" for number in range(1000))
    (tmp_path / "known.csv").write_text(f"person,status\n{known}")
    assert run("import", folder, tmp_path / "known.csv").returncode == 0
    before = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    with subprocess.Popen([*GATE, "import", str(folder), "-"], stdin=subprocess.PIPE) as importing:
        assert importing.stdin is not None
        importing.stdin.write(b"person,status\n" + b"".join(b"%012d,red\n" % number for number in range(500_000)))
        importing.stdin.flush()  # most of it was read by now: a pipe holds 64 KB
        importing.kill()
        importing.wait(timeout=30)
    assert {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()} == before
    done = run("import", folder, tmp_path / "known.csv", "--json")
    assert json.loads(done.stdout) == {"rows": 1000, "new_people": 0, "size": 1000, "listed": 1000}


# The nation that is measured with

NATION = """if True:
    import sys
    sys.path.insert(0, "scripts/benchmarks")
    from pathlib import Path
    from people import import_and_publish, write_csv
    form, folder = sys.argv[1], Path(sys.argv[2])
    write_csv(folder / "nation.csv", form, 150_000)
    print(sorted(import_and_publish(form, 3000, parent=folder)))
"""


@pytest.mark.parametrize("form", ["idx", "person"])
def test_the_nation_that_is_measured_with_is_one(tmp_path: Path, form: str) -> None:
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", NATION, form, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False, cwd=root)
    assert (done.stdout, done.stderr) == ("['import', 'import_again', 'publish']\n", "")
    header, *lines = (tmp_path / "nation.csv").read_text().splitlines()
    keys, statuses = zip(*(line.split(",") for line in lines), strict=True)
    assert (header, len(set(keys))) == (f"{form},status", 150_000)
    if form == "idx":
        assert [int(key) for key in keys] == list(range(150_000))
    else:
        assert all(len(key) == 12 and key.isdigit() for key in keys)
    shares = {status: round(100 * count / 150_000) for status, count in Counter(statuses).items()}
    assert shares == {"blue": 70, "green": 25, "yellow": 2, "red": 1, "unlisted": 2}
    assert [path.name for path in tmp_path.iterdir()] == ["nation.csv"]
