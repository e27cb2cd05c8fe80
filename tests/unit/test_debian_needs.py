"""Debian packages that an installation needs, and the programs that install them."""

from pathlib import Path

import pytest

from gate.device.bundle import open_bundle, write_bundle
from gate.device.install import debian
from gate.device.install.progress import Progress
from gate.device.layout import DeviceLayout

HEAD = {
    "version": "1.0",
    "python": "3.13",
    "architecture": "arm64",
    "wheels": {},
    "needs": {"": ["libzbar0"], "pi": ["python3-picamera2"]},
    "debian": {"libzbar0": "debian/libzbar0.deb"},
    "installed_bytes": 1,
}


@pytest.mark.parametrize(
    ("there", "calls"),
    [
        ({"libzbar0"}, ["apt-get update", "apt-get install"]),  # dpkg fails without a file
        (set(), ["dpkg --install", "apt-get update", "apt-get install"]),
        ({"libzbar0", "python3-picamera2"}, []),
    ],
)
def test_dpkg_installs_what_is_carried_and_lacking_and_apt_the_rest(
    there: set[str], calls: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    called, programs = tmp_path / "called", tmp_path / "bin"
    called.touch()
    programs.mkdir()
    for name in ("dpkg", "apt-get"):
        (programs / name).write_text(f'#!/bin/sh\nfor word; do echo "{name} $word" >> {called}; done\n')
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    monkeypatch.delenv("DPKG_MAINTSCRIPT_NAME", raising=False)

    def installed(_: Path) -> set[str]:
        by_apt = {"python3-picamera2"} if "python3-picamera2" in called.read_text() else set()
        return there | by_apt | ({"libzbar0"} if "libzbar0.deb" in called.read_text() else set())

    monkeypatch.setattr(debian, "installed_packages", installed)
    write_bundle(tmp_path / "bundle", {"debian/libzbar0.deb": b"a package"}, HEAD, 0)
    with open_bundle(tmp_path / "bundle") as bundle:
        debian.install_needed(bundle, DeviceLayout(), {"pi"}, Progress())
    orders = [line for line in called.read_text().splitlines() if line.split()[1] in ("update", "install", "--install")]
    assert orders == calls
