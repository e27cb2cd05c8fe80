"""The trusted time of a gate.  Pure.

It has three parts, and the source of each may be wrong in its own way:

    signed    the list's as_of, carried on by running time: a floor that never goes back
    steady    the time before the last step of the system clock, carried on by running time
    now       the time that the gate uses: the steady time, and the trusted steps since

The system clock alone moves `now`, and takes back its own steps.  Below `steady` it needs evidence (a
time service for an hour, or a newly signed statement); nothing takes the gate below `signed`.
gate/decisions/0003-trusted-time.md lists who can falsify it and how far.

    last = begin(kept, reading)                  when the gate starts
    last = advance(last, reading)                whenever the time is read
    last = apply_signed_time(last, stated)       when a signed list carries a time
    last = apply_witnessed_time(last, stated)    when passes of several holders bear witness to one
    last = reset(last, number, to)               when the offline keys, or a person, declare the floors wrong

Times are Unix seconds.
"""

from datetime import UTC, datetime
from enum import StrEnum
from typing import NamedTuple

from gate.core.kept_time import Evidence, Kept

TOLERANCE = 60.0
"""Seconds by which the system clock may differ unreported: the gain of a quartz in a fortnight at its worst, and
its loss when the network corrects it."""

GAIN_FADES = 60.0 / 3600.0
"""Seconds for each second of running by which the system clock may lead beyond the tolerance: many small steps are
trusted no more than a large one.  An hour corrects what a quartz gains in a fortnight."""

EASE = 0.5
"""The pace of the trusted clock within the tolerance, until the system clock has caught up."""

SETTLES_WITHIN = 300.0
"""Seconds since the machine's start in which a time service usually sets the clock for the first time: it
needs the network, which comes within a minute."""

STANDS_AFTER = 6 * 3600.0
"""Seconds of running after which a step of the clock that nothing has contradicted is steady, and after which a
leap that the running time contradicts is trusted: longer than a fault of a time server lasts."""

SYNCHRONISED_STANDS_AFTER = 3600.0
"""The same for a step while a time service keeps the clock.  Also how long the service must keep a clock below
`steady` until that clock is trusted."""

SUPPORTS_WITHIN = 3600.0
"""Seconds between a newly signed statement and the system clock for the one to support the other.  A sync checks
for lists every 15 min (`[sync] every`), and lists are seldom published more than an hour before that."""

CONTRADICTS_AFTER = 86400.0
"""Seconds by which a newly signed statement must lie before the trusted time to count against it: lists are
published every day, so the newest one is seldom older."""

RATE = 0.9998
"""Seconds of time for a second of running, at least.  What was signed is carried on at the pace of the worst quartz
(200 ppm) at most, so that it stays a lower bound."""

LATEST = 253402041600.0
"""Unix s: 29 Dec 9999, 00:00 UTC.  No clock is trusted beyond: calendars end two days later."""


class ClockTrust(StrEnum):
    """The trust in the system clock."""

    TRUSTED = "trusted"
    AHEAD = "ahead"  # the system clock leapt ahead of the running time: the gate uses the latter
    BEHIND = "behind"  # clock_behind: the gate continues from the last trusted time
    UNTRUSTED = "untrusted"  # behind for too long: nobody enters (clock_untrusted)


class Ntp(StrEnum):
    """The state of network time."""

    SYNCHRONISED = "synchronised"
    NOT_SYNCHRONISED = "not_synchronised"
    UNKNOWN = "unknown"


def day(seconds: float) -> str:
    """Return Unix s as a day for a person; years beyond the calendar are given by their number."""
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")
    except (ValueError, OverflowError, OSError):
        return f"{seconds:.0f} s"


class ClockReading(NamedTuple):
    """The clocks of a machine at one moment."""

    system: float  # Unix s, may be set by anybody
    ticks: float  # seconds since the machine's start, never set; runs on while it sleeps
    boot: str = ""  # identifies this start of the machine; "" when unknown
    synchronised: bool = False  # a time service keeps the system clock


