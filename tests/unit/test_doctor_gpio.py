"""Whether a relay on a GPIO line outlives a killed gate: told from the boot configuration and the kernel."""

from pathlib import Path

import pytest

from gate.doctor.examined import ExaminedGate
from gate.doctor.gpio import kept_level, killed_outputs
from gate.doctor.lines import Mark
from gate.registry import config_of
from gate.settings.load import load_settings
from gate.wiring import fit
from tests.unit.configurations import LEAST, SAMPLE


@pytest.mark.parametrize(
    ("config", "persists", "state"),
    [
        ("dtparam=strict_gpiod\n", "Y", Mark.PASS),
        ("dtparam=audio=on,strict_gpiod\n", None, Mark.PASS),
        ("# dtparam=strict_gpiod\n", "Y", Mark.WARN),
        ("dtparam=audio=on\n", None, Mark.WARN),
        ("dtparam=audio=on\n", "N", Mark.PASS),
        (None, None, Mark.PASS),
    ],
)
def test_what_becomes_of_a_killed_gates_relay(
    tmp_path: Path, config: str | None, persists: str | None, state: Mark
) -> None:
    if config is not None:
        (tmp_path / "boot/firmware").mkdir(parents=True)
        (tmp_path / "boot/firmware/config.txt").write_text(config)
    if persists is not None:
        folder = tmp_path / "sys/module/pinctrl_bcm2835/parameters"
        folder.mkdir(parents=True)
        (folder / "persist_gpio_outputs").write_text(f"{persists}\n")
    line = kept_level(tmp_path)
    assert line.state is state
    assert bool(line.advice) is (state is Mark.WARN)


def test_a_raspberry_whose_settings_cannot_be_read_is_not_taken_for_safe(tmp_path: Path) -> None:
    (tmp_path / "proc/device-tree").mkdir(parents=True)
    (tmp_path / "proc/device-tree/model").write_text("Raspberry Pi 5 Model B Rev 1.0\0")
    line = kept_level(tmp_path)
    assert line.state is Mark.UNKNOWN
    assert line.advice


def test_a_setting_that_cannot_be_read_is_not_taken_for_safe(tmp_path: Path) -> None:
    folder = tmp_path / "sys/module/pinctrl_bcm2835/parameters"
    (folder / "persist_gpio_outputs").mkdir(parents=True)  # reading it is refused, to root as well
    assert kept_level(tmp_path).state is Mark.UNKNOWN
    (tmp_path / "boot").mkdir()
    (tmp_path / "boot/config.txt").write_text("dtparam=strict_gpiod\n")
    assert kept_level(tmp_path).state is Mark.PASS


def test_it_is_asked_of_relays_on_gpio_lines_only(tmp_path: Path) -> None:
    for text, count in ((SAMPLE, 1), (LEAST, 0)):
        path = tmp_path / "gate.toml"
        path.write_text(text)
        settings = load_settings(path, config_of)
        assert len(list(killed_outputs(ExaminedGate(path, settings, fit(settings))))) == count
