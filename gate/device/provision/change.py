"""A change of many files that a power cut leaves undone or done, never half.

The new content lies in a folder first.  Renaming that folder decides the change: from then on it is carried out, at
the next boot if need be, before anything reads the files.  Each step may be repeated.

    etc/gate/.provision.new/    being written; nothing has changed yet
    etc/gate/.provision/        decided: `changes.json`, and a file of content for each change, named by its number
"""

import json
import os
import shutil
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from gate.device.layout import DeviceLayout
from gate.errors import StoreError
from gate.store.durable import PRIVATE, is_odd, link_whole, make_directory, sync_folder, write_whole

_NEW, _DECIDED, _DONE = ".provision.new", ".provision", ".provision.done"
_LIST = "changes.json"
STORES = tuple(str(folder.relative_to("/")) for folder in DeviceLayout().credstores)
_PRIVATE_FOLDERS = (*STORES, "etc/NetworkManager/system-connections")


@dataclass(frozen=True, slots=True)
class FileChange:
    """A file that is written, linked or removed.  `path`: below the root.  `content` None with `link` None: removed."""

    path: str
    content: bytes | None = None
    mode: int = 0o644
    group: int = 0
    link: str | None = None


@dataclass(frozen=True, slots=True)
class _Step:
    path: str
    kind: str  # "write", "link", "remove"
    mode: int
    group: int
    link: str | None


def below(root: Path, path: str) -> Path:
    """Return a path below the root.  Raises StoreError where a link in an image leads out of it."""
    if root != Path("/"):
        place = root
        for part in Path(path).parts[:-1]:
            place /= part
            if place.is_symlink():
                raise StoreError(f"{place} is a link", hint="It may lead out of the image: put a folder in its place")
    return root / path


def decide(layout: DeviceLayout, changes: Sequence[FileChange]) -> None:
    """Write a change down and decide it.  Raises StoreError, OSError; then nothing has changed."""
    for change in changes:
        below(layout.root, change.path)
    folder = _folder(layout, _NEW)
    _remove(folder)
    make_directory(folder.parent, 0o755)
    folder.mkdir(0o700)
    steps = []
    for number, change in enumerate(changes):
        kind = "link" if change.link is not None else "remove" if change.content is None else "write"
        steps.append(_Step(change.path, kind, change.mode, change.group, change.link))
        if change.content is not None:
            write_whole(folder / str(number), change.content, PRIVATE)
    write_whole(folder / _LIST, json.dumps([asdict(step) for step in steps]).encode(), PRIVATE)
    sync_folder(folder)
    folder.rename(_folder(layout, _DECIDED))
    sync_folder(folder.parent)


def is_decided(layout: DeviceLayout) -> bool:
    """Return whether a change was decided and not carried out to its end."""
    return _folder(layout, _DECIDED).is_dir()


def carry_out(layout: DeviceLayout) -> None:
    """Carry out the change that was decided, if there is one.  Raises StoreError, OSError; then it may be repeated."""
    folder, done = _folder(layout, _DECIDED), _folder(layout, _DONE)
    _remove(_folder(layout, _NEW))
    if folder.is_dir():
        for number, step in enumerate(json.loads((folder / _LIST).read_bytes())):
            _carry_out(layout.root, _Step(**step), folder / str(number))
        _remove(done)
        folder.rename(done)
        sync_folder(done.parent)
    _remove(done)


def _carry_out(root: Path, step: _Step, content: Path) -> None:
    path = below(root, step.path)
    if step.kind == "remove":
        if path.is_symlink() or path.exists():
            path.unlink()
            sync_folder(path.parent)
        return
    _make_folders(root, path.parent)
    if step.link is not None:
        link_whole(path, step.link)
        return
    write_whole(path, content.read_bytes(), step.mode)
    if os.geteuid() == 0:
        os.chown(path, 0, step.group, follow_symlinks=False)


def _make_folders(root: Path, folder: Path) -> None:
    missing = []
    while not folder.is_dir():
        missing.append(folder)
        folder = folder.parent
    for made in reversed(missing):
        private = str(made.relative_to(root)) in _PRIVATE_FOLDERS
        make_directory(made, 0o700 if private else 0o755)
        sync_folder(made.parent)


def _folder(layout: DeviceLayout, name: str) -> Path:
    return below(layout.root, str((layout.etc / name).relative_to(layout.root)))


def _remove(folder: Path) -> None:
    """Remove a folder of ours.  What cannot be removed is of no harm: it is tried again at the next start."""
    with suppress(OSError):
        if folder.is_symlink() or (is_odd(folder) and not folder.is_dir()):
            folder.unlink()
        elif folder.is_dir():
            shutil.rmtree(folder)


def obsolete(before: Collection[str], changes: Sequence[FileChange]) -> list[FileChange]:
    """Return the removal of files that an earlier change wrote and this one does not."""
    kept = {change.path for change in changes}
    return [FileChange(path) for path in sorted(before) if path not in kept]
