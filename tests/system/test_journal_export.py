"""`gate journal export`: the rows as a table for reports in SQL."""

import csv
import io
import json
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from gate.cli.journal import journal
from gate.core.journal_event import JournalEvent
from gate.store.admission import Admission
from gate.store.list_reader import StatusList
from gate.testing.builders import NOW, policy
from tests.commands.inside import invoke


def write(state: Path, *details: str) -> None:
    admission = Admission(state, StatusList(state), policy())
    for detail in details:
        admission.note(JournalEvent.GATE, NOW, detail)
    admission.close()


def export(state: Path, *options: str) -> str:
    done = invoke(journal, ["export", "--state-dir", str(state), *options], catch_exceptions=False)
    assert done.exit_code == 0
    return done.stdout


def test_a_second_export_adds_what_is_new(tmp_path: Path) -> None:
    file = tmp_path / "journal.db"
    write(tmp_path / "state", "started", "stopped")
    export(tmp_path / "state", "--sqlite", str(file))
    write(tmp_path / "state", "started again")
    export(tmp_path / "state", "--sqlite", str(file))
    printed = [json.loads(line) for line in export(tmp_path / "state", "--format", "jsonl").splitlines()]
    assert [row["detail"] for row in printed] == ["started", "stopped", "started again"]
    with closing(sqlite3.connect(file)) as connection:
        connection.row_factory = sqlite3.Row
        assert [dict(row) for row in connection.execute("SELECT * FROM journal ORDER BY seq")] == printed
        assert connection.execute("SELECT typeof(at), typeof(detail) FROM journal").fetchone()[:] == ("integer", "text")


def test_the_forms_hold_the_same_rows(tmp_path: Path) -> None:
    write(tmp_path, "started", "a line\nand another, with a comma")
    rows = list(csv.DictReader(io.StringIO(export(tmp_path))))
    printed = [json.loads(line) for line in export(tmp_path, "--format", "jsonl").splitlines()]
    assert rows == [{name: "" if value is None else str(value) for name, value in row.items()} for row in printed]


def test_a_file_that_is_something_else_is_named_and_stays(tmp_path: Path) -> None:
    (file := tmp_path / "notes.txt").write_text("not a database, but long enough to be taken for one" * 100)
    write(tmp_path / "state", "started")
    done = invoke(journal, ["export", "--state-dir", str(tmp_path / "state"), "--sqlite", str(file)])
    assert "notes.txt: not written" in str(done.exception)
    assert file.read_text().startswith("not a database")


def test_a_period_and_a_time_zone_may_be_named(tmp_path: Path) -> None:
    admission = Admission(tmp_path, StatusList(tmp_path), policy())
    for minutes in range(4):
        admission.note(JournalEvent.GATE, NOW + 60 * minutes, f"after {minutes} min")
    admission.close()
    options = ("--tz", "Asia/Almaty", "--since", str(NOW + 60), "--until", str(NOW + 180), "--format", "jsonl")
    rows = [json.loads(line) for line in export(tmp_path, *options).splitlines()]
    assert [row["detail"] for row in rows] == ["after 1 min", "after 2 min"]
    times = [datetime.fromisoformat(row["time"]) for row in rows]
    assert [time.timestamp() for time in times] == [NOW + 60, NOW + 120]
    assert {time.utcoffset() for time in times} == {timedelta(hours=5)}

    shown = invoke(journal, ["tail", "--state-dir", str(tmp_path), "--tz", "Asia/Almaty", "-n", "1"]).stdout
    assert datetime.fromtimestamp(NOW + 180, ZoneInfo("Asia/Almaty")).isoformat(" ").replace("+", " +") in shown


def test_an_export_of_an_earlier_release_gets_the_column_time(tmp_path: Path) -> None:
    file = tmp_path / "journal.db"
    write(tmp_path / "state", "started")
    export(tmp_path / "state", "--sqlite", str(file))
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("ALTER TABLE journal DROP COLUMN time")
    write(tmp_path / "state", "started again")
    export(tmp_path / "state", "--sqlite", str(file))
    with closing(sqlite3.connect(file)) as connection:
        times = [row[0] for row in connection.execute("SELECT time FROM journal ORDER BY seq")]
    assert times[0] is None
    assert datetime.fromisoformat(times[1]).timestamp() == NOW
