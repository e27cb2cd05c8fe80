"""Checks of people by IIN: the verdict, and for a minute the right to let that person in.

The number is neither kept nor written anywhere.  What remains of a check is the person's place on the list, in
memory, and a row in the journal with the outcome and who asked.
"""

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from gate.core.iin import iin_fault
from gate.core.journal_event import JournalEvent
from gate.core.lane.refusal import OrderCode, OrderRefusal
from gate.core.model import Decision, Direction, Listing
from gate.errors import StoreError
from gate.lane.controller import Lane
from gate.lane.staff.quota import RequestQuota
from gate.store.staff_admission import PersonVerdict

MOST_CHECKS, CHECKS_WITHIN = 20, 600.0  # of one user within seconds: nobody looks a whole list up
GOOD_FOR = 60.0  # seconds in which a checked person may be let in
_ID_BYTES = 12

Find = Callable[[str], Awaitable[int | None]]
"""The place of a person on the list by their number; None: nobody.  Raises StoreError."""

_NO_INDEX = "people cannot be checked by IIN at this lane"


@dataclass(frozen=True, slots=True)
class _Check:
    idx: int
    direction: Direction
    actor: str
    until: float  # monotonic s


class PersonChecks:
    """The checks at one lane; belongs to its event loop.  `find`: None where people are not checked by IIN."""

    def __init__(self, lane: Lane, find: Find | None) -> None:
        self._lane, self._find = lane, find
        self._quota = RequestQuota(MOST_CHECKS, CHECKS_WITHIN)
        self._checks: dict[str, _Check | None] = {}  # by id; None: used

    async def check(self, iin: str, direction: Direction, actor: str) -> OrderRefusal | dict[str, Any]:
        """Return today's verdict on a person, or why there is none."""
        if self._find is None:
            hint = "Set iin_check = true in [staff], and sync the subject index"
            return OrderRefusal(OrderCode.NO_INDEX, f"{_NO_INDEX}. {hint}")
        if not self._lane.judges.is_open:
            return OrderRefusal(OrderCode.STORAGE_FAILED, "nothing can be recorded. See the log")
        if fault := iin_fault(iin):
            return OrderRefusal(OrderCode.BAD_IIN, f"this is no IIN: {fault.what}")
        if not self._quota.take(actor, self._lane.clock.monotonic()):
            why = f"{MOST_CHECKS} checks within {CHECKS_WITHIN / 60:.0f} minutes are the most. Wait"
            return OrderRefusal(OrderCode.TOO_MANY, why)
        try:
            idx = await self._find(iin)
        except StoreError as error:
            return OrderRefusal(OrderCode.NO_INDEX, f"{_NO_INDEX} now: {error}")
        del iin
        return await self._judge(idx, direction, actor)

    async def _judge(self, idx: int | None, direction: Direction, actor: str) -> dict[str, Any]:
        lane = self._lane
        verdict = await lane.judges.call(lambda judge, at: judge.judge_person(idx, direction, at))
        if late := lane.clock_refusal(direction):
            verdict = PersonVerdict(verdict.listing, Decision(late))
        decision, listing = verdict.decision, verdict.listing
        words = f"staff_check {decision.reason}"
        await lane.judges.call(lambda judge, at: judge.note(JournalEvent.STAFF, at, words, direction, actor=actor))
        status = listing.status.colour if listing.status is not None else Listing.UNLISTED.name.lower()
        return {
            "check": None if idx is None else self._keep(_Check(idx, direction, actor, self._until())),
            "status": status,
            "may_enter": decision.admitted,
            "reason": decision.reason.value,
            "used_at": decision.used_at,
        }

    def find(self, check: str, direction: Direction, actor: str) -> OrderRefusal | int:
        """Return the place of the person of a check that is still good for this author and this way."""
        self._forget()
        if check not in self._checks:
            return OrderRefusal(OrderCode.NO_SUCH_CHECK, "there is no such check. Check the person again")
        held = self._checks[check]
        if held is None or held.until < self._lane.clock.monotonic():
            why = f"this check was used, or is older than {GOOD_FOR:.0f} s. Check the person again"
            return OrderRefusal(OrderCode.CHECK_OVER, why)
        if (held.direction, held.actor) != (direction, actor):
            why = "this check was made for another way, or by another person"
            return OrderRefusal(OrderCode.NO_SUCH_CHECK, why)
        return held.idx

    def use(self, check: str) -> None:
        """Note that the person of this check is being let in: nobody else is let in by it."""
        self._checks[check] = None

    def _until(self) -> float:
        return self._lane.clock.monotonic() + GOOD_FOR

    def _keep(self, check: _Check) -> str:
        self._forget()
        name = secrets.token_urlsafe(_ID_BYTES)
        self._checks[name] = check
        return name

    def _forget(self) -> None:
        """Forget the places of people whose check is over, and the ids of the oldest checks."""
        now = self._lane.clock.monotonic()
        for name, check in self._checks.items():
            if check is not None and check.until < now:
                self._checks[name] = None
        while len(self._checks) > MOST_CHECKS * 10:
            del self._checks[next(iter(self._checks))]
