"""The page for visitors: the table [kiosk]."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator

from gate.settings.addresses import host_and_port, is_loopback
from gate.settings.tables import Table, wrong


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
