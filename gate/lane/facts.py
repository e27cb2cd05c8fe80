"""What a lane has reported last, for the people who ask it."""

from dataclasses import dataclass, field

from gate.core.model import Direction
from gate.core.reason import Reason
from gate.store.list_reader import ListState


@dataclass(frozen=True, slots=True)
class LastDecision:
    """The last decision.  `seq`: its journal row; None: it shares one with others, or none was written."""

    seq: int | None
    at: float  # Unix s
    reason: Reason
    direction: Direction


@dataclass(slots=True)
class LaneFacts:
    """The facts of one lane; belongs to its event loop.  `since`: Unix s of the last change of phase; `effects`: their
    number, for the journal has changed with each."""

    since: float
    effects: int = 0
    last: LastDecision | None = None
    list: ListState = field(default_factory=ListState)
