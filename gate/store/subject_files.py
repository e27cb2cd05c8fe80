"""Files of the subject index: written once, verified a chunk at a time."""

import json
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path

from gate.errors import DamagedError
from gate.store.database import unusable
from gate.store.durable import SHARED, make_own_directory, read_regular, write_whole
from gate.store.places import SUBJECT_INDEX
from gate.store.subject_wire import DIGEST_BYTES

CHUNK_PLACES = 1024
PIECE_PLACES = 128 * CHUNK_PLACES  # 1 MB: written again when one person is new
SEAL_BYTES = 8  # of a chunk
FLUSHED = 75_000  # bytes flushed to the disk at once, so that a lane on the same card does not wait
PAUSE = 0.002  # seconds between two of them

_MOST_INDEX = 4 << 20  # bytes
_CHUNK_BYTES = CHUNK_PLACES * DIGEST_BYTES
_STRIDE = _CHUNK_BYTES + SEAL_BYTES

Piece = tuple[int, int]
"""First place, and the one after the last."""


@dataclass(frozen=True, slots=True)
class SubjectIndex:
    """The head of a device's subject index."""

    key: str  # name of the subject key
    sealed: bytes  # that key, for this device's key only
    places: int
    runs: tuple[int, ...]  # first places, within which digests ascend up to the next
    pieces: tuple[Piece, ...]
    proof: Mapping[str, str] = field(default_factory=dict)
    """The signed files of it, by name as on a mirror: TUF metadata, and subjects/head.json."""


class SubjectFiles:
    """The folder of an index.  Methods raise DamagedError for content that has changed, StoreError when the disk
    refuses."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read_index(self) -> SubjectIndex | None:
        """Read the index; None where there is none."""
        path = self._folder / SUBJECT_INDEX
        try:
            content = read_regular(path, _MOST_INDEX)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise unusable(path, error) from error
        try:
            seal, _, body = (content or b"").partition(b"\n")
            if seal.decode() != _seal(body):
                raise ValueError("digest")
            key, sealed, places, runs, pieces, *rest = json.loads(body)
            extents = tuple((first, last) for first, last in pieces)
            proof = rest[0] if rest else {}  # an index of an earlier release has none
            numbers = [places, *runs, *(place for extent in extents for place in extent)]
            texts = [key, *proof.keys(), *proof.values()]
            if not all(type(number) is int for number in numbers) or not all(type(text) is str for text in texts):
                raise ValueError("types")
            found = SubjectIndex(key, bytes.fromhex(sealed), places, tuple(runs), extents, proof)
        except Exception as error:
            raise _damaged(path) from error
        return found

    def write_index(self, index: SubjectIndex) -> None:
        """Replace the index, then remove the pieces that it does not name."""
        path = self._folder / SUBJECT_INDEX
        parts = [index.key, index.sealed.hex(), index.places, index.runs, index.pieces, dict(index.proof)]
        body = json.dumps(parts).encode()
        named = {SUBJECT_INDEX, *(_name(piece) for piece in index.pieces)}
        try:
            make_own_directory(self._folder)
            write_whole(path, _seal(body).encode() + b"\n" + body, SHARED)
            for other in list(self._folder.iterdir()):
                if other.name not in named:
                    other.unlink()
        except OSError as error:
            raise unusable(path, error) from error

    def check(self, index: SubjectIndex) -> None:
        """Check that every piece exists and has its size; one of them, at random, is read and verified."""
        try:
            for piece in index.pieces:
                path = self._folder / _name(piece)
                if path.stat().st_size != sum(len(chunk) + SEAL_BYTES for _, chunk in _cut(piece, None)):
                    raise _damaged(path)
        except OSError as error:
            raise unusable(self._folder, error) from error
        if index.pieces:
            self.read_piece(index.key, random.choice(index.pieces))  # noqa: S311 - no secret

    def read_piece(self, key: str, piece: Piece) -> bytes:
        """Read the digests of the piece's places."""
        path = self._folder / _name(piece)
        try:
            content = read_regular(path, sum(len(shape) + SEAL_BYTES for _, shape in _cut(piece, None))) or b""
        except OSError as error:
            raise unusable(path, error) from error
        digests, at = [], 0
        for number, shape in _cut(piece, None):
            part = content[at : at + len(shape) + SEAL_BYTES]
            at += len(part)
            digests.append(_opened(path, key, number, part, len(shape)))
        return b"".join(digests)

    def write_piece(self, key: str, first: int, digests: bytes) -> Piece:
        piece = (first, first + len(digests) // DIGEST_BYTES)
        path = self._folder / _name(piece)
        content = b"".join(chunk + _chunk_seal(key, number, chunk) for number, chunk in _cut(piece, digests))
        try:
            make_own_directory(self._folder)
            write_whole(path, content, SHARED, at_once=FLUSHED, pause=PAUSE)
        except OSError as error:
            raise unusable(path, error) from error
        return piece

    def read_chunk(self, index: SubjectIndex, number: int) -> bytes:
        """Read a chunk.  Raises FileNotFoundError for a piece that was replaced since `index` was read."""
        piece = index.pieces[number * CHUNK_PLACES // PIECE_PLACES]
        path = self._folder / _name(piece)
        length = min(CHUNK_PLACES, piece[1] - number * CHUNK_PLACES) * DIGEST_BYTES
        try:
            part = read_regular(path, length + SEAL_BYTES, (number - piece[0] // CHUNK_PLACES) * _STRIDE)
        except FileNotFoundError:
            raise
        except OSError as error:
            raise unusable(path, error) from error
        return _opened(path, index.key, number, part or b"", length)


def _name(piece: Piece) -> str:
    return f"{piece[0]}-{piece[1]}.digests"


def _cut(piece: Piece, digests: bytes | None) -> Iterator[tuple[int, bytes]]:
    """Yield number and content of each chunk; without `digests` zeros in their place, for the lengths."""
    first, last = piece
    content = bytes((last - first) * DIGEST_BYTES) if digests is None else digests
    for at in range(0, len(content), _CHUNK_BYTES):
        yield (first * DIGEST_BYTES + at) // _CHUNK_BYTES, content[at : at + _CHUNK_BYTES]


def _opened(path: Path, key: str, number: int, sealed: bytes, length: int) -> bytes:
    chunk = sealed[:length]
    if len(sealed) != length + SEAL_BYTES or sealed[length:] != _chunk_seal(key, number, chunk):
        raise _damaged(path)
    return chunk


def _chunk_seal(key: str, number: int, chunk: bytes) -> bytes:
    person = number.to_bytes(16, "little")
    return blake2b(chunk, digest_size=SEAL_BYTES, salt=bytes.fromhex(key), person=person).digest()


def _seal(body: bytes) -> str:
    return blake2b(body, digest_size=SEAL_BYTES).hexdigest()


def _damaged(path: Path) -> DamagedError:
    return DamagedError(f"{path}: damaged", hint="The next `gate sync` fetches the subject index again")
