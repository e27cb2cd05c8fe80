"""kill -9 between any two steps: never two openings for one use, nor an opening without a journal row."""

import re
from pathlib import Path

import pytest

from gate.core.model import Listing
from gate.store.database import File, open_for_reading
from gate.store.journal_proof import verify
from tests.system.rig import Daemon, RelayBoard, Site, eventually, lcus, replay

POINTS = 20


def die_at(line: int, folder: Path, *, sensed: bool) -> int:
    """One person, a lane killed at that line and started again; returns the number of lines when it lived."""
    site = Site(folder, {1: Listing.GREEN})
    site.load_list()
    with RelayBoard(folder / "relay") as board:
        sensor = f'[[input]]\ndriver = "fake"\nrole = "passage"\npath = "{site.passage}"\n' if sensed else ""
        site.configure(
            replay(folder, site.issue(1)), lcus(board, "50ms"), sensor, hold="100ms", passage_timeout="150ms"
        )
        first = Daemon(site, program=("-m", "tests.system.dying_lane", str(line)))
        eventually(lambda: first.process.poll() is not None or len(site.rows("event = 'passage'")) == 1, "the end")
        first.stop()
        lived = re.search(r"lines=(\d+)", first.said())
        check(site, board, sensed=sensed)
        before = len(site.reasons())
        again = Daemon(site)
        eventually(lambda: len(site.reasons()) > before, "the same code to be decided on again")
        again.stop()
        check(site, board, sensed=sensed)
    return int(lived[1]) if lived else 0


def check(site: Site, board: RelayBoard, *, sensed: bool) -> None:
    admitted = site.reasons().count("admitted")
    given_back = len(site.rows("event = 'passage' AND detail = 'not_passed'"))
    assert board.openings <= admitted, "an opening without a row"
    assert board.openings <= 1 + given_back, "two openings for one use"
    assert sensed or not given_back
    journal = open_for_reading(File.LANE, site.state)
    if journal is not None:
        verify(journal, None)
        journal.close()


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("sensed", [False, True])
def test_kill_anywhere(tmp_path: Path, *, sensed: bool) -> None:
    (tmp_path / "whole").mkdir()
    lines = die_at(0, tmp_path / "whole", sensed=sensed)
    assert lines > 200
    for point in range(POINTS):
        line = 1 + point * lines // POINTS
        folder = tmp_path / f"line-{line}"
        folder.mkdir()
        die_at(line, folder, sensed=sensed)
