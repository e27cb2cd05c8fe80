"""The doctor's checks of decoder, devices that no lane holds, and journal."""

import asyncio
import tempfile
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

from gate.authority.pictures import draw_png
from gate.doctor.examined import ExaminedGate
from gate.doctor.lines import CheckLine, Mark, failure, guarded
from gate.errors import GateError
from gate.registry import Fitted, decoder
from gate.store.database import File, open_for_reading
from gate.store.lane_file import examine
from gate.store.loss import ADVICE, last_loss

SAMPLE = "AQ1:THE QUICK BROWN FOX $%*+-./: "
OPENED_WITHIN = 10.0  # seconds


def decoding(_: ExaminedGate) -> Iterator[CheckLine]:
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


def devices(examined: ExaminedGate) -> Iterator[CheckLine]:
    """Check that barrier, inputs and lamps open.  Opening a device makes it safe: a barrier is locked."""
    fitted = examined.fitted
    if fitted.barrier is None:
        yield CheckLine(
            "barrier", Mark.WARN, "there is none", "Add [barrier], or let staff open after a yes on the page"
        )
    every = (*((fitted.barrier,) if fitted.barrier else ()), *fitted.inputs, *fitted.feedback)
    for device in every:
        yield from guarded(device.name, partial(_opening, device))


def _opening(device: Fitted) -> Iterator[CheckLine]:
    try:
        asyncio.run(_open_and_close(device))
    except TimeoutError:
        yield CheckLine(device.name, Mark.FAIL, f"{device.spec.name} does not open", "Check its cable and power")
    else:
        state = Mark.WARN if device.spec.simulated else Mark.PASS
        advice = "It moves nothing real: name the driver of your device" if device.spec.simulated else ""
        yield CheckLine(device.name, state, f"{device.spec.name} answers", advice)


async def _open_and_close(device: Fitted) -> None:
    async with asyncio.timeout(OPENED_WITHIN), device.open():
        pass


def journal(examined: ExaminedGate) -> Iterator[CheckLine]:
    """Check that the journal is the one that was left here, or that staff have accepted another."""
    folder = examined.settings.device.state_dir
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
