"""The lane's events for kiosk page, lamps and metrics.  Side outlets only, never read back.

They carry no name, IIN, idx, QR text or colour.  `at` is Unix seconds.
"""

from dataclasses import dataclass

from gate.core.coaching import Hint
from gate.core.lane.effects import Passed
from gate.core.lane.modes import Alarm, Mode, Phase
from gate.core.model import Direction
from gate.core.reason import Reason
from gate.core.staleness import Freshness
from gate.core.trusted_time import ClockTrust, Ntp


@dataclass(frozen=True, slots=True)
class CodeSeen:
    """A code that came into view; the verdict follows.  Sent at once, so that a person sees a reaction."""

    at: float
    reader: str


@dataclass(frozen=True, slots=True)
class Coached:
    """What a person can do whose code is seen and not read.  Sent again while it holds, once a second at most."""

    at: float
    reader: str
    hint: Hint


@dataclass(frozen=True, slots=True)
class CodesInView:
    """A change of the codes before the readers.  A code that was just taken away counts as held up for a moment
    longer: hands shake and screens renew."""

    at: float
    answered: bool  # a code that has had its verdict is still held up
    waiting: bool  # someone shows a code and has to wait
    going: bool  # the person who is let through still holds the code up


@dataclass(frozen=True, slots=True)
class Decided:
    """A verdict on a presentation."""

    at: float
    reader: str
    direction: Direction
    reason: Reason
    admitted: bool
    let_through: bool  # the barrier moves: admitted, or the venue runs as a pilot
    mode: Mode
    ms: float  # from the frame to the committed decision
    used_at: float | None = None  # already_used, too_soon: Unix s of the earlier use
    again_at: float | None = None  # too_soon: Unix s from which the person may enter again
    hint: Hint | None = None  # unreadable: what the person can do, where it is not the reason's advice


@dataclass(frozen=True, slots=True)
class GrantEnded:
    """The end of a grant."""

    at: float
    passed: Passed


@dataclass(frozen=True, slots=True)
class PhaseChanged:
    """A change of the lane's phase or mode."""

    at: float
    phase: Phase
    mode: Mode | None = None  # None: the configured one
    until: float | None = None  # Unix s at which the order behind the mode ends by itself


@dataclass(frozen=True, slots=True)
class DeviceChanged:
    """A device that came up or was lost; `problem` is empty when it is well."""

    at: float
    device: str  # "reader[0]", "barrier", "input[1]"
    driver: str
    problem: str


@dataclass(frozen=True, slots=True)
class ReaderDropped:
    """Things that a reader received and could not pass on: nobody was answered.  Sent once a second at most."""

    at: float
    device: str
    what: str  # in the driver's words
    count: int  # since the lane's start


@dataclass(frozen=True, slots=True)
class AlarmChanged:
    """The begin or the end of an alarm."""

    at: float
    alarm: Alarm
    on: bool
    what: str = ""  # which contact, where there are several


@dataclass(frozen=True, slots=True)
class ListChanged:
    """The age of the gate's list."""

    at: float
    version: int | None
    as_of: int | None  # Unix s
    freshness: Freshness


@dataclass(frozen=True, slots=True)
class ClockChanged:
    """The trust in the clock."""

    at: float
    standing: ClockTrust
    behind: float  # seconds by which the system clock is behind `at`; below 0 it is ahead
    ntp: Ntp  # shown only


Event = (
    CodeSeen
    | Coached
    | CodesInView
    | Decided
    | GrantEnded
    | PhaseChanged
    | DeviceChanged
    | ReaderDropped
    | AlarmChanged
    | ListChanged
    | ClockChanged
)
