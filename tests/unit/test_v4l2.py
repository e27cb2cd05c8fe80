"""Controls of USB cameras: the bytes that reach the kernel."""

import fcntl
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers.readers.camera_worker.v4l2 import Control, Controls

Told = list[tuple[int, int]]


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    """(control, value) as the kernel would get them; it refuses to set a focus."""
    told: Told = []

    def ioctl(_: int, request: int, data: bytes) -> bytes:
        assert request == (3 << 30 | 8 << 16 | ord("V") << 8 | 28)  # _IOWR('V', 28, struct v4l2_control)
        control, value = struct.unpack("=Ii", data)
        if control == Control.FOCUS:
            raise OSError(22, "Invalid argument")
        told.append((control, value))
        return data

    monkeypatch.setattr(fcntl, "ioctl", ioctl)
    return told


@pytest.fixture
def controls(tmp_path: Path) -> Iterator[Controls]:
    (tmp_path / "video0").touch()
    made = Controls(tmp_path / "video0")
    yield made
    made.close()


def test_a_short_exposure_is_manual_and_in_units_of_100_us(controls: Controls, told: Told) -> None:
    assert controls.expose(0.008)
    assert told == [(0x009A0901, 1), (0x009A0902, 80)]


def test_no_exposure_leaves_it_to_the_camera(controls: Controls, told: Told) -> None:
    assert controls.expose(0.0)
    assert told == [(0x009A0901, 3)]


def test_what_a_camera_refuses_does_not_stop_the_rest(controls: Controls, told: Told) -> None:
    controls.prepare(focus=40)
    assert told == [(0x009A0903, 0), (0x009A090C, 0)]
    assert not controls.set(Control.FOCUS, 40)


def test_focus_is_left_alone_unless_it_is_said(controls: Controls, told: Told) -> None:
    controls.prepare(focus=None)
    assert told == [(0x009A0903, 0)]


def test_a_device_that_is_gone_is_refused_quietly(controls: Controls) -> None:
    controls.close()
    controls.close()
    assert not controls.expose(0.008)
