"""Relay boards and turnstiles that take short frames on a serial line; the bytes are data (a profile).

Where the board can time the pulse itself, it does: a dead host then cannot leave the door open.  Else the host times
it: monotonic clock, at most 10 s, ended on every way out of `release` and by a guard thread should the event loop hang.
The first frame after opening locks.  An unplugged port shows within a quarter of a second in `watch`.
"""

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from drivers._shared.claim import claim
from drivers._shared.serial_listener import SerialListener
from drivers._shared.serial_port import SerialPort
from drivers._shared.switch import WATCH_EVERY, Switch
from drivers._shared.switch_barrier import BoardTimedBarrier, ExtendedPulse, HostTimedBarrier, Pulse, started
from drivers.barriers.serial_profile import Profile, build_frame, load_profile, shipped_titles
from gate.core.model import Direction, Stance
from gate.errors import DeviceError
from gate.logs import device_log
from gate.ports.abilities import Abilities
from gate.ports.barrier import Barrier
from gate.ports.driver import FOLDER, DriverConfig, DriverSpec, show_duration
from gate.ports.inputs import Level, Role

_SENSE_EVERY = 0.05
"""Seconds between two reads for reports of passages."""


class FramesConfig(DriverConfig):
    profile: Annotated[
        str,
        Field(
            description='which board: a shipped profile such as "lcus", or a file of your own such as '
            '"my-board.toml", beside this one'
        ),
    ]
    port: Annotated[str, Field(min_length=1, description="serial port; by-path names survive replugging")]
    channel: Annotated[int, Field(ge=1, le=255, description="which relay of the board, or its bus address")] = 1
    pulse: Annotated[
        Pulse | None,
        Field(description="how long the barrier is released for one person; left out where the board times it"),
    ] = None
    extended_pulse: ExtendedPulse = None
    swapped: Annotated[
        bool, Field(description="true: the device's entry is the way out here; check on site which way it turns")
    ] = False

    @field_validator("profile")
    @classmethod
    def _beside_the_configuration(cls, name: str, info: ValidationInfo) -> str:
        return str(Path((info.context or {}).get(FOLDER, Path.cwd()), name)) if name.endswith(".toml") else name

    @model_validator(mode="after")
    def _fits_the_profile(self) -> Self:
        profile = load_profile(self.profile)
        if self.channel > profile.channels:
            raise ValueError(f"channel {self.channel}: profile {self.profile} has channels 1 to {profile.channels}")
        if profile.board_pulse is None and self.pulse is None:
            raise ValueError(f'pulse is missing: profile {self.profile} needs one, such as pulse = "500ms"')
        if profile.board_pulse is not None and self.pulse is not None:
            board = show_duration(profile.board_pulse)
            raise ValueError(f"leave pulse out: with profile {self.profile} the board ends it after {board} itself")
        if profile.board_pulse is not None and self.extended_pulse is not None:
            raise ValueError(f"leave extended_pulse out: with profile {self.profile} the board times every pulse")
        return self


