"""A door module on OSDP v2 (RS-485), always inside a Secure Channel, through libosdp.

The module times the pulse itself (output control code 5): a dead host cannot hold the door open.  Its
inputs may be the passage sensors, the door's contact, the bolt, the exit button.
"""

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Annotated

from pydantic import Field

from drivers._shared.board_lease import Lease
from drivers._shared.claim import claim, free
from drivers._shared.packages import needs
from drivers._shared.switch import Switch
from drivers._shared.switch_barrier import BoardTimedBarrier, ExtendedPulse, Pulse, extended_pulse
from drivers.barriers.osdp_panel import FOR_A_WHILE, OFF, Panel
from gate.core.model import Direction, Stance
from gate.errors import DeviceError, in_words
from gate.ports.abilities import Abilities
from gate.ports.barrier import Barrier
from gate.ports.driver import DriverConfig, DriverSpec
from gate.ports.inputs import Level, Role

_LOCAL, _INPUTS = 2, 0  # kinds of status report: libosdp's STATUS_REPORT_LOCAL and _INPUT
_PATIENCE = 12.0
"""Seconds until the secure channel is up; attempts are repeated meanwhile."""

_KEY_BYTES = 16
_Input = Annotated[int | None, Field(ge=0, le=63)]


class OsdpConfig(DriverConfig):
    port: Annotated[
        str, Field(min_length=1, description="serial port of the RS-485 adapter; by-path names survive replugging")
    ]
    baud: Annotated[int, Field(ge=9600, le=230400, description="baud rate of the bus")] = 9600
    address: Annotated[int, Field(ge=0, le=126, description="address of the module")]
    key_file: Annotated[
        Path,
        Field(
            description="file with the module's Secure Channel base key, 32 hex digits: `openssl rand -hex 16`; "
            "readable by the gate's user alone"
        ),
    ]
    output: Annotated[int, Field(ge=0, le=63, description="which output of the module releases the barrier")] = 0
    pulse: Annotated[Pulse, Field(description="how long the barrier is released for one person")]
    extended_pulse: ExtendedPulse = None
    entry_input: Annotated[_Input, Field(description="input that is active when someone goes in")] = None
    exit_input: Annotated[_Input, Field(description="input that is active when someone goes out")] = None
    door_input: Annotated[_Input, Field(description="input that is active while the door is open")] = None
    lock_input: Annotated[_Input, Field(description="input that is active while the bolt is locked")] = None
    rex_input: Annotated[_Input, Field(description="input of the exit button")] = None

    @property
    def roles(self) -> dict[int, tuple[Role, Direction]]:
        every = {
            self.entry_input: (Role.PASSAGE, Direction.ENTRY),
            self.exit_input: (Role.PASSAGE, Direction.EXIT),
            self.door_input: (Role.DOOR, Direction.ENTRY),
            self.lock_input: (Role.LOCK, Direction.ENTRY),
            self.rex_input: (Role.REX, Direction.EXIT),
        }
        return {number: role for number, role in every.items() if number is not None}


class _OsdpSwitch(Switch):
    every = 0.05

    def __init__(self, config: OsdpConfig) -> None:
        self._config = config
        self._longer = extended_pulse(config.pulse, config.extended_pulse)
        self._reports: SimpleQueue[tuple[int, bytes]] = SimpleQueue()
        self._levels: dict[tuple[Role, Direction], bool] = {}
        self._lease = Lease(self._release)
        self._panel: Panel | None = None
        self.name = f"OSDP module {config.address} on {config.port}"

    def connect(self, key: bytes) -> Panel:
        """Return a connected panel.  Blocks.  Raises DeviceError."""
        config = self._config
        self._panel = Panel(config.port, config.baud, config.address, key, lambda *report: self._reports.put(report))
        return self._panel

    @property
    def panel(self) -> Panel:
        if self._panel is None:
            raise DeviceError(f"{self.name} has not been opened", hint="Open it first")
        return self._panel

    def on(self, direction: Direction, *, extended: bool = False) -> None:  # noqa: ARG002 - one output serves all
        self._release(self._longer if extended else self._config.pulse)

    def off(self) -> None:
        self._lease.end()
        self.panel.submit(self._config.output, OFF, 0)

    def set_stance(self, stance: Stance) -> bool:
        return self._lease.take(stance)

    async def confirm(self, *, on: bool) -> None:  # noqa: ARG002 - the acknowledgement, inside the channel, is all
        await self.panel.settled()

    def check(self) -> None:
        self.panel.check()
        self._lease.uphold()

    def sensed(self) -> Sequence[Level]:
        levels: list[Level] = []
        try:
            while True:
                levels += self._read(*self._reports.get_nowait())
        except Empty:
            return levels

    def close(self) -> None:
        self.panel.close()

    def _release(self, seconds: float) -> None:
        self.panel.submit(self._config.output, FOR_A_WHILE, max(1, round(seconds * 10)))

    def _read(self, kind: int, report: bytes) -> list[Level]:
        """Return only the inputs that have changed: a module reports all its inputs at once, when one changes.

        The first report therefore already means a person."""
        reported: dict[tuple[Role, Direction], bool] = {}
        if kind == _LOCAL and report:
            reported[Role.TAMPER, Direction.ENTRY] = bool(report[0])
        elif kind == _INPUTS:
            reported = {role: bool(report[at]) for at, role in self._config.roles.items() if at < len(report)}
        at = time.monotonic()
        changed = {role: active for role, active in reported.items() if self._levels.get(role) is not active}
        self._levels |= changed
        return [Level(role, active, at, direction) for (role, direction), active in changed.items()]


def _key(path: Path) -> bytes:
    """Return the key in the file.  Blocks.  Raises DeviceError."""
    try:
        key = bytes.fromhex(path.read_text("ascii").strip())
    except (OSError, ValueError) as error:
        raise DeviceError(f"OSDP: the key in {path} cannot be read ({in_words(error)})", hint=_KEY_HINT) from error
    if len(key) != _KEY_BYTES:
        raise DeviceError(f"OSDP: the key in {path} has {len(key)} bytes instead of {_KEY_BYTES}", hint=_KEY_HINT)
    return key


_KEY_HINT = "Write it with `openssl rand -hex 16`, and set the same in the module"


@asynccontextmanager
async def open_osdp(config: OsdpConfig) -> AsyncIterator[Barrier]:
    switch = _OsdpSwitch(config)
    panel = await claim(lambda: switch.connect(_key(config.key_file)), Panel.close)
    longer = extended_pulse(config.pulse, config.extended_pulse)
    barrier = BoardTimedBarrier(switch, config.pulse, longer, can_lock=True)
    try:
        await panel.secured_within(_PATIENCE)
        await barrier.start()
        yield barrier
    finally:
        barrier.secure()
        await free(barrier.close)


def _abilities(config: OsdpConfig) -> Abilities:
    roles = set(config.roles.values())
    return Abilities(
        frozenset(direction for role, direction in roles if role is Role.PASSAGE),
        frozenset({Stance.FREE}),
        door=config.door_input is not None,
        lock=config.lock_input is not None,
    )


DRIVER: DriverSpec[OsdpConfig, Barrier] = DriverSpec(
    name="osdp",
    config=OsdpConfig,
    open=open_osdp,
    summary="door module on OSDP v2 with Secure Channel, pulse timed by the module",
    needs="an RS-485 adapter; pip package libosdp (extra osdp); a key file; user in group dialout",
    installed=needs("osdp", "libosdp", "osdp"),
    abilities=_abilities,
)
