"""Verdicts on their way to the person: green only after the barrier has taken the order."""

import asyncio
from dataclasses import dataclass, field

from gate.core.reason import Reason
from gate.lane.judge import Verdict
from gate.lane.outlet import Outlet
from gate.store.admission import Presented

STAFF = "staff"
"""The reader of an order of staff: no code was shown."""


@dataclass(slots=True)
class PendingVerdict:
    """A verdict that waits for the barrier."""

    where: Presented
    verdict: Verdict
    seconds: float  # from the frame, or from the order of staff, to the committed decision
    opened: asyncio.Future[str] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    """Why it did not open; "" once it has."""


class Verdicts:
    """The pending verdict of one lane; belongs to its event loop."""

    def __init__(self, outlet: Outlet) -> None:
        self._outlet = outlet
        self._pending: PendingVerdict | None = None
        self._held_at = 0.0  # monotonic s
        self._opened_us: int | None = None

    @property
    def is_pending(self) -> bool:
        """Return whether a verdict waits for the barrier."""
        return self._pending is not None

    def hold(self, pending: PendingVerdict, at: float) -> None:
        """Hold back a verdict that lets a person through, until the barrier has taken the order.  `at`: monotonic s,
        now."""
        self._pending, self._held_at = pending, at

    def announce(self, pending: PendingVerdict, *, through: bool, cause: str = "") -> None:
        """Announce a verdict.  `through`: the way is open for this person; `cause`: why it is not, for staff who
        ordered it."""
        self._outlet.verdict(pending.where, pending.verdict, pending.seconds * 1000, through=through)
        if not pending.opened.done():
            cause = cause or "the lane was closed meanwhile. See its status"
            pending.opened.set_result("" if through else f"{Reason.DEVICE_FAILED}: {cause}")

    def announce_pending(self, at: float, *, through: bool, cause: str = "") -> None:
        """Announce the held verdict: the barrier has taken the order, or has not.  `at`: monotonic s, now."""
        pending, self._pending = self._pending, None
        if pending is not None:
            if through and pending.where.reader != STAFF:
                self._opened_us = round((at - self._held_at + pending.seconds) * 1e6)
            self.announce(pending, through=through, cause=cause)

    def take_opened(self) -> int | None:
        """Return the microseconds from the frame until the barrier had taken the order of this grant, once; None
        where no code was shown or it did not open."""
        opened, self._opened_us = self._opened_us, None
        return opened
