"""Frames to examine, from every source that a reader may have.  Runs in a worker process, which drops the same rights
as the camera's own worker before it decodes the first picture."""

import time
from collections.abc import Iterator
from pathlib import Path

import cv2

from drivers.decoders.image_file import load_grey
from drivers.readers.camera_check_messages import Opened
from drivers.readers.camera_worker.capture import BEAT, Frame, Live, NewestFrame
from drivers.readers.camera_worker.image_folder import SUFFIXES, natural_order
from drivers.readers.camera_worker.open_source import open_live
from drivers.readers.camera_worker.picamera_main import open_picamera
from gate.errors import PictureError
from gate.worker.confine import NOTHING, Rights, give_up, libraries
from gate.worker.link import Link


def frames(link: Link) -> Iterator[Frame]:
    """Return the frames of the configured source."""
    settings = link.settings
    live = open_picamera(link) if settings["driver"] == "picamera" else open_live(link)
    if live is not None:
        return _live_frames(link, live)
    path = Path(settings["device"])
    return _pictures(link, path) if path.is_dir() else _video(link, path)


def _live_frames(link: Link, live: Live) -> Iterator[Frame]:
    settings = link.settings
    if live.expose and settings["exposures"]:
        live.expose(settings["exposures"][0])
    keeps = () if live.late else give_up(live.rights)
    newest = NewestFrame(live.capture, settings["fps"], device=live.device)
    if newest.take(settings["open_deadline"]) is None:
        link.fail(f"{settings['name']}: opened, but no picture comes", "Does another program show its picture?")
    link.send(Opened(give_up(live.rights) if live.late else keeps))
    link.receive()
    until = time.monotonic() + settings["seconds"]
    try:
        while time.monotonic() < until:
            frame = newest.take(BEAT)
            if frame is not None:
                yield frame
    except EOFError:
        link.fail(f"{settings['name']}: no more pictures come", "Check its cable, power and network")


def _pictures(link: Link, folder: Path) -> Iterator[Frame]:
    try:
        names = sorted((path.name for path in folder.iterdir() if path.suffix.lower() in SUFFIXES), key=natural_order)
    except OSError as error:
        link.fail(f"{link.settings['name']}: cannot be read ({error.strerror})", "Let the user of the gate read there")
    link.send(Opened(give_up(Rights(read=(str(folder), *libraries())))))
    link.receive()
    for name in names:
        try:
            yield Frame(load_grey(folder / name), time.monotonic())
        except PictureError:
            continue  # the lane skips it too


def _video(link: Link, path: Path) -> Iterator[Frame]:
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    good, picture = capture.read() if capture.isOpened() else (False, None)
    if not good:
        link.fail(f"{link.settings['name']}: cannot be played", "Name a video file, such as MP4, MKV or AVI")
    link.send(Opened(give_up(NOTHING)))
    link.receive()
    until = time.monotonic() + link.settings["seconds"]
    while good and picture is not None and time.monotonic() < until:
        yield Frame(picture, time.monotonic())
        good, picture = capture.read()
