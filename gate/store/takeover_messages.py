"""The messages to the lane from the process that verifies a sync's list."""

from dataclasses import dataclass

from gate.worker.codec import Codec, Failed, Loading, MessageLimits, Started
from gate.worker.program import Program


@dataclass(frozen=True, slots=True)
class Took:
    """The lane's own list is the one that the sync offers."""

    version: int
    changed: bool  # False: it was so before


@dataclass(frozen=True, slots=True)
class TakeoverRefused:
    """Nothing was taken, and the lane's list stays.  `is_final`: until another list is offered."""

    what: str
    hint: str
    is_final: bool


LONGEST = 1000  # characters of a problem or a hint

TAKEOVER = Program(
    "gate.sync.takeover_main",
    Codec(Took, TakeoverRefused, Loading, Started, Failed, limits=MessageLimits(line=16 << 10, text=LONGEST, items=4)),
    Codec(limits=MessageLimits(line=1024, text=64, items=1)),
)
