"""The serial barrier, byte by byte, over real pseudo-terminals."""

import asyncio
import errno
import os
import pty
import select
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from pathlib import Path

import pytest
from pydantic import ValidationError

from drivers._shared.serial_port import open_error
from drivers.barriers.serial_frames import DRIVER
from drivers.barriers.serial_profile import build_frame, load_profile, shipped_profiles
from gate.core.model import Direction
from gate.errors import DeviceError
from gate.ports.barrier import Barrier
from gate.testing.barrier_contract import until
from tests.unit.serial_lines import fill

# A profile of one's own; the shipped ones have their names.
KMTRONIC = """
title = "KMTronic"
source = "two open drivers"
baud = 9600
channels = 8
frames = { release = "FF {channel} 01", secure = "FF {channel} 00" }
query = { ask = "FF {channel} 03", on = "FF {channel} 01", off = "FF {channel} 00", within = "200ms" }
"""


class Board:
    """The far end of a serial line: logs what it hears and answers what `reply` says."""

    def __init__(self, reply: Callable[[bytes], bytes] = lambda _: b"") -> None:
        self._reply = reply
        self._ours, theirs = pty.openpty()
        self.port = os.ttyname(theirs)
        self._theirs = theirs  # kept open, so that the line outlives the driver
        self.heard = b""
        self._stop, self._stopping = os.pipe()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> "Board":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        os.write(self._stopping, b"x")
        self._thread.join()
        for descriptor in (self._ours, self._theirs, self._stop, self._stopping):
            os.close(descriptor)

    def _run(self) -> None:
        while True:
            ready, _, _ = select.select([self._ours, self._stop], [], [])
            if self._stop in ready:
                return
            chunk = os.read(self._ours, 4096)
            self.heard += chunk
            if answer := self._reply(chunk):
                os.write(self._ours, answer)

    async def hears(self, text: str) -> None:
        """Wait until exactly this was heard, from the start."""
        wanted = bytes.fromhex(text)
        await until(lambda: len(self.heard) >= len(wanted))
        assert self.heard.hex(" ").upper() == wanted.hex(" ").upper()


@pytest.fixture
def own_profile(tmp_path: Path) -> Callable[[str], str]:
    def write(text: str) -> str:
        path = tmp_path / "board.toml"
        path.write_text(text)
        return str(path)

    return write


def opened(port: str, **settings: object) -> AbstractAsyncContextManager[Barrier]:
    return DRIVER.open(DRIVER.config.model_validate({"driver": "serial_frames", "port": port, **settings}))


def refused(**settings: object) -> str:
    with pytest.raises(ValidationError) as caught:
        opened("/dev/null", **settings)
    return str(caught.value)


@pytest.mark.parametrize(
    ("channel", "on", "off"),
    [
        (1, "A0 01 01 A2", "A0 01 00 A1"),
        (2, "A0 02 01 A3", "A0 02 00 A2"),
        (3, "A0 03 01 A4", "A0 03 00 A3"),
        (4, "A0 04 01 A5", "A0 04 00 A4"),
        (8, "A0 08 01 A9", "A0 08 00 A8"),
    ],
)
async def test_lcus_hears_off_then_on_then_off(channel: int, on: str, off: str) -> None:
    with Board() as board:
        async with opened(board.port, profile="lcus", channel=channel, pulse="50ms") as barrier:
            await board.hears(off)
            await barrier.release(Direction.ENTRY)
            await board.hears(off + on + off)
        await board.hears(off + on + off + off)


async def test_two_releases_at_once_are_two_pulses_one_after_the_other() -> None:
    with Board() as board:
        async with opened(board.port, profile="lcus", pulse="50ms") as barrier:
            await asyncio.gather(barrier.release(Direction.ENTRY), barrier.release(Direction.EXIT))
            await board.hears("A00100A1" + 2 * "A00101A2 A00100A1")


async def test_a_board_that_times_the_pulse_is_told_once() -> None:
    with Board() as board:
        async with opened(board.port, profile="hw-667") as barrier:
            await barrier.release(Direction.ENTRY)
            assert not barrier.secured
            await board.hears("BB CC")
            await asyncio.sleep(1.1)  # the board has let go by itself, and may be told so all the same
            assert not barrier.secured
            barrier.secure()
            assert barrier.secured
            await board.hears("BB CC BB")


async def test_a_turnstile_is_released_by_direction_and_acknowledges() -> None:
    with Board(lambda _: bytes.fromhex("0202000606")) as board:
        async with opened(board.port, profile="digicon-tx1500") as barrier:
            await barrier.release(Direction.ENTRY)
            await barrier.release(Direction.EXIT)
            await board.hears("02 02 00 43 43  02 02 00 48 48  02 02 00 41 41")


