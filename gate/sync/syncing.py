"""One sync: ask the mirrors in turn, take what is newer into list.db, and say what was done.

    root.json -> mirror -> TUF metadata -> head -> deltas or snapshot -> a new list.db in place of the one before

Whatever goes wrong on the way, the list that was held is held still, and the next sync begins anew: files
that came in whole are kept, a broken download is gone on with.
"""

import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic

import structlog
from nacl.signing import VerifyKey

from gate.errors import GateError, PublishError, StoreError, SyncError
from gate.store.apply import Publication, apply, held, held_nibbles, set_damaged_aside
from gate.store.documents import RULES, TRUST
from gate.store.last_sync import Synced, record_sync
from gate.store.places import Places, Where
from gate.store.subjects import forget_subjects, held_subjects
from gate.store.wire import HEAD, Head, apply_delta, decode_snapshot
from gate.sync.chain import way
from gate.sync.mirror import Mirror
from gate.sync.repository import TIMESTAMP, Repository
from gate.sync.shelf import disk_error
from gate.sync.subjects import take_subjects

MAX_SNAPSHOT = 64 << 20  # bytes
MAX_DELTA = 16 << 20

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Source:
    """Where a device gets its lists from."""

    mirrors: Sequence[str]  # addresses, in the order in which they are asked
    root: Path  # root.json, which vouches for everything
    where: Where
    stale_after: float  # seconds: a mirror whose list is older may be frozen, and the next one is asked too
    subjects_for: VerifyKey | None = None  # this device's public key, where people are checked by IIN
    forget_subjects: bool = False  # they are not checked here: no subject index is kept


@dataclass(frozen=True, slots=True)
class Outcome:
    mirror: str
    version: int
    as_of: int  # Unix s
    listed: int
    changed: bool
    received: int  # bytes from all mirrors
    way: str  # "unchanged", "2 deltas", "snapshot"
    applied_in: float  # seconds from the files being here until the list was durable; 0 where nothing was new
    problems: tuple[str, ...]  # of mirrors that were asked and could not be used


def sync(source: Source, now: float, progress: Callable[[int], None] | None = None) -> Outcome:
    """`now`: Unix s by the trusted clock.  Raises SyncError when no mirror could be used, StoreError when
    this device's disk or list.db refuses, or another sync is running."""
    root = _root(source.root)
    folder = Places.of(source.where).list_dir
    with _alone(folder):
        _set_aside_if_damaged(source.where)
        visits = _Visits(source, root, now, progress)
        for address in source.mirrors:
            outcome = visits.to(address)
            if outcome is not None and now - outcome.as_of <= source.stale_after:
                break
        return visits.best()


