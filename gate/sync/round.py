"""One round: visits the mirrors in turn until one has a list that is new enough, and reports the result.

The caller supplies the `Visit`: in its own process (`gate.sync.visit_process`), or in this one (`gate.sync.sync`),
which loads everything that a visit needs.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from gate.errors import SyncError
from gate.logs import Log
from gate.store.durable import read_regular
from gate.store.places import Where

if TYPE_CHECKING:
    from nacl.signing import VerifyKey

MAX_ROOT = 64 << 10  # bytes: python-tuf's limit for a fetched one

log = Log(part="sync")


@dataclass(frozen=True, slots=True)
class ListSource:
    """The configuration of a device's syncs."""

    mirrors: Sequence[str]  # addresses, in the order in which they are asked
    root: Path  # root.json, the trust anchor
    where: Where
    stale_after: float  # seconds: a mirror whose list is older may be frozen, and the next one is asked too
    subjects_for: "VerifyKey | None" = None  # this device's public key, where people are checked by IIN
    delete_subjects: bool = False  # people are not checked here: no subject index is kept


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of a round: the list, and how it came."""

    mirror: str
    version: int
    as_of: int  # Unix s
    listed: int
    changed: bool
    received: int  # bytes from all mirrors
    way: str  # "unchanged", "2 deltas", "snapshot"
    applied_in: float  # seconds from the last file until the list was durable; 0 where nothing was new
    problems: tuple[str, ...]  # of mirrors that could not be used


@dataclass(frozen=True, slots=True)
class MirrorProblem:
    """A mirror's fault, and what to do."""

    what: str
    hint: str


@dataclass(frozen=True, slots=True)
class Visited:
    """The result of a visit.  `outcome` is None for a mirror that could not be used; even a usable one may have
    problems."""

    outcome: Outcome | None
    problems: tuple[MirrorProblem, ...]
    received: int  # bytes


Visit = Callable[[str], Visited]
"""Visits the mirror at an address.  Raises StoreError, and what ends the round; a mirror's fault is a problem."""


def read_root(path: Path) -> bytes:
    """Read root.json.  Raises SyncError."""
    try:
        content = read_regular(path, MAX_ROOT + 1)
    except OSError as error:
        raise SyncError(
            f"{path}: {error.strerror}", hint="Get root.json from the authority, and name it in [sync] root"
        ) from error
    if content is None:
        raise SyncError(
            f"{path}: it is not a file", hint="Get root.json from the authority, and name it in [sync] root"
        )
    if len(content) > MAX_ROOT:
        raise SyncError(f"{path}: more than {MAX_ROOT} bytes", hint="Get root.json from the authority")
    return content


def shown(address: str) -> str:
    """Return a mirror's address without user and password."""
    scheme, separator, rest = address.rstrip("/").partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{separator}{host.rpartition('@')[2]}{slash}{path}"


def visit_in_turn(mirrors: Sequence[str], visit: Visit, is_new_enough: Callable[[Outcome], bool]) -> Outcome:
    """Visit the mirrors in turn.  Raises SyncError when no mirror could be used, and what `visit` raises."""
    visits: list[Visited] = []
    for address in mirrors:
        visited = visit(address)
        visits.append(visited)
        for problem in visited.problems:
            log.warning(str(SyncError(problem.what, hint=problem.hint)))
        if visited.outcome is not None and is_new_enough(visited.outcome):
            break
    outcomes = [visited.outcome for visited in visits if visited.outcome is not None]
    problems = [problem for visited in visits for problem in visited.problems]
    if not outcomes:
        each = "; ".join(problem.what for problem in problems)
        raise SyncError(f"no mirror could be used: {each}", hint=problems[-1].hint if problems else "")
    newest = max(outcomes, key=lambda outcome: (outcome.version, outcome.changed))
    return replace(
        newest,
        changed=any(outcome.changed for outcome in outcomes),
        received=sum(visited.received for visited in visits),
        problems=tuple(str(SyncError(problem.what, hint=problem.hint)) for problem in problems),
    )
