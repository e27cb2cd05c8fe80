"""A disk that loses or tears what it reported as written: at each block of the WAL either nothing is missing, or it
is a loss and the entrance is locked down.  Never a forgotten use."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from gate.errors import StoreError
from gate.testing.builders import NOW, claims
from tests.store.opening import opened
from tests.store.power_cut import BLOCK, SHOWN, TEARS, after, left_by_a_power_cut, torn


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("tear", TEARS)
def test_a_torn_wal_is_whole_or_a_loss(tmp_path: Path, tear: Callable[[bytes, int], bytes]) -> None:
    left = left_by_a_power_cut(tmp_path)
    wal = (left / "lane.db-wal").read_bytes()
    losses = [torn(left, tmp_path / "state", tear(wal, at)) for at in range(0, len(wal), BLOCK)]
    assert sum(losses) > 10
    shutil.copytree(left, tmp_path / "state")
    assert not after(tmp_path / "state")


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_rotten_block_of_the_database_is_a_loss_or_changes_nothing(tmp_path: Path) -> None:
    left = left_by_a_power_cut(tmp_path)
    with opened(left):
        pass  # the WAL is brought in
    whole = (left / "lane.db").read_bytes()
    for at in range(0, len(whole), BLOCK):
        for content in (bytes(BLOCK), b"\xa5" * BLOCK):
            state = tmp_path / "state"
            shutil.copytree(left, state)
            (state / "lane.db").write_bytes(whole[:at] + content + whole[at + BLOCK :])
            with opened(state) as admission:
                try:
                    admission.close_interrupted(NOW + 2)
                    admission.admit(claims(7), SHOWN, NOW + 3)
                except StoreError:
                    admission.heal(NOW + 3)
                    assert admission.loss is not None, at
                    admission.admit(claims(7), SHOWN, NOW + 3)
            shutil.rmtree(state)
