"""Makes the report of a device's own journal, its figures and its proof side by side."""

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, tzinfo
from multiprocessing import get_context
from pathlib import Path

from gate.report.building import build, prove_days
from gate.report.counting import Progress
from gate.report.figures import DoorProof, GateReport
from gate.report.local_days import LocalDays
from gate.store.journal_parts import parts_of_export, parts_of_lane
from gate.store.segments import segments


@dataclass(frozen=True, slots=True)
class ReportedDoor:
    """The door that a report is about."""

    venue: str
    door: str  # [device] id
    zone: tzinfo
    state_dir: Path


def make(of: ReportedDoor, days: Sequence[date], now: float, progress: Progress = lambda *_: None) -> GateReport:
    """Make the report of these days.  `now`: Unix s, trusted.  Only for a process without threads: a long journal is
    proved in a child.  Raises StoreError."""
    local = LocalDays(days, of.zone)
    within = local.range(local.days[0])[0], local.range(local.days[-1])[1]  # a time zone cannot be sent to a process
    with ExitStack() as stack:
        proving = None
        if len(segments(of.state_dir)) > 1:
            pool = stack.enter_context(ProcessPoolExecutor(1, mp_context=get_context("fork")))
            proving = pool.submit(prove_days, of.door, of.state_dir, within)
        parts = stack.enter_context(parts_of_lane(of.state_dir))
        report = build(
            of.venue,
            of.door,
            parts,
            days,
            of.zone,
            made=now,
            until=now,
            proof=DoorProof(of.door, None),
            progress=progress,
        )
        report.doors = [proving.result() if proving else prove_days(of.door, of.state_dir, within)]
    return report


def make_of_export(of: ReportedDoor, file: Path, days: Sequence[date], now: float) -> GateReport:
    """Make the report of another device's export, which proves nothing.  Raises StoreError."""
    with parts_of_export(file) as parts:
        return build(of.venue, of.door, parts, days, of.zone, made=now, until=None, proof=DoorProof(of.door, None))
