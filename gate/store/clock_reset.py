"""The technician's way out of a journal that holds a time that never was.

A clock that was once in the future leaves a floor there, and afterwards the right time is "behind".  Only a person
can know which of the two is wrong; their decision is recorded in a journal row.
"""

import os
import sqlite3
from collections.abc import Callable
from contextlib import AbstractContextManager, closing, nullcontext
from pathlib import Path

from gate.core.journal_event import JournalEvent
from gate.core.kept_time import Kept
from gate.core.trusted_time import day
from gate.errors import StoreError
from gate.store import device_key
from gate.store.database import File, immediate, open_for_writing, unusable
from gate.store.journal import Journal, JournalRow
from gate.store.lane_file import examine
from gate.store.lane_lock import claim_lane
from gate.store.last_sync import Synced, last_sync, record_sync
from gate.store.list_write import outdate
from gate.store.loss import shift_losses
from gate.store.milliseconds import ms
from gate.store.occupancy import shift_inside
from gate.store.places import Places, Where
from gate.store.redemptions import shift_redemptions
from gate.store.time_floor import keep, read_journalled, read_kept, read_signed


def reset_floor(
    where: Where,
    now: float,
    synced: Where | None = None,
    *,
    list_is_wrong: bool = False,
    ticks: float | None = None,
    boot: str = "",
    as_owner: Callable[[Path], AbstractContextManager[None]] = lambda _: nullcontext(),
) -> float:
    """Take `now` (Unix s) as the time, as the system clock is right: forget later times that the gate lived
    through.  Return by how many seconds the floor went back.

    `ticks`, `boot`: of the machine at `now`, as in ClockReading.  The gate that starts next continues from them, and
    is not led by a clock that leaps meanwhile.

    `where`: with the lists that the lane answers by; `synced`: with those that the sync continues from, if others.
    `as_owner`: makes this process the owner of a folder while it writes there.  `list_is_wrong`: the later time of
    the list is wrong too.  That list then counts as out of date, nobody enters by it, and any newer version of an
    earlier time replaces it.

    Raises StoreError while a lane runs, when there is nothing to forget, and when the list carries a later time
    than `now` without `list_is_wrong`: it was signed, and usually it is the clock that is wrong."""
    state_dir = Places.of(where).state_dir
    if not state_dir.is_dir():
        raise StoreError(f"{state_dir} is not there", hint="There is nothing to reset; check the directory")
    lock = claim_lane(state_dir)
    try:
        lists = dict.fromkeys((Places.of(where), Places.of(synced or where)))
        signed = max(read_signed(places) or 0.0 for places in lists)
        if signed > now and not list_is_wrong:
            raise StoreError(
                f"the list is dated {day(signed)}, and the system clock shows {day(now)}",
                hint="If the system clock is wrong, set it (`timedatectl set-time`).  If it is the list that is wrong, "
                "add --list-is-wrong, then load a newer list",
            )
        kept = read_kept(where)
        floor = max(kept.latest or 0.0, signed, read_journalled(state_dir).latest or 0.0)
        if floor <= now:
            raise StoreError("the clock is not behind", hint="There is nothing to reset")
        kept_by_service = kept.synchronised and kept.boot == boot
        fresh = Kept(now, ticks=ticks, boot=boot, synchronised=kept_by_service, resets=kept.resets)
        _reset_journal(state_dir, kept.latest, fresh, now)  # first, so that nothing is forgotten unrecorded
        for places in lists:
            with as_owner(places.list_dir):
                _reset_sync(places, now)
                if (read_signed(places) or 0.0) > now:
                    outdate(places)
    finally:
        os.close(lock)
    return floor - now


def _reset_sync(where: Places, now: float) -> None:
    """Move the time of the last sync back to now, where it is later."""
    last = last_sync(where)
    if last is not None and last.at > now:
        record_sync(Synced(now, last.mirror), where)


def _reset_journal(state_dir: Path, latest: float | None, fresh: Kept, now: float) -> None:
    if what := examine(state_dir):  # a write here would begin a journal without the loss
        raise StoreError(f"the journal was lost: {what}", hint="Start `gate run` once, then reset the clock")
    device_key.load_or_make(state_dir)  # else the first start would take the journal below for another device's
    before = read_journalled(state_dir)
    connection = open_for_writing(File.LANE, state_dir)
    with closing(connection):
        try:
            with immediate(connection):
                detail = f"reset from {day(latest or now)} to {day(now)}"
                Journal(connection).append(JournalRow(at=ms(now), event=JournalEvent.CLOCK, detail=detail))
                keep(connection, fresh)
                # Else a person who entered while the clock was ahead could not enter again until then.
                floor = max(now, before.reached or now)
                shift_redemptions(connection, floor, now)
                shift_inside(connection, floor, now)
                shift_losses(connection, floor, now)
        except sqlite3.Error as error:
            raise unusable(File.LANE.within(state_dir), error) from error
