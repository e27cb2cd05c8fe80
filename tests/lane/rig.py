"""A lane with a barrier and a lamp in memory."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path

from gate.core.lane.effects import Passed
from gate.core.lane.modes import Mode, Phase
from gate.core.lane.state import Equipment
from gate.core.model import Direction, Scan, Stance, Status
from gate.core.outlet_events import Decided, Event, GrantEnded, PhaseChanged
from gate.core.reason import Reason
from gate.core.staff_role import StaffRole
from gate.errors import DeviceError
from gate.lane.config import LaneConfig
from gate.lane.controller import Lane
from gate.lane.interlock import DoorInterlock
from gate.lane.staff.desk import StaffDesk
from gate.lane.staff.orders import StaffOrders
from gate.lane.staff.rights import StaffRights
from gate.lane.staff.status import Site
from gate.lane.staff_judge import StaffJudge
from gate.passes.aq1_encode import credential_text, encode_credential
from gate.passes.verifier import Verifier
from gate.ports.barrier import Barrier, Opened, ignore_opened
from gate.ports.feedback import Feedback, Signal
from gate.ports.inputs import Report, Role
from gate.ports.reader import Answer
from gate.testing.builders import KEY, LIMITS, NOW, RunningClock, policy

ENTRY = Direction.ENTRY
USERS = {"guard-07": StaffRole.GUARD, "chief": StaffRole.SUPERVISOR, "tech": StaffRole.TECHNICIAN}


def now() -> float:
    """The time of the running loop, which is that of the lane."""
    return asyncio.get_running_loop().time()


def scan(text: str) -> Scan:
    return Scan(text, "reader[0]", ENTRY, now())


def credential(idx: int, *, holder: bytes | None = None) -> bytes:
    return encode_credential(
        key=KEY,
        issuer="ashyq",
        idx=idx,
        status=Status.GREEN,
        issued_at=NOW - 3600,
        expires_at=NOW + 3600,
        token_id=b"token-%02d" % idx,
        holder=holder,
    )


def plain(idx: int) -> str:
    return credential_text(credential(idx))


class Turnstile(Barrier):
    """A barrier in memory that a test can break."""

    def __init__(self) -> None:
        self.openings = 0
        self.is_secured = True
        self.lost = asyncio.Event()
        self.broken = False
        self.pulse, self.takes = 0.05, 0.0  # seconds, of the opening and before it
        self.stances: list[Stance] = []
        self.extended: list[bool] = []

    async def release(self, direction: Direction, opened: Opened = ignore_opened, *, extended: bool = False) -> None:  # noqa: ARG002 - the port's
        self.extended.append(extended)
        if self.broken:
            raise DeviceError("turnstile: no answer", hint="Look at its cable")
        await asyncio.sleep(self.takes)
        self.openings, self.is_secured = self.openings + 1, False
        opened()
        try:
            await asyncio.sleep(self.pulse)
        finally:
            self.secure()

    @property
    def secured(self) -> bool:
        return self.is_secured

    def secure(self) -> None:
        self.is_secured = True

    async def set_stance(self, stance: Stance) -> None:
        self.stances.append(stance)
        self.is_secured = stance is not Stance.FREE

    async def watch(self, report: Report) -> None:  # noqa: ARG002 - it senses nothing
        await self.lost.wait()
        raise DeviceError("turnstile: gone", hint="Plug it in")


class Lamp(Feedback):
    def __init__(self) -> None:
        self.shown: list[Signal] = []

    def show(self, signal: Signal) -> None:
        self.shown.append(signal)


class Rig:
    def __init__(
        self,
        state: Path,
        *,
        mode: Mode = Mode.ENFORCE,
        sensed: bool = False,
        timeout: float = 0.4,
        equipment: Equipment | None = None,
        mantrap: DoorInterlock | None = None,
        clock: RunningClock | None = None,
        needed: Collection[str] = (),
        contacts: Mapping[str, Role] | None = None,
    ) -> None:
        self.turnstile, self.lamp = Turnstile(), Lamp()
        self.events: list[Event] = []
        self.clock = clock or RunningClock()
        usual = Equipment(hold=0.3, passage_timeout=timeout, sensed=frozenset({ENTRY} if sensed else set()))
        fitted = equipment or usual
        setup = LaneConfig("test-1", mode, fitted, LIMITS, frozenset({"barrier", *needed}), contacts or {})
        self.lane = Lane(
            setup,
            lambda: StaffJudge(state, policy(), lambda trust: Verifier(trust, venue="test")),
            self.clock,
            self.events.append,
            {"feedback[0]": self.lamp},
            mantrap,
        )
        self.staff = StaffOrders(self.lane)
        self.people: dict[str, int] = {}  # IIN -> place on the list
        self.desk = StaffDesk(self.staff, Site("Asia/Almaty", LIMITS), StaffRights(USERS), self.find)

    async def find(self, iin: str) -> int | None:
        return self.people.get(iin)

    @property
    def phases(self) -> list[Phase]:
        return [event.phase for event in self.events if isinstance(event, PhaseChanged)]

    @property
    def passed(self) -> list[Passed]:
        return [event.passed for event in self.events if isinstance(event, GrantEnded)]

    @property
    def reasons(self) -> list[Reason]:
        return [event.reason for event in self.events if isinstance(event, Decided)]

    async def show(self, text: str, seconds: float) -> list[Answer | None]:
        """Hold a code before the camera, fifteen frames a second."""
        answers, end = [], now() + seconds
        while now() < end:
            answers.append(self.lane.present(scan(text)))
            await asyncio.sleep(1 / 15)
        return answers

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not holds():  # noqa: ASYNC110 - what is waited for has no event of its own
                await asyncio.sleep(0.01)


@asynccontextmanager
async def working(rig: Rig, at_first: Collection[Phase] = ()) -> AsyncIterator[Rig]:
    async def barrier() -> None:
        try:
            ready = partial(rig.lane.device, "barrier", "fake", "")
            await rig.lane.barrier.hold(rig.turnstile, ready, rig.lane.report)
        except DeviceError as error:
            rig.lane.device("barrier", "fake", str(error))

    rig.turnstile.lost.clear()
    ready = asyncio.Event()
    lane = asyncio.create_task(rig.lane.run(ready.set, lambda: None))
    held = asyncio.create_task(barrier())
    await ready.wait()
    await rig.until(lambda: bool(rig.phases) and rig.phases[-1] in (at_first or {Phase.READY}))
    try:
        yield rig
    finally:
        for task in (held, lane):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