class _FramesSwitch(Switch):
    """A switch over one channel of one board."""

    def __init__(self, port: SerialPort, profile: Profile, config: FramesConfig) -> None:
        self.name = f"{profile.title} on {port.path}, channel {config.channel}"
        self.every = _SENSE_EVERY if profile.passage else WATCH_EVERY
        self._port = port
        self._profile = profile
        self._channel = config.channel
        self._swapped = config.swapped
        self._listener = SerialListener(port, self._reports())
        self._log = device_log()
        self._reads_back = False
        self._leaving = [order.leave for order in profile.orders.values()]  # to be sent: an earlier stance may last

    def on(self, direction: Direction, *, extended: bool = False) -> None:  # noqa: ARG002 - the host times it
        self._send(self._profile.frames.release_for(self._direction_of(direction)))

    def off(self) -> None:
        secure = self._profile.frames.secure
        if secure is not None:
            self._send(secure)
        for leave in self._leaving:
            if leave != secure:
                self._send(leave)
        self._leaving = []

    def set_stance(self, stance: Stance) -> bool:
        order = self._profile.orders.get(stance)
        if order is None:
            return False
        self.off()
        self._leaving = [order.leave]
        for frame in order.enter:
            self._send(frame)
        return True

    def sensed(self) -> Sequence[Level]:
        if not self._profile.passage:
            return ()
        at = time.monotonic()
        return [Level(Role.PASSAGE, True, at, direction) for direction in self._listener.reported()]

    async def confirm(self, *, on: bool) -> None:
        await self._port.drained()
        if self._profile.ack is not None and (on or self._profile.frames.secure is not None):
            await self._acknowledged(build_frame(self._profile.ack.ok, self._channel), self._profile.ack.within)
        if self._reads_back:
            state = await self._state()
            if state is not on:
                raise self._fault("does not answer" if state is None else f"reports that it is {_word(state)}", on)

    async def probe(self) -> None:
        """Test whether the board answers its query; one that does is queried after every order."""
        if self._profile.query is None:
            return
        state = await self._state()
        self._reads_back = state is not None
        if state is None:
            self._log.info(f"{self.name} answers no query: its relay is not read back")
        elif state:
            raise self._fault("reports that it is on", on=False)

    def check(self) -> None:
        self._port.check()

    def close(self) -> None:
        self._port.close()

    def _direction_of(self, direction: Direction) -> Direction:
        """Return the device's name for a direction of the lane, and the reverse."""
        return other_way(direction) if self._swapped else direction

    def _reports(self) -> dict[bytes, Direction]:
        passage = self._profile.passage
        if passage is None:
            return {}
        frames = {Direction.ENTRY: passage.entry, Direction.EXIT: passage.exit}
        return {build_frame(frame, self._channel): self._direction_of(direction) for direction, frame in frames.items()}

    def _send(self, template: str) -> None:
        if self._profile.ack is not None or self._profile.query is not None:
            self._listener.discard()
        self._port.write(build_frame(template, self._channel))

    async def _acknowledged(self, ok: bytes, within: float) -> None:
        found, received = await self._listener.answer((ok,), within)
        if found is None:
            outcome = f"answered {received.hex(' ').upper()}" if received else "answered nothing"
            raise DeviceError(
                f"{self.name} {outcome} instead of {ok.hex(' ').upper()}",
                hint="Check the wiring, the profile and the channel, and what the device shows",
            )

    async def _state(self) -> bool | None:
        """Return on, off, or None without an answer.  Call it where the profile has a query."""
        query = self._profile.query
        if query is None:
            return None
        on, off = build_frame(query.on, self._channel), build_frame(query.off, self._channel)
        self._send(query.ask)
        found, _ = await self._listener.answer((on, off), query.within)
        return None if found is None else found == on

    def _fault(self, answer: str, on: bool) -> DeviceError:
        return DeviceError(
            f"{self.name} was switched {_word(on)} and {answer}",
            hint="Check the board's power and relay; replace it if this stays",
        )


def other_way(direction: Direction) -> Direction:
    """Return the opposite direction."""
    return Direction.EXIT if direction is Direction.ENTRY else Direction.ENTRY


def _word(on: bool) -> str:
    return "on" if on else "off"


def _profile(name: str) -> Profile:
    """Return the profile.  Raises DeviceError: it was valid when the configuration was read, and was edited since."""
    try:
        return load_profile(name)
    except ValueError as error:
        raise DeviceError(f"profile {name}: {error}", hint="See `gate config check`") from error


@asynccontextmanager
async def open_frames(config: FramesConfig) -> AsyncIterator[Barrier]:
    profile = await claim(lambda: _profile(config.profile), lambda _: None)
    port = await claim(lambda: SerialPort(config.port, profile.baud), SerialPort.close)
    switch = _FramesSwitch(port, profile, config)
    barrier: HostTimedBarrier | BoardTimedBarrier
    if profile.board_pulse is not None:
        barrier = BoardTimedBarrier(switch, profile.board_pulse, can_lock=profile.frames.secure is not None)
    elif config.pulse is not None:
        barrier = HostTimedBarrier(switch, config.pulse, config.extended_pulse)
    else:
        raise AssertionError("the configuration's validator asks for a pulse")
    async with started(barrier):
        await switch.probe()
        yield barrier


def _abilities(config: FramesConfig) -> Abilities:
    return load_profile(config.profile).abilities


DRIVER: DriverSpec[FramesConfig, Barrier] = DriverSpec(
    name="serial_frames",
    config=FramesConfig,
    open=open_frames,
    summary="USB or serial relay board or turnstile; the bytes come from a profile, shipped or your own",
    needs="a serial port (/dev/serial/by-path/...); user in group dialout",
    abilities=_abilities,
    known=lambda: {"profile": shipped_titles()},
)
