"""What a configuration says of the door, the schedule and who may be inside."""

from datetime import datetime
from pathlib import Path

import pytest

from gate.core.decide import AntiPassback
from gate.core.lane.door import DoorEquipment, Relock
from gate.core.lane.modes import Mode
from gate.registry import config_of
from gate.settings.load import load_settings
from gate.settings.model import Settings
from gate.settings.problems import SettingsError
from tests.unit.configurations import SAMPLE

DOORS = """
[door]
relock = "close"
held_after = "45s"
ignore_rex_after_close = "3s"
ignore_rex_while_open = true

[schedule]
holidays = ["2026-12-16"]
windows = [
  { mode = "out_of_service", days = ["holiday"] },
  { mode = "locked_down", hours = "22:00-06:00" },
  { mode = "free", days = ["sat", "sun"], hours = "10:00-18:00" },
]
"""


def read(folder: Path, text: str) -> Settings:
    path = folder / "gate.toml"
    path.write_text(text)
    return load_settings(path, config_of)


def problems(folder: Path, text: str) -> str:
    with pytest.raises(SettingsError) as caught:
        read(folder, text)
    return str(caught.value)


def test_a_door_as_the_lane_is_given_it(tmp_path: Path) -> None:
    door = read(tmp_path, SAMPLE + DOORS).door
    assert door.equipment(contact=True, feedback=False) == DoorEquipment(
        contact=True,
        relock=Relock.ON_CLOSE,
        held_after=45.0,
        ignore_rex_while_open=True,
        ignore_rex_after_close=3.0,
    )


@pytest.mark.parametrize(
    ("local", "mode"),
    [
        ("2026-12-16T12:00", Mode.OUT_OF_SERVICE),
        ("2026-12-17T23:00", Mode.LOCKED_DOWN),
        ("2026-12-19T12:00", Mode.FREE),
        ("2026-12-18T12:00", None),
    ],
)
def test_a_schedule_on_the_venues_clock(tmp_path: Path, local: str, mode: Mode | None) -> None:
    settings = read(tmp_path, SAMPLE + DOORS)
    schedule = settings.schedule.build(settings.venue.timezone)
    assert schedule is not None
    assert schedule.mode_at(datetime.fromisoformat(f"{local}+05:00").timestamp()) is mode


def test_without_windows_there_is_no_schedule(tmp_path: Path) -> None:
    assert read(tmp_path, SAMPLE).schedule.build("Asia/Almaty") is None


def test_who_may_be_inside(tmp_path: Path) -> None:
    text = SAMPLE.replace("[list]", 'antipassback = "soft"\nforget_inside = "4h"\nmax_inside = 30\n[list]', 1)
    policy = read(tmp_path, text).policy
    assert (policy.antipassback, policy.forget_inside, policy.max_inside) == (AntiPassback.SOFT, 4 * 3600.0, 30)


def test_a_shared_interlock_starts_at_the_files_folder(tmp_path: Path) -> None:
    text = SAMPLE.replace("[list]", 'interlock = "mantrap"\n[list]', 1)
    assert read(tmp_path, text).lane.interlock == tmp_path / "mantrap"


@pytest.mark.parametrize(
    ("wrong", "place", "said"),
    [
        (('"22:00-06:00"', '"22:00-6:00"'), "schedule.windows[1].hours", "not a span of hours"),
        (('"22:00-06:00"', '"22:00-24:00"'), "schedule.windows[1].hours", "not a span of hours"),
        (('"holiday"', '"holday"'), "schedule.windows[0].days[0]", "holday"),
        (('"2026-12-16"', '"16 December"'), "schedule.holidays", "not a date"),
        (('"free"', '"open"'), "schedule.windows[2].mode", "open"),
        (('"45s"', '"0s"'), "door.held_after", "at least"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(tmp_path: Path, wrong: tuple[str, str], place: str, said: str) -> None:
    text = problems(tmp_path, SAMPLE + DOORS.replace(*wrong))
    assert place in text
    assert said in text
