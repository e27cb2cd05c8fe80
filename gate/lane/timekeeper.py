"""The lane's clock: its reports, its sources, and when the time is stored for the next start."""

from collections.abc import Callable

from gate.core.model import Direction
from gate.core.outlet_events import ClockChanged, Event
from gate.core.reason import Reason
from gate.core.staleness import AgeLimits
from gate.core.time_reset import TimeReset
from gate.core.trusted_time import TOLERANCE, ClockTrust, Ntp
from gate.core.witnesses import Witnesses
from gate.logs import Log
from gate.ports.clock import TrustedClock
from gate.store.list_reader import ListState

log = Log(part="lane")

# Seconds of trusted time that a power cut can take from a lane where nobody comes.
KEEP_EVERY = 600.0
LONGEST_NEWS = 400  # characters of a row: a clock that is set to and fro while the store fails
KEEP_BEHIND_EVERY = 60.0  # while every second counts towards `untrusted_for`

_WORDS = {
    ClockTrust.TRUSTED: "right again",
    ClockTrust.AHEAD: "ahead by {:.0f} s: going on by the running time",
    ClockTrust.BEHIND: "behind by {:.0f} s",
    ClockTrust.UNTRUSTED: "behind by {:.0f} s for too long: nobody enters",
}


class Timekeeper:
    """The timekeeper of one lane; belongs to its event loop."""

    def __init__(self, clock: TrustedClock, publish: Callable[[Event], None]) -> None:
        self._clock = clock
        self._publish = publish
        self._reported: ClockChanged | None = None
        self._store_due = 0.0
        self._unstored = ""  # what a failing store did not take
        self._was_synchronised = False
        self._list = ListState()
        self._witnesses = Witnesses()
        self._reset: TimeReset | None = None  # applied, and not stored yet

    @property
    def is_doubted(self) -> bool:
        """Return whether the time is known to be too early, as far as the gate can tell."""
        return self._clock.standing() is not ClockTrust.TRUSTED

    def refusal(self, direction: Direction) -> Reason | None:
        """Return why the clock refuses a pass, or None.  Leaving is allowed whatever the clock shows."""
        if direction is Direction.ENTRY and self._clock.standing() is ClockTrust.UNTRUSTED:
            return Reason.CLOCK_UNTRUSTED
        return None

    def is_news(self, known: ListState) -> bool:
        """Return whether this is another list than the last one applied."""
        return (known.version, known.as_of) != (self._list.version, self._list.as_of)

    def apply_list(self, known: ListState, ordered: TimeReset | None) -> None:
        """Take the time of the list that is held now.  `ordered`: the reset of the time that came with it."""
        self._list = known
        if ordered is not None and ordered.number > self._clock.kept().resets:
            self._clock.reset(ordered.number, max(ordered.to, known.as_of or 0))
            self._reset = ordered
            log.warning("the authority has reset the time", to=ordered.to, number=ordered.number)
        if known.as_of is not None:
            self._clock.apply_signed_time(known.as_of)
            self._store_due = 0.0  # evidence that is not known over a restart would count twice

    def add_witness(self, idx: int, issued_at: int, limits: AgeLimits) -> None:
        """Take a pass whose issuer's signature holds as a witness, while the time is doubted.  Passes never make a
        list too old."""
        if self._list.as_of is None:
            return
        agreed = self._witnesses.add(idx, issued_at)
        if agreed is not None:
            self._clock.apply_witnessed_time(min(agreed, self._list.as_of + limits.refuse_after))

    def update(self, ntp: Ntp) -> str | None:
        """Report changes of the clock.  Return the journal's text to store beside the time, which may be empty;
        None: nothing is to be stored now."""
        self._clock.synchronise(synchronised=ntp is Ntp.SYNCHRONISED)
        if ntp is Ntp.SYNCHRONISED and not self._was_synchronised:
            self._was_synchronised, self._store_due = True, 0.0  # that a service sets the clock is new but once
        standing, behind, before = self._clock.standing(), self._clock.behind(), self._reported
        if before is None or self._is_news(before, standing, behind, ntp):
            self._reported = ClockChanged(self._clock.now(), standing, behind, ntp)
            self._publish(self._reported)
        if standing is ClockTrust.TRUSTED:
            self._witnesses.clear()
        words = [self._unstored, self._step()]
        if standing is not (before.standing if before else ClockTrust.TRUSTED):
            words.append(_WORDS[standing].format(abs(behind)))
            self._log(standing, behind)
        detail = ", ".join(filter(None, words))
        if not detail and self._clock.monotonic() < self._store_due:
            return None
        every = KEEP_EVERY if standing is ClockTrust.TRUSTED else KEEP_BEHIND_EVERY
        self._store_due, self._unstored = self._clock.monotonic() + every, ""
        return detail

    def not_stored(self, news: str) -> None:
        """Note that the store did not take the time and `news`, a result of `update`: the next one returns it
        again."""
        self._store_due, self._unstored = 0.0, news[:LONGEST_NEWS]

    def _step(self) -> str:
        """Return why the time moved against the running time; "" when it did not."""
        stepped, ordered, self._reset = self._clock.stepped(), self._reset, None
        if ordered is not None:
            return f"reset number {ordered.number} of the authority, {stepped:+.0f} s"
        return f"stepped by {stepped:+.0f} s" if abs(stepped) > TOLERANCE else ""

    def _is_news(self, before: ClockChanged, standing: ClockTrust, behind: float, ntp: Ntp) -> bool:
        """Return whether the change is worth a report; of the lag, only what a person would notice."""
        return (standing, ntp) != (before.standing, before.ntp) or abs(behind - before.behind) > TOLERANCE

    def _log(self, standing: ClockTrust, behind: float) -> None:
        if standing is ClockTrust.TRUSTED:
            log.info("the system clock is right again")
            return
        message = "the system clock is wrong: set it, and see `gate clock status`"
        log.error(message, clock=standing.value, behind_s=round(behind))
