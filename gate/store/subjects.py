"""The subject index of a device: from an IIN that staff typed to a place in the status list.

    subjects/head.json              key, places, runs and pieces; replaced last, so all files it names exist
    subjects/FIRST-LAST.digests     digests of consecutive places, 1,024 to a chunk, each chunk with a digest of its own

Files never change once they have their name; the piece at the end grows by being written again.  The sync writes,
others read.  The subject key stays sealed on the disk and is opened for the length of one look-up.
"""

import hashlib
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from shutil import rmtree
from typing import overload

from nacl.signing import SigningKey

from gate.errors import DamagedError, PublishError, StoreError
from gate.store.database import unusable
from gate.store.places import Places, Where
from gate.store.subject_files import CHUNK_PLACES, PIECE_PLACES, SubjectFiles, SubjectIndex
from gate.store.subject_wire import DIGEST_BYTES, SubjectsHead, key_name, unseal


@dataclass(frozen=True, slots=True)
class HeldSubjects:
    """The index that a device holds, as far as a sync needs it."""

    key: str  # name of the subject key
    places: int


def held_subjects(where: Where) -> HeldSubjects | None:
    """Return the held index; None where there is none, or it is damaged and to be fetched again.  One piece, a
    random one, is read and verified; of the others only the sizes."""
    files = SubjectFiles(_folder(where))
    try:
        index = files.read_index()
        if index is not None:
            files.check(index)
    except StoreError:
        return None
    return HeldSubjects(index.key, index.places) if index else None


def apply_subjects(
    head: SubjectsHead, sealed: bytes, parts: Iterable[tuple[int, bytes]], where: Where, proof: Mapping[str, bytes]
) -> None:
    """Take in the new parts of an index.  `proof`: its signed files.  `parts`: first place and digests (8 bytes
    each, big-endian) of consecutive segments; held places before them stay.  Raises PublishError, StoreError: the
    held index then stays."""
    files, known = SubjectFiles(_folder(where)), held_subjects(where)
    held = files.read_index() if known and known.key == head.key else None
    if held and head.places < held.places:
        raise PublishError(
            f"the subject index ends at place {head.places}, before {held.places} held here",
            hint="Publish from the newest state",
        )
    whole = [piece for piece in held.pieces if piece[1] - piece[0] == PIECE_PLACES] if held else []
    first = whole[-1][1] if whole else 0
    begun = files.read_piece(held.key, held.pieces[-1]) if held and held.places > first else b""
    pieces = list(whole)
    for content in _joined(first, begun, parts):
        pieces.append(files.write_piece(head.key, pieces[-1][1] if pieces else 0, content))
    places = pieces[-1][1] if pieces else 0
    if places != head.places:
        raise PublishError("the subject index has a gap", hint="Sync again")
    files.write_index(SubjectIndex(head.key, sealed, places, head.runs, tuple(pieces), _texts(proof)))


def keep_proof(proof: Mapping[str, bytes], where: Where) -> None:
    """Replace the signed files of an index that is held and current.  Raises StoreError."""
    files = SubjectFiles(_folder(where))
    index = files.read_index()
    if index is not None and index.proof != _texts(proof):
        files.write_index(replace(index, proof=_texts(proof)))


def read_span(index: SubjectIndex, first: int, last: int, where: Where) -> bytes:
    """Read the digests of places from `first` to the one before `last`.  Raises StoreError."""
    files, begin, parts = SubjectFiles(_folder(where)), first, []
    for piece in index.pieces:
        if piece[0] <= begin < min(last, piece[1]):
            content = files.read_piece(index.key, piece)
            end = min(last, piece[1])
            parts.append(content[(begin - piece[0]) * DIGEST_BYTES : (end - piece[0]) * DIGEST_BYTES])
            begin = end
    return b"".join(parts)


