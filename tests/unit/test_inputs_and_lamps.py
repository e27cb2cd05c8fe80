"""Debouncing, the input set by hand, and lamps."""

import asyncio
import json
import os
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from drivers._shared.gpio_debounce import Debounce
from drivers.feedback.fake import DRIVER as FAKE_LAMPS
from drivers.feedback.lamps import DRIVER as LAMPS
from drivers.feedback.lamps import PATTERNS, TICK
from drivers.inputs.fake import DRIVER as FAKE
from drivers.inputs.gpio import DRIVER as CONTACT
from drivers.inputs.gpio import ContactConfig
from gate.errors import DeviceError
from gate.ports.feedback import Signal
from gate.ports.inputs import Level
from gate.testing.barrier_contract import until
from tests.contract.mock_gpio import drive, mock_gpio

HOLD = 0.03
READING = st.tuples(st.booleans(), st.floats(min_value=0.001, max_value=0.1))


@given(st.lists(READING, min_size=1, max_size=60))
def test_debounce_ends_at_the_last_level_and_tells_no_short_one(readings: list[tuple[bool, float]]) -> None:
    """A storm of readings at any spacing, then a level that holds."""
    debounce, at, told = Debounce(HOLD), 0.0, list[tuple[bool, float]]()
    history: list[tuple[bool, float]] = []
    last = readings[-1][0]
    for raw, step in [*readings, *[(last, 0.01)] * 5]:
        at += step
        history.append((raw, at))
        if debounce.read(raw, at):
            told.append((bool(debounce.level), at))
    assert debounce.level is last
    assert all(one is not other for (one, _), (other, _) in pairwise(told)), "told what was no change"
    for level, when in told:
        held = [raw for raw, seen in history if when - HOLD <= seen <= when]
        assert set(held) == {level}, "told a level that had not held"


