"""Which files lead from the list that is held to the one that is current.  Pure."""

from collections.abc import Mapping
from math import inf

from gate.store.status_wire import Head


def way(head: Head, held: int | None, lengths: Mapping[str, int]) -> tuple[str, ...] | None:
    """The deltas to apply in order, from version `held` on; None where the snapshot is the shorter way, or
    the only one.  `lengths`: bytes of the files that can be had."""
    since = [delta.since for delta in head.deltas]
    if held not in since:
        return None
    targets = tuple(delta.target for delta in head.deltas[since.index(held) :])
    long = sum(lengths.get(target, inf) for target in targets)
    return targets if long < lengths.get(head.snapshot, inf) else None
