"""The codes that were used, and the people who entered a short while ago."""

import sqlite3
from dataclasses import replace

from gate.core.model import Claims, Decision
from gate.core.reason import Reason
from gate.store.pseudonyms import Secrets

# A presentation is valid within its window of at most 5 minutes; it is remembered for longer than that.
PRESENTATION_MEMORY = 900.0  # seconds


_USES = 'SELECT "use", again_at, forget_at FROM redemption WHERE holder = ?'
_REDEEM = """INSERT OR REPLACE INTO redemption ("use", holder, again_at, forget_at, "grant") VALUES (?, ?, ?, ?, ?)"""


class Redemptions:
    """The uses of codes.  `check` only reads; the rest is for the caller's write transaction.  Times are Unix s."""

    def __init__(self, connection: sqlite3.Connection, secrets: Secrets, reuse_after: float) -> None:
        self._connection = connection
        self._execute = connection.cursor().execute
        self._secrets = secrets
        self._reuse_after = reuse_after  # seconds

    def check(self, claims: Claims, decision: Decision, at: float) -> Decision:
        """Return the decision, or a refusal: this very code was used (already_used), or this person entered with
        another code too short a while ago (too_soon)."""
        uses = self._execute(_USES, (self._secrets.holder(claims.idx),)).fetchall()
        if not uses:
            return decision
        code = self._secrets.use(claims)
        for use, again_at, forget_at in uses:
            if use == code and forget_at > at:
                return replace(decision, reason=Reason.ALREADY_USED, used_at=self._used_at(again_at, at))
        again = max(again_at for _, again_at, _ in uses)
        if again > at:
            used = self._used_at(again, at)
            return replace(decision, reason=Reason.TOO_SOON, detail=f"{again - at:.0f} s", used_at=used, again_at=again)
        return decision

    def _used_at(self, again_at: float, at: float) -> float:
        """Return when a use was made: a clock that was set, or another `reuse_after`, puts none into the future."""
        return min(again_at - self._reuse_after, at)

    def redeem(self, claims: Claims, seq: int, at: float) -> None:
        """Record a use, in the caller's write transaction."""
        again = at + self._reuse_after
        expires = max(again, at + PRESENTATION_MEMORY) if claims.bound else again
        values = (self._secrets.use(claims), self._secrets.holder(claims.idx), again, expires, seq)
        self._execute(_REDEEM, values)  # replaces one that is over and was not purged yet

    def give_back(self, seq: int, at: float, *, once: bool) -> bool:
        """Delete the use of a grant on which nobody passed; return whether it was given back.  It is not when one
        was given back to this person already, and its time is not over.  `once`: this one counts, too."""
        query = 'SELECT "use", holder, again_at FROM redemption WHERE "grant" = ?'
        used = self._connection.execute(query, (seq,)).fetchone()
        if used is None:  # an exit, a pilot's refusal, staff: nothing was used
            return True
        use, holder, again_at = used
        if once:
            before = "SELECT 1 FROM given_back WHERE holder = ? AND until > ?"
            if self._connection.execute(before, (holder, at)).fetchone():
                return False
            self._connection.execute("INSERT OR REPLACE INTO given_back VALUES (?, ?)", (holder, again_at))
        self._connection.execute('DELETE FROM redemption WHERE holder = ? AND "use" = ?', (holder, use))
        return True

    def delete_use(self, seq: int) -> bool:
        """Delete the use of a decision, by order of staff; return whether there was one."""
        return self._connection.execute('DELETE FROM redemption WHERE "grant" = ?', (seq,)).rowcount > 0

    def purge(self, at: float) -> None:
        """Forget expired uses: to be called when the lane is idle."""
        self._connection.execute("DELETE FROM redemption WHERE forget_at <= ? AND again_at <= ?", (at, at))
        self._connection.execute("DELETE FROM given_back WHERE until <= ?", (at,))


def bound_redemptions(connection: sqlite3.Connection, at: float, reuse_after: float) -> None:
    """Bound the uses by the trusted time `at`, which went back: none that was made in the time that never was lasts
    longer than one made now."""
    again = at + reuse_after
    connection.execute(
        "UPDATE redemption SET again_at = ?, forget_at = forget_at - again_at + ? WHERE again_at > ?",
        (again, again, again),
    )
    connection.execute("UPDATE given_back SET until = min(until, ?)", (again,))


def shift_redemptions(connection: sqlite3.Connection, floor: float, now: float) -> None:
    """Shift the uses from `floor`, which never was, to `now`: each lasts as long as remained.  A use that was over
    by `floor` was made before that time, and is over when it would have been."""
    back = now - floor
    shifted = "UPDATE redemption SET again_at = again_at + ?, forget_at = forget_at + ? WHERE again_at > ?"
    connection.execute(shifted, (back, back, floor))
    connection.execute("UPDATE given_back SET until = until + ? WHERE until > ?", (back, floor))
