"""Finds the place of a person on the list by their number, in a process that ends with the answer."""

import asyncio
from pathlib import Path

from gate.errors import DeviceError, StoreError
from gate.store.places import Places
from gate.store.subject_messages import FIND_SUBJECT, FoundSubject, SoughtSubject, UnfoundSubject
from gate.worker.process import WorkerProcess

FOUND_WITHIN = 10.0  # seconds; an index of 20 million people takes 0.02 here, on a slow card 1
_NAME = "subjects"


class SubjectFinder:
    """The finder of one lane; belongs to its event loop.  `places`: with the folder of the sync, which has the index;
    `root`: path of root.json, by which a place is verified; None where a person loads the lists."""

    def __init__(self, places: Places, root: Path | None) -> None:
        self._settings = {
            "state_dir": str(places.state_dir),
            "list_dir": str(places.list_dir),
            "root": str(root) if root else "",
        }
        self._one = asyncio.Lock()  # at a time: each takes the memory of a process

    async def find(self, iin: str) -> int | None:
        """Return the person's place; None: nobody of this number is in the index.  Raises StoreError, whose words
        do not repeat the number."""
        try:
            async with self._one:
                worker = await WorkerProcess.start(_NAME, FIND_SUBJECT, self._settings)
                try:
                    worker.send(SoughtSubject(iin))
                    found: FoundSubject | UnfoundSubject = await worker.receive(FOUND_WITHIN)
                finally:
                    await worker.stop()
        except DeviceError as error:
            raise StoreError(error.what, hint=error.hint) from None
        except TimeoutError:
            raise StoreError("the subject index did not answer in time", hint="Try again") from None
        if isinstance(found, UnfoundSubject):
            raise StoreError(found.what, hint=found.hint)
        return found.idx
