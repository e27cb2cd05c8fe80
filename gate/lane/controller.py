"""The lane: reader -> presence -> verify -> admit -> COMMIT -> release -> passage -> journal.

One loop takes what happens (a scan to decide, an input, the passing of time), lets the pure reducer
`gate.core.passage.step` say what follows, and carries that out in order.  Everything that touches
SQLite runs on one writing thread; nothing here waits for the network.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TypeVar

from gate.core.events import Event, Mode
from gate.core.lane_events import (
    Alarmed,
    Amnesty,
    DeviceState,
    Effect,
    EndGrant,
    Granted,
    Interlock,
    LaneEvent,
    Note,
    Release,
    Remember,
    Scheduled,
    Secure,
    Stand,
    Tick,
)
from gate.core.lane_state import LaneState
from gate.core.model import Direction, Scan
from gate.core.passage import step
from gate.core.reason import Reason
from gate.lane.contacts import Contacts
from gate.lane.door import Door
from gate.lane.judge import Judge, Watched
from gate.lane.mantrap import Mantrap
from gate.lane.outlet import Outlet
from gate.lane.presence import Presence, Presentation, Stage
from gate.lane.setup import LaneSetup, Turn
from gate.lane.timekeeper import Timekeeper
from gate.ports.clock import TrustedClock
from gate.ports.feedback import Feedback
from gate.ports.inputs import Level
from gate.ports.reader import Answer
from gate.runtime.ntp import read_ntp
from gate.store.admission import Presented, lets_through
from gate.store.standing import Standing

TICK = 0.1  # seconds: how finely the lane notices that time has passed
LIST_CHECK = 2.0  # seconds between looks at list.db for those who watch; a decision looks for itself
SCHEDULE_CHECK = 1.0  # seconds between looks at the schedule
TIDY_AFTER = 30.0  # seconds of quiet before the journal is signed and the WAL checkpointed

T = TypeVar("T")


class Lane:
    """`present` and `report` belong to the event loop that runs `run`."""

    def __init__(
        self,
        setup: LaneSetup,
        open_judge: Callable[[], Judge],
        clock: TrustedClock,
        publish: Callable[[Event], None],
        feedback: Sequence[Feedback] = (),
        mantrap: Mantrap | None = None,
    ) -> None:
        self._setup = setup
        self._open_judge = open_judge
        self._clock = clock
        self._outlet = Outlet(clock, setup.limits, publish, feedback)
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="lane-writer")
        self._judge: Judge | None = None
        self._presence = Presence(self._holder_of)
        self._timekeeper = Timekeeper(clock, publish)
        self._happened: asyncio.Queue[LaneEvent | Presentation | Turn] = asyncio.Queue()
        self._state = LaneState(usual=setup.mode, missing=setup.needed)
        self._starting = set(setup.needed)  # devices that have not said yet whether they are there
        self._deciding = False
        self.door = Door()
        self._group: asyncio.TaskGroup | None = None
        self._contacts = Contacts()
        self._mantrap = mantrap
        self._other_door = False  # as the contact of the other door says
        self._tick_due = self._list_due = self._tidy_due = self._schedule_due = 0.0

    # What the devices call.

    def present(self, scan: Scan) -> Answer | None:
        """A code is in view.  Returns at once; see gate.ports.reader.Present."""
        shown = self._presence.see(scan)
        if self._presence.stands_aside(shown):
            return Answer.DECIDED if shown.stage is Stage.ANSWERED else Answer.WAIT
        if shown.stage is Stage.ANSWERED:
            return Answer.DECIDED
        if shown.stage is Stage.PENDING:
            return None
        if shown.stage is Stage.NEW and self._presence.is_renewed(shown):
            shown.stage = Stage.ANSWERED
            return Answer.DECIDED
        if self._judge is None or self._starting or self._deciding or self._state.busy:
            shown.stage = Stage.WAITING
            return Answer.WAIT
        shown.stage = Stage.PENDING
        self._deciding = True
        self._outlet.code_seen(scan.reader)
        self._happened.put_nowait(shown)
        return None

    def report(self, level: Level, source: str = "") -> None:
        """The input called `source` has this level now."""
        event = self._contacts.hear(level, source)
        if isinstance(event, Interlock):
            self._other_door = event.active
        if event is not None:
            self._happened.put_nowait(event)

    def device(self, name: str, driver: str, problem: str) -> None:
        """A device came up (`problem` empty) or was lost."""
        self._outlet.device(name, driver, problem)
        if name in self._setup.needed:
            self._starting.discard(name)
            self._happened.put_nowait(DeviceState(name, present=not problem, at=self._clock.monotonic()))

    # What staff ask for.

    @property
    def state(self) -> LaneState:
        """As it is now; it changes with the next event."""
        return self._state

    async def order(self, make: Callable[[float], LaneEvent]) -> str | None:
        """An order, a reset, more time, made of the monotonic moment; why it was refused, None once it is done."""
        effects = await self._in_turn(lambda: self._follow(make(self._clock.monotonic())))
        return next((effect.detail for effect in effects if isinstance(effect, Note) and effect.refused), None)

    async def admit(self, direction: Direction) -> Reason:
        """Staff let someone through: STAFF_ADMITTED, or why that cannot be now."""
        return await self._in_turn(lambda: self._admit_by_staff(direction))

    async def inside(self) -> int | None:
        """How many people are inside, as far as the lane has seen."""
        return await self._ask(lambda judge, _: judge.inside())

    async def set_inside(self, count: int) -> bool:
        return await self._ask(lambda judge, at: judge.set_inside(count, at))

    # The loop.

    async def run(self, ready: Callable[[], None], alive: Callable[[], None]) -> None:
        """Until cancelled.  `ready` is called when the first decision is possible, `alive` after every
        turn in which loop and writing thread both answered.  Raises StoreError at start."""
        judge = self._judge = await self._on_writer(self._open_judge)
        try:
            async with asyncio.TaskGroup() as self._group:
                self._watch(await self._on_writer(lambda: judge.begin(self._clock.now())))
                standing = await self._on_writer(judge.standing)
                self._state = replace(self._state, orders=standing.orders, fire=standing.fire)
                await self._keep_time()
                self._outlet.state(self._state)
                ready()
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
            verdict = await self._ask(lambda judge, at: judge.decide(scan.text, where, at))
        shown.stage, shown.holder = Stage.ANSWERED, verdict.holder
        self._tidy_due = self._clock.monotonic() + TIDY_AFTER
        through = verdict.seq is not None and lets_through(verdict.decision, self._state.mode)
        self._outlet.verdict(where, scan.seen, verdict, through=through)
        if through and verdict.seq is not None:
            self._presence.going = shown
            await self._follow(Granted(verdict.seq, scan.direction, self._clock.monotonic()))
        self._deciding = False  # only now: a grant must be open before the next person is looked at

    async def _admit_by_staff(self, direction: Direction) -> Reason:
        state = self._state
        if state.busy:
            return Reason.LANE_BUSY
        if (refusal := state.refusal(direction)) and state.mode is not Mode.MAINTENANCE:
            return refusal
        where, asked = Presented("staff", direction, state.mode, 0), self._clock.monotonic()
        verdict = await self._ask(lambda judge, at: judge.admit_by_staff(where, at))
        self._outlet.verdict(where, asked, verdict, through=verdict.seq is not None)
        if verdict.seq is not None:
            await self._follow(Granted(verdict.seq, direction, self._clock.monotonic(), staff=True))
        return verdict.decision.reason

    async def _follow(self, event: LaneEvent) -> tuple[Effect, ...]:
        effects: tuple[Effect, ...] = ()
        if self._mantrap is not None:
            await self._step(Interlock(self._other_door or not self._mantrap.take(), event.at))
        if not isinstance(event, Interlock) or self._mantrap is None:
            effects = await self._step(event)
        if self._mantrap is not None and not self._state.occupied:
            self._mantrap.give_back()
        self._outlet.state(self._state)
        return effects

    async def _step(self, event: LaneEvent) -> tuple[Effect, ...]:
        self._state, effects = step(self._state, event, self._setup.timing)
        for effect in effects:
            await self._carry_out(effect)
        return effects

    async def _carry_out(self, effect: Effect) -> None:
        match effect:
            case Secure():
                await self.door.secure()
            case Release(direction, extended):
                if self._group is not None:
                    await self.door.release(direction, self._group, extended=extended)
            case Stand(stance):
                if self._group is not None:
                    await self.door.stand(stance, self._group)
            case EndGrant(seq, passed):
                self._presence.going = None
                self._outlet.grant_ended(await self._ask(lambda judge, at: judge.end_grant(seq, passed, at)))
            case Note(event, _, direction, counts=counts):
                await self._ask(lambda judge, at: judge.note(event, at, effect.text, direction, counts=counts))
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
            self._watch(await self._ask(lambda judge, at: judge.watch(at, self._state.orders, fire=self._state.fire)))
            await self._keep_time()
        if self._tidy_due and now >= self._tidy_due:
            self._tidy_due = 0.0
            await self._ask(lambda judge, at: judge.tidy(self._setup.device, at))

    async def _left_waiting(self, scan: Scan) -> None:
        """Someone showed a code while the lane was busy, and left before it was free."""
        if self._state.fire:
            return
        where = self._where(scan)
        verdict = await self._ask(lambda judge, at: judge.refuse(Reason.LANE_BUSY, scan.text, where, at))
        self._outlet.verdict(where, scan.seen, verdict, through=False)

    async def _stop(self) -> None:
        await self.door.secure()
        if self._mantrap is not None:
            self._mantrap.give_back()
        if self._judge is not None:
            judge, self._judge = self._judge, None
            await self._on_writer(lambda: judge.close(self._setup.device, self._clock.now()))
        self._writer.shutdown(wait=False)

    # Time and the list.

    async def _keep_time(self) -> None:
        news = self._timekeeper.look(await self._on_writer(read_ntp))
        if news is not None:
            kept = self._clock.kept()
            await self._ask(lambda judge, at: judge.keep_time(kept, at, news))

    def _watch(self, watched: Watched) -> None:
        if watched.list.as_of is not None:
            self._clock.heed(watched.list.as_of)
        self._outlet.status_list(watched.list)
        self._outlet.loss(watched.loss)
        if watched.orders is not None:
            self._state = replace(self._state, orders=watched.orders)
            self._outlet.state(self._state)

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
        return await self._on_writer(lambda: question(judge, now))

    async def _on_writer(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._writer, work)
