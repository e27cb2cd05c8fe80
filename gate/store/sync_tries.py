"""The last round of the sync, mirror by mirror, and when the next one is due: a small file beside list.db.

For people who ask how the lists come.  Nothing is decided by it, and a damaged one is none.
"""

import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from math import isfinite
from pathlib import Path

from gate.errors import StoreError
from gate.store.database import unusable
from gate.store.durable import SHARED, read_regular, write_whole
from gate.store.places import Places, Where

NAME = "sync-tries"
MOST_MIRRORS = 32
_WORDS = 400  # characters of a problem
_MOST = 64 * 1024  # bytes that are read of the file


@dataclass(frozen=True, slots=True)
class MirrorTry:
    """A visit to a mirror.  `problem`: "" where it could be used; `at`: Unix s, trusted."""

    mirror: str  # its address without user and password
    at: float
    problem: str
    received: int  # bytes


@dataclass(frozen=True, slots=True)
class SyncRound:
    """The last round.  `next_at`: Unix s of the next one, about."""

    tries: tuple[MirrorTry, ...]
    next_at: float


def record_round(made: SyncRound, where: Where) -> None:
    """Replace the record.  Raises StoreError."""
    tries = [{**asdict(one), "problem": one.problem[:_WORDS]} for one in made.tries[:MOST_MIRRORS]]
    path = _path(where)
    try:
        write_whole(path, json.dumps({"tries": tries, "next_at": made.next_at}).encode() + b"\n", SHARED)
    except OSError as error:
        raise unusable(path, error) from error


def last_round(where: Where) -> SyncRound | None:
    """Read the record; None before the first round, and where the file is damaged."""
    with suppress(OSError, ValueError, KeyError, TypeError, RecursionError, StoreError):
        kept = json.loads(read_regular(_path(where), _MOST) or b"")
        tries = tuple(
            MirrorTry(str(one["mirror"])[:_WORDS], _time(one["at"]), str(one["problem"])[:_WORDS], int(one["received"]))
            for one in kept["tries"][:MOST_MIRRORS]
        )
        return SyncRound(tries, _time(kept["next_at"]))
    return None


def _time(value: object) -> float:
    if not isinstance(value, int | float) or not isfinite(value):
        raise ValueError("no time")
    return float(value)


def _path(where: Where) -> Path:
    return Places.of(where).list_dir / NAME
