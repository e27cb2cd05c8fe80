"""A visit to a mirror: takes a newer list into list.db, and reports the result.

    root.json -> mirror -> TUF metadata -> head -> deltas or snapshot -> a new list.db in place of the one before

After any failure the held list stays, and the next visit starts again: complete files are kept, an interrupted
download is resumed.
"""

import hashlib
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from time import monotonic

from gate.core.time_reset import TimeReset, parse_time
from gate.errors import GateError, PublishError, StoreError, SyncError
from gate.logs import Log
from gate.store.apply_list import Publication, apply, held, held_nibbles, set_damaged_aside
from gate.store.documents import RULES, TIME, TRUST
from gate.store.last_sync import Synced, record_sync
from gate.store.places import Places, Where
from gate.store.status_delta import apply_delta
from gate.store.status_wire import HEAD, Head, decode_snapshot
from gate.store.subjects import delete_subjects, held_subjects
from gate.store.time_floor import read_reset, read_signed
from gate.sync.allowance import Allowance, Step, VisitLimits
from gate.sync.delta_path import way
from gate.sync.kept_metadata import KeptMetadata
from gate.sync.lock import alone
from gate.sync.mirror import Mirror, Report
from gate.sync.repository import TIMESTAMP, ExpiredError, MirrorRepository
from gate.sync.round import ListSource, MirrorProblem, Outcome, Visited, read_root, shown, visit_in_turn
from gate.sync.shelf import disk_error
from gate.sync.signed_list import add_signatures, is_signed
from gate.sync.subjects import take_subjects
from gate.sync.times import Times

__all__ = ["ListSource", "Outcome", "sync", "visit_here"]

MAX_SNAPSHOT = 64 << 20  # bytes
MAX_DELTA = 16 << 20
LIMITS = VisitLimits()

log = Log(part="sync")


def sync(source: ListSource, now: Times | float, progress: Callable[[int], None] | None = None) -> Outcome:
    """Make a round in this process; a silent mirror holds it for the time of a read.  `now`: Unix s by the trusted
    clock, or all known times.  Raises SyncError when no mirror could be used, StoreError when this device's disk or
    list.db refuses, or another sync is running."""
    read_root(source.root)
    with alone(Places.of(source.where).list_dir):
        return visit_in_turn(
            source.mirrors,
            lambda address: visit_here(source, now, address, _watched(progress)),
            lambda outcome: Times.of(now).trusted - outcome.as_of <= source.stale_after,
        )


def visit_here(source: ListSource, now: Times | float, address: str, report: Report) -> Visited:
    """Visit a mirror in this process.  Its faults are problems of the result.  Raises StoreError for a fault of this
    device."""
    visit = _Visit(source, Times.of(now), report)
    try:
        outcome = visit.to(address)
    except SyncError as error:
        visit.problems.append(error)
        outcome = None
    except PublishError as error:
        visit.problems.append(SyncError(f"{shown(address)}: {error.what}", hint=error.hint))
        outcome = None
    except GateError:
        raise
    except OSError as error:
        raise disk_error(Path(error.filename or Places.of(source.where).list_dir / "tuf"), error) from error
    except MemoryError:
        visit.problems.append(_unusable(address, "it takes too much memory"))
        outcome = None
    except Exception as error:  # a defect, met by its files: the next mirror is asked
        log.debug("unforeseen", mirror=shown(address), exc_info=True)
        visit.problems.append(_unusable(address, type(error).__name__))
        outcome = None
    return Visited(outcome, tuple(MirrorProblem(error.what, error.hint) for error in visit.problems), visit.received)


