"""Windows, holidays and the clock changes of time zones."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from gate.core.lane.modes import STANDING, Mode, prevailing, refusal
from gate.core.model import Direction
from gate.core.reason import Reason
from gate.core.schedule import DAYS, Schedule, Window

ALMATY, BERLIN = ZoneInfo("Asia/Almaty"), ZoneInfo("Europe/Berlin")
WEEKDAYS = frozenset(DAYS[:5])
NIGHT = Window(Mode.LOCKED_DOWN, start=time(22), end=time(6))
RUSH = Window(Mode.FREE, WEEKDAYS, time(7, 30), time(9))


def mode(local: str, *windows: Window, holidays: tuple[str, ...] = (), zone: ZoneInfo = ALMATY) -> Mode | None:
    free = frozenset(date.fromisoformat(day) for day in holidays)
    at = datetime.fromisoformat(local).replace(tzinfo=zone).timestamp()
    return Schedule(windows, free, zone).mode_at(at)


@pytest.mark.parametrize(
    ("local", "expected"),
    [
        ("2026-11-24T07:29:59", None),
        ("2026-11-24T07:30:00", Mode.FREE),  # a Tuesday
        ("2026-11-24T08:59:59", Mode.FREE),
        ("2026-11-24T09:00:00", None),
        ("2026-11-28T08:00:00", None),  # a Saturday
        ("2026-11-24T22:00:00", Mode.LOCKED_DOWN),
        ("2026-11-25T05:59:59", Mode.LOCKED_DOWN),
        ("2026-11-25T06:00:00", None),
    ],
)
def test_windows_hold_from_start_to_end(local: str, expected: Mode | None) -> None:
    assert mode(local, RUSH, NIGHT) is expected


def test_the_first_window_that_holds_decides() -> None:
    whole = Window(Mode.PILOT)
    assert mode("2026-11-24T08:00", RUSH, whole) is Mode.FREE
    assert mode("2026-11-24T08:00", whole, RUSH) is Mode.PILOT


def test_a_holiday_is_no_weekday() -> None:
    shut = Window(Mode.OUT_OF_SERVICE, frozenset({"holiday"}))
    day = "2026-12-16"  # Independence Day, a Wednesday
    assert mode(f"{day}T08:00", RUSH, shut) is Mode.FREE
    assert mode(f"{day}T08:00", RUSH, shut, holidays=(day,)) is Mode.OUT_OF_SERVICE
    assert mode("2026-12-17T08:00", RUSH, shut, holidays=(day,)) is Mode.FREE


def test_a_night_belongs_to_the_day_on_which_it_began() -> None:
    late = Window(Mode.FREE, frozenset({"fri"}), time(20), time(2))
    assert mode("2026-11-28T01:59", late) is Mode.FREE  # Saturday, the night of Friday
    assert mode("2026-11-27T01:00", late) is None
    assert mode("2026-11-28T01:00", late, holidays=("2026-11-27",)) is None


def minutes(day: str, window: Window, zone: ZoneInfo) -> int:
    """For how long a window holds on a local day, a minute at a time."""
    start = datetime.fromisoformat(day).replace(tzinfo=zone)
    end = (datetime.fromisoformat(day) + timedelta(days=1)).replace(tzinfo=zone)
    schedule = Schedule([window], frozenset(), zone)
    return sum(schedule.mode_at(at) is not None for at in range(int(start.timestamp()), int(end.timestamp()), 60))


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2026-03-28", 60),
        ("2026-03-29", 0),  # 02:00 becomes 03:00
        ("2026-10-25", 120),  # 03:00 becomes 02:00 again
        ("2026-10-26", 60),
    ],
)
def test_an_hour_that_the_clock_skips_or_repeats(day: str, expected: int) -> None:
    assert minutes(day, Window(Mode.FREE, start=time(2), end=time(3)), BERLIN) == expected


@pytest.mark.parametrize(("day", "expected"), [("2026-03-29", 180), ("2026-10-25", 300), ("2026-06-01", 240)])
def test_a_window_over_the_change_ends_on_the_wall_clock(day: str, expected: int) -> None:
    assert minutes(day, Window(Mode.FREE, start=time(1), end=time(5)), BERLIN) == expected


def test_a_country_that_changes_its_zone() -> None:
    """On 1 March 2024 Almaty went from UTC+6 to UTC+5: 24:00 became 23:00, a 25-hour 29 February."""
    assert minutes("2024-02-29", Window(Mode.FREE), ALMATY) == 25 * 60
    assert minutes("2024-02-29", Window(Mode.FREE, start=time(23), end=time(23, 30)), ALMATY) == 60


def test_orders_stand_by_precedence() -> None:
    everything = set(STANDING)
    for expected in (Mode.LOCKED_DOWN, Mode.OUT_OF_SERVICE, Mode.MAINTENANCE, Mode.FREE):
        assert prevailing(everything, Mode.PILOT, Mode.ENFORCE) is expected
        everything.remove(expected)
    assert prevailing((), Mode.LOCKED_DOWN, Mode.ENFORCE) is Mode.LOCKED_DOWN
    assert prevailing((), None, Mode.PILOT) is Mode.PILOT
    assert prevailing({Mode.OUT_OF_SERVICE}, Mode.FREE, Mode.ENFORCE) is Mode.OUT_OF_SERVICE


def test_a_lockdown_keeps_people_out_and_not_in() -> None:
    assert refusal(Mode.LOCKED_DOWN, Direction.ENTRY) is Reason.LOCKED_DOWN
    assert refusal(Mode.LOCKED_DOWN, Direction.EXIT) is None
    for direction in Direction:
        assert refusal(Mode.OUT_OF_SERVICE, direction) is refusal(Mode.MAINTENANCE, direction) is Reason.OUT_OF_SERVICE
        assert refusal(Mode.ENFORCE, direction) is refusal(Mode.FREE, direction) is None
