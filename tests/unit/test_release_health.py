"""What counts against a release on trial, and how versions and services are read."""

from pathlib import Path

import pytest

from gate.device.layout import DeviceLayout
from gate.device.release_check import config_of
from gate.device.release_health import LaneHealth, ailment
from gate.device.release_units import Systemctl, UnitState
from gate.device.releases import Releases


def lane(phase: str = "ready", mode: str = "enforce", missing: str = "", alarms: str = "") -> LaneHealth:
    return LaneHealth(phase, mode, frozenset(missing.split()), frozenset(alarms.split()))


NO_CAMERA = lane("out_of_service", missing="reader[0]")


@pytest.mark.parametrize(
    ("now", "before", "why"),
    [
        (lane(), lane(), ""),
        (lane("locked_down"), lane(), ""),  # an order of staff
        (lane(alarms="held_open"), lane(), ""),  # of the door
        (None, lane(), "does not answer"),
        (None, None, "does not answer"),
        (NO_CAMERA, lane(), "reader[0] missing"),
        (NO_CAMERA, NO_CAMERA, ""),
        (NO_CAMERA, None, "reader[0] missing"),
        (lane("out_of_service", missing="reader[0] barrier"), NO_CAMERA, "barrier missing"),
        (lane("out_of_service"), lane(), "out of service"),
        (lane("out_of_service", mode="out_of_service"), lane(), ""),  # by order or schedule
        (lane(alarms="journal_lost"), lane(), "journal_lost"),
        (lane(alarms="journal_lost"), lane(alarms="journal_lost"), ""),
    ],
)
def test_only_what_was_well_before_counts(now: LaneHealth | None, before: LaneHealth | None, why: str) -> None:
    said = ailment(now, before)
    assert why in said
    assert bool(why) == bool(said)


def test_releases_are_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    layout = DeviceLayout(tmp_path)
    for name in ("0.10.0", "0.9.1", "0.9.1rc1", "0.9.1.dev3", ".0.11.0.unfinished", ".leaving-0.1.0"):
        (layout.releases / name).mkdir(parents=True)
    found = [release.version for release in Releases(layout).every()]
    assert found.index("0.9.1") < found.index("0.10.0")
    assert len(found) == 4


def test_each_service_has_the_configuration_of_its_unit() -> None:
    layout = DeviceLayout()
    assert config_of(layout, "gate.service") == config_of(layout, "gate-sync.service") == Path("/etc/gate/gate.toml")
    assert config_of(layout, "gate@left.service") == Path("/etc/gate/lanes/left.toml")


SHOWN = """Id=gate.service
ActiveState=active
NRestarts=2

Id=gate-sync.service
ActiveState=inactive
NRestarts=0

Id=gate@left.service
ActiveState=failed
NRestarts=5
"""


def test_services_that_are_to_run_are_read_from_systemctl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "shown").write_text(SHOWN)
    program = tmp_path / "systemctl"
    program.write_text(f'#!/bin/sh\n[ "$1" = show ] && /bin/cat {tmp_path}/shown\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert Systemctl().states() == [UnitState("gate.service", "active", 2), UnitState("gate@left.service", "failed", 5)]
