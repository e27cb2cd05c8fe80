"""The doctor's checks of the time and of the list's age, both by the lane's trusted time."""

from collections.abc import Iterator
from pathlib import Path

from gate.core.staleness import Freshness
from gate.core.trusted_time import ClockTrust, Ntp
from gate.doctor.examined import ExaminedGate
from gate.doctor.lines import CheckLine, Mark, failure
from gate.errors import GateError
from gate.kiosk.notices import age_in_words
from gate.runtime.clock import SystemClock
from gate.runtime.ntp import read_ntp
from gate.settings.model import Settings
from gate.settings.zones import doubt, find_zone, local_time
from gate.state import answered_in, trusted_clock
from gate.store.preview import Preview

_CHIPS = "sys/class/rtc"  # a folder for each clock chip that the kernel has


def clock(examined: ExaminedGate) -> Iterator[CheckLine]:
    """Check that the system clock agrees with the trusted time, and is synchronised."""
    yield from clock_lines(examined.settings, examined.root / _CHIPS)


def clock_lines(settings: Settings, chips: Path) -> Iterator[CheckLine]:
    """Check the clock by the lane's trusted time.  `chips`: folder of clock chips."""
    zone, system = settings.venue.timezone, SystemClock().now()
    shown = f"{local_time(zone, system)} by {find_zone(zone).used}"
    try:
        trusted = trusted_clock(answered_in(settings.paths), settings.clock.untrusted_for)
    except GateError as error:
        yield failure("clock", error)
        return
    standing, has_chip = trusted.standing(), any(chips.glob("rtc*"))
    if standing is not ClockTrust.TRUSTED:
        nobody = ": nobody enters" if standing is ClockTrust.UNTRUSTED else ""
        found = f"the trusted time is {local_time(zone, trusted.now())}, the system clock says {shown}{nobody}"
        yield CheckLine("clock", Mark.FAIL, found, what_to_do(standing, trusted.behind()))
    elif (network := read_ntp()) is Ntp.SYNCHRONISED:
        yield CheckLine("clock", Mark.PASS, f"{shown}, kept by a time service")
    elif network is Ntp.UNKNOWN:
        advice = "Run systemd-timesyncd or chrony, whose state can be read; or compare the time with your own"
        yield CheckLine("clock", Mark.UNKNOWN, f"{shown}; whether a time service keeps it cannot be read", advice)
    else:
        advice = "Without a network that is usual: attach a clock module, and compare it with your own"
        yield CheckLine("clock", Mark.WARN, f"{shown}, kept by no time service", advice)
    if not has_chip and settings.passes.binding == "required":
        what = "this device has no clock chip, and live codes are good for seconds only"
        advice = "Attach a clock module: after a power cut without a network every code is refused (clock_behind)"
        yield CheckLine("clock", Mark.FAIL, what, advice)
    if (older := doubt(zone, trusted.now())) is not None:
        yield CheckLine("clock", Mark.WARN, older, "Update the system's tzdata, for its own log and screen")


def what_to_do(standing: ClockTrust, behind: float) -> str:
    """Return the advice.  `behind`: seconds, below 0 when the system clock is ahead."""
    if standing is ClockTrust.AHEAD:
        return (
            f"The system clock leapt {age_in_words(-behind, 'en')} ahead, which the running time contradicts: the gate "
            "continues by the latter.  If the clock is right, it is accepted after 6 h, with the next list, or after "
            "`gate clock reset`; if it is wrong, set it: `timedatectl set-time`."
        )
    return (
        f"The system clock is {age_in_words(behind, 'en')} behind. If it is wrong, set it: `timedatectl set-time`. "
        "If it is right, the gate once had a clock that was ahead, or took a list that was: it heals when a time "
        "service has kept the clock for an hour, or with the next list; or stop the gate, then `gate clock reset`."
    )


def status_list(examined: ExaminedGate) -> Iterator[CheckLine]:
    """Check the age of the list by the lane's trusted time."""
    settings = examined.settings
    try:
        as_of = _as_of(settings)
        now = trusted_clock(answered_in(settings.paths), settings.clock.untrusted_for).now()
    except GateError as error:
        yield failure("list", error)
        return
    freshness = settings.list.limits.grade(as_of, now)
    if as_of is None:
        yield CheckLine("list", Mark.FAIL, "the gate has none and admits nobody", _way_to_lists(settings))
        return
    age = f"{age_in_words(now - as_of, 'en')} old by the gate's time"
    states = {Freshness.FRESH: Mark.PASS, Freshness.REFUSE: Mark.FAIL}
    advice = "" if freshness is Freshness.FRESH else _way_to_lists(settings)
    words = {Freshness.REFUSE: ", nobody is admitted", Freshness.RESTRICT: ", only green is admitted"}
    yield CheckLine("list", states.get(freshness, Mark.WARN), age + words.get(freshness, ""), advice)


def _way_to_lists(settings: Settings) -> str:
    """Return how this gate gets a newer list: by its sync, where it has one."""
    if settings.sync is None:
        return "Load one: `gate list load DIR`"
    return "Fetch one: `gate sync --once`; where no mirror can be reached, `gate list load DIR`"


def _as_of(settings: Settings) -> int | None:
    preview = Preview(answered_in(settings.paths), settings.policy)
    try:
        return preview.state.as_of
    finally:
        preview.close()
