"""GPIO lines: what the wire shows at start and end, and what every failure says."""

import asyncio
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from drivers._shared.gpio_line import OutputLine, line_error
from drivers.barriers.gpio_relay import DRIVER as RELAY
from drivers.inputs.gpio import DRIVER as CONTACT
from gate.core.model import Direction
from gate.errors import DeviceError
from gate.testing.barrier_contract import until
from tests.contract.mock_gpio import Board, mock_gpio


class LgpioError(Exception):
    """As in lgpio: derives from Exception itself."""


class Lgpio(ModuleType):
    """The calls of the lgpio module that gpiozero makes, over one board of lines.  `shown` is what the
    outside sees of line 17: (direction, level), with the level an input floats or is pulled to as None."""

    SET_PULL_NONE, SET_PULL_UP, SET_PULL_DOWN = 128, 32, 64
    BOTH_EDGES, RISING_EDGE, FALLING_EDGE = 3, 1, 2
    error = LgpioError

    def __init__(self) -> None:
        super().__init__("lgpio")
        self.calls: list[str] = []
        self.shown: list[tuple[str, int | None]] = []
        self.busy = False

    def _show(self, direction: str, level: int | None) -> int:
        self.shown.append((direction, level))
        return 0

    def gpiochip_open(self, chip: int) -> int:
        self.calls.append(f"gpiochip_open({chip})")
        time.sleep(0.02)  # long enough for another thread to open it too
        return 1

    def gpiochip_close(self, _handle: int) -> int:
        return 0

    def gpio_claim_input(self, _handle: int, gpio: int, flags: int = 0) -> int:
        self.calls.append(f"gpio_claim_input({gpio}, {flags})")
        if self.busy:
            raise LgpioError("GPIO busy")
        return self._show("input", None)

    def gpio_claim_output(self, _handle: int, gpio: int, level: int = 0) -> int:
        self.calls.append(f"gpio_claim_output({gpio}, {level})")
        return self._show("output", level)

    def gpio_free(self, _handle: int, gpio: int) -> int:
        self.calls.append(f"gpio_free({gpio})")
        return 0

    def gpio_get_mode(self, _handle: int, _gpio: int) -> int:
        return 2 if self.shown and self.shown[-1][0] == "output" else 0

    def gpio_write(self, _handle: int, gpio: int, level: int) -> int:
        self.calls.append(f"gpio_write({gpio}, {int(level)})")
        return self._show("output", int(level))

    def gpio_read(self, _handle: int, _gpio: int) -> int:
        return self.shown[-1][1] or 0


