"""The port of contacts: passage sensor, door and lock, buttons, keys, fire alarm."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from gate.core.model import Direction
from gate.ports.driver import DriverConfig


class Role(StrEnum):
    """The meaning of a contact."""

    PASSAGE = "passage"  # active: someone goes through
    REX = "rex"  # request to exit: active opens without a pass
    FIRE = "fire"  # active: the building's alarm; the gate steps aside until staff reset it
    DOOR = "door"  # active: the door stands open
    LOCK = "lock"  # active: the bolt is home, the door is locked
    INTERLOCK = "interlock"  # active: the other door of a mantrap is open or released
    LOCKDOWN = "lockdown"  # active: nobody enters (a key switch, a panic button)
    RESET = "reset"  # active: staff reset a latched alarm (a key switch)
    ADMIT = "admit"  # active: staff let one person through (a button at a desk)
    EXTEND = "extend"  # active: staff give the present person, or the next one, more time
    TAMPER = "tamper"  # active: a box or a cable is being opened


@dataclass(frozen=True, slots=True)
class Level:
    """The debounced level of one input, reported once at start and then at every change.  An active level of role
    passage is not reported at start: it would count as a person."""

    role: Role
    active: bool
    at: float  # monotonic seconds
    direction: Direction = Direction.ENTRY  # for passage and admit: which way


Report = Callable[[Level], None]
"""Called on the event loop."""


class Input(ABC):
    """One or more contacts of a device."""

    @abstractmethod
    async def run(self, report: Report) -> None:
        """Report the present level, then every change, until cancelled.  Levels are read again, not toggled: a
        missed edge heals.  Raises DeviceError when the input is lost.  The lane counts a lost fire input as
        active."""


class InputConfig(DriverConfig):
    """The settings every input has."""

    role: Annotated[Role, Field(description="meaning of the contact for the lane")]
    direction: Annotated[
        Direction,
        Field(description="for role passage: direction of the crossing; for role admit: the way that is opened"),
    ] = Direction.ENTRY
