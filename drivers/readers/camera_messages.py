"""Messages between the worker process of a camera and the daemon.

The worker first sends Opened and waits for GoOn.  For a camera or stream it then sends every frame with a code and,
some times a second, one without.  For a folder it sends Taking before each picture, then Skipped or ImageHeld; for a
video ImageHeld and FrameTexts, and SourceEnded after the last.  After ImageHeld it waits for GoOn.  ReadingFacts come
once a second while frames are searched; a Picture only as the answer to ShowPicture.  Times are monotonic seconds,
which processes of one Linux system share.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from gate.core.coaching import Hint
from gate.ports.camera_view import Outline, ReadingFacts
from gate.worker.codec import Codec, Failed, Loading, MessageLimits, Started
from gate.worker.program import Program

File = tuple[int, int, int]
"""Identity of a file: inode, size in bytes, time of its last change in ns."""

LONGEST = 4296  # characters, and bytes, of a text: a pass has no more (ISO/IEC 18004, version 40-L, alphanumeric)
MOST = 64  # texts of a frame: the lane keeps the same number of codes in view
FULL = 128 * 1024  # characters of all texts of a frame, escaped: JSON writes a control character as six
CHUNK = 4096  # characters of one text of a Picture
TOO_LONG = "\N{REPLACEMENT CHARACTER} more than a pass can hold"
"""Replaces the texts of a frame that exceed these limits.  No pass: the lane answers `unreadable`."""


@dataclass(frozen=True, slots=True)
class Opened:
    """The first frame is there.  `keeps`: why the process has unneeded rights; usually ()."""

    keeps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FrameTexts:
    """A frame and its codes; the camera delivers."""

    at: float  # captured
    sent: float
    looked: int  # frames examined since the last message, this one included
    texts: tuple[str, ...]
    hint: Hint | None  # what the person can do whose code is not read; None beside a text


@dataclass(frozen=True, slots=True)
class ImageHeld:
    """Codes in a picture that stays until GoOn."""

    at: float
    texts: tuple[str, ...]
    still: bool  # it is a picture of a folder


@dataclass(frozen=True, slots=True)
class Taking:
    """The worker is about to read this picture of a folder."""

    name: str
    file: File
    at: float


@dataclass(frozen=True, slots=True)
class Skipped:
    """A picture of a folder that cannot be read."""

    why: str
    at: float


@dataclass(frozen=True, slots=True)
class SourceEnded:
    """A video has ended."""


@dataclass(frozen=True, slots=True)
class Picture:
    """One frame as `gate.ports.camera_view.CameraPicture`, its base64 in texts of CHUNK characters.  `at`: sent."""

    at: float
    width: int
    height: int
    jpeg: tuple[str, ...]
    outlines: tuple[Outline, ...]
    hint: Hint | None


@dataclass(frozen=True, slots=True)
class GoOn:
    """From the daemon: the lane is ready, or has decided on the codes that are held."""


@dataclass(frozen=True, slots=True)
class ShowPicture:
    """From the daemon: send one frame."""


_LIMITS = MessageLimits(line=256 * 1024, text=LONGEST, items=MOST)
_FROM_WORKER = Codec(
    *(Loading, Started, Failed, Opened, FrameTexts, ImageHeld, Taking, Skipped, SourceEnded, ReadingFacts, Picture),
    limits=_LIMITS,
)
_TO_WORKER = Codec(GoOn, ShowPicture, limits=_LIMITS)

CAMERA = Program("drivers.readers.camera_worker.main", _FROM_WORKER, _TO_WORKER)
PICAMERA = Program("drivers.readers.camera_worker.picamera_main", _FROM_WORKER, _TO_WORKER)


def bounded(texts: Iterable[str]) -> tuple[str, ...]:
    """Return these texts within the limits of a message: in their order, the shortest served first."""
    every = list(dict.fromkeys(texts))
    room, kept = FULL, set[str]()
    for text in sorted(every, key=_escaped)[: MOST - 1]:
        room -= _escaped(text)
        if room >= 0 and len(text.encode(errors="surrogatepass")) <= LONGEST:
            kept.add(text)
    return tuple(dict.fromkeys(text if text in kept else TOO_LONG for text in every))


def _escaped(text: str) -> int:
    """Return an upper bound of its characters in JSON."""
    return sum(1 if " " <= sign <= "~" else 12 if sign > "\uffff" else 6 for sign in text)
