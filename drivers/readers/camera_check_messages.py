"""Messages between the worker process of an examination and its parent.

The worker sends Opened and waits for BeginCheck, then sends Examined twice a second.  The parent answers the last one
with ReportWords, and the worker sends Drawn.
"""

from dataclasses import dataclass

from drivers.readers.camera_messages import Opened
from gate.ports.camera_report import CameraReport
from gate.worker.codec import Codec, Failed, Loading, MessageLimits, Started
from gate.worker.program import Program

__all__ = ["EXAMINATION", "BeginCheck", "Drawn", "Examined", "Opened", "ReportWords"]


@dataclass(frozen=True, slots=True)
class Examined:
    report: CameraReport
    last: bool


@dataclass(frozen=True, slots=True)
class Drawn:
    """The picture is written, if one was requested."""


@dataclass(frozen=True, slots=True)
class BeginCheck:
    """From the parent: it is ready."""


@dataclass(frozen=True, slots=True)
class ReportWords:
    """From the parent: the text above the picture, the most important first."""

    lines: tuple[str, ...]


_LIMITS = MessageLimits(line=64 * 1024, text=1000, items=64)

EXAMINATION = Program(
    "drivers.readers.camera_worker.check_main",
    Codec(Loading, Started, Failed, Opened, Examined, Drawn, limits=_LIMITS),
    Codec(BeginCheck, ReportWords, limits=_LIMITS),
)
