"""The signal on the lamps while no verdict is shown."""

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


def signal_of(state: LaneState, *, queue: bool = False, page_lost: bool = False) -> Signal | None:
    """Return the signal for the lamps; None: leave them.  `queue`: the next person shows a code after the person
    going through has put theirs away, and would take the green for their own.  `page_lost`: no page is shown."""
    if state.phase is not Phase.FIRE and state.alarms:
        return Signal.WARNING if state.alarms == {Alarm.HELD_OPEN_SOON} else Signal.ALARM
    if state.phase in (Phase.RELEASED, Phase.BUSY) and queue:
        return Signal.WAIT
    if page_lost and state.phase is Phase.READY:
        return Signal.NO_PAGE
    return _SIGNALS.get(state.phase)
