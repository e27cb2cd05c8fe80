"""A contact on a GPIO line, through gpiozero or libgpiod: passage sensor, door, button, fire alarm.

The level is read about every 10 ms and debounced here.  Nothing depends on edges, so a missed edge has no effect, and a
passage pulse of 100 ms is detected.  A contact that bounces without end (a loose wire, hum on a cut one) is reported as
lost rather than left at its last level.  A passage sensor that is active at the opening has detected no passage: it
reports only after it was at rest.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from drivers._shared.claim import claim, free
from drivers._shared.gpio_choice import DEFAULT_CHIP, DEFAULT_LIBRARY, Chip, Library, check_installed, claim_input
from drivers._shared.gpio_debounce import Debounce
from drivers._shared.gpio_line import LAST_LINE, InputLine, Pull
from drivers._shared.gpiod_line import GpiodInput
from gate.errors import DeviceError
from gate.ports.driver import DriverSpec, Duration
from gate.ports.inputs import Input, InputConfig, Level, Report, Role

_POLL = (0.006, 0.012)
"""Seconds between two readings, random each time: at an even pace the hum of a cut wire could alias to a steady level.
One reading takes microseconds."""


class ContactConfig(InputConfig):
    line: Annotated[int, Field(ge=0, le=LAST_LINE, description="BCM number of the GPIO line the contact is wired to")]
    normally: Annotated[
        Literal["open", "closed"],
        Field(description="the contact at rest; a fire loop is closed at rest, so that a cut wire is an alarm"),
    ] = "open"
    pull: Annotated[
        Pull,
        Field(
            description="up: contact between line and ground; down: between line and 3.3 V; "
            "none: there is an external resistor, and `closed` says which level a closed contact gives"
        ),
    ] = "up"
    closed: Annotated[
        Literal["high", "low"] | None,
        Field(description="level of the line while the contact is closed; follows from pull unless that is none"),
    ] = None
    debounce: Annotated[Duration, Field(ge=0, le=0.5, description="how long a level must hold before it counts")] = 0.03

    library: Library = DEFAULT_LIBRARY
    chip: Chip = DEFAULT_CHIP

    @model_validator(mode="after")
    def _has_needed_keys(self) -> Self:
        if self.role is Role.FIRE and "normally" not in self.model_fields_set:
            raise ValueError('normally is missing: for role fire set normally = "closed" (or "open", if it must be)')
        if self.pull == "none" and self.closed is None:
            raise ValueError('closed is missing: with pull = "none" set closed = "low" or closed = "high"')
        return self

    def is_active(self, *, high: bool) -> bool:
        """Return whether a level of the line means active."""
        closed_is_high = self.closed == "high" if self.closed is not None else self.pull == "down"
        return (high is closed_is_high) is (self.normally == "open")


class GpioContact(Input):
    def __init__(self, line: InputLine | GpiodInput, config: ContactConfig) -> None:
        self._line = line
        self._config = config

    async def run(self, report: Report) -> None:
        config = self._config
        debounce = Debounce(config.debounce)
        while True:
            at, before = time.monotonic(), debounce.level
            changed = debounce.read(config.is_active(high=self._line.read()), at)
            if debounce.is_restless(at):
                raise DeviceError(
                    f"input {config.role} on GPIO line {config.line} bounces without end",
                    hint="Look for a loose or cut wire, or a missing pull resistor",
                )
            blocked_from_the_start = before is None and debounce.level and config.role is Role.PASSAGE
            if changed and not blocked_from_the_start:
                report(Level(config.role, bool(debounce.level), at, config.direction))
            await asyncio.sleep(random.uniform(*_POLL))  # noqa: S311 - jitter, no secret


@asynccontextmanager
async def open_contact(config: ContactConfig) -> AsyncIterator[Input]:
    line = await claim(lambda: claim_input(config, config.line, config.pull), lambda line: line.close())
    try:
        yield GpioContact(line, config)
    finally:
        await free(line.close)


DRIVER: DriverSpec[ContactConfig, Input] = DriverSpec(
    name="gpio",
    config=ContactConfig,
    open=open_contact,
    summary="contact on a GPIO line of a Raspberry Pi, debounced",
    needs="a computer with GPIO lines; user in group gpio; for library gpiozero pip package lgpio",
    installed=check_installed,
)
