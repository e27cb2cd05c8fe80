"""Verification of a list.db: its documents against the signatures stored in it, and a root.json."""

import json
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from gate.errors import GateError, PublishError, StoreError, SyncError
from gate.store.apply_list import Publication
from gate.store.documents import RULES, SIGNATURES, TIME, TRUST
from gate.store.list_file import ListFile, ListHead, open_held
from gate.store.list_write import OUTDATED, rewrite
from gate.store.places import Places
from gate.store.status_wire import HEAD, Head
from gate.sync.folder import TARGETS
from gate.sync.kept_metadata import MAX_METADATA, KeptMetadata
from gate.sync.list_mirror import ListMirror
from gate.sync.repository import MirrorRepository
from gate.sync.shelf import Shelf

NO_EXPIRY = 0.0  # Unix s: no metadata has expired by then
HINT = (
    "What was held stays in use.  The next `gate sync` writes it again; if that is refused too, stop gate-sync "
    "and find out who writes there"
)


class ForgedError(PublishError):
    """Error for a list.db whose content the authority did not sign."""


@contextmanager
def verified(
    path: Path, documents: Mapping[str, bytes], root: bytes, kept: KeptMetadata, folder: Path
) -> Iterator[tuple[MirrorRepository, Publication]]:
    """Yield the publication in the documents of the list.db at `path`, without its nibbles.  `kept`, in `folder`:
    metadata accepted before.  Raises ForgedError, StoreError, and SyncError for an invalid root.json."""
    if HEAD not in documents:
        raise ForgedError(f"{path}: it carries no signatures of the authority", hint=HINT)
    try:
        repository = MirrorRepository(ListMirror(str(path), documents), kept, folder, root, NO_EXPIRY)
    except SyncError as error:
        raise SyncError(
            f"root.json of this device cannot be used: {error.what}", hint="Get root.json from the authority"
        ) from error
    with closing(repository):
        publication = _publication(path, repository)
        signed = {TRUST: publication.trust, RULES: publication.rules, TIME: publication.time}
        for name, body in signed.items():
            # The signed one may be kept from before, and the offer contain another.
            if body is not None and documents.get(name) != body:
                raise ForgedError(f"{path}: {name} is not what the authority signed", hint=HINT)
        yield repository, publication


def _publication(path: Path, repository: MirrorRepository) -> Publication:
    try:
        repository.refresh()
        time = repository.document(TIME) if repository.length(TIME) is not None else None
        trust, rules = repository.document(TRUST), repository.document(RULES)
        head = Head.parse(repository.document(HEAD))
    except SyncError as error:
        raise ForgedError(error.what, hint=HINT) from error
    except GateError:
        raise
    except OSError as error:
        raise StoreError(f"{error.filename}: {error.strerror}", hint="See the disk and its rights") from error
    except Exception as error:
        raise ForgedError(f"{path}: it cannot be used ({type(error).__name__})", hint=HINT) from error
    return Publication(trust, rules, head, None, time)


def is_signed(places: Places, root: bytes) -> bool:
    """Return whether head and documents of the held list are as signed; True without a list.  A sync must continue
    from nothing else.  Raises StoreError where the disk refuses."""
    file = open_held(places)
    if file is None:
        return True
    with closing(file):
        return _is_signed(file, file.documents(), root)


def _is_signed(file: ListFile, documents: Mapping[str, bytes], root: bytes) -> bool:
    try:
        with (
            TemporaryDirectory(prefix="gate-") as temporary,
            closing(KeptMetadata(folder := Path(temporary) / "tuf")) as kept,
            verified(file.path, documents, root, kept, folder) as (_, found),
        ):
            return documents.get(TIME) == found.time and _is_head(file.head, found.head)
    except (ForgedError, PublishError):
        return False


def _is_head(held: ListHead, signed: Head) -> bool:
    numbers = (signed.version, signed.size, signed.listed, signed.sha256)
    return (held.version, held.size, held.listed, held.sha256) == numbers and held.as_of in (signed.as_of, OUTDATED)


def add_signatures(places: Places, root: bytes) -> bool:
    """Write the held list again with its signatures; return whether they were missing.  An earlier version of the
    gate kept them in tuf/ only.  A gate without a network then has a list that its lane can verify.  Raises
    StoreError."""
    file = open_held(places)
    if file is None:
        return False
    with closing(file):
        documents = file.documents()
        if HEAD in documents:
            return False
        found = _signatures(places.list_dir / "tuf")
        if found is None or not _is_signed(file, documents | found, root):
            return False
        rewrite(places, file, file.head, documents | found)
    return True


def _signatures(folder: Path) -> dict[str, bytes] | None:
    """Return the signatures as `Repository.proof` does, from the folder of a successful visit; None where one is
    missing."""
    with closing(KeptMetadata(folder)) as kept, closing(Shelf(folder / TARGETS)) as targets:
        bodies = {role: kept.files.read(f"{role}.json", MAX_METADATA) for role in ("snapshot", "targets", "status")}
        timestamp = kept.files.read("timestamp.json", MAX_METADATA)
        heads = [targets.read(name, MAX_METADATA) for name in targets.names() if name.endswith(".head.json")]
        history = sorted((kept.tried / "root_history").glob("*.root.json"))
        found = {f"{SIGNATURES}{path.name}": path.read_bytes() for path in history}
    head = next((body for body in heads if body is not None and b'"snapshot"' in body), None)
    if head is None or timestamp is None:
        return None
    try:
        for role, body in bodies.items():
            found[f"{SIGNATURES}{json.loads(body or b'')['signed']['version']}.{role}.json"] = body or b""
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return found | {f"{SIGNATURES}timestamp.json": timestamp, HEAD: head}
