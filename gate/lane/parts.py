"""The parts of one lane for a technician: since when each is as it is, and the last edges of each contact."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from gate.core.model import Direction
from gate.ports.camera_view import CameraView
from gate.ports.clock import Clock
from gate.ports.inputs import Level, Role

MOST_EDGES = 10  # of one contact: two passages, or five presses of a button


class PartState(StrEnum):
    """The state of a part.  The words are a contract with callers."""

    WELL = "well"
    LOST = "lost"
    UNKNOWN = "unknown"  # nothing was heard of it since the start


@dataclass(slots=True)
class LanePart:
    """A part of the lane.  `since`: Unix s of its last change of state, None before the first."""

    driver: str
    state: PartState = PartState.UNKNOWN
    since: float | None = None
    problem: str = ""  # what is wrong
    advice: str = ""  # what to do


@dataclass(frozen=True, slots=True)
class Edge:
    """A change of a contact's level.  `at`: Unix s."""

    at: float
    level: bool


@dataclass(slots=True)
class PartContact:
    """A contact.  `level`: None before its first report."""

    name: str  # of its device
    role: Role
    direction: Direction | None  # of a passage
    level: bool | None = None
    edges: deque[Edge] = field(default_factory=lambda: deque(maxlen=MOST_EDGES))


class LaneParts:
    """The parts of one lane; belongs to its event loop.  `roles`: of its inputs, by device."""

    def __init__(self, clock: Clock, roles: Mapping[str, Role]) -> None:
        self._clock = clock
        self.parts: dict[str, LanePart] = {}
        self.views: dict[str, CameraView] = {}
        """Readers that can be looked through while they are well."""
        self._advice: dict[str, str] = {}
        self._contacts: dict[tuple[str, Role, Direction | None], PartContact] = {
            (name, role, None): PartContact(name, role, None) for name, role in roles.items()
        }

    @property
    def contacts(self) -> list[PartContact]:
        """Return the contacts, those of the configuration first."""
        return list(self._contacts.values())

    def fit(self, name: str, driver: str) -> None:
        """Take a part of which nothing has been heard yet."""
        self.parts.setdefault(name, LanePart(driver))

    def advise(self, name: str, advice: str) -> None:
        """Take what to do about the problem of a part that is reported next."""
        self._advice[name] = advice

    def report(self, name: str, driver: str, problem: str) -> None:
        """Take a part that is well (`problem` empty) or lost.  `problem` ends in the advice, as every error does."""
        part, advice = self.parts.setdefault(name, LanePart(driver)), self._advice.pop(name, "")
        state = PartState.LOST if problem else PartState.WELL
        if part.state is not state:
            part.state, part.since = state, self._clock.now()
        part.problem = problem.removesuffix(advice).rstrip(" .") if advice else problem
        part.advice = advice if problem else ""
        if problem:
            self.views.pop(name, None)

    def level(self, level: Level, source: str) -> None:
        """Take the level of the contact of device `source`.  An active level of a passage is a person each time."""
        direction = level.direction if level.role is Role.PASSAGE else None
        contact = self._contact(source, level.role, direction)
        if level.active is not contact.level or (level.role is Role.PASSAGE and level.active):
            if contact.level is not None or level.active:  # not the rest that every contact reports at first
                at = self._clock.now() - (self._clock.monotonic() - level.at)
                contact.edges.append(Edge(round(at, 3), level.active))
            contact.level = level.active

    def _contact(self, source: str, role: Role, direction: Direction | None) -> PartContact:
        key = (source, role, direction)
        if key not in self._contacts:
            # A configured passage gets its direction with its first report.
            known = self._contacts.pop((source, role, None), None) or PartContact(source, role, None)
            known.direction = direction
            self._contacts[key] = known
        return self._contacts[key]
