"""The judge: from a QR text to a recorded decision (verify, look up, decide, redeem, journal).

Belongs to the lane's one writing thread, all but `identify`.
"""

from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

from gate.core.decide import Policy
from gate.core.journal_event import JournalEvent
from gate.core.kept_time import Kept
from gate.core.lane.effects import Passed
from gate.core.model import Claims, Decision, Direction, Refused
from gate.core.reason import Reason, blame_clock
from gate.core.state_changes import StateChange
from gate.core.time_reset import TimeReset
from gate.core.trust import NO_ISSUERS, TrustList
from gate.errors import PublishError, StoreError
from gate.logs import Log
from gate.passes.verifier import Verifier
from gate.store.admission import Counted, Presented, Recorded
from gate.store.list_reader import ListState, OutdatedError, StatusList
from gate.store.loss import ADVICE, Loss
from gate.store.places import Places, Where
from gate.store.staff_admission import StaffAdmission
from gate.store.standing_orders import StandingOrders
from gate.store.time_floor import read_reset

log = Log(part="lane")

MOST_OWED = 64  # events that wait for a store that fails: more than staff and devices cause in an outage
KEEP = 400 * 86_400.0  # seconds that journal rows are kept: a year, and a month to examine it
T = TypeVar("T")
MakeVerifier = Callable[[TrustList], Verifier]


@dataclass(frozen=True, slots=True)
class Verdict:
    """A decision, and its record."""

    decision: Decision
    seq: int | None  # journal row; None: nothing was recorded, so nobody enters
    holder: int | None = None  # place of the pass, for presence only
    counted: bool = False  # recorded together with others, in one row that follows
    through: bool = False  # the person may pass


@dataclass(frozen=True, slots=True)
class Watched:
    """The result of `Judge.watch`."""

    list: ListState
    loss: Loss | None  # the last loss of the journal
    orders: StandingOrders | None = None  # the standing orders, when the journal was lost meanwhile


_LIST, _LANE, _END = "list.db", "lane.db", "journal.end"
_WELL = {_LIST: "the list is there", _LANE: "lane.db is written again", _END: "journal.end is written again"}


