"""Kinds of lanes that the model of `lane_machine` knows."""

from gate.core.lane.door import DoorEquipment, Relock
from gate.core.lane.state import Equipment
from gate.core.model import Direction, Stance

ENTRY = Direction.ENTRY
FREE, BLOCKED = Stance.FREE, Stance.BLOCKED

LIMIT = 20.0
"""Seconds: no release of any lane below lasts longer."""

LANES = {
    "turnstile": Equipment(
        hold=5, passage_timeout=8, sensed=frozenset(Direction), extended=LIMIT, watchers=frozenset({"barrier"})
    ),
    "gate that stands free and blocked": Equipment(
        hold=5, passage_timeout=8, sensed=frozenset({ENTRY}), stances=frozenset({FREE, BLOCKED}), extended=LIMIT
    ),
    "door with a strike": Equipment(
        hold=5,
        passage_timeout=8,
        sensed=frozenset(),
        stances=frozenset({FREE}),
        watchers=frozenset({"input[0]"}),
        door=DoorEquipment(contact=True, feedback=True, relock=Relock.ON_CLOSE),
    ),
    "door that is left to its timer": Equipment(
        hold=5, passage_timeout=8, sensed=frozenset(), fire_frees=False, door=DoorEquipment(contact=True)
    ),
    "door with a bolt": Equipment(
        hold=5,
        passage_timeout=8,
        sensed=frozenset(),
        stances=frozenset({BLOCKED}),
        door=DoorEquipment(contact=True, feedback=True, relock=Relock.ON_OPEN),
        always_extended=True,
        extended=LIMIT,
    ),
}
