"""Admission: look up, decide, redeem and journal in ONE durable transaction, before anything moves.

Without a row nobody enters.  A crash after the commit costs the person one use (over after `reuse_after`), never a
second opening.  Every method runs on the lane's one writing thread.
"""

from dataclasses import dataclass
from pathlib import Path

from gate.core.decide import Knowledge, Policy, decide
from gate.core.journal_event import JournalEvent
from gate.core.lane.effects import Passed
from gate.core.lane.modes import Mode
from gate.core.model import Claims, Decision, Direction
from gate.core.reason import Reason
from gate.core.rules import RuleSet
from gate.store.journal import JournalRow
from gate.store.lane_store import LaneStore
from gate.store.list_reader import ListState, StatusList
from gate.store.milliseconds import ms
from gate.store.repeats import RepeatKind, Repeats


@dataclass(frozen=True, slots=True)
class Presented:
    """The circumstances of a presentation, as the journal keeps them beside the decision."""

    reader: str
    direction: Direction
    mode: Mode
    us: int  # microseconds from the frame until now


@dataclass(frozen=True, slots=True)
class Recorded:
    """A decision, and its journal row."""

    decision: Decision
    seq: int  # of its journal row
    through: bool  # the person may pass


@dataclass(frozen=True, slots=True)
class Counted:
    """A refusal that shares one journal row with others; the row follows."""

    decision: Decision


