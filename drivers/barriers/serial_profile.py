"""The serial frames of a relay board or turnstile, as data.

A profile is a TOML file: one of those shipped in `drivers/barriers/profiles/`, or a file of your own.

    title = "KMTronic USB relay"
    source = "where the bytes are documented"
    baud = 9600
    channels = 8                         # highest channel, or bus address, that it takes
    board_pulse = "1s"                   # optional: the board ends the pulse itself after this time
    [frames]
    release = "FF {channel} 01"          # or { entry = "...", exit = "..." }
    secure = "FF {channel} 00"           # may be left out where the board times the pulse; a release
                                         # that was cancelled then ends by the board's time only
    [ack]                                # optional: its answer to every order
    ok = "02 02 00 06 {xor}"
    within = "300ms"
    [query]                              # optional read-back, used if the board answers it at the start
    ask = "FF {channel} 03"
    on = "FF {channel} 01"
    off = "FF {channel} 00"
    within = "300ms"
    [passage]                            # optional: its report of a passage
    entry = "02 02 00 1A {xor}"
    exit = "02 02 00 1B {xor}"
    [free]                               # optional: stand open both ways; `leave` ends that
    enter = ["EB {channel} 42 00 {xor}"] # one frame or more, in this order
    leave = "EB {channel} 43 00 {xor}"
    [blocked]                            # optional: refuse its own buttons too; `leave` ends that
    enter = ["EB {channel} 4A 00 {xor}"]
    leave = "EB {channel} 4B 00 {xor}"

A frame is bytes in hex, `{channel}` for the configured channel, `{sum}` for the low byte of the sum and
`{xor}` for the exclusive-or of all bytes before it.
"""

from functools import reduce
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from drivers._shared.switch_barrier import HELD_OPEN, Pulse
from gate.core.form_error import first_error
from gate.core.model import Direction, Stance
from gate.core.toml_text import parse_toml
from gate.ports.abilities import EITHER_WAY, Abilities
from gate.ports.driver import Duration

_SHIPPED = files("drivers.barriers") / "profiles"


def build_frame(template: str, channel: int) -> bytes:
    """Return the bytes of a template.  Raises ValueError naming the part that is neither a byte nor a placeholder."""
    built = bytearray()
    for part in template.split():
        match part:
            case "{channel}":
                built.append(channel)
            case "{sum}":
                built.append(sum(built) & 0xFF)
            case "{xor}":
                built.append(reduce(int.__xor__, built, 0))
            case _ if len(part) == 2:
                built += bytes.fromhex(part)
            case _:
                raise ValueError(f"{part!r} is neither a byte such as A0 nor {{channel}}, {{sum}} or {{xor}}")
    return bytes(built)


def _a_frame(template: str) -> str:
    if not build_frame(template, channel=1):
        raise ValueError("a frame needs at least one byte")
    return template


Frame = Annotated[str, AfterValidator(_a_frame)]


class _Form(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ByDirection(_Form):
    entry: Frame
    exit: Frame


class FrameSet(_Form):
    release: Frame | ByDirection
    secure: Frame | None = None

    def release_for(self, direction: Direction) -> str:
        """Return the template of a release in this direction."""
        if isinstance(self.release, str):
            return self.release
        return self.release.entry if direction is Direction.ENTRY else self.release.exit


class Ack(_Form):
    ok: Frame
    within: Annotated[Duration, Field(gt=0, le=2)]


class Query(_Form):
    ask: Frame
    on: Frame
    off: Frame
    within: Annotated[Duration, Field(gt=0, le=2)]


class Order(_Form):
    enter: Annotated[tuple[Frame, ...], Field(min_length=1)]
    leave: Frame


class Profile(_Form):
    title: str
    source: str
    baud: Annotated[int, Field(ge=300, le=4_000_000)]
    channels: Annotated[int, Field(ge=1, le=255)]
    frames: FrameSet
    board_pulse: Pulse | None = None
    ack: Ack | None = None
    query: Query | None = None
    passage: ByDirection | None = None
    free: Order | None = None
    blocked: Order | None = None

    @property
    def orders(self) -> dict[Stance, Order]:
        """Return the stances that the device keeps by itself."""
        every = {Stance.FREE: self.free, Stance.BLOCKED: self.blocked}
        return {stance: order for stance, order in every.items() if order is not None}

    @property
    def abilities(self) -> Abilities:
        """Return its abilities; the host can hold open a device whose pulse the host times."""
        held = HELD_OPEN.stances if self.board_pulse is None else frozenset[Stance]()
        return Abilities(EITHER_WAY if self.passage else frozenset(), held | self.orders.keys())

    @model_validator(mode="after")
    def _can_be_locked(self) -> Self:
        if self.board_pulse is None and self.frames.secure is None:
            raise ValueError("frames.secure is missing: only a board that ends the pulse itself can do without")
        return self


def shipped_profiles() -> list[str]:
    """Return the names that come with the gate."""
    return sorted(entry.name.removesuffix(".toml") for entry in _SHIPPED.iterdir() if entry.name.endswith(".toml"))


def shipped_titles() -> dict[str, str]:
    """Return each shipped profile's name and the device that it is for."""
    return {name: load_profile(name).title for name in shipped_profiles()}


def load_profile(name: str) -> Profile:
    """Load by shipped name, or by path of a file that ends in .toml.  Raises ValueError with one line."""
    if name.endswith(".toml"):
        place: Path | None = Path(name)
    else:
        place = None
        if name not in shipped_profiles():
            known = ", ".join(shipped_profiles())
            raise ValueError(f"there is no profile {name!r}; shipped: {known}; or name a file of your own (*.toml)")
    try:
        text = place.read_text("utf-8") if place else (_SHIPPED / f"{name}.toml").read_text("utf-8")
        return Profile.model_validate(parse_toml(text))
    except OSError as error:
        raise ValueError(f"profile {name} cannot be read: {error.strerror}") from error
    except ValidationError as error:
        raise ValueError(f"profile {name}: {first_error(error)}") from error
    except ValueError as error:  # TOML syntax, or not UTF-8
        raise ValueError(f"profile {name}: {error}") from error