class Reckoning(NamedTuple):
    """The trusted time at one moment, and the base of the next."""

    now: float
    ticks: float  # the moment
    behind: float = 0.0  # seconds from the system clock to `now`; below 0 the system clock is ahead
    behind_for: float = 0.0  # seconds of running since the clock was found behind
    steady: float = 0.0
    signed: float = 0.0
    stated: float = 0.0  # the latest signed statement itself
    stood: float = 1.0  # how far the last step has become steady, 0 to 1
    ahead_for: float = 0.0  # seconds of running that a leap ahead has stood
    healing_for: float = 0.0  # seconds of running in which a time service has contradicted `steady`
    boot: str = ""
    synchronised: bool = False  # a time service has kept the clock since this start of the machine
    resets: int = 0
    gained: float = 0.0  # seconds by which the system clock has lately led `now` ahead of the running time
    lags: bool = False  # time may have passed that this machine did not count: `now` is the least that it can be

    @property
    def is_behind(self) -> bool:
        return self.behind > TOLERANCE

    @property
    def is_ahead(self) -> bool:
        return self.behind < -TOLERANCE

    @property
    def kept(self) -> Kept:
        return Kept(
            self.now,
            self.behind_for if self.is_behind else None,
            self.steady,
            self.signed or None,
            self.ticks,
            self.boot,
            self.synchronised,
            self.resets,
            self.stated or None,
            evidence=Evidence(
                self.behind,
                self.lags,
                self.stood,
                self.ahead_for,
                self.healing_for,
                self.gained,
                self.stated,
            ),
        )

    def standing(self, untrusted_for: float) -> ClockTrust:
        """Return the trust in the clock.  `untrusted_for`: seconds of running on a clock that is behind."""
        if self.is_ahead:
            return ClockTrust.AHEAD
        if not self.is_behind:
            return ClockTrust.TRUSTED
        return ClockTrust.UNTRUSTED if self.behind_for >= untrusted_for else ClockTrust.BEHIND


def begin(kept: Kept, reading: ClockReading) -> Reckoning:
    """Return the first reckoning of a process.  In the same start of the machine it continues the one before, as
    the running time in between is known; after a new start it is unknown how long the machine was off.  A list that
    came meanwhile is a newly signed statement, as under a running gate."""
    reading = _bounded(reading)
    as_of, synced = min(kept.as_of or 0.0, LATEST), min(kept.synced or 0.0, LATEST)
    if kept.floor is not None and kept.ticks is not None and kept.boot and kept.boot == reading.boot:
        return apply_signed_time(advance(_continued(_former(kept, reading), kept, reading), reading), as_of)
    last = _former(kept.lived(), reading)
    if kept.floor is None and not as_of:  # the clock has nothing to go back to
        return last._replace(now=reading.system, steady=reading.system, synchronised=reading.synchronised)
    if kept.floor is None and reading.system < as_of - TOLERANCE:  # only then does it add to the list
        last = last._replace(now=synced, steady=synced)
    last = _signed(last, as_of)
    if reading.system > last.now + TOLERANCE:
        last = _step(last, reading, 0.0)
    elif reading.system < last.now - TOLERANCE:  # a step trusted by a former start cannot be told from time
        last = _behind(last._replace(steady=last.now, stood=1.0, lags=True), reading, 0.0)
    else:
        last = _in_step(last, reading, 0.0)
    return apply_signed_time(last, as_of)


def _former(kept: Kept, reading: ClockReading) -> Reckoning:
    """Return the reckoning of a former process, as far as it holds for any start of the machine."""
    floor, signed = min(kept.floor or 0.0, LATEST), min(kept.signed or 0.0, LATEST)
    steady = floor if kept.steady is None else min(kept.steady, floor)
    as_of = min(kept.as_of or 0.0, LATEST)
    return Reckoning(
        floor,
        reading.ticks,
        behind=0.0 if kept.behind_for is None else 2 * TOLERANCE,
        behind_for=kept.behind_for or 0.0,
        steady=steady,
        signed=signed,
        stated=max(as_of, signed) if kept.evidence is None else min(kept.evidence.stated, LATEST),
        stood=0.0 if steady < floor else 1.0,
        boot=reading.boot,
        resets=kept.resets,
    )


