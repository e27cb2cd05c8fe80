"""What the lane tells the world: kiosk page, lamps, metrics.  Side outlets only, never read back.

Events carry no name, IIN, idx, QR text or colour.  `at` is Unix seconds.
"""

from dataclasses import dataclass

from gate.core.lane.effects import Passed
from gate.core.lane.modes import Alarm, Mode, Phase
from gate.core.model import Direction
from gate.core.reason import Reason
from gate.core.trusted_time import ClockTrust


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
    """The lane stands somewhere else, or another mode is in force."""

    at: float
    phase: Phase
    mode: Mode | None = None  # None: the configured one


@dataclass(frozen=True, slots=True)
class DeviceChanged:
    """A device came up or was lost; `problem` is empty when it is well."""

    at: float
    device: str  # "reader[0]", "barrier", "input[1]"
    driver: str
    problem: str


@dataclass(frozen=True, slots=True)
class ReaderDropped:
    """What a reader heard and could not give to the lane: nobody was answered.  Told once a second at most."""

    at: float
    device: str
    what: str  # in the driver's words
    count: int  # since the lane's start


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
    standing: ClockTrust
    behind: float  # seconds by which the system clock is behind `at`; below 0 it is ahead
    ntp: str  # gate.runtime.ntp.Ntp: shown, and no more


Event = (
    CodeSeen
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
