"""A folder as a mirror: a medium that a person carried here, or a network share.

Nothing in it is trusted.  Files are opened from the folder's descriptor downwards, without following links and
without blocking.  Only regular files are read: a pipe would block the sync, a link could lead to /dev/zero or to
the device's own key.
"""

import os
import stat
from collections.abc import Generator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from tuf.api.exceptions import DownloadHTTPError

from gate.errors import SyncError

METADATA, TARGETS = "metadata", "targets"
"""Folders of a publication, below a mirror's address."""

CHUNK = 1 << 16  # bytes

_KINDS = {
    stat.S_IFLNK: "a link",
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFBLK: "a device",
    stat.S_IFCHR: "a device",
}
_REFUSING = "Copy the publication to the medium again, as plain files"


class Folder:
    """The files of `address`: file:///…, without a trailing slash."""

    def __init__(self, address: str) -> None:
        self.base = address
        self._path = Path(unquote(urlsplit(address).path) or "/")

    def read(self, url: str, begin: int = 0) -> Generator[bytes, None, None]:
        """Read a file below the folder, from byte `begin` on.  Raises SyncError; DownloadHTTPError (404) if it is
        missing."""
        names = unquote(url.removeprefix(self.base)).strip("/").split("/")
        path = self._path.joinpath(*names)
        descriptor = self._opened(names, path)
        try:
            os.lseek(descriptor, begin, os.SEEK_SET)
            while chunk := os.read(descriptor, CHUNK):
                yield chunk
        except OSError as error:
            raise SyncError(f"{path} cannot be read: {error.strerror}", hint="Try another medium") from error
        finally:
            os.close(descriptor)

    def _opened(self, names: list[str], path: Path) -> int:
        flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK
        try:
            folder = os.open(self._path, flags | os.O_DIRECTORY)
        except OSError as error:
            raise SyncError(
                f"{self._path} is not there: plug the medium in and mount it", hint="Or correct [sync] mirrors"
            ) from error
        try:
            for number, name in enumerate(names):
                if name in ("", ".", "..") or "\0" in name:
                    raise SyncError(f"{path} is no file of a publication", hint=_REFUSING)
                kind = os.O_DIRECTORY if number < len(names) - 1 else 0
                inner = self._step(
                    folder, name, flags | os.O_NOFOLLOW | kind, self._path.joinpath(*names[: number + 1])
                )
                os.close(folder)
                folder = inner
        except BaseException:
            os.close(folder)
            raise
        return folder

    @staticmethod
    def _step(folder: int, name: str, flags: int, path: Path) -> int:
        """Open one name further down."""
        expected = stat.S_IFDIR if flags & os.O_DIRECTORY else stat.S_IFREG
        try:
            found = stat.S_IFMT(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode)
            if found != expected:  # checked first: opening a device alone may have effects
                raise SyncError(f"{path} is {_KINDS.get(found, 'no file')} and not read", hint=_REFUSING)
            descriptor = os.open(name, flags, dir_fd=folder)
        except FileNotFoundError:
            if name == METADATA:
                raise SyncError(
                    f"{path.parent} holds no published list", hint=f"Name the folder that has {METADATA}/ in it"
                ) from None
            raise DownloadHTTPError(f"{path} is not there", 404) from None
        except OSError as error:
            raise SyncError(
                f"{path} cannot be read: {error.strerror}", hint="Check its rights, or try another medium"
            ) from error
        if stat.S_IFMT(os.fstat(descriptor).st_mode) != expected:  # it was replaced in between
            os.close(descriptor)
            raise SyncError(f"{path} is no file of a publication", hint=_REFUSING)
        return descriptor
