"""lane.db, open for the lane: transactions, orders of staff, the stored time, repair and tidying.

Every method runs on the lane's one writing thread.
"""

import os
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from gate.core.decide import Policy
from gate.core.journal_event import JournalEvent
from gate.core.kept_time import Kept
from gate.core.lane.modes import Mode
from gate.core.model import Direction
from gate.core.state_changes import StateChange
from gate.errors import DamagedError
from gate.logs import Log
from gate.store.database import BUSY_TIMEOUT_MS, File
from gate.store.journal import Journal, JournalRow
from gate.store.lane_file import LaneFile
from gate.store.lane_lock import claim_lane
from gate.store.lane_transaction import LaneTransaction
from gate.store.loss import Loss, UnknownUses, bound_losses, confirm, read_loss, record
from gate.store.milliseconds import ms
from gate.store.occupancy import Inside, bound_inside
from gate.store.pseudonyms import Secrets
from gate.store.redemptions import Redemptions, bound_redemptions
from gate.store.segments import last_to_seal, oldest, release, seal
from gate.store.standing_orders import StandingOrders, read_standing, write_standing
from gate.store.time_floor import keep, read_steady

log = Log(part="store")

DELETE_EVERY = 3600.0  # seconds, monotonic: a lane never writes 10,000 rows an hour
MUCH_FREE = 8 << 20  # bytes: the room that some segments leave


