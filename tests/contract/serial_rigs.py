"""Barrier drivers of serial boards, each with its board."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, ExitStack
from functools import cached_property
from importlib.metadata import entry_points
from importlib.resources import files
from pathlib import Path
from typing import Any

from gate.core.model import Direction
from gate.ports.abilities import Abilities
from gate.ports.barrier import Barrier
from gate.ports.driver import AnySpec
from gate.testing.barrier_contract import BarrierRig
from tests.contract.serial_boards import Board, DigiconBoard, LotBoard, NumatoBoard, WaveshareBoard

DRIVERS = {entry.name: entry for entry in entry_points(group="gate.barriers")}


def spec(name: str) -> AnySpec:
    loaded: AnySpec = DRIVERS[name].load()
    return loaded


class BoardRig:
    """Any driver over any board; `own`: what its settings say of the pulse, when that is the board's."""

    def __init__(self, peer: Any, /, **settings: object) -> None:
        self.board = peer
        self.driver = spec(str(settings["driver"]))
        self.config = self.driver.config.model_validate({"port": str(peer.port), **settings})

    def open(self, pulse: float) -> AbstractAsyncContextManager[Barrier]:
        self.board.begin_within = pulse
        hosts = getattr(self.config, "pulse", None) is not None
        config = self.config.model_copy(update={"pulse": pulse, "extended_pulse": 3 * pulse}) if hosts else self.config
        return self.driver.open(config)

    def locked(self) -> bool:
        return bool(self.board.locked())

    def releases(self) -> int:
        return int(self.board.openings)

    def lose(self) -> None:
        self.board.lose()

    def restore(self) -> None:
        self.board.restore()

    def abilities(self) -> Abilities:
        return self._abilities

    @cached_property
    def _abilities(self) -> Abilities:
        return self.driver.abilities(self.config)

    def pass_through(self, direction: Direction) -> None:
        self.board.pass_through(direction)


class DigiconRig(BoardRig):
    """The shipped profile, with the turnstile's own time set shorter."""

    def __init__(self, folder: Path) -> None:
        self._profile = folder / "digicon.toml"
        self._write(8.0)
        super().__init__(DigiconBoard(folder), driver="serial_frames", profile=str(self._profile))

    def open(self, pulse: float) -> AbstractAsyncContextManager[Barrier]:
        self._write(pulse)
        return super().open(pulse)

    def _write(self, pulse: float) -> None:
        shipped = (files("drivers.barriers") / "profiles" / "digicon-tx1500.toml").read_text("utf-8")
        assert 'board_pulse = "8s"' in shipped
        self._profile.write_text(shipped.replace('"8s"', f'"{pulse * 1000:g}ms"'))


def digicon(stack: ExitStack, folder: Path) -> BarrierRig:
    rig = DigiconRig(folder)
    stack.callback(rig.board.close)
    return rig


def on(make: Callable[[Path], Board], /, **settings: object) -> Callable[[ExitStack, Path], BarrierRig]:
    def rig(stack: ExitStack, folder: Path) -> BarrierRig:
        board = make(folder)
        stack.callback(board.close)
        return BoardRig(board, **settings)

    return rig


SERIAL_RIGS: dict[str, Callable[[ExitStack, Path], BarrierRig]] = {
    "modbus_relay, waveshare": on(WaveshareBoard, driver="modbus_relay", board="waveshare", pulse="1s"),
    "modbus_relay, lot": on(LotBoard, driver="modbus_relay", board="lot", pulse="1s"),
    "serial_frames, digicon": digicon,
    "numato": on(NumatoBoard, driver="numato", pulse="1s"),
}
