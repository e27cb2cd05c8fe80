"""A copy of lane.db beside it, while another release of the gate is tried.

A release alters lane.db to its own schema and never back.  The copy is for the release before: where it cannot read
lane.db any more, and nothing happened meanwhile that a gate must not forget, the copy takes its place.  No lane runs
during any of these functions.  They raise StoreError.
"""

import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import NamedTuple

from gate.core.journal_event import JournalEvent
from gate.store.database import File, schema_number, set_aside, unusable
from gate.store.durable import PRIVATE, put_in_place, read_regular, replacing, sync_folder, write_whole
from gate.store.journal import read_end
from gate.store.journal_end import NAME as END
from gate.store.journal_end import SLOT
from gate.store.segments import segments

MARK = "before-trial"  # ending of the copies
_OF_NO_CONSEQUENCE = (
    JournalEvent.GATE,
    JournalEvent.JOURNAL,
    JournalEvent.ALARM,
    JournalEvent.CONTACT,
    JournalEvent.SCHEDULE,
    JournalEvent.DEVICE,
    JournalEvent.LIST,
    JournalEvent.PAGE,
    JournalEvent.SYNC,
    JournalEvent.STAFF,
)
"""Events whose rows change nothing that a later decision depends on.  Not `clock`: a reset of the time that was
forgotten could be ordered twice."""


class CopiedState(NamedTuple):
    """State of lane.db when it was copied: the number of its schema, and of its last row."""

    schema: int
    seq: int


def copy_lane(state_dir: Path) -> CopiedState | None:
    """Copy lane.db and the journal's end; return what was copied, or None where there is no lane.db or it cannot be
    read, which the lane itself sees to."""
    path = File.LANE.within(state_dir)
    drop_copy(state_dir)
    if not path.is_file():
        return None
    try:
        with closing(_opened(path)) as connection:
            state = CopiedState(schema_number(connection), read_end(connection).seq)
            with replacing(_marked(path), PRIVATE) as (staged, _), closing(sqlite3.connect(staged)) as copy:
                connection.backup(copy)
        if (end := _read_end(state_dir)) is not None:
            write_whole(_marked(state_dir / END), end, PRIVATE)
    except sqlite3.Error:
        return None
    except OSError as error:
        raise unusable(path, error) from error
    return state


def drop_copy(state_dir: Path) -> None:
    """Remove the copy, and what a power cut left of one: it holds keys that the lane destroys every day."""
    try:
        for path in state_dir.glob(f"*.{MARK}*"):
            path.unlink(missing_ok=True)
    except OSError as error:
        raise unusable(File.LANE.within(state_dir), error) from error


def schema_of(state_dir: Path) -> int:
    """Return the number of lane.db's schema; 0 where it is missing or cannot be read."""
    path = File.LANE.within(state_dir)
    if not path.is_file():
        return 0
    try:
        with closing(_opened(path)) as connection:
            return schema_number(connection)
    except sqlite3.Error:
        return 0


def has_consequences(state_dir: Path, copied: CopiedState) -> bool:
    """Return whether lane.db holds anything since the copy that a gate must not forget: somebody who was let in, an
    order of staff, a change of the clock.  True where that is unknown."""
    if any(int(path.stem) > copied.seq for path in segments(state_dir)):
        return True
    marks = ", ".join("?" * len(_OF_NO_CONSEQUENCE))
    rows = f"""SELECT 1 FROM journal WHERE seq > ? AND event NOT IN ({marks})
        AND NOT (event = 'decision' AND "grant" IS NULL AND reason <> 'admitted') LIMIT 1"""  # noqa: S608 - our own names
    uses = 'SELECT 1 FROM redemption WHERE "grant" > ? LIMIT 1'
    try:
        with closing(_opened(File.LANE.within(state_dir))) as connection:
            if read_end(connection).seq < copied.seq:
                return True
            found = connection.execute(rows, (copied.seq, *_OF_NO_CONSEQUENCE)).fetchone()
            return bool(found or connection.execute(uses, (copied.seq,)).fetchone())
    except sqlite3.Error:
        return True


def put_copy_back(state_dir: Path, aside: str) -> None:
    """Give the copy the place of lane.db, which is kept as lane.db.ASIDE.  May be called again after a crash at any
    moment of it: the copy of lane.db has its name last."""
    path = File.LANE.within(state_dir)
    if not _marked(path).exists():
        return
    set_aside(File.LANE, state_dir, aside)
    try:
        for part in (state_dir / END, path):
            if _marked(part).exists():
                put_in_place(_marked(part), part)
    except OSError as error:
        raise unusable(path, error) from error


def leave_as_lost(state_dir: Path, aside: str) -> None:
    """Keep lane.db as lane.db.ASIDE, and nothing in its place.  By `journal.end` the next start knows that there was
    one: it begins after a loss, with every use unknown and the entrance locked down."""
    set_aside(File.LANE, state_dir, aside)
    try:
        sync_folder(state_dir)
    except OSError as error:
        raise unusable(state_dir, error) from error


def _marked(path: Path) -> Path:
    return path.with_name(f"{path.name}.{MARK}")


def _read_end(state_dir: Path) -> bytes | None:
    with suppress(FileNotFoundError):
        return read_regular(state_dir / END, 2 * SLOT)
    return None


def _opened(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, isolation_level=None)
