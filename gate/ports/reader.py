"""A source of codes: a camera, a serial scanner, a file of recorded codes."""

from collections.abc import Callable
from enum import Enum
from typing import Annotated, Protocol

from pydantic import Field

from gate.core.model import Direction, Scan
from gate.ports.driver import DriverConfig


class Answer(Enum):
    """What became of a scan that was presented."""

    DECIDED = "decided"  # a verdict was given: now, or earlier in this same presentation
    WAIT = "wait"  # the lane is busy with someone; keep showing the code, it is decided when the lane is free


Present = Callable[[Scan], Answer | None]
"""Hand over one code of one frame.  Called on the event loop; returns at once, None meaning that the
verdict is being made.  A reader of live frames ignores the answer (the next frame brings the code
again); a reader of recordings repeats the scan until it is DECIDED, so that nobody in the recording
is skipped."""


class Reader(Protocol):
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
