"""A disk with a volatile write cache, a plug-in of nbdkit: `nbdkit -U SOCKET python volatile_disk.py base=… delta=…`.

What was written and not flushed is in this process's memory only: to kill it is to pull the plug.  A block reaches
the medium early by chance, as in a drive: a cut keeps a random part of what was not flushed, in any order.

`base` is never written; `delta` is a sparse file whose data lies over it.  `early`: the chance of a block, 0 to 1.
nbdkit calls these functions by name (nbdkit-python-plugin(3)), from one thread.
"""

import os
import random
from typing import Any

API_VERSION = 2
BLOCK = 4096  # bytes
_settings = {"early": "0.3"}


class VolatileDisk:
    def __init__(self, base: str, delta: str, early: float) -> None:
        self._base = os.open(base, os.O_RDONLY)
        self.size = os.fstat(self._base).st_size
        self._delta = os.open(delta, os.O_RDWR | os.O_CREAT, 0o600)
        os.ftruncate(self._delta, self.size)
        self._kept = set(data_blocks(self._delta))  # numbers of the blocks that lie in `delta`
        self._unflushed: dict[int, bytes] = {}
        self._early = early
        self._random = random.Random()

    def read(self, offset: int, count: int) -> bytes:
        first, end = offset // BLOCK, -(-(offset + count) // BLOCK)
        blocks = range(first, end)
        if self._kept.isdisjoint(blocks) and self._unflushed.keys().isdisjoint(blocks):
            return os.pread(self._base, count, offset)
        whole = b"".join(self._block(number) for number in blocks)
        return whole[offset % BLOCK :][:count]

    def write(self, offset: int, data: bytes) -> None:
        before = offset % BLOCK
        after = -(offset + len(data)) % BLOCK
        if before or after:
            data = self.read(offset - before, before) + data + self.read(offset + len(data), after)
        for place in range(0, len(data), BLOCK):
            number = (offset - before + place) // BLOCK
            self._unflushed[number] = data[place : place + BLOCK]
            if self._random.random() < self._early:
                self._keep(number)

    def flush(self) -> None:
        """Bring every block to the medium, in any order: a cut may come in the middle."""
        numbers = list(self._unflushed)
        self._random.shuffle(numbers)
        for number in numbers:
            self._keep(number)

    def _block(self, number: int) -> bytes:
        if (data := self._unflushed.get(number)) is not None:
            return data
        return os.pread(self._delta if number in self._kept else self._base, BLOCK, number * BLOCK)

    def _keep(self, number: int) -> None:
        os.pwrite(self._delta, self._unflushed.pop(number), number * BLOCK)
        self._kept.add(number)


def data_blocks(file: int) -> list[int]:
    """Return the numbers of the blocks of a sparse file that hold data."""
    blocks: list[int] = []
    place = 0
    while True:
        try:
            start = os.lseek(file, place, os.SEEK_DATA)
        except OSError:  # ENXIO: no more data
            return blocks
        place = os.lseek(file, start, os.SEEK_HOLE)
        blocks.extend(range(start // BLOCK, place // BLOCK))


def config(key: str, value: str) -> None:
    _settings[key] = value


def open(_: bool) -> VolatileDisk:  # noqa: A001 - nbdkit's name
    return VolatileDisk(_settings["base"], _settings["delta"], float(_settings["early"]))


def get_size(disk: VolatileDisk) -> int:
    return disk.size


def can_flush(_: VolatileDisk) -> bool:
    return True


def pread(disk: VolatileDisk, buffer: Any, offset: int, _: int) -> None:
    buffer[:] = disk.read(offset, len(buffer))


def pwrite(disk: VolatileDisk, buffer: Any, offset: int, _: int) -> None:
    disk.write(offset, bytes(buffer))


def flush(disk: VolatileDisk, _: int) -> None:
    disk.flush()
