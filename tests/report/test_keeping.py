"""The folder of reports: which days are due when, who may read it, and what goes after its time."""

import json
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from gate.core.journal_event import JournalEvent
from gate.report.keeping import CATCH_UP, days_due, delete_old, keep, kept
from gate.report.making import ReportedDoor, make
from gate.store import database
from tests.report.journals import ALMATY, DAY, at, decision, note, write


def now(hour: float, day: date = DAY) -> float:
    return at(hour, day) / 1000


@pytest.fixture
def door(tmp_path: Path) -> ReportedDoor:
    yesterday = DAY - timedelta(days=1)
    rows = [(note(at(1, yesterday), JournalEvent.GATE, "started"), False)]
    rows += [(decision(at(9, day), "admitted", holder="a" * 32), True) for day in (yesterday, DAY)]
    write(tmp_path / "state", rows)
    return ReportedDoor("gym", "ala-1", ALMATY, tmp_path / "state")


def made(folder: Path, door: ReportedDoor, moment: float) -> list[date]:
    due = days_due(folder, door.door, moment, ALMATY)
    for day in due:
        keep(folder, make(door, [day], moment), "ru")
    return due


def test_what_is_due_by_the_hour_of_the_venue(tmp_path: Path, door: ReportedDoor) -> None:
    (folder := tmp_path / "reports").mkdir()
    yesterday = DAY - timedelta(days=1)
    assert len(made(folder, door, now(0.25))) == CATCH_UP + 1  # at first all that a comparison needs
    assert made(folder, door, now(5.9)) == [DAY]
    assert made(folder, door, now(6)) == [yesterday, DAY]
    assert made(folder, door, now(6.25)) == [DAY]
    assert made(folder, door, now(23.9)) == [DAY]
    assert made(folder, door, now(24.1)) == [DAY + timedelta(days=1)]
    (folder / f"ala-1_{yesterday}.json").unlink()
    assert yesterday in made(folder, door, now(24.2))


def test_the_group_reads_the_files_and_others_do_not(tmp_path: Path, door: ReportedDoor) -> None:
    (folder := tmp_path / "reports").mkdir()
    keep(folder, make(door, [DAY], now(12)), "kk")
    files = sorted(folder.iterdir())
    assert [path.name for path in files] == [f"ala-1_{DAY}.{form}" for form in ("csv", "html", "json")]
    assert {path.stat().st_mode & 0o777 for path in files} == {0o640}
    assert json.loads(files[2].read_text())["form"] == "gate-report-1"


def test_days_are_found_again_and_old_ones_go(tmp_path: Path, door: ReportedDoor) -> None:
    (folder := tmp_path / "reports").mkdir()
    for day in (DAY - timedelta(days=1), DAY):
        keep(folder, make(door, [day], now(12)), "kk")
    (folder / "notes.txt").touch()
    (folder / f"ala-2_{DAY}.json").write_text("damaged")
    (found,) = kept(folder, lambda day: day == DAY)
    assert sum(found.days[0].figures.came) == 1
    assert delete_old(folder, 400 * 86_400, now(12)) == 0
    far = datetime.fromtimestamp(now(12), ALMATY) + timedelta(days=400, hours=2)
    assert delete_old(folder, 400 * 86_400, far.timestamp()) == 3
    assert (folder / "notes.txt").exists()


def test_a_report_is_made_beside_a_lane_that_writes(door: ReportedDoor) -> None:
    """The figures are those of the moment at which it began."""
    connection = database.open_for_writing(database.File.LANE, door.state_dir)
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("DELETE FROM journal WHERE seq = 2")
    (day,) = make(door, [DAY], now(12)).days
    assert sum(day.figures.came) == 1
    connection.execute("ROLLBACK")
    connection.close()
