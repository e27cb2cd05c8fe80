"""The feed from the bus to any number of screens and scripts, which never delays the lane.

One task takes events off the bus and keeps the newest page and the last few messages.  A client reads from there at its
own pace: a slow one skips pages, and detects missed decisions by a gap in the numbers.  Nothing is queued for a client.

The same task beats once a second while the lane is alive.  If either stops, every stream falls silent and the screens
show it.
"""

import asyncio
import json
import secrets
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import asdict, dataclass, replace

from gate.core.outlet_events import Decided, GrantEnded
from gate.core.tally import Tally
from gate.kiosk.about import About
from gate.kiosk.page_state import PageState, Scene, due, settle, step
from gate.kiosk.view import no_signal, show
from gate.ports.clock import Clock
from gate.runtime.bus import Bus, Item, Watch

BEAT = 1.0  # seconds
KEPT = 256  # messages for clients that reconnect
RETRY_MS = 1000  # until a browser reconnects
LONGEST_PLACE = 15  # digits of a place in Last-Event-ID: more than a session has, and cheap to read


@dataclass(frozen=True, slots=True)
class Message:
    place: int  # counts up from 1 in this session
    name: str  # decided, grant_ended
    data: str  # JSON


class Feed:
    """The newest page and the last messages, for streams.  Belongs to one event loop.

    `run` may be started again after it ended.  `count` gets every item of the bus; `is_lane_alive` returns whether
    there is a lane behind the page now."""

    def __init__(
        self, bus: Bus, about: About, clock: Clock, count: Callable[[Item], None], is_lane_alive: Callable[[], bool]
    ) -> None:
        self._bus, self._about, self._clock, self._count = bus, about, clock, count
        self._is_lane_alive = is_lane_alive
        self._session = secrets.token_hex(4)
        self._state = PageState()
        self._page = self._shown = show(self._state, about, clock.now())
        self._version = 1  # of the shown page
        self._messages: deque[Message] = deque(maxlen=KEPT)
        self._last = 0  # place of the newest message
        self._changed = asyncio.Event()
        self._running = False

    @property
    def is_alive(self) -> bool:
        return self._running and self._is_lane_alive()

    def page_json(self) -> str:
        """Return the present page: gate.kiosk.view.Page, with `session` (of this server) and `version`.

        Without a lane it is the "no signal" page, because a verdict of a lane that hangs must not stay."""
        self._update_shown()
        page = {"session": self._session, "version": self._version, **asdict(self._shown)}
        return json.dumps(page, ensure_ascii=False, separators=(",", ":"))

    def _update_shown(self) -> bool:
        """Set the shown page, and return whether it differs from the one before.

        The "no signal" page has a version of its own: a stream that was given it gets the page again once the lane
        is alive, also when nothing else has changed."""
        page = self._page
        if not self.is_alive:
            lines = no_signal(self._about)
            page = replace(page, scene=Scene.NO_SIGNAL, reason=None, direction=None, number=0, lines=lines)
        changed = page != self._shown
        if changed:
            self._shown, self._version = page, self._version + 1
        return changed

    async def run(self) -> None:
        """Take events off the bus until cancelled."""
        loop = asyncio.get_running_loop()
        with self._bus.watch() as watch:
            self._state = PageState()
            self._running = True
            try:
                beat = loop.time()
                while True:
                    self._take(await _next(watch, min(self._until_due(), beat - loop.time())))
                    if loop.time() >= beat:
                        beat = loop.time() + BEAT
                        if self._is_lane_alive():
                            self._notify_streams()
            finally:
                self.stop()

    def stop(self) -> None:
        """End every stream."""
        self._running = False
        self._notify_streams()

    async def stream(self, last_id: str) -> AsyncIterator[bytes]:
        """Yield server-sent events for one client.  `last_id` is its Last-Event-ID, or empty."""
        place, version = self._resume(last_id), 0
        yield f"retry: {RETRY_MS}\n\n".encode()
        while self._running:
            wake = self._changed  # taken before reading, so that later events wake this stream
            self._update_shown()
            parts = [] if version == self._version else [f"event: state\ndata: {self.page_json()}\n\n"]
            version = self._version
            parts += [self._frame(message) for message in self._messages if message.place > place]
            place = self._last
            yield "".join(parts or ["event: heartbeat\ndata: {}\n\n"]).encode()
            await wake.wait()

    def _resume(self, last_id: str) -> int:
        """Return the place of the client's last message; 0 when it comes from an earlier session."""
        session, _, place = last_id.partition("-")
        if not last_id:
            return self._last
        is_place = place.isdecimal() and place.isascii() and len(place) <= LONGEST_PLACE
        return int(place) if session == self._session and is_place else 0

    def _frame(self, message: Message) -> str:
        return f"id: {self._session}-{message.place}\nevent: {message.name}\ndata: {message.data}\n\n"

    def _take(self, item: Item | None) -> None:
        now, grant = self._clock.monotonic(), self._state.grant
        if item is not None:
            self._count(item)
        if isinstance(item, Tally):
            self._state = replace(self._state, number=item.decided)
        else:
            self._state = settle(self._state, now) if item is None else step(self._state, item, now)
        if message := _script_message(item, self._state.number, grant):
            self._last += 1
            self._messages.append(Message(self._last, *message))
        self._page = show(self._state, self._about, self._clock.now())
        if self._update_shown() or message:
            self._notify_streams()

    def _until_due(self) -> float:
        moment = due(self._state)
        return BEAT if moment is None else moment - self._clock.monotonic()

    def _notify_streams(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


async def _next(watch: Watch, seconds: float) -> Item | None:
    """Return the next item, None when none came in time."""
    try:
        async with asyncio.timeout(max(0.0, seconds)):
            return await watch.next()
    except TimeoutError:
        return None


def _script_message(event: Item | None, number: int, grant: int) -> tuple[str, str] | None:
    """Return name and JSON of a message to scripts that follow the lane, beside the page."""
    match event:
        case Decided():
            return "decided", json.dumps({"number": number, **asdict(event)})
        case GrantEnded():
            return "grant_ended", json.dumps({"number": grant, **asdict(event)})
        case _:
            return None
