"""One authority: a folder that holds its keys, its lists and its version numbers.

    authority.json    what this folder is, and the version last published
    trust.json        issuers and their public keys, as published
    rules.json        venue rules, edited by hand
    time.json         only after the time of all gates was reset
    status.npy        the status list, one byte a place
    people.*          which person has which place, when people are imported by IIN
    devices.json      gates that check people by IIN, and their keys
    private/          one file a signing key, and the subject key; mode 0600, plain or sealed by a passphrase
    repository/       the last publication, signed (`gate.authority.repository`)
    root.json         the trust anchor that every device is given
    public/           the target of `publish`, unless another folder is named

Nothing is cached between calls, because several processes may take turns.  A call that changes something
holds the folder's lock.
"""

import os
import secrets
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, BinaryIO, Literal, Self

from nacl.signing import SigningKey
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gate.authority import files, importing, publication, subjects, time_file
from gate.authority.default_rules import DEFAULT_RULES
from gate.authority.issuers import Issuers, KeyChange, KeyList
from gate.authority.people import KEY_BYTES, Digests, People
from gate.authority.private_keys import KeyClass, PrivateKeys, class_of
from gate.authority.publication import Lists
from gate.authority.publication_time import Moment, end_remarks
from gate.authority.repository import AuthorityRepository, Content
from gate.authority.roles import SigningRole
from gate.authority.sources.csv_file import CsvFile
from gate.authority.sources.ids import IdKind, Ids
from gate.authority.sources.rows import BLANKS, PeopleSource, Progress
from gate.authority.statuses import StatusTable
from gate.authority.subjects import SubjectDevices
from gate.core.form_error import first_error
from gate.core.model import Listing, Status
from gate.core.time_reset import TimeReset
from gate.errors import StoreError, UsageError
from gate.passes.aq1_encode import encode_credential
from gate.store.documents import RULES, TIME
from gate.store.status_wire import MAX_PLACES, Head
from gate.store.subject_wire import SUBJECTS, SubjectsHead

DAY = 86400
TOKEN_ID_BYTES = 8  # the minimum: every byte makes the code larger
DEFAULT_LIFETIME = 12 * 3600  # seconds
DEFAULT_MAX_LIFETIME = DAY
DEFAULT_KEY_VALID = 366 * DAY

_STATE = "authority.json"
ROOT = "root.json"


class _State(BaseModel):
    model_config = ConfigDict(extra="forbid")

    authority: Literal[1] = 1  # version of this format
    # A typing error in one row of a CSV must not create a list of 4 billion places.
    max_places: Annotated[int, Field(ge=1, le=MAX_PLACES)] = 2**26
    list_version: Annotated[int, Field(ge=0)] = 0
    ids: IdKind | None = None  # the kind of ids; None until an import settles it


@dataclass(frozen=True, slots=True)
class Imported:
    rows: int
    new_people: int  # people who were given a place
    size: int  # places of the list now
    listed: int  # places that are not UNLISTED now


_TARGETS, _STATUS, _SUBJECTS = SigningRole.TARGETS, SigningRole.STATUS, SigningRole.SUBJECTS


