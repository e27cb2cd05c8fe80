"""The events of a lane, as `gate.core.lane.step.step` takes them.

`at`: monotonic seconds.
"""

from dataclasses import dataclass

from gate.core.lane.modes import Mode
from gate.core.lane.terms import UNKNOWN_TERMS, OrderTerms
from gate.core.model import Direction


@dataclass(frozen=True, slots=True)
class Granted:
    """A recorded grant: one person may go through.  `staff`: granted by staff, not by a pass."""

    seq: int  # journal row of the decision
    direction: Direction
    at: float
    staff: bool = False


@dataclass(frozen=True, slots=True)
class Crossed:
    """A person seen by a passage sensor."""

    direction: Direction
    at: float


@dataclass(frozen=True, slots=True)
class Tick:
    """The passing of time."""

    at: float


@dataclass(frozen=True, slots=True)
class Fire:
    """The present state of the fire loop.  A loop that is open, cut or lost is active."""

    active: bool
    at: float


@dataclass(frozen=True, slots=True)
class Panic:
    """The present state of the lockdown switch."""

    active: bool
    at: float


@dataclass(frozen=True, slots=True)
class Interlock:
    """The other door of a mantrap: whether it is open or released."""

    active: bool
    at: float


@dataclass(frozen=True, slots=True)
class Button:
    """The request-to-exit (REX) button."""

    pressed: bool
    at: float


@dataclass(frozen=True, slots=True)
class DoorMoved:
    """The present state of the door's position switch."""

    open: bool
    at: float


@dataclass(frozen=True, slots=True)
class BoltMoved:
    """The present state of the lock's feedback.  `home`: locked."""

    home: bool
    at: float


@dataclass(frozen=True, slots=True)
class Tampered:
    """The present state of the tamper contact."""

    active: bool
    at: float


@dataclass(frozen=True, slots=True)
class DeviceState:
    """A device that came up or was lost."""

    device: str
    present: bool
    at: float


@dataclass(frozen=True, slots=True)
class ContactFault:
    """A contact that sticks or chatters; `on` False: no longer.  `what` names it and what to do."""

    source: str  # its device
    what: str
    on: bool
    at: float


@dataclass(frozen=True, slots=True)
class Released:
    """Confirmation that the barrier took the order to release."""

    at: float


@dataclass(frozen=True, slots=True)
class ReleaseFailed:
    """A release that the barrier did not take.  `moved`: it may have opened all the same; `cause`: in the driver's
    words."""

    moved: bool
    at: float
    cause: str = ""


@dataclass(frozen=True, slots=True)
class Ordered:
    """A standing order, given or taken back by staff.  `terms`: of one that is given."""

    mode: Mode
    on: bool
    at: float
    terms: OrderTerms = UNKNOWN_TERMS


@dataclass(frozen=True, slots=True)
class OrdersDue:
    """The trusted time, once a standing order has ended by it.  `now`: Unix s."""

    now: float
    at: float


@dataclass(frozen=True, slots=True)
class Scheduled:
    """The schedule's mode from now on; None: the schedule sets none."""

    mode: Mode | None
    at: float


@dataclass(frozen=True, slots=True)
class Extend:
    """An order of staff: more time for the person at the lane, or for the next one; `on` False: not for the next one
    after all."""

    at: float
    on: bool = True


@dataclass(frozen=True, slots=True)
class Reset:
    """An order of staff, who looked: reset what is latched."""

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
    | OrdersDue
    | Scheduled
    | Extend
    | Reset
)
