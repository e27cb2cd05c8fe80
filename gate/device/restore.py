"""A backup put into a device that takes the place of the one that made it."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path, PurePosixPath

from gate.device.backup import MOST_OF_FILE, DeviceBackup
from gate.device.layout import DeviceLayout
from gate.device.owner import as_owner
from gate.device.provision.change import FileChange, carry_out, decide
from gate.device.provision.credstore import (
    further_lane_changes,
    kept_secrets,
    places_after,
    secret_changes,
    unit_changes,
)
from gate.device.provision.plan import owner_of_state
from gate.device.provision.unit_needs import unit_needs
from gate.errors import StoreError, UsageError
from gate.store.durable import PRIVATE, read_regular, write_whole
from gate.store.lane_backup import held_state, restore_lane, set_state_aside
from gate.store.lane_lock import claim_lane

_ASIDE = ".replaced"
_FIRST = "etc/gate/gate.toml"  # in a backup
_FURTHER = PurePosixPath("etc/gate/lanes")

TWO_DEVICES = (
    "Two devices with one key must never run at once: each would admit whom the other has admitted. Destroy the card "
    "of the old device, or wipe it, before this one opens"
)
LOCKED_DOWN = (
    "The entrance is locked down, for nobody knows who has entered since the backup. Start the services, see who is "
    "inside, then `gate lane lockdown off`"
)


def restore(layout: DeviceLayout, backup: DeviceBackup, *, replace: bool, say: Callable[[str], None]) -> None:
    """Put a backup into a device, and say what a person must know.  `replace`: set aside what is there; without it
    nothing may be there.  Raises UsageError for what is there, StoreError where a lane runs or the disk refuses.

    All that can be refused is, before anything is written.  The state comes before the configuration: a lane that
    starts after a power cut has both, or none, or finds a loss.  Another call puts right what a cut left."""
    places = {entry.config: layout.root / entry.state_dir for entry in backup.manifest.lanes}
    files = {layout.root / name: content for name, (_, content) in sorted(backup.files.items())}
    other = [path for path, content in files.items() if _differs(path, content)]
    with ExitStack() as stack:
        for place in places.values():
            stack.enter_context(_without_a_lane(place))
        there = [*other, *(place / name for place in places.values() for name in held_state(place))]
        if there and not replace:
            more = f" and {len(there) - 1} more" if len(there) > 1 else ""
            hint = "With --replace it is set aside; nothing was changed"
            raise UsageError(f"this device has its own {there[0]}{more}", hint=hint)
        for path in other:
            aside = path.with_name(path.name + _ASIDE)
            with _refusal_named(path):
                write_whole(aside, read_regular(path, path.stat().st_size) or b"", PRIVATE)
            say(f"{path} is kept as {aside.name}")
        for config, place in places.items():
            with as_owner(place):
                if held_state(place):
                    say(f"the state of {place} is kept in {set_state_aside(place).name}/")
                restore_lane(place, backup.lanes[config], backup.manifest.made)
        with _refusal_named(layout.etc):
            carry_out(layout)  # what a power cut has left of another change
            decide(layout, list(_changes(layout, backup)))
            carry_out(layout)
    for lane in filter(None, map(_further_lane, sorted(backup.files))):
        say(f"Lane {lane} is a further one: `systemctl enable --now gate@{lane}`")
    for name in backup.manifest.left_out:
        say(f"Secret {name} was not in the backup: write it again")
    say(TWO_DEVICES)
    say(LOCKED_DOWN)


def _changes(layout: DeviceLayout, backup: DeviceBackup) -> Iterator[FileChange]:
    """Yield the files of a backup, its secrets as this device keeps them, and which service gets which."""
    owner = owner_of_state(layout.root)
    group = owner[1] if owner else 0
    for name, (mode, content) in backup.files.items():
        yield FileChange(name, content, mode, group)
    kept = kept_secrets(layout.root)
    secrets = list(secret_changes(layout.root, backup.secrets, kept))
    yield from secrets
    places = places_after(secrets, kept)
    for name, (_, content) in backup.files.items():
        if name == _FIRST:
            needs = unit_needs(layout.root / name, content.decode(), layout.etc, places)
            yield from unit_changes(needs.referred, places, needs.addresses)
        elif lane := _further_lane(name):
            needs = unit_needs(layout.root / name, content.decode(), layout.etc, places)
            yield from further_lane_changes(lane, needs.referred, places, needs.addresses)


def _further_lane(file: str) -> str:
    """Return the name of the further lane whose configuration this file of a backup is, or ""."""
    path = PurePosixPath(file)
    return path.stem if path.parent == _FURTHER and path.suffix == ".toml" else ""


@contextmanager
def _without_a_lane(state_dir: Path) -> Iterator[None]:
    """Keep lanes from starting in a state directory.  Raises StoreError where one runs."""
    with as_owner(state_dir):
        lock = claim_lane(state_dir)
    try:
        yield
    finally:
        os.close(lock)


def _differs(path: Path, content: bytes) -> bool:
    """Return whether something else than this content is there."""
    if not os.path.lexists(path):
        return False
    with _refusal_named(path):
        return path.is_symlink() or not path.is_file() or read_regular(path, MOST_OF_FILE + 1) != content


@contextmanager
def _refusal_named(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        hint = "Call it as root: `sudo gate restore ...`; free space if the disk is full"
        raise StoreError(f"{error.filename or path}: {error.strerror or error}", hint=hint) from error
