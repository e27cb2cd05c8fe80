"""The control panel's side of OSDP v2 with Secure Channel, through libosdp, on one thread.

Facts it rests on (libosdp 3.2.9, Python wheel):

- Its random numbers come from libc's `rand()`, unseeded: RND.A is the same in every process, and so are the session
  keys.  A recorded session could be replayed.  Here `srand` is called with bytes from the kernel before any context is
  made, and a panel that still sends the unseeded number is refused.
- After a module was lost, and after any refusal (NAK), it goes offline for 300 s.  Disabling and enabling
  the module brings it back at once; that is done every two seconds while there is no secure channel.
- Its own thread is no daemon thread and would keep a crashed process alive; ours is one.
- A read that returns more than requested ends in a SystemError out of `refresh`.  libosdp reads until nothing comes, 64
  bytes at a time, and writes a line to standard error when its ring of 512 is full.
- It keeps every event in a queue without a bound, besides calling back.
- It never frees a channel, nor the objects that the channel refers to: a module that is sought for days would cost 17
  KB each time that its port is opened.
"""

import asyncio
import ctypes
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from functools import cache
from queue import Empty, SimpleQueue
from typing import Any

from drivers._shared.serial_port import SerialPort
from gate.errors import DeviceError
from gate.ports.driver import to_install

UNSEEDED = bytes.fromhex("D764C8CCE93255C4")
"""RND.A from libc's unseeded `rand()` (glibc)."""

_REFRESH = 0.02  # seconds; OSDP must be refreshed every 50 ms
_REVIVE_EVERY = 2.0
_DISABLED_FOR = 0.1
_SILENT_FOR = 1.0
"""Seconds without a byte after which the module is lost; it answers some 17 polls a second."""

_DONE_WITHIN = 1.5  # seconds; a command takes 50 ms
_TURN = 256
"""Bytes that libosdp reads in one turn: its longest frame.  Noise beyond that is dropped, the oldest first."""

Order = tuple[int, int, int]
"""Output, control code, time in 100 ms."""

OFF, FOR_A_WHILE = 1, 5
"""Control codes: off for good, ending a time; on for a time, which the module measures."""


class _Dropping:
    """A queue that drops: in its own the library keeps every event for a caller of `get_event`, which is never
    called."""

    def put(self, event: object) -> None:
        pass


def seed() -> None:
    """Seed libc's random numbers from the kernel's.  Raises DeviceError where that is impossible."""
    try:
        ctypes.CDLL(None).srand(ctypes.c_uint(int.from_bytes(os.urandom(4), "big")))
    except (OSError, AttributeError) as error:
        raise DeviceError(
            "OSDP: libc's random numbers cannot be seeded, so that session keys would repeat",
            hint="Run on Linux with glibc or musl",
        ) from error


@cache
def _wires(base: type) -> type:
    """Return the class of all channels, made once, because the library keeps each class."""

    class Wire(base):  # type: ignore[misc]  # libosdp ships no types
        panel: "Panel | None" = None

        def read(self, max_bytes: int) -> bytes:
            return self.panel._read(max_bytes) if self.panel else b""

        def write(self, data: bytes) -> int:
            return self.panel._write(bytes(data)) if self.panel else len(data)

        def flush(self) -> None:
            return

    return Wire


