"""Events from the lane to its side outlets: the page's process, metrics.

A slow or broken watcher never blocks the lane: each has its own bounded queue and loses its oldest events when it
falls behind.  A watcher that lost events gets the counts and the standing states again, so that a lost event never
leaves it with a wrong state.  Nothing is ever read back from here.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from gate.core.outlet_events import (
    AlarmChanged,
    ClockChanged,
    CodesInView,
    DeviceChanged,
    Event,
    ListChanged,
    PhaseChanged,
    ReaderDropped,
)
from gate.core.tally import Tally

QUEUE_LENGTH = 64  # events: some six people's, far more than a working watcher lags

Item = Event | Tally
"""An item of a watcher's queue.  A Tally replaces all counts; the standing states follow it."""

_State = PhaseChanged | CodesInView | DeviceChanged | ReaderDropped | AlarmChanged | ListChanged | ClockChanged


class Watch:
    """The queue of one watcher."""

    def __init__(self, standing: Callable[[], list[Item]]) -> None:
        self._standing = standing
        self._items: deque[Item] = deque(standing())
        self._most = max(QUEUE_LENGTH, 2 * len(self._items))
        self._has_lost = False
        self._news = asyncio.Event()

    def put(self, item: Item) -> None:
        """Return at once; drop the oldest item of a full queue."""
        if len(self._items) >= self._most:
            self._items.popleft()
            self._has_lost = True
        self._items.append(item)
        self._news.set()

    async def next(self) -> Item:
        """Wait for the next item.  Only one task may wait."""
        while not self._items:
            if self._has_lost:
                self._has_lost = False
                self._items.extend(self._standing())
                break
            self._news.clear()
            await self._news.wait()
        return self._items.popleft()


class Bus:
    """The bus of one lane; belongs to one event loop, not to be used from other threads."""

    def __init__(self) -> None:
        self._watches: set[Watch] = set()
        self._states: dict[str, _State] = {}
        self._tally = Tally()

    @property
    def tally(self) -> Tally:
        """Return the counts so far."""
        return self._tally

    def publish(self, event: Event) -> None:
        """Return at once, never raise."""
        if isinstance(event, _State):
            self._states[_key(event)] = event
        self._tally = self._tally.counting(event)
        self._put(event)

    def recount(self, tally: Tally) -> None:
        """Replace the counts by the lane's.  For a bus in another process, which may have missed events."""
        self._tally = tally
        self._put(tally)

    @contextmanager
    def watch(self) -> Iterator[Watch]:
        """Yield a queue that begins with the counts and the standing states (phase, codes in view, devices, alarms,
        list, clock) and then gets every event."""
        watch = Watch(lambda: [self._tally, *self._states.values()])
        self._watches.add(watch)
        try:
            yield watch
        finally:
            self._watches.discard(watch)

    def _put(self, item: Item) -> None:
        for watch in self._watches:
            watch.put(item)


def _key(event: _State) -> str:
    match event:
        case DeviceChanged(device=device):
            return f"device {device}"
        case ReaderDropped(device=device, what=what):
            return f"dropped by {device}: {what}"
        case AlarmChanged(alarm=alarm):
            return f"alarm {alarm}"
        case _:
            return type(event).__name__
