"""Scanners: one on a pseudo-terminal that speaks as a GM65 does, or just in lines, and one that types."""

import binascii
import errno
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import evdev

from drivers.readers import hid_scanner, serial_scanner
from drivers.readers.hid_keys import KEYS
from gate.ports.reader import Reader
from gate.testing.reader_contract import ReaderRig
from tests.contract.serial_boards import Board

SHOWN = 8  # times that a code is read while it is held before the scanner
EVERY = 0.04  # seconds


class ScannerBoard(Board):
    """A GM65: zones, answers, heartbeat; `saved` is what it has of its zones after a loss of power.  `dumb`: it
    answers nothing more; `stubborn`: it keeps its zones."""

    def __init__(self, folder: Path, *, speaks: bool) -> None:
        self.speaks = speaks
        self.zones = {0x0000: 0xD4, 0x0003: 0x01, 0x0002: 0x00}
        self.saved = dict(self.zones)
        self.dumb = self.stubborn = False
        self.beats = self.triggered = 0
        super().__init__(folder)

    def take(self, data: bytes) -> tuple[bytes, bytes]:
        if not self.speaks:
            return b"", b""
        answers = b""
        while len(data) >= 9:
            assert data[:2] == b"\x7e\x00", data.hex(" ")
            body, crc, data = data[2:7], data[7:9], data[9:]
            assert crc in (b"\xab\xcd", binascii.crc_hqx(body, 0).to_bytes(2, "big")), body.hex(" ")
            answers += self.answer(body)
        return (b"" if self.dumb else answers), data

    def answer(self, body: bytes) -> bytes:
        kind, address, value = body[0], int.from_bytes(body[2:4], "big"), body[4]
        if kind == 0x0A:
            self.beats += 1
            return bytes.fromhex("03000001003331")
        if kind == 0x09:
            self.saved = dict(self.zones)
            return bytes.fromhex("02000001003331")
        if kind == 0x08 and address == 0x0002:
            self.triggered += 1
        elif kind == 0x08 and not self.stubborn:
            self.zones[address] = value
        said = bytes([0, 0, 1, self.zones[address] if kind == 0x07 else 0])
        return b"\x02" + said + binascii.crc_hqx(said, 0).to_bytes(2, "big")


class SerialScannerRig(ReaderRig):
    """Codes are read again and again while they are held before it, one after another."""

    spec = serial_scanner.DRIVER

    def __init__(self, folder: Path, scanner: str) -> None:
        self.board = ScannerBoard(folder, speaks=scanner == "gm65")
        self._scanner = scanner
        self._texts: tuple[str, ...] = ()
        self._playing = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def config(self) -> serial_scanner.ScannerConfig:
        settings = {
            "driver": "serial_scanner",
            "port": str(self.board.port),
            "scanner": self._scanner,
            "direction": "exit",
        }
        return serial_scanner.ScannerConfig.model_validate(settings)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Reader]:
        self._stop()
        self._playing.set()
        self._thread = threading.Thread(target=self._play, daemon=True)
        self._thread.start()
        try:
            async with super().open() as reader:
                yield reader
        finally:
            self._stop()

    def show(self, *texts: str) -> None:
        self._stop()
        self._texts = texts

    def lose(self) -> None:
        self._stop()
        self.board.lose()

    def restore(self) -> None:
        self.board.restore()

    def close(self) -> None:
        self._stop()
        self.board.close()

    def _play(self) -> None:
        time.sleep(0.5)  # a hand that moves
        while True:
            for text in self._texts:
                for _ in range(SHOWN):
                    if not self._playing.is_set():
                        return
                    self.board.say(f"{text}\r\n".encode())
                    time.sleep(EVERY)

    def _stop(self) -> None:
        self._playing.clear()
        if self._thread is not None:
            self._thread.join()
            self._thread = None


CODES = {sign: (code, shifted) for code, pair in reversed(KEYS.items()) for shifted, sign in enumerate(pair)}


def strokes(text: str) -> list[Any]:
    """The events of a scanner that types this and ENTER."""
    events = []
    for sign in text:
        code, shifted = CODES[sign]
        keys = [(42, 1)] * shifted + [(code, 1), (code, 0)] + [(42, 0)] * shifted
        events += [SimpleNamespace(type=1, code=key, value=value) for key, value in keys]
        events.append(SimpleNamespace(type=0, code=0, value=0))  # EV_SYN
    return [*events, SimpleNamespace(type=1, code=28, value=1), SimpleNamespace(type=1, code=28, value=0)]


class Keyboard:
    """What `evdev.InputDevice` opens: one scanner, read without blocking."""

    def __init__(self) -> None:
        self.present, self.grabbed = True, False
        self.texts: deque[str] = deque()
        self._due = 0.0

    def InputDevice(self, path: str) -> "Keyboard":  # noqa: N802 - as the library names it
        assert path
        self._answer()
        return self

    def grab(self) -> None:
        if self.grabbed:
            raise OSError(errno.EBUSY, "Device or resource busy")
        self.grabbed = True
        self._due = time.monotonic() + 0.2

    def ungrab(self) -> None:
        self.grabbed = False
        self._answer()

    def close(self) -> None:
        self.grabbed = False

    def read(self) -> Iterator[Any]:
        self._answer()
        if not self.texts or time.monotonic() < self._due:
            raise BlockingIOError
        self._due = time.monotonic() + EVERY
        text = self.texts[0]
        self.texts.rotate(-1)
        return iter(strokes(text))

    def _answer(self) -> None:
        if not self.present:
            raise OSError(errno.ENODEV, "No such device")


class HidRig(ReaderRig):
    spec = hid_scanner.DRIVER

    def __init__(self) -> None:
        self.keyboard = Keyboard()
        self._library = patch.object(evdev, "InputDevice", self.keyboard.InputDevice)
        self._library.start()

    def close(self) -> None:
        self._library.stop()

    @property
    def config(self) -> hid_scanner.HidConfig:
        settings = {"driver": "hid_scanner", "device": "/dev/input/by-path/scanner", "direction": "exit"}
        return hid_scanner.HidConfig.model_validate(settings)

    def show(self, *texts: str) -> None:
        self.keyboard.texts = deque(text for text in texts for _ in range(SHOWN))

    def lose(self) -> None:
        self.keyboard.present = False

    def restore(self) -> None:
        self.keyboard.present, self.keyboard.grabbed = True, False
