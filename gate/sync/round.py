"""One round: ask the mirrors in turn until one has a list that is new enough, and say what was done.

How a mirror is visited (`Visit`) is the caller's to say: in a process of its own (`gate.sync.visit_process`), or in
this one (`gate.sync.sync`), which loads everything that a visit needs.
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

MAX_ROOT = 64 << 10  # bytes: what python-tuf is allowed for one that is fetched

log = Log(part="sync")


@dataclass(frozen=True, slots=True)
class ListSource:
    """Where a device gets its lists from."""

    mirrors: Sequence[str]  # addresses, in the order in which they are asked
    root: Path  # root.json, which vouches for everything
    where: Where
    stale_after: float  # seconds: a mirror whose list is older may be frozen, and the next one is asked too
    subjects_for: "VerifyKey | None" = None  # this device's public key, where people are checked by IIN
    forget_subjects: bool = False  # they are not checked here: no subject index is kept


@dataclass(frozen=True, slots=True)
class Outcome:
    mirror: str
    version: int
    as_of: int  # Unix s
    listed: int
    changed: bool
    received: int  # bytes from all mirrors
    way: str  # "unchanged", "2 deltas", "snapshot"
    applied_in: float  # seconds from the files being here until the list was durable; 0 where nothing was new
    problems: tuple[str, ...]  # of mirrors that were asked and could not be used


@dataclass(frozen=True, slots=True)
class MirrorProblem:
    """What was wrong with a mirror, and what to do."""

    what: str
    hint: str


@dataclass(frozen=True, slots=True)
class Visited:
    """`outcome` is None for a mirror that could not be used; there may be problems all the same beside one."""

    outcome: Outcome | None
    problems: tuple[MirrorProblem, ...]
    received: int  # bytes


Visit = Callable[[str], Visited]
"""Visits the mirror at an address.  Raises StoreError, and whatever ends the round; a mirror's fault is a problem."""


def read_root(path: Path) -> bytes:
    """Raises SyncError."""
    try:
        content = read_regular(path, MAX_ROOT + 1)
    except OSError as error:
        raise SyncError(
            f"{path}: {error.strerror}", hint="Get root.json from the authority, and name it in [sync] root"
        ) from error
    if content is None:
        raise SyncError(f"{path}: it is no file", hint="Get root.json from the authority, and name it in [sync] root")
    if len(content) > MAX_ROOT:
        raise SyncError(f"{path}: more than {MAX_ROOT} bytes", hint="Get root.json from the authority")
    return content


def shown(address: str) -> str:
    """A mirror's address without user and password."""
    scheme, separator, rest = address.rstrip("/").partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{separator}{host.rpartition('@')[2]}{slash}{path}"


def ask_in_turn(mirrors: Sequence[str], visit: Visit, new_enough: Callable[[Outcome], bool]) -> Outcome:
    """Raises SyncError when no mirror could be used, and what `visit` raises."""
    visits: list[Visited] = []
    for address in mirrors:
        visited = visit(address)
        visits.append(visited)
        for problem in visited.problems:
            log.warning(str(SyncError(problem.what, hint=problem.hint)))
        if visited.outcome is not None and new_enough(visited.outcome):
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
