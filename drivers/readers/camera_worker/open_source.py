"""The kinds of a camera's `device`, and the opening of each.  Runs in the worker process."""

import os
import re
import stat
from ipaddress import ip_address
from pathlib import Path

import cv2

from drivers.readers.camera_worker.capture import Live, play_video, watch
from drivers.readers.camera_worker.image_folder import show_folder
from drivers.readers.camera_worker.v4l2 import Controls
from gate.worker.confine import Rights, lower_data
from gate.worker.link import Link

MJPEG = cv2.VideoWriter.fourcc(*"MJPG")
PORTS = {"http": 80, "https": 443, "rtsp": 554, "rtsps": 322}
_LOOK_UP = (  # files that a stream of pieces (HLS) needs to connect again
    *("/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/gai.conf", "/etc/host.conf", "/etc/services"),
    *("/etc/ssl", "/usr/share/ca-certificates", "/usr/lib", "/lib"),
)
STREAM_DATA = 384 * 2**20
"""Bytes: MJPEG of 3840 x 2160 takes 160 MB here, an endless part takes all it gets, and gate.service has 512 MB."""
STREAMS = ("http://", "https://", "rtsp://", "rtsps://")


def run(link: Link) -> None:
    """Open the source that `device` names, and report it for ever, or until a video has ended."""
    live = open_live(link)
    if live is not None:
        watch(link, live)
    elif (path := Path(link.settings["device"])).is_dir():
        show_folder(link, path)
    else:
        play_video(link, cv2.VideoCapture(str(path), cv2.CAP_FFMPEG))


def open_live(link: Link) -> Live | None:
    """Open a live source; return None when `device` is a folder or a file."""
    device: str = link.settings["device"]
    name: str = link.settings["name"]
    if "://" in device:
        if not device.startswith(STREAMS):
            link.fail(f"{name}: unknown kind of address", f"Use one of {' '.join(STREAMS)}")
        host, port = _host_and_port(device)
        rights = Rights(read=_LOOK_UP, connect=(port,), look_up=not _is_numeric(host))
        return Live(_open_stream(link, device), device=False, rights=rights)
    path = Path(device)
    try:
        mode = path.stat().st_mode
    except OSError as error:
        link.fail(
            f"{name}: {error.strerror}",
            "Plug the camera in and name it as `ls /dev/v4l/by-id` does"
            if device.startswith("/dev/")
            else "Name a camera, a video file, a folder of pictures or an address that exists",
        )
    if not stat.S_ISCHR(mode):
        return None
    capture = _open_device(link, path)
    try:
        controls = Controls(path)
    except OSError:  # some cameras refuse a second opening: they keep their own settings
        return Live(capture, device=True)
    controls.prepare(link.settings["focus"])
    return Live(capture, device=True, expose=controls.expose)


def _host_and_port(address: str) -> tuple[str, int]:
    """Return host and port of an address, or the default port of its kind."""
    kind, _, rest = address.partition("://")
    place = re.split(r"[/?#]", rest, maxsplit=1)[0].rpartition("@")[2]
    found = re.fullmatch(r"(.*?):(\d{1,5})", place)
    if found and int(found[2]) < 2**16 and not found[1].endswith(":"):
        return found[1], int(found[2])
    return place, PORTS[kind]


def _is_numeric(host: str) -> bool:
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def _open_stream(link: Link, address: str) -> cv2.VideoCapture:
    """Open a stream, with time limits: without them FFmpeg waits 30 s for a server that accepts and sends nothing."""
    lower_data(STREAM_DATA)
    # For streams only: unbuffered, FFmpeg drops the first frame of a file.
    os.environ["OPENCV_FFMPEG_CAPTURE_OPTIONS"] = "rtsp_transport;tcp|fflags;nobuffer|flags;low_delay|threads;1"
    limits = (
        *(cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, int(link.settings["open_deadline"] * 1000)),
        *(cv2.CAP_PROP_READ_TIMEOUT_MSEC, int(link.settings["frame_deadline"] * 1000)),
    )
    capture = cv2.VideoCapture(address, cv2.CAP_FFMPEG, limits)
    if not capture.isOpened():
        link.fail(
            f"{link.settings['name']}: no pictures come from this address",
            "Check address, password and network: does a video player show it?",
        )
    if int(capture.get(cv2.CAP_PROP_FOURCC)) == MJPEG:  # its grey is full range, that of other streams 16 to 235
        capture.set(cv2.CAP_PROP_CONVERT_RGB, 0)  # unpacks grey alone: 5 MB less at 720p, and less work
    return capture


def _open_device(link: Link, path: Path) -> cv2.VideoCapture:
    name = link.settings["name"]
    if not os.access(path, os.R_OK | os.W_OK):
        link.fail(f"{name}: permission denied", "Add this user to the group `video`")
    capture = cv2.VideoCapture(str(path), cv2.CAP_V4L2)
    if not capture.isOpened():
        link.fail(
            f"{name}: cannot be opened as a camera",
            f"Does another program hold it (`fuser -v {path}`)? Is it the node that ends in -index0?",
        )
    # A camera refuses an unsupported setting and keeps its old one, which is then used.
    for setting, value in (
        (cv2.CAP_PROP_FOURCC, MJPEG),  # raw 720p does not fit USB 2 at 15 frames a second
        (cv2.CAP_PROP_FRAME_WIDTH, link.settings["width"]),
        (cv2.CAP_PROP_FRAME_HEIGHT, link.settings["height"]),
        (cv2.CAP_PROP_FPS, link.settings["fps"]),
    ):
        capture.set(setting, value)
    return capture
