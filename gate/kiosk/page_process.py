"""`python -m gate.kiosk.page_process FD`: the page, in a process of its own.

Standard input is the lane's end of gate.kiosk.messages, standard output the way back, FD the socket that the
lane listens on.  It ends when the lane does.  It has the lane's uid and needs none of its rights: after the
start it opens no file and no socket, and runs no program.
"""

import asyncio
import ctypes
import logging
import os
import resource
import signal
import socket
import sys
import time
from contextlib import suppress
from dataclasses import replace

from gate.core.tally import Tally
from gate.errors import ConfigError, GateError
from gate.kiosk.about import About
from gate.kiosk.messages import TO_LANE, TO_PAGE, Beat, BeginPage, PageHeartbeat, PageLogLine, Up, cut, to_lane, to_page
from gate.kiosk.server import create_app, serve_on
from gate.logs import library_line, set_up_child
from gate.runtime.bus import Bus
from gate.runtime.pace import Pace
from gate.worker.confine import Rights, give_up, load_filters, lower, lower_limits

SILENCE = 1.5  # seconds without a Beat after which the lane counts as gone; a beat comes every 0.5
HEARTBEAT_EVERY = 1.0  # seconds
LOG_EVERY = 10.0  # seconds between two such lines: a stranger must not be able to fill the log

MOST_ADDRESSES = 2**30  # bytes of address space
NICENESS = 5  # after lane and camera on a busy processor

WARMING = ("/", "/static/kiosk.js", "/state", "/metrics", "/healthz", "/events", "/nothing")
"""Paths that a page requests from itself, which loads the modules and codecs that an answer needs."""

_PR_SET_PDEATHSIG = 1  # prctl(2)
_LIMITS = {
    resource.RLIMIT_DATA: 256 * 2**20,  # bytes; some 25 million are used
    resource.RLIMIT_FSIZE: 0,  # a write to a file fails; pipes and sockets are exempt
    resource.RLIMIT_NPROC: 0,  # no new process or thread (root is exempt)
}


class LaneClock:
    """The lane's trusted time, carried forward from its last Beat.  A gate.ports.clock.Clock."""

    def __init__(self) -> None:
        self._beat: Beat | None = None
        self.started = asyncio.Event()  # the first Beat came

    def take(self, beat: Beat) -> None:
        """Set the clock by a Beat."""
        self._beat = beat
        self.started.set()

    def now(self) -> float:
        return 0.0 if self._beat is None else self._beat.now + self.monotonic() - self._beat.monotonic

    def monotonic(self) -> float:
        return time.monotonic()

    def is_lane_alive(self) -> bool:
        """Return whether a Beat came within SILENCE."""
        return self._beat is not None and self.monotonic() - self._beat.monotonic < SILENCE


class LaneReporter:
    """The messages to the lane.  It never waits: messages that the lane does not take are dropped."""

    def __init__(self, descriptor: int) -> None:
        os.set_blocking(descriptor, False)
        self._descriptor = descriptor
        self._log_due = {False: 0.0, True: 0.0}

    def send(self, message: Up | PageHeartbeat | PageLogLine) -> None:
        """Send a message, or drop it when the pipe is full or closed."""
        with suppress(BlockingIOError, BrokenPipeError):
            os.write(self._descriptor, to_lane.encode(message))

    def log(self, text: str, *, is_error: bool = True) -> None:
        """Send a line for the log, at most one of each level in LOG_EVERY."""
        now = time.monotonic()
        if now >= self._log_due[is_error]:
            self._log_due[is_error] = now + LOG_EVERY
            self.send(cut(PageLogLine(" ".join(text.split()), is_error), TO_LANE))


class _LaneLogHandler(logging.Handler):
    """A log handler that reports the libraries' warnings and errors to the lane."""

    def __init__(self, lane: LaneReporter) -> None:
        super().__init__(logging.WARNING)
        self._lane = lane

    def emit(self, record: logging.LogRecord) -> None:
        self._lane.log(library_line(record), is_error=record.levelno >= logging.ERROR)


def main() -> None:
    lane = LaneReporter(_take_standard_output())
    _step_back()
    set_up_child(_LaneLogHandler(lane))
    lane.send(PageHeartbeat())  # everything is loaded, which may take long from a slow card
    listener = socket.socket(fileno=int(sys.argv[1]))
    asyncio.run(_serve(lane, listener))


async def _serve(lane: LaneReporter, listener: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: lane.log(f"{context['message']} {context.get('exception')!r}"))
    orders = asyncio.StreamReader(limit=TO_PAGE.line)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    begin = to_page.decode(await orders.readline())
    if not isinstance(begin, BeginPage):
        raise ValueError("the lane did not begin with BeginPage")
    bus, clock = Bus(), LaneClock()
    app = create_app(bus, _with_texts(begin.about, lane), clock, clock.is_lane_alive)
    served = asyncio.Event()
    page = asyncio.create_task(serve_on(app, listener, served.set, Pace()))
    others = [
        asyncio.create_task(_take(orders, bus, clock)),
        asyncio.create_task(_confine(lane, clock, listener, served)),
    ]
    try:
        await asyncio.wait([page, *others], return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (page, *others):
            task.cancel()
        ended = await asyncio.gather(page, *others, return_exceptions=True)
        for error in ended:
            if isinstance(error, GateError | ValueError):
                lane.log(str(error))


def _with_texts(about: About, lane: LaneReporter) -> About:
    """Read every text before files are given up.

    A venue's own texts are dropped where they cannot be used any more."""
    try:
        for language in (*about.languages, "en"):  # "en": for the banner of simulated drivers
            about.texts(language)
    except ConfigError as error:
        lane.log(str(error))
        return _with_texts(replace(about, wording=""), lane)
    return about


async def _take(orders: asyncio.StreamReader, bus: Bus, clock: LaneClock) -> None:
    """Take messages until the lane ends.  Raises ValueError for a malformed message."""
    while (line := await orders.readline()).endswith(b"\n"):
        match to_page.decode(line):
            case Beat() as beat:
                clock.take(beat)
            case Tally() as tally:
                bus.recount(tally)
            case BeginPage():
                raise ValueError("the lane began twice")
            case event:
                bus.publish(event)


async def _confine(lane: LaneReporter, clock: LaneClock, listener: socket.socket, served: asyncio.Event) -> None:
    """Give up files, sockets and programs, after everything that is loaded late has been loaded.  Then send
    heartbeats."""
    await served.wait()
    await clock.started.wait()  # before it there is no stream
    for path in WARMING:
        await _request_itself(listener, path)
        lane.send(PageHeartbeat())
    if missing := give_up(Rights(serve=True)):
        lane.log(f"the page keeps rights that it does not need: {', '.join(missing)}")
    lane.send(Up())
    while True:
        lane.send(PageHeartbeat())
        await asyncio.sleep(HEARTBEAT_EVERY)


async def _request_itself(listener: socket.socket, path: str) -> None:
    host, port = listener.getsockname()[:2]
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        await reader.readuntil(b"\r\n\r\n")
    finally:
        writer.close()
        await writer.wait_closed()


def _take_standard_output() -> int:
    """Return a copy of standard output, and redirect the original to /dev/null.

    The lane would parse a library's output there as messages."""
    out = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    return out


def _step_back() -> None:
    """Ignore signals, which the lane handles; end with the lane; lower priority and limits."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    os.nice(NICENESS)
    load_filters()
    lower_limits(MOST_ADDRESSES)
    for limit, most in _LIMITS.items():
        lower(limit, most)


if __name__ == "__main__":
    main()
