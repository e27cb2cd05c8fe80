"""A ZKTeco panel, byte by byte: with sessions and without, and one that refuses, stalls, corrupts or is another's."""

import asyncio
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager

import pytest
from pydantic import ValidationError

from drivers.barriers.zk_client import CONNECT, CONTROL, NOBODY, frame
from drivers.barriers.zk_panel import DRIVER
from gate.core.model import Direction, Stance
from gate.errors import DeviceError
from gate.ports.barrier import Barrier
from gate.testing.barrier_contract import no_reports, until
from tests.contract.network_boards import ZkPanel
from tests.peers.running import answer


@pytest.fixture
def panel() -> Iterator[ZkPanel]:
    panel = ZkPanel()
    yield panel
    panel.close()


def opened(panel: ZkPanel, **settings: object) -> AbstractAsyncContextManager[Barrier]:
    config = {"driver": "zk_panel", "address": "127.0.0.1", "port": panel.port, "door": 1, "pulse": "5s", **settings}
    return DRIVER.open(DRIVER.config.model_validate(config))


def heard(panel: ZkPanel) -> list[str]:
    return [message.hex(" ").upper() for message in panel.heard]


@pytest.mark.parametrize(
    ("built", "documented"),
    [
        (frame(CONNECT), "AA 01 76 00 00 E0 26 55"),
        (
            frame(CONTROL, bytes([1, 1, 1, 5, 0]), session=0x1234),
            "AA 01 05 09 00 34 12 FE FE 01 01 01 05 00 A2 B8 55",
        ),
        (
            frame(CONNECT, b"banana123", session=NOBODY),  # with a password
            "AA 01 76 0D 00 FE FE FE FE 62 61 6E 61 6E 61 31 32 33 96 19 55",
        ),
    ],
)
def test_frames_are_as_documented(built: bytes, documented: str) -> None:
    assert built.hex(" ").upper() == documented


async def test_the_panel_is_told_to_time_the_pulse(panel: ZkPanel) -> None:
    async with opened(panel) as barrier:
        await barrier.release(Direction.ENTRY)
        await barrier.release(Direction.ENTRY, extended=True)
    await until(lambda: len(panel.heard) == 7)
    assert heard(panel) == [
        "AA 01 76 04 00 FE FE FE FE 46 77 55",
        "AA 01 04 0D 00 D1 8A FF FE 4C 6F 63 6B 43 6F 75 6E 74 F2 31 55",  # LockCount
        "AA 01 05 09 00 D1 8A 00 FF 01 01 01 00 00 41 A8 55",  # locked
        "AA 01 05 09 00 D1 8A 01 FF 01 01 01 05 00 52 38 55",  # for 5 s
        "AA 01 05 09 00 D1 8A 02 FF 01 01 01 0A 00 64 C8 55",  # for 10 s, the most
        "AA 01 05 09 00 D1 8A 03 FF 01 01 01 00 00 72 A8 55",  # locked
        "AA 01 02 04 00 D1 8A 04 FF B9 DE 55",  # farewell
    ]


async def test_one_that_knows_no_sessions_is_spoken_to_without(panel: ZkPanel) -> None:
    panel.old = True
    async with opened(panel) as barrier:
        await barrier.release(Direction.ENTRY)
        assert not panel.locked()
    assert heard(panel)[1] == "AA 01 01 00 00 50 3C 55"
    assert heard(panel)[4] == "AA 01 05 05 00 01 01 01 05 00 F6 03 55"


async def test_free_is_a_lease(panel: ZkPanel) -> None:
    async with opened(panel) as barrier:
        watch = asyncio.create_task(barrier.watch(no_reports))
        await barrier.set_stance(Stance.FREE)
        await until(lambda: panel.openings >= 3)
        assert {message[9:14] for message in panel.heard if message[2] == CONTROL} == {
            bytes([1, 1, 1, 0, 0]),
            bytes([1, 1, 1, 3, 0]),  # for 3 s, again and again
        }
        watch.cancel()
        await asyncio.wait([watch])
        await until(panel.locked)  # nobody renews it


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("silent", "does not answer"),
        ("corrupts", "check sum of its answer is wrong"),
        ("strays", "answers in another session"),
        ("refuses", "refuses with -2"),
    ],
)
async def test_one_that_is_not_to_be_trusted_refuses_a_release(panel: ZkPanel, fault: str, said: str) -> None:
    async with opened(panel, pulse="1s") as barrier:
        setattr(panel, fault, True)
        with pytest.raises(DeviceError, match=said) as caught:
            await barrier.release(Direction.ENTRY)
        assert caught.value.hint
        setattr(panel, fault, False)
    await until(panel.locked)


@pytest.mark.parametrize(("fault", "said"), [("password", "communication password"), ("silent", "does not answer")])
async def test_one_that_lets_nobody_in_says_why(panel: ZkPanel, fault: str, said: str) -> None:
    setattr(panel, fault, True)
    with pytest.raises(DeviceError, match=said):
        async with opened(panel):
            pass


async def test_a_panel_that_is_not_there_says_what_the_service_needs(panel: ZkPanel) -> None:
    panel.lose()
    with pytest.raises(DeviceError, match="does not answer") as caught:
        async with opened(panel):
            pass
    assert "IPAddressAllow=" in str(caught.value.hint)


async def test_a_door_that_it_has_not_is_refused(panel: ZkPanel) -> None:
    with pytest.raises(DeviceError, match="has no door 3"):
        async with opened(panel, door=3):
            pass


@pytest.mark.parametrize(
    ("wrong", "said"), [({"pulse": "1500ms"}, "whole seconds"), ({"door": 5}, "less than or equal to 4")]
)
def test_settings_that_do_not_fit_are_refused(wrong: dict[str, object], said: str) -> None:
    settings = {"driver": "zk_panel", "address": "192.0.2.17", "door": 1, "pulse": "3s"}
    with pytest.raises(ValidationError, match=said):
        DRIVER.config.model_validate(settings | wrong)


@pytest.mark.slow
@pytest.mark.parametrize("old", [False, True])
async def test_another_client_says_the_same_to_the_same_effect(panel: ZkPanel, old: bool) -> None:
    """By the package zkaccess-c3, which proves the panel that stands in for one, and our frames."""
    panel.old = old
    said = await asyncio.to_thread(answer, "zk_client", "127.0.0.1", str(panel.port), lines=["hold 1 5", "hold 1 0"])
    assert said == ["doors 2", "held", "held"]
    assert (panel.openings, panel.locked()) == (1, True)
    theirs, at = panel.heard, len(panel.heard)
    async with opened(panel) as barrier:
        await barrier.release(Direction.ENTRY)
    ours = panel.heard[at:]
    for kind in (CONNECT, CONTROL):
        assert {bare(message) for message in ours if message[2] == kind} == {
            bare(message) for message in theirs[:at] if message[2] == kind
        }


def bare(message: bytes) -> bytes:
    """Without what differs from one session to the next: session, number, check sum."""
    return message[:5] + (message[9:-3] if message[3] in (4, 9) else message[5:-3])