def _continued(last: Reckoning, kept: Kept, reading: ClockReading) -> Reckoning:
    """Return the reckoning with what holds in the same start of the machine only.  `kept` has ticks."""
    last = last._replace(ticks=min(kept.ticks or 0.0, reading.ticks), synchronised=kept.synchronised)
    known = kept.evidence
    if known is None:  # why the clock was behind is not known: as if the machine had been off
        return last._replace(lags=last.is_behind)
    return last._replace(
        behind=known.behind,
        lags=known.lags,
        stood=known.stood,
        ahead_for=known.ahead_for,
        healing_for=known.healing_for,
        gained=known.gained,
    )


def advance(last: Reckoning, reading: ClockReading) -> Reckoning:
    """Return the reckoning at this reading of the clocks."""
    reading = _bounded(reading)
    passed = max(0.0, reading.ticks - last.ticks)
    gap = reading.system - (last.now + passed)
    if gap > TOLERANCE - last.gained and gap > TOLERANCE - _gained(last, passed):
        return _ahead(last, reading, passed)
    if gap < -TOLERANCE:
        return _behind(last, reading, passed)
    return _in_step(last, reading, passed)


def apply_signed_time(last: Reckoning, stated: float) -> Reckoning:
    """Take a signed statement.  `stated`: the time in it, so it is at least as late as that."""
    stated = min(stated, LATEST)
    is_new, before, system = stated > last.stated, last, last.now - last.behind
    last = _signed(last._replace(stated=max(last.stated, stated)), stated)
    if not is_new or abs(system - stated) > SUPPORTS_WITHIN:
        return last
    late = before.is_behind and before.now - stated > CONTRADICTS_AFTER
    early = before.is_ahead and stated - before.now > TOLERANCE
    if not (late or early):
        return last
    now = max(system, last.signed - TOLERANCE)  # clock and statement support each other against the reckoning
    at_rest = last._replace(behind_for=0.0, ahead_for=0.0, healing_for=0.0)
    return at_rest._replace(now=now, behind=now - system, steady=now, stood=1.0)


def apply_witnessed_time(last: Reckoning, stated: float) -> Reckoning:
    """Take a time from witnesses: it is trusted as a step of the clock is, and taken back as easily."""
    if stated <= last.now:
        return last
    later = min(stated, LATEST)
    return last._replace(now=later, behind=last.behind + later - last.now, stood=0.0, lags=True)


def reset(last: Reckoning, number: int, to: float) -> Reckoning:
    """Forget every floor but `to`, and use the system clock where that is later."""
    system, to = last.now - last.behind, min(to, LATEST)
    now = max(system, to)
    fresh = Reckoning(now, last.ticks, now - system, steady=now, signed=to, stated=to)
    return fresh._replace(boot=last.boot, synchronised=last.synchronised, resets=number, lags=now > system)


def _signed(last: Reckoning, stated: float) -> Reckoning:
    """Return the reckoning with no part earlier than the signed time."""
    if stated <= last.signed:  # known, and `now` may be earlier by what the tolerance allows
        return last
    last = last._replace(signed=stated, steady=max(last.steady, stated))
    if stated <= last.now:
        return last
    return last._replace(now=stated, behind=last.behind + stated - last.now, steady=stated, stood=1.0, lags=True)


def _moved(last: Reckoning, reading: ClockReading, passed: float) -> Reckoning:
    """Return the reckoning carried on by the running time, before it is judged."""
    return last._replace(
        ticks=max(last.ticks, reading.ticks),
        steady=last.steady + passed,
        signed=last.signed + passed * RATE if last.signed else 0.0,
        boot=reading.boot,
        synchronised=last.synchronised or reading.synchronised,
        gained=_gained(last, passed),
    )


