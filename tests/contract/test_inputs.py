"""Every input driver that is registered, held to the contract."""

from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, ExitStack
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Literal

import pytest
from blockbuster import blockbuster_ctx

from gate.core.model import Direction
from gate.ports.driver import AnySpec
from gate.ports.inputs import Input, Role
from gate.testing.input_contract import InputContract, InputRig
from tests.contract.fake_gpiod import Chip, fake_gpiod
from tests.contract.mock_gpio import Board, drive, mock_gpio

DRIVERS = {entry.name: entry for entry in entry_points(group="gate.inputs")}


def spec(name: str) -> AnySpec:
    loaded: AnySpec = DRIVERS[name].load()
    return loaded


class GpioRig:
    """A contact on line 22 of a mock board."""

    role = Role.FIRE
    direction = Direction.ENTRY

    def __init__(self, normally: Literal["open", "closed"], pull: Literal["up", "down"], factory: Any) -> None:
        self._settings = {
            "driver": "gpio",
            "library": "gpiozero",
            "role": "fire",
            "line": 22,
            "normally": normally,
            "pull": pull,
        }
        self._pin = factory.pin(22)
        self._closed_when_active = normally == "open"
        self._closed_is_high = pull == "down"

    def open(self) -> AbstractAsyncContextManager[Input]:
        self.set(False)
        return spec("gpio").open(spec("gpio").config.model_validate(self._settings))

    def set(self, active: bool) -> None:
        closed = active is self._closed_when_active
        drive(self._pin, high=closed is self._closed_is_high)

    def lose(self) -> None:
        Board.present = False

    def restore(self) -> None:
        Board.present = True


class GpiodRig:
    """A contact on line 22 of a chip that libgpiod reads."""

    role = Role.DOOR
    direction = Direction.ENTRY

    def __init__(self, pull: Literal["up", "down"], chip: Chip) -> None:
        self._settings = {"driver": "gpio", "library": "gpiod", "role": "door", "line": 22, "pull": pull}
        self._chip = chip
        self._closed_is_high = pull == "down"

    def open(self) -> AbstractAsyncContextManager[Input]:
        self.set(False)
        return spec("gpio").open(spec("gpio").config.model_validate(self._settings))

    def set(self, active: bool) -> None:
        self._chip.stuck = active is self._closed_is_high

    def lose(self) -> None:
        self._chip.present = False

    def restore(self) -> None:
        self._chip.present, self._chip.busy = True, False


class FakeRig:
    """The writing end of the named pipe."""

    role = Role.PASSAGE
    direction = Direction.EXIT

    def __init__(self, folder: Path) -> None:
        self._path = folder / "passage"

    def open(self) -> AbstractAsyncContextManager[Input]:
        settings = {"driver": "fake", "role": "passage", "direction": "exit", "path": str(self._path)}
        return spec("fake").open(spec("fake").config.model_validate(settings))

    def _write(self, word: str) -> None:
        with self._path.open("w") as pipe:  # opened and closed again, as `echo on > path` does
            pipe.write(f"{word}\n")

    def set(self, active: bool) -> None:
        self._write("on" if active else "off")

    def lose(self) -> None:
        self._write("lost")

    def restore(self) -> None:
        pass


RIGS: dict[str, Callable[[ExitStack, Path], InputRig]] = {
    "gpio, normally open": lambda stack, _: GpioRig("open", "up", stack.enter_context(mock_gpio())),
    "gpio, normally closed": lambda stack, _: GpioRig("closed", "up", stack.enter_context(mock_gpio())),
    "gpio, pulled down": lambda stack, _: GpioRig("open", "down", stack.enter_context(mock_gpio())),
    "gpio, libgpiod, pulled up": lambda stack, _: GpiodRig("up", stack.enter_context(fake_gpiod())),
    "gpio, libgpiod, pulled down": lambda stack, _: GpiodRig("down", stack.enter_context(fake_gpiod())),
    "fake": lambda _, folder: FakeRig(folder),
}


class TestEveryInput(InputContract):
    @pytest.fixture(params=sorted(RIGS))
    def rig(self, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[InputRig]:
        with ExitStack() as stack:
            yield RIGS[request.param](stack, tmp_path)

    @pytest.fixture(autouse=True)
    def blocking_calls_of_drivers_fail(self) -> Iterator[None]:
        with blockbuster_ctx(scanned_modules=["drivers"]):
            yield


def test_no_registered_input_is_left_out() -> None:
    assert {name.partition(",")[0] for name in RIGS} == set(DRIVERS)
