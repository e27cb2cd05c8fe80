"""The contacts of one lane: which levels are news, and which count.

Several contacts of one role are one contact, active while any of them is.  Silence is never an order: a contact
that has not answered since the start reports nothing (whether the lane runs without it: `LaneConfig.needed`).  A
contact that answered counts like this:

    role                        first level    lost             chatters
    fire                        as it is       active: alarm    active: alarm
    lockdown, interlock         as it is       as it was        active
    tamper                      as it is       as it was        active
    rex, reset, admit, extend   no press       not pressed      not pressed
    door, lock                  as it is       as it was        as it was
    passage                     -              nobody passes    nobody passes

A button or key that is active at its first report does not count as pressed until it has been at rest.  Otherwise a
cut wire, or a key left turned, would give an order at every start.

Pure, on monotonic seconds.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from gate.core.lane.events import (
    BoltMoved,
    Button,
    ContactFault,
    Crossed,
    DoorMoved,
    Fire,
    Interlock,
    LaneEvent,
    Panic,
    Reset,
    Tampered,
)
from gate.core.model import Direction
from gate.ports.inputs import Level, Role

CHATTER, WINDOW = 40, 10.0
"""Changes within seconds that no person makes: twice a second up and down, for ten seconds.  The input's driver
finds a loose wire that is quicker."""

CROWD, CROWD_WINDOW = 6, 3.5
"""People within seconds past one sensor that mean it chatters: 1.4 a second.  Through an open door of one metre a
crowd goes at 1.3 a second at most (Weidmann, Transporttechnik der Fussgänger, 1993: 1.25 /(m s))."""

APART = 0.5
"""Seconds within which a sensor counts one person, however often it reports: arms, bags, legs.  People follow at
0.7 m."""

CALM = 4
"""Changes within WINDOW at which a contact that chattered counts again."""

_PRESSED = frozenset({Role.REX, Role.RESET, Role.ADMIT, Role.EXTEND})
_ORDERS = frozenset({Role.ADMIT, Role.EXTEND})

STUCK_AFTER = {Role.PASSAGE: 60.0, **dict.fromkeys(_PRESSED, 60.0), Role.INTERLOCK: 300.0}
"""Seconds active after which a contact of this role counts as stuck, or the other door as left open.  For the other
roles a lasting level has a meaning, or an alarm of its own."""

_ACTIVE_IN_DOUBT = frozenset({Role.FIRE, Role.LOCKDOWN, Role.INTERLOCK, Role.TAMPER})
_STATES = (Role.FIRE, Role.REX, Role.DOOR, Role.LOCK, Role.INTERLOCK, Role.LOCKDOWN, Role.RESET, Role.TAMPER)


@dataclass(frozen=True, slots=True)
class ButtonPressed:
    """A press of a button by which staff give an order.  `source`: its device."""

    role: Role
    direction: Direction
    source: str
    at: float  # monotonic s


@dataclass(slots=True)
class _Contact:
    source: str
    role: Role
    active: bool | None = None  # the last level; None: none reported since the start
    since: float = 0.0  # when it took that level
    rested: bool = False  # it was inactive once since the start of its device
    lost: bool = False
    chatters: bool = False
    fault: str = ""  # as reported
    changes: deque[float] = field(default_factory=lambda: deque(maxlen=CHATTER))
    seen: deque[float] = field(default_factory=lambda: deque(maxlen=CROWD))  # times a sensor with levels saw a person
    passed: float = float("-inf")  # when the last one counted

    @property
    def counts(self) -> bool:
        """Return whether the contact counts as active."""
        if self.lost and self.role in (Role.FIRE, *_PRESSED):
            return self.role is Role.FIRE
        if self.chatters and self.role in (*_ACTIVE_IN_DOUBT, *_PRESSED):
            return self.role in _ACTIVE_IN_DOUBT
        return bool(self.active) and (self.rested or self.role not in _PRESSED)

    def problem(self, now: float) -> str:
        """Return what is wrong with the contact, or ""."""
        recent = sum(now - at <= WINDOW for at in self.changes)
        crowd = len(self.seen) == CROWD and now - self.seen[0] <= CROWD_WINDOW
        self.chatters = crowd or recent >= (CALM + 1 if self.chatters else CHATTER)
        if self.chatters:
            return "chatters: look for a loose wire or a worn contact"
        limit = STUCK_AFTER.get(self.role)
        if limit is None or not self.active or self.lost or now - self.since < limit:
            return ""
        if self.role is Role.PASSAGE and not self.rested:  # a device that reports passages, not levels
            return ""
        return f"has been active for {limit:.0f} s: see what stands before it, or whether it sticks"

    def crossed(self, level: Level) -> bool:
        """Return whether this level of a passage sensor is one more person.  A device that reports passages, not
        levels, has counted them itself."""
        if not level.active or self.chatters or (self.rested and level.at - self.passed < APART):
            return False
        self.passed = level.at
        return True


class Contacts:
    """The contacts of one lane.  `source`: the device of a contact, an input or a barrier with several."""

    def __init__(self) -> None:
        self._contacts: dict[tuple[str, Role, Direction], _Contact] = {}
        self._merged: dict[Role, bool] = {}
        self._presses: list[ButtonPressed] = []

    def has_reported(self, source: str) -> bool:
        """Return whether the device has reported a level since the start."""
        return any(contact.source == source for contact in self._contacts.values())

    def is_answering(self, source: str) -> bool:
        """Return whether the device has reported a level since the start, and is not lost."""
        return any(contact.source == source and not contact.lost for contact in self._contacts.values())

    def counts_as_lost(self, role: Role) -> bool:
        """Return whether contacts of this role count as active, and all that do are lost."""
        counting = [contact for contact in self._contacts.values() if contact.role is role and contact.counts]
        return bool(counting) and all(contact.lost for contact in counting)

    def update(self, level: Level, source: str) -> tuple[LaneEvent, ...]:
        """Return the events of this level of the input called `source`; none when it is no news."""
        contact = self._contact(level, source)
        counted = contact.counts
        if contact.lost:
            contact.lost, contact.rested, contact.active = False, False, None
        if level.role is Role.PASSAGE or contact.active not in (None, level.active):
            contact.changes.append(level.at)
        if contact.active is not level.active:
            contact.since = level.at
        if level.role is Role.PASSAGE and level.active and not contact.active and contact.rested:
            contact.seen.append(level.at)
        contact.active, contact.rested = level.active, contact.rested or not level.active
        faults = tuple(self._faults(contact, level.at))
        if level.role is Role.PASSAGE:  # each is one person, not a state
            return (*faults, *((Crossed(level.direction, level.at),) if contact.crossed(level) else ()))
        if level.role in _ORDERS and contact.counts and not counted:
            self._presses.append(ButtonPressed(level.role, level.direction, source, level.at))
        return (*faults, *self._merge(level.role, level.at))

    def take_presses(self) -> list[ButtonPressed]:
        """Return the presses since the last call."""
        presses, self._presses = self._presses, []
        return presses

    def lost(self, source: str, at: float) -> tuple[LaneEvent, ...]:
        """Take the loss of a device.  Its last level may hold, but it presses no button."""
        events: list[LaneEvent] = []
        for contact in self._contacts.values():
            if contact.source == source and not contact.lost:
                contact.lost = True
                contact.changes.clear()
                contact.seen.clear()
                events += [*self._faults(contact, at), *self._merge(contact.role, at)]
        return tuple(events)

    def tick(self, now: float) -> tuple[LaneEvent, ...]:
        """Return the events of time alone: a contact sticks, or has calmed down."""
        events: list[LaneEvent] = []
        for contact in self._contacts.values():
            events += [*self._faults(contact, now), *self._merge(contact.role, now)]
        return tuple(events)

    def _contact(self, level: Level, source: str) -> _Contact:
        return self._contacts.setdefault((source, level.role, level.direction), _Contact(source, level.role))

    def _faults(self, contact: _Contact, at: float) -> Iterator[ContactFault]:
        problem = contact.problem(at)
        if problem == contact.fault:
            return
        name = f"{contact.source} ({contact.role})"
        if contact.fault:
            yield ContactFault(contact.source, f"{name} {contact.fault}", False, at)
        if problem:
            yield ContactFault(contact.source, f"{name} {problem}", True, at)
        contact.fault = problem

    def _merge(self, role: Role, at: float) -> tuple[LaneEvent, ...]:
        if role not in _STATES:
            return ()
        active = any(contact.counts for contact in self._contacts.values() if contact.role is role)
        if self._merged.get(role) is active:
            return ()
        self._merged[role] = active
        event = _event(role, active, at)
        return (event,) if event is not None else ()


def _event(role: Role, active: bool, at: float) -> LaneEvent | None:
    match role:
        case Role.FIRE:
            return Fire(active, at)
        case Role.REX:
            return Button(active, at)
        case Role.DOOR:
            return DoorMoved(active, at)
        case Role.LOCK:
            return BoltMoved(active, at)
        case Role.INTERLOCK:
            return Interlock(active, at)
        case Role.LOCKDOWN:
            return Panic(active, at)
        case Role.TAMPER:
            return Tampered(active, at)
        case Role.RESET:
            return Reset(at) if active else None
        case Role.PASSAGE | Role.ADMIT | Role.EXTEND:
            return None