class Judge:
    """The judge of one lane.  Raises StoreError at start when lane.db cannot be opened; afterwards a failing store
    is a refusal."""

    def __init__(
        self,
        where: Where,
        policy: Policy,
        make_verifier: MakeVerifier,
        keep: float = KEEP,
        request_list: Callable[[], None] = lambda: None,
    ) -> None:
        """Open lane.db and the list.  `request_list`: called repeatedly while the list is missing or damaged."""
        places = Places.of(where)
        self._list_paths = tuple(str(path) for path in (places.list_db, places.earlier_list_db) if path)
        self._where = where
        self._status = StatusList(where, watched=True)
        self._make_verifier = make_verifier
        self._keep, self._request_list = keep, request_list
        self._trust: TrustList | None = None
        self._verifier = make_verifier(NO_ISSUERS)
        self._problems: dict[str, str] = {}  # by the file that causes them
        self._owed: deque[Callable[[float], object]] = deque(maxlen=MOST_OWED)  # not recorded yet, in order
        self._owed_orders: StandingOrders | None = None
        self._admission = StaffAdmission(Places.of(where).state_dir, self._status, policy)

    def identify(self, text: str, at: float) -> int | None:
        """Return the holder's place of a valid pass, else None; any thread, no I/O."""
        try:
            return self._verifier.verify(text, int(at)).idx
        except Refused:
            return None

    def keep_end(self) -> None:
        """Write the journal's end outside of lane.db: what remains to be done after an answer.  A failure is
        reported by `watch`."""
        self._admission.keep_end()

    def issued(self, text: str) -> tuple[int, int] | None:
        """Return place and time of issue (Unix s) of a pass whose signatures hold; None for any other text."""
        try:
            return self._verifier.issued(text)
        except Refused:
            return None

    def time_reset(self) -> TimeReset | None:
        """Return the last reset of the time that the offline keys signed."""
        return read_reset(self._where)

    def decide(self, text: str, shown: Presented, at: float, *, doubted: bool = False) -> Verdict:
        """Decide on a text and record the decision.  `at`: Unix s.  `doubted`: the gate's clock is known to be
        behind, so a pass that seems too early is refused for that.  Never raises for a bad pass or a failing store:
        those are refusals."""
        try:
            return self._with_list(lambda: self._decide(text, shown, at, doubted=doubted))
        except (StoreError, PublishError) as error:
            return self._failed(error)

    def _with_list(self, work: Callable[[], T]) -> T:
        """Return the result of `work` by the list that is held.  Raises StoreError, PublishError."""
        if self._trust is None:
            self._refresh()  # a gate without a list checks for one at every pass
        while True:
            try:
                return work()
            except OutdatedError:
                self._refresh()

    def _decide(self, text: str, shown: Presented, at: float, *, doubted: bool) -> Verdict:
        try:
            claims = self._verifier.verify(text, int(at))
        except Refused as refused:
            reason = blame_clock(refused.reason) if doubted else refused.reason
            decision = Decision(self._known_reason(reason), detail=refused.detail, hint=refused.hint)
            return self._verdict(self._admission.record(decision, shown, at, holder=refused.idx))
        return self._verdict(self._admission.admit(claims, shown, at), claims.idx)

    def refuse(self, reason: Reason, text: str, shown: Presented, at: float) -> Verdict:
        """Refuse for a reason of the lane (busy, a device is missing), whatever the pass contains."""
        try:
            claims: Claims | None = self._verifier.verify(text, int(at))
        except Refused:
            claims = None
        return self._recorded(lambda: self._admission.record(Decision(reason), shown, at, claims))

    def end_grant(
        self, seq: int, passed: Passed, at: float, *, moved: bool = True, opened_us: int | None = None
    ) -> Passed:
        """Record the end of a grant; return the end that was recorded.  A failing store keeps the use used: it is
        never given back unrecorded.  `moved`: whether the barrier can have opened; `opened_us`: from the frame
        until it had taken the order."""
        unrecorded: Passed = Passed.UNKNOWN if passed is Passed.NOT_PASSED else passed
        return self._try(
            lambda: self._admission.end_grant(seq, passed, at, moved=moved, opened_us=opened_us), unrecorded
        )

    def note(
        self,
        event: JournalEvent,
        at: float,
        detail: str,
        direction: Direction | None = None,
        *,
        counts: bool = False,
        actor: str | None = None,
    ) -> bool:
        """Record an event; return whether it was recorded.  One that cannot be is recorded once the store writes
        again.  `counts`: somebody passed that way without a grant.  `actor`: the person who ordered it."""

        def late(now: float) -> None:
            words = f"{detail} ({now - at:.0f} s before this row: nothing could be recorded then)"
            self._admission.note(event, now, words, direction, counts=counts, actor=actor)

        if self._does(lambda: self._admission.note(event, at, detail, direction, counts=counts, actor=actor)):
            return True
        self._owed.append(late)
        return False

    def note_acceptance(self, digest: str, at: float, actor: str) -> int | None:
        """Record the digest of an acceptance record; return its row, or None where it could not be recorded."""
        return self._try(lambda: self._admission.note(JournalEvent.ACCEPTANCE, at, digest, actor=actor), None)

    def note_states(self, changes: Sequence[StateChange]) -> None:
        """Record changed states; at the latest once the store writes again."""
        if not self._does(lambda: self._admission.note_states(changes)):
            self._owed.append(lambda _: self._admission.note_states(changes))

    def standing(self) -> StandingOrders:
        """Return the orders that survived a restart.  Raises StoreError: a lane cannot start with unknown
        orders."""
        return self._admission.standing()

    def store_orders(self, standing: StandingOrders, at: float) -> bool:
        """Store the standing orders; return whether they will survive a restart.  If not, they are stored once the
        store writes again."""
        stored = self._does(lambda: self._admission.store_orders(standing, at))
        self._owed_orders = None if stored else standing
        return stored

    def can_store_orders(self, standing: StandingOrders, at: float) -> bool:
        """Store orders that are about to be given; return whether that was possible."""
        return self._does(lambda: self._admission.store_orders(standing, at))

    def forget_inside(self, at: float) -> None:
        """Forget who is inside; at the latest once the store writes again."""
        if not self.set_inside(0, at):
            self._owed.append(lambda now: self._admission.set_inside(0, now))

    def inside(self) -> int | None:
        """Return how many people are inside; None when that cannot be read."""
        return self._try(self._admission.inside, None)

    def set_inside(self, count: int, at: float, *, actor: str | None = None) -> bool:
        """Correct the count; return whether it was recorded.  0 also forgets who is inside."""
        return self._does(lambda: self._admission.set_inside(count, at, actor=actor))

    def begin(self, at: float) -> Watched:
        """Report what was lost, close what a crash left open, read the list: the first call on the writing
        thread."""
        interrupted = self._admission.close_interrupted(at)
        self._admission.note(JournalEvent.GATE, at, f"started, {interrupted} interrupted" if interrupted else "started")
        self._log_loss()
        return Watched(self._watch_list(), self._admission.loss)

    def _settle(self, at: float) -> None:
        """Record what could not be recorded before.  Raises StoreError when that is still so."""
        while self._owed:
            self._owed[0](at)
            self._owed.popleft()
            self._log_once(_LANE, "")
        if self._owed_orders is not None:
            self._admission.store_orders(self._owed_orders, at)
            self._owed_orders = None

    def watch(self, at: float, orders: StandingOrders) -> Watched:
        """Check list.db, and whether lane.db is at its place.  `orders` hold now, and survive a loss of lane.db as
        far as they are known."""
        state, lost = self._watch_list(), self._admission.loss
        try:
            healed = self._admission.heal(at)
            self._admission.destroy_keys(at)
            self._admission.write_counts(at)
            self._settle(at)
            if healed and self._admission.loss != lost:
                orders = self._admission.standing().over(orders)
                self._admission.store_orders(orders, at)
                self._log_loss()
                return Watched(state, self._admission.loss, orders)
        except StoreError as error:
            self._log_failure(error)
        else:
            if healed:
                log.error("lane.db was removed or replaced under the running gate, and is written again from memory")
            self._log_once(_END, self._admission.end_problem)
        return Watched(state, self._admission.loss)

    def _watch_list(self) -> ListState:
        """Return the state of the list.  A list that is missing or damaged is reported once, and refuses."""
        try:
            self._refresh()
        except (StoreError, PublishError) as error:
            self._request_list()
            self._log_once(_LIST, str(error))
        else:
            missing = "there is no list yet: nobody enters. Load one: `gate list load DIR`"
            damage = str(self._status.damage or "")  # the rest of the list is good, and is still used
            problem = missing if self._status.state.version is None else damage
            if problem:
                self._request_list()
            self._log_once(_LIST, problem)
        return self._status.state

    def keep_time(self, kept: Kept, at: float, detail: str) -> bool:
        """Store the trusted time for the next start, and a journal row of what happened to the clock; return whether
        they are stored."""
        return self._does(lambda: self._admission.keep_time(kept, at, detail))

    def tidy(self, device: str, at: float) -> bool:
        """Sign the journal's end, destroy expired keys, checkpoint the WAL, seal old rows; when idle.  Return
        whether there is more to do."""
        more = False
        try:
            self._admission.write_counts(at, every=True)
            checkpoint = self._admission.sign_journal(device, at)
            self._admission.tidy(at)
            self._admission.destroy_keys(at)
            more = self._admission.retire_rows(device, self._keep, at)
            self._status.tidy()
        except StoreError as error:
            self._log_failure(error)
            return False
        if checkpoint:  # leaves the device with the log, as proof against a cut tail
            log.info("journal checkpoint", checkpoint=checkpoint)
        return more

    def abandon(self) -> None:
        """Close without a journal row: nothing has begun."""
        self._admission.close()
        self._status.close()

    def close(self, device: str, at: float) -> None:
        """Record the stop, sign the end of the journal, and close the files."""
        with suppress(StoreError):
            self._admission.write_counts(at, every=True)
            self._settle(at)
        self.note(JournalEvent.GATE, at, "stopped")
        self.tidy(device, at)
        self._admission.close()
        self._status.close()

    def _try(self, work: Callable[[], T], otherwise: T) -> T:
        """Return the result of `work`; report a store that fails, and return `otherwise`."""
        try:
            return work()
        except StoreError as error:
            self._log_failure(error)
            return otherwise

    def _does(self, work: Callable[[], object]) -> bool:
        """Return whether the store has written it."""
        failed = object()
        if self._try(work, failed) is failed:
            return False
        self._log_once(_LANE, "")
        return True

    def _recorded(self, work: Callable[[], Recorded | Counted]) -> Verdict:
        try:
            return self._verdict(work())
        except StoreError as error:
            return self._failed(error)

    def _refresh(self) -> None:
        self._status.refresh()
        if self._status.state.trust is not self._trust:
            self._trust = self._status.state.trust
            self._verifier = self._make_verifier(self._trust or NO_ISSUERS)

    def _known_reason(self, reason: Reason) -> Reason:
        """Return the true reason: without a trust list no issuer is known, so it is the missing list."""
        return Reason.LIST_MISSING if reason is Reason.UNKNOWN_ISSUER and self._trust is None else reason

    def _verdict(self, recorded: Recorded | Counted, holder: int | None = None) -> Verdict:
        if isinstance(recorded, Counted):
            return Verdict(recorded.decision, None, holder, counted=True)
        if self._problems:
            self._log_once(_LANE, "")
        return Verdict(recorded.decision, recorded.seq, holder, through=recorded.through)

    def _failed(self, error: StoreError | PublishError) -> Verdict:
        self._log_failure(error)
        return Verdict(Decision(Reason.STORAGE_FAILED, detail=str(error)), None)

    def _log_failure(self, error: StoreError | PublishError) -> None:
        of_list = isinstance(error, PublishError) or error.what.startswith(self._list_paths)
        self._log_once(_LIST if of_list else _LANE, str(error))

    def _log_loss(self) -> None:
        """Report a loss at every start until staff confirm."""
        loss = self._admission.loss
        if loss and loss.confirmed is None:
            log.error("the journal was lost", what=loss.what, last=loss.last or "unknown", hint=ADVICE)

    def _log_once(self, file: str, problem: str) -> None:
        """Report each new problem of a file once, not once a scan."""
        if problem != self._problems.get(file, ""):
            self._problems[file] = problem
            if problem:
                log.error(problem)
            else:
                log.info(_WELL[file])
