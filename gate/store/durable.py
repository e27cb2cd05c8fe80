"""Files that are replaced whole: the old content or the new one, even in a power cut.

Their rights do not depend on the umask.  Functions raise OSError.
"""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import sleep

PRIVATE = 0o600  # of the owner alone
SHARED = 0o640  # the directory's group may read
MOST_ODD = 9  # names for non-files beside a file


def read_regular(path: Path, most: int, begin: int = 0, *, follow: bool = True) -> bytes | None:
    """Read at most `most` bytes from `begin` on; None where the name is not that of a regular file.  Never waits
    for a pipe.  `follow`: a link to its target; else a link raises OSError."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | (0 if follow else os.O_NOFOLLOW))
    except OSError as error:
        if error.errno == errno.ENXIO or (follow and error.errno == errno.ELOOP):  # a socket; a link to itself
            return None
        raise
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        return os.pread(descriptor, most, begin)
    finally:
        os.close(descriptor)


def is_odd(path: Path) -> bool:
    """Return whether the name belongs to something that is no regular file.  A link is none."""
    return os.path.lexists(path) and not (path.is_file() and not path.is_symlink())


def move_odd_aside(path: Path) -> None:
    """Give a path that `is_odd` another name."""
    if is_odd(path):
        _move_aside(path)


def _move_aside(path: Path) -> None:
    names = (path.with_name(f"{path.name}.odd{number}") for number in ("", *range(2, MOST_ODD + 1)))
    path.replace(next((name for name in names if not os.path.lexists(name)), path.with_name(f"{path.name}.odd")))


def keep_private(path: Path) -> None:
    """Take a file's rights from all but its owner.  The target of a link is left as it is: it may be a device."""
    with suppress(FileNotFoundError):
        mode = path.lstat().st_mode
        if stat.S_ISREG(mode) and mode & 0o077:
            path.chmod(PRIVATE)


def make_directory(path: Path, mode: int = 0o750) -> None:
    """Make a directory without rights for others; an existing one keeps its rights."""
    if path.is_dir():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError):
        path.mkdir(mode)
        path.chmod(mode | path.stat().st_mode & stat.S_ISGID)  # inherited from the directory above


def make_room_for_directory(path: Path) -> None:
    """Give what has the name of a directory that only the gate fills, and leads to none, another name."""
    if os.path.lexists(path) and not path.is_dir():
        _move_aside(path)


def make_own_directory(path: Path, mode: int = 0o750) -> None:
    """Make a directory that only the gate fills, as `make_directory` does, whatever has its name."""
    make_room_for_directory(path)
    make_directory(path, mode)


def create(path: Path, mode: int) -> int:
    """Create an empty file in place of anything with that name; return its descriptor, open for writing."""
    _clear(path)
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        if mode & 0o070:
            group = path.parent.stat().st_gid
            if os.fstat(descriptor).st_gid != group:
                with suppress(PermissionError):  # the reader then has access by another group, or none
                    os.fchown(descriptor, -1, group)
        os.fchmod(descriptor, mode)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def write_whole(path: Path, content: bytes, mode: int, *, at_once: int | None = None, pause: float = 0.0) -> None:
    """Replace the file at `path`; it is on the disk on return.  `at_once`: bytes written to the disk at a time,
    with `pause` seconds after each; else all together."""
    with replacing(path, mode) as (_, descriptor):
        step = at_once or len(content)
        for start in range(0, len(content), max(1, step)):
            write_all(descriptor, memoryview(content)[start : start + step])
            if at_once is not None:
                os.fdatasync(descriptor)
                sleep(pause)


def write_all(descriptor: int, content: bytes | memoryview) -> None:
    """Write everything: one call of the system may take only a part."""
    left = memoryview(content)
    while left:
        left = left[os.write(descriptor, left) :]


@contextmanager
def replacing(path: Path, mode: int) -> Iterator[tuple[Path, int]]:
    """Yield a new file, by path and descriptor, to be filled.  When the block ends it replaces the file at `path`,
    and is on the disk.  When the block raises, the file at `path` stays as it is."""
    staged = path.with_name(f"{path.name}.new")
    descriptor = create(staged, mode)
    try:
        yield staged, descriptor
        os.fsync(descriptor)
    except BaseException:
        staged.unlink(missing_ok=True)
        raise
    finally:
        os.close(descriptor)
    put_in_place(staged, path)


def put_in_place(staged: Path, path: Path) -> None:
    """Give a file that is on the disk its name, in place of anything that has it."""
    _clear(path)
    staged.replace(path)
    sync_folder(path.parent)


def link_whole(path: Path, target: Path | str) -> None:
    """Make a symbolic link, in place of a link or file of that name; it is on the disk on return.  At any moment the
    name leads to the old or to the new.  The staged link is hidden: a listing of releases must not
    show it."""
    staged = path.with_name(f".{path.name}.new")
    staged.unlink(missing_ok=True)
    staged.symlink_to(target)
    staged.replace(path)
    sync_folder(path.parent)


def _clear(path: Path) -> None:
    """Remove a folder: the only thing that a file cannot replace."""
    if path.is_dir() and not path.is_symlink():
        move_odd_aside(path)


def sync_folder(folder: Path) -> None:
    """Flush the names within `folder` to the disk: a rename survives a power cut only after that."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
