"""Who is inside, and how many: anti-passback and the house's limit.  Survives a restart."""

import sqlite3
from dataclasses import replace

from gate.core.decide import AntiPassback, Policy
from gate.core.lane.effects import Passed
from gate.core.model import Claims, Decision, Direction
from gate.core.reason import Reason
from gate.store.pseudonyms import Secrets

MOST_INSIDE = 1_000_000  # people: ten times the largest stadium
_COUNT = "inside"
_STEP = {Direction.ENTRY: 1, Direction.EXIT: -1}


class Inside:
    """`check` and `count` only read; the rest is for inside the caller's write transaction.  Times are
    Unix s."""

    def __init__(self, connection: sqlite3.Connection, secrets: Secrets, policy: Policy) -> None:
        self._connection = connection
        self._secrets = secrets
        self._policy = policy

    def check(self, claims: Claims, decision: Decision, at: float) -> Decision:
        """The decision on an entry, or a refusal: this person is inside already, or the house is full.
        Under soft anti-passback the person enters, and the journal says so."""
        if self._policy.antipassback is not AntiPassback.OFF and self._is_inside(claims, at):
            if self._policy.antipassback is AntiPassback.HARD:
                return replace(decision, reason=Reason.ANTI_PASSBACK)
            decision = replace(decision, detail=Reason.ANTI_PASSBACK.value)
        if self._policy.max_inside is not None and self.count() >= self._policy.max_inside:
            return replace(decision, reason=Reason.OCCUPANCY_FULL)
        return decision

    def note(self, claims: Claims, direction: Direction, seq: int, at: float) -> None:
        """This person is being let through.  Who enters counts as inside from now on, who leaves only
        when they have gone."""
        if self._policy.antipassback is AntiPassback.OFF:
            return
        holder = self._secrets.holder(claims.idx)
        if direction is Direction.ENTRY:
            self._connection.execute("INSERT OR REPLACE INTO inside VALUES (?, ?, ?, NULL)", (holder, at, seq))
        else:
            self._connection.execute("UPDATE inside SET leaving = ? WHERE holder = ?", (seq, holder))

    def end(self, seq: int, direction: Direction, passed: Passed) -> None:
        """How a grant ended.  Whether they passed is unknown: they count as having done so."""
        if passed is Passed.NOT_PASSED:
            self._connection.execute('DELETE FROM inside WHERE "grant" = ?', (seq,))
            self._connection.execute("UPDATE inside SET leaving = NULL WHERE leaving = ?", (seq,))
            return
        self._connection.execute("DELETE FROM inside WHERE leaving = ?", (seq,))
        self.passed(direction)

    def passed(self, direction: Direction) -> None:
        """Somebody went through, known or not."""
        self.set_count(self.count() + _STEP[direction])

    def count(self) -> int:
        row = self._connection.execute("SELECT value FROM standing WHERE name = ?", (_COUNT,)).fetchone()
        return _bounded(row[0]) if row else 0

    def set_count(self, count: int) -> None:
        self._connection.execute("INSERT OR REPLACE INTO standing VALUES (?, ?)", (_COUNT, _bounded(count)))

    def forget_all(self) -> None:
        """Everybody was let out unchecked."""
        self._connection.execute("DELETE FROM inside")

    def purge(self, at: float) -> None:
        """Forget who has been inside for so long that they must have left unseen."""
        self._connection.execute("DELETE FROM inside WHERE since <= ?", (at - self._policy.forget_inside,))

    def _is_inside(self, claims: Claims, at: float) -> bool:
        row = self._connection.execute(
            "SELECT 1 FROM inside WHERE holder = ? AND since > ?",
            (self._secrets.holder(claims.idx), at - self._policy.forget_inside),
        ).fetchone()
        return row is not None


def bound_inside(connection: sqlite3.Connection, at: float) -> None:
    """The trusted time went back to `at`: nobody has come in later than now."""
    connection.execute("UPDATE inside SET since = ? WHERE since > ?", (at, at))


def _bounded(count: object) -> int:
    """A count that can be: what an earlier version, or a flipped bit, has left here stops no passage."""
    return max(0, min(MOST_INSIDE, int(count))) if isinstance(count, int | float) else 0


def shift_inside(connection: sqlite3.Connection, floor: float, now: float) -> None:
    """The time is `now`, and never was `floor`: who came in later than now has been inside for as long as before."""
    connection.execute("UPDATE inside SET since = since + ? WHERE since > ?", (now - floor, now))
