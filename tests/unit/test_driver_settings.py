"""Settings as they stand in the documentation must keep their meaning."""

import tomllib
from importlib.metadata import entry_points
from typing import Any

import pytest
from pydantic import ValidationError

KINDS = {"barrier": "gate.barriers", "input": "gate.inputs", "feedback": "gate.feedback"}


def settings_of(kind: str, text: str) -> Any:
    table = tomllib.loads(text)
    (entry,) = [entry for entry in entry_points(group=KINDS[kind]) if entry.name == table["driver"]]
    return entry.load().config.model_validate(table)


def test_the_documented_relay() -> None:
    relay = settings_of("barrier", 'driver = "gpio_relay"\nline = 17\nactive = "high"\npulse = "500ms"')
    assert (relay.line, relay.active, relay.pulse) == (17, "high", 0.5)


def test_the_documented_serial_board() -> None:
    board = settings_of(
        "barrier",
        'driver = "serial_frames"\nprofile = "lcus"\nport = "/dev/serial/by-path/a"\nchannel = 1\npulse = "500ms"',
    )
    assert (board.profile, board.port, board.channel, board.pulse) == ("lcus", "/dev/serial/by-path/a", 1, 0.5)


def test_the_documented_fire_input() -> None:
    fire = settings_of("input", 'driver = "gpio"\nrole = "fire"\nline = 22\nnormally = "closed"')
    assert (fire.role, fire.line, fire.normally, fire.debounce, fire.pull) == ("fire", 22, "closed", 0.03, "up")


@pytest.mark.parametrize("missing", ["line", "active", "pulse"])
def test_what_would_move_hardware_by_a_guess_has_no_default(missing: str) -> None:
    lines = {"line": "17", "active": '"high"', "pulse": '"500ms"'}
    text = "\n".join(f"{key} = {value}" for key, value in lines.items() if key != missing)
    with pytest.raises(ValidationError, match=rf"{missing}\n.*Field required"):
        settings_of("barrier", f'driver = "gpio_relay"\n{text}')


@pytest.mark.parametrize("wrong", ['pulse = "10001ms"', 'pulse = "10ms"', "pulse = 5", 'pulse = "1s"\nhold = "1s"'])
def test_a_pulse_that_is_too_long_too_short_or_unclear_is_refused(wrong: str) -> None:
    with pytest.raises(ValidationError):
        settings_of("barrier", f'driver = "gpio_relay"\nline = 17\nactive = "high"\n{wrong}')


def test_lines_end_where_the_boards_do() -> None:
    with pytest.raises(ValidationError, match="less than or equal to 53"):
        settings_of("barrier", 'driver = "gpio_relay"\nline = 54\nactive = "high"\npulse = "1s"')


@pytest.mark.parametrize("group", KINDS.values())
def test_every_driver_says_what_it_is_and_needs_and_explains_its_settings(group: str) -> None:
    for entry in entry_points(group=group):
        spec = entry.load()
        assert spec.name == entry.name
        assert spec.summary
        assert spec.needs
        assert "\n" not in spec.summary + spec.needs
        assert spec.simulated is (spec.name == "fake")
        unexplained = [key for key, field in spec.config.model_fields.items() if not field.description]
        assert set(unexplained) <= {"driver"}
