"""The messages between the lane and the process that finds a person in the subject index."""

from dataclasses import dataclass, field

from gate.worker.codec import Codec, Failed, Loading, MessageLimits, Started
from gate.worker.program import Program

LONGEST_WORDS = 1000  # characters of a problem or a hint


@dataclass(frozen=True, slots=True)
class SoughtSubject:
    """The number of the person to find."""

    iin: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class FoundSubject:
    """The place of the person on the list; None: nobody of this number is in the index."""

    idx: int | None


@dataclass(frozen=True, slots=True)
class UnfoundSubject:
    """The index cannot be used."""

    what: str
    hint: str


FIND_SUBJECT = Program(
    "gate.sync.subject_main",
    Codec(
        *(FoundSubject, UnfoundSubject, Loading, Started, Failed),
        limits=MessageLimits(line=16 << 10, text=LONGEST_WORDS, items=4),
    ),
    Codec(SoughtSubject, limits=MessageLimits(line=1024, text=64, items=1)),
)
