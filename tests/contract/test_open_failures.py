"""Every barrier, input and lamp, opened while the operating system refuses to open anything: a DeviceError, and
nothing else, that says what to do."""

import errno
import os
import pty
import resource
import tty
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from gate.errors import DeviceError
from gate.ports.driver import AnySpec, DriverConfig
from gate.registry import driver, registered

SETTINGS: dict[tuple[str, str], dict[str, Any]] = {
    ("barrier", "fake"): {},
    ("barrier", "gpio_relay"): {"line": 17, "active": "high", "pulse": "1s"},
    ("barrier", "serial_frames"): {"profile": "lcus", "port": "PORT", "pulse": "1s"},
    ("barrier", "numato"): {"port": "PORT", "pulse": "1s"},
    ("barrier", "modbus_relay"): {"board": "waveshare", "port": "PORT", "pulse": "1s"},
    ("barrier", "osdp"): {"port": "PORT", "address": 1, "key_file": "KEY", "pulse": "1s"},
    ("barrier", "uhppote"): {"address": "127.0.0.1", "port": 9, "serial": 405419896, "door": 1, "pulse": "1s"},
    ("barrier", "zk_panel"): {"address": "127.0.0.1", "port": 9, "door": 1, "pulse": "1s"},
    ("input", "fake"): {"role": "rex", "path": "PIPE"},
    ("input", "gpio"): {"role": "rex", "line": 5},
    ("feedback", "fake"): {"path": "FILE"},
    ("feedback", "lamps"): {"green": 5, "red": 6},
}
NO_DEVICE = {("barrier", "fake"), ("feedback", "fake")}  # nothing is opened, or only when something is shown
OPENING = sorted(SETTINGS.keys() - NO_DEVICE)


@pytest.fixture
def places(tmp_path: Path) -> Iterator[dict[str, str]]:
    ours, theirs = pty.openpty()
    tty.setraw(theirs)
    key = tmp_path / "key"
    key.write_text("00112233445566778899aabbccddeeff")
    key.chmod(0o600)
    os.mkfifo(tmp_path / "pipe")
    yield {
        "PORT": os.ttyname(theirs),
        "KEY": str(key),
        "PIPE": str(tmp_path / "pipe"),
        "FILE": str(tmp_path / "lamps"),
    }
    os.close(ours)
    os.close(theirs)


@contextmanager
def no_descriptors() -> Iterator[None]:
    """None is left to this process."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    highest = max(int(entry.name) for entry in Path("/proc/self/fd").iterdir())
    held: list[int] = []
    resource.setrlimit(resource.RLIMIT_NOFILE, (highest + 1, hard))
    try:
        with suppress(OSError):
            while True:
                held.append(os.open("/dev/null", os.O_RDONLY))
        with pytest.raises(OSError, match="Too many open files"):
            os.open("/dev/null", os.O_RDONLY)
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        for descriptor in held:
            os.close(descriptor)


def test_every_driver_is_here() -> None:
    there = {(row.kind.value, row.name) for row in registered() if row.kind.value != "reader"}
    assert there == SETTINGS.keys()


def configured(kind: str, name: str, places: dict[str, str]) -> tuple[AnySpec, DriverConfig]:
    spec, settings = driver(kind, name), SETTINGS[kind, name]
    filled = {key: places.get(value, value) if isinstance(value, str) else value for key, value in settings.items()}
    return spec, spec.config.model_validate({"driver": name, **filled})


async def fails_well(spec: AnySpec, config: DriverConfig) -> None:
    with pytest.raises(DeviceError) as caught:
        async with spec.open(config):
            pass
    assert caught.value.hint


@pytest.mark.parametrize(("kind", "name"), OPENING)
async def test_without_descriptors(kind: str, name: str, places: dict[str, str]) -> None:
    spec, config = configured(kind, name, places)
    with no_descriptors():
        await fails_well(spec, config)


@pytest.mark.parametrize("number", [errno.EACCES, errno.EIO, errno.ENOMEM, errno.ENODEV])
@pytest.mark.parametrize(("kind", "name"), OPENING)
async def test_with_an_error_at_opening(
    kind: str, name: str, number: int, places: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    real, devices = os.open, set(places.values())

    def refuse(path: Any, *arguments: Any, **others: Any) -> int:
        if str(path) in devices:
            raise OSError(number, os.strerror(number), path)
        return real(path, *arguments, **others)

    spec, config = configured(kind, name, places)
    monkeypatch.setattr(os, "open", refuse)
    await fails_well(spec, config)
