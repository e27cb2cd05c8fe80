"""The door itself, as its contact and its lock's feedback tell: left open, forced, not locking.

Pure, on monotonic seconds.  A lane without these contacts raises none of these alarms.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

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
    open: bool | None = None  # None: not told yet
    home: bool | None = None  # the bolt; None: not told yet
    opened_at: float = NEVER  # from here the door counts as held open
    closed_at: float = NEVER
    excused_until: float = NEVER  # an opening before this is no break-in
    extended: bool = False  # of the last release
    unlock_due: float | None = None  # when the bolt must have come back
    lock_due: float | None = None  # when it must have gone home
    alarms: frozenset[Alarm] = frozenset()


def released(door: DoorState, at: float, timing: DoorTiming, *, extended: bool) -> DoorState:
    """The lock was told to open."""
    due = at + timing.obeys_within if timing.feedback and door.home is not False else None
    return replace(door, unlock_due=due, lock_due=None, extended=extended)


def locked(door: DoorState, at: float, timing: DoorTiming) -> DoorState:
    """The lock was told to close; an opening in the next moment still belongs to what went before."""
    return _expect_home(replace(door, unlock_due=None, excused_until=at + GRACE), at, timing)


def moved(door: DoorState, opened: bool, at: float, timing: DoorTiming, *, allowed: bool) -> DoorState:
    """The contact says so.  `allowed`: somebody may go through now."""
    if opened == door.open:
        return door
    if opened:
        forced = not allowed and at > door.excused_until and door.open is not None
        alarms = door.alarms | ({Alarm.FORCED_OPEN} if forced else set())
        return replace(door, open=True, opened_at=at, lock_due=None, alarms=alarms)
    over = {Alarm.FORCED_OPEN, Alarm.HELD_OPEN, Alarm.HELD_OPEN_SOON}
    closed_at = NEVER if door.open is None else at
    return _expect_home(replace(door, open=False, closed_at=closed_at, alarms=door.alarms - over), at, timing)


def bolted(door: DoorState, home: bool) -> DoorState:
    """The lock's feedback says so.  What it shows to have obeyed is no fault any more."""
    if home:
        return replace(door, home=True, lock_due=None, alarms=door.alarms - {Alarm.UNABLE_TO_LOCK})
    return replace(door, home=False, unlock_due=None, alarms=door.alarms - {Alarm.UNABLE_TO_UNLOCK})


def passing(door: DoorState, at: float, timing: DoorTiming, *, watched: bool, unlocked: bool) -> DoorState:
    """What time alone brings about.  `watched`: an open door is held open (not so when it is meant to
    stand open); `unlocked`: a release or a free stance holds."""
    alarms = door.alarms
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


def rex_ignored(door: DoorState, at: float, granted_at: float, timing: DoorTiming) -> str:
    """Why the exit button is not to be heard now; "" when it is.  Windows of one door each: it has just
    been released, it stands open, it has just fallen shut."""
    if at - granted_at < timing.ignore_rex_after_grant:
        return "just granted"
    if door.open and timing.ignore_rex_while_open:
        return "the door is open"
    if door.open is False and at - door.closed_at < timing.ignore_rex_after_close:
        return "just closed"
    return ""


def _expect_home(door: DoorState, at: float, timing: DoorTiming) -> DoorState:
    """A bolt can only go home in a closed door."""
    if not timing.feedback or door.open or door.home:
        return door
    return replace(door, lock_due=at + timing.obeys_within)
