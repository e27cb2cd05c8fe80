"""What the controller does about an event, in the order given.  Each is done, or fails; none is dropped."""

from dataclasses import dataclass, field
from enum import StrEnum

from gate.core.journal_event import JournalEvent
from gate.core.lane.modes import Alarm, Mode
from gate.core.model import Direction, Stance


class Passed(StrEnum):
    """How a grant ended."""

    PASSED = "passed"
    NOT_PASSED = "not_passed"  # sensed: nobody went through; the use was given back
    UNKNOWN = "unknown"  # the lane has no passage sensor, or it was interrupted; the use stays used


@dataclass(frozen=True, slots=True)
class Release:
    direction: Direction
    extended: bool = False


@dataclass(frozen=True, slots=True)
class Secure:
    pass


@dataclass(frozen=True, slots=True)
class Stand:
    stance: Stance


@dataclass(frozen=True, slots=True)
class EndGrant:
    """`moved`: False when the barrier cannot have opened on it; `cause`: why it did not, where that is known."""

    seq: int
    passed: Passed
    moved: bool = True
    cause: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    """A journal row that is not a decision.  `counts`: somebody went that way without a grant."""

    event: JournalEvent
    detail: str
    direction: Direction | None = None
    counts: bool = field(default=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class OrderRefused:
    """What staff asked for cannot be: a journal row, and the answer."""

    event: JournalEvent
    why: str
    direction: Direction | None = None


@dataclass(frozen=True, slots=True)
class Alarmed:
    """An alarm begins, or is over: journal, page, log."""

    alarm: Alarm
    on: bool


@dataclass(frozen=True, slots=True)
class Remember:
    """What must outlive a restart: the standing orders, and whether a fire alarm is latched."""

    orders: frozenset[Mode]
    fire: bool


@dataclass(frozen=True, slots=True)
class Amnesty:
    """Everybody was let out unchecked: nobody counts as inside any more."""


Effect = Release | Secure | Stand | EndGrant | Note | OrderRefused | Alarmed | Remember | Amnesty
