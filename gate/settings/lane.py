"""How people are let through: the tables [lane], [door] and [schedule]."""

from datetime import date, time
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator

from gate.core.decide import AntiPassback
from gate.core.lane.door import DoorEquipment, Relock
from gate.core.lane.modes import Mode
from gate.core.model import MOST_INSIDE
from gate.core.schedule import Schedule, Weekday, Window
from gate.ports.driver import Duration
from gate.settings.tables import DAY, Table, wrong
from gate.settings.zones import zone


class LaneTable(Table):
    """How people are let through, one at a time."""

    mode: Annotated[
        Mode,
        Field(
            description='who gets through: "enforce", only admitted people; "pilot", everybody, but the gate decides, '
            'shows and records as in "enforce"; "free", the barrier stands open; "locked_down", nobody enters; '
            '"out_of_service" and "maintenance", nobody is served.  The default fails closed; the schedule and staff '
            "(`gate lane`) change it for a while"
        ),
    ] = Mode.ENFORCE
    hold: Annotated[
        Duration,
        Field(
            gt=0,
            le=60,
            description="how long one person has the lane after a yes, where no passage contact is fitted; then the "
            "next is served; 5 s is an unhurried walk through a door",
        ),
    ] = 5.0
    passage_timeout: Annotated[
        Duration,
        Field(
            gt=0,
            le=300,
            description="how long one person has the lane after a yes, where a passage contact is fitted; a person "
            "who has not gone through by then may use the pass again; 8 s is a turnstile with a suitcase",
        ),
    ] = 8.0
    reuse_after: Annotated[
        Duration,
        Field(
            ge=0,
            le=7 * DAY,
            description='how long a used pass does not open again (too_soon); "0s" lets it open at once; '
            "10 min is too long to hand a phone back over the barrier, and short enough to come back",
        ),
    ] = 600.0
    antipassback: Annotated[
        AntiPassback,
        Field(
            description='a person who is inside already, and has not left with a pass: "off", enters again after '
            'reuse_after; "soft", enters, and the journal records it; "hard", is refused (anti_passback).  Needs a '
            "reader at the exit"
        ),
    ] = AntiPassback.OFF
    forget_inside: Annotated[
        Duration,
        Field(gt=0, le=7 * DAY, description="time after which a person counts as having left; 12 h is a long day"),
    ] = 43200.0
    max_inside: Annotated[
        int | None,
        Field(
            ge=1,
            le=MOST_INSIDE,
            description="how many people may be inside (occupancy_full); counted by crossings, set by staff",
        ),
    ] = None
    extended_time: Annotated[
        Duration,
        Field(gt=0, le=120, description="how long a person who needs more time has the lane (`gate lane extend`)"),
    ] = 15.0
    always_extended: Annotated[
        bool, Field(description="true: everybody gets extended_time, and the barrier's longer pulse")
    ] = False
    fire_frees: Annotated[
        bool,
        Field(
            description="true: in a fire the barrier, if it can, stands free until staff reset the alarm; the way out "
            "must be freed by its wiring in any case"
        ),
    ] = True
    interlock: Annotated[
        Path | None,
        Field(
            description="a file shared with the lane of the other door of a mantrap, on this device: only one of the "
            "two is released or open",
            examples=["/run/gate/mantrap"],
        ),
    ] = None


class DoorTable(Table):
    """The door, where it has a contact (role door) or its lock reports its state (role lock)."""

    relock: Annotated[
        Relock,
        Field(
            description='when the lock locks again: "timer", at the end of the release; "open", as soon as the door '
            'has opened (bolts that latch when it closes); "close", as soon as it has closed'
        ),
    ] = Relock.TIMER
    held_after: Annotated[
        Duration, Field(ge=1, le=3600, description="time after which an open door raises an alarm; 30 s is usual")
    ] = 30.0
    extended_held_after: Annotated[
        Duration, Field(ge=1, le=3600, description="the same, after the release of a person who needs more time")
    ] = 60.0
    warn_before: Annotated[
        Duration, Field(ge=0, le=3600, description="time before that alarm from which lamps and buzzer warn")
    ] = 10.0
    obeys_within: Annotated[
        Duration,
        Field(
            gt=0,
            le=30,
            description="time within which the bolt must move; otherwise the lane goes out of service",
        ),
    ] = 2.0
    ignore_rex_after_grant: Annotated[
        Duration,
        Field(
            ge=0, le=10, description="how long the exit button is ignored after a yes; a longer press counts afterwards"
        ),
    ] = 0.0
    ignore_rex_while_open: Annotated[
        bool, Field(description="true: the exit button is ignored while the door is open")
    ] = False
    ignore_rex_after_close: Annotated[
        Duration,
        Field(ge=0, le=10, description="how long it is ignored after the door has closed, for motion sensors"),
    ] = 0.0

    def equipment(self, *, contact: bool, feedback: bool) -> DoorEquipment:
        """Return the door's equipment and limits.  `contact`, `feedback`: whether there is an input of role door, of
        role lock."""
        return DoorEquipment(contact=contact, feedback=feedback, **dict(self))


class WindowTable(Table):
    """A weekly window of the schedule."""

    mode: Annotated[Mode, Field(description="mode of the lane in it")]
    days: Annotated[
        tuple[Literal[Weekday, "holiday"], ...],
        Field(description="days on which it begins; none means every day.  A holiday counts as `holiday` only"),
    ] = ()
    hours: Annotated[str, Field(description='"22:00-06:00", on the venue\'s wall clock; without it, the whole day')] = (
        "00:00-00:00"
    )

    @field_validator("hours")
    @classmethod
    def _are_hours(cls, value: str) -> str:
        try:
            span_of_day(value)
        except ValueError:
            raise wrong(f'"{value}" is not a span of hours', 'Write "22:00-06:00"') from None
        return value

    def build(self) -> Window:
        start, end = span_of_day(self.hours)
        return Window(self.mode, frozenset(self.days), start, end)


def span_of_day(text: str) -> tuple[time, time]:
    """Return begin and end of "22:00-06:00".  Raises ValueError."""
    start, dash, end = text.partition("-")
    if not dash or len(start) != len("00:00") or len(end) != len("00:00"):
        raise ValueError(text)
    return time.fromisoformat(start), time.fromisoformat(end)


class ScheduleTable(Table):
    """Modes by the venue's wall clock.  Orders of staff prevail over it."""

    windows: Annotated[
        tuple[WindowTable, ...],
        Field(
            description="the first window that applies sets the mode, and without one [lane] mode; written as tables: "
            '{ mode = "locked_down", hours = "22:00-06:00" }'
        ),
    ] = ()
    holidays: Annotated[tuple[str, ...], Field(description='dates such as "2026-12-16"')] = ()

    @field_validator("holidays")
    @classmethod
    def _are_dates(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for day in value:
            try:
                date.fromisoformat(day)
            except ValueError:
                raise wrong(f'"{day}" is not a date', 'Write "2026-12-16"') from None
        return value

    def build(self, timezone: str) -> Schedule | None:
        """Return the schedule; None without a window."""
        if not self.windows:
            return None
        holidays = frozenset(date.fromisoformat(day) for day in self.holidays)
        return Schedule([window.build() for window in self.windows], holidays, zone(timezone))
