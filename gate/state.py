"""The files and the trusted time of a configured gate, for commands beside its daemons."""

from os.path import lexists

from gate.core.kept_time import Kept
from gate.core.trusted_time import TOLERANCE, Ntp
from gate.errors import StoreError
from gate.runtime.clock import GateClock, SystemClock
from gate.runtime.ntp import read_ntp
from gate.settings.paths import DevicePaths
from gate.store.places import Places, Where
from gate.store.time_floor import read_kept, read_signed, read_synced
from gate.sync.times import Times


def places_in(paths: DevicePaths) -> Places:
    """Return the paths of a device's files."""
    return Places(paths.state_dir, paths.lists)


def answered_in(paths: DevicePaths) -> Places:
    """Return the paths with the lists that the lane answers by: its own verified ones.  Before the first `gate run`
    there are none, and a person who asks gets those of the sync."""
    where = places_in(paths)
    return where.verified if paths.root is not None and lexists(where.verified.list_db) else where


def trusted_clock(where: Where, untrusted_for: float) -> GateClock:
    """Return the trusted clock of the lane.  Raises StoreError for a lane.db that cannot be read."""
    synchronised = read_ntp() is Ntp.SYNCHRONISED
    return GateClock(SystemClock(), read_kept(where), untrusted_for, synchronised=synchronised)


def sync_times(where: Where) -> Times:
    """Return the times for a sync: the lane's trusted time, or that of the list where lane.db cannot be read.  Never
    raises: the code that needs an unreadable file reports it."""
    try:
        clock = trusted_clock(where, 0.0)
    except StoreError:
        clock = GateClock(SystemClock(), Kept(as_of=read_signed(where), synced=read_synced(where)), 0.0)
    return Times(clock.now(), SystemClock().now(), clock.behind() > TOLERANCE)
