"""Things to hold before a camera: pictures, a video, a network camera that behaves or does not."""

import itertools
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import segno

from drivers.readers.camera import CameraConfig

Picture = npt.NDArray[np.uint8]

BLANK: Picture = np.full((480, 640), 120, np.uint8)


def camera_config(device: object, **settings: object) -> CameraConfig:
    """Quick settings, as they would come from a file."""
    quick: dict[str, object] = {
        "direction": "exit",
        "fps": 25,
        "open_deadline": "3s",
        "frame_deadline": "1s",
        "dwell": "0ms",
    }
    return CameraConfig.model_validate({"driver": "camera", "device": str(device)} | quick | settings)


def drawn(*texts: str, scale: int = 4) -> Picture:
    """The codes side by side on a grey wall of 640 x 480 or larger."""
    codes = []
    for text in texts:
        rows = segno.make_qr(text, error="l").matrix_iter(scale=scale, border=4)
        codes.append(np.array([[0 if module else 255 for module in row] for row in rows], np.uint8))
    wall = np.full(
        (max(480, *(len(code) + 40 for code in codes)), max(640, sum(len(code) + 40 for code in codes))), 120, np.uint8
    )
    left = 20
    for code in codes:
        wall[20 : 20 + len(code), left : left + len(code)] = code
        left += len(code) + 40
    return wall


def put(folder: Path, name: str, *texts: str) -> Path:
    """A picture of these codes; of a wall when there are none."""
    assert cv2.imwrite(str(folder / name), drawn(*texts) if texts else BLANK)
    return folder / name


def film(file: Path, texts: Sequence[str], fps: float = 25.0) -> None:
    """Every text for six frames, three frames of wall after it."""
    writer = cv2.VideoWriter(str(file), cv2.VideoWriter.fourcc(*"MJPG"), fps, (640, 480), isColor=False)
    assert writer.isOpened()
    for text in texts:
        for picture in [drawn(text)] * 6 + [BLANK] * 3:
            writer.write(picture)
    writer.release()


def jpeg(picture: Picture) -> bytes:
    good, data = cv2.imencode(".jpg", picture)
    assert good
    return data.tobytes()


class NetworkCamera:
    """A real HTTP server of multipart JPEG pictures on loopback.

    Each connection gets `frames` again and again at `fps`, and others as soon as those are put there; a
    frame of None is a stall until then."""

    def __init__(self, frames: Sequence[bytes | None], *, fps: float = 25.0) -> None:
        self.frames = frames
        self._fps = fps
        self._going = threading.Event()
        self._server: ThreadingHTTPServer | None = None
        self.port = 0
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/video"

    def start(self) -> None:
        camera = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                with suppress(OSError):
                    self.send_response(200)
                    self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
                    self.end_headers()
                    camera.stream(self)

            def log_message(self, *_: object) -> None:
                pass

        self._going.set()
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stream(self, handler: BaseHTTPRequestHandler) -> None:
        for number in itertools.count():
            while (frame := self.frames[number % len(self.frames)]) is None and self._going.is_set():
                time.sleep(0.02)
            if frame is None or not self._going.is_set():
                return
            head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(frame)}\r\n\r\n"
            handler.wfile.write(head.encode() + frame + b"\r\n")
            time.sleep(1 / self._fps)

    def stop(self) -> None:
        """Idempotent; every connection ends."""
        self._going.clear()
        if self._server:
            self._server.shutdown()
            self._server.server_close()  # waits for the connections' threads
            self._server = None


@contextmanager
def black_hole() -> Iterator[int]:
    """The port of a server that lets one connect and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@contextmanager
def endless_part() -> Iterator[int]:
    """The port of a camera whose first picture has no end."""

    def serve() -> None:
        with suppress(OSError):
            while True:
                connection, _ = server.accept()
                with suppress(OSError), connection:
                    connection.recv(4096)
                    kind = b"multipart/x-mixed-replace; boundary=b"
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: " + kind + b"\r\n\r\n--b\r\n")
                    connection.sendall(b"Content-Type: image/jpeg\r\nContent-Length: 99999999999\r\n\r\n\xff\xd8")
                    while True:
                        connection.sendall(b"\xff" * 65536)

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
        thread.join(5)
