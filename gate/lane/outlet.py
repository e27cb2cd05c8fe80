"""The outlets of a lane: events for page and metrics, signals for lamps, lines for the log.

No outlet is read back, and none can block the lane.
"""

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from gate.core.lane.effects import Alarmed, Passed
from gate.core.lane.modes import Alarm, Mode, Phase
from gate.core.lane.state import LaneState
from gate.core.model import Stance
from gate.core.outlet_events import (
    AlarmChanged,
    Coached,
    CodeSeen,
    CodesInView,
    Decided,
    DeviceChanged,
    Event,
    GrantEnded,
    ListChanged,
    PhaseChanged,
    ReaderDropped,
)
from gate.core.reason import Reason
from gate.core.staleness import AgeLimits, Freshness
from gate.lane.facts import LaneFacts, LastDecision
from gate.lane.judge import Verdict
from gate.lane.signals import signal_of
from gate.lane.timers import Every
from gate.logs import Log
from gate.ports.clock import TrustedClock
from gate.ports.feedback import Feedback, Signal
from gate.ports.reader import Coaching
from gate.store.admission import Presented
from gate.store.list_reader import ListState
from gate.store.loss import ADVICE, Loss

log = Log(part="lane")

VERDICT_SHOWN = 3.0  # seconds that the lamps show a refusal
COACHED_EVERY = 1.0  # seconds between two hints: a person takes as long to follow one


T = TypeVar("T")


class OnChange(Generic[T]):
    """A remembered value.  `differs` returns whether the next one is another, and remembers that one."""

    def __init__(self, first: T) -> None:
        self.value = first

    def differs(self, value: T) -> bool:
        before, self.value = self.value, value
        return value != before


