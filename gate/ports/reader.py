"""A source of codes: a camera, a serial scanner, a file of recorded codes."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Annotated

from pydantic import Field

from gate.core.model import Direction, Scan
from gate.ports.driver import DriverConfig


class Answer(Enum):
    """What became of a scan that was presented."""

    DECIDED = "decided"  # a verdict was given: now, or earlier in this same presentation
    WAIT = "wait"  # the lane is busy with someone; keep showing the code, it is decided when the lane is free


@dataclass(frozen=True, slots=True)
class Looked:
    """A reader of live frames has looked for codes in so many more frames, whatever was in them.

    A reader that says so sees a code that stays in view again and again; it says so once before its first code.
    What any other presents was read in one instant, and it may not read it a second time."""

    reader: str
    at: float  # monotonic seconds at which the last of them was captured
    frames: int


@dataclass(frozen=True, slots=True)
class Dropped:
    """A reader has received something that is no whole code, and why that is, as far as it can know."""

    reader: str
    what: str  # never a text that was read
    hint: str  # what to do; "" when nothing can be said


Seen = Scan | Looked | Dropped

Present = Callable[[Seen], Answer | None]
"""Hand over one code of one frame, or what else is to be known.  Called on the event loop; returns at once.

For a code None means that the verdict is being made.  A reader of live frames ignores the answer (the
next frame brings the code again); a reader of recordings repeats the scan until it is DECIDED, so that
nobody in the recording is skipped."""


class Reader(ABC):
    @abstractmethod
    async def run(self, present: Present) -> None:
        """Read until cancelled, calling `present` for every code in every frame (many frames of one
        code are one presentation to the lane; it does that folding itself).

        Raises DeviceError when the device is lost; the supervisor opens it again.  Returns only when
        a recording has ended.  Nothing in it may block the event loop."""


class ReaderConfig(DriverConfig):
    """The settings every reader has."""

    direction: Annotated[Direction, Field(description="which way a person goes who shows a code here")] = (
        Direction.ENTRY
    )
