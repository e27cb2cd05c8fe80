"""The port of lamps and sounds.  Best effort: a dead lamp never stops a lane."""

from abc import ABC, abstractmethod
from enum import StrEnum


class Signal(StrEnum):
    """A signal to the person at the lane, or to staff."""

    READY = "ready"
    NO_PAGE = "no_page"  # ready, but the page is not shown: staff should look
    SEEN = "seen"  # a code is in view
    WAIT = "wait"  # the lane is busy with another person
    ADMITTED = "admitted"
    REFUSED = "refused"
    OUT_OF_SERVICE = "out_of_service"
    WARNING = "warning"  # the door stands open: shut it
    ALARM = "alarm"  # forced, held open, tampered with: staff should come
    FIRE = "fire"


class Feedback(ABC):
    """A lamp or a sounder."""

    @abstractmethod
    def show(self, signal: Signal) -> None:
        """Show a signal until the next one.  Returns at once, never raises."""
