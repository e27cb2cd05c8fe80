"""Readers to compare, and their measurement: thread time, by turns on the same picture."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from statistics import mean, median
from time import thread_time

import cv2
import numpy as np
import zxingcpp
from clips import RATE, Clip, hall
from collection import Case
from pyzbar import pyzbar
from rendering import Grey

from drivers.decoders.budget import FrameBudget
from drivers.decoders.detect.zxing import detect_and_decode
from drivers.decoders.live import LiveReader
from drivers.decoders.still import read_still
from drivers.readers.camera_worker.capture import Frame, FrameReader
from drivers.readers.camera_worker.exposure import ExposureLadder
from drivers.readers.camera_worker.motion import CameraHealth
from gate.worker.stderr import silenced

Look = Callable[[Grey], Collection[str]]
Outcome = tuple[Collection[str], float]
"""Texts, and milliseconds of this thread."""

IDLE_FRAMES = 150
ROUNDS = 3  # for a still
LONG = 30.0  # ms
FRAME = 13.2  # ms here: a frame at 15 a second on a core five times slower, a Pi 4's
cv2.setNumThreads(1)


@dataclass(frozen=True, slots=True)
class LookRow:
    set: str
    reader: str
    n: int  # pictures
    recall: float | None  # share of the pictures whose text was among those read; None without codes
    ms_mean: float  # thread time a picture
    wrong: int  # pictures in which a wrong text was read
    besides: Mapping[str, float] = field(default_factory=dict)

    def as_json(self) -> dict[str, object]:
        recall = None if self.recall is None else round(self.recall, 4)
        row = {"set": self.set, "reader": self.reader, "n": self.n, "recall": recall}
        return row | {"ms_mean": round(self.ms_mean, 4), "wrong": self.wrong} | dict(self.besides)


def _zxing(grey: Grey) -> list[str]:
    symbols = zxingcpp.read_barcodes(
        grey,
        formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCodeModel2),
        text_mode=zxingcpp.TextMode.Plain,
        try_rotate=False,
        try_invert=False,
    )
    return [symbol.text for symbol in symbols]


def _zbar(grey: Grey) -> list[str]:
    """Read with zbar, which returns UTF-8 made from a guessed character set."""
    with silenced():
        try:
            symbols = pyzbar.decode(grey, symbols=[pyzbar.ZBarSymbol.QRCODE])
        except ValueError:  # of a structured append, which has no orientation in pyzbar
            return []
    return [_decoded(symbol.data) for symbol in symbols]


def _decoded(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _opencv() -> Look:
    detector = cv2.QRCodeDetector()

    def read(grey: Grey) -> list[str]:
        try:
            _, texts, _, _ = detector.detectAndDecodeMulti(grey)
        except (cv2.error, UnicodeDecodeError):
            return []  # it raises on some shapes, and on text that is not UTF-8
        return [text for text in texts if text]

    return read


STILL: dict[str, Look] = {
    "pyzbar": _zbar,
    "opencv": _opencv(),
    "zxing-cpp": _zxing,
    "second look": lambda grey: detect_and_decode(grey).texts,
    "cascade": lambda grey: read_still(grey).texts,
}


def _live_reader() -> Look:
    """Make the gate's reader, on a core of its own: what else runs here is not to lower its budget."""
    reader = LiveReader(budget=FrameBudget(1 / RATE, thread_time, thread_time))
    return lambda grey: reader.read(grey).texts


LIVE: dict[str, Callable[[], Look]] = {
    "pyzbar": lambda: _zbar,
    "zxing-cpp": lambda: _zxing,
    "second look": lambda: STILL["second look"],
    "cascade": _live_reader,
}
"""Readers that are made again for each clip: the cascade keeps state from frame to frame."""


def measured(picture: Grey, readers: Mapping[str, Look], rounds: int = 1) -> dict[str, Outcome]:
    """Run the readers by turns; return the median of the rounds, or one round where it took LONG.

    The first look at a picture finds its pages and tables outside the caches, a good part of a short time."""
    texts: dict[str, Collection[str]] = {}
    times: dict[str, list[float]] = {name: [] for name in readers}
    for number in range(rounds):
        for name, read in readers.items():
            if number and times[name][0] > LONG:
                continue
            start = thread_time()
            texts[name] = read(picture)
            times[name].append((thread_time() - start) * 1000)
    return {name: (texts[name], median(times[name])) for name in readers}


@dataclass(frozen=True, slots=True)
class Known:
    """The expected result of a case; its picture is not kept."""

    text: str | None
    codes: int


