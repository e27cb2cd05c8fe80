"""The page for visitors: the table [kiosk], and [venue] help."""

from datetime import time
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, field_validator, model_validator

from gate.core.model import Direction
from gate.settings.addresses import host_and_port, is_loopback
from gate.settings.lane import span_of_day
from gate.settings.tables import Table, wrong

HelpText = Annotated[str, StringConstraints(max_length=40, pattern=r"^[^\x00-\x1f]*$", strip_whitespace=True)]


class HelpTable(Table):
    """A number to call, and words in the page's languages."""

    phone: Annotated[
        str, StringConstraints(pattern=r"^\+?[0-9][0-9 ()-]{1,22}[0-9]$"), Field(description="a telephone number")
    ] = ""
    kk: Annotated[HelpText, Field(description="in Kazakh, such as where the reception is")] = ""
    ru: Annotated[HelpText, Field(description="in Russian")] = ""
    en: Annotated[HelpText, Field(description="in English")] = ""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not (self.phone or self.kk or self.ru or self.en):
            raise wrong("it names nobody", 'Write a number, as { phone = "+7 727 250 00 00" }, or leave it out')
        return self


class Kiosk(Table):
    """The page for visitors, staff and technicians.  Without this table there is no page."""

    listen: Annotated[
        str,
        Field(description="host:port of the page; on loopback only, for it shows the lane; port 0 takes any free one"),
    ] = "127.0.0.1:8080"
    texts: Annotated[
        Path | None,
        Field(
            description="a folder with the venue's own wording: kk.toml, ru.toml, en.toml with the texts that "
            "differ, by the keys of gate/texts/en.toml; a relative path starts at this file's folder"
        ),
    ] = None

    camera: Annotated[
        Literal["above", "below", "left", "right"] | None,
        Field(description="where the lens is, seen from the screen: the page points there, large and moving"),
    ] = None
    go: Annotated[
        Literal["left", "right", "ahead"] | None,
        Field(description="where a person goes who is let in: an arrow beside the yes"),
    ] = None
    side: Annotated[
        Direction | None,
        Field(
            description='whom the screen faces: "entry", people who come in, whom a fire keeps out; "exit", people who '
            "leave; without it the direction of the readers, and entry where they differ"
        ),
    ] = None
    voice: Annotated[
        Literal["off", "sounds", "speech"],
        Field(
            description="what is heard: sounds for yes, no and wait; with speech the headline as well, in each of the "
            "venue's languages"
        ),
    ] = "off"
    quiet: Annotated[
        str | None,
        Field(
            description='hours in which the page is silent, and dim while nobody is there: "22:00-07:00", on the '
            "venue's wall clock"
        ),
    ] = None

    @field_validator("quiet")
    @classmethod
    def _are_hours(cls, value: str | None) -> str | None:
        if value is None:
            return None
        try:
            start, end = span_of_day(value)
        except ValueError:
            start = end = time()
        if start == end:
            raise wrong(f'"{value}" is not a span of hours', 'Write "22:00-07:00"')
        return value

    @property
    def quiet_hours(self) -> tuple[str, str] | None:
        """Begin and end, as "22:00"."""
        return None if self.quiet is None else (self.quiet[:5], self.quiet[6:])

    @field_validator("listen")
    @classmethod
    def _loopback_only(cls, value: str) -> str:
        host, port = host_and_port(value)
        if port is None or not host:
            raise wrong(f'"{value}" is not host:port', 'Write "127.0.0.1:8080"')
        if not is_loopback(host):
            raise wrong(
                f'"{host}" is reachable from outside this device',
                'Write "127.0.0.1:8080"; to see the page from elsewhere, forward the port over SSH',
            )
        return value

    @property
    def host(self) -> str:
        """The host without the brackets of an IPv6 address."""
        return host_and_port(self.listen)[0]

    @property
    def port(self) -> int:
        return host_and_port(self.listen)[1] or 0
