"""The card's partition (vfat): the file on it, and what is written there.

A card may have its lock switch on: what cannot be written there is a warning and never stops a gate.  A file is
written whole beside the old one and then renamed.  vfat keeps no journal: after a power cut a file of the name
`*.new` may be left, and is written again.
"""

import os
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from gate.errors import ConfigError, GateError
from gate.settings.text import LARGEST, decode_text
from gate.store.durable import read_regular, sync_folder, write_whole

_BOM = b"\xef\xbb\xbf"


class CardFile(NamedTuple):
    """The file as it lies on the card."""

    path: Path
    raw: bytes

    @property
    def text(self) -> str:
        """The text with "\\n" line ends.  Raises ConfigError, SettingsError."""
        return decode_text(Path(self.path.name), self.raw)

    def encoded(self, text: str) -> bytes:
        """Return a text as bytes with the line ends and the byte order mark that the file has."""
        text = text.replace("\n", "\r\n") if b"\r\n" in self.raw else text
        return (_BOM if self.raw.startswith(_BOM) else b"") + text.encode()


def read_card_file(path: Path) -> CardFile:
    """Read the file.  Raises ConfigError for anything that is no plain file of a sensible size."""
    try:
        return CardFile(path, read_plain(path, LARGEST))
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise ConfigError(f"{path}: cannot be read ({why})", hint="Put gate.toml on the card, a plain file") from error


def read_plain(path: Path, most: int) -> bytes:
    """Read a file that is no link: a link on a medium could name any file of this computer.  Raises OSError, and
    ValueError for something else than a file, or one of more than `most` bytes."""
    content = read_regular(path, most + 1, follow=False)
    if content is None:
        raise ValueError("it is no file")
    if len(content) > most:
        raise ValueError(f"it has more than {most // 1024} KiB")
    return content


@dataclass(slots=True)
class Card:
    """The folder that reports go to.  `folder` None: there is no card.  `problems`: what could not be written."""

    folder: Path | None
    problems: list[str] = field(default_factory=list)

    def write(self, name: str, content: bytes) -> None:
        """Write a file whole, if it is not so already."""
        if self.folder is None:
            return
        path = self.folder / name
        with suppress(OSError, ValueError):
            if read_plain(path, len(content)) == content:
                return
        try:
            write_whole(path, content, 0o644)
        except OSError as error:
            self._failed(name, error)

    def has(self, name: str, *parts: str) -> bool:
        """Return whether a file is there and holds these parts."""
        with suppress(OSError, ValueError):
            content = read_plain(self.folder / name, LARGEST) if self.folder else b""
            return all(part.encode() in content for part in parts)
        return False

    def clear(self, *names: str) -> None:
        """Remove what a power cut left of files that were being written."""
        if self.folder is not None:
            for name in names:
                with suppress(OSError):
                    (self.folder / f"{name}.new").unlink()

    def wipe(self, file: CardFile, content: bytes) -> bool:
        """Put `content` in the file's place, and overwrite the blocks of the old one; return whether that succeeded.
        The controller of a flash card may keep old blocks all the same."""
        try:
            old = os.open(file.path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                write_whole(file.path, content, 0o644)
                os.pwrite(old, bytes(len(file.raw)), 0)
                os.fsync(old)
            finally:
                os.close(old)
            sync_folder(file.path.parent)
        except OSError as error:
            self._failed(file.path.name, error)
            return False
        return True

    def _failed(self, name: str, error: OSError) -> None:
        self.problems.append(
            str(
                GateError(
                    f"{name} on the card cannot be written ({error.strerror})",
                    hint="Look at its lock switch and its free space",
                )
            )
        )
