"""GPIO lines through libgpiod 2 (`gpiod`): the level is set together with the direction, in one call.

So no start shows the other level, whatever level the kernel left.  On closing the line becomes an input pulled towards
its rest level.  A kernel that keeps outputs after a process has died (Raspberry Pi's do, without
`dtparam=strict_gpiod`) keeps a killed process's level, here as anywhere.
"""

import contextlib
import errno
from pathlib import Path
from typing import Any

from drivers._shared.gpio_line import Pull
from gate.errors import DeviceError, in_words
from gate.ports.driver import to_install

GPIOD = to_install("gpiod")
_CONSUMER = "ashyq-gate"
_BIASES = {"up": "PULL_UP", "down": "PULL_DOWN", "none": "DISABLED"}


class GpiodOutput:
    """One output.  It rests at off, from the first moment and after closing.

    Every method but `__init__` and `close` returns at once; all raise DeviceError."""

    def __init__(self, chip: Path, line: int, *, active_high: bool) -> None:
        """Claim the line, at off.  May block: call it off the event loop."""
        gpiod = _library()
        self.line = line
        self._chip = chip
        self._settings = gpiod.LineSettings
        self._is = gpiod.line
        self._active_high = active_high
        resting = gpiod.LineSettings(
            direction=self._is.Direction.OUTPUT,
            active_low=not active_high,
            output_value=self._is.Value.INACTIVE,
        )
        self._request = _claim(gpiod, chip, line, resting)

    def write(self, on: bool) -> None:
        try:
            self._request.set_value(self.line, self._is.Value.ACTIVE if on else self._is.Value.INACTIVE)
        except Exception as error:  # RequestReleasedError derives from Exception itself
            raise self._lost(error) from error

    def read(self) -> bool:
        """Return whether the line is at the level that means on."""
        try:
            return bool(self._request.get_value(self.line) is self._is.Value.ACTIVE)
        except Exception as error:  # as above
            raise self._lost(error) from error

    def close(self) -> None:
        """Switch off, make it an input pulled towards off, then free it.  Never raises."""
        pull = self._is.Bias.PULL_DOWN if self._active_high else self._is.Bias.PULL_UP
        resting = self._settings(direction=self._is.Direction.INPUT, bias=pull)
        for step in (
            lambda: self.write(False),
            lambda: self._request.reconfigure_lines({self.line: resting}),
            self._request.release,
        ):
            with contextlib.suppress(Exception):  # each step is tried, whether or not the others failed
                step()

    def _lost(self, error: Exception) -> DeviceError:
        return _lost(self._chip, self.line, error)


class GpiodInput:
    """One input, read by level.  `read` returns at once; all raise DeviceError."""

    def __init__(self, chip: Path, line: int, pull: Pull) -> None:
        """Claim the line.  May block: call it off the event loop."""
        gpiod = _library()
        self._chip, self._line, self._high = chip, line, gpiod.line.Value.ACTIVE
        bias = getattr(gpiod.line.Bias, _BIASES[pull])
        self._request = _claim(gpiod, chip, line, gpiod.LineSettings(direction=gpiod.line.Direction.INPUT, bias=bias))

    def read(self) -> bool:
        """Return whether the line is high."""
        try:
            return bool(self._request.get_value(self._line) is self._high)
        except Exception as error:  # RequestReleasedError derives from Exception itself
            raise _lost(self._chip, self._line, error) from error

    def close(self) -> None:
        """Free the line.  Never raises."""
        with contextlib.suppress(Exception):  # a lost line cannot be freed better
            self._request.release()


def _library() -> Any:
    try:
        import gpiod
    except ImportError as error:
        raise DeviceError("GPIO: the Python package gpiod is not installed", hint=GPIOD) from error
    return gpiod


def _claim(gpiod: Any, chip: Path, line: int, settings: Any) -> Any:
    try:
        return gpiod.request_lines(str(chip), consumer=_CONSUMER, config={line: settings})
    except Exception as error:  # besides OSError and ValueError the library raises its own types
        raise _claim_error(chip, line, error) from error


def _lost(chip: Path, line: int, error: Exception) -> DeviceError:
    return DeviceError(
        f"GPIO line {line} of {chip} does not answer: {in_words(error)}", hint="Run `gate doctor`; then restart it"
    )


def _claim_error(chip: Path, line: int, error: Exception) -> DeviceError:
    number = getattr(error, "errno", None)
    if number in (errno.ENOENT, errno.ENODEV, errno.ENXIO):
        return DeviceError(f"GPIO: {chip} is not there", hint="List the chips with `gpiodetect`, and name one")
    if number in (errno.EACCES, errno.EPERM):
        return DeviceError(
            f"GPIO: {chip} may not be opened by this user", hint="Add it to group gpio: `sudo usermod -aG gpio USER`"
        )
    if number == errno.EBUSY:
        return DeviceError(
            f"GPIO line {line} of {chip} is held by another program or a kernel driver",
            hint="Find it with `gpioinfo`; stop it, or remove its dtoverlay from config.txt",
        )
    return DeviceError(f"GPIO: {chip} has no line {line} ({in_words(error)})", hint="See `gpioinfo`")
