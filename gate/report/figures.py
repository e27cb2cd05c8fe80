"""The figures of a report.  Those of one door on one day are the atom: all others are sums of them.

They are written to JSON, and read again from files that other devices wrote (`report_json`).  Times are Unix s.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import Field

FORM: Literal["gate-report-1"] = "gate-report-1"
FEW = 5
"""Persons: a smaller group is not shown by status, as a person could be recognised in it."""

Masked = Literal["<5"]
MASKED: Masked = "<5"
Cell = Annotated[int, Field(ge=0)] | Masked
"""A number of people or tries; masked where it is above 0 and below FEW, and would show a status."""

HOURS, QUARTERS = 24, 96
_Count = Annotated[int, Field(ge=0)]
_Hourly = Annotated[list[Cell], Field(min_length=HOURS, max_length=HOURS)]
_Quarterly = Annotated[list[_Count], Field(min_length=QUARTERS, max_length=QUARTERS)]


def _no_hours() -> list[Cell]:
    return [0] * HOURS


@dataclass(slots=True)
class RefusalFigures:
    """Refusals for one reason, or in a pilot what would have been one."""

    by_hour: _Hourly = field(default_factory=_no_hours)
    tries: Cell | None = 0  # None: not shown, as it would show a masked hour
    persons: Cell = 0  # by pseudonym
    known: Cell = 0  # refusals of whose person the pseudonym is known
    entered: Cell = 0  # of those: entered within five minutes after


@dataclass(slots=True)
class DownSpan:
    """A time in which nobody could enter by a code."""

    begin: float
    end: float
    cause: str  # off, unpowered, device, list, clock, journal_lost, out_of_service, maintenance
    part: str = ""  # of a device, its name
    problem: str = ""  # in the gate's words
    turned_away: _Count = 0  # refusals meanwhile


@dataclass(slots=True)
class OrderSpan:
    """A standing order of staff, as far as it lies in the day."""

    begin: float
    end: float
    mode: str
    actor: str = ""


@dataclass(slots=True)
class AlarmFigures:
    """How often an alarm was raised, and how long it lasted."""

    many: _Count = 0
    longest: float = 0.0  # seconds


@dataclass(slots=True)
class StaffFigures:
    """The acts of one member of staff."""

    admitted: dict[str, _Count] = field(default_factory=dict)  # by why
    acts: dict[str, _Count] = field(default_factory=dict)  # other acts, by the journal's word


@dataclass(slots=True)
class DayFigures:
    """One door on one day."""

    came: _Quarterly = field(default_factory=lambda: [0] * QUARTERS)  # by local time
    left: _Quarterly = field(default_factory=lambda: [0] * QUARTERS)
    admitted: _Hourly = field(default_factory=_no_hours)  # by a pass
    by_staff: _Hourly = field(default_factory=_no_hours)
    not_passed: _Hourly = field(default_factory=_no_hours)
    unseen: _Count = 0  # grants of which no sensor told whether somebody passed
    sees_exits: bool = False  # somebody was counted on the way out
    refused: dict[str, RefusalFigures] = field(default_factory=dict)  # by reason
    would_refuse: dict[str, RefusalFigures] = field(default_factory=dict)  # in a pilot
    is_pilot: bool = False
    persons_refused: _Count = 0  # by pseudonym, each once
    refused_unknown: _Count = 0  # refusals of nobody known
    visits: _Count = 0  # entries by a pass
    tries: _Count = 0  # refusals of the same person in the five minutes before them
    opened_ms: dict[int, _Count] = field(default_factory=dict)  # ms from the code to the open barrier -> grants
    ran: list[tuple[float, float]] = field(default_factory=list)  # times for which there is a journal
    down: list[DownSpan] = field(default_factory=list)
    orders: list[OrderSpan] = field(default_factory=list)
    alarms: dict[str, AlarmFigures] = field(default_factory=dict)
    staff: dict[str, StaffFigures] = field(default_factory=dict)  # by actor
    list_age: float | None = None  # s: the oldest list by which was decided
    last_list: str = ""


@dataclass(slots=True)
class Headline:
    """The four numbers of a day."""

    came: float
    left: float
    refused: float
    down: float  # seconds


@dataclass(slots=True)
class DoorDay:
    """The figures of one door on one day, with what they are compared to."""

    door: str  # [device] id
    day: str  # ISO date, by the venue's time zone
    begin: float
    end: float  # of the day, or of what is known of it
    length: float  # s of the whole day: not 24 h where the clock is changed
    figures: DayFigures
    weeks_before: list[Headline | None] = field(default_factory=list)  # the same weekday, 1 to 4 weeks before


@dataclass(slots=True)
class DoorProof:
    """Whether the journal of a door is whole, for the days of the report."""

    door: str
    whole: bool | None  # None: an export proves nothing
    row: int | None = None  # the first that was changed
    problem: str = ""
    lost: list[tuple[int, int]] = field(default_factory=list)  # rows that were lost, and the journal says so


@dataclass(slots=True)
class GateReport:
    """A report: some doors of one venue, some days."""

    venue: str
    timezone: str
    made: float
    doors: list[DoorProof]
    days: list[DoorDay]
    form: Literal["gate-report-1"] = FORM

    @property
    def dates(self) -> list[str]:
        """Return the days, in order."""
        return sorted({each.day for each in self.days})


def bounds(cells: Iterable[Cell]) -> tuple[int, int]:
    """Return the least and the most that these cells can come to together."""
    least = most = 0
    for cell in cells:
        low, high = (1, FEW - 1) if cell == MASKED else (cell, cell)
        least, most = least + int(low), most + int(high)
    return least, most


def refusals(of: dict[str, RefusalFigures], reason: str) -> RefusalFigures:
    """Return the figures of a reason, made at first."""
    if reason not in of:  # not setdefault: a model costs more than a row
        of[reason] = RefusalFigures()
    return of[reason]
