"""A folder of pictures as a queue of people.  Runs in the worker process of a camera."""

import os
import re
import time
from collections.abc import Mapping
from pathlib import Path

from drivers.decoders.image_file import load_grey
from drivers.decoders.still import read_still
from drivers.readers.camera_messages import File, FrameTexts, ImageHeld, Opened, Skipped, Taking, bounded
from drivers.readers.camera_worker.technician_view import SearchedFrame, TechnicianView
from gate.errors import PictureError
from gate.worker.confine import Rights, give_up, libraries
from gate.worker.link import Link

SUFFIXES = frozenset(
    {".avif", ".bmp", ".gif", ".heic", ".heif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"}
)
"""Suffixes that are shown, or named in the log where that fails."""
STABLE = 0.2  # seconds without a change: the file has been written to its end
LOOK_AGAIN = 0.1  # seconds
_WORDS = 1000  # characters of the reason for a skip


class ImageQueue:
    """A queue of files: each once; again when it was replaced or was away in between."""

    def __init__(self, folder: Path, taken: Mapping[str, File]) -> None:
        self._folder = folder
        self._taken = dict(taken)
        self._since: dict[str, tuple[File, float]] = {}  # the last identity of each file, and since when

    def look(self, now: float) -> bool:
        """Note the folder's files at `now` (monotonic s); return False when it holds no picture.  Raises OSError."""
        present = _pictures(self._folder)
        self._taken = {name: file for name, file in self._taken.items() if name in present}
        self._since = {
            name: known if (known := self._since.get(name)) and known[0] == file else (file, now)
            for name, file in present.items()
        }
        return bool(present)

    def take(self, now: float) -> tuple[Path, File] | None:
        """Return the next picture, None while none is both new and completely written."""
        waiting = [
            name
            for name, (file, since) in self._since.items()
            if self._taken.get(name) != file and now - since >= STABLE
        ]
        if not waiting:
            return None
        name = min(waiting, key=natural_order)
        file = self._taken[name] = self._since[name][0]
        return self._folder / name, file


def natural_order(name: str) -> tuple[list[str | int], str]:
    """Return a key that sorts p2.png before p10.png."""
    parts = re.split(r"(\d+)", name.casefold())
    return [int(part) if index % 2 else part for index, part in enumerate(parts)], name


def show_folder(link: Link, folder: Path) -> None:
    """Report one picture after another; each waits for the daemon's GoOn."""
    name = link.settings["name"]
    taken: dict[str, list[int]] = link.settings["taken"]
    pictures = ImageQueue(folder, {shown: (file[0], file[1], file[2]) for shown, file in taken.items()})
    try:
        if not pictures.look(time.monotonic()):
            link.fail(f"{name}: the folder holds no pictures", "Put PNG or JPEG files there")
        link.send(Opened(give_up(Rights(read=(str(folder), *libraries())))))
        link.receive()
        view = TechnicianView(link)
        while True:
            pictures.look(time.monotonic())
            turn = pictures.take(time.monotonic())
            if turn is None:
                now = time.monotonic()
                link.send(FrameTexts(now, now, 1, (), None))
                view.take_requests()
                view.answer()
                time.sleep(LOOK_AGAIN)
            else:
                _show(link, view, *turn)
    except OSError as error:
        link.fail(f"{name}: {error.strerror}", "Is the folder still there, and may this user read it?")


def _show(link: Link, view: TechnicianView, picture: Path, file: File) -> None:
    at = time.monotonic()
    link.send(Taking(picture.name, file, at))
    try:
        grey = load_grey(picture)
    except PictureError as error:
        link.send(Skipped(str(error)[:_WORDS], time.monotonic()))
        return
    start = time.thread_time()
    found = read_still(grey)
    seconds = time.thread_time() - start
    link.send(ImageHeld(at, bounded(found.texts), still=True))
    view.look(SearchedFrame(at, grey, found, seconds))
    view.wait_to_go_on()


def _pictures(folder: Path) -> dict[str, File]:
    found = {}
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(".") or Path(entry.name).suffix.lower() not in SUFFIXES:
                continue
            try:
                status = entry.stat()
            except FileNotFoundError:
                continue  # gone in the meantime
            found[entry.name] = (status.st_ino, status.st_size, status.st_mtime_ns)
    return found