def _gained(last: Reckoning, passed: float) -> float:
    return max(0.0, last.gained - passed * GAIN_FADES)


def _ahead(last: Reckoning, reading: ClockReading, passed: float) -> Reckoning:
    moved = _moved(last, reading, passed)
    first_set = reading.ticks < SETTLES_WITHIN or (reading.synchronised and not last.synchronised)
    if (last.is_behind and last.lags) or first_set:  # a clock that fell back under the running gate proves nothing
        return _step(last, reading, passed)
    now = last.now + passed
    behind = now - reading.system
    same = last.is_ahead and abs(behind - last.behind) <= TOLERANCE
    ahead_for = last.ahead_for + passed if same else 0.0
    if ahead_for >= STANDS_AFTER:
        return _step(last, reading, passed)
    return moved._replace(now=now, behind=behind, behind_for=0.0, ahead_for=ahead_for, healing_for=0.0)


def _step(last: Reckoning, reading: ClockReading, passed: float) -> Reckoning:
    """Trust the system clock; `steady` stays where it was."""
    moved = _moved(last, reading, passed)
    at_rest = moved._replace(behind_for=0.0, ahead_for=0.0, healing_for=0.0)
    return at_rest._replace(now=reading.system, behind=0.0, stood=0.0, gained=0.0, lags=False)


def _in_step(last: Reckoning, reading: ClockReading, passed: float) -> Reckoning:
    """Advance in the usual case, several times a decision: every value is computed once."""
    signed = last.signed + passed * RATE if last.signed else 0.0
    steady = last.steady + passed
    now = max(reading.system, last.now + passed * EASE, signed - TOLERANCE)
    gained = last.gained - passed * GAIN_FADES + now - last.now - passed
    stood = last.stood
    if stood < 1.0:
        stands_after = SYNCHRONISED_STANDS_AFTER if reading.synchronised else STANDS_AFTER
        stood = min(1.0, stood + passed / stands_after)
    if stood >= 1.0 or now - steady <= TOLERANCE or steady > now:
        steady = now
    return Reckoning(
        now,
        max(last.ticks, reading.ticks),
        now - reading.system,
        0.0,
        steady,
        signed,
        last.stated,
        stood,
        0.0,
        0.0,
        reading.boot,
        last.synchronised or reading.synchronised,
        last.resets,
        gained if gained > 0.0 else 0.0,
    )


def _behind(last: Reckoning, reading: ClockReading, passed: float) -> Reckoning:
    moved, system, now = _moved(last, reading, passed), reading.system, last.now + passed
    signed = moved.signed - TOLERANCE
    withdrawn = max(moved.steady - TOLERANCE, signed)
    if withdrawn <= system and moved.steady < now - TOLERANCE:  # the clock takes back its own step
        at_rest = moved._replace(behind_for=0.0, ahead_for=0.0, healing_for=0.0)
        now = max(system, moved.steady)
        return at_rest._replace(now=now, behind=now - system)
    contradicts = reading.synchronised and system >= signed
    healing_for = last.healing_for + (passed if last.is_behind else 0.0) if contradicts else 0.0
    if healing_for >= SYNCHRONISED_STANDS_AFTER:
        return _step(last, reading, passed)._replace(steady=system, stood=1.0)
    behind_for = last.behind_for + passed if last.is_behind else 0.0
    behind = now - system
    return moved._replace(now=now, behind=behind, behind_for=behind_for, ahead_for=0.0, healing_for=healing_for)


def _bounded(reading: ClockReading) -> ClockReading:
    """Return a reading within the calendar: a clock that shows no time, or one beyond it, shows the first or the
    last that it has."""
    system = reading.system
    if 0.0 <= system <= LATEST:
        return reading
    return reading._replace(system=LATEST if system > LATEST else 0.0)  # not a number: the first
