"""A relay, or a turnstile's unlock contact, on one GPIO line, through gpiozero or libgpiod.

The host times the pulse: on the monotonic clock, at most 10 s, ended on every way out of `release` and by a guard
thread should the event loop hang.  At the start the line is claimed at its locked level and never shows the other one.
On leaving it is driven to the locked level and then left as an input pulled towards it.  See
`drivers._shared.gpio_line` for the limits of each pin factory; `drivers._shared.gpiod_line` needs neither a Raspberry
Pi nor its /proc files.

Software cannot prevent this: on Raspberry Pi kernels a line keeps its level when the process is killed.  A `kill -9` in
mid-pulse leaves the relay on until the gate starts again.  Set `dtparam=strict_gpiod` in config.txt, choose a line
whose power-on pull means locked (0-8 up, 9-27 down), and fit a resistor.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Literal

from pydantic import Field

from drivers._shared.claim import claim
from drivers._shared.gpio_choice import DEFAULT_CHIP, DEFAULT_LIBRARY, Chip, Library, check_installed, claim_output
from drivers._shared.gpio_line import LAST_LINE, OutputLine
from drivers._shared.gpiod_line import GpiodOutput
from drivers._shared.switch import Switch
from drivers._shared.switch_barrier import HELD_OPEN, ExtendedPulse, HostTimedBarrier, Pulse, started
from gate.core.model import Direction
from gate.errors import DeviceError
from gate.ports.barrier import Barrier
from gate.ports.driver import DriverConfig, DriverSpec

_SETTLE = 0.005
"""Seconds that a loaded line may take to reach its level."""


class RelayConfig(DriverConfig):
    line: Annotated[int, Field(ge=0, le=LAST_LINE, description="BCM number of the GPIO line that drives the relay")]
    active: Annotated[
        Literal["high", "low"], Field(description="level of the line that releases the barrier; the other one locks it")
    ]
    pulse: Annotated[Pulse, Field(description="how long the barrier is released for one person")]
    extended_pulse: ExtendedPulse = None
    library: Library = DEFAULT_LIBRARY
    chip: Chip = DEFAULT_CHIP


class _RelaySwitch(Switch):
    """A switch over one line."""

    def __init__(self, output: OutputLine | GpiodOutput) -> None:
        self.name = f"relay on GPIO line {output.line}"
        self._output = output
        self._ordered = False
        self._odd = 0  # checks in a row at which the line was not as ordered

    def on(self, direction: Direction, *, extended: bool = False) -> None:  # noqa: ARG002 - one contact serves all
        self._ordered = True
        self._output.write(True)

    def off(self) -> None:
        self._ordered = False
        self._output.write(False)

    async def confirm(self, *, on: bool) -> None:
        if self._output.read() is not on:
            await asyncio.sleep(_SETTLE)
            if self._output.read() is not on:
                raise self._disobeyed()

    def check(self) -> None:
        """Raise after two deviations in a row: one check may fall between an order and its effect."""
        self._odd = 0 if self._output.read() is self._ordered else self._odd + 1
        if self._odd > 1:
            raise self._disobeyed()

    def close(self) -> None:
        self._output.close()

    def _disobeyed(self) -> DeviceError:
        return DeviceError(
            f"{self.name} does not follow its orders",
            hint="Look for a short or an overload on the line, or another program that drives it",
        )


@asynccontextmanager
async def open_relay(config: RelayConfig) -> AsyncIterator[Barrier]:
    output = await claim(
        lambda: claim_output(config, config.line, active_high=config.active == "high"), lambda output: output.close()
    )
    barrier = HostTimedBarrier(_RelaySwitch(output), config.pulse, config.extended_pulse)
    async with started(barrier):
        yield barrier


DRIVER: DriverSpec[RelayConfig, Barrier] = DriverSpec(
    name="gpio_relay",
    config=RelayConfig,
    open=open_relay,
    summary="relay or turnstile contact on a GPIO line of a Raspberry Pi, pulse timed here",
    needs="a computer with GPIO lines; user in group gpio; for library gpiozero pip package lgpio",
    abilities=lambda _: HELD_OPEN,
    installed=check_installed,
)
