"""Subjects of an examination: a configuration, its devices, the lane beside it, and the computer below a root."""

import os
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from gate.control.client import send_request
from gate.control.requests import StatusRequest
from gate.errors import GateError
from gate.settings.model import Settings
from gate.store.lane_lock import lane_pid
from gate.wiring import FittedDevices

_TOOL_WITHIN = 10.0  # seconds for systemctl, journalctl or vcgencmd
_CONFIG = "etc/gate/gate.toml"
_LANES = "etc/gate/lanes"
DESK_USER = "GATE_DESK_USER"
"""Environment variable with the user in whose name a doctor of the desk asks the lane."""

RunTool = Callable[[Sequence[str]], str | None]


class Running(StrEnum):
    """State of the lane that may run with this state directory."""

    YES = "running"
    NO = "stopped"
    SILENT = "silent"  # one runs and does not answer
    UNASKED = "unknown"  # this account may not ask whether one runs


@dataclass(frozen=True, slots=True)
class LaneBeside:
    """The lane of this configuration, as it answers."""

    running: Running
    answer: Mapping[str, Any] = field(default_factory=dict)  # to a status request
    pid: int | None = None

    @property
    def holds_devices(self) -> bool:
        return self.running is not Running.NO


def run_tool(command: Sequence[str]) -> str | None:
    """Return what a tool prints; None where it is not installed or fails.  Blocks for up to 10 s."""
    path = shutil.which(command[0], path=f"{os.environ.get('PATH', '')}:/usr/bin:/usr/sbin:/bin")
    if path is None:
        return None
    environment = {**os.environ, "LC_ALL": "C"}
    try:
        done = subprocess.run(  # noqa: S603 - a fixed list of tools
            [path, *command[1:]], capture_output=True, timeout=_TOOL_WITHIN, env=environment, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else None


@dataclass(frozen=True, slots=True)
class ExaminedGate:
    """Subject of the checks."""

    file: Path  # the configuration
    settings: Settings
    fitted: FittedDevices
    lane: LaneBeside = LaneBeside(Running.NO)
    root: Path = Path("/")  # of /sys, /proc, /etc, /run and /boot
    run: RunTool = run_tool
    as_service: Callable[[], AbstractContextManager[None]] = nullcontext
    """Gives this process the rights of the lane's user for a while: what root may open, the lane may not."""

    @property
    def unit(self) -> str:
        """Return the name of the service that runs this configuration; empty for a file elsewhere."""
        file = self.file.absolute()
        if file == self.root / _CONFIG:
            return "gate.service"
        if file.parent == self.root / _LANES:
            return f"gate@{file.stem}.service"
        return ""

    @property
    def has_systemd(self) -> bool:
        return (self.root / "run/systemd/system").is_dir()

    def text(self, path: str) -> str | None:
        """Return the text of a file below the root, as `text_of` does."""
        return text_of(self.root / path)


def text_of(path: Path) -> str | None:
    """Return the text of a small file without white space and zero bytes around it; None if there is none."""
    try:
        return path.read_text("utf-8", "replace").strip().strip("\0")
    except OSError:
        return None


def find_lane(settings: Settings) -> LaneBeside:
    """Ask the lane of this configuration how it is.  Never raises."""
    try:
        pid = lane_pid(settings.device.state_dir)
        return LaneBeside(
            Running.YES, send_request(settings.device.runs, StatusRequest(user=os.environ.get(DESK_USER))), pid
        )
    except PermissionError:
        return LaneBeside(Running.UNASKED)
    except GateError as error:
        if isinstance(error.__cause__, PermissionError):
            return LaneBeside(Running.UNASKED)
        return LaneBeside(Running.NO if pid is None else Running.SILENT, pid=pid)
