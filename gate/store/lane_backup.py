"""The lane's state in a backup: lane.db without rows of the journal and without keys of days, and device.key.

The journal stays on the device that wrote it; a restored one begins with the row of a loss.  Everything between the
backup and the end of its device is unknown, so the rules of a loss hold (`gate.store.loss`).
"""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from nacl.signing import SigningKey

from gate.errors import StoreError
from gate.store import device_key
from gate.store.database import File, immediate, open_for_reading, open_for_writing, unusable
from gate.store.durable import PRIVATE, make_directory, put_in_place, sync_folder, write_whole
from gate.store.journal import read_end
from gate.store.journal_end import NAME as END
from gate.store.journal_end import End, EndFile
from gate.store.loss import begin_after
from gate.store.segments import FOLDER as SEGMENTS

_STAGED = "restoring"  # folder within the state directory
_MOST_REPLACED = 99
_NOT_KEPT = (
    "DELETE FROM journal",
    "DELETE FROM checkpoint",
    "DELETE FROM secret WHERE name LIKE 'day-%'",
)


class BackedUpLane(NamedTuple):
    """A lane's state as it is in a backup."""

    seed: bytes  # of device.key
    database: bytes  # empty: the lane had none yet
    end: End  # the journal's last row

    @property
    def public(self) -> str:
        """Return the public half of the device's key, in hex."""
        return bytes(SigningKey(self.seed).verify_key).hex()


def read_lane(state_dir: Path) -> BackedUpLane | None:
    """Read the state at one moment, beside a running lane; None where there was never one.  Raises StoreError."""
    key = device_key.load(state_dir)
    if key is None:
        return None
    connection = open_for_reading(File.LANE, state_dir)
    if connection is None:
        return BackedUpLane(bytes(key), b"", End())
    try:
        with closing(connection), closing(sqlite3.connect(":memory:", isolation_level=None)) as copy:
            connection.backup(copy)  # in one step, so in one transaction of the reader
            end = read_end(copy)
            for statement in _NOT_KEPT:
                copy.execute(statement)
            copy.execute("INSERT OR REPLACE INTO journal_base VALUES (1, ?, ?)", (end.seq, end.digest))
            copy.execute("VACUUM")
            return BackedUpLane(bytes(key), copy.serialize(), end)
    except sqlite3.Error as error:
        raise unusable(File.LANE.within(state_dir), error) from error


def held_state(state_dir: Path) -> list[str]:
    """Return the names of a lane's own files in a state directory: empty on a device that never ran."""
    names = (device_key.NAME, END, File.LANE.within(state_dir).name, SEGMENTS)
    return [name for name in names if (state_dir / name).exists()]


def set_state_aside(state_dir: Path) -> Path:
    """Move the lane's own files into a folder of their own within the state directory; return it.  Raises
    StoreError."""
    try:
        names = (state_dir / f"replaced-{number}" for number in range(1, _MOST_REPLACED + 1))
        aside = next((name for name in names if not name.exists()), None)
        if aside is None:
            raise StoreError(f"{state_dir} holds {_MOST_REPLACED} replaced states", hint="Remove those of no use")
        make_directory(aside, 0o700)
        own = [*held_state(state_dir), device_key.PUBLIC]
        for name in (*own, *(path.name for path in state_dir.glob("lane.db-*"))):
            if (state_dir / name).exists():
                (state_dir / name).rename(aside / name)
        sync_folder(aside)
        sync_folder(state_dir)
    except OSError as error:
        raise unusable(state_dir, error) from error
    return aside


def restore_lane(state_dir: Path, lane: BackedUpLane, made: str) -> None:
    """Write the state of a backup that was made at the time `made` into a state directory without one; no lane runs.

    The key gets its name last: without it, what a power cut left is another device's, which is a loss.  Raises
    StoreError, also for a database of a newer release."""
    staged = state_dir / _STAGED
    try:
        shutil.rmtree(staged, ignore_errors=True)
        make_directory(staged, 0o700)
        if lane.database:
            _build(staged, lane, f"restored from the backup of {made}")
        write_whole(staged / device_key.NAME, lane.seed.hex().encode() + b"\n", PRIVATE)
        for name in (File.LANE.within(staged).name, END, device_key.NAME):
            if (staged / name).exists():
                put_in_place(staged / name, state_dir / name)
        shutil.rmtree(staged)
        sync_folder(state_dir)
    except (OSError, sqlite3.Error) as error:
        raise unusable(state_dir, error) from error


def _build(staged: Path, lane: BackedUpLane, what: str) -> None:
    """Write lane.db and journal.end as the lane expects them at a start after a loss."""
    write_whole(File.LANE.within(staged), lane.database, PRIVATE)
    with closing(open_for_writing(File.LANE, staged)) as connection, immediate(connection):
        begin_after(connection, what, None, fresh=False)
    ends = EndFile(staged, SigningKey(lane.seed))
    ends.write(lane.end, durable=True)
    ends.close()