class LaneStore:
    """The owner of lane.db.  Raises StoreError when another lane holds the state directory."""

    def __init__(self, state_dir: Path, policy: Policy) -> None:
        self._path = File.LANE.within(state_dir)
        self._policy = policy
        self._unknown = UnknownUses(policy)
        self._scrub = True  # an expired key may still be in the WAL, also from before this start
        self.loss: Loss | None = None
        self._delete_due = 0.0
        self._lock = claim_lane(state_dir)
        try:
            self._file = LaneFile(state_dir)
            self._prepare()
        except BaseException:
            os.close(self._lock)
            raise

    def _prepare(self) -> None:
        self._connection = self._file.connection
        self._connection.execute("PRAGMA wal_autocheckpoint=4000")  # a backstop: `tidy` checkpoints when idle
        self._journal = Journal(self._connection)
        self._secrets = Secrets(self._connection)
        self._redemptions = Redemptions(self._connection, self._secrets, self._policy.reuse_after)
        self._inside = Inside(self._connection, self._secrets, self._policy)
        self._transaction = LaneTransaction(self._path, self._file, self._journal, self._secrets)
        with self._transaction:
            self._secrets.prepare()
        self._refresh_loss()

    @property
    def end_problem(self) -> str:
        """Return why the end of the journal cannot be kept outside of lane.db; "" when it can."""
        return self._transaction.end_problem

    def keep_end(self) -> None:
        """Write the journal's end outside of lane.db: what remains to be done after an answer."""
        self._transaction.keep_end()

    def _refresh_loss(self) -> None:
        with self._transaction.reading():
            self.loss = read_loss(self._connection)
        self._unknown.used_at = self.loss.used_at if self.loss else None

    def note(
        self,
        event: JournalEvent,
        at: float,
        detail: str,
        direction: Direction | None = None,
        *,
        counts: bool = False,
        actor: str | None = None,
    ) -> int:
        """Record an event that is no decision: start, stop, exit button, fire, a lost device; return its row.
        `counts`: somebody passed that way without a grant.  `actor`: who ordered it."""
        with self._transaction:
            if counts and direction:
                self._inside.passed(direction)
            way = direction.value if direction else None
            return self._journal.append(JournalRow(at=ms(at), event=event, detail=detail, direction=way, actor=actor))

    def note_states(self, changes: Sequence[StateChange]) -> None:
        """Record changed states, all in one transaction."""
        with self._transaction:
            for change in changes:
                self._journal.append(
                    JournalRow(
                        at=ms(change.at),
                        event=change.event,
                        reader=change.name or None,
                        list_version=change.list_version,
                        detail=change.detail,
                    )
                )

    def standing(self) -> StandingOrders:
        """Return the standing orders that were stored last."""
        with self._transaction.reading():
            return read_standing(self._connection)

    def store_orders(self, standing: StandingOrders, at: float) -> None:
        with self._transaction:
            write_standing(self._connection, standing)
            if self.loss and not self.loss.confirmed and Mode.LOCKED_DOWN not in standing.orders:
                confirm(self._connection, at)
        self._refresh_loss()

    def record_loss(self, at: float) -> None:
        """Journal a loss that was found and has no row yet."""
        with self._transaction:
            record(self._connection, self._journal, self._inside, self._policy, at)
        self._refresh_loss()

    def heal(self, at: float) -> bool:
        """Restore lane.db where it was removed or replaced under the running lane.  What can no longer be read is
        lost, and a new journal begins.  Return False when all was well.  Raises StoreError."""
        state = self._transaction
        if state.damage and self._file.is_there() and self._file.is_sound(state.end):
            state.damage = ""  # a read that failed once
        if not state.damage and self._file.is_there():
            return False
        found = state.damage or f"{self._path}: removed or replaced under the running gate"
        try:
            if state.damage:
                raise DamagedError(found, hint="")
            self._file.put_back()
        except DamagedError:
            self._file.begin_again(found, state.end)
        self._prepare()
        if self.loss and self.loss.at is None:
            self.record_loss(at)
        else:
            self.note(JournalEvent.STORE, at, f"{found}; written again from memory")
        return True

    def inside(self) -> int:
        """Return how many people are inside, as far as the lane has seen."""
        with self._transaction.reading():
            return self._inside.count()

    def set_inside(self, count: int, at: float, *, actor: str | None = None) -> None:
        """Set the count that staff made; at 0, all persons inside are forgotten."""
        with self._transaction:
            if count == 0:
                self._inside.clear()
            self._inside.set_count(count)
            self._journal.append(
                JournalRow(at=ms(at), event=JournalEvent.OCCUPANCY, detail=f"set to {count}", actor=actor)
            )

    def keep_time(self, kept: Kept, at: float, detail: str = "") -> None:
        """Store the trusted time for the next start.  `detail`: what happened to the clock, for the journal."""
        with self._transaction:
            if detail:
                self._journal.append(JournalRow(at=ms(at), event=JournalEvent.CLOCK, detail=detail))
                bound_redemptions(self._connection, at, self._policy.reuse_after)
                bound_inside(self._connection, at)
                bound_losses(self._connection, at)
            keep(self._connection, kept)
        if detail:
            self._refresh_loss()

    def sign_journal(self, device: str, at: float) -> str | None:
        """Sign the end of the chain; return "seq:digest" to store elsewhere, None when nothing is new."""
        with self._transaction:
            return self._journal.checkpoint(self._file.key, device, ms(at))

    def destroy_keys(self, at: float) -> None:
        """Destroy the day keys of other days than that of `at`, also in the WAL.  Never waits: as long as another
        process reads, the WAL stays, and the next call tries again."""
        with self._transaction.reading():
            over = self._secrets.is_over(at)
        if over:
            with self._transaction:
                self._secrets.destroy_other_days(at)
        if not (over or self._scrub or self._secrets.destroyed):
            return
        with self._transaction.reading():
            self._connection.execute("PRAGMA busy_timeout=0")
            try:
                (busy, *_) = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            finally:
                self._connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
        self._scrub, self._secrets.destroyed = bool(busy), False

    def seal_rows(self, device: str, at: float, open_grant: int | None) -> bool:
        """Move the oldest rows to a sealed segment, if there are enough.  Return whether there may be more."""
        with self._transaction.reading():
            last = last_to_seal(self._connection, at, open_grant)
            if last is None:
                return False
            self._settle_end()  # first: an end older than the rows left would look like a loss
            broken = seal(self._connection, last, self._file.key, device, at)
        with self._transaction:
            release(self._connection, last)
            if broken:
                detail = f"row {broken} was changed, or one before it was inserted or removed"
                self._journal.append(JournalRow(at=ms(at), event=JournalEvent.JOURNAL, detail=detail))
        if broken:
            log.error("the journal is broken", row=broken, hint="Keep lane.db and journal/ as evidence and report it")
        return True

    def delete_rows(self, keep: float, at: float) -> bool:
        """Delete the oldest segment when all of it is older than `keep` seconds; the journal records that first.
        At most one an hour: a wrong time, if brief, deletes little."""
        now = time.monotonic()
        if now < self._delete_due:
            return False
        with self._transaction.reading():
            segment = oldest(self._path.parent)
            over = read_steady(self._connection, at)
        if segment is None or segment.last_at >= (over - keep) * 1000:
            return False
        detail = f"rows up to {segment.last} are deleted: kept for {keep / 86_400:g} days"
        self.note(JournalEvent.JOURNAL, at, detail)
        with self._transaction.reading():
            segment.path.unlink()
        self._delete_due = now + DELETE_EVERY
        return True

    def shrink(self) -> None:
        """Free the room of rows that have left lane.db; when the lane is idle."""
        with self._transaction.reading():
            free, size = (
                self._connection.execute(f"PRAGMA {what}").fetchone()[0] for what in ("freelist_count", "page_size")
            )
            if free * size >= MUCH_FREE:
                self._connection.execute("VACUUM")
                self._scrub = True

    def tidy(self, at: float) -> None:
        """Forget expired uses and checkpoint the WAL; when the lane is idle, as it can take 150 ms."""
        with self._transaction:
            over = read_steady(self._connection, at)
            self._redemptions.purge(over)
            self._inside.purge(over)
        with self._transaction.reading():
            self._settle_end()
            self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)")

    def _settle_end(self) -> None:
        self._transaction.keep_end()
        self._file.ends.settle()

    def close(self) -> None:
        with suppress(OSError):
            self._settle_end()
        self._file.close()
        os.close(self._lock)
