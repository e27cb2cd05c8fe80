"""The shipped profiles, byte by byte, and what turnstiles on a serial line report of themselves."""

import asyncio
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from drivers.barriers.serial_frames import DRIVER
from drivers.barriers.serial_profile import FrameSet, build_frame, load_profile
from gate.core.model import Direction, Stance
from gate.ports.abilities import EITHER_WAY, Abilities
from gate.ports.barrier import Barrier
from gate.ports.inputs import Level, Role
from gate.testing.barrier_contract import until
from tests.contract.serial_boards import Board, DigiconBoard

ENTRY, EXIT = Direction.ENTRY, Direction.EXIT


@pytest.mark.parametrize(
    ("profile", "channel", "frames"),
    [
        ("lcus", 1, {"release": "A0 01 01 A2", "secure": "A0 01 00 A1"}),
        ("lcus", 4, {"release": "A0 04 01 A5", "secure": "A0 04 00 A4"}),
        ("hw-667", 1, {"release": "CC", "secure": "BB"}),
        ("kmtronic", 3, {"release": "FF 03 01", "secure": "FF 03 00", "ask": "FF 03 03"}),
        (
            "digicon-tx1500",
            1,
            {
                "release": "02 02 00 48 48",
                "exit": "02 02 00 41 41",
                "secure": "02 02 00 43 43",
                "ok": "02 02 00 06 06",
                "passed in": "02 02 00 1A 1A",
                "passed out": "02 02 00 1B 1B",
                "free": "02 03 00 4C 48 05",
                "free the way out": "02 03 00 4C 41 0C",
            },
        ),
        (
            "ac-atri-018",
            1,
            {
                "release": "EB 01 40 00 AA",
                "exit": "EB 01 41 00 AB",
                "free": "EB 01 42 00 A8",
                "leave free": "EB 01 43 00 A9",
                "blocked": "EB 01 4A 00 A0",
                "leave blocked": "EB 01 4B 00 A1",
            },
        ),
    ],
)
def test_every_frame_is_as_documented(profile: str, channel: int, frames: dict[str, str]) -> None:
    given = load_profile(profile)
    release: FrameSet = given.frames
    templates = {
        "release": release.release_for(ENTRY),
        "exit": release.release_for(EXIT),
        "secure": release.secure,
        "ask": given.query and given.query.ask,
        "ok": given.ack and given.ack.ok,
        "passed in": given.passage and given.passage.entry,
        "passed out": given.passage and given.passage.exit,
        "free": given.free and given.free.enter[0],
        "free the way out": given.free and given.free.enter[-1],
        "leave free": given.free and given.free.leave,
        "blocked": given.blocked and given.blocked.enter[0],
        "leave blocked": given.blocked and given.blocked.leave,
    }
    built = {name: template and build_frame(template, channel).hex(" ").upper() for name, template in templates.items()}
    assert {name: built[name] for name in frames} == frames


@pytest.mark.parametrize(
    ("profile", "abilities"),
    [
        ("lcus", Abilities(stances=frozenset({Stance.FREE}))),  # held by the host
        ("hw-667", Abilities()),  # nobody holds it: its pulse is one second
        ("digicon-tx1500", Abilities(EITHER_WAY, frozenset({Stance.FREE}))),
        ("ac-atri-018", Abilities(stances=frozenset({Stance.FREE, Stance.BLOCKED}))),
    ],
)
def test_what_each_can_do(profile: str, abilities: Abilities) -> None:
    assert load_profile(profile).abilities == abilities


class Recorder(Board):
    """Hears, and says nothing."""

    def take(self, _: bytes) -> tuple[bytes, bytes]:  # nothing is answered
        return b"", b""


@pytest.fixture
def recorder(tmp_path: Path) -> Iterator[Recorder]:
    board = Recorder(tmp_path)
    yield board
    board.close()


@pytest.fixture
def digicon(tmp_path: Path) -> Iterator[DigiconBoard]:
    board = DigiconBoard(tmp_path)
    yield board
    board.close()


def opened(board: Board, profile: str, **settings: object) -> AbstractAsyncContextManager[Barrier]:
    config = {"driver": "serial_frames", "port": str(board.port), "profile": profile, **settings}
    return DRIVER.open(DRIVER.config.model_validate(config))


def text(data: bytes) -> str:
    return data.hex(" ").upper()


async def test_stances_are_entered_and_left_and_left_once_more_when_it_is_opened(recorder: Recorder) -> None:
    leave_both = "EB 01 43 00 A9 EB 01 4B 00 A1"
    async with opened(recorder, "ac-atri-018") as barrier:
        await until(lambda: text(recorder.heard) == leave_both)  # it may stand so since a crash
        await barrier.set_stance(Stance.FREE)
        await barrier.set_stance(Stance.BLOCKED)
        await barrier.set_stance(Stance.CONTROLLED)
        barrier.secure()
        said = f"{leave_both} EB 01 42 00 A8 EB 01 43 00 A9 EB 01 4A 00 A0 EB 01 4B 00 A1"
        await until(lambda: text(recorder.heard) == said)


async def watching(barrier: Barrier) -> tuple[list[Level], "asyncio.Task[None]"]:
    levels: list[Level] = []
    watch = asyncio.create_task(barrier.watch(levels.append))
    await asyncio.sleep(0.1)
    return levels, watch


async def test_a_report_in_pieces_and_in_the_middle_of_an_answer_is_one_passage(digicon: DigiconBoard) -> None:
    async with opened(digicon, "digicon-tx1500") as barrier:
        levels, watch = await watching(barrier)
        digicon.say(bytes.fromhex("02 02 00"))
        await asyncio.sleep(0.1)
        digicon.say(bytes.fromhex("1A 1A"))
        await until(lambda: len(levels) == 1)
        digicon.silent = True  # what it answers comes with what it reports
        release = asyncio.create_task(barrier.release(ENTRY))
        await asyncio.sleep(0.05)
        digicon.silent = False
        digicon.say(bytes.fromhex("02 02 00 1B 1B 02 02 00 06 06 02 02 00 1A 1A"))
        await release
        await until(lambda: len(levels) == 3)
        assert [(level.role, level.direction) for level in levels] == [
            (Role.PASSAGE, ENTRY),
            (Role.PASSAGE, EXIT),
            (Role.PASSAGE, ENTRY),
        ]
        watch.cancel()
        await asyncio.wait([watch])


async def test_garbage_between_reports_is_no_passage(digicon: DigiconBoard) -> None:
    async with opened(digicon, "digicon-tx1500") as barrier:
        levels, watch = await watching(barrier)
        digicon.say(bytes(range(256)) * 4 + bytes.fromhex("02 02 00 1A 1B 02 02 00 1A 1A"))
        await until(lambda: len(levels) == 1)
        await asyncio.sleep(0.2)
        assert len(levels) == 1
        watch.cancel()
        await asyncio.wait([watch])


async def test_swapped_its_entry_is_our_exit(digicon: DigiconBoard) -> None:
    async with opened(digicon, "digicon-tx1500", swapped=True) as barrier:
        levels, watch = await watching(barrier)
        await barrier.release(EXIT)
        assert text(digicon.heard).endswith("02 02 00 48 48")
        digicon.pass_through(ENTRY)
        await until(lambda: [level.direction for level in levels] == [EXIT])
        watch.cancel()
        await asyncio.wait([watch])
