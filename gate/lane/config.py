"""What a lane is made of, and what its loop is asked to do."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from gate.core.lane.modes import Mode
from gate.core.lane.state import Timing
from gate.core.schedule import Schedule
from gate.core.staleness import AgeLimits
from gate.lane.judge import Verdict
from gate.ports.inputs import Role
from gate.store.admission import Presented


@dataclass(frozen=True, slots=True)
class LaneConfig:
    """What a lane is, from the configuration."""

    device: str
    mode: Mode
    timing: Timing
    limits: AgeLimits
    needed: frozenset[str]  # devices without which no pass is served: "barrier", "reader[0]", "input[0]"
    contacts: Mapping[str, Role] = field(default_factory=dict)  # roles of the inputs, by name
    schedule: Schedule | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """Something that the loop does in its turn, for somebody who waits."""

    work: Callable[[], Awaitable[Any]]
    done: asyncio.Future[Any]


@dataclass(slots=True)
class Pending:
    """A verdict to tell: one that lets a person through waits until the barrier has taken the order."""

    where: Presented
    verdict: Verdict
    seconds: float  # from the frame, or from the order of staff, to the committed decision
    opened: asyncio.Future[str] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    """Why it did not open, "" once it has."""
