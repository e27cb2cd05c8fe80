"""Changes of states: each is a row, and a state that flaps does not fill the journal."""

from gate.core.journal_event import JournalEvent
from gate.core.staleness import Freshness
from gate.core.state_changes import BURST, PAUSE, StateChanges

DAY = 86_400


def details(states: StateChanges, now: float) -> list[str]:
    return [row.detail for row in states.due(now)]


def test_a_device_that_was_well_all_the_time_has_no_row() -> None:
    states = StateChanges()
    states.device("barrier", "", 100.0, 0.0, needed=True)
    assert details(states, 0.0) == []


def test_a_loss_and_its_end_have_the_times_at_which_they_happened() -> None:
    states = StateChanges()
    states.device("barrier", "no answer", 100.0, 0.0, needed=True)
    states.device("barrier", "no answer, errno 5", 100.5, 0.5, needed=True)  # the same loss, in other words
    states.device("barrier", "", 101.0, 1.0, needed=True)
    states.device("feedback[0]", "gone", 101.5, 1.5, needed=False)
    found = states.due(2.0)
    assert [(row.at, row.name, row.detail) for row in found] == [
        (100.0, "barrier", "lost: no answer"),
        (101.0, "barrier", "back"),
        (101.5, "feedback[0]", "lost, service goes on: gone"),
    ]
    assert {row.event for row in found} == {JournalEvent.DEVICE}
    assert states.due(3.0) == []


def test_a_device_that_flaps_does_not_fill_the_journal_and_its_last_state_is_true() -> None:
    states, rows = StateChanges(), []
    for half_second in range(2 * DAY):
        now = half_second / 2
        states.device("reader[0]", "" if half_second % 2 else "gone", now, now, needed=True)
        if half_second % 4 == 0:
            rows += states.due(now)
    rows += states.due(DAY + PAUSE)
    assert len(rows) <= BURST + DAY / PAUSE + 1
    assert rows[-1].detail.startswith("back (")
    assert sum(1 if "(" not in row.detail else int(row.detail.split("(")[1].split()[0]) for row in rows) == 2 * DAY


def test_one_that_flaps_keeps_no_row_from_another() -> None:
    states = StateChanges()
    for count in range(100):
        states.device("reader[0]", "" if count % 2 else "gone", 0.0, 0.0, needed=True)
    states.device("barrier", "no answer", 0.0, 0.0, needed=True)
    assert "lost: no answer" in details(states, 0.0)


def test_a_list_has_a_row_at_first_and_with_each_version_and_grade() -> None:
    states = StateChanges()
    for grade, version in ((Freshness.FRESH, 1), (Freshness.FRESH, 1), (Freshness.WARN, 1), (Freshness.FRESH, 2)):
        states.status_list(version, "2026-11-27T03:00:00+00:00", grade, 0.0, 0.0)
    states.status_list(None, "", Freshness.MISSING, 0.0, 0.0)
    assert [(row.list_version, row.detail.partition(" of ")[0]) for row in states.due(0.0)] == [
        (1, "fresh: version 1"),
        (1, "warn: version 1"),
        (2, "fresh: version 2"),
        (None, "missing"),
    ]


def test_a_problem_is_one_short_line() -> None:
    states = StateChanges()
    states.part(JournalEvent.PAGE, "", "a\nb " + "x" * 900, 0.0, 0.0)
    (row,) = states.due(0.0)
    assert row.detail.startswith("failing: a b x")
    assert len(row.detail) < 220
