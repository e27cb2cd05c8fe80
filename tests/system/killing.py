"""One visit at a gate that is killed at some line, and started again: what holds after every kill."""

import re
import shutil
import signal
from pathlib import Path

from gate.core.model import Listing
from gate.store.database import File, open_for_reading
from gate.store.journal_proof import verify
from gate.testing.relay_board import RelayBoard
from tests.commands.jobs import start
from tests.commands.process import Running
from tests.system.rig import Site, eventually, lcus, replay


class Visits:
    """`sensed`: a sensor sees whether somebody goes through; nobody does."""

    def __init__(self, folder: Path, *, sensed: bool) -> None:
        self._site = Site(folder, {1: Listing.GREEN})
        self._site.load_list()
        self._code = self._site.issue(1)
        self._sensed = sensed
        self._fresh = folder / "fresh"
        shutil.copytree(self._site.state, self._fresh)

    def killed_at(self, line: int) -> int:
        """A new gate killed at that line, if it comes so far, and started again.  The number of lines when it
        lived on, else 0.  Raises AssertionError when a kill did harm."""
        site = self._site
        shutil.rmtree(site.state)
        shutil.copytree(self._fresh, site.state)
        log = site.folder / "daemon.log"
        log.unlink(missing_ok=True)
        with RelayBoard(site.folder / "relay") as board:
            self._configure(board)
            child = self._start(line, log)
            eventually(lambda: child.poll() is not None or len(site.rows("event = 'passage'")) == 1, "the end")
            self._stop(child, killed=line > 0)
            self._check(board)
            before = len(site.reasons())
            again = self._start(None, log)
            eventually(lambda: len(site.reasons()) > before, "the same code to be decided on again")
            self._stop(again)
            self._check(board)
        lived = re.search(r"lines=(\d+)", log.read_text()) if line == 0 else None
        return int(lived[1]) if lived else 0

    def _start(self, line: int | None, log: Path) -> Running:
        job = {"config": self._site.config, "line": line}
        return start("tests.system.dying_lane", job, self._site.folder, log)

    def _configure(self, board: RelayBoard) -> None:
        site = self._site
        sensor = f'[[input]]\ndriver = "fake"\nrole = "passage"\npath = "{site.passage}"\n' if self._sensed else ""
        site.configure(
            replay(site.folder, self._code), lcus(board, "50ms"), sensor, hold="100ms", passage_timeout="150ms"
        )

    def _stop(self, child: Running, *, killed: bool = False) -> None:
        """`killed`: it may have ended of it."""
        child.terminate()
        code = child.wait()
        assert code == 0 or (killed and code == -signal.SIGKILL), (self._site.folder / "daemon.log").read_text()

    def _check(self, board: RelayBoard) -> None:
        site = self._site
        admitted = site.reasons().count("admitted")
        given_back = len(site.rows("event = 'passage' AND detail = 'not_passed'"))
        assert board.openings <= admitted, "an opening without a row"
        assert board.openings <= 1 + given_back, "two openings for one use"
        assert self._sensed or not given_back
        journal = open_for_reading(File.LANE, site.state)
        if journal is not None:
            verify(journal, None)
            journal.close()
