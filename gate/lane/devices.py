"""The lane's record of its devices: which are present, the problems of the others, the levels of their contacts."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from gate.core.lane.events import DeviceState, LaneEvent
from gate.lane.input_events import ButtonPressed, Contacts
from gate.logs import Log
from gate.ports.inputs import Level, Role
from gate.ports.reader import Dropped

log = Log(part="lane")


@dataclass(frozen=True, slots=True)
class Drops:
    """What one reader has dropped for one reason.  `hint`: what to do, or ""."""

    count: int
    hint: str


class LaneDevices:
    """The devices of one lane.  Times are monotonic seconds.  `needed`: devices without which no pass is served;
    `roles`: of the inputs."""

    def __init__(self, needed: Collection[str], roles: Mapping[str, Role]) -> None:
        self._needed = needed
        self._roles = roles
        self._contacts = Contacts()
        self._starting = set(needed)  # not known yet whether they are there
        self._problems: dict[str, str] = {}
        self.drops: dict[str, dict[str, Drops]] = {}  # by reader, and by reason

    @property
    def starting(self) -> bool:
        return bool(self._starting)

    @property
    def fire_loop_is_lost(self) -> bool:
        """Return whether the fire loop counts as open only because its contact is lost."""
        return self._contacts.counts_as_lost(Role.FIRE)

    @property
    def problems(self) -> dict[str, str]:
        """Return what is not well, devices and journal, and why."""
        return {name: problem for name, problem in self._problems.items() if problem}

    def update(self, level: Level, source: str) -> list[LaneEvent]:
        """Take the present level of the contact of device `source`."""
        first = not self._contacts.is_answering(source)
        events = list(self._contacts.update(level, source))
        if first and source in self._roles:
            events += self._known(source, level.at, present=True)
        return events

    def take_presses(self) -> list[ButtonPressed]:
        """Return the presses of buttons of staff since the last call."""
        return self._contacts.take_presses()

    def tick(self, now: float) -> list[LaneEvent]:
        """Return the events of time alone."""
        return list(self._contacts.tick(now))

    def report(self, name: str, problem: str, at: float) -> tuple[str, list[LaneEvent]]:
        """Take a device that came up (`problem` empty) or was lost; return the lane's own words for the problem,
        and the events that follow.

        An input is present when it has answered; a passage sensor reports nothing before somebody passes."""
        role = self._roles.get(name)
        if problem and role is Role.FIRE and not self._contacts.has_reported(name):
            # No alarm: a contact that has never answered is a fault of the set-up, and no order to open.
            silent = "the fire contact has not answered since the start, so nobody enters"
            problem = f"{silent}: {problem}"
            if self._problems.get(name) != problem:
                log.error(silent, device=name)
        self._problems[name] = problem
        events = list(self._contacts.lost(name, at)) if problem else []
        if problem or role in (None, Role.PASSAGE):
            events += self._known(name, at, present=not problem)
        return problem, events

    def drop(self, name: str, drop: Dropped, count: int) -> None:
        """Take the number of things that reader `name` has dropped for this reason since the start."""
        self.drops.setdefault(name, {})[drop.what] = Drops(count, drop.hint)

    def problem(self, name: str, problem: str) -> None:
        """Take a problem of something that is no device; empty: it is over."""
        self._problems[name] = problem

    def _known(self, name: str, at: float, *, present: bool) -> list[LaneEvent]:
        if name not in self._needed:
            return []
        self._starting.discard(name)
        return [DeviceState(name, present, at)]
