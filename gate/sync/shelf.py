"""One folder of files that came from mirrors.

Every file is opened by the folder's descriptor, and no link is followed, so that no name and no file leads out of the
folder.  Anything but a regular file is removed: all that is kept here can be fetched again.
"""

import os
import re
import shutil
import stat
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from gate.errors import StoreError
from gate.store.durable import make_room_for_directory

DIGESTS = re.compile(r"[0-9a-f]{64}(\.[a-z0-9-]{1,80}){0,2}")  # SHA-256, and the end of a target's name
_NEW = "new"  # name of a file while it is written


class Shelf:
    """A folder of files.  `names`: the allowed file names.  Every method raises StoreError, which names the file,
    when the disk refuses, and ValueError for another name."""

    def __init__(self, path: Path, names: re.Pattern[str] = DIGESTS) -> None:
        """Open the folder; make it if it is missing."""
        self._path = path
        self._names = names
        try:
            make_room_for_directory(path)
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError as error:
            raise disk_error(path, error) from error

    def close(self) -> None:
        os.close(self._folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def read(self, name: str, most: int) -> bytes | None:
        """Return the content; None where there is no such file, or it has more than `most` bytes."""
        file = self._opened(name, os.O_RDONLY, "rb")
        if file is None:
            return None
        with file:
            try:
                content = file.read(most + 1)
            except OSError as error:
                raise disk_error(self._path / name, error) from error
        return content if len(content) <= most else None

    def size(self, name: str) -> int:
        """Return the length in bytes; 0 where there is no such file."""
        file = self._opened(name, os.O_RDONLY, "rb")
        if file is None:
            return 0
        with file:
            return os.fstat(file.fileno()).st_size

    def names(self) -> list[str]:
        """Return the allowed names present here, in order."""
        return sorted(name for name in self._listed() if self._names.fullmatch(name))

    def write(self, name: str, content: bytes) -> None:
        """Replace a file atomically and durably."""
        self._unlink(_NEW)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            descriptor = os.open(_NEW, flags, 0o600, dir_fd=self._folder)
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(descriptor)
            os.rename(_NEW, self._checked(name), src_dir_fd=self._folder, dst_dir_fd=self._folder)
            os.fsync(self._folder)
        except OSError as error:
            raise disk_error(self._path / name, error) from error

    def append(self, name: str, keep: int) -> "Part":
        """Open a file for writing behind its first `keep` bytes."""
        file = self._opened(name, os.O_RDWR | os.O_CREAT, "r+b")
        if file is None:
            raise StoreError(f"{self._path / name}: it is no regular file", hint="Move it aside")
        return Part(self._path / name, file, keep)

    def move(self, name: str, to: "Shelf", new: str) -> None:
        """Move a file into another folder; replaces the one that has the name."""
        try:
            os.rename(self._checked(name), to._checked(new), src_dir_fd=self._folder, dst_dir_fd=to._folder)
        except OSError as error:
            raise disk_error(to._path / new, error) from error

    def remove(self, name: str) -> None:
        """Remove a file, link, pipe or folder, if it is there."""
        self._unlink(self._checked(name))

    def keep_only(self, digests: frozenset[str]) -> None:
        """Remove every file whose name does not begin with one of the digests."""
        for name in self._listed():
            if name.partition(".")[0] not in digests or not self._names.fullmatch(name):
                self._unlink(name)

    def bound(self, most: int, *, keep: str) -> None:
        """Remove every file but those whose name begins with `keep`, if all have more than `most` bytes."""
        try:
            with os.scandir(self._folder) as entries:
                total = sum(entry.stat(follow_symlinks=False).st_size for entry in entries)
        except OSError as error:
            raise disk_error(self._path, error) from error
        if total > most:
            self.keep_only(frozenset({keep}))

    def _listed(self) -> list[str]:
        try:
            return os.listdir(self._folder)  # noqa: PTH208 - by its descriptor
        except OSError as error:
            raise disk_error(self._path, error) from error

    def _opened(self, name: str, flags: int, mode: str) -> BinaryIO | None:
        """Open a regular file with one link; None where there is none.  Anything else of that name is removed."""
        flags |= os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        for _ in range(2):  # the second time after the removal
            try:
                descriptor = os.open(self._checked(name), flags, 0o600, dir_fd=self._folder)
            except FileNotFoundError:
                return None
            except OSError as error:
                if self._is_plain(name):
                    raise disk_error(self._path / name, error) from error
                self._unlink(name)
                continue
            found = os.fstat(descriptor)
            if stat.S_ISREG(found.st_mode) and found.st_nlink == 1:
                return os.fdopen(descriptor, mode)  # type: ignore[return-value] # binary by each caller's mode
            os.close(descriptor)
            self._unlink(name)
        return None

    def _checked(self, name: str) -> str:
        if not self._names.fullmatch(name):
            raise ValueError(f"{name!r} is no name of a kept file")
        return name

    def _is_plain(self, name: str) -> bool:
        try:
            found = os.stat(name, dir_fd=self._folder, follow_symlinks=False)
        except OSError:
            return False
        return stat.S_ISREG(found.st_mode)

    def _unlink(self, name: str) -> None:
        try:
            os.unlink(name, dir_fd=self._folder)
        except FileNotFoundError:
            pass
        except IsADirectoryError:
            self._unlink_folder(name)
        except OSError as error:
            raise disk_error(self._path / name, error) from error

    def _unlink_folder(self, name: str) -> None:
        try:
            shutil.rmtree(name, dir_fd=self._folder)
        except OSError as error:
            raise disk_error(self._path / name, error) from error


class Part:
    """A file that grows.  Methods raise StoreError, which names the file, when the disk refuses."""

    def __init__(self, path: Path, file: BinaryIO, keep: int) -> None:
        self._path = path
        self._file = file
        try:
            os.truncate(file.fileno(), keep)
            os.lseek(file.fileno(), keep, os.SEEK_SET)
        except OSError as error:
            file.close()
            raise disk_error(path, error) from error

    def write(self, data: bytes) -> None:
        """Write at once, so that a killed process loses nothing."""
        try:
            while data:
                data = data[os.write(self._file.fileno(), data) :]
        except OSError as error:
            raise disk_error(self._path, error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Flush the bytes received, also of an incomplete file."""
        try:
            try:
                os.fsync(self._file.fileno())
            finally:
                self._file.close()
        except OSError as failure:
            raise disk_error(self._path, failure) from failure


def disk_error(path: Path, error: OSError) -> StoreError:
    """Return the error for a technician when the disk refuses the file at `path`."""
    return StoreError(
        f"{path}: {error.strerror or type(error).__name__}",
        hint="Check that it belongs to the user that syncs, and that the disk is writable and has space",
    )
