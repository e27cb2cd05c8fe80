"""An acceptance run: eight steps before a gate is handed over, which tick themselves by what the lane reports.  Pure.

A step ticks at the time of the event itself.  A run outlives a power cut, which is one of its steps.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from gate.core.reason import Reason


class AcceptanceTrial(StrEnum):
    """What is tried.  The words are a contract with records that exist."""

    GREEN = "green"  # a pass that may enter: the way opens, and the person passes
    RED = "red"  # a pass that may not
    SCREENSHOT = "screenshot"  # a picture of a pass, or an old code
    WALK_BACK = "walk_back"  # admitted, and turns back
    FIRE = "fire"  # the fire loop is cut
    READER = "reader"  # the reader is unplugged, and plugged in again
    BARRIER = "barrier"  # the barrier likewise
    POWER = "power"  # the power is cut, and comes back


_RED = frozenset({Reason.STATUS_NOT_ADMITTED, Reason.NOT_LISTED, Reason.PASS_REVOKED})
_COPY = frozenset({Reason.BINDING_MISSING, Reason.PRESENTATION_STALE, Reason.PRESENTATION_EARLY, Reason.EXPIRED})

MOST_WORDS = 60  # characters of a name that is typed


@dataclass(slots=True)
class AcceptanceRun:
    """A run.  Times are Unix s by the lane's clock.  `boot`: the kernel's name of the start at which it began."""

    began_at: float
    boot: str
    technician: str
    done: dict[str, float] = field(default_factory=dict)  # trial -> when
    skipped: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)  # parts that were lost since the beginning

    def take(
        self,
        now: float,
        decisions: Iterable[Mapping[str, Any]],
        parts: Mapping[str, Any],
        status: Mapping[str, Any],
        boot: str,
    ) -> None:
        """Take what the lane answers to `recent`, `parts` and `status`."""
        for decision in sorted(decisions, key=lambda one: one["at"]):
            if decision["at"] >= self.began_at:
                self._decided(decision)
        for trial, at in (
            (AcceptanceTrial.FIRE, self._fire(parts, status)),
            (AcceptanceTrial.READER, self._came_back(parts, "reader[")),
            (AcceptanceTrial.BARRIER, self._came_back(parts, "barrier")),
            (AcceptanceTrial.POWER, now if boot and self.boot and boot != self.boot else None),
        ):
            if at is not None:
                self._tick(trial, at)

    def skip(self, trial: str, *, on: bool) -> None:
        """Leave a trial out, or no longer."""
        if on and trial in set(AcceptanceTrial) and trial not in (*self.done, *self.skipped):
            self.skipped.append(trial)
        if not on and trial in self.skipped:
            self.skipped.remove(trial)

    def _decided(self, decision: Mapping[str, Any]) -> None:
        at, reason, passage = decision["at"], decision["reason"], decision.get("passage")
        if reason in _RED:
            self._tick(AcceptanceTrial.RED, at)
        elif reason in _COPY:
            self._tick(AcceptanceTrial.SCREENSHOT, at)
        elif reason == Reason.ADMITTED and passage in ("passed", "unknown"):
            self._tick(AcceptanceTrial.GREEN, at)  # unknown: no sensor sees who passes
        elif reason == Reason.ADMITTED and passage == "not_passed":
            self._tick(AcceptanceTrial.WALK_BACK, at)

    def _fire(self, parts: Mapping[str, Any], status: Mapping[str, Any]) -> float | None:
        edges = [
            edge["at"]
            for contact in parts.get("inputs", ())
            if contact["role"] == "fire"
            for edge in contact["edges"]
            if edge["level"] and edge["at"] >= self.began_at
        ]
        if edges:
            return float(min(edges))
        since = status.get("since", 0.0)
        return float(since) if status.get("phase") == "fire" and since >= self.began_at else None

    def _came_back(self, parts: Mapping[str, Any], name: str) -> float | None:
        """Return when such a part came back after the beginning.  A part that was well before has an older time."""
        for part in parts.get("parts", ()):
            if part["name"].startswith(name) and part["state"] == "lost" and part["name"] not in self.missed:
                self.missed.append(part["name"])
        back = [
            part["since"]
            for part in parts.get("parts", ())
            if part["name"] in self.missed and part["name"].startswith(name) and part["state"] == "well"
        ]
        return float(min(back)) if back else None

    def _tick(self, trial: AcceptanceTrial, at: float) -> None:
        if trial not in self.done:
            self.done[trial.value] = round(at, 3)
            self.skip(trial, on=False)


def fitted_trials(parts: Mapping[str, Any]) -> list[AcceptanceTrial]:
    """Return the trials that this gate has the parts for."""
    roles = {contact["role"] for contact in parts.get("inputs", ())}
    names = {part["name"] for part in parts.get("parts", ())}
    lacking = {
        AcceptanceTrial.FIRE: "fire" not in roles,
        AcceptanceTrial.BARRIER: "barrier" not in names,
        AcceptanceTrial.READER: not any(name.startswith("reader[") for name in names),
    }
    return [trial for trial in AcceptanceTrial if not lacking.get(trial)]


def record_facts(
    run: AcceptanceRun, fitted: Sequence[AcceptanceTrial], about: Mapping[str, Any], ended_at: float
) -> dict[str, Any]:
    """Return the facts of the record.  `about`: device, venue, version, time zone, customer."""
    trials = [
        {
            "trial": trial.value,
            "result": "done" if trial in run.done else "skipped" if trial in fitted else "not_fitted",
            "at": run.done.get(trial),
        }
        for trial in AcceptanceTrial
    ]
    return {
        **about,
        "technician": run.technician,
        "began_at": round(run.began_at, 3),
        "ended_at": round(ended_at, 3),
        "trials": trials,
    }


def as_kept(run: AcceptanceRun) -> dict[str, Any]:
    """Return a run as values of one JSON object."""
    return asdict(run)


def from_kept(kept: Mapping[str, Any]) -> AcceptanceRun:
    """Return a run from what was kept.  Raises ValueError, KeyError and TypeError for anything else."""
    return AcceptanceRun(
        float(kept["began_at"]),
        str(kept["boot"]),
        str(kept["technician"])[:MOST_WORDS],
        {AcceptanceTrial(name).value: float(at) for name, at in kept["done"].items()},
        [AcceptanceTrial(name).value for name in kept["skipped"]],
        [str(name) for name in kept["missed"]],
    )
