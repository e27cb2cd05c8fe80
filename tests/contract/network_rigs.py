"""Barrier drivers of boards on a network, each with its board on loopback."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from gate.testing.barrier_contract import BarrierRig
from tests.contract.network_boards import NetworkBoard, UhppoteBoard, ZkPanel
from tests.contract.serial_rigs import BoardRig


def on(make: Callable[[], NetworkBoard], /, **settings: object) -> Callable[[ExitStack, Path], BarrierRig]:
    def rig(stack: ExitStack, _: Path) -> BarrierRig:
        board = make()
        stack.callback(board.close)
        return BoardRig(board, **{"address": "127.0.0.1", "port": board.port, "pulse": "1s", **settings})

    return rig


NETWORK_RIGS: dict[str, Callable[[ExitStack, Path], BarrierRig]] = {
    "uhppote": on(UhppoteBoard, driver="uhppote", serial=UhppoteBoard.serial, door=UhppoteBoard.door),
    "zk_panel": on(ZkPanel, driver="zk_panel", door=1),
}
