"""A door of a UHPPOTE UT0311-L01, -L02 or -L04 board (also sold under many other names), by UDP.

The board times the pulse, in whole seconds (its "door delay"), and reports its relay and the door's contact when asked.
It has no authentication at all: keep it on a network of its own, behind a door that it does not hold.

It has no order to end an opening.  While one lasts, "normally closed" locks the door; the mode "controlled" is restored
when the time is over, since the board may remember the opening.  Until then the board's own cards and push-button open
nothing: the way out must never depend on them.  Settings are written only where they differ.

Free and blocked are modes that the board keeps by itself; `gate safe-outputs` and every opening end them.
"""

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from ipaddress import IPv4Address
from typing import Annotated

from pydantic import Field

from drivers._shared.command_thread import CommandThread
from drivers._shared.switch_barrier import BoardTimedBarrier, WholeExtendedPulse, WholePulse, extended_pulse, started
from drivers._shared.threaded_switch import ThreadedSwitch
from drivers.barriers.uhppote_client import CONTROLLED, NORMALLY_CLOSED, NORMALLY_OPEN, DoorSetting, UhppoteClient
from gate.core.model import Direction, Stance
from gate.ports.abilities import Abilities
from gate.ports.barrier import Barrier
from gate.ports.driver import DriverConfig, DriverSpec
from gate.ports.inputs import Level, Role

_READ_BACKS, _BETWEEN = 3, 0.1  # times, and seconds between
_MODES = {Stance.FREE: NORMALLY_OPEN, Stance.BLOCKED: NORMALLY_CLOSED}


class UhppoteConfig(DriverConfig):
    address: Annotated[IPv4Address, Field(description="address of the board; give it a fixed one")]
    port: Annotated[int, Field(ge=1, le=65535, description="UDP port of the board")] = 60000
    serial: Annotated[int, Field(ge=1, le=0xFFFFFFFF, description="the number printed on the board")]
    door: Annotated[int, Field(ge=1, le=4, description="which door of the board")]
    pulse: Annotated[WholePulse, Field(description="how long it is released for one person; whole seconds")]
    extended_pulse: WholeExtendedPulse = None
    contact: Annotated[bool, Field(description="true: the door's contact is wired to the board")] = False


class UhppoteSwitch(ThreadedSwitch):
    def __init__(self, line: UhppoteClient, config: UhppoteConfig) -> None:
        super().__init__(f"door {config.door} of {line.name}", CommandThread("uhppote"), line)
        self._line = line
        longer = extended_pulse(config.pulse, config.extended_pulse)
        self._delays = {False: max(1, round(config.pulse)), True: max(1, round(longer))}  # seconds
        self._contact = config.contact
        self._setting = DoorSetting(0, 0)
        self._controlled_again: float | None = None  # monotonic seconds
        self._open: bool | None = None
        self._reports: list[Level] = []

    def on(self, direction: Direction, *, extended: bool = False) -> None:  # noqa: ARG002 - one relay serves all
        self.order(lambda: self._release(self._delays[extended]))

    def off(self) -> None:
        self.order(self._lock)

    def set_stance(self, stance: Stance) -> bool:
        self.order(lambda: self._set_stance(_MODES[stance]))
        return True

    def read_back(self, *, on: bool) -> None:
        for _ in range(_READ_BACKS):
            if self._line.state().released is on:
                return
            time.sleep(_BETWEEN)  # the relay needs time
        raise self.fault(f"was ordered to {'release' if on else 'lock'} the door and did not")

    def poll(self) -> None:
        if self._controlled_again is not None and time.monotonic() >= self._controlled_again:
            self._controlled_again = None
            self._set(CONTROLLED, self._setting.delay)
        state = self._line.state()
        if self._contact and state.open is not self._open:
            self._open = state.open
            self._reports = [*self._reports, Level(Role.DOOR, state.open, time.monotonic())]

    def sensed(self) -> Sequence[Level]:
        reports, self._reports = self._reports, []
        return reports

    # On the thread.

    def _release(self, delay: int) -> None:
        self._controlled_again = None
        self._set(CONTROLLED, delay)
        self._line.open()

    def _lock(self) -> None:
        self._setting = self._line.setting()
        if self._setting.mode == CONTROLLED and not self._line.state().released:
            self._controlled_again = None
            return
        self._set(NORMALLY_CLOSED, self._setting.delay)
        self._controlled_again = time.monotonic() + self._setting.delay

    def _set_stance(self, mode: int) -> None:
        self._controlled_again = None
        self._set(mode, self._setting.delay)

    def _set(self, mode: int, delay: int) -> None:
        """Write only settings that differ: the board's non-volatile memory wears out."""
        wanted = DoorSetting(mode, delay)
        if wanted != self._setting:
            self._line.set(wanted)
            self._setting = wanted


@asynccontextmanager
async def open_uhppote(config: UhppoteConfig) -> AsyncIterator[Barrier]:
    switch = UhppoteSwitch(UhppoteClient(str(config.address), config.port, config.serial, config.door), config)
    longer = extended_pulse(config.pulse, config.extended_pulse)
    async with started(BoardTimedBarrier(switch, config.pulse, longer, can_lock=True)) as barrier:
        yield barrier


DRIVER: DriverSpec[UhppoteConfig, Barrier] = DriverSpec(
    name="uhppote",
    config=UhppoteConfig,
    open=open_uhppote,
    summary="door of a UHPPOTE UT0311 board by UDP, read back, pulse timed by the board",
    needs="a network of its own (no authentication); IPAddressAllow=<board> in a drop-in (`systemctl edit gate`)",
    abilities=lambda config: Abilities(stances=frozenset({Stance.FREE, Stance.BLOCKED}), door=config.contact),
)
