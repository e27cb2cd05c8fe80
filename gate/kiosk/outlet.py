"""The lane's end of the page: it starts the page's process, feeds it and ends it, and needs nothing from it.

The process may die, hang, flood or send nonsense: each is a DeviceError here, and it is restarted.  Messages that it
did not take are dropped, oldest first; counts and standing states replace them (gate.runtime.bus).
"""

import asyncio
import socket
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import TypeVar

from gate.errors import DeviceError
from gate.kiosk.about import About
from gate.kiosk.listener import listen, url_of
from gate.kiosk.messages import TO_LANE, TO_PAGE, Beat, BeginPage, PageHeartbeat, PageLogLine, Up, cut, to_lane, to_page
from gate.logs import Log
from gate.ports.clock import Clock
from gate.runtime.bus import Bus
from gate.runtime.supervisor import keep_running
from gate.texts.catalogue import check_languages

# Seconds.
BEAT = 0.5
STARTED_WITHIN = 60.0  # from one sign of progress of its start to the next; 0.6 for all on the development machine
SILENT_FOR = 15.0  # it sends PageHeartbeat every second; a flood on one slow core delays that
TAKEN_WITHIN = 5.0  # to take a message; the pipe holds some 400 events more
ENDED_WITHIN = 1.0  # streams that end properly; then it is killed

SLICE = 0.25  # the most that one wait counts, however long this process was held up meanwhile

LINES_A_SECOND = 20  # lines a second from the page; it needs one
BURST = 5000  # lines at once: a full pipe after this process was held up

T = TypeVar("T")

log = Log(part="kiosk")


async def show_page(
    bus: Bus, about: About, clock: Clock, host: str, port: int, on_problem: Callable[[str], None]
) -> None:
    """Serve the page until cancelled.  `on_problem` gets what is wrong with it, or "" while it answers.  Raises
    ConfigError when this page can never be shown."""
    check_languages(about.languages)
    listener: list[socket.socket] = []

    async def serve() -> None:
        if not listener:
            listener.append(listen(host, port))
            log.info("kiosk page", url=url_of(listener[0]))  # a client that connects now waits for the answer
        await _PageProcess(bus, about, clock, listener[0], partial(on_problem, "")).run()

    try:
        await keep_running("kiosk", serve, on_problem)
    finally:
        for open_socket in listener:
            open_socket.close()


class _PageProcess:
    """One life of the page's process."""

    def __init__(
        self, bus: Bus, about: About, clock: Clock, listener: socket.socket, on_up: Callable[[], None]
    ) -> None:
        self._bus, self._about, self._clock, self._listener, self._on_up = bus, about, clock, listener, on_up

    async def run(self) -> None:
        """Run until cancelled.  Raises DeviceError when the process ends, hangs, or sends nonsense."""
        try:
            number = self._listener.fileno()
            process = await asyncio.create_subprocess_exec(
                *_command(number),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                pass_fds=(number,),
                limit=TO_LANE.line,
            )
        except OSError as error:
            raise DeviceError(
                f"the page's process cannot be started: {error.strerror}", hint="It is tried again by itself"
            ) from error
        ends = [asyncio.create_task(self._feed(process)), asyncio.create_task(self._listen(process))]
        try:
            done, _ = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            done.pop().result()
        except DeviceError:
            raise
        except ValueError:
            what = "the page's process sends a malformed message"
            raise DeviceError(what, hint="It is ended and started again by itself") from None
        except Exception as error:  # a side outlet's defect never ends the lane
            what = f"the page's process: {type(error).__name__}"
            raise DeviceError(what, hint="It is started again by itself; please report this") from error
        finally:
            for end in ends:
                end.cancel()
            await asyncio.gather(*ends, return_exceptions=True)
            await _end(process)

    async def _feed(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None  # noqa: S101 - it is a pipe
        loop, beat_due = asyncio.get_running_loop(), 0.0
        with self._bus.watch() as watch:
            process.stdin.write(to_page.encode(BeginPage(self._about)))
            while True:
                if loop.time() >= beat_due:
                    beat_due = loop.time() + BEAT
                    process.stdin.write(to_page.encode(Beat(self._clock.now(), self._clock.monotonic())))
                with suppress(TimeoutError):
                    async with asyncio.timeout_at(beat_due):
                        process.stdin.write(to_page.encode(cut(await watch.next(), TO_PAGE)))
                await _taken(process.stdin)

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None  # noqa: S101 - it is a pipe
        loop = asyncio.get_running_loop()
        within, left, at = STARTED_WITHIN, float(BURST), loop.time()
        while True:
            try:
                line = await _wait(process.stdout.readline, within)
            except TimeoutError:
                what = f"the page's process sends nothing for {within:.0f} s"
                raise DeviceError(what, hint="It is ended and started again by itself") from None
            if not line.endswith(b"\n"):
                raise _ended()
            left, at = min(BURST, left + (loop.time() - at) * LINES_A_SECOND) - 1, loop.time()
            if left < 0:
                raise DeviceError("the page's process sends too much", hint="It is ended and started again by itself")
            match to_lane.decode(line):
                case Up():
                    within = SILENT_FOR
                    self._on_up()
                    log.info("the page answers")
                case PageLogLine(text, is_error):
                    if is_error:
                        log.error(text)
                    else:
                        log.warning(text)
                case PageHeartbeat():
                    pass


async def _wait(make: Callable[[], Awaitable[T]], within: float) -> T:
    """Return the result, within this many seconds of this process's own time.  Raises TimeoutError."""
    loop = asyncio.get_running_loop()
    while True:
        since = loop.time()
        try:
            async with asyncio.timeout(min(within, SLICE)):
                return await make()
        except TimeoutError:
            within -= min(loop.time() - since, SLICE)
            if within <= 0:
                raise


def _command(listener: int) -> tuple[str, ...]:
    return sys.executable, "-P", "-X", "faulthandler", "-m", "gate.kiosk.page_process", str(listener)


async def _taken(to: asyncio.StreamWriter) -> None:
    """Wait until the page has taken the data: at once while it keeps up.  Delays this task only."""
    try:
        await _wait(to.drain, TAKEN_WITHIN)
    except ConnectionError:
        raise _ended() from None
    except TimeoutError:
        what = f"the page's process takes nothing for {TAKEN_WITHIN:.0f} s"
        raise DeviceError(what, hint="It is ended and started again by itself") from None


def _ended() -> DeviceError:
    return DeviceError("the page's process ended", hint="It is started again by itself")


async def _end(process: asyncio.subprocess.Process) -> None:
    assert process.stdin is not None  # noqa: S101 - it is a pipe
    process.stdin.close()
    try:
        async with asyncio.timeout(ENDED_WITHIN):
            await process.wait()
    except (TimeoutError, asyncio.CancelledError):
        with suppress(ProcessLookupError):
            process.kill()
    with suppress(TimeoutError):  # a process stuck in the kernel is left to the kernel
        async with asyncio.timeout(ENDED_WITHIN):
            await process.communicate()  # reads the rest, so that asyncio closes its end
    await asyncio.sleep(0)
