"""The files and the trusted time of a configured gate, for commands beside its daemons."""

from os.path import lexists

from gate.core.trusted_time import Ntp
from gate.runtime.clock import GateClock, SystemClock
from gate.runtime.ntp import read_ntp
from gate.settings.model import Settings
from gate.store.places import Places, Where
from gate.store.time_floor import read_kept


def places_in(settings: Settings) -> Places:
    """Return the paths of a configuration's files."""
    return Places(settings.device.state_dir, settings.device.lists)


def answered_in(settings: Settings) -> Places:
    """Return the paths with the lists that the lane answers by: its own verified ones.  Before the first `gate run`
    there are none, and a person who asks gets those of the sync."""
    where = places_in(settings)
    return where.verified if settings.sync is not None and lexists(where.verified.list_db) else where


def trusted_clock(where: Where, untrusted_for: float) -> GateClock:
    """Return the trusted clock of the lane.  Raises StoreError for a lane.db that cannot be read."""
    synchronised = read_ntp() is Ntp.SYNCHRONISED
    return GateClock(SystemClock(), read_kept(where), untrusted_for, synchronised=synchronised)
