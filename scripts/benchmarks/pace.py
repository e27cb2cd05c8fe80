"""A lane at a steady pace, in a process of its own: one admission with COMMIT after the other, each timed.

    python pace.py STATE_DIR PEOPLE

It prints "ready", runs until its standard input is closed, and prints its measurements: a JSON list of [Unix s at which
the admission began, seconds it took, seconds of these while other processes had the processors].
"""

import json
import os
import random
import select
import sys
import time
from pathlib import Path

from gate.core.lane.modes import Mode
from gate.core.model import Claims, Direction, Listing, Status
from gate.core.reason import Reason
from gate.runtime.clock import SystemClock
from gate.store.admission import Admission, Presented
from gate.store.database import File
from gate.store.list_reader import OutdatedError, StatusList
from gate.testing import builders

PACE = 0.010  # seconds from one admission to the next
SETTLED = 1250  # admissions after which lane.db-wal has its size

CLOCK = SystemClock()
SHOWN = Presented("bench", Direction.ENTRY, Mode.ENFORCE, 0)


class PacedLane:
    def __init__(self, state_dir: Path, people: int) -> None:
        self._people = people
        self._new = not File.LANE.within(state_dir).exists()
        self._random = random.Random()  # noqa: S311 - places, no secret
        self._status = StatusList(state_dir, watched=True)
        self._status.refresh()
        self._admission = Admission(state_dir, self._status, builders.policy(reuse_after=0.0))
        self.admitted = 0

    def settle(self) -> None:
        """Fill lane.db-wal as a first morning does: it has its size, is checkpointed, and is written from its
        beginning."""
        if self._new:
            for _ in range(SETTLED):
                self.admit(self.next())
        self._admission.tidy(CLOCK.now())

    def next(self) -> Claims:
        """Return the claims of a person who may enter: one who is green on the present list."""
        while True:
            idx = self._random.randrange(self._people)
            try:
                listing = self._status.consult(idx)
            except OutdatedError:
                self._status.refresh()
                continue
            if listing is Listing.GREEN:
                now = int(CLOCK.now())
                token_id = self._random.randbytes(8)
                return Claims("aq1", "bench", token_id, idx, Status.GREEN, now - 60, now + 3600)

    def admit(self, claims: Claims) -> None:
        """Admit as a lane does: when the list turns out to be a newer one, start again."""
        while True:
            try:
                recorded = self._admission.admit(claims, SHOWN, CLOCK.now())
            except OutdatedError:
                self._status.refresh()
                continue
            self.admitted += recorded.decision.reason is Reason.ADMITTED
            return

    def keep_end(self) -> None:
        """Do the work that a lane does after its answer."""
        self._admission.keep_end()


class Waited:
    """The time for which this process was ready to run and did not: other processes had the processors."""

    def __init__(self) -> None:
        try:
            self._file = os.open("/proc/self/schedstat", os.O_RDONLY)
        except OSError:  # a kernel without it
            self._file = -1

    def seconds(self) -> float:
        return int(os.pread(self._file, 100, 0).split()[1]) / 1e9 if self._file >= 0 else 0.0


def main(state_dir: Path, people: int) -> None:
    lane = PacedLane(state_dir, people)
    lane.settle()
    print("ready", flush=True)
    measured, lane.admitted = [], 0
    waited = Waited()
    due = time.monotonic()
    while not select.select([sys.stdin], [], [], max(0.0, due - time.monotonic()))[0]:
        due = max(due + PACE, time.monotonic())
        claims = lane.next()
        before, began, start = waited.seconds(), CLOCK.now(), time.perf_counter()
        lane.admit(claims)
        took = time.perf_counter() - start
        measured.append((began, took, waited.seconds() - before))
        lane.keep_end()
    if lane.admitted < len(measured) * 0.9:
        raise RuntimeError(f"only {lane.admitted} of {len(measured)} people were admitted")
    print(json.dumps(measured), flush=True)
    os._exit(0)  # like a lane that never ends: a proper close removes lane.db-wal, which then has to grow again


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
