"""The abilities of a barrier beyond one pulse, as configured: stated by its driver, used by the lane."""

from dataclasses import dataclass

from gate.core.model import Direction, Stance


@dataclass(frozen=True, slots=True)
class Abilities:
    """The abilities of one barrier.  `passages`: the directions in which the device itself reports people.
    `stances`: those it takes besides CONTROLLED.  `door`, `lock`: whether it reports the door's contact, the
    bolt."""

    passages: frozenset[Direction] = frozenset()
    stances: frozenset[Stance] = frozenset()
    door: bool = False
    lock: bool = False


ONE_PULSE = Abilities()
EITHER_WAY = frozenset(Direction)
