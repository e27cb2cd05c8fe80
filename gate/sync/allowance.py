"""The time limits of a visit to a mirror.  Pure: the caller supplies the time.

A visit reports its steps (`Step`), which determine its deadline; the parent process enforces it.  A mirror that
sends nothing, single bytes or endless headers holds a visit for a minute at most.  A slow but honest line has an
hour; the next visit resumes.
"""

from dataclasses import dataclass
from enum import StrEnum

from gate.errors import GateError, StoreError, SyncError

SLOWEST = 2048  # bytes a second that a mirror must send: GPRS, which some gates have, reaches 3,000 to 5,000


class VisitPhase(StrEnum):
    """The phases of a visit, each with its own limit."""

    START = "start"  # the process starts: Python and its libraries, from a slow card
    WORK = "work"  # on this device: verifying, unpacking, writing list.db
    REQUEST = "request"  # name, connection, proxy, TLS, request, redirects, until the headers are complete
    READ = "read"  # a body


@dataclass(frozen=True, slots=True)
class Step:
    """The current action of a visit, its address, and the bytes of bodies received so far."""

    phase: VisitPhase
    about: str
    received: int


@dataclass(frozen=True, slots=True)
class VisitLimits:
    """Limits in seconds.  The defaults allow for a line of `SLOWEST` with two seconds of delay, and a slow card."""

    start: float = 300.0  # 215 measured with every processor busy on an emulated Pi
    work: float = 600.0
    answer: float = 30.0
    read: float = 30.0  # of a body, beyond what its bytes take at SLOWEST
    mirror: float = 60.0  # of a visit's REQUEST and READ together, likewise
    visit: float = 3600.0  # of a visit's REQUEST and READ together, regardless of the bytes received


class Allowance:
    """The remaining time of one visit.  Times are monotonic seconds."""

    def __init__(self, limits: VisitLimits, now: float) -> None:
        self._limits = limits
        self._step = Step(VisitPhase.START, "", 0)
        self._since = now  # start of this phase at this address
        self._before = 0  # bytes received before this phase
        self._waited = 0.0  # seconds for the mirror, before this phase

    def report(self, step: Step, now: float) -> None:
        """Count time and bytes of a visit's step."""
        if (step.phase, step.about) != (self._step.phase, self._step.about):
            if self._is_for_the_mirror:
                self._waited += now - self._since
            self._since, self._before = now, self._step.received
        self._step = step

    @property
    def has_begun(self) -> bool:
        return self._step.phase is not VisitPhase.START

    @property
    def ends(self) -> float:
        """The deadline, unless the visit reports another step before it."""
        limits, step = self._limits, self._step
        if step.phase is VisitPhase.START:
            return self._since + limits.start
        if step.phase is VisitPhase.WORK:
            return self._since + limits.work
        return self._since + min(self._part, max(0.0, self._whole - self._waited))

    @property
    def problem(self) -> GateError:
        """The error of a visit that was ended: SyncError for the mirror's fault, StoreError for this device's."""
        limits, step = self._limits, self._step
        if step.phase is VisitPhase.START:
            return StoreError(
                f"the process that visits mirrors did not start within {limits.start:.0f} s",
                hint="Look for a damaged card or a busy processor with `gate doctor`",
            )
        if step.phase is VisitPhase.WORK:
            return StoreError(
                f"taking the list over did not end within {limits.work:.0f} s",
                hint="Look for a damaged card with `gate doctor`",
            )
        ended_whole = self._whole - self._waited < self._part
        if ended_whole and self._whole == limits.visit:
            return SyncError(
                f"{step.about}: not everything came within {limits.visit / 60:.0f} min",
                hint="The next visit resumes; a mirror that is nearer is faster",
            )
        if step.phase is VisitPhase.REQUEST and not ended_whole:
            return SyncError(
                f"{step.about}: no answer within {limits.answer:.0f} s", hint="Check the network and the address"
            )
        return SyncError(
            f"{step.about}: slower than {SLOWEST} bytes a second", hint="Check the network and the address"
        )

    @property
    def _part(self) -> float:
        """Limit in seconds for this request, or this body."""
        if self._step.phase is VisitPhase.REQUEST:
            return self._limits.answer
        return self._limits.read + (self._step.received - self._before) / SLOWEST

    @property
    def _whole(self) -> float:
        """Limit in seconds for all waiting for the mirror."""
        return min(self._limits.visit, self._limits.mirror + self._step.received / SLOWEST)

    @property
    def _is_for_the_mirror(self) -> bool:
        return self._step.phase in (VisitPhase.REQUEST, VisitPhase.READ)
