"""The table `[provision]` of the file on the card: what a device needs besides its configuration."""

import ipaddress
import re
from pathlib import PurePosixPath
from typing import Annotated, Any, Self

from pydantic import Field, field_validator, model_validator

from gate.device.root_of_trust import plain_fingerprint
from gate.settings.tables import Table, wrong

TABLE = "provision"
HOST_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_HOW = (
    "It is the SHA-256 of the authority's root.json: `sha256sum root.json`, in Windows `certutil -hashfile root.json "
    "SHA256`; ask the authority for it, not the person who gave you the file"
)


class AddressTable(Table):
    """A fixed address.  Without one the network gives it (DHCP)."""

    address: Annotated[str | None, Field(description="fixed address with its prefix", examples=["192.0.2.17/24"])] = (
        None
    )
    gateway: Annotated[str | None, Field(description="address of the router", examples=["192.0.2.1"])] = None
    dns: Annotated[tuple[str, ...], Field(description="addresses of name servers", examples=[["192.0.2.1"]])] = ()

    @field_validator("address")
    @classmethod
    def _interface(cls, value: str | None) -> str | None:
        try:
            if value is not None and ("/" not in value or ipaddress.ip_interface(value) is None):
                raise ValueError
        except ValueError:
            raise wrong("this is no address with its prefix", 'Write it like "192.0.2.17/24"') from None
        return value

    @field_validator("gateway", "dns")
    @classmethod
    def _addresses(cls, value: Any) -> Any:
        for address in value if isinstance(value, tuple) else (value,) if value is not None else ():
            try:
                ipaddress.ip_address(address)
            except ValueError:
                raise wrong("this is no address", 'Write it like "192.0.2.1"') from None
        return value

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.address is None and (self.gateway or self.dns):
            raise wrong(
                "there is no address", 'Add address = "192.0.2.17/24", or leave gateway and dns out', key="address"
            )
        return self


class WifiTable(AddressTable):
    """The wireless network, written as a profile of NetworkManager."""

    ssid: Annotated[str, Field(description="name of the network", examples=["Gates"])]
    password: Annotated[
        str | None,
        Field(description='its password; "" keeps the one that the device has, and left out it is an open network'),
    ] = None
    country: Annotated[str, Field(description="two letters: which channels are allowed", examples=["KZ"])]
    hidden: Annotated[bool, Field(description="true: the network does not send its name")] = False

    @field_validator("ssid")
    @classmethod
    def _name(cls, value: str) -> str:
        if not 1 <= len(value.encode()) <= 32 or not value.isprintable():
            raise wrong("this is no name of a wireless network", "Write 1 to 32 letters")
        return value

    @field_validator("country")
    @classmethod
    def _country(cls, value: str) -> str:
        if not re.fullmatch("[A-Z]{2}", value):
            raise wrong("this is no country", 'Write two capital letters, such as "KZ"')
        return value


class EthernetTable(AddressTable):
    """The network by cable, with a fixed address.  Without this table the network gives one."""

    interface: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,15}$", description="name of the port")] = "eth0"


class ProvisionTable(Table):
    """Needs of a device besides its configuration."""

    root_sha256: Annotated[
        str | None, Field(description="fingerprint of the authority's root.json: no other is believed")
    ] = None
    root: Annotated[
        str,
        Field(description="root.json on the card, beside this file; where it is not there, it is asked of the mirrors"),
    ] = "root.json"
    hostname: Annotated[
        str | None,
        Field(description="name of the computer; if left out, it is made of [device] id", examples=["gate-7"]),
    ] = None
    wifi: WifiTable | None = None
    ethernet: EthernetTable | None = None
    secrets: Annotated[
        dict[str, Any],
        Field(description='passwords and keys that the configuration refers to; "" keeps the one that the device has'),
    ] = Field(default_factory=dict)

    @field_validator("root_sha256")
    @classmethod
    def _fingerprint(cls, value: str | None) -> str | None:
        if value is None:
            return None
        digits = plain_fingerprint(value)
        if digits is None:
            raise wrong("this is no fingerprint of 64 hex digits", _HOW)
        return digits

    @field_validator("root")
    @classmethod
    def _beside(cls, value: str) -> str:
        if not value or PurePosixPath(value).is_absolute() or ".." in PurePosixPath(value).parts:
            raise wrong("root.json lies on the card, beside this file", 'Write its name, such as "root.json"')
        return value

    @field_validator("hostname")
    @classmethod
    def _host(cls, value: str | None) -> str | None:
        if value is not None and not HOST_NAME.fullmatch(value):
            raise wrong("this is no name of a computer", "Write small letters, digits and '-', at most 63")
        return value


FINGERPRINT_HINT = f'Add root_sha256 = "…" under [provision]. {_HOW}'


def host_name(table: ProvisionTable, device_id: str) -> str:
    """Return the computer's name: as given, or the device's id as far as it can be one."""
    return table.hostname or re.sub(r"[^a-z0-9-]+", "-", device_id.lower()).strip("-")[:63].strip("-") or "gate"
