"""The buttons of the stage: who comes next, and what happens to the gate.

All of it is done from outside, as it would happen at a door: a contact, a plug, a clock, an older list.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from threading import Lock
from time import monotonic

from gate.demo.cast import Act
from gate.demo.contact import DemoContact
from gate.demo.daemon import OLD_LIST, DemoDaemon, reset
from gate.demo.turnstile import Turnstile

BEHIND = 2 * 3600.0  # seconds by which the clock is set back
SETTLES = 8.0  # seconds in which the gate has its devices again: it tries a lost one every 5 s at most
_OVER = 0.5  # seconds from the end of the alarm to the reset, in which the gate notices the contact


class NextPerson(StrEnum):
    """Who is to come next."""

    GREEN = "green"
    RED = "red"
    SCREENSHOT = "screenshot"

    def fits(self, act: Act) -> bool:
        """Return whether this visit is meant.  One that continues a story is not: it would be out of place."""
        return act.shows == _SHOWS[self] and not act.same_code and not act.same_holder


_SHOWS = {
    NextPerson.GREEN: "green from aitu",
    NextPerson.RED: "red",
    NextPerson.SCREENSHOT: "screenshot of a bound pass",
}


class Trouble(StrEnum):
    """What happens to the gate; each button begins it, and ends it when it is pressed again."""

    FIRE = "fire"
    UNPLUG = "unplug"
    OLD_LIST = "old_list"
    CLOCK_BACK = "clock_back"


@dataclass(slots=True)
class Troubles:
    """The troubles of this moment.  A visit meanwhile, or soon after, says nothing about the gate."""

    present: set[Trouble] = field(default_factory=set)
    changed_at: float = -SETTLES  # monotonic seconds

    def since(self, moment: float) -> bool:
        """Return whether there was trouble at any time since then, or its end was too near."""
        return bool(self.present) or self.changed_at + SETTLES > moment


class DemoButtons:
    """The buttons.  `press` is called on any thread, everything else on the event loop."""

    def __init__(self, turnstile: Turnstile, fire: DemoContact, daemon: DemoDaemon, config: Path) -> None:
        self._turnstile = turnstile
        self._fire = fire
        self._daemon = daemon
        self._config = config
        self._loop = asyncio.get_running_loop()
        self._lock = Lock()
        self._wanted: list[NextPerson] = []
        self._queue: asyncio.Queue[Trouble] = asyncio.Queue()
        self.troubles = Troubles()

    def press(self, name: str) -> bool:
        """Take a button's name; return False for one that there is not."""
        if name in set(NextPerson):
            with self._lock:
                self._wanted = [NextPerson(name)]
            return True
        if name in set(Trouble):
            self._loop.call_soon_threadsafe(self._queue.put_nowait, Trouble(name))
            return True
        return False

    def state(self) -> dict[str, object]:
        """Return what is pressed, for the stage page.  From any thread."""
        return {"wanted": [str(one) for one in self._wanted], "troubles": sorted(map(str, self.troubles.present))}

    def wanted(self) -> NextPerson | None:
        """Take who is to come next; None: whoever is next in the cast."""
        with self._lock:
            return self._wanted.pop() if self._wanted else None

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """Do what is pressed, within this block."""
        task = asyncio.create_task(self._run(), name="demo-controls")
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _run(self) -> None:
        while True:
            trouble = await self._queue.get()
            begins = trouble not in self.troubles.present
            self.troubles.changed_at = monotonic()
            if begins:
                self.troubles.present.add(trouble)
            await self._do(trouble, begins=begins)
            if not begins:
                self.troubles.present.discard(trouble)
            self.troubles.changed_at = monotonic()

    async def _do(self, trouble: Trouble, *, begins: bool) -> None:
        match trouble:
            case Trouble.FIRE:
                self._fire.set(active=begins)
                if not begins:
                    await asyncio.sleep(_OVER)
                    await reset(self._config)
            case Trouble.UNPLUG:
                (self._turnstile.unplug if begins else self._turnstile.plug)()
            case Trouble.OLD_LIST | Trouble.CLOCK_BACK:
                await self._restart(trouble, begins=begins)

    async def _restart(self, trouble: Trouble, *, begins: bool) -> None:
        """Start the gate again, by another configuration or with another clock."""
        present = self.troubles.present - (set() if begins else {trouble})
        config = self._config
        if Trouble.OLD_LIST in present:
            config = self._config.with_name("old-list.toml")
            config.write_text(self._config.read_text() + OLD_LIST)
        await self._daemon.restart(config, behind=BEHIND if Trouble.CLOCK_BACK in present else 0.0)
