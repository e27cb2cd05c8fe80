"""OSDP against a module in another process: keys that do not repeat, a channel that heals, what is refused."""

import asyncio
import ctypes
import gc
import os
import pty
import subprocess
import sys
import time
import weakref
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import osdp
import pytest

from drivers.barriers import osdp_panel
from drivers.barriers.osdp import _INPUTS, _LOCAL, DRIVER
from drivers.barriers.osdp_panel import UNSEEDED
from gate.core.model import Direction
from gate.errors import DeviceError
from gate.ports.inputs import Level, Role
from gate.runtime.supervisor import keep_running
from gate.testing.barrier_contract import no_reports, until
from tests.contract.osdp_peer import CUID
from tests.contract.osdp_rig import OsdpRig

CHALLENGE = b"\x03\x11\x01\x76"  # security block, then CHLNG; RND.A follows


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[OsdpRig]:
    rig = OsdpRig(tmp_path)
    yield rig
    rig.lose()


def random_number(said: bytes) -> bytes:
    at = said.index(CHALLENGE) + len(CHALLENGE)
    return said[at : at + 8]


FIRST = """
import asyncio, sys
from pathlib import Path
from tests.contract.osdp_rig import OsdpRig
rig = OsdpRig(Path(sys.argv[1]))
async def once():
    async with rig.open(0.5):
        pass
asyncio.run(once())
at = rig.wire.said.index(b"\\x03\\x11\\x01\\x76") + 4
print(rig.wire.said[at : at + 8].hex())
rig.lose()
"""


