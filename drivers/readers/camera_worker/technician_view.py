"""What a technician is shown of a camera: facts about its last looks, and a frame when one is requested.

Runs in the worker process.  A frame is sent only as the answer to ShowPicture: one for each, and no more than one in
PICTURE_EVERY, however many are requested.  The last frame is kept here, in memory, and replaced by the next.
"""

import base64
import time
from collections import deque
from dataclasses import dataclass
from statistics import median

import cv2

from drivers.decoders.coaching import Coach
from drivers.decoders.symbols import Grey, ReadResult, Symbol
from drivers.readers.camera_messages import CHUNK, GoOn, Picture, ShowPicture
from drivers.readers.camera_worker.measures import WHITE, closest, sharpness
from gate.ports.camera_view import MOST_LOOKS, MOST_OUTLINES, MOST_PICTURE, PICTURE_EVERY, Outline, ReadingFacts
from gate.worker.link import Link

FACTS_EVERY = 1.0  # seconds between two messages of facts
WIDEST = 640  # pixels of a picture that is sent: codes of 2 pixels a module at 1280 are still seen as such
QUALITIES = (70, 50, 30, 15)
"""Of a JPEG, tried in turn until one is small enough: 640 x 480 of noise takes 190 KiB at 70 and 50 KiB at 15; a
scene takes a tenth of that."""
NARROWER = 0.5  # times the size, where even the last quality is too large


@dataclass(frozen=True, slots=True)
class SearchedFrame:
    """A frame that was searched for codes."""

    at: float  # captured, monotonic seconds
    grey: Grey
    found: ReadResult
    seconds: float  # of processor
    exposure: tuple[int, float] | None = None  # place in the ladder, and seconds; None: it takes no order


class TechnicianView:
    """The view through one camera.  For the thread that reads the frames."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._last: SearchedFrame | None = None
        self._results: deque[tuple[bool, bool, float]] = deque(maxlen=MOST_LOOKS)  # read, unread, seconds
        self._code: tuple[float, float] | None = None  # sharpness and pixels a module of the last code
        self._facts_due = self._picture_due = 0.0
        self._is_requested = False

    def take_requests(self) -> bool:
        """Take what the daemon has sent while nothing is held; return whether a picture is due now, so that the next
        frame is searched though nothing moves."""
        while (message := self._link.receive(0)) is not None:
            self._take(message)
        return self._is_due

    def look(self, look: SearchedFrame) -> None:
        """Take a frame that was searched; send facts where they are due, and the frame where it is requested."""
        self._last = look
        found = look.found
        read = bool(found.texts)
        self._results.append((read, bool(found.located) and not read, look.seconds))
        now = time.monotonic()
        if now >= self._facts_due:
            self._facts_due = now + FACTS_EVERY
            self._measure_code(look)
            self._link.send(self._facts(look))
        self.answer()

    @property
    def _is_due(self) -> bool:
        return self._is_requested and time.monotonic() >= self._picture_due

    def answer(self) -> None:
        """Send the last frame, where one is requested and due."""
        if self._last is not None and self._is_due:
            self._is_requested = False
            self._picture_due = time.monotonic() + PICTURE_EVERY
            self._link.send(picture_of(self._last))

    def wait_to_go_on(self) -> None:
        """Wait for GoOn; answer requests meanwhile."""
        while True:
            message = self._link.receive(PICTURE_EVERY if self._is_requested else None)
            if isinstance(message, GoOn):
                return
            self._take(message)
            self.answer()

    def _take(self, message: object) -> None:
        if isinstance(message, ShowPicture):
            self._is_requested = True

    def _measure_code(self, look: SearchedFrame) -> None:
        symbols = [*look.found.symbols, *look.found.located]
        if symbols:
            largest = max(symbols, key=lambda symbol: cv2.contourArea(symbol.corners))
            self._code = sharpness(closest(look.grey, symbols)), largest.module

    def _facts(self, look: SearchedFrame) -> ReadingFacts:
        step, exposure = look.exposure or (0, None)
        sharp, module = self._code or (None, None)
        return ReadingFacts(
            at=look.at,
            looks=len(self._results),
            read=sum(read for read, _, _ in self._results),
            unread=sum(unread for _, unread, _ in self._results),
            exposure=exposure,
            step=step,
            brightness=round(float(look.grey.mean()), 1),
            burnt_out=round(float((look.grey >= WHITE).mean()), 4),
            sharpness=None if sharp is None else round(sharp, 3),
            module_px=round(module, 2) if module else None,
            frame_ms=round(median(seconds for _, _, seconds in self._results) * 1000, 2),
        )


def picture_of(look: SearchedFrame) -> Picture:
    """Return the frame, small enough for a message, with the outlines of its codes."""
    grey = look.grey
    factor = min(1.0, WIDEST / max(grey.shape))
    while True:
        small = grey if factor == 1 else cv2.resize(grey, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
        for quality in QUALITIES:
            _, jpeg = cv2.imencode(".jpg", small, (cv2.IMWRITE_JPEG_QUALITY, quality))
            encoded = base64.b64encode(jpeg.tobytes()).decode()
            if len(encoded) <= MOST_PICTURE:
                height, width = small.shape
                chunks = tuple(encoded[at : at + CHUNK] for at in range(0, len(encoded), CHUNK))
                return Picture(
                    time.monotonic(),
                    width,
                    height,
                    chunks,
                    _outlines(look.found, factor),
                    Coach().hint(look.grey, look.found),
                )
        factor *= NARROWER


def _outlines(found: ReadResult, factor: float) -> tuple[Outline, ...]:
    every = [(symbol, True) for symbol in found.symbols] + [(symbol, False) for symbol in found.located]
    return tuple(_outline(symbol.scaled(factor), is_read) for symbol, is_read in every[:MOST_OUTLINES])


def _outline(symbol: Symbol, is_read: bool) -> Outline:
    return Outline(tuple((round(float(x), 1), round(float(y), 1)) for x, y in symbol.corners), is_read)
