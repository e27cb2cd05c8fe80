"""The end of the journal, kept outside of lane.db: number of rows, digest and time of the last one.

A lane.db without this row is not the one that the gate left: it, or its WAL, was lost, cut or exchanged.  A row is
durable before it is written here, so this file is never ahead of a whole database.  It may be behind: it reaches
the disk only at checkpoints, at a start and a stop.

Two slots of one disk sector are written in turn, so that a torn write leaves the other.  Each is sealed with a key
derived from device.key, so another device's file does not count.
"""

import json
import os
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

from nacl.signing import SigningKey

from gate.core.journal_chain import DIGEST_BYTES, GENESIS
from gate.store.durable import move_odd_aside, read_regular

NAME = "journal.end"
SLOT = 512  # bytes: a sector is written whole or not at all
_PURPOSE = b"ashyq-gate end"


class End(NamedTuple):
    """The last row of a journal."""

    seq: int = 0
    digest: bytes = GENESIS
    at: int | None = None  # Unix ms, trusted: of that row
    lost: bool = False  # the journal was found lost, and the row of the loss is not written yet

    def __str__(self) -> str:
        return f"{self.seq}:{self.digest.hex()}"


class EndFile:
    """The file of the journal's end; belongs to one thread.  Raises OSError."""

    def __init__(self, state_dir: Path, key: SigningKey) -> None:
        self.path = state_dir / NAME
        self._device = bytes(key.verify_key).hex()
        self._key = blake2b(bytes(key), person=_PURPOSE[:16], digest_size=32).digest()
        self._descriptor: int | None = None
        self._next = 0

    def read(self) -> End | None:
        """Read the newest end; None when the file is missing, unreadable or another device's."""
        try:
            content = read_regular(self.path, 2 * SLOT)
        except FileNotFoundError:
            return None
        if content is None:
            return None
        slots = [self._parse(content[place : place + SLOT]) for place in (0, SLOT)]
        ends = [(end.seq, end.lost, place, end) for place, end in enumerate(slots) if end]
        if not ends:
            return None
        *_, newest, end = max(ends, key=lambda found: found[:2])
        self._next = 1 - newest
        return end

    def write(self, end: End, *, durable: bool = False) -> None:
        """Write the end.  `durable`: on the disk on return; else whenever the system writes it, which costs 5
        µs."""
        if self._descriptor is None:
            move_odd_aside(self.path)  # a link's target may be anybody's
            self._descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            os.fchmod(self._descriptor, 0o600)
            durable = True
        os.pwrite(self._descriptor, self._slot(end), self._next * SLOT)
        self._next = 1 - self._next
        if durable:
            os.fsync(self._descriptor)

    def settle(self) -> None:
        """Flush the end to the disk, in the file that has the name now: the open one may have been removed."""
        if self._descriptor is None:
            return
        with suppress(FileNotFoundError):
            if os.path.samestat(self.path.stat(), os.fstat(self._descriptor)):
                os.fsync(self._descriptor)
                return
        self.close()

    def close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
        self._descriptor = None

    def _slot(self, end: End) -> bytes:
        at, lost = "null" if end.at is None else end.at, "true" if end.lost else "false"
        body = f'["{self._device}",{end.seq},"{end.digest.hex()}",{at},{lost}]'  # JSON; written at every admission
        seal = blake2b(body.encode(), key=self._key, digest_size=DIGEST_BYTES).hexdigest()
        return f"{seal} {body}\n".encode().ljust(SLOT)

    def _parse(self, slot: bytes) -> End | None:
        seal, _, body = slot.strip().partition(b" ")
        if blake2b(body, key=self._key, digest_size=DIGEST_BYTES).hexdigest().encode() != seal:
            return None
        _, seq, digest, at, lost = json.loads(body)
        return End(seq, bytes.fromhex(digest), at, lost)


def is_blank(state_dir: Path) -> bool:
    """Return whether the file was created and not written, as a crash within `make_first` leaves it.  Raises
    OSError."""
    content = read_regular(state_dir / NAME, 2 * SLOT)
    return content is not None and not content.strip(b"\0")


def make_first(state_dir: Path, key: SigningKey) -> None:
    """Write the end of a journal without rows.  Raises OSError."""
    file = EndFile(state_dir, key)
    try:
        file.write(End(), durable=True)
    finally:
        file.close()
