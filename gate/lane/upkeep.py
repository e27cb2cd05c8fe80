"""Upkeep of the lane between people: the list, the time, the journal."""

from datetime import UTC, datetime

from gate.core.lane.hindrance import JOURNAL
from gate.core.lane.state import LaneState
from gate.core.staleness import AgeLimits
from gate.core.state_changes import StateChanges
from gate.lane.devices import LaneDevices
from gate.lane.judge import Watched
from gate.lane.judge_thread import JudgeThread
from gate.lane.outlet import Outlet
from gate.lane.presence import Presence
from gate.lane.timekeeper import Timekeeper
from gate.lane.timers import Every, TidyTimer
from gate.ports.clock import TrustedClock
from gate.runtime.ntp import read_ntp
from gate.store.list_reader import ListState
from gate.store.standing_orders import StandingOrders

LIST_CHECK = 2.0  # seconds between checks of list.db for page and metrics; a decision checks for itself


class Upkeep:
    """The upkeep of one lane; belongs to its event loop."""

    def __init__(
        self,
        device: str,
        limits: AgeLimits,
        clock: TrustedClock,
        judges: JudgeThread,
        timekeeper: Timekeeper,
        presence: Presence,
        devices: LaneDevices,
        outlet: Outlet,
        states: StateChanges,
    ) -> None:
        self._device, self._limits, self._clock, self._judges = device, limits, clock, judges
        self._timekeeper, self._presence, self._devices, self._outlet = timekeeper, presence, devices, outlet
        self._states = states
        self._list_check, self._tidy = Every(LIST_CHECK), TidyTimer()

    def decided(self) -> None:
        """Note a verdict: tidying waits for quiet."""
        self._tidy.decided(self._clock.monotonic())

    async def tick(self, now: float, state: LaneState) -> StandingOrders | None:
        """Do what is due.  Returns as `check`."""
        orders = await self.check(state) if self._list_check.due(now) else None
        if self._tidy.due(now) and await self._judges.call(lambda judge, at: judge.tidy(self._device, at)):
            self._tidy.again(now)
        return orders

    async def check(self, state: LaneState) -> StandingOrders | None:
        """Check list, journal and clock.  Return the standing orders when the journal was lost meanwhile, else
        None."""
        standing = StandingOrders(state.orders, state.fire, state.terms)
        watched = await self._judges.call(lambda judge, at: judge.watch(at, standing))
        await self.apply(watched)
        await self.keep_time()
        if changes := self._states.due(self._clock.monotonic()):
            await self._judges.call(lambda judge, _: judge.note_states(changes))
        return watched.orders

    async def apply(self, watched: Watched) -> None:
        """Apply the state of list and journal in `watched`."""
        ordered = None
        if self._timekeeper.is_news(watched.list):
            ordered = await self._judges.call(lambda judge, _: judge.time_reset())
        self._timekeeper.apply_list(watched.list, ordered)
        self._presence.trust(watched.list.version)
        self._note_list(watched.list)
        self._devices.problem(JOURNAL, self._outlet.loss(watched.loss))

    def _note_list(self, known: ListState) -> None:
        """Note another list, or another grade of its age, for page and journal."""
        self._outlet.status_list(known)
        now = self._clock.now()
        of = "" if known.as_of is None else datetime.fromtimestamp(known.as_of, UTC).isoformat()
        grade = self._limits.grade(known.as_of, now)
        self._states.status_list(known.version, of, grade, now, self._clock.monotonic())

    async def keep_time(self) -> None:
        """Store the trusted time for the next start, where it has changed or is due."""
        news = self._timekeeper.update(await self._judges.read(read_ntp))
        if news is not None:
            kept = self._clock.kept()
            if not await self._judges.call(lambda judge, at: judge.keep_time(kept, at, news)):
                self._timekeeper.not_stored(news)

    async def add_witness(self, text: str) -> None:
        """Take a pass as a witness of the time, on a gate whose clock is known to be wrong."""
        issued = await self._judges.call(lambda judge, _: judge.issued(text))
        if issued is not None:
            self._timekeeper.add_witness(*issued, self._limits)
