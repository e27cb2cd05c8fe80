"""The demo's camera: it takes pictures of the person before it, many times a second."""

import io
import random
from threading import Condition, Event, Thread
from time import monotonic

from gate.demo.scene import Backdrop, empty, figure, hall, light, shoot
from gate.demo.visit import Visit

RATE = 15.0  # frames a second
QUALITY = 80  # of the JPEGs, as cheap cameras have


class Latest:
    """The newest frame, for any number of viewers.  A slow viewer misses frames and delays no other."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._number = 0
        self._jpeg = b""

    def put(self, jpeg: bytes) -> None:
        with self._changed:
            self._number += 1
            self._jpeg = jpeg
            self._changed.notify_all()

    def after(self, number: int, timeout: float) -> tuple[int, bytes] | None:
        """Return the newest frame with a higher number; wait `timeout` seconds for it, then return None."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._number > number, timeout):
                return None
            return self._number, self._jpeg


class DemoCamera:
    """A camera that draws on a thread of its own.  Use as a context manager."""

    def __init__(self, latest: Latest, seed: int) -> None:
        self._latest = latest
        self._dice = random.Random(seed)
        self._light = light(self._dice)
        self._nobody = Backdrop(hall(random.Random(7)), figure(self._dice, (205, 160, 130)))
        self._visit: Visit | None = None
        self._ended = Event()
        self.frames = self.late = 0  # so far; of these, later than the next one was due
        self._thread = Thread(target=self._run, name="demo-camera", daemon=True)

    def __enter__(self) -> "DemoCamera":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join(5)

    def show(self, visit: Visit | None) -> None:
        """Set the person before the camera from the next frame on."""
        self._visit = visit

    def _run(self) -> None:
        due = monotonic()
        while not self._ended.wait(max(0.0, due - monotonic())):
            self._latest.put(self._frame())
            self.frames += 1
            self.late += monotonic() > due + 1 / RATE
            due = max(due + 1 / RATE, monotonic())

    def _frame(self) -> bytes:
        now, visit = monotonic(), self._visit
        if visit is None or (visit.over_at is not None and now > visit.over_at):
            picture = empty(self._nobody, self._light, self._dice)
        else:
            shot = shoot(visit.backdrop, self._light, visit.prop, *visit.poses(now), self._dice)
            visit.saw(now, whole=shot.whole, module_px=shot.module_px)
            picture = shot.picture
        out = io.BytesIO()
        picture.save(out, "JPEG", quality=QUALITY)
        return out.getvalue()
