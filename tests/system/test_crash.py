"""kill -9 between any two steps: never two openings for one use, nor an opening without a journal row."""

from pathlib import Path

import pytest

from tests.system.killing import Visits

POINTS = 20  # `scripts/faults` tries others, hundreds of them


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("sensed", [False, True])
def test_kill_anywhere(tmp_path: Path, *, sensed: bool) -> None:
    visits = Visits(tmp_path, sensed=sensed)
    lines = visits.killed_at(0)
    assert lines > 200
    for point in range(POINTS):
        visits.killed_at(1 + point * lines // POINTS)
