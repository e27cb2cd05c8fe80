"""Services that run a release, by their units in systemd."""

import subprocess
from collections.abc import Collection
from typing import NamedTuple, Protocol

from gate.device.system_files import SERVICES
from gate.errors import GateError, in_words

_RUN = frozenset({"active", "activating", "reloading", "failed"})
"""States of a service that is to run: one that failed under one release may do well under another."""
_WITHIN = 120.0  # seconds: stopping a lane takes 10 s at most (TimeoutStopSec), the sync 15 s


class UnitState(NamedTuple):
    """A service.  `restarts`: how often systemd has started it again since it was started by order."""

    name: str
    active: str
    restarts: int


def is_lane(unit: str) -> bool:
    """Return whether the service of that name runs a lane."""
    return unit == "gate.service" or unit.startswith("gate@")


class ServiceManager(Protocol):
    """Orders and questions of a trial to systemd.  Raises GateError."""

    def states(self) -> list[UnitState]:
        """Return the gate's services that are to run."""
        ...

    def stop(self, names: Collection[str]) -> None:
        """Stop the services, and wait until they have ended."""
        ...

    def start(self, names: Collection[str]) -> None:
        """Start the services, with their count of restarts at 0, without waiting until they are ready."""
        ...


class Systemctl:
    """systemd, by its command."""

    def states(self) -> list[UnitState]:
        asked = [f"--property={name}" for name in ("Id", "ActiveState", "NRestarts")]
        blocks = _systemctl("show", *asked, *SERVICES).split("\n\n")
        facts = [dict(line.split("=", 1) for line in block.splitlines() if "=" in line) for block in blocks]
        found = [
            UnitState(fact["Id"], fact["ActiveState"], int(fact.get("NRestarts") or 0))
            for fact in facts
            if "Id" in fact and fact.get("ActiveState") in _RUN
        ]
        return sorted(set(found))

    def stop(self, names: Collection[str]) -> None:
        if names:
            _systemctl("stop", *names)

    def start(self, names: Collection[str]) -> None:
        if names:
            _systemctl("reset-failed", *names, may_fail=True)  # exits 1 for a unit that is not loaded any more
            _systemctl("start", "--no-block", *names)


class NoServices:
    """No services: of an image, or of a root that is not that of this computer."""

    def states(self) -> list[UnitState]:
        return []

    def stop(self, names: Collection[str]) -> None: ...

    def start(self, names: Collection[str]) -> None: ...


def _systemctl(*words: str, may_fail: bool = False) -> str:
    command = ["systemctl", *words]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_WITHIN, check=False)  # noqa: S603 - our own words
    except (OSError, subprocess.TimeoutExpired) as error:
        raise GateError(
            f"`{' '.join(command)}` failed ({in_words(error)})", hint="Look at `systemctl status gate`"
        ) from error
    if done.returncode and not may_fail:
        why = " ".join(done.stderr.split()) or f"exit {done.returncode}"
        raise GateError(f"`{' '.join(command)}` failed ({why})", hint="Look at `systemctl status gate`")
    return done.stdout
