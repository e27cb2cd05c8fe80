"""Admission: look up, decide, redeem and journal in ONE durable transaction, before anything moves.

No row, no entry.  A crash after the commit costs the person one use (it is over after `reuse_after`),
never a second opening.  Every method runs on the lane's one writing thread.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from gate.core.decide import Knowledge, Policy, decide
from gate.core.events import Mode, Passed
from gate.core.model import Claims, Decision, Direction
from gate.core.reason import Reason
from gate.core.rules import RuleSet
from gate.core.trusted_time import Kept
from gate.errors import DamagedError, GateError, StoreError
from gate.store.database import File, immediate, is_damage, unusable
from gate.store.floor import keep
from gate.store.inside import Inside, bound_inside
from gate.store.journal import Journal, Row, read_end
from gate.store.journal_end import End
from gate.store.lane_file import LaneFile
from gate.store.loss import Loss, UnknownUses, confirm, read_loss, record
from gate.store.redemptions import Redemptions, bound_redemptions
from gate.store.secrets import Secrets
from gate.store.standing import Standing, read_standing, write_standing
from gate.store.statuslist import ListState, OutdatedError, StatusList


@dataclass(frozen=True, slots=True)
class Presented:
    """Where and how a code was shown: what the journal keeps of it besides the decision."""

    reader: str
    direction: Direction
    mode: Mode
    us: int  # microseconds from the frame until now


@dataclass(frozen=True, slots=True)
class Recorded:
    decision: Decision
    seq: int  # of its journal row


class Admission:
    """Owns lane.db.  Raises StoreError when another lane holds the state directory."""

    def __init__(self, state_dir: Path, status: StatusList, policy: Policy) -> None:
        self._path = File.LANE.within(state_dir)
        self._status = status
        self._policy = policy
        self._open_grants: dict[int, Direction] = {}
        self._rules: tuple[RuleSet | None, RuleSet | None] = (None, None)
        self._unknown = UnknownUses(policy)
        self._damaged = ""  # what was found when something could not be read; empty: nothing
        self._end: End | None = None  # of the journal, as it was committed last
        self.end_problem = ""  # why the end of the journal cannot be kept outside of lane.db
        self.loss: Loss | None = None
        self._lock = claim_lane(state_dir)
        try:
            self._file = LaneFile(state_dir)
            self._prepare()
        except BaseException:
            os.close(self._lock)
            raise

    def _prepare(self) -> None:
        self._connection = self._file.connection
        self._connection.execute("PRAGMA wal_autocheckpoint=4000")  # a backstop: `tidy` does it when idle
        self._journal = Journal(self._connection)
        self._secrets = Secrets(self._connection)
        self._redemptions = Redemptions(self._connection, self._secrets)
        self._inside = Inside(self._connection, self._secrets, self._policy)
        with self._transaction():
            self._secrets.prepare()
        with self._errors():
            self._end = read_end(self._connection)
        self._heed_loss()

    def _heed_loss(self) -> None:
        with self._errors():
            self.loss = read_loss(self._connection)
        self._unknown.used_at = self.loss.used_at if self.loss else None

    def admit(self, claims: Claims, shown: Presented, at: float) -> Recorded:
        """Decide on a verified pass; when this returns, the answer is durable.  `at`: Unix s.
        Raises StoreError: nothing was recorded, nobody enters.  Raises OutdatedError when the pass was
        verified by a trust list that is not held any more: refresh, verify, ask again."""
        with self._transaction():
            decision, state = self._judge(claims, shown.direction, at)
            row = self._row(decision, shown, at, claims, state)
            through = lets_through(decision, shown.mode)
            seq = self._journal.append(row, grants=through)
            if decision.admitted and shown.direction is Direction.ENTRY:
                self._redemptions.redeem(claims, seq, at, self._policy.reuse_after)
            if through:
                self._inside.note(claims, shown.direction, seq, at)
        return self._recorded(decision, seq, shown.direction, through=through)

    def refuse(
        self,
        decision: Decision,
        shown: Presented,
        at: float,
        claims: Claims | None = None,
        *,
        actor: str | None = None,
    ) -> Recorded:
        """Record what was decided without asking the list: a refusal (the pass itself, a busy lane), or
        that staff, the `actor`, let someone in."""
        with self._transaction():
            through = lets_through(decision, shown.mode)
            row = replace(self._row(decision, shown, at, claims, self._status.state), actor=actor)
            seq = self._journal.append(row, grants=through)
        return self._recorded(decision, seq, shown.direction, through=through)

    def end_grant(self, seq: int, passed: Passed, at: float, *, moved: bool = True) -> Passed:
        """Record how a grant ended; returns what was recorded.  When nobody passed, the use is given back in
        the same transaction, to one person once within `reuse_after`: a sensor that sees nobody would make
        one pass good for a crowd.  After that it is unknown whether somebody passed.

        `moved`: False when the barrier cannot have opened, which is no fault of the sensor's."""
        if seq not in self._open_grants:
            return passed
        with self._transaction():
            if passed is Passed.NOT_PASSED and not self._redemptions.give_back(seq, at, once=moved):
                passed = Passed.UNKNOWN
            self._journal.append(Row(at=_ms(at), event="passage", grant=seq, detail=passed.value))
            self._inside.end(seq, self._open_grants[seq], passed)
        del self._open_grants[seq]
        return passed

    def close_interrupted(self, at: float) -> int:
        """At start: the row of a loss, and grants that a crash left open.  Whether someone passed is unknown,
        so the use stays used.  Returns how many there were."""
        self.record_loss(at)
        with self._errors():
            self._open_grants.update(self._journal.open_grants())
        left = sorted(self._open_grants)
        for seq in left:
            self.end_grant(seq, Passed.UNKNOWN, at)
        return len(left)

    def note(
        self,
        event: str,
        at: float,
        detail: str,
        direction: Direction | None = None,
        *,
        counts: bool = False,
        actor: str | None = None,
    ) -> None:
        """Record something that is not a decision: start, stop, exit button, fire, a lost device.
        `counts`: somebody went that way, without a grant.  `actor`: who ordered it."""
        with self._transaction():
            if counts and direction:
                self._inside.passed(direction)
            way = direction.value if direction else None
            self._journal.append(Row(at=_ms(at), event=event, detail=detail, direction=way, actor=actor))

    def standing(self) -> Standing:
        """What was remembered last."""
        with self._errors():
            return read_standing(self._connection)

    def remember(self, standing: Standing, at: float) -> None:
        with self._transaction():
            write_standing(self._connection, standing)
            if self.loss and not self.loss.confirmed and Mode.LOCKED_DOWN not in standing.orders:
                confirm(self._connection, at)
        self._heed_loss()

    def record_loss(self, at: float) -> None:
        """Journal a loss that was found and has no row yet."""
        with self._transaction():
            record(self._connection, self._journal, self._inside, self._policy, at)
        self._heed_loss()

    def heal(self, at: float) -> bool:
        """Put lane.db back, whole, where it was removed or replaced under the running lane.  What cannot be
        read any more is lost: a new journal begins.  False when all was well.  Raises StoreError."""
        if not self._damaged and self._file.is_there():
            return False
        found = self._damaged or f"{self._path}: removed or replaced under the running gate"
        try:
            if self._damaged:
                raise DamagedError(found, hint="")
            self._file.put_back()
        except DamagedError:
            self._file.begin_again(found, self._end)
        self._damaged = ""
        self._prepare()
        if self.loss and self.loss.at is None:
            self.record_loss(at)
        else:
            self.note("store", at, f"{found}; written again from memory")
        return True

    def inside(self) -> int:
        """How many people are inside, as far as the lane has seen."""
        with self._errors():
            return self._inside.count()

    def set_inside(self, count: int, at: float, *, actor: str | None = None) -> None:
        """Staff counted; with nobody left inside, nobody is remembered either."""
        with self._transaction():
            if count == 0:
                self._inside.forget_all()
            self._inside.set_count(count)
            self._journal.append(Row(at=_ms(at), event="occupancy", detail=f"set to {count}", actor=actor))

    def keep_time(self, kept: Kept, at: float, detail: str = "") -> None:
        """Keep the trusted time for the next start.  `detail`: what has become of the clock, for the journal."""
        with self._transaction():
            if detail:
                self._journal.append(Row(at=_ms(at), event="clock", detail=detail))
                bound_redemptions(self._connection, at, self._policy.reuse_after)
                bound_inside(self._connection, at)
            keep(self._connection, kept)

    def sign_journal(self, device: str, at: float) -> str | None:
        """Sign the end of the chain; "seq:digest" to carry away, None when nothing is new."""
        with self._transaction():
            return self._journal.checkpoint(self._file.key, device, _ms(at))

    def tidy(self, at: float) -> None:
        """Forget uses that are over and checkpoint the WAL; when the lane is idle, for it can take 150 ms."""
        with self._transaction():
            self._redemptions.purge(at)
            self._inside.purge(at)
        with self._errors():
            self._file.ends.settle()
            self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)")

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._errors():
            self._file.check()
            with immediate(self._connection):
                yield
            self._keep_end()

    def _keep_end(self) -> None:
        """Outside of the database, too, how far the journal goes.  What was committed is not undone by a
        failure: the end is behind then, which a start forgives."""
        appended = self._journal.take_appended()
        if appended is None:
            return
        self._end = appended
        try:
            self._file.ends.write(appended)
            self.end_problem = ""
        except OSError as error:
            self.end_problem = str(unusable(self._file.ends.path, error))

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except BaseException as error:
            self._secrets.forget()
            self._journal.take_appended()
            if isinstance(error, GateError | OutdatedError) or not isinstance(error, Exception):
                raise
            problem = unusable(self._path, error)
            if is_damage(error):
                self._damaged = problem.what
            elif isinstance(problem, DamagedError):
                problem = StoreError(f"{self._path}: {error}", hint="Nothing was recorded; report it")
            raise problem from error

    def close(self) -> None:
        with suppress(OSError):
            self._file.ends.settle()
        self._file.close()
        os.close(self._lock)

    def _judge(self, claims: Claims, direction: Direction, at: float) -> tuple[Decision, ListState]:
        listing, state = self._status.consult(claims.idx), self._status.state
        if direction is Direction.EXIT:  # whoever is inside may leave, whatever their colour has become
            return Decision(Reason.ADMITTED), state
        known = Knowledge(state.version, state.as_of, self._rules_here(state.rules))
        decision = decide(claims, listing, known, self._policy, at)
        for check in (self._unknown.check, self._redemptions.check, self._inside.check):
            decision = check(claims, decision, at) if decision.admitted else decision
        return decision, state

    def _recorded(self, decision: Decision, seq: int, direction: Direction, *, through: bool) -> Recorded:
        if through:
            self._open_grants[seq] = direction
        return Recorded(decision, seq)

    def _row(self, decision: Decision, shown: Presented, at: float, claims: Claims | None, state: ListState) -> Row:
        return Row(
            at=_ms(at),
            event="decision",
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
        """The rules that concern this venue, worked out once for each rule set."""
        if rules is not self._rules[0]:
            self._rules = (rules, rules.at_venue(self._policy.venue) if rules else None)
        return self._rules[1]


# Reasons that are the lane's own condition: there is nothing to let through, in a pilot either.
_NO_WAY_THROUGH = frozenset(
    {Reason.LANE_BUSY, Reason.DEVICE_FAILED, Reason.STORAGE_FAILED, Reason.OUT_OF_SERVICE, Reason.LOCKED_DOWN}
)
_KEEPS_NOBODY_OUT = frozenset({Mode.PILOT, Mode.FREE})


def lets_through(decision: Decision, mode: Mode) -> bool:
    """A pilot keeps nobody out, nor does an open way; what it decided is recorded all the same."""
    return decision.admitted or (mode in _KEEPS_NOBODY_OUT and decision.reason not in _NO_WAY_THROUGH)


def _ms(at: float) -> int:
    return round(at * 1000)


def claim_lane(state_dir: Path) -> int:
    """One lane to a state directory, held until the process ends however it ends, or the descriptor is
    closed.  Raises StoreError when another holds it."""
    path = state_dir / "lane.lock"
    try:
        state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise unusable(path, error) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise StoreError(
            f"{state_dir} is in use by another gate",
            hint="Only one `gate run` may use a state directory; stop the other",
        ) from error
    return descriptor
