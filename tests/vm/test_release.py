"""A gate's years: a newer release, one that does not work and is left again by itself, and the end."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.vm.door import Door
from tests.vm.machine import PATIENCE, PROJECT, READY_WITHIN, Image, Machine, make_bundle
from tests.vm.place import Place

pytestmark = [pytest.mark.vm, pytest.mark.timeout(7200 * PATIENCE)]
INSTALLED = 1500.0 * PATIENCE  # seconds
SWITCHED = 1800.0 * PATIENCE
GOOD, BAD = "9.0.0", "9.0.1"


def bundle_of(version: str, folder: Path, suite: str, arch: str, change: Callable[[Path], None]) -> Path:
    """Make a bundle of this checkout under another version, with a change to its files."""
    copy, output = folder / f"checkout-{version}", folder / f"gate-{version}.bundle"
    for name in subprocess.run(
        ["git", "-C", PROJECT, "ls-files"], check=True, capture_output=True, text=True
    ).stdout.split():
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(PROJECT / name, copy / name)
    (copy / ".venv").symlink_to(PROJECT / ".venv")
    project = copy / "pyproject.toml"
    text = project.read_text()
    project.write_text(text.replace('version = "0.1.0"', f'version = "{version}"', 1))
    change(copy)
    make_bundle(copy, suite, arch, output)
    return output


def broken(copy: Path) -> None:
    """Change a checkout so that its lane ends at once."""
    command = copy / "gate/cli/run.py"
    command.write_text(command.read_text() + '\nraise SystemExit("this release is broken")\n')


def test_a_release_that_does_not_work_is_left_by_itself_and_an_uninstalled_gate_is_gone(
    installed: Image,
    place: Place,
    share: Path,
    tmp_path: Path,
    suite: str,
    arch: str,
    switched_on: Callable[..., Machine],
) -> None:
    for version, change in ((GOOD, lambda _: None), (BAD, broken)):
        shutil.move(bundle_of(version, tmp_path, suite, arch, change), share / f"{version}.bundle")
    machine = switched_on(installed, card=place.card())
    door = Door(machine)
    door.wait_until_ready(READY_WITHIN)
    used = place.issue(2)
    assert door.show(used) == "admitted"

    if machine.try_run(f"sh /share/{GOOD}.bundle", patience=INSTALLED).returncode:  # short patience for an emulation
        machine.run(f"gate release use {GOOD} --ready 900", patience=SWITCHED)
    assert machine.run("gate --version").strip().endswith(GOOD)
    door.wait_until_ready(READY_WITHIN)
    assert door.show(used) == "already_used"

    left = machine.try_run(f"sh /share/{BAD}.bundle", patience=INSTALLED + SWITCHED)
    assert left.returncode == 1
    assert GOOD in left.stderr.decode()
    assert machine.run("gate --version").strip().endswith(GOOD)
    door.wait_until_ready(READY_WITHIN)
    assert door.show(used) == "already_used"

    machine.run("gate install --uninstall", patience=INSTALLED)
    kept = machine.run("ls /etc/gate /var/lib/gate")
    assert "gate.toml" in kept
    assert "lane.db" in kept
    machine.run("sh /share/gate.bundle --uninstall --purge", patience=INSTALLED)
    found = machine.run("find / -xdev -iname '*gate*' -not -path '/proc/*' -not -path '/sys/*'").split()
    before = installed.folder / "root"  # as it was without a gate
    assert [path for path in found if "gate-vm" not in path and not os.path.lexists(f"{before}{path}")] == []
