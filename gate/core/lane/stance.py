"""The stance of a barrier between releases, by what prevails."""

from gate.core.lane.modes import Mode
from gate.core.lane.state import Equipment, LaneState
from gate.core.model import Stance


def required_stance(state: LaneState, equipment: Equipment) -> Stance:
    """Return the wanted stance, one of those that the barrier takes."""
    forbidden = state.interlocked or not (state.panic_known and state.interlock_known)
    frees = (state.fire and equipment.fire_frees) or (state.mode is Mode.FREE and not forbidden)
    if frees and Stance.FREE in equipment.stances:
        return Stance.FREE
    if state.fire:  # an open way stays open
        return Stance.FREE if state.stance is Stance.FREE else Stance.CONTROLLED
    closed = state.mode in (Mode.LOCKED_DOWN, Mode.OUT_OF_SERVICE) and Stance.BLOCKED in equipment.stances
    return Stance.BLOCKED if closed and state.exit is None and state.grant is None else Stance.CONTROLLED
