"""What the worker process of a camera and the daemon say to each other.

The worker first says Opened and waits for GoOn.  Of a camera or stream it then sends every frame with a code and,
some times a second, one without; of a folder Taking before each picture, then Skipped or Held; of a video Held and
Frame, and Ended after the last.  After Held it waits for GoOn.  Times are monotonic seconds, which processes of one
Linux system share.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from gate.worker.codec import Codec, Failed, Loading, MessageLimits, Started
from gate.worker.program import Program

File = tuple[int, int, int]
"""Which file it is: inode, size in bytes, time of its last change in ns."""

LONGEST = 4296  # characters, and bytes, of a text: a pass has no more (ISO/IEC 18004, version 40-L, alphanumeric)
MOST = 64  # texts of a frame: the lane remembers as many codes in view
FULL = 128 * 1024  # characters of all texts of a frame, escaped: JSON writes a control character as six
TOO_LONG = "\N{REPLACEMENT CHARACTER} more than a pass can hold"
"""Stands for the texts of a frame that are beyond these limits.  No pass: the lane says `unreadable`."""


@dataclass(frozen=True, slots=True)
class Opened:
    """The first frame is there.  `keeps`: why the process has rights that it does not need; () as a rule."""

    keeps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FrameTexts:
    """A frame and its codes; the camera delivers."""

    at: float  # captured
    sent: float
    looked: int  # frames that were looked at since the last message, this one included
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ImageHeld:
    """Codes in a picture that stays until GoOn."""

    at: float
    texts: tuple[str, ...]
    still: bool  # it is a picture of a folder


@dataclass(frozen=True, slots=True)
class Taking:
    """About to read this picture of a folder."""

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
class GoOn:
    """From the daemon: the lane listens, or has decided on the codes that are held."""


_LIMITS = MessageLimits(line=256 * 1024, text=LONGEST, items=MOST)
_SAYS = Codec(Loading, Started, Failed, Opened, FrameTexts, ImageHeld, Taking, Skipped, SourceEnded, limits=_LIMITS)
_HEARS = Codec(GoOn, limits=_LIMITS)

CAMERA = Program("drivers.readers.camera_worker.main", _SAYS, _HEARS)
PICAMERA = Program("drivers.readers.camera_worker.picamera_main", _SAYS, _HEARS)


def bounded(texts: Iterable[str]) -> tuple[str, ...]:
    """These texts as a message may carry them: in their order, the shortest first served."""
    every = list(dict.fromkeys(texts))
    room, kept = FULL, set[str]()
    for text in sorted(every, key=_escaped)[: MOST - 1]:
        room -= _escaped(text)
        if room >= 0 and len(text.encode(errors="surrogatepass")) <= LONGEST:
            kept.add(text)
    return tuple(dict.fromkeys(text if text in kept else TOO_LONG for text in every))


def _escaped(text: str) -> int:
    """Characters of it in JSON, at most."""
    return sum(1 if " " <= sign <= "~" else 12 if sign > "\uffff" else 6 for sign in text)
