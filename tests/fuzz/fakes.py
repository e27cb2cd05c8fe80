"""The other end of a line, which answers what is fuzzed, in a time of its own: no input waits for anything."""

from collections.abc import Coroutine, Iterator
from contextlib import ExitStack, contextmanager
from types import ModuleType
from typing import Any
from unittest.mock import patch

from gate.errors import DeviceError


class Clock:
    """Stands for `time` and for `asyncio` in a module: a wait is over at once, and costs its seconds."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class Turns:
    """`asyncio.sleep` of a `Clock`."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def sleep(self, seconds: float) -> None:
        self._clock.sleep(seconds)


@contextmanager
def own_time(*modules: ModuleType) -> Iterator[Clock]:
    """In these modules."""
    clock = Clock()
    with ExitStack() as patches:
        for module in modules:
            patches.enter_context(patch.object(module, "time", clock))
            if hasattr(module, "asyncio"):
                patches.enter_context(patch.object(module, "asyncio", Turns(clock)))
        yield clock


def run(work: Coroutine[Any, Any, object]) -> None:
    """To its end; nothing in it may wait for what is not there."""
    try:
        work.send(None)
    except StopIteration:
        return
    work.close()
    raise AssertionError("it waits for ever")


class Port:
    """A `SerialPort` whose device says one piece after another, and is pulled out then, if it is to end."""

    path = "/dev/ttyUSB0"

    def __init__(self, pieces: list[bytes], *, ends: bool = False) -> None:
        self._pieces = list(reversed(pieces))
        self._ends = ends

    def read(self) -> bytes:
        return self._pieces.pop() if self._pieces else b""

    def write(self, data: bytes) -> None:
        pass

    async def drained(self) -> None:
        pass

    def check(self) -> None:
        if self._ends and not self._pieces:
            raise DeviceError("serial port is lost", hint="Plug it in")

    def close(self) -> None:
        pass


class Rs485:
    """A `serial.Serial` on a bus: each writing is answered by the next piece."""

    is_open = True

    def __init__(self, answers: list[bytes]) -> None:
        self._answers = list(reversed(answers))
        self._coming = b""

    @property
    def in_waiting(self) -> int:
        return len(self._coming)

    def read(self, count: int) -> bytes:
        given, self._coming = self._coming[:count], self._coming[count:]
        return given

    def write(self, data: bytes) -> int:
        self._coming += self._answers.pop() if self._answers else b""
        return len(data)

    def close(self) -> None:
        pass


class Socket:
    """A socket whose other end says `data`."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def recv(self, count: int) -> bytes:
        given, self._data = self._data[:count], self._data[count:]
        return given

    def sendall(self, _: bytes) -> None:
        pass

    send = connect = settimeout = sendall

    def close(self) -> None:
        pass

    def __enter__(self) -> "Socket":
        return self

    def __exit__(self, *_: object) -> None:
        pass


class Datagrams:
    """A board by UDP: each socket hears one datagram, the next one.  `socket.socket` stands for a new socket."""

    def __init__(self, answers: list[bytes]) -> None:
        self._answers = list(reversed(answers))

    def socket(self, *_: object) -> Socket:
        return Socket(self._answers.pop() if self._answers else b"")
