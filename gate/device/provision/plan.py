"""Check of the file on the card, and the change that it asks for.  Nothing is written here."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

from pydantic import ValidationError

from gate.device.config_check import missing_in, warnings_of
from gate.device.layout import DeviceLayout
from gate.device.provision import network
from gate.device.provision.card import CardFile, read_plain
from gate.device.provision.change import FileChange, below, obsolete
from gate.device.provision.credstore import (
    further_lane_changes,
    kept_secrets,
    places_after,
    secret_changes,
    unit_changes,
)
from gate.device.provision.form import TABLE, ProvisionTable, host_name
from gate.device.provision.record import SetUpRecord, digest, record_path
from gate.device.provision.root_file import fetch_root, installed_root, root_on_card
from gate.device.provision.secrets import Separated, separate
from gate.device.provision.unit_needs import device_addresses, further_lanes
from gate.registry import config_of
from gate.settings.load import Loaded, Reviewed, problems_of, review_text
from gate.settings.model import Settings
from gate.settings.problems import Finding, SettingsError, SettingsProblem
from gate.settings.review import unreachable

_DEVICE = Path("/")
_PASSPHRASE = re.compile(r"[ -~]{8,63}")  # IEEE 802.11, annex J.4: ASCII
_KEY = re.compile(r"[0-9A-Fa-f]{64}")
_MOST_HOSTS = 1 << 20  # bytes of /etc/hosts


@dataclass(frozen=True, slots=True)
class SetUpPlan:
    """A file that was found good, and what it changes."""

    settings: Settings
    changes: tuple[FileChange, ...]
    left: bytes  # the file as it stays on the card
    warnings: tuple[SettingsProblem, ...]


@dataclass(frozen=True, slots=True)
class _Checked:
    table: ProvisionTable
    settings: Settings
    separated: Separated
    root: bytes | None
    password: str | None  # of the wireless network


def check(file: CardFile, layout: DeviceLayout, before: SetUpRecord | None, now: float, within: float) -> SetUpPlan:
    """Check the file.  `within`: seconds to wait for a mirror that may have root.json.  Raises SettingsError with
    every fault, RootNotFetchedError, StoreError."""
    name, text = Path(file.path.name), file.text
    reviewed = review_text(name, text, config_of, layout.etc, {TABLE: ProvisionTable})
    table = _table(reviewed)
    kept = kept_secrets(layout.root)
    separated = separate(text, reviewed.data, table, kept)
    findings = [*map(_without_secret, reviewed.findings), *separated.findings]
    root = _root(file, layout, reviewed, table, findings)
    password = _network(layout, table, findings)
    if reviewed.settings is not None and layout.root == _DEVICE:
        loaded = Loaded(reviewed.settings, name, reviewed.lines)
        missing = missing_in(loaded)
    else:
        loaded, missing = None, []
    if findings or missing or reviewed.settings is None:
        first = {found.path: found for found in reversed(findings)}
        ordered = [found for found in findings if first[found.path] is found]
        raise SettingsError([*problems_of(name, text, ordered, reviewed.lines), *missing])
    settings = reviewed.settings
    if root is None and settings.sync is not None and table.root_sha256:
        proxy = settings.sync.proxy
        root = fetch_root(
            [_filled(address, separated.secrets) for address in _mirrors(reviewed)],
            _filled(proxy, separated.secrets) if proxy else None,
            table.root_sha256,
            within,
        )
    checked = _Checked(table, settings, separated, root, password)
    allowed = {unreachable(host) for host in device_addresses(settings).values()}
    warnings = [warning for warning in (warnings_of(loaded, now) if loaded else []) if warning.what not in allowed]
    left = file.encoded(separated.card)
    changes = tuple(_changes(file, layout, checked, kept, before, int(now), left))
    return SetUpPlan(settings, changes, left, tuple(warnings))


def _without_secret(found: Finding) -> Finding:
    """Return a finding that shows no secret: one of a wrong type may be a password without its quotes."""
    if found.path[0] == TABLE and ("secrets" in found.path or "password" in found.path):
        return replace(found, what="this should be text in quotes", hint='Write it like "text"')
    return found


def _table(reviewed: Reviewed) -> ProvisionTable:
    """Return the table; of one with faults what is good in it, so that the rest is checked all the same."""
    if reviewed.also[TABLE] is not None:
        return cast("ProvisionTable", reviewed.also[TABLE])
    stated = reviewed.data.get(TABLE)
    faulty = {found.path[1] for found in reviewed.findings if found.path[0] == TABLE and len(found.path) > 1}
    good = {key: value for key, value in stated.items() if key not in faulty} if isinstance(stated, dict) else {}
    try:
        return ProvisionTable.model_validate(good)
    except ValidationError:
        return ProvisionTable()


def left_on_card(file: CardFile) -> bytes:
    """Return a file that was found good, without its secrets.  Raises as `check`."""
    reviewed = review_text(Path(file.path.name), file.text, config_of, Path("/etc/gate"), {TABLE: ProvisionTable})
    return file.encoded(separate(file.text, reviewed.data, _table(reviewed), ()).card)


def _root(
    file: CardFile, layout: DeviceLayout, reviewed: Reviewed, table: ProvisionTable, findings: list[Finding]
) -> bytes | None:
    """Return root.json, if it is on the card or the device."""
    if "sync" not in reviewed.data:
        return None
    content, fault = root_on_card(file.path.parent / table.root, table.root_sha256)
    if fault is not None and not any(found.path == fault.path for found in findings):
        findings.append(fault)
    if content is None and table.root_sha256 and reviewed.settings is not None:
        content = installed_root(_root_place(layout, reviewed.settings), table.root_sha256)
    return content


def _mirrors(reviewed: Reviewed) -> tuple[str, ...]:
    sync = reviewed.settings.sync if reviewed.settings else None
    return sync.mirrors if sync else ()


def _filled(address: str, secrets: Mapping[str, str]) -> str:
    """Return an address with the secrets that the file gives; one that the device keeps is not read for this."""
    for name, value in secrets.items():
        address = address.replace(f"{{credential:{name}}}", value)
    return address


def _network(layout: DeviceLayout, table: ProvisionTable, findings: list[Finding]) -> str | None:
    """Return the wireless network's password, and add what is wrong with the network."""
    for key in ("wifi", "ethernet"):
        if getattr(table, key) is not None and not any((layout.root / place).exists() for place in network.MANAGER):
            what = "this system has no NetworkManager, which this table is for"
            findings.append(Finding((TABLE, key), what, "Install it, or set the network up by the system's own means"))
    if table.wifi is None or table.wifi.password is None:
        return None
    path, password = (TABLE, "wifi", "password"), table.wifi.password
    if not password:
        password = _known_password(layout, table.wifi.ssid) or ""
        if not password:
            what = "the device has no password of this network to keep"
            findings.append(Finding(path, what, 'Write it, or leave "password" out for an open network'))
    elif not (_PASSPHRASE.fullmatch(password) or _KEY.fullmatch(password)):
        hint = "It has 8 to 63 letters without accents, or is a key of 64 hex digits"
        findings.append(Finding(path, "this is no password of a wireless network", hint))
    return password


