"""kill -9, a full, read-only, failing or slow disk at the calls by which the lane's store changes or reads a file.

After each: every opening has its row, no code has opened twice, the chain is whole, and nothing counts as lost."""

import os
import re
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from gate.core.model import Listing
from gate.core.reason import Reason
from gate.errors import StoreError
from gate.store.admission import Admission
from gate.store.journal_proof import open_journal, prove, read_rows
from gate.store.list_reader import StatusList
from gate.testing.builders import NOW, claims, load, policy
from tests.commands.jobs import run_traced
from tests.store.lane_victim import PEOPLE, REFUSED, REUSE_AFTER, SHOWN, visit
from tests.store.opening import opened
from tests.sweeps import parts

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

WRITES = ("pwrite64", "ftruncate", "fsync", "fdatasync")
CHANGES = (*WRITES, "mkdir", "rename", "renameat", "unlink", "unlinkat", "fchmod", "chmod")
CALLS = (*CHANGES, "pread64")
FLUSHES = ("fsync", "fdatasync")
OPENED = "opened"
OPENING = re.compile(r'write\(\d+, "\d+ \d+\\n"')
SLOW = 2_000_000  # µs
PARTS = 4  # of the points of one scenario
AT = NOW + 600.0


class Victim:
    """Children that live a morning, one at a time."""

    def __init__(self, folder: Path, held: Path) -> None:
        self.state, self.openings = folder / "state", folder / "openings"
        self.held, self._folder = held, folder

    def live(self, *faults: str, calls: tuple[str, ...] = CALLS) -> tuple[int, list[str]]:
        """Exit code of a child, and its calls, in order."""
        shutil.rmtree(self.state, ignore_errors=True)
        shutil.copytree(self.held, self.state)
        self.openings.unlink(missing_ok=True)
        job = {"state": self.state, "openings": self.openings, "at": AT}
        return run_traced("tests.store.lane_victim", job, self._folder, calls, faults)

    def opened(self) -> list[tuple[int, int]]:
        """The people who were let in, each with the number of the row."""
        lines = self.openings.read_text().splitlines()
        return [(int(idx), int(seq)) for idx, seq in (line.split() for line in lines)]

    def steps(self) -> list[str]:
        """The calls of the last child in order, and OPENED for each opening.  For one whose `write` was traced."""
        lines = (self._folder / "trace").read_text().splitlines()
        return [OPENED if OPENING.match(line) else line.partition("(")[0] for line in lines]

    def delayed(self) -> int:
        """How many calls of the last child were delayed, as strace wrote it."""
        return (self._folder / "trace").read_text().count("(DELAYED)")


@pytest.fixture(params=["first", "later"])
def victim(request: pytest.FixtureRequest, tmp_path: Path) -> Victim:
    held = tmp_path / "held"
    held.mkdir()
    load(held, dict.fromkeys([*PEOPLE, 7, 8], Listing.GREEN))
    if request.param == "later":
        with opened(held, policy(reuse_after=REUSE_AFTER)) as admission:
            admission.close_interrupted(NOW)
            with Path(os.devnull).open("wb") as openings:
                for number in range(6):
                    visit(admission, NOW + number, 7, openings.fileno())
            shutil.copytree(held, tmp_path / "killed")  # not stopped: the WAL is to be recovered
        held = tmp_path / "killed"
    return Victim(tmp_path, held)


def check(victim: Victim, point: object) -> None:
    """What holds after any fault, by a start on a disk that is well again."""
    openings = victim.opened()
    assert len({idx for idx, _ in openings}) == len(openings), f"{point}: one code opened twice"
    with opened(victim.state, policy(reuse_after=REUSE_AFTER)) as admission:
        admission.close_interrupted(AT + 100)
        assert admission.loss is None, f"{point}: {admission.loss}"
        prove(victim.state)
        with open_journal(victim.state) as connection:
            rows = {row["seq"]: row["reason"] for row in read_rows(victim.state, connection)}
        assert sorted(rows) == list(range(1, len(rows) + 1)), point
        assert all(rows.get(seq) == "admitted" for _, seq in openings), f"{point}: an opening without its row"
        for idx, _ in openings:
            again = admission.admit(claims(idx, token=f"token-{idx}".encode()), SHOWN, AT + 101)
            assert again.decision.reason is Reason.ALREADY_USED, point
        assert admission.admit(claims(8), SHOWN, AT + 102).decision.admitted, point


