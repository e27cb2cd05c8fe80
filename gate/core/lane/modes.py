"""The modes of a lane and their precedence, its phases and its alarms."""

from collections.abc import Collection
from enum import StrEnum

from gate.core.model import Direction
from gate.core.reason import Reason


class Mode(StrEnum):
    """The service that a lane gives."""

    ENFORCE = "enforce"
    PILOT = "pilot"  # decides, shows and records; keeps nobody out
    FREE = "free"  # the barrier stands open; codes are decided on and recorded all the same
    LOCKED_DOWN = "locked_down"  # nobody enters; people may leave
    OUT_OF_SERVICE = "out_of_service"  # nobody is served
    MAINTENANCE = "maintenance"  # nobody is served; staff test the barrier, and the door raises no alarm


class Phase(StrEnum):
    """The lane as a person before it sees it."""

    READY = "ready"
    RELEASED = "released"  # granted: the barrier is open or opening, someone may pass
    BUSY = "busy"  # nobody is let through now: the door is still open, or the other door of a mantrap is
    FREE = "free"  # the barrier stands open
    LOCKED_DOWN = "locked_down"
    OUT_OF_SERVICE = "out_of_service"  # by order of staff, or a device is missing, or the lock does not obey
    MAINTENANCE = "maintenance"
    FIRE = "fire"  # fire input active or latched: the gate has stepped aside


class Alarm(StrEnum):
    """A condition that calls staff to the lane."""

    HELD_OPEN_SOON = "held_open_soon"  # the door has been open for long: without closing, an alarm follows
    HELD_OPEN = "held_open"
    FORCED_OPEN = "forced_open"  # opened without a grant and without the exit button
    UNABLE_TO_LOCK = "unable_to_lock"  # the bolt did not go home
    UNABLE_TO_UNLOCK = "unable_to_unlock"
    TAMPER = "tamper"
    JOURNAL_LOST = "journal_lost"  # lost with the orders of staff: locked down until they confirm
    SENSOR_SILENT = "sensor_silent"  # the passage sensor saw nobody, several grants in a row
    CONTACT_FAULT = "contact_fault"  # a contact sticks or chatters: its reports do not count


PRECEDENCE = ("fire", "lockdown", "out of service", "maintenance", "free", "`[schedule]`", "`[lane] mode`")
"""The modes, the strongest first.  Fire is no mode but an alarm."""

STANDING = (Mode.LOCKED_DOWN, Mode.OUT_OF_SERVICE, Mode.MAINTENANCE, Mode.FREE)
"""The modes that staff may order, the strongest first.  An order stands until it is taken back."""

_REFUSALS = {
    Mode.LOCKED_DOWN: Reason.LOCKED_DOWN,
    Mode.OUT_OF_SERVICE: Reason.OUT_OF_SERVICE,
    Mode.MAINTENANCE: Reason.OUT_OF_SERVICE,
}


def prevailing(orders: Collection[Mode], scheduled: Mode | None, usual: Mode) -> Mode:
    """Return the mode that holds.  `usual`: the configuration's."""
    ordered = next((mode for mode in STANDING if mode in orders), None)
    return ordered or scheduled or usual


def refusal(mode: Mode, direction: Direction) -> Reason | None:
    """Return why a pass is refused unread, or None when it is decided on.  A lockdown keeps people out, not in."""
    if mode is Mode.LOCKED_DOWN and direction is Direction.EXIT:
        return None
    return _REFUSALS.get(mode)
