"""Keeps the lane's own list current: a child process verifies the files of the sync.

The sync talks to the network and may be taken over.  The lane therefore answers by nothing it wrote before that
process has verified the authority's signatures.  Until then the previous list stays in use.
"""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

from gate.errors import DeviceError
from gate.logs import Log
from gate.store.places import Places
from gate.store.takeover_messages import TAKEOVER, TakeoverRefused, Took
from gate.worker.process import WorkerProcess

CHECK_EVERY = 2.0  # seconds between two checks for a new list from the sync
TAKEOVER_WITHIN = 300.0  # limit in seconds, for a slow card; 20 million people take 1 to 2 here
AGAIN_AFTER = 600.0  # seconds after which a refused list is checked again
REQUESTED_AGAIN = 60.0  # seconds after which the lane's own list, if still damaged, is written again
_WAITS_MOST = 30.0  # seconds between two refused lists, if the sync writes one after the other

_NAME = "list"
_Stamp = tuple[tuple[int, ...] | None, ...]

log = Log(part="lane")


class ListTaker:
    """The taker of one lane; belongs to one event loop, all but `request`.  `root`: path of root.json."""

    def __init__(self, places: Places, root: Path) -> None:
        self._places = places
        self._root = root
        self._on_problem: Callable[[str], None] = lambda _: None
        self._requested, self._request_due = False, 0.0
        self._reported: str | None = None  # None: nothing reported yet
        self._checked: _Stamp | None = None  # of the offer that was checked last
        self._again_due = 0.0
        self._failures = 0  # in a row

    def request(self) -> None:
        """Take the offered list again: the lane's own is missing or damaged.  From any thread."""
        self._requested = True

    async def run(self, on_problem: Callable[[str], None]) -> None:
        """Run until cancelled.  `on_problem` gets what is wrong with the offered list, or ""."""
        self._on_problem = on_problem
        if self._reported is not None:
            on_problem(self._reported)
        while True:
            await self.check()
            await asyncio.sleep(min(_WAITS_MOST, CHECK_EVERY * 2 ** min(self._failures, 6)))

    async def check(self) -> None:
        """Take the offered list, if it was not checked yet."""
        try:
            stamp = await asyncio.to_thread(_stamp, self._places)
        except RuntimeError as error:  # no thread is left
            self._report(f"it cannot be checked ({error}). Look at memory and processes of this computer")
            self._checked = None
            return
        now = asyncio.get_running_loop().time()
        again, requested = stamp == self._checked, self._requested and now >= self._request_due
        if again and not requested and (not self._failures or now < self._again_due):
            return
        self._checked = stamp
        if not any(stamp):
            return  # the lane itself reports that there is no list
        outcome = await self._take()
        self._requested = False  # also what was requested meanwhile, or the next damage would wait for REQUESTED_AGAIN
        self._request_due = asyncio.get_running_loop().time() + REQUESTED_AGAIN if again else 0.0
        if isinstance(outcome, Took):
            self._failures = 0
            if outcome.changed:
                log.info("the list was verified and taken", version=outcome.version)
            self._report("")
        else:
            self._failures += 1
            self._again_due = now + (AGAIN_AFTER if outcome.is_final else 0.0)
            self._report(f"{outcome.what}. {outcome.hint}")

    async def _take(self) -> Took | TakeoverRefused:
        places = self._places
        settings = {"state_dir": str(places.state_dir), "list_dir": str(places.list_dir), "root": str(self._root)}
        try:
            worker = await WorkerProcess.start(_NAME, TAKEOVER, settings)
            try:
                outcome: Took | TakeoverRefused = await worker.receive(TAKEOVER_WITHIN)
            finally:
                await worker.stop()
        except DeviceError as error:
            return TakeoverRefused(error.what, error.hint, False)
        except TimeoutError:
            return TakeoverRefused(
                f"{places.held_list_db}: it was not verified within {TAKEOVER_WITHIN:.0f} s", "Sync again", True
            )
        return outcome

    def _report(self, problem: str) -> None:
        """Report each problem once."""
        if problem == self._reported:
            return
        before, self._reported = self._reported, problem
        if problem:
            log.error("the list that the sync offers is not taken", problem=problem)
        elif before:
            log.info("the list that the sync offers is good again")
        self._on_problem(problem)


def _stamp(places: Places) -> _Stamp:
    """Return a stamp of the files that a sync may have written: another content has another stamp."""
    return tuple(_stamp_of(path) for path in (places.list_db, places.earlier_list_db) if path is not None)


def _stamp_of(path: Path) -> tuple[int, ...] | None:
    try:
        found = os.lstat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
