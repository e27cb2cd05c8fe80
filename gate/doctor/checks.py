"""`gate doctor`'s checks besides cameras.  A check takes the settings and their devices, and yields its own
lines.
"""

import asyncio
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from statistics import median

from gate.authority.pictures import draw_png
from gate.doctor.files import content, owners, signatures
from gate.doctor.lines import CheckLine, Mark, failure
from gate.doctor.time import clock, status_list
from gate.errors import DeviceError, GateError
from gate.registry import Fitted, decoder
from gate.settings.model import Settings
from gate.store.database import File, open_for_reading
from gate.store.lane_file import examine
from gate.store.loss import ADVICE, last_loss
from gate.wiring import FittedDevices

SAMPLE = "AQ1:THE QUICK BROWN FOX $%*+-./: "
OPENED_WITHIN = 10.0  # seconds
SLOW_DISK = 0.05  # seconds until a row is on disk: slower is noticeable
LITTLE_ROOM = 200 * 2**20  # bytes
_VOLTAGE = "class/hwmon/hwmon*/in0_lcrit_alarm"  # below /sys; the Raspberry Pi's firmware sets it


Checker = Callable[[Settings, FittedDevices], Iterator[CheckLine]]


def decoding(_: Settings, __: FittedDevices) -> Iterator[CheckLine]:
    """Draw a code and read it back."""
    with tempfile.TemporaryDirectory() as folder:
        picture = Path(folder) / "sample.png"
        draw_png(SAMPLE, picture)
        try:
            reading = decoder().read_file(picture)
        except GateError as error:
            yield failure("decoder", error)
            return
    if reading.texts == (SAMPLE,):
        yield CheckLine("decoder", Mark.PASS, f"reads a drawn code in {reading.ms:.1f} ms")
    else:
        yield CheckLine(
            "decoder", Mark.FAIL, "does not read a drawn code", "Install ashyq-gate again, with its packages"
        )


def devices(_: Settings, fitted: FittedDevices) -> Iterator[CheckLine]:
    """Check that barrier, inputs and lamps open.  Opening a device makes it safe: a barrier is locked."""
    if fitted.barrier is None:
        yield CheckLine(
            "barrier", Mark.WARN, "there is none", "Add [barrier], or let staff open after a yes on the page"
        )
    every = (*((fitted.barrier,) if fitted.barrier else ()), *fitted.inputs, *fitted.feedback)
    for device in every:
        try:
            asyncio.run(_open_and_close(device))
        except DeviceError as error:
            yield failure(device.name, error)
        except TimeoutError:
            yield CheckLine(device.name, Mark.FAIL, f"{device.spec.name} does not open", "Check its cable and power")
        else:
            state = Mark.WARN if device.spec.simulated else Mark.PASS
            advice = "It moves nothing real: name the driver of your device" if device.spec.simulated else ""
            yield CheckLine(device.name, state, f"{device.spec.name} answers", advice)


async def _open_and_close(device: Fitted) -> None:
    async with asyncio.timeout(OPENED_WITHIN), device.open():
        pass


def disk(settings: Settings, _: FittedDevices) -> Iterator[CheckLine]:
    """Check that rows reach the disk quickly, and that it has space."""
    folder = settings.device.state_dir
    try:
        seconds = _write_times(folder)
        free = shutil.disk_usage(folder).free
    except OSError as error:
        yield CheckLine(
            "disk", Mark.FAIL, f"{folder}: {error.strerror}", "Make it, and let the user of the gate write there"
        )
        return
    found = f"a row is safe on {folder} in {seconds * 1000:.1f} ms, {free / 2**30:.1f} GiB are free"
    if free < LITTLE_ROOM:
        yield CheckLine("disk", Mark.WARN, found, "Make room: a full disk admits nobody")
    elif seconds > SLOW_DISK:
        yield CheckLine("disk", Mark.WARN, found, "Use a faster card or an SSD: every person waits for it")
    else:
        yield CheckLine("disk", Mark.PASS, found)


def journal(settings: Settings, _: FittedDevices) -> Iterator[CheckLine]:
    """Check that the journal is the one that was left here, or that staff have accepted another."""
    folder = settings.device.state_dir
    try:
        if what := examine(folder):
            advice = "`gate run` begins a new one and locks the entrance down until staff confirm"
            yield CheckLine("journal", Mark.FAIL, f"the journal was lost: {what}", advice)
            return
        connection = open_for_reading(File.LANE, folder)
        if connection is None:
            yield CheckLine("journal", Mark.PASS, "there is none yet")
            return
        with closing(connection):
            loss = last_loss(connection)
    except GateError as error:
        yield failure("journal", error)
        return
    if loss is None:
        yield CheckLine("journal", Mark.PASS, "it was never lost")
        return
    found = f"the journal was lost: {loss.what}"
    yield CheckLine("journal", Mark.WARN if loss.confirmed else Mark.FAIL, found, "" if loss.confirmed else ADVICE)


def _write_times(folder: Path) -> float:
    """Return the median seconds until a small write is on disk.  Raises OSError."""
    times = []
    with tempfile.NamedTemporaryFile(dir=folder) as file:
        for _ in range(9):
            start = time.monotonic()
            file.write(bytes(300))
            file.flush()
            os.fdatasync(file.fileno())
            times.append(time.monotonic() - start)
    return median(times)


def power(_: Settings, __: FittedDevices) -> Iterator[CheckLine]:
    """Check the supply voltage of this machine."""
    yield supply_voltage(Path("/sys"))


def supply_voltage(sys_folder: Path) -> CheckLine:
    """Check the firmware's undervoltage alarm below `sys_folder`."""
    alarms = list(sys_folder.glob(_VOLTAGE))
    if not alarms:
        return CheckLine("power", Mark.PASS, "this machine does not tell its supply voltage")
    if any(alarm.read_text().strip() == "1" for alarm in alarms):
        advice = "Use the board's own 5 V supply and a short cable: cameras and cards fail first"
        return CheckLine("power", Mark.FAIL, "the supply voltage is or was too low", advice)
    return CheckLine("power", Mark.PASS, "the supply voltage is well")


CHECKS: tuple[Checker, ...] = (
    decoding,
    devices,
    disk,
    owners,
    journal,
    clock,
    status_list,
    content,
    signatures,
    power,
)
"""All checks but those of cameras, which come first; in this order."""
