"""Transactions on lane.db: their begin, the work after a commit, and the meaning of a failure."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from gate.errors import DamagedError, GateError, StoreError
from gate.store.database import is_damage, unusable
from gate.store.journal import Journal
from gate.store.journal_end import End
from gate.store.lane_file import LaneFile
from gate.store.list_reader import OutdatedError
from gate.store.pseudonyms import Secrets


class LaneTransaction:
    """A write transaction: `with` it, on the disk when the block ends, undone when the block raises.  Reusable, by
    one thread.  Raises StoreError: nothing was recorded.

    `__enter__` and `__exit__` are written out: generators in their place cost 3 us of every admission."""

    def __init__(self, path: Path, file: LaneFile, journal: Journal, secrets: Secrets) -> None:
        self._path = path
        self._file = file
        self._journal = journal
        self._secrets = secrets
        self._connection = file.connection
        self._execute = file.connection.cursor().execute
        self.end_problem = ""  # why the end cannot be kept outside of lane.db
        self.damage = ""  # fault of the last failed read; "": none
        with self.reading():
            self.end: End = journal.end()  # as committed last
        self._kept = self.end  # as written last outside of lane.db

    def __enter__(self) -> None:
        try:
            self.keep_end()
            self._file.check()
            self._execute("BEGIN IMMEDIATE")
        except BaseException as error:  # noqa: BLE001 - raised there
            self._undo(error)

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if error is not None:
            self._undo(error)
        try:
            self._execute("COMMIT")
            self.end = self._journal.newest or self.end
        except BaseException as failed:  # noqa: BLE001 - raised there
            self._undo(failed)

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Read outside of a transaction.  Raises StoreError."""
        try:
            yield
        except BaseException as error:  # noqa: BLE001 - raised there
            self._raise(error)

    def _undo(self, error: BaseException) -> NoReturn:
        with self.reading():  # a disk that does not write may fail to roll back too
            if self._connection.in_transaction:
                self._execute("ROLLBACK")
        self._raise(error)

    def _raise(self, error: BaseException) -> NoReturn:
        """Forget what was read or made in memory meanwhile, and raise the technician's message."""
        self._secrets.invalidate()
        self._journal.invalidate()
        if isinstance(error, GateError | OutdatedError) or not isinstance(error, Exception):
            raise error
        problem = unusable(self._path, error)
        if is_damage(error):
            self.damage = problem.what
        elif isinstance(problem, DamagedError):
            problem = StoreError(f"{self._path}: {error}", hint="Nothing was recorded; report it")
        raise problem from error

    def keep_end(self) -> None:
        """Write the journal's end outside of the database, too, if it has moved: after the answer to the person,
        and before the next transaction.  Until then, and where that fails, the file is behind, which a start
        accepts."""
        if self.end is self._kept:
            return
        self._kept = self.end
        try:
            self._file.ends.write(self.end)
            self.end_problem = ""
        except OSError as error:
            self.end_problem = str(unusable(self._file.ends.path, error))
