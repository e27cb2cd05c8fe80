"""One step of the lane in the making."""

from dataclasses import replace

from gate.core.lane.effects import Effect, EndGrant, Passed, Release, Secure
from gate.core.lane.state import BARRIER, Equipment, LaneState, OpenGrant
from gate.core.model import Direction, Stance


class Transition:
    """The state in the making, and the effects in the order in which they are carried out.

    That order makes the lane safe: it locks before it gives a use back, and journals before it opens.  Each method
    appends its effects at once, so the order of the calls is the order of the effects.
    """

    def __init__(self, state: LaneState, at: float, equipment: Equipment) -> None:
        self.state, self.at, self.equipment = state, at, equipment
        self.effects: list[Effect] = []

    def do(self, *effects: Effect) -> None:
        """Append effects."""
        self.effects.extend(effects)

    def do_first(self, effect: Effect) -> None:
        """Put an effect before everything that this step has caused so far."""
        self.effects.insert(0, effect)

    def release(self, direction: Direction, *, extended: bool) -> None:
        """Open for one person, unless the way is already open or must not be opened."""
        other_door = self.state.interlocked and not self.state.fire
        if self.state.stance is Stance.FREE or BARRIER in self.state.missing or other_door:
            return
        self.state = replace(self.state, door=self.state.door.unlock(self.at, self.equipment.door, extended=extended))
        self.do(Release(direction, extended))

    def lock(self) -> None:
        """Lock behind one person.  The way is released again for a person who is still being let through; a way
        that is meant to stand open stays open."""
        if self.state.fire or self.state.stance is Stance.FREE:
            return
        self.state = replace(self.state, door=self.state.door.lock(self.at, self.equipment.door))
        self.do(Secure())
        self.release_again()

    def release_again(self) -> None:
        """Release the way again for a person who was on it when the barrier was locked."""
        if self.state.exit is not None:
            self.release(Direction.EXIT, extended=self.equipment.always_extended)
        elif self.state.grant:
            self.release(self.state.grant.direction, extended=self.equipment.always_extended)

    def end_grant(self, grant: OpenGrant, passed: Passed, *, moved: bool = True, cause: str = "") -> None:
        """Lock, then end the grant: no use is given back while the way is open, and nobody follows the person."""
        self.state = replace(self.state, grant=None)
        self.lock()
        self.do(EndGrant(grant.seq, passed, moved, cause))

    def end_exit(self) -> None:
        """End the release by the exit button."""
        self.state = replace(self.state, exit=None)
        self.lock()

    def mark_grant_uncertain(self) -> None:
        """Note that nothing can tell any more whether the person of the open grant passes."""
        if self.state.grant:
            self.state = replace(self.state, grant=replace(self.state.grant, blind=True))
