"""A root with releases, and services that are processes of this checkout."""

import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gate.core.model import Listing
from gate.device import release_health
from gate.device.layout import DeviceLayout
from gate.device.release_health import Patience
from gate.device.release_switch import ReleaseSwitch
from gate.device.release_units import ServiceManager, Systemctl
from gate.device.releases import Releases
from tests.system.rig import Site, eventually

TOP = Path(__file__).parents[2]
UNIT = "gate.service"


class Root:
    """The root of a device: /opt/gate, /etc/gate, a site, and systemd as far as a trial needs it."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.layout = DeviceLayout(folder / "root")
        self.site = Site(folder, {1: Listing.GREEN, 2: Listing.GREEN, 3: Listing.GREEN})
        self.site.load_list()
        self.said: list[str] = []
        self.ready = 90.0
        for path in (
            self.layout.releases,
            self.layout.etc,
            self.layout.opt / "bin",
            folder / "systemd",
            folder / "bin",
        ):
            path.mkdir(parents=True)
        self.site.config = self.layout.config
        self.configure([self.site.issue(1)])
        self.layout.command.symlink_to("../current/bin/gate")
        self._systemd = folder / "systemd"
        (self._systemd / "units.json").write_text(json.dumps({UNIT: str(self.layout.config)}))
        systemctl = folder / "bin/systemctl"
        program(systemctl, f'exec {sys.executable} {TOP}/tests/device/fake_systemctl.py "$@"')
        monkeypatch.setenv("FAKE_SYSTEMD", str(self._systemd))
        monkeypatch.setenv("FAKE_COMMAND", str(self.layout.command))
        monkeypatch.setenv("PATH", f"{systemctl.parent}:{os.environ['PATH']}")
        monkeypatch.setenv("PYTHONPATH", str(TOP))
        self.systemctl = systemctl
        monkeypatch.setattr(release_health, "EVERY", 0.5)

    def configure(self, codes: list[str]) -> None:
        """Let the lane see these codes after each of its starts."""
        texts = json.dumps(codes)
        self.site.configure(f'[[reader]]\ndriver = "fake"\ntexts = {texts}\n', '[barrier]\ndriver = "fake"\n')

    def install(self, version: str, fault: str = "none") -> None:
        path = self.layout.releases / version / "bin/gate"
        path.parent.mkdir(parents=True)
        lines = [{"check": "camera", "state": "fail", "found": "held by the gate", "advice": ""}]
        lines += [{"check": "disk", "state": "fail", "found": "slow", "advice": ""}] if fault == "doctor" else []
        said = "\n".join(map(json.dumps, lines))
        program(
            path,
            f"""case "$1" in
            --version) echo 'gate, version {version}'; exit ;;
            doctor) echo '{said}'; exit 1 ;;
            esac
            exec {sys.executable} -m tests.device.fake_release {fault} "$@" """,
        )

    def switch(self, services: ServiceManager | None = None) -> ReleaseSwitch:
        return ReleaseSwitch(self.layout, services or Systemctl(), self.said.append, lambda: 1.0e9)

    def use(self, version: str, *, health: float = 1.0, lose_journal: bool = False) -> None:
        self.switch().use(version, Patience(self.ready, health), lose_journal=lose_journal)

    @property
    def current(self) -> str | None:
        found = Releases(self.layout).current()
        return found.version if found else None

    def state(self) -> str:
        try:
            return str(json.loads((self._systemd / f"{UNIT}.json").read_text())["active"])
        except FileNotFoundError:
            return "inactive"

    def order(self, *words: str) -> None:
        subprocess.run([self.systemctl, *words], check=True)

    def start(self) -> None:
        self.order("start", "--no-block", UNIT)
        eventually(lambda: self.state() == "active", "the lane to be ready")

    def decided(self, count: int) -> list[str]:
        """Wait for so many decisions; return the reasons of all."""
        eventually(lambda: len(self.site.reasons()) >= count, f"{count} decisions")
        return self.site.reasons()

    def close(self) -> None:
        self.order("stop", UNIT)


def program(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


@contextmanager
def rooted(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Root]:
    root = Root(folder, monkeypatch)
    try:
        yield root
    finally:
        root.close()
