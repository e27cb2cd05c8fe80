"""The lane: reader -> presence -> verify -> admit -> COMMIT -> release -> passage -> journal.

One loop takes events (a scan to decide, an input, the passing of time).  The pure reducer
`gate.core.lane.step.step` returns the effects, which are carried out in order.  Everything that touches SQLite runs
on one writing thread; nothing here waits for the network.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, TypeVar

from gate.core.journal_event import JournalEvent
from gate.core.lane.effects import Effect
from gate.core.lane.events import Granted, LaneEvent, OrdersDue, Released, ReleaseFailed, Scheduled, Tick
from gate.core.lane.state import BARRIER, LaneState
from gate.core.lane.step import step
from gate.core.lane.terms import is_due
from gate.core.model import Direction, Scan
from gate.core.outlet_events import Event
from gate.core.reason import Reason
from gate.core.state_changes import StateChanges
from gate.errors import DeviceError
from gate.lane.barrier_slot import BarrierSlot
from gate.lane.config import LaneConfig
from gate.lane.devices import Drops, LaneDevices
from gate.lane.effect_runner import EffectRunner
from gate.lane.facts import LaneFacts
from gate.lane.input_events import ButtonPressed
from gate.lane.interlock import DoorInterlock
from gate.lane.judge_thread import JudgeThread
from gate.lane.outlet import Outlet
from gate.lane.parts import LaneParts
from gate.lane.presence import Presence, Presentation, Stage
from gate.lane.staff_judge import StaffJudge
from gate.lane.timekeeper import Timekeeper
from gate.lane.timers import Every
from gate.lane.upkeep import Upkeep
from gate.lane.verdicts import PendingVerdict, Verdicts
from gate.ports.clock import TrustedClock
from gate.ports.feedback import Feedback
from gate.ports.inputs import Level, Role
from gate.ports.reader import Answer, Coaching, Dropped
from gate.store.admission import Presented
from gate.store.standing_orders import StandingOrders

TICK = 0.1  # seconds: the resolution of the lane's time
SCHEDULE_CHECK = 1.0  # seconds between checks of the schedule

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Turn:
    """Work that the loop does in its turn for a caller who waits."""

    work: Callable[[], Awaitable[Any]]
    done: asyncio.Future[Any]


async def _ignore(_: ButtonPressed) -> None:
    """Take no order: nobody carries any out."""


class Lane:
    """One lane.  `present` and `report` belong to the event loop that runs `run`."""

    def __init__(
        self,
        config: LaneConfig,
        open_judge: Callable[[], StaffJudge],
        clock: TrustedClock,
        publish: Callable[[Event], None],
        lamps: Mapping[str, Feedback] = MappingProxyType({}),
        interlock: DoorInterlock | None = None,
    ) -> None:
        self._config, self._open_judge, self.clock, self._interlock = config, open_judge, clock, interlock
        self.lamps = lamps  # by name
        self._happened: asyncio.Queue[LaneEvent | Presentation | ButtonPressed | _Turn] = asyncio.Queue()
        roles = config.contacts.values()
        self._state = LaneState(
            usual=config.mode,
            missing=config.needed,
            panic_known=Role.LOCKDOWN not in roles,
            interlock_known=Role.INTERLOCK not in roles,
        )
        # Not the same as a presentation that is PENDING: that may leave meanwhile, and is answered before its grant
        # is open.
        self._deciding = False
        self.on_press: Callable[[ButtonPressed], Awaitable[None]] = _ignore  # in turn; set by the orders of staff
        self._tick_due, self._schedule_check = Every(TICK), Every(SCHEDULE_CHECK)
        self.barrier = BarrierSlot(fitted=BARRIER in config.needed)
        self._devices = LaneDevices(config.needed, config.contacts)
        self.judges = JudgeThread(clock)
        self._presence = Presence(self.judges.identify)
        self.looked = self._presence.looked  # see gate.ports.reader.Looked
        self._outlet = outlet = Outlet(clock, config.limits, publish, tuple(lamps.values()))
        self.verdicts = Verdicts(outlet)
        self._timekeeper = Timekeeper(clock, publish)
        self._states = StateChanges()
        self.parts = LaneParts(clock, config.contacts)
        self._upkeep = Upkeep(
            config.device,
            config.limits,
            clock,
            self.judges,
            self._timekeeper,
            self._presence,
            self._devices,
            outlet,
            self._states,
        )
        self._effects = EffectRunner(
            self.judges, self.barrier, self._devices, outlet, self.verdicts, self._presence, self._release_outcome
        )

    # Called by the devices.

    def present(self, scan: Scan) -> Answer | None:
        """Take a code in view.  Returns at once; see gate.ports.reader.Present."""
        shown, is_due = self._presence.meet(scan)
        if not is_due:
            return shown.answer
        if not self.judges.is_open or self._devices.starting or self._deciding or self._state.busy:
            shown.stage = Stage.WAITING
            return shown.answer
        shown.stage = Stage.PENDING
        self._deciding = True
        self._outlet.code_seen(scan.reader)
        self._happened.put_nowait(shown)
        return None

    def report(self, level: Level, source: str = "") -> None:
        """Take the present level of the contact of the device called `source`."""
        self.parts.level(level, source)
        self._happen(self._devices.update(level, source))
        for press in self._devices.take_presses():
            self._happened.put_nowait(press)

    def device(self, name: str, driver: str, problem: str) -> None:
        """Take a device that came up (`problem` empty) or was lost."""
        at = self.clock.monotonic()
        problem, events = self._devices.report(name, problem, at)
        self._outlet.device(name, driver, problem)
        self.parts.report(name, driver, problem)
        self._states.device(name, problem, self.clock.now(), at, needed=name in self._config.needed)
        self._happen(events)

    def part(self, event: JournalEvent, name: str, problem: str) -> None:
        """Take another part of the gate, which fails, or is well again (`problem` empty)."""
        self._states.part(event, name, problem, self.clock.now(), self.clock.monotonic())
        self.parts.report(name or event.value, "", problem)
        if event is JournalEvent.PAGE:
            self._devices.problem(event.value, problem)
            self._outlet.page(self._state, is_lost=bool(problem))

    def dropped(self, name: str, drop: Dropped, count: int) -> None:
        """Take the number of things that reader `name` has dropped for this reason since the start."""
        self._devices.drop(name, drop, count)
        self._outlet.dropped(name, drop.what, count)

    def coach(self, coaching: Coaching) -> None:
        """Take what a person can do whose code is not read: reported while nothing else is before the lane."""
        now = self.clock.monotonic()
        if not (self._deciding or self._state.busy or any(self._presence.in_view(now))):
            self._outlet.coached(coaching, now)

    def show_state(self) -> None:
        """Let the lamps show the lane's state again."""
        self._outlet.show_state(self._state)

    def _happen(self, events: Iterable[LaneEvent]) -> None:
        for event in events:
            self._happened.put_nowait(event)

    def _release_outcome(self, error: DeviceError | None) -> None:
        at = self.clock.monotonic()
        self._happen([Released(at) if error is None else ReleaseFailed(error.moved, at, str(error))])

    # State, and work in turn.

    @property
    def state(self) -> LaneState:
        """Return the present state, which the next event changes."""
        return self._state

    @property
    def facts(self) -> LaneFacts:
        """Return what the lane has reported last."""
        return self._outlet.facts

    def clock_refusal(self, direction: Direction) -> Reason | None:
        """Return why the clock refuses people now, or None."""
        return self._timekeeper.refusal(direction)

    @property
    def fire_loop_is_lost(self) -> bool:
        """Return whether the fire loop counts as open only because its contact is lost."""
        return self._devices.fire_loop_is_lost

    @property
    def problems(self) -> dict[str, str]:
        """Return the devices that are not well, and why."""
        return self._devices.problems

    @property
    def drops(self) -> Mapping[str, Mapping[str, Drops]]:
        """Return what readers have dropped since the start: by reader, and by reason."""
        return self._devices.drops

    # The loop.

    async def run(self, ready: Callable[[], None], ping: Callable[[], None]) -> None:
        """Run the lane until cancelled.  `ready` is called when the first decision is possible, `ping` after every
        turn in which loop and writing thread both answered.  Raises StoreError where waiting does not help."""
        try:
            watched = await self.judges.open(self._open_judge, self._outlet, ping)
            async with asyncio.TaskGroup() as group:
                self.barrier.use(group)
                await self._upkeep.apply(watched)
                standing = await self.judges.call(lambda judge, _: judge.standing())
                self._state = replace(self._state, orders=standing.orders, fire=standing.fire, terms=standing.terms)
                await self._upkeep.keep_time()
                await self._end_orders(self.clock.monotonic())  # before anything stands free by one that is over
                self._outlet.state(self._state)
                ready()
                group.create_task(self.judges.ping_while_writing(ping))
                while True:
                    await self._turn()
                    ping()
        finally:
            await self._stop()

    async def _turn(self) -> None:
        try:
            async with asyncio.timeout(TICK):
                happened = await self._happened.get()
        except TimeoutError:
            pass
        else:
            match happened:
                case Presentation():
                    await self._decide(happened)
                case ButtonPressed():
                    await self.on_press(happened)
                case _Turn(work, done):
                    result = await work()
                    if not done.done():
                        done.set_result(result)
                case _:
                    await self.follow(happened)
        now = self.clock.monotonic()
        if self._tick_due.due(now):
            await self._tick(now)

    async def _tick(self, now: float) -> None:
        """Apply the passing of time."""
        await self._end_orders(now)
        await self.follow(Tick(now))
        for event in self._devices.tick(now):
            await self.follow(event)
        if self._config.schedule and self._schedule_check.due(now):
            mode = self._config.schedule.mode_at(self.clock.now())
            if mode is not self._state.scheduled:
                await self.follow(Scheduled(mode, now))
        for left in self._presence.leave(now):
            await self._left_waiting(left.scan)
        self._outlet.in_view(self._presence.in_view(now), self._state)
        self._outlet.tick(now, self._state)
        self._restore_orders(await self._upkeep.tick(now, self._state))

    async def check(self) -> None:
        """Check list, journal and clock now."""
        if self.judges.is_open:
            self._restore_orders(await self._upkeep.check(self._state))

    async def _end_orders(self, now: float) -> None:
        """End the standing orders whose time is over by the trusted clock."""
        if self._state.terms and is_due(self._state.terms, trusted := self.clock.now()):
            await self.follow(OrdersDue(trusted, now))

    def _restore_orders(self, standing: StandingOrders | None) -> None:
        """Restore the standing orders after the journal was lost; None: it was not."""
        if standing is not None:
            self._state = replace(self._state, orders=standing.orders, terms=standing.terms)
            self._outlet.state(self._state)

    async def _stop(self) -> None:
        await self.barrier.secure()
        if self._interlock is not None:
            self._interlock.give_back()
        await self.judges.close(self._config.device)

    # A person before the lane.

    async def _decide(self, shown: Presentation) -> None:
        if self._state.busy or (self._interlock and not self._interlock.take()):  # changed since it was seen
            shown.stage, self._deciding = Stage.WAITING, False
            return
        scan, where = shown.scan, self._where(shown.scan)
        refusal = self._state.refusal(scan.direction) or self._timekeeper.refusal(scan.direction)
        if refusal:
            verdict = await self.judges.call(lambda judge, at: judge.refuse(refusal, scan.text, where, at))
        else:
            if doubted := self._timekeeper.is_doubted:
                await self._upkeep.add_witness(scan.text)
            verdict = await self.judges.call(lambda judge, at: judge.decide(scan.text, where, at, doubted=doubted))
        shown.stage, shown.holder = Stage.ANSWERED, verdict.holder
        self._upkeep.decided()
        pending = PendingVerdict(where, verdict, self.clock.monotonic() - scan.seen)
        if verdict.through and verdict.seq is not None:
            self._presence.going = shown
            await self.grant(pending, verdict.seq)
        else:
            self.verdicts.announce(pending, through=False)
        self._deciding = False  # not earlier: a grant must be open before the next person is considered

    async def grant(self, pending: PendingVerdict, seq: int, *, staff: bool = False) -> None:
        """Let this person through; to be called in turn only.  `seq`: row of the decision."""
        at = self.clock.monotonic()
        self.verdicts.hold(pending, at)
        await self.follow(Granted(seq, pending.where.direction, at, staff))

    async def _left_waiting(self, scan: Scan) -> None:
        """Record a person who showed a code while the lane was busy, and left before it was free."""
        if self._state.fire:
            return
        where = self._where(scan)
        verdict = await self.judges.call(lambda judge, at: judge.refuse(Reason.LANE_BUSY, scan.text, where, at))
        self.verdicts.announce(PendingVerdict(where, verdict, self.clock.monotonic() - scan.seen), through=False)

    def _where(self, scan: Scan) -> Presented:
        us = round((self.clock.monotonic() - scan.seen) * 1e6)
        return Presented(scan.reader, scan.direction, self._state.mode, us)

    # Effects of an event.

    async def follow(self, event: LaneEvent, actor: str | None = None) -> tuple[Effect, ...]:
        """Carry out the effects of this event; to be called in turn only.  `actor`: the person who caused it."""
        if self._interlock is not None:  # an input that has to be polled
            for moved in self._devices.update(self._interlock.level(event.at), "interlock"):
                await self._step(moved)
        effects = await self._step(event, actor)
        if self._interlock is not None and not self._state.occupied:
            self._interlock.give_back()
        if self._state.grant and self._state.grant.released:
            self.verdicts.announce_pending(self.clock.monotonic(), through=True)
        if not self.verdicts.is_pending:  # not released before the barrier has taken the order
            self._outlet.state(self._state)
        return effects

    async def _step(self, event: LaneEvent, actor: str | None = None) -> tuple[Effect, ...]:
        self._state, effects = step(self._state, event, self._config.equipment)
        for effect in effects:
            await self._effects.carry_out(effect, self._state, actor)
        return effects

    async def in_turn(self, work: Callable[[], Awaitable[T]]) -> T:
        """Do this between two events; return its result."""
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._happened.put_nowait(_Turn(work, done))
        return await done