def points(victim: Victim, part: int, calls: tuple[str, ...], step: int = 1) -> Iterator[tuple[str, int]]:
    """Every so manyth of the calls of a morning that nothing disturbs: its name, and which of that name it is."""
    code, made = victim.live()
    assert code == 0
    check(victim, "undisturbed")
    assert len(victim.opened()) == len(PEOPLE)
    chosen = [number for number, name in enumerate(made) if name in calls]
    assert len(chosen) > 25
    for number in chosen[part * step :: PARTS * step]:
        yield made[number], made[: number + 1].count(made[number])


@pytest.mark.parametrize("part", parts(PARTS))
def test_kill_9_at_every_change(victim: Victim, part: int) -> None:
    for name, number in points(victim, part, CHANGES):
        code, _ = victim.live(f"{name}:signal=SIGKILL:when={number}")
        assert code == -signal.SIGKILL, (name, number)
        check(victim, (name, number))


@pytest.mark.parametrize("error", ["EIO", "ENOSPC"])
@pytest.mark.parametrize("part", parts(PARTS))
def test_one_call_that_fails(victim: Victim, part: int, error: str) -> None:
    for name, number in points(victim, part, WRITES, 2):
        code, _ = victim.live(f"{name}:error={error}:when={number}")
        assert code in (0, REFUSED), (name, number)
        check(victim, (name, number, error))


@pytest.mark.parametrize("error", ["EIO", "EROFS"])
@pytest.mark.parametrize("part", parts(PARTS))
def test_every_call_fails_from_one_on(victim: Victim, part: int, error: str) -> None:
    for name, number in points(victim, part, WRITES, 3):
        code, _ = victim.live(f"{name}:error={error}:when={number}+")
        assert code in (0, REFUSED), (name, number)
        check(victim, (name, number, error, "and on"))


@pytest.mark.parametrize("part", parts(PARTS))
def test_a_read_that_fails(victim: Victim, part: int) -> None:
    for name, number in points(victim, part, ("pread64",), 2):
        code, _ = victim.live(f"{name}:error=EIO:when={number}")
        assert code in (0, REFUSED), (name, number)
        check(victim, (name, number))


def test_a_slow_flush_opens_nothing_before_its_row_is_durable(victim: Victim) -> None:
    victim.live(calls=(*CALLS, "write"))
    steps = victim.steps()
    flush = max(number for number in range(steps.index(OPENED)) if steps[number] in FLUSHES)
    slow = f"{steps[flush]}:delay_enter={SLOW}:when={steps[: flush + 1].count(steps[flush])}"
    code, _ = victim.live(slow, calls=(*CALLS, "write"))
    assert (code, victim.delayed(), len(victim.opened())) == (0, 1, len(PEOPLE))
    assert victim.steps() == steps  # so nothing is tried again or given up meanwhile
    begun = 0
    for number in (number for number, name in enumerate(steps) if name == OPENED):
        wrote = [name for name in steps[begun:number] if name in WRITES]
        assert wrote[-1] in FLUSHES, f"opened at call {number} before its row was durable: {wrote}"
        begun = number
    check(victim, slow)


def test_every_flush_is_slow(victim: Victim) -> None:
    code, calls = victim.live(f"{','.join(FLUSHES)}:delay_enter={SLOW // 50}")
    assert code == 0
    assert victim.delayed() == sum(name in FLUSHES for name in calls) > len(PEOPLE)
    assert len(victim.opened()) == len(PEOPLE)
    check(victim, "slow")


def test_an_error_of_the_disk_at_the_start_is_one_line_with_its_cause(victim: Victim) -> None:
    victim.state.write_text("no folder")
    with pytest.raises(StoreError, match=r"state: File exists"):
        Admission(victim.state, StatusList(victim.state), policy(reuse_after=REUSE_AFTER))
