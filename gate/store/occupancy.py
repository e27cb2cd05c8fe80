"""The people inside, and their number: anti-passback and the venue's limit.  Survives a restart."""

import sqlite3
from dataclasses import replace

from gate.core.decide import AntiPassback, Policy
from gate.core.lane.effects import Passed
from gate.core.model import MOST_INSIDE, Claims, Decision, Direction
from gate.core.reason import Reason
from gate.store.pseudonyms import Secrets

_COUNT = "inside"
_STEP = {Direction.ENTRY: 1, Direction.EXIT: -1}


class Inside:
    """The people inside.  `check` and `count` only read; the rest is for the caller's write transaction.  Times are
    Unix s."""

    def __init__(self, connection: sqlite3.Connection, secrets: Secrets, policy: Policy) -> None:
        self._connection = connection
        self._secrets = secrets
        self._policy = policy

    def check(self, claims: Claims, decision: Decision, at: float) -> Decision:
        """Return the decision on an entry, or a refusal: this person is inside already, or the venue is full.
        Under soft anti-passback the person enters, and the journal records it."""
        if self._policy.antipassback is not AntiPassback.OFF and self._is_inside(claims, at):
            if self._policy.antipassback is AntiPassback.HARD:
                return replace(decision, reason=Reason.ANTI_PASSBACK)
            decision = replace(decision, detail=Reason.ANTI_PASSBACK.value)
        if self._policy.max_inside is not None and self.count() >= self._policy.max_inside:
            return replace(decision, reason=Reason.OCCUPANCY_FULL)
        return decision

    def note(self, claims: Claims, direction: Direction, seq: int, at: float) -> None:
        """Note that this person is being let through.  A person who enters counts as inside from now on; one who
        leaves counts as outside only when gone."""
        if self._policy.antipassback is AntiPassback.OFF:
            return
        holder = self._secrets.holder(claims.idx)
        if direction is Direction.ENTRY:
            self._connection.execute("INSERT OR REPLACE INTO inside VALUES (?, ?, ?, NULL)", (holder, at, seq))
        else:
            self._connection.execute("UPDATE inside SET leaving = ? WHERE holder = ?", (seq, holder))

    def end(self, seq: int, direction: Direction, passed: Passed) -> None:
        """Note the end of a grant.  Where it is unknown whether they passed, they count as having done so."""
        if passed is Passed.NOT_PASSED:
            self._connection.execute('DELETE FROM inside WHERE "grant" = ?', (seq,))
            self._connection.execute("UPDATE inside SET leaving = NULL WHERE leaving = ?", (seq,))
            return
        self._connection.execute("DELETE FROM inside WHERE leaving = ?", (seq,))
        self.passed(direction)

    def take_back(self, seq: int) -> None:
        """Forget an entry that was counted: that person did not go through after all."""
        self._connection.execute('DELETE FROM inside WHERE "grant" = ?', (seq,))
        self.passed(Direction.EXIT)

    def passed(self, direction: Direction) -> None:
        """Count a person who went through, known or not."""
        self.set_count(self.count() + _STEP[direction])

    def count(self) -> int:
        row = self._connection.execute("SELECT value FROM standing WHERE name = ?", (_COUNT,)).fetchone()
        return _bounded(row[0]) if row else 0

    def set_count(self, count: int) -> None:
        self._connection.execute("INSERT OR REPLACE INTO standing VALUES (?, ?)", (_COUNT, _bounded(count)))

    def clear(self) -> None:
        """Forget everybody inside: they were let out without a check."""
        self._connection.execute("DELETE FROM inside")

    def purge(self, at: float) -> None:
        """Forget people who have been inside for so long that they must have left unseen."""
        self._connection.execute("DELETE FROM inside WHERE since <= ?", (at - self._policy.forget_inside,))

    def _is_inside(self, claims: Claims, at: float) -> bool:
        row = self._connection.execute(
            "SELECT 1 FROM inside WHERE holder = ? AND since > ?",
            (self._secrets.holder(claims.idx), at - self._policy.forget_inside),
        ).fetchone()
        return row is not None


def bound_inside(connection: sqlite3.Connection, at: float) -> None:
    """Bound the entries by the trusted time `at`, which went back: nobody has come in later than now."""
    connection.execute("UPDATE inside SET since = ? WHERE since > ?", (at, at))


def _bounded(count: object) -> int:
    """Return a possible count: a bad value from an earlier version, or a flipped bit, blocks no passage."""
    return max(0, min(MOST_INSIDE, int(count))) if isinstance(count, int | float) else 0


def shift_inside(connection: sqlite3.Connection, floor: float, now: float) -> None:
    """Shift the entries from `floor`, which never was, to `now`: people who came in later than now have been inside
    for as long as before."""
    connection.execute("UPDATE inside SET since = since + ? WHERE since > ?", (now - floor, now))
