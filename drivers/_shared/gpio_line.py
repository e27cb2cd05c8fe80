"""GPIO lines through gpiozero: claimed without a glitch, every error in one line.

The pin factory is lgpio, or the one that the environment variable GPIOZERO_PIN_FACTORY names, or the
one already set as `gpiozero.Device.pin_factory` (tests).  gpiozero's own chain of fallbacks is not used: the factory
that drives a lock is chosen, not found by trial.

Levels on the wire at the start and the end, per factory:

- lgpio: direction and level are set in one call (`gpio_claim_output` with a level).  gpiozero's own
  `OutputDevice` claims the output low first and writes the level after it, which switches an
  active-low relay on at every start.
- rpigpio (also rpi-lgpio): its `output_with_state` sets both in one call.
- native, pigpio: direction first, then level; microseconds of the pin's previous output level.  The
  pull is set towards the rest level before, which covers the input phase only.  Use lgpio.

Freeing a line makes it an input again.  gpiozero leaves it floating; here it is pulled towards the
rest level.  When the process ends, gpiozero resets every pin and the pull is gone: only a resistor on
the relay's input holds the level through boot, crash and shutdown.
"""

import contextlib
import os
import sys
import threading
from pathlib import Path
from typing import Any, Literal

from gate.errors import DeviceError
from gate.logs import device_log
from gate.ports.driver import to_install

Pull = Literal["up", "down", "none"]

LAST_LINE = 53
"""Highest BCM number of any Raspberry Pi."""

_DEVICES = Path("/dev")
_making = threading.Lock()  # devices are opened in threads, several at once
_PULLS = {"up": "up", "down": "down", "none": "floating"}
PACKAGES = f"{to_install('gpiozero lgpio')}, or leave `library` out: gpiod is there"


def pin_factory() -> Any:  # gpiozero ships no types
    """Return the process-wide pin factory.  Blocks up to seconds the first time.  Raises DeviceError."""
    try:
        from gpiozero import Device
    except ImportError as error:
        raise DeviceError("GPIO: the Python package gpiozero is not installed", hint=PACKAGES) from error
    with _making:
        if Device.pin_factory is None:
            Device.pin_factory = _new_factory(Device)
        return Device.pin_factory


def _new_factory(device_class: Any) -> Any:
    named = os.environ.get("GPIOZERO_PIN_FACTORY")
    try:
        if named:
            device_class.ensure_pin_factory()
            device_log().warning(f"GPIO: pin factory {named!r}, from GPIOZERO_PIN_FACTORY, instead of lgpio")
            return device_class.pin_factory
        _raise_without_chip()
        from gpiozero.pins.lgpio import LGPIOFactory

        return LGPIOFactory()
    except Exception as error:  # lgpio.error derives from Exception itself
        raise _factory_error(error, named) from error


def _chips() -> str:
    return ", ".join(sorted(str(chip) for chip in _DEVICES.glob("gpiochip*")))


def _raise_without_chip() -> None:
    if not _chips():
        raise DeviceError(
            f"GPIO: this computer has no GPIO lines (there is no {_DEVICES}/gpiochip*)",
            hint="Run on a Raspberry Pi, or use a USB relay (driver `serial_frames`) or driver `fake`",
        )


def _factory_error(error: Exception, named: str | None) -> DeviceError:
    if isinstance(error, DeviceError):
        return error
    if named:
        return DeviceError(
            f"GPIO: pin factory {named!r} (from GPIOZERO_PIN_FACTORY) cannot be used: {error}",
            hint="Unset GPIOZERO_PIN_FACTORY to use lgpio, or install what it needs",
        )
    if isinstance(error, FileNotFoundError | PermissionError) and ".lgd-nfy" in str(error):
        return DeviceError(
            f"GPIO: lgpio cannot create its notification pipe in {Path.cwd()}",
            hint="Start the gate in a directory it may write to (systemd: WorkingDirectory=)",
        )
    if isinstance(error, ImportError | AttributeError):  # lgpio 0.0.0.2 on PyPI is an empty module
        return DeviceError(f"GPIO: the Python package lgpio is missing or empty ({error})", hint=PACKAGES)
    if type(error).__name__ == "PinUnknownPi":
        return DeviceError(
            f"GPIO: {_chips()} is there, but this is not recognised as a Raspberry Pi ({error})",
            hint="Under systemd remove ProcSubset=pid, which hides /proc/device-tree; elsewhere use `serial_frames`",
        )
    return DeviceError(
        f"GPIO: lgpio cannot open {_chips()} ({error})",
        hint="Add the gate's user to group gpio: `sudo usermod -aG gpio USER`, then start it again",
    )


