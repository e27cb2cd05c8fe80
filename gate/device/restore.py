"""A backup put into a device that takes the place of the one that made it."""

import grp
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from gate.device.backup import DeviceBackup
from gate.device.layout import DeviceLayout
from gate.device.owner import as_owner
from gate.errors import StoreError, UsageError
from gate.store.durable import make_directory, read_regular, sync_folder, write_whole
from gate.store.lane_backup import held_state, restore_lane, set_state_aside
from gate.store.lane_lock import claim_lane

_ASIDE = ".replaced"
_MOST = 4 << 20  # bytes that are compared
_GROUP = "gate"  # may read the configuration
_SECRETS_MODE, _FOLDER_MODE = 0o700, 0o755

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

    All that can be refused is, before anything is written.  What a power cut leaves is put right by another call."""
    files = {layout.root / name: how for name, how in sorted(backup.files.items())}
    places = {entry.config: layout.root / entry.state_dir for entry in backup.manifest.lanes}
    other = [path for path, (_, content) in files.items() if _differs(path, content)]
    with ExitStack() as stack:
        for place in places.values():
            stack.enter_context(_without_a_lane(place))
        there = [*other, *(place / name for place in places.values() for name in held_state(place))]
        if there and not replace:
            more = f" and {len(there) - 1} more" if len(there) > 1 else ""
            hint = "With --replace it is set aside; nothing was changed"
            raise UsageError(f"this device has its own {there[0]}{more}", hint=hint)
        for path in other:
            with _refusal_named(path):
                path.replace(path.with_name(path.name + _ASIDE))
            say(f"{path} is kept as {path.name}{_ASIDE}")
        for path, (mode, content) in files.items():
            _write(layout, path, mode, content)
        for config, place in places.items():
            with as_owner(place):
                if held_state(place):
                    say(f"the state of {place} is kept in {set_state_aside(place).name}/")
                restore_lane(place, backup.lanes[config], backup.manifest.made)
    say(TWO_DEVICES)
    say(LOCKED_DOWN)


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
        return path.is_symlink() or not path.is_file() or read_regular(path, _MOST + 1) != content


def _write(layout: DeviceLayout, path: Path, mode: int, content: bytes) -> None:
    is_secret = layout.credentials in path.parents
    with _refusal_named(path):
        make_directory(path.parent, _SECRETS_MODE if is_secret else _FOLDER_MODE)
        write_whole(path, content, mode)
        group = _group(layout)
        if mode & 0o070 and not is_secret and group is not None:
            with suppress(PermissionError):  # a trial without root's rights
                os.chown(path, -1, group)
                path.chmod(mode)
        sync_folder(path.parent)


def _group(layout: DeviceLayout) -> int | None:
    """Return the number of the gate's group as the device knows it; None before it is made."""
    if layout.root == Path("/"):
        try:
            return grp.getgrnam(_GROUP).gr_gid
        except KeyError:
            return None
    with suppress(OSError, ValueError, IndexError):
        for line in (layout.root / "etc/group").read_text().splitlines():
            name, _, number, *_ = line.split(":")
            if name == _GROUP:
                return int(number)
    return None


@contextmanager
def _refusal_named(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        hint = "Call it as root: `sudo gate restore ...`; free space if the disk is full"
        raise StoreError(f"{error.filename or path}: {error.strerror or error}", hint=hint) from error
