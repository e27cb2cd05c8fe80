"""Files that are replaced atomically, and a lock for one writer in an authority's directory.

Unlike `gate.store.durable`, which takes its name back from anything that has it, this one writes where people keep
their own files, too: it stages under a name that nobody has, and refuses to replace a folder.
"""

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from gate.errors import StoreError
from gate.store.durable import sync_folder

PUBLIC = 0o644  # whatever the umask: a web server must read publications
PRIVATE = 0o600

PART = ".part"  # ending of a file that is being written; a crash may leave one behind


@contextmanager
def replacing(path: Path, mode: int = PUBLIC) -> Iterator[BinaryIO]:
    """Write a file that replaces `path` when the block ends well: written aside, fsynced, renamed.  Raises StoreError
    when the disk refuses."""
    part: Path | None = None
    try:
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=PART)
        part = Path(name)
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, mode)
            yield file
            file.flush()
            os.fsync(descriptor)
        part.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise StoreError(
            f"cannot write {path}: {error.strerror}", hint="Check the folder, its rights and the free space"
        ) from error
    finally:
        if part is not None:
            part.unlink(missing_ok=True)


def write(path: Path, data: bytes, mode: int = PUBLIC) -> None:
    """Replace a file with `data`.  Raises StoreError."""
    with replacing(path, mode) as file:
        file.write(data)


def make_directory(directory: Path, mode: int = 0o755) -> None:
    """Make a directory and its parents with these rights, whatever the umask.  An existing one is unchanged.  Raises
    StoreError."""
    try:
        for missing in reversed([one for one in (directory, *directory.parents) if not one.exists()]):
            missing.mkdir(exist_ok=True)
            missing.chmod(mode)
    except OSError as error:
        raise StoreError(
            f"cannot make the folder {directory}: {error.strerror}", hint="Choose another place, or correct its rights"
        ) from error


@contextmanager
def locked(directory: Path) -> Iterator[None]:
    """Hold the directory's lock against all other processes; a second writer waits.  Not re-entrant.  Raises
    StoreError."""
    try:
        descriptor = os.open(directory / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE)
    except OSError as error:
        raise StoreError(
            f"cannot write in {directory}: {error.strerror}", hint="Run as the user who owns the authority's folder"
        ) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