def line_error(line: int, error: Exception) -> DeviceError:
    """Return the error of one line, and what to do."""
    if isinstance(error, DeviceError):
        return error
    kind, text = type(error).__name__, str(error)
    if kind == "GPIOPinInUse":
        return DeviceError(
            f"GPIO line {line} is used twice in this gate", hint="Give every barrier, input and lamp a line of its own"
        )
    if kind == "PinInvalidPin":
        return DeviceError(f"this board has no GPIO line {line}", hint="Use a BCM number, on most boards 2 to 27")
    if kind == "PinFixedPull":
        return DeviceError(
            f"GPIO line {line} has a pull resistor on the board ({text})",
            hint='Use another line, or set pull = "up"',
        )
    if "busy" in text.lower():
        return DeviceError(
            f"GPIO line {line} is held by another program or a kernel driver",
            hint="Find it with `gpioinfo`; stop it, or remove its dtoverlay from config.txt",
        )
    return DeviceError(f"GPIO line {line} does not answer: {text or kind}", hint="Run `gate doctor`; then restart it")


class OutputLine:
    """One output.  `active_high`: whether on is high.  It rests at off, from the first moment and after closing.

    Every method but `__init__` and `close` returns at once; all raise DeviceError."""

    def __init__(self, line: int, *, active_high: bool) -> None:
        """Claim the line, at off.  May block: call it off the event loop."""
        self.line = line
        self._active_high = active_high
        self._device = _claim(line)
        try:
            _settle(self._device.pin, active_high)
            _output_at(self._device.pin, level=not active_high)
        except Exception as error:
            self._device.close()
            raise line_error(line, error) from error

    def write(self, on: bool) -> None:
        try:
            self._device.pin.state = on == self._active_high
        except Exception as error:
            raise line_error(self.line, error) from error

    def read(self) -> bool:
        """Return whether the line itself is on now, read back from the hardware."""
        try:
            return bool(self._device.pin.state) == self._active_high
        except Exception as error:
            raise line_error(self.line, error) from error

    def close(self) -> None:
        """Switch off, then make it an input pulled towards off.  Never raises: a lost line cannot be freed better."""
        pin = self._device.pin
        with contextlib.suppress(Exception):  # each step is tried, whether or not the others failed
            self.write(False)
        _free(self._device)
        if pin is not None:
            with contextlib.suppress(Exception):  # as above
                _settle(pin, self._active_high)


class InputLine:
    """One input, read by level.  `read` returns at once; all raise DeviceError."""

    def __init__(self, line: int, pull: Pull) -> None:
        """Claim the line.  May block: call it off the event loop."""
        self.line = line
        self._device = _claim(line)
        try:
            self._device.pin.input_with_pull(_PULLS[pull])
        except Exception as error:
            self._device.close()
            raise line_error(line, error) from error

    def read(self) -> bool:
        """Return whether the line is high."""
        try:
            return bool(self._device.pin.state)
        except Exception as error:
            raise line_error(self.line, error) from error

    def close(self) -> None:
        """Free the line.  Never raises."""
        _free(self._device)


def _free(device: Any) -> None:
    """Free the line.  Never raises: a lost line cannot be freed better."""
    with contextlib.suppress(Exception):
        device.close()
    device._pin = None  # else gpiozero tries again when the object is freed, and writes to stderr


def _claim(line: int) -> Any:
    """Reserve the line in this process and take it as an input."""
    factory = pin_factory()
    from gpiozero import GPIODevice

    try:
        return GPIODevice(line, pin_factory=factory)
    except Exception as error:
        raise line_error(line, error) from error


def _settle(pin: Any, active_high: bool) -> None:
    """Make it an input pulled towards the level that means off."""
    from gpiozero import PinFixedPull

    try:
        pin.input_with_pull("down" if active_high else "up")
    except PinFixedPull:
        return  # the board has a resistor of its own on this line


def _output_at(pin: Any, *, level: bool) -> None:
    """Make it an output that shows `level` from its first moment."""
    lgpio_pins = sys.modules.get("gpiozero.pins.lgpio")
    if lgpio_pins is not None and isinstance(pin, lgpio_pins.LGPIOPin):
        import lgpio

        # gpiozero has no public way to do this; its own pin class uses the same two values.
        lgpio.gpio_claim_output(pin.factory._handle, pin._number, int(level))
    else:
        pin.output_with_state(level)
