"""The state of a lane, as staff see it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gate.core.lane.door import FAULTS
from gate.core.lane.hindrance import JOURNAL
from gate.core.lane.modes import Alarm
from gate.core.lane.state import BARRIER, LaneState
from gate.core.staleness import AgeLimits
from gate.core.tally import Tally
from gate.lane.controller import Lane
from gate.lane.staff.orders import StaffOrders
from gate.store.places import Places

MOST_READERS, MOST_REASONS = 4, 3  # in an answer, of what was dropped
MOST_PROBLEMS = 8  # devices, and contacts


@dataclass(frozen=True, slots=True)
class Site:
    """The facts about a lane's place that its configuration states.  `index`: path of the subject index; None where
    people are not checked by IIN.  `lists`: where the sync leaves its records; None without one."""

    timezone: str
    limits: AgeLimits
    index: Path | None = None
    lists: Places | None = None


class LaneStatus:
    """The status of one lane; belongs to its event loop."""

    def __init__(self, staff: StaffOrders, site: Site, tally: Callable[[], Tally]) -> None:
        self._staff, self._site, self._tally = staff, site, tally

    async def now(self) -> dict[str, Any]:
        """Return the present status.  Times are Unix seconds by the trusted clock."""
        lane, state = self._staff.lane, self._staff.lane.state
        problems, last = lane.problems, lane.facts.last
        return {
            "at": round(lane.clock.now(), 3),
            "timezone": self._site.timezone,
            "phase": state.phase.value,
            "since": round(lane.facts.since, 3),
            "mode": state.mode.value,
            "orders": sorted(state.orders),
            "until": {mode.value: one.until for mode, one in state.terms.items() if one.until is not None},
            "given_by": {mode.value: one.by for mode, one in state.terms.items() if one.by},
            "extended": self._extended(state),
            "alarms": sorted(_alarms(lane)),
            "missing": sorted(state.missing),
            "cannot": cannot(state),
            "fire": _fire(lane),
            "problems": {name: problem[:400] for name, problem in sorted(problems.items())[:MOST_PROBLEMS]},
            "contacts": sorted(fault.what for fault in state.faults)[:MOST_PROBLEMS],
            "dropped": _dropped(lane),
            "door": {None: None, True: "open", False: "closed"}[state.door.open],
            "list": self._list(),
            "clock": {"trust": lane.clock.standing().value, "behind_s": round(lane.clock.behind())},
            "index": self._site.index is not None and self._site.index.exists(),
            "last": last
            and {"seq": last.seq, "at": round(last.at, 3), "reason": last.reason, "direction": last.direction},
            "inside": await self._staff.inside(),
            "counts": _counts(self._tally()),
            "reading": {
                name: {"looks": facts.looks, "read": facts.read, "unread": facts.unread}
                for name, view in lane.parts.views.items()
                if (facts := view.facts) is not None
            },
        }

    def at(self) -> float:
        """Return the trusted time, Unix s."""
        return self._staff.lane.clock.now()

    def mark(self) -> object:
        """Return a value that differs once the status has changed by more than the passing of time.  Cheap."""
        lane = self._staff.lane
        facts = replace(lane.facts)
        return lane.state, _fire(lane), lane.problems, facts, lane.clock.standing(), self._staff.counted

    def _extended(self, state: LaneState) -> float | None:
        """Return until when the next person has more time, Unix s."""
        lane = self._staff.lane
        if state.extend_until is None:
            return None
        return round(lane.clock.now() + state.extend_until - lane.clock.monotonic(), 3)

    def _list(self) -> dict[str, Any]:
        known, now = self._staff.lane.facts.list, self._staff.lane.clock.now()
        age = None if known.as_of is None else round(now - known.as_of)
        return {"age_s": age, "grade": self._site.limits.grade(known.as_of, now).value, "people": known.listed}


def cannot(state: LaneState) -> list[str]:
    """Return what a lane cannot do for lack of a device: "read", serve a code, and "open".  Staff need only the
    second."""
    read = bool(state.missing - {BARRIER})
    opens = BARRIER not in state.missing and not state.door.alarms & FAULTS
    return [word for word, lacks in (("read", read), ("open", not opens)) if lacks]


def _counts(tally: Tally) -> dict[str, Any]:
    """Return the counts since the lane's start.  `latencies[i]`: decisions within LATENCIES[i] seconds and above the
    bound before; the last one, all above."""
    return {
        "decisions": {reason.value: count for reason, count in tally.decisions.items()},
        "passages": {passed.value: count for passed, count in tally.passages.items()},
        "latencies": list(tally.latencies),
    }


def _alarms(lane: Lane) -> frozenset[Alarm]:
    lost = {Alarm.JOURNAL_LOST} if JOURNAL in lane.problems else set()
    return lane.state.alarms | lost


def _fire(lane: Lane) -> str | None:
    """Return the fire loop in an alarm: "open", "closed" (staff may reset), "lost" (its contact does not answer);
    None without an alarm."""
    if not lane.state.fire:
        return None
    if not lane.state.loop_open:
        return "closed"
    return "lost" if lane.fire_loop_is_lost else "open"


def _dropped(lane: Lane) -> dict[str, list[dict[str, Any]]]:
    """Return what readers have dropped since the start, by reader: the most frequent reasons of the first readers."""
    readers = sorted(lane.drops.items())[:MOST_READERS]
    return {
        name: [
            {"what": what[:200], "count": drops.count, "advice": drops.hint[:200]}
            for what, drops in sorted(found.items(), key=lambda item: -item[1].count)[:MOST_REASONS]
        ]
        for name, found in readers
    }
