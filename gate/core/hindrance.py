"""What keeps staff from letting a person through, and what to do about it."""

from gate.core.events import Mode
from gate.core.lane_state import BARRIER, LaneState
from gate.core.model import Direction
from gate.core.modes import refusal
from gate.core.reason import Reason

_ORDERS = {
    Mode.LOCKED_DOWN: "take the lockdown back (the switch, or `gate lane lockdown off`)",
    Mode.OUT_OF_SERVICE: "take the order back (`gate lane out-of-service off`), or wait for the schedule",
}


def hindrance(state: LaneState, direction: Direction) -> str:
    """ "" when nothing does.  Staff need no reader, no clock and no list; the barrier must be there."""
    if state.fire:
        return "fire: nobody is let in during an alarm. When it is over: `gate lane reset`"
    mode = state.mode
    if (why := refusal(mode, direction)) and mode is not Mode.MAINTENANCE:
        return f"{why}: {_ORDERS.get(mode, 'take the order back')}"
    if state.interlocked:
        return f"{Reason.LANE_BUSY}: the other door is open or released. Shut it first"
    if state.taken:
        return f"{Reason.LANE_BUSY}: somebody is being let through. Wait until that is over"
    if BARRIER in state.missing:
        return f"{Reason.DEVICE_FAILED}: the barrier cannot be driven. Open the door by its key, and see to its cable"
    return ""
