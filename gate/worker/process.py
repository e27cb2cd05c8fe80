"""The daemon's end of a worker process, which it starts.

For native code (cameras, decoders) that may hang, crash, keep the interpreter busy, or be taken over by what it
decodes.  Any fault of such a process is DeviceError: silence, and messages that are malformed, too long, too many
or cut short.  Its cost to the daemon in memory and time is bounded here.
"""

import asyncio
import json
import os
import re
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Self

from gate.errors import DeviceError
from gate.logs import for_child
from gate.worker.codec import CodecError, Failed, Loading
from gate.worker.program import Program

STARTED_WITHIN = 30.0  # seconds from one sign of progress to the next: a library, from a slow card
_LOADINGS = 20  # signs of progress at most: ten minutes in all
_LEAST = 0.1  # seconds: takes what arrived while the loop was busy
_SLICE = 0.25  # seconds of waiting that count at most, however long this process was delayed meanwhile
_REAPED_WITHIN = 2.0  # seconds: a process stuck in the kernel is left to the kernel
_UNSENT = 2**20  # bytes that a worker has not taken: beyond this it counts as stuck

# A worker's budget: a message costs one, and one more for each KiB.  A camera sends some 60 a second.  The pipe (64
# KiB), after this process was delayed, holds a burst of 3,000 at most.
_BURST = 8192.0
_A_SECOND = 1024.0

_ENVIRONMENT = {  # libraries read these once, when they are loaded
    "PYTHONUTF8": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "OPENCV_LOG_LEVEL": "SILENT",
    "OPENCV_FFMPEG_LOGLEVEL": "-8",
    "LIBCAMERA_LOG_LEVELS": "*:FATAL",
    # Pictures come and go in megabytes, on several threads: one heap, and free memory returns to the kernel.
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_TRIM_THRESHOLD_": "131072",
}

_LONGEST_WORDS = 500  # characters
_HINT = "See the log above; it is started again by itself"


class _Pipes(asyncio.SubprocessProtocol):
    """The pipes of a worker.  They take no more than `most` bytes beyond what was requested; the worker then
    waits."""

    def __init__(self, most: int) -> None:
        self.data = bytearray()
        self.news = asyncio.Event()
        self.ended = False  # no more messages follow
        self.exited = asyncio.Event()
        self._most = most
        self._pipe: asyncio.ReadTransport | None = None
        self._paused = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.SubprocessTransport)  # noqa: S101 - of a SubprocessProtocol
        pipe = transport.get_pipe_transport(1)
        assert isinstance(pipe, asyncio.ReadTransport)  # noqa: S101 - its standard output
        self._pipe = pipe

    def pipe_data_received(self, fd: int, data: bytes) -> None:  # noqa: ARG002 - there is one pipe to read
        self.data += data
        if len(self.data) > self._most and self._pipe and not self._paused:
            self._pipe.pause_reading()
            self._paused = True
        self.news.set()

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:  # noqa: ARG002 - lost is lost
        if fd == 1:
            self.ended = True
            self.news.set()

    def process_exited(self) -> None:
        self.exited.set()
        self.news.set()

    def line(self) -> bytes | None:
        """Return a whole line that has arrived, or None."""
        end = self.data.find(b"\n") + 1
        if not end:
            return None
        line = bytes(self.data[:end])
        del self.data[:end]
        if self._paused and self._pipe and len(self.data) <= self._most // 2:
            self._paused = False
            if not self.ended:
                self._pipe.resume_reading()
        return line


class _Budget:
    """The messages that a worker may still send.  Times are monotonic seconds."""

    def __init__(self, now: float) -> None:
        self._left = _BURST
        self._at = now

    def allows(self, size: int, now: float) -> bool:
        self._left = min(_BURST, self._left + (now - self._at) * _A_SECOND) - 1 - size / 1024
        self._at = now
        return self._left >= 0


