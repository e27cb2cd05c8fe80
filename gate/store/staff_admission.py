"""Admissions by staff: of a person whom they checked, and what they take back.

Every method runs on the lane's one writing thread.
"""

import os
from dataclasses import dataclass

from gate.core.journal_event import JournalEvent
from gate.core.lane.effects import Passed
from gate.core.model import Claims, Decision, Direction, Listing, Status
from gate.core.reason import Reason
from gate.store.admission import Admission, Counted, Presented, Recorded
from gate.store.journal import RECENT, JournalRow
from gate.store.milliseconds import ms
from gate.store.recent import RecentDecision, read_recent

BY_IIN = "iin"
"""The format of a pass, in the row of a person without one."""

GIVE_BACK_WITHIN = 600.0  # seconds after a decision
_LAST = """SELECT seq, at, direction FROM journal WHERE seq > ? AND event = 'decision' AND "grant" = seq
  ORDER BY seq DESC LIMIT 1"""
_END = """SELECT detail FROM journal WHERE seq > ? AND event = 'passage' AND "grant" = ? ORDER BY seq LIMIT 1"""
_TOKEN_BYTES = 16  # of a use that no pass names


@dataclass(frozen=True, slots=True)
class PersonVerdict:
    """What today's rules say of a person on the list."""

    listing: Listing
    decision: Decision


@dataclass(frozen=True, slots=True)
class StaffAct:
    """An act of staff, for the journal.  `why`: the cause, and a note; `overrides`: they may let in a person whom the
    rules refuse."""

    actor: str | None
    why: str = ""
    overrides: bool = False


class StaffAdmission(Admission):
    """The owner of lane.db, for orders of staff too."""

    def judge_person(self, idx: int, direction: Direction, at: float) -> PersonVerdict:
        """Return today's verdict on a person; nothing is recorded.  Raises as `admit`."""
        with self._transaction.reading():
            return self._person(_claims(idx), direction, at)

    def admit_person(self, shown: Presented, at: float, act: StaffAct, idx: int | None = None) -> Recorded | Counted:
        """Record that staff let a person through, before anything moves.  `idx`: the place of one whom they checked,
        who is decided on as by a pass: in one transaction, so that reuse and anti-passback count.  Raises as
        `admit`."""
        if idx is None:
            return self.record(Decision(Reason.STAFF_ADMITTED, detail=act.why), shown, at, actor=act.actor)
        claims = _claims(idx)
        with self._transaction:
            decision = self._by_staff(self._person(claims, shown.direction, at).decision, act)
            row = self._row(decision, shown, at, claims, self._status.state)._replace(actor=act.actor, issuer=None)
            seq, through = self._enter(row, decision, shown, at, claims)
        return self._recorded(decision, seq, shown.direction, through=through)

    def give_back_last(self, at: float, actor: str | None) -> int | None:
        """Give back the use of the last person who was let through, unless that is over; return the row of the
        decision, None where there is nothing to give back.  That person did not go through after all."""
        with self._transaction:
            first = self._journal.end().seq - RECENT
            last = self._connection.execute(_LAST, (first,)).fetchone()
            if last is None or last[0] in self._open_grants or last[1] < ms(at - GIVE_BACK_WITHIN):
                return None
            seq: int = last[0]
            if not self._redemptions.delete_use(seq):
                return None
            end = self._connection.execute(_END, (seq, seq)).fetchone()
            if end is not None and end[0] != Passed.NOT_PASSED and last[2] == Direction.ENTRY:
                self._inside.take_back(seq)
            detail = f"the use of row {seq}"
            row = JournalRow(at=ms(at), event=JournalEvent.GIVEN_BACK, grant=seq, detail=detail, actor=actor)
            self._journal.append(row)
        return seq

    def recent(self, count: int) -> list[RecentDecision]:
        """Return the last decisions, the newest first."""
        with self._transaction.reading():
            return read_recent(self._connection, self._journal.end().seq, count)

    def _person(self, claims: Claims, direction: Direction, at: float) -> PersonVerdict:
        listing = self._status.consult(claims.idx)
        decision, _ = self._judge(claims, direction, at)
        if listing is Listing.UNLISTED and decision.reason is Reason.STATUS_NOT_ADMITTED:
            decision = Decision(Reason.NOT_LISTED)  # `unlisted = "use_pass"`: there is no pass whose colour to use
        return PersonVerdict(listing, decision)

    def _by_staff(self, decision: Decision, act: StaffAct) -> Decision:
        """Return the decision as staff make it of that of the rules."""
        if decision.admitted:
            return Decision(Reason.STAFF_ADMITTED, decision.rule, act.why)
        if act.overrides:
            return Decision(Reason.STAFF_ADMITTED, decision.rule, f"{act.why}; although {decision.reason}")
        return decision


def _claims(idx: int) -> Claims:
    """Return the claims of a person without a pass: the list alone states the colour."""
    return Claims(BY_IIN, "", os.urandom(_TOKEN_BYTES), idx, Status.RED, 0, 0)
