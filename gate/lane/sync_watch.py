"""Watches whether the sync still succeeds, by the record that it leaves: the lane asks no other process."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from gate.store.last_sync import Synced, last_sync
from gate.store.places import Places

CHECK_EVERY = 60.0  # seconds
MISSED = 3  # syncs in a row that may fail, as one mirror that is restarted makes them
AT_LEAST = 3600.0  # seconds without a success before it counts as a failure, however often it is tried


class SyncWatch:
    """The watch of one lane; belongs to one event loop.  `every`: seconds between two syncs; `now`: Unix s,
    trusted."""

    def __init__(self, places: Places, every: float, now: Callable[[], float]) -> None:
        self._places, self._now = places, now
        self._patience = max(AT_LEAST, MISSED * every)
        self._since = now()  # without a record: of this start

    async def run(self, on_problem: Callable[[str], None]) -> None:
        """Run until cancelled.  `on_problem` gets what is wrong with the sync, or ""."""
        while True:
            with suppress(RuntimeError):  # no thread is left: asked again
                on_problem(self.problem(await asyncio.to_thread(last_sync, self._places)))
            await asyncio.sleep(CHECK_EVERY)

    def problem(self, last: Synced | None) -> str:
        """Return what is wrong, or ""."""
        silent = self._now() - (last.at if last else self._since)
        if silent <= self._patience:
            return ""
        return f"the last success is more than {self._patience / 60:.0f} min ago" if last else "no success yet"
