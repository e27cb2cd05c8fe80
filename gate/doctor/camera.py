"""`gate doctor`'s checks of cameras."""

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import click

from gate.doctor.lines import CheckLine, Mark, guarded
from gate.doctor.scanner import scanner_lines
from gate.ports.camera_report import CameraReport, Examiner
from gate.ports.credentials import filled
from gate.ports.driver import DriverConfig
from gate.ports.reader import ReaderConfig
from gate.registry import Fitted, examiner

SLOW = 0.7  # of the requested frames a second
LEAST_MODULE = 2.0  # pixels: the reader's minimum
GOOD_MODULE = 3.0
LEAST_SHARP = 0.22  # of a sharp edge
DARK, BRIGHT = 25, 225  # of 255
BURNT_OUT = 0.25  # of the picture
MOST_READ = 0.8  # of the frames with a code
_HOLD_UP = "Hold a code up while `gate doctor --camera` looks"


@dataclass(frozen=True, slots=True)
class Glance:
    """Check of a camera by a driver."""

    seconds: float
    picture: Path | None  # file to draw the camera's picture to
    watched: bool  # a person watches stderr: report progress there


def camera_lines(readers: Iterable[Fitted], glance: Glance) -> Iterator[CheckLine]:
    """Check every reader: cameras by their pictures, others by `scanner_lines`."""
    for number, reader in enumerate(readers):
        yield from guarded(reader.name, partial(_reader_lines, number, reader, glance))


def _reader_lines(number: int, reader: Fitted, glance: Glance) -> Iterator[CheckLine]:
    examine = examiner(reader.spec.name)
    if examine is None:
        yield from scanner_lines(reader, glance.seconds)
        return
    picture = _picture(glance.picture, number)
    report = _examined(examine, reader, glance, picture)
    asked = getattr(reader.config, "fps", 0.0)
    found = judge(report, asked, is_folder=_is_folder(reader.config))
    yield from (CheckLine(reader.name, line.state, line.found, line.advice) for line in found)
    if picture:
        yield CheckLine(reader.name, Mark.PASS, f"what it saw is in {picture}")


def judge(report: CameraReport, asked_fps: float, *, is_folder: bool = False) -> Iterator[CheckLine]:
    """Yield a line for each thing that can be set right on its own; of a folder of pictures nothing about a lens."""
    if not report.frames:
        yield CheckLine("", Mark.FAIL, "no picture was seen", "Is the folder or the video empty?")
        return
    yield _rate(report, asked_fps)
    if not is_folder:
        yield _exposure(report)
        yield _sharpness(report)
    yield _code(report)


def _rate(report: CameraReport, asked: float) -> CheckLine:
    pace = f"{report.fps:.1f} frames a second, " if report.fps else ""
    found = f"{report.width} x {report.height}, {pace}{report.decode_ms:.1f} ms to decode one"
    if report.fps and asked and report.fps < SLOW * asked:
        advice = "Give it light or a shorter exposure, plug it into a USB port of its own, or ask for a smaller picture"
        return CheckLine("", Mark.WARN, found, f"{asked:g} were asked for. {advice}")
    return CheckLine("", Mark.PASS, found)


def _exposure(report: CameraReport) -> CheckLine:
    found = f"brightness {report.brightness:.0f} of 255, {report.burnt_out:.0%} of the picture is plain white"
    if report.brightness < DARK:
        advice = "Take the cover off, turn a diffuse light on, or put a longer time into `exposures`"
        return CheckLine("", Mark.WARN, f"dark: {found}", advice)
    if report.brightness > BRIGHT or report.burnt_out > BURNT_OUT:
        return CheckLine(
            "", Mark.WARN, f"too bright: {found}", "Put a shorter time into `exposures`, turn it from the window"
        )
    return CheckLine("", Mark.PASS, found)


def _sharpness(report: CameraReport) -> CheckLine:
    found = f"sharpness {report.sharpness:.2f}"
    if not report.located:
        return CheckLine("", Mark.UNKNOWN, f"{found} of the background, for no code was held up", _HOLD_UP)
    if report.sharpness < LEAST_SHARP:
        advice = (
            "Hold the code still and farther away, clean the lens, or set `focus` (`distance`) to where codes are held"
        )
        return CheckLine("", Mark.WARN, f"hazy: {found}", advice)
    return CheckLine("", Mark.PASS, found)


def _code(report: CameraReport) -> CheckLine:
    if not report.located:
        return CheckLine("", Mark.UNKNOWN, "no code was seen", _HOLD_UP)
    rate = report.read / report.located
    size = f"{report.module_px:.1f} pixels a module, " if report.module_px else ""
    found = f"a code in {report.located:.0%} of the frames, {size}{rate:.0%} of those read"
    if report.module_px and report.module_px < LEAST_MODULE:
        return CheckLine("", Mark.WARN, found, "Hold it nearer, or ask for a larger picture (`width`, `height`)")
    if rate < MOST_READ:
        nearer = "Hold it nearer, " if report.module_px and report.module_px < GOOD_MODULE else "Hold it still, "
        return CheckLine("", Mark.WARN, found, f"{nearer}out of reflections, with the display bright; see the picture")
    return CheckLine("", Mark.PASS, found)


def _is_folder(config: DriverConfig) -> bool:
    """Return whether the camera is a folder of pictures."""
    device = getattr(config, "device", None)
    return isinstance(device, str) and "\0" not in device and Path(device).is_dir()


def advice(report: CameraReport, asked_fps: float, *, is_folder: bool = False) -> list[str]:
    """Return what to do now, most important first; empty when all is well."""
    if not report.frames:
        return ["waiting for the first picture"]
    faults = [line.advice for line in judge(report, asked_fps, is_folder=is_folder) if line.state is not Mark.PASS]
    return list(dict.fromkeys(faults[::-1]))  # the code itself is judged last


def _examined(examine: Examiner, reader: Fitted, glance: Glance, picture: Path | None) -> CameraReport:
    config = filled(reader.config)
    assert isinstance(config, ReaderConfig)  # noqa: S101 - callers pass readers only
    asked = getattr(config, "fps", 0.0)

    def tell(report: CameraReport) -> list[str]:
        words = advice(report, asked, is_folder=_is_folder(config))
        if glance.watched:
            code = f"{report.module_px:.1f} px a module, read {report.read:.0%}" if report.located else "no code yet"
            click.echo(f"\r{reader.name}: {code}  {(words or ['good'])[0]:<90.90}", nl=False, err=True)
        return words

    report = examine.examine(config, glance.seconds, picture, tell)
    if glance.watched:
        sys.stderr.write(f"\r{'':<130}\r")
    return report


def _picture(path: Path | None, number: int) -> Path | None:
    if path is None or number == 0:
        return path
    return path.with_stem(f"{path.stem}-{number + 1}")
