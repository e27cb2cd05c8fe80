"""What a lane's unit needs beyond what it has as shipped: secrets, and addresses of devices."""

import tomllib
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from gate.device.layout import DeviceLayout
from gate.device.provision.card import read_plain
from gate.device.provision.form import ProvisionTable
from gate.device.provision.secrets import separate
from gate.registry import config_of
from gate.settings.load import review_text
from gate.settings.model import Settings
from gate.settings.review import outside_hosts

_LARGEST = 1 << 20  # bytes of a configuration


@dataclass(frozen=True, slots=True)
class UnitNeeds:
    """`referred`: name of a secret that is there -> the tables that refer to it.  `addresses`: of devices."""

    referred: Mapping[str, frozenset[str]]
    addresses: Collection[str]


def unit_needs(path: Path, text: str, folder: Path, places: Collection[str]) -> UnitNeeds:
    """Return what a configuration needs.  `folder`: where its relative paths begin.  `places`: names of secrets that
    are there.  Raises ValueError for a text that TOML does not accept."""
    separated = separate(text, tomllib.loads(text), ProvisionTable(), places)
    settings = review_text(path, text, config_of, folder).settings
    referred = {name: tables for name, tables in separated.referred.items() if name in places}
    return UnitNeeds(referred, device_addresses(settings) if settings else ())


def further_lanes(layout: DeviceLayout, places: Collection[str]) -> Iterator[tuple[str, UnitNeeds]]:
    """Yield the name of each further lane of the device, and what it needs.  One whose file cannot be read is left out:
    its own service reports it."""
    for path in sorted(layout.lanes.glob("*.toml")):
        with suppress(OSError, ValueError):
            yield path.stem, unit_needs(path, read_plain(path, _LARGEST).decode(), layout.etc, places)


def device_addresses(settings: Settings) -> dict[str, str]:
    """Return the addresses of devices beyond this computer, and each as the configuration has it.  A host's name is
    left out: the unit takes addresses only."""
    found = {}
    for host in outside_hosts(settings):
        with suppress(ValueError):
            found[str(ip_address(host.strip("[]")))] = host
    return found