class _Visit:
    def __init__(self, source: ListSource, times: Times, report: Report) -> None:
        self._source = source
        self._times = times
        self._report = report
        self._start_over = False  # the held list is not signed
        self._arrived = 0.0  # monotonic s: arrival of the last file
        self.received = 0  # bytes
        self.problems: list[GateError] = []

    def to(self, address: str) -> Outcome:
        root = read_root(self._source.root)
        list_dir = Places.of(self._source.where).list_dir
        self._look_at_own_list(root)
        expired: ExpiredError | None = None
        signed = 0.0 if self._start_over else read_signed(self._source.where) or 0.0
        for reference, only_reset in self._times.references(signed):
            try:
                return self._visit(address, root, list_dir / "tuf", reference, only_reset=only_reset)
            except ExpiredError as error:
                expired = expired or error
        raise ExpiredError(expired.what if expired else shown(address), hint=self._times.why_expired())

    def _look_at_own_list(self, root: bytes) -> None:
        """Check the held list's signatures: the visit must continue from signed content only."""
        places = Places.of(self._source.where)
        _set_aside_if_damaged(places)
        try:
            add_signatures(places, root)
            self._start_over = not is_signed(places, root)
        except StoreError:  # damaged: reported already
            return
        if self._start_over:
            log.error("list.db is not what the authority signed: fetched again", list=str(places.held_list_db))
            self._times = Times(self._times.system, self._times.system)

    def _visit(self, address: str, root: bytes, folder: Path, reference: float, *, only_reset: bool) -> Outcome:
        """Visit once.  `reference`: Unix s by which the metadata are judged."""
        with (
            closing(KeptMetadata(folder)) as kept,
            closing(Mirror(address, TIMESTAMP, kept.files, self._report)) as mirror,
        ):
            try:
                with closing(MirrorRepository(mirror, kept, folder, root, reference)) as repository:
                    return self._take_from(repository, only_reset=only_reset)
            finally:
                self.received += mirror.received

    def _take_from(self, repository: MirrorRepository, *, only_reset: bool) -> Outcome:
        repository.refresh()
        time = repository.document(TIME) if repository.length(TIME) is not None else None
        reset = self._new_reset(time)
        if only_reset and reset is None:
            raise ExpiredError(f"{repository.base}: what it serves has expired", hint="")
        trust, rules = repository.document(TRUST), repository.document(RULES)
        head = Head.parse(repository.document(HEAD))
        self._arrived = monotonic()
        where, known = self._source.where, None if self._start_over else held(self._source.where)
        synced = Synced(self._times.trusted if reset is None else max(self._times.system, reset.to), repository.base)
        if known is None or (known.version, known.as_of) != (head.version, head.as_of):
            self._times.check_list(head.as_of, repository.offline_end, reset.to if reset else None)
        if known and (known.version, known.sha256, known.as_of) == (head.version, head.sha256, head.as_of):
            way_taken, nibbles = "unchanged", None
        elif known and known.sha256 == head.sha256:
            way_taken, nibbles = "the same list, newer", None
        else:
            way_taken, nibbles = self._list(repository, head, known.version if known else None)
        if (
            way_taken == "unchanged"
            and known
            and (known.trust, known.rules, known.time) != (trust, rules, time or known.time)
        ):
            way_taken = "issuers and rules only"
        if way_taken == "unchanged" and known and known.earlier:
            way_taken = "the same list, in the present form"
        changed = way_taken != "unchanged"
        if changed:
            publication = Publication(trust, rules, head, nibbles, time, repository.proof(HEAD, "status"))
            apply(publication, where, synced, start_over=self._start_over)
            took = monotonic() - self._arrived
        else:
            record_sync(synced, where)
            took = 0.0
        repository.keep()
        self._take_subjects(repository)
        repository.keep_only(frozenset({TRUST, RULES, HEAD, TIME}))
        return Outcome(repository.base, head.version, head.as_of, head.listed, changed, 0, way_taken, took, ())

    def _new_reset(self, time: bytes | None) -> TimeReset | None:
        """Return the offered reset of the time; None when this device has none left to apply."""
        if time is None:
            return None
        offered, taken = parse_time(time), None if self._start_over else read_reset(self._source.where)
        return offered if taken is None or offered.number > taken.number else None

    def _take_subjects(self, repository: MirrorRepository) -> None:
        """Update the subject index.  A fault is reported beside, because the list is current regardless."""
        source = self._source
        try:
            if source.subjects_for is not None:
                take_subjects(repository, source.subjects_for, source.where)
                repository.keep()
            elif source.delete_subjects and held_subjects(source.where):
                delete_subjects(source.where)
        except (SyncError, PublishError) as error:
            self.problems.append(error)

    def _list(self, repository: MirrorRepository, head: Head, version: int | None) -> tuple[str, bytes]:
        """Return how the list was made ("snapshot", "2 deltas"), and its nibbles."""
        names = [head.snapshot, *(delta.target for delta in head.deltas)]
        lengths = {name: length for name in names if (length := repository.length(name)) is not None}
        deltas = way(head, version, lengths)
        if deltas:
            try:
                return _words(deltas), self._by_deltas(repository, head, deltas)
            except PublishError as error:  # the snapshot replaces an inconsistent chain
                log.warning(str(error))
        packed = repository.fetch(head.snapshot, MAX_SNAPSHOT)
        self._arrived = monotonic()
        return "snapshot", decode_snapshot(packed, head.size)

    def _by_deltas(self, repository: MirrorRepository, head: Head, deltas: tuple[str, ...]) -> bytes:
        files = [repository.fetch(name, MAX_DELTA) for name in deltas]
        self._arrived = monotonic()
        nibbles = held_nibbles(self._source.where) or b""
        for file in files:
            nibbles = apply_delta(file, nibbles, head.size)
        return _checked(nibbles, head)


def _checked(nibbles: bytes, head: Head) -> bytes:
    """Return the nibbles if they match the head.  Raises PublishError."""
    if hashlib.sha256(nibbles).hexdigest() != head.sha256:
        raise PublishError("the deltas lead to another list than its head names", hint="Taking the snapshot")
    return nibbles


def _words(deltas: tuple[str, ...]) -> str:
    return "1 delta" if len(deltas) == 1 else f"{len(deltas)} deltas"


def _unusable(address: str, why: str) -> SyncError:
    return SyncError(
        f"{shown(address)}: what it serves cannot be used ({why})",
        hint="Report it to the mirror's operator; `--verbose` shows more",
    )


def _watched(progress: Callable[[int], None] | None) -> Report:
    """Return a reporter that ends a visit at its next report after the deadline."""
    allowance, received = Allowance(LIMITS, monotonic()), 0

    def report(step: Step) -> None:
        nonlocal received
        now = monotonic()
        if now > allowance.ends:
            raise allowance.problem
        allowance.report(step, now)
        if progress and step.received > received:
            progress(step.received - received)
        received = max(received, step.received)

    return report


def _set_aside_if_damaged(where: Where) -> None:
    """Set aside unreadable files: they are copies, and will be fetched again."""
    problem = set_damaged_aside(where)
    if problem is not None:
        log.error("kept as list.db.damaged, to be fetched again", problem=problem)
