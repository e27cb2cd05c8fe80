"""Review of a valid configuration: the effective values, their lines, and advice."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Any

from gate.core.decide import AntiPassback, Unlisted
from gate.core.lane.door import Relock
from gate.core.lane.modes import Mode
from gate.core.model import Direction, Stance
from gate.ports.abilities import ONE_PULSE, Abilities
from gate.ports.driver import DriverConfig, show_duration
from gate.ports.inputs import InputConfig, Role
from gate.settings.addresses import is_loopback
from gate.settings.load import Loaded
from gate.settings.locate import KeyPath
from gate.settings.model import ListTable, Settings
from gate.settings.problems import Finding, covered

_IN_FILE = {"readers": "reader", "inputs": "input"}  # the others have the same name in code and file
_SIMULATED = "this driver is simulated: nothing real moves"
_OUTSIDE = re.compile(r"(?:https?|rtsps?)://(?:[^/@]*@)?(\[[^\]/]*\]|[^/:\[\]]+)", re.IGNORECASE)
_SHAKY_NAME = re.compile(r"/dev/(video|ttyUSB|ttyACM|ttyS)\d+")


@dataclass(frozen=True, slots=True)
class ReviewRow:
    """One effective value.  `line`: its line in the file, None for a default."""

    path: KeyPath
    value: Any  # in TOML's notation: durations "5s"; passwords in addresses masked
    line: int | None


def effective(loaded: Loaded) -> list[ReviewRow]:
    """Return every key with its effective value; an absent optional table is one row with None."""
    dump = loaded.settings.model_dump(mode="json")
    data = {_IN_FILE.get(name, name): value for name, value in dump.items()}
    return [ReviewRow(path, value, loaded.lines.get(path)) for path, value in _leaves(data, ())]


def advise(settings: Settings, simulated: Collection[KeyPath] = (), barrier: Abilities = ONE_PULSE) -> list[Finding]:
    """Return advice on settings that are allowed but may be unintended.  `simulated`: tables whose driver moves
    nothing real.  `barrier`: the barrier's abilities in this configuration."""
    return [
        *_about_lane(settings, barrier),
        *_about_doors(settings, barrier),
        *_about_list(settings),
        *_about_sync(settings),
        *(Finding((*path, "driver"), _SIMULATED, "Use it for trials only") for path in simulated),
        *_about_names(settings),
    ]


def devices(settings: Settings) -> list[tuple[KeyPath, DriverConfig]]:
    """Return every device table with its path in the file, which begins with the kind of driver."""
    tables: list[tuple[KeyPath, DriverConfig]] = []
    tables += [(("reader", place), table) for place, table in enumerate(settings.readers)]
    tables += [(("barrier",), settings.barrier)] if settings.barrier else []
    tables += [(("input", place), table) for place, table in enumerate(settings.inputs)]
    tables += [(("feedback", place), table) for place, table in enumerate(settings.feedback)]
    return tables


def _leaves(value: Any, path: KeyPath) -> Iterator[tuple[KeyPath, Any]]:
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from _leaves(item, (*path, key))
    elif isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
        for place, item in enumerate(value):
            yield from _leaves(item, (*path, place))
    else:
        yield path, _covered(value)


def _covered(value: Any) -> Any:
    if isinstance(value, list):
        return [_covered(item) for item in value]
    return covered(value) if isinstance(value, str) else value


def _about_lane(settings: Settings, barrier: Abilities) -> Iterator[Finding]:
    if settings.lane.mode is Mode.PILOT:
        yield Finding(("lane", "mode"), "pilot: everybody gets through", 'Write "enforce" when the trial is over')
    if settings.lane.reuse_after == 0:
        yield Finding(
            ("lane", "reuse_after"), "a used pass opens again at once, for anybody who holds it", 'Usual is "10m"'
        )
    if settings.barrier is None:
        yield Finding(("barrier",), "there is no barrier: the gate shows its answer and moves nothing", "Add [barrier]")
        return
    door = barrier.door or any(contact.role is Role.DOOR for contact in settings.inputs)
    if not (door or Direction.ENTRY in barrier.passages or _watched(settings.inputs, Role.PASSAGE)):
        what = "no [[input]] has role passage: a pass stays used although nobody went through"
        yield Finding(("input",), what, "Wire the turnstile's passage contact if it has one")
        pulse = getattr(settings.barrier, "pulse", None)
        if isinstance(pulse, float) and pulse > settings.lane.hold:
            what = f"the barrier is locked when hold is over, before its pulse is ({_toml(pulse)})"
            yield Finding(("lane", "hold"), what, "Make hold longer than the barrier's pulse")
    if not any(contact.role is Role.FIRE for contact in settings.inputs):
        what = "no [[input]] has role fire: the gate cannot know that the alarm has freed the way"
        yield Finding(("input",), what, "Wire the building's alarm contact; the way out itself must not depend on it")