class LookTally:
    """A sum of outcomes by row."""

    def __init__(self) -> None:
        self._sets: dict[str, list[tuple[Known, dict[str, Outcome]]]] = {}
        blank = np.full((64, 64), 200, np.uint8)
        measured(blank, STILL)  # loads what the first call loads

    def add(self, case: Case, outcomes: dict[str, Outcome]) -> None:
        self._sets.setdefault(case.set, []).append((Known(case.text, case.codes), outcomes))

    def rows(self) -> list[LookRow]:
        return [
            _row(name, reader, [(known, outcomes[reader]) for known, outcomes in entries])
            for name, entries in self._sets.items()
            for reader in entries[0][1]
        ]


def _row(name: str, reader: str, results: Sequence[tuple[Known, Outcome]]) -> LookRow:
    read = [known.text in texts for known, (texts, _) in results if known.text is not None]
    wrong = sum(_is_wrong(known, texts) for known, (texts, _) in results)
    ms = mean(ms for _, (_, ms) in results)
    return LookRow(name, reader, len(results), mean(read) if read else None, ms, wrong)


def _is_wrong(known: Known, texts: Collection[str]) -> bool:
    """Return whether a text is wrong.  Of several codes in a picture one text is known: then too many texts are
    wrong."""
    if known.codes > 1:
        return len(set(texts)) > known.codes
    return any(text != known.text for text in texts)


def first_reads(name: str, clips: Sequence[Clip], readers: Mapping[str, Callable[[], Look]]) -> list[LookRow]:
    """Measure the frame in which a code is first read (all frames when never), and the time a frame until then."""
    firsts: dict[str, list[int]] = {reader: [] for reader in readers}
    times: dict[str, list[float]] = {reader: [] for reader in readers}
    wrong = dict.fromkeys(readers, 0)
    for pictures, text in clips:
        looks = {reader: make() for reader, make in readers.items()}
        for number, picture in enumerate(pictures):
            for reader, (texts, ms) in measured(picture, looks).items():
                times[reader].append(ms)
                wrong[reader] += any(other != text for other in texts)
                if text in texts:
                    firsts[reader].append(number)
                    del looks[reader]
        for reader in looks:
            firsts[reader].append(len(pictures))
    longest = len(clips[0][0])
    return [
        LookRow(
            name,
            reader,
            len(clips),
            mean(first < longest for first in found),
            mean(times[reader]),
            wrong[reader],
            {"first_frame": round(mean(found), 2)},
        )
        for reader, found in firsts.items()
    ]


def frame_times(name: str, clips: Sequence[Sequence[Grey]], readers: Mapping[str, Callable[[], Look]]) -> list[LookRow]:
    """Measure the time of every frame: median, 99th percentile and longest, and the share over FRAME."""
    times: dict[str, list[float]] = {reader: [] for reader in readers}
    for pictures in clips:
        looks = {reader: make() for reader, make in readers.items()}
        for picture in pictures:
            for reader, (_, ms) in measured(picture, looks).items():
                times[reader].append(ms)
    rows = []
    for reader, each in times.items():
        p50, p99 = (float(value) for value in np.percentile(each, (50, 99)))
        besides = {"p50": p50, "p99": p99, "max": max(each), "over": mean(one > FRAME for one in each)}
        rounded = {key: round(value, 3) for key, value in besides.items()}
        rows.append(LookRow(name, reader, len(each), None, mean(each), 0, rounded))
    return rows


def idle_shares(name: str, view: tuple[int, int], readers: Mapping[str, Callable[[], Look]]) -> list[LookRow]:
    """Measure the share of a processor that reading takes at an idle gate: every frame, and as the gate does it."""
    looks = {reader: make() for reader, make in readers.items()}
    looks["cascade, every frame"] = looks.pop("cascade")
    frame_reader = FrameReader(CameraHealth(1e9, 1e9), ExposureLadder((), lambda _: None))
    clock = iter(range(10 * IDLE_FRAMES))

    def gated(grey: Grey) -> Collection[str]:
        return frame_reader.read(Frame(grey, next(clock) / RATE))[0] or ()

    looks["cascade"] = gated
    frames = list(hall(view, 2 * IDLE_FRAMES))
    for frame in frames[:IDLE_FRAMES]:
        gated(frame)  # until it is idle
    times: dict[str, list[float]] = {reader: [] for reader in looks}
    wrong = dict.fromkeys(looks, 0)
    for frame in islice(frames, IDLE_FRAMES, None):
        for reader, (texts, ms) in measured(frame, looks).items():
            times[reader].append(ms)
            wrong[reader] += bool(texts)
    return [
        LookRow(name, reader, len(ms), None, mean(ms), wrong[reader], {"share": round(mean(ms) * RATE / 1000, 4)})
        for reader, ms in times.items()
    ]
