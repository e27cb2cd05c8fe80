"""QR scanners that type like a keyboard, through evdev: grabbed, so that nothing is typed elsewhere.

The scanner must be set to the US layout.  It has no acknowledgement and no framing but a key that ends a code, and
types into the console should the gate not run: prefer one that can be set to USB-CDC (driver serial_scanner).
"""

import asyncio
import errno
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from drivers._shared.claim import claim, free
from drivers._shared.packages import needs
from drivers.readers.hid_keys import Typing
from drivers.readers.repeat_filter import RepeatFilter
from drivers.readers.scanner_config import ScannerText
from drivers.readers.scanner_parser import IDLE
from gate.errors import DeviceError
from gate.ports.driver import DriverSpec, to_install
from gate.ports.reader import Present, Reader

_POLL = 0.01  # seconds
_KEY = 1  # event type EV_KEY
_DROPPED = (0, 3)  # EV_SYN, SYN_DROPPED: the kernel's buffer overflowed and lost some


class HidConfig(ScannerText):
    device: Annotated[
        Path,
        Field(description="input device of the scanner; /dev/input/by-path/...-event-kbd survives replugging"),
    ]


class HidScanner(Reader):
    """A reader of key events.  Implements `gate.ports.reader.Reader`.

    `device`: an evdev.InputDevice that was grabbed."""

    def __init__(self, device: Any, config: HidConfig) -> None:
        self._device = device
        self._config = config

    async def run(self, present: Present) -> None:
        typing = Typing(IDLE if self._config.ends == "silence" else None)
        once = RepeatFilter(self._config, present)
        self._codes(typing)  # drop codes typed while no run was active: the lane did not see them
        while True:
            codes = self._codes(typing)
            losses, typing.losses = typing.losses, []
            once.drop(losses)
            for text in codes:
                if await once.show(text):
                    self._codes(typing)
                    break
            await asyncio.sleep(_POLL)

    def _codes(self, typing: Typing) -> list[str]:
        """Return the codes that have been typed whole.

        Every key is parsed, dropped codes' too: half a code and the state of SHIFT outlast them."""
        found = []
        for event in self._events():
            if (event.type, event.code) == _DROPPED:
                typing.lost()
            elif event.type == _KEY and (text := typing.key(event.code, event.value, time.monotonic())) is not None:
                found.append(text)
        if (text := typing.quiet(time.monotonic())) is not None:
            found.append(text)
        return found

    def _events(self) -> list[Any]:
        try:
            return list(self._device.read())
        except BlockingIOError:
            return []
        except OSError as error:  # ENODEV: unplugged
            raise DeviceError(
                f"scanner {self._config.device} is lost ({error.strerror})", hint="Check its cable; plug it in again"
            ) from error


def _claim(path: Path) -> Any:
    try:
        import evdev
    except ImportError as error:
        raise DeviceError(
            "scanner: the Python package evdev is not installed", hint=to_install("evdev", "hid")
        ) from error
    try:
        device = evdev.InputDevice(str(path))
        device.grab()
    except OSError as error:
        raise _open_error(path, error) from error
    return device


def _open_error(path: Path, error: OSError) -> DeviceError:
    if error.errno in (errno.EACCES, errno.EPERM):
        return DeviceError(
            f"scanner {path} may not be opened by this user",
            hint="Add the gate's user to group input: `sudo usermod -aG input USER`, then start it again",
        )
    if error.errno == errno.EBUSY:
        return DeviceError(f"scanner {path} is grabbed by another program", hint=f"Find it: `sudo fuser -v {path}`")
    return DeviceError(
        f"scanner {path} cannot be opened ({error.strerror})", hint="Plug it in; see `ls /dev/input/by-path`"
    )


def _free(device: Any) -> None:
    with suppress(OSError):  # unplugged
        device.ungrab()
    with suppress(OSError):
        device.close()


@asynccontextmanager
async def open_hid(config: HidConfig) -> AsyncIterator[Reader]:
    device = await claim(lambda: _claim(config.device), _free)
    try:
        yield HidScanner(device, config)
    finally:
        await free(lambda: _free(device))


DRIVER: DriverSpec[HidConfig, Reader] = DriverSpec(
    name="hid_scanner",
    config=HidConfig,
    open=open_hid,
    summary="QR scanner that types like a keyboard, grabbed",
    installed=needs("evdev", "evdev", "hid"),
    needs="pip package evdev (extra hid), or apt package python3-evdev; user in group input; US layout on the scanner",
)
