"""Boards for finders: each obeys every order of its profile wherever it stands in what it hears, and answers little."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from drivers.barriers.serial_profile import ByDirection, Profile, build_frame, load_profile
from tests.contract.serial_boards import Board, LotBoard, ModbusBoard, WaveshareBoard, crc16


def opening_frames(profile: Profile) -> set[bytes]:
    """Every frame of a profile that opens, for every channel or address."""
    return {build_frame(frame, channel) for frame in _templates(profile) for channel in range(1, profile.channels + 1)}


def _templates(profile: Profile) -> Iterator[str]:
    release = profile.frames.release
    yield from (release.entry, release.exit) if isinstance(release, ByDirection) else (release,)
    if profile.free:
        yield from profile.free.enter


class ProfileBoard(Board):
    """A board of a shipped profile.  `answers`: what it says to a question."""

    def __init__(self, folder: Path, name: str, answers: Mapping[bytes, bytes]) -> None:
        self._opening = opening_frames(load_profile(name))
        self._answers = answers
        super().__init__(folder)

    def take(self, data: bytes) -> tuple[bytes, bytes]:
        for at in range(len(self.heard)):
            if any(self.heard.startswith(frame, at) for frame in self._opening):
                self.release(None)
        return self._answers.get(data, b""), b""


class _BySilence(ModbusBoard):
    """Modbus ends a frame by silence, and drops what is none."""

    def take(self, data: bytes) -> tuple[bytes, bytes]:
        return super().take(data) if len(data) == 8 and crc16(data[:-2]) == data[-2:] else (b"", b"")


class WaveshareBySilence(_BySilence, WaveshareBoard):
    pass


class LotBySilence(_BySilence, LotBoard):
    pass


BOARDS: dict[str, tuple[Any, dict[str, object] | None]] = {  # a board, and its table, None for one that is not known
    "kmtronic": (
        lambda folder: ProfileBoard(folder, "kmtronic", {b"\xff\x01\x03": b"\xff\x01\x00"}),
        {"driver": "serial_frames", "profile": "kmtronic"},
    ),
    "lcus, in words": (
        lambda folder: ProfileBoard(folder, "lcus", {b"\xff\x01\x03": b"CH1: OFF\r\nCH2: OFF\r\n"}),
        {"driver": "serial_frames", "profile": "lcus"},
    ),
    "lcus, a byte a relay": (
        lambda folder: ProfileBoard(folder, "lcus", {b"\xff\x01\x03": b"\x00\x00"}),
        {"driver": "serial_frames", "profile": "lcus"},
    ),
    "lcus, silent": (lambda folder: ProfileBoard(folder, "lcus", {}), None),
    "hw-667": (lambda folder: ProfileBoard(folder, "hw-667", {}), None),
    "ac-atri-018": (lambda folder: ProfileBoard(folder, "ac-atri-018", {}), None),
    "digicon-tx1500": (lambda folder: ProfileBoard(folder, "digicon-tx1500", {}), None),
    "an adapter that echoes": (
        lambda folder: ProfileBoard(folder, "hw-667", {b"\xff\x01\x03": b"\xff\x01\x03"}),
        None,
    ),
    "waveshare": (WaveshareBySilence, {"driver": "modbus_relay", "board": "waveshare"}),
    "lot": (LotBySilence, {"driver": "modbus_relay", "board": "lot"}),
}
