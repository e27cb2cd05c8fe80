"""What the lamps show while nobody has an answer."""

from gate.core.lane.modes import Alarm, Phase
from gate.core.lane.state import LaneState
from gate.ports.feedback import Signal

_SIGNALS = {
    Phase.READY: Signal.READY,
    Phase.FREE: Signal.READY,
    Phase.LOCKED_DOWN: Signal.OUT_OF_SERVICE,
    Phase.OUT_OF_SERVICE: Signal.OUT_OF_SERVICE,
    Phase.MAINTENANCE: Signal.OUT_OF_SERVICE,
    Phase.FIRE: Signal.FIRE,
}


def signal_of(state: LaneState, *, queue: bool = False) -> Signal | None:
    """`queue`: the next person shows a code, and whoever goes through has put theirs away: the green would
    be taken for the wrong one's.  None: what the lamps show already."""
    if state.phase is not Phase.FIRE and state.alarms:
        return Signal.WARNING if state.alarms == {Alarm.HELD_OPEN_SOON} else Signal.ALARM
    if state.phase in (Phase.RELEASED, Phase.BUSY) and queue:
        return Signal.WAIT
    return _SIGNALS.get(state.phase)
