"""libgpiod's Python interface without a chip: the lines as the outside sees them, in the order of the calls."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import gpiod
from gpiod.line import Bias, Direction, Value


class Chip:
    """`shown`: every (direction, level) the line has had since it was claimed first; a level is None where
    nothing drives it."""

    def __init__(self) -> None:
        self.present = True
        self.busy = False
        self.shown: list[tuple[Direction, bool | None]] = []
        self.pull = Bias.AS_IS
        self.stuck: bool | None = None  # a level that the line has whatever it is told, or from outside

    def request_lines(self, path: str, consumer: str, config: dict[int, gpiod.LineSettings]) -> "Request":
        self.answer()
        assert path
        assert consumer
        if self.busy:
            raise OSError(errno.EBUSY, "Device or resource busy")
        self.busy = True
        ((line, settings),) = config.items()
        request = Request(self, line)
        request.reconfigure_lines({line: settings})
        return request

    def answer(self) -> None:
        if not self.present:
            raise OSError(errno.ENODEV, "No such device")


class Request:
    def __init__(self, chip: Chip, line: int) -> None:
        self._chip = chip
        self._line = line
        self._active_low = False

    def reconfigure_lines(self, config: dict[int, gpiod.LineSettings]) -> None:
        self._chip.answer()
        settings = config[self._line]
        self._active_low = settings.active_low
        self._chip.pull = settings.bias
        if settings.direction is Direction.OUTPUT:  # direction and level at once
            self._chip.shown.append((Direction.OUTPUT, self._high(settings.output_value)))
        else:
            self._chip.shown.append((settings.direction, None))

    def set_value(self, line: int, value: Value) -> None:
        self._chip.answer()
        assert line == self._line
        self._chip.shown.append((Direction.OUTPUT, self._high(value)))

    def get_value(self, line: int) -> Value:
        self._chip.answer()
        assert line == self._line
        high = self._chip.shown[-1][1] if self._chip.stuck is None else self._chip.stuck
        return Value.ACTIVE if high is not self._active_low else Value.INACTIVE

    def release(self) -> None:
        self._chip.busy = False
        self._chip.answer()

    def _high(self, value: Value) -> bool:
        return (value is Value.ACTIVE) is not self._active_low


@contextmanager
def fake_gpiod() -> Iterator[Chip]:
    """The real module's names, with a chip of ours behind `request_lines`."""
    chip = Chip()
    module: Any = SimpleNamespace(LineSettings=gpiod.LineSettings, line=gpiod.line, request_lines=chip.request_lines)
    with patch.dict("sys.modules", gpiod=module):
        yield chip
