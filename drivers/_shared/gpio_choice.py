"""The library and chip that drive a GPIO line: settings and claims that relay, contacts and lamps share."""

import os
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Literal, Protocol

from pydantic import Field

from drivers._shared.gpio_line import PACKAGES, InputLine, OutputLine, Pull
from drivers._shared.gpiod_line import GPIOD, GpiodInput, GpiodOutput
from gate.errors import DeviceError

Library = Annotated[
    Literal["gpiod", "gpiozero"],
    Field(description="gpiod (libgpiod), for any computer with GPIO and for containers; or gpiozero, with lgpio"),
]
Chip = Annotated[
    Path,
    Field(description="for gpiod: device of the GPIO chip; a Raspberry Pi 5 with an old kernel has /dev/gpiochip4"),
]
DEFAULT_LIBRARY: Literal["gpiod"] = "gpiod"
DEFAULT_CHIP = Path("/dev/gpiochip0")


class GpioChoice(Protocol):
    """The settings that choose them."""

    @property
    def library(self) -> Literal["gpiod", "gpiozero"]: ...

    @property
    def chip(self) -> Path: ...


def claim_output(choice: GpioChoice, line: int, *, active_high: bool) -> OutputLine | GpiodOutput:
    """Claim the line, at off.  May block.  Raises DeviceError."""
    if choice.library == "gpiod":
        return GpiodOutput(choice.chip, line, active_high=active_high)
    return OutputLine(line, active_high=active_high)


def claim_input(choice: GpioChoice, line: int, pull: Pull) -> InputLine | GpiodInput:
    """Claim the line.  May block.  Raises DeviceError."""
    if choice.library == "gpiod":
        return GpiodInput(choice.chip, line, pull)
    return InputLine(line, pull)


def check_installed(choice: GpioChoice) -> None:
    """Raise DeviceError when the library is missing.  Touches no device."""
    if choice.library == "gpiod" and find_spec("gpiod") is None:
        raise DeviceError("GPIO: the Python package gpiod is not installed", hint=GPIOD)
    if choice.library == "gpiozero" and find_spec("lgpio") is None and "GPIOZERO_PIN_FACTORY" not in os.environ:
        raise DeviceError("GPIO: the Python package lgpio is not installed", hint=PACKAGES)
