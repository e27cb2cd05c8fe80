"""The whole examination: every check, in order."""

import platform
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from importlib.metadata import PackageNotFoundError, version

from gate.doctor.board import power, temperature, throttling
from gate.doctor.camera import Glance, camera_lines
from gate.doctor.checks import decoding, devices, journal
from gate.doctor.desk import desk
from gate.doctor.examined import ExaminedGate
from gate.doctor.files import content, owners, signatures
from gate.doctor.gpio import killed_outputs
from gate.doctor.held import held_lines, picture_lines
from gate.doctor.lines import CheckLine, Mark, guarded
from gate.doctor.rights import rights
from gate.doctor.services import log, page, service, sync
from gate.doctor.storage import card, disk, filesystem
from gate.doctor.time import clock, status_list
from gate.errors import DeviceError
from gate.ports.credentials import filled
from gate.registry import Fitted

Checker = Callable[[ExaminedGate], Iterator[CheckLine]]

CHECKS: tuple[Checker, ...] = (
    decoding,
    disk,
    filesystem,
    card,
    owners,
    journal,
    clock,
    status_list,
    content,
    signatures,
    sync,
    service,
    page,
    desk,
    log,
    power,
    throttling,
    temperature,
    killed_outputs,
    rights,
)
"""All checks but those of devices, which come first; in this order.  Another part of a gate (a desk, a link) is one
more row here, whose check yields nothing where the configuration does not name it."""


def examine(examined: ExaminedGate, glance: Glance, *, cameras_only: bool = False) -> Iterator[CheckLine]:
    """Yield the lines of all checks.  Opens devices that no running lane holds, which locks a barrier.  Blocks."""
    yield CheckLine("gate", Mark.PASS, in_short(examined))
    if examined.lane.holds_devices:
        yield from () if cameras_only else guarded("lane", partial(held_lines, examined))
        yield from guarded("reader", partial(picture_lines, examined))
    elif cameras_only:
        yield from camera_lines(examined.fitted.readers, glance)
    else:
        yield from guarded("devices", partial(_devices_as_the_lane_has_them, examined, glance))
    if cameras_only:
        return
    for check in CHECKS:
        yield from guarded(check.__name__, partial(check, examined))


def _devices_as_the_lane_has_them(examined: ExaminedGate, glance: Glance) -> list[CheckLine]:
    fitted = examined.fitted
    ready = replace(
        examined,
        fitted=replace(
            fitted,
            readers=tuple(map(_with_secrets, fitted.readers)),
            barrier=_with_secrets(fitted.barrier) if fitted.barrier else None,
            inputs=tuple(map(_with_secrets, fitted.inputs)),
            feedback=tuple(map(_with_secrets, fitted.feedback)),
        ),
    )
    with examined.as_service():
        return [*camera_lines(ready.fitted.readers, glance), *devices(ready)]


def _with_secrets(device: Fitted) -> Fitted:
    """Return the device with its secrets, which root reads and the lane's user gets from systemd alone."""
    with suppress(DeviceError):  # reported when the device is opened
        return replace(device, config=filled(device.config))
    return device


def in_short(examined: ExaminedGate) -> str:
    """Return what is examined, in one line."""
    return "{device}: ashyq-gate {version}, {board}, {system}; lane {lane}".format_map(header(examined))


def header(examined: ExaminedGate) -> dict[str, str]:
    """Return what a reader of many reports sorts them by."""
    return {
        "device": examined.settings.device.id,
        "venue": examined.settings.venue.id,
        "version": _version(),
        "python": platform.python_version(),
        "board": examined.text("proc/device-tree/model") or platform.machine(),
        "system": _system(examined),
        "kernel": platform.release(),
        "lane": examined.lane.running.value,
    }


def _system(examined: ExaminedGate) -> str:
    rows = dict(row.partition("=")[::2] for row in (examined.text("etc/os-release") or "").splitlines())
    return rows.get("PRETTY_NAME", "").strip('"') or platform.system()


def _version() -> str:
    try:
        return version("ashyq-gate")
    except PackageNotFoundError:  # a checkout that was never installed
        return "unknown"
