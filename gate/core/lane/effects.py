"""The effects of an event: the controller carries them out in the order given, and drops none."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from gate.core.journal_event import JournalEvent
from gate.core.lane.modes import Alarm, Mode
from gate.core.lane.refusal import OrderRefusal
from gate.core.lane.terms import OrderTerms
from gate.core.model import Direction, Stance


class Passed(StrEnum):
    """The end of a grant."""

    PASSED = "passed"
    NOT_PASSED = "not_passed"  # sensed: nobody went through, the use was given back
    UNKNOWN = "unknown"  # no passage sensor, or interrupted: the use stays used


@dataclass(frozen=True, slots=True)
class Release:
    """An order to let one person through."""

    direction: Direction
    extended: bool = False


@dataclass(frozen=True, slots=True)
class Secure:
    pass


@dataclass(frozen=True, slots=True)
class SetStance:
    """An order to take a stance."""

    stance: Stance


@dataclass(frozen=True, slots=True)
class EndGrant:
    """The end of a grant.  `moved`: False when the barrier cannot have opened on it; `cause`: why it did not open,
    where known."""

    seq: int
    passed: Passed
    moved: bool = True
    cause: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    """A journal row that is not a decision.  `counts`: somebody passed that way without a grant."""

    event: JournalEvent
    detail: str
    direction: Direction | None = None
    counts: bool = field(default=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class OrderRefused:
    """A refused order of staff: a journal row, and the answer."""

    event: JournalEvent
    refusal: OrderRefusal
    direction: Direction | None = None


@dataclass(frozen=True, slots=True)
class Alarmed:
    """The begin or the end of an alarm, for journal, page and log."""

    alarm: Alarm
    on: bool


@dataclass(frozen=True, slots=True)
class StoreOrders:
    """State that must survive a restart: the standing orders, and a latched fire alarm."""

    orders: frozenset[Mode]
    fire: bool
    terms: Mapping[Mode, OrderTerms] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Amnesty:
    """Everybody was let out without a check: nobody counts as inside any more."""


Effect = Release | Secure | SetStance | EndGrant | Note | OrderRefused | Alarmed | StoreOrders | Amnesty
