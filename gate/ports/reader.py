"""The port of readers: a camera, a serial scanner, a file of recorded codes."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Annotated

from pydantic import Field

from gate.core.coaching import Hint
from gate.core.model import Direction, Scan
from gate.ports.driver import DriverConfig


class Answer(Enum):
    """The outcome of a presented scan."""

    DECIDED = "decided"  # a verdict was given, now or earlier in this same presentation
    WAIT = "wait"  # the lane is busy with another person; keep showing the code, it is decided when the lane is free


@dataclass(frozen=True, slots=True)
class Looked:
    """The number of further frames in which a reader of live frames has searched for codes, whatever was in them.

    A reader that reports this sees a code in view again and again; it reports it once before its first code.  Any
    other reader reads one instant, and may not read a code a second time."""

    reader: str
    at: float  # monotonic seconds at which the last of them was captured
    frames: int


@dataclass(frozen=True, slots=True)
class Dropped:
    """Data that a reader received and that is no whole code, with the reason as far as it can be known."""

    reader: str
    what: str  # never a text that was read
    hint: str  # what to do; "" when there is no advice


@dataclass(frozen=True, slots=True)
class Coaching:
    """A code that a reader of live frames sees and cannot read, and what the person can do.  Repeated while it holds;
    never in a frame in which something was read."""

    reader: str
    at: float  # monotonic seconds at which the frame was captured
    hint: Hint


Seen = Scan | Looked | Dropped | Coaching

Present = Callable[[Seen], Answer | None]
"""Pass on one code of one frame, or a report on frames, drops or a code that is not read.  Called on the event loop;
returns at once.

For a code None means that the verdict is being made.  A reader of live frames ignores the answer (the next frame
brings the code again); a reader of recordings repeats the scan until it is DECIDED, so that nobody in the recording
is skipped."""


class Reader(ABC):
    """A reader of codes."""

    @abstractmethod
    async def run(self, present: Present) -> None:
        """Read until cancelled, calling `present` for every code in every frame.  (The lane itself joins the frames
        of one code to one presentation.)

        Raises DeviceError when the device is lost; the supervisor opens it again.  Returns only when a recording
        has ended.  Must not block the event loop."""


class ReaderConfig(DriverConfig):
    """The settings every reader has."""

    direction: Annotated[Direction, Field(description="direction of a person who shows a code here")] = Direction.ENTRY
