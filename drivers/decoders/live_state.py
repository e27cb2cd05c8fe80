"""The state of the frames of a camera that are being read."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property

from drivers.decoders.budget import FrameBudget
from drivers.decoders.detect.other_symbols import OtherSymbols
from drivers.decoders.detect.regions import Region, busy_regions
from drivers.decoders.frame_average import FrameAverage
from drivers.decoders.qr.structured_append import MessagePart, MessageParts
from drivers.decoders.recovery import SymbolRecovery
from drivers.decoders.runner import Cost
from drivers.decoders.symbols import NOTHING, Grey, ReadResult, Symbol, unique
from drivers.decoders.tracking import Attempts, PictureLook, TrackedSymbol, Tracker
from gate.core.pass_prefixes import PASS_PREFIXES

LATER = ReadResult((), "")
"""What a step yields whose next part, of a size that it knows alone, has no time to end in this frame."""

AVERAGE_REMEMBERED = 0.6  # by frame: of a failure on the average, which every frame changes
IN_TURN = 20.0  # seconds within which the next part of a message is shown


class LiveMemory:
    """State that is kept from frame to frame."""

    def __init__(self, budget: FrameBudget) -> None:
        self.budget = budget
        self.average = FrameAverage()
        self.tracker = Tracker()
        self.others = OtherSymbols()
        self.picture, self.average_attempts = Attempts(), Attempts()
        self.frames = 0
        self.job: LiveJob | None = None  # that the last frame had no time to end
        self.begun: dict[str, int] = {}  # number of the frame, by the name of the step
        self._look = PictureLook()
        self._turns: dict[str, int] = {}
        self._message_parts, self._parts_until = MessageParts(), 0.0

    def begin(self, grey: Grey) -> None:
        """Begin a frame."""
        self.frames += 1
        self.budget.begin(grey.size)
        self.picture.fade()
        self.average_attempts.fade(AVERAGE_REMEMBERED)
        if self._look.differs(grey):
            self.picture.fade(0.0)

    def age(self, step: str) -> int:
        """Return the number of frames since this step began last."""
        return self.frames - self.begun.get(step, 0)

    def turn(self, of: str) -> int:
        """Return 0, 1, 2, ... at each call."""
        self._turns[of] = self._turns.get(of, -1) + 1
        return self._turns[of]

    def join_parts(self, parts: Sequence[MessagePart]) -> tuple[list[str], list[MessagePart]]:
        """Return the texts that these parts complete with those of earlier frames, and the parts that miss others."""
        if not parts:
            return [], []
        now = time.monotonic()
        if now > self._parts_until:
            self._message_parts.clear()
        self._parts_until = now + IN_TURN
        return self._message_parts.add(parts)


class LiveFrame:
    """A frame that is being read."""

    def __init__(self, grey: Grey, memory: LiveMemory) -> None:
        self.grey, self.memory = grey, memory
        self.first = self.more = NOTHING  # of the first look, and of a later step
        self.target: TrackedSymbol | None = None
        """The one symbol that this frame is spent on, of those that were located and not read."""
        self.begun: set[str] = set()
        """Names of the steps that began in it: each does once."""
        self._recovery: SymbolRecovery | None = None

    @property
    def done(self) -> bool:
        """Whether no further step may run: a pass was read, or a later step has read something."""
        return self.more.has_read or any(text.startswith(PASS_PREFIXES) for text in self.first.texts)

    @property
    def alone(self) -> bool:
        """Whether nothing was read in this frame."""
        return not (self.first.has_read or self.more.has_read)

    @cached_property
    def regions(self) -> list[Region]:
        """Busy regions without a code that was read."""
        return busy_regions(self.grey, [symbol.corners for symbol in self.first.symbols])

    def locate(self, located: Sequence[Symbol]) -> None:
        """Note symbols that were located and not read."""
        if located:
            self.memory.tracker.see(located, self.grey, self.memory.frames)

    def choose_target(self, step: str, largest: int) -> bool:
        """Choose the symbol on which this step has the best chance, the largest of several; return whether there is
        one.  `largest`: modules a side, at most."""
        if self.target is None:
            near = [one for one in self.memory.tracker.in_view(self.memory.frames) if one.symbol.size <= largest]
            self.target = max(near, key=lambda one: (one.attempts.chance(step), one.symbol.module), default=None)
        return self.target is not None

    def recovery(self) -> SymbolRecovery:
        """Return the recovery of the target, rectified once for all steps."""
        assert self.target is not None  # noqa: S101 - the steps that call this apply to a target
        if self._recovery is None:
            self._recovery = SymbolRecovery(self.grey, self.target.symbol)
        return self._recovery

    def add(self, result: ReadResult) -> None:
        """Take the result of a step after the first one."""
        if result.has_read:
            self.more = result

    def result(self) -> ReadResult:
        """Return all that the steps read together."""
        first, more = self.first, self.more
        joined, parts = self.memory.join_parts((*first.parts, *more.parts))
        texts = unique((*first.texts, *more.texts, *joined))
        other = self.alone and self.memory.others.seen
        decoded_by = more.decoded_by or first.decoded_by
        return ReadResult(texts, decoded_by, first.symbols, first.located, tuple(parts), other)


class Subject(Enum):
    """What a step works on."""

    PICTURE = "picture"
    SYMBOL = "symbol"  # the frame's target
    AVERAGE = "average"
    MISSING = "missing"  # a symbol that was located a moment ago, else the picture
    FRAME = "frame"  # it runs once in each


@dataclass(frozen=True, slots=True)
class LiveStep:
    """One row of the table for frames."""

    name: str
    cost: Cost
    chance: float  # of reading what was not read yet
    applies: Callable[[LiveFrame], bool]
    run: Callable[[LiveFrame], Iterator[ReadResult]]  # yields after every part of its work
    work: Callable[[LiveFrame], float]  # a measure of the size of a part
    subject: Subject = Subject.PICTURE  # that its failures are counted on
    extra: bool = False  # one a frame, where no symbol is located


@dataclass(slots=True)
class LiveJob:
    """A step that runs, maybe over several frames."""

    step: LiveStep
    begun: int  # number of the frame whose picture it reads
    parts: Iterator[ReadResult]
    work: float
    ended: int = 0  # parts
    waits: bool = False  # its next part had no time in the last frame, and may need most of this one
    spent: float = 0.0  # seconds
