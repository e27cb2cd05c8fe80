"""Play events to the lane machine."""

from dataclasses import replace

from gate.core.lane.door import DoorEquipment
from gate.core.lane.effects import Alarmed, Effect
from gate.core.lane.events import LaneEvent
from gate.core.lane.modes import Alarm
from gate.core.lane.state import Equipment, LaneState
from gate.core.lane.step import step
from gate.core.model import Direction, Stance

ENTRY, EXIT = Direction.ENTRY, Direction.EXIT
FREE, BLOCKED, CONTROLLED = Stance.FREE, Stance.BLOCKED, Stance.CONTROLLED
EQUIPMENT = Equipment(
    hold=5.0, passage_timeout=8.0, sensed=frozenset({ENTRY}), extended=20.0, watchers=frozenset({"input[0]"})
)
ABLE = replace(EQUIPMENT, stances=frozenset({FREE, BLOCKED}))
DOOR = replace(EQUIPMENT, sensed=frozenset(), door=DoorEquipment(contact=True, feedback=True))


def play(
    *events: LaneEvent, equipment: Equipment = EQUIPMENT, state: LaneState | None = None
) -> tuple[LaneState, list[Effect]]:
    state = state or LaneState()
    effects: list[Effect] = []
    for event in events:
        state, more = step(state, event, equipment)
        effects += more
    return state, effects


def alarms(*events: LaneEvent, equipment: Equipment = DOOR) -> list[tuple[Alarm, bool]]:
    _, effects = play(*events, equipment=equipment)
    return [(effect.alarm, effect.on) for effect in effects if isinstance(effect, Alarmed)]
