"""Feed one target in a process of its own, so that neither a crash of native code nor a hang goes unnoticed."""

import mmap
import os
import signal
import struct
import sys
import time
from dataclasses import dataclass
from random import Random

from tests.fuzz.checking import check
from tests.fuzz.mutation import slipped
from tests.fuzz.target import Target

SLIPS = 8  # at most, in one input
HANGS = 60.0  # seconds for one input: more than any takes on a busy machine
_LONGEST = 1 << 20  # bytes of an input that are kept for its finding
_SHRINK_FOR = 10.0  # seconds
_HEAD = struct.Struct("<QQdI200sI")
_WORDS = 200


@dataclass(frozen=True, slots=True)
class Tally:
    inputs: int
    taken: int
    slowest: float  # seconds of processor
    found: str  # in one line; "" when nothing broke
    reproducer: bytes


class _Shared:
    """What the child says of itself, also when it dies in the middle of an input."""

    def __init__(self) -> None:
        self._map = mmap.mmap(-1, _HEAD.size + _LONGEST)
        self.inputs = self.taken = 0
        self.slowest = 0.0

    def begin(self, data: bytes) -> None:
        self._map[_HEAD.size : _HEAD.size + len(data[:_LONGEST])] = data[:_LONGEST]
        self._write(len(data[:_LONGEST]), b"")

    def end(self, *, taken: bool, spent: float) -> None:
        self.inputs += 1
        self.taken += taken
        self.slowest = max(self.slowest, spent)

    def found(self, words: str, data: bytes) -> None:
        self._map[_HEAD.size : _HEAD.size + len(data)] = data
        self._write(len(data), words.encode()[:_WORDS])

    def tally(self, end: str) -> Tally:
        """`end`: of the child, in words, if it did not end by itself."""
        inputs, taken, slowest, length, words, size = _HEAD.unpack_from(self._map)
        found = words[:size].decode("utf-8", "replace") or end
        return Tally(inputs, taken, slowest, found, self._map[_HEAD.size : _HEAD.size + length] if found else b"")

    def _write(self, length: int, words: bytes) -> None:
        _HEAD.pack_into(self._map, 0, self.inputs, self.taken, self.slowest, length, words, len(words))


def hunt(target: Target, seed: int, *, inputs: int | None, seconds: float) -> Tally:
    """Until something breaks, so many inputs, or so many seconds."""
    shared = _Shared()
    child = os.fork()
    if child:
        return shared.tally(_wait(child, shared))
    try:
        _feed(target, Random(seed), shared, inputs, seconds)
        os._exit(0)
    except BaseException as error:  # noqa: BLE001 - a defect of the fuzzing itself
        sys.stderr.write(f"{error!r}\n")
        os._exit(1)


def _wait(child: int, shared: _Shared) -> str:
    """How the child ended, in words; "" when by itself."""
    before, since = -1, time.monotonic()
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            code = os.waitstatus_to_exitcode(status)
            return "" if code == 0 else f"died of {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        inputs = shared.tally("").inputs
        if inputs != before:
            before, since = inputs, time.monotonic()
        elif time.monotonic() - since > HANGS:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return f"hangs: no end in {HANGS:.0f} s"
        time.sleep(0.05)


def _feed(target: Target, random: Random, shared: _Shared, inputs: int | None, seconds: float) -> None:
    seeds, end = target.seeds(), time.monotonic() + seconds
    while time.monotonic() < end and (inputs is None or shared.inputs < inputs):
        data = slipped(random, seeds, SLIPS)
        shared.begin(data)
        try:
            checked = check(target, data)
        except BaseException as error:  # noqa: BLE001 - a panic of Rust is no Exception
            shared.found(_words(error), data)
            shared.found(_words(error), _shrunk(target, data, type(error)))
            return
        shared.end(taken=checked.taken, spent=checked.seconds)
    shared.begin(b"")


def _words(error: BaseException) -> str:
    return f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}"


def _shrunk(target: Target, data: bytes, kind: type[BaseException]) -> bytes:
    """A shorter input that breaks the target in the same way."""
    end, size = time.monotonic() + _SHRINK_FOR, max(1, len(data) // 2)
    while size and time.monotonic() < end:
        at = 0
        while at < len(data) and time.monotonic() < end:
            shorter = data[:at] + data[at + size :]
            if _breaks(target, shorter, kind):
                data = shorter
            else:
                at += size
        size //= 2
    return data


def _breaks(target: Target, data: bytes, kind: type[BaseException]) -> bool:
    try:
        check(target, data)
    except BaseException as error:  # noqa: BLE001 - see _feed
        return type(error) is kind
    return False
