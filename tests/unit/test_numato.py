"""A Numato module: text and echoes, and one that lies, stalls or talks nonsense."""

import asyncio
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from drivers.barriers.numato import DRIVER
from gate.core.model import Direction
from gate.errors import DeviceError
from gate.ports.barrier import Barrier
from gate.testing.barrier_contract import until
from tests.contract.serial_boards import NumatoBoard


@pytest.fixture
def board(tmp_path: Path) -> Iterator[NumatoBoard]:
    board = NumatoBoard(tmp_path)
    yield board
    board.close()


def opened(board: NumatoBoard, **settings: object) -> AbstractAsyncContextManager[Barrier]:
    config = {"driver": "numato", "port": str(board.port), "pulse": "50ms", **settings}
    return DRIVER.open(DRIVER.config.model_validate(config))


@pytest.mark.parametrize(("channel", "name"), [(0, "0"), (9, "9"), (10, "A"), (31, "V")])
async def test_every_order_is_read_back(board: NumatoBoard, channel: int, name: str) -> None:
    async with opened(board, channel=channel) as barrier:
        await barrier.release(Direction.ENTRY)
        off, on = (f"relay {word} {name}\rrelay read {name}\r" for word in ("off", "on"))
        assert board.heard.decode() == f"\r{off}{on}\r{off}"


async def test_the_order_to_lock_is_understood_after_half_an_order(board: NumatoBoard) -> None:
    async with opened(board, pulse="200ms") as barrier:
        release = asyncio.create_task(barrier.release(Direction.ENTRY))
        await until(lambda: not board.locked())
        board.take_half("relay o")
        await release
        assert board.locked()


@pytest.mark.parametrize(("fault", "said"), [("stuck", "reports the opposite"), ("silent", "does not answer")])
async def test_one_that_is_not_to_be_trusted_refuses_a_release(board: NumatoBoard, fault: str, said: str) -> None:
    async with opened(board) as barrier:
        setattr(board, fault, True)
        with pytest.raises(DeviceError, match=said):
            await barrier.release(Direction.ENTRY)


async def test_one_that_talks_nonsense_refuses_a_release(board: NumatoBoard, monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened(board) as barrier:
        monkeypatch.setattr(board, "obey", lambda _: b"\n\rperhaps")
        with pytest.raises(DeviceError, match="answers b'"):
            await barrier.release(Direction.ENTRY)
