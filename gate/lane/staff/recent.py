"""The last decisions, as plain facts: pages have words of their own for them."""

import re
from typing import Any

from gate.core.reason import Reason
from gate.store.recent import RecentDecision

_SECONDS = re.compile(r"(\d+) s")
_TIMES = re.compile(r"(\d+) times")
_KEYS = {
    Reason.PRESENTATION_STALE: "age_s",
    Reason.EXPIRED: "age_s",
    Reason.PRESENTATION_EARLY: "ahead_s",
    Reason.NOT_YET_VALID: "ahead_s",
    Reason.CLOCK_BEHIND: "ahead_s",
    Reason.TOO_SOON: "wait_s",
}
"""The meaning of the seconds in a decision's detail (gate.passes.aq1, gate.store.redemptions)."""


def as_facts(decision: RecentDecision) -> dict[str, Any]:
    """Return one decision for the answer to `recent`."""
    return {
        "seq": decision.seq,
        "at": decision.at,
        "reason": decision.reason,
        "direction": decision.direction,
        "reader": decision.reader,
        "detail": _detail(decision.reason, decision.detail),
        "passage": decision.passage,
        "staff": decision.actor,
    }


def _detail(reason: str, text: str) -> dict[str, int | str]:
    if reason == Reason.STAFF_ADMITTED:
        why, _, note = text.partition("; ")
        return {name: value for name, value in (("why", why), ("note", note)) if value}
    facts: dict[str, int | str] = {}
    if times := _TIMES.search(text):
        facts["times"] = int(times[1])
    elif (key := _KEYS.get(Reason(reason)) if reason in set(Reason) else None) and (found := _SECONDS.search(text)):
        facts[key] = int(found[1])
    return facts