def read_subjects(where: Where) -> SubjectIndex | None:
    """Read the held index, unverified.  Raises StoreError."""
    return SubjectFiles(_folder(where)).read_index()


def subject_digest(iin: str, index: SubjectIndex, device: SigningKey) -> bytes:
    """Return a person's digest.  Raises DamagedError, PublishError for a subject key that is not this device's or
    not the index's."""
    key = unseal(index.sealed, device)
    if key_name(key) != index.key:
        raise DamagedError("the sealed subject key is another than the index has", hint="Publish the list again")
    return hashlib.blake2b(iin.encode("ascii"), key=key, digest_size=DIGEST_BYTES).digest()


def delete_subjects(where: Where) -> None:
    """Remove the index, where people are no longer checked by IIN.  Raises StoreError."""
    folder = _folder(where)
    try:
        if folder.exists():
            rmtree(folder)
    except OSError as error:
        raise unusable(folder, error) from error


def find_subject(iin: str, device: SigningKey, where: Where) -> int | None:
    """Return the place of a person; None when they have none.  Raises StoreError where no index is held."""
    files = SubjectFiles(_folder(where))
    for last in (False, True):
        index = files.read_index()
        if index is None:
            raise StoreError(
                "this device holds no subject index",
                hint="Set iin_check = true in [staff], give the authority `gate list device-key`, and sync",
            )
        try:
            return _search(files, index, subject_digest(iin, index, device))
        except FileNotFoundError as error:  # a sync has replaced it meanwhile
            if last:
                raise DamagedError(f"{error.filename}: it is missing", hint="Sync again") from error
    return None


def _texts(proof: Mapping[str, bytes]) -> dict[str, str]:
    return {name: body.decode("utf-8", "surrogateescape") for name, body in proof.items()}


def _folder(where: Where) -> Path:
    return Places.of(where).subjects


def _joined(first: int, begun: bytes, parts: Iterable[tuple[int, bytes]]) -> Iterator[bytes]:
    """Yield the contents of the pieces from place `first` on, the last one shorter; `begun`: the held part of the
    first.  Raises PublishError for parts that leave a gap."""
    most = PIECE_PLACES * DIGEST_BYTES
    content = bytearray(begun)
    for start, digests in parts:
        new = first + len(content) // DIGEST_BYTES - start  # places of this part that are already held
        if new < 0:
            raise PublishError("the subject index has a gap", hint="Sync again")
        content += digests[new * DIGEST_BYTES :]
        while len(content) >= most:
            yield bytes(content[:most])
            del content[:most]
            first += PIECE_PLACES
    if content:
        yield bytes(content)


def _search(files: SubjectFiles, index: SubjectIndex, digest: bytes) -> int | None:
    chunks: dict[int, bytes] = {}  # read by this look-up
    for first, end in zip(index.runs, [*index.runs[1:], index.places], strict=True):
        run = _Run(files, index, chunks, first, end)
        at = bisect_left(run, digest)
        if at < len(run) and run[at] == digest:
            return first + at
    return None


class _Run(Sequence[bytes]):
    """Places with ascending digests, read one at a time."""

    def __init__(
        self, files: SubjectFiles, index: SubjectIndex, chunks: dict[int, bytes], first: int, end: int
    ) -> None:
        self._files = files
        self._index = index
        self._chunks = chunks
        self._first = first
        self._end = end

    def __len__(self) -> int:
        return self._end - self._first

    @overload
    def __getitem__(self, at: int) -> bytes: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[bytes]: ...
    def __getitem__(self, at: int | slice) -> bytes | Sequence[bytes]:
        if isinstance(at, slice):
            return [self[number] for number in range(*at.indices(len(self)))]
        number, offset = divmod(self._first + at, CHUNK_PLACES)
        if number not in self._chunks:
            self._chunks[number] = self._files.read_chunk(self._index, number)
        return self._chunks[number][offset * DIGEST_BYTES : (offset + 1) * DIGEST_BYTES]