def _about_doors(settings: Settings, barrier: Abilities) -> Iterator[Finding]:
    lane, roles = settings.lane, {contact.role for contact in settings.inputs}
    exits = any(reader.direction is Direction.EXIT for reader in settings.readers)
    if lane.antipassback is not AntiPassback.OFF and not exits:
        what = "no [[reader]] has direction exit: no leaving is ever recorded"
        yield Finding(("lane", "antipassback"), what, "Fit a reader on the way out, or leave it to reuse_after")
    counted = exits or Direction.EXIT in barrier.passages or Role.REX in roles
    counted = counted or any(c.role is Role.PASSAGE and c.direction is Direction.EXIT for c in settings.inputs)
    if lane.max_inside is not None and not counted:
        what = "nothing counts the people who leave: the venue becomes full and stays full"
        yield Finding(("lane", "max_inside"), what, "Fit a passage contact or a reader on the way out")
    if settings.door.relock is not Relock.TIMER and not (barrier.door or Role.DOOR in roles):
        what = "no [[input]] has role door: the lock locks when the time is over"
        yield Finding(("door", "relock"), what, "Wire the door's contact")
    modes = {lane.mode, *(window.mode for window in settings.schedule.windows)}
    if Mode.FREE in modes and settings.barrier and Stance.FREE not in barrier.stances:
        what = "this barrier cannot stand free: each person who shows a code is let through, one by one"
        yield Finding(("barrier",), what, "Choose another mode, or a barrier that can")


def _watched(inputs: tuple[InputConfig, ...], role: Role) -> bool:
    return any(contact.role is role and contact.direction is Direction.ENTRY for contact in inputs)


def _about_list(settings: Settings) -> Iterator[Finding]:
    for name in ("warn_after", "restrict_after", "refuse_after"):
        usual: float = ListTable.model_fields[name].default
        if getattr(settings.list, name) > usual:
            yield Finding(("list", name), "an old list is trusted for longer than usual", f"Usual is {_toml(usual)}")
    if settings.list.unlisted is Unlisted.USE_PASS:
        what = "a person who is not on the list enters with the colour in the pass"
        yield Finding(("list", "unlisted"), what, 'Usual is "refuse"')


def _about_sync(settings: Settings) -> Iterator[Finding]:
    if settings.sync is None:
        yield Finding(("sync",), "there is no [sync]: lists come by hand only", "Add [sync] with its mirrors")
    elif len(settings.sync.mirrors) == 1:
        what = "there is one mirror: while it is down, the list is not renewed"
        yield Finding(("sync", "mirrors"), what, "Add a second one, elsewhere")


def _about_names(settings: Settings) -> Iterator[Finding]:
    for path, table in devices(settings):
        for key, value in table:
            if isinstance(value, str) and _SHAKY_NAME.fullmatch(value):
                what = f"{value} may be another device after the next start"
                hint = "Use its name under /dev/v4l/by-id, /dev/v4l/by-path or /dev/serial/by-path"
                yield Finding((*path, key), what, hint)
            if (host := _host(value)) and not is_loopback(host.strip("[]")):
                what = unreachable(host)
                hint = "Allow its address with IPAddressAllow= in a drop-in (`systemctl edit gate`)"
                yield Finding((*path, key), what, hint)


def outside_hosts(settings: Settings) -> list[str]:
    """Return the hosts beyond this device that its devices' settings name."""
    hosts = [_host(value) for _, table in devices(settings) for _, value in table]
    return [host for host in hosts if host and not is_loopback(host.strip("[]"))]


def unreachable(host: str) -> str:
    """Return the words for a host that gate.service as shipped keeps the lane from."""
    return f"gate.service may reach this device only, not {host}"


def _host(value: object) -> str | None:
    """Return the host of a driver's setting, if it is an address."""
    if isinstance(value, IPv4Address):
        return str(value)
    found = _OUTSIDE.match(value) if isinstance(value, str) else None
    return found[1] if found else None


def _toml(seconds: float) -> str:
    return f'"{show_duration(seconds)}"'
