"""A UHPPOTE board, byte by byte: modes written only where they differ, and one that lies, stalls or is another."""

import asyncio
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager

import pytest
from pydantic import ValidationError

from drivers.barriers.uhppote import DRIVER
from gate.core.model import Direction, Stance
from gate.errors import DeviceError
from gate.ports.barrier import Barrier
from gate.ports.inputs import Level, Role
from gate.testing.barrier_contract import no_reports, until
from tests.contract.network_boards import UhppoteBoard
from tests.peers.running import answer

BOARD = "78 37 2A 18"  # 405419896
GET, STATUS, OPEN = f"17 82 00 00 {BOARD} 03", f"17 20 00 00 {BOARD}", f"17 40 00 00 {BOARD} 03"


def set_door(mode: int, delay: int) -> str:
    return f"17 80 00 00 {BOARD} 03 {mode:02X} {delay:02X}"


@pytest.fixture
def board() -> Iterator[UhppoteBoard]:
    board = UhppoteBoard()
    yield board
    board.close()


def opened(board: UhppoteBoard, **settings: object) -> AbstractAsyncContextManager[Barrier]:
    config = {
        "driver": "uhppote",
        "address": "127.0.0.1",
        "port": board.port,
        "serial": board.serial,
        "door": board.door,
        "pulse": "3s",
        **settings,
    }
    return DRIVER.open(DRIVER.config.model_validate(config))


def heard(board: UhppoteBoard, since: int = 0) -> list[str]:
    """Without the zeros that fill a message up."""
    return [message.rstrip(b"\0").hex(" ").upper() for message in board.heard[since:]]


async def test_the_board_is_told_its_delay_once_and_opened(board: UhppoteBoard) -> None:
    async with opened(board) as barrier:
        assert heard(board) == [GET, STATUS, STATUS]
        await barrier.release(Direction.ENTRY)
        assert heard(board, 3) == [set_door(3, 3), OPEN, STATUS]
        assert board.heard[4] == bytes.fromhex("1740000078372a1803").ljust(64, b"\0")
        await barrier.release(Direction.EXIT)
        assert heard(board, 6) == [OPEN, STATUS]  # nothing is written that stands there already
        await barrier.release(Direction.ENTRY, extended=True)
        assert heard(board, 8) == [set_door(3, 9), OPEN, STATUS]


async def test_an_opening_is_ended_and_cannot_come_back(board: UhppoteBoard) -> None:
    """The board may remember it: "controlled" is given back only when its time is over."""
    async with opened(board, pulse="1s") as barrier:
        watch = asyncio.create_task(barrier.watch(no_reports))
        await barrier.release(Direction.ENTRY)
        assert not board.locked()
        barrier.secure()
        await until(board.locked)
        assert board.mode == 2
        while board.mode == 2:
            assert board.locked()
            await asyncio.sleep(0.01)
        assert (board.mode, board.delay, board.locked()) == (3, 1, True)
        told = len(board.asked(0x80))
        barrier.secure()
        await asyncio.sleep(0.3)
        assert len(board.asked(0x80)) == told, "written again, though it is locked"
        watch.cancel()
        await asyncio.wait([watch])


@pytest.mark.parametrize(("stance", "mode"), [(Stance.FREE, 1), (Stance.BLOCKED, 2)])
async def test_its_modes_are_the_stances(board: UhppoteBoard, stance: Stance, mode: int) -> None:
    async with opened(board) as barrier:
        await barrier.set_stance(stance)
        assert heard(board)[-2:] == [set_door(mode, 5), STATUS]
    assert board.locked()


async def test_one_that_was_left_free_is_locked_at_the_next_opening(board: UhppoteBoard) -> None:
    board.mode = 1
    async with opened(board):
        assert board.locked()
        assert heard(board) == [GET, set_door(2, 5), STATUS]


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("silent", "does not answer"),
        ("stuck", r"takes DoorSetting\(mode=3, delay=5\) instead of"),
        ("lies", "was ordered to release the door and did not"),
        ("stranger", "answers 17 80 00 00 79 37 2A 18"),
        ("refuses", "refuses to open the door"),
    ],
)
async def test_one_that_is_not_to_be_trusted_refuses_a_release(board: UhppoteBoard, fault: str, said: str) -> None:
    async with opened(board) as barrier:
        setattr(board, fault, True)
        with pytest.raises(DeviceError, match=said) as caught:
            await barrier.release(Direction.ENTRY)
        assert caught.value.hint
        setattr(board, fault, False)
    assert board.locked()


async def test_an_opening_is_never_asked_for_twice(board: UhppoteBoard) -> None:
    async with opened(board) as barrier:
        await barrier.release(Direction.ENTRY)
        board.silent = True
        with pytest.raises(DeviceError, match="does not answer"):
            await barrier.release(Direction.ENTRY)
        assert len(board.asked(0x40)) == 2
        board.silent = False


async def test_a_board_that_is_not_there_says_what_the_service_needs(board: UhppoteBoard) -> None:
    board.lose()
    with pytest.raises(DeviceError, match="does not answer") as caught:
        async with opened(board):
            pass
    assert "IPAddressAllow=" in str(caught.value.hint)


async def test_the_doors_contact_is_told_when_it_changes(board: UhppoteBoard) -> None:
    levels: list[Level] = []
    async with opened(board, contact=True) as barrier:
        watch = asyncio.create_task(barrier.watch(levels.append))
        await until(lambda: [level.active for level in levels] == [False])
        board.contact = True
        await until(lambda: [level.active for level in levels] == [False, True])
        assert {level.role for level in levels} == {Role.DOOR}
        watch.cancel()
        await asyncio.wait([watch])
    assert DRIVER.abilities(DRIVER.config.model_validate(SETTINGS | {"contact": True})).door


SETTINGS = {"driver": "uhppote", "address": "192.0.2.17", "serial": 405419896, "door": 1, "pulse": "3s"}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"pulse": "1500ms"}, "whole seconds"),
        ({"pulse": "3s", "extended_pulse": "4500ms"}, "whole seconds"),
        ({"door": 5}, "less than or equal to 4"),
        ({"address": "board.example"}, "IPv4"),
        ({"serial": 0}, "greater than or equal to 1"),
    ],
)
def test_settings_that_do_not_fit_are_refused(wrong: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        DRIVER.config.model_validate(SETTINGS | wrong)


@pytest.mark.slow
async def test_another_client_says_the_same_bytes_to_the_same_effect(board: UhppoteBoard) -> None:
    """By the package uhppoted, which proves the board that stands in for one, and our messages."""
    lines = ["get", "status", "set 3 3", "open", "status", "set 2 3", "open", "status"]
    others = await asyncio.to_thread(
        answer, "uhppote_client", f"127.0.0.1:{board.port}", str(board.serial), "3", lines=lines
    )
    assert others == [
        "get 3 5",
        "status 0 False",
        "set 3 3",
        "open True",
        "status 4 False",
        "set 2 3",
        "open False",
        "status 0 False",
    ]
    theirs = set(board.heard)
    board.mode = 3
    async with opened(board) as barrier:
        await barrier.release(Direction.ENTRY)
        barrier.secure()
    assert set(board.heard) == theirs
