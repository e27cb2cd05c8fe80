"""Verification of a person's place against the signed subject index, before staff rely on it."""

import hashlib
import shutil
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from nacl.signing import SigningKey

from gate.errors import PublishError, SyncError
from gate.store.places import Places
from gate.store.subject_files import SubjectIndex
from gate.store.subject_wire import DIGEST_BYTES, SUBJECTS, SubjectsHead
from gate.store.subjects import read_span, read_subjects, subject_digest
from gate.sync.kept_metadata import KeptMetadata
from gate.sync.list_mirror import ListMirror
from gate.sync.repository import MirrorRepository
from gate.sync.signed_list import HINT, NO_EXPIRY, ForgedError


def confirm(iin: str, idx: int, device: SigningKey, places: Places, root: bytes) -> None:
    """Raise ForgedError where `idx` is not the signed place of this person; StoreError where that cannot be read.

    The bytes to verify are read once, here, because the sync may change the index."""
    index = read_subjects(places)
    if index is None:
        raise ForgedError("the subject index is gone", hint=HINT)
    head = _signed_head(index, places, root)
    segment = next((one for one in head.segments if one.first <= idx < one.last), None)
    if segment is None or head.key != index.key:
        raise ForgedError("the subject index is not the one that the authority signed", hint=HINT)
    if segment.sha256 is None:
        hint = "Publish the list again, with the present version of the gate"
        raise PublishError("the authority has not signed the content of the subject index", hint=hint)
    digests = read_span(index, segment.first, segment.last, places)
    at = (idx - segment.first) * DIGEST_BYTES
    signed = hashlib.sha256(digests).hexdigest() == segment.sha256
    if not signed or digests[at : at + DIGEST_BYTES] != subject_digest(iin, index, device):
        raise ForgedError("the subject index is not what the authority signed", hint=HINT)


def _signed_head(index: SubjectIndex, places: Places, root: bytes) -> SubjectsHead:
    """Return the head as verified by the newest root of the lane.  Versions are not compared: an older index only
    lacks people."""
    proof = {name: body.encode("utf-8", "surrogateescape") for name, body in index.proof.items()}
    with TemporaryDirectory(prefix="gate-") as temporary:
        folder, roots = Path(temporary) / "tuf", places.verified.list_dir / "tuf" / "root_history"
        if roots.is_dir():
            (folder / roots.name).mkdir(parents=True)
            for known in roots.iterdir():  # not `copytree`, whose chmod a confined process may not call
                shutil.copyfile(known, folder / roots.name / known.name)
        with closing(KeptMetadata(folder)) as kept:
            mirror = ListMirror(str(places.list_dir / "subjects"), proof)
            try:
                with closing(MirrorRepository(mirror, kept, folder, root, NO_EXPIRY)) as repository:
                    repository.refresh()
                    return SubjectsHead.parse(repository.document(SUBJECTS))
            except SyncError as error:
                raise ForgedError(error.what, hint=HINT) from error
