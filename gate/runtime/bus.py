"""Events from the lane to whoever watches: page, lamps, metrics.

A slow or broken watcher never holds the lane up: each has its own bounded queue and loses its oldest
events when it falls behind.  Nothing is ever read back from here.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from gate.core.events import (
    AlarmChanged,
    ClockChanged,
    CodesInView,
    DeviceChanged,
    Event,
    ListChanged,
    PhaseChanged,
)

QUEUE_LENGTH = 64

_State = PhaseChanged | CodesInView | DeviceChanged | AlarmChanged | ListChanged | ClockChanged


class Bus:
    """Belongs to one event loop; not to be used from other threads."""

    def __init__(self) -> None:
        self._watchers: set[asyncio.Queue[Event]] = set()
        self._states: dict[str, _State] = {}

    def publish(self, event: Event) -> None:
        """Returns at once, never raises."""
        if isinstance(event, _State):
            self._states[_key(event)] = event
        for queue in self._watchers:
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(event)

    @contextmanager
    def watch(self) -> Iterator[asyncio.Queue[Event]]:
        """A queue that starts with what stands now (phase, codes in view, devices, alarms, list, clock) and
        then gets every event."""
        queue: asyncio.Queue[Event] = asyncio.Queue(QUEUE_LENGTH)
        for state in self._states.values():
            queue.put_nowait(state)
        self._watchers.add(queue)
        try:
            yield queue
        finally:
            self._watchers.discard(queue)


def _key(event: _State) -> str:
    match event:
        case DeviceChanged(device=device):
            return f"device {device}"
        case AlarmChanged(alarm=alarm):
            return f"alarm {alarm}"
        case _:
            return type(event).__name__
