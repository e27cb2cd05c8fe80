"""The time of the last successful sync: a small file beside list.db, as an unchanged list is not rewritten."""

import json
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from math import isfinite
from pathlib import Path

from gate.errors import StoreError
from gate.store.database import unusable
from gate.store.durable import SHARED, read_regular, write_whole
from gate.store.list_file import ListFile, read_held
from gate.store.places import Places, Where

NAME = "last-sync"
_DIGEST_BYTES = 8
_MOST = 4096  # bytes that are read of the file


@dataclass(frozen=True, slots=True)
class Synced:
    """The record of a successful sync."""

    at: float  # Unix s, trusted clock
    mirror: str


def record_sync(synced: Synced, where: Where) -> None:
    """Replace the record.  Raises StoreError."""
    path = _path(where)
    body = [synced.at, synced.mirror]
    try:
        write_whole(path, json.dumps([*body, _digest(body)]).encode() + b"\n", SHARED)
    except OSError as error:
        raise unusable(path, error) from error


def last_sync(where: Where) -> Synced | None:
    """Read the record; None before the first sync, and where the file is damaged: the next sync writes it again."""
    try:
        content = read_regular(_path(where), _MOST)
    except FileNotFoundError:
        return _of_earlier_list(where)
    except OSError:
        return None
    try:
        at, mirror, digest = json.loads(content or b"")
        sound = digest == _digest([at, mirror]) and isfinite(at)
    except Exception:  # noqa: BLE001 - the errors of a damaged file vary
        return None
    return Synced(float(at), mirror) if sound else None


def _of_earlier_list(where: Where) -> Synced | None:
    with suppress(StoreError):
        found = read_held(where, ListFile.synced)
        return Synced(*found) if found else None
    return None


def _path(where: Where) -> Path:
    return Places.of(where).list_dir / NAME


def _digest(body: list[object]) -> str:
    return blake2b(json.dumps(body).encode(), digest_size=_DIGEST_BYTES).hexdigest()
