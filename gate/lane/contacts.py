"""What the contacts say, as one lane hears it: several of one role are one, active while any of them is."""

from gate.core.lane_events import (
    BoltMoved,
    Button,
    Crossed,
    DoorMoved,
    Fire,
    Interlock,
    LaneEvent,
    Panic,
    Reset,
    Tampered,
)
from gate.ports.inputs import Level, Role


class Contacts:
    def __init__(self) -> None:
        self._active: dict[Role, set[str]] = {}  # role -> names of the inputs that are active

    def hear(self, level: Level, source: str) -> LaneEvent | None:
        """What this level of the input called `source` means; None when it is no news."""
        if level.role is Role.PASSAGE:  # one person each, not a state
            return Crossed(level.direction, level.at) if level.active else None
        known = level.role in self._active
        active = self._active.setdefault(level.role, set())
        before = bool(active)
        (active.add if level.active else active.discard)(source)
        if known and bool(active) is before:
            return None
        if level.role is Role.RESET and not known:
            return None  # a key that was left turned: nobody has just turned it
        return _event(level.role, bool(active), level.at)


def _event(role: Role, active: bool, at: float) -> LaneEvent | None:
    match role:
        case Role.FIRE:
            return Fire(active, at)
        case Role.REX:
            return Button(active, at)
        case Role.DOOR:
            return DoorMoved(active, at)
        case Role.LOCK:
            return BoltMoved(active, at)
        case Role.INTERLOCK:
            return Interlock(active, at)
        case Role.LOCKDOWN:
            return Panic(active, at)
        case Role.TAMPER:
            return Tampered(active, at)
        case Role.RESET:
            return Reset(at) if active else None
        case Role.PASSAGE:
            return None
