"""The lanes' databases during a trial: copied before it, handed back to the release before after it.

Nothing that the new release wrote is thrown away: lane.db is kept aside, and its rows since the copy are exported.
"""

from collections.abc import Iterable, Iterator

from gate.device.layout import DeviceLayout
from gate.device.owner import as_owner
from gate.device.release_check import ask, can_read
from gate.device.release_record import Fate, LaneDatabase, Trial
from gate.device.releases import InstalledRelease
from gate.errors import GateError, UsageError
from gate.store.database import File
from gate.store.durable import PRIVATE, replacing
from gate.store.lane_copy import (
    CopiedState,
    copy_lane,
    drop_copy,
    has_consequences,
    leave_as_lost,
    put_copy_back,
    schema_of,
)

_EXPORTED_WITHIN = 300.0  # seconds: a lane keeps some 10,000 rows


def refuse_unreadable(release: InstalledRelease, lanes: Iterable[LaneDatabase]) -> None:
    """Refuse a release that cannot read a database as it is: an older one, after another schema.  Raises
    UsageError."""
    for lane in lanes:
        with as_owner(lane.state_dir):
            written = schema_of(lane.state_dir)
        if written and not can_read(release, lane.state_dir):
            raise UsageError(
                f"{release.version} cannot read {lane.state_dir}/lane.db, which a later release has altered",
                hint="With --lose-journal it is kept aside, and the entrance stays locked down until staff confirm",
            )


def copy_lanes(lanes: Iterable[LaneDatabase]) -> None:
    """Copy the databases of lanes that are stopped.  Raises StoreError."""
    for lane in lanes:
        with as_owner(lane.state_dir):
            copied = copy_lane(lane.state_dir)
        lane.schema_before, lane.seq = (copied.schema, copied.seq) if copied else (None, 0)


def give_up_unreadable(release: InstalledRelease, trial: Trial) -> None:
    """Set aside the databases that the release cannot read: it begins after a known loss.  Raises StoreError."""
    for lane in trial.lanes:
        if lane.schema_before is not None and not can_read(release, lane.state_dir):
            with as_owner(lane.state_dir):
                leave_as_lost(lane.state_dir, f"of-{trial.before}")


def drop_copies(lanes: Iterable[LaneDatabase]) -> None:
    for lane in lanes:
        with as_owner(lane.state_dir):
            drop_copy(lane.state_dir)


def decide_fates(trial: Trial, before: InstalledRelease) -> bool:
    """Decide what becomes of each database, once for a trial; return whether there was anything to decide.  The
    databases are as the new release left them."""
    undecided = [lane for lane in trial.lanes if lane.fate is Fate.UNDECIDED]
    for lane in undecided:
        lane.fate = _fate(lane, before)
    return bool(undecided)


def _fate(lane: LaneDatabase, before: InstalledRelease) -> Fate:
    with as_owner(lane.state_dir):
        schema = schema_of(lane.state_dir)
        is_there = File.LANE.within(lane.state_dir).exists()
    if not is_there and lane.schema_before is not None:
        return Fate.RESTORED  # it was set aside, and nothing was written since
    if schema in (0, lane.schema_before) or can_read(before, lane.state_dir):
        return Fate.KEPT  # a damaged one too: the lane itself sees to it
    if lane.schema_before is None:
        return Fate.LOST
    with as_owner(lane.state_dir):
        lost = has_consequences(lane.state_dir, CopiedState(lane.schema_before, lane.seq))
    return Fate.LOST if lost else Fate.RESTORED


def hand_back(trial: Trial, layout: DeviceLayout) -> Iterator[str]:
    """Hand the databases back to the release before; yield what a person must know.  May be repeated after a crash.
    Raises StoreError."""
    for lane in trial.lanes:
        if lane.fate not in (Fate.RESTORED, Fate.LOST):
            continue
        aside = f"of-{trial.version}"
        exported = _export(trial, lane, layout)
        with as_owner(lane.state_dir):
            if lane.fate is Fate.RESTORED:
                put_copy_back(lane.state_dir, aside)
            else:
                drop_copy(lane.state_dir)  # first: after a crash nothing is left that could be put back by mistake
                leave_as_lost(lane.state_dir, aside)
        kept = f"{lane.state_dir}: {trial.version} has altered lane.db; it is kept as lane.db.{aside}{exported}"
        if lane.fate is Fate.RESTORED:
            yield f"{kept}. Nobody had entered: the copy from before the trial is back in its place"
        else:
            yield (
                f"{kept}. People had entered: their uses are unknown to {trial.before}, so the entrance is locked down "
                "until staff confirm (`gate lane lockdown off`)"
            )


def _export(trial: Trial, lane: LaneDatabase, layout: DeviceLayout) -> str:
    """Write the rows since the copy as JSON lines, by the release that wrote them; return the words for it."""
    path = lane.state_dir / f"journal-of-{trial.version}.jsonl"
    release = InstalledRelease(trial.version, layout.release(trial.version))
    if not File.LANE.within(lane.state_dir).exists():
        return f", its rows in {path.name}" if path.exists() else ""
    try:
        with as_owner(lane.state_dir), replacing(path, PRIVATE) as (_, descriptor):
            code = _print_rows(release, lane, descriptor)
            if code:
                raise GateError("the rows could not be read", hint="")
    except (GateError, OSError):
        return ""
    return f", its rows in {path.name}"


def _print_rows(release: InstalledRelease, lane: LaneDatabase, descriptor: int) -> int:
    with open(descriptor, "wb", closefd=False) as file:
        words = ("journal", "export", "--format", "jsonl", "--after", str(lane.seq), "--state-dir", lane.state_dir)
        return ask(release, *words, within=_EXPORTED_WITHIN, output=file)[0]