class Authority:
    """The commands on one authority's folder.  Times are Unix seconds, lifetimes seconds.  Every method raises
    StoreError when the folder cannot be read or written."""

    def __init__(self, path: Path, keys: Path | None, private: PrivateKeys) -> None:
        """Use `create` or `open`."""
        self.path = path
        self._private = private
        self._key_folders = list(dict.fromkeys((path / "private", keys or path / "private")))
        self._issuers = Issuers(path / "trust.json", path / "private", private)
        self._repository = AuthorityRepository(path / "repository", path / "private", keys or path / "private", private)

    @classmethod
    def create(
        cls,
        path: Path,
        *,
        at: int,
        keys: Path | None = None,
        root_keys: int = 1,
        threshold: int = 1,
        private: PrivateKeys | None = None,
    ) -> Self:
        """Create an authority.  Raises UsageError when the folder holds one already.  An existing rules.json is kept.
        `keys`: a folder on a separate medium for the offline keys.  `threshold` of `root_keys` root keys must sign.
        `private` decides which keys are sealed."""
        if (path / _STATE).exists():
            raise UsageError(f"{path} is an authority already", hint="Name another folder")
        files.make_directory(path)
        files.make_directory(path / "private", 0o700)
        if keys is not None:
            files.make_directory(keys, 0o700)
        authority = cls(path, keys, private or PrivateKeys())
        with files.locked(path):
            authority._repository.create(at, root_keys=root_keys, threshold=threshold)
            files.write(path / ROOT, authority._repository.root_json())
            if not (path / RULES).exists():
                files.write(path / RULES, DEFAULT_RULES.encode())
            authority._private.write(authority._subject_key_file, os.urandom(KEY_BYTES))
            authority._save_state(_State())  # last: the folder becomes an authority only now
        return authority

    @classmethod
    def open(cls, path: Path, keys: Path | None = None, private: PrivateKeys | None = None) -> Self:
        """Open an existing authority.  Raises UsageError when `path` is none.  `keys`: the folder of the offline
        keys.  `private` opens the sealed ones."""
        if not (path / _STATE).exists():
            raise UsageError(f"{path} is not an authority", hint=f"Make one with `gate authority init {path}`")
        authority = cls(path, keys, private or PrivateKeys())
        authority._state()
        return authority

    @property
    def public(self) -> Path:
        """The folder that `publish` writes to when no other is named."""
        return self.path / "public"

    # Private keys

    def seal(self, classes: Collection[KeyClass]) -> int:
        """Seal the plain keys of these classes by a passphrase.  Return how many were sealed.  Raises SealedError."""
        with files.locked(self.path):
            return sum(self._private.seal(path) for path in self._key_files(classes))

    def unseal(self, classes: Collection[KeyClass]) -> int:
        """Store the sealed keys of these classes plain.  Return how many were sealed.  Raises SealedError."""
        with files.locked(self.path):
            return sum(self._private.unseal(path) for path in self._key_files(classes))

    def unlock(self) -> None:
        """Ask for the passphrase of sealed online keys now, so that long work is not interrupted by the question."""
        self._subject_key()

    def _key_files(self, classes: Collection[KeyClass]) -> list[Path]:
        found = [path for folder in self._key_folders for path in sorted(folder.glob("*.key"))]
        return [path for path in found if class_of(path) in classes]

    # Issuers and their keys

    def add_issuer(
        self,
        issuer: str,
        *,
        at: int,
        names: Mapping[str, str] | None = None,
        max_lifetime: int = DEFAULT_MAX_LIFETIME,
        key_valid: int = DEFAULT_KEY_VALID,
    ) -> str:
        """Add an issuer whose first key signs from `at` to `at + key_valid`.  Return the kid (16 hex digits).  Raises
        UsageError."""
        with files.locked(self.path):
            return self._issuers.add(
                issuer, names=names or {}, max_lifetime=max_lifetime, not_before=at, not_after=at + key_valid
            )

    def rotate(self, issuer: str, *, at: int, starts_in: int = 0, key_valid: int = DEFAULT_KEY_VALID) -> str:
        """Add a key that signs from `at + starts_in` on, for `key_valid` seconds.  The old keys, and the passes they
        signed, stay valid to their own end.  Return the kid.  Raises UsageError."""
        start = at + starts_in
        with files.locked(self.path):
            return self._issuers.rotate(issuer, not_before=start, not_after=start + key_valid)

    def revoke_key(self, kid: str, *, at: int) -> str:
        """Revoke a key and return its issuer's id.  Gates refuse passes signed with it after their next sync.  Raises
        UsageError for an unknown kid."""
        with files.locked(self.path):
            return self._issuers.revoke(kid, at=at)

    def take_keys(self, listed: KeyList, *, shrink: bool = False) -> KeyChange:
        """Put keys of certificates of other systems into the trust list, as `Issuers.take_keys` does."""
        with files.locked(self.path):
            return self._issuers.take_keys(listed, shrink=shrink)

    def signing_key(self, issuer: str, at: int) -> SigningKey:
        """Return the key that signs at `at`.  Raises UsageError."""
        return self._issuers.signing_key(issuer, at)

    def trust_json(self) -> bytes:
        """Return trust.json as published.  Raises PublishError while there is no issuer."""
        return self._issuers.json()

    # People and their statuses

    @property
    def size(self) -> int:
        """Number of places in the status list."""
        return self._statuses().size

    def listing(self, idx: int) -> Listing:
        """Return the status of a place."""
        return self._statuses().get(idx)

    def set_status(self, idx: int, listing: Listing) -> None:
        """Set the status of one place.  Raises UsageError for a place outside the list's limit."""
        self.set_statuses({idx: listing})

    def set_statuses(self, listings: Mapping[int, Listing]) -> None:
        """Set all of these statuses or none.  Raises UsageError for a place outside the list's limit."""
        with files.locked(self.path):
            statuses = self._statuses()
            statuses.set(listings)
            self._save_statuses(statuses)

    def import_csv(self, stream: BinaryIO, progress: Progress | None = None) -> Imported:
        """Import statuses from CSV, as `take_in` does."""
        return self.take_in(CsvFile(stream, progress))

    def take_in(self, source: PeopleSource, *, grow: bool = False, ids: IdKind | None = None) -> Imported:
        """Import statuses from a table: all rows or none.  `grow` confirms that many people at once are new or change
        status.  `ids`: the kind of ids from now on; None leaves it unchanged.

        Without `ids`, a first import of nothing but IINs settles that people are identified by IINs.  Raises
        BadRowsError, PublishError, UsageError."""
        with files.locked(self.path):
            state, statuses, people = self._state(), self._statuses(), self._people()
            judge, first = Ids(ids or state.ids), not people.known
            change = importing.read(source, statuses=statuses, people=people, ids=judge, grow=grow)
            # People first: a crash in between leaves them unlisted, and the next import repairs that.
            statuses.overlay(change.values, importing.UNTOUCHED)
            self._save_statuses(statuses)
            if judge.kind is None and judge.all_iins and (first or not change.new_people):
                judge.kind = IdKind.IIN
            if judge.kind is not state.ids:
                self._save_state(state.model_copy(update={"ids": judge.kind}))
        return Imported(change.rows, change.new_people, statuses.size, statuses.listed)

    def place_of(self, person: str) -> int | None:
        """Return the place that an import gave to a person (IIN or other stable id).  Raises UsageError for an
        invalid id."""
        person = person.strip(BLANKS)
        if fault := Ids(self._state().ids).fault(0, person):
            raise UsageError(f"the person's id cannot be used: {fault}", hint="Nothing was changed")
        return self._people().find(person)

    def digests(self, first: int, last: int) -> Iterator[Digests]:
        """Yield the subject digests of the places from `first` up to but not `last`, in order.  A piece has at most
        65,536; 0 marks a place without a person."""
        return self._people().digests(first, last)

    # Passes

    def issue(
        self,
        issuer: str,
        idx: int,
        status: Status,
        issued_at: int,
        lifetime: int = DEFAULT_LIFETIME,
        holder: bytes | None = None,
    ) -> bytes:
        """Issue a credential (`gate.passes.aq1_encode.credential_text` makes the text of its code).  `holder`: the
        raw public key of the phone that it is bound to.  Raises UsageError for a pass that gates would refuse."""
        longest = self._issuers.max_lifetime(issuer)
        if not 0 < lifetime <= longest:
            raise UsageError(
                f"a pass of {issuer!r} cannot live {lifetime} seconds",
                hint=f"The trust list allows this issuer 1 to {longest} seconds",
            )
        return encode_credential(
            key=self._issuers.signing_key(issuer, issued_at),
            issuer=issuer,
            idx=idx,
            status=status,
            issued_at=issued_at,
            expires_at=issued_at + lifetime,
            token_id=secrets.token_bytes(TOKEN_ID_BYTES),
            holder=holder,
        )

    # Publishing

    def publish(self, to: Path, as_of: int, *, shrink: bool = False, grow: bool = False, ahead: bool = False) -> Head:
        """Sign trust list, rules and status list as the next version, and write them into the folder `to`.

        A concurrent reader of `to` sees the state before or after.  `shrink` confirms that far fewer people are
        listed than before, `grow` that many are new or change status, `ahead` that the last list is old.  Raises
        PublishError for content that gates would refuse or a change that is not confirmed, and UsageError when a
        required key is missing; `to` is then unchanged."""
        with files.locked(self.path):
            state, lists, before = self._state(), self._lists(), publication.published(self._repository)
            there, last = self._repository.documents(), before.head.as_of if before else None
            documents, reset = publication.documents(lists, there), publication.pending_reset(lists, there)
            Moment(as_of, last, reset, self._repository.offline_end()).check(ahead=ahead)
            version = max(state.list_version, before.head.version if before else 0) + 1
            head, content = publication.status(lists, before, version=version, as_of=as_of, shrink=shrink, grow=grow)
            # Before the files: after a crash the number is used up, so that it never names two contents.
            self._save_state(state.model_copy(update={"list_version": version}))
            with suppress(UsageError):  # the key is missing: `remarks` warns in time
                self._repository.renew_root(as_of)
            contents = {_TARGETS: documents, _STATUS: content, _SUBJECTS: self._subjects()}
            self._repository.publish(as_of, contents)
            self._repository.place(to)
            self._save_root()
        return head

    def reset_time(self, to: int) -> TimeReset:
        """Withdraw, at the next publication, times after `to` (Unix s) that lists stated.  Every gate forgets them
        once.  Offline keys sign it.  Raises PublishError."""
        with files.locked(self.path):
            return time_file.withdraw(self.path, to, self._repository.content(_TARGETS, TIME))

    def remarks(self, at: int) -> tuple[str, ...]:
        """Return warnings about what expires soon."""
        return end_remarks(self._repository.offline_end(), at)

    def rotate_role(self, role: SigningRole, at: int) -> None:
        """Replace the keys of a role; publish afterwards.  Raises UsageError when a required key is missing."""
        with files.locked(self.path):
            self._repository.rotate(role, at)
            self._save_root()

    def add_device(self, name: str, public: str) -> None:
        """Add a gate that checks people by IIN, with its public key (64 hex digits).  The subject index is published
        for it from now on.  Raises UsageError."""
        with files.locked(self.path):
            SubjectDevices(self.path / "devices.json").add(name, public)

    def remove_device(self, name: str) -> None:
        """Remove a gate that checks people by IIN. Raises UsageError."""
        with files.locked(self.path):
            SubjectDevices(self.path / "devices.json").remove(name)

    def _save_root(self) -> None:
        newest = self._repository.root_json()
        if (self.path / ROOT).read_bytes() != newest:
            files.write(self.path / ROOT, newest)

    def _subjects(self) -> Content:
        data, lengths = self._repository.content(_SUBJECTS, SUBJECTS), self._repository.lengths(_SUBJECTS)
        before = subjects.PublishedSubjects(SubjectsHead.parse(data) if data else None, frozenset(lengths))
        keys = SubjectDevices(self.path / "devices.json").keys()
        return subjects.content(self._people(), self._subject_key(), keys, before)

    def _lists(self) -> Lists:
        statuses = self._statuses()
        # The wire format has no empty list; one place that is not listed means the same.
        nibbles = statuses.nibbles() or b"\0"
        time = time_file.read(self.path)
        return Lists(self.trust_json(), self._read(RULES), nibbles, max(1, statuses.size), statuses.listed, time)

    # Files

    def _people(self) -> People:
        return People(self.path, self._subject_key())

    @property
    def _subject_key_file(self) -> Path:
        return self.path / "private" / "subject.key"

    def _subject_key(self) -> bytes:
        return self._private.read(self._subject_key_file)

    def _statuses(self) -> StatusTable:
        return StatusTable.load(self.path / "status.npy", self._state().max_places)

    def _save_statuses(self, statuses: StatusTable) -> None:
        statuses.save(self.path / "status.npy")

    def _state(self) -> _State:
        try:
            return _State.model_validate_json(self._read(_STATE))
        except ValidationError as error:
            raise StoreError(f"{self.path / _STATE}: {first_error(error)}", hint="Put it back from a backup") from error

    def _save_state(self, state: _State) -> None:
        files.write(self.path / _STATE, state.model_dump_json(indent=1).encode() + b"\n")

    def _read(self, name: str) -> bytes:
        try:
            return (self.path / name).read_bytes()
        except OSError as error:
            raise StoreError(
                f"cannot read {self.path / name}: {error.strerror}", hint="Put it back from a backup"
            ) from error
