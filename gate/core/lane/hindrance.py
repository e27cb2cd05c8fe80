"""The reasons that keep staff from letting a person through, each with what to do about it."""

from collections.abc import Mapping
from types import MappingProxyType

from gate.core.lane.modes import Mode, refusal
from gate.core.lane.refusal import OrderCode, OrderRefusal
from gate.core.lane.state import BARRIER, LaneState
from gate.core.model import Direction
from gate.core.reason import Reason

_ORDERS = {
    Mode.LOCKED_DOWN: "take the lockdown back (the switch, or `gate lane lockdown off`)",
    Mode.OUT_OF_SERVICE: "take the order back (`gate lane out-of-service off`), or wait for the schedule",
}


JOURNAL = "journal"
"""The problem of a lane whose journal was lost, until staff confirm the loss."""


def hindrance(
    state: LaneState, direction: Direction, problems: Mapping[str, str] = MappingProxyType({})
) -> OrderRefusal | None:
    """Return why staff cannot let a person through, or None.  Staff need no reader, no clock and no list, only the
    barrier.  `problems`: devices that are not well, and why."""
    if state.fire:
        why = "fire: nobody is let in during an alarm. When it is over: `gate lane reset`"
        return OrderRefusal(OrderCode.FIRE, why)
    mode = state.mode
    if (why_closed := refusal(mode, direction)) and mode is not Mode.MAINTENANCE:
        lost = problems.get(JOURNAL) if mode is Mode.LOCKED_DOWN else None
        advice = lost or _ORDERS.get(mode, "take the order back")
        return OrderRefusal(OrderCode.LOCKED_DOWN, f"{why_closed}: {advice}")
    if state.interlocked:
        why = f"{Reason.LANE_BUSY}: the other door is open or released. Shut it first"
        return OrderRefusal(OrderCode.BUSY, why)
    if state.taken:
        why = f"{Reason.LANE_BUSY}: somebody is being let through. Wait until that is over"
        return OrderRefusal(OrderCode.BUSY, why)
    if BARRIER in state.missing:
        cause = f": {problems[BARRIER]}" if problems.get(BARRIER) else ""
        advice = "Open the door by its key, and see to its cable"
        why = f"{Reason.DEVICE_FAILED}: the barrier cannot be driven. {advice}{cause}"
        return OrderRefusal(OrderCode.BARRIER_LOST, why)
    return None
