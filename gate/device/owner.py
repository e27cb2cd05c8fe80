"""Commands that write on a device do so as the owner of the directory.

A service cannot write a file that root left in its directory, and fails until a person finds the file.  Technicians
type `sudo gate …`, so root becomes the owner; any other user gets an error with the right command.
"""

import os
import pwd
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gate.errors import StoreError

PRIVATE_UMASK = 0o077  # files that only libraries create (SQLite, python-tuf) must be private to the owner


def become_owner(folder: Path) -> None:
    """Run the rest of this process as the owner of `folder`, or of its nearest existing parent.  Call it before the
    first write.  Raises StoreError for a user who may not write there."""
    os.umask(PRIVATE_UMASK)
    place, found = _nearest(folder)
    owner = found.st_uid
    if os.geteuid() != 0:
        _check_rights(place, found)
    elif owner != 0:
        name, group = _account(found)
        _set_groups(name, group)
        os.setresgid(group, group, group)
        os.setresuid(owner, owner, owner)


@contextmanager
def as_owner(folder: Path) -> Iterator[None]:
    """Run the block as `become_owner` does, for a command that writes in folders of several owners."""
    umask = os.umask(PRIVATE_UMASK)
    try:
        with _as_owner(folder):
            yield
    finally:
        os.umask(umask)


@contextmanager
def _as_owner(folder: Path) -> Iterator[None]:
    place, found = _nearest(folder)
    if 0 not in (os.geteuid(), os.getresuid()[2]):
        _check_rights(place, found)
        yield
        return
    before, groups = (os.geteuid(), os.getegid()), os.getgroups()
    os.seteuid(0)
    try:
        if found.st_uid != 0:
            name, group = _account(found)
            _set_groups(name, group)
            os.setegid(group)
            os.seteuid(found.st_uid)
        yield
    finally:
        os.seteuid(0)
        os.setgroups(groups)
        os.setegid(before[1])
        os.seteuid(before[0])


def _nearest(folder: Path) -> tuple[Path, os.stat_result]:
    """Return the folder, or its nearest existing parent."""
    place = folder.absolute()
    while True:
        try:
            return place, place.stat()
        except FileNotFoundError:
            place = place.parent
        except OSError as error:
            raise StoreError(f"{place}: {error.strerror}", hint="Call it as root: `sudo gate ...`") from error


def _account(found: os.stat_result) -> tuple[str | None, int]:
    """Return name and group of the owner.  A user without an entry has the group of the folder."""
    try:
        entry = pwd.getpwuid(found.st_uid)
    except KeyError:
        return None, found.st_gid
    return entry.pw_name, entry.pw_gid


def _set_groups(name: str | None, group: int) -> None:
    if name is None:
        os.setgroups([group])
    else:
        os.initgroups(name, group)


def _check_rights(place: Path, found: os.stat_result) -> None:
    if found.st_uid == os.geteuid() or os.access(place, os.W_OK | os.X_OK):
        return  # other obstacles, such as a full or read-only disk, are reported elsewhere
    name = _account(found)[0] or f"#{found.st_uid}"
    hint = f"Call it as `sudo -u {name} gate ...`"
    raise StoreError(f"{place} belongs to {name}, and you may not write there", hint=hint)
