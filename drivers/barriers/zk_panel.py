"""A door of a ZKTeco C3-100, -200, -400 or inBio 160, 260, 460 panel, over TCP.

The panel times the pulse, in whole seconds, and has an order to lock.  Its acknowledgement is the only read-back.  Its
protocol has no effective authentication: keep it on a network of its own.  It serves one program at a time.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import IPv4Address
from typing import Annotated

from pydantic import Field

from drivers._shared.board_lease import Lease
from drivers._shared.claim import claim
from drivers._shared.command_thread import CommandThread
from drivers._shared.switch_barrier import (
    HELD_OPEN,
    BoardTimedBarrier,
    WholeExtendedPulse,
    WholePulse,
    extended_pulse,
    started,
)
from drivers._shared.threaded_switch import ThreadedSwitch
from drivers.barriers.zk_client import ZkClient
from gate.core.model import Direction, Stance
from gate.errors import DeviceError
from gate.ports.barrier import Barrier
from gate.ports.driver import DriverConfig, DriverSpec


class ZkConfig(DriverConfig):
    address: Annotated[IPv4Address, Field(description="address of the panel; give it a fixed one")]
    port: Annotated[int, Field(ge=1, le=65535, description="TCP port of the panel")] = 4370
    door: Annotated[int, Field(ge=1, le=4, description="which door of the panel")]
    pulse: Annotated[WholePulse, Field(description="how long it is released for one person; whole seconds")]
    extended_pulse: WholeExtendedPulse = None


class ZkSwitch(ThreadedSwitch):
    def __init__(self, line: ZkClient, config: ZkConfig) -> None:
        super().__init__(f"door {config.door} of the {line.name}", CommandThread("zk"), line)
        self._line = line
        self._door = config.door
        longer = extended_pulse(config.pulse, config.extended_pulse)
        self._pulses = {False: max(1, round(config.pulse)), True: max(1, round(longer))}  # seconds
        self._lease = Lease(self._hold)

    def on(self, direction: Direction, *, extended: bool = False) -> None:  # noqa: ARG002 - one relay serves all
        self._hold(self._pulses[extended])

    def off(self) -> None:
        self._lease.end()
        self._hold(0)

    def set_stance(self, stance: Stance) -> bool:
        return self._lease.take(stance)

    def poll(self) -> None:
        """Check that the panel answers."""
        if not self._lease.uphold():
            self._line.doors()

    def _hold(self, seconds: float) -> None:
        self.order(lambda: self._line.hold(self._door, round(seconds)))


def _connect(config: ZkConfig) -> ZkClient:
    """Return a connected client.  Blocks.  Raises DeviceError."""
    line = ZkClient(str(config.address), config.port)
    try:
        if (doors := line.doors()) < config.door:
            raise DeviceError(f"the {line.name} has no door {config.door}", hint=f"Choose one of its {doors}")
    except BaseException:
        line.close()
        raise
    return line


@asynccontextmanager
async def open_zk(config: ZkConfig) -> AsyncIterator[Barrier]:
    line = await claim(lambda: _connect(config), ZkClient.close)
    longer = extended_pulse(config.pulse, config.extended_pulse)
    barrier = BoardTimedBarrier(ZkSwitch(line, config), config.pulse, longer, can_lock=True)
    async with started(barrier):
        yield barrier


DRIVER: DriverSpec[ZkConfig, Barrier] = DriverSpec(
    name="zk_panel",
    config=ZkConfig,
    open=open_zk,
    summary="door of a ZKTeco C3 or inBio panel over TCP, pulse timed by the panel",
    needs="a network of its own (no authentication); IPAddressAllow=<panel> in a drop-in (`systemctl edit gate`)",
    abilities=lambda _: HELD_OPEN,
)
