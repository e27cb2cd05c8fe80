"""What a gate gets from a published folder: through TUF, as in the field."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from gate.store import status_wire as wire
from gate.store.documents import RULES, TRUST
from gate.sync.kept_metadata import KeptMetadata
from gate.sync.mirror import Mirror
from gate.sync.repository import TIMESTAMP, MirrorRepository

MOST = 1 << 26  # bytes


@contextmanager
def visiting(folder: Path, root: Path, now: float) -> Iterator[MirrorRepository]:
    """By a gate that was never there before."""
    with TemporaryDirectory() as own:
        place = Path(own) / "tuf"
        with (
            closing(KeptMetadata(place)) as kept,
            closing(Mirror(folder.as_uri(), TIMESTAMP, kept.files, lambda _: None)) as mirror,
            closing(MirrorRepository(mirror, kept, place, root.read_bytes(), now)) as repository,
        ):
            repository.refresh()
            yield repository


def fetched(folder: Path, root: Path, now: float) -> tuple[wire.Head, bytes, dict[str, bytes]]:
    """Head, nibbles, and trust.json and rules.json by name."""
    with visiting(folder, root, now) as repository:
        head = wire.Head.parse(repository.document(wire.HEAD))
        packed = repository.fetch(head.snapshot, MOST)
        documents = {name: repository.document(name) for name in (TRUST, RULES)}
        return head, wire.decode_snapshot(packed, head.size), documents
