"""kill -9 and a full disk at every single write, rename and flush of a sync.

After each: the list that was held is held, or the new one is; never anything else, and the next sync
brings the device up to date.
"""

import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from gate.core.model import Listing
from tests.commands.jobs import run_traced
from tests.sweeps import parts
from tests.sync.crashing import REFUSED
from tests.sync.world import WITNESS, World

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

GROWING = (
    "write",
    "pwrite64",
    "pwritev",
    "ftruncate",
    "fsync",
    "fdatasync",
    "mkdir",
    "mkdirat",
    "symlink",
    "symlinkat",
)
CHANGES = (*GROWING, "rename", "renameat", "renameat2", "unlink", "unlinkat")
PARTS = 4  # of the points of one scenario


class Victim:
    """Children that sync, one at a time."""

    def __init__(self, world: World, held: Path | None) -> None:
        self.world = world
        self.held = held  # the state to begin with; None: a new device

    def sync(self, *faults: str) -> tuple[int, list[str]]:
        """Exit code of a child, and the calls that changed something, in order."""
        world = self.world
        shutil.rmtree(world.state, ignore_errors=True)
        if self.held:
            shutil.copytree(self.held, world.state, symlinks=True)
        job = {"state": world.state, "mirror": world.public.as_uri(), "root": world.root, "now": world.now}
        return run_traced("tests.sync.crashing", job, world.folder, CHANGES, faults)


def _victim(folder: Path, scenario: str) -> Victim:
    world = World(folder)
    world.publish()
    if scenario == "first":
        return Victim(world, None)
    world.sync(world.public.as_uri())
    held = folder / "held"
    shutil.copytree(world.state, held, symlinks=True)
    changed: dict[int, Listing] = {1024 * chunk + 8: Listing.REVOKED for chunk in range(19)}
    if scenario == "snapshot":
        changed = {idx: Listing(1 + idx * 7919 % 4) for idx in range(20_000)} | {WITNESS: Listing.GREEN}
    else:
        world.authority.add_issuer("aitu", at=world.now)
    world.publish(changed)
    return Victim(world, held)


@pytest.fixture(params=["first", "delta", "snapshot"])
def victim(request: pytest.FixtureRequest, tmp_path: Path) -> Victim:
    return _victim(tmp_path, request.param)


def _points(victim: Victim, part: int) -> Iterator[tuple[int, list[str]]]:
    """Every fourth of the calls that a sync makes: its number, and the calls up to it."""
    code, calls = victim.sync()
    assert code == 0
    assert len(calls) >= 45  # some 150 points in all three scenarios
    for number in range(part, len(calls), PARTS):
        yield number, calls[: number + 1]


@pytest.mark.parametrize("part", parts(PARTS))
def test_kill_9_at_every_write_and_rename(victim: Victim, part: int) -> None:
    for number, calls in _points(victim, part):
        code, _ = victim.sync(f"{calls[-1]}:signal=SIGKILL:when={calls.count(calls[-1])}")
        assert code == -signal.SIGKILL, number
        _is_whole_and_repaired(victim)


@pytest.mark.parametrize("part", parts(PARTS))
def test_a_disk_that_is_full_from_any_write_on(victim: Victim, part: int) -> None:
    for number, calls in _points(victim, part):
        if calls[-1] in GROWING:
            full = [f"{name}:error=ENOSPC:when={calls[:-1].count(name) + 1}+" for name in GROWING]
            code, _ = victim.sync(*full)
            assert code in (0, REFUSED), f"call {number}: {code}"
            _is_whole_and_repaired(victim)


def _is_whole_and_repaired(victim: Victim) -> None:
    world = victim.world
    newest = 1 if victim.held is None else 2
    assert world.version in {newest, newest - 1 or None}
    if world.version is not None:
        with world.answering():
            pass
    assert world.sync(world.public.as_uri()).version == newest
    assert world.version == newest
    assert world.held(WITNESS, 8) == [Listing.GREEN, world.authority.listing(8)]
