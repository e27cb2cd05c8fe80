"""A round of `gate sync` and `gate list load`: alone on the device, each visit in its own process."""

from collections.abc import Callable
from time import monotonic

from gate.store.places import Places
from gate.store.sync_tries import MirrorTry
from gate.sync.lock import Rank, alone
from gate.sync.mirror_order import MirrorOrder
from gate.sync.round import ListSource, Outcome, Visited, read_root, shown, visit_in_turn
from gate.sync.times import Times
from gate.sync.visit_process import ProcessVisit


def attempt(
    source: ListSource,
    now: Times | float,
    order: MirrorOrder,
    rank: Rank,
    tick: Callable[[], None] = lambda: None,
    progress: Callable[[int], None] | None = None,
    tries: list[MirrorTry] | None = None,
) -> Outcome:
    """Make one round.  `now`: Unix s by the trusted clock, or all known times.  `tick` is called several times a
    second; what it raises ends the round.  `tries`: gets each visit.  Raises SyncError, StoreError."""
    read_root(source.root)
    with alone(Places.of(source.where).list_dir, rank) as give_way:

        def look() -> None:
            tick()
            give_way()

        began = monotonic()
        trusted, most = Times.of(now).trusted, source.stale_after
        visit = ProcessVisit(source, now, look, progress)

        def visited(address: str) -> Visited:
            found = visit(address)
            if tries is not None:
                tries.append(_try(address, found, trusted + monotonic() - began))
            if found.outcome is None:
                order.failed(address, monotonic())
            else:
                order.worked(address)
            return found

        return visit_in_turn(order.at(monotonic()), visited, lambda outcome: trusted - outcome.as_of <= most)


def _try(address: str, found: Visited, at: float) -> MirrorTry:
    problem = "" if found.outcome is not None else "; ".join(problem.what for problem in found.problems)
    return MirrorTry(shown(address), at, problem or ("" if found.outcome else "it could not be used"), found.received)
