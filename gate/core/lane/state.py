"""The state of a lane: its equipment, the open grant, and what blocks it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from gate.core.lane.door import FAULTS, NEVER, DoorEquipment, DoorState
from gate.core.lane.events import ContactFault
from gate.core.lane.modes import Alarm, Mode, Phase, prevailing, refusal
from gate.core.lane.terms import OrderTerms
from gate.core.model import Direction, Stance
from gate.core.reason import Reason

BARRIER = "barrier"
"""The barrier's name among the devices."""

SILENT_AFTER = 3
"""Openings in a row for one direction on which nobody was seen to pass; then that direction's sensor counts as
mute.  One person turns back; three in a row are rare."""

_PHASES = {
    Mode.LOCKED_DOWN: Phase.LOCKED_DOWN,
    Mode.OUT_OF_SERVICE: Phase.OUT_OF_SERVICE,
    Mode.MAINTENANCE: Phase.MAINTENANCE,
}


@dataclass(frozen=True, slots=True)
class Equipment:
    """The equipment of a lane, and its limits in seconds.

    `sensed`: the directions in which a passage sensor can see a person.  `watchers`: the devices that can tell
    whether somebody passed.  `stances`: those that the barrier takes besides CONTROLLED."""

    hold: float
    passage_timeout: float
    sensed: frozenset[Direction]
    extended: float = 15.0
    always_extended: bool = False
    watchers: frozenset[str] = frozenset()
    stances: frozenset[Stance] = frozenset()
    fire_frees: bool = True  # in a fire the barrier is ordered to stand free, if it can
    door: DoorEquipment = field(default_factory=DoorEquipment)

    def lasts(self, direction: Direction, *, extended: bool) -> float:
        """Return the seconds that a grant stays open."""
        usual = self.passage_timeout if direction in self.sensed else self.hold
        return max(usual, self.extended) if extended else usual


@dataclass(frozen=True, slots=True)
class OpenGrant:
    """The grant that is open."""

    seq: int  # journal row of the decision
    direction: Direction
    deadline: float  # monotonic s
    staff: bool = False
    released: bool = False  # the barrier took the order
    opened: bool = False  # the door opened on it
    blind: bool = False  # a device that can tell whether somebody passed was lost meanwhile


@dataclass(frozen=True, slots=True)
class LaneState:
    """The state of one lane.  `step` returns the next one."""

    usual: Mode = Mode.ENFORCE  # the configuration's
    scheduled: Mode | None = None
    orders: frozenset[Mode] = frozenset()  # standing orders of staff
    terms: Mapping[Mode, OrderTerms] = field(default_factory=dict)  # of those orders whose terms are known
    panic: bool = False  # the lockdown switch
    fire: bool = False  # latched until staff reset it
    loop_open: bool = False  # the fire loop, as it is now
    tampered: bool = False
    grant: OpenGrant | None = None
    granted_at: float = NEVER  # of the last grant
    exit: float | None = None  # end of the release of the way out by the button
    rex_waits: bool = False  # the button is pressed, and not served yet
    interlocked: bool = False  # the other door of a mantrap is open or released
    panic_known: bool = True  # False: a lockdown switch is fitted, and has not answered since the start
    interlock_known: bool = True  # the same for the other door
    extend_until: float | None = None  # monotonic s: the next person before that has more time
    stance: Stance = Stance.CONTROLLED  # the last one ordered
    door: DoorState = field(default_factory=DoorState)
    missing: frozenset[str] = frozenset()  # devices without which no pass can be served
    faults: frozenset[ContactFault] = frozenset()  # of contacts that stick or chatter
    unseen_entries: int = 0  # openings in a row without a person seen to go in
    unseen_exits: int = 0  # the same for the way out, by grant or button

    @property
    def mode(self) -> Mode:
        orders = self.orders | ({Mode.LOCKED_DOWN} if self.panic else set())
        return prevailing(orders, self.scheduled, self.usual)

    @property
    def ends(self) -> float | None:
        """Return when the order behind the mode ends by itself, in Unix s; None for a mode that no such order made."""
        by_switch = self.panic and self.mode is Mode.LOCKED_DOWN
        return None if by_switch or self.mode not in self.terms else self.terms[self.mode].until

    @property
    def out_of_order(self) -> bool:
        """Return whether no pass can be served.  A way that stands open needs neither reader nor lock."""
        return self.stance is not Stance.FREE and bool(self.missing or self.door.alarms & FAULTS)

    @property
    def alarms(self) -> frozenset[Alarm]:
        own = {
            Alarm.TAMPER: self.tampered,
            Alarm.SENSOR_SILENT: max(self.unseen_entries, self.unseen_exits) >= SILENT_AFTER,
            Alarm.CONTACT_FAULT: bool(self.faults),
        }
        return self.door.alarms | {alarm for alarm, on in own.items() if on}

    @property
    def in_doubt(self) -> frozenset[str]:
        """Return the devices that are lost, or have a contact that sticks or chatters."""
        return self.missing | {fault.source for fault in self.faults}

    def seen(self, *directions: Direction) -> "LaneState":
        """Note that somebody was seen to go that way."""
        entries = 0 if Direction.ENTRY in directions else self.unseen_entries
        exits = 0 if Direction.EXIT in directions else self.unseen_exits
        return replace(self, unseen_entries=entries, unseen_exits=exits)

    def unseen(self, direction: Direction) -> "LaneState":
        """Note one more opening for that way on which nobody was seen."""
        if direction is Direction.ENTRY:
            return replace(self, unseen_entries=self.unseen_entries + 1)
        return replace(self, unseen_exits=self.unseen_exits + 1)

    @property
    def occupied(self) -> bool:
        """Return whether the way is released or open: the other door of a mantrap must stay shut."""
        way_open = self.door.open or self.stance is Stance.FREE
        return bool(self.grant or self.exit is not None or way_open)

    @property
    def taken(self) -> bool:
        """Return whether somebody is being let through, or nobody can be: a fire, the other door of a mantrap."""
        return bool(self.fire or self.grant or self.exit is not None or self.interlocked)

    @property
    def busy(self) -> bool:
        """Return whether a person who shows a code now has to wait."""
        return self.taken or bool(self.door.open and self.stance is not Stance.FREE)

    @property
    def phase(self) -> Phase:
        if self.fire:
            return Phase.FIRE
        if closed := _PHASES.get(self.mode):
            return closed
        if self.grant or self.exit is not None:
            return Phase.RELEASED
        if self.out_of_order:
            return Phase.OUT_OF_SERVICE
        if self.stance is Stance.FREE:
            return Phase.FREE
        return Phase.BUSY if self.busy else Phase.READY

    def refusal(self, direction: Direction) -> Reason | None:
        """Return why a pass shown now is refused unread, or None."""
        return refusal(self.mode, direction) or (Reason.DEVICE_FAILED if self.out_of_order else None)
