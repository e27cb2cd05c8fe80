"""The table of what an installation lays outside of its release."""

import re

import pytest
from click.shell_completion import BashComplete, FishComplete, ShellComplete, ZshComplete

from gate.cli.main import gate
from gate.device.shipped import shipped
from gate.device.system_files import ENABLED_UNITS, SYSTEM_FILES

MADE = {"man"}  # by scripts/bundle
GUIDES = {"README.md"}


def test_every_row_names_a_file_that_is_there() -> None:
    assert [row.source for row in SYSTEM_FILES if row.source not in MADE and not shipped(row.source).exists()] == []


def test_every_destination_is_a_packages_folder_and_named_once() -> None:
    destinations = [row.destination for row in SYSTEM_FILES]
    assert len(set(destinations)) == len(destinations)
    assert [name for name in destinations if not re.match(r"usr/(lib|share)/[a-z]", name) or ".." in name] == []


def test_every_file_for_systemd_and_udev_is_laid() -> None:
    laid = {row.source for row in SYSTEM_FILES}
    there = {f"systemd/{path.name}" for path in shipped("systemd").iterdir() if path.name not in GUIDES}
    assert there - laid == set()


def test_every_unit_that_is_enabled_is_laid() -> None:
    units = {row.destination.rpartition("/")[2] for row in SYSTEM_FILES}
    assert set(ENABLED_UNITS) <= units


@pytest.mark.parametrize(
    ("shell", "file"), [(BashComplete, "gate.bash"), (ZshComplete, "_gate"), (FishComplete, "gate.fish")]
)
def test_the_completions_are_those_that_click_writes(shell: type[ShellComplete], file: str) -> None:
    made = shell(gate, {}, "gate", "_GATE_COMPLETE")
    written = (made.source_template % made.source_vars()).strip() + "\n"
    assert shipped("config", "completions", file).read_text() == written