@pytest.mark.parametrize(("answer", "said"), [("", "answered nothing"), ("0202001515", "answered 02 02 00 15 15")])
async def test_a_missing_or_wrong_acknowledgement_is_an_error(answer: str, said: str) -> None:
    def reply(chunk: bytes) -> bytes:
        return bytes.fromhex("0202000606" if chunk[3] == 0x43 else answer)

    with Board(reply) as board:
        async with opened(board.port, profile="digicon-tx1500") as barrier:
            with pytest.raises(DeviceError, match=said):
                await barrier.release(Direction.ENTRY)
            await board.hears("02 02 00 43 43  02 02 00 48 48  02 02 00 43 43")


async def test_a_board_without_an_order_to_lock_is_secured_by_time_only() -> None:
    with Board() as board:
        async with opened(board.port, profile="ac-atri-018") as barrier:
            assert barrier.secured
            await barrier.release(Direction.EXIT)
            barrier.secure()
            assert not barrier.secured, "nothing that it was told has locked it"
        await board.hears("EB 01 43 00 A9  EB 01 4B 00 A1  EB 01 41 00 AB")


class KmTronic:
    """Answers queries; `obeys` says whether its relay follows."""

    def __init__(self) -> None:
        self.on = False
        self.obeys = True
        self.answers = True

    def __call__(self, chunk: bytes) -> bytes:
        answer = b""
        for at in range(0, len(chunk), 3):
            _, channel, order = chunk[at : at + 3]
            if order == 3:
                answer = bytes([0xFF, channel, self.on]) if self.answers else b""
            elif self.obeys:
                self.on = order == 1
        return answer


async def test_a_relay_that_can_be_read_back_is(own_profile: Callable[[str], str]) -> None:
    relay = KmTronic()
    with Board(relay) as board:
        async with opened(board.port, profile=own_profile(KMTRONIC), channel=2, pulse="50ms") as barrier:
            await barrier.release(Direction.ENTRY)
            await board.hears("FF0200 FF0203  FF0201 FF0203  FF0200 FF0203")
            relay.obeys = False
            with pytest.raises(DeviceError, match="switched on and reports that it is off"):
                await barrier.release(Direction.ENTRY)
            relay.answers = False
            with pytest.raises(DeviceError, match="switched on and does not answer"):
                await barrier.release(Direction.ENTRY)


async def test_a_relay_that_stays_on_at_the_start_is_refused(own_profile: Callable[[str], str]) -> None:
    relay = KmTronic()
    relay.on, relay.obeys = True, False
    with Board(relay) as board, pytest.raises(DeviceError, match="switched off and reports that it is on"):
        async with opened(board.port, profile=own_profile(KMTRONIC), pulse="50ms"):
            pass


async def test_a_silent_relay_works_without_read_back(own_profile: Callable[[str], str]) -> None:
    with Board() as board:
        async with opened(board.port, profile=own_profile(KMTRONIC), pulse="50ms") as barrier:
            await barrier.release(Direction.ENTRY)
            await board.hears("FF0100 FF0103  FF0101 FF0100")


class Lcus:
    """Misses the first order to lock after a release: a spark on the line."""

    def __init__(self) -> None:
        self.on, self.missed = False, 0

    def __call__(self, chunk: bytes) -> bytes:
        for at in range(0, len(chunk), 4):
            if chunk[at + 2]:
                self.on = True
            elif self.on and not self.missed:
                self.missed += 1
            else:
                self.on = False
        return b""


async def test_an_order_to_lock_that_was_missed_is_said_again() -> None:
    relay = Lcus()
    with Board(relay) as board:
        async with opened(board.port, profile="lcus", pulse="50ms") as barrier:
            watch = asyncio.create_task(barrier.watch(lambda _: None))
            await barrier.release(Direction.ENTRY)
            await until(lambda: relay.missed == 1)
            assert relay.on
            await until(lambda: not relay.on)
            watch.cancel()


async def test_a_relay_that_dies_while_nobody_comes_is_found(own_profile: Callable[[str], str]) -> None:
    relay = KmTronic()
    with Board(relay) as board:
        async with opened(board.port, profile=own_profile(KMTRONIC), pulse="50ms") as barrier:
            relay.answers = False
            with pytest.raises(DeviceError, match="does not answer"):
                await asyncio.wait_for(barrier.watch(lambda _: None), 5)


