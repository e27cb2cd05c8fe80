"""Modbus boards and turnstiles: the register maps of Waveshare relay boards and of LOT turnstiles.

Waveshare Modbus RTU Relay: coils 0.. are the relays; a single coil written at 0x0200 + channel with a value in 100 ms
switches it on, and the board switches it off by itself; only all coils can be read.

LOT Expert, Eco, Porta (from the maker's SDK): 0x40 and 0x41 passes allowed for entry and exit, 0x44 to 0x47 two
counters of passages, low word first, 0x48 error, 0x3000 mode, 0x3011 seconds to begin a passage.
"""

import time
from collections.abc import Sequence

from drivers._shared.board_lease import Lease
from drivers._shared.command_thread import CommandThread
from drivers._shared.threaded_switch import ThreadedSwitch
from drivers.barriers.modbus_client import ModbusBus
from gate.core.model import Direction, Stance
from gate.logs import device_log
from gate.ports.inputs import Level, Role

COILS = 8
"""Read together: a single coil cannot be read."""

_FLASH, _TENTH, _OFF = 0x0200, 0.1, 0x0000
_LATE = 1.0
"""Seconds after the end of a pulse from which a relay that is on is at fault."""

PASSES, COUNTERS, ERROR, MODE, BEGIN_WITHIN = 0x40, 0x44, 0x48, 0x3000, 0x3011
NORMAL, BLOCKED, ANTI_PANIC = 0, 1, 2
_MODES = {Stance.CONTROLLED: NORMAL, Stance.BLOCKED: BLOCKED, Stance.FREE: ANTI_PANIC}
_MOST = 50
"""Passages between two polls; more means that the counter was set."""


class Waveshare(ThreadedSwitch):
    """One relay.  The board times the pulse: a dead host cannot hold the door open."""

    def __init__(self, line: ModbusBus, thread: CommandThread, channel: int, pulse: float, extended: float) -> None:
        super().__init__(f"Modbus relay {channel}", thread, line)
        self._line = line
        self._coil = channel - 1
        self._pulse, self._extended = pulse, extended
        self._released_until = 0.0
        self._lease = Lease(self._flash)

    def on(self, direction: Direction, *, extended: bool = False) -> None:  # noqa: ARG002 - one contact serves all
        self._flash(self._extended if extended else self._pulse)

    def off(self) -> None:
        self._lease.end()
        self.order(lambda: self._write(self._coil, _OFF, 0.0))

    def set_stance(self, stance: Stance) -> bool:
        return self._lease.take(stance)

    def read_back(self, *, on: bool) -> None:
        if self._line.read_coils(0, COILS)[self._coil] is not on:
            raise self.fault(f"was switched {'on' if on else 'off'} and did not follow")

    def poll(self) -> None:
        if self._lease.uphold():
            return
        if self._line.read_coils(0, COILS)[self._coil] and time.monotonic() > self._released_until + _LATE:
            raise self.fault("is on without an order")

    def _flash(self, seconds: float) -> None:
        tenths = max(1, round(seconds / _TENTH))
        self.order(lambda: self._write(_FLASH + self._coil, tenths, tenths * _TENTH))

    def _write(self, address: int, value: int, seconds: float) -> None:
        """Write and note the expected state together.  On the thread, as `poll` is."""
        self._released_until = time.monotonic() + seconds
        self._line.write_coil_value(address, value)


class LotTurnstile(ThreadedSwitch):
    """A turnstile with two ways, counters of passages, and modes of its own."""

    def __init__(self, line: ModbusBus, thread: CommandThread, pulse: float, extended: float) -> None:
        super().__init__("LOT turnstile", thread, line)
        self._line = line
        self._begin_within = {False: max(1, round(pulse)), True: max(1, round(extended))}
        self._mode = NORMAL
        self._counted: tuple[int, int] | None = None  # entry, exit
        self._passed: list[Direction] = []
        self._log = device_log()

    def on(self, direction: Direction, *, extended: bool = False) -> None:
        register = PASSES + (direction is Direction.EXIT)

        def release() -> None:
            self._line.write_registers(BEGIN_WITHIN, self._begin_within[extended])
            self._line.write_registers(register, 1)  # only after the time was accepted

        self.order(release)

    def off(self) -> None:
        self.order(lambda: self._line.write_registers(PASSES, 0, 0))
        self.order(lambda: self._take_mode(NORMAL))

    def set_stance(self, stance: Stance) -> bool:
        self.order(lambda: self._take_mode(_MODES[stance]))
        return True

    def read_back(self, *, on: bool) -> None:
        self._raise_in_another_mode()
        if not on and any(self._line.read_registers(PASSES, 2)):
            raise self.fault("still allows passages that were cancelled")

    def poll(self) -> None:
        entered = self._line.read_registers(PASSES, ERROR - PASSES + 1)
        if error := entered[ERROR - PASSES]:
            raise self.fault(f"reports error {error}")
        words = entered[COUNTERS - PASSES : COUNTERS - PASSES + 4]
        self._count((words[0] | words[1] << 16, words[2] | words[3] << 16))
        self._raise_in_another_mode()

    def sensed(self) -> Sequence[Level]:
        passed, self._passed = self._passed, []
        return [Level(Role.PASSAGE, True, time.monotonic(), direction) for direction in passed]

    def _count(self, now: tuple[int, int]) -> None:
        before, self._counted = self._counted, now
        if before is None:
            return
        for direction, was, is_ in zip(Direction, before, now, strict=True):
            more = (is_ - was) % 2**32
            if more > _MOST:
                self._log.warning(f"{self.name}: its counter went from {was} to {is_}: not counted")
            else:
                self._passed = self._passed + [direction] * more  # a new list: `sensed` takes the old one

    def _take_mode(self, mode: int) -> None:
        """Set the mode and note it as expected.  On the thread, as `poll` is."""
        self._mode = mode
        self._line.write_registers(MODE, mode)

    def _raise_in_another_mode(self) -> None:
        (mode,) = self._line.read_registers(MODE, 1)
        if mode != self._mode:
            raise self.fault(f"is in mode {mode} instead of {self._mode}")
