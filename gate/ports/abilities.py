"""What a barrier can do beyond one pulse, as it is configured: stated by its driver, used by the lane."""

from dataclasses import dataclass
from enum import StrEnum

from gate.core.model import Direction


class Stance(StrEnum):
    """What a barrier does between releases."""

    CONTROLLED = "controlled"  # locked; a release lets one person through
    FREE = "free"  # open, until it is told otherwise
    BLOCKED = "blocked"  # locked, and its own buttons and remote panel with it


@dataclass(frozen=True, slots=True)
class Abilities:
    """`passages`: the ways in which the device itself reports who went through.
    `stances`: those it takes besides CONTROLLED."""

    passages: frozenset[Direction] = frozenset()
    stances: frozenset[Stance] = frozenset()


ONE_PULSE = Abilities()
EITHER_WAY = frozenset(Direction)
