"""Messages between the lane and the page's process, typed and bounded (gate.worker.codec).

    lane -> page    BeginPage, then Tally and events as a watcher of the bus gets them, and a Beat every half second
    page -> lane    Up once it serves, then PageHeartbeat every second, and PageLogLine

Either end validates every message.
"""

from dataclasses import dataclass, fields, replace
from typing import Any, get_args

from gate.core.outlet_events import Event
from gate.core.tally import Tally
from gate.kiosk.about import About
from gate.worker.codec import Codec, MessageLimits

LONGEST_TEXT = 2000  # characters; the page shows 240 of a driver's problem
TO_PAGE = MessageLimits(line=65536, text=LONGEST_TEXT, items=64)  # a Tally with every reason takes some 2,000 bytes
TO_LANE = MessageLimits(line=4096, text=300, items=0)


@dataclass(frozen=True, slots=True)
class BeginPage:
    """The first line for a page's process."""

    about: About


@dataclass(frozen=True, slots=True)
class Beat:
    """The lane's loop turns, and this is its trusted time."""

    now: float  # Unix s, trusted
    monotonic: float  # s, the same moment; CLOCK_MONOTONIC is one for all processes of a machine


@dataclass(frozen=True, slots=True)
class Up:
    """The page is served."""


@dataclass(frozen=True, slots=True)
class PageHeartbeat:
    """The page's loop runs, or its start makes progress."""


@dataclass(frozen=True, slots=True)
class PageLogLine:
    """A line for the log."""

    text: str
    is_error: bool


ToPage = BeginPage | Beat | Tally | Event
ToLane = Up | PageHeartbeat | PageLogLine

to_page = Codec(BeginPage, Beat, Tally, *get_args(Event), limits=TO_PAGE)
to_lane = Codec(Up, PageHeartbeat, PageLogLine, limits=TO_LANE)


def cut(message: Any, limits: MessageLimits) -> Any:
    """Return the message with its texts cut to the limit."""
    values = ((field.name, getattr(message, field.name)) for field in fields(message))
    long = {name: text[: limits.text] for name, text in values if isinstance(text, str) and len(text) > limits.text}
    return replace(message, **long) if long else message
