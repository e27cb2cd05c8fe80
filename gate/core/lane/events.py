"""What happens to a lane, and what is to be done about it: the words of `gate.core.lane.step.step`.

`at`: monotonic seconds.
"""

from dataclasses import dataclass

from gate.core.lane.modes import Mode
from gate.core.model import Direction

# What happens to the lane.


@dataclass(frozen=True, slots=True)
class Granted:
    """A person may go through, and it is recorded.  `staff`: by a member of staff, not by a pass."""

    seq: int  # journal row of the decision
    direction: Direction
    at: float
    staff: bool = False


@dataclass(frozen=True, slots=True)
class Crossed:
    """A passage sensor saw a person."""

    direction: Direction
    at: float


@dataclass(frozen=True, slots=True)
class Tick:
    at: float


@dataclass(frozen=True, slots=True)
class Fire:
    """The fire loop as it is now; a loop that is open, cut or lost is active."""

    active: bool
    at: float


@dataclass(frozen=True, slots=True)
class Panic:
    """The lockdown switch as it is now."""

    active: bool
    at: float


@dataclass(frozen=True, slots=True)
class Interlock:
    """Whether the other door of a mantrap is open or released."""

    active: bool
    at: float


@dataclass(frozen=True, slots=True)
class Button:
    """The request-to-exit button."""

    pressed: bool
    at: float


@dataclass(frozen=True, slots=True)
class DoorMoved:
    """The door's contact, as it is now."""

    open: bool
    at: float


@dataclass(frozen=True, slots=True)
class BoltMoved:
    """The lock's feedback, as it is now: `home` is locked."""

    home: bool
    at: float


@dataclass(frozen=True, slots=True)
class Tampered:
    """The tamper contact, as it is now."""

    active: bool
    at: float


@dataclass(frozen=True, slots=True)
class DeviceState:
    device: str
    present: bool
    at: float


@dataclass(frozen=True, slots=True)
class ContactFault:
    """A contact sticks or chatters, or does so no longer (`on` False).  `what` names it and what to do."""

    source: str  # its device
    what: str
    on: bool
    at: float


@dataclass(frozen=True, slots=True)
class Released:
    """The barrier has taken the order to release."""

    at: float


@dataclass(frozen=True, slots=True)
class ReleaseFailed:
    """The barrier did not take the order to release.  `moved`: it may have opened all the same; `cause`: in
    the driver's words."""

    moved: bool
    at: float
    cause: str = ""


@dataclass(frozen=True, slots=True)
class Ordered:
    """Staff gave, or took back, a standing order."""

    mode: Mode
    on: bool
    at: float


@dataclass(frozen=True, slots=True)
class Scheduled:
    """The schedule's mode from now on; None: it says nothing."""

    mode: Mode | None
    at: float


@dataclass(frozen=True, slots=True)
class Extend:
    """Staff: the person at the lane, or the next one, needs more time."""

    at: float


@dataclass(frozen=True, slots=True)
class Reset:
    """Staff looked, and reset what is latched."""

    at: float


LaneEvent = (
    Granted
    | Crossed
    | Tick
    | Fire
    | Panic
    | Interlock
    | Button
    | DoorMoved
    | BoltMoved
    | Tampered
    | DeviceState
    | ContactFault
    | Released
    | ReleaseFailed
    | Ordered
    | Scheduled
    | Extend
    | Reset
)
