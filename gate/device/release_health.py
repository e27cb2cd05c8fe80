"""The health of services under a release: whether they are ready, and stay well."""

import json
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from gate.device.release_check import ask
from gate.device.release_units import ServiceManager, UnitState
from gate.device.releases import InstalledRelease
from gate.errors import GateError

EVERY = 2.0  # seconds between two looks; asking a lane takes a process of 0.5 s of CPU, 2 s on a Pi
_ANSWERS_WITHIN = 120.0  # seconds for one question, most of them for the start of its process
_DAMAGED = frozenset({"journal_lost"})
"""Alarms that a release can cause; the others come from the door."""


@dataclass(frozen=True, slots=True)
class LaneHealth:
    """State that a lane reports of itself."""

    phase: str
    mode: str
    missing: frozenset[str]
    alarms: frozenset[str]


@dataclass(frozen=True, slots=True)
class Patience:
    """Time limits for services.  Seconds."""

    ready: float  # until all of them are ready and well
    health: float  # for which they have to stay so


def lane_health(release: InstalledRelease, config: Path) -> LaneHealth | None:
    """Ask the lane of a configuration; None when it does not answer."""
    try:
        code, output, _ = ask(release, "lane", "status", "--json", "--config", config, within=_ANSWERS_WITHIN)
        answer = json.loads(output) if code == 0 else None
        return answer and LaneHealth(
            str(answer["phase"]), str(answer["mode"]), *(frozenset(answer[name]) for name in ("missing", "alarms"))
        )
    except (GateError, ValueError, KeyError, TypeError, RecursionError):
        return None


def ailment(now: LaneHealth | None, before: LaneHealth | None, excused: frozenset[str] = frozenset()) -> str:
    """Return what is wrong with a lane that was not wrong before; "" when nothing is.  `before`: None where it did
    not answer then.  `excused`: alarms that count for nothing."""
    if now is None:
        return "the lane does not answer"
    if new := now.missing - (before.missing if before else frozenset()):
        return f"{', '.join(sorted(new))} missing"
    if new := (now.alarms - (before.alarms if before else frozenset()) - excused) & _DAMAGED:
        return f"alarm {', '.join(sorted(new))}"
    is_meant = now.mode == now.phase or bool(now.missing) or (before is not None and before.phase == now.phase)
    return "the lane is out of service" if now.phase == "out_of_service" and not is_meant else ""


class HealthWatch:
    """Watches services that were just started."""

    def __init__(
        self,
        services: ServiceManager,
        release: InstalledRelease,
        configs: Mapping[str, Path],
        before: Mapping[str, LaneHealth | None],
        *,
        loses_journal: bool = False,
    ) -> None:
        """`configs`: by the names of all services.  `before`: by those of the lanes that ran before.
        `loses_journal`: a lost journal is meant, or known."""
        self._services = services
        self._release = release
        self._configs = configs
        self._before = before
        self._excused = _DAMAGED if loses_journal else frozenset[str]()

    def wait(self, patience: Patience) -> str:
        """Block until the services have been well without a break for as long as they have to; return "", or why
        they are not."""
        began = time.monotonic()
        well_since: float | None = None
        while True:
            states = self._services.states()
            if why := self._ended(states):
                return why
            problem = self._problem(states)
            now = time.monotonic()
            if problem:
                well_since = None
                if now - began > patience.ready:
                    return f"not well within {patience.ready:.0f} s: {problem}"
            else:
                well_since = now if well_since is None else well_since
                if now - well_since >= patience.health:
                    return ""
            time.sleep(min(EVERY, patience.health / 4 or EVERY))

    def _ended(self, states: Collection[UnitState]) -> str:
        """Return which service has ended by itself."""
        for state in states:
            if state.name in self._configs and (state.restarts or state.active == "failed"):
                return f"{state.name} ended by itself (`journalctl -u {state.name}` says why)"
        return ""

    def _problem(self, states: Collection[UnitState]) -> str:
        active = {state.name for state in states if state.active == "active"}
        if waiting := self._configs.keys() - active:
            return f"{', '.join(sorted(waiting))} not ready"
        for name, before in self._before.items():
            if why := ailment(lane_health(self._release, self._configs[name]), before, self._excused):
                return f"{name}: {why}"
        return ""
