"""What a power cut leaves of a lane's store whose disk lost or tore what it reported as written."""

import shutil
from pathlib import Path

from gate.core.lane.modes import Mode
from gate.core.model import Direction, Listing
from gate.core.reason import Reason
from gate.store.admission import Presented
from gate.store.journal_proof import prove
from gate.testing.builders import NOW, claims, load
from tests.store.opening import opened

SHOWN = Presented("reader[0]", Direction.ENTRY, Mode.ENFORCE, 1)
BLOCK = 512
PEOPLE = range(10, 14)


def left_by_a_power_cut(folder: Path) -> Path:
    """A device whose WAL was brought in once, and holds some people since."""
    live, cut = folder / "live", folder / "cut"
    live.mkdir()
    load(live, dict.fromkeys([*PEOPLE, 7], Listing.GREEN))
    with opened(live) as admission:
        admission.close_interrupted(NOW)
        admission.admit(claims(7), SHOWN, NOW)
        admission.tidy(NOW)
        for idx in PEOPLE:
            admission.admit(claims(idx, token=f"token-{idx}".encode()), SHOWN, NOW + 1)
            admission.keep_end()
        shutil.copytree(live, cut)
    return cut


def after(state: Path) -> bool:
    """Start; whether it was a loss."""
    with opened(state) as admission:
        admission.close_interrupted(NOW + 2)
        for idx in (7, *PEOPLE):
            again = admission.admit(claims(idx, token=f"token-{idx}".encode()), SHOWN, NOW + 3)
            assert again.decision.reason in (Reason.ALREADY_USED, Reason.TOO_SOON), idx
        if admission.loss is not None:
            assert admission.standing().orders == {Mode.LOCKED_DOWN}
            assert admission.loss.at is not None
        prove(state)
        return admission.loss is not None


def cut(wal: bytes, at: int) -> bytes:
    return wal[:at]


def zeroed(wal: bytes, at: int) -> bytes:
    return wal[:at] + bytes(len(wal) - at)


def one_block_gone(wal: bytes, at: int) -> bytes:
    return wal[:at] + bytes(min(BLOCK, len(wal) - at)) + wal[at + BLOCK :]


def garbage(wal: bytes, at: int) -> bytes:
    return wal[:at] + b"\xa5" * (len(wal) - at)


TEARS = (cut, zeroed, one_block_gone, garbage)


def torn(left: Path, state: Path, wal: bytes) -> bool:
    """Start from what is left with this WAL, in a folder that is removed again; whether it was a loss."""
    shutil.copytree(left, state)
    (state / "lane.db-shm").unlink()
    (state / "lane.db-wal").write_bytes(wal)
    try:
        return after(state)
    finally:
        shutil.rmtree(state)