@asynccontextmanager
async def deaf_board() -> AsyncIterator[tuple[Barrier, int]]:
    """A barrier whose board has stopped reading, and the far end of its line."""
    ours, theirs = pty.openpty()
    try:
        async with opened(os.ttyname(theirs), profile="lcus", pulse="50ms") as barrier:
            os.set_blocking(theirs, False)
            assert os.read(ours, 4) == bytes.fromhex("A00100A1")
            os.set_blocking(ours, False)
            fill(theirs)
            yield barrier, ours
    finally:
        os.close(ours)
        os.close(theirs)


async def heard_at_last(line: int, frame: bytes) -> bytes:
    """Read again, until the frame comes; all that came but what filled the line."""
    heard = b""
    async with asyncio.timeout(5):
        while not heard.endswith(frame):
            await asyncio.sleep(0.01)
            with suppress(BlockingIOError):
                heard += os.read(line, 4096)
    return heard.strip(b"\0")


async def test_an_order_to_lock_is_repeated_until_the_line_takes_it() -> None:
    async with deaf_board() as (barrier, line):
        barrier.secure()
        assert await heard_at_last(line, bytes.fromhex("A00100A1")) == bytes.fromhex("A00100A1")
        assert barrier.secured
        with pytest.raises(DeviceError, match="takes no more bytes"):
            await barrier.watch(lambda _: None)


async def test_a_line_that_takes_nothing_refuses_a_release() -> None:
    async with deaf_board() as (barrier, line):
        with pytest.raises(DeviceError, match="takes no more bytes"):
            await barrier.release(Direction.ENTRY)
        assert await heard_at_last(line, bytes.fromhex("A00100A1")) == bytes.fromhex("A00100A1"), "told to unlock"


async def test_a_port_in_use_says_so() -> None:
    with Board() as board:
        async with opened(board.port, profile="lcus", pulse="1s"):
            with pytest.raises(DeviceError, match="in use by another program"):
                async with opened(board.port, profile="lcus", pulse="1s"):
                    pass


async def test_a_missing_port_says_which_are_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("drivers._shared.serial_port._BY_PATH", tmp_path)
    missing = str(tmp_path / "gone")
    with pytest.raises(DeviceError, match=r"is not there.*lists no port at all"):
        async with opened(missing, profile="lcus", pulse="1s"):
            pass
    (tmp_path / "pci-usb-0:2:1.0-port0").touch()
    with pytest.raises(DeviceError, match=r"is not there.*pci-usb-0:2:1\.0-port0"):
        async with opened(missing, profile="lcus", pulse="1s"):
            pass


async def test_a_file_that_is_no_port_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DeviceError, match="cannot be opened"):
        async with opened(str(tmp_path / "file"), profile="lcus", pulse="1s"):
            pass


def test_a_forbidden_port_names_the_group() -> None:
    assert "dialout" in open_error("/dev/ttyUSB0", PermissionError(errno.EACCES, "Permission denied")).hint


def test_settings_that_do_not_fit_the_board_are_refused() -> None:
    assert "shipped: ac-atri-018, digicon-tx1500, hw-667, kmtronic, lcus" in refused(profile="lcsu", pulse="1s")
    assert "channels 1 to 8" in refused(profile="lcus", pulse="1s", channel=9)
    assert "pulse is missing" in refused(profile="lcus")
    assert "less than or equal to 10" in refused(profile="lcus", pulse="10001ms")
    assert "ends it after 1s itself" in refused(profile="hw-667", pulse="1s")
    assert "the board times every pulse" in refused(profile="hw-667", extended_pulse="2s")
    assert "No such file" in refused(profile="/nowhere/board.toml", pulse="1s")


@pytest.mark.parametrize(
    ("profile", "said"),
    [
        (
            KMTRONIC.replace("FF {channel} 01", "FF {chanel} 01"),
            "board.toml: frames.release: '{chanel}' is neither a byte",
        ),
        (KMTRONIC.replace("FF {channel} 01", "ZZ"), "non-hexadecimal"),
        (KMTRONIC.replace("FF {channel} 01", ""), "at least one byte"),
        (KMTRONIC.replace(', secure = "FF {channel} 00"', ""), "frames.secure is missing"),
        (KMTRONIC + 'colour = "red"', "colour: is not known here"),
        ("title = ", "Invalid value"),
    ],
)
def test_a_wrong_profile_is_refused_in_one_line(own_profile: Callable[[str], str], profile: str, said: str) -> None:
    with pytest.raises(ValueError, match=r"^profile ") as caught:
        load_profile(own_profile(profile))
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_every_shipped_profile_can_be_loaded() -> None:
    assert shipped_profiles() == ["ac-atri-018", "digicon-tx1500", "hw-667", "kmtronic", "lcus"]
    for name in shipped_profiles():
        profile = load_profile(name)
        assert build_frame(profile.frames.release_for(Direction.ENTRY), profile.channels)
