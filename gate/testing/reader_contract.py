"""The contract of every reader, whatever it reads from.

An author of a driver writes a rig and subclasses:

    class TestMyReader(ReaderContract):
        @pytest.fixture
        def rig(self) -> Iterator[ReaderRig]:
            yield MyRig()

Needs Linux: processes, threads and open files are counted in /proc.
"""

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest

from gate.core.model import Scan
from gate.errors import DeviceError
from gate.ports.driver import AnySpec
from gate.ports.reader import Answer, Coaching, Dropped, Looked, Reader, ReaderConfig, Seen
from gate.testing.census import assert_nothing_more, children, settled

PATIENCE = 30.0  # seconds after which a condition counts as failed, on a busy machine
FIRST = "AQ1:% FIRST $"
SECOND = "AQ1:SECOND  "  # blanks at the end are letters like others
THIRD = "AQ1:THIRD"


class ReaderRig(ABC):
    """One device that a reader is opened on, with codes held before it."""

    spec: AnySpec
    recording = False  # it repeats a code until it is DECIDED; a live one reads the next frame

    @property
    @abstractmethod
    def config(self) -> ReaderConfig:
        """Return the settings of the reader; a direction other than the default proves more."""

    @abstractmethod
    def show(self, *texts: str) -> None:
        """Hold these codes before it, one after another.  Called while it is not open."""

    @abstractmethod
    def lose(self) -> None:
        """Take the device away: unplug it, stop its server, delete its file."""

    @abstractmethod
    def restore(self) -> None:
        """Bring it back; `show` follows."""

    def close(self) -> None:  # noqa: B027 - most rigs hold nothing
        """Free the rig's own resources."""

    def open(self) -> AbstractAsyncContextManager[Reader]:
        opened: AbstractAsyncContextManager[Reader] = self.spec.open(self.config)
        return opened


class LaneDouble:
    """A lane that keeps every scan, and answers by `answer`; by default DECIDED."""

    def __init__(self, answer: Callable[[Scan], Answer | None] = lambda _: Answer.DECIDED) -> None:
        self.scans: list[Scan] = []
        self.others: list[Coaching | Dropped | Looked] = []
        self._answer = answer
        self._something = asyncio.Event()

    def present(self, scan: Seen) -> Answer | None:
        if not isinstance(scan, Scan):
            self.others.append(scan)
            return None
        self.scans.append(scan)
        self._something.set()
        return self._answer(scan)

    @property
    def texts(self) -> list[str]:
        """Return each text once, in the order of its first scan."""
        return list(dict.fromkeys(scan.text for scan in self.scans))

    async def scanned(self, count: int) -> None:
        """Wait until there were `count` scans."""
        while len(self.scans) < count:
            self._something.clear()
            await self._something.wait()

    async def seen(self, *texts: str) -> None:
        """Wait until all of these were presented."""
        while not set(texts) <= set(self.texts):
            self._something.clear()
            await self._something.wait()


@asynccontextmanager
async def running(reader: Reader, lane: LaneDouble) -> AsyncIterator[None]:
    """Run the reader in the background, and cancel it at the end; an error of its own ends the block."""
    async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as group:
        task = group.create_task(reader.run(lane.present))
        yield
        task.cancel()


class ReaderContract:
    @pytest.fixture
    def rig(self) -> Any:
        raise NotImplementedError("give the rig of your driver")

    def test_presents_a_code_exactly_as_it_is(self, rig: ReaderRig) -> None:
        rig.show(SECOND)
        before = time.monotonic()

        async def session() -> Scan:
            lane = LaneDouble()
            async with rig.open() as reader, running(reader, lane):
                await lane.seen(SECOND)
            return lane.scans[0]

        scan = asyncio.run(session())
        assert scan.text == SECOND
        assert scan.direction is rig.config.direction
        assert scan.reader
        assert before <= scan.seen <= time.monotonic()

    def test_presents_codes_in_their_order(self, rig: ReaderRig) -> None:
        rig.show(FIRST, SECOND, THIRD)

        async def session() -> list[str]:
            lane = LaneDouble()
            async with rig.open() as reader, running(reader, lane):
                await lane.seen(FIRST, SECOND, THIRD)
            return lane.texts

        assert asyncio.run(session()) == [FIRST, SECOND, THIRD]

    def test_shows_a_code_again_that_was_not_decided(self, rig: ReaderRig) -> None:
        rig.show(FIRST, SECOND)
        answers = [None, Answer.WAIT, Answer.WAIT]

        async def session() -> list[Scan]:
            lane = LaneDouble(lambda scan: answers.pop(0) if scan.text == FIRST and answers else Answer.DECIDED)
            async with rig.open() as reader, running(reader, lane):
                await lane.seen(FIRST, SECOND)
            return lane.scans

        scans = asyncio.run(session())
        first = [scan for scan in scans if scan.text == FIRST]
        assert len(first) >= 4
        assert sorted(first, key=lambda scan: scan.seen) == first
        if rig.recording:
            assert [scan.text for scan in scans[:4]] == [FIRST] * 4

    def test_a_cancelled_run_leaves_nothing_behind(self, rig: ReaderRig) -> None:
        async def session() -> None:
            lane = LaneDouble(lambda _: Answer.WAIT)
            before = children()
            async with rig.open() as reader:
                async with running(reader, lane):
                    await lane.seen(FIRST)
                assert children() == before

        rig.show(FIRST)
        asyncio.run(session())  # the first session loads libraries, which keep their open files
        rig.show(FIRST)
        before = settled()
        asyncio.run(session())
        assert_nothing_more(before)

    def test_leaving_without_a_run_leaves_nothing_behind(self, rig: ReaderRig) -> None:
        async def session() -> None:
            async with rig.open():
                pass

        rig.show(FIRST)
        asyncio.run(session())
        before = settled()
        asyncio.run(session())
        assert_nothing_more(before)

    def test_a_device_that_is_not_there_is_a_device_error(self, rig: ReaderRig) -> None:
        rig.show(FIRST)
        rig.lose()

        async def session() -> None:
            async with asyncio.timeout(PATIENCE), rig.open() as reader:
                await reader.run(LaneDouble().present)

        with pytest.raises(DeviceError) as caught:
            asyncio.run(session())
        assert_tells_what_to_do(caught.value)

    def test_a_lost_device_is_a_device_error_and_comes_back(self, rig: ReaderRig) -> None:
        rig.show(FIRST)

        async def lost(lane: LaneDouble) -> None:
            """Run until the loss.  A recording may reach its end instead; then it cannot be opened again."""
            async with asyncio.timeout(PATIENCE):
                async with rig.open() as reader:
                    run = asyncio.create_task(reader.run(lane.present))
                    try:
                        await lane.seen(FIRST)
                        await asyncio.to_thread(rig.lose)
                        await run
                    finally:
                        run.cancel()
                async with rig.open() as reader:
                    await reader.run(lane.present)

        async def session() -> list[str]:
            lane = LaneDouble()
            with pytest.raises(DeviceError) as caught:
                await lost(lane)
            assert_tells_what_to_do(caught.value)
            await asyncio.to_thread(rig.restore)
            await asyncio.to_thread(rig.show, SECOND)
            async with rig.open() as reader, running(reader, lane):
                await lane.seen(SECOND)
            return lane.texts

        assert asyncio.run(session()) == [FIRST, SECOND]


def assert_tells_what_to_do(error: DeviceError) -> None:
    assert error.what
    assert error.hint
    assert "\n" not in str(error)
