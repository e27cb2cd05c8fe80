"""The files that lead from the held list to the current one.  Pure."""

from collections.abc import Mapping
from math import inf

from gate.store.status_wire import Head


def way(head: Head, held: int | None, lengths: Mapping[str, int]) -> tuple[str, ...] | None:
    """Return the deltas to apply in order, from version `held` on; None where the snapshot is shorter, or the only
    way.  `lengths`: bytes of the available files."""
    since = [delta.since for delta in head.deltas]
    if held not in since:
        return None
    targets = tuple(delta.target for delta in head.deltas[since.index(held) :])
    long = sum(lengths.get(target, inf) for target in targets)
    return targets if long < lengths.get(head.snapshot, inf) else None