def test_debounce_notices_a_contact_that_never_rests() -> None:
    humming, slow, used = Debounce(HOLD), Debounce(0.5), Debounce(HOLD)
    for number in range(200):
        humming.read(number % 3 == 0, number * 0.01)
        slow.read(number % 2 == 0, number * 0.4)
        used.read(number // 10 % 2 == 0, number * 0.01)  # five people a second
        assert not used.is_restless(number * 0.01)
    assert humming.is_restless(2.0)
    assert slow.is_restless(80.0)


def test_debounce_does_not_blame_a_contact_that_moved_while_nobody_looked() -> None:
    """The event loop stood still for five seconds, and somebody went through meanwhile."""
    debounce = Debounce(HOLD)
    for at in (0.0, 0.01, 0.05, 5.0, 5.01):
        debounce.read(at >= 5.0, at)
        assert not debounce.is_restless(at)
    assert debounce.read(True, 5.04)


def contact(**settings: object) -> ContactConfig:
    return CONTACT.config.model_validate(
        {"driver": "gpio", "library": "gpiozero", "role": "fire", "line": 22, "normally": "closed", **settings}
    )


@pytest.mark.parametrize(
    ("settings", "active_when_high"),
    [
        ({}, True),  # a cut wire: the pull takes the line up
        ({"normally": "open"}, False),
        ({"pull": "down"}, False),
        ({"pull": "down", "normally": "open"}, True),
        ({"pull": "none", "closed": "low"}, True),
        ({"pull": "none", "closed": "high"}, False),
        ({"pull": "up", "closed": "high"}, False),
    ],
)
def test_what_a_level_means(settings: dict[str, str], active_when_high: bool) -> None:
    config = contact(**settings)
    assert config.is_active(high=True) is active_when_high
    assert config.is_active(high=False) is not active_when_high


def test_a_fire_input_must_say_how_it_is_wired() -> None:
    with pytest.raises(ValidationError, match="normally is missing"):
        CONTACT.config.model_validate({"driver": "gpio", "role": "fire", "line": 22})
    with pytest.raises(ValidationError, match="closed is missing"):
        contact(pull="none")
    assert CONTACT.config.model_validate({"driver": "gpio", "role": "passage", "line": 22}).normally == "open"


async def test_a_fire_loop_that_hums_is_lost_rather_than_well() -> None:
    with mock_gpio() as factory:
        async with CONTACT.open(contact()) as device:
            running = asyncio.create_task(device.run(lambda _: None))
            high = False
            async with asyncio.timeout(10):
                while not running.done():
                    high = not high
                    drive(factory.pin(22), high=high)
                    await asyncio.sleep(0.005)
            with pytest.raises(DeviceError, match="bounces without end"):
                await running


@pytest.mark.parametrize(("role", "told"), [("passage", []), ("door", [True])])
async def test_a_sensor_that_is_active_from_the_start_has_seen_nobody(role: str, told: list[bool]) -> None:
    heard = list[Level]()
    with mock_gpio() as factory:
        pin = factory.pin(22)
        drive(pin, high=True)
        config = {"driver": "gpio", "library": "gpiozero", "role": role, "line": 22, "normally": "closed"}
        async with CONTACT.open(CONTACT.config.model_validate(config)) as device:
            running = asyncio.create_task(device.run(heard.append))
            await asyncio.sleep(0.2)
            assert [level.active for level in heard] == told
            drive(pin, high=False)
            await until(lambda: bool(heard) and not heard[-1].active)
            drive(pin, high=True)
            await until(lambda: heard[-1].active)
            assert [level.active for level in heard] == [*told, False, True]
            running.cancel()
            await asyncio.wait([running])


async def test_words_in_a_pipe_move_the_fake_input(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path, heard = tmp_path / "passage", list[Level]()
    async with FAKE.open(
        FAKE.config.model_validate({"driver": "fake", "role": "passage", "path": str(path)})
    ) as device:
        running = asyncio.create_task(device.run(heard.append))

        async def says(words: str, *states: bool) -> None:
            with path.open("w") as pipe:
                pipe.write(words)
            await until(lambda: [level.active for level in heard] == list(states))

        await says("", False)
        await says("on\n", False, True)
        await says("on\nof", False, True)
        await says("f\n", False, True, False)
        await says("  pulse \n\n", False, True, False, True, False)
        await says("dance\n" + "x" * 100 + "\non\n", False, True, False, True, False, True)
        assert "'dance' is not one of" in caplog.text
        running.cancel()
        await asyncio.wait([running])
    assert path.is_fifo(), "it stays for the next opening"


async def test_a_fake_input_without_a_pipe_is_inactive_for_ever() -> None:
    heard: list[Level] = []
    async with FAKE.open(FAKE.config.model_validate({"driver": "fake", "role": "fire"})) as device:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(device.run(heard.append), 0.1)
    assert [level.active for level in heard] == [False]


async def test_a_pipe_that_cannot_be_made_says_why(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path, said in [(tmp_path / "file", "not a named pipe"), (tmp_path / "nowhere" / "pipe", "must be a directory")]:
        with pytest.raises(DeviceError, match=said):
            async with FAKE.open(FAKE.config.model_validate({"driver": "fake", "role": "rex", "path": str(path)})):
                pass


def test_every_signal_has_a_pattern_and_no_two_look_alike() -> None:
    assert set(PATTERNS) == set(Signal)
    seen = [sorted((lamp, steps) for lamp, steps in lamps.items() if lamp != "amber") for lamps in PATTERNS.values()]
    assert all(one != other for at, one in enumerate(seen) for other in seen[:at]), "an amber lamp is optional"


async def test_lamps_blink_sound_once_and_go_dark() -> None:
    config = LAMPS.config.model_validate(
        {"driver": "lamps", "library": "gpiozero", "green": 5, "red": 6, "buzzer": 19, "active": "low"}
    )
    with mock_gpio() as factory:
        green, red, buzzer = (factory.pin(line) for line in (5, 6, 19))
        lit = ("output", False)
        async with LAMPS.open(config) as lamps:
            assert lit not in green.shown
            lamps.show(Signal.ADMITTED)
            assert green.shown[-1] == buzzer.shown[-1] == lit
            await until(lambda: buzzer.shown[-1] != lit)
            await asyncio.sleep(3 * TICK)
            assert buzzer.shown.count(lit) == 1
            assert green.shown[-1] == lit
            lamps.show(Signal.FIRE)
            await until(lambda: green.shown.count(lit) > 3 and red.shown.count(lit) > 3)
        assert all(pin.shown[-1] != lit for pin in (green, red, buzzer))


def test_lamps_need_lines_of_their_own() -> None:
    with pytest.raises(ValidationError, match="line of its own"):
        LAMPS.config.model_validate({"driver": "lamps", "green": 5, "red": 5})


async def test_fake_lamps_write_down_what_they_showed(tmp_path: Path) -> None:
    path = tmp_path / "shown.jsonl"
    async with FAKE_LAMPS.open(FAKE_LAMPS.config.model_validate({"driver": "fake", "path": str(path)})) as lamps:
        for signal in Signal:
            lamps.show(signal)
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["signal"] for line in lines] == [signal.value for signal in Signal]
    assert [signal for _, signal in lamps.history] == list(Signal)
    assert os.access(path, os.R_OK)
