"""The subject index of a visit: fetches new segments only, and only where the index is needed."""

from collections.abc import Iterator

from nacl.signing import VerifyKey

from gate.errors import SyncError
from gate.store.places import Where
from gate.store.subject_segments import decode_segment
from gate.store.subject_wire import (
    DIGEST_BYTES,
    MAX_SEALED,
    MAX_SEGMENT,
    SUBJECTS,
    SubjectSegment,
    SubjectsHead,
    sealed_target,
)
from gate.store.subjects import apply_subjects, held_subjects, keep_proof
from gate.sync.repository import MirrorRepository


def take_subjects(repository: MirrorRepository, device: VerifyKey, where: Where) -> None:
    """Fetch the new segments.  `device`: its public key.  Raises SyncError, PublishError, StoreError."""
    target = sealed_target(device)
    if repository.length(SUBJECTS) is None or repository.length(target) is None:
        raise SyncError(
            "the subject index is not published for this device",
            hint="Give its `gate list device-key` to the authority: `gate authority add-device`, then publish",
        )
    head = SubjectsHead.parse(repository.document(SUBJECTS))
    known = held_subjects(where)
    held = known.places if known and known.key == head.key else 0
    proof = repository.proof(SUBJECTS, "subjects")
    if known and known.key == head.key and held == head.places:
        keep_proof(proof, where)
        return
    sealed = repository.fetch(target, MAX_SEALED)
    missing = [segment for segment in head.segments if segment.last > held]
    apply_subjects(head, sealed, _parts(repository, missing, held), where, proof)


def _parts(repository: MirrorRepository, segments: list[SubjectSegment], held: int) -> Iterator[tuple[int, bytes]]:
    """Yield digests of the places from `held` on, a segment at a time."""
    for segment in segments:
        packed = repository.fetch(segment.target, MAX_SEGMENT)
        first = max(held, segment.first)
        yield first, decode_segment(packed, segment)[DIGEST_BYTES * (first - segment.first) :]
        repository.drop(segment.target)
