"""A switch of releases that may be killed at any moment.

The releases are shell scripts, and the services are this process: it tries what a lane would do to its database.
"""

import os
import signal
import sqlite3
from collections.abc import Collection
from contextlib import closing
from dataclasses import KW_ONLY, dataclass
from pathlib import Path

from gate.core.lane.modes import Mode
from gate.core.model import Direction
from gate.device.layout import DeviceLayout
from gate.device.release_health import Patience
from gate.device.release_switch import ReleaseSwitch
from gate.device.release_units import UnitState
from gate.device.releases import Releases
from gate.store.admission import Presented
from gate.testing.builders import NOW, claims, policy
from tests.store.opening import opened

OLD, NEW, LATER_SCHEMA = "0.1.0", "0.2.0", 100
UNIT = "gate.service"
SHOWN = Presented("reader[0]", Direction.ENTRY, Mode.ENFORCE, 1)

SCRIPT = """#!/bin/sh
case "$1 $2" in
"--version ") echo "gate, version {version}" ;;
"config show") echo '{{"key": "device.state_dir", "value": "{state}"}}' ;;
"lane status") echo '{{"phase": "ready", "mode": "enforce", "missing": [], "alarms": []}}' ;;
"journal tail") [ "$(od -An -j60 -N4 -tu1 {state}/lane.db | tr -d ' 0')" != 1 ] || exit {newer} ;;
"journal export") echo '{{"seq": 2}}' ;;
esac
"""  # bytes 60 to 63 of an SQLite file are its user_version: 0 0 0 100


def install(layout: DeviceLayout, version: str, state: Path) -> None:
    command = layout.releases / version / "bin/gate"
    command.parent.mkdir(parents=True)
    command.write_text(SCRIPT.format(version=version, state=state, newer=int(version == OLD)))
    command.chmod(0o755)


def show(state: Path, idx: int) -> str:
    """Start a lane of the old release, show it a code, and stop it; return the reason."""
    with opened(state, policy(reuse_after=86_400.0)) as admission:
        admission.close_interrupted(NOW + 1)
        return admission.admit(claims(idx), SHOWN, NOW + 1).decision.reason.value


@dataclass
class Lane:
    """The service.  `fails`, `alters`, `admits`: what the new release does during its trial.  `cut`: the power is cut
    when it is looked at."""

    layout: DeviceLayout
    state: Path
    _: KW_ONLY
    fails: bool
    alters: bool
    admits: bool
    cut: bool = False

    def states(self) -> list[UnitState]:
        if self.cut and self.is_new():
            os.kill(os.getpid(), signal.SIGKILL)
        return [UnitState(UNIT, "active", int(self.fails and self.is_new()))]

    def stop(self, names: Collection[str]) -> None: ...

    def start(self, names: Collection[str]) -> None:
        assert list(names) == [UNIT]
        if not self.is_new():
            return
        if self.admits:
            assert show(self.state, 8) == "admitted"
            (self.layout.opt / "admitted").touch()
        if self.alters:
            with closing(sqlite3.connect(self.state / "lane.db")) as connection:
                connection.execute(f"PRAGMA user_version = {LATER_SCHEMA}")

    def is_new(self) -> bool:
        current = Releases(self.layout).current()
        return current is not None and current.version == NEW


class Booting:
    """No service has started yet."""

    def states(self) -> list[UnitState]:
        return []

    def stop(self, names: Collection[str]) -> None: ...

    def start(self, names: Collection[str]) -> None: ...


def use(layout: DeviceLayout, lane: Lane) -> None:
    ReleaseSwitch(layout, lane, lambda _: None, lambda: NOW).use(NEW, Patience(5.0, 0.0))


def settle(layout: DeviceLayout) -> None:
    ReleaseSwitch(layout, Booting(), lambda _: None, lambda: NOW).settle()
