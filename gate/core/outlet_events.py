"""What the lane tells the world: kiosk page, lamps, metrics.  Side outlets only, never read back.

Events carry no name, IIN, idx, QR text or colour.  `at` is Unix seconds.
"""

from dataclasses import dataclass
from enum import StrEnum

from gate.core.model import Direction
from gate.core.reason import Reason
from gate.core.trusted_time import Standing


class Mode(StrEnum):
    ENFORCE = "enforce"
    PILOT = "pilot"  # decides, shows and records; keeps nobody out
    FREE = "free"  # the barrier stands open; who shows a code is decided on and recorded all the same
    LOCKED_DOWN = "locked_down"  # nobody enters; people may leave
    OUT_OF_SERVICE = "out_of_service"  # nobody is served
    MAINTENANCE = "maintenance"  # nobody is served; staff try the barrier, and the door raises no alarm


class Phase(StrEnum):
    """Where the lane stands, as a person before it sees it."""

    READY = "ready"
    RELEASED = "released"  # granted: the barrier is open or opening, someone may pass
    FREE = "free"  # the barrier stands open
    LOCKED_DOWN = "locked_down"
    OUT_OF_SERVICE = "out_of_service"  # staff said so, a device is missing, or the lock does not obey
    MAINTENANCE = "maintenance"
    FIRE = "fire"  # fire input active or latched: the gate has stepped aside


class Alarm(StrEnum):
    """What staff should come and look at."""

    HELD_OPEN_SOON = "held_open_soon"  # the door has stood open for long: shut it, or there is an alarm
    HELD_OPEN = "held_open"
    FORCED_OPEN = "forced_open"  # opened without a grant and without the exit button
    UNABLE_TO_LOCK = "unable_to_lock"  # the bolt did not go home
    UNABLE_TO_UNLOCK = "unable_to_unlock"
    TAMPER = "tamper"
    JOURNAL_LOST = "journal_lost"  # and with it the orders of staff: locked down until they confirm
    SENSOR_SILENT = "sensor_silent"  # what should see people pass saw nobody, several grants in a row
    CONTACT_FAULT = "contact_fault"  # a contact sticks or chatters: what it says is not believed


class Passed(StrEnum):
    """How a grant ended."""

    PASSED = "passed"
    NOT_PASSED = "not_passed"  # sensed: nobody went through; the use was given back
    UNKNOWN = "unknown"  # the lane has no passage sensor, or it was interrupted; the use stays used


@dataclass(frozen=True, slots=True)
class CodeSeen:
    """A code came into view; the verdict follows.  Sent at once, so that a person sees a reaction."""

    at: float
    reader: str


@dataclass(frozen=True, slots=True)
class CodesInView:
    """What is before the readers is another now.  A code that was just taken away counts as held up for
    a moment more: hands shake and screens renew."""

    at: float
    answered: bool  # a code that has had its verdict is held up still
    waiting: bool  # someone shows a code and has to wait
    going: bool  # whoever is let through holds the code up still


@dataclass(frozen=True, slots=True)
class Decided:
    at: float
    reader: str
    direction: Direction
    reason: Reason
    admitted: bool
    let_through: bool  # the barrier moves: admitted, or the venue runs as a pilot
    mode: Mode
    ms: float  # from the frame to the committed decision


@dataclass(frozen=True, slots=True)
class GrantEnded:
    at: float
    passed: Passed


@dataclass(frozen=True, slots=True)
class PhaseChanged:
    at: float
    phase: Phase


@dataclass(frozen=True, slots=True)
class DeviceChanged:
    """A device came up or was lost; `problem` is empty when it is well."""

    at: float
    device: str  # "reader[0]", "barrier", "input[1]"
    driver: str
    problem: str


@dataclass(frozen=True, slots=True)
class AlarmChanged:
    at: float
    alarm: Alarm
    on: bool
    what: str = ""  # which contact, where there are several


@dataclass(frozen=True, slots=True)
class ListChanged:
    """Age of what the gate knows."""

    at: float
    version: int | None
    as_of: int | None  # Unix s
    freshness: str  # gate.core.staleness.Freshness


@dataclass(frozen=True, slots=True)
class ClockChanged:
    """How far the clock may be believed."""

    at: float
    standing: Standing
    behind: float  # seconds by which the system clock is behind `at`; below 0 it is ahead
    ntp: str  # gate.runtime.ntp.Ntp: shown, and no more


Event = (
    CodeSeen
    | CodesInView
    | Decided
    | GrantEnded
    | PhaseChanged
    | DeviceChanged
    | AlarmChanged
    | ListChanged
    | ClockChanged
)