def test_no_two_processes_begin_with_the_same_random_number(tmp_path: Path) -> None:
    numbers = set()
    for name in ("first", "second"):
        folder = tmp_path / name
        folder.mkdir()
        done = subprocess.run([sys.executable, "-c", FIRST, str(folder)], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        numbers.add(done.stdout.strip())
    assert len(numbers) == 2
    assert UNSEEDED.hex() not in numbers


async def test_unseeded_random_numbers_are_refused(rig: OsdpRig, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the seed of a process that has none, the number on the wire is the known one: nothing is sent."""
    monkeypatch.setattr(osdp_panel, "seed", lambda: ctypes.CDLL(None).srand(1))
    with pytest.raises(DeviceError, match="would repeat at every start"):
        async with rig.open(0.5):
            pass
    assert rig.wire is not None
    assert UNSEEDED not in rig.wire.said


def test_a_libc_that_cannot_be_seeded_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ctypes.CDLL", lambda _: object())
    with pytest.raises(DeviceError, match="cannot be seeded"):
        osdp_panel.seed()


async def test_the_first_frames_are_as_documented(rig: OsdpRig) -> None:
    """Marks, then SOM, address, length and control, then the identity request, with its CRC."""
    async with rig.open(0.5):
        assert rig.wire is not None
        assert rig.wire.said.startswith(bytes.fromhex("FF 53 65 09 00 04 61 00 D9 7A"))
        assert len(random_number(rig.wire.said)) == 8


async def test_the_secure_channel_comes_up_as_documented(rig: OsdpRig) -> None:
    """SOM, address, length, control with sequence and security block, the block, the code; then its data."""
    async with rig.open(0.5):
        assert rig.wire is not None
        frames = rig.wire.frames()
    at = next(place for place, (_, frame) in enumerate(frames) if CHALLENGE in frame)
    assert [(way, frame[:9].hex(" ").upper(), len(frame)) for way, frame in frames[at : at + 4]] == [
        (">", "53 65 13 00 0E 03 11 01 76", 9 + 8 + 2),  # CHLNG, RND.A
        ("<", "53 E5 2B 00 0E 03 12 01 76", 9 + 8 + 8 + 16 + 2),  # CCRYPT, cUID, RND.B, cryptogram
        (">", "53 65 1B 00 0F 03 13 01 77", 9 + 16 + 2),  # SCRYPT, cryptogram
        ("<", "53 E5 1B 00 0F 03 14 01 78", 9 + 16 + 2),  # RMAC_I
    ]
    assert frames[at + 1][1][9:17] == CUID
    assert all(frame[5] == 2 for _, frame in frames[at + 4 :]), "something was said outside the channel"


async def test_the_module_times_the_pulse(rig: OsdpRig) -> None:
    async with rig.open(0.5) as barrier:
        await barrier.release(Direction.ENTRY)
        assert rig.module is not None
        await until(lambda: rig.module is not None and rig.module.words[-1] == "locked")  # nobody told it to
        assert rig.module.words.count("released") == 1


async def test_a_module_that_lost_its_power_is_there_again_at_once(rig: OsdpRig) -> None:
    """Left to itself libosdp would be offline for 300 s."""
    problems: list[str] = []
    ready = asyncio.Event()

    async def hold() -> None:
        async with DRIVER.open(rig.config) as barrier:
            ready.set()
            await barrier.watch(no_reports)

    running = asyncio.create_task(keep_running("barrier", hold, problems.append))
    await asyncio.wait_for(ready.wait(), 20)
    ready.clear()
    rig.lose_module()
    await until(lambda: any("is lost" in problem for problem in problems))
    await asyncio.sleep(3.0)  # an outage long enough for everything to be given up
    rig.restore()
    started = time.monotonic()
    await asyncio.wait_for(ready.wait(), 20)
    print(f"recovered in {time.monotonic() - started:.2f} s")
    running.cancel()
    await asyncio.wait([running])


async def test_a_short_blip_heals_too(rig: OsdpRig) -> None:
    async with rig.open(0.5) as barrier:
        rig.lose_module()
        rig.restore()

        async with asyncio.timeout(20):
            while rig.releases() == 0:
                with suppress(DeviceError):
                    await barrier.release(Direction.ENTRY)
                await asyncio.sleep(0.1)


async def test_inputs_and_tampering_are_reported_when_they_change(rig: OsdpRig) -> None:
    levels: list[Level] = []
    async with rig.open(0.5) as barrier:
        watch = asyncio.create_task(barrier.watch(levels.append))
        assert rig.module is not None
        rig.module.tell("input 4")
        await until(lambda: (Role.DOOR, True) in [(level.role, level.active) for level in levels])
        rig.module.tell("tamper 1")
        await until(lambda: levels[-1].role is Role.TAMPER and levels[-1].active)
        count = len(levels)
        rig.module.tell("input -4")
        await until(lambda: len(levels) > count)
        assert [(level.role, level.active) for level in levels[count:]] == [(Role.DOOR, False)]
        watch.cancel()
        await asyncio.wait([watch])


async def test_an_order_the_module_refuses_is_an_error(rig: OsdpRig) -> None:
    rig.config = rig.config.model_copy(update={"output": 7})
    with pytest.raises(DeviceError, match="refuses an order"):
        async with rig.open(0.5):
            pass


@pytest.mark.parametrize("text", ["", "00112233", "not hex at all, and not sixteen bytes"])
async def test_a_key_that_is_none_is_refused(rig: OsdpRig, tmp_path: Path, text: str) -> None:
    (tmp_path / "key").write_text(text)
    with pytest.raises(DeviceError, match="openssl rand"):
        async with rig.open(0.5):
            pass


async def test_a_module_with_another_key_is_never_driven(
    rig: OsdpRig, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("drivers.barriers.osdp._PATIENCE", 2.0)
    (tmp_path / "key").write_text("00" * 16)
    with pytest.raises(DeviceError, match="no secure channel"):
        async with rig.open(0.5):
            pass
    assert rig.releases() == 0


def test_a_module_that_is_sought_for_days_keeps_no_panel() -> None:
    """libosdp never lets go of a channel: what hangs on it would add up each time that the port is opened."""
    kept, ends = [], pty.openpty()
    for _ in range(3):
        panel = osdp_panel.Panel(os.ttyname(ends[1]), 9600, 5, bytes(16), lambda *_: None)
        kept.append(weakref.ref(panel))
        panel.close()
        del panel
    for end in ends:
        os.close(end)
    gc.collect()
    assert [panel() for panel in kept] == [None] * 3
    made = [kind for kind in osdp.Channel.__subclasses__() if kind.__module__ == osdp_panel.__name__]
    assert len(made) == 1


def test_the_kinds_of_report_are_those_of_the_library() -> None:
    assert (osdp.StatusReportType.Local, osdp.StatusReportType.Input) == (_LOCAL, _INPUTS)


async def test_a_missing_library_says_what_to_install(rig: OsdpRig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "osdp", None)
    with pytest.raises(DeviceError, match=r"--with osdp`, or .*pip install libosdp"):
        async with rig.open(0.5):
            pass