class WorkerProcess:
    """A worker process.  It ends on order, with its parent, or by itself; neither it nor its forks stay behind.

    Belongs to one event loop."""

    def __init__(self, name: str, program: Program, transport: asyncio.SubprocessTransport, pipes: _Pipes) -> None:
        self._name = name
        self._program = program
        self._transport = transport
        self._pipes = pipes
        self._budget = _Budget(asyncio.get_running_loop().time())
        self._next: Any | None = None  # read from the pipe, and not requested yet

    @classmethod
    async def start(cls, name: str, program: Program, settings: Mapping[str, object]) -> Self:
        """Start `python -m module`, with `settings` as its first line (not as arguments: those are public).

        Returns when the module is loaded.  `name`: the device's, in messages.  Raises DeviceError."""
        pipes = _Pipes(2 * program.sends.limits.line)
        try:
            transport, _ = await asyncio.get_running_loop().subprocess_exec(
                lambda: pipes,
                *(sys.executable, "-P", "-X", "faulthandler", "-m", program.module),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=None,
                start_new_session=True,  # a Ctrl-C in the terminal is for the parent alone
                env=os.environ | _ENVIRONMENT | for_child(),
            )
        except (OSError, RuntimeError) as error:  # EMFILE, ENFILE, ENOMEM, EAGAIN; no thread to wait for its end
            raise DeviceError(
                f"{name}: its worker process cannot be started ({getattr(error, 'strerror', None) or error})",
                hint="Look at memory, open files and processes of this computer; it is tried again by itself",
            ) from error
        worker = cls(name, program, transport, pipes)
        try:
            worker._write(json.dumps(settings).encode() + b"\n")
            await worker._load()
        except BaseException:
            await worker.stop()
            raise
        return worker

    @property
    def pid(self) -> int:
        return self._transport.get_pid()

    def send(self, message: object) -> None:
        """Send a message; returns at once.  Without effect on a worker that has ended: `receive` reports that.

        Raises DeviceError when it takes no messages."""
        self._write(self._program.receives.encode(message))

    @property
    def unsent(self) -> int:
        """Return the number of bytes that the worker has not taken yet."""
        pipe = self._transport.get_pipe_transport(0)
        return pipe.get_write_buffer_size() if isinstance(pipe, asyncio.WriteTransport) else 0

    async def receive(self, within: float, *, newest: type[Any] | None = None) -> Any:
        """Return the next message, awaited for at most `within` seconds of this process's own time.  Of consecutive
        messages of the kind `newest` it is the last one.

        Raises DeviceError when the worker reports one, ends or sends a malformed message, TimeoutError when none
        comes."""
        left, idle = max(within, _LEAST), False
        loop = asyncio.get_running_loop()
        await asyncio.sleep(0)  # a worker that sends all the time does not block other tasks
        while (message := self._take(newest)) is None:
            if self._pipes.ended or (idle and self._pipes.exited.is_set()):  # idle: its forks hold the pipe
                raise await self._ended()
            if left <= 0:
                raise TimeoutError
            self._pipes.news.clear()
            since = loop.time()
            try:
                async with asyncio.timeout(min(left, _SLICE)):
                    await self._pipes.news.wait()
            except TimeoutError:
                idle = True
            left -= min(loop.time() - since, _SLICE)
        if isinstance(message, Failed):
            raise DeviceError(one_line(message.what), hint=one_line(message.hint))
        return message

    async def stop(self) -> None:
        """Kill and reap it and its forks.  The kill itself happens before anything is awaited."""
        with suppress(ProcessLookupError, PermissionError):
            # Its session is its own, and hence its group.  (The transport's kill would reap it before asyncio does.)
            os.killpg(self.pid, signal.SIGKILL)
        await self._exited(_REAPED_WITHIN)
        self._transport.close()
        for _ in range(2):  # lets asyncio close the transports of its pipes
            await asyncio.sleep(0)

    async def _load(self) -> None:
        try:
            for _ in range(_LOADINGS):
                if not isinstance(await self.receive(STARTED_WITHIN), Loading):
                    return
        except TimeoutError:
            pass
        raise DeviceError(
            f"{self._name}: its worker process did not start within {STARTED_WITHIN:.0f} s",
            hint="Look for a damaged card or a busy processor with `gate doctor`",
        ) from None

    def _write(self, line: bytes) -> None:
        pipe = self._transport.get_pipe_transport(0)
        assert isinstance(pipe, asyncio.WriteTransport)  # noqa: S101 - its standard input
        if not pipe.is_closing():
            pipe.write(line)
        if self.unsent > _UNSENT:
            raise DeviceError(f"{self._name}: its worker process takes no messages", hint=_HINT)

    def _take(self, newest: type[Any] | None) -> Any | None:
        """Return a message; None while no whole one is there.  Raises DeviceError for a malformed one."""
        message, self._next = self._next or self._decoded(), None
        while newest is not None and isinstance(message, newest) and (later := self._decoded()) is not None:
            if not isinstance(later, newest):
                self._next = later
                break
            message = later
        return message

    def _decoded(self) -> Any | None:
        line = self._pipes.line()
        if line is None and len(self._pipes.data) <= self._program.sends.limits.line:
            return None
        if line is None:
            raise self._nonsense("a message without an end")
        if not self._budget.allows(len(line), asyncio.get_running_loop().time()):
            raise self._nonsense("more than can be taken")
        try:
            return self._program.sends.decode(line)
        except CodecError as error:
            raise self._nonsense(str(error)) from None

    def _nonsense(self, what: str) -> DeviceError:
        return DeviceError(f"{self._name}: its worker process sends malformed messages: {what}", hint=_HINT)

    async def _exited(self, within: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(within):
                await self._pipes.exited.wait()

    async def _ended(self) -> DeviceError:
        await self._exited(_SLICE)  # by itself: its exit code explains more than ours
        await self.stop()
        code = self._transport.get_returncode()
        return DeviceError(f"{self._name}: its worker process ended by itself (exit code {code})", hint=_HINT)


def one_line(words: str) -> str:
    """Return a worker's words fit for a log and the page: without control signs, and of bounded length."""
    words = words[:_LONGEST_WORDS]
    return re.sub(r"[^\x20-\x7e\u00a0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]+", " ", words).strip()
