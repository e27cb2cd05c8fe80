"""How good the pictures of a camera are for reading codes."""

import time
from pathlib import Path

import cv2
import numpy as np

from drivers.readers.camera_frames import Frame
from drivers.readers.cascade import LiveEye
from drivers.readers.looking import Found, Grey, Located
from drivers.readers.picture_file import to_grey

WHITE = 250  # of 255: from here on a pixel is burnt out
_READ, _FOUND, _INK = (60, 170, 40), (30, 140, 240), (255, 255, 255)  # BGR


class Quality:
    def __init__(self) -> None:
        self._eye = LiveEye()
        self._times: list[float] = []
        self._light: list[tuple[float, float, float]] = []  # brightness, burnt out, sharpness of every frame
        self._located = self._read = 0
        self._modules: list[float] = []
        self._seconds = 0.0
        self._last: tuple[Grey, Found] | None = None
        self._best: tuple[Grey, Found] | None = None  # the last with a code

    def add(self, frame: Frame) -> None:
        grey = to_grey(frame.picture)
        start = time.thread_time()
        found = self._eye.read(grey)
        self._seconds += time.thread_time() - start
        self._times.append(frame.at)
        symbols = [*found.symbols, *found.located]
        self._light.append((float(grey.mean()), float((grey >= WHITE).mean()), sharpness(_closest(grey, symbols))))
        self._read += bool(found.texts)
        self._located += bool(found.texts or symbols)
        self._modules += [module_px(symbol) for symbol in symbols if symbol.size]
        self._last = (grey, found)
        if found.texts or symbols:
            self._best = self._last

    def report(self) -> dict[str, float]:
        """The fields of `gate.ports.camera_report.CameraReport`."""
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

    def draw(self, path: Path) -> bool:
        """Write the last frame with a code, or the last at all, with codes marked.  False when it cannot be."""
        shown = self._best or self._last
        if shown is None:
            return True
        grey, found = shown
        picture = np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR), np.uint8)
        for symbols, colour, word in ((found.symbols, _READ, "read"), (found.located, _FOUND, "found, not read")):
            for symbol in symbols:
                cv2.polylines(picture, [symbol.corners.round().astype(np.int32)], True, colour, 3, cv2.LINE_AA)
                _write(picture, f"{word}, {module_px(symbol):.1f} px a module", symbol.corners.min(axis=0), colour)
        facts = self.report()
        words = f"{facts['fps']:.1f} fps   sharpness {facts['sharpness']:.2f}   brightness {facts['brightness']:.0f}"
        _write(picture, words, np.array((8.0, grey.shape[0] - 6.0)), (40, 40, 40))
        try:
            return bool(cv2.imwrite(str(path), picture))
        except cv2.error:
            return False  # a kind of file that OpenCV does not know


def sharpness(part: Grey) -> float:
    """The steepest change from pixel to pixel beside the whole range: 1 is an edge one pixel wide."""
    low, high = np.percentile(part, (2, 98))
    if high - low < 8 or min(part.shape) < 4:
        return 0.0
    steep = np.percentile(cv2.absdiff(part[:, 1:], part[:, :-1]), 99)
    return float(min(1.0, steep / (high - low)))


def module_px(symbol: Located) -> float:
    """Pixels a module, the square root of its area."""
    return float(np.sqrt(cv2.contourArea(symbol.corners))) / symbol.size if symbol.size else 0.0


def _closest(grey: Grey, symbols: list[Located]) -> Grey:
    """The part with the largest code, for that is what must be sharp; all of it without one."""
    if not symbols:
        return grey
    corners = max((symbol.corners for symbol in symbols), key=cv2.contourArea)
    left, top = np.maximum(corners.min(axis=0), 0).astype(int)
    right, bottom = corners.max(axis=0).astype(int) + 1
    return grey[top:bottom, left:right]


def _write(picture: Grey, words: str, place: np.typing.NDArray[np.floating], colour: tuple[int, int, int]) -> None:
    x, y = int(max(place[0], 2)), int(max(place[1] - 8, 18))
    (wide, high), _ = cv2.getTextSize(words, cv2.FONT_HERSHEY_SIMPLEX, 0.55, 1)
    cv2.rectangle(picture, (x - 4, y - high - 6), (x + wide + 4, y + 6), colour, -1)
    cv2.putText(picture, words, (x, y), cv2.FONT_HERSHEY_SIMPLEX, 0.55, _INK, 1, cv2.LINE_AA)
