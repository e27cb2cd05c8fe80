"""GPIO lines without a board: gpiozero's mock pins, with a log, a plug to pull and a way to watch them."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from gpiozero import Device
from gpiozero.pins.mock import MockFactory, MockPin


class Board:
    """Whether the GPIO chip is there at all."""

    present = True


class LoggedPin(MockPin):  # type: ignore[misc]  # gpiozero ships no types
    """Remembers every (function, level) it has shown, and fails while the board is away."""

    def __init__(self, factory: Any, info: Any) -> None:
        self.shown: list[tuple[str, bool]] = []
        self.wire: bool | None = None  # what holds an input from outside, whatever its pull
        super().__init__(factory, info)

    def _note(self) -> None:
        if not self.shown or self.shown[-1] != (self._function, self._state):
            self.shown.append((self._function, self._state))

    def _set_function(self, value: str) -> None:
        self._answer()
        super()._set_function(value)
        self._note()

    def _change_state(self, value: bool) -> bool:
        self._answer()
        if self._function == "input" and self.wire is not None:
            value = self.wire
        changed = bool(super()._change_state(value))
        self._note()
        return changed

    def _get_state(self) -> bool:
        self._answer()
        return bool(super()._get_state())

    def _answer(self) -> None:
        if not Board.present:
            raise OSError(errno.ENODEV, "No such device")


@contextmanager
def mock_gpio() -> Iterator[Any]:
    """gpiozero's pin factory for a while; `factory.pin(17)` is the line as the outside sees it."""
    factory = MockFactory(pin_class=LoggedPin)
    Board.present = True
    Device.pin_factory, before = factory, Device.pin_factory
    try:
        yield factory
    finally:
        Board.present = True
        factory.reset()
        Device.pin_factory = before


def drive(pin: Any, *, high: bool) -> None:
    """Hold an input from outside: the pull no longer matters."""
    pin.wire = high
    if high:
        pin.drive_high()
    else:
        pin.drive_low()
