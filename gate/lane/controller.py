"""The lane: reader -> presence -> verify -> admit -> COMMIT -> release -> passage -> journal.

One loop takes what happens (a scan to decide, an input, the passing of time), lets the pure reducer
`gate.core.lane.step.step` say what follows, and carries that out in order.  Everything that touches
SQLite runs on one writing thread; nothing here waits for the network.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TypeVar

from gate.core.lane.effects import Alarmed, Amnesty, Effect, EndGrant, Note, Release, Remember, Secure, Stand
from gate.core.lane.events import Granted, LaneEvent, Released, ReleaseFailed, Scheduled, Tick
from gate.core.lane.hindrance import JOURNAL, hindrance
from gate.core.lane.state import BARRIER, LaneState
from gate.core.lane.step import step
from gate.core.model import Direction, Scan
from gate.core.outlet_events import Event
from gate.core.reason import Reason
from gate.errors import DeviceError
from gate.lane.barrier_slot import BarrierSlot
from gate.lane.config import LaneConfig, Pending, Turn
from gate.lane.devices import LaneDevices
from gate.lane.interlock import DoorInterlock
from gate.lane.judge import Judge, Watched
from gate.lane.opening import NO_STORE, open_store
from gate.lane.outlet import Outlet
from gate.lane.presence import Presence, Presentation, Stage
from gate.lane.timekeeper import Timekeeper
from gate.lane.writer import TidyTimer, Writer
from gate.ports.clock import TrustedClock
from gate.ports.feedback import Feedback
from gate.ports.inputs import Level, Role
from gate.ports.reader import Answer
from gate.runtime.ntp import read_ntp
from gate.store.admission import Presented, lets_through
from gate.store.standing import Standing

OPENS_WITHIN = 3.0  # seconds for the barrier to answer an order of staff: the slowest module takes 1.5
TICK = 0.1  # seconds: how finely the lane notices that time has passed
LIST_CHECK = 2.0  # seconds between looks at list.db for those who watch; a decision looks for itself
SCHEDULE_CHECK = 1.0  # seconds between looks at the schedule

T = TypeVar("T")


class Lane:
    """`present` and `report` belong to the event loop that runs `run`."""

    def __init__(
        self,
        setup: LaneConfig,
        open_judge: Callable[[], Judge],
        clock: TrustedClock,
        publish: Callable[[Event], None],
        feedback: Sequence[Feedback] = (),
        mantrap: DoorInterlock | None = None,
    ) -> None:
        self._setup, self._open_judge = setup, open_judge
        self._clock = clock
        self._outlet = Outlet(clock, setup.limits, publish, feedback)
        self._writer, self._tidy = Writer(), TidyTimer()
        self._judge: Judge | None = None
        self._presence = Presence(self._holder_of)
        self.looked = self._presence.looked  # see gate.ports.reader.Looked
        self._timekeeper = Timekeeper(clock, publish)
        self._happened: asyncio.Queue[LaneEvent | Presentation | Turn] = asyncio.Queue()
        self._state = LaneState(usual=setup.mode, missing=setup.needed)
        self._deciding = False
        self.door = BarrierSlot(fitted=BARRIER in setup.needed)
        self._group: asyncio.TaskGroup | None = None
        self._devices = LaneDevices(setup.needed, setup.contacts)
        self._mantrap = mantrap
        self._pending: Pending | None = None  # the verdict that waits for the barrier
        self._failure = ""  # why the last release failed
        self._tick_due = self._list_due = self._schedule_due = 0.0

    # What the devices call.

    def present(self, scan: Scan) -> Answer | None:
        """A code is in view.  Returns at once; see gate.ports.reader.Present."""
        shown, asks = self._presence.meet(scan)
        if not asks:
            return shown.answer
        if self._judge is None or self._devices.starting or self._deciding or self._state.busy:
            shown.stage = Stage.WAITING
            return shown.answer
        shown.stage = Stage.PENDING
        self._deciding = True
        self._outlet.code_seen(scan.reader)
        self._happened.put_nowait(shown)
        return None

    def report(self, level: Level, source: str = "") -> None:
        """The contact of the device called `source` has this level now."""
        self._happen(self._devices.hear(level, source))

    def device(self, name: str, driver: str, problem: str) -> None:
        """A device came up (`problem` empty) or was lost."""
        problem, events = self._devices.report(name, problem, self._clock.monotonic())
        self._outlet.device(name, driver, problem)
        self._happen(events)

    def _happen(self, events: Iterable[LaneEvent]) -> None:
        for event in events:
            self._happened.put_nowait(event)

    def _release_outcome(self, error: DeviceError | None) -> None:
        at = self._clock.monotonic()
        self._failure = str(error or "")
        self._happen([Released(at) if error is None else ReleaseFailed(error.moved, at)])

    # What staff ask for.

    @property
    def state(self) -> LaneState:
        """As it is now; it changes with the next event."""
        return self._state

    async def order(self, make: Callable[[float], LaneEvent], actor: str | None = None) -> str | None:
        """An order, a reset, more time, made of the monotonic moment; why it was refused, None once it is done.
        `actor`: who gave it, for the journal."""
        if self._judge is None:
            return NO_STORE
        effects = await self._in_turn(lambda: self._follow(make(self._clock.monotonic()), actor))
        await self._in_turn(self._ask_time)  # it may have confirmed a loss
        return next((effect.detail for effect in effects if isinstance(effect, Note) and effect.refused), None)

    async def admit(self, direction: Direction, actor: str | None = None) -> str:
        """Staff let someone through; returns when the barrier has taken the order.  Why it cannot be and what
        to do, "" when it is done."""
        if self._judge is None:
            return NO_STORE
        opened = await self._in_turn(lambda: self._admit_by_staff(direction, actor))
        if isinstance(opened, str):
            return opened
        with suppress(TimeoutError):
            async with asyncio.timeout(OPENS_WITHIN):
                return await opened
        return f"{Reason.DEVICE_FAILED}: the barrier has not answered yet. Look at it"

    @property
    def problems(self) -> dict[str, str]:
        """Devices that are not well, and why."""
        return self._devices.problems

    async def inside(self) -> int | None:
        """How many people are inside, as far as the lane has seen."""
        return await self._ask(lambda judge, _: judge.inside()) if self._judge else None

    async def set_inside(self, count: int, actor: str | None = None) -> bool:
        return bool(self._judge) and await self._ask(lambda judge, at: judge.set_inside(count, at, actor=actor))

    # The loop.

    async def run(self, ready: Callable[[], None], alive: Callable[[], None]) -> None:
        """Until cancelled.  `ready` is called when the first decision is possible, `alive` after every
        turn in which loop and writing thread both answered.  Raises StoreError where waiting does not help."""
        judge, watched = await open_store(self._writer, self._open_judge, self._clock, self._outlet, alive)
        self._judge = judge
        try:
            async with asyncio.TaskGroup() as self._group:
                await self._watch(judge, watched)
                standing = await self._writer.do(judge.standing)
                self._state = replace(self._state, orders=standing.orders, fire=standing.fire)
                await self._keep_time(judge)
                self._outlet.state(self._state)
                ready()
                self._group.create_task(self._writer.vouch(alive))
                while True:
                    await self._turn()
                    alive()
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
                case Turn(work, done):
                    result = await work()
                    if not done.done():
                        done.set_result(result)
                case _:
                    await self._follow(happened)
        if self._clock.monotonic() >= self._tick_due:
            self._tick_due = self._clock.monotonic() + TICK
            await self._tick()

    async def _decide(self, shown: Presentation) -> None:
        if self._state.busy or (self._mantrap and not self._mantrap.take()):  # since the code was seen
            shown.stage, self._deciding = Stage.WAITING, False
            return
        scan, where = shown.scan, self._where(shown.scan)
        refusal = self._state.refusal(scan.direction) or self._timekeeper.refusal(scan.direction)
        if refusal:
            verdict = await self._ask(lambda judge, at: judge.refuse(refusal, scan.text, where, at))
        else:
            if (doubted := self._timekeeper.is_doubted) and self._judge is not None:
                await self._hear_witness(self._judge, scan.text)
            verdict = await self._ask(lambda judge, at: judge.decide(scan.text, where, at, doubted=doubted))
        shown.stage, shown.holder = Stage.ANSWERED, verdict.holder
        self._tidy.decided(self._clock.monotonic())
        pending = Pending(where, verdict, self._clock.monotonic() - scan.seen)
        if verdict.seq is not None and lets_through(verdict.decision, self._state.mode):
            self._presence.going = shown
            await self._grant(pending, staff=False)
        else:
            self._tell(pending, through=False)
        self._deciding = False  # only now: a grant must be open before the next person is looked at

    async def _admit_by_staff(self, direction: Direction, actor: str | None) -> "str | asyncio.Future[str]":
        """Why it cannot be; or what says so when the barrier has answered."""
        if why := hindrance(self._state, direction, self.problems):
            return why
        where, asked = Presented("staff", direction, self._state.mode, 0), self._clock.monotonic()
        verdict = await self._ask(lambda judge, at: judge.admit_by_staff(where, at, actor=actor))
        pending = Pending(where, verdict, self._clock.monotonic() - asked)
        if verdict.seq is None:
            self._tell(pending, through=False)
            return f"{verdict.decision.reason}: nothing can be recorded, so nothing opens. Open the door by its key"
        await self._grant(pending, staff=True)
        return pending.opened

    async def _grant(self, pending: Pending, *, staff: bool) -> None:
        """Nobody is told to go before the barrier has taken the order."""
        assert pending.verdict.seq is not None  # noqa: S101 - both callers looked
        self._pending, self._failure = pending, ""
        direction, at = pending.where.direction, self._clock.monotonic()
        await self._follow(Granted(pending.verdict.seq, direction, at, staff))

    def _tell(self, pending: Pending, *, through: bool) -> None:
        self._outlet.verdict(pending.where, pending.verdict, pending.seconds * 1000, through=through)
        if not pending.opened.done():
            cause = self._failure or self.problems.get(BARRIER) or "the lane was closed meanwhile. See its status"
            pending.opened.set_result("" if through else f"{Reason.DEVICE_FAILED}: {cause}")

    def _tell_pending(self, *, through: bool) -> None:
        pending, self._pending = self._pending, None
        if pending is not None:
            self._tell(pending, through=through)

    async def _follow(self, event: LaneEvent, actor: str | None = None) -> tuple[Effect, ...]:
        if self._mantrap is not None:  # a contact that has to be asked
            level = Level(Role.INTERLOCK, not self._mantrap.take(), event.at)
            for told in self._devices.hear(level, "mantrap"):
                await self._step(told)
        effects = await self._step(event, actor)
        if self._mantrap is not None and not self._state.occupied:
            self._mantrap.give_back()
        if self._state.grant and self._state.grant.released:
            self._tell_pending(through=True)
        if self._pending is None:  # it is not released before the barrier has taken the order
            self._outlet.state(self._state)
        return effects

    async def _step(self, event: LaneEvent, actor: str | None = None) -> tuple[Effect, ...]:
        self._state, effects = step(self._state, event, self._setup.timing)
        for effect in effects:
            await self._carry_out(effect, actor)
        return effects

    async def _carry_out(self, effect: Effect, actor: str | None) -> None:
        match effect:
            case Secure():
                await self.door.secure()
            case Release(direction, extended):
                if self._group is not None:
                    await self.door.release(direction, self._group, self._release_outcome, extended=extended)
            case Stand(stance):
                self._outlet.stands(stance, self._state)
                if self._group is not None:
                    await self.door.stand(stance, self._group)
            case EndGrant(seq, passed, moved):
                self._presence.going = None
                ended = await self._ask(lambda judge, at: judge.end_grant(seq, passed, at, moved=moved))
                self._tell_pending(through=False)
                self._outlet.grant_ended(ended)
            case Note(event, _, direction, counts=counts):
                text = effect.text
                await self._ask(lambda judge, at: judge.note(event, at, text, direction, counts=counts, actor=actor))
            case Alarmed(alarm, on):
                self._outlet.alarm(effect, self._state)
                await self._ask(lambda judge, at: judge.note("alarm", at, alarm if on else f"{alarm} over"))
            case Remember(orders, fire):
                await self._ask(lambda judge, at: judge.remember(Standing(orders, fire), at))
            case Amnesty():
                await self.set_inside(0)

    async def _tick(self) -> None:
        """What time alone brings about."""
        now = self._clock.monotonic()
        await self._follow(Tick(now))
        for event in self._devices.tick(now):
            await self._follow(event)
        if self._setup.schedule and now >= self._schedule_due:
            self._schedule_due = now + SCHEDULE_CHECK
            mode = self._setup.schedule.mode_at(self._clock.now())
            if mode is not self._state.scheduled:
                await self._follow(Scheduled(mode, now))
        for left in self._presence.leave(now):
            await self._left_waiting(left.scan)
        self._outlet.in_view(self._presence.in_view(now), self._state)
        self._outlet.tick(now, self._state)
        if now >= self._list_due:
            self._list_due = now + LIST_CHECK
            await self._ask_time()
        if self._tidy.due(now) and await self._ask(lambda judge, at: judge.tidy(self._setup.device, at)):
            self._tidy.again(now)

    async def _left_waiting(self, scan: Scan) -> None:
        """Someone showed a code while the lane was busy, and left before it was free."""
        if self._state.fire:
            return
        where = self._where(scan)
        verdict = await self._ask(lambda judge, at: judge.refuse(Reason.LANE_BUSY, scan.text, where, at))
        self._tell(Pending(where, verdict, self._clock.monotonic() - scan.seen), through=False)

    async def _stop(self) -> None:
        await self.door.secure()
        if self._mantrap is not None:
            self._mantrap.give_back()
        if self._judge is not None:
            judge, self._judge = self._judge, None
            await self._writer.do(lambda: judge.close(self._setup.device, self._clock.now()))
        self._writer.close()

    # Time and the list.

    async def _ask_time(self) -> None:
        if (judge := self._judge) is not None:
            now = self._state
            await self._watch(judge, await self._ask(lambda of, at: of.watch(at, now.orders, fire=now.fire)))
            await self._keep_time(judge)

    async def _keep_time(self, judge: Judge) -> None:
        news = self._timekeeper.look(await self._writer.do(read_ntp))
        if news is not None:
            kept, now = self._clock.kept(), self._clock.now()
            await self._writer.do(lambda: judge.keep_time(kept, now, news))

    async def _watch(self, judge: Judge, watched: Watched) -> None:
        ordered = await self._writer.do(judge.time_reset) if self._timekeeper.is_news(watched.list) else None
        self._timekeeper.heed(watched.list, ordered)
        self._presence.trust(watched.list.version)
        self._outlet.status_list(watched.list)
        self._devices.problem(JOURNAL, self._outlet.loss(watched.loss))
        if watched.orders is not None:
            self._state = replace(self._state, orders=watched.orders)
            self._outlet.state(self._state)

    async def _hear_witness(self, judge: Judge, text: str) -> None:
        """A gate that knows its clock to be wrong takes passes for witnesses of the time."""
        issued = await self._writer.do(lambda: judge.issued(text))
        if issued is not None:
            self._timekeeper.hear(*issued, self._setup.limits)

    # Small parts.

    def _holder_of(self, text: str) -> int | None:
        return self._judge.identify(text, self._clock.now()) if self._judge else None

    def _where(self, scan: Scan) -> Presented:
        us = round((self._clock.monotonic() - scan.seen) * 1e6)
        return Presented(scan.reader, scan.direction, self._state.mode, us)

    async def _in_turn(self, work: Callable[[], Awaitable[T]]) -> T:
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._happened.put_nowait(Turn(work, done))
        return await done

    async def _ask(self, question: Callable[[Judge, float], T]) -> T:
        """Put a question to the judge on the writing thread, with the time as it is now."""
        judge, now = self._judge, self._clock.now()
        if judge is None:
            raise RuntimeError("the lane is not running")
        return await self._writer.do(lambda: question(judge, now))