def _known_password(layout: DeviceLayout, ssid: str) -> str | None:
    try:
        content = read_plain(layout.root / network.profile(network.WIFI), 1 << 16).decode()
    except (OSError, ValueError):
        return None
    return network.password_in(content, ssid)


def _root_place(layout: DeviceLayout, settings: Settings) -> Path:
    assert settings.sync is not None  # noqa: S101 - callers have looked
    return layout.root / _below(settings.sync.root, layout.root)


def _below(path: Path, root: Path) -> str:
    """Return a configured path as one below the root: it may stand in the file with or without the root before it."""
    inside = path.relative_to(root) if path.is_relative_to(root) else path.relative_to("/")
    return str(inside)


def state_place(layout: DeviceLayout, settings: Settings) -> Path:
    """Return the state directory below the root.  Raises StoreError."""
    return below(layout.root, _below(settings.device.state_dir, layout.root))


def _changes(
    file: CardFile,
    layout: DeviceLayout,
    checked: _Checked,
    kept: Mapping[str, str],
    before: SetUpRecord | None,
    now: int,
    left: bytes,
) -> Iterator[FileChange]:
    separated, settings = checked.separated, checked.settings
    group = _group(layout.root, "gate")
    secrets = list(secret_changes(layout.root, separated.secrets, kept))
    places = places_after(secrets, kept)
    used = {places[name] for name in (*separated.referred, *checked.table.secrets) if name in places}
    own = [*secrets, *unit_changes(separated.referred, places, device_addresses(settings))]
    for lane, needs in further_lanes(layout, places):
        used |= {places[name] for name in needs.referred}
        own += further_lane_changes(lane, needs.referred, places, needs.addresses)
    own += [FileChange(*found) for found in network.network_files(checked.table, checked.password)]
    yield from own
    if checked.root is not None:
        yield FileChange(_below(_root_place(layout, settings), layout.root), checked.root)
    yield FileChange(_below(layout.config, layout.root), separated.config.encode(), 0o640, group)
    yield from _system(layout.root, host_name(checked.table, settings.device.id), settings.venue.timezone)
    files = {change.path for change in own if change.content is not None}
    files |= used & set(before.files if before else ())
    if before is not None:
        yield from obsolete(set(before.files) - files, own)
    record = SetUpRecord(settings.device.id, now, digest(file.raw), digest(left), tuple(sorted(files)))
    yield FileChange(_below(record_path(layout), layout.root), record.to_json(), 0o600)


def _system(root: Path, name: str, zone: str) -> Iterator[FileChange]:
    """Yield the computer's name and time zone."""
    yield FileChange("etc/hostname", f"{name}\n".encode())
    try:
        hosts = read_plain(root / "etc/hosts", _MOST_HOSTS).decode()
    except (OSError, ValueError):
        hosts = "127.0.0.1\tlocalhost\n"
    lines = [line for line in hosts.splitlines() if line.split()[:1] != ["127.0.1.1"]]
    yield FileChange("etc/hosts", "".join(f"{line}\n" for line in [*lines, f"127.0.1.1\t{name}"]).encode())
    if (root / "usr/share/zoneinfo" / zone).is_file():
        yield FileChange("etc/localtime", link=f"/usr/share/zoneinfo/{zone}")
        yield FileChange("etc/timezone", f"{zone}\n".encode())


def _group(root: Path, name: str) -> int:
    """Return a group's number, as the root's own etc/group has it; 0 where it has none."""
    return _number(root / "etc/group", name, 2)


def owner_of_state(root: Path) -> tuple[int, int] | None:
    """Return user and group of the lane, as the root's own etc/passwd has them; None where it has none."""
    user = _number(root / "etc/passwd", "gate", 2)
    return (user, _number(root / "etc/passwd", "gate", 3)) if user else None


def _number(path: Path, name: str, field: int) -> int:
    try:
        lines = path.read_text("utf-8", "replace").splitlines()
    except OSError:
        return 0
    found = [line.split(":") for line in lines if line.startswith(f"{name}:")]
    return int(found[0][field]) if found and len(found[0]) > field and found[0][field].isdecimal() else 0