class Outlet:
    """The outlets of one lane; belongs to its event loop.  Every method returns at once."""

    def __init__(
        self, clock: TrustedClock, limits: AgeLimits, publish: Callable[[Event], None], lamps: Sequence[Feedback]
    ) -> None:
        self._clock = clock
        self._limits = limits
        self._publish = publish
        self._lamps = lamps
        self._phase: OnChange[Phase | None] = OnChange(None)
        self._mode: OnChange[Mode | None] = OnChange(None)
        self._ends: OnChange[float | None] = OnChange(None)  # as LaneState.ends
        self._list: OnChange[tuple[int | None, int | None, Freshness] | None] = OnChange(None)
        self._in_view = OnChange((False, False, False))
        self._lost, self._page_lost = OnChange(False), OnChange(False)
        self._coached = Every(COACHED_EVERY)
        self._faults = OnChange("")  # of contacts, as published
        self._refusal_until = 0.0  # monotonic s until which the lamps show a refusal; 0: they show none
        self.facts = LaneFacts(clock.now())

    def code_seen(self, reader: str) -> None:
        self._publish(CodeSeen(self._clock.now(), reader))
        self._signal(Signal.SEEN)

    def coached(self, coaching: Coaching, now: float) -> None:
        """Report a hint, one every COACHED_EVERY.  `now`: monotonic seconds."""
        if self._coached.due(now):
            self._publish(Coached(self._clock.now(), coaching.reader, coaching.hint))

    def in_view(self, in_view: tuple[bool, bool, bool], state: LaneState) -> None:
        """Report the codes in view.  `in_view`: answered, waiting and going, as in
        `gate.core.outlet_events.CodesInView`."""
        if self._in_view.differs(in_view):
            self._publish(CodesInView(self._clock.now(), *in_view))
            if state.phase in (Phase.RELEASED, Phase.BUSY):
                self.show_state(state)

    def verdict(self, where: Presented, verdict: Verdict, ms: float, *, through: bool) -> None:
        """Report a verdict.  `ms`: from the frame, or from the order of staff, to the committed decision.
        `through`: the way is open for this person, not merely meant to be."""
        decision, reader = verdict.decision, where.reader
        reason, admitted = decision.reason, decision.admitted
        more = decision.used_at, decision.again_at, decision.hint
        self.facts.last = LastDecision(verdict.seq, self._clock.now(), reason, where.direction)
        write = log.debug if verdict.counted else log.info  # else junk before a camera also floods the log
        write("decision", reason=reason.value, seq=verdict.seq, reader=reader, ms=round(ms, 1), through=through)
        self._publish(
            Decided(self._clock.now(), reader, where.direction, reason, admitted, through, where.mode, ms, *more)
        )
        if reason is not Reason.LANE_BUSY or through:  # a person refused as busy has left, and another goes through
            self._signal(Signal.ADMITTED if through else Signal.REFUSED)
            self._refusal_until = 0.0 if through else self._clock.monotonic() + VERDICT_SHOWN

    def grant_ended(self, passed: Passed) -> None:
        self._publish(GrantEnded(self._clock.now(), passed))

    def state(self, state: LaneState) -> None:
        """Report the lane's state after an event, when its phase, mode or contact faults have changed."""
        if self._faults.differs(what := _contact_faults(state)):  # one more contact, or one less
            self._publish(AlarmChanged(self._clock.now(), Alarm.CONTACT_FAULT, bool(what), what))
        first = self._phase.value is None
        another = self._phase.differs(state.phase)
        if another:
            self.facts.since = self._clock.now()
        news = (self._mode.differs(state.mode), self._ends.differs(state.ends))
        if another or any(news):
            self._publish(PhaseChanged(self._clock.now(), state.phase, state.mode, state.ends))
        if another and not first:
            self.show_state(state)

    def alarm(self, alarmed: Alarmed, state: LaneState) -> None:
        what = ""
        if alarmed.alarm is Alarm.CONTACT_FAULT:
            self._faults.value = what = _contact_faults(state)
        log.warning("alarm", alarm=alarmed.alarm.value, on=alarmed.on, **({"what": what} if what else {}))
        self._publish(AlarmChanged(self._clock.now(), alarmed.alarm, alarmed.on, what))
        self.show_state(state)

    def stands(self, stance: Stance, state: LaneState) -> None:
        if stance is Stance.FREE:
            why = "a fire alarm" if state.fire else f"mode {state.mode}"
            log.warning("the barrier is ordered to stand open", because=why)

    def device(self, name: str, driver: str, problem: str) -> None:
        self._publish(DeviceChanged(self._clock.now(), name, driver, problem))

    def page(self, state: LaneState, *, is_lost: bool) -> None:
        """Report on the lamps whether the page is shown: without it they are all that staff see."""
        if self._page_lost.differs(is_lost) and not self._refusal_until:
            self.show_state(state)

    def dropped(self, name: str, what: str, count: int) -> None:
        """Report the number of things that reader `name` has dropped since the start."""
        self._publish(ReaderDropped(self._clock.now(), name, what, count))

    def status_list(self, known: ListState) -> None:
        now = self._clock.now()
        self.facts.list = known
        freshness = self._limits.grade(known.as_of, now)
        if self._list.differs((known.version, known.as_of, freshness)):
            self._publish(ListChanged(now, known.version, known.as_of, freshness))

    def loss(self, loss: Loss | None) -> str:
        """Report the last loss of the journal, an alarm until staff confirm; return the problem for staff, or
        ""."""
        unconfirmed = loss if loss is not None and loss.confirmed is None else None
        lost = unconfirmed is not None
        if self._lost.differs(lost):
            self._publish(AlarmChanged(self._clock.now(), Alarm.JOURNAL_LOST, lost))
        return f"the journal was lost ({unconfirmed.what}). {ADVICE}" if unconfirmed else ""

    def tick(self, now: float, state: LaneState) -> None:
        """Switch the lamps when their time is over.  `now`: monotonic seconds."""
        if self._refusal_until and now > self._refusal_until:
            self._refusal_until = 0.0
            self.show_state(state)

    def show_state(self, state: LaneState) -> None:
        """Let the lamps show the state, instead of a verdict or a test."""
        _, waiting, going = self._in_view.value
        if signal := signal_of(state, queue=waiting and not going, page_lost=self._page_lost.value):
            self._signal(signal)

    def _signal(self, signal: Signal) -> None:
        for lamp in self._lamps:
            lamp.show(signal)


def _contact_faults(state: LaneState) -> str:
    """Return the faults of the lane's contacts, in words."""
    return "; ".join(sorted(fault.what for fault in state.faults))
