"""Lamps and a buzzer on GPIO lines, through gpiozero or libgpiod.

A lane that is ready blinks briefly, which distinguishes it from a dead one.  Best effort: a lamp that cannot be written
is reported once in the log, and stops nothing.
"""

import asyncio
import itertools
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from drivers._shared.claim import claim, free
from drivers._shared.gpio_choice import DEFAULT_CHIP, DEFAULT_LIBRARY, Chip, Library, check_installed, claim_output
from drivers._shared.gpio_line import LAST_LINE, OutputLine
from drivers._shared.gpiod_line import GpiodOutput
from gate.errors import DeviceError
from gate.logs import device_log
from gate.ports.driver import DriverConfig, DriverSpec
from gate.ports.feedback import Feedback, Signal

TICK = 0.125
"""Seconds; one character of a pattern."""

_STEADY, _SLOW, _FAST, _TWICE, _WINK, _WINKS = "#", "####....", "#.", "#.#.....", "#...............", "#.#............."

PATTERNS: Mapping[Signal, Mapping[str, str]] = {
    Signal.READY: {"green": _WINK, "amber": _STEADY},
    Signal.NO_PAGE: {"green": _WINKS, "amber": _SLOW},
    Signal.SEEN: {"green": _FAST, "amber": _FAST},
    Signal.WAIT: {"red": _TWICE, "amber": _STEADY},
    Signal.ADMITTED: {"green": _STEADY, "buzzer": "#|."},
    Signal.REFUSED: {"red": _STEADY, "buzzer": "##.##|."},
    Signal.OUT_OF_SERVICE: {"red": _SLOW},
    Signal.WARNING: {"amber": _FAST, "buzzer": _SLOW},
    Signal.ALARM: {"red": _FAST, "amber": _FAST, "buzzer": _FAST},
    Signal.FIRE: {"green": _FAST, "red": ".#", "amber": _FAST, "buzzer": _SLOW},
}
"""Signal -> lamp -> pattern, one character a tick: # on, . off.  It repeats; the part before a | is shown once.  A lamp
that is not named is dark."""

_Line = Annotated[int, Field(ge=0, le=LAST_LINE)]


class LampsConfig(DriverConfig):
    green: Annotated[_Line, Field(description="BCM number of the GPIO line of the green lamp (go)")]
    red: Annotated[_Line, Field(description="BCM number of the GPIO line of the red lamp (stop)")]
    amber: Annotated[_Line | None, Field(description="BCM number of the GPIO line of an amber lamp (show a code)")] = (
        None
    )
    buzzer: Annotated[
        _Line | None, Field(description="BCM number of the GPIO line of a buzzer that sounds by itself")
    ] = None
    active: Annotated[Literal["high", "low"], Field(description="level of a line that lights its lamp")] = "high"
    library: Library = DEFAULT_LIBRARY
    chip: Chip = DEFAULT_CHIP

    @property
    def lines(self) -> dict[str, int]:
        every = {"green": self.green, "red": self.red, "amber": self.amber, "buzzer": self.buzzer}
        return {lamp: line for lamp, line in every.items() if line is not None}

    @model_validator(mode="after")
    def _lines_differ(self) -> Self:
        if len(set(self.lines.values())) < len(self.lines):
            raise ValueError("every lamp needs a GPIO line of its own")
        return self


class Lamps(Feedback):
    def __init__(self, outputs: Mapping[str, OutputLine | GpiodOutput]) -> None:
        self._outputs = dict(outputs)
        self._steps: dict[str, itertools.chain[str]] = {}
        self._reported: set[str] = set()
        self._log = device_log()

    def show(self, signal: Signal) -> None:
        patterns = PATTERNS[signal]
        self._steps = {lamp: _steps(patterns.get(lamp, ".")) for lamp in self._outputs}
        self._step()

    async def run(self) -> None:
        """Advance the patterns until cancelled."""
        while True:
            await asyncio.sleep(TICK)
            self._step()

    def darken(self) -> None:
        for lamp in self._outputs:
            self._write(lamp, on=False)
        self._steps = {}

    def close(self) -> None:
        """Darken and free the lines.  May block.  Never raises."""
        for output in self._outputs.values():
            output.close()

    def _step(self) -> None:
        for lamp, steps in self._steps.items():
            self._write(lamp, on=next(steps) == "#")

    def _write(self, lamp: str, *, on: bool) -> None:
        try:
            self._outputs[lamp].write(on)
        except DeviceError as error:
            if lamp not in self._reported:
                self._log.warning(f"{lamp} lamp: {error}")
            self._reported.add(lamp)


def _steps(pattern: str) -> "itertools.chain[str]":
    once, _, again = pattern.rpartition("|")
    return itertools.chain(once, itertools.cycle(again))


def _claim_all(config: LampsConfig) -> Lamps:
    outputs: dict[str, OutputLine | GpiodOutput] = {}
    try:
        for lamp, line in config.lines.items():
            outputs[lamp] = claim_output(config, line, active_high=config.active == "high")
    except DeviceError:
        Lamps(outputs).close()
        raise
    return Lamps(outputs)


@asynccontextmanager
async def open_lamps(config: LampsConfig) -> AsyncIterator[Feedback]:
    lamps = await claim(lambda: _claim_all(config), Lamps.close)
    blinking = asyncio.create_task(lamps.run(), name="lamps")
    try:
        yield lamps
    finally:
        blinking.cancel()
        lamps.darken()
        await free(lamps.close)


DRIVER: DriverSpec[LampsConfig, Feedback] = DriverSpec(
    name="lamps",
    config=LampsConfig,
    open=open_lamps,
    summary="green and red lamp, optional amber lamp and buzzer, on GPIO lines of a Raspberry Pi",
    needs="a computer with GPIO lines; user in group gpio; a driver per lamp; for library gpiozero pip package lgpio",
    installed=check_installed,
)
