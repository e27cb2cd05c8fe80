"""Which time the gate believes.  Pure.

    trusted = max(system clock, floor), and never backwards

The floor is the largest time ever signed for this gate or journalled by it.  A system clock below it is
behind: the gate reckons on from the floor by a clock that only counts seconds, says so, and after a
while trusts it no more, for nobody knows how long the device was switched off.

    last = begin(kept, system, ticks)              when the gate starts
    last = advance(last, system, ticks)            whenever somebody asks for the time
    last = heed(last, stated)                      when a signed list speaks of a later time

`system` is Unix seconds as the machine has them; `ticks` are seconds of a clock that is never set and
goes on counting while the machine sleeps.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

TOLERANCE = 60.0
"""Seconds by which the system clock may be behind without a word: what a quartz gains in a fortnight at
its worst, and loses when the network corrects it."""

EASE = 0.5
"""Within the tolerance the trusted clock goes at this pace until the system clock has caught up."""


class Standing(StrEnum):
    TRUSTED = "trusted"
    BEHIND = "behind"  # clock_behind: the gate goes on, reckoning from the floor
    UNTRUSTED = "untrusted"  # behind for too long: nobody enters (clock_untrusted)


@dataclass(frozen=True, slots=True)
class Kept:
    """What outlives the process."""

    floor: float | None = None  # Unix s; None: no time was ever signed or journalled
    behind_for: float | None = None  # seconds of running since the clock was found behind; None: it was right


@dataclass(frozen=True, slots=True)
class Reckoning:
    """The trusted time at one moment, and what the next is reckoned from."""

    now: float  # Unix s, trusted
    ticks: float  # the moment
    behind: float = 0.0  # seconds from the system clock to `now`
    behind_for: float = 0.0  # seconds of running since the clock was found behind

    @property
    def is_behind(self) -> bool:
        return self.behind > TOLERANCE

    @property
    def kept(self) -> Kept:
        return Kept(self.now, self.behind_for if self.is_behind else None)

    def standing(self, untrusted_for: float) -> Standing:
        """`untrusted_for`: seconds of running on a clock that is behind."""
        if not self.is_behind:
            return Standing.TRUSTED
        return Standing.UNTRUSTED if self.behind_for >= untrusted_for else Standing.BEHIND


def begin(kept: Kept, system: float, ticks: float) -> Reckoning:
    now = system if kept.floor is None else max(system, kept.floor)
    began = Reckoning(now, ticks, now - system)
    return replace(began, behind_for=kept.behind_for or 0.0) if began.is_behind else began


def advance(last: Reckoning, system: float, ticks: float) -> Reckoning:
    passed = max(0.0, ticks - last.ticks)
    reckoned = last.now + passed
    if reckoned - system > TOLERANCE:
        behind_for = last.behind_for + passed if last.is_behind else 0.0
        return Reckoning(reckoned, ticks, reckoned - system, behind_for)
    now = max(system, last.now + passed * EASE)
    return Reckoning(now, ticks, now - system)


def heed(last: Reckoning, stated: float) -> Reckoning:
    """`stated`: Unix s that something signed speaks of, so it is at least as late as that."""
    if stated <= last.now:
        return last
    return replace(last, now=stated, behind=last.behind + stated - last.now)