class Admission(LaneStore):
    """The owner of lane.db.  Raises StoreError when another lane holds the state directory."""

    def __init__(self, state_dir: Path, status: StatusList, policy: Policy) -> None:
        self._status = status
        self._open_grants: dict[int, Direction] = {}
        self._rules: tuple[RuleSet | None, RuleSet | None] = (None, None)
        self._repeats = Repeats()
        super().__init__(state_dir, policy)

    def admit(self, claims: Claims, shown: Presented, at: float) -> Recorded:
        """Decide on a verified pass; the answer is durable on return.  `at`: Unix s.
        Raises StoreError: nothing was recorded, nobody enters.  Raises OutdatedError when the pass was verified by
        a trust list that is no longer held: refresh, verify and call again."""
        with self._transaction:
            decision, state = self._judge(claims, shown.direction, at)
            row = self._row(decision, shown, at, claims, state)
            seq, through = self._enter(row, decision, shown, at, claims)
        return self._recorded(decision, seq, shown.direction, through=through)

    def record(
        self,
        decision: Decision,
        shown: Presented,
        at: float,
        claims: Claims | None = None,
        *,
        actor: str | None = None,
        holder: int | None = None,
    ) -> Recorded | Counted:
        """Record a decision made without the list: a refusal (of the pass itself, by a busy lane), or an admission
        by staff, the `actor`.  A refusal without claims may only be counted; `holder`: the place on the list of a
        pass that is refused itself, for the pseudonym of a row of its own."""
        through = _lets_through(decision, shown.mode)
        if claims is None and not through:
            seq = self._count(decision, shown, at, holder)
            return Counted(decision) if seq is None else Recorded(decision, seq, through)
        with self._transaction:
            row = self._row(decision, shown, at, claims, self._status.state)._replace(actor=actor)
            seq = self._journal.append(self._naming(row, holder, at), grants=through)
        return self._recorded(decision, seq, shown.direction, through=through)

    def _count(self, decision: Decision, shown: Presented, at: float, holder: int | None) -> int | None:
        kind = RepeatKind(decision.reason, shown.direction, shown.mode)
        due = self._repeats.add(shown.reader, kind, at)
        if due is None:
            return None
        if due == (kind, 1):
            row = self._row(decision, shown, at, None, self._status.state)
        else:
            row, holder = self._counted(shown.reader, *due, at), None
        with self._transaction:
            seq = self._journal.append(self._naming(row, holder, at))
        self._repeats.written(shown.reader, due[0], at)
        return seq

    def _naming(self, row: JournalRow, holder: int | None, at: float) -> JournalRow:
        """Return the row with the pseudonym of a person, where one is known."""
        return row if holder is None else row._replace(holder=self._secrets.pseudonym(holder, at))

    def write_counts(self, at: float, *, every: bool = False) -> None:
        """Write the counts that are due; `every`: all of them."""
        due = self._repeats.due(at, every=every)
        if not due:
            return
        with self._transaction:
            for reader, kind, many in due:
                self._journal.append(self._counted(reader, kind, many, at))
        for reader, kind, _ in due:
            self._repeats.written(reader, kind, at)

    def _counted(self, reader: str, kind: RepeatKind, many: int, at: float) -> JournalRow:
        decision = Decision(kind.reason, detail=f"{many} times" if many > 1 else "")
        shown = Presented(reader, kind.direction, kind.mode, 0)
        return self._row(decision, shown, at, None, self._status.state)._replace(us=None)

    def end_grant(
        self, seq: int, passed: Passed, at: float, *, moved: bool = True, opened_us: int | None = None
    ) -> Passed:
        """Record the end of a grant; return the end that was recorded.  When nobody passed, the same transaction
        gives the use back, to one person once within `reuse_after`: a sensor that sees nobody would make one pass
        good for a crowd.  After that the end is recorded as unknown.

        `moved`: False when the barrier cannot have opened, which is no fault of the sensor.  `opened_us`: from the
        frame until the barrier had taken the order."""
        if seq not in self._open_grants:
            return passed
        with self._transaction:
            if passed is Passed.NOT_PASSED and not self._redemptions.give_back(seq, at, once=moved):
                passed = Passed.UNKNOWN
            row = JournalRow(at=ms(at), event=JournalEvent.PASSAGE, grant=seq, us=opened_us, detail=passed.value)
            self._journal.append(row)
            self._inside.end(seq, self._open_grants[seq], passed)
        del self._open_grants[seq]
        return passed

    def retire_rows(self, device: str, keep: float, at: float) -> bool:
        """Move a step of old rows out of lane.db and, after `keep` seconds, off the device; when the lane is idle.
        Return whether there may be more."""
        if self.seal_rows(device, at, min(self._open_grants, default=None)):
            return True
        self.delete_rows(keep, at)
        self.shrink()
        return False

    def close_interrupted(self, at: float) -> int:
        """Write the row of a loss, and close the grants that a crash left open; at start.  Whether someone passed
        is unknown, so the use stays used.  Return the number of grants closed."""
        self.record_loss(at)
        with self._transaction.reading():
            self._open_grants.update(self._journal.open_grants())
        left = sorted(self._open_grants)
        for seq in left:
            self.end_grant(seq, Passed.UNKNOWN, at)
        return len(left)

    def _judge(self, claims: Claims, direction: Direction, at: float) -> tuple[Decision, ListState]:
        listing, state = self._status.consult(claims.idx), self._status.state
        if direction is Direction.EXIT:  # a person inside may leave, whatever their colour has become
            return Decision(Reason.ADMITTED), state
        known = Knowledge(state.version, state.as_of, self._rules_here(state.rules))
        decision = decide(claims, listing, known, self._policy, at)
        for check in (self._unknown.check, self._redemptions.check, self._inside.check):
            decision = check(claims, decision, at) if decision.admitted else decision
        return decision, state

    def _enter(
        self, row: JournalRow, decision: Decision, shown: Presented, at: float, claims: Claims
    ) -> tuple[int, bool]:
        """Write the row of a decision on a person, with their use and where they are, in the caller's write
        transaction.  Return the row's seq, and whether the person may pass."""
        through = _lets_through(decision, shown.mode)
        seq = self._journal.append(row, grants=through)
        if decision.admitted and shown.direction is Direction.ENTRY:
            self._redemptions.redeem(claims, seq, at)
        if through:
            self._inside.note(claims, shown.direction, seq, at)
        return seq, through

    def _recorded(self, decision: Decision, seq: int, direction: Direction, *, through: bool) -> Recorded:
        if through:
            self._open_grants[seq] = direction
        return Recorded(decision, seq, through)

    def _row(
        self, decision: Decision, shown: Presented, at: float, claims: Claims | None, state: ListState
    ) -> JournalRow:
        return JournalRow(
            at=ms(at),
            event=JournalEvent.DECISION,
            reason=decision.reason.value,
            rule=decision.rule,
            mode=shown.mode.value,
            direction=shown.direction.value,
            reader=shown.reader,
            issuer=claims.issuer if claims else None,
            format=claims.format if claims else None,
            holder=self._secrets.pseudonym(claims.idx, at) if claims else None,
            list_version=state.version,
            rules_version=state.rules.version if state.rules else None,
            us=shown.us,
            detail=decision.detail or None,
        )

    def _rules_here(self, rules: RuleSet | None) -> RuleSet | None:
        """Return the rules that concern this venue, computed once for each rule set."""
        if rules is not self._rules[0]:
            self._rules = (rules, rules.at_venue(self._policy.venue) if rules else None)
        return self._rules[1]


# Reasons of the lane's own condition: nobody can pass, in a pilot either.
_NO_WAY_THROUGH = frozenset(
    {Reason.LANE_BUSY, Reason.DEVICE_FAILED, Reason.STORAGE_FAILED, Reason.OUT_OF_SERVICE, Reason.LOCKED_DOWN}
)
_KEEPS_NOBODY_OUT = frozenset({Mode.PILOT, Mode.FREE})


def _lets_through(decision: Decision, mode: Mode) -> bool:
    """Return whether the person may pass.  A pilot keeps nobody out, nor does an open way; the decision is recorded
    all the same."""
    return decision.admitted or (mode in _KEEPS_NOBODY_OUT and decision.reason not in _NO_WAY_THROUGH)
