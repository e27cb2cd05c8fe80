"""The configuration of one lane: its identity and its equipment."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gate.core.lane.modes import Mode
from gate.core.lane.state import Equipment
from gate.core.schedule import Schedule
from gate.core.staleness import AgeLimits
from gate.ports.inputs import Role


@dataclass(frozen=True, slots=True)
class LaneConfig:
    """One lane, from the configuration."""

    device: str
    mode: Mode
    equipment: Equipment
    limits: AgeLimits
    needed: frozenset[str]  # devices without which no pass is served: "barrier", "reader[0]", "input[0]"
    contacts: Mapping[str, Role] = field(default_factory=dict)  # roles of the inputs, by name
    schedule: Schedule | None = None
