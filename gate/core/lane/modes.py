"""What the lane does for whom: orders of staff, the schedule and the configuration, by precedence.

    fire > lockdown > out of service > maintenance > held open > schedule > configuration

Fire is not here: it is no mode but an alarm, and stands above all of them.
"""

from collections.abc import Collection

from gate.core.model import Direction
from gate.core.outlet_events import Mode
from gate.core.reason import Reason

STANDING = (Mode.LOCKED_DOWN, Mode.OUT_OF_SERVICE, Mode.MAINTENANCE, Mode.FREE)
"""What staff may order, the strongest first.  An order stands until it is taken back."""

_REFUSALS = {
    Mode.LOCKED_DOWN: Reason.LOCKED_DOWN,
    Mode.OUT_OF_SERVICE: Reason.OUT_OF_SERVICE,
    Mode.MAINTENANCE: Reason.OUT_OF_SERVICE,
}


def prevailing(orders: Collection[Mode], scheduled: Mode | None, usual: Mode) -> Mode:
    """The mode that holds.  `usual`: the configuration's."""
    ordered = next((mode for mode in STANDING if mode in orders), None)
    return ordered or scheduled or usual


def refusal(mode: Mode, direction: Direction) -> Reason | None:
    """Why a pass is not even looked at; None: it is decided on.  A lockdown keeps people out, not in."""
    if mode is Mode.LOCKED_DOWN and direction is Direction.EXIT:
        return None
    return _REFUSALS.get(mode)
