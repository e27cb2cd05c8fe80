"""Numato USB relay modules (CDC ACM): short commands in text, every one echoed, the relay read back.

    relay on 0 | relay off 0 | relay read 0      relays from 0; those above 9 are A, B, C and so on

The host times the pulse, with a guard thread; a module whose read-back differs from its order is out of service.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from pydantic import Field

from drivers._shared.claim import claim
from drivers._shared.serial_listener import SerialListener
from drivers._shared.serial_port import SerialPort
from drivers._shared.switch import Switch
from drivers._shared.switch_barrier import HELD_OPEN, ExtendedPulse, HostTimedBarrier, Pulse, started
from gate.core.model import Direction
from gate.errors import DeviceError
from gate.ports.barrier import Barrier
from gate.ports.driver import DriverConfig, DriverSpec

_RELAYS = "0123456789ABCDEFGHIJKLMNOPQRSTUV"
_PROMPT = "\n\r>"
_ON, _OFF = f"on{_PROMPT}".encode(), f"off{_PROMPT}".encode()
_ANSWERS_WITHIN = 0.3  # seconds
_BAUD = 115200  # without effect over USB


class NumatoConfig(DriverConfig):
    port: Annotated[str, Field(min_length=1, description="serial port; by-id names survive replugging")]
    channel: Annotated[int, Field(ge=0, lt=len(_RELAYS), description="which relay of the module, from 0")] = 0
    pulse: Annotated[Pulse, Field(description="how long the barrier is released for one person")]
    extended_pulse: ExtendedPulse = None


class _NumatoSwitch(Switch):
    def __init__(self, port: SerialPort, channel: int) -> None:
        self.name = f"Numato relay {channel} on {port.path}"
        self._port = port
        self._relay = _RELAYS[channel]
        self._listener = SerialListener[None](port, {})

    def on(self, direction: Direction, *, extended: bool = False) -> None:  # noqa: ARG002 - one contact serves all
        self._send(f"relay on {self._relay}")

    def off(self) -> None:
        self._send(f"\rrelay off {self._relay}")  # the first CR ends earlier input, or half an order

    async def confirm(self, *, on: bool) -> None:
        await self._port.drained()
        self._listener.discard()
        self._send(f"relay read {self._relay}")
        found, received = await self._listener.answer((_ON, _OFF), _ANSWERS_WITHIN)
        if found != (_ON if on else _OFF):
            outcome = "reports the opposite" if found else f"answers {received!r}" if received else "does not answer"
            raise DeviceError(
                f"{self.name} was switched {'on' if on else 'off'} and {outcome}",
                hint="Unplug it, wait a moment and plug it in again; replace it if this stays",
            )

    def check(self) -> None:
        self._port.check()

    def close(self) -> None:
        self._port.close()

    def _send(self, command: str) -> None:
        self._port.write(f"{command}\r".encode())


@asynccontextmanager
async def open_numato(config: NumatoConfig) -> AsyncIterator[Barrier]:
    port = await claim(lambda: SerialPort(config.port, _BAUD), SerialPort.close)
    barrier = HostTimedBarrier(_NumatoSwitch(port, config.channel), config.pulse, config.extended_pulse)
    async with started(barrier):
        yield barrier


DRIVER: DriverSpec[NumatoConfig, Barrier] = DriverSpec(
    name="numato",
    config=NumatoConfig,
    open=open_numato,
    summary="relay of a Numato USB module, read back, pulse timed here",
    needs="a USB port (/dev/serial/by-id/...); user in group dialout",
    abilities=lambda _: HELD_OPEN,
)
