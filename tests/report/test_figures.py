"""The figures of a report, against a slow and obvious count of the same journal."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gate.core.journal_event import JournalEvent
from gate.report.building import build, merged
from gate.report.figures import DayFigures, DoorProof, GateReport
from gate.report.making import ReportedDoor, make, make_of_export
from gate.store import segments
from gate.store.journal_export import write_into
from gate.store.journal_parts import parts_of_lane
from gate.store.journal_proof import open_journal, read_rows
from tests.report import oracle
from tests.report.journals import ALMATY, DAY, at, by_chance, decision, note, write

BERLIN = ZoneInfo("Europe/Berlin")


def report_of(state: Path, days: Sequence[date], zone: ZoneInfo, door: str = "ala-1") -> GateReport:
    now = at(30, days[-1], zone) / 1000
    with parts_of_lane(state) as parts:
        return build("gym", door, parts, days, zone, made=now, until=now, proof=DoorProof(door, None))


def assert_same(figures: DayFigures, slow: oracle.Day) -> None:
    def cells(counts: Counter[int], size: int) -> list[int]:
        return [counts[number] for number in range(size)]

    assert figures.came == cells(slow.came, 96)
    assert figures.left == cells(slow.left, 96)
    assert figures.admitted == cells(slow.admitted, 24)
    assert figures.by_staff == cells(slow.by_staff, 24)
    assert figures.not_passed == cells(slow.not_passed, 24)
    for kinds, expected in ((figures.refused, slow.refused), (figures.would_refuse, slow.would)):
        found = {(reason, hour): many for reason, kind in kinds.items() for hour, many in enumerate(kind.by_hour)}
        assert {key: many for key, many in found.items() if many} == +expected
        assert {kind: each.tries for kind, each in kinds.items()} == Counter(
            {kind: sum(many for (of, _), many in expected.items() if of == kind) for kind, _ in expected}
        )
    assert {kind: each.persons for kind, each in figures.refused.items() if each.persons} == {
        kind: len(persons) for kind, persons in slow.persons.items()
    }
    assert Counter({kind: each.known for kind, each in figures.refused.items()}) == slow.known
    assert Counter({kind: each.entered for kind, each in figures.refused.items()}) == slow.entered
    assert figures.persons_refused == len(set().union(*slow.persons.values()))
    assert (figures.tries, figures.visits, figures.unseen) == (slow.tries, slow.visits, slow.unseen)
    assert figures.refused_unknown == sum(slow.refused.values()) - sum(slow.known.values()) - slow.inside
    assert Counter(figures.opened_ms) == Counter(slow.opened)
    found_staff = {(actor, why): n for actor, each in figures.staff.items() for why, n in each.admitted.items()}
    assert found_staff == slow.staff


@pytest.fixture(autouse=True)
def short_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that grants and persons lie across their ends."""
    monkeypatch.setattr(segments, "ROWS", 40)
    monkeypatch.setattr(segments, "STAY", 5)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 2**32),
    many=st.integers(0, 260),
    zone=st.sampled_from([ALMATY, BERLIN, ZoneInfo("Asia/Kathmandu"), ZoneInfo("America/St_Johns")]),
    first=st.sampled_from([DAY, date(2026, 3, 28), date(2026, 10, 24)]),  # Berlin changes its clocks on the next day
)
def test_the_figures_are_those_of_a_slow_count(
    tmp_path_factory: pytest.TempPathFactory, seed: int, many: int, zone: ZoneInfo, first: date
) -> None:
    days = [first + timedelta(days=number) for number in range(3)]
    rows = by_chance(seed, days, zone, many)
    write(state := tmp_path_factory.mktemp("state"), rows)

    report = report_of(state, days[1:], zone)
    slow = oracle.count([row for row, _ in rows], [lets for _, lets in rows], days, zone)
    for day in report.days:
        assert_same(day.figures, slow[date.fromisoformat(day.day)])


def test_a_day_of_a_clock_change_has_its_own_length_and_no_row_twice(tmp_path: Path) -> None:
    """On 25 October 2026 an hour of Berlin comes twice, on 29 March one is missing."""
    for change, hours in ((date(2026, 10, 25), 25), (date(2026, 3, 29), 23)):
        state = tmp_path / str(hours)
        moments = [at(0.5 + number, change, BERLIN) for number in range(hours)]
        rows = [(note(moment, JournalEvent.REX, "released", direction="exit"), False) for moment in moments]
        write(state, rows)
        (day,) = report_of(state, [change], BERLIN).days
        assert day.length == hours * 3600
        assert sum(day.figures.left) == hours
        by_hour = [sum(day.figures.left[4 * hour : 4 * hour + 4]) for hour in range(24)]
        assert by_hour[2] == (2 if hours == 25 else 0)


def test_a_person_who_shows_the_code_again_after_entering_was_not_kept_out(tmp_path: Path) -> None:
    minute = 1 / 60
    rows = [
        (decision(at(9), "presentation_stale", holder="early"), False),
        (decision(at(9 + minute), "admitted", holder="early"), True),
        (decision(at(9 + 2 * minute), "too_soon", holder="early"), False),
        (decision(at(10), "too_soon", holder="late"), False),  # entered by another lane, or hours ago
    ]
    write(tmp_path, rows)
    ((figures,),) = ([day.figures for day in report_of(tmp_path, [DAY], ALMATY).days],)
    assert figures.refused["too_soon"].tries == 2
    assert (figures.refused["too_soon"].known, figures.refused["too_soon"].entered) == (1, 0)
    assert figures.persons_refused == 2
    assert figures.refused_unknown == 0


@pytest.mark.parametrize("form", ["csv", "jsonl", "db"])
def test_two_doors_are_the_sum_of_both_whatever_the_export(tmp_path: Path, form: str) -> None:
    days = [DAY, DAY + timedelta(days=1)]
    for name, seed in (("left", 1), ("right", 2)):
        write(tmp_path / name, by_chance(seed, days, ALMATY, 120))
    export = exported(tmp_path / "right", tmp_path / f"right.{form}")
    now = at(30, days[-1]) / 1000
    own = make(ReportedDoor("gym", "left", ALMATY, tmp_path / "left"), days, now)
    other = make_of_export(ReportedDoor("gym", "right", ALMATY, tmp_path), export, days, now)
    direct = report_of(tmp_path / "right", days, ALMATY, "right")

    both = merged([own, other])
    assert [(day.door, day.day) for day in both.days] == [
        (door, day.isoformat()) for day in days for door in ("left", "right")
    ]
    found = [day.figures for day in both.days if day.door == "right"]
    assert [each.came for each in found] == [each.figures.came for each in direct.days]
    assert [each.refused for each in found] == [each.figures.refused for each in direct.days]
    assert {proof.door: proof.whole for proof in both.doors} == {"left": True, "right": None}


def exported(state: Path, file: Path) -> Path:
    import csv
    import json

    with open_journal(state) as connection:
        rows = [{**row, "hash": row["hash"].hex()} for row in read_rows(state, connection)]
    if file.suffix == ".db":
        write_into(file, rows)
    elif file.suffix == ".csv":
        with file.open("w", newline="") as out:
            table = csv.DictWriter(out, list(rows[0]))
            table.writeheader()
            table.writerows(rows)
    else:
        file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return file
