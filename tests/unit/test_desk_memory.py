"""What the desk keeps of wrong PINs over a restart, and over a clock that is set."""

from pathlib import Path

import pytest

from gate.desk.memory import LOCKED_FOR, WRONG_PINS, DeskMemory
from gate.testing.builders import NOW

YEAR = 365 * 86400.0


def begun(folder: Path) -> DeskMemory:
    memory = DeskMemory(folder, frozenset({"aigul"}))
    memory.load()
    return memory


def locked(folder: Path, now: float) -> DeskMemory:
    memory = begun(folder)
    lefts = [memory.wrong("aigul", now) for _ in range(WRONG_PINS)]
    assert lefts == list(range(WRONG_PINS - 1, -1, -1))
    return memory


async def test_wrong_pins_and_the_lock_are_kept_over_a_restart(tmp_path: Path) -> None:
    memory = begun(tmp_path)
    for left in (4, 3, 2):
        assert memory.wrong("aigul", NOW) == left
        await memory.keep()
        memory = begun(tmp_path)
    memory.wrong("aigul", NOW)
    assert memory.wrong("aigul", NOW) == 0
    await memory.keep()
    again = begun(tmp_path)
    assert again.locked_for("aigul", NOW + 60) == LOCKED_FOR - 60
    assert again.locked_for("aigul", NOW + LOCKED_FOR) == 0.0


@pytest.mark.parametrize("ahead", [LOCKED_FOR + 60, YEAR])
async def test_a_clock_that_was_ahead_locks_nobody_for_longer(tmp_path: Path, ahead: float) -> None:
    await locked(tmp_path, NOW + ahead).keep()
    memory = begun(tmp_path)
    assert memory.locked_for("aigul", NOW) == LOCKED_FOR
    assert memory.locked_for("aigul", NOW + LOCKED_FOR - 1) == 1.0
    assert memory.locked_for("aigul", NOW + LOCKED_FOR) == 0.0
