"""A disk that loses or tears what it said it had written: at each block of the WAL either nothing is missing, or it
is a loss and the entrance is locked down.  Never a forgotten use."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from gate.core.lane.modes import Mode
from gate.core.model import Direction, Listing
from gate.core.reason import Reason
from gate.errors import StoreError
from gate.store.admission import Admission, Presented
from gate.store.journal_proof import prove
from gate.store.statuslist import StatusList
from gate.testing.builders import NOW, claims, load, policy

SHOWN = Presented("reader[0]", Direction.ENTRY, Mode.ENFORCE, 1)
BLOCK = 512
PEOPLE = range(10, 14)


def left_by_a_power_cut(folder: Path) -> Path:
    """A device whose WAL was brought in once, and holds some people since."""
    live, cut = folder / "live", folder / "cut"
    live.mkdir()
    load(live, dict.fromkeys([*PEOPLE, 7], Listing.GREEN))
    status = StatusList(live)
    status.refresh()
    admission = Admission(live, status, policy())
    admission.close_interrupted(NOW)
    admission.admit(claims(7), SHOWN, NOW)
    admission.tidy(NOW)
    for idx in PEOPLE:
        admission.admit(claims(idx, token=f"token-{idx}".encode()), SHOWN, NOW + 1)
    shutil.copytree(live, cut)
    admission.close()
    status.close()
    return cut


def after(state: Path) -> bool:
    """Start; whether it was a loss."""
    status = StatusList(state)
    status.refresh()
    admission = Admission(state, status, policy())
    try:
        admission.close_interrupted(NOW + 2)
        for idx in (7, *PEOPLE):
            again = admission.admit(claims(idx, token=f"token-{idx}".encode()), SHOWN, NOW + 3)
            assert again.decision.reason in (Reason.ALREADY_USED, Reason.TOO_SOON), idx
        if admission.loss is not None:
            assert admission.standing().orders == {Mode.LOCKED_DOWN}
            assert admission.loss.at is not None
        prove(state)
        return admission.loss is not None
    finally:
        admission.close()
        status.close()


def cut(wal: bytes, at: int) -> bytes:
    return wal[:at]


def zeroed(wal: bytes, at: int) -> bytes:
    return wal[:at] + bytes(len(wal) - at)


def one_block_gone(wal: bytes, at: int) -> bytes:
    return wal[:at] + bytes(min(BLOCK, len(wal) - at)) + wal[at + BLOCK :]


def garbage(wal: bytes, at: int) -> bytes:
    return wal[:at] + b"\xa5" * (len(wal) - at)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("tear", [cut, zeroed, one_block_gone, garbage])
def test_a_torn_wal_is_whole_or_a_loss(tmp_path: Path, tear: Callable[[bytes, int], bytes]) -> None:
    left = left_by_a_power_cut(tmp_path)
    wal = (left / "lane.db-wal").read_bytes()
    losses = 0
    for at in range(0, len(wal), BLOCK):
        state = tmp_path / "state"
        shutil.copytree(left, state)
        (state / "lane.db-shm").unlink()
        (state / "lane.db-wal").write_bytes(tear(wal, at))
        losses += after(state)
        shutil.rmtree(state)
    assert losses > 10
    shutil.copytree(left, tmp_path / "state")
    assert not after(tmp_path / "state")


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_rotten_block_of_the_database_is_a_loss_or_changes_nothing(tmp_path: Path) -> None:
    left = left_by_a_power_cut(tmp_path)
    status = StatusList(left)
    admission = Admission(left, status, policy())  # brings the WAL in
    admission.close()
    status.close()
    whole = (left / "lane.db").read_bytes()
    for at in range(0, len(whole), BLOCK):
        for content in (bytes(BLOCK), b"\xa5" * BLOCK):
            state = tmp_path / "state"
            shutil.copytree(left, state)
            (state / "lane.db").write_bytes(whole[:at] + content + whole[at + BLOCK :])
            status = StatusList(state)
            status.refresh()
            admission = Admission(state, status, policy())
            try:
                admission.close_interrupted(NOW + 2)
                admission.admit(claims(7), SHOWN, NOW + 3)
            except StoreError:
                admission.heal(NOW + 3)
                assert admission.loss is not None, at
                admission.admit(claims(7), SHOWN, NOW + 3)
            finally:
                admission.close()
                status.close()
            shutil.rmtree(state)