@pytest.fixture
def devices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A /dev without anything in it, and gpiozero as a new process finds it."""
    from gpiozero import Device

    monkeypatch.setattr("drivers._shared.gpio_line._DEVICES", tmp_path)
    monkeypatch.setattr(Device, "pin_factory", None)
    monkeypatch.delenv("GPIOZERO_PIN_FACTORY", raising=False)
    return tmp_path


@pytest.fixture
def lgpio(devices: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lgpio]:
    from gpiozero.pins.local import LocalPiFactory

    fake = Lgpio()
    (devices / "gpiochip0").touch()
    monkeypatch.setitem(sys.modules, "lgpio", fake)
    monkeypatch.setattr("gpiozero.pins.local.get_pi_revision", lambda: 0xC03111)  # a Pi 4B
    sys.modules.pop("gpiozero.pins.lgpio", None)
    yield fake
    sys.modules.pop("gpiozero.pins.lgpio", None)  # it holds on to the fake
    LocalPiFactory.pins.clear()
    LocalPiFactory._reservations.clear()


def relay(active: str, pulse: str = "50ms") -> Any:
    settings = {"driver": "gpio_relay", "library": "gpiozero", "line": 17, "active": active, "pulse": pulse}
    return RELAY.open(RELAY.config.model_validate(settings))


@pytest.mark.parametrize(("active", "on"), [("high", 1), ("low", 0)])
async def test_lgpio_never_shows_the_releasing_level_but_in_a_release(lgpio: Lgpio, active: str, on: int) -> None:
    async with relay(active) as barrier:
        assert ("output", on) not in lgpio.shown
        assert lgpio.calls[-2:] == [f"gpio_claim_output(17, {1 - on})", f"gpio_write(17, {1 - on})"]
        await barrier.release(Direction.ENTRY)
        assert lgpio.shown.count(("output", on)) == 1
        assert lgpio.shown[-1:] == [("output", 1 - on)]
        del lgpio.shown[:-1], lgpio.calls[:]
    assert ("output", on) not in lgpio.shown
    assert lgpio.shown[-1:] == [("input", None)]
    towards_rest = Lgpio.SET_PULL_DOWN if active == "high" else Lgpio.SET_PULL_UP
    assert lgpio.calls[-1] == f"gpio_claim_input(17, {towards_rest})", "left floating"


def test_gpiozero_alone_would_show_it(lgpio: Lgpio) -> None:
    """The fault that the test above is there to see; when it is gone, the work-around may go."""
    from gpiozero import OutputDevice
    from gpiozero.pins.lgpio import LGPIOFactory

    with OutputDevice(17, active_high=False, initial_value=False, pin_factory=LGPIOFactory()):
        assert ("output", 0) in lgpio.shown


@pytest.mark.parametrize(("active", "on"), [("high", True), ("low", False)])
async def test_a_mock_pin_never_shows_it_either(active: str, on: bool) -> None:
    with mock_gpio() as factory:
        async with relay(active) as barrier:
            assert ("output", on) not in factory.pin(17).shown
            factory.pin(17).clear_states()
            await barrier.release(Direction.ENTRY)
        assert [bool(state) for _, state in factory.pin(17).states] == [not on, on, not on]


async def test_it_opens_again_over_lgpio(lgpio: Lgpio) -> None:
    for _ in range(3):
        async with relay("low") as barrier:
            await barrier.release(Direction.ENTRY)
    assert lgpio.shown.count(("output", 0)) == 3


async def test_devices_opened_at_once_share_one_chip(lgpio: Lgpio) -> None:
    lines = await asyncio.gather(*(asyncio.to_thread(OutputLine, line, active_high=True) for line in (5, 6, 13)))
    assert lgpio.calls.count("gpiochip_open(0)") == 1
    for line in lines:
        line.close()


async def test_a_line_that_does_not_follow_is_an_error() -> None:
    with mock_gpio() as factory:
        async with relay("high") as barrier:
            pin = factory.pin(17)
            pin._state = True  # shorted to 3.3 V
            with pytest.raises(DeviceError, match="does not follow"):
                await asyncio.wait_for(barrier.watch(lambda _: None), 5)


def files_in(folder: Path) -> list[Path]:
    return list(folder.iterdir())


async def failure(spec: Any = RELAY, **settings: object) -> str:
    base = {"driver": spec.name, "line": 17}
    base |= {"library": "gpiozero"}
    base |= {"active": "high", "pulse": "1s"} if spec is RELAY else {"role": "rex"}
    with pytest.raises(DeviceError) as caught:
        async with spec.open(spec.config.model_validate(base | settings)):
            pass
    assert caught.value.hint
    assert "\n" not in str(caught.value)
    return str(caught.value)


async def test_a_computer_without_gpio_says_so(devices: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(devices)
    assert "no GPIO lines" in await failure()
    assert "no GPIO lines" in await failure(CONTACT)
    assert files_in(devices) == [], "lgpio was loaded and left its pipe behind"


@pytest.mark.usefixtures("lgpio")
async def test_a_board_that_is_no_raspberry_pi_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    from gpiozero import PinUnknownPi

    def unknown() -> int:
        raise PinUnknownPi("unable to locate Pi revision in /proc/device-tree or /proc/cpuinfo")

    monkeypatch.setattr("gpiozero.pins.local.get_pi_revision", unknown)
    said = await failure()
    assert "not recognised as a Raspberry Pi" in said
    assert "ProcSubset" in said


@pytest.mark.usefixtures("lgpio")
async def test_a_missing_or_empty_lgpio_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "lgpio", ModuleType("lgpio"))  # what lgpio 0.0.0.2 installs
    assert "pip install gpiozero lgpio" in await failure()
    sys.modules.pop("gpiozero.pins.lgpio", None)
    monkeypatch.setitem(sys.modules, "lgpio", None)
    assert "pip install gpiozero lgpio" in await failure()


async def test_a_chip_that_cannot_be_opened_names_the_group(lgpio: Lgpio, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: int) -> int:
        raise LgpioError("can not open gpiochip")

    monkeypatch.setattr(lgpio, "gpiochip_open", refuse)
    assert "group gpio" in await failure()


async def test_a_line_held_by_another_program_says_so(lgpio: Lgpio) -> None:
    lgpio.busy = True
    assert "held by another program" in await failure()


@pytest.mark.usefixtures("devices")
async def test_an_unknown_pin_factory_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GPIOZERO_PIN_FACTORY", "nonsense")
    assert "'nonsense' (from GPIOZERO_PIN_FACTORY)" in await failure()


async def test_lines_that_cannot_be_had_say_why() -> None:
    with mock_gpio():
        async with relay("high"):
            assert "used twice" in await failure()
        assert "no GPIO line 50" in await failure(line=50)
        assert "pull resistor on the board" in await failure(CONTACT, line=2, pull="down")


async def test_a_board_that_goes_away_says_so() -> None:
    with mock_gpio():
        async with relay("high", pulse="1s") as barrier:
            release = asyncio.create_task(barrier.release(Direction.ENTRY))
            await until(lambda: not barrier.secured)
            Board.present = False
            with pytest.raises(DeviceError, match="No such device"):
                await release
            assert not barrier.secured


def test_gpiozero_missing_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gpiozero", None)
    with pytest.raises(DeviceError, match="gpiozero is not installed"):
        OutputLine(17, active_high=True)


def test_an_error_without_words_still_has_a_name() -> None:
    assert "RuntimeError" in line_error(17, RuntimeError()).what