class _Visits:
    def __init__(self, source: Source, root: bytes, now: float, progress: Callable[[int], None] | None) -> None:
        self._source = source
        self._root = root
        self._now = now
        self._progress = progress
        self._received = 0
        self._arrived = 0.0  # monotonic s: the last file was here
        self._outcomes: list[Outcome] = []
        self._problems: list[GateError] = []

    def to(self, address: str) -> Outcome | None:
        """None when this mirror could not be used.  Raises StoreError."""
        folder = Places.of(self._source.where).list_dir / "tuf"
        mirror = Mirror(address.rstrip("/"), (TIMESTAMP, folder / "timestamp.json"), self._progress)
        try:
            with closing(mirror):
                outcome = self._take(mirror, folder)
        except (SyncError, PublishError) as error:
            self._useless(error)
        except GateError:
            raise
        except OSError as error:
            raise disk_error(Path(error.filename or folder), error) from error
        except Exception as error:  # whatever it served, the next one is asked
            log.debug("unforeseen", mirror=mirror.base, exc_info=True)
            self._useless(
                SyncError(
                    f"{mirror.base}: what it serves cannot be worked with ({type(error).__name__})",
                    hint="Tell the person who runs this mirror; `--verbose` shows more",
                )
            )
        else:
            self._outcomes.append(outcome)
            return outcome
        finally:
            self._received += mirror.received
        return None

    def _useless(self, problem: GateError) -> None:
        log.warning(str(problem))
        self._problems.append(problem)

    def best(self) -> Outcome:
        if not self._outcomes:
            each = "; ".join(problem.what for problem in self._problems)
            raise SyncError(f"no mirror could be used: {each}", hint=self._problems[-1].hint)
        newest = max(self._outcomes, key=lambda outcome: (outcome.version, outcome.changed))
        return replace(
            newest,
            changed=any(outcome.changed for outcome in self._outcomes),
            received=self._received,
            problems=tuple(str(problem) for problem in self._problems),
        )

    def _take(self, mirror: Mirror, folder: Path) -> Outcome:
        with closing(Repository(mirror, folder, self._root, self._now)) as repository:
            return self._take_from(repository)

    def _take_from(self, repository: Repository) -> Outcome:
        repository.refresh()
        trust, rules = repository.document(TRUST), repository.document(RULES)
        head = Head.parse(repository.document(HEAD))
        self._arrived = monotonic()
        where, synced = self._source.where, Synced(self._now, repository.base)
        known = held(where)
        if known and (known.version, known.sha256, known.as_of) == (head.version, head.sha256, head.as_of):
            way_taken, nibbles = "unchanged", None
        elif known and known.sha256 == head.sha256:
            way_taken, nibbles = "the same list, newer", None
        else:
            way_taken, nibbles = self._list(repository, head, known.version if known else None)
        if way_taken == "unchanged" and known and (known.trust, known.rules) != (trust, rules):
            way_taken = "issuers and rules only"
        if way_taken == "unchanged" and known and known.earlier:
            way_taken = "the same list, in the present form"
        changed = way_taken != "unchanged"
        if changed:
            apply(Publication(trust, rules, head, nibbles), where, synced)
            took = monotonic() - self._arrived
        else:
            record_sync(synced, where)
            took = 0.0
        self._take_subjects(repository)
        repository.forget_all_but(frozenset({TRUST, RULES, HEAD}))
        return Outcome(repository.base, head.version, head.as_of, head.listed, changed, 0, way_taken, took, ())

    def _take_subjects(self, repository: Repository) -> None:
        """The list is current whatever becomes of the index: a problem with it is told beside."""
        source = self._source
        try:
            if source.subjects_for is not None:
                take_subjects(repository, source.subjects_for, source.where)
            elif source.forget_subjects and held_subjects(source.where):
                forget_subjects(source.where)
        except (SyncError, PublishError) as error:
            log.warning(str(error))
            self._problems.append(error)

    def _list(self, repository: Repository, head: Head, version: int | None) -> tuple[str, bytes]:
        """How the list came about, and its nibbles."""
        names = [head.snapshot, *(delta.target for delta in head.deltas)]
        lengths = {name: length for name in names if (length := repository.length(name)) is not None}
        deltas = way(head, version, lengths)
        if deltas:
            try:
                return _words(deltas), self._by_deltas(repository, head, deltas)
            except PublishError as error:  # the snapshot heals a chain that does not hold
                log.warning(str(error))
        packed = repository.fetch(head.snapshot, MAX_SNAPSHOT)
        self._arrived = monotonic()
        return "snapshot", decode_snapshot(packed, head.size)

    def _by_deltas(self, repository: Repository, head: Head, deltas: tuple[str, ...]) -> bytes:
        files = [repository.fetch(name, MAX_DELTA) for name in deltas]
        self._arrived = monotonic()
        nibbles = held_nibbles(self._source.where) or b""
        for file in files:
            nibbles = apply_delta(file, nibbles, head.size)
        return _checked(nibbles, head)


def _checked(nibbles: bytes, head: Head) -> bytes:
    """Raises PublishError."""
    if hashlib.sha256(nibbles).hexdigest() != head.sha256:
        raise PublishError("the deltas lead to another list than its head names", hint="Taking the snapshot")
    return nibbles


def _words(deltas: tuple[str, ...]) -> str:
    return "1 delta" if len(deltas) == 1 else f"{len(deltas)} deltas"


def _root(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SyncError(
            f"{path}: {error.strerror}", hint="Get root.json from the authority, and name it in [sync] root"
        ) from error


def _set_aside_if_damaged(where: Where) -> None:
    """Any file that cannot be read as what was written is fetched again, for it is a copy."""
    problem = set_damaged_aside(where)
    if problem is not None:
        log.error("kept as list.db.damaged, to be fetched again", problem=problem)


@contextmanager
def _alone(state_dir: Path) -> Iterator[None]:
    """One sync at a time on a device.  Raises StoreError."""
    try:
        state_dir.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(state_dir / "sync.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StoreError(f"{state_dir}: {error.strerror}", hint="Check its rights and the free space") from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StoreError(f"{state_dir}: another sync is running", hint="Wait for it, or stop it first") from error
        yield
    finally:
        os.close(descriptor)
