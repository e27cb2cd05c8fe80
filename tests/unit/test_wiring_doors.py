"""What a lane is fitted with, from its configuration: contacts, and what the barrier says of itself."""

from pathlib import Path

from gate.core.lane.door import Relock
from gate.core.model import Direction, Stance
from gate.lane.config import LaneConfig
from gate.registry import config_of
from gate.settings.load import load_settings
from gate.wiring import fit, lane_config
from tests.unit.configurations import LEAST

CONTACTS = "".join(
    f'\n[[input]]\ndriver = "gpio"\nrole = "{role}"\nline = {line}\nnormally = "closed"\n'
    for line, role in enumerate(("door", "lock", "rex", "lockdown", "fire", "reset", "tamper", "interlock"), 5)
)
DIGICON = '\n[barrier]\ndriver = "serial_frames"\nprofile = "digicon-tx1500"\nport = "/dev/serial/by-path/x"\n'
OSDP = '\n[barrier]\ndriver = "osdp"\nport = "/dev/serial/by-path/x"\naddress = 1\nkey_file = "key"\npulse = "1s"\n'


def setup(folder: Path, text: str) -> LaneConfig:
    path = folder / "gate.toml"
    path.write_text(text)
    settings = load_settings(path, config_of)
    return lane_config(settings, fit(settings))


def test_a_turnstile_that_reports_who_passed_is_a_sensor(tmp_path: Path) -> None:
    lane = setup(tmp_path, LEAST + DIGICON)
    assert lane.equipment.sensed == frozenset(Direction)
    assert lane.equipment.watchers == {"barrier"}
    assert lane.equipment.stances == {Stance.FREE}
    assert lane.needed == {"barrier", "reader[0]"}


def test_contacts_of_a_door_are_needed_and_buttons_are_not(tmp_path: Path) -> None:
    lane = setup(tmp_path, LEAST + '\n[door]\nrelock = "open"\nheld_after = "20s"\n' + DIGICON + CONTACTS)
    assert (lane.equipment.door.contact, lane.equipment.door.feedback) == (True, True)
    assert (lane.equipment.door.relock, lane.equipment.door.held_after) == (Relock.ON_OPEN, 20.0)
    assert lane.equipment.watchers == {"barrier", "input[0]"}
    assert lane.needed == {"barrier", "reader[0]", "input[0]", "input[1]", "input[3]", "input[4]", "input[7]"}


def test_a_door_module_brings_its_own_contacts(tmp_path: Path) -> None:
    plain = setup(tmp_path, LEAST + OSDP)
    assert (plain.equipment.sensed, plain.equipment.watchers) == (frozenset(), frozenset())
    wired = setup(tmp_path, LEAST + OSDP + "entry_input = 0\ndoor_input = 1\nlock_input = 2\n")
    assert wired.equipment.sensed == {Direction.ENTRY}
    assert wired.equipment.watchers == {"barrier"}
    assert (wired.equipment.door.contact, wired.equipment.door.feedback) == (True, True)


def test_a_lane_without_a_barrier_moves_nothing(tmp_path: Path) -> None:
    lane = setup(tmp_path, LEAST)
    assert lane.equipment.stances == frozenset()
    assert lane.needed == {"reader[0]"}
    assert lane.schedule is None
