"""The subject index as it lies on a device: digests in pieces of 131,072 places, read by a span or one at a time."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import pytest
from nacl.signing import SigningKey

from gate.errors import DamagedError, PublishError
from gate.store.subject_files import CHUNK_PLACES, PIECE_PLACES, SubjectFiles, SubjectIndex
from gate.store.subject_wire import DIGEST_BYTES, SubjectSegment, SubjectsHead, key_name, seal
from gate.store.subjects import (
    HeldSubjects,
    apply_subjects,
    delete_subjects,
    find_subject,
    held_subjects,
    keep_proof,
    read_span,
    read_subjects,
)

KEY, OTHER_KEY = "00" * 8, "11" * 8
IIN, OTHER_IIN = "900101300123", "851231400456"
PLACES = PIECE_PLACES + CHUNK_PLACES + 5


def digests(first: int, last: int) -> bytes:
    return b"".join(place.to_bytes(DIGEST_BYTES, "big") for place in range(first, last))


def take_in(state: Path, *parts: tuple[int, int], places: int, key: str = KEY) -> None:
    head = SubjectsHead(key=key, runs=(0,), segments=(SubjectSegment(first=0, last=places),))
    apply_subjects(
        head, b"sealed", [(first, digests(first, last)) for first, last in parts], state, {"head": b"signed"}
    )


def span(state: Path, first: int, last: int) -> bytes:
    index = read_subjects(state)
    assert index is not None
    return read_span(index, first, last, state)


@pytest.fixture(scope="module")
def two_pieces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    state = tmp_path_factory.mktemp("state")
    take_in(state, (0, PLACES), places=PLACES)
    return state


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (0, 1),
        (5, 2000),
        (PIECE_PLACES - 3, PIECE_PLACES),
        (PIECE_PLACES - 3, PIECE_PLACES + 3),
        (PIECE_PLACES, PIECE_PLACES + 1),
        (PIECE_PLACES + 7, PLACES),
        (PLACES - 1, PLACES),
    ],
)
def test_a_span_is_read_over_pieces(two_pieces: Path, first: int, last: int) -> None:
    assert span(two_pieces, first, last) == digests(first, last)


def test_what_is_beyond_the_end_is_nobody(two_pieces: Path) -> None:
    assert span(two_pieces, PLACES - 2, PLACES + 2) == digests(PLACES - 2, PLACES)
    assert span(two_pieces, 4, 4) == b""


@pytest.mark.parametrize("parts", [[(10, 30)], [(0, 30)], [(5, 30)], [(10, 20), (20, 30)], [(0, 10), (8, 30)]], ids=str)
def test_what_is_new_is_taken_in_behind_what_is_held(tmp_path: Path, parts: Sequence[tuple[int, int]]) -> None:
    take_in(tmp_path, (0, 10), places=10)
    take_in(tmp_path, *parts, places=30)
    assert held_subjects(tmp_path) == HeldSubjects(KEY, 30)
    assert span(tmp_path, 0, 30) == digests(0, 30)


def test_people_who_are_new_are_added_to_the_last_piece(tmp_path: Path) -> None:
    take_in(tmp_path, (0, PLACES), places=PLACES)
    take_in(tmp_path, (PLACES, PLACES + 5), places=PLACES + 5)
    index = read_subjects(tmp_path)
    assert index is not None
    assert index.pieces == ((0, PIECE_PLACES), (PIECE_PLACES, PLACES + 5))
    assert span(tmp_path, PIECE_PLACES - 2, PLACES + 5) == digests(PIECE_PLACES - 2, PLACES + 5)


@pytest.mark.parametrize("parts", [[(11, 30)], [(10, 29)], [(10, 15), (16, 30)], []], ids=str)
def test_a_gap_is_refused_and_what_was_held_is_held_still(tmp_path: Path, parts: Sequence[tuple[int, int]]) -> None:
    take_in(tmp_path, (0, 10), places=10)
    with pytest.raises(PublishError, match="has a gap"):
        take_in(tmp_path, *parts, places=30)
    assert held_subjects(tmp_path) == HeldSubjects(KEY, 10)
    assert span(tmp_path, 0, 10) == digests(0, 10)


def test_an_index_shrinks_under_another_key_only(tmp_path: Path) -> None:
    take_in(tmp_path, (0, 10), places=10)
    with pytest.raises(PublishError, match="ends at place 9, before 10 held here"):
        take_in(tmp_path, (0, 9), places=9)
    take_in(tmp_path, (0, 10), places=10)  # the same again is no fault
    take_in(tmp_path, (0, 9), places=9, key=OTHER_KEY)
    assert held_subjects(tmp_path) == HeldSubjects(OTHER_KEY, 9)
    assert sorted(path.name for path in (tmp_path / "subjects").iterdir()) == ["0-9.digests", "head.json"]


def test_what_was_signed_is_kept_with_it(tmp_path: Path) -> None:
    keep_proof({"head": b"nothing is held"}, tmp_path)
    assert read_subjects(tmp_path) is None
    take_in(tmp_path, (0, 10), places=10)
    keep_proof({"head": b"signed \xff again"}, tmp_path)
    index = read_subjects(tmp_path)
    assert index is not None
    assert index.proof == {"head": "signed \udcff again"}
    assert (index.key, index.sealed, index.places, index.runs, index.pieces) == (KEY, b"sealed", 10, (0,), ((0, 10),))


@pytest.mark.parametrize("comes", [True, False])
def test_a_piece_that_a_sync_replaced_meanwhile_is_looked_for_once_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, comes: bool
) -> None:
    """A reader has the index of before, and the sync has removed its piece."""
    device = SigningKey(bytes(range(32)))
    key = bytes(32)
    lists = [hashlib.blake2b(iin.encode(), key=key, digest_size=DIGEST_BYTES).digest() for iin in (IIN, OTHER_IIN)]
    segment = SubjectSegment(first=0, last=2)
    head = SubjectsHead(key=key_name(key), runs=(0,), segments=(segment,))
    apply_subjects(head, seal(key, device.verify_key), [(0, b"".join(sorted(lists)))], tmp_path, {})
    place = sorted(lists).index(lists[0])
    assert find_subject(IIN, device, tmp_path) == place
    (piece,) = (tmp_path / "subjects").glob("*.digests")
    content = piece.read_bytes()
    piece.unlink()
    read, reads = SubjectFiles.read_index, 0

    def reading(files: SubjectFiles) -> SubjectIndex | None:
        nonlocal reads
        reads += 1
        if reads == 2 and comes:
            piece.write_bytes(content)
        return read(files)

    monkeypatch.setattr(SubjectFiles, "read_index", reading)
    if comes:
        assert find_subject(IIN, device, tmp_path) == place
    else:
        with pytest.raises(DamagedError, match="it is missing"):
            find_subject(IIN, device, tmp_path)
    assert reads == 2


def test_what_is_damaged_or_gone_is_not_held(tmp_path: Path) -> None:
    take_in(tmp_path, (0, 10), places=10)
    piece = tmp_path / "subjects" / "0-10.digests"
    whole = piece.read_bytes()
    for damaged in (whole[:-1], whole + b"\0", bytes([whole[0] ^ 1]) + whole[1:], whole[:-1] + bytes([whole[-1] ^ 1])):
        piece.write_bytes(damaged)
        assert held_subjects(tmp_path) is None
    piece.write_bytes(whole)
    assert held_subjects(tmp_path) == HeldSubjects(KEY, 10)
    delete_subjects(tmp_path)
    delete_subjects(tmp_path)
    assert held_subjects(tmp_path) is None
    assert not piece.exists()
