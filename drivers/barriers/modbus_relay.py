"""Relay boards and turnstiles on Modbus RTU, through pymodbus; the device itself times the pulse.

Every echo is compared and every order read back; a device that deviates is out of service.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from drivers._shared.claim import claim
from drivers._shared.command_thread import CommandThread
from drivers._shared.packages import needs
from drivers._shared.switch_barrier import HELD_OPEN, BoardTimedBarrier, ExtendedPulse, Pulse, extended_pulse, started
from drivers._shared.threaded_switch import ThreadedSwitch
from drivers.barriers.modbus_boards import COILS, LotTurnstile, Waveshare
from drivers.barriers.modbus_client import ModbusClient
from gate.core.model import Stance
from gate.ports.abilities import EITHER_WAY, Abilities
from gate.ports.barrier import Barrier
from gate.ports.driver import DriverConfig, DriverSpec

_ABILITIES = {
    "waveshare": HELD_OPEN,
    "lot": Abilities(EITHER_WAY, frozenset({Stance.FREE, Stance.BLOCKED})),
}


class ModbusConfig(DriverConfig):
    board: Annotated[
        Literal["waveshare", "lot"],
        Field(description="waveshare: a relay of a Waveshare board or a compatible one; lot: a LOT turnstile"),
    ]
    port: Annotated[
        str, Field(min_length=1, description="serial port of the RS-485 adapter; by-path names survive replugging")
    ]
    baud: Annotated[int, Field(ge=1200, le=115200, description="baud rate of the bus, 8N1")] = 9600
    unit: Annotated[int, Field(ge=1, le=255, description="address of the device on the bus")] = 1
    channel: Annotated[int, Field(ge=1, le=COILS, description="which relay of a board; a turnstile has none")] = 1
    pulse: Annotated[Pulse, Field(description="how long it is released for one person; for a turnstile whole seconds")]
    extended_pulse: ExtendedPulse = None

    @model_validator(mode="after")
    def _fits_the_board(self) -> Self:
        if self.board == "lot" and "channel" in self.model_fields_set:
            raise ValueError("leave channel out: a turnstile has none")
        if self.board == "lot" and (self.pulse % 1 or (self.extended_pulse or 0) % 1):
            raise ValueError('a turnstile takes whole seconds: write pulse = "5s"')
        return self


def _switch(config: ModbusConfig, line: ModbusClient, thread: CommandThread) -> ThreadedSwitch:
    longer = extended_pulse(config.pulse, config.extended_pulse)
    if config.board == "waveshare":
        return Waveshare(line, thread, config.channel, config.pulse, longer)
    return LotTurnstile(line, thread, config.pulse, longer)


@asynccontextmanager
async def open_modbus(config: ModbusConfig) -> AsyncIterator[Barrier]:
    line = await claim(lambda: ModbusClient(config.port, config.baud, config.unit), ModbusClient.close)
    switch = _switch(config, line, CommandThread("modbus"))
    longer = extended_pulse(config.pulse, config.extended_pulse)
    barrier = BoardTimedBarrier(switch, config.pulse, longer, can_lock=True)
    async with started(barrier):
        yield barrier


DRIVER: DriverSpec[ModbusConfig, Barrier] = DriverSpec(
    name="modbus_relay",
    config=ModbusConfig,
    open=open_modbus,
    summary="Modbus RTU relay board or LOT turnstile, pulse timed by the device",
    needs="an RS-485 adapter; pip package pymodbus (extra modbus); user in group dialout",
    abilities=lambda config: _ABILITIES[config.board],
    installed=needs("pymodbus", "pymodbus", "modbus"),
)
