"""The questions about the reader and the barrier: what is attached, and what the device itself answers."""

import json
import os
import shutil
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gate import registry
from gate.device.setup.interview import Choice, Interview
from gate.device.setup.picture import half_blocks
from gate.device.setup.table import ask_driver, ask_table
from gate.errors import DeviceError, GateError
from gate.ports.camera_report import CameraReport
from gate.ports.driver import FOLDER
from gate.ports.finder import DeviceFinder, FoundDevice
from gate.ports.reader import ReaderConfig

_PULSE = "500ms"  # to offer where the starting file has none: turnstiles want 100 ms or more (PERCo's manual)
_LOOKS = 5.0  # seconds that a camera is tried: time to raise a phone
_COLOURLESS = ("dumb", "vt100", "vt102", "vt220", "ansi", "")  # values of TERM
_TYPED, _OTHER, _NONE = "typed", "other", "none"


@dataclass(frozen=True, slots=True)
class SetupPlace:
    """Paths that setup works on.  `folder`: that of gate.toml.  `picture`: a file for the camera's picture."""

    folder: Path
    picture: Path


def ask_reader(interview: Interview, place: SetupPlace) -> dict[str, Any]:
    """Ask which camera or scanner reads the codes, and try a camera.  Returns its table."""
    found = _found(interview, "reader", ())
    while True:
        choices = [Choice(one.table, one.words) for one in found if "driver" in one.table]
        choices += [Choice(one.table, f"a QR scanner: {one.words}") for one in found if "driver" not in one.table]
        choices += [
            Choice(_TYPED, "a camera with an address (rtsp://, http://), a video file or a folder of pictures"),
            Choice(_OTHER, "another reader"),
        ]
        chosen = interview.choose("Which one reads the codes", choices, default=0)
        known = dict(chosen) if isinstance(chosen, dict) else {}
        if not isinstance(chosen, dict):
            known = {"driver": "camera" if chosen == _TYPED else ask_driver(interview, "reader")}
        known.setdefault("driver", "serial_scanner")
        table = ask_table(interview, "reader", known, place.folder, {"direction": "entry"})
        if _is_fit(interview, table, place):
            return table


def ask_barrier(
    interview: Interview, place: SetupPlace, pulse: str | None, taken: Collection[str]
) -> dict[str, Any] | None:
    """Ask what lets people through.  Nothing is sent to it that could open it.  Returns its table; None for no barrier.

    `pulse`: to offer; None for a venue that needs no barrier.  `taken`: ports of readers, which are left alone."""
    found = _found(interview, "barrier", taken)
    choices = [Choice(one.table, one.words) for one in found if "driver" in one.table]
    choices += [
        Choice(one.table, f"a board that did not say what it is: {one.words}")
        for one in found
        if "driver" not in one.table
    ]
    choices += [
        Choice({"driver": "gpio_relay"}, "a relay, or a turnstile's contact, on a GPIO line of this computer"),
        Choice(_TYPED, "a relay board or turnstile on a serial port that is not in this list"),
        Choice(_OTHER, "another one: Modbus, OSDP, Numato, a panel on the network"),
        Choice(_NONE, "none: the gate only shows its answer"),
    ]
    default = 0 if found else len(choices) - 1 if pulse is None else None
    chosen = interview.choose("What opens", choices, default=default)
    if chosen == _NONE:
        return None
    known = dict(chosen) if isinstance(chosen, dict) else {}
    if chosen == _TYPED:
        known = dict(_named(interview).table)
    elif chosen == _OTHER:
        known = {"driver": ask_driver(interview, "barrier")}
    known.setdefault("driver", "serial_frames")
    return ask_table(interview, "barrier", known, place.folder, {"pulse": pulse or _PULSE})


def _found(interview: Interview, kind: str, taken: Collection[str]) -> list[FoundDevice]:
    """Return what is attached; serial ports are asked if the person agrees."""
    found: list[FoundDevice] = []
    for finder in registry.finders(kind):
        for one in finder.look():
            if one.table.get("port") in taken:
                continue
            known = "driver" in one.table or "port" not in one.table
            found += [one] if known else _asked(interview, finder, one)
    return found


def _named(interview: Interview) -> FoundDevice:
    """Ask for a serial port, and the device there what it is."""
    about = "See `ls /dev/serial/by-path`: such a name survives replugging."
    port = interview.text("Serial port (such as /dev/ttyUSB0)", about=about)
    device = FoundDevice(port, {"port": port})
    for finder in registry.finders("barrier"):
        if device.table.keys() == {"port"}:
            device = _asked(interview, finder, device)[0]
    return device


def _asked(interview: Interview, finder: DeviceFinder, one: FoundDevice) -> list[FoundDevice]:
    interview.say(f"There is {one.words}. It can be asked what it is. These bytes would be sent; none of them opens:")
    for question in finder.questions:
        interview.say(question, "  ")
    if not interview.confirm("Ask it", default=True):
        return [one]
    try:
        answered = finder.ask(str(one.table["port"]))
    except DeviceError as error:
        interview.say(str(error), "  ")
        return [one]
    for device in answered:
        interview.say(f"It is {device.words}.", "  ")
    if not answered:
        interview.say("It answers none of these questions.", "  ")
    return answered or [one]


def _is_fit(interview: Interview, table: dict[str, Any], place: SetupPlace) -> bool:
    """Show what the camera sees; return whether it is to be used.  A reader without pictures is not tried."""
    examiner = registry.examiner(str(table["driver"]))
    if examiner is None:
        return True
    model = registry.config_of("reader", str(table["driver"]))
    config = model.model_validate_json(json.dumps(table), strict=True, context={FOLDER: place.folder})
    assert isinstance(config, ReaderConfig)  # noqa: S101 - the registry's readers have no other settings
    while True:
        interview.say(f"Hold a code up to the camera now: it is tried for {_LOOKS:g} s.")
        try:
            report = examiner.examine(config, _LOOKS, place.picture, _no_words)
        except GateError as error:
            interview.say(str(error), "  ")
        else:
            _show(interview, report, place.picture)
        again = Choice("again", "try it again")
        choices = [Choice("yes", "use it"), again, Choice("other", "choose another one")]
        chosen = interview.choose("This camera", choices, default=0)
        if chosen != "again":
            return chosen == "yes"


def _show(interview: Interview, report: CameraReport, picture: Path) -> None:
    """Show the picture, and say whether a code was read in it."""
    for line in _preview(picture):
        interview.show(line)
    code = "No code was seen."
    if report.read:
        code = f"A code was READ, in {report.read:.0%} of the pictures."
    elif report.located:
        code = "A code was seen and NOT read: hold it nearer, still, and out of reflections."
    interview.say(f"{report.frames} pictures of {report.width} x {report.height}. {code}", "  ")
    interview.say("The last picture, until this setup ends:", "  ")
    interview.show(f"  {picture}")


def _preview(picture: Path) -> Sequence[str]:
    """Return the picture's lines; none for a terminal without colours, such as a serial console."""
    if os.environ.get("TERM", "dumb") in _COLOURLESS or "NO_COLOR" in os.environ:
        return ()
    columns = shutil.get_terminal_size().columns
    try:
        return half_blocks(picture, min(60, columns - 2))
    except (OSError, ValueError):
        return ()


def _no_words(_: CameraReport) -> Sequence[str]:
    return ()
