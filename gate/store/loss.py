"""A lost journal, and with it the orders of staff, the uses and the people inside.

Nothing lost counts as "none".  The entrance is locked down until staff confirm, by `gate lane lockdown off`; a
venue with a limit counts as full; and as long as somebody may have entered a short while before, nobody enters with
a pass that may have been used.
"""

import sqlite3
from dataclasses import dataclass, replace

from gate.core.decide import Policy
from gate.core.journal_event import JournalEvent
from gate.core.model import Claims, Decision
from gate.core.reason import Reason
from gate.errors import StoreError
from gate.store.journal import Journal, JournalRow
from gate.store.journal_end import End
from gate.store.milliseconds import ms, seconds
from gate.store.occupancy import Inside
from gate.store.redemptions import PRESENTATION_MEMORY
from gate.store.standing_orders import read_standing, write_standing

# Seconds by which the journal's end may reach the disk late: the kernel's write-back after 30 s, in turns of 5 s.
LATE = 60.0
ADVICE = "The entrance is locked down; see who is inside and whether the gate is whole, then `gate lane lockdown off`"


@dataclass(frozen=True, slots=True)
class Loss:
    """A loss of the journal."""

    what: str  # what was found
    last: str | None = None  # "seq:digest" of the last row known to be written
    used_at: float | None = None  # Unix s: people may have entered until then; None: not known
    at: float | None = None  # Unix s: when it was journalled
    confirmed: float | None = None  # Unix s: when staff lifted the lockdown


def begin_after(connection: sqlite3.Connection, what: str, end: End | None, *, fresh: bool) -> None:
    """Remember the loss, and lock the entrance down, inside the caller's write transaction.  `fresh`: the database
    is new, and its journal continues from the last known row."""
    if fresh and end and end.seq:
        connection.execute("INSERT OR REPLACE INTO journal_base VALUES (1, ?, ?)", (end.seq, end.digest))
    used_at = end.at + ms(LATE) if end and end.at is not None else None
    last = str(end) if end and end.seq else None
    connection.execute("INSERT INTO loss (what, last, used_at) VALUES (?, ?, ?)", (what, last, used_at))
    write_standing(connection, read_standing(connection).locked_down())


def record(connection: sqlite3.Connection, journal: Journal, inside: Inside, policy: Policy, at: float) -> None:
    """Write the row of a loss that has none yet, inside the caller's write transaction."""
    row = connection.execute("SELECT what, last FROM loss WHERE at IS NULL ORDER BY id DESC").fetchone()
    if row is None:
        return
    what, last = row
    known = f"; its last known row is {last}" if last else ""
    journal.append(
        JournalRow(at=ms(at), event=JournalEvent.LOSS, detail=f"{what}{known}; locked down until staff confirm")
    )
    now = ms(at)
    set_times = "UPDATE loss SET at = ?, used_at = min(coalesce(used_at, ?), ?) WHERE at IS NULL"
    connection.execute(set_times, (now, now, now))
    if policy.max_inside is not None:
        inside.set_count(policy.max_inside)


def confirm(connection: sqlite3.Connection, at: float) -> None:
    """Record that staff lifted the lockdown, inside the caller's write transaction."""
    connection.execute("UPDATE loss SET confirmed = ? WHERE confirmed IS NULL AND at IS NOT NULL", (ms(at),))


def read_loss(connection: sqlite3.Connection) -> Loss | None:
    """Read the last loss; None when this journal was never lost."""
    row = connection.execute("SELECT what, last, used_at, at, confirmed FROM loss ORDER BY id DESC").fetchone()
    if row is None:
        return None
    what, last, *times = row
    return Loss(what, last, *(None if time is None else seconds(time) for time in times))


def last_loss(connection: sqlite3.Connection) -> Loss | None:
    """Read the last loss of a lane.db that an earlier version may have written.  Raises StoreError."""
    try:
        known = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'loss'").fetchone()
        return read_loss(connection) if known else None
    except sqlite3.Error as error:
        raise StoreError(f"lane.db: {error}", hint="Start `gate run`, which repairs it") from error


def bound_losses(connection: sqlite3.Connection, at: float) -> None:
    """Bound the losses by the trusted time `at`, which went back: nobody has entered later than now."""
    connection.execute("UPDATE loss SET used_at = ? WHERE used_at > ?", (ms(at), ms(at)))


def shift_losses(connection: sqlite3.Connection, floor: float, now: float) -> None:
    """Shift the losses from `floor`, which never was, to `now`: entries later than now are as long ago as
    before."""
    shifted = "UPDATE loss SET used_at = used_at + ? WHERE used_at > ?"
    connection.execute(shifted, (ms(now - floor), ms(now)))


class UnknownUses:
    """The uses that were lost with a journal: any code and any person may be among them."""

    def __init__(self, policy: Policy) -> None:
        self._reuse_after = policy.reuse_after
        self.used_at: float | None = None  # Unix s

    def check(self, claims: Claims, decision: Decision, at: float) -> Decision:
        """Return the decision, or a refusal while this code, or this person, may have been let in before the
        loss."""
        if self.used_at is None:
            return decision
        left = self.used_at + self._reuse_after - at
        if left > 0:
            return replace(decision, reason=Reason.TOO_SOON, detail=f"{left:.0f} s: earlier uses were lost")
        old = claims.presented_at is not None and claims.presented_at <= self.used_at
        if old and at < self.used_at + PRESENTATION_MEMORY:
            return replace(decision, reason=Reason.ALREADY_USED, detail="earlier uses were lost")
        return decision
