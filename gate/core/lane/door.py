"""The door, by its position switch and its lock's feedback: alarms for held open, forced, not locking.

Pure, on monotonic seconds.  A lane without these contacts raises none of these alarms.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self

from gate.core.lane.modes import Alarm

GRACE = 1.0
"""Seconds after the end of a release in which an opening still belongs to it: contacts are debounced."""

NEVER = float("-inf")

FAULTS = frozenset({Alarm.UNABLE_TO_LOCK, Alarm.UNABLE_TO_UNLOCK})
"""Alarms of a lock that does not obey: no pass is served while one lasts."""


class Relock(StrEnum):
    """The moment when the lock falls again: the end of the release at the latest."""

    TIMER = "timer"
    ON_OPEN = "open"  # as soon as the door has opened: for bolts that catch when it shuts
    ON_CLOSE = "close"  # as soon as the door has closed


@dataclass(frozen=True, slots=True)
class DoorEquipment:
    """The equipment of a door, and its limits in seconds.  `contact`, `feedback`: whether door and lock are
    monitored at all."""

    contact: bool = False
    feedback: bool = False
    relock: Relock = Relock.TIMER
    held_after: float = 30.0  # an open door raises the alarm after this
    extended_held_after: float = 60.0  # the same after an extended release
    warn_before: float = 10.0  # the warning at the door comes this long before the alarm
    obeys_within: float = 2.0  # limit for the bolt to move
    ignore_rex_after_grant: float = 0.0
    ignore_rex_while_open: bool = False
    ignore_rex_after_close: float = 0.0


@dataclass(frozen=True, slots=True)
class DoorState:
    """The door after its last event.  Each method returns the next state."""

    open: bool | None = None  # None: not reported yet
    home: bool | None = None  # the bolt; None: not reported yet
    opened_at: float = NEVER  # start of the held-open time
    closed_at: float = NEVER
    excused_until: float = NEVER  # an opening before this is not forced
    extended: bool = False  # of the last release
    unlock_due: float | None = None  # deadline for the bolt to come back
    lock_due: float | None = None  # deadline for the bolt to go home
    alarms: frozenset[Alarm] = frozenset()

    def unlock(self, at: float, equipment: DoorEquipment, *, extended: bool) -> Self:
        """Note that the lock was ordered to open."""
        due = at + equipment.obeys_within if equipment.feedback and self.home is not False else None
        return replace(self, unlock_due=due, lock_due=None, extended=extended)

    def lock(self, at: float, equipment: DoorEquipment) -> Self:
        """Note that the lock was ordered to close.  An opening within the grace time belongs to the release."""
        return replace(self, unlock_due=None, excused_until=at + GRACE)._expect_home(at, equipment)

    def contact_moved(self, opened: bool, at: float, equipment: DoorEquipment, *, allowed: bool) -> Self:
        """Take a report of the position switch.  `allowed`: somebody may go through now."""
        if opened == self.open:
            return self
        if opened:
            forced = not allowed and at > self.excused_until and self.open is not None
            alarms = self.alarms | ({Alarm.FORCED_OPEN} if forced else set())
            return replace(self, open=True, opened_at=at, lock_due=None, alarms=alarms)
        over = {Alarm.FORCED_OPEN, Alarm.HELD_OPEN, Alarm.HELD_OPEN_SOON}
        closed_at = NEVER if self.open is None else at
        return replace(self, open=False, closed_at=closed_at, alarms=self.alarms - over)._expect_home(at, equipment)

    def bolt_moved(self, home: bool) -> Self:
        """Take a report of the lock's feedback.  An order that it confirms is no longer a fault."""
        if home:
            return replace(self, home=True, lock_due=None, alarms=self.alarms - {Alarm.UNABLE_TO_LOCK})
        return replace(self, home=False, unlock_due=None, alarms=self.alarms - {Alarm.UNABLE_TO_UNLOCK})

    def tick(self, at: float, equipment: DoorEquipment, *, watched: bool, unlocked: bool) -> Self:
        """Raise what is due by time alone.  `watched`: an open door counts as held open (it does not when it
        is meant to stand open).  `unlocked`: a release or a free stance holds."""
        door, alarms = self, self.alarms
        if door.open and not watched:
            door, alarms = replace(door, opened_at=at), alarms - {Alarm.HELD_OPEN, Alarm.HELD_OPEN_SOON}
        elif door.open:
            limit = equipment.extended_held_after if door.extended else equipment.held_after
            stood = at - door.opened_at
            if stood >= limit:
                alarms = (alarms | {Alarm.HELD_OPEN}) - {Alarm.HELD_OPEN_SOON}
            elif stood >= limit - equipment.warn_before and Alarm.FORCED_OPEN not in alarms:
                alarms = alarms | {Alarm.HELD_OPEN_SOON}
        if door.unlock_due is not None and at >= door.unlock_due:
            door, alarms = replace(door, unlock_due=None), alarms | {Alarm.UNABLE_TO_UNLOCK}
        if door.lock_due is not None and at >= door.lock_due and not unlocked:
            door, alarms = replace(door, lock_due=None), alarms | {Alarm.UNABLE_TO_LOCK}
        return replace(door, alarms=alarms)

    def why_rex_is_ignored(self, at: float, granted_at: float, equipment: DoorEquipment) -> str:
        """Return why the exit button is ignored now, or "".  It is ignored when the door was just released, is
        open, or has just closed."""
        if at - granted_at < equipment.ignore_rex_after_grant:
            return "just granted"
        if self.open and equipment.ignore_rex_while_open:
            return "the door is open"
        if self.open is False and at - self.closed_at < equipment.ignore_rex_after_close:
            return "just closed"
        return ""

    def _expect_home(self, at: float, equipment: DoorEquipment) -> Self:
        """Expect the bolt to go home, if the door is closed: it cannot do so in an open one."""
        if not equipment.feedback or self.open or self.home:
            return self
        return replace(self, lock_due=at + equipment.obeys_within)
