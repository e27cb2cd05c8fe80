"""The door as its position switch and its lock's feedback report it: held open, forced, not locking.

Pure, on monotonic seconds.  A lane without these contacts raises none of these alarms.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self

from gate.core.lane.modes import Alarm

GRACE = 1.0
"""Seconds after a release's end in which an opening still belongs to it: contacts are debounced."""

NEVER = float("-inf")

FAULTS = frozenset({Alarm.UNABLE_TO_LOCK, Alarm.UNABLE_TO_UNLOCK})
"""Alarms of a lock that does not obey: nobody is let through on its word."""


class Relock(StrEnum):
    """When the lock falls again, at the latest when the time of the release is over."""

    TIMER = "timer"
    ON_OPEN = "open"  # as soon as the door has opened: for bolts that catch when it shuts
    ON_CLOSE = "close"  # as soon as the door has closed


@dataclass(frozen=True, slots=True)
class DoorTiming:
    """Seconds.  `contact`, `feedback`: whether the door and the lock are watched at all."""

    contact: bool = False
    feedback: bool = False
    relock: Relock = Relock.TIMER
    held_after: float = 30.0  # open for so long: alarm
    extended_held_after: float = 60.0  # the same, after an extended release
    warn_before: float = 10.0  # so long before the alarm a warning at the door
    obeys_within: float = 2.0  # the bolt must have moved by then
    ignore_rex_after_grant: float = 0.0
    ignore_rex_while_open: bool = False
    ignore_rex_after_close: float = 0.0


@dataclass(frozen=True, slots=True)
class DoorState:
    """Each method returns the door after one event."""

    open: bool | None = None  # None: not reported yet
    home: bool | None = None  # the bolt; None: not reported yet
    opened_at: float = NEVER  # from here the door counts as held open
    closed_at: float = NEVER
    excused_until: float = NEVER  # an opening before this is no break-in
    extended: bool = False  # of the last release
    unlock_due: float | None = None  # when the bolt must have come back
    lock_due: float | None = None  # when it must have gone home
    alarms: frozenset[Alarm] = frozenset()

    def unlock(self, at: float, timing: DoorTiming, *, extended: bool) -> Self:
        """The lock was ordered to open."""
        due = at + timing.obeys_within if timing.feedback and self.home is not False else None
        return replace(self, unlock_due=due, lock_due=None, extended=extended)

    def lock(self, at: float, timing: DoorTiming) -> Self:
        """The lock was ordered to close; an opening in the next moment still belongs to what went before."""
        return replace(self, unlock_due=None, excused_until=at + GRACE)._expect_home(at, timing)

    def contact_moved(self, opened: bool, at: float, timing: DoorTiming, *, allowed: bool) -> Self:
        """The position switch reports this.  `allowed`: somebody may go through now."""
        if opened == self.open:
            return self
        if opened:
            forced = not allowed and at > self.excused_until and self.open is not None
            alarms = self.alarms | ({Alarm.FORCED_OPEN} if forced else set())
            return replace(self, open=True, opened_at=at, lock_due=None, alarms=alarms)
        over = {Alarm.FORCED_OPEN, Alarm.HELD_OPEN, Alarm.HELD_OPEN_SOON}
        closed_at = NEVER if self.open is None else at
        return replace(self, open=False, closed_at=closed_at, alarms=self.alarms - over)._expect_home(at, timing)

    def bolt_moved(self, home: bool) -> Self:
        """The lock's feedback reports this.  An order that it shows as carried out is no fault any more."""
        if home:
            return replace(self, home=True, lock_due=None, alarms=self.alarms - {Alarm.UNABLE_TO_LOCK})
        return replace(self, home=False, unlock_due=None, alarms=self.alarms - {Alarm.UNABLE_TO_UNLOCK})

    def tick(self, at: float, timing: DoorTiming, *, watched: bool, unlocked: bool) -> Self:
        """Time alone has passed.  `watched`: an open door is held open (not so when it is meant to stand
        open); `unlocked`: a release or a free stance holds."""
        door, alarms = self, self.alarms
        if door.open and not watched:
            door, alarms = replace(door, opened_at=at), alarms - {Alarm.HELD_OPEN, Alarm.HELD_OPEN_SOON}
        elif door.open:
            limit = timing.extended_held_after if door.extended else timing.held_after
            stood = at - door.opened_at
            if stood >= limit:
                alarms = (alarms | {Alarm.HELD_OPEN}) - {Alarm.HELD_OPEN_SOON}
            elif stood >= limit - timing.warn_before and Alarm.FORCED_OPEN not in alarms:
                alarms = alarms | {Alarm.HELD_OPEN_SOON}
        if door.unlock_due is not None and at >= door.unlock_due:
            door, alarms = replace(door, unlock_due=None), alarms | {Alarm.UNABLE_TO_UNLOCK}
        if door.lock_due is not None and at >= door.lock_due and not unlocked:
            door, alarms = replace(door, lock_due=None), alarms | {Alarm.UNABLE_TO_LOCK}
        return replace(door, alarms=alarms)

    def why_rex_is_ignored(self, at: float, granted_at: float, timing: DoorTiming) -> str:
        """Why the exit button is ignored now; "" when it is not.  One window each: the door has just been
        released, it is open, it has just closed."""
        if at - granted_at < timing.ignore_rex_after_grant:
            return "just granted"
        if self.open and timing.ignore_rex_while_open:
            return "the door is open"
        if self.open is False and at - self.closed_at < timing.ignore_rex_after_close:
            return "just closed"
        return ""

    def _expect_home(self, at: float, timing: DoorTiming) -> Self:
        """A bolt can only go home in a closed door."""
        if not timing.feedback or self.open or self.home:
            return self
        return replace(self, lock_due=at + timing.obeys_within)
