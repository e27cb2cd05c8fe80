"""What a barrier can do beyond one pulse, as it is configured: stated by its driver, used by the lane."""

from dataclasses import dataclass

from gate.core.model import Direction, Stance


@dataclass(frozen=True, slots=True)
class Abilities:
    """`passages`: the ways in which the device itself reports who went through.
    `stances`: those it takes besides CONTROLLED.  `door`, `lock`: whether it reports the door's contact,
    the bolt."""

    passages: frozenset[Direction] = frozenset()
    stances: frozenset[Stance] = frozenset()
    door: bool = False
    lock: bool = False


ONE_PULSE = Abilities()
EITHER_WAY = frozenset(Direction)
