"""The quality of a camera's pictures for reading codes."""

import time
from collections.abc import Sequence
from textwrap import wrap

import cv2
import numpy as np

from drivers.decoders.image_file import to_grey
from drivers.decoders.live import LiveReader
from drivers.decoders.symbols import Grey, ReadResult
from drivers.readers.camera_worker.capture import Frame
from drivers.readers.camera_worker.measures import WHITE, closest, sharpness

_READ, _FOUND, _INK, _SHADE = (60, 130, 20), (20, 100, 200), (255, 255, 255), (40, 40, 40)  # BGR
_FONT = cv2.FONT_HERSHEY_SIMPLEX
_LARGE, _SMALL = 1 / 400, 1 / 700  # size of letters, of the picture's height: legible from a ladder


class QualityReport:
    def __init__(self) -> None:
        self._reader = LiveReader()
        self._times: list[float] = []
        self._light: list[tuple[float, float, float]] = []  # brightness, burnt out, sharpness of every frame
        self._located = self._read = 0
        self._modules: list[float] = []
        self._seconds = 0.0
        self._last: tuple[Grey, ReadResult] | None = None
        self._best: tuple[Grey, ReadResult] | None = None  # the last with a code whose place is known

    def add(self, frame: Frame) -> None:
        grey = to_grey(frame.picture)
        start = time.thread_time()
        found = self._reader.read(grey)
        self._seconds += time.thread_time() - start
        self._times.append(frame.at)
        symbols = [*found.symbols, *found.located]
        self._light.append((float(grey.mean()), float((grey >= WHITE).mean()), sharpness(closest(grey, symbols))))
        self._read += bool(found.texts)
        self._located += bool(found.texts or symbols)
        self._modules += [symbol.module for symbol in symbols if symbol.size]
        self._last = (grey, found)
        if symbols:
            self._best = self._last

    def report(self) -> dict[str, float]:
        """Return the fields of `gate.ports.camera_report.CameraReport`."""
        count = len(self._times)
        if not count or self._last is None:
            return {"frames": 0}
        height, width = self._last[0].shape
        passed = self._times[-1] - self._times[0]
        brightness, burnt_out, sharp = np.median(np.array(self._light), axis=0).round(4).tolist()
        return {
            "frames": count,
            "fps": round((count - 1) / passed, 2) if passed else 0.0,
            "width": width,
            "height": height,
            "brightness": brightness,
            "burnt_out": burnt_out,
            "sharpness": sharp,
            "located": round(self._located / count, 4),
            "read": round(self._read / count, 4),
            "module_px": round(float(np.median(self._modules)), 2) if self._modules else 0.0,
            "decode_ms": round(self._seconds / count * 1000, 3),
        }

    def draw(self, suffix: str, words: Sequence[str]) -> bytes:
        """Return the last frame with a code, or the last one, as a file of this kind; b"" when no frame came.

        Codes are marked.  Above the frame is what to do (`words`), the first large; below it are the measurements.
        Raises ValueError for a kind of file that cannot be written."""
        shown = self._best or self._last
        if shown is None:
            return b""
        grey, found = shown
        height, width = grey.shape
        picture = np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR), np.uint8)
        for symbols, colour, word in ((found.symbols, _READ, "read"), (found.located, _FOUND, "found, not read")):
            for symbol in symbols:
                corners = [symbol.corners.round().astype(np.int32)]
                cv2.polylines(picture, corners, True, colour, max(3, height // 150), cv2.LINE_AA)
                label = _line(f"{word}, {symbol.module:.1f} px a module", height * _SMALL, colour)
                _put(picture, label, *symbol.corners.min(axis=0))
        facts = self.report()
        below = (
            f"sharpness {facts['sharpness']:.2f}   brightness {facts['brightness']:.0f}   "
            f"{facts['located']:.0%} with a code   {facts['read']:.0%} read"
        )
        ground = _FOUND if words else _READ
        rows = [
            _lines(word, height * (_SMALL if number else _LARGE), ground, width)
            for number, word in enumerate(words or ["Good: the code is read"])
        ]
        try:
            _, drawn = cv2.imencode(suffix, np.vstack([*rows, picture, _lines(below, height * _SMALL, _SHADE, width)]))
        except cv2.error as error:
            raise ValueError(f"there is no picture format {suffix}") from error
        return drawn.tobytes()


def _lines(words: str, scale: float, colour: tuple[int, int, int], width: int) -> Grey:
    """Return a band as wide as the picture, with the lines that the words take."""
    for letters in range(len(words), 8, -1):
        lines = [_line(line, scale, colour) for line in wrap(words, letters)]
        if all(line.shape[1] <= width for line in lines):
            break
    band = np.full((sum(len(line) for line in lines), width, 3), colour, np.uint8)
    top = 0
    for line in lines:
        top += len(line)
        _put(band, line, 0, top)
    return band


def _line(words: str, scale: float, colour: tuple[int, int, int]) -> Grey:
    thick = max(1, round(2 * scale))
    (wide, high), below = cv2.getTextSize(words, _FONT, scale, thick)
    around = high // 2
    line = np.full((high + below + around, wide + 2 * around, 3), colour, np.uint8)
    cv2.putText(line, words, (around, high + around // 2), _FONT, scale, _INK, thick, cv2.LINE_AA)
    return line


def _put(picture: Grey, label: Grey, left: float, bottom: float) -> None:
    """Draw the label above this place, as far as there is room."""
    label = label[: len(picture), : picture.shape[1]]
    x = int(np.clip(left, 0, picture.shape[1] - label.shape[1]))
    y = int(np.clip(bottom - len(label), 0, len(picture) - len(label)))
    picture[y : y + len(label), x : x + label.shape[1]] = label
