"""What a lane is made of, and what its loop is asked to do."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from gate.core.events import Mode
from gate.core.lane_state import Timing
from gate.core.schedule import Schedule
from gate.core.staleness import AgeLimits


@dataclass(frozen=True, slots=True)
class LaneSetup:
    """What a lane is, from the configuration."""

    device: str
    mode: Mode
    timing: Timing
    limits: AgeLimits
    needed: frozenset[str]  # devices without which nobody can enter: "barrier", "readers", "input[0]"
    schedule: Schedule | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """Something that the loop does in its turn, for somebody who waits."""

    work: Callable[[], Awaitable[Any]]
    done: asyncio.Future[Any]
