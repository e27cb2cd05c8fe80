"""Every barrier driver that is registered, held to the contract."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager
from functools import cached_property
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Literal

import pytest
from blockbuster import blockbuster_ctx

from gate.core.model import Direction
from gate.ports.abilities import Abilities
from gate.ports.barrier import Barrier
from gate.ports.driver import AnySpec
from gate.testing.barrier_contract import BarrierContract, BarrierRig
from gate.testing.relay_board import RelayBoard
from tests.contract.fake_gpiod import Chip, fake_gpiod
from tests.contract.mock_gpio import Board, mock_gpio
from tests.contract.network_rigs import NETWORK_RIGS
from tests.contract.osdp_rig import OSDP_RIGS
from tests.contract.serial_rigs import SERIAL_RIGS

DRIVERS = {entry.name: entry for entry in entry_points(group="gate.barriers")}


def spec(name: str) -> AnySpec:
    loaded: AnySpec = DRIVERS[name].load()
    return loaded


class Told:
    """What a driver says of itself."""

    driver: AnySpec
    config: Any

    def abilities(self) -> Abilities:
        return self._abilities

    @cached_property
    def _abilities(self) -> Abilities:
        return self.driver.abilities(self.config)  # may read a profile from disk

    def pass_through(self, direction: Direction) -> None:
        raise AssertionError(f"it reports no passage, {direction} neither")


class GpioRelayRig(Told):
    """A relay on line 17 of a mock board."""

    def __init__(self, active: Literal["high", "low"], factory: Any) -> None:
        self._active = active
        self._pin = factory.pin(17)
        self.driver = spec("gpio_relay")
        settings = {"driver": "gpio_relay", "library": "gpiozero", "line": 17, "active": active, "pulse": "1s"}
        self.config = self.driver.config.model_validate(settings)

    def open(self, pulse: float) -> AbstractAsyncContextManager[Barrier]:
        return self.driver.open(self.config.model_copy(update={"pulse": pulse}))

    def _on(self, shown: tuple[str, bool]) -> bool:
        function, high = shown
        return function == "output" and high is (self._active == "high")

    def locked(self) -> bool:
        return not self._on(self._pin.shown[-1])

    def releases(self) -> int:
        return sum(self._on(shown) for shown in self._pin.shown)

    def lose(self) -> None:
        Board.present = False

    def restore(self) -> None:
        Board.present = True


class GpiodRelayRig(Told):
    """A relay on line 17 of a chip that libgpiod drives."""

    def __init__(self, active: Literal["high", "low"], chip: Chip) -> None:
        self._active = active
        self._chip = chip
        self.driver = spec("gpio_relay")
        settings = {"driver": "gpio_relay", "library": "gpiod", "line": 17, "active": active, "pulse": "1s"}
        self.config = self.driver.config.model_validate(settings)

    def open(self, pulse: float) -> AbstractAsyncContextManager[Barrier]:
        return self.driver.open(self.config.model_copy(update={"pulse": pulse}))

    def _on(self, shown: tuple[object, bool | None]) -> bool:
        return shown[1] is (self._active == "high")

    def locked(self) -> bool:
        return not self._on(self._chip.shown[-1])

    def releases(self) -> int:
        return sum(self._on(shown) for shown in self._chip.shown)

    def lose(self) -> None:
        self._chip.present = False

    def restore(self) -> None:
        self._chip.present, self._chip.busy = True, False


class SerialRig(Told):
    """An LCUS board on the other end of a pseudo-terminal."""

    def __init__(self, folder: Path) -> None:
        self._board = RelayBoard(folder / "port")
        self.driver = spec("serial_frames")
        settings = {"driver": "serial_frames", "profile": "lcus", "port": str(self._board.link), "pulse": "1s"}
        self.config = self.driver.config.model_validate(settings)
        self.lose, self.restore, self.close = self._board.unplug, self._board.plug_in, self._board.unplug

    def open(self, pulse: float) -> AbstractAsyncContextManager[Barrier]:
        return self.driver.open(self.config.model_copy(update={"pulse": pulse}))

    def locked(self) -> bool:
        return self._board.locked

    def releases(self) -> int:
        return self._board.openings


class FakeRig(Told):
    def __init__(self) -> None:
        self._history: list[tuple[float, str]] = []
        self._barrier: Any = None
        self.driver = spec("fake")
        self.config = self.driver.config.model_validate({"driver": "fake", "takes": "5ms"})

    @asynccontextmanager
    async def open(self, pulse: float) -> AsyncIterator[Barrier]:
        async with self.driver.open(self.config.model_copy(update={"pulse": pulse})) as self._barrier:
            yield self._barrier

    def _states(self) -> list[str]:
        return [state for _, state in self._barrier.history] if self._barrier else []

    def locked(self) -> bool:
        return self._states()[-1:] == ["secured"]

    def releases(self) -> int:
        return self._states().count("released")

    def lose(self) -> None:
        self._barrier.unplug()

    def restore(self) -> None:
        self._barrier = None


def gpio_rig(active: Literal["high", "low"]) -> Callable[[ExitStack, Path], BarrierRig]:
    return lambda stack, _: GpioRelayRig(active, stack.enter_context(mock_gpio()))


def gpiod_rig(active: Literal["high", "low"]) -> Callable[[ExitStack, Path], BarrierRig]:
    return lambda stack, _: GpiodRelayRig(active, stack.enter_context(fake_gpiod()))


def serial_rig(stack: ExitStack, folder: Path) -> BarrierRig:
    rig = SerialRig(folder)
    stack.callback(rig.close)
    return rig


RIGS: dict[str, Callable[[ExitStack, Path], BarrierRig]] = {
    "gpio_relay, active high": gpio_rig("high"),
    "gpio_relay, active low": gpio_rig("low"),
    "gpio_relay, libgpiod, active high": gpiod_rig("high"),
    "gpio_relay, libgpiod, active low": gpiod_rig("low"),
    "serial_frames": serial_rig,
    "fake": lambda _, __: FakeRig(),
    **SERIAL_RIGS,
    **OSDP_RIGS,
    **NETWORK_RIGS,
}


class TestEveryBarrier(BarrierContract):
    @pytest.fixture(params=sorted(RIGS))
    def rig(self, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[BarrierRig]:
        with ExitStack() as stack:
            rig = RIGS[request.param](stack, tmp_path)
            assert isinstance(rig.abilities(), Abilities)  # asked before the loop runs, as the lane does
            yield rig

    @pytest.fixture(autouse=True)
    def blocking_calls_of_drivers_fail(self) -> Iterator[None]:
        with blockbuster_ctx(scanned_modules=["drivers"]):
            yield


def test_no_registered_barrier_is_left_out() -> None:
    assert {name.partition(",")[0] for name in RIGS} == set(DRIVERS)
