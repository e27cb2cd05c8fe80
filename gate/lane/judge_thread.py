"""The judge on the writing thread, and the lane's calls to it."""

from collections.abc import Callable
from typing import TypeVar

from gate.lane.judge import Watched
from gate.lane.opening import open_store
from gate.lane.outlet import Outlet
from gate.lane.staff_judge import StaffJudge
from gate.lane.writer import Writer
from gate.ports.clock import TrustedClock

T = TypeVar("T")


class JudgeThread:
    """The writing thread's judge; belongs to the lane's event loop."""

    def __init__(self, clock: TrustedClock) -> None:
        self._clock = clock
        self._writer = Writer()
        self._judge: StaffJudge | None = None

    @property
    def is_open(self) -> bool:
        return self._judge is not None

    async def open(self, open_judge: Callable[[], StaffJudge], outlet: Outlet, ping: Callable[[], None]) -> Watched:
        """Wait until the store can be opened.  Raises FinalStoreError where waiting does not help."""
        self._judge, watched = await open_store(self._writer, open_judge, self._clock, outlet, ping)
        return watched

    async def call(self, work: Callable[[StaffJudge, float], T]) -> T:
        """Call the judge with the present time.  Raises RuntimeError before it is open."""
        judge, now = self._judge, self._clock.now()
        if judge is None:
            raise RuntimeError("the lane is not running")
        return await self._writer.do(lambda: work(judge, now), judge.keep_end)

    async def read(self, read: Callable[[], T]) -> T:
        """Read something that may block, on the writing thread."""
        return await self._writer.do(read)

    def identify(self, text: str) -> int | None:
        """Return the holder's place of a valid pass, else None.  At once, on the calling thread."""
        return self._judge.identify(text, self._clock.now()) if self._judge else None

    async def ping_while_writing(self, ping: Callable[[], None]) -> None:
        """Call `ping` while the loop only waits for the disk."""
        await self._writer.ping_while_writing(ping)

    async def close(self, device: str) -> None:
        judge, self._judge = self._judge, None
        if judge is not None:
            await self._writer.do(lambda: judge.close(device, self._clock.now()))
        self._writer.close()
