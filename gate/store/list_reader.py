"""The gate's view of list.db: the listing of a place, the trusted issuers, the rules."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from os.path import lexists

from gate.core.model import Listing
from gate.core.rules import RuleSet, parse_rules
from gate.core.trust import TrustList, parse_trust
from gate.errors import GateError, PublishError, StoreError
from gate.store.content_check import ContentCheck
from gate.store.documents import RULES, TRUST
from gate.store.list_file import (
    CHUNK_BYTES,
    CHUNK_PLACES,
    Identity,
    ListFile,
    damaged,
    delete_earlier,
    identity_of,
    open_held,
)
from gate.store.places import Places, Where

__all__ = ["CHUNK_BYTES", "CHUNK_PLACES", "ListState", "OutdatedError", "StatusList", "holding"]

_LISTINGS = tuple(Listing)


class OutdatedError(Exception):
    """The list, the trust list or the rules changed since `refresh`: refresh, and start over."""


@dataclass(frozen=True, slots=True)
class ListState:
    """The list as it was last read.  Every part may be missing."""

    version: int | None = None
    as_of: int | None = None  # Unix s
    size: int = 0
    listed: int = 0
    trust: TrustList | None = None
    rules: RuleSet | None = None


class StatusList:
    """The reader of the present list.db; used from one thread.

    The next `consult` notices a file that was replaced, removed or set aside; the next `refresh` notices one that
    appears.  `watched`: after each opening, a thread compares the whole content with its signed hash."""

    def __init__(self, where: Where, *, watched: bool = False) -> None:
        self._places = Places.of(where)
        self._watched = watched
        self._check: ContentCheck | None = None
        self._file: ListFile | None = None
        self._failure: GateError | None = None
        self._identity: Identity | None = None  # of the file with that name when it was opened
        self.state = ListState()

    def refresh(self) -> bool:
        """Read head, trust and rules again if another file took their place; return whether it did.  Raises
        StoreError when the file is damaged, PublishError when its content is unfit; then there is no list."""
        before = self.state
        if self._file is None or self._failure or not (self._file.is_current() and self._is_current()):
            self._open()
        if self._file is not None and self._watched and self._check is None:
            self._check = self._begun_check(self._file)
        if self._check is not None and self._check.damage is not None and self._check.refuses_all:
            self._fail(self._check.damage)
        if self._failure is not None:
            raise self._failure
        return self.state is not before and self.state != before

    def consult(self, idx: int) -> Listing:
        """Return the listing of one place; a place beyond the end is unlisted.  Raises OutdatedError when list.db
        no longer holds `state`, and StoreError."""
        file = self._file
        if file is None:
            if self._failure is None:
                return Listing.UNLISTED
            if not self._is_current():
                raise OutdatedError
            raise type(self._failure)(self._failure.what, hint=self._failure.hint)
        if not file.is_current():
            raise OutdatedError
        if idx >= self.state.size:
            return Listing.UNLISTED
        nibble = file.nibble(idx)
        try:
            return _LISTINGS[nibble]
        except IndexError:
            raise damaged(file.path, f"a place holds {nibble}, which is no status") from None

    @property
    def damage(self) -> StoreError | None:
        """Return the damage that the check of the whole content found, where the rest of the list is still used."""
        return self._check.damage if self._check is not None else None

    def tidy(self) -> None:
        """Remove a list.db of an earlier place that this one has replaced."""
        earlier = self._places.earlier_list_db
        if self._file is not None and self._file.path != earlier and earlier and lexists(earlier):
            delete_earlier(self._places)

    def close(self) -> None:
        if self._check is not None:
            self._check.stop()
        if self._file is not None:
            self._file.close()
        self._check, self._file, self._failure, self._identity = None, None, None, None
        self.state = ListState()

    def _is_current(self) -> bool:
        """Return, by name, whether the file that was opened, or its absence, is unchanged."""
        return identity_of(self._places.list_db) == self._identity

    def _open(self) -> None:
        self.close()
        self._identity = identity_of(self._places.list_db)  # first, so that a change meanwhile is noticed
        try:
            file = open_held(self._places)
        except StoreError as error:
            self._fail(error)
            return
        if file is None:
            return
        try:
            documents, head = file.documents(), file.head
            trust, rules = documents.get(TRUST), documents.get(RULES)
            self.state = ListState(
                head.version,
                head.as_of,
                head.size,
                head.listed,
                parse_trust(trust) if trust else None,
                parse_rules(rules) if rules else None,
            )
        except (StoreError, PublishError) as error:
            file.close()
            self._fail(error)
            return
        self._file = file

    def _begun_check(self, file: ListFile) -> ContentCheck | None:
        """Start the check; None where the computer has no thread left.  The next refresh tries again, and until
        then each look-up verifies the part that it needs."""
        check = ContentCheck(file.path, file.identity)
        try:
            check.start()
        except RuntimeError:
            return None
        return check

    def _fail(self, error: GateError) -> None:
        """Drop the list; the error is reported until another file takes its place."""
        identity, check = self._identity, self._check
        self._check = None
        self.close()
        self._identity, self._check, self._failure = identity, check, error


@contextmanager
def holding(where: Where) -> Iterator[StatusList]:
    """Yield the list as it is now, for one look.  Raises StoreError and PublishError as `StatusList.refresh` does."""
    with closing(StatusList(where)) as held:
        held.refresh()
        yield held