class Panel:
    """One module on one line.  Every method but `__init__` and `close` returns at once or awaits, and
    raises DeviceError."""

    def __init__(self, port: str, baud: int, address: int, key: bytes, report: Callable[[int, bytes], None]) -> None:
        """Open the port and set the panel up.  Blocks.

        `report` is called from the thread with the kind and the bytes of a status report."""
        try:
            import osdp
        except ImportError as error:
            raise DeviceError(
                "OSDP: the Python package libosdp is not installed", hint=to_install("libosdp", "osdp")
            ) from error
        self.name = f"OSDP module {address} on {port}"
        self.secure = False  # whether the secure channel is up
        self._osdp = osdp
        self._address = address
        self._report = report
        seed()  # may fail: before the port is held
        self._line = SerialPort(port, baud)
        self._problem: DeviceError | None = None
        self._received_at = time.monotonic()
        self._unread = b""
        self._allowed = 0
        self._orders: SimpleQueue[tuple[Order, Future[None]]] = SimpleQueue()
        self._under_way: deque[Future[None]] = deque()
        self._submitted: set[Future[None]] = set()
        self._ending = threading.Event()
        self._wire: Any = _wires(osdp.Channel)()
        self._wire.panel = self
        info = osdp.PDInfo(address, self._wire, scbk=key, flags=[osdp.LibFlag.EnforceSecure])
        self._panel = osdp.ControlPanel(
            [info],
            log_level=osdp.LogLevel.Emergency,
            event_handler=self._happened,
            command_completion_handler=self._completed,
        )
        self._panel.lock = threading.Lock()  # which the library's own thread would have made
        self._panel.event_queue = [_Dropping()]
        self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)
        self._thread.start()

    async def secured_within(self, seconds: float) -> None:
        """Wait until the secure channel is up."""
        limit = time.monotonic() + seconds
        while not self.secure:
            self._raise_problem()
            if time.monotonic() > limit:
                raise DeviceError(
                    f"{self.name} opens no secure channel",
                    hint="Check its power, its wires, its address and baud rate, and that both hold the same key",
                )
            await asyncio.sleep(_REFRESH)

    def submit(self, output: int, code: int, tenths: int) -> None:
        """Queue an output command.  `tenths`: its time in 100 ms."""
        done: Future[None] = Future()
        self._submitted.add(done)
        self._orders.put(((output, code, tenths), done))

    async def settled(self) -> None:
        """Wait until the module has acknowledged every order, inside the secure channel."""
        submitted, self._submitted = self._submitted, set()
        for done in submitted:
            try:
                async with asyncio.timeout(_DONE_WITHIN):
                    await asyncio.wrap_future(done)
            except TimeoutError:
                self._raise_problem()
                raise DeviceError(
                    f"{self.name} does not acknowledge an order", hint="Check its power and its wires"
                ) from None

    def check(self) -> None:
        self._raise_problem()
        if not self.secure or time.monotonic() - self._received_at > _SILENT_FOR:
            raise DeviceError(f"{self.name} is lost", hint="Check its power and its wires; the gate searches for it")

    def close(self) -> None:
        """Send the pending orders, if the module is there, and end the thread.  Blocks.  Never raises."""
        limit = time.monotonic() + _DONE_WITHIN
        while self.secure and (self._under_way or not self._orders.empty()) and time.monotonic() < limit:
            time.sleep(_REFRESH)
        self._ending.set()
        self._thread.join(timeout=2.0)
        self._panel.ctx = None
        self._wire.panel = None
        self._line.close()

    # On the thread.

    def _run(self) -> None:
        tried = time.monotonic()
        while not self._ending.is_set() and self._problem is None:
            self._allowed = _TURN
            with self._panel.lock:
                self._panel.ctx.refresh()
            self.secure = self._panel.is_sc_active(self._address)
            if self.secure:
                tried = time.monotonic()
                self._submit()
            elif time.monotonic() - tried > _REVIVE_EVERY:
                self._panel.disable_pd(self._address)
                time.sleep(_DISABLED_FOR)
                self._panel.enable_pd(self._address)
                tried = time.monotonic()
            time.sleep(_REFRESH)
        self.secure = False

    def _submit(self) -> None:
        try:
            while True:
                (output, code, tenths), done = self._orders.get_nowait()
                command = {
                    "command": self._osdp.Command.Output,
                    "output_no": output,
                    "control_code": code,
                    "timer_count": tenths,
                }
                self._under_way.append(done)
                if not self._panel.submit_command(self._address, command):
                    self._under_way.pop()
                    with suppress(InvalidStateError):
                        done.set_exception(self._refused())
        except Empty:
            return

    def _completed(self, _address: int, _command: dict[str, Any], status: int) -> None:
        done = self._under_way.popleft()
        with suppress(InvalidStateError):  # its waiter was cancelled
            if status == self._osdp.constants.CompletionStatus.Ok:
                done.set_result(None)
            else:
                done.set_exception(self._refused())

    def _happened(self, _module: int, event: dict[str, Any]) -> int:
        if event["event"] == self._osdp.Event.Status:
            self._report(event["type"], event["report"])
        return 0

    def _refused(self) -> DeviceError:
        return DeviceError(
            f"{self.name} refuses an order", hint="Look at the number of its output, and at what it allows"
        )

    def _raise_problem(self) -> None:
        if self._problem is not None:
            raise DeviceError(self._problem.what, hint=self._problem.hint) from self._problem

    def _read(self, most: int) -> bytes:
        try:
            self._unread = (self._unread + self._line.read())[-_TURN:]
        except DeviceError as error:
            self._problem = error
            return b""
        most = min(most, self._allowed)
        data, self._unread = self._unread[:most], self._unread[most:]
        self._allowed -= len(data)
        if data:
            self._received_at = time.monotonic()
        return data

    def _write(self, data: bytes) -> int:
        if UNSEEDED in data:
            self._problem = DeviceError(
                "OSDP: the session keys of this panel would repeat at every start",
                hint="Install the libosdp that the constraints file names",
            )
            return len(data)  # and nothing is sent
        try:
            self._line.write(data)
        except DeviceError as error:
            self._problem = error
        return len(data)
